//! Phones of these tests: one that answers whoever calls, one that calls it.

use serde_json::json;

use crate::support::{Daemon, House, Wire, until};

/// The part of an ini file for a phone that answers anybody who rings at this address.
pub fn answering(bind: &str) -> String {
    format!(
        "[Settings]\r\nautoAnswer=all\r\nautoAnswerDelay=0\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress={bind}\r\n"
    )
}

/// A phone on loopback that answers at once, and its address.
pub fn far_phone(house: &House) -> (Daemon, String) {
    std::fs::write(house.ini(), answering("127.0.0.1")).expect("written");
    let daemon = house.daemon_with(&[], "SIP on udp");
    let number = number_of(&daemon, "127.0.0.1");
    (daemon, number)
}

/// Where a phone that has said so is called.
pub fn number_of(daemon: &Daemon, host: &str) -> String {
    let begins = format!("{host}:");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with(&begins));
    format!("sip:100@{}", address.unwrap_or_else(|| panic!("no {host} in {}", daemon.line())))
}

/// Calls a number; the call's id.
pub fn dial(wire: &mut Wire, number: &str) -> String {
    let reply = wire.ask(&json!({"verb": "call", "number": number}).to_string());
    assert_eq!(reply["ok"], true, "{reply}");
    reply["call"]["id"].as_str().expect("its id").to_owned()
}

/// Calls a number and waits until somebody has answered.
pub fn talk(daemon: &Daemon, number: &str) -> Wire {
    let mut wire = daemon.connect();
    wire.ask("watch");
    dial(&mut wire, number);
    wire.await_event("call_answered");
    wire
}

/// Hangs up, and waits for the end.
pub fn hang_up(mut wire: Wire) {
    assert_eq!(wire.ask("hangup")["ok"], true);
    assert_eq!(wire.await_event("call_ended")["call"]["outcome"], "answered");
}

/// The call stands, and half a second of the far end is heard from now on.
pub fn hears(daemon: &Daemon) -> bool {
    let mut wire = daemon.connect();
    let mut heard = || wire.ask("status").pointer("/calls/0/media/rx_packets").and_then(serde_json::Value::as_u64);
    let Some(before) = heard() else { return false };
    until(|| heard().is_none_or(|now| now > before + 25)) && heard().is_some()
}

/// The number of calls that the history has.
pub fn kept(house: &House) -> usize {
    let found = house.run(&["history", "--json", "--limit", "0"]);
    assert_eq!(found.code, 0, "{found:?}");
    found.json()["history"].as_array().map_or(0, Vec::len)
}

/// Whether a program is here; says that a test is skipped otherwise. Under `CI=true` a failure.
pub fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(Into::into));
    let is_here = folders.any(|folder| folder.join(program).is_file());
    let is_ci = std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()));
    assert!(is_here || !is_ci, "not here: {program}");
    if !is_here {
        eprintln!("skipped: not here: {program}");
    }
    is_here
}
