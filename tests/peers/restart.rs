//! The registrar ends and is started again, having forgotten everything: every phone is back, patiently, over whatever
//! it speaks.

use std::thread::sleep;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::kamailio::{Kamailio, has_secure_modules};
use crate::support::{PATIENCE, beside_others, have, until};

/// REGISTERs a phone may send in the half minute that this takes, challenges and what it said before included.
const MOST: usize = 20;

fn comes_back(transport: &str) {
    if !have(&["kamailio"]) || transport == "tls" && !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    let mut server = Kamailio::start("SHA-256", &[]);
    let phone = server.phone_over(transport, "101", "");
    phone.edit(|ini| ini.replace("keepAlive=0", "keepAlive=5"));
    let phone = Daemon::start(phone);
    let registered = || phone.status()["accounts"][0]["registered"] == true;
    server.stop();
    until("the loss is noticed", PATIENCE, || !registered());
    sleep(Duration::from_secs(6));
    server.again();
    until("registered again", Duration::from_secs(40), || registered() && server.said().contains("saved 101"));
    let trace = phone.trace();
    let sent = trace.lines().filter(|line| line.starts_with("REGISTER ")).count();
    assert!(sent <= MOST, "{sent} REGISTERs\n{trace}");
    assert!(server.said().matches("saved 101").count() == 1, "{}", server.said());
}

#[test]
fn over_udp() {
    comes_back("udp");
}

#[test]
fn over_tcp() {
    comes_back("tcp");
}

#[test]
fn over_tls() {
    comes_back("tls");
}
