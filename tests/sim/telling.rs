//! What phones say beside calls and in them: whether they are free, that they write, what they can do, digits.

use super::network::{Link, seeds};
use super::scripted::{Desk, Server, register, respond};
use super::stage::*;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::ident;
use tuiphone::sip::message::{HeaderName, Method, Request, StatusCode};
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::command::{Command, DtmfVia, Press};
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::CallState::Connected;

fn publishes(config: &mut AgentConfig) {
    config.accounts.iter_mut().for_each(|account| account.publish = true);
}

fn tells_composing(config: &mut AgentConfig) {
    config.settings.tell_composing = true;
}

//= RFC 3903 §4.1, §4.3
#[test]
fn what_a_server_forgot_is_told_anew_and_too_brief_a_life_lengthened() {
    seeds(20, Link::BAD, |network, seed| {
        let mut tags = 0;
        let role = move |request: &Request, _: &mut Desk<'_>| {
            if request.method != Method::Publish {
                return Some(register(request, 3600, ""));
            }
            let wished = request.headers.expires().ok().flatten().unwrap_or_default();
            if (1..7200).contains(&wished) {
                return Some(respond(request, 423, &[("Min-Expires", "7200")]));
            }
            let known = request.headers.text(&HeaderName::SipIfMatch);
            // Every third state is forgotten.
            if known.is_some_and(|known| known != tags.to_string() || tags % 3 == 0) {
                tags += 1;
                return Some(respond(request, 412, &[]));
            }
            tags += 1;
            Some(respond(request, 200, &[("Expires", "7200"), ("SIP-ETag", &tags.to_string())]))
        };
        let server = network.add(address(5060), Server::new(role, seed));
        let bob = phone_with(network, 5062, BOB, IncomingPolicy::Ring, publishes);
        network.run(120 * SECOND);
        for on in [true, false, true, false] {
            order(network, &bob, Command::Dnd { on });
            network.run(60 * SECOND);
        }
        network.run(4 * 7200 * SECOND);
        let all = server.borrow().of(Method::Publish);
        let forgotten = all.windows(2).filter(|pair| {
            let [first, second] = pair else { return false };
            first.headers.get(&HeaderName::SipIfMatch).is_some()
                && second.headers.get(&HeaderName::SipIfMatch).is_none()
        });
        check(forgotten.clone().count() >= 1, "told anew without the old tag")?;
        let whole = forgotten.filter_map(|pair| pair.get(1)).all(|request| !request.body.is_empty());
        check(whole, "and as a whole")?;
        check(all.len() <= 24, &format!("{} PUBLISHes", all.len()))?;
        let errors = bob.borrow().events.iter().filter(|event| matches!(event, Event::Error { .. })).count();
        check(errors == 0, "nothing a person need know")
    });
}

fn composing(phone: &Shared) -> Vec<bool> {
    let told = |event: &Event| if let Event::Composing { for_s, .. } = event { Some(*for_s > 0) } else { None };
    phone.borrow().events.iter().filter_map(told).collect()
}

//= RFC 3994 §3.2
#[test]
fn who_writes_is_seen_to_and_who_does_not_want_to_know_is_told_once() {
    for wanted in [true, false] {
        seeds(20, Link::POOR, |network, seed| {
            exchange(network, seed);
            let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, tells_composing);
            let bob = phone_with(network, 5062, BOB, IncomingPolicy::Ring, |config| {
                config.settings.disable_messaging = !wanted;
            });
            network.run(60 * SECOND);
            for _ in 0..3 {
                for _ in 0..4 {
                    let target = "sip:bob@demo.invalid".to_owned();
                    order(network, &alice, Command::Composing { target, account: None });
                    network.run(3 * SECOND);
                }
                network.run(60 * SECOND);
            }
            let seen = composing(&bob);
            let sent = network.times(&["5060 -> 5062 MESSAGE"]).len();
            if !wanted {
                return check(seen.is_empty() && sent <= 11, &format!("{sent} sent"));
            }
            check(seen.contains(&true) && seen.last() == Some(&false), &format!("{seen:?}"))?;
            let errors = alice.borrow().events.iter().filter(|event| matches!(event, Event::Message { .. })).count();
            check(errors == 0, "and no message of it")
        });
    }
}

//= RFC 3261 §11
#[test]
fn an_options_is_answered_as_a_call_would_be() {
    for (dnd, expected) in [(false, 200), (true, 486)] {
        seeds(20, Link::BAD, |network, seed| {
            let role = |request: &Request, _: &mut Desk<'_>| Some(register(request, 3600, ""));
            let server = network.add(address(5060), Server::new(role, seed));
            let alice = phone(network, 5061, ALICE, IncomingPolicy::Ring);
            network.run(60 * SECOND);
            order(network, &alice, Command::Dnd { on: dnd });
            let contact =
                server.borrow().of(Method::Register)[0].headers.contacts().unwrap().first().unwrap().uri.to_string();
            let mut options = Request::new(Method::Options, contact.clone());
            let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed);
            for (name, value) in [
                (HeaderName::MaxForwards, "70".to_owned()),
                (HeaderName::From, format!("<sip:probe@demo.invalid>;tag={}", ident::tag(&mut rng))),
                (HeaderName::To, format!("<{contact}>")),
                (HeaderName::CallId, ident::call_id(&mut rng, "")),
                (HeaderName::CSeq, "1 OPTIONS".to_owned()),
            ] {
                options.headers.push(name, value);
            }
            server.borrow_mut().tell(options, network.now);
            network.run(40 * SECOND);
            let told = server.borrow().told.clone();
            let [answer] = told.as_slice() else { return Err(format!("{} answers", told.len())) };
            check(answer.status.0 == expected, &format!("{} instead of {expected}", answer.status))?;
            let says =
                |name: &HeaderName, what: &str| answer.headers.text(name).is_some_and(|text| text.contains(what));
            check(
                dnd || says(&HeaderName::Allow, "REFER") && says(&HeaderName::Supported, "replaces"),
                "what it can do",
            )
        });
    }
}

#[test]
fn digits_by_info_come_through_in_order_and_each_once() {
    seeds(30, Link::POOR, |network, seed| {
        let node = exchange(network, seed);
        let alice = phone(network, 5061, ALICE, AT_ONCE);
        let bob = phone(network, 5062, BOB, AT_ONCE);
        network.run(60 * SECOND);
        call_bob(network, &alice);
        network.run(60 * SECOND);
        check(states(network, &alice) == [Connected], "connected")?;
        let digits = "12*0#9".to_owned();
        order(network, &alice, Command::Dtmf { call: None, digits, press: Press::Tap, via: Some(DtmfVia::Info) });
        network.run(120 * SECOND);
        let heard = |phone: &Shared| -> String {
            let digit = |event: &Event| if let Event::CallDtmf { digit, .. } = event { Some(*digit) } else { None };
            phone.borrow().events.iter().filter_map(digit).collect()
        };
        check(heard(&bob) == "12*0#9", &heard(&bob))?;
        // Refused, they are not sent for ever, and the call goes on.
        node.borrow_mut().exchange.set_fault(Method::Info, Some(Fault::Refuse(StatusCode(415))));
        order(
            network,
            &bob,
            Command::Dtmf { call: None, digits: "7".to_owned(), press: Press::Tap, via: Some(DtmfVia::Info) },
        );
        network.run(60 * SECOND);
        check(heard(&alice).is_empty() && states(network, &alice) == [Connected], "the call goes on")
    });
}
