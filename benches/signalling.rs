//! The signalling alone, without a socket: what a message, a transaction, a call and a registration cost.
//!
//! `cargo bench --bench signalling` prints a line `what<TAB>figure` for each; `cargo xtask bench` takes them over.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a measurement")]

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant, UNIX_EPOCH};
use tuiphone::config::{Account, AccountId, Secret, Settings};
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::engine::trace::message::Way;
use tuiphone::engine::trace::tap::Tap;
use tuiphone::media::command::{Endpoint, MediaCommand, MediaEvent};
use tuiphone::sip::auth::Algorithm;
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::sip::message::{self, Message, Method, Response, StatusCode};
use tuiphone::sip::transaction::{Config, Layer, LayerEvent, push_via};
use tuiphone::ua::agent::{Agent, AgentConfig, IncomingPolicy};
use tuiphone::ua::port::{Input, Output};
use tuiphone::ua::snapshot::{CallState, RegistrationState};

/// Counts what is asked for and what is held.
struct Counting;

static ASKED: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator that counts, and passes on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Relaxed);
        HELD.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const INVITE: &[u8] = b"INVITE sip:600@pbx.example.net SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK74bf9a2d;rport\r\n\
Via: SIP/2.0/TCP 192.0.2.9:5060;branch=z9hG4bK99aa;received=198.51.100.7\r\n\
Record-Route: <sip:192.0.2.9;lr;transport=tcp>\r\n\
Max-Forwards: 69\r\n\
From: \"Alice Example\" <sip:101@pbx.example.net>;tag=9fxced76sl\r\n\
To: <sip:600@pbx.example.net>\r\n\
Call-ID: 3848276298220188511@192.0.2.1\r\n\
CSeq: 2 INVITE\r\n\
Contact: <sip:101-a8f3@192.0.2.1:5060>\r\n\
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, REFER\r\n\
Supported: replaces, timer, 100rel\r\n\
User-Agent: tuiphone/0.1.0\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 198\r\n\
\r\n\
v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
m=audio 4000 RTP/AVP 96 8 0 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-16\r\na=sendrecv\r\na=ptime:20\r\n";

/// A round lasts about this long.
const ROUND: Duration = Duration::from_millis(300);
const ROUNDS: usize = 7;
/// As many as a phone takes at once.
const CALLS: usize = 32;
const ACCOUNTS: u32 = 1_000;

fn main() {
    let row = |what: &str, figure: String| println!("{what}\t{figure}");
    let length = INVITE.len();
    let each = time(|| drop(black_box(message::parse(black_box(INVITE)).unwrap())));
    row(&format!("parse an INVITE of {length} bytes"), per_second(each));
    row("parse an INVITE: allocations", asked(|| drop(black_box(message::parse(INVITE).unwrap()))).to_string());
    let each = time(|| drop(black_box(read_all(INVITE))));
    row("parse it and read every header a call needs", per_second(each));
    let (mut tap, at) =
        (Tap::default(), Flow { transport: Transport::Udp, local: address(1, 5060), remote: address(2, 5060) });
    let each = time(|| tap.saw(Way::Received, &at, black_box(INVITE), UNIX_EPOCH));
    row("keep it for `trace`, secrets masked, while nobody looks", per_second(each));
    row("non-INVITE transactions, both sides", per_second(time_transactions()));
    let (memory, each) = calls();
    row("memory of an answered call (dialog, session, SDP)", format!("{:.1} kB", memory as f64 / 1e3));
    row("INVITE in → 200 acknowledged, without network", format!("{:.0} µs", each.as_secs_f64() * 1e6));
    let (memory, whole) = registrations();
    row(&format!("{ACCOUNTS} accounts register with digest"), format!("{:.0} ms", whole.as_secs_f64() * 1e3));
    row("memory of a registered account", format!("{:.1} kB", memory as f64 / 1e3));
}

fn per_second(each: Duration) -> String {
    format!("{:.2} µs, {:.0} a second", each.as_secs_f64() * 1e6, 1.0 / each.as_secs_f64())
}

/// The median of several rounds.
fn time(mut work: impl FnMut()) -> Duration {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let (start, mut count) = (Instant::now(), 0);
            while start.elapsed() < ROUND {
                (0..64).for_each(|_| work());
                count += 64;
            }
            start.elapsed() / count
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}

