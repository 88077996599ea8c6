//! The receiving half: what the jitter buffer gives out becomes sound.

use super::super::codec::{self, CodecError, ComfortNoise, Decoded, Decoder, Filled, Tuning};
use super::super::jitter_buffer::{Haste, Incoming, JitterBuffer, Kind, Pace, Pulled};
use super::super::mixer::Ramp;
use super::super::tone::DtmfDetector;
use super::super::{FRAME, SAMPLE_RATE, stretch};
use crate::rtp::telephone_event;
use crate::sdp::Format;
use std::time::{Duration, Instant};

/// At most one change of length in this time, unless far behind.
const BETWEEN_STRETCHES: Duration = Duration::from_millis(100);
/// Quiet for so many ticks is a pause.
const PAUSE_TICKS: u32 = 5;
/// So long a pause is waited for: where there is noise there may be none.
const NO_PAUSE: Duration = Duration::from_secs(10);
/// The payload type of comfort noise, which need not be agreed.
const COMFORT_NOISE: u8 = 13;
const TICK: Duration = Duration::from_millis(10);
/// So much unplayed sound is wanted to shorten it: two of the longest periods.
const TO_SHORTEN: usize = 2 * stretch::LONGEST;
/// Room for the sound on its way: what was played, what is left over, two packets of 120 ms, a stretch.
const ROOM: usize = stretch::LONGEST + FRAME * 28;

/// What came, on its way to the ear.
pub struct Receive {
    pub buffer: JitterBuffer,
    pub decoders: Vec<(u8, Format, Box<dyn Decoder>)>,
    pub events: telephone_event::Receiver,
    pub detector: DtmfDetector,
    /// The payload type of the sound that came last.
    pub current: Option<u8>,
    /// The payload type of what is heard: sound that came before that may still wait.
    speaking: Option<u8>,
    /// How the sound of a decoder that is left would go on; its last 10 ms fade.
    tail: Vec<f32>,
    pub heard_any: bool,
    pub gain: Ramp,
    /// Samples.
    pub stretched: u64,
    /// Samples.
    pub concealed: u64,
    /// Decoded sound: the last that was played, and from `played` on what was not.
    sound: Vec<f32>,
    played: usize,
    last_stretch: Option<Instant>,
    /// Ticks for which nothing is said.
    quiet: u32,
    /// Since when a pause is waited for.
    waiting: Option<Instant>,
    /// The background as the sender described it, until it speaks.
    noise: Option<ComfortNoise>,
}

impl Receive {
    /// Nothing received yet.
    pub fn new(now: Instant) -> Receive {
        let mut sound = Vec::with_capacity(ROOM);
        sound.resize(stretch::LONGEST, 0.0);
        Receive {
            buffer: JitterBuffer::new(now),
            decoders: Vec::new(),
            events: telephone_event::Receiver::default(),
            detector: DtmfDetector::default(),
            current: None,
            speaking: None,
            tail: Vec::with_capacity(FRAME * 12),
            heard_any: false,
            gain: Ramp::new(0.0),
            stretched: 0,
            concealed: 0,
            sound,
            played: stretch::LONGEST,
            last_stretch: None,
            quiet: 0,
            waiting: None,
            noise: None,
        }
    }

    /// Takes in what is agreed now. What is heard keeps its decoder, for as much of it as is still under way.
    pub fn agree(&mut self, formats: &[Format], tuning: &Tuning) -> Result<(), CodecError> {
        let noise = Format::comfort_noise(COMFORT_NOISE);
        //= RFC 3551 §6: CN has a number of its own, and gateways send it unasked
        let unasked = formats.iter().all(|format| format.payload_type != COMFORT_NOISE).then_some(&noise);
        let wanted = |format: &&Format| codec::is_supported(format, tuning);
        let mut new: Vec<(u8, Format, Box<dyn Decoder>)> = Vec::new();
        for format in formats.iter().filter(wanted).chain(unasked) {
            if !self.decoders.iter().any(|(_, known, _)| known == format) {
                new.push((format.payload_type, format.clone(), codec::decoder(format, tuning)?));
            }
        }
        let taken = |number: u8| new.iter().any(|(taken, ..)| *taken == number);
        if self.speaking.is_some_and(taken) {
            self.leave();
            self.buffer.restart();
        }
        //= RFC 3264 §8.3.2: sound in the formats of before may still come
        let speaking = self.speaking;
        self.decoders.retain(|(number, format, _)| {
            !taken(*number) && (formats.contains(format) || Some(*number) == speaking || *format == noise)
        });
        self.decoders.append(&mut new);
        Ok(())
    }

