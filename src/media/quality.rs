//! What takes most from the sound, in a few words.

use crate::rtp::mos::Rating;
use std::fmt;
use std::time::Duration;

/// Above this nothing is worth a word.
pub const GOOD: f64 = 4.0;

/// Why sound is not good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cause {
    /// Packets are lost.
    Loss {
        /// Share of them, 0..=1.
        share: f64,
        /// In a row, on average; 0 = not known.
        run: f64,
    },
    /// Packets come unevenly, so that some come too late.
    Jitter {
        /// Share of the late ones, 0..=1.
        share: f64,
    },
    /// Mouth to ear takes long.
    Delay(Duration),
    /// The codec can do no better.
    Codec,
}

/// What was measured of one way.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Share of packets lost or too late, 0..=1.
    pub loss: f64,
    /// Of these, only too late.
    pub late: f64,
    /// Losses in a row on average; 0 = not known.
    pub run: f64,
    /// Mouth to ear.
    pub delay: Duration,
}

impl Cause {
    /// The greatest of what takes from a rating; `None` if it is good.
    pub fn of(rating: &Rating, measured: Measured) -> Option<Cause> {
        if rating.mos >= GOOD {
            return None;
        }
        let Measured { loss, late, run, delay } = measured;
        let Rating { by_loss, by_delay, by_codec, .. } = *rating;
        Some(if by_loss >= by_delay.max(by_codec) {
            if late * 2.0 > loss { Cause::Jitter { share: late } } else { Cause::Loss { share: loss, run } }
        } else if by_delay >= by_codec {
            Cause::Delay(delay)
        } else {
            Cause::Codec
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| (share * 100.0).round().max(1.0);
        match self {
            Cause::Loss { share, run } if *run >= 1.5 => {
                write!(f, "loss {:.0} %, bursts of {:.0}", percent(*share), run.max(2.0))
            }
            Cause::Loss { share, .. } => write!(f, "loss {:.0} %", percent(*share)),
            Cause::Jitter { share } => write!(f, "jitter, {:.0} % come too late", percent(*share)),
            Cause::Delay(delay) => write!(f, "delay {} ms", delay.as_millis()),
            Cause::Codec => f.write_str("the codec"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::mos::{self, Impairment, Path};

    #[test]
    fn the_greatest_is_named() {
        // (codec, ms, lost or late, late, in a row)
        let rows = [
            ("PCMU", 60, 0.0, 0.0, 0.0, None),
            ("opus", 60, 0.01, 0.0, 1.0, None),
            ("PCMU", 60, 0.04, 0.0, 1.0, Some("loss 4 %")),
            ("PCMU", 60, 0.04, 0.0, 2.8, Some("loss 4 %, bursts of 3")),
            ("PCMU", 60, 0.08, 0.06, 1.1, Some("jitter, 6 % come too late")),
            ("PCMU", 380, 0.01, 0.0, 1.0, Some("delay 380 ms")),
            ("GSM", 60, 0.0, 0.0, 0.0, Some("the codec")),
        ];
        for (codec, ms, loss, late, run, expected) in rows {
            let delay = Duration::from_millis(ms);
            let rating = mos::rate(Impairment::of(codec), Path { delay, loss, burst_ratio: f64::max(run, 1.0) });
            let cause = Cause::of(&rating, Measured { loss, late, run, delay });
            assert_eq!(
                cause.map(|cause| cause.to_string()).as_deref(),
                expected,
                "{codec} {ms} {loss} {late}: {rating:?}"
            );
        }
    }
}
