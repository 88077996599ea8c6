//! What came from outside and led to nothing: counted by class, told when it is much.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// No line about refusals before this many more of them, nor sooner after the last one.
const WORTH_A_LINE: u64 = 100;
const LINE_PAUSE: Duration = Duration::from_secs(60);

/// Why something from outside led to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It was no SIP, or its Via or CSeq were of no use.
    Unreadable,
    /// A request for nobody here; answered once, without state.
    Strangers,
    /// A request beyond the share of its source; not answered.
    Floods,
    /// A request while no more could be kept; answered 503.
    Overload,
    /// A request that claims to be of a call or subscription that is not ours; answered 481.
    Forged,
    /// A response that nobody had asked for.
    Stray,
    /// A request that had come by another way already; answered 482.
    Merged,
    /// A message beyond the share of its writer; answered 480.
    Messages,
    /// A connection beyond those there may be.
    Connections,
}

impl Refused {
    /// Every class with its name in `status`.
    const TABLE: [(Refused, &'static str); 9] = [
        (Refused::Unreadable, "unreadable"),
        (Refused::Strangers, "strangers"),
        (Refused::Floods, "floods"),
        (Refused::Overload, "overload"),
        (Refused::Forged, "forged"),
        (Refused::Stray, "stray"),
        (Refused::Merged, "merged"),
        (Refused::Messages, "messages"),
        (Refused::Connections, "connections"),
    ];

    /// Its name in `status`.
    pub fn name(self) -> &'static str {
        Refused::TABLE.iter().find(|(class, _)| *class == self).map(|(_, name)| *name).unwrap_or_default()
    }
}

/// How often each was the reason, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([u64; Refused::TABLE.len()]);

impl Tally {
    /// Counts one more, or several.
    pub fn add(&mut self, class: Refused, count: u64) {
        let rows = self.0.iter_mut().zip(Refused::TABLE);
        rows.filter(|(_, (known, _))| *known == class).for_each(|(sum, _)| *sum = sum.saturating_add(count));
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// By the names in `status`.
    pub fn named(&self) -> BTreeMap<String, u64> {
        Refused::TABLE.iter().zip(self.0).map(|((_, name), count)| ((*name).to_owned(), count)).collect()
    }

    /// The class with the most, by name.
    fn foremost(&self) -> &'static str {
        let rows = Refused::TABLE.iter().zip(self.0);
        rows.max_by_key(|(_, count)| *count).map(|((_, name), _)| *name).unwrap_or_default()
    }

    fn since(&self, before: &Tally) -> Tally {
        let mut grown = *self;
        grown.0.iter_mut().zip(before.0).for_each(|(now, before)| *now = now.saturating_sub(before));
        grown
    }
}

/// When a line about refusals is due.
#[derive(Debug, Default)]
pub(super) struct Notice {
    told: Tally,
    told_at: Option<Instant>,
}

impl Notice {
    /// The line about what has been refused since the last one, if it is due; `source` sent the last of it.
    pub fn due(&mut self, tally: &Tally, source: IpAddr, now: Instant) -> Option<String> {
        let grown = tally.since(&self.told);
        let paused = self.told_at.is_none_or(|at| now >= at + LINE_PAUSE);
        if !paused || grown.total() < WORTH_A_LINE {
            return None;
        }
        (self.told, self.told_at) = (*tally, Some(now));
        let (count, class) = (grown.total(), grown.foremost());
        Some(format!("{count} messages from outside were refused (most as {class}), the last from {source}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    #[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
    fn a_flood_is_told_of_once_a_minute() {
        let (mut notice, mut tally, start) = (Notice::default(), Tally::default(), Instant::now());
        let mut lines = Vec::new();
        for n in 0..100_000_u64 {
            let class = if n % 4 == 0 { Refused::Strangers } else { Refused::Floods };
            tally.add(class, 1);
            lines.extend(notice.due(&tally, Ipv4Addr::LOCALHOST.into(), start + Duration::from_millis(n)));
        }
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(
            lines.first().map(String::as_str),
            Some("100 messages from outside were refused (most as floods), the last from 127.0.0.1")
        );
        assert_eq!(tally.named().get("floods"), Some(&75_000));
    }
}
