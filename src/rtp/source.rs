//! Whose packets are taken and where ours go: symmetric RTP that cannot be pulled away.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Sound that was heard within this time is live: no other port takes its place.
const LIVE: Duration = Duration::from_secs(2);
/// The same of reports, which come seconds apart.
const LIVE_REPORTS: Duration = Duration::from_secs(30);

/// The far end of a stream. Packets count only from the IP the signalling gave; a NAT may have changed the port.
#[derive(Debug, Clone)]
pub struct Source {
    live: Duration,
    signalled: Option<SocketAddr>,
    latched: Option<SocketAddr>,
    heard: Option<Instant>,
}

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the stream.
    Accept,
    /// It comes from elsewhere, or would take a live stream over.
    Drop,
}

impl Source {
    /// Of sound.
    pub fn of_sound() -> Source {
        Source { live: LIVE, signalled: None, latched: None, heard: None }
    }

    /// Of reports.
    pub fn of_reports() -> Source {
        Source { live: LIVE_REPORTS, ..Source::of_sound() }
    }

    /// The address of the latest description; another one than before forgets what was learned. True if it is another.
    pub fn signal(&mut self, address: Option<SocketAddr>) -> bool {
        let changed = self.signalled != address;
        if changed {
            *self = Source { live: self.live, signalled: address, latched: None, heard: None };
        }
        changed
    }

    /// Judge a packet by where it came from.
    pub fn judge(&mut self, from: SocketAddr, now: Instant) -> Verdict {
        let Some(signalled) = self.signalled else { return Verdict::Drop };
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        if from.ip() != signalled.ip().to_canonical() {
            return Verdict::Drop;
        }
        let live = self.heard.is_some_and(|heard| now.saturating_duration_since(heard) < self.live);
        // Who comes from where the signalling says has its place, whoever was there before.
        if live && self.latched != Some(from) && from.port() != signalled.port() {
            return Verdict::Drop;
        }
        self.latched = Some(from);
        self.heard = Some(now);
        Verdict::Accept
    }

    /// Where to send: the learned port, else what the signalling said.
    pub fn target(&self) -> Option<SocketAddr> {
        let signalled = self.signalled?;
        Some(self.latched.map_or(signalled, |latched| SocketAddr::new(signalled.ip(), latched.port())))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    #[test]
    fn who_is_taken() {
        use Verdict::{Accept, Drop};
        // (ms, last octet of the IP, port, verdict, port we then send to)
        type Row = (u64, u8, u16, Verdict, u16);
        let cases: &[(&str, &[Row])] = &[
            ("as signalled", &[(0, 5, 5000, Accept, 5000), (20, 5, 5000, Accept, 5000)]),
            ("another port behind a NAT", &[(0, 5, 6000, Accept, 6000), (20, 5, 6000, Accept, 6000)]),
            ("another host is never learned", &[(0, 6, 5000, Drop, 5000), (9_000, 6, 5000, Drop, 5000)]),
            (
                "a live stream stays",
                &[(0, 5, 5000, Accept, 5000), (1_000, 5, 6000, Drop, 5000), (1_020, 5, 5000, Accept, 5000)],
            ),
            (
                "what was signalled takes its place back",
                &[(0, 5, 6000, Accept, 6000), (20, 5, 5000, Accept, 5000), (40, 5, 6000, Drop, 5000)],
            ),
            ("a silent one may move", &[(0, 5, 5000, Accept, 5000), (2_000, 5, 6000, Accept, 6000)]),
        ];
        let start = Instant::now();
        for (what, rows) in cases {
            let mut source = Source::of_sound();
            source.signal(Some(SocketAddr::from(([203, 0, 113, 5], 5000))));
            for (ms, octet, port, verdict, target) in *rows {
                let from = SocketAddr::from(([203, 0, 113, *octet], *port));
                assert_eq!(source.judge(from, start + Duration::from_millis(*ms)), *verdict, "{what} {ms}");
                assert_eq!(source.target().map(|t| t.port()), Some(*target), "{what} {ms}");
            }
        }
    }

    #[test]
    fn nothing_signalled_nothing_taken_and_new_signals_forget() {
        let now = Instant::now();
        let at = |port| SocketAddr::from(([203, 0, 113, 5], port));
        let mut source = Source::of_sound();
        assert_eq!((source.judge(at(1), now), source.target()), (Verdict::Drop, None));
        source.signal(Some(at(5000)));
        source.judge(at(6000), now);
        source.signal(Some(at(5000)));
        assert_eq!(source.target(), Some(at(6000)), "the same again keeps what was learned");
        source.signal(Some(at(7000)));
        assert_eq!(source.target(), Some(at(7000)));
    }

    /// Reports come every five seconds: whoever speaks between two of them is still a stranger.
    #[test]
    fn the_place_of_reports_is_not_taken_between_two() {
        let (start, mut source) = (Instant::now(), Source::of_reports());
        let at = |port| SocketAddr::from(([203, 0, 113, 5], port));
        source.signal(Some(at(5001)));
        assert_eq!(source.judge(at(5001), start), Verdict::Accept);
        assert_eq!(source.judge(at(9), start + Duration::from_secs(6)), Verdict::Drop);
        assert_eq!(source.judge(at(6001), start + Duration::from_secs(30)), Verdict::Accept);
    }
}
