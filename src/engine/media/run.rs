//! The loop of the media thread.

use super::devices::Devices;
use super::finishing::Writing;
use super::links::Links;
use super::ringtone::Ringtone;
use super::servers::Names;
use super::tap::Plug;
use super::tick::Call;
use super::wires::{Leaver, socket_of, token};
use super::{MediaConfig, MediaReport, Order};
use crate::audio::priority::FineTimer;
use crate::engine::net::arrival;
use crate::engine::trace::message::Way;
use crate::engine::trace::sound::Taps;
use crate::media::FRAME;
use crate::media::command::{LocalTone, MediaCommand, MediaEvent, Ringing, StreamId};
use crate::media::level::{LevelMeter, Levels, Meter};
use crate::media::microphone::Microphone;
use crate::media::mixer::Gain;
use crate::media::sound_test::SoundTest;
use crate::media::stream::Port;
use crate::media::tone::{EUROPE, PLANS, Plan, TonePlayer};
use crate::media::wire::Arrived;
use crate::rtp::dropped::MAX_DATAGRAM;
use crate::rtp::rtcp::WallAnchor;
use mio::{Events, Poll, Token};
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// The token of the command queue.
pub const WAKE: Token = Token(usize::MAX);

const TICK: Duration = Duration::from_millis(10);
/// Lateness that is made up tick by tick; beyond it time starts anew.
const MAKE_UP: Duration = Duration::from_millis(200);
/// Sockets told of at a tick; others wait for the next one.
const READY_AT_ONCE: usize = 1_024;
/// Datagrams read from one socket in a row.
const READ_AT_ONCE: usize = 64;

type Report = Box<dyn FnMut(MediaReport) + Send>;

/// Everything the media thread owns.
pub struct Loop {
    pub(super) config: MediaConfig,
    pub(super) poll: Poll,
    pub(super) names: Names,
    pub(super) links: Links,
    commands: Receiver<Order>,
    pub(super) levels: Arc<Levels>,
    pub(super) report: Report,
    pub(super) rng: StdRng,
    pub(super) anchor: WallAnchor,
    /// Each in a box: a tree has room to spare for things as large as these.
    pub(super) calls: BTreeMap<StreamId, Box<Call>>,
    /// What takes the place of microphone and speaker in streams that are yet to come.
    pub(super) plugs: BTreeMap<StreamId, Plug>,
    /// Those whose wires are to be attended to.
    pub(super) eager: Vec<StreamId>,
    /// What calls that ended have still to give back.
    pub(super) leaving: Vec<Leaver>,
    /// The calls that hear each other.
    pub(super) conference: Vec<StreamId>,
    /// What calls that ended since the last tick still add: to the speaker, to the conference.
    pub(super) last_words: ([f32; FRAME], [f32; FRAME]),
    pub(super) tone: Option<(LocalTone, TonePlayer)>,
    /// Something of the tone was played.
    pub(super) tone_began: bool,
    pub(super) short: Option<TonePlayer>,
    pub(super) test: Option<SoundTest>,
    /// At the last tick somebody was in a call, heard or on hold.
    pub(super) was_in_call: bool,
    pub(super) ringtone: Option<Ringtone>,
    pub(super) plan: Plan,
    pub(super) devices: Devices,
    pub(super) microphone: Microphone,
    pub(super) speaker_gain: Gain,
    pub(super) speaker_meter: LevelMeter,
    next_tick: Instant,
    ticking: bool,
    fine: Option<FineTimer>,
    missed: u64,
    pub(super) datagram: Vec<u8>,
    room: arrival::Room,
    /// Who wants to see packets.
    pub(super) taps: Rc<Taps>,
}

/// Most of what may wait for streams to come.
const MOST_PLUGS: usize = 64;

