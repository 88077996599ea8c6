//! A network of our own, in which addresses come and go, links fall, and a phone stands still: two network namespaces
//! with a cable between them, the exchange and a far end in one, the phone in the other.
//!
//! ```text
//!  ┌ here ───────────────┐      ┌ there ──────────────────────────┐
//!  │ 101 (daemon)   near ●──────● far   exchange at 10.231.7.1:5060 │
//!  │ 10.231.7.2, .3, .4  │      │       102 (daemon) at 10.231.7.9  │
//!  └─────────────────────┘      └─────────────────────────────────┘
//! ```

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::space::{Space, may_make_networks};
use crate::support::{PATIENCE, Phone, Process, beside_others, have, until};
use crate::switchboard::Switchboard;

const SERVER: &str = "10.231.7.1";
/// Apart from the server's: requests to its own address the exchange takes for itself.
const FAR: &str = "10.231.7.9";
/// Within this the phone is back, however it was away.
const BACK: Duration = Duration::from_secs(10);

/// Two namespaces and the cable.
struct Cable {
    here: Space,
    there: Space,
}

impl Cable {
    fn lay() -> Self {
        let cable = Self { here: Space::new("here"), there: Space::new("there") };
        cable.here.cable("near", &cable.there, "far");
        for address in [SERVER, FAR] {
            cable.there.ip(&format!("address add {address}/24 dev far"));
        }
        cable.come(2);
        cable
    }

    /// The phone's side has this address more.
    fn come(&self, last: u8) {
        self.here.ip(&format!("address add 10.231.7.{last}/24 dev near"));
    }

    /// The phone's side has no address.
    fn go(&self) {
        self.here.ip("-4 address flush dev near");
    }

    fn link(&self, state: &str) {
        self.here.ip(&format!("link set near {state}"));
    }
}

/// A phone at work in one of the namespaces.
struct Daemon {
    // First, so that it ends and is heard before its folder goes.
    process: Process,
    phone: Phone,
}

impl Daemon {
    fn start(user: &str, space: &Space, tone: &str, (settings, own): (&str, &str)) -> Self {
        let settings = format!("audioCodecs=PCMU/8000/1\n{settings}");
        let mut phone = Phone::new(user, &format!("secret of {user}"), SERVER, &settings);
        phone.edit(|ini| format!("{ini}[tuiphone]\n{own}\n"));
        phone.space = Some(space.name().to_owned());
        let mut command = phone.command(&["daemon", "--audio-in", tone, "--audio-out", "null", "--debug", "-"]);
        let process = Process::start(user, &mut command, &phone.file("home"));
        Self { process, phone }
    }

    fn status(&self) -> serde_json::Value {
        let output = self.phone.command(&["status", "--json"]).output().unwrap();
        serde_json::from_slice(output.stdout.trim_ascii()).unwrap_or_default()
    }

    fn is_registered(&self) -> bool {
        self.status().pointer("/accounts/0/registered").and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// Packets heard in the call so far; none without a call.
    fn heard(&self) -> Option<u64> {
        self.status().pointer("/calls/0/media/rx_packets").and_then(serde_json::Value::as_u64)
    }

    fn stands_still(&self, time: Duration) {
        self.process.signal("-STOP");
        sleep(time);
        self.process.signal("-CONT");
    }
}

/// A second of sound, both ways.
fn talking(phones: [&Daemon; 2]) -> bool {
    let Some(before) = phones[0].heard().zip(phones[1].heard()) else { return false };
    sleep(Duration::from_millis(1000));
    let Some(after) = phones[0].heard().zip(phones[1].heard()) else { return false };
    after.0 > before.0 + 25 && after.1 > before.1 + 25
}

#[test]
fn a_phone_follows_its_network_and_takes_its_call_along() {
    if !may_make_networks() || !have(&["ip"]) {
        return;
    }
    let _machine = beside_others();
    let cable = Cable::lay();
    let exchange = Switchboard::start(&cable.there, SERVER, &[SERVER.parse().unwrap()]);
    let bind = format!("bindAddress={FAR}");
    let far = Daemon::start("102", &cable.there, "tone:500", ("autoAnswer=all\nautoAnswerDelay=0", &bind));
    let near = Daemon::start("101", &cable.here, "tone:440", ("", ""));
    until("both register", PATIENCE, || near.is_registered() && far.is_registered());
    assert!(near.phone.command(&["call", "102", "--no-wait"]).output().unwrap().status.success());
    until("both talk", PATIENCE, || talking([&near, &far]));

    let changes: [(&str, u8, &dyn Fn()); 5] = [
        ("another address", 3, &|| {
            cable.go();
            cable.come(3);
        }),
        ("no address for a while, then another", 4, &|| {
            cable.go();
            sleep(Duration::from_secs(4));
            cable.come(4);
        }),
        ("the link down and up", 4, &|| {
            cable.link("down");
            sleep(Duration::from_secs(4));
            cable.link("up");
        }),
        ("ten times in two seconds", 2, &|| {
            for last in [3, 4, 2, 3, 4, 2, 3, 4, 3, 2] {
                cable.go();
                cable.come(last);
                sleep(Duration::from_millis(200));
            }
        }),
        ("the phone stands still", 2, &|| near.stands_still(Duration::from_secs(8))),
    ];
    for (what, last, change) in changes {
        let before = exchange.registers();
        change();
        let back = Instant::now();
        let here = IpAddr::from([10, 231, 7, last]);
        until(&format!("{what}: registered"), BACK, || exchange.contacts() == [here] && near.is_registered());
        let registered = back.elapsed();
        until(&format!("{what}: both talk"), BACK, || talking([&near, &far]));
        let talks = back.elapsed();
        assert!(talks < BACK, "{what}: {talks:?}");
        sleep(Duration::from_secs(5));
        let sent = exchange.registers() - before;
        eprintln!("{what}: registered after {registered:.1?}, both talk after {talks:.1?}, {sent} REGISTERs");
        assert!(sent <= 6, "{what}: {sent} REGISTERs");
    }
    assert!(near.phone.command(&["hangup"]).output().unwrap().status.success());
    until("the far end knows", BACK, || far.heard().is_none());
}
