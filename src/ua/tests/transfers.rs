//! Transfers this phone asks for, against a scripted far end: hold, REFER, its news, the end.

use super::rules::{PEER, SDP, ask, connected, respond, state};
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::sip::refer::Progress;
use crate::ua::command::TransferTo;
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::CallState::{Connected, Held};
use crate::ua::snapshot::{TransferInfo, TransferState};

const CAROL: &str = "sip:carol@127.0.0.1:5997";

fn begin(world: &mut World, call: Option<&str>, to: TransferTo) {
    let command = Command::Transfer { call: call.map(str::to_owned), to };
    let now = world.now;
    world.phones[0].replies.clear();
    world.phones[0].agent.handle(Input::Command(RequestId(7), command), now);
    world.settle();
}

fn blind(world: &mut World) {
    begin(world, None, TransferTo::Number(CAROL.into()));
}

/// A call whose transfer to Carol was asked for: its INVITE, and the REFER.
fn referred() -> (World, Request, Request) {
    let (mut world, invite) = connected();
    blind(&mut world);
    let hold = world.last_request();
    assert_eq!((hold.method.clone(), state(&world)), (Method::Invite, vec![Held]), "held first");
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    let refer = world.last_request();
    assert_eq!(refer.method, Method::Refer);
    (world, invite, refer)
}

/// The far end tells how the transfer fares.
fn news(world: &mut World, invite: &Request, cseq: u32, status: u16, state: &str, id: &str) -> u16 {
    let body = String::from_utf8(Progress::of(status).to_body()).unwrap();
    let extra =
        format!("Event: refer{id}\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n");
    ask(world, invite, "NOTIFY", cseq, &extra, &body).status.0
}

fn transfer(world: &World) -> Option<TransferInfo> {
    world.phones[0].agent.status(world.now).calls.first()?.transfer.clone()
}

/// How the command was answered: nothing yet, ok, or the code and sentence of its refusal.
fn reply(world: &World) -> Option<Result<(), (ExitCode, String)>> {
    let reply = world.phones[0].replies.last()?;
    Some(reply.as_ref().map(|_| ()).map_err(|error| (error.code, error.message.clone())))
}

//= RFC 3515 §2.4, RFC 3892 §2.1, RFC 5589 §6.1
#[test]
fn a_blind_transfer_ends_with_the_far_ends_success() {
    let (mut world, invite, refer) = referred();
    let header = |name| refer.headers.text(&name);
    assert_eq!(header(HeaderName::ReferTo).as_deref(), Some("<sip:carol@127.0.0.1:5997>"));
    assert_eq!(header(HeaderName::ReferredBy).as_deref(), Some("<sip:alice@127.0.0.1>"));
    assert!(header(HeaderName::Contact).is_some());
    respond(&mut world, &refer, 202, &[], "");
    assert_eq!(reply(&world), None);
    for (cseq, status) in [(20, 100), (21, 180)] {
        assert_eq!(news(&mut world, &invite, cseq, status, "active;expires=60", ""), 200);
        let info = transfer(&world).unwrap();
        assert_eq!((info.state, info.status), (TransferState::Accepted, Some(status)));
    }
    let id = format!(";id={}", super::rules::cseq(&refer));
    assert_eq!(news(&mut world, &invite, 22, 200, "terminated;reason=noresource", &id), 200);
    assert_eq!(world.last_request().method, Method::Bye);
    assert_eq!(reply(&world), Some(Ok(())));
    world.run(Duration::from_secs(1));
    let call = world.ended(0);
    assert_eq!(call.transfer.map(|t| (t.state, t.status)), Some((TransferState::Done, Some(200))));
    assert_eq!(call.reason.as_deref(), Some("transferred to sip:carol@127.0.0.1:5997"));
    assert_eq!(world.names(0).iter().filter(|name| *name == "call_transferred").count(), 1);
}

#[test]
fn a_refused_transfer_gives_the_call_back() {
    for (status, code) in [(403, ExitCode::Refused), (405, ExitCode::Failed), (603, ExitCode::Rejected)] {
        let (mut world, _, refer) = referred();
        respond(&mut world, &refer, status, &[], "");
        let words = format!("call c1 is not transferred to {CAROL}: {}", StatusCode(status));
        let (told, sentence) = reply(&world).unwrap().unwrap_err();
        assert_eq!((told, sentence.starts_with(&words)), (code, true), "{sentence}");
        let resume = world.last_request();
        assert_eq!(resume.method, Method::Invite);
        respond(&mut world, &resume, 200, &[], SDP);
        assert_eq!(state(&world), [Connected]);
    }
}

