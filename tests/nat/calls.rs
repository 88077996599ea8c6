//! What happens to calls: who decides, restarts, consent, relays over hours, peers of other kinds.

use super::gateway::Kind;
use super::internet::{Datagram, Internet, Node, Weather};
use super::pairs::{Call, SERVER, account, hosts, ip};
use super::peer::Peer;
use super::server::PORT;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tuiphone::nat::ice::{Candidate, CandidateKind, Config, Credentials, Event, Remote, Role, priority};
use tuiphone::nat::stun::{Attribute, Class, Key, Message, Method, TransactionId, Writer};
use tuiphone::nat::turn::Failure;

const CONES: [Option<Kind>; 2] = [Some(Kind::CONE); 2];
const RELAYED: [Option<Kind>; 2] = [Some(Kind::SYMMETRIC), Some(Kind::CONE)];

fn connected(seed: u64, kinds: [Option<Kind>; 2]) -> Call {
    let mut call = Call::new(seed, Weather::FINE, kinds, true);
    call.describe();
    assert!(call.connects(20), "seed {seed}");
    call
}

/// What a machine sent to anyone but its servers since then.
fn sent_to_peers(net: &Internet, from: &str, since: Duration) -> usize {
    let ours =
        |(at, (source, to, _)): &&(Duration, Datagram)| *at > since && source.ip() == ip(from) && to.ip() != ip(SERVER);
    net.tap.iter().filter(ours).count()
}

/// Two on one network, nothing else there.
fn neighbours(seed: u64, roles: [Role; 2]) -> (Internet, Vec<Rc<RefCell<Peer>>>) {
    let mut net = Internet::new(seed, Weather { delay: Duration::from_millis(1), ..Weather::FINE });
    let addresses = ["192.168.1.2", "192.168.1.3"];
    let phones = addresses.iter().zip(roles).map(|(address, role)| {
        let peer = Peer::new(Config::new(role, hosts(address)), net.now, &mut net.rng);
        net.add(&[ip(address)], None, peer)
    });
    let phones = phones.collect();
    (net, phones)
}

fn both_connect(net: &mut Internet, phones: &[Rc<RefCell<Peer>>], time: Duration) -> bool {
    let phones: Vec<_> = phones.iter().map(Rc::clone).collect();
    net.run_until(time, || phones.iter().all(|phone| phone.borrow().agent.is_connected()))
}

#[test]
fn on_one_network_it_takes_no_time() {
    let (mut net, phones) = neighbours(1, [Role::Controlling, Role::Controlled]);
    let remotes: Vec<Remote> = phones.iter().map(|phone| phone.borrow().description()).collect();
    for (phone, remote) in phones.iter().zip(remotes.into_iter().rev()) {
        phone.borrow_mut().agent.set_remote(remote, net.now);
    }
    let begun = net.now;
    assert!(both_connect(&mut net, &phones, Duration::from_secs(1)));
    // Two components, each begun 50 ms after the other, and each nominated.
    assert!(net.now - begun < Duration::from_millis(200), "{:?}", net.now - begun);
    assert!(phones.iter().all(|phone| phone.borrow().way() == Some(CandidateKind::Host)));
}

#[test]
//= RFC 8445 §7.3.1.1
fn two_that_both_decide_or_both_do_not_agree_in_the_end() {
    for (seed, role) in (1..6).flat_map(|seed| [(seed, Role::Controlling), (seed, Role::Controlled)]) {
        let (mut net, phones) = neighbours(seed, [role; 2]);
        let remotes: Vec<Remote> = phones.iter().map(|phone| phone.borrow().description()).collect();
        for (phone, remote) in phones.iter().zip(remotes.into_iter().rev()) {
            phone.borrow_mut().agent.set_remote(remote, net.now);
        }
        assert!(both_connect(&mut net, &phones, Duration::from_secs(3)), "seed {seed} {role:?}");
        let roles = [phones[0].borrow().agent.role(), phones[1].borrow().agent.role()];
        assert_eq!(roles[0], roles[1].other(), "seed {seed} {role:?}");
    }
}

