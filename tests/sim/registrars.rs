//! What registrars grant, refuse and ask for, several of them at once; and leaving them.

use super::network::{Link, Network, seeds};
use super::phone::{Phone, account};
use super::scripted::{Desk, Role, Server, register, respond};
use super::stage::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::config::Account;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::command::Command;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::CallState::{Connected, Incoming};
use tuiphone::ua::snapshot::{AccountInfo, RegistrationState};

/// A registrar that grants bindings for so long, with these headers in its 200.
struct Grants {
    life: u32,
    parameters: &'static str,
    headers: Vec<(HeaderName, String)>,
    refuses: Option<(u16, &'static str, &'static str)>,
}

impl Grants {
    fn for_s(life: u32) -> Grants {
        Grants { life, parameters: "", headers: Vec::new(), refuses: None }
    }
}

impl Role for Grants {
    fn answer(&mut self, request: &Request, _: &mut Desk<'_>) -> Option<Response> {
        if let Some((status, name, value)) = self.refuses {
            return Some(respond(request, status, &[(name, value)]));
        }
        if request.method != Method::Register {
            return Some(respond(request, 486, &[]));
        }
        let mut response = register(request, self.life, self.parameters);
        self.headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), value.as_str()));
        Some(response)
    }
}

fn registrar(network: &mut Network, seed: u64, role: Grants) -> (Shared, Rc<RefCell<Server<Grants>>>) {
    let server = network.add(address(5060), Server::new(role, seed));
    (phone(network, 5061, ALICE, AT_ONCE), server)
}

fn info(network: &Network, phone: &Shared, id: u32) -> AccountInfo {
    let accounts = phone.borrow().agent.status(network.now).accounts;
    accounts.into_iter().find(|account| account.id == id).unwrap()
}

/// A user of a domain whose exchange is at this host.
fn of_domain(id: u32, user: (&str, &str), number: u8) -> Account {
    let at = host(number).ip().to_string();
    Account { server: at, domain: "demo.invalid".to_owned(), ..account(id, user) }
}

#[test]
fn several_registrars_hold_several_users_and_calls_come_in_by_each() {
    const USERS: [(&str, &str); 3] = [ALICE, BOB, CAROL];
    seeds(20, Link::BAD, |network, seed| {
        let nodes: Vec<_> = (1..=3).map(|number| exchange_at(network, host(number), seed, |_| {})).collect();
        let accounts = (0u32..).zip(USERS).flat_map(|(at, user)| {
            // Each user at two of the three.
            let at = u8::try_from(at).unwrap_or_default();
            [(at, 0), ((at + 1) % 3, 3)].map(|(number, more)| of_domain(1 + u32::from(at) + more, user, number + 1))
        });
        let mut config = Phone::config(ALICE, IncomingPolicy::Ring);
        config.accounts = accounts.collect();
        let phone = Phone::with(host(20), host(1), config, seed, network.now);
        let phone = network.add(host(20), phone);
        network.run(100 * SECOND);
        for id in 1..=6 {
            check(info(network, &phone, id).registered, &format!("account {id}"))?;
        }
        for (number, node) in nodes.iter().enumerate() {
            let here = USERS.iter().filter(|user| !node.borrow().exchange.registrar().bindings(user.0).is_empty());
            check(here.count() == 2, &format!("registrar {number} has two users"))?;
        }
        // One falls silent: the others do not care.
        nodes[1].borrow_mut().exchange.set_fault(Method::Register, Some(Fault::Silent));
        network.run(900 * SECOND);
        let left: Vec<bool> = (1..=6).map(|id| info(network, &phone, id).registered).collect();
        check(left.iter().filter(|registered| **registered).count() == 4, &format!("{left:?}"))?;
        let caller = phone_at(network, (host(30), host(1)), CAROL, IncomingPolicy::Ring, |config| {
            config.accounts = vec![of_domain(1, CAROL, 1)];
        });
        network.run(60 * SECOND);
        dial(network, &caller, "sip:alice@demo.invalid");
        network.run(30 * SECOND);
        let call = phone.borrow().agent.status(network.now).calls.pop().ok_or("it rings")?;
        check(call.state == Incoming && call.account.contains("alice"), &format!("{call:?}"))?;
        // Leaving one of the six leaves five.
        order(network, &phone, Command::Unregister { account: Some("1".to_owned()) });
        network.run(30 * SECOND);
        let left: Vec<bool> = (1..=6).map(|id| info(network, &phone, id).registered).collect();
        check(!left[0] && left[5], &format!("one has left: {left:?}"))
    });
}