fn asked(work: impl FnOnce()) -> usize {
    let before = ASKED.load(Relaxed);
    work();
    ASKED.load(Relaxed) - before
}

fn read_all(bytes: &[u8]) -> Message {
    let parsed = message::parse(bytes).unwrap();
    if let Message::Request(request) = &parsed {
        let headers = &request.headers;
        let _ = black_box((headers.via_top(), headers.from(), headers.to(), headers.call_id(), headers.cseq()));
        let _ = black_box((headers.contacts(), headers.record_routes(), headers.max_forwards()));
    }
    parsed
}

fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

/// OPTIONS and its 200 between two transaction layers.
fn time_transactions() -> Duration {
    let start = Instant::now();
    let (mut client, mut server) = (Layer::new(Config::default()), Layer::new(Config::default()));
    let there = Flow { transport: Transport::Udp, local: address(1, 5060), remote: address(2, 5060) };
    let back = Flow { local: there.remote, remote: there.local, ..there };
    let Ok(Message::Request(mut template)) = message::parse(INVITE) else { panic!("the INVITE is sound") };
    template.method = Method::Options;
    template.body.clear();
    template.headers.remove(&message::HeaderName::Via);
    template.headers.set(message::HeaderName::CSeq, "2 OPTIONS");
    let mut number = 0_u64;
    time(|| {
        number += 1;
        // Time goes on, or finished transactions would pile up.
        let now = start + Duration::from_millis(number * 40);
        let mut request = template.clone();
        push_via(&mut request, &there, &format!("z9hG4bK{number}"));
        client.request(request, there, now);
        for _ in 0..2 {
            while let Some(event) = client.poll() {
                if let LayerEvent::Transmit { bytes, .. } = event {
                    server.receive(message::parse(&bytes).unwrap(), back, now);
                }
            }
            while let Some(event) = server.poll() {
                match event {
                    LayerEvent::Request { server: Some(id), request, .. } => {
                        server.respond(id, Response::to_request(&request, StatusCode(200), Some("b")), now);
                    }
                    LayerEvent::Transmit { bytes, .. } => client.receive(message::parse(&bytes).unwrap(), there, now),
                    _ => {}
                }
            }
        }
        client.handle_timeout(now);
        server.handle_timeout(now);
    })
}

/// An agent, the way its packets go, and what it wants to send.
struct Phone {
    agent: Agent,
    at: SocketAddr,
    ports: u16,
    out: VecDeque<(Flow, Vec<u8>)>,
}

impl Phone {
    fn new(config: AgentConfig, now: Instant) -> Phone {
        let wall = UNIX_EPOCH + Duration::from_secs(1_767_268_800);
        let agent = Agent::new(config, StdRng::seed_from_u64(1), now, wall);
        Phone { agent, at: address(1, 5060), ports: 4_000, out: VecDeque::new() }
    }

    fn input(&mut self, input: Input<'_>, now: Instant) {
        self.agent.handle(input, now);
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Transmit { flow, bytes } => self.out.push_back((flow, bytes)),
                Output::Resolve { query, target, .. } => {
                    let remote = SocketAddr::new(target.host.parse().unwrap(), target.port.unwrap_or(5060));
                    let flow = Flow { transport: Transport::Udp, local: self.at, remote };
                    self.agent.handle(Input::Resolved(query, Ok(vec![flow])), now);
                }
                Output::Media(MediaCommand::Bind { stream, local, .. }) => {
                    self.ports += 2;
                    let (rtp, rtcp) = (SocketAddr::new(local, self.ports), SocketAddr::new(local, self.ports + 1));
                    let bound = MediaEvent::Bound { stream, rtp, rtcp, mapped: None, ice: None };
                    self.agent.handle(Input::Media(bound), now);
                }
                _ => {}
            }
        }
    }
}

