//! What a tick of the media thread does.

use super::MediaReport;
use super::devices::Devices;
use super::player::Player;
use super::recorder::Tape;
use super::ringtone::{Outcome, Read};
use super::run::Loop;
use super::tap::Plug;
use crate::engine::trace::message::Way;
use crate::engine::trace::sound::Taps;
use crate::media::FRAME;
use crate::media::bridge::Seat;
use crate::media::command::{Endpoint, LocalTone, MediaEvent, ShortTone, StreamId, StreamStats};
use crate::media::mixer::{self, Ramp, volume_gain};
use crate::media::sound_test::Tested;
use crate::media::stream::{MediaStream, StreamEvent};
use crate::media::tone::TonePlayer;
use crate::media::wire::Wire;
use mio::net::UdpSocket;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

const SILENCE: [f32; FRAME] = [0.0; FRAME];

/// One bound stream.
pub(super) struct Call {
    id: StreamId,
    pub(super) stream: MediaStream,
    /// What stands between it and its sockets.
    pub(super) wire: Wire,
    /// Of RTP and of RTCP, on one address or several.
    pub(super) sockets: Vec<UdpSocket>,
    pub(super) heard: [f32; FRAME],
    /// Its place among the calls.
    pub(super) seat: Seat,
    pub(super) tape: Option<Tape>,
    plug: Option<Plug>,
    /// Microphone and speaker have no part in it, whatever becomes of the plug that took their place.
    elsewhere: bool,
    /// What is played to the far end: because it was asked for, while it is held.
    played: Option<Player>,
    hold_music: Option<Player>,
    /// The microphone makes way for what is played alone.
    voice: Ramp,
    pub(super) next_stats: Instant,
    /// The devices' gaps before it started: of the microphone, of the speaker.
    pub(super) gaps_before: Option<(u32, u32)>,
    taps: Rc<Taps>,
}

impl Loop {
    /// One step of the clock: 10 ms of sound for every call and the devices.
    pub(super) fn tick(&mut self, now: Instant) {
        let in_call = self.calls.values().any(|call| call.stream.is_started() && call.at_phone() && !call.elsewhere);
        let uses_mic = in_call || self.test.is_some();
        if uses_mic || self.tone.is_some() || self.short.is_some() {
            self.devices.wanted(now, &mut *self.report);
        }
        // 1. what the person here says
        let mut mic = [0.0; FRAME];
        self.devices.read(&mut mic, uses_mic);
        self.microphone.prepare(uses_mic, self.devices.may_echo());
        self.listen(&mut mic, uses_mic);
        // 2. what the far ends say; and at once what they hear, while the call is at hand, unless it is each other
        let (mut speaker, mut room) = std::mem::replace(&mut self.last_words, ([0.0; FRAME], [0.0; FRAME]));
        let mut broken = None;
        for (id, call) in self.calls.iter_mut().filter(|(_, call)| call.stream.is_started()) {
            call.seat.place(call.at_phone(), self.conference.contains(id));
            match catch_unwind(AssertUnwindSafe(|| call.stream.tick_play(now, &mut call.heard))) {
                Ok(()) if call.elsewhere => call.seat.hear(&mut call.heard, &mut SILENCE.clone(), &mut room),
                Ok(()) => call.seat.hear(&mut call.heard, &mut speaker, &mut room),
                Err(_) => broken = Some(*id),
            }
            let alone = !call.seat.is_joined();
            if alone && call.answer(*id, now, [&mic, &SILENCE], &mut self.rng, &mut *self.report).is_err() {
                broken = Some(*id);
            }
        }
        // 3. what a conference hears
        let joined = |(_, call): &(&StreamId, &mut Box<Call>)| call.stream.is_started() && call.seat.is_joined();
        for (id, call) in self.calls.iter_mut().filter(joined) {
            if call.answer(*id, now, [&mic, &room], &mut self.rng, &mut *self.report).is_err() {
                broken = Some(*id);
            }
        }
        self.test_sound(&mic, &mut speaker, in_call);
        self.play(now, &mut speaker, uses_mic);
        self.levels.set_mic(self.microphone.level_after());
        self.report_all(now);
        if let Some(id) = broken {
            self.give_up(id);
        }
    }

    fn play(&mut self, now: Instant, speaker: &mut [f32; FRAME], uses_mic: bool) {
        match self.ringtone.as_mut().and_then(|ringtone| ringtone.poll(now)) {
            Some(Outcome::Read(read)) => {
                self.ringtone = None;
                self.ring_with(Some(read));
            }
            Some(Outcome::Meanwhile) => self.ring_with(None),
            None => {}
        }
        if let Some((tone, player)) = &mut self.tone {
            let (tone, mut sound) = (*tone, [0.0; FRAME]);
            let goes_on = player.mix_into(&mut sound);
            self.tone_began = true;
            if !self.rings_elsewhere(tone, &mut sound) {
                mixer::add(speaker, &sound);
            }
            if !goes_on {
                self.tone = None;
            }
        }
        if self.short.as_mut().is_some_and(|player| !player.mix_into(speaker)) {
            self.short = None;
        }
        self.speaker_gain.apply(speaker);
        mixer::limit(speaker);
        self.speaker_meter.measure(speaker);
        self.levels.set_speaker(self.speaker_meter.reading());
        self.microphone.render(speaker);
        let in_call =
            uses_mic || self.calls.values().any(|call| call.stream.is_started() && call.is_held() && !call.elsewhere);
        // What leaves a call fades out in the tick behind it.
        let was_in_call = std::mem::replace(&mut self.was_in_call, in_call);
        self.devices.write(speaker, in_call || was_in_call);
    }