#[test]
//= RFC 8445 §7.3: checks come before the answer does
fn an_answer_that_comes_late_connects_at_once() {
    let mut call = Call::new(1, Weather::FINE, CONES, true);
    let offer = call.caller.borrow().description();
    call.callee.borrow_mut().agent.set_remote(offer, call.net.now);
    let answer = call.callee.borrow().description();
    call.net.run(Duration::from_secs(6));
    call.caller.borrow_mut().agent.set_remote(answer, call.net.now);
    let begun = call.net.now;
    assert!(call.connects(5));
    assert!(call.net.now - begun < Duration::from_secs(2), "{:?}", call.net.now - begun);
    assert!(call.talks());
}

#[test]
//= RFC 8445 §5.1.1.4: candidates are kept alive while it rings
fn a_call_that_rings_for_minutes_connects_when_it_is_answered() {
    let mut call = Call::new(1, Weather::FINE, CONES, true);
    call.net.run(Duration::from_secs(180));
    call.describe();
    assert!(call.connects(5));
    assert_eq!(call.caller.borrow().way(), Some(CandidateKind::ServerReflexive));
}

#[test]
//= RFC 8863 §3
fn where_nothing_works_it_is_told_after_the_time_of_the_standard() {
    let mut call = Call::new(1, Weather::FINE, RELAYED, false);
    call.describe();
    let begun = call.net.now;
    assert!(!call.connects(39));
    assert!(!call.caller.borrow().has(&Event::Failed));
    assert!(call.run_until(2, |caller, callee| caller.has(&Event::Failed) && callee.has(&Event::Failed)));
    assert_eq!((call.net.now - begun).as_millis(), 39_500);
}

#[test]
//= RFC 7675 §5.1
fn a_peer_that_is_gone_is_sent_nothing_after_thirty_seconds() {
    let mut call = connected(1, CONES);
    call.net.run(Duration::from_secs(60));
    assert!(call.talks(), "asked and given, it lasts");
    call.net.passes = |from, _| from.ip() != "10.1.0.2".parse::<std::net::IpAddr>().unwrap();
    let gone = call.net.now;
    let lost = [1, 2].map(|component| Event::ConsentLost { component });
    assert!(call.run_until(31, |caller, _| lost.iter().all(|lost| caller.has(lost))));
    assert!(call.net.now - gone > Duration::from_secs(24), "{:?}", call.net.now - gone);
    assert!(!call.caller.borrow_mut().agent.send(1, b"\x80sound", call.net.now));
    let since = call.net.now - call.net.start;
    call.net.run(Duration::from_secs(60));
    assert_eq!(sent_to_peers(&call.net, "10.0.0.2", since), 0);
}

#[test]
//= RFC 8445 §9
fn a_machine_that_moves_restarts_and_goes_on() {
    for seed in 1..4 {
        let mut call = connected(seed, CONES);
        let gateway = call.net.gateway("198.51.100.77", Kind::CONE);
        call.net.move_node(1, &[ip("10.9.0.5")], Some(gateway));
        let known = call.caller.borrow().agent.credentials().clone();
        call.caller.borrow_mut().agent.restart(Some(hosts("10.9.0.5")), call.net.now);
        call.net.run(Duration::from_secs(2));
        assert_ne!(*call.caller.borrow().agent.credentials(), known);
        let offer = call.caller.borrow().description();
        let theirs = call.callee.borrow().agent.credentials().clone();
        assert!(call.callee.borrow_mut().agent.set_remote(offer, call.net.now), "it is a restart");
        assert_ne!(*call.callee.borrow().agent.credentials(), theirs, "both are new");
        let answer = call.callee.borrow().description();
        assert!(!call.caller.borrow_mut().agent.set_remote(answer, call.net.now));
        assert!(call.connects(5) && call.talks(), "seed {seed}");
    }
}

