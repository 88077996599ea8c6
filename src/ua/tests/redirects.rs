//! Redirections (RFC 3261 §8.1.3.4): which are followed, which are left to the person, and what they never get.

use super::rules::{PEER, SDP, respond, state};
use super::*;
use crate::config::FollowRedirects::{self, Any, Never, Own};
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::snapshot::CallState;

/// Answers with 302 and these targets.
fn moved(world: &mut World, request: &Request, contacts: &str) {
    let mut response = Response::to_request(request, StatusCode(302), Some("m"));
    response.headers.push(HeaderName::Contact, contacts);
    world.send(PEER, 0, response.to_bytes());
}

/// A phone of account 101 that is registered: domain 127.0.0.1, server 127.0.0.3, both at the script's hands.
fn at_home(follow: FollowRedirects) -> World {
    let mut world = World::new();
    let account = Account { server: format!("127.0.0.3:{PEER}"), ..account("101") };
    let settings = Settings { follow_redirects: follow, ..Settings::default() };
    world.add(AgentConfig::new(settings, vec![account]), 5070);
    world.run(Duration::ZERO);
    let register = world.last_request();
    respond(&mut world, &register, 401, &[(HeaderName::WwwAuthenticate, "Digest realm=\"pbx\", nonce=\"a\"")], "");
    let register = world.last_request();
    respond(&mut world, &register, 200, &[], "");
    world
}

#[test]
fn a_redirection_is_followed_within_the_domain_called() {
    let elsewhere = "sip:x@127.0.0.9";
    for (follow, called, target, followed) in [
        (Own, "sip:600@127.0.0.1", "sip:601@127.0.0.1", true),
        // Domain and registrar are one.
        (Own, "sip:600@127.0.0.1", "sip:601@127.0.0.3:5062", true),
        (Own, "sip:600@127.0.0.1", elsewhere, false),
        (Own, "sip:eve@127.0.0.9", "sip:eve2@127.0.0.9:7000", true),
        // Whoever is called elsewhere does not make us call by our own server.
        (Own, "sip:eve@127.0.0.9", "sip:0900@127.0.0.1", false),
        (Any, "sip:600@127.0.0.1", elsewhere, true),
        (Any, "sip:eve@127.0.0.9", "sip:0180@127.0.0.1", true),
        (Never, "sip:600@127.0.0.1", "sip:601@127.0.0.1", false),
    ] {
        let mut world = at_home(follow);
        world.dial(0, called);
        let invite = world.last_request();
        assert_eq!(invite.uri, called);
        moved(&mut world, &invite, &format!("<{target}?Subject=hello>"));
        world.run(Duration::from_secs(1));
        let case = format!("{follow:?}: {called} -> {target}");
        if followed {
            assert_eq!(
                (world.last_request().uri.as_str(), state(&world)),
                (target, vec![CallState::Calling]),
                "{case}"
            );
            continue;
        }
        assert_eq!((world.count("INVITE"), state(&world)), (1, vec![]), "{case}");
        let call = world.ended(0);
        assert_eq!((call.status, call.outcome.as_deref()), (Some(302), Some("refused")), "{case}");
        let told = format!("moved to {target}, not followed by itself: call that address to go on");
        assert_eq!(call.reason, Some(told), "{case}");
    }
}

#[test]
fn what_only_a_person_dials_is_left_to_the_person() {
    for (target, asks_first) in [
        ("sip:0900123456@127.0.0.1", true),
        ("sip:%2A21%2A600%23@127.0.0.1", true),
        ("sip:*97@127.0.0.1", true),
        ("sip:601@127.0.0.1", false),
    ] {
        let mut world = at_home(Own);
        world.dial(0, "sip:600@127.0.0.1");
        let invite = world.last_request();
        moved(&mut world, &invite, &format!("<{target}>"));
        world.run(Duration::from_secs(1));
        assert_eq!(world.last_request().uri == target, !asks_first, "{target}");
        if asks_first {
            let told = world.ended(0).reason.unwrap_or_default();
            assert!(told.contains("not followed by itself"), "{target}: {told}");
        }
    }
}

