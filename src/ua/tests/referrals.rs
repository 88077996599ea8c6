//! Three phones and a transfer: who is told what, who talks to whom at the end; and what no far end may bring about.

use super::rules::{PEER, SDP, ask, connected, respond, state};
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::sip::refer::Progress;
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::{HangupWhich, TransferTo};
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::CallInfo;
use crate::ua::snapshot::CallState::{self, Connected, Held};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn calls(world: &World, phone: usize) -> Vec<CallInfo> {
    world.phones[phone].agent.status(world.now).calls
}

/// The state of each call and the user at its far end.
fn talks(world: &World, phone: usize) -> Vec<(CallState, String)> {
    calls(world, phone).into_iter().map(|call| (call.state, call.remote.user)).collect()
}

/// Alice at 5070, Bob at 5072, Carol at 5074; Alice talks to Bob.
fn three() -> World {
    let mut world = World::new();
    for (user, port) in [("alice", 5070), ("bob", 5072), ("carol", 5074)] {
        world.add(local(user), port);
    }
    world.dial(ALICE, "sip:bob@127.0.0.1:5072");
    world.command(BOB, Command::Answer { call: None }).unwrap();
    assert_eq!(
        (talks(&world, ALICE), talks(&world, BOB)),
        (vec![(Connected, "bob".into())], vec![(Connected, "alice".into())])
    );
    world
}

fn transfer(world: &mut World, to: TransferTo) {
    let now = world.now;
    world.phones[ALICE].replies.clear();
    world.phones[ALICE].agent.handle(Input::Command(RequestId(9), Command::Transfer { call: None, to }), now);
    world.settle();
}

fn outcome(world: &World) -> Option<Result<(), ExitCode>> {
    world.phones[ALICE].replies.last().map(|reply| reply.as_ref().map(|_| ()).map_err(|error| error.code))
}

fn to_carol() -> TransferTo {
    TransferTo::Number("sip:carol@127.0.0.1:5074".into())
}

/// Loses everything the first time it is sent.
fn lose_first(world: &mut World) {
    let mut seen = std::collections::HashSet::new();
    world.lose = Box::new(move |message| {
        let headers = match message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        };
        let names = [HeaderName::CallId, HeaderName::CSeq, HeaderName::SubscriptionState];
        seen.insert((line(message), names.map(|name| headers.text(&name))))
    });
}

//= RFC 5589 §6.1, RFC 3515 §2.4
#[test]
fn a_blind_transfer_connects_the_other_two() {
    for lossy in [false, true] {
        let mut world = three();
        if lossy {
            lose_first(&mut world);
        }
        transfer(&mut world, to_carol());
        world.run(Duration::from_secs(20));
        assert_eq!(talks(&world, CAROL), [(CallState::Incoming, "bob".into())], "lossy: {lossy}");
        let referred = calls(&world, BOB).remove(1);
        assert_eq!(referred.referred_by.map(|by| by.user).as_deref(), Some("alice"));
        assert_eq!(outcome(&world), None, "Carol rings");
        assert_eq!(calls(&world, ALICE).first().and_then(|c| c.transfer.clone()?.status), Some(180));
        world.command(CAROL, Command::Answer { call: None }).unwrap();
        world.run(Duration::from_secs(20));
        assert_eq!(outcome(&world), Some(Ok(())), "lossy: {lossy}");
        assert_eq!(talks(&world, ALICE), []);
        assert_eq!(talks(&world, BOB), [(Connected, "carol".into())]);
        assert_eq!(talks(&world, CAROL), [(Connected, "bob".into())]);
        world.run(Duration::from_secs(60));
        let idle = Command::Hangup { which: HangupWhich::All };
        world.command(BOB, idle).unwrap();
        world.run(Duration::from_secs(60));
        assert!((0..3).all(|phone| world.phones[phone].agent.next_timeout().is_none()), "nothing is left behind");
    }
}

/// `AC`: whoever sends us elsewhere does not listen to those, nor does who is sent elsewhere by us.
#[test]
fn who_is_handed_over_joins_no_conference() {
    let confers = |world: &World, phone: usize| world.names(phone).iter().any(|name| *name == "call_conference");
    for phone in [ALICE, BOB] {
        let mut world = three();
        world.command(phone, Command::AutoConference { on: true }).unwrap();
        transfer(&mut world, to_carol());
        if phone == ALICE {
            let mut dave = local("dave");
            dave.settings.accept_from_any = true;
            dave.incoming = IncomingPolicy::Answer { after: Duration::from_millis(100) };
            world.add(dave, 5076);
            world.dial(ALICE, "sip:dave@127.0.0.1:5076");
            world.run(Duration::from_secs(1));
            assert_eq!(talks(&world, ALICE), [(Held, "bob".into()), (Connected, "dave".into())]);
        }
        world.command(CAROL, Command::Answer { call: None }).unwrap();
        world.run(Duration::from_secs(5));
        assert_eq!((outcome(&world), talks(&world, BOB)), (Some(Ok(())), vec![(Connected, "carol".into())]));
        assert!(!confers(&world, phone), "{phone}: {:?}", world.names(phone));
    }
}

