//! Sound that should be there and is not: nothing comes, or the far end reports that nothing of ours does.
//!
//! A call whose direction is not both ways may be silent, and so may a far end that said so (comfort noise).

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// So long may nothing come; each time sound that was there comes back, twice as long, for who pauses without a word.
const PATIENCE: Duration = Duration::from_millis(1_500);
const MOST_PATIENCE: Duration = Duration::from_secs(12);
/// So long a far end may pause that said so, and longer while it reports.
const PAUSE: Duration = Duration::from_secs(30);
/// A far end that was heard of within this time is there.
const REPORTS: Duration = Duration::from_secs(15);

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the far end to this one.
    Here,
    /// From this end to the far one.
    There,
}

/// Why there is no sound, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Nothing came, neither sound nor report.
    Nothing,
    /// The far end says that it sends.
    Kept,
    /// The far end reports, and sends nothing.
    Unsaid,
    /// Packets come from elsewhere than agreed.
    Elsewhere(SocketAddr),
    /// Packets come with a payload type that was not agreed.
    Codec(u8),
    /// The sound stopped, reports go on.
    Stopped,
    /// Everything stopped.
    Gone,
    /// The far end reports that nothing comes to it.
    Unheard,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::Nothing => {
                f.write_str("no packet came; a firewall or NAT is in the way, or the far end sends nothing")
            }
            Silence::Kept => {
                f.write_str("the far end says that it sends, but nothing comes; a firewall or NAT is in the way")
            }
            Silence::Unsaid => f.write_str("the far end reports, but sends no sound"),
            Silence::Elsewhere(from) => write!(f, "packets come from {from}, which is not the address that was agreed"),
            Silence::Codec(payload_type) => {
                write!(f, "the far end sends payload type {payload_type}, which was not agreed")
            }
            Silence::Stopped => f.write_str("its packets stopped, its reports go on"),
            Silence::Gone => f.write_str("its packets stopped; the network or the far end is gone"),
            Silence::Unheard => {
                f.write_str("the far end reports that nothing comes to it; a firewall or NAT may be in the way")
            }
        }
    }
}

/// What is known of a stream at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Both send and receive, and there is an address to send to.
    pub both_ways: bool,
    /// Sound that can be played came last.
    pub heard: Option<Instant>,
    /// A report came last.
    pub reported: Option<Instant>,
    /// The last packet said that a pause follows.
    pub pauses: bool,
    /// Whether the far end gets our sound, as far as it told.
    pub peer_hears: Option<bool>,
    /// Packets it says it has sent.
    pub peer_sent: Option<u32>,
    /// A payload type that came and was not agreed.
    pub odd_payload: Option<u8>,
    /// Who sends from elsewhere.
    pub stranger: Option<SocketAddr>,
}

/// Notices silence, and its end.
#[derive(Debug, Clone)]
pub struct SilenceWatch {
    since: Option<Instant>,
    patience: Duration,
    /// Sound came before what is silent now.
    spoke: bool,
    here: bool,
    there: bool,
}

impl Default for SilenceWatch {
    fn default() -> SilenceWatch {
        SilenceWatch { since: None, patience: PATIENCE, spoke: false, here: false, there: false }
    }
}

impl SilenceWatch {
    /// What has changed: sound that is missing now, or is back (`None`). One change at a time; ask often.
    pub fn poll(&mut self, facts: &Facts, now: Instant) -> Option<(Way, Option<Silence>)> {
        if !facts.both_ways {
            *self = SilenceWatch::default();
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let here = self.is_silent(facts, since, now);
        if here != self.here {
            self.here = here;
            if here {
                self.spoke = facts.heard.is_some();
            } else if self.spoke {
                self.patience = (self.patience * 2).min(MOST_PATIENCE);
            }
            return Some((Way::Here, here.then(|| cause(facts, now))));
        }
        let there = facts.peer_hears == Some(false);
        if there != self.there {
            self.there = there;
            return Some((Way::There, there.then_some(Silence::Unheard)));
        }
        None
    }

    /// What is missing here now, and there.
    pub fn silences(&self, facts: &Facts, now: Instant) -> [Option<Silence>; 2] {
        [self.here.then(|| cause(facts, now)), self.there.then_some(Silence::Unheard)]
    }

    fn is_silent(&self, facts: &Facts, since: Instant, now: Instant) -> bool {
        let last = facts.heard.map_or(since, |heard| heard.max(since));
        let silent = now.saturating_duration_since(last);
        match facts.pauses {
            true => silent >= PAUSE && !is_recent(facts.reported, now, PAUSE),
            false => silent >= self.patience,
        }
    }
}

fn is_recent(at: Option<Instant>, now: Instant, within: Duration) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < within)
}

