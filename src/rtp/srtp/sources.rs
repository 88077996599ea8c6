//! What is remembered of each SSRC under a key.

use super::SrtpError;
use super::window::{Window, guess};
use crate::rtp::Ssrc;

/// Most SSRCs under one key. While it lasts none is forgotten for another: what it sent could be played again.
pub const MAX_SOURCES: usize = 64;

/// One SSRC: a cryptographic context of RFC 3711 §3.2.3 without its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    ssrc: Ssrc,
    pub(super) rtp: Window,
    pub(super) rtcp: Window,
    /// A packet was authentic under the present key, so that the roll-overs are known.
    settled: bool,
}

impl Source {
    fn new(ssrc: Ssrc) -> Source {
        Source { ssrc, rtp: Window::default(), rtcp: Window::default(), settled: false }
    }

    /// What the sequence number may mean, the likeliest first.
    pub(super) fn indices(&self, sequence: u16) -> [Option<u64>; 2] {
        const ONE: u64 = 1 << 16;
        let first = u64::from(sequence);
        match self.rtp.highest() {
            Some(highest) if self.settled => [guess(highest, sequence), None],
            // RFC 3711 §3.3.1 keeps the roll-overs with a new key, RFC 4568 §7.1.4 begins anew in some cases, and peers do
            // either.
            Some(highest) => [guess(highest, sequence), Some(first)],
            // Who began just below the wrap may have lost what came before it.
            None => [Some(first), (sequence < 1 << 15).then_some(ONE | first)],
        }
    }

    /// True when this index was there before, or is too far back to tell; under a new key none was.
    pub(super) fn refuses(&self, index: u64) -> bool {
        self.settled && self.rtp.refuses(index)
    }

    /// Note an authentic packet; one that began anew forgets what was before.
    pub(super) fn note(&mut self, index: u64) {
        if !self.settled && self.rtp.highest().is_some_and(|highest| guess(highest, index as u16) != Some(index)) {
            self.rtp = Window::default();
        }
        self.settled = true;
        self.rtp.note(index);
    }
}

/// The SSRCs under a key.
#[derive(Debug)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    /// None yet, and room for all.
    pub(super) fn new() -> Sources {
        Sources(Vec::with_capacity(MAX_SOURCES))
    }

    /// The same under another key: places go on, those of RTCP as told. Where there was no room, the older half goes.
    pub(super) fn rekeyed(&self, rtcp: impl Fn(Window) -> Window) -> Sources {
        let gone = if self.0.len() < MAX_SOURCES { 0 } else { MAX_SOURCES / 2 };
        let kept = self.0.iter().skip(gone);
        let mut sources = Sources::new();
        sources.0.extend(kept.map(|s| Source { rtp: s.rtp.rekeyed(), rtcp: rtcp(s.rtcp), ..Source::new(s.ssrc) }));
        sources
    }

    /// What is known of an SSRC; of a new one nothing, and it is not kept. An error when there is no room to keep it.
    pub(super) fn get(&self, ssrc: Ssrc) -> Result<Source, SrtpError> {
        match self.0.iter().find(|source| source.ssrc == ssrc) {
            Some(source) => Ok(*source),
            None if self.0.len() < MAX_SOURCES => Ok(Source::new(ssrc)),
            None => Err(SrtpError::Sources),
        }
    }

    /// Keep what is known now.
    pub(super) fn keep(&mut self, source: Source) {
        match self.0.iter_mut().find(|known| known.ssrc == source.ssrc) {
            Some(known) => *known = source,
            None => self.0.push(source),
        }
    }
}
