//! Instant messages one by one: who may write, what is taken, what the asker is told.

use super::registering::SERVER;
use super::rules::{PEER, respond};
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::MessageInfo;

fn message_to(target: &str, text: &str) -> Command {
    Command::Message { target: target.into(), text: text.into(), account: None }
}

/// Asks for a message; no reply yet.
fn write(world: &mut World, target: &str, text: &str) {
    let now = world.now;
    world.phones[0].agent.handle(Input::Command(RequestId(7), message_to(target, text)), now);
    world.settle();
}

fn messages(world: &World) -> Vec<MessageInfo> {
    let message = |event: &Event| if let Event::Message { message } = event { Some(message.clone()) } else { None };
    world.phones[0].events.iter().filter_map(message).collect()
}

/// A MESSAGE from `from`; its answer.
fn receive(world: &mut World, from: SocketAddr, to: &str, headers: &str, body: &[u8]) -> Response {
    let head = format!(
        "MESSAGE {to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKm{n}\r\nMax-Forwards: 70\r\n\
         From: \"Bob\" <sip:bob@127.0.0.1>;tag=b\r\nTo: <{to}>\r\nCall-ID: m{n}\r\nCSeq: 1 MESSAGE\r\n{headers}\
         Content-Length: {}\r\n\r\n",
        body.len(),
        n = world.log.len()
    );
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from, to, bytes: [head.as_bytes(), body].concat() });
    world.settle();
    world.last_response()
}

#[test]
fn the_asker_waits_for_the_fate() {
    for (status, code) in [
        (200, ExitCode::Ok),
        (202, ExitCode::Ok),
        (404, ExitCode::NoSuchNumber),
        (480, ExitCode::NoAnswer),
        (403, ExitCode::Refused),
        (500, ExitCode::Failed),
    ] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        write(&mut world, "sip:bob@127.0.0.1:5998", "Grüße\nzwei");
        assert!(world.phones[0].replies.is_empty(), "not yet");
        let request = world.last_request();
        assert_eq!(request.uri, "sip:bob@127.0.0.1:5998");
        assert_eq!(request.body, "Grüße\nzwei".as_bytes());
        //= RFC 3428 §4: no Contact, no dialog
        assert!(request.headers.get(&HeaderName::Contact).is_none());
        respond(&mut world, &request, 100, &[], "");
        assert!(world.phones[0].replies.is_empty(), "nor now");
        respond(&mut world, &request, status, &[], "");
        let reply = world.phones[0].replies.pop().expect("replied");
        let told = messages(&world).pop().expect("told");
        assert_eq!((told.status, told.delivered), (Some(status), Some(code == ExitCode::Ok)));
        match reply {
            Ok(Reply::Message(message)) => assert_eq!((*message, code), (told, ExitCode::Ok)),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => assert_eq!(refusal.code, code, "{refusal}"),
        }
    }
}

#[test]
fn nobody_there_and_a_phone_that_ends() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    write(&mut world, "sip:bob@127.0.0.1:5998", "hello");
    world.run(Duration::from_secs(33));
    let refusal = world.phones[0].replies.pop().expect("replied").expect_err("nobody answered");
    assert_eq!(refusal.code, ExitCode::Unreachable, "{refusal}");
    write(&mut world, "sip:bob@127.0.0.1:5998", "hello");
    world.command(0, Command::Exit).expect("always");
    assert!(matches!(world.phones[0].replies.as_slice(), [Err(_), Ok(Reply::Done)]), "{:?}", world.phones[0].replies);
}

#[test]
fn what_cannot_be_sent_is_refused_at_once() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let long = "x".repeat(801);
    for (target, text) in [("sip:bob@127.0.0.1", ""), ("sip:bob@127.0.0.1", " \n"), ("sip:bob@127.0.0.1", &long)] {
        let refusal = world.command(0, message_to(target, text)).expect_err(target);
        assert_eq!(refusal.code, ExitCode::Usage, "{refusal}");
    }
    for _ in 0..40 {
        write(&mut world, "sip:bob@127.0.0.1:5998", "hello");
    }
    let refused =
        world.phones[0].replies.iter().filter(|reply| matches!(reply, Err(e) if e.kind == "too_many_messages"));
    assert_eq!(refused.count(), 8);
    let mut off = local("alice");
    off.settings.disable_messaging = true;
    let mut world = World::new();
    world.add(off, 5070);
    assert_eq!(world.command(0, message_to("sip:bob@127.0.0.1", "x")).expect_err("off").kind, "disabled");
    assert_eq!(
        receive(&mut world, address(PEER), "sip:alice@127.0.0.1", "Content-Type: text/plain\r\n", b"x").status.0,
        405
    );
}

