//! Parking and retrieving, against a scripted exchange whose lights tell where.

use super::following::{DIALOG_INFO, following_with, within};
use super::rules::{SDP, ask, respond};
use super::*;
use crate::sip::message::{HeaderName, Method};
use crate::sip::refer::Progress;
use crate::ua::outcome::ExitCode;

/// The light of a slot comes on.
fn slot(world: &mut World, subscribe: &Request, version: u32) {
    slot_with(world, subscribe, version, "");
}

/// The same, with more told of its call.
fn slot_with(world: &mut World, subscribe: &Request, version: u32, more: &str) {
    let body = format!(
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"full\" entity=\"x\"><dialog id=\"1\"><state>confirmed</state>{more}</dialog></dialog-info>"
    );
    let headers = format!("Event: dialog\r\nContent-Type: {DIALOG_INFO}\r\n");
    assert_eq!(within(world, subscribe, version, &headers, &body).status.0, 200);
}

fn settings(slots: &[&str]) -> Settings {
    let park_slots = slots.iter().map(|slot| (*slot).to_owned()).collect();
    Settings { park_number: "700".into(), park_slots, ..Settings::default() }
}

/// A phone in a call, and the SUBSCRIBEs for its slots.
fn talking(slots: &[&str]) -> (World, Request, Vec<Request>) {
    let (mut world, sent) = following_with(settings(slots));
    world.dial(0, "103");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    world.phones[0].replies.clear();
    (world, invite, sent)
}

/// Parks the call; up to the moment the exchange has it, or not.
fn park(world: &mut World, invite: &Request, number: Option<&str>, outcome: u16) {
    let command = Command::Park { call: None, number: number.map(str::to_owned) };
    let now = world.now;
    world.phones[0].agent.handle(Input::Command(RequestId(7), command), now);
    world.settle();
    let hold = world.last_request();
    respond(world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    let refer = world.last_request();
    assert_eq!(refer.method, Method::Refer);
    let to = format!("<sip:{}@127.0.0.1>", number.unwrap_or("700"));
    assert_eq!(refer.headers.text(&HeaderName::ReferTo), Some(to));
    respond(world, &refer, 202, &[], "");
    let body = String::from_utf8(Progress::of(outcome).to_body()).unwrap();
    let news = "Event: refer\r\nSubscription-State: terminated\r\nContent-Type: message/sipfrag\r\n";
    ask(world, invite, "NOTIFY", 40, news, &body);
}

/// Where the call was said to be parked; `None` = nothing said yet.
fn told(world: &World) -> Option<Option<String>> {
    match world.phones[0].replies.last()? {
        Ok(Reply::Call(call)) => Some(call.transfer.as_ref().and_then(|transfer| transfer.parked_at.clone())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_parked_call_is_where_a_light_came_on() {
    for (before, after) in [(true, false), (false, true), (false, false)] {
        let (mut world, invite, sent) = talking(&["701", "702"]);
        // Somebody else's call is there already.
        slot(&mut world, &sent[0], 3);
        if before {
            let command = Command::Park { call: None, number: None };
            let now = world.now;
            world.phones[0].agent.handle(Input::Command(RequestId(7), command), now);
            slot(&mut world, &sent[1], 4);
            assert_eq!(told(&world), None, "the exchange has not said that it has the call");
            let hold = world.last_request();
            respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
            let refer = world.last_request();
            respond(&mut world, &refer, 202, &[], "");
            let news = "Event: refer\r\nSubscription-State: terminated\r\nContent-Type: message/sipfrag\r\n";
            ask(&mut world, &invite, "NOTIFY", 40, news, "SIP/2.0 200 OK");
        } else {
            park(&mut world, &invite, None, 200);
            assert_eq!(told(&world), None, "a light may tell");
        }
        if after {
            world.run(Duration::from_secs(1));
            slot(&mut world, &sent[1], 4);
        }
        let found = before || after;
        if !found {
            world.run(Duration::from_secs(4));
        }
        assert_eq!(told(&world), Some(found.then(|| "702".to_owned())), "{before} {after}");
        let parked = world.names(0).iter().filter(|name| *name == "call_parked").count();
        assert_eq!(parked, usize::from(found));
        let reply = world.command(0, Command::Retrieve { number: None, account: None });
        match reply {
            Ok(Reply::Call(call)) => assert_eq!(call.remote.user, if found { "702" } else { "701" }),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_lights_the_end_of_the_call_is_all_there_is_to_tell() {
    let (mut world, invite, _) = talking(&[]);
    park(&mut world, &invite, Some("6001"), 200);
    assert_eq!(told(&world), Some(None));
    world.run(Duration::from_secs(40));
    let reply = world.command(0, Command::Retrieve { number: None, account: None });
    assert_eq!(reply.map(|_| ()).map_err(|error| error.code), Err(ExitCode::NotFound));
    let reply = world.command(0, Command::Retrieve { number: Some("6001".into()), account: None });
    assert!(matches!(reply, Ok(Reply::Call(call)) if call.remote.user == "6001"));
}

#[test]
fn a_call_that_cannot_be_parked_stays() {
    let (mut world, invite, sent) = talking(&["701"]);
    park(&mut world, &invite, None, 503);
    let refused = world.phones[0].replies.last().map(|reply| reply.as_ref().map(|_| ()).map_err(|error| error.kind));
    assert!(matches!(refused, Some(Err(_))), "{refused:?}");
    // Somebody else's, later.
    slot(&mut world, &sent[0], 4);
    assert!(!world.names(0).contains(&"call_parked".to_owned()));
    let (mut world, _) = following_with(Settings::default());
    let reply = world.command(0, Command::Park { call: None, number: None });
    assert_eq!(reply.map_err(|error| error.kind), Err("no_park_number"));
    let reply = world.command(0, Command::Park { call: None, number: Some("700".into()) });
    assert_eq!(reply.map_err(|error| error.message), Err("there is no call to park".into()));
}

#[test]
fn a_place_that_is_watched_besides_has_one_light() {
    let watch = ["701", "dialog:702", "presence:701"].map(str::to_owned).to_vec();
    let (world, sent) = following_with(Settings { watch, ..settings(&["701", "702"]) });
    let asked: Vec<&str> = sent.iter().map(|subscribe| subscribe.uri.as_str()).collect();
    assert_eq!(asked, ["sip:701@127.0.0.1", "sip:702@127.0.0.1", "sip:701@127.0.0.1"], "presence is another light");
    assert_eq!(world.phones[0].agent.status(world.now).lights.len(), 3);
}

//= RFC 4235 §5.2
#[test]
fn a_call_that_an_exchange_tells_as_held_is_retrieved_too() {
    let (mut world, sent) = following_with(settings(&["701", "702"]));
    let held = "<local><target uri=\"sip:x\"><param pname=\"+sip.rendering\" pval=\"no\"/></target></local>";
    slot_with(&mut world, &sent[1], 3, held);
    let lights = world.phones[0].agent.status(world.now).lights;
    assert_eq!(lights[1].state, crate::ua::snapshot::LightState::Held);
    let reply = world.command(0, Command::Retrieve { number: None, account: None });
    assert!(matches!(&reply, Ok(Reply::Call(call)) if call.remote.user == "702"), "{reply:?}");
}