#[test]
fn a_transfer_that_fails_at_the_far_end_gives_the_call_back() {
    for (status, subscription, code) in [
        (486, "terminated;reason=noresource", Some(ExitCode::Busy)),
        // Some forget to say that it is over.
        (404, "active;expires=60", Some(ExitCode::NoSuchNumber)),
        //= RFC 6665 §4.1.3: over, and nobody says how
        (100, "terminated;reason=timeout", Some(ExitCode::Unreachable)),
        (180, "pending", None),
    ] {
        let (mut world, invite, refer) = referred();
        respond(&mut world, &refer, 202, &[], "");
        assert_eq!(news(&mut world, &invite, 20, status, subscription, ""), 200);
        assert_eq!(reply(&world).map(|reply| reply.unwrap_err().0), code, "{status} {subscription}");
        let is_back = world.last_request().method == Method::Invite;
        assert_eq!(is_back, code.is_some(), "{status} {subscription}");
    }
}

/// A far end may tell the outcome before it answers the REFER (RFC 3515 §2.4.4).
#[test]
fn news_may_come_before_the_answer() {
    let (mut world, invite, refer) = referred();
    assert_eq!(news(&mut world, &invite, 20, 200, "terminated", ""), 200);
    assert_eq!(reply(&world), Some(Ok(())));
    respond(&mut world, &refer, 202, &[], "");
    assert_eq!(world.names(0).iter().filter(|name| *name == "call_transferred").count(), 1);
    assert_eq!(world.count("BYE"), 1);
}

//= RFC 4488 §4
#[test]
fn a_far_end_that_tells_nothing_is_believed() {
    let (mut world, _, refer) = referred();
    assert_eq!(refer.headers.text(&HeaderName::Supported).as_deref(), Some("norefersub"));
    respond(&mut world, &refer, 200, &[(HeaderName::ReferSub, "false")], "");
    assert_eq!((reply(&world), world.last_request().method), (Some(Ok(())), Method::Bye));
}

#[test]
fn a_far_end_that_never_tells_is_not_waited_for_for_ever() {
    let (mut world, _, refer) = referred();
    respond(&mut world, &refer, 202, &[], "");
    world.run(Duration::from_secs(199));
    assert_eq!(reply(&world), None);
    world.run(Duration::from_secs(2));
    assert_eq!(reply(&world).map(|reply| reply.unwrap_err().0), Some(ExitCode::NoAnswer));
    assert_eq!(world.last_request().method, Method::Invite, "back from hold");

    let (mut world, ..) = referred();
    world.run(Duration::from_secs(40));
    assert_eq!(reply(&world).map(|reply| reply.unwrap_err().0), Some(ExitCode::Unreachable), "no answer to REFER");
}

//= RFC 5057 §4.1
#[test]
fn the_outcome_may_come_after_the_bye() {
    for (late, told) in [(Some(200), Ok(())), (Some(486), Err(ExitCode::Busy)), (None, Ok(()))] {
        let (mut world, invite, refer) = referred();
        respond(&mut world, &refer, 202, &[], "");
        assert_eq!(ask(&mut world, &invite, "BYE", 20, "", "").status.0, 200);
        world.run(Duration::from_secs(1));
        assert_eq!((state(&world), reply(&world)), (vec![], None));
        if let Some(status) = late {
            assert_eq!(news(&mut world, &invite, 21, status, "terminated", ""), 200);
        }
        world.run(Duration::from_secs(5));
        assert_eq!(reply(&world).map(|reply| reply.map_err(|(code, _)| code)), Some(told), "{late:?}");
        //= RFC 5057 §5.3: the last usage is gone, and the dialog with it
        world.run(Duration::from_secs(40));
        assert_eq!(news(&mut world, &invite, 22, 200, "terminated", ""), 481);
        assert_eq!(ask(&mut world, &invite, "INFO", 23, "", "").status.0, 481);
    }
}