impl Loop {
    /// A loop without streams.
    pub fn new(
        config: MediaConfig,
        (poll, names, links): (Poll, Names, Links),
        (commands, writing): (Receiver<Order>, Writing),
        levels: Arc<Levels>,
        mut report: Report,
    ) -> Loop {
        let now = now();
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
        let wall = std::time::SystemTime::now();
        Loop {
            rng: generator(config.seed),
            anchor: WallAnchor { instant: now, wall },
            calls: BTreeMap::new(),
            plugs: BTreeMap::new(),
            eager: Vec::new(),
            leaving: Vec::new(),
            conference: Vec::new(),
            last_words: ([0.0; FRAME], [0.0; FRAME]),
            tone: None,
            tone_began: false,
            short: None,
            test: None,
            was_in_call: false,
            ringtone: None,
            plan: plan(&config.tone_country, &mut *report),
            devices: Devices::new(&config, writing, &mut *report),
            microphone: Microphone::new(),
            speaker_gain: Gain::default(),
            speaker_meter: LevelMeter::default(),
            next_tick: now,
            ticking: false,
            fine: None,
            missed: 0,
            datagram: vec![0; MAX_DATAGRAM + 1],
            room: arrival::Room::default(),
            taps: Rc::default(),
            config,
            poll,
            names,
            links,
            commands,
            levels,
            report,
        }
    }

