//! Codecs of a sample rate of their own: to it, from it, and over losses.

use super::super::plc::Concealer;
use super::super::resample::{ResampleError, Resampler};
use super::super::{FRAME, SAMPLE_RATE};
use super::{ComfortNoise, Decoded, Decoder, Encoder, Filled, MAX_PAYLOAD};
use std::time::Duration;

/// Samples of 16 bits to payload bytes.
pub trait Compress: Send {
    /// Appends a packet's worth, whole frames of 10 ms.
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>);
}

/// Payload bytes to samples of 16 bits.
pub trait Expand: Send {
    /// Appends what a payload says; it is never empty.
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded;
    /// Appends so many samples in place of lost ones, if the codec has a way of its own.
    fn conceal(&mut self, _length: usize, _sound: &mut Vec<i16>) -> bool {
        false
    }
    /// Appends what a payload says that has not had its turn yet, if it says that without the ones before it.
    fn foresee(&mut self, _payload: &[u8], _sound: &mut Vec<i16>) -> bool {
        false
    }
}

/// An encoder behind a converter from 48 kHz.
pub struct Down<C> {
    inner: C,
    converter: Resampler,
    /// 10 ms at its rate.
    chunk: Vec<f32>,
    samples: Vec<i16>,
}

impl<C: Compress> Down<C> {
    /// `inner` takes sound of `rate` Hz.
    pub fn new(inner: C, rate: u32) -> Result<Down<C>, ResampleError> {
        let converter = Resampler::new(SAMPLE_RATE, rate)?;
        let chunk = (rate / 100) as usize;
        Ok(Down { inner, converter, chunk: vec![0.0; chunk], samples: Vec::with_capacity(chunk * 12) })
    }
}

impl<C: Compress> Encoder for Down<C> {
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool {
        self.samples.clear();
        for frame in sound.chunks_exact(FRAME) {
            self.converter.process(frame, &mut self.chunk);
            // To the nearest; what is beyond stays at the end of the range.
            let linear = |sample: &f32| (sample * 32_768.0 + 0.5_f32.copysign(*sample)) as i16;
            self.samples.extend(self.chunk.iter().map(linear));
        }
        self.inner.compress(&self.samples, payload);
        true
    }

    fn follow(&mut self, sound: &[f32]) {
        sound.chunks_exact(FRAME).for_each(|frame| self.converter.process(frame, &mut self.chunk));
    }
}

/// A decoder before a converter to 48 kHz, and what is made up where its packets are missing.
pub struct Up<E> {
    inner: E,
    converter: Resampler,
    concealer: Concealer,
    /// 10 ms at its rate.
    chunk: Vec<f32>,
    /// Decoded, not yet a whole 10 ms.
    samples: Vec<i16>,
    /// The first of what comes after a loss.
    next: Vec<f32>,
}

impl<E: Expand> Up<E> {
    /// `inner` gives sound of `rate` Hz.
    pub fn new(inner: E, rate: u32) -> Result<Up<E>, ResampleError> {
        let chunk = (rate / 100) as usize;
        Ok(Up {
            inner,
            converter: Resampler::new(rate, SAMPLE_RATE)?,
            concealer: Concealer::new(rate),
            chunk: vec![0.0; chunk],
            samples: Vec::with_capacity(chunk * 24),
            next: Vec::with_capacity(chunk * 4),
        })
    }

    /// What is decoded, in whole frames of 10 ms; the rest waits.
    fn give_out(&mut self, sound: &mut Vec<f32>) {
        let length = self.chunk.len().max(1);
        let mut samples = std::mem::take(&mut self.samples);
        for part in samples.chunks_exact(length) {
            self.chunk.iter_mut().zip(part).for_each(|(to, from)| *to = f32::from(*from) / 32_768.0);
            self.concealer.good(&mut self.chunk);
            self.widen(sound);
        }
        samples.drain(..samples.len() / length * length);
        self.samples = samples;
    }

    /// Makes ready for a loss of so many samples, with what comes after it.
    fn look_ahead(&mut self, payload: Option<&[u8]>, gap: usize) {
        self.next.clear();
        if let Some(payload) = payload.filter(|payload| payload.len() <= MAX_PAYLOAD) {
            if self.inner.foresee(payload, &mut self.samples) {
                let room = self.next.capacity();
                self.next.extend(self.samples.iter().take(room).map(|sample| f32::from(*sample) / 32_768.0));
            }
            self.samples.clear();
        }
        self.concealer.lead_to(&self.next, gap);
    }

    fn widen(&mut self, sound: &mut Vec<f32>) {
        let mut wide = [0.0; FRAME];
        self.converter.process(&self.chunk, &mut wide);
        sound.extend_from_slice(&wide);
    }
}

impl<E: Expand> Decoder for Up<E> {
    /// Packets of any length: what is over whole frames of 10 ms waits for the next.
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> Decoded {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Decoded::Damaged;
        }
        let decoded = self.inner.expand(payload, &mut self.samples);
        self.give_out(sound);
        decoded
    }

    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        self.samples.clear();
        let frames = duration.as_millis() as usize / 10;
        if self.inner.conceal(frames * self.chunk.len(), &mut self.samples) {
            self.give_out(sound);
            return Filled::Concealed;
        }
        self.look_ahead(next, frames * self.chunk.len());
        for _ in 0..frames {
            self.concealer.conceal(&mut self.chunk);
            self.widen(sound);
        }
        Filled::Concealed
    }

    fn rest(&mut self, described: Option<&ComfortNoise>, sound: &mut Vec<f32>) {
        self.samples.clear();
        self.concealer.rest(described, &mut self.chunk);
        self.widen(sound);
    }
}