#[test]
fn news_nobody_asked_for_changes_nothing() {
    let (mut world, invite) = connected();
    assert_eq!(news(&mut world, &invite, 20, 200, "terminated", ""), 481);
    assert_eq!(state(&world), [Connected]);

    let (mut world, invite, refer) = referred();
    respond(&mut world, &refer, 202, &[], "");
    //= RFC 3515 §2.4.6: of a REFER before this one
    assert_eq!(news(&mut world, &invite, 20, 200, "terminated", ";id=1"), 481);
    let junk = "Event: refer\r\nSubscription-State: active\r\nContent-Type: text/plain\r\n";
    assert_eq!(ask(&mut world, &invite, "NOTIFY", 21, junk, "hello").status.0, 200);
    assert_eq!((reply(&world), state(&world)), (None, vec![Held]));
    begin(&mut world, None, TransferTo::Number("sip:dave@127.0.0.1".into()));
    let refusal = reply(&world).unwrap().unwrap_err();
    assert_eq!(refusal, (ExitCode::NotFound, "call c1 is being transferred already".into()));
}

#[test]
fn what_cannot_be_transferred_is_said_at_once() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    blind(&mut world);
    assert_eq!(reply(&world).unwrap().unwrap_err(), (ExitCode::NotFound, "there is no call to transfer".into()));

    let (mut world, _) = connected();
    begin(&mut world, None, TransferTo::Number("600".into()));
    let (code, words) = reply(&world).unwrap().unwrap_err();
    assert_eq!((code, words.starts_with("cannot transfer to 600: ")), (ExitCode::Usage, true), "{words}");
    begin(&mut world, None, TransferTo::Call(None));
    let told = (ExitCode::NotFound, "there is no second call to connect with".into());
    assert_eq!(reply(&world), Some(Err(told)));
    assert_eq!((state(&world), world.count("INVITE")), (vec![Connected], 1), "and nothing is done");
}

#[test]
fn hanging_up_during_a_transfer_leaves_it_to_the_far_end() {
    let (mut world, invite, refer) = referred();
    respond(&mut world, &refer, 202, &[], "");
    world.command(0, Command::Hangup { which: crate::ua::command::HangupWhich::Current }).unwrap();
    world.phones[0].replies.clear();
    let bye = world.last_request();
    respond(&mut world, &bye, 200, &[], "");
    assert_eq!(news(&mut world, &invite, 20, 200, "terminated", ""), 200);
    assert_eq!(reply(&world), Some(Ok(())));
}

/// Two calls of the phone: Bob on hold, Carol talking.
fn consulting() -> (World, [Request; 2]) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let invites = ["bob", "carol"].map(|user| {
        world.dial(0, &format!("sip:{user}@127.0.0.1:{PEER}"));
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], SDP);
        invite
    });
    let hold = holds::last_invite(&world, &invites[0]);
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    assert_eq!(state(&world), [Held, Connected]);
    (world, invites)
}

//= RFC 3891 §6.1, RFC 5589 §7.3
#[test]
fn an_attended_transfer_names_the_call_that_was_consulted() {
    for (call, other) in [(None, None), (Some("c1"), Some("c2")), (None, Some("carol")), (Some("c1"), None)] {
        let (mut world, [bob, carol]) = consulting();
        begin(&mut world, call, TransferTo::Call(other.map(str::to_owned)));
        let refer = world.last_request();
        assert_eq!(refer.method, Method::Refer, "Bob is on hold already");
        let text = |name| refer.headers.text(&name);
        assert_eq!(text(HeaderName::CallId), bob.headers.text(&HeaderName::CallId));
        let call_id = carol.headers.text(&HeaderName::CallId).unwrap();
        let from = carol.headers.from().unwrap().unwrap();
        let tag = from.tag().unwrap();
        let replaces = format!("<sip:one@127.0.0.1:{PEER}?Replaces={call_id}%3Bto-tag%3Done%3Bfrom-tag%3D{tag}>");
        assert_eq!(text(HeaderName::ReferTo), Some(replaces));
        respond(&mut world, &refer, 202, &[], "");
        assert_eq!(news(&mut world, &bob, 20, 200, "terminated", ""), 200);
        assert_eq!((reply(&world), state(&world)), (Some(Ok(())), vec![]), "both calls are over here");
        assert_eq!(world.count("BYE"), 2);
    }
}

