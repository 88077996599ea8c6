//! Registrations that are refreshed over and over, and a registrar that starts anew.

use std::net::UdpSocket;

use crate::held::{Held, Row, many};
use crate::phones::{dial, kept};
use crate::registrar::{Registrar, accounts};
use crate::support::{Daemon, House, closed, until};

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

fn are_registered(phone: &Daemon, users: usize) -> bool {
    let status = phone.connect().ask("status");
    let accounts = status["accounts"].as_array().map_or(&[][..], Vec::as_slice);
    accounts.len() == users && accounts.iter().all(|account| account["registered"] == true)
}

#[test]
fn registrations_are_refreshed_and_leave_nothing() {
    let (users, refreshes) = (many(5, 100), many(5, 1_000));
    let (house, _socket, registrar, phone) = registered(users);
    call_in_vain(&phone);
    let before = Held::by(&phone);
    let begin = registrar.granted();
    while registrar.granted() < begin + refreshes {
        let now = registrar.granted();
        assert!(until(|| registrar.granted() > now), "{} are refreshed, and no more", now - begin);
    }
    assert!(until(|| registrar.has_all() && are_registered(&phone, users)));
    let count = registrar.granted() - begin;
    call_in_vain(&phone);
    let after = Held::again(&phone, &before);
    Row { phase: "registrations refreshed", count, before, after, history: (2, kept(&house)) }.holds();
}

#[test]
fn a_registrar_that_starts_anew_finds_its_phones_again() {
    let (users, turns) = (3, many(1, 20));
    let (house, socket, mut registrar, phone) = registered(users);
    let server = socket.local_addr().expect("its address");
    drop(socket);
    call_in_vain(&phone);
    let before = Held::by(&phone);
    for turn in 0..turns {
        drop(registrar);
        assert!(until(|| !are_registered(&phone, users)), "turn {turn}: the loss is noticed");
        registrar = Registrar::start(UdpSocket::bind(server).expect("its port"), users);
        assert!(until(|| registrar.has_all() && are_registered(&phone, users)), "turn {turn}: all are back");
    }
    call_in_vain(&phone);
    let after = Held::again(&phone, &before);
    Row { phase: "restarts of the registrar", count: turns, before, after, history: (2, kept(&house)) }.holds();
}
