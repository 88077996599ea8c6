//! What a phone does in front of far ends that use all of SIP, with a record-routing proxy between. One behaviour, one
//! test; the flow is the far end's, line by line.

use std::time::Duration;

use crate::kamailio::Kamailio;
use crate::sipp::FarEnd;
use crate::support::{Outcome, Phone, Process, beside_others, have, until};

/// The phone calls a far end that goes through `flow` to its end.
fn calling(flow: &str, arguments: &[&str]) -> Option<Outcome> {
    if !have(&["kamailio", "sipp"]) {
        return None;
    }
    let _machine = beside_others();
    let far = FarEnd::plays(flow);
    let proxy = Kamailio::start("SHA-256", &[("600", far.port)]);
    let phone = proxy.phone("101");
    let arguments = [&["call", "600", "--audio-in", "tone:440", "--audio-out", "null"], arguments].concat();
    let outcome = phone.run(&arguments, Duration::from_secs(40));
    far.finished();
    Some(outcome)
}

/// A phone that is registered and answers by itself, unless `settings` say otherwise.
struct Called {
    proxy: Kamailio,
    phone: Phone,
    daemon: Process,
}

impl Called {
    fn start(settings: &str, numbers: &[(&str, u16)]) -> Option<Self> {
        if !have(&["kamailio", "sipp"]) {
            return None;
        }
        let proxy = Kamailio::start("SHA-256", numbers);
        let phone = proxy.phone_with("101", &format!("audioCodecs=PCMU/8000/1\n{settings}"));
        let mut command = phone.command(&["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
        command.arg("--debug").arg(phone.file("daemon.trace"));
        let daemon = Process::start("daemon", &mut command, &phone.file("run"));
        until("registered", Duration::from_secs(15), || proxy.said().contains("saved 101"));
        Some(Self { proxy, phone, daemon })
    }

    /// A far end rings the phone and goes through `flow` to its end.
    fn rung(&self, flow: &str) {
        FarEnd::begins(flow, "101", &self.proxy.server()).finished();
    }

    /// The phone's word for what it does.
    fn state(&self) -> String {
        let outcome = self.phone.run(&["status"], Duration::from_secs(5));
        outcome.text("/state").to_owned()
    }

    /// Every message that the phone sent and received.
    fn trace(&self) -> String {
        std::fs::read_to_string(self.phone.file("daemon.trace")).unwrap_or_default()
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the phone's trace\n{}", self.trace());
            eprintln!("---- and what it said\n{}", self.daemon.said());
        }
    }
}

/// The phone answers and the far end goes through `flow` to its end.
fn called(flow: &str) {
    let _machine = beside_others();
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    called.rung(flow);
    until("nothing stays behind", Duration::from_secs(5), || called.state() == "idle");
}

//= RFC 3262 §4: PRACK goes by the route of the early dialog, or the proxy would not know whom it is for.
#[test]
fn a_reliable_ringing_is_acknowledged_through_the_proxy() {
    let flow = "
        < INVITE | Supported: 100rel
        > 180 Ringing | Require: 100rel | RSeq: 41
        < PRACK | RAck: 41 [0-9]+ INVITE
        > 200 OK
        > INVITE 200 OK | sdp
        < ACK
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "1"]) else { return };
    outcome.ends(0);
}

//= RFC 3262 §5
#[test]
fn early_sound_comes_with_a_reliable_answer() {
    let flow = "
        < INVITE | Supported: 100rel
        > 183 Session Progress | Require: 100rel | RSeq: 7 | sdp
        < PRACK | RAck: 7 [0-9]+ INVITE
        > 200 OK
        ~ 800
        > INVITE 200 OK
        < ACK
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "1"]) else { return };
    outcome.ends(0);
    assert!(outcome.number("/call/media/rx_packets") > 60.0, "{}", outcome.told);
}

//= RFC 3262 §3: a caller that requires it gets it.
#[test]
fn a_caller_that_requires_reliable_ringing_gets_it() {
    called(
        "> INVITE | Require: 100rel | Supported: 100rel | sdp
        <? 100
        < 180 | Require: 100rel | RSeq: [0-9]+
        > PRACK | RAck: [$rseq] 1 INVITE
        < 200
        < 200
        > ACK
        ~ 500
        > BYE
        < 200",
    );
}

