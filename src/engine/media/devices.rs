//! The devices of the media thread: opened while something needs sound, released soon after.

use super::ends::{Mic, Speaker};
use super::finishing::{Held, Writing};
use super::lines::{LineIn, LineOut};
use super::{MediaConfig, MediaReport};
use crate::audio::audiosocket::{self, News, Place};
use crate::audio::cards::{Cards, Opened};
use crate::audio::jack::Jack;
use crate::audio::kind::is_in_the_room;
use crate::audio::{CaptureLine, Direction, Health, Latency, PlaybackLine, Spec, pipe, wav};
use crate::media::resample::clip_to_internal;
use crate::media::tone::Sine;
use crate::media::voice::Voice;
use crate::media::{FRAME, SAMPLE_RATE};
use rand::TryRng;
use rand::rngs::SysRng;
use rtrb::{Consumer, Producer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long devices stay open after the last sound.
const LINGER: Duration = Duration::from_secs(2);
/// The same where a server of sound is one of them: it has a connection for each call.
const LINGER_SERVED: Duration = Duration::from_millis(200);

/// Microphone, speaker and the speaker that rings.
pub struct Devices {
    input: Spec,
    output: Spec,
    ring_spec: Spec,
    latency: Latency,
    mic: Mic,
    voice_without_card: bool,
    speaker: Speaker,
    ring: Option<Speaker>,
    played: [f32; FRAME],
    cards: Option<Cards>,
    /// What was said to be missing; once is enough until it changes.
    said: Option<String>,
    open: bool,
    /// Why a server of sound is not reached, or is no longer.
    trouble: Option<Receiver<String>>,
    /// Microphone and speaker are cards whose names do not rule out that one hears the other.
    in_the_room: (bool, bool),
    in_use_until: Option<Instant>,
    /// Held by what sound is written to; `None` once there is to be no more.
    writing: Option<Writing>,
    /// Gaps of lines that are no more: of microphones, of speakers.
    gaps_before: (u32, u32),
}

impl Devices {
    /// The devices of a configuration, closed.
    pub fn new(config: &MediaConfig, writing: Writing, report: &mut dyn FnMut(MediaReport)) -> Devices {
        Devices {
            input: config.input.clone(),
            output: config.output.clone(),
            ring_spec: config.ring.clone(),
            latency: config.latency,
            mic: closed(&config.input, report),
            voice_without_card: config.voice_without_card,
            speaker: Speaker::Silent,
            ring: None,
            played: [0.0; FRAME],
            cards: None,
            said: None,
            open: false,
            trouble: None,
            in_the_room: (false, false),
            in_use_until: None,
            writing: Some(writing),
            gaps_before: (0, 0),
        }
    }

    /// Those that are others than before are let go; what needs sound opens the new ones.
    pub fn configure(&mut self, config: &MediaConfig, report: &mut dyn FnMut(MediaReport)) {
        let (other_mic, other_speaker) = (self.input != config.input, self.output != config.output);
        let other_ring = (&self.ring_spec, self.latency) != (&config.ring, config.latency);
        self.voice_without_card = config.voice_without_card;
        if !other_mic && !other_speaker && !other_ring {
            return;
        }
        self.release();
        if other_mic {
            self.replace_mic(closed(&config.input, report));
        }
        if other_speaker {
            self.replace_speaker(Speaker::Silent);
        }
        self.input.clone_from(&config.input);
        self.output.clone_from(&config.output);
        self.ring_spec.clone_from(&config.ring);
        self.latency = config.latency;
    }

    /// Something needs sound: opens what is not open yet.
    pub fn wanted(&mut self, now: Instant, report: &mut dyn FnMut(MediaReport)) {
        let is_served = [&self.input, &self.output].into_iter().any(|spec| matches!(spec, Spec::AudioSocket(_)));
        self.in_use_until = Some(now + if is_served { LINGER_SERVED } else { LINGER });
        if !self.open && self.writing.is_some() {
            self.open = true;
            self.open_all(report);
        }
        if let Some(Ok(trouble)) = self.trouble.as_ref().map(Receiver::try_recv) {
            report(MediaReport::Warning(trouble));
        }
        while let Some(opened) = self.cards.as_mut().and_then(Cards::poll) {
            match opened {
                Opened::Capture(line) => {
                    self.replace_mic(
                        LineIn::new(line, self.latency).map_or(Mic::Silent, |line| Mic::Line(line.into())),
                    );
                }
                Opened::CaptureLost => {
                    self.in_the_room.0 = false;
                    self.replace_mic(self.without_card());
                }
                Opened::Playback(line) => self.replace_speaker(speaker(LineOut::new(line, self.latency))),
                Opened::PlaybackLost => {
                    self.in_the_room.1 = false;
                    self.replace_speaker(Speaker::Silent);
                }
                Opened::Ring(line) => self.ring = Some(speaker(LineOut::new(line, self.latency))),
                Opened::RingLost => self.ring = None,
                Opened::Named(Direction::Input, name) => self.in_the_room.0 = is_in_the_room(&name),
                Opened::Named(Direction::Output, name) => self.in_the_room.1 = is_in_the_room(&name),
                Opened::Missing(missing) if missing == self.said => {}
                Opened::Missing(missing) => {
                    self.said = missing.clone();
                    report(missing.map_or(MediaReport::Restored, MediaReport::Warning));
                }
            }
        }
    }

    /// True while they are to stay open though nothing sounds; releases them afterwards.
    pub fn linger(&mut self, now: Instant) -> bool {
        let stay = self.in_use_until.is_some_and(|until| now < until);
        if !stay && self.open {
            self.in_use_until = None;
            self.release();
        }
        stay
    }

    /// Lets go of everything, for good.
    pub fn finish(&mut self) {
        self.writing = None;
        self.release();
        self.replace_speaker(Speaker::Silent);
    }

    fn release(&mut self) {
        self.open = false;
        self.cards = None;
        self.trouble = None;
        self.in_the_room = (false, false);
        if !keeps(&self.input) {
            self.replace_mic(Mic::Silent);
        }
        if !keeps(&self.output) {
            self.replace_speaker(Speaker::Silent);
        }
        self.ring = None;
    }

    /// 10 ms from the microphone; a clip and a pipe wait for a call.
    pub fn read(&mut self, frame: &mut [f32; FRAME], in_call: bool) {
        if in_call || !(is_clip(&self.input) || matches!(self.input, Spec::Pipe { .. })) {
            self.mic.read(frame, &self.played);
        } else {
            frame.fill(0.0);
        }
    }

    /// 10 ms to the speaker; a file hears only calls, and goes on while they are on hold.
    pub fn write(&mut self, frame: &[f32; FRAME], in_call: bool) {
        self.played = *frame;
        if in_call || !matches!(self.output, Spec::File(_)) {
            self.speaker.write(frame);
        }
    }

    /// True while the microphone may hear the speaker: two sound cards, neither of them worn.
    pub fn may_echo(&self) -> bool {
        self.in_the_room == (true, true)
    }

    /// Times that sound was missing so far: at the microphone, at the speaker.
    pub fn gaps(&self) -> (u32, u32) {
        (self.gaps_before.0.saturating_add(self.mic.gaps()), self.gaps_before.1.saturating_add(self.speaker.gaps()))
    }

    /// What waits between us and the microphone, and between us and the speaker, ms.
    pub fn delays_ms(&self) -> (f64, f64) {
        (self.mic.delay_s() * 1e3, self.speaker.delay_s() * 1e3)
    }

    /// True when ringing has a speaker of its own; it gets 10 ms.
    pub fn write_ring(&mut self, frame: &[f32; FRAME]) -> bool {
        self.ring.as_mut().map(|ring| ring.write(frame)).is_some()
    }

    fn replace_mic(&mut self, mic: Mic) {
        self.gaps_before.0 = self.gaps().0;
        self.mic = mic;
    }

    fn replace_speaker(&mut self, speaker: Speaker) {
        self.gaps_before.1 = self.gaps().1;
        self.speaker = speaker;
    }

    /// The microphone while there is no card.
    fn without_card(&self) -> Mic {
        if self.voice_without_card { Mic::Voice(Box::new(Voice::new(1))) } else { Mic::Silent }
    }

    fn open_all(&mut self, report: &mut dyn FnMut(MediaReport)) {
        let mut warn = |text: String| report(MediaReport::Warning(text));
        let server = match (&self.input, &self.output) {
            (Spec::AudioSocket(place), _) | (_, Spec::AudioSocket(place)) => Some(place.clone()),
            _ => None,
        };
        let served = server.and_then(|place| match serve(&place, self.writing.clone()) {
            Ok((jack, trouble)) => {
                self.trouble = Some(trouble);
                Some(jack)
            }
            Err(error) => {
                warn(format!("no thread for {place}: {error}"));
                None
            }
        });
        if !keeps(&self.input) || (matches!(self.mic, Mic::Silent) && !is_clip(&self.input)) {
            self.mic = match &self.input {
                Spec::Tone(hz) => Mic::Tone(Sine::new(*hz, 0.25)),
                Spec::Voice => Mic::Voice(Box::new(Voice::new(1))),
                Spec::Loopback => Mic::Loopback,
                Spec::Pipe { rate } => microphone(pipe::read(io::stdin(), *rate), *rate, &mut warn),
                Spec::Jack(jack) => microphone(jack.input(), jack.rate(), &mut warn),
                Spec::AudioSocket(_) => match &served {
                    Some(jack) => microphone(jack.input(), jack.rate(), &mut warn),
                    None => Mic::Silent,
                },
                Spec::Default | Spec::Device(_) => self.without_card(),
                Spec::File(_) | Spec::Loop(_) | Spec::Null => Mic::Silent,
            };
        }
        if !keeps(&self.output) || matches!(self.speaker, Speaker::Silent) {
            self.speaker = match &self.output {
                Spec::File(path) => match wav::record(path, SAMPLE_RATE, self.writing.clone()) {
                    Ok(samples) => {
                        let line = PlaybackLine::new(samples, SAMPLE_RATE, Arc::default());
                        Speaker::Line(LineOut::file(line).into())
                    }
                    Err(error) => {
                        warn(error.to_string());
                        Speaker::Silent
                    }
                },
                Spec::Pipe { rate } => {
                    loudspeaker(pipe::write(Held::new(io::stdout(), self.writing.clone()), *rate), *rate, &mut warn)
                }
                Spec::Jack(jack) => loudspeaker(jack.output(), jack.rate(), &mut warn),
                Spec::AudioSocket(_) => match &served {
                    Some(jack) => loudspeaker(jack.output(), jack.rate(), &mut warn),
                    None => Speaker::Silent,
                },
                _ => Speaker::Silent,
            };
        }
        let own_ring = (self.ring_spec != self.output).then_some(&self.ring_spec);
        let card = |spec: &Spec| spec.is_hardware().then(|| spec.clone());
        let (input, output) = (card(&self.input), card(&self.output));
        let ring = own_ring.and_then(card);
        if input.is_some() || output.is_some() || ring.is_some() {
            self.cards = Cards::open([input, output, ring], self.latency, self.voice_without_card)
                .map_err(|error| warn(error.to_string()))
                .ok();
        } else if own_ring == Some(&Spec::Null) {
            self.ring = Some(Speaker::Silent);
        }
    }
}

/// The microphone of this kind before it is open: clips are read and converted here, because at a tick that would take
/// too long.
fn closed(spec: &Spec, report: &mut dyn FnMut(MediaReport)) -> Mic {
    let mut warn = |text: String| report(MediaReport::Warning(text));
    match spec {
        Spec::File(path) => clip(path, false, &mut warn),
        Spec::Loop(path) => clip(path, true, &mut warn),
        _ => Mic::Silent,
    }
}

/// Files and pipes live as long as the phone: one file for all calls, one stream of bytes.
fn keeps(spec: &Spec) -> bool {
    matches!(spec, Spec::File(_) | Spec::Loop(_) | Spec::Pipe { .. } | Spec::Jack(_))
}

/// A source without a clock as a microphone.
fn microphone(samples: io::Result<Consumer<f32>>, rate: u32, warn: &mut dyn FnMut(String)) -> Mic {
    match samples {
        Ok(samples) => LineIn::pipe(CaptureLine::new(samples, rate, Arc::new(Health::default())))
            .map_or(Mic::Silent, |line| Mic::Line(line.into())),
        Err(error) => {
            warn(format!("sound cannot be read: {error}"));
            Mic::Silent
        }
    }
}

/// A sink without a clock as a speaker.
fn loudspeaker(samples: io::Result<Producer<f32>>, rate: u32, warn: &mut dyn FnMut(String)) -> Speaker {
    match samples {
        Ok(samples) => speaker(LineOut::pipe(PlaybackLine::new(samples, rate, Arc::default()))),
        Err(error) => {
            warn(format!("sound cannot be written: {error}"));
            Speaker::Silent
        }
    }
}

/// Goes to a server of sound; silent until it is there. Why it is not, or is no longer, in words.
fn serve(place: &Place, writing: Option<Writing>) -> io::Result<(Jack, Receiver<String>)> {
    let (jack, plug) = Jack::new(place.rate);
    let (tell, trouble) = sync_channel(1);
    let place = place.clone();
    let mut id = [0; 16];
    // Without chance it is a call without a name.
    let _ = SysRng.try_fill_bytes(&mut id);
    std::thread::Builder::new().name("audiosocket".to_owned()).stack_size(256 * 1024).spawn(move || {
        let (told, at) = (tell.clone(), format!("{}:{}", place.host, place.port));
        let hear = move |news| {
            let why = match news {
                News::Digit(_) => return,
                News::HungUp => "it has hung up".to_owned(),
                News::Failed(why) => why,
            };
            let _ = told.try_send(format!("the AudioSocket server at {at}: {why}; its call is silent from here on"));
        };
        match audiosocket::connect(&place, id, hear) {
            Ok((incoming, output, _)) => plug.insert(Box::new(incoming), Box::new(Held::new(output, writing))),
            Err(error) => {
                let why = crate::text::plain_error(&error);
                let Place { host, port, .. } = place;
                let _ = tell.try_send(format!("no AudioSocket server at {host}:{port}: {why}"));
            }
        }
    })?;
    Ok((jack, trouble))
}

fn is_clip(spec: &Spec) -> bool {
    matches!(spec, Spec::File(_) | Spec::Loop(_))
}

fn speaker(line: Option<LineOut>) -> Speaker {
    line.map_or(Speaker::Silent, |line| Speaker::Line(line.into()))
}

fn clip(path: &Path, repeat: bool, warn: &mut dyn FnMut(String)) -> Mic {
    let mut say = |text: String| warn(crate::text::sanitise(&text));
    let read = wav::clip(path).map_err(|error| error.to_string()).and_then(|clip| {
        let samples = clip_to_internal(&clip.samples, clip.rate).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok((samples, clip.ends_early))
    });
    match read {
        Ok((samples, ends_early)) => {
            if ends_early {
                let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
                say(format!("{} ends early: {seconds:.1} s of it are played", path.display()));
            }
            if samples.is_empty() { Mic::Silent } else { Mic::Clip { samples, at: 0, repeat } }
        }
        Err(error) => {
            say(format!("{error}: the other side hears silence"));
            Mic::Silent
        }
    }
}
