//! Many requests and many short calls: nothing grows. `cargo xtask soak` makes them 10,000 and 500, of an optimised phone.

use crate::support::{Daemon, House, PATIENCE, Wire};
use std::time::{Duration, Instant};

/// How many of them are wished for.
fn count(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

/// What a phone holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    kilobytes: u64,
    files: usize,
    threads: u64,
}

fn held(daemon: &Daemon) -> Held {
    let place = format!("/proc/{}", daemon.child.id());
    let status = std::fs::read_to_string(format!("{place}/status")).expect("its status");
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
    };
    let files = std::fs::read_dir(format!("{place}/fd")).expect("its files").count();
    Held { kilobytes: number("VmRSS:"), files, threads: number("Threads:") }
}

/// A phone that answers at once, and its address.
fn far_phone(house: &House) -> (Daemon, String) {
    let text = "[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n";
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon_with(&["--autoanswer", "1"], "SIP on udp");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).map(str::to_owned);
    (daemon, format!("sip:100@{}", address.expect("its address")))
}

/// One call, answered and ended.
fn call(wire: &mut Wire, watching: &mut Wire, number: &str) {
    let line = serde_json::json!({"verb": "call", "number": number}).to_string();
    assert_eq!(wire.ask(&line)["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    assert_eq!(watching.await_event("call_ended")["call"]["outcome"], "answered");
}

#[test]
fn many_requests_and_calls_leave_a_phone_as_it_was() {
    let (requests, calls) = (count("TUIPHONE_SOAK_REQUESTS", 1_000), count("TUIPHONE_SOAK_CALLS", 20));
    let (house, other) = (House::open(), House::open());
    let (far, number) = far_phone(&other);
    let phone = house.daemon();
    let (mut wire, mut watching) = (phone.connect(), phone.connect());
    watching.ask("watch");
    let lines = ["status", "calls", "accounts", "ready", "nonsense", r#"{"verb":"history","limit":5,"id":1}"#];
    let mut seen = Vec::new();
    // What the first ones need is there after three quarters; what outlasts each call by 64*T1 after a warming.
    let (start, warming) = (Instant::now(), Duration::from_secs(count("TUIPHONE_SOAK_WARMING_SECONDS", 0) as u64));
    while start.elapsed() < warming {
        call(&mut wire, &mut watching, &number);
    }
    for quarter in 0..4 {
        for n in 0..requests / 4 {
            let line = lines[n % lines.len()];
            assert_eq!(wire.ask(line)["ok"], line != "nonsense", "{line}");
            if n % 50 == 0 {
                assert_eq!(phone.connect().ask("ready")["ok"], true);
            }
        }
        (0..calls / 4).for_each(|_| call(&mut wire, &mut watching, &number));
        assert!(crate::support::until(|| wire.ask("status")["calls"].as_array().is_some_and(Vec::is_empty)));
        let now = [held(&phone), held(&far)];
        println!("after {} requests and {} calls: {now:?}", (quarter + 1) * requests / 4, (quarter + 1) * calls / 4);
        seen.push(now);
    }
    for (before, last) in seen[2].iter().zip(seen[3]) {
        assert!(last.kilobytes < before.kilobytes + 2_000, "{seen:?}");
        // A connection or a device may still be on its way out.
        assert!(last.files <= before.files + 4 && last.threads <= before.threads + 2, "{seen:?}");
    }
}

/// Packets sent, packets missed or late, and how many came, when they were counted anew.
fn sound(wire: &mut Wire) -> (f64, f64, f64, Instant) {
    let mut now = || {
        let status = wire.ask("status");
        let media = &status["calls"][0]["media"];
        let number = |name: &str| media[name].as_f64().unwrap_or_else(|| panic!("no {name} in {status}"));
        (number("tx_packets"), number("rx_lost") + number("rx_late"), number("rx_packets"))
    };
    let (start, deadline) = (now(), Instant::now() + PATIENCE);
    loop {
        let (sent, missed, came) = now();
        if sent != start.0 {
            return (sent, missed, came, Instant::now());
        }
        assert!(Instant::now() < deadline, "nothing is sent");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How often it is asked a lot, and as often nothing.
const TURNS: usize = 3;

/// A status bar asks a few times a second, a script may ask a thousand times; the call goes on as before.
#[test]
fn a_thousand_questions_a_second_do_not_disturb_a_call() {
    let seconds = count("TUIPHONE_SOAK_SECONDS", 3) as u64;
    let (house, other) = (House::open(), House::open());
    let (_far, number) = far_phone(&other);
    let phone = house.daemon();
    let (mut wire, mut watching) = (phone.connect(), phone.connect());
    watching.ask("watch");
    let line = serde_json::json!({"verb": "call", "number": number}).to_string();
    assert_eq!(wire.ask(&line)["ok"], true);
    watching.await_event("call_quality");
    let mut sums = [[0.0; 4]; 2];
    // In turn: whatever else the machine does disturbs both alike.
    for asked in [false, true].repeat(TURNS) {
        let before = sound(&mut wire);
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < Duration::from_secs(seconds) / TURNS as u32 {
            let due = start.elapsed().as_millis() as u64;
            while asked && count < due {
                assert_eq!(wire.ask("status")["state"], "connected");
                count += 1;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let after = sound(&mut wire);
        let elapsed = (after.3 - before.3).as_secs_f64();
        let (sent, missed, came) = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
        println!("{count} questions: {sent} packets sent in {elapsed:.2} s, {missed} of {came} missed or late");
        for (sum, more) in sums[usize::from(asked)].iter_mut().zip([sent, elapsed, missed, came]) {
            *sum += more;
        }
    }
    let [(before, missed_before), (asked, missed)] =
        sums.map(|[sent, elapsed, missed, came]| (sent / elapsed, missed / came.max(1.0)));
    assert!(asked > before * 0.8, "packets a second: {before}, then {asked}");
    assert!(missed < missed_before + 0.1, "missed: {missed_before}, then {missed}");
}
