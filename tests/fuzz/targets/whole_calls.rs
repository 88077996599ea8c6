//! Whole calls: lines that say what the far end sends, what the person does and how much time passes. The phone behind them
//! is whole but for its sockets and its sound, and its clock is told.
//!
//! ```text
//! @trw            how the phone is set up, a letter each
//! d sip:bob@…     the person dials; the other commands are in `person`
//! <401            the newest request of the phone is answered so; `,` the oldest one, `;` by another branch
//! <200 Expires: 9|-Contact||v=0|   with a header that is other, one that is gone, and this body
//! >INVITE         the far end asks for something new; `=` within the newest dialog, `#` within the oldest
//! ! ^ *           it acknowledges, it cancels, it says its last words once more
//! m …             these bytes, `|` for the end of a line
//! +500 .          so many milliseconds pass; all time until the phone has something to do
//! $3 %2           the sound tells something; the network does something
//! ```

use super::far_end::{FarEnd, lines_of, number};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use tuiphone::config::{Account, AccountId, Secret, Settings, SrtpMode};
use tuiphone::media::command::{MediaCommand, MediaEvent, StreamId};
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::sip::message::{self, Method};
use tuiphone::ua::agent::{Agent, AgentConfig, IncomingPolicy};
use tuiphone::ua::census::Census;
use tuiphone::ua::command::{Command, DtmfVia, HangupWhich, Press, RequestId, TransferTo};
use tuiphone::ua::event::Event;
use tuiphone::ua::port::{Input, Output};

/// Lines of a script that count, and the time they may take.
const MAX_LINES: usize = 96;
const MAX_STEP: Duration = Duration::from_secs(3600);
/// Times that a phone may wake itself at one moment.
const MAX_WAKES: usize = 64;
/// What one thing that happens may bring about.
const MAX_OUTPUTS: usize = 1024;
/// Longer than anything of a call lives that nobody answers any more.
const LONG: Duration = Duration::from_secs(300);

/// Nothing panics; what the phone keeps has bounds, what it sends can be read, it does not wake itself for nothing, and
/// when it was told to end everything, everything ends.
pub fn check(bytes: &[u8]) {
    run(bytes);
}

/// The same; how many calls were answered.
pub fn run(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().take(MAX_LINES).peekable();
    let flags = lines.next_if(|line| line.starts_with('@')).unwrap_or_default();
    let mut scene = Scene::new(flags);
    for line in lines {
        scene.line(line);
    }
    scene.end();
    scene.answered
}

struct Scene {
    agent: Agent,
    far_end: FarEnd,
    flow: Flow,
    /// The path of what the phone sent last.
    last: Flow,
    /// Connections can be had beside that path.
    has_connections: bool,
    now: Instant,
    streams: Vec<StreamId>,
    /// No name is found, no port is free, until that is told again.
    is_lost: bool,
    is_full: bool,
    answered: usize,
}

impl Scene {
    fn new(flags: &str) -> Scene {
        let has = |flag: char| flags.contains(flag);
        let mut settings = Settings { single_mode: has('1'), network_changes: true, ..Settings::default() };
        settings.session_timer_s = if has('t') { 90 } else { settings.session_timer_s };
        settings.reg_event = has('r');
        settings.watch = if has('w') { vec!["bob".into(), "presence:carol".into()] } else { Vec::new() };
        settings.late_offer = has('l');
        settings.accept_from_any = has('y');
        settings.follow_transfers = has('f');
        settings.rtcp_mux = has('x');
        settings.auto_hang_up_s = if has('g') { 60 } else { 0 };
        settings.tell_composing = has('k');
        let mut account = Account {
            server: "demo.invalid".to_owned(),
            domain: "demo.invalid".to_owned(),
            username: "alice".to_owned(),
            password: Secret::new("secret"),
            ..Account::new(AccountId(1))
        };
        account.publish = has('p');
        account.ice = has('i');
        account.srtp = if has('s') { SrtpMode::Optional } else { SrtpMode::Off };
        account.voicemail_number = "*97".to_owned();
        let transport = if has('c') { Transport::Tcp } else { Transport::Udp };
        transport.param().clone_into(&mut account.transport);
        let incoming = match has('a') {
            true => IncomingPolicy::Answer { after: Duration::from_millis(500) },
            false if has('e') => IncomingPolicy::EarlyMedia { answer_after: Some(Duration::from_secs(3)) },
            false => IncomingPolicy::Ring,
        };
        let config = AgentConfig { incoming, ..AgentConfig::new(settings, vec![account]) };
        #[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing waits on it")]
        let now = Instant::now();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let address = |last, port| SocketAddr::from(([192, 0, 2, last], port));
        let flow = Flow { transport, local: address(10, 5060), remote: address(1, 5060) };
        let mut scene = Scene {
            agent: Agent::new(config, StdRng::seed_from_u64(1), now, wall),
            far_end: FarEnd::new(),
            flow,
            last: flow,
            has_connections: has('z'),
            now,
            streams: Vec::new(),
            is_lost: false,
            is_full: false,
            answered: 0,
        };
        scene.input(Input::Timeout);
        scene
    }