fn cause(facts: &Facts, now: Instant) -> Silence {
    let reports = is_recent(facts.reported, now, REPORTS);
    match (facts.heard, facts.odd_payload, facts.stranger) {
        (None, Some(payload_type), _) => Silence::Codec(payload_type),
        (None, None, Some(from)) => Silence::Elsewhere(from),
        (None, None, None) => match (reports, facts.peer_sent) {
            (false, _) => Silence::Nothing,
            (true, Some(1..)) => Silence::Kept,
            (true, _) => Silence::Unsaid,
        },
        (Some(_), ..) if reports => Silence::Stopped,
        (Some(_), ..) => Silence::Gone,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(100);

    /// What is told, with the tick of 100 ms, of so many ticks.
    fn told(ticks: u32, mut each: impl FnMut(u32, Instant, &mut Facts)) -> Vec<(u32, Way, Option<Silence>)> {
        let (mut watch, mut facts) = (SilenceWatch::default(), Facts { both_ways: true, ..Facts::default() });
        let start = Instant::now();
        let moments = (0..ticks).map(|n| (n, start + TICK * n));
        moments
            .filter_map(|(n, now)| {
                each(n, now, &mut facts);
                watch.poll(&facts, now).map(|(way, silence)| (n, way, silence))
            })
            .collect()
    }

    #[test]
    fn nothing_from_the_start() {
        let from = SocketAddr::from(([203, 0, 113, 9], 4));
        type Known = fn(&mut Facts, Instant, SocketAddr);
        let rows: [(Known, Silence); 5] = [
            (|_, _, _| {}, Silence::Nothing),
            (|facts, now, _| (facts.reported, facts.peer_sent) = (Some(now), Some(40)), Silence::Kept),
            (|facts, now, _| facts.reported = Some(now), Silence::Unsaid),
            (|facts, _, from| facts.stranger = Some(from), Silence::Elsewhere(from)),
            (|facts, _, _| facts.odd_payload = Some(18), Silence::Codec(18)),
        ];
        for (known, silence) in rows {
            let told = told(100, |_, now, facts| known(facts, now, from));
            assert_eq!(told, [(15, Way::Here, Some(silence))]);
        }
    }

    #[test]
    fn sound_that_stops_and_comes_back() {
        for (reports, silence) in [(true, Silence::Stopped), (false, Silence::Gone)] {
            let told = told(400, |n, now, facts| {
                let speaks = !(100..200).contains(&n);
                facts.heard = if speaks { Some(now) } else { facts.heard };
                facts.reported = reports.then_some(now);
            });
            assert_eq!(told, [(114, Way::Here, Some(silence)), (200, Way::Here, None)]);
        }
    }

    /// Who was never heard before made no pause: what follows is told as soon as ever.
    #[test]
    fn sound_that_comes_late_and_stops() {
        let told =
            told(200, |n, now, facts| facts.heard = if (50..100).contains(&n) { Some(now) } else { facts.heard });
        let way = Way::Here;
        assert_eq!(told, [(15, way, Some(Silence::Nothing)), (50, way, None), (114, way, Some(Silence::Gone))]);
    }

    #[test]
    fn hold_and_announced_pauses_are_no_alarm() {
        let held = told(400, |n, now, facts| {
            facts.heard = if n < 100 { Some(now) } else { facts.heard };
            facts.both_ways = n < 101;
        });
        assert_eq!(held, []);
        let pauses = |reports_until: u32| {
            told(900, |n, now, facts| {
                facts.heard = if n < 100 { Some(now) } else { facts.heard };
                facts.pauses = n >= 99;
                facts.reported = if n < reports_until { Some(now) } else { facts.reported };
            })
        };
        assert_eq!(pauses(900), []);
        assert_eq!(pauses(0), [(399, Way::Here, Some(Silence::Gone))]);
    }

    /// After a hold the far end has time again, and what was known before counts no more.
    #[test]
    fn resumed_calls_begin_anew() {
        let told = told(300, |n, now, facts| {
            facts.heard = if n < 100 { Some(now) } else { facts.heard };
            facts.both_ways = !(100..200).contains(&n);
        });
        assert_eq!(told, [(215, Way::Here, Some(Silence::Gone))]);
    }

    #[test]
    fn who_pauses_without_a_word_is_told_of_ever_less() {
        // 2 s of every 4 s.
        let told = told(6_000, |n, now, facts| facts.heard = if n % 40 < 20 { Some(now) } else { facts.heard });
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn the_far_end_does_not_hear() {
        let told = told(100, |n, now, facts| {
            facts.heard = Some(now);
            facts.peer_hears = match n {
                0..20 => None,
                20..60 => Some(false),
                _ => Some(true),
            };
        });
        assert_eq!(told, [(20, Way::There, Some(Silence::Unheard)), (60, Way::There, None)]);
    }
}
