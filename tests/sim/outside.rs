//! A phone behind a NAT: reached where STUN servers, or the registrar, see it, and told of what is in its way.

use super::gateway::{Gateway, Kind};
use super::network::{Link, Network, Node, Wish, seeds};
use super::stage::*;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tuiphone::config::{Rewrite, Server};
use tuiphone::nat::stun::{Attribute, Class, Message, Method, Writer};
use tuiphone::sip::flow::Flow;
use tuiphone::ua::agent::AgentConfig;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::CallState::Connected;
use tuiphone::ua::snapshot::NatInfo;

const SERVER: u8 = 1;
const OUTSIDE: &str = "198.51.100.1";
const INSIDE: ([u8; 4], u16) = ([10, 0, 0, 2], 5060);

/// A STUN server.
#[derive(Default)]
struct Mirror(VecDeque<Wish>);

impl Node for Mirror {
    fn receive(&mut self, bytes: &[u8], flow: Flow, _now: Instant) {
        let Ok(message) = Message::parse(bytes) else { return };
        let answer = Writer::new(Class::Success, Method::BINDING, message.id);
        let answer = answer.xor_address(Attribute::XOR_MAPPED_ADDRESS, flow.remote);
        self.0.push_back(Wish::Send(flow, answer.finish()));
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll(&mut self) -> Option<Wish> {
        self.0.pop_front()
    }
}

fn mirror(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number], 3478))
}

/// Bob behind a NAT of this kind, which forgets after half a minute; Alice, the exchange and two STUN servers outside.
fn behind(
    network: &mut Network,
    seed: u64,
    kind: Kind,
    change: impl Fn(&mut AgentConfig),
) -> (Shared, Shared, Box<dyn Fn() -> Vec<String>>) {
    let node = exchange_at(network, host(SERVER), seed, |_| {});
    for number in [8, 9] {
        network.add(mirror(number), Mirror::default());
    }
    network.put_behind(INSIDE.into(), Gateway::new(OUTSIDE.parse().unwrap(), kind));
    let bob = phone_at(network, (INSIDE.into(), host(SERVER)), BOB, AT_ONCE, change);
    let alice = phone_at(network, (host(11), host(SERVER)), ALICE, AT_ONCE, |_| {});
    let contacts = move || {
        let node = node.borrow();
        node.exchange.registrar().bindings("bob").iter().map(|b| b.contact.to_string()).collect()
    };
    (alice, bob, Box::new(contacts))
}

fn stun(rewrite: Rewrite) -> impl Fn(&mut AgentConfig) {
    move |config| {
        config.settings.stun = ["192.0.2.8", "192.0.2.9"].map(|server| Server::parse(server).unwrap()).to_vec();
        config.settings.enable_stun = true;
        config.accounts.iter_mut().for_each(|account| account.rewrite = rewrite);
    }
}

fn nat(network: &Network, phone: &Shared) -> Option<NatInfo> {
    phone.borrow().agent.status(network.now).nat
}

/// Alice reaches Bob, who is shown to be at this address in what he answers.
fn reaches(network: &mut Network, (alice, bob): (&Shared, &Shared), shown: &str) -> Result<(), String> {
    let before = network.tap.len();
    call_bob(network, alice);
    network.run(20 * SECOND);
    check(states(network, alice) == [Connected] && states(network, bob) == [Connected], "they talk")?;
    let line = format!("c=IN IP4 {shown}\r\n");
    let bears = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&line);
    check(network.tap.iter().skip(before).any(|(.., bytes)| bears(bytes)), &format!("no {line}"))?;
    hang_up(network, alice);
    network.run(40 * SECOND);
    check(is_idle(network, alice) && is_idle(network, bob), "ended on both sides")
}