#[test]
fn a_transfer_that_is_declined_gives_the_call_back() {
    let mut world = three();
    transfer(&mut world, to_carol());
    world.command(CAROL, Command::Reject { call: None, code: Some(486) }).unwrap();
    world.run(Duration::from_secs(5));
    assert_eq!(outcome(&world), Some(Err(ExitCode::Busy)));
    assert_eq!(
        (talks(&world, ALICE), talks(&world, BOB)),
        (vec![(Connected, "bob".into())], vec![(Connected, "alice".into())])
    );
    let held = calls(&world, ALICE).iter().chain(&calls(&world, BOB)).any(|call| call.remote_hold);
    assert!(!held, "each hears the other");
}

/// The far end hangs up on its new call before it is answered.
#[test]
fn a_transfer_given_up_by_the_transferred_is_told() {
    let mut world = three();
    transfer(&mut world, to_carol());
    let new = calls(&world, BOB).remove(1).id;
    world.command(BOB, Command::Hangup { which: HangupWhich::Call(new) }).unwrap();
    world.run(Duration::from_secs(5));
    assert_eq!((outcome(&world), talks(&world, CAROL)), (Some(Err(ExitCode::NoAnswer)), vec![]));
    assert_eq!(talks(&world, BOB), [(Connected, "alice".into())]);
}

//= RFC 5589 §7.3, RFC 3891 §3
#[test]
fn an_attended_transfer_takes_the_consulted_call_over() {
    for on_hold in [false, true] {
        let mut world = three();
        world.dial(ALICE, "sip:carol@127.0.0.1:5074");
        world.command(CAROL, Command::Answer { call: None }).unwrap();
        if on_hold {
            world.command(CAROL, Command::Hold { call: None }).unwrap();
        }
        assert_eq!(talks(&world, ALICE), [(Held, "bob".into()), (Connected, "carol".into())]);
        transfer(&mut world, TransferTo::Call(None));
        world.run(Duration::from_secs(5));
        assert_eq!(outcome(&world), Some(Ok(())));
        assert_eq!((talks(&world, ALICE), talks(&world, BOB)), (vec![], vec![(Connected, "carol".into())]));
        let state = if on_hold { Held } else { Connected };
        assert_eq!(talks(&world, CAROL), [(state, "bob".into())]);
        assert_eq!(world.ended(CAROL).reason.as_deref(), Some("taken over by sip:bob@127.0.0.1"));
        assert_eq!(calls(&world, CAROL).first().and_then(|call| call.takes_over.clone()).as_deref(), Some("c1"));
    }
}

/// A REFER in a call; the answer, and how many INVITEs it led to.
fn refer(world: &mut World, invite: &Request, extra: &str) -> (u16, usize) {
    let before = world.count("INVITE");
    let status = ask(world, invite, "REFER", 20, extra, "").status.0;
    world.run(Duration::from_millis(100));
    (status, world.count("INVITE") - before)
}

/// Nobody is made to do more than call, and nobody's words get into the new call.
#[test]
fn what_a_far_end_cannot_bring_about() {
    for (extra, answer) in [
        ("", (400, 0)),
        ("Refer-To: <sip:a@127.0.0.1:5997>\r\nRefer-To: <sip:b@127.0.0.1:5997>\r\n", (400, 0)),
        ("Refer-To: <mailto:a@127.0.0.1>\r\n", (416, 0)),
        ("Refer-To: <sip:a@127.0.0.1:5997;method=BYE>\r\n", (403, 0)),
        ("Refer-To: <sip:a@127.0.0.1:5997?From=%3Csip%3Aboss%40x%3E>\r\n", (403, 0)),
        ("Refer-To: <sip:a@127.0.0.1:5997?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3&X=y>\r\n", (403, 0)),
        // What only a person dials: a number that costs, a code of the exchange.
        ("Refer-To: <sip:0900123456@127.0.0.1:5997>\r\n", (403, 0)),
        ("Refer-To: <sip:%2A21%2A600%23@127.0.0.1:5997>\r\n", (403, 0)),
        // A number, and no account that knows numbers.
        ("Refer-To: <tel:+4930123>\r\n", (404, 0)),
        // A call with them is up.
        ("Refer-To: <sip:bob@127.0.0.1:5998>\r\n", (603, 0)),
        ("Refer-To: <sip:BOB@127.0.0.1:5998;transport=udp>\r\n", (603, 0)),
        // Hold, then the call.
        ("Refer-To: <sip:a@127.0.0.1:5997>\r\n", (202, 2)),
    ] {
        let (mut world, invite) = connected();
        assert_eq!(refer(&mut world, &invite, extra), answer, "{extra}");
    }
    let (mut world, invite) = connected();
    let to = "Refer-To: <sip:a@127.0.0.1:5997>\r\n";
    assert_eq!(refer(&mut world, &invite, to).0, 202);
    assert_eq!(ask(&mut world, &invite, "REFER", 50, to, "").status.0, 491, "one at a time");

    let mut world = World::new();
    let config = local("alice");
    let settings = Settings { follow_transfers: false, ..config.settings.clone() };
    world.add(AgentConfig { settings, ..config }, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(refer(&mut world, &invite, to), (403, 0), "not if the person does not want it");
}

/// The phone's requests of this method, oldest first.
fn sent(world: &World, method: Method) -> Vec<Request> {
    let requests = world.outside.iter().filter_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) if request.method == method => Some(request),
        _ => None,
    });
    requests.collect()
}

