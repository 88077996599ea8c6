//! The table, seen from both sides: what goes out, what the user is told.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

use super::super::push_via;
use super::super::testing::{at, request, response};
use super::*;
use crate::sip::flow::Transport;
use crate::sip::message::parse;
use std::net::SocketAddr;

const OURS: &str = "192.0.2.1:5060";
const PEER: &str = "192.0.2.9:5070";

fn flow() -> Flow {
    Flow { transport: Transport::Udp, local: OURS.parse().unwrap(), remote: PEER.parse().unwrap() }
}

fn layer() -> (Layer, Instant) {
    (Layer::new(Config::default()), Instant::now())
}

fn drain(layer: &mut Layer) -> Vec<LayerEvent> {
    std::iter::from_fn(|| layer.poll()).collect()
}

/// One word an event: first line of what is sent, kind and status or method of what is told.
fn words(events: &[LayerEvent]) -> Vec<String> {
    let word = |event: &LayerEvent| match event {
        LayerEvent::Transmit { bytes, .. } => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut words = text.split_whitespace();
            let first = words.next().unwrap_or_default().to_owned();
            if first == "SIP/2.0" { format!("> {}", words.next().unwrap_or_default()) } else { format!("> {first}") }
        }
        LayerEvent::Request { server, request, .. } => {
            format!("{}{}", request.method, if server.is_some() { "" } else { " stray" })
        }
        LayerEvent::Response { response, .. } => response.status.to_string(),
        LayerEvent::ClientFailed { why, .. } => format!("client failed: {why:?}"),
        LayerEvent::ServerFailed { why, .. } => format!("server failed: {why:?}"),
        LayerEvent::ClientEnded { .. } => "client ended".to_owned(),
        LayerEvent::ServerEnded { .. } => "server ended".to_owned(),
        LayerEvent::Cancelled { .. } => "cancelled".to_owned(),
        LayerEvent::Rewritten { header, ours, theirs, .. } => format!("{header} {ours} came back as {theirs}"),
    };
    events.iter().map(word).collect()
}

fn told(layer: &mut Layer) -> Vec<String> {
    words(&drain(layer))
}

fn sent(method: Method, branch: &str) -> Request {
    let mut request = request(method);
    request.headers.remove(&HeaderName::Via);
    push_via(&mut request, &flow(), branch);
    request
}

fn receive_response(layer: &mut Layer, to: &Request, status: u16, tag: &str, now: Instant) {
    let response = Response::to_request(to, StatusCode(status), Some(tag));
    layer.receive(Message::Response(response), flow(), now);
}

fn server_of(events: &[LayerEvent]) -> ServerId {
    let id = events.iter().find_map(|e| if let LayerEvent::Request { server, .. } = e { *server } else { None });
    id.expect("a request with a transaction")
}

fn transmitted(events: &[LayerEvent]) -> Vec<(SocketAddr, Message)> {
    let one = |event: &LayerEvent| match event {
        LayerEvent::Transmit { flow, bytes } => Some((flow.remote, parse(bytes).unwrap())),
        _ => None,
    };
    events.iter().filter_map(one).collect()
}

#[test]
fn an_invite_that_is_refused() {
    let (mut layer, now) = layer();
    let invite = sent(Method::Invite, "z9hG4bK1");
    layer.request(invite.clone(), flow(), now);
    receive_response(&mut layer, &invite, 180, "b", now);
    receive_response(&mut layer, &invite, 486, "b", now);
    receive_response(&mut layer, &invite, 486, "b", now);
    assert_eq!(told(&mut layer), ["> INVITE", "180", "> ACK", "486", "> ACK"]);
    assert_eq!(layer.next_timeout(), Some(at(now, 32000)), "timer D alone");
    layer.handle_timeout(at(now, 32000));
    assert_eq!(told(&mut layer), ["client ended"]);
    assert!(layer.is_empty() && layer.next_timeout().is_none());
}

#[test]
fn an_invite_that_nobody_answers() {
    let (mut layer, now) = layer();
    layer.request(sent(Method::Invite, "z9hG4bK1"), flow(), now);
    // A late wake-up catches up on the schedule.
    layer.handle_timeout(at(now, 40000));
    let mut expect = vec!["> INVITE"; 7];
    expect.push("client failed: Timeout");
    assert_eq!(told(&mut layer), expect);
    assert!(layer.is_empty());
}

