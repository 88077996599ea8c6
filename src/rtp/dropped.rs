//! What comes to a call's ports and is no sound of it: kinds, counts, names.

use std::net::SocketAddr;

use super::is_rtcp;

/// Why a datagram was not taken, or not for what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Neither RTP nor RTCP, or broken.
    Malformed,
    /// RTP from elsewhere than the far end.
    Strangers,
    /// RTCP from elsewhere than the far end; never answered.
    RtcpStrangers,
    /// A payload type that was not agreed.
    PayloadType,
    /// A timestamp far from where time has gone; played all the same.
    Timestamp,
    /// A sequence number far off that nothing followed.
    Jumped,
    /// Of another source, while one that is known goes on.
    OtherSources,
    /// Our own SSRC with what we never sent.
    Collision,
    /// RTCP that came back as we sent it.
    Mirrored,
    /// A goodbye of a source that talks on.
    Goodbye,
    /// STUN where no ICE was agreed.
    Stun,
    /// DTLS where no encryption was agreed.
    Dtls,
    /// Longer than any packet of sound.
    Oversize,
    /// Not encrypted as was agreed: plain, forged, damaged, or with another key.
    Unauthentic,
    /// Encrypted as was agreed, and received before.
    Replayed,
}

/// What a datagram looks like (RFC 7983 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
    /// Nothing in it: it keeps a NAT open (RFC 6263 §4.1).
    KeepAlive,
    /// Not to be read, and why.
    Odd(Dropped),
}

/// Longest datagram that is read: 20 ms of linear stereo sound at 48 kHz, 3,840 bytes, with its header.
pub const MAX_DATAGRAM: usize = 4_000;

impl Kind {
    /// By its length and first bytes.
    //= RFC 7983 §7
    pub fn of(datagram: &[u8]) -> Kind {
        match datagram.first() {
            None => Kind::KeepAlive,
            Some(_) if datagram.len() > MAX_DATAGRAM => Kind::Odd(Dropped::Oversize),
            Some(b'\r' | b'\n' | 0) if datagram.len() <= 4 => Kind::KeepAlive,
            Some(0..=3) => Kind::Odd(Dropped::Stun),
            Some(20..=63) => Kind::Odd(Dropped::Dtls),
            Some(128..=191) if is_rtcp(datagram) => Kind::Rtcp,
            Some(128..=191) => Kind::Rtp,
            Some(_) => Kind::Odd(Dropped::Malformed),
        }
    }
}

impl Dropped {
    /// Every kind, its name in JSON, and what it is in words.
    pub const TABLE: [(Dropped, &'static str, &'static str); 15] = [
        (Dropped::Malformed, "malformed", "that are no packets"),
        (Dropped::Strangers, "strangers", "from strangers"),
        (Dropped::RtcpStrangers, "rtcp_strangers", "that report for strangers"),
        (Dropped::PayloadType, "payload_type", "of a payload type that was not agreed"),
        (Dropped::Timestamp, "timestamps", "whose timestamps run wild"),
        (Dropped::Jumped, "jumped", "out of any order"),
        (Dropped::OtherSources, "other_sources", "of other sources"),
        (Dropped::Collision, "collision", "in this phone's own name"),
        (Dropped::Mirrored, "mirrored", "that came back"),
        (Dropped::Goodbye, "goodbye", "that say goodbye while the sound goes on"),
        (Dropped::Stun, "stun", "of STUN"),
        (Dropped::Dtls, "dtls", "of DTLS"),
        (Dropped::Oversize, "oversize", "too long for sound"),
        (Dropped::Unauthentic, "unauthentic", "that are not encrypted as was agreed"),
        (Dropped::Replayed, "replayed", "that came before, encrypted"),
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        Dropped::TABLE.iter().find(|(kind, ..)| *kind == self).map(|(_, name, _)| *name).unwrap_or_default()
    }
}

/// How many of each, and where the last came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    counts: [u64; Dropped::TABLE.len()],
    last: Option<SocketAddr>,
    stranger: Option<SocketAddr>,
}