#[test]
fn what_cannot_be_called_is_no_target() {
    for target in
        ["sip:x@127.0.0.1;method=REGISTER", "mailto:x@127.0.0.1", "sip:bob@127.0.0.1:5998", "sip:%62ob@127.0.0.1:5998"]
    {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        moved(&mut world, &invite, &format!("<{target}>"));
        world.run(Duration::from_secs(1));
        assert_eq!(
            (world.count("INVITE"), world.ended(0).reason.as_deref()),
            (1, Some("Moved Temporarily")),
            "{target}"
        );
    }
}

//= RFC 3261 §21.3.4, §21.3.5
#[test]
fn what_names_no_other_address_of_the_called_is_not_followed() {
    for (status, invites) in [(300, 2), (301, 2), (302, 2), (305, 1), (380, 1)] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        let mut response = Response::to_request(&invite, StatusCode(status), Some("m"));
        response.headers.push(HeaderName::Contact, "<sip:carol@127.0.0.1:5998>");
        world.send(PEER, 0, response.to_bytes());
        assert_eq!(world.count("INVITE"), invites, "{status}");
    }
}

#[test]
fn a_chain_of_redirections_ends_after_five() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:n0@127.0.0.1:5998");
    for n in 1..=9 {
        let invite = world.last_request();
        if invite.method == message::Method::Invite {
            moved(&mut world, &invite, &format!("<sip:n{n}@127.0.0.1:5998>"));
        }
    }
    world.run(Duration::from_secs(1));
    assert_eq!((world.count("INVITE"), world.ended(0).status), (6, Some(302)));
}

#[test]
fn who_rang_before_the_redirection_is_not_who_is_silent_after_it() {
    for (rings_again, outcome) in [(false, "unreachable"), (true, "no_answer")] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        respond(&mut world, &invite, 180, &[], "");
        moved(&mut world, &invite, "<sip:carol@127.0.0.1:5998>");
        let invite = world.last_request();
        assert_eq!(invite.uri, "sip:carol@127.0.0.1:5998");
        if rings_again {
            respond(&mut world, &invite, 180, &[], "");
        }
        respond(&mut world, &invite, 408, &[], "");
        world.run(Duration::from_secs(1));
        assert_eq!(world.ended(0).outcome.as_deref(), Some(outcome), "{rings_again}");
    }
}

//= RFC 3261 §22.1
#[test]
fn a_foreign_target_is_shown_no_password_even_if_it_knows_the_realm() {
    let mut world = at_home(Any);
    world.dial(0, "sip:600@127.0.0.1");
    let invite = world.last_request();
    assert!(invite.headers.get(&HeaderName::Authorization).is_none(), "600 has not asked");
    let challenge = "Digest realm=\"pbx\", nonce=\"a\"";
    respond(&mut world, &invite, 401, &[(HeaderName::WwwAuthenticate, challenge)], "");
    let invite = world.last_request();
    assert!(invite.headers.get(&HeaderName::Authorization).is_some(), "the account's own server is");
    moved(&mut world, &invite, "<sip:x@127.0.0.9:6000>");
    let invite = world.last_request();
    let shown = |request: &Request| {
        let headers = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        headers.iter().any(|name| request.headers.get(name).is_some())
    };
    assert_eq!((invite.uri.as_str(), shown(&invite)), ("sip:x@127.0.0.9:6000", false));
    let challenge = "Digest realm=\"pbx\", nonce=\"b\"";
    respond(&mut world, &invite, 407, &[(HeaderName::ProxyAuthenticate, challenge)], "");
    world.run(Duration::from_secs(1));
    assert_eq!(world.count("INVITE"), 3);
    let reason = "Proxy Authentication Required: it is no server of this account, and is shown no password";
    assert_eq!(world.ended(0).reason.as_deref(), Some(reason));
}

/// A refusal of one target leads to the next that waits.
#[test]
fn the_next_target_is_called_after_a_refusal() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    moved(&mut world, &invite, "<sip:a@127.0.0.1:5998>, <sip:far@127.0.0.9>, <sip:b@127.0.0.1:5998>;q=0.5");
    let invite = world.last_request();
    respond(&mut world, &invite, 486, &[], "");
    let invite = world.last_request();
    assert_eq!(invite.uri, "sip:b@127.0.0.1:5998");
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(state(&world), [CallState::Connected]);
}