#[test]
fn sound_goes_on_while_a_restart_is_checked() {
    let mut call = connected(1, CONES);
    call.caller.borrow_mut().agent.restart(None, call.net.now);
    assert!(!call.caller.borrow().agent.is_connected());
    assert!(call.talks(), "on the pair that is there");
    call.net.run(Duration::from_secs(40));
    assert!(call.talks(), "whose consent is still given");
    call.describe();
    assert!(call.connects(5) && call.talks());
}

#[test]
fn a_gateway_that_restarts_ends_the_pair_and_a_restart_finds_another() {
    let mut call = connected(1, CONES);
    call.net.gateways[0].reboot();
    call.net.gateways[1].reboot();
    let lost = Event::ConsentLost { component: 1 };
    let found_again = !call.run_until(40, |caller, callee| caller.has(&lost) || callee.has(&lost));
    assert!(!found_again, "both gateways have forgotten both");
    call.caller.borrow_mut().agent.restart(Some(hosts("10.0.0.2")), call.net.now);
    call.net.run(Duration::from_secs(2));
    let offer = call.caller.borrow().description();
    call.callee.borrow_mut().agent.restart(Some(hosts("10.1.0.2")), call.net.now);
    call.net.run(Duration::from_secs(2));
    call.callee.borrow_mut().agent.set_remote(offer, call.net.now);
    let answer = call.callee.borrow().description();
    call.caller.borrow_mut().agent.set_remote(answer, call.net.now);
    assert!(call.connects(5) && call.talks());
}

#[test]
//= RFC 8445 §9
fn a_restart_borrows_again_what_was_given_back() {
    let mut call = connected(1, CONES);
    call.net.run(Duration::from_secs(10));
    let lent = |call: &Call| {
        let caller = call.caller.borrow();
        caller.agent.candidates().filter(|candidate| candidate.kind == CandidateKind::Relayed).count()
    };
    assert_eq!(lent(&call), 0, "what is not ours any more is not told of");
    call.caller.borrow_mut().agent.restart(None, call.net.now);
    call.net.run(Duration::from_secs(2));
    assert_eq!(lent(&call), 2);
    let offer = call.caller.borrow().description();
    assert!(call.callee.borrow_mut().agent.set_remote(offer, call.net.now));
    call.net.run(Duration::from_secs(2));
    let answer = call.callee.borrow().description();
    call.caller.borrow_mut().agent.set_remote(answer, call.net.now);
    assert!(call.connects(5) && call.talks());
}

#[test]
//= RFC 8656 §8
fn a_call_that_is_over_gives_back_what_was_lent() {
    let mut call = connected(1, RELAYED);
    for phone in [&call.caller, &call.callee] {
        phone.borrow_mut().agent.close(call.net.now);
    }
    assert!(!call.talks());
    // The server forgets when something comes.
    call.server.borrow_mut().receive(account().address, account().address, b"", call.net.now);
    assert_eq!(call.server.borrow().allocations.len(), 0);
    let over = call.net.now - call.net.start;
    call.net.run(Duration::from_secs(60));
    assert_eq!(call.net.tap.iter().filter(|(at, _)| *at > over).count(), 0);
}

#[test]
//= RFC 8656 §8, §9, §12: allocations last 10 minutes, permissions 5, channels 10
fn a_relayed_call_lasts_for_an_hour() {
    let mut call = Call::new(1, Weather::FINE, RELAYED, true);
    call.server.borrow_mut().nonce_life = Duration::from_secs(100);
    call.describe();
    assert!(call.connects(20));
    for minute in 0..60 {
        call.net.run(Duration::from_secs(60));
        assert!(call.talks(), "minute {minute}");
    }
    let channels = |(_, (_, to, bytes)): &&(Duration, Datagram)| to.ip() == ip(SERVER) && bytes[0] == 0x40;
    assert!(call.net.tap.iter().filter(channels).count() > 100, "sound goes in channels");
    // Those that no pair needs were given back.
    assert_eq!(call.server.borrow().allocations.len(), 2);
}

#[test]
fn a_permission_that_is_lost_in_a_call_ends_the_consent() {
    let mut call = connected(1, RELAYED);
    let address = ip("203.0.113.1");
    let also = ip("198.51.100.1");
    call.server.borrow_mut().forbidden = vec![address, also, ip(SERVER)];
    call.net.run(Duration::from_secs(640));
    let lost = Event::ConsentLost { component: 1 };
    assert!(call.caller.borrow().has(&lost) && call.callee.borrow().has(&lost));
    assert!(!call.talks());
}