    fn line(&mut self, line: &str) {
        let Some(first) = line.chars().next() else { return };
        let rest = line.get(first.len_utf8()..).unwrap_or_default();
        let far_end = &mut self.far_end;
        let said = match first {
            '<' | ',' | ';' => far_end.answer(first as u8, rest),
            '>' => Some(far_end.ask(rest)),
            '=' | '#' => far_end.go_on(first == '=', rest),
            '!' => far_end.about_invite(Method::Ack, rest),
            '^' => far_end.about_invite(Method::Cancel, rest),
            '*' => Some(far_end.repeat()),
            'm' => Some(lines_of(rest)),
            '+' => return self.pass(Duration::from_millis(number(rest).0).min(MAX_STEP)),
            '.' => {
                let next = self.agent.next_timeout().map_or(self.now, |next| next.min(self.now + MAX_STEP));
                return self.pass(next.saturating_duration_since(self.now));
            }
            '$' => return self.sound(number(rest).0),
            '%' => return self.network(number(rest).0),
            _ => return person(first, rest.trim()).map_or((), |asked| self.order(asked)),
        };
        if let Some(bytes) = said {
            let flow = if matches!(first, '<' | ',' | ';') { self.last } else { self.flow };
            self.input(Input::Datagram { bytes: &bytes, flow });
        }
    }

    fn order(&mut self, command: Command) {
        self.input(Input::Command(RequestId(1), command));
    }

    fn sound(&mut self, which: u64) {
        let Some(stream) = self.streams.last().copied() else { return };
        let event = match which {
            0 => MediaEvent::FirstPacket { stream },
            1 => MediaEvent::Digit { stream, digit: '5', inband: false },
            2 => MediaEvent::DigitSent { stream },
            3 => MediaEvent::Stats { stream, stats: Default::default() },
            4 => MediaEvent::BindFailed { stream, error: "none is free".to_owned() },
            5 => MediaEvent::KeysGone { stream },
            6 => MediaEvent::Played { stream, on_hold: true, error: Some("it is gone".to_owned()) },
            _ => MediaEvent::Secured { stream, suite: "AES_CM_128_HMAC_SHA1_80" },
        };
        self.input(Input::Media(event));
    }

    fn network(&mut self, which: u64) {
        let at = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        match which {
            0 => self.is_lost = !self.is_lost,
            1 => self.is_full = !self.is_full,
            2 => self.input(Input::TransportFailed { flow: self.flow, error: "connection refused".to_owned() }),
            3 => self.input(Input::NetworkChanged { addresses: Vec::new() }),
            4 => self.input(Input::NetworkChanged { addresses: vec![at(10)] }),
            _ => {
                self.flow.local.set_ip(at(11));
                self.input(Input::NetworkChanged { addresses: vec![at(11)] });
            }
        }
    }

