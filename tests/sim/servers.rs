//! Servers that answer so as to be asked again at once, for ever: they are not.

use super::network::{Link, Network, Node, Wish};
use super::stage::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tuiphone::sip::flow::Flow;
use tuiphone::sip::message::{HeaderName, Message, Method, Request, Response, StatusCode, parse};
use tuiphone::ua::agent::IncomingPolicy;

/// What the `n`th request gets: a status, and a header that `{}` stands for `n` in; `{contact}` is the request's own.
type Answer = fn(u32) -> (u16, &'static [(HeaderName, &'static str)]);

struct Server {
    method: Method,
    answer: Answer,
    asked: u32,
    out: VecDeque<Wish>,
}

impl Server {
    fn respond(&mut self, request: &Request, flow: Flow) {
        let meant = request.method == self.method;
        self.asked += u32::from(meant);
        let (status, headers) = if meant { (self.answer)(self.asked) } else { (200, [].as_slice()) };
        let mut response = Response::to_request(request, StatusCode(status), Some("server"));
        let contact = request.headers.text(&HeaderName::Contact).unwrap_or_default();
        let bare = contact.split('>').next().unwrap_or_default().to_owned() + ">";
        for (name, value) in headers {
            let value = value.replace("{}", &self.asked.to_string()).replace("{contact}", &bare);
            match name {
                HeaderName::Via => {
                    let via = request.headers.text(&HeaderName::Via).unwrap_or_default();
                    response.headers.set(HeaderName::Via, via.replace(";rport", "") + &value);
                }
                name => response.headers.push(name.clone(), value),
            }
        }
        self.out.push_back(Wish::Send(flow, response.to_bytes()));
    }
}