#[test]
fn two_branches_of_a_fork_answer() {
    let (mut layer, now) = layer();
    let invite = sent(Method::Invite, "z9hG4bK1");
    layer.request(invite.clone(), flow(), now);
    for tag in ["one", "two", "one"] {
        receive_response(&mut layer, &invite, 200, tag, now);
    }
    let events = drain(&mut layer);
    let tags: Vec<String> = events
        .iter()
        .filter_map(
            |e| if let LayerEvent::Response { response, .. } = e { response.headers.to().unwrap() } else { None },
        )
        .filter_map(|to| to.tag().map(str::to_owned))
        .collect();
    //= RFC 6026 §8.4
    assert_eq!(tags, ["one", "two", "one"]);
}

#[test]
fn responses_that_are_not_ours_are_dropped_and_counted() {
    let (mut layer, now) = layer();
    let options = sent(Method::Options, "z9hG4bK1");
    layer.request(options.clone(), flow(), now);
    receive_response(&mut layer, &sent(Method::Options, "z9hG4bK2"), 200, "b", now);
    receive_response(&mut layer, &sent(Method::Info, "z9hG4bK1"), 200, "b", now);
    assert_eq!(layer.counters().stray_responses, 2);
    //= RFC 3261 §18.1.2
    let mut foreign = options.clone();
    foreign.headers.set(HeaderName::Via, "SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK1");
    receive_response(&mut layer, &foreign, 200, "b", now);
    //= RFC 3261 §8.1.3.3
    let mut two = options.clone();
    two.headers.push(HeaderName::Via, "SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK7");
    receive_response(&mut layer, &two, 200, "b", now);
    //= RFC 3261 §8.2.6.2
    let call_id = options.headers.text(&HeaderName::CallId).unwrap();
    let upper = call_id.to_uppercase();
    assert_ne!(call_id, upper);
    for (name, other) in [(HeaderName::CSeq, "99 OPTIONS"), (HeaderName::CallId, upper.as_str())] {
        let mut answer = options.clone();
        answer.headers.set(name, other);
        receive_response(&mut layer, &answer, 200, "b", now);
    }
    assert_eq!(layer.counters().foreign_responses, 4);
    let rewritten = [
        "> OPTIONS".to_owned(),
        "Via 192.0.2.1:5060 came back as 203.0.113.5:5060".to_owned(),
        format!("CSeq {} came back as 99", options.headers.cseq().unwrap().unwrap().number),
        format!("Call-ID {call_id} came back as {upper}"),
    ];
    assert_eq!(told(&mut layer), rewritten);
    receive_response(&mut layer, &options, 200, "b", now);
    assert_eq!(told(&mut layer), ["200"]);
}

#[test]
fn a_cancel_goes_out_after_a_provisional_and_its_answer_is_nobodys() {
    let (mut layer, now) = layer();
    let invite = sent(Method::Invite, "z9hG4bK1");
    let client = layer.request(invite.clone(), flow(), now);
    layer.cancel(client, None, now);
    assert_eq!(told(&mut layer), ["> INVITE"]);
    receive_response(&mut layer, &invite, 100, "", now);
    let events = drain(&mut layer);
    assert_eq!(words(&events), ["100", "> CANCEL"]);
    let Some((_, Message::Request(cancel))) = transmitted(&events).pop() else { panic!("no CANCEL") };
    assert_eq!(cancel.headers.via_top().unwrap().unwrap().branch(), Some("z9hG4bK1"));
    receive_response(&mut layer, &cancel, 200, "b", now);
    receive_response(&mut layer, &invite, 487, "b", now);
    assert_eq!(told(&mut layer), ["> ACK", "487"]);
    layer.handle_timeout(at(now, 60000));
    assert_eq!(told(&mut layer), ["client ended"]);
    assert!(layer.is_empty());
}