#[test]
fn a_server_that_dies_is_told_and_the_call_ends_honestly() {
    let mut call = connected(1, RELAYED);
    call.server.borrow_mut().dead = true;
    let lost = Event::ConsentLost { component: 1 };
    assert!(call.run_until(40, |caller, callee| caller.has(&lost) || callee.has(&lost)));
    let failed = Event::RelayFailed(account().address, Failure::NoAnswer);
    assert!(call.run_until(700, |caller, callee| caller.has(&failed) || callee.has(&failed)));
}

#[test]
fn a_wrong_password_is_told_and_the_call_goes_without_a_relay() {
    let mut net = Internet::new(1, Weather::FINE);
    net.add(&[ip(SERVER)], None, super::server::Server::new(SERVER));
    let mut config = Config::new(Role::Controlling, hosts("198.51.100.1"));
    let mut wrong = account();
    wrong.password = "guess".to_owned().into();
    config.turn = vec![wrong];
    let peer = Peer::new(config, net.now, &mut net.rng);
    let phone = net.add(&[ip("198.51.100.1")], None, peer);
    net.run_until(Duration::from_secs(1), || phone.borrow().has(&Event::Gathered));
    let phone = phone.borrow();
    assert!(phone.has(&Event::Gathered), "{:?}", phone.events);
    assert!(phone.has(&Event::RelayFailed(account().address, Failure::Credentials)), "{:?}", phone.events);
    assert!(phone.agent.candidates().all(|candidate| candidate.kind == CandidateKind::Host));
}

#[test]
fn who_wants_relays_alone_shows_no_address() {
    let mut net = Internet::new(1, Weather::FINE);
    net.add(&[ip(SERVER)], None, super::server::Server::new(SERVER));
    let mut phones = Vec::new();
    for (address, role, hidden) in [("198.51.100.1", Role::Controlling, true), ("203.0.113.1", Role::Controlled, false)]
    {
        let mut config = Config::new(role, hosts(address));
        (config.turn, config.relay_only) = (vec![account()], hidden);
        config.stun = vec![SocketAddr::new(ip(SERVER), PORT)];
        let peer = Peer::new(config, net.now, &mut net.rng);
        phones.push(net.add(&[ip(address)], None, peer));
    }
    net.run(Duration::from_secs(2));
    let told = phones[0].borrow().description();
    assert_eq!(told.candidates.len(), 2);
    for candidate in &told.candidates {
        assert!(!candidate.to_string().contains("198.51.100.1"), "{candidate}");
    }
    let answer = phones[1].borrow().description();
    phones[1].borrow_mut().agent.set_remote(told, net.now);
    phones[0].borrow_mut().agent.set_remote(answer, net.now);
    assert!(both_connect(&mut net, &phones, Duration::from_secs(5)));
    net.run(Duration::from_secs(20));
    assert_eq!(sent_to_peers(&net, "198.51.100.1", Duration::ZERO), 0);
}

#[test]
fn of_two_families_the_first_is_taken_and_one_is_enough() {
    let (four, six) = (["192.0.2.7", "192.0.2.8"], ["2001:db8::7", "2001:db8::8"]);
    let both = |at: usize| {
        let (four, six) = (ip(four[at]), ip(six[at]));
        [(1, six), (2, six), (1, four), (2, four)].map(|(c, ip)| (c, SocketAddr::new(ip, 4000 + u16::from(c)))).to_vec()
    };
    let rows =
        [(both(0), both(1), true), (both(0)[..2].to_vec(), both(1), true), (both(0)[2..].to_vec(), both(1), false)];
    for (caller, callee, is_six) in rows {
        let mut net = Internet::new(1, Weather::FINE);
        let phones: Vec<_> = [(caller, Role::Controlling), (callee, Role::Controlled)]
            .into_iter()
            .map(|(hosts, role)| {
                let ips: Vec<_> = hosts.iter().map(|(_, host)| host.ip()).collect();
                let peer = Peer::new(Config::new(role, hosts), net.now, &mut net.rng);
                net.add(&ips, None, peer)
            })
            .collect();
        let remotes: Vec<Remote> = phones.iter().map(|phone| phone.borrow().description()).collect();
        for (phone, remote) in phones.iter().zip(remotes.into_iter().rev()) {
            phone.borrow_mut().agent.set_remote(remote, net.now);
        }
        assert!(both_connect(&mut net, &phones, Duration::from_secs(3)));
        let (base, remote) = phones[0].borrow().agent.selected(1).unwrap();
        assert_eq!((base.is_ipv6(), remote.is_ipv6()), (is_six, is_six));
    }
}

