//! Who is at the far end while the call goes on: said by the own network, or by the far end itself.

use super::incoming::{HOME, registered, rung};
use super::rules::{PEER, SDP};
use super::*;
use crate::sip::message::{HeaderName, StatusCode};

const PAI: HeaderName = HeaderName::PAssertedIdentity;

/// `user name` of the far end, and how often the phone told that it is another.
fn shown(world: &World) -> (String, usize) {
    let remote = world.phones[0].agent.status(world.now).calls.swap_remove(0).remote;
    let told = world.names(0).iter().filter(|name| *name == "call_renamed").count();
    (format!("{} {}", remote.user, remote.name.unwrap_or_default()), told)
}

//= RFC 3325 §9.1
#[test]
fn the_called_is_who_the_own_network_says() {
    for (target, lines, expect) in [
        ("700", &[(PAI, "\"Carol\" <sip:700@pbx>")][..], ("700 Carol", 1)),
        ("700", &[(PAI, "\"Dave\" <sip:701@pbx>")], ("701 Dave", 1)),
        ("700", &[(PAI, "<sip:700@pbx>")], ("700 ", 0)),
        ("700", &[(HeaderName::RemotePartyId, "\"Carol\" <sip:700@pbx>;party=called")], ("700 Carol", 1)),
        ("700", &[(PAI, "\"Carol\" <sip:700@pbx>"), (HeaderName::Privacy, "id")], ("700 ", 0)),
        // A stranger says what it likes.
        ("sip:eve@127.0.0.9:5998", &[(PAI, "\"Bank\" <sip:1@bank>")], ("eve ", 0)),
    ] {
        let mut world = registered(Settings::default());
        world.dial(0, target);
        let invite = world.last_request();
        let from = if target == "700" { HOME } else { PEER };
        for status in [180, 200] {
            let mut response = Response::to_request(&invite, StatusCode(status), Some("one"));
            response.headers.push(HeaderName::Contact, "<sip:one@127.0.0.1:5999>");
            lines.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
            if status == 200 {
                response.headers.push(HeaderName::ContentType, "application/sdp");
                response.body = SDP.into();
            }
            world.send(from, 0, response.to_bytes());
            let (user, told) = expect;
            assert_eq!(shown(&world), (user.to_owned(), told), "{target} {status} {lines:?}");
        }
    }
}

/// A request of the far end within the call it began, from this port, with these header lines.
fn said(world: &mut World, to: &Response, port: u16, from: &str, cseq: u32, lines: &str) -> u16 {
    let header = |name: &HeaderName| to.headers.text(name).unwrap_or_default();
    let text = format!(
        "UPDATE sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKu{cseq}{port}\r\n\
         Max-Forwards: 70\r\nFrom: {from};tag=one\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} UPDATE\r\n\
         Contact: <sip:one@127.0.0.1:{port}>\r\n{lines}Content-Length: 0\r\n\r\n",
        header(&HeaderName::To),
        header(&HeaderName::CallId)
    );
    world.send(port, 0, text.into_bytes());
    world.last_response().status.0
}

//= RFC 4916 §4.3, RFC 3325 §9.1
#[test]
fn a_far_end_that_becomes_somebody_else_is_shown_as_such() {
    let mut world = registered(Settings::default());
    rung(&mut world, HOME, "", "one");
    world.command(0, Command::Answer { call: None }).expect("it rings");
    let ok = world.last_response();
    let (bob, carol) = ("<sip:bob@127.0.0.1:5998>", "\"Carol\" <sip:carol@127.0.0.1:5998>");
    let asserted = "P-Asserted-Identity: \"Dave\" <sip:dave@pbx>\r\n";
    for (port, from, cseq, lines, status, user, told) in [
        (HOME, bob, 2, "", 200, "bob ", 0),
        (HOME, carol, 4, "", 200, "carol Carol", 1),
        (HOME, carol, 5, "", 200, "carol Carol", 1),
        // Out of order: nothing of it counts.
        (HOME, bob, 3, asserted, 500, "carol Carol", 1),
        (HOME, bob, 6, "", 200, "bob ", 2),
        (HOME, bob, 7, asserted, 200, "dave Dave", 3),
        // The network's word counts on its own path alone.
        (PEER, bob, 8, "P-Asserted-Identity: \"Bank\" <sip:1@bank>\r\n", 200, "dave Dave", 3),
        (HOME, "<sip:anonymous@anonymous.invalid>", 9, "", 200, "dave Dave", 3),
    ] {
        assert_eq!(said(&mut world, &ok, port, from, cseq, lines), status, "{cseq}");
        assert_eq!(shown(&world), (user.to_owned(), told), "{cseq}");
    }
}

/// The far end takes up our hold and says who it is now.
//= RFC 3325 §9.1
#[test]
fn who_takes_up_our_change_is_shown() {
    for (target, expect) in [("700", ("701 Dave", 1)), ("sip:eve@127.0.0.9:5998", ("eve ", 0))] {
        let mut world = registered(Settings::default());
        world.dial(0, target);
        let from = if target == "700" { HOME } else { PEER };
        let accept = |world: &mut World, lines: &[(HeaderName, &str)], status: u16| {
            let mut response = Response::to_request(&world.last_request(), StatusCode(status), Some("one"));
            response.headers.push(HeaderName::Contact, format!("<sip:one@127.0.0.1:{from}>"));
            response.headers.push(HeaderName::ContentType, "application/sdp");
            lines.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
            response.body = SDP.into();
            world.send(from, 0, response.to_bytes());
        };
        accept(&mut world, &[], 200);
        let dave = [(PAI, "\"Dave\" <sip:701@pbx>")];
        world.command(0, Command::Hold { call: None }).expect("a call");
        accept(&mut world, &dave, 488);
        assert_eq!(shown(&world).1, 0, "{target}: a refusal names nobody");
        world.command(0, Command::Resume { call: None }).expect("a call");
        world.command(0, Command::Hold { call: None }).expect("a call");
        accept(&mut world, &dave, 200);
        let (user, told) = expect;
        assert_eq!(shown(&world), (user.to_owned(), told), "{target}");
    }
}