#[test]
fn a_refused_invite_absorbs_retransmissions_and_the_ack() {
    let (mut layer, now) = layer();
    let invite = request(Method::Invite);
    layer.receive(Message::Request(invite.clone()), flow(), now);
    let events = drain(&mut layer);
    assert_eq!(words(&events), ["INVITE"]);
    layer.respond(server_of(&events), response(&invite, 486), now);
    layer.receive(Message::Request(invite.clone()), flow(), now);
    assert_eq!(told(&mut layer), ["> 486", "> 486"]);
    assert_eq!(layer.counters().absorbed, 1);
    let mut ack = request(Method::Ack);
    ack.headers.set(HeaderName::Via, invite.headers.get(&HeaderName::Via).unwrap());
    layer.receive(Message::Request(ack), flow(), now);
    layer.handle_timeout(at(now, 5000));
    assert_eq!(told(&mut layer), ["server ended"]);
    assert!(layer.is_empty());
}

#[test]
fn an_ack_to_a_2xx_is_the_users() {
    let (mut layer, now) = layer();
    let invite = request(Method::Invite);
    layer.receive(Message::Request(invite.clone()), flow(), now);
    let server = server_of(&drain(&mut layer));
    layer.respond(server, response(&invite, 200), now);
    layer.respond(server, response(&invite, 200), now);
    let same_branch = request(Method::Ack);
    let mut own_branch = request(Method::Ack);
    own_branch.headers.set(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKother");
    layer.receive(Message::Request(same_branch), flow(), now);
    layer.receive(Message::Request(own_branch), flow(), now);
    layer.receive(Message::Request(invite), flow(), now);
    assert_eq!(told(&mut layer), ["> 200", "> 200", "ACK stray", "ACK stray"]);
}

//= RFC 3261 §8.2.7
#[test]
fn an_unreadable_request_is_refused_without_a_transaction() {
    let (mut layer, _) = layer();
    let refuse = |layer: &mut Layer, request: Request| {
        layer.refuse(request, StatusCode(400), "nonsense", flow());
        drain(layer)
    };
    let first = refuse(&mut layer, request(Method::Invite));
    assert!(
        matches!(first.as_slice(), [LayerEvent::Transmit { bytes, .. }] if bytes.starts_with(b"SIP/2.0 400 nonsense\r\n"))
    );
    assert_eq!(refuse(&mut layer, request(Method::Invite)), first, "a repeat gets the same answer, tag and all");
    assert_eq!(refuse(&mut layer, request(Method::Ack)), [], "an ACK is never answered");
    let mut lost = request(Method::Invite);
    lost.headers.set(HeaderName::Via, "nonsense");
    assert_eq!(refuse(&mut layer, lost), [], "there is no way back");
    assert_eq!((layer.len(), layer.counters().unusable), (0, 2));
}

#[test]
fn a_cancel_is_answered_and_told_once() {
    let (mut layer, now) = layer();
    let invite = request(Method::Invite);
    let cancel = request(Method::Cancel);
    //= RFC 3261 §9.2
    layer.receive(Message::Request(cancel.clone()), flow(), now);
    assert_eq!(told(&mut layer), ["> 481"]);
    layer.receive(Message::Request(invite.clone()), flow(), now);
    let server = server_of(&drain(&mut layer));
    layer.respond(server, response(&invite, 180), now);
    layer.receive(Message::Request(cancel.clone()), flow(), now);
    layer.receive(Message::Request(cancel.clone()), flow(), now);
    let events = drain(&mut layer);
    assert_eq!(words(&events), ["> 180", "> 200", "cancelled", "> 200"]);
    let Some((_, Message::Response(ok))) = transmitted(&events).pop() else { panic!("no 200") };
    assert_eq!(ok.headers.to().unwrap().unwrap().tag(), Some("b"), "the tag of the 180");
    layer.respond(server, response(&invite, 487), now);
    layer.receive(Message::Request(cancel), flow(), now);
    assert_eq!(told(&mut layer), ["> 487", "> 200"]);
}

//= RFC 3261 §9.2: it has no effect on what has had its final response
#[test]
fn a_cancel_that_comes_too_late_is_told_to_nobody() {
    for status in [200, 486] {
        let (mut layer, now) = layer();
        let invite = request(Method::Invite);
        layer.receive(Message::Request(invite.clone()), flow(), now);
        let server = server_of(&drain(&mut layer));
        layer.respond(server, response(&invite, status), now);
        layer.receive(Message::Request(request(Method::Cancel)), flow(), now);
        assert_eq!(told(&mut layer), [format!("> {status}"), "> 200".to_owned()]);
    }
}

#[test]
fn a_peer_of_rfc_2543_is_matched_by_its_headers() {
    let (mut layer, now) = layer();
    let mut invite = request(Method::Invite);
    invite.headers.set(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9:5070;branch=1");
    layer.receive(Message::Request(invite.clone()), flow(), now);
    let server = server_of(&drain(&mut layer));
    layer.receive(Message::Request(invite.clone()), flow(), now);
    assert_eq!(layer.counters().absorbed, 1);
    layer.respond(server, response(&invite, 486), now);
    let mut ack = request(Method::Ack);
    ack.headers.set(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9:5070;branch=1");
    ack.headers.set(HeaderName::To, "<sip:bob@example.com>;tag=b");
    //= RFC 3261 §17.2.3
    layer.receive(Message::Request(ack), flow(), now);
    assert_eq!(told(&mut layer), ["> 486"]);
    let mut next = invite;
    next.headers.set(HeaderName::CSeq, "8 INVITE");
    layer.receive(Message::Request(next), flow(), now);
    assert_eq!(told(&mut layer), ["INVITE"], "another CSeq is another request");
}

#[test]
fn the_same_request_by_another_way_gets_482() {
    let (mut layer, now) = layer();
    layer.receive(Message::Request(request(Method::Invite)), flow(), now);
    let mut other = request(Method::Invite);
    other.headers.set(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKother");
    layer.receive(Message::Request(other), flow(), now);
    //= RFC 3261 §8.2.2.2
    assert_eq!(told(&mut layer), ["INVITE", "> 482"]);
    assert_eq!(layer.counters().merged, 1);
}

#[test]
fn a_full_table_refuses_both_ways() {
    let now = Instant::now();
    let mut layer = Layer::new(Config { max_transactions: 1, ..Config::default() });
    layer.request(sent(Method::Options, "z9hG4bK1"), flow(), now);
    layer.request(sent(Method::Options, "z9hG4bK2"), flow(), now);
    layer.receive(Message::Request(request(Method::Invite)), flow(), now);
    let events = drain(&mut layer);
    assert_eq!(words(&events), ["> OPTIONS", "client failed: Full", "> 503"]);
    assert_eq!((layer.len(), layer.counters().refused), (1, 2));
    let Some((_, Message::Response(refusal))) = transmitted(&events).pop() else { panic!("no 503") };
    assert!(refusal.headers.get(&HeaderName::RetryAfter).is_some());
}

/// Transactions of each state that their peer never finishes: refused INVITEs without an ACK, ringing ones, answered
/// and unanswered requests.
#[test]
fn ten_thousand_half_open_transactions_are_bounded_and_end() {
    let (mut layer, now) = layer();
    for n in 0..10_000 {
        let method = if n % 2 == 0 { Method::Invite } else { Method::Info };
        let mut half_open = request(method);
        half_open.headers.set(HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK{n}"));
        half_open.headers.set(HeaderName::CallId, n.to_string());
        layer.receive(Message::Request(half_open.clone()), flow(), now);
        let events = drain(&mut layer);
        let server = events.iter().find_map(|event| match event {
            LayerEvent::Request { server, .. } => *server,
            _ => None,
        });
        let status = [486, 200, 180, 100][n % 4];
        if let Some(server) = server {
            layer.respond(server, Response::to_request(&half_open, StatusCode(status), Some("b")), now);
        }
        drain(&mut layer);
    }
    assert_eq!((layer.len(), layer.counters().refused), (3072, 10_000 - 3072));
    assert!(layer.weight() <= 3072 * 400, "{} bytes", layer.weight());
    layer.request(sent(Method::Options, "z9hG4bKown"), flow(), now);
    assert_eq!(told(&mut layer), ["> OPTIONS"], "the phone's own requests have room");
    layer.handle_timeout(at(now, 32000));
    // Ringing lasts as long as the user lets it.
    assert_eq!(layer.len(), 3072 / 4);
}

#[test]
fn what_must_be_kept_is_bounded_in_bytes_as_well() {
    let (mut layer, now) = layer();
    for n in 0..1000 {
        let mut heavy = request(Method::Invite);
        heavy.headers.set(HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK{n}"));
        heavy.headers.push(HeaderName::Subject, "x".repeat(60_000));
        heavy.headers.set(HeaderName::CallId, n.to_string());
        layer.receive(Message::Request(heavy), flow(), now);
    }
    assert!(layer.len() < 70 && layer.weight() <= 4 << 20, "{} of {} bytes", layer.len(), layer.weight());
    let (mut kept, events) = (layer.len(), drain(&mut layer));
    for event in events {
        if let LayerEvent::Request { server: Some(server), request, .. } = event {
            layer.keep_no_state(server);
            layer.respond(server, Response::to_request(&request, StatusCode(404), Some("b")), now);
            kept -= 1;
            assert_eq!((layer.len(), told(&mut layer)), (kept, vec!["> 404".to_owned()]));
        }
    }
    assert_eq!((kept, layer.weight(), layer.next_timeout()), (0, 0, None));
}

#[test]
fn responses_go_to_the_source() {
    // (Via as sent, Via as noted, where the answer goes)
    let rows = [
        ("192.0.2.9:5070;rport", "rport=5070", "192.0.2.9:5070"),
        ("10.0.0.7:5060;rport", "received=192.0.2.9", "192.0.2.9:5070"),
        ("10.0.0.7:5061", "received=192.0.2.9", "192.0.2.9:5061"),
        ("phone.invalid", "received=192.0.2.9", "192.0.2.9:5060"),
        ("192.0.2.9:5070;maddr=198.51.100.1", "192.0.2.9:5070", "192.0.2.9:5070"),
    ];
    for (via, noted, target) in rows {
        let (mut layer, now) = layer();
        let mut options = request(Method::Options);
        let (host, params) = via.split_once(';').unwrap_or((via, ""));
        options
            .headers
            .set(HeaderName::Via, format!("SIP/2.0/UDP {host};branch=z9hG4bKx;{params}").trim_end_matches(';'));
        options.headers.push(HeaderName::Via, "SIP/2.0/TCP far.example.com;branch=z9hG4bKfar , SIP/2.0/UDP x;branch=1");
        layer.receive(Message::Request(options), flow(), now);
        let events = drain(&mut layer);
        let LayerEvent::Request { request, .. } = &events[0] else { panic!("{via}: {events:?}") };
        let lines: Vec<&[u8]> = request.headers.all(&HeaderName::Via).collect();
        assert!(String::from_utf8_lossy(lines[0]).contains(noted), "{via}: {lines:?}");
        assert_eq!(request.headers.vias().unwrap().len(), 3, "{via}");
        layer.respond(server_of(&events), response(request, 200), now);
        let to: Vec<SocketAddr> = transmitted(&drain(&mut layer)).into_iter().map(|(to, _)| to).collect();
        //= RFC 3261 §18.2.2, RFC 3581 §4
        assert_eq!(to, [target.parse::<SocketAddr>().unwrap()], "{via}");
    }
}

#[test]
fn a_transport_failure_ends_the_requests_on_that_path() {
    let (mut layer, now) = layer();
    let other = Flow { remote: "192.0.2.10:5060".parse().unwrap(), ..flow() };
    layer.request(sent(Method::Options, "z9hG4bK1"), flow(), now);
    layer.request(sent(Method::Options, "z9hG4bK2"), other, now);
    drain(&mut layer);
    layer.transport_failed(flow(), now);
    assert_eq!(told(&mut layer), ["client failed: Transport"]);
    assert_eq!(layer.len(), 1);
}

#[test]
fn a_request_without_a_via_is_counted_and_dropped() {
    let (mut layer, now) = layer();
    let mut options = request(Method::Options);
    options.headers.remove(&HeaderName::Via);
    layer.receive(Message::Request(options), flow(), now);
    assert_eq!((told(&mut layer).len(), layer.counters().unusable), (0, 1));
}