#[test]
//= RFC 8838 §4: candidates come one by one
fn a_peer_that_trickles() {
    let mut call = Call::new(1, Weather::FINE, CONES, true);
    let offer = call.caller.borrow().description();
    let none = Remote { candidates: Vec::new(), ..offer.clone() };
    call.callee.borrow_mut().agent.set_remote(none, call.net.now);
    let answer = call.callee.borrow().description();
    call.caller.borrow_mut().agent.set_remote(answer, call.net.now);
    for candidate in offer.candidates {
        call.net.run(Duration::from_millis(300));
        call.callee.borrow_mut().agent.add_remote_candidate(candidate, call.net.now);
    }
    assert!(call.connects(5) && call.talks());
}

#[test]
//= RFC 5761 §5.1.3
fn a_peer_of_one_component_is_one() {
    let (mut net, phones) = neighbours(1, [Role::Controlling, Role::Controlled]);
    let mut remotes: Vec<Remote> = phones.iter().map(|phone| phone.borrow().description()).collect();
    remotes.iter_mut().for_each(|remote| remote.candidates.retain(|candidate| candidate.component == 1));
    for (phone, remote) in phones.iter().zip(remotes.into_iter().rev()) {
        phone.borrow_mut().agent.set_remote(remote, net.now);
    }
    assert!(both_connect(&mut net, &phones, Duration::from_secs(1)));
    assert_eq!(phones[0].borrow().agent.selected(2), None);
}

#[test]
fn a_peer_without_ice_is_sent_to_where_it_says() {
    let mut call = Call::new(1, Weather::FINE, [Some(Kind::SYMMETRIC), None], true);
    let plain = [(1, SocketAddr::new(ip("203.0.113.1"), 4000)), (2, SocketAddr::new(ip("203.0.113.1"), 4001))];
    call.caller.borrow_mut().agent.set_plain(&plain, call.net.now);
    assert!(call.caller.borrow().agent.is_connected());
    call.net.run(Duration::from_millis(200));
    assert_eq!(call.caller.borrow().way(), Some(CandidateKind::Relayed), "the address in the description is lent");
    call.caller.borrow_mut().agent.send(1, b"\x80hello", call.net.now);
    call.net.run(Duration::from_millis(200));
    let heard = call.callee.borrow().heard.first().map(|(component, from, _)| (*component, from.ip()));
    assert_eq!(heard, Some((1, ip(SERVER))));
    call.net.run(Duration::from_secs(60));
    let quiet = call.caller.borrow().events.iter().all(|(_, event)| !matches!(event, Event::ConsentLost { .. }));
    assert!(quiet, "nobody is asked who cannot answer");
}

/// A lite agent (RFC 8445 §2.5): it answers, and takes what is nominated.
struct Lite {
    credentials: Credentials,
    nominated: Vec<(SocketAddr, SocketAddr)>,
    out: Vec<Datagram>,
}