    /// Runs until the last handle is dropped.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(READY_AT_ONCE);
        loop {
            // 1. what is asked
            if !self.take_commands() {
                return;
            }
            self.attend_all();
            // 2. sleep: to the next tick; while nothing sounds, until somebody asks
            let wait = match self.is_active(now()) {
                true if arrival::IS_STAMPED => {
                    if !self.sleep_to_tick() {
                        return;
                    }
                    Some(Duration::ZERO)
                }
                true => Some(self.next_tick.saturating_duration_since(now())),
                false => self.next_wire().map(|at| at.saturating_duration_since(now())),
            };
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the media thread cannot wait for its sockets");
                return;
            }
            // 3. what arrived
            for event in &events {
                if event.token() != WAKE {
                    self.read_socket(event.token());
                }
            }
            // 4. time
            self.run_tick();
        }
    }

    /// Sleeps until the next tick or command, not for packets: they tell when they came. Waiting for sockets would also
    /// round the time up to whole milliseconds, and the queue's own wait spins before it sleeps.
    fn sleep_to_tick(&mut self) -> bool {
        let left = self.next_tick.saturating_duration_since(now());
        if !left.is_zero() {
            std::thread::park_timeout(left);
        }
        self.take_commands()
    }

    /// False when nobody can ask any more.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => {
                    self.take_names();
                    self.take_links();
                    return true;
                }
                Err(TryRecvError::Disconnected) => {
                    let open: Vec<StreamId> = self.calls.keys().copied().collect();
                    open.into_iter().for_each(|stream| self.close(stream));
                    return false;
                }
            }
        }
    }

    /// Not inlined: asking for commands at each tick must not take the stack that some of them need.
    #[inline(never)]
    fn obey(&mut self, order: Order) {
        let command = match order {
            Order::Command(command) => command,
            Order::Configure(config) => return self.configure(*config),
            Order::Finish => return self.devices.finish(),
            Order::Trace(depth, out) => return self.taps.add(depth, out),
            Order::Record(stream, tape) => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    call.tape = Some(tape);
                }
                return;
            }
            Order::Tap(stream, plug) => {
                match self.calls.get_mut(&stream) {
                    Some(call) => call.plug_in(plug),
                    None if plug.instead => {
                        self.plugs.retain(|_, plug| !plug.is_abandoned());
                        if self.plugs.len() < MOST_PLUGS {
                            self.plugs.insert(stream, plug);
                        }
                    }
                    None => {}
                }
                return;
            }
            Order::Play(stream, player) => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    let on_hold = player.on_hold;
                    *call.player(on_hold) = Some(player);
                }
                return;
            }
        };
        match command {
            MediaCommand::PauseRecord { stream, paused } => {
                if let Some(tape) = self.calls.get_mut(&stream).and_then(|call| call.tape.as_mut()) {
                    tape.paused = paused;
                }
            }
            MediaCommand::StopRecord { stream } => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    call.tape = None;
                }
            }
            MediaCommand::StopPlaying { stream, on_hold } => {
                if let Some(player) = self.calls.get_mut(&stream).and_then(|call| call.player(on_hold).as_mut()) {
                    player.stop();
                }
            }
            // These come as orders of their own.
            MediaCommand::Record { .. } | MediaCommand::Play { .. } => {}
            MediaCommand::Bind { stream, local, reach } => {
                if let Err(error) = self.bind(stream, local, *reach) {
                    self.tell(MediaEvent::BindFailed { stream, error });
                }
            }
            MediaCommand::Start { stream, agreed } => {
                // What came before there was an agreement is no part of the call.
                let early = self.calls.get(&stream).filter(|call| !call.stream.is_started());
                let early = early.map_or(0, |call| call.sockets.len());
                (0..early).for_each(|socket| self.read_socket(token(stream, socket)));
                let Some(call) = self.calls.get_mut(&stream) else { return };
                call.wire.start(&agreed, now());
                call.gaps_before.get_or_insert(self.devices.gaps());
                if let Err(error) = call.stream.start(*agreed) {
                    (self.report)(MediaReport::Warning(crate::text::sanitise(&error.to_string()).to_string()));
                }
            }
            MediaCommand::Attach { stream, endpoint } => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    call.stream.attach(endpoint);
                }
            }
            MediaCommand::SendDigit { stream, digit, duration, inband } => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    call.stream.send_digit(digit, duration, inband);
                }
            }
            MediaCommand::ReleaseDigit { stream } => {
                if let Some(call) = self.calls.get_mut(&stream) {
                    call.stream.release_digit();
                }
            }
            MediaCommand::Conference(streams) => self.conference = streams,
            MediaCommand::Close { stream } => self.close(stream),
            MediaCommand::MuteMic(muted) => self.microphone.set_muted(muted),
            MediaCommand::MuteSpeaker(muted) => self.speaker_gain.set_muted(muted),
            MediaCommand::Volume { output, input } => {
                self.speaker_gain.set_volume(output);
                self.microphone.set_volume(input);
            }
            MediaCommand::Voice(settings) => {
                self.microphone.set_voice(settings);
                self.speaker_gain.set_boost(settings.speaker_boost_db);
            }
            MediaCommand::Tone(tone) => {
                if self.tone.as_ref().map(|(playing, _)| *playing) != tone {
                    self.leave_tone();
                    self.tone = tone.map(|tone| (tone, self.player(tone)));
                }
            }
            MediaCommand::TestSound => self.test = Some(SoundTest::default()),
            MediaCommand::Short(tone) => self.begin_short(tone),
        }
    }

    fn configure(&mut self, new: MediaConfig) {
        if new.tone_country != self.config.tone_country {
            self.plan = plan(&new.tone_country, &mut *self.report);
        }
        self.devices.configure(&new, &mut *self.report);
        self.links.trust(new.turn_tls.clone());
        let (certificate, seed) = (self.config.certificate.take().or(new.certificate), self.config.seed);
        self.config = MediaConfig { certificate, seed, ..new };
    }

    /// What plays a tone; the person's own ringtone as soon as it is read.
    fn player(&mut self, tone: LocalTone) -> TonePlayer {
        let own = self.config.ring_sound.as_deref().filter(|_| tone == LocalTone::Ring(Ringing::Usual));
        self.ringtone = own.map(|path| Ringtone::read(path, now()));
        if own.is_some() { TonePlayer::nothing() } else { TonePlayer::new(tone, &self.plan) }
    }

    fn close(&mut self, id: StreamId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.leave(now(), &mut self.last_words);
        call.stream.close(now());
        call.transmit(now());
        let stats = call.stats(now(), &self.devices);
        self.unbind(id);
        self.calls.remove(&id);
        self.tell(MediaEvent::Stats { stream: id, stats });
    }

    fn read_socket(&mut self, ready: Token) {
        let (id, at) = socket_of(ready);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Call { stream, wire, sockets, .. } = &mut **call;
        let Some(socket) = sockets.get(at) else { return };
        let now = now();
        // A socket is reported once: it is read until empty, but a flood must not stop the clock.
        for _ in 0..READ_AT_ONCE * 16 {
            let (length, from, arrived) = match arrival::receive(socket, &mut self.datagram, &mut self.room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Answers of the network to what was sent (port unreachable) are no end.
                Err(_) => continue,
            };
            let datagram = self.datagram.get(..length).unwrap_or_default();
            self.taps.saw(id, Way::Received, datagram, from, || socket.local_addr().ok());
            let taken = catch_unwind(AssertUnwindSafe(|| match wire.receive(at, from, datagram, now) {
                Arrived::Media { port: Port::Rtp, from, data } => stream.receive_rtp(data, from, arrived),
                Arrived::Media { port: Port::Rtcp, from, data } => stream.receive_rtcp(data, from, arrived),
                Arrived::Stranger(from) => stream.refuse_stranger(from),
                Arrived::Taken => {}
            }));
            if taken.is_err() {
                self.give_up(id);
                return;
            }
        }
    }

    /// True while ticks are needed. Nothing agreed, no tone, devices closed: the thread sleeps.
    fn is_active(&mut self, now: Instant) -> bool {
        let sounding = self.tone.is_some()
            || self.short.is_some()
            || self.test.is_some()
            || self.calls.values().any(|call| call.stream.is_started());
        let active = sounding || self.devices.linger(now);
        if active && !self.ticking {
            self.next_tick = now;
            self.fine = Some(FineTimer::start());
        }
        if !active && self.ticking {
            self.fine = None;
            self.levels.set_mic(Meter::default());
            self.levels.set_speaker(Meter::default());
        }
        self.ticking = active;
        active
    }

    /// The clock is ours, never the device's: t0 + n · 10 ms.
    fn run_tick(&mut self) {
        if !self.ticking {
            return;
        }
        let late = now().saturating_duration_since(self.next_tick);
        if late > MAKE_UP {
            self.missed += (late.as_millis() / TICK.as_millis()) as u64;
            tracing::warn!(late_ms = late.as_millis() as u64, missed = self.missed, "media clock set anew");
            self.next_tick = now();
        }
        // One at a time: a machine that is too slow for its calls still hears what is asked and what arrives.
        if self.next_tick <= now() {
            self.tick(self.next_tick);
            self.next_tick += TICK;
        }
    }

    /// A stream that panicked is closed; the others and the thread go on.
    pub(super) fn give_up(&mut self, id: StreamId) {
        tracing::error!(stream = id.0, "a media stream failed and was closed");
        (self.report)(MediaReport::Warning("the sound of a call failed and was closed".to_owned()));
        self.unbind(id);
        self.calls.remove(&id);
    }

    pub(super) fn tell(&mut self, event: MediaEvent) {
        (self.report)(MediaReport::Event(event));
    }
}

/// The tones of the configured country.
fn plan(country: &str, report: &mut dyn FnMut(MediaReport)) -> Plan {
    Plan::of(country).unwrap_or_else(|| {
        if !country.is_empty() {
            let known: Vec<&str> = PLANS.iter().map(|plan| plan.country).collect();
            let country = crate::text::sanitise(country);
            let text = format!(
                "toneCountry={country} is not known, the European tones are played; known are {}",
                known.join(" ")
            );
            report(MediaReport::Warning(text));
        }
        EUROPE
    })
}

/// Two phones of one seed would draw the same SSRC and take each other for themselves.
fn generator(seed: u64) -> StdRng {
    match seed {
        0 => StdRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| StdRng::seed_from_u64(u64::from(std::process::id()))),
        seed => StdRng::seed_from_u64(seed),
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}
