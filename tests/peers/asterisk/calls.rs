//! Calls through Asterisk, which stands in the middle of each: it answers for the far end and calls it anew.

use super::Asterisk;
use crate::daemon::Daemon;
use crate::support::{PATIENCE, beside_others, until};

/// Phones of these users, answering by themselves.
fn phones<const N: usize>(exchange: &Asterisk, users: [&str; N]) -> [Daemon; N] {
    users.map(|user| exchange.phone(user, "autoAnswer=all\nsingleMode=0", ""))
}

#[test]
fn hold_and_resume_reach_the_far_end() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, two] = phones(&exchange, ["101", "102"]);
    one.calls("102");
    two.until_is("connected");
    one.does(&["hold"]);
    two.until("held by the other", |status| status["calls"][0]["remote_hold"] == true);
    assert_eq!(one.state(), "held");
    one.does(&["resume"]);
    two.until("talking again", |status| status["calls"][0]["remote_hold"] == false);
    two.does(&["hangup"]);
    one.until_is("idle");
    exchange.is_quiet();
}

//= RFC 3515 §2.4
#[test]
fn a_blind_transfer_hands_the_call_over() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, two, three] = phones(&exchange, ["101", "102", "103"]);
    one.calls("102");
    one.does(&["transfer", "103"]);
    one.until_is("idle");
    three.until_is("connected");
    two.does(&["hangup"]);
    three.until_is("idle");
    exchange.is_quiet();
}

//= RFC 5589 §7
#[test]
fn an_attended_transfer_connects_the_other_two() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, two, three] = phones(&exchange, ["101", "102", "103"]);
    one.calls("102");
    one.calls("103");
    one.does(&["transfer", "--attended"]);
    one.until_is("idle");
    assert_eq!((two.state().as_str(), three.state().as_str()), ("connected", "connected"));
    two.does(&["hangup"]);
    three.until_is("idle");
    exchange.is_quiet();
}

//= RFC 3262 §3, §4
#[test]
fn an_exchange_that_cannot_do_without_100rel_gets_it() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, reliable] = ["101", "105"].map(|user| exchange.phone(user, "", ""));
    reliable.does(&["call", "604", "--no-wait"]);
    reliable.until("sound before the answer", |status| status["calls"][0]["state"] == "early_media");
    assert!(reliable.trace().contains("\nPRACK sip:"), "we acknowledge");
    reliable.does(&["hangup"]);
    one.does(&["call", "105", "--no-wait"]);
    reliable.until_is("ringing");
    let asked = || reliable.trace().matches("PRACK sip:").count() > 1;
    until("the exchange acknowledges", PATIENCE, asked);
    reliable.does(&["answer"]);
    one.until_is("connected");
    one.does(&["hangup"]);
    reliable.until_is("idle");
    exchange.is_quiet();
}

//= RFC 4028 §7.2, §7.3
#[test]
fn the_time_of_a_session_is_agreed_on() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [brief, long] = phones(&exchange, ["109", "114"]);
    long.calls("109");
    let offered = long.trace();
    assert!(
        offered.contains("SIP/2.0 422 ") && offered.contains("\nMin-SE: 2000"),
        "told what is the least, we ask again"
    );
    assert!(brief.trace().contains("\nSession-Expires: 90;refresher="), "the exchange's 90 s");
    long.does(&["hangup"]);
    exchange.is_quiet();
}

#[test]
fn a_call_over_tcp() {
    over("tcp");
}

#[test]
fn a_call_over_tls() {
    over("tls");
}

/// Registration, a call with hold, and a message, from a phone and to one.
fn over(transport: &str) {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, two] =
        ["101", "102"].map(|user| Daemon::start(exchange.phone_over(transport, user, "autoAnswer=all", "")));
    one.does(&["message", "102", "over", transport]);
    one.calls("102");
    two.does(&["hold"]);
    one.until("held by the other", |status| status["calls"][0]["remote_hold"] == true);
    two.does(&["resume"]);
    one.until("talking again", |status| status["calls"][0]["remote_hold"] == false);
    one.does(&["hangup"]);
    two.until_is("idle");
    for phone in [one, two] {
        let trace = phone.trace();
        let sent = trace.lines().filter(|line| line.contains(" -> ") || line.contains(" <- "));
        let others: Vec<&str> = sent.filter(|line| !line.contains(&format!(" {transport} 127.0.0.1"))).collect();
        assert!(others.is_empty(), "{others:?}");
    }
    exchange.is_quiet();
}
