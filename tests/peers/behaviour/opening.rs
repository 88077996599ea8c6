//! How calls begin, and how they do not.

use std::time::Duration;

use super::{Called, called, calling};
use crate::kamailio::Kamailio;
use crate::sipp::FarEnd;
use crate::support::{PATIENCE, Process, beside_others, have, until};

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
    until("INVITE at the proxy", PATIENCE, || proxy.said().matches("request INVITE").count() >= 2);
    std::thread::sleep(Duration::from_millis(500));
    process.interrupt();
    far.finished();
    assert_eq!(process.ended(PATIENCE).code(), Some(130), "{}", process.said());
}

//= RFC 3261 §13.2.2.4: each answer is acknowledged, and all but the first are ended.
#[test]
fn of_two_answers_one_is_kept_and_the_other_ended() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let one = FarEnd::plays("< INVITE \n > 180 Ringing \n ~ 300 \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK");
    let other = FarEnd::plays(
        "< INVITE \n > 180 Ringing \n < CANCEL \n > 200 OK \n > INVITE 200 OK | sdp \n < ACK \n < BYE \n > 200 OK",
    );
    let proxy = Kamailio::start("SHA-256", &[("600", one.port), ("600", other.port)]);
    let arguments = ["call", "600", "--audio-in", "tone:440", "--audio-out", "null", "--duration", "2"];
    let outcome = proxy.phone("101").run(&arguments, Duration::from_secs(40));
    outcome.ends(0);
    other.finished();
    one.finished();
    assert!(outcome.number("/call/duration") > 1.9, "{}", outcome.told);
}

//= RFC 3261 §22.3: the proxy asks with 407, the far end with 401, and both are answered at once.
#[test]
fn the_proxy_and_the_far_end_may_both_ask_for_a_password() {
    let flow = "
        < INVITE | !Authorization
        > 401 Unauthorized | WWW-Authenticate: Digest realm=\"127.0.0.1\", nonce=\"once\", algorithm=SHA-256, qop=\"auth\"
        < ACK
        < INVITE | Authorization: username=\"101\".*nonce=\"once\"
        > 200 OK | sdp
        < ACK
        < BYE
        > 200 OK";
    let Some(outcome) = calling(flow, &["--duration", "1"]) else { return };
    outcome.ends(0);
}

//= RFC 3261 §8.1.3.4: elsewhere is for a person to choose.
#[test]
fn a_redirection_to_another_domain_is_not_followed() {
    let flow = "< INVITE \n > 302 Moved Temporarily | Contact: <sip:601@elsewhere.example> \n < ACK";
    let Some(outcome) = calling(flow, &[]) else { return };
    outcome.ends(10);
    assert!(!outcome.told.contains("INVITE sip:601@"), "{}", outcome.told);
}

//= RFC 3261 §9.2, RFC 3326 §2
#[test]
fn a_call_that_was_taken_elsewhere_is_over() {
    let Some(called) = Called::start("", &[]) else { return };
    let mut events = called.phone.followed();
    called.rung(
        "> INVITE | sdp
        <? 100
        < 180
        > CANCEL | Reason: SIP;cause=200;text=\"Call completed elsewhere\"
        < 200
        < 487
        > ACK",
    );
    called.phone.until_is("idle");
    events.until_says(r#""outcome":"answered_elsewhere""#);
}

#[test]
fn a_person_rejects_a_call() {
    let Some(called) = Called::start("", &[]) else { return };
    let far = called.rings("> INVITE | sdp \n <? 100 \n < 180 \n < 603 \n > ACK");
    called.phone.until_is("ringing");
    called.phone.does(&["reject", "--code", "603"]);
    far.finished();
}
