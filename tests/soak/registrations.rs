//! Registrations that are refreshed over and over, and a registrar that starts anew.

use std::net::UdpSocket;

use serde_json::json;

use crate::held::{Row, many, wished};
use crate::phones::{dial, kept};
use crate::registrar::{Registrar, accounts};
use crate::support::{Daemon, House, closed, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

/// Refreshes are asked for in so many parts.
const PARTS: usize = 5;

/// So many times the usual patience, for the last of many restarts.
const WAITS: usize = 10;

/// A phone with so many accounts, all registered.
fn registered(users: usize) -> (House, UdpSocket, Registrar, Daemon) {
    let house = House::open();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let server = socket.local_addr().expect("its address");
    std::fs::write(house.ini(), accounts(server, users)).expect("written");
    let registrar = Registrar::start(socket.try_clone().expect("a copy"), users);
    let phone = house.daemon_with(&[], "SIP on udp");
    assert!(until(|| registrar.has_all()), "all register");
    (house, socket, registrar, phone)
}

/// Something happens, after which a phone gives back what it does not need: a call where nobody is.
fn call_in_vain(phone: &Daemon) {
    let (_socket, nobody) = closed();
    let mut wire = phone.connect();
    wire.ask("watch");
    dial(&mut wire, &format!("sip:x@{nobody}"));
    wire.await_event("call_ended");
}

fn ask_all(phone: &Daemon, verb: &str, users: usize) {
    let mut wire = phone.connect();
    for account in 1..=users {
        let reply = wire.ask(&json!({"verb": verb, "account": account.to_string()}).to_string());
        assert_eq!(reply["ok"], true, "{reply}");
    }
}

fn are_registered(phone: &Daemon, users: usize) -> bool {
    let status = phone.connect().ask("status");
    let accounts = status["accounts"].as_array().map_or(&[][..], Vec::as_slice);
    accounts.len() == users && accounts.iter().all(|account| account["registered"] == true)
}

#[test]
fn registrations_are_refreshed_and_leave_nothing() {
    let users = many(5, 100);
    let refreshes = wished("TUIPHONE_SOAK_REFRESHES").unwrap_or(many(5, 1_000));
    let (house, _socket, registrar, phone) = registered(users);
    let mut granted = 0;
    // In five parts; at the end of each nobody is registered, or no phone would ever be at rest.
    let (before, after) = over_and_over(&phone, PARTS, |turn| {
        ask_all(&phone, "register", users);
        assert!(until(|| are_registered(&phone, users)), "all register again");
        let begin = registrar.granted();
        while registrar.granted() < begin + refreshes.div_ceil(PARTS) {
            let now = registrar.granted();
            assert!(until(|| registrar.granted() > now), "{} are refreshed, and no more", now - begin);
        }
        assert!(until(|| registrar.has_all() && are_registered(&phone, users)));
        granted += if turn < warming() { 0 } else { registrar.granted() - begin };
        ask_all(&phone, "unregister", users);
        call_in_vain(&phone);
    });
    let history = (calls_in_vain() + warming() + PARTS, kept(&house));
    Row { phase: "registrations refreshed", count: granted, before, after, history }.holds();
}

#[test]
fn a_registrar_that_starts_anew_finds_its_phones_again() {
    let (users, turns) = (3, many(1, 3));
    let (house, socket, registrar, phone) = registered(users);
    let server = socket.local_addr().expect("its address");
    drop(socket);
    let mut registrar = Some(registrar);
    let (before, after) = over_and_over(&phone, turns, |turn| {
        registrar = None;
        assert!(until(|| !are_registered(&phone, users)), "turn {turn}: the loss is noticed");
        let new = registrar.insert(Registrar::start(UdpSocket::bind(server).expect("its port"), users));
        // A registrar that keeps going away is asked more patiently each time (RFC 5626 §4.5).
        let back = (0..WAITS).any(|_| until(|| new.has_all() && are_registered(&phone, users)));
        assert!(back, "turn {turn}: all are back: {}", phone.connect().ask("accounts"));
        call_in_vain(&phone);
    });
    let history = (calls_in_vain() + warming() + turns, kept(&house));
    Row { phase: "restarts of the registrar", count: turns, before, after, history }.holds();
}