//= RFC 3261 §10.2.4
#[test]
fn a_binding_is_refreshed_within_the_life_that_was_granted() {
    for life in [60, 90, 300] {
        seeds(6, Link::POOR, |network, seed| {
            let (alice, server) = registrar(network, seed, Grants::for_s(life));
            network.run(30 * SECOND);
            for _ in 0..20 {
                network.run(Duration::from_secs(u64::from(life) / 2));
                let left = info(network, &alice, 1).expires_in.ok_or("registered all the time")?;
                check(left <= u64::from(life), &format!("{left} s left of {life}"))?;
            }
            let gaps = server.borrow().seconds(Method::Register);
            let longest = gaps.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
            check(longest < u64::from(life) && gaps.len() <= 18, &format!("every {longest} s at most: {gaps:?}"))
        });
    }
}

//= RFC 3261 §20.33
#[test]
fn a_registrar_that_says_when_is_asked_then_and_not_before() {
    for (status, after) in [(503, 120), (500, 45), (480, 600)] {
        seeds(10, Link::BAD, |network, seed| {
            let (alice, server) = registrar(network, seed, Grants::for_s(300));
            let text: &'static str = match after {
                120 => "120",
                45 => "45",
                _ => "600 (in the middle of a meeting)",
            };
            server.borrow_mut().role.refuses = Some((status, "Retry-After", text));
            network.run(Duration::from_secs(3 * after + 100));
            let came = server.borrow().seconds(Method::Register);
            let waits: Vec<u64> = came.windows(2).map(|pair| pair[1] - pair[0]).collect();
            check(!waits.is_empty(), "it was asked again")?;
            check(
                waits.iter().all(|wait| (after - 2..after.max(80) * 6 / 5).contains(wait)),
                &format!("{after}: {waits:?}"),
            )?;
            check(info(network, &alice, 1).status == Some(status), "the person is told")?;
            server.borrow_mut().role.refuses = None;
            network.run(Duration::from_secs(2 * after + 300));
            check(registered(network, &alice), "and then it stands")
        });
    }
}

//= RFC 5626 §4.1, RFC 5627 §4.4, RFC 3327 §5.1, RFC 3608 §6.1
#[test]
fn what_a_registrar_grants_is_used_in_calls_and_forgotten_with_the_binding() {
    seeds(20, Link::BAD, |network, seed| {
        let mut grants = Grants::for_s(300);
        grants.parameters =
            ";pub-gruu=\"sip:alice@demo.invalid;gr=urn:uuid:f81d\";temp-gruu=\"sip:t7hs@demo.invalid;gr\"";
        grants.headers = vec![
            (HeaderName::Path, "<sip:edge.demo.invalid;lr>".to_owned()),
            (HeaderName::ServiceRoute, "<sip:127.0.0.1:5060;lr>, <sip:inner.demo.invalid;lr>".to_owned()),
        ];
        let server = network.add(address(5060), Server::new(grants, seed));
        let alice = phone_with(network, 5061, ALICE, AT_ONCE, |config| {
            config.settings.gruu = true;
            config.instance = Some("00000000-0000-4000-8000-000000000001".to_owned());
        });
        network.run(60 * SECOND);
        let account = info(network, &alice, 1);
        check(account.gruu.as_deref() == Some("sip:alice@demo.invalid;gr=urn:uuid:f81d"), &format!("{account:?}"))?;
        check(account.path.len() == 1 && account.service_route.len() == 2, &format!("{account:?}"))?;
        let registers = server.borrow().of(Method::Register);
        let contact = registers[0].headers.text(&HeaderName::Contact).unwrap_or_default();
        for part in ["+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000001>\"", ";reg-id=1"] {
            check(contact.contains(part), &format!("{contact} has {part}"))?;
        }
        check(registers.iter().all(|request| request.headers.get(&HeaderName::Route).is_none()), "no Route")?;
        call_bob(network, &alice);
        network.run(40 * SECOND);
        let invite = server.borrow().of(Method::Invite).pop().ok_or("an INVITE")?;
        let routes: Vec<String> =
            invite.headers.routes().unwrap_or_default().iter().map(|route| route.uri.to_string()).collect();
        check(routes == ["sip:127.0.0.1:5060;lr", "sip:inner.demo.invalid;lr"], &format!("{routes:?}"))?;
        let contact = invite.headers.text(&HeaderName::Contact).unwrap_or_default();
        check(contact.contains(";gr="), &format!("the GRUU: {contact}"))?;
        check(outcome(&alice).as_deref() == Some("busy"), "the answer finds back")?;
        // Without them the next time, and then gone.
        server.borrow_mut().role.headers.clear();
        server.borrow_mut().role.parameters = "";
        order(network, &alice, Command::Register { account: None });
        network.run(40 * SECOND);
        let account = info(network, &alice, 1);
        check(account.gruu.is_none() && account.service_route.is_empty(), &format!("{account:?}"))?;
        call_bob(network, &alice);
        network.run(40 * SECOND);
        let invite = server.borrow().of(Method::Invite).pop().ok_or("another INVITE")?;
        check(invite.headers.get(&HeaderName::Route).is_none(), "no Route any more")
    });
}

