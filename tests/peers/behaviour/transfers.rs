//! Calls that are handed over, by each of the three parties.

use super::{Called, talking};
use crate::sipp::FarEnd;
use crate::support::have;

//= RFC 3515 §2.4, RFC 5589 §6
#[test]
fn a_blind_transfer_hands_the_call_over() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: sip:601@ | Referred-By: sip:101@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body message/sipfrag SIP/2.0 100 Trying\\n
        < 200
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 200 OK\\n
        < 200
        < BYE
        > 200 OK",
    ));
    called.phone.until_is("connected");
    called.phone.does(&["transfer", "601"]);
    far.finished();
}

//= RFC 3515 §2.4.5: the news of a failure, and the call is still here.
#[test]
fn a_blind_transfer_that_fails_gives_the_call_back() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: sip:601@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 486 Busy Here\\n
        < 200
        < INVITE | body a=sendrecv
        > 200 OK | sdp
        < ACK
        > BYE
        < 200",
    ));
    called.phone.until_is("connected");
    called.phone.asked(&["transfer", "601"]).ends(20);
    far.finished();
}

//= RFC 5589 §7: the far end is told which call to take over.
#[test]
fn an_attended_transfer_names_the_call_that_was_consulted() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let consulted = FarEnd::plays("< INVITE \n > 180 Ringing \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK");
    let Some(called) = Called::start("autoAnswer=all\nsingleMode=0", &[("601", consulted.port)]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: <sip:.*\\?Replaces=.*%3Bto-tag%3D.*%3Bfrom-tag%3D | Referred-By: sip:101@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 200 OK\\n
        < 200
        < BYE
        > 200 OK",
    ));
    called.phone.until_is("connected");
    called.phone.calls("601");
    called.phone.does(&["transfer", "--attended"]);
    far.finished();
    consulted.finished();
}

//= RFC 3515 §2.4, RFC 3891 §4, RFC 3892 §2.2: sent to somebody whose call we take over, we tell how that goes.
#[test]
fn a_far_end_sends_us_to_somebody_else() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let next = FarEnd::plays(
        "< INVITE | Replaces: old@far;to-tag=x;from-tag=y | Referred-By: sip:sipp@
        ~ 500
        > 200 OK | sdp
        < ACK
        < BYE
        > 200 OK",
    );
    let Some(called) = Called::start("autoAnswer=all\nsingleMode=0", &[("601", next.port)]) else { return };
    let server = called.proxy.server();
    let far = called.rings(&talking(&format!(
        "> REFER | Refer-To: <sip:601@{server}?Replaces=old%40far%3Bto-tag%3Dx%3Bfrom-tag%3Dy> | Referred-By: <sip:sipp@127.0.0.1>
        < 202
        < INVITE | body a=sendonly
        < NOTIFY | Event: refer | Subscription-State: active | body SIP/2.0 100
        > 200 OK
        > INVITE 200 OK | sdp recvonly
        < ACK
        < NOTIFY | Subscription-State: terminated | body SIP/2.0 200
        > 200 OK
        > BYE
        < 200"
    )));
    far.finished();
    called.phone.until_is("connected");
    called.phone.does(&["hangup"]);
    next.finished();
}

//= RFC 3891 §3: whoever knows a call of ours by all its names takes it over.
#[test]
fn a_far_end_takes_over_a_call_of_ours() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    called.rung("> INVITE | Replaces: nobody;to-tag=1;from-tag=2 | sdp \n <? 100 \n < 481 \n > ACK");
    let old = called.rings(&talking("< BYE \n > 200 OK"));
    called.phone.until_is("connected");
    let status = called.phone.status();
    let call_id = status["calls"][0]["sip_call_id"].as_str().unwrap().to_owned();
    let trace = called.phone.trace();
    let ours = trace.split("SIP/2.0 200 OK").filter(|message| message.contains(&call_id)).last().unwrap();
    let tag = ours.split("To: ").nth(1).and_then(|to| to.split("tag=").nth(1)).unwrap();
    let tag = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
    let replaces = format!("Replaces: {call_id};to-tag={tag};from-tag=sipp{}", old.port);
    let new = called.rings(&format!(
        "> INVITE | {replaces} | Require: replaces | sdp \n <? 100 \n <? 180 \n < 200 \n > ACK \n < BYE \n > 200 OK"
    ));
    old.finished();
    called.phone.until("one call, the new one", |status| {
        let calls = status["calls"].as_array().unwrap();
        matches!(calls.as_slice(), [call] if call["state"] == "connected" && call["takes_over"] == "c1")
    });
    called.phone.does(&["hangup"]);
    new.finished();
}

//= RFC 4235 §4.1.1, RFC 3891 §4: the light of another phone tells the dialog that rings there.
#[test]
fn a_call_that_rings_elsewhere_is_taken_by_its_names() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let caller = FarEnd::plays(
        "< INVITE | Replaces: rings@far;to-tag=als;from-tag=bobs;early-only | Require: replaces
        > 200 OK | sdp
        < ACK
        < BYE
        > 200 OK",
    );
    let light = FarEnd::plays(
        "< SUBSCRIBE | Event: dialog
        > 200 OK | Expires: 600
        > NOTIFY | Event: dialog | Subscription-State: active;expires=600 | body application/dialog-info+xml \
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" state=\"full\" entity=\"sip:600@far\">\
         <dialog id=\"1\" direction=\"recipient\" call-id=\"rings@far\" local-tag=\"bobs\" remote-tag=\"als\">\
         <state>early</state><remote><identity>sip:601@[$domain]</identity></remote></dialog></dialog-info>
        < 200",
    );
    let numbers = [("600", light.port), ("601", caller.port)];
    let Some(called) = Called::watching("", "watch=600", &numbers) else { return };
    light.finished();
    called.phone.does(&["pickup", "--no-wait"]);
    called.phone.until_is("connected");
    called.phone.does(&["hangup"]);
    caller.finished();
}