    /// Gives a ring its volume; true when it has a speaker of its own, and got it there.
    fn rings_elsewhere(&mut self, tone: LocalTone, sound: &mut [f32; FRAME]) -> bool {
        let rings = matches!(tone, LocalTone::Ring(_));
        if rings {
            let gain = volume_gain(self.config.volume_ring);
            sound.iter_mut().for_each(|sample| *sample *= gain);
        }
        rings && self.devices.write_ring(sound)
    }

    /// The tone is over: what is heard of it goes within 10 ms.
    pub(super) fn leave_tone(&mut self) {
        let began = std::mem::take(&mut self.tone_began);
        let Some((tone, mut player)) = self.tone.take().filter(|_| began) else { return };
        let mut sound = faded(&mut player);
        if !self.rings_elsewhere(tone, &mut sound) {
            mixer::add(&mut self.last_words.0, &sound);
        }
    }

    /// A short sound takes the place of the one before it, which goes within 10 ms.
    pub(super) fn begin_short(&mut self, tone: ShortTone) {
        if let Some(mut before) = self.short.replace(TonePlayer::short(tone)) {
            mixer::add(&mut self.last_words.0, &faded(&mut before));
        }
    }

    /// The test of microphone and speaker goes on, and ends where a call begins.
    fn test_sound(&mut self, mic: &[f32; FRAME], speaker: &mut [f32; FRAME], in_call: bool) {
        let Some(test) = &mut self.test else { return };
        let tested = if in_call { Tested::Over(test.result()) } else { test.tick(mic, speaker) };
        match tested {
            Tested::Goes => {}
            Tested::Signal => self.begin_short(ShortTone::Go),
            Tested::Over(result) => {
                self.test = None;
                (self.report)(MediaReport::Event(MediaEvent::SoundTested(result)));
            }
        }
    }

    /// The ringtone was read, or the ring made here rings.
    fn ring_with(&mut self, read: Option<Read>) {
        let Some((tone @ LocalTone::Ring(_), player)) = &mut self.tone else { return };
        *player = match read {
            Some(Ok(clip)) => TonePlayer::clip(clip),
            None => TonePlayer::new(*tone, &self.plan),
            Some(Err(why)) => {
                let why = crate::text::sanitise(&why);
                (self.report)(MediaReport::Warning(format!("ringingSound: {why}; the phone's own ring sounds")));
                TonePlayer::new(*tone, &self.plan)
            }
        };
    }

    /// What a device brought becomes what the calls get; a processor that fails ends no call.
    fn listen(&mut self, mic: &mut [f32; FRAME], in_call: bool) {
        if !in_call {
            mic.fill(0.0);
        }
        if catch_unwind(AssertUnwindSafe(|| self.microphone.capture(mic))).is_err() {
            mic.fill(0.0);
            self.microphone.give_up();
            let text = "the echo canceller failed: the microphone's sound goes out as it is";
            (self.report)(MediaReport::Warning(text.to_owned()));
        }
        while let Some(event) = self.microphone.poll_event() {
            (self.report)(MediaReport::Event(event));
        }
    }

    fn report_all(&mut self, now: Instant) {
        for (id, call) in &mut self.calls {
            while let Some(event) = call.stream.poll_event() {
                let stream = *id;
                (self.report)(MediaReport::Event(match event {
                    StreamEvent::FirstPacket => MediaEvent::FirstPacket { stream },
                    StreamEvent::Digit { digit, inband } => MediaEvent::Digit { stream, digit, inband },
                    StreamEvent::DigitSent => MediaEvent::DigitSent { stream },
                    StreamEvent::Silence(way, silence) => MediaEvent::Silence { stream, way, silence },
                    StreamEvent::Secured(suite) => MediaEvent::Secured { stream, suite },
                    StreamEvent::NotSecured(why) => MediaEvent::NotSecured { stream, why },
                    StreamEvent::Closed => MediaEvent::KeysGone { stream },
                }));
            }
            if call.stream.is_started() && now >= call.next_stats {
                call.next_stats = now + Duration::from_secs(1);
                let event = MediaEvent::Stats { stream: *id, stats: call.stats(now, &self.devices) };
                (self.report)(MediaReport::Event(event));
            }
        }
    }
}