impl Node for Server {
    fn receive(&mut self, bytes: &[u8], flow: Flow, _: Instant) {
        if let Ok(Message::Request(request)) = parse(bytes)
            && request.method != Method::Ack
        {
            self.respond(&request, flow);
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front()
    }
}

const FRESH: &[(HeaderName, &str)] =
    &[(HeaderName::WwwAuthenticate, "Digest realm=\"demo.invalid\", nonce=\"{}\", qop=\"auth\"")];
const STALE: &[(HeaderName, &str)] =
    &[(HeaderName::WwwAuthenticate, "Digest realm=\"demo.invalid\", nonce=\"{}\", stale=true, qop=\"auth\"")];
const PROXY: &[(HeaderName, &str)] =
    &[(HeaderName::ProxyAuthenticate, "Digest realm=\"demo.invalid\", nonce=\"{}\", stale=true, qop=\"auth\"")];
const SAME: &[(HeaderName, &str)] =
    &[(HeaderName::WwwAuthenticate, "Digest realm=\"demo.invalid\", nonce=\"n\", stale=true, qop=\"auth\"")];

/// Asks come in rounds with at least five seconds between them; the asks of each round.
fn rounds(times: &[u64]) -> Vec<usize> {
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    let mut rounds = vec![1];
    for gap in gaps {
        match rounds.last_mut() {
            Some(round) if gap < 5_000 => *round += 1,
            _ => rounds.push(1),
        }
    }
    rounds
}

//= RFC 3261 §10.2.8, §20.33, §22.2; RFC 5626 §4.5
#[test]
fn no_registrar_makes_a_storm() {
    let rows: &[(&str, Answer, usize, usize)] = &[
        // (what it does, its answers, asks in a round at most, rounds in an hour at most)
        ("every nonce is fresh", |_| (401, FRESH), 2, 1),
        ("every nonce is stale", |_| (401, STALE), 6, 1),
        ("the same nonce is stale", |_| (401, SAME), 2, 1),
        ("server and proxy ask in turn", |n| (401, if n % 2 == 0 { STALE } else { PROXY }), 11, 1),
        ("no algorithm we know", |_| (401, &[(HeaderName::WwwAuthenticate, "Basic realm=\"demo.invalid\"")]), 1, 1),
        ("an absurd Min-Expires", |_| (423, &[(HeaderName::MinExpires, "4294967295")]), 1, 14),
        ("a Min-Expires that grows", |_| (423, &[(HeaderName::MinExpires, "10{}")]), 3, 14),
        ("a Min-Expires that is none", |_| (423, &[]), 1, 14),
        ("Retry-After 0", |_| (503, &[(HeaderName::RetryAfter, "0")]), 1, 14),
        ("Retry-After -1", |_| (503, &[(HeaderName::RetryAfter, "-1")]), 1, 14),
        ("moved to itself", |_| (302, &[(HeaderName::Contact, "<sip:demo.invalid>")]), 1, 14),
        ("no outbound", |_| (439, &[]), 2, 14),
        ("no word of our Contact", |_| (200, &[]), 1, 30),
        ("another's Contact", |_| (200, &[(HeaderName::Contact, "<sip:eve@192.0.2.1>;expires=1")]), 1, 480),
        ("bound for nothing", |_| (200, &[(HeaderName::Contact, "{contact};expires=0")]), 1, 480),
        ("bound for a second", |_| (200, &[(HeaderName::Contact, "{contact};expires=1")]), 1, 480),
        ("bound for ever", |_| (200, &[(HeaderName::Contact, "{contact};expires=4294967296")]), 1, 30),
        ("bound for nothing by Expires", |_| (200, &[(HeaderName::Expires, "0")]), 1, 480),
        ("sees us elsewhere each time", |_| (200, &[(HeaderName::Via, ";received=10.0.0.{};rport=5061")]), 2, 30),
    ];
    for (what, answer, in_a_round, in_an_hour) in rows {
        let mut network = Network::new(1, Link::GOOD);
        let server = Server { method: Method::Register, answer: *answer, asked: 0, out: VecDeque::new() };
        network.add(address(5060), server);
        let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
        network.run(3600 * SECOND);
        let rounds = rounds(&network.times(&["5061 -> 5060 REGISTER"]));
        assert!(rounds.iter().max() <= Some(in_a_round), "{what}: {rounds:?}");
        assert!(rounds.len() <= *in_an_hour, "{what}: {rounds:?}");
        assert!(alice.borrow().agent.census().transactions <= 2, "{what}");
    }
}

//= RFC 3261 §8.1.3.4, §22.2; RFC 4028 §7.3
#[test]
fn no_answer_to_a_call_makes_a_storm() {
    let rows: &[(&str, Answer, u32)] = &[
        ("every nonce is fresh", |_| (401, FRESH), 2),
        ("every nonce is stale", |_| (407, PROXY), 6),
        ("server and proxy ask in turn", |n| (401, if n % 2 == 0 { STALE } else { PROXY }), 11),
        ("too brief a timer, ever longer", |_| (422, &[(HeaderName::MinSe, "90{}")]), 4),
        ("moved on and on", |_| (302, &[(HeaderName::Contact, "<sip:next{}@demo.invalid>")]), 6),
        ("moved to itself", |_| (302, &[(HeaderName::Contact, "<sip:bob@demo.invalid>")]), 1),
        ("overloaded", |_| (503, &[(HeaderName::RetryAfter, "0")]), 1),
        ("something is pending", |_| (491, &[]), 1),
        ("an extension it does not know", |_| (420, &[(HeaderName::Unsupported, "100rel, timer")]), 2),
    ];
    for (what, answer, most) in rows {
        let mut network = Network::new(1, Link::GOOD);
        let server = Server { method: Method::Invite, answer: *answer, asked: 0, out: VecDeque::new() };
        let server = network.add(address(5060), server);
        let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
        network.run(5 * SECOND);
        call_bob(&network, &alice);
        network.run(200 * SECOND);
        let asked = server.borrow().asked;
        assert!((1..=*most).contains(&asked), "{what}: {asked} INVITEs");
        assert!(is_idle(&network, &alice), "{what}: the call is over");
    }
}

/// A server that takes the place of the registrar's address hears no more than its own share.
#[test]
fn a_silent_server_is_not_asked_more_than_twenty_times_in_five_seconds() {
    let mut network = Network::new(1, Link::GOOD);
    phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
    network.run(Duration::from_secs(3600));
    let times = network.times(&["5061 -> 5060"]);
    let most = times.iter().map(|from| times.iter().filter(|at| (*from..from + 5_000).contains(at)).count()).max();
    assert!(times.len() > 20 && most <= Some(20), "{most:?}");
}
