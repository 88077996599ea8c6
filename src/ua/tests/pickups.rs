//! Taking calls that ring at other phones, against a scripted server: what is asked, of whom, and what if it fails.

use super::following::{DIALOG_INFO, following_with, within};
use super::rules::{SDP, respond, state};
use super::*;
use crate::sip::message::HeaderName;
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::CallState::Connected;

/// A light of 102 whose phone is called: `attributes` of the dialog, and what else is known of the caller.
fn ringing(world: &mut World, subscribe: &Request, attributes: &str, remote: &str) {
    let body = format!(
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" state=\"full\" \
         entity=\"sip:102@127.0.0.1\"><dialog id=\"1\" direction=\"recipient\" {attributes}><state>early</state>\
         <remote>{remote}</remote></dialog></dialog-info>"
    );
    let headers = format!("Event: dialog\r\nContent-Type: {DIALOG_INFO}\r\n");
    assert_eq!(within(world, subscribe, 7, &headers, &body).status.0, 200);
}

const TAGS: &str = "call-id=\"c@d\" local-tag=\"bobs\" remote-tag=\"als\"";
const CALLER: &str = "<identity display=\"Al\">sip:al@127.0.0.1</identity>";

fn watching() -> Settings {
    Settings { watch: vec!["102".into()], ..Settings::default() }
}

fn pickup(world: &mut World, number: Option<&str>) -> Result<Reply, CommandError> {
    world.command(0, Command::Pickup { number: number.map(str::to_owned), account: None })
}

/// A phone that picks 102 up by its dialog: the INVITE.
fn picking_up(settings: Settings) -> (World, Request) {
    let (mut world, sent) = following_with(settings);
    ringing(&mut world, &sent[0], TAGS, CALLER);
    pickup(&mut world, None).expect("it rings there");
    let invite = world.last_request();
    (world, invite)
}

//= RFC 3891 §4, RFC 4235 §4.1.1
#[test]
fn a_call_that_a_light_tells_is_taken_by_its_dialog_else_by_code() {
    let target = "<target uri=\"sip:al@192.0.2.7:5080;transport=udp?Subject=x\"/>";
    let replaces = Some("c@d;to-tag=als;from-tag=bobs;early-only");
    let both = format!("{CALLER}{target}");
    for (attributes, remote, number, uri, names) in [
        // Both the caller's own phone and its address are known: the account's server finds a way to the latter.
        (TAGS, both.as_str(), Some("102"), "sip:al@127.0.0.1", replaces),
        (TAGS, CALLER, None, "sip:al@127.0.0.1", replaces),
        (TAGS, target, None, "sip:al@192.0.2.7:5080;transport=udp", replaces),
        (TAGS, "<identity>tel:+49-30-123</identity>", None, "sip:+4930123@127.0.0.1;user=phone", replaces),
        (TAGS, "", None, "sip:**102@127.0.0.1", None),
        (TAGS, "<identity>mailto:al@b</identity>", None, "sip:**102@127.0.0.1", None),
        ("call-id=\"c@d\"", CALLER, None, "sip:**102@127.0.0.1", None),
        ("", CALLER, Some("102"), "sip:**102@127.0.0.1", None),
        (TAGS, CALLER, Some("103"), "sip:**103@127.0.0.1", None),
    ] {
        let (mut world, sent) = following_with(watching());
        ringing(&mut world, &sent[0], attributes, remote);
        let reply = pickup(&mut world, number);
        let Ok(Reply::Call(call)) = reply else { panic!("{reply:?}") };
        assert_eq!(call.picks_up.as_deref(), number.or(Some("102")));
        let invite = world.last_request();
        assert_eq!((invite.method.as_str(), invite.uri.as_str()), ("INVITE", uri), "{attributes} {remote}");
        assert_eq!(invite.headers.text(&HeaderName::Replaces).as_deref(), names);
        assert_eq!(invite.headers.requires("replaces"), names.is_some(), "else the caller's phone would ring");
        let named = names.is_some() && remote.contains("Al");
        assert_eq!(call.remote.name.as_deref(), named.then_some("Al"));
    }
}

#[test]
fn a_call_picked_up_is_a_call() {
    let (mut world, invite) = picking_up(watching());
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(state(&world), [Connected]);
    let names = world.names(0);
    let calls: Vec<_> = names.iter().filter(|name| name.starts_with("call_")).collect();
    assert_eq!(calls, ["call_outgoing", "call_dialling", "call_answered"]);
}

/// The caller's phone does not know: the exchange is asked, once, and only if it rings there still.
#[test]
fn what_the_callers_phone_does_not_know_the_exchange_may() {
    for (status, code_used, next, code) in [
        //= RFC 3891 §3: no such dialog; RFC 3261 §8.2.2.3: no Replaces
        (481, true, Some("sip:**102@127.0.0.1"), None),
        (420, true, Some("sip:**102@127.0.0.1"), None),
        (404, true, Some("sip:**102@127.0.0.1"), None),
        (302, true, Some("sip:**102@127.0.0.1"), None),
        (481, false, None, Some("failed")),
        //= RFC 3891 §3: answered meanwhile, or over
        (486, true, None, Some("busy")),
        (603, true, None, Some("rejected")),
    ] {
        let mut settings = watching();
        settings.pickup_code.enabled = code_used;
        let (mut world, invite) = picking_up(settings);
        respond(&mut world, &invite, status, &[], "");
        world.run(Duration::from_millis(300));
        let last = world.outside.iter().rev().find_map(|(_, packet)| match message::parse(&packet.bytes) {
            Ok(Message::Request(request)) if request.method == crate::sip::message::Method::Invite => Some(request),
            _ => None,
        });
        let asked = last.filter(|last| last.uri != invite.uri);
        assert_eq!(asked.as_ref().map(|invite| invite.uri.as_str()), next, "{status}");
        match asked {
            Some(asked) => {
                assert!(!asked.headers.requires("replaces") && asked.headers.get(&HeaderName::Replaces).is_none());
                respond(&mut world, &asked, 481, &[], "");
                world.run(Duration::from_millis(300));
                assert_eq!(world.ended(0).status, Some(481), "once");
            }
            None => assert_eq!(world.ended(0).outcome.as_deref(), code, "{status}"),
        }
    }
}

#[test]
fn nothing_to_pick_up_is_said_at_once() {
    let (mut world, sent) = following_with(watching());
    let code = |reply: Result<Reply, CommandError>| reply.map(|_| ()).map_err(|error| (error.code, error.kind));
    assert_eq!(code(pickup(&mut world, None)), Err((ExitCode::NotFound, "no_call")));
    assert_eq!(code(pickup(&mut world, Some("1\u{7}2"))), Err((ExitCode::Usage, "bad_number")));
    let mut settings = watching();
    settings.pickup_code.enabled = false;
    let (mut other, _) = following_with(settings);
    assert_eq!(code(pickup(&mut other, Some("102"))), Err((ExitCode::Config, "no_pickup_code")));
    ringing(&mut world, &sent[0], TAGS, CALLER);
    world.dial(0, "600");
    assert_eq!(code(pickup(&mut world, None)), Err((ExitCode::Refused, "single_mode")));
}