#[test]
fn behind_a_cone_a_phone_is_reached_for_hours_and_after_the_router_was_restarted() {
    // By the STUN servers alone; by both; by the registrar alone, told for sound and not.
    let rows: [fn(&mut AgentConfig); 4] = [
        |config| stun(Rewrite::Nothing)(config),
        |config| stun(Rewrite::Everything)(config),
        |config| config.accounts.iter_mut().for_each(|account| account.rewrite = Rewrite::Everything),
        |_| {},
    ];
    for (at, row) in rows.into_iter().enumerate() {
        seeds(4, Link::GOOD, |network, seed| {
            let (alice, bob, contacts) = behind(network, seed, Kind::CONE, row);
            network.run(2 * SECOND);
            let shown = if at < 3 { OUTSIDE } else { "10.0.0.2" };
            let is_at = |port: u16| contacts().iter().all(|c| c.contains(&format!("{OUTSIDE}:{port}")));
            check(is_at(20_007) && contacts().len() == 1, &format!("{at}: {:?}", contacts()))?;
            network.run(2 * 3600 * SECOND);
            check(is_at(20_007), &format!("{at}: after hours {:?}", contacts()))?;
            reaches(network, (&alice, &bob), shown)?;
            network.gateway(INSIDE.into()).reboot();
            network.run(if at >= 2 { 400 } else { 35 } * SECOND);
            check(is_at(21_014) && contacts().len() == 1, &format!("{at}: restarted {:?}", contacts()))?;
            reaches(network, (&alice, &bob), shown)?;
            let words = "NAT with one address for everybody (cone)";
            let known = nat(network, &bob).map(|nat| (nat.address.unwrap_or_default(), nat.symmetric, nat.words));
            let expected = (at < 2).then(|| (format!("{OUTSIDE}:21014"), false, words.to_owned()));
            check(known == expected, &format!("{at}: {known:?}"))
        });
    }
}

#[test]
fn a_symmetric_nat_is_said_to_be_one_and_the_registrars_word_counts() {
    seeds(4, Link::LATE, |network, seed| {
        let (_, bob, contacts) = behind(network, seed, Kind::SYMMETRIC, stun(Rewrite::Everything));
        network.run(60 * SECOND);
        check(registered(network, &bob), "registered")?;
        let known = nat(network, &bob).ok_or("nothing is known")?;
        let words = "symmetric NAT: another address for each far end; calls may need TURN";
        check(known.symmetric && known.words == words, &format!("{known:?}"))?;
        let seen = bob.borrow().agent.status(network.now).accounts.iter().find_map(|account| account.public.clone());
        let seen = seen.ok_or("not seen elsewhere")?;
        check(contacts().iter().any(|contact| contact.contains(&seen)), &format!("{seen} {:?}", contacts()))?;
        check(known.address != Some(seen), "each sees another address")
    });
}

#[test]
fn without_a_nat_or_without_an_answer_nothing_is_made_up() {
    seeds(2, Link::GOOD, |network, seed| {
        exchange_at(network, host(SERVER), seed, |_| {});
        network.add(mirror(8), Mirror::default());
        let open = phone_at(network, (host(11), host(SERVER)), BOB, AT_ONCE, stun(Rewrite::Everything));
        let config = |config: &mut AgentConfig| {
            stun(Rewrite::Everything)(config);
            config.settings.stun = vec![Server::parse("192.0.2.77:3479").unwrap()];
        };
        let deaf = phone_at(network, (host(12), host(SERVER)), ALICE, AT_ONCE, config);
        network.run(Duration::from_secs(600));
        let tells = |event: &&Event| matches!(event, Event::Error { message, .. } if message.contains("STUN"));
        let told = [&open, &deaf].map(|phone| phone.borrow().events.iter().filter(tells).count());
        check(told == [0, 1], &format!("told {told:?} times"))?;
        let words = [&open, &deaf].map(|phone| nat(network, phone).map(|nat| nat.words).unwrap_or_default());
        check(words == ["no NAT", "no STUN server answers: UDP may be blocked"], &format!("{words:?}"))?;
        check(registered(network, &open) && registered(network, &deaf), "registered all the same")
    });
}