    /// Time passes, and the phone does what is due in it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut wakes = 0;
        while let Some(next) = self.agent.next_timeout().filter(|next| *next <= end) {
            wakes = if next > self.now { 0 } else { wakes + 1 };
            assert!(wakes < MAX_WAKES, "it wakes itself again and again: {:?}", self.agent.census());
            self.now = self.now.max(next);
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    fn input(&mut self, input: Input<'_>) {
        self.agent.handle(input, self.now);
        let mut count = 0;
        while let Some(output) = self.agent.poll_output() {
            count += 1;
            assert!(count < MAX_OUTPUTS, "{count} outputs of one input");
            match output {
                Output::Transmit { bytes, .. } if tuiphone::nat::stun::looks_like(&bytes) => {}
                Output::Transmit { bytes, flow } => {
                    self.last = flow;
                    let read = message::parse(&bytes);
                    let shown = || String::from_utf8_lossy(&bytes).into_owned();
                    self.far_end.hear(read.unwrap_or_else(|why| panic!("{why:?}, and the phone says it: {}", shown())));
                }
                Output::Resolve { query, target, .. } => {
                    // A path of the kind that was asked for, or none, as the engine has it.
                    let is_open = target.transport.is_none() && !target.secure;
                    let transport = if is_open { self.flow.transport } else { target.plain_transport() };
                    let is_there = !self.is_lost && (transport == self.flow.transport || self.has_connections);
                    let flow = Flow { transport, ..self.flow };
                    let flows = is_there.then(|| vec![flow]).ok_or_else(|| "nobody listens there".to_owned());
                    self.agent.handle(Input::Resolved(query, flows), self.now);
                }
                Output::Media(MediaCommand::Bind { stream, local, .. }) => {
                    let event = if self.is_full {
                        MediaEvent::BindFailed { stream, error: "no port is free".to_owned() }
                    } else {
                        let [rtp, rtcp] = [4000, 4001].map(|port| SocketAddr::new(local, port));
                        MediaEvent::Bound { stream, rtp, rtcp, mapped: None, ice: None }
                    };
                    self.streams.retain(|known| *known != stream);
                    self.streams.push(stream);
                    self.agent.handle(Input::Media(event), self.now);
                }
                Output::Media(MediaCommand::Close { stream }) => self.streams.retain(|known| *known != stream),
                Output::Event(Event::CallAnswered { .. }) => self.answered += 1,
                _ => {}
            }
        }
        let census = self.agent.census();
        let Census { transactions, weight, calls, requests, queries, hops, sources, subscriptions, .. } = census;
        let kept = [transactions, weight, calls, requests, queries, hops, sources, subscriptions, self.streams.len()];
        let most = [4096, 4 << 20, 96, 256, 256, 64, 5 * 1024, 256, 96];
        assert!(kept.iter().zip(most).all(|(kept, most)| *kept <= most), "{census:?}");
        // A face asks for it at any time.
        let calls = self.agent.status(self.now).calls;
        assert!(calls.len() <= 96);
    }

    /// Nobody answers any more, the person leaves.
    fn end(&mut self) {
        self.order(Command::Hangup { which: HangupWhich::All });
        self.pass(LONG);
        self.order(Command::Hangup { which: HangupWhich::All });
        self.order(Command::Unregister { account: None });
        self.pass(LONG);
        let census = self.agent.census();
        let calls = || self.agent.status(self.now).calls;
        assert!(calls().is_empty() && self.streams.is_empty(), "{:?} {:?}", self.streams, calls());
        assert!(census.is_at_rest(), "{census:?}");
    }
}

/// What a letter has the person do.
fn person(letter: char, text: &str) -> Option<Command> {
    let call = || Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
    let text = || text.to_owned();
    let code = || u16::try_from(number(&text()).0).ok().filter(|code| (300..700).contains(code));
    Some(match letter {
        'd' => Command::Dial { target: text(), account: None },
        'a' => Command::Answer { call: call() },
        'r' => Command::Reject { call: None, code: code() },
        'h' => Command::Hangup { which: HangupWhich::Current },
        'H' => Command::Hangup { which: HangupWhich::All },
        'o' => Command::Hold { call: call() },
        'O' => Command::Resume { call: call() },
        't' => Command::Transfer { call: None, to: TransferTo::Number(text()) },
        'T' => Command::Transfer { call: None, to: TransferTo::Call(call()) },
        'f' => Command::Dtmf { call: None, digits: text(), press: Press::Tap, via: Some(DtmfVia::Info) },
        'F' => Command::Forward { number: call() },
        'g' => Command::Dtmf { call: None, digits: text(), press: Press::Tap, via: None },
        'M' => Command::Message { target: "sip:bob@demo.invalid".to_owned(), text: text(), account: None },
        'k' => Command::Composing { target: "sip:bob@demo.invalid".to_owned(), account: None },
        'R' => Command::Register { account: None },
        'U' => Command::Unregister { account: None },
        'A' => Command::UnregisterAll { account: None },
        'c' => Command::Conference { calls: Vec::new() },
        'C' => Command::LeaveConference { calls: Vec::new() },
        'p' => Command::Park { call: None, number: call() },
        'P' => Command::Pickup { number: call(), account: None },
        'q' => Command::Ping { target: call(), account: None },
        'Q' => Command::Retrieve { number: call(), account: None },
        'i' => Command::Ignore { call: call() },
        'v' => Command::Voicemail { account: None },
        'N' => Command::Dnd { on: text().is_empty() },
        'y' => Command::AutoAnswer { on: text().is_empty() },
        'Y' => Command::AutoConference { on: text().is_empty() },
        _ => return None,
    })
}
