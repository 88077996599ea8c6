//! What is said outside a call, and the keys within one.

use std::time::Duration;

use super::{Called, talking};
use crate::sipp::FarEnd;
use crate::support::have;

//= RFC 3842 §4.1: a notifier may speak without being asked.
#[test]
fn voicemail_that_nobody_asked_for_is_shown() {
    let Some(called) = Called::start("", &[]) else { return };
    called.rung(
        "> NOTIFY | Event: message-summary | Subscription-State: active | body application/simple-message-summary \
         Messages-Waiting: yes\\nVoice-Message: 2/8 (0/2)\\n
        < 200",
    );
    assert_eq!(called.phone.status()["accounts"][0]["voicemail"]["new"], 2);
}

//= RFC 3428 §4, §7
#[test]
fn a_message_is_delivered_and_one_arrives() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let far = FarEnd::plays("< MESSAGE | Content-Type: text/plain | body good evening \n > 200 OK");
    let Some(called) = Called::start("", &[("600", far.port)]) else { return };
    called.phone.does(&["message", "600", "good evening"]);
    far.finished();
    called.rung("> MESSAGE | body text/plain hello there \n < 200");
}

//= RFC 3261 §11.2
#[test]
fn a_question_of_what_the_phone_can_do_is_answered_truthfully() {
    let Some(called) = Called::start("", &[]) else { return };
    called.rung("> OPTIONS | Accept: application/sdp \n < 200 | Allow: INVITE.*UPDATE | Supported: 100rel | Accept: application/sdp");
}

/// The two ways that are in use, neither of them in an RFC.
#[test]
fn keys_come_and_go_by_info() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let mut events = called.phone.followed();
    let far = called.rings(&talking(
        "> INFO | body application/dtmf-relay Signal=5\\nDuration=160\\n
        < 200
        > INFO | body application/dtmf #
        < 200
        < INFO | Content-Type: application/dtmf-relay | body Signal= ?7
        > 200 OK
        > BYE
        < 200",
    ));
    events.until_says(r##""digit":"5""##);
    events.until_says(r##""digit":"#""##);
    called.phone.does(&["dtmf", "7", "--via", "info"]);
    far.finished();
}

//= RFC 6665 §4.1.2, RFC 4235 §3: what the notifier says is shown, until it says that it is over.
#[test]
fn a_light_follows_its_notifier() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let dialogs = |version: u32, state: &str| {
        format!(
            "body application/dialog-info+xml <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"{version}\" state=\"full\" entity=\"sip:600@far\"><dialog id=\"1\" direction=\"recipient\">\
             <state>{state}</state></dialog></dialog-info>"
        )
    };
    let far = FarEnd::plays(&format!(
        "< SUBSCRIBE | Event: dialog | Accept: application/dialog-info.xml
        > 200 OK | Expires: 600
        > NOTIFY | Event: dialog | Subscription-State: active;expires=600 | {}
        < 200
        ~ 1000
        > NOTIFY | Event: dialog | Subscription-State: active;expires=599 | {}
        < 200
        ~ 1000
        > NOTIFY | Event: dialog | Subscription-State: terminated;reason=noresource
        < 200",
        dialogs(1, "early"),
        dialogs(2, "confirmed")
    ));
    let Some(called) = Called::watching("", "watch=600", &[("600", far.port)]) else { return };
    for state in ["ringing", "busy", "unknown"] {
        called.phone.until(state, |status| status["lights"][0]["state"] == state);
    }
    far.finished();
}

/// Whoever knocks on every door learns nothing, and nobody is woken.
#[test]
fn scanners_neither_ring_nor_learn_anything() {
    let port = crate::support::free_port();
    let Some(called) = Called::start(&format!("sourcePort={port}"), &[]) else { return };
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let own = socket.local_addr().unwrap();
    for (number, method) in ["INVITE", "REGISTER", "OPTIONS", "MESSAGE", "SUBSCRIBE"].into_iter().enumerate() {
        let knock = format!(
            "{method} sip:100@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{number};rport\r\n\
             Max-Forwards: 70\r\nFrom: \"sipvicious\" <sip:100@1.1.1.1>;tag={number}\r\nTo: <sip:100@127.0.0.1>\r\n\
             Call-ID: {number}-scan\r\nCSeq: 1 {method}\r\nContact: <sip:100@{own}>\r\nUser-Agent: friendly-scanner\r\n\
             Event: presence\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send_to(knock.as_bytes(), ("127.0.0.1", port)).unwrap();
        let mut reply = [0; 4096];
        if let Ok(length) = socket.recv(&mut reply) {
            let reply = String::from_utf8_lossy(&reply[..length]);
            assert!(reply.ends_with("Content-Length: 0\r\n\r\n"), "a body for a stranger\n{reply}");
            assert!(!reply.starts_with("SIP/2.0 1") || reply.starts_with("SIP/2.0 100"), "it rings\n{reply}");
            assert!(!reply.starts_with("SIP/2.0 2") || method == "OPTIONS", "{method} is welcome\n{reply}");
        }
        assert_eq!(called.phone.state(), "idle", "{method}");
    }
}