/// Memory and time of a call that comes in and is answered.
fn calls() -> (usize, Duration) {
    let mut now = Instant::now();
    let account = Account { username: "600".into(), ..Account::new(AccountId(0)) };
    let settings = Settings { single_mode: false, accept_from_any: true, ..Settings::default() };
    let config = AgentConfig {
        endpoint: Endpoint::Echo,
        incoming: IncomingPolicy::Answer { after: Duration::ZERO },
        ..AgentConfig::new(settings, vec![account])
    };
    let mut phone = Phone::new(config, now);
    phone.input(Input::Timeout, now);
    let flow = Flow { transport: Transport::Udp, local: phone.at, remote: address(9, 5060) };
    let held = HELD.load(Relaxed);
    let start = Instant::now();
    for number in 0..CALLS {
        let text = String::from_utf8_lossy(INVITE).replace("3848276298220188511", &format!("call{number}"));
        let text = text.replace("74bf9a2d", &format!("b{number}")).replace("99aa", &format!("v{number}"));
        let text = text.replace("pbx.example.net SIP", "192.0.2.1 SIP");
        phone.input(Input::Datagram { bytes: text.as_bytes(), flow }, now);
        phone.input(Input::Timeout, now);
        let answer = phone.out.drain(..).find(|(_, bytes)| bytes.starts_with(b"SIP/2.0 200")).expect("answered").1;
        let Ok(Message::Response(answer)) = message::parse(&answer) else { panic!("a response") };
        let to = answer.headers.text(&message::HeaderName::To).unwrap_or_default().to_owned();
        let head = text.split("\r\nContact:").next().unwrap_or_default();
        let ack = head.replace("INVITE sip", "ACK sip").replace("2 INVITE", "2 ACK");
        let ack = ack.replace("To: <sip:600@pbx.example.net>", &format!("To: {to}"));
        let ack = format!("{}\r\n\r\n", ack.replace("z9hG4bKb", "z9hG4bKack"));
        phone.input(Input::Datagram { bytes: ack.as_bytes(), flow }, now);
        phone.out.clear();
    }
    let each = start.elapsed() / CALLS as u32;
    // What the transactions hold goes with them; the session timers are far away.
    for _ in 0..64 {
        now += Duration::from_secs(1);
        phone.input(Input::Timeout, now);
        phone.out.clear();
    }
    let memory = HELD.load(Relaxed).saturating_sub(held) / CALLS;
    let talking = phone.agent.status(now).calls.iter().filter(|call| call.state == CallState::Connected).count();
    assert_eq!(talking, CALLS, "every call is up");
    (memory, each)
}

/// Memory of an account, and the time until all are registered.
fn registrations() -> (usize, Duration) {
    let mut now = Instant::now();
    let name = |id: u32| format!("user{id}");
    let users = (1..=ACCOUNTS).map(|id| User::new(&name(id), "secret", Algorithm::SHA256)).collect();
    let mut exchange = Exchange::new(ExchangeConfig::new("192.0.2.2", users));
    let mut rng = StdRng::seed_from_u64(2);
    let account = |id: u32| Account {
        server: "192.0.2.2".into(),
        domain: "192.0.2.2".into(),
        username: name(id),
        password: Secret::new("secret"),
        ..Account::new(AccountId(id))
    };
    let held = HELD.load(Relaxed);
    let mut phone = Phone::new(AgentConfig::new(Settings::default(), (1..=ACCOUNTS).map(account).collect()), now);
    let start = Instant::now();
    phone.input(Input::Timeout, now);
    let mut inside = Duration::ZERO;
    for _ in 0..100 {
        // The last first: nobody waits long for the answer to a challenge.
        while let Some((flow, bytes)) = phone.out.pop_back() {
            let back = Flow { local: flow.remote, remote: flow.local, ..flow };
            let other = Instant::now();
            let answers = exchange.handle(&bytes, back, now, &mut rng);
            inside += other.elapsed();
            for answer in answers {
                phone.input(Input::Datagram { bytes: &answer.bytes, flow }, now);
            }
        }
        let state = phone.agent.status(now);
        if state.accounts.iter().filter(|a| a.state == RegistrationState::Registered).count() >= ACCOUNTS as usize {
            break;
        }
        now += Duration::from_millis(100);
        phone.input(Input::Timeout, now);
    }
    let whole = start.elapsed().saturating_sub(inside);
    let state = phone.agent.status(now);
    let registered = state.accounts.iter().filter(|a| a.state == RegistrationState::Registered).count();
    assert_eq!(registered, ACCOUNTS as usize, "every account is registered");
    drop(exchange);
    for _ in 0..40 {
        now += Duration::from_secs(1);
        phone.agent.handle(Input::Timeout, now);
        while phone.agent.poll_output().is_some() {}
    }
    (HELD.load(Relaxed).saturating_sub(held) / ACCOUNTS as usize, whole)
}