impl Tally {
    /// One more; `from` = who sent it.
    pub fn add(&mut self, kind: Dropped, from: SocketAddr) {
        self.last = Some(from);
        self.stranger = if kind == Dropped::Strangers { self.last } else { self.stranger };
        let rows = self.counts.iter_mut().zip(Dropped::TABLE);
        rows.filter(|(_, (known, ..))| *known == kind).for_each(|(count, _)| *count = count.saturating_add(1));
    }

    /// How many of this kind.
    pub fn of(&self, kind: Dropped) -> u64 {
        let rows = self.counts.iter().zip(Dropped::TABLE);
        rows.filter(|(_, (known, ..))| *known == kind).map(|(count, _)| *count).sum()
    }

    /// Who sent sound from elsewhere last.
    pub fn stranger(&self) -> Option<SocketAddr> {
        self.stranger
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Those there are, by their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Dropped::TABLE
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
            .map(|((_, name, _), count)| (*name, count))
    }

    /// One line: how many in all, what most are, where the last came from; `None` without any.
    pub fn words(&self) -> Option<String> {
        let rows = Dropped::TABLE.iter().zip(self.counts);
        let ((_, _, words), _) = rows.max_by_key(|(_, count)| *count)?;
        let last = self.last?;
        Some(format!("{} packets were not taken (most {words}), the last from {last}", self.total()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell() {
        let long = vec![0x80; MAX_DATAGRAM + 1];
        let rows: [(&[u8], Kind); 10] = [
            (&[], Kind::KeepAlive),
            (b"\r\n\r\n", Kind::KeepAlive),
            (&[0; 4], Kind::KeepAlive),
            (&[0, 1, 0, 0, 0x21, 0x12], Kind::Odd(Dropped::Stun)),
            (&[22, 254, 253, 0, 0], Kind::Odd(Dropped::Dtls)),
            (&[0x80, 0], Kind::Rtp),
            (&[0x80, 200], Kind::Rtcp),
            (&[0x80], Kind::Rtp),
            (b"INVITE", Kind::Odd(Dropped::Malformed)),
            (&long, Kind::Odd(Dropped::Oversize)),
        ];
        for (bytes, expected) in rows {
            assert_eq!(Kind::of(bytes), expected, "{:?}", &bytes[..bytes.len().min(8)]);
        }
    }

    #[test]
    //= RFC 7983 §7: the edges of every range
    fn one_port_carries_them_all() {
        let (stun, dtls, odd) = (Kind::Odd(Dropped::Stun), Kind::Odd(Dropped::Dtls), Kind::Odd(Dropped::Malformed));
        let edges =
            [(0..=3, stun), (4..=19, odd), (20..=63, dtls), (64..=127, odd), (128..=191, Kind::Rtp), (192..=255, odd)];
        for (range, kind) in edges {
            for first in range {
                assert_eq!(Kind::of(&[first, 0, 0, 0, 0, 0, 0, 0]), kind, "{first}");
            }
        }
        // RFC 5761 §4: on one port the second byte tells reports from sound.
        for (second, kind) in [(191, Kind::Rtp), (192, Kind::Rtcp), (223, Kind::Rtcp), (224, Kind::Rtp)] {
            assert_eq!(Kind::of(&[128, second, 0, 0]), kind, "{second}");
        }
    }

    #[test]
    fn what_is_counted_is_told() {
        let mut tally = Tally::default();
        assert_eq!((tally.total(), tally.words()), (0, None));
        let from = SocketAddr::from(([203, 0, 113, 9], 4_000));
        (0..7).for_each(|_| tally.add(Dropped::Strangers, from));
        Dropped::TABLE.iter().for_each(|(kind, ..)| tally.add(*kind, from));
        assert_eq!((tally.of(Dropped::Strangers), tally.of(Dropped::Stun), tally.total()), (8, 1, 22));
        assert_eq!(tally.named().map(|(_, count)| count).sum::<u64>(), 22);
        let words = "22 packets were not taken (most from strangers), the last from 203.0.113.9:4000";
        assert_eq!(tally.words().as_deref(), Some(words));
    }
}
