//! The formats of an offer and of an answer, and the numbers they keep through the session.

use super::super::{Capability, Format};
use super::{Negotiation, Order, same};

impl Negotiation {
    /// Our formats for an offer, with the numbers they had before.
    pub(super) fn our_formats(&mut self) -> Vec<Format> {
        let mut formats: Vec<Format> = Vec::new();
        let mut rates: Vec<u32> = Vec::new();
        let codecs = self.local.codecs.clone();
        for codec in &codecs {
            let format = self.number(codec.numbered(codec.static_payload_type.unwrap_or(DYNAMIC_FIRST)), codec);
            let Some(format) = format else { continue };
            formats.push(format);
            if !rates.contains(&codec.clock_rate) {
                rates.push(codec.clock_rate);
            }
        }
        if rates.contains(&8_000) && self.local.offer_comfort_noise {
            let format = Format::comfort_noise(COMFORT_NOISE_NUMBER);
            self.remember(&format);
            formats.push(format);
        }
        //= RFC 4733 §2.1: events use the clock of the sound they stand in
        rates.retain(|_| self.local.telephone_event);
        rates.sort_unstable();
        for rate in rates {
            let ours = Format::telephone_event(TELEPHONE_EVENT_FIRST, rate);
            let known = self.numbers.iter().find(|known| same(known, &ours)).cloned();
            let format = known.or_else(|| {
                let free =
                    std::iter::once(TELEPHONE_EVENT_FIRST).chain(DYNAMIC_FIRST..=127).find(|n| self.is_free(*n))?;
                Some(Format { payload_type: free, ..ours })
            });
            if let Some(format) = format {
                self.remember(&format);
                formats.push(format);
            }
        }
        formats
    }

    /// The codec under its static number, the number it had, or a free dynamic one.
    fn number(&mut self, format: Format, codec: &Capability) -> Option<Format> {
        let known = self.numbers.iter().find(|known| same(known, &format)).map(|known| known.payload_type);
        let free = || (DYNAMIC_FIRST..=127).find(|n| *n != TELEPHONE_EVENT_FIRST && self.is_free(*n));
        let payload_type = known.or(codec.static_payload_type).or_else(free)?;
        let format = Format { payload_type, ..format };
        self.remember(&format);
        Some(format)
    }

    /// How long packets of this format can be.
    pub(super) fn packet_ms(&self, format: &Format) -> &[u16] {
        self.local.codecs.iter().find(|codec| codec.matches(format)).map_or(&[20], |codec| &codec.packet_ms)
    }

    fn is_free(&self, number: u8) -> bool {
        self.numbers.iter().all(|known| known.payload_type != number)
    }

    fn remember(&mut self, format: &Format) {
        if !self.numbers.iter().any(|known| same(known, format)) {
            self.numbers.push(format.clone());
        }
    }

    /// The formats of an answer: what both can, by the offer's numbers.
    pub(super) fn answer_formats(&self, theirs: &[Format]) -> Vec<Format> {
        let codecs = &self.local.codecs;
        let mut ranked: Vec<(usize, Format)> = Vec::new();
        for format in theirs {
            let Some(rank) = codecs.iter().position(|codec| codec.matches(format)) else { continue };
            let taken = ranked.iter().any(|(known, _)| *known == rank);
            if let (false, Some(codec)) = (taken, codecs.get(rank)) {
                ranked.push((rank, codec.numbered(format.payload_type)));
            }
        }
        if self.local.order == Order::Ours {
            ranked.sort_by_key(|(rank, _)| *rank);
        }
        let mut formats: Vec<Format> = ranked.into_iter().map(|(_, format)| format).collect();
        if formats.iter().any(|format| format.clock_rate == 8_000) {
            let noise = theirs.iter().find(|format| format.is_comfort_noise() && format.clock_rate == 8_000);
            formats.extend(noise.map(|format| Format::comfort_noise(format.payload_type)));
        }
        if self.local.telephone_event {
            let events = theirs.iter().filter(|format| format.is_telephone_event());
            formats.extend(events.map(|event| Format::telephone_event(event.payload_type, event.clock_rate)));
        }
        formats
    }
}

/// First payload type for what has no static one (RFC 3551 §3).
const DYNAMIC_FIRST: u8 = 96;
/// The number nearly everybody gives to telephone-event/8000.
const TELEPHONE_EVENT_FIRST: u8 = 101;
/// The static number of CN/8000 (RFC 3551 §6).
const COMFORT_NOISE_NUMBER: u8 = 13;