impl Call {
    pub(super) fn new(
        id: StreamId,
        stream: MediaStream,
        wire: Wire,
        sockets: Vec<UdpSocket>,
        next_stats: Instant,
        taps: Rc<Taps>,
    ) -> Call {
        Call {
            id,
            stream,
            wire,
            sockets,
            heard: [0.0; FRAME],
            seat: Seat::default(),
            tape: None,
            plug: None,
            elsewhere: false,
            played: None,
            hold_music: None,
            voice: Ramp::new(1.0),
            next_stats,
            gaps_before: None,
            taps,
        }
    }

    /// From now on somebody listens to it and speaks in it.
    pub(super) fn plug_in(&mut self, plug: Plug) {
        self.elsewhere |= plug.instead;
        self.plug = Some(plug);
    }

    /// What is played to it: the music on hold, or what was asked for.
    pub(super) fn player(&mut self, on_hold: bool) -> &mut Option<Player> {
        if on_hold { &mut self.hold_music } else { &mut self.played }
    }

    /// What the far end hears is said, coded and sent.
    fn answer(
        &mut self,
        id: StreamId,
        now: Instant,
        [mic, room]: [&[f32; FRAME]; 2],
        rng: &mut StdRng,
        report: &mut dyn FnMut(MediaReport),
    ) -> std::thread::Result<()> {
        let mut said = [0.0; FRAME];
        if self.speak(mic, room, &mut said) {
            report(MediaReport::Event(MediaEvent::Played { stream: id, on_hold: false, error: None }));
        }
        let coded = catch_unwind(AssertUnwindSafe(|| self.stream.tick_capture(now, &said, rng)));
        self.transmit(now);
        coded
    }

    /// 10 ms for the far end, recorded with what it said; true when the file that was asked for is over.
    fn speak(&mut self, mic: &[f32; FRAME], room: &[f32; FRAME], said: &mut [f32; FRAME]) -> bool {
        let at_phone = self.at_phone();
        let is_alone = self.played.as_ref().is_some_and(|player| player.alone && at_phone);
        self.voice.set(if is_alone { 0.0 } else { 1.0 });
        let mut own = if self.elsewhere { SILENCE } else { *mic };
        self.voice.apply(&mut own);
        self.seat.say(&own, room, said);
        let over = self.played.as_mut().is_some_and(|player| !player.mix_into(said, at_phone));
        if over {
            self.played = None;
        }
        if self.hold_music.as_mut().is_some_and(|music| !music.mix_into(said, true)) {
            self.hold_music = None;
        }
        if let Some(plug) = &mut self.plug {
            if at_phone {
                plug.mix_into(said);
            }
            if !plug.tell(said, &self.heard) {
                self.plug = None;
            }
        }
        if self.tape.as_mut().is_some_and(|tape| !tape.write(said, &self.heard, !at_phone)) {
            self.tape = None;
        }
        over
    }

    /// What it still says as it leaves fades out in the next tick.
    pub(super) fn leave(&mut self, now: Instant, last_words: &mut ([f32; FRAME], [f32; FRAME])) {
        if !self.stream.is_started() || self.elsewhere {
            return;
        }
        self.seat.place(false, false);
        self.stream.tick_play(now, &mut self.heard);
        self.seat.hear(&mut self.heard, &mut last_words.0, &mut last_words.1);
    }

    pub(super) fn at_phone(&self) -> bool {
        self.stream.endpoint().is_phone()
    }

    fn is_held(&self) -> bool {
        *self.stream.endpoint() == Endpoint::Silence
    }

    /// Its counters; the devices count for all calls.
    pub(super) fn stats(&self, now: Instant, devices: &Devices) -> StreamStats {
        let gaps = devices.gaps();
        let (mic, speaker) = self.gaps_before.filter(|_| self.at_phone()).unwrap_or(gaps);
        let (mic_delay_ms, speaker_delay_ms) = if self.at_phone() { devices.delays_ms() } else { (0.0, 0.0) };
        StreamStats {
            mic_gaps: gaps.0.saturating_sub(mic),
            speaker_gaps: gaps.1.saturating_sub(speaker),
            mic_delay_ms,
            speaker_delay_ms,
            ..self.stream.stats(now)
        }
    }

    pub(super) fn transmit(&mut self, now: Instant) {
        while let Some(transmit) = self.stream.poll_transmit() {
            if let Some((socket, to)) = self.wire.send(transmit.port, transmit.to, &transmit.bytes, now) {
                self.send(socket, to, &transmit.bytes);
            }
            self.stream.recycle(transmit);
        }
    }

    /// A full or refusing network loses packets; the reports tell, and who asks asks again.
    pub(super) fn send(&self, socket: usize, to: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.sockets.get(socket) {
            let _ = socket.send_to(bytes, to);
            self.taps.saw(self.id, Way::Sent, bytes, to, || socket.local_addr().ok());
        }
    }
}

/// The next 10 ms of a sound that is left off.
fn faded(player: &mut TonePlayer) -> [f32; FRAME] {
    let mut sound = [0.0; FRAME];
    player.mix_into(&mut sound);
    let mut ramp = Ramp::new(1.0);
    ramp.set(0.0);
    ramp.apply(&mut sound);
    sound
}
