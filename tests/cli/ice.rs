//! Phones of ours find a way to each other by ICE, and talk to who has none.

use super::far_end::phone;
use super::support::*;
use serde_json::{Value, json};

const ICE: &str = "[Account0]\r\nICE=1\r\n";

/// A call by address from a phone with these lines in its file to one with those, which sends back what it hears: how it
/// ended, and what the called knew of it meanwhile.
fn call(ours: &str, theirs: &str) -> (Finished, Value) {
    let (here, there) = (House::open(), House::open());
    let (daemon, address) = phone(&there, theirs);
    std::fs::write(here.ini(), format!("[tuiphone]\r\nbindAddress=127.0.0.1\r\n{ours}")).expect("written");
    let mut wire = daemon.connect();
    wire.send(b"watch");
    let target = format!("sip:bob@{address}");
    let done = here.run(&["call", &target, "--standalone", "--account", "0", "--duration", "2", "--json"]);
    let ended = wire.await_event("call_ended");
    (done, ended["call"]["media"].clone())
}

#[test]
fn two_phones_find_a_way_and_hear_each_other() {
    let (done, there) = call(ICE, ICE);
    assert_eq!(done.code, 0, "{done:?}");
    let media = done.json()["call"]["media"].clone();
    for media in [&media, &there] {
        assert_eq!(media["ice"], json!({"state": "connected", "local": "host", "remote": "host"}), "{media}");
        let heard = media["rx_packets"].as_u64().expect("heard");
        assert!(heard > 50, "{media}");
        assert_eq!(media["rx_lost"], 0, "{media}");
    }
    assert!(done.stderr.contains("sound goes direct"), "{}", done.stderr);
}

#[test]
fn who_has_no_ice_is_called_as_ever() {
    for (ours, theirs) in [(ICE, ""), ("", ICE)] {
        let (done, there) = call(ours, theirs);
        assert_eq!(done.code, 0, "{done:?}");
        let media = done.json()["call"]["media"].clone();
        for media in [&media, &there] {
            assert!(media["ice"].is_null() && media["rx_packets"].as_u64() > Some(50), "{media}");
        }
    }
}