#[test]
fn a_failed_attended_transfer_leaves_both_calls_as_they_were() {
    let (mut world, [bob, _]) = consulting();
    begin(&mut world, None, TransferTo::Call(None));
    let refer = world.last_request();
    respond(&mut world, &refer, 202, &[], "");
    let invites = world.count("INVITE");
    assert_eq!(news(&mut world, &bob, 20, 481, "terminated", ""), 200);
    assert_eq!(reply(&world).map(|reply| reply.unwrap_err().0), Some(ExitCode::Failed));
    assert_eq!((state(&world), world.count("INVITE")), (vec![Held, Connected], invites));
    begin(&mut world, Some("c1"), TransferTo::Call(Some("dave".into())));
    let told = (ExitCode::NotFound, "no other call with dave to connect with".into());
    assert_eq!(reply(&world), Some(Err(told)));
}

//= RFC 3261 §22.2
#[test]
fn a_challenged_refer_without_credentials_fails() {
    let (mut world, _, refer) = referred();
    respond(&mut world, &refer, 401, &[(HeaderName::WwwAuthenticate, "Digest realm=\"x\", nonce=\"n\"")], "");
    assert_eq!(reply(&world).map(|reply| reply.unwrap_err().0), Some(ExitCode::Refused));
}

/// A call of a phone that hands calls over by code, and what was keyed in it.
fn by_code(to: TransferTo) -> (World, Request, Vec<String>) {
    let mut config = local("alice");
    config.settings.transfer_code.enabled = true;
    config.settings.consult_code.enabled = true;
    let mut world = World::new();
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    begin(&mut world, None, to);
    let before = world.phones[0].digits();
    world.run(Duration::from_secs(1));
    let after = world.phones[0].digits().split_off(before.len());
    let keyed = if before.is_empty() { Vec::new() } else { vec![format!("{before},{after}")] };
    (world, invite, keyed)
}

#[test]
fn an_exchange_that_listens_is_told_by_keys() {
    let number = |number: &str| TransferTo::Number(number.into());
    let consult = |number: &str| TransferTo::Call(Some(number.into()));
    let usage = Some(Err(ExitCode::Usage));
    for (to, keys, replied, state) in [
        (number("sip:201@127.0.0.1"), Some("##,201"), Some(Ok(())), Some(TransferState::Asked)),
        (number("sip:*98@127.0.0.1"), Some("##,*98"), Some(Ok(())), Some(TransferState::Asked)),
        // What becomes of it is in the person's ear.
        (consult("sip:201@127.0.0.1"), Some("*2,201"), Some(Ok(())), None),
        (number("sip:carol@127.0.0.1"), None, usage, None),
        (number("sip:+49@127.0.0.1"), None, usage, None),
        (consult("sip:carol@127.0.0.1"), None, usage, None),
    ] {
        let (world, _, keyed) = by_code(to.clone());
        assert_eq!(keyed.first().map(String::as_str), keys, "{to:?}");
        assert_eq!(reply(&world).map(|reply| reply.map_err(|(code, _)| code)), replied, "{to:?}");
        assert_eq!((transfer(&world).map(|info| info.state), world.count("REFER")), (state, 0), "{to:?}");
    }
}

#[test]
fn the_end_of_the_call_tells_that_the_code_did_it() {
    let to = TransferTo::Number("sip:201@127.0.0.1".into());
    let done = |world: &World| world.names(0).contains(&"call_transferred".to_owned());
    let (mut world, invite, _) = by_code(to.clone());
    let answer = news(&mut world, &invite, 20, 200, "terminated", "");
    assert_eq!((answer, done(&world)), (481, false), "nobody was asked to tell");
    ask(&mut world, &invite, "BYE", 21, "", "");
    world.run(Duration::from_secs(1));
    assert!(done(&world));
    assert_eq!(world.ended(0).transfer.map(|info| info.state), Some(TransferState::Done));

    let (mut world, _, _) = by_code(to.clone());
    world.command(0, Command::Hangup { which: crate::ua::command::HangupWhich::All }).unwrap();
    world.run(Duration::from_secs(1));
    assert_eq!((done(&world), world.ended(0).transfer.map(|info| info.state)), (false, Some(TransferState::Failed)));

    let (mut world, _, _) = by_code(to);
    world.run(Duration::from_secs(31));
    assert_eq!(
        (state(&world), transfer(&world).map(|info| info.state)),
        (vec![Connected], Some(TransferState::Failed))
    );
    assert_eq!(world.count("INVITE"), 1, "it was never held");
}