//= RFC 3311 §5.2
#[test]
fn an_update_of_the_far_end_is_answered() {
    let flow = "
        < INVITE | Allow: UPDATE
        > 180 Ringing
        > 200 OK | sdp
        < ACK
        > UPDATE | sdp
        < 200 | body m=audio
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "1"]) else { return };
    outcome.ends(0);
}

//= RFC 4028 §7.3
#[test]
fn an_interval_that_is_too_small_is_asked_for_again() {
    let flow = "
        < INVITE | Supported: timer | Session-Expires: 1800
        > 422 Session Interval Too Small | Min-SE: 3600
        < ACK
        < INVITE | Session-Expires: 3600 | Min-SE: 3600
        > 200 OK | Require: timer | Session-Expires: 3600;refresher=uas | sdp
        < ACK
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "1"]) else { return };
    outcome.ends(0);
}

//= RFC 4028 §8: the least anybody may ask for is 90 s.
#[test]
fn a_caller_with_too_small_an_interval_is_told_ours() {
    called(
        "> INVITE | Supported: timer | Session-Expires: 30 | sdp
        <? 100
        < 422 | Min-SE: 90
        > ACK",
    );
}

//= RFC 4028 §10: half the interval in, long before the far end gives up.
#[test]
fn the_phone_refreshes_the_session() {
    let flow = "
        < INVITE | Supported: timer
        > 200 OK | Require: timer | Session-Expires: 14;refresher=uac | Allow: INVITE, ACK, BYE, UPDATE, CANCEL | sdp
        < ACK
        < UPDATE | Session-Expires: [0-9]+;refresher=uac
        > 200 OK | Require: timer | Session-Expires: 14;refresher=uac
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "9"]) else { return };
    outcome.ends(0);
}

#[test]
fn a_refresh_by_the_caller_is_agreed_to() {
    called(
        "> INVITE | Supported: timer | Session-Expires: 90;refresher=uac | sdp
        <? 100
        <? 180
        < 200 | Session-Expires: 90;refresher=uac
        > ACK
        ~ 500
        > UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
        < 200 | Session-Expires: 90;refresher=uac
        > BYE
        < 200",
    );
}

//= RFC 3264 §5, RFC 3261 §13.2.1: no offer in the INVITE, the offer is in the 200 and the answer in the ACK.
#[test]
fn an_invite_without_an_offer_is_answered_with_one() {
    called(
        "> INVITE
        <? 100
        <? 180
        < 200 | body m=audio
        > ACK | sdp
        ~ 500
        > BYE
        < 200",
    );
}

//= RFC 3261 §14.2
#[test]
fn a_re_invite_without_an_offer_gets_one() {
    called(
        "> INVITE | sdp
        <? 100
        <? 180
        < 200 | body m=audio
        > ACK
        ~ 300
        > INVITE
        <? 100
        < 200 | body m=audio
        > ACK | sdp
        ~ 300
        > BYE
        < 200",
    );
}

//= RFC 3261 §14.1: after 491 the change is tried again by itself.
#[test]
fn a_hold_that_meets_another_change_is_tried_again() {
    let _machine = beside_others();
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let flow = "
        > INVITE | sdp
        <? 100
        <? 180
        < 200
        > ACK
        < INVITE | body a=sendonly
        > 491 Request Pending
        < ACK
        < INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        > BYE
        < 200";
    let far = FarEnd::begins(flow, "101", &called.proxy.server());
    until("the call", Duration::from_secs(10), || called.state() == "connected");
    called.phone.run(&["hold"], Duration::from_secs(10)).ends(0);
    far.finished();
}

//= RFC 3261 §8.1.3.4
#[test]
fn a_redirection_within_the_own_domain_is_followed() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let moved = FarEnd::plays("< INVITE \n > 302 Moved Temporarily | Contact: <sip:601@[$domain]> \n < ACK");
    let there = FarEnd::plays("< INVITE \n > 180 Ringing \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK");
    let proxy = Kamailio::start("SHA-256", &[("600", moved.port), ("601", there.port)]);
    let arguments = ["call", "600", "--audio-in", "tone:440", "--audio-out", "null", "--duration", "1"];
    let outcome = proxy.phone("101").run(&arguments, Duration::from_secs(40));
    moved.finished();
    outcome.ends(0);
    there.finished();
}