    /// True when there is a use for this payload type.
    pub fn knows(&self, payload_type: u8) -> bool {
        self.decoders.iter().any(|(known, ..)| *known == payload_type)
    }

    /// What a packet that is no event carries.
    pub fn kind(&self, packet: &crate::rtp::Packet<'_>) -> Kind {
        let known = self.decoders.iter().find(|(payload_type, ..)| *payload_type == packet.payload_type);
        match known.filter(|(_, format, _)| format.is_sound()) {
            _ if packet.payload.is_empty() || known.is_none() => Kind::Other,
            Some((.., decoder)) if !decoder.pauses_after(packet.payload) => Kind::Sound,
            _ => Kind::Pause,
        }
    }

    /// A packet that is no event. What no decoder knows takes its number and no time.
    pub fn insert(&mut self, count: u64, packet: &crate::rtp::Packet<'_>, now: Instant) {
        let kind = self.kind(packet);
        let known = self.decoders.iter().find(|(payload_type, ..)| *payload_type == packet.payload_type);
        if known.is_some_and(|(_, format, _)| format.is_sound()) {
            self.current = Some(packet.payload_type);
        }
        let clock_rate = known.map_or(8_000, |(_, format, _)| format.clock_rate);
        let (time, payload_type, payload) = (packet.time, packet.payload_type, packet.payload);
        self.buffer.insert(Incoming { count, time, clock_rate, payload_type, payload, kind }, now);
    }

    /// The next 10 ms; true when the first packet's sound is in it.
    pub fn play(&mut self, now: Instant, frame: &mut [f32; FRAME]) -> bool {
        let mut first = false;
        while self.unplayed() < FRAME {
            // What was played is kept as far back as a period may reach.
            self.sound.drain(..self.played.saturating_sub(stretch::LONGEST));
            self.played = self.played.min(stretch::LONGEST);
            first |= self.pull(now) && !std::mem::replace(&mut self.heard_any, true);
        }
        if let Some(next) = self.sound.get(self.played..self.played + FRAME) {
            frame.copy_from_slice(next);
        }
        self.played += FRAME;
        self.quiet = if stretch::is_quiet(frame) { self.quiet.saturating_add(1) } else { 0 };
        first
    }

    fn unplayed(&self) -> usize {
        self.sound.len().saturating_sub(self.played)
    }

    /// What waits for a pause is not done in what is quiet for a moment, the middle of a word.
    fn at_leisure(&mut self, pace: Pace, now: Instant) -> Pace {
        let pause = self.quiet >= PAUSE_TICKS;
        match pace {
            Pace::Shorten(spare, Haste::Pause) if !pause => {
                let since = *self.waiting.get_or_insert(now);
                let too_long = now.saturating_duration_since(since) >= NO_PAUSE;
                if too_long { Pace::Shorten(spare, Haste::Word) } else { Pace::Even }
            }
            Pace::Stretch(_, Haste::Pause) if !pause => Pace::Even,
            _ => {
                self.waiting = None;
                pace
            }
        }
    }

    /// Adds at least 10 ms of sound; true when it came out of a packet.
    fn pull(&mut self, now: Instant) -> bool {
        let (heard, mut pace) = self.pull_at_leisure(now);
        let soon = self.last_stretch.is_some_and(|last| now.saturating_duration_since(last) < BETWEEN_STRETCHES);
        if soon && !matches!(pace, Pace::Shorten(_, Haste::Now)) {
            return heard;
        }
        while let Pace::Shorten(..) = pace
            && self.unplayed() < TO_SHORTEN
            && self.buffer.has_next()
        {
            pace = self.pull_at_leisure(now).1;
        }
        let length = self.sound.len();
        if stretch::adjust(&mut self.sound, self.played, pace) {
            self.stretched = self.stretched.saturating_add(self.sound.len().abs_diff(length) as u64);
            self.last_stretch = Some(now);
        }
        heard
    }

    /// Adds what comes next; how its length is to change. What is made up says nothing of how the delay stands.
    fn pull_at_leisure(&mut self, now: Instant) -> (bool, Pace) {
        let (heard, wanted) = self.pull_one(now);
        (heard, if heard { self.at_leisure(wanted, now) } else { Pace::Even })
    }