impl Node for Lite {
    fn receive(&mut self, at: SocketAddr, from: SocketAddr, bytes: &[u8], _now: Instant) {
        let Ok(message) = Message::parse(bytes) else { return };
        assert!(message.has(Attribute::ICE_CONTROLLING), "the full agent decides");
        if message.has(Attribute::USE_CANDIDATE) {
            self.nominated.push((at, from));
        }
        let success = Writer::new(Class::Success, Method::BINDING, message.id);
        let success = success.xor_address(Attribute::XOR_MAPPED_ADDRESS, from);
        self.out.push((at, from, success.sign(&Key::short_term(&self.credentials.password)).finish()));
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll(&mut self) -> Option<Datagram> {
        self.out.pop()
    }
}

#[test]
//= RFC 8445 §6.1.1
fn a_lite_peer_is_led() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut net = Internet::new(1, Weather::FINE);
        let credentials = Credentials::new(&mut net.rng);
        let (nominated, out) = (Vec::new(), Vec::new());
        let lite = net.add(&[ip("192.0.2.9")], None, Lite { credentials: credentials.clone(), nominated, out });
        let gateway = net.gateway("198.51.100.1", Kind::SYMMETRIC);
        let peer = Peer::new(Config::new(role, hosts("10.0.0.2")), net.now, &mut net.rng);
        let phone = net.add(&[ip("10.0.0.2")], Some(gateway), peer);
        let candidates = [1, 2].map(|component| {
            let address = SocketAddr::new(ip("192.0.2.9"), 9000 + u16::from(component));
            let (foundation, kind) = ("1".to_owned(), CandidateKind::Host);
            let priority = priority(kind, 65_535, component);
            Candidate { foundation, component, priority, address, kind, related: None, base: address }
        });
        let remote = Remote { credentials, candidates: candidates.to_vec(), is_lite: true };
        phone.borrow_mut().agent.set_remote(remote, net.now);
        assert!(both_connect(&mut net, std::slice::from_ref(&phone), Duration::from_secs(2)), "{role:?}");
        assert_eq!(lite.borrow().nominated.len(), 2);
        net.run(Duration::from_secs(120));
        assert!(phone.borrow().agent.selected(1).is_some(), "it answers for its consent");
    }
}

#[test]
fn checks_of_strangers_change_nothing() {
    let (mut net, phones) = neighbours(1, [Role::Controlling, Role::Controlled]);
    let at = SocketAddr::new(ip("192.168.1.2"), 4000);
    let stranger: SocketAddr = "203.0.113.66:666".parse().unwrap();
    let name = format!("{}:x", phones[0].borrow().agent.credentials().ufrag);
    let password = phones[0].borrow().agent.credentials().password.clone();
    let check = |id: u8, name: &str, password: &str| {
        Writer::new(Class::Request, Method::BINDING, TransactionId([id; 12]))
            .attribute(Attribute::USERNAME, name.as_bytes())
            .number(Attribute::PRIORITY, 1_862_270_975)
            .attribute(Attribute::ICE_CONTROLLED, &[0; 8])
            .sign(&Key::short_term(password))
            .finish()
    };
    let rows = [
        ("another name", check(1, "who:x", &password), Some(401)),
        ("another password", check(2, &name, "guess"), Some(401)),
        ("right", check(3, &name, &password), None),
    ];
    for (what, bytes, code) in rows {
        let mut phone = phones[0].borrow_mut();
        phone.receive(at, stranger, &bytes, net.now);
        let (_, to, answer) = phone.poll().unwrap();
        let error = Message::parse(&answer).unwrap().error().map(|error| error.code);
        assert_eq!((to, error), (stranger, code), "{what}");
        assert!(answer.len() <= 4 * bytes.len(), "{what}: no lever");
    }
    let unknown = Writer::new(Class::Request, Method::BINDING, TransactionId([4; 12]))
        .attribute(Attribute::USERNAME, name.as_bytes())
        .attribute(Attribute(0x7ffe), b"?")
        .sign(&Key::short_term(&password))
        .finish();
    phones[0].borrow_mut().receive(at, stranger, &unknown, net.now);
    let (_, _, answer) = phones[0].borrow_mut().poll().unwrap();
    assert_eq!(Message::parse(&answer).unwrap().error().map(|error| error.code), Some(420));
    net.run(Duration::from_secs(1));
    assert_eq!(phones[0].borrow().agent.selected(1), None);
}