//= RFC 3515 §2.4.5, RFC 3892 §2.2
#[test]
fn the_referrer_hears_how_it_went() {
    let (mut world, invite) = connected();
    let extra = "Refer-To: <sip:a@127.0.0.1:5997>\r\nReferred-By: <sip:bob@home>;x=1\r\n";
    assert_eq!(ask(&mut world, &invite, "REFER", 20, extra, "").status.0, 202);
    let contact = world.last_response().headers.contacts().unwrap().list().len();
    assert_eq!(contact, 1);
    let new = sent(&world, Method::Invite).into_iter().find(|r| r.uri == "sip:a@127.0.0.1:5997").unwrap();
    assert_eq!(new.headers.text(&HeaderName::ReferredBy).as_deref(), Some("<sip:bob@home>;x=1"));
    let told = |world: &mut World| {
        let notify = sent(world, Method::Notify).pop().unwrap();
        respond(world, &notify, 200, &[], "");
        let text = |name| notify.headers.text(&name).unwrap_or_default();
        assert_eq!(
            (text(HeaderName::Event), text(HeaderName::ContentType)),
            ("refer;id=20".into(), "message/sipfrag;version=2.0".into())
        );
        let state = text(HeaderName::SubscriptionState);
        (Progress::parse(&notify.body).unwrap().status.0, state.split(';').next().unwrap().to_owned())
    };
    assert_eq!(told(&mut world), (100, "active".into()));
    respond(&mut world, &new, 180, &[], "");
    assert_eq!(told(&mut world), (180, "active".into()));
    //= RFC 5057 §4.1: the call ends, the news goes on
    assert_eq!(ask(&mut world, &invite, "BYE", 21, "", "").status.0, 200);
    world.run(Duration::from_secs(1));
    respond(&mut world, &new, 603, &[], "");
    world.run(Duration::from_secs(1));
    assert_eq!(told(&mut world), (603, "terminated".into()));
    let count = world.count("NOTIFY");
    world.run(Duration::from_secs(60));
    assert_eq!((world.count("NOTIFY"), state(&world)), (count, vec![]));
}

//= RFC 4488 §4, RFC 6665 §4.2.2
#[test]
fn a_referrer_that_wants_no_news_gets_none() {
    let (mut world, invite) = connected();
    let extra = "Refer-To: <sip:a@127.0.0.1:5997>\r\nRequire: norefersub\r\nRefer-Sub: false\r\n";
    let response = ask(&mut world, &invite, "REFER", 20, extra, "");
    assert_eq!(response.headers.text(&HeaderName::ReferSub).as_deref(), Some("false"));
    assert_eq!((response.status.0, world.count("NOTIFY")), (202, 0));

    let (mut world, invite) = connected();
    ask(&mut world, &invite, "REFER", 20, "Refer-To: <sip:a@127.0.0.1:5997>\r\n", "");
    let notify = sent(&world, Method::Notify).pop().unwrap();
    respond(&mut world, &notify, 481, &[], "");
    world.run(Duration::from_secs(40));
    assert_eq!(world.count("NOTIFY"), 1);

    let (mut world, invite) = connected();
    ask(&mut world, &invite, "REFER", 20, "Refer-To: <sip:a@127.0.0.1:5997>\r\n", "");
    for _ in 0..9 {
        let notify = sent(&world, Method::Notify).pop().unwrap();
        respond(&mut world, &notify, 500, &[], "");
    }
    assert_eq!(world.count("NOTIFY"), 6, "told again, not for ever");
}

