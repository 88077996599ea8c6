//! Torture messages: what we read of each, what a phone answers, and that nothing made of them does harm.

mod rfc4475;
mod rfc5118;

use crate::read_all;
use crate::traffic::{shown, verdict};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};
use tuiphone::config::Settings;
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::sip::header::{HeaderError, NameAddr};
use tuiphone::sip::message::{HeaderName, Message, Request, Response, parse};
use tuiphone::sip::uri::unescape;
use tuiphone::sip::validate::check_response;
use tuiphone::ua::agent::{Agent, AgentConfig};
use tuiphone::ua::port::{Input, Output};

type Look = fn(&Message) -> String;

/// A message, its section, how it is judged, what a phone does when it comes, and what is to be seen in it.
type Row = (&'static str, &'static str, &'static str, Then, Vec<(Look, &'static str)>);

/// What a phone does at once.
enum Then {
    /// It answers so.
    Answers(&'static str),
    /// It says nothing, and this is why.
    IsSilent(&'static str),
}

fn to(message: &Message) -> String {
    message.headers().to().map_or_else(|e| e.to_string(), |to| to.iter().map(shown).collect())
}

fn cseq(message: &Message) -> String {
    message.headers().cseq().map_or_else(|e| e.to_string(), |cseq| cseq.iter().map(ToString::to_string).collect())
}

fn number<T: ToString>(read: Result<Option<T>, HeaderError>) -> String {
    read.map_or_else(|e| e.to_string(), |number| number.map_or("-".into(), |number| number.to_string()))
}

fn max_forwards(message: &Message) -> String {
    number(message.headers().max_forwards())
}

fn raw(message: &Message, name: &str) -> String {
    message.headers().text(&HeaderName::from_token(name)).unwrap_or("-".into())
}

fn decoded(address: Result<Option<NameAddr>, HeaderError>) -> String {
    address.ok().flatten().and_then(|address| address.uri.user_decoded()).unwrap_or("-".into())
}

fn is_tag_of_from(message: &Message, tag: &str) -> String {
    let from = message.headers().from().ok().flatten();
    from.is_some_and(|from| from.tag() == Some(tag)).to_string()
}

/// Name, URI and header parameters of the first Contact, told apart.
fn contact_parts(message: &Message) -> String {
    let parts = |c: &NameAddr| format!("{}|{}|{}", c.display_name.as_deref().unwrap_or("-"), c.uri, c.params);
    message.headers().contacts().map_or_else(|e| e.to_string(), |list| list.first().map(parts).unwrap_or("-".into()))
}

/// A parameter of the URI in the first Contact, its escapes undone once.
fn contact_param(message: &Message, name: &str) -> String {
    let contacts = message.headers().contacts().ok();
    let value = contacts.as_ref().and_then(|list| list.first()).and_then(|contact| contact.uri.param(name));
    value.map_or("-".into(), |value| String::from_utf8_lossy(&unescape(value.unwrap_or_default())).into_owned())
}

/// How long the body is, and how much of it is NUL.
fn bytes(message: &Message) -> String {
    let (Message::Request(Request { body, .. }) | Message::Response(Response { body, .. })) = message;
    format!("{}, {} NUL", body.len(), body.iter().filter(|byte| **byte == 0).count())
}

fn judged(message: &Message) -> String {
    match message {
        Message::Request(_) => verdict(message),
        Message::Response(response) => check_response(response).map_or_else(|why| why, |()| "fine".into()),
    }
}

/// Every message: name and bytes.
pub fn messages() -> Vec<(&'static str, Vec<u8>)> {
    rows().into_iter().map(|(rfc, (name, ..))| (name, wire(rfc, name))).collect()
}

fn rows() -> Vec<(&'static str, Row)> {
    let old = rfc4475::rows().into_iter().map(|row| ("rfc4475", row));
    old.chain(rfc5118::rows().into_iter().map(|row| ("rfc5118", row))).collect()
}

fn folder(rfc: &str) -> String {
    format!("{}/tests/torture/{rfc}", env!("CARGO_MANIFEST_DIR"))
}

fn wire(rfc: &str, name: &str) -> Vec<u8> {
    let path = format!("{}/{name}.dat", folder(rfc));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A phone that rings for anybody.
#[allow(clippy::disallowed_methods)]
fn phone() -> (Agent, Instant) {
    let settings = Settings { accept_from_any: true, ..Settings::default() };
    let now = Instant::now();
    let config = AgentConfig { register: false, ..AgentConfig::new(settings, Vec::new()) };
    (Agent::new(config, StdRng::seed_from_u64(4475), now, SystemTime::UNIX_EPOCH), now)
}

/// What the phone sends when these bytes come.
fn sent(phone: &mut Agent, bytes: &[u8], now: Instant) -> Vec<Response> {
    let at = |host| SocketAddr::from(([192, 0, 2, host], 5060));
    let flow = Flow { transport: Transport::Udp, local: at(250), remote: at(251) };
    phone.handle(Input::Datagram { bytes, flow }, now);
    let outputs = std::iter::from_fn(|| phone.poll_output());
    let packets = outputs.filter_map(|output| match output {
        Output::Transmit { flow: to, bytes } => Some((to, bytes)),
        _ => None,
    });
    let response = |(to, bytes): (Flow, Vec<u8>)| {
        assert_eq!(to.remote.ip(), flow.remote.ip(), "whatever the message says, nobody else is written to");
        let Ok(Message::Response(response)) = parse(&bytes) else { panic!("{}", String::from_utf8_lossy(&bytes)) };
        response
    };
    packets.map(response).collect()
}

/// Status and reason; of a refusal, also the headers that say what would do.
fn told(response: &Response) -> String {
    let said = [HeaderName::Unsupported, HeaderName::Accept].into_iter();
    let said = said.filter_map(|name| response.headers.text(&name).map(|value| format!("; {name}: {value}")));
    let allow = response.headers.get(&HeaderName::Allow).map(|_| "; Allow".to_owned());
    let more: String = said.chain(allow).filter(|_| response.status.0 >= 300).collect();
    format!("{} {}{more}", response.status, response.reason)
}

/// The lines of an answer that must come back as they went (RFC 3261 §8.2.6.2); of To, all but the tag.
fn echoes(request: &[u8], response: &Response) -> bool {
    let headers = match parse(request) {
        Ok(message) => message.headers().clone(),
        Err(error) => error.request.map(|request| request.headers).unwrap_or_default(),
    };
    let same = |name| headers.all(&name).eq(response.headers.all(&name));
    let to = headers.get(&HeaderName::To).unwrap_or_default();
    let is_to_kept = response.headers.get(&HeaderName::To).unwrap_or_default().starts_with(to);
    is_to_kept && [HeaderName::From, HeaderName::CallId, HeaderName::CSeq].into_iter().all(same)
}

#[test]
fn each_message_is_read_and_answered() {
    let mut failed = Vec::new();
    for (rfc, (name, section, verdict, then, looks)) in rows() {
        let wire = wire(rfc, name);
        let message = parse(&wire);
        let see = |look: Look| message.as_ref().map_or_else(ToString::to_string, look);
        for (look, expected) in [(judged as Look, verdict)].into_iter().chain(looks) {
            let seen = see(look);
            if seen != expected {
                failed.push(format!("{name} §{section}: {seen:?}, not {expected:?}"));
            }
        }
        let (mut phone, now) = phone();
        let responses = sent(&mut phone, &wire, now);
        let answer: Vec<String> = responses.iter().map(told).collect();
        let (expected, why) = match then {
            Then::Answers(answer) => (vec![answer], "it is answered"),
            Then::IsSilent(why) => (vec![], why),
        };
        if answer != expected {
            failed.push(format!("{name} §{section}: answers {answer:?}, not {expected:?}: {why}"));
        }
        if !responses.iter().all(|response| echoes(&wire, response)) {
            failed.push(format!("{name} §{section}: the answer does not echo the request"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_tables_and_the_folders_agree() {
    for (rfc, rows, messages, sections) in [("rfc4475", rfc4475::rows(), 49, 49), ("rfc5118", rfc5118::rows(), 12, 10)]
    {
        let listed: BTreeSet<String> = rows.iter().map(|(name, ..)| format!("{name}.dat")).collect();
        let named: BTreeSet<&str> = rows.iter().map(|(_, section, ..)| *section).collect();
        let entries = std::fs::read_dir(folder(rfc)).expect("the folder is there");
        let found = entries.map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned());
        assert_eq!(found.collect::<BTreeSet<_>>(), listed);
        assert_eq!((listed.len(), named.len()), (messages, sections), "{rfc}");
    }
}

/// Printed and read again, a message is the same but for the length, which the printer counts.
#[test]
fn each_message_survives_its_printing() {
    let mut read = 0;
    for (name, wire) in messages() {
        let Ok(mut message) = parse(&wire) else { continue };
        let mut again = parse(&message.to_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for message in [&mut message, &mut again] {
            let (Message::Request(Request { headers, .. }) | Message::Response(Response { headers, .. })) = message;
            headers.remove(&HeaderName::ContentLength);
        }
        assert_eq!(again, message, "{name}");
        read += 1;
    }
    assert_eq!(read, 56, "all but clerr, ncl, badvers, bigcode and mcl01");
}

#[test]
fn no_cut_does_harm() {
    for (name, wire) in messages() {
        let (mut phone, now) = phone();
        for end in 0..wire.len() {
            let cut = wire.get(..end).expect("it is shorter");
            read_all(cut).unwrap_or_else(|e| panic!("{name} cut at {end}: {e}"));
            sent(&mut phone, cut, now);
        }
    }
}

#[test]
fn no_wrong_byte_does_harm() {
    let mut rng = StdRng::seed_from_u64(4475);
    for (name, wire) in messages() {
        let (mut phone, now) = phone();
        for _ in 0..300 {
            let mut wrong = wire.clone();
            let (at, byte) = (rng.random_range(0..wire.len()), rng.random());
            wrong[at] = byte;
            read_all(&wrong).unwrap_or_else(|e| panic!("{name} with {byte} at {at}: {e}"));
            sent(&mut phone, &wrong, now);
        }
    }
}