#[test]
fn overload_is_told_and_not_tried_again_at_once() {
    let Some(outcome) = calling("< INVITE \n > 503 Service Unavailable | Retry-After: 30 \n < ACK", &[]) else {
        return;
    };
    assert!(outcome.code.is_some_and(|code| code == 11 || code == 25), "{}", outcome.told);
    assert_eq!(outcome.told.matches("\nINVITE sip:600").count(), 2, "one challenged, one refused\n{}", outcome.told);
}

/// The cancel and the answer cross: what was answered is ended properly.
//= RFC 3261 §9.1, §15
#[test]
fn an_answer_that_crosses_the_cancel_is_ended() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let far = FarEnd::plays(
        "< INVITE \n > 180 Ringing \n < CANCEL \n > 200 OK \n > INVITE 200 OK | sdp \n < ACK \n < BYE \n > 200 OK",
    );
    let proxy = Kamailio::start("MD5", &[("600", far.port)]);
    let phone = proxy.phone("101");
    let mut command = phone.command(&["call", "600", "--json", "--audio-in", "null", "--audio-out", "null"]);
    let mut process = Process::start("tuiphone", &mut command, &phone.file("run"));
    until("INVITE at the proxy", Duration::from_secs(15), || proxy.said().matches("request INVITE").count() >= 2);
    std::thread::sleep(Duration::from_millis(500));
    process.interrupt();
    far.finished();
    assert_eq!(process.ended(Duration::from_secs(10)).code(), Some(130), "{}", process.said());
}

//= RFC 3515 §2.4, RFC 5589 §6
#[test]
fn a_blind_transfer_hands_the_call_over() {
    let _machine = beside_others();
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let flow = "
        > INVITE | sdp
        <? 100
        <? 180
        < 200
        > ACK
        < INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: sip:601@ | Referred-By: sip:101@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body message/sipfrag SIP/2.0 100 Trying\\n
        < 200
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 200 OK\\n
        < 200
        < BYE
        > 200 OK";
    let far = FarEnd::begins(flow, "101", &called.proxy.server());
    until("the call", Duration::from_secs(10), || called.state() == "connected");
    let outcome = called.phone.run(&["transfer", "601"], Duration::from_secs(20));
    outcome.ends(0);
    far.finished();
}

//= RFC 3842 §4.1: a notifier may speak without being asked.
#[test]
fn voicemail_that_nobody_asked_for_is_shown() {
    let _machine = beside_others();
    let Some(called) = Called::start("", &[]) else { return };
    called.rung(
        "> NOTIFY | Event: message-summary | Subscription-State: active | body application/simple-message-summary \
         Messages-Waiting: yes\\nVoice-Message: 2/8 (0/2)\\n
        < 200",
    );
    let status = called.phone.run(&["status"], Duration::from_secs(5));
    assert_eq!(status.number("/accounts/0/voicemail/new"), 2.0, "{}", status.told);
}

//= RFC 3428 §4, §7
#[test]
fn a_message_is_delivered_and_one_arrives() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let far = FarEnd::plays("< MESSAGE | Content-Type: text/plain | body good evening \n > 200 OK");
    let Some(called) = Called::start("", &[("600", far.port)]) else { return };
    called.phone.run(&["message", "600", "good evening"], Duration::from_secs(20)).ends(0);
    far.finished();
    called.rung("> MESSAGE | body text/plain hello there \n < 200");
}

//= RFC 3261 §11.2
#[test]
fn a_question_of_what_the_phone_can_do_is_answered_truthfully() {
    let _machine = beside_others();
    let Some(called) = Called::start("", &[]) else { return };
    called.rung("> OPTIONS | Accept: application/sdp \n < 200 | Allow: INVITE.*UPDATE | Supported: 100rel | Accept: application/sdp");
}

/// Whoever knocks on every door learns nothing, and nobody is woken.
#[test]
fn scanners_neither_ring_nor_learn_anything() {
    let _machine = beside_others();
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
        assert_eq!(called.state(), "idle", "{method}");
    }
}