//= RFC 3891 §3
#[test]
fn what_an_invite_may_take_over() {
    // Bob rings, talks, and is gone; an INVITE that names a call of Bob's.
    let stranger = |call: &str, local: &str, remote: &str, more: &str| {
        let mark = more.replace([';', '='], "-");
        format!(
            "INVITE sip:bob@127.0.0.1:5072 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bK{call}{mark}\r\n\
             From: <sip:eve@127.0.0.1>;tag=eve\r\nTo: <sip:bob@127.0.0.1:5072>\r\nCall-ID: eve{call}{mark}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:eve@127.0.0.1:{PEER}>\r\nReplaces: {call};to-tag={local};from-tag={remote}{more}\r\n\
             Require: replaces\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
            SDP.len()
        )
    };
    let tags = |world: &World| {
        let texts = world.tap.iter().filter_map(|bytes| message::parse(bytes).ok());
        let found = texts.into_iter().find_map(|message| match message {
            Message::Response(response) if response.status == StatusCode(180) => Some(response.headers),
            _ => None,
        });
        let headers = found.unwrap();
        let tag = |address: Option<crate::sip::header::NameAddr>| address.unwrap().tag().unwrap().to_owned();
        (headers.text(&HeaderName::CallId).unwrap(), tag(headers.to().unwrap()), tag(headers.from().unwrap()))
    };
    let mut world = World::new();
    for (user, port) in [("alice", 5070), ("bob", 5072)] {
        world.add(local(user), port);
    }
    world.dial(ALICE, "sip:bob@127.0.0.1:5072");
    let (call, bob, alice) = tags(&world);
    let send = |world: &mut World, text: String| {
        world.outside.clear();
        world.send(PEER, BOB, text.into_bytes());
        world.last_response().status.0
    };
    assert_eq!(send(&mut world, stranger(&call, &bob, &alice, "")), 481, "an early dialog the other side began");
    world.command(BOB, Command::Answer { call: None }).unwrap();
    assert_eq!(send(&mut world, stranger("other", &bob, &alice, "")), 481);
    assert_eq!(send(&mut world, stranger(&call, &alice, &bob, ";x=1")), 481, "the tags turned round");
    assert_eq!(send(&mut world, stranger(&call, &bob, &alice, ";early-only")), 486);
    assert_eq!(talks(&world, BOB), [(Connected, "alice".into())]);
    assert_eq!(send(&mut world, stranger(&call, &bob, &alice, ";x=2")), 200);
    assert_eq!(talks(&world, BOB), [(Connected, "eve".into())]);
    assert_eq!(world.ended(ALICE).ended_by, Some(crate::ua::outcome::EndedBy::Remote));
}

//= RFC 3515 §2.4.6, RFC 6665 §4.2.1, RFC 5057 §4.1
#[test]
fn a_referrer_may_ask_for_more_news_and_for_none() {
    let subscription = |world: &World| {
        let notify = sent(world, Method::Notify).pop().unwrap();
        notify.headers.text(&HeaderName::SubscriptionState).unwrap_or_default()
    };
    let answered = |world: &mut World| {
        let notify = sent(world, Method::Notify).pop().unwrap();
        respond(world, &notify, 200, &[], "");
    };
    let (mut world, invite) = connected();
    assert_eq!(ask(&mut world, &invite, "SUBSCRIBE", 19, "Event: refer\r\n", "").status.0, 481, "nothing is followed");
    ask(&mut world, &invite, "REFER", 20, "Refer-To: <sip:a@127.0.0.1:5997>\r\n", "");
    answered(&mut world);
    assert_eq!(ask(&mut world, &invite, "SUBSCRIBE", 21, "Event: presence\r\n", "").status.0, 489);
    let more = ask(&mut world, &invite, "SUBSCRIBE", 22, "Event: refer;id=20\r\nExpires: 900\r\n", "");
    let text = |name: HeaderName| more.headers.text(&name);
    assert_eq!((more.status.0, text(HeaderName::Expires).as_deref()), (200, Some("900")));
    assert!(text(HeaderName::Contact).is_some());
    assert_eq!(subscription(&world), "active;expires=900");
    answered(&mut world);
    let done = ask(&mut world, &invite, "SUBSCRIBE", 23, "Event: refer\r\nExpires: 0\r\n", "");
    assert_eq!((done.status.0, subscription(&world).as_str()), (200, "terminated;reason=timeout"));
    answered(&mut world);
    let count = world.count("NOTIFY");
    let new = sent(&world, Method::Invite).into_iter().find(|r| r.uri == "sip:a@127.0.0.1:5997").unwrap();
    respond(&mut world, &new, 180, &[], "");
    respond(&mut world, &new, 200, &[], SDP);
    world.run(Duration::from_secs(1));
    assert_eq!((world.count("NOTIFY"), state(&world)), (count, vec![Held, Connected]));
    assert_eq!(ask(&mut world, &invite, "SUBSCRIBE", 24, "Event: refer\r\n", "").status.0, 481, "it is over");
}