#[test]
fn what_is_taken_and_what_is_not() {
    let composing = "<isComposing><state>active</state><refresh>60</refresh></isComposing>";
    let bomb = "<!DOCTYPE i [<!ENTITY a \"a\">]><isComposing><state>&a;</state></isComposing>";
    let plain = "Content-Type: text/plain\r\n";
    let typing = "Content-Type: application/im-iscomposing+xml\r\n";
    let big = "x".repeat(8 * 1024 + 1);
    for (headers, body, status, event) in [
        (plain, "hello".as_bytes(), 200, Some("message")),
        ("c: TEXT/Plain;charset=\"UTF-8\"\r\n", "Grüße".as_bytes(), 200, Some("message")),
        ("c: text/plain;charset=iso-8859-1\r\n", b"Gr\xfc\xdfe", 415, None),
        ("c: text/html\r\n", b"<b>x</b>", 415, None),
        ("c: text/plain\r\nContent-Encoding: gzip\r\n", b"\x1f\x8b", 415, None),
        ("c: message/cpim\r\n", b"x", 415, None),
        (plain, big.as_bytes(), 413, None),
        (typing, composing.as_bytes(), 200, Some("composing")),
        (typing, bomb.as_bytes(), 400, None),
    ] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        let got = receive(&mut world, address(PEER), "sip:alice@127.0.0.1:5070", headers, body);
        assert_eq!(got.status.0, status, "{headers}");
        assert_eq!(got.headers.text(&HeaderName::Accept).is_some(), status == 415, "{headers}");
        assert_eq!(world.names(0).last().map(String::as_str), event, "{headers}");
    }
}

#[test]
fn a_text_is_made_safe_before_anybody_sees_it() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let body = "one\x1b]52;c;x\x07\r\n\u{202e}two\u{200b}";
    receive(&mut world, address(PEER), "sip:alice@127.0.0.1:5070", "c: text/plain\r\n", body.as_bytes());
    let message = messages(&world).pop().expect("a message");
    assert_eq!(message.text, "one]52;c;x\ntwo");
    assert_eq!((message.remote.name.as_deref(), message.remote.user.as_str()), (Some("Bob"), "bob"));
}

#[test]
fn strangers_cannot_write() {
    let stranger = SocketAddr::from(([127, 0, 0, 2], 6000));
    let mut world = super::registering::registered();
    let contact = world.last_request().headers.contacts().expect("readable").first().expect("one").uri.to_string();
    let plain = "Content-Type: text/plain\r\n";
    assert_eq!(receive(&mut world, stranger, "sip:101@127.0.0.1:5070", plain, b"spam").status.0, 404);
    assert!(messages(&world).is_empty());
    assert_eq!(receive(&mut world, stranger, &contact, plain, b"direct").status.0, 200);
    assert_eq!(receive(&mut world, address(SERVER), "sip:101@127.0.0.1:5070", plain, b"relayed").status.0, 200);
    assert_eq!(messages(&world).len(), 2);
}

/// The same MESSAGE, sent again because its answer was lost.
#[test]
fn a_repetition_is_no_second_message() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    receive(&mut world, address(PEER), "sip:alice@127.0.0.1:5070", "c: text/plain\r\n", b"once");
    let bytes = world.tap.first().cloned().expect("sent");
    for _ in 0..3 {
        world.run(Duration::from_secs(2));
        world.send(PEER, 0, bytes.clone());
    }
    assert_eq!((messages(&world).len(), world.count("200 MESSAGE")), (1, 4));
}

