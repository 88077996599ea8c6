use crate::support::{House, bare, closed, finish};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

#[test]
fn a_call_to_the_echo_ends_well_and_tells_the_truth() {
    let house = House::open();
    let start = Instant::now();
    let done = house.run(&["call", "600", "--duration", "1.5", "--json"]);
    let most = start.elapsed().as_secs_f64();
    assert_eq!(done.code, 0, "{done:?}");
    let result = done.json();
    assert_eq!((&result["v"], &result["verb"], &result["ok"]), (&1.into(), &"call".into(), &true.into()));
    assert_eq!(result["outcome"], "answered");
    let call = &result["call"];
    assert_eq!(call["remote"]["user"], "600");
    assert_eq!(call["account"], "100@demo");
    assert_eq!(call["status"], 200);
    assert_eq!(call["ended_by"], "local");
    assert!(call["ringing_after"].as_f64() < call["answered_after"].as_f64(), "{call}");
    let talked = call["duration"].as_f64().expect("a duration");
    assert!((1.4..most).contains(&talked), "{call} in {most} s");
    let media = &call["media"];
    assert_eq!(media["codec"], "opus");
    let (sent, heard) = (media["tx_packets"].as_u64().expect("sent"), media["rx_packets"].as_u64().expect("heard"));
    assert!((60..50 * most as u64 + 60).contains(&sent) && heard >= sent / 2, "{media} in {most} s");
    assert!(done.stderr.contains("ringing") && done.stderr.contains("connected"), "{}", done.stderr);
}

#[test]
fn each_ending_has_its_exit_code() {
    let house = House::open();
    for (number, code, outcome, status) in
        [("602", 20, "busy", 486), ("603", 22, "rejected", 603), ("999", 23, "no_such_number", 404)]
    {
        let done = house.run(&["call", number, "--json"]);
        assert_eq!(done.code, code, "{number}: {done:?}");
        let result = done.json();
        assert_eq!((&result["ok"], &result["outcome"]), (&false.into(), &outcome.into()), "{number}");
        assert_eq!(result["call"]["status"], status, "{number}");
    }
}

#[test]
fn a_wrong_password_is_refused_once_and_said_so() {
    let house = House::open();
    house.write_ini("wrong");
    let done = house.run(&["call", "600", "--json"]);
    assert_eq!(done.code, 10, "{done:?}");
    assert_eq!(done.json()["outcome"], "refused");
    assert!(done.stderr.contains("password"), "{}", done.stderr);
}

#[test]
fn an_unreachable_server_is_named() {
    let mut house = House::open();
    let (_kept, address) = closed();
    house.server = address.to_string();
    house.write_ini("any");
    let done = house.run(&["call", "600", "--json"]);
    assert_eq!(done.code, 11, "{done:?}");
    assert!(done.stderr.contains(&address.to_string()), "{}", done.stderr);
}

#[test]
fn a_far_end_that_never_answers_is_given_up_at_the_time_limit() {
    let house = House::open();
    let done = house.run(&["--timeout", "1", "call", "604", "--json"]);
    assert_eq!(done.code, 21, "{done:?}");
    let call = &done.json()["call"];
    assert_eq!((&call["status"], &call["ended_by"]), (&180.into(), &"local".into()), "{done:?}");
    assert!(done.stderr.contains("given up while it rang"), "{done:?}");
}

#[test]
fn the_demo_without_a_terminal_speaks_a_whole_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = crate::support::finish(crate::support::bare(folder.path(), &["demo"]));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("ringing") && done.stderr.contains("connected"), "{done:?}");
    assert!(done.stdout.contains("packets sent"), "{done:?}");
}

/// A far end that answers and sends no sound; it lives as long as a minute without a word.
pub fn silent_far_end() -> SocketAddr {
    let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own = sip.local_addr().expect("its address");
    sip.set_read_timeout(Some(Duration::from_secs(60))).expect("a bound");
    std::thread::spawn(move || {
        let mut buffer = [0; 8_192];
        while let Ok((length, caller)) = sip.recv_from(&mut buffer) {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let body = match request.split(' ').next() {
                Some("ACK") => continue,
                Some("INVITE") => {
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
                }
                _ => "",
            };
            let kept = ["Via:", "From:", "Call-ID:", "CSeq:"];
            let mut answer = String::from("SIP/2.0 200 OK\r\n");
            for line in request.lines() {
                match line.strip_prefix("To:").filter(|to| !to.contains(";tag=")) {
                    Some(to) => answer += &format!("To:{to};tag=far\r\n"),
                    None if line.starts_with("To:") || kept.iter().any(|name| line.starts_with(name)) => {
                        answer += &format!("{line}\r\n");
                    }
                    None => {}
                }
            }
            answer += &format!("Contact: <sip:{own}>\r\nContent-Type: application/sdp\r\n");
            answer += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
            let _ = sip.send_to(answer.as_bytes(), caller);
        }
    });
    own
}

#[test]
fn an_answer_without_sound_is_an_error_that_says_why_and_what_next() {
    let far = silent_far_end();
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("sip:mute@{far}");
    let call = |options: &[&str]| {
        let given = ["--audio-in", "tone:300", "--audio-out", "null", "call", &target, "--duration", "0.8"];
        finish(bare(folder.path(), &[&given, options].concat()))
    };
    let done = call(&[]);
    assert_eq!(done.code, 30, "{done:?}");
    let last = done.stderr.lines().last().expect("a line");
    assert!(last.starts_with("tuiphone: answered, but nothing was heard: no packet came"), "{done:?}");
    assert!(last.contains("firewall or NAT") && last.contains("--debug -"), "{done:?}");
    let told = call(&["--json"]).json();
    assert_eq!((&told["ok"], &told["outcome"]), (&false.into(), &"no_media".into()), "{told}");
    assert_eq!(told["call"]["outcome"], "answered", "{told}");
}

#[test]
fn what_a_time_limit_ended_is_told() {
    let deaf = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("sip:deaf@{}", deaf.local_addr().expect("its address"));
    let start = Instant::now();
    let done = finish(bare(folder.path(), &["--timeout", "0.5", "call", &target]));
    assert!(done.code == 11 && start.elapsed() < Duration::from_secs(30), "{done:?}");
    assert!(done.stderr.contains("nothing came back within 0.5 s (--timeout)"), "{done:?}");
}