//= RFC 3608 §6.1
#[test]
fn a_call_takes_the_granted_route_through_an_exchange_and_back() {
    seeds(20, Link::POOR, |network, seed| {
        // The edge takes the Route off that names it, and sends on to the next; the home exchange has both users.
        let server = network.add(address(5060), Server::new(Grants::for_s(300), seed));
        server.borrow_mut().role.headers = vec![(HeaderName::ServiceRoute, "<sip:127.0.0.1:5070;lr>".to_owned())];
        let home = exchange_at(network, address(5070), seed, |_| {});
        let at_home = |config: &mut AgentConfig| {
            config.accounts.iter_mut().for_each(|account| account.server = "127.0.0.1:5070".to_owned());
        };
        let alice = phone(network, 5061, ALICE, AT_ONCE);
        let bob = phone_with(network, 5062, BOB, AT_ONCE, at_home);
        network.run(60 * SECOND);
        check(registered(network, &alice) && registered(network, &bob), "both are registered")?;
        call_bob(network, &alice);
        network.run(60 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
        check(server.borrow().of(Method::Invite).is_empty(), "the registrar has not seen the call")?;
        check(!home.borrow().exchange.registrar().bindings("bob").is_empty(), "Bob is at the other")?;
        hang_up(network, if seed % 2 == 0 { &alice } else { &bob });
        network.run(60 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

/// The bounds of RFC 3261 §10.2.2 are the network's: whoever leaves is gone after two seconds whatever is lost.
#[test]
fn who_ends_is_gone_within_two_seconds_and_as_a_rule_so_is_the_binding() {
    let left = std::cell::Cell::new(0);
    seeds(100, Link::POOR, |network, seed| {
        let node = exchange(network, seed);
        let alice = phone(network, 5061, ALICE, AT_ONCE);
        let bob = phone(network, 5062, BOB, AT_ONCE);
        network.run(60 * SECOND);
        if seed % 2 == 0 {
            call_bob(network, &alice);
            network.run(40 * SECOND);
        }
        // Every fourth time nothing comes through at all.
        if seed % 4 == 3 {
            network.lose = |line| line.contains("5061");
        }
        order(network, &alice, Command::Exit);
        network.run(Duration::from_millis(2_050));
        check(alice.borrow().events.contains(&Event::Exited), "gone within two seconds")?;
        check(alice.borrow().agent.next_timeout().is_none(), "and nothing more to do")?;
        let bound = !node.borrow().exchange.registrar().bindings("alice").is_empty();
        left.set(left.get() + u32::from(bound && seed % 4 != 3));
        network.run(60 * SECOND);
        check(seed % 2 == 1 || seed % 4 == 3 || is_idle(network, &bob), "the call is over there")
    });
    assert!(left.get() <= 12, "{} of 75 bindings stayed", left.get());
}

//= RFC 3261 §10.2.2
#[test]
fn every_phone_of_a_user_can_be_unregistered_from_one() {
    seeds(30, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let phones = [5061, 5064, 5065].map(|port| phone(network, port, ALICE, AT_ONCE));
        network.run(100 * SECOND);
        check(node.borrow().exchange.registrar().bindings("alice").len() == 3, "three phones")?;
        order(network, &phones[0], Command::UnregisterAll { account: None });
        network.run(60 * SECOND);
        check(node.borrow().exchange.registrar().bindings("alice").is_empty(), "none is left")?;
        check(phones[0].borrow().registration(network.now) == Some(RegistrationState::Off), "off")
    });
}

//= RFC 3261 §21.4.4
#[test]
fn who_is_refused_for_good_does_not_ask_again() {
    for (status, tries) in [(403, 1), (404, 2)] {
        let mut network = Network::new(1, Link::GOOD);
        let node = exchange(&mut network, 1);
        node.borrow_mut().exchange.set_fault(Method::Register, Some(Fault::Refuse(StatusCode(status))));
        let alice = phone(&mut network, 5061, ALICE, AT_ONCE);
        network.run(7200 * SECOND);
        let sent = network.times(&["5061 -> 5060 REGISTER"]).len();
        assert!(if tries == 1 { sent == 1 } else { (tries..=22).contains(&sent) }, "{status}: {sent}");
        assert_eq!(info(&network, &alice, 1).status, Some(status));
    }
}