    fn pull_one(&mut self, now: Instant) -> (bool, Pace) {
        let before = self.sound.len();
        let ahead = duration(self.unplayed());
        let mut speaker = self.speaking.or(self.current);
        let Receive { buffer, decoders, sound, .. } = self;
        let (mut heard, mut wanted) = (false, Pace::Even);
        let mut filled = None;
        match buffer.pull(now, ahead) {
            Pulled::Frame { payload_type, payload, pace } => {
                let decoded = match decoder_of(decoders, Some(payload_type)) {
                    Some(decoder) => decoder.decode(payload, sound),
                    None => Decoded::Damaged,
                };
                self.noise = None;
                let mut repeats = false;
                match (decoded, decoder_of(decoders, Some(payload_type))) {
                    (Decoded::Sound, Some(decoder)) => {
                        (heard, wanted, speaker) = (true, pace, Some(payload_type));
                        repeats = decoder.repeats(payload);
                    }
                    (Decoded::Noise(noise), _) => self.noise = Some(noise),
                    _ => {
                        let decoder = decoder_of(decoders, speaker);
                        filled = decoder.map(|decoder| decoder.conceal(2 * TICK, None, sound));
                    }
                }
                if let (Some(noise), true) = (&self.noise, sound.len() == before)
                    && let Some(decoder) = decoder_of(decoders, speaker)
                {
                    decoder.rest(Some(noise), sound);
                }
                buffer.played(duration(sound.len() - before), repeats);
            }
            Pulled::Missing { duration, concealed, next } => {
                if let Some(decoder) = decoder_of(decoders, speaker) {
                    let next = next.filter(|(payload_type, _)| Some(*payload_type) == speaker);
                    let next = next.map(|(_, payload)| payload);
                    let restored = next.is_some_and(|payload| decoder.repeats(payload));
                    // What is restored is worth a longer delay; what is made up only fills the rest.
                    let duration = if restored { duration } else { duration.saturating_sub(concealed) };
                    filled = Some(decoder.conceal(duration.max(TICK), next, sound));
                }
            }
            Pulled::Starved => {
                if let Some(decoder) = decoder_of(decoders, speaker) {
                    filled = Some(decoder.conceal(TICK, None, sound));
                }
            }
            Pulled::Pause => {
                if let Some(decoder) = decoder_of(decoders, speaker) {
                    decoder.rest(self.noise.as_ref(), sound);
                }
            }
            // Another source begins: the one before goes on until then.
            Pulled::Waiting => {
                if let Some(decoder) = decoder_of(decoders, self.speaking) {
                    filled = Some(decoder.conceal(TICK, None, sound));
                }
            }
        }
        if filled == Some(Filled::Concealed) {
            self.concealed = self.concealed.saturating_add((self.sound.len() - before) as u64);
        }
        // Sound of a packet shorter than 10 ms may come with the next one.
        if self.sound.len() == before && !heard {
            self.sound.resize(before + FRAME, 0.0);
            speaker = None;
        }
        self.join(before, speaker);
        (heard, wanted)
    }

    /// Joins what this decoder added from `at` on to the sound of the one before it; `None` = silence.
    fn join(&mut self, at: usize, speaker: Option<u8>) {
        if self.sound.len() == at {
            return;
        }
        if self.speaking != speaker {
            self.leave();
            self.speaking = speaker;
        }
        let length = self.tail.len();
        let added = self.sound.iter_mut().skip(at);
        let joint = added.len().min(length);
        for (index, (sample, old)) in added.zip(self.tail.drain(..joint)).enumerate() {
            let weight = ((length - index) as f32 / FRAME as f32).min(1.0);
            *sample = *sample * (1.0 - weight) + old * weight;
        }
    }

    /// What is heard ends here: how it would go on is kept, to be faded into what comes next.
    fn leave(&mut self) {
        self.tail.clear();
        match decoder_of(&mut self.decoders, self.speaking.take()) {
            // A new decoder's first milliseconds are its filters filling.
            Some(decoder) => _ = decoder.conceal(2 * TICK, None, &mut self.tail),
            None => self.tail.resize(FRAME, 0.0),
        }
    }
}

fn duration(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / u64::from(SAMPLE_RATE))
}

fn decoder_of(decoders: &mut [(u8, Format, Box<dyn Decoder>)], payload_type: Option<u8>) -> Option<&mut dyn Decoder> {
    let (.., decoder) = decoders.iter_mut().find(|(known, ..)| Some(*known) == payload_type)?;
    Some(decoder.as_mut())
}

#[cfg(test)]
mod tests;