/// A challenge of a far end is shown no password.
#[test]
fn a_far_realm_learns_no_password() {
    let mut world = super::registering::registered();
    write(&mut world, "sip:bob@127.0.0.1", "hello");
    let request = world.last_request();
    let foreign = "Digest realm=\"elsewhere\", nonce=\"e\", algorithm=MD5, qop=\"auth\"";
    let mut response = Response::to_request(&request, StatusCode(401), Some("x"));
    response.headers.push(HeaderName::WwwAuthenticate, foreign);
    world.send(SERVER, 0, response.to_bytes());
    let refusal = world.phones[0].replies.pop().expect("replied").expect_err("no credentials");
    assert_eq!((refusal.code, world.count("MESSAGE")), (ExitCode::Refused, 1), "{refusal}");
}

/// The MESSAGEs that went out to tell of writing, `active` or `idle`.
fn told(world: &World) -> Vec<&'static str> {
    let requests = world.tap.iter().filter_map(|bytes| match crate::sip::message::parse(bytes) {
        Ok(Message::Request(request)) if request.method == Method::Message => Some(request),
        _ => None,
    });
    let state = |request: Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        ["active", "idle"].into_iter().find(|state| body.contains(&format!("<state>{state}</state>")))
    };
    requests.filter_map(state).collect()
}

//= RFC 3994 §3.2
#[test]
fn writing_is_told_if_it_may_be_and_ends_with_the_message_or_a_pause() {
    let composing = || Command::Composing { target: "sip:bob@127.0.0.1:5998".into(), account: None };
    let mut silent = World::new();
    silent.add(local("alice"), 5070);
    assert_eq!(silent.command(0, composing()), Ok(Reply::Done));
    assert!(told(&silent).is_empty(), "the settings do not allow it");

    let mut willing = local("alice");
    willing.settings.tell_composing = true;
    let mut world = World::new();
    world.add(willing.clone(), 5070);
    for _ in 0..3 {
        assert_eq!(world.command(0, composing()), Ok(Reply::Done));
        let request = world.last_request();
        respond(&mut world, &request, 200, &[], "");
    }
    assert_eq!(told(&world), ["active"]);
    assert!(messages(&world).is_empty(), "nobody is told of its fate");
    world.run(Duration::from_millis(15_100));
    let request = world.last_request();
    respond(&mut world, &request, 200, &[], "");
    assert_eq!(told(&world), ["active", "idle"]);
    assert_eq!(world.command(0, composing()), Ok(Reply::Done));
    let request = world.last_request();
    respond(&mut world, &request, 200, &[], "");
    write(&mut world, "sip:bob@127.0.0.1:5998", "done");
    let request = world.last_request();
    respond(&mut world, &request, 200, &[], "");
    world.run(Duration::from_secs(100));
    assert_eq!(told(&world), ["active", "idle", "active"], "the message says that it is over");

    let mut world = World::new();
    world.add(willing, 5070);
    assert_eq!(world.command(0, composing()), Ok(Reply::Done));
    let request = world.last_request();
    respond(&mut world, &request, 415, &[], "");
    assert_eq!(world.command(0, composing()), Ok(Reply::Done));
    world.run(Duration::from_secs(100));
    assert_eq!(told(&world), ["active"], "who refuses it is not told again");
}

#[test]
fn messages_wait_for_whoever_looks_later() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let plain = "Content-Type: text/plain\r\n";
    receive(&mut world, address(PEER), "sip:alice@127.0.0.1", plain, b"are you\x1b[2J there?");
    let unread = |world: &World| world.phones[0].agent.status(world.now).unread;
    assert_eq!(unread(&world), 1);
    let list = |world: &mut World, read| match world.command(0, Command::Messages { with: None, read }) {
        Ok(Reply::Messages(list)) => list,
        other => panic!("{other:?}"),
    };
    assert_eq!(list(&mut world, false)[0].text, "are you[2J there?");
    assert_eq!((list(&mut world, true)[0].read, unread(&world)), (false, 0));
    write(&mut world, "sip:bob@127.0.0.1:5998", "yes");
    let request = world.last_request();
    respond(&mut world, &request, 200, &[], "");
    let both = list(&mut world, false);
    assert_eq!(both.iter().map(|m| (m.outgoing, m.read)).collect::<Vec<_>>(), [(false, true), (true, true)]);
}
