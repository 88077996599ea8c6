//! What becomes of a call while it lasts: descriptions, refreshes, hold.

use super::{Called, called, calling, talking};

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

//= RFC 3261 §14.2
#[test]
fn a_re_invite_without_an_offer_gets_one() {
    called(&talking(
        "~ 300
        > INVITE
        <? 100
        < 200 | body m=audio
        > ACK | sdp
        ~ 300
        > BYE
        < 200",
    ));
}

//= RFC 3261 §14.1: after 491 the change is tried again by itself.
#[test]
fn a_hold_that_meets_another_change_is_tried_again() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > 491 Request Pending
        < ACK
        < INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        > BYE
        < 200",
    ));
    called.phone.until_is("connected");
    called.phone.does(&["hold"]);
    far.finished();
}

//= RFC 3261 §14.2: a change that comes while one of ours is under way has to wait.
#[test]
fn a_change_that_meets_ours_is_told_to_wait() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > INVITE | sdp
        <? 100
        < 491
        > ACK
        > INVITE 200 OK | sdp recvonly
        < ACK
        > BYE
        < 200",
    ));
    called.phone.until_is("connected");
    called.phone.does(&["hold"]);
    far.finished();
}

//= RFC 3264 §8.4, RFC 2543 §B.5: both ways to hold.
#[test]
fn a_far_end_holds_by_direction_or_by_an_address_that_is_none() {
    for hold in ["sdp sendonly", "nowhere"] {
        let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
        let far = called.rings(&talking(&format!(
            "> INVITE | {hold}
            <? 100
            < 200 | body a=recvonly
            > ACK
            < INFO
            > 200 OK
            > INVITE | sdp
            <? 100
            < 200 | body a=sendrecv
            > ACK
            < BYE
            > 200 OK"
        )));
        let is_held = |held: bool| move |status: &serde_json::Value| status["calls"][0]["remote_hold"] == held;
        called.phone.until("held by the far end", is_held(true));
        called.phone.does(&["dtmf", "1", "--via", "info"]);
        called.phone.until("talking again", is_held(false));
        called.phone.does(&["hangup"]);
        far.finished();
    }
}
