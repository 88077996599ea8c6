//! What is measured of a call, and what can be asked of it: two tables that the options, the judgement and every report
//! read.

use super::finding::Finding;
use serde_json::Value;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// A share, 0..=1; people read and write percents.
    Share,
    /// Mean opinion score, 1..=4.5.
    Mos,
}

impl Unit {
    /// What a number in people's units is in ours.
    pub fn read(self, number: f64) -> f64 {
        if self == Unit::Share { number / 100.0 } else { number }
    }

    /// What a number in our units is in people's.
    pub fn shown(self, value: f64) -> f64 {
        if self == Unit::Share { value * 100.0 } else { value }
    }

    /// A number as people read it: `0.81 s`, `1.2 %`.
    pub fn words(self, value: f64) -> String {
        let (value, unit) = (self.shown(value), self.symbol());
        let text = if value.abs() >= 10.0 { format!("{value:.1}") } else { format!("{value:.3}") };
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if unit.is_empty() { text.to_owned() } else { format!("{text} {unit}") }
    }

    /// `s`, `ms`, `%`, or nothing; what Nagios and people call it.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Seconds => "s",
            Unit::Milliseconds => "ms",
            Unit::Share => "%",
            Unit::Mos => "",
        }
    }
}

/// Something that is measured.
pub struct Measure {
    /// Its key in JSON; what counts milliseconds ends in `_ms`, other times are seconds.
    pub key: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What it is, for people.
    pub doc: &'static str,
    /// Where it stands.
    pub read: fn(&Finding) -> Option<f64>,
}

const fn measure(key: &'static str, unit: Unit, doc: &'static str, read: fn(&Finding) -> Option<f64>) -> Measure {
    Measure { key, unit, doc, read }
}

/// Everything that is measured.
pub static MEASURES: &[Measure] = &[
    measure("registered_after", Unit::Seconds, "start to the registration", |f| f.registered_after),
    measure("post_dial_delay", Unit::Seconds, "INVITE to the first ringing or answer", Finding::post_dial_delay),
    measure("time_to_answer", Unit::Seconds, "INVITE to the answer", Finding::answered_after),
    measure("first_rtp_after", Unit::Seconds, "answer to the first sound", |f| f.media()?.first_rtp_after),
    measure("duration", Unit::Seconds, "length of the talk", |f| f.answered().map(|call| call.duration)),
    measure("mos_rx", Unit::Mos, "MOS of what is heard here", |f| f.media().and_then(|m| m.mos_rx_mean.or(m.mos_rx))),
    measure("mos_tx", Unit::Mos, "MOS of what is heard there", |f| f.media()?.mos_tx),
    measure("loss_rx", Unit::Share, "packets lost on the way here", |f| Some(f.heard()?.rx_loss_total)),
    measure("loss_tx", Unit::Share, "packets lost on the way there", |f| f.media()?.tx_loss_total),
    measure("jitter_rx_ms", Unit::Milliseconds, "jitter on the way here", |f| Some(f.heard()?.jitter_ms)),
    measure("jitter_tx_ms", Unit::Milliseconds, "jitter on the way there", |f| f.media()?.tx_jitter_ms),
    measure("rtt_ms", Unit::Milliseconds, "network there and back, by RTCP", |f| f.media()?.rtt_ms),
    measure("echo_ms", Unit::Milliseconds, "sound there and back", |f| {
        f.echo.as_ref()?.found.map(|echo| echo.delay_ms)
    }),
    measure("dtmf_after", Unit::Seconds, "digit sent to digit heard", |f| f.digits.as_ref()?.after),
];

/// The measure of this key.
pub fn find(key: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.key == key)
}

/// Something that can be asked of a measure.
#[derive(Debug, PartialEq)]
pub struct LimitRow {
    /// The option, without its dashes; the name of the check too.
    pub option: &'static str,
    /// A floor, not a ceiling.
    pub is_least: bool,
    /// What it counts.
    pub unit: Unit,
    /// The measures it is about; the worst of those known counts.
    pub of: &'static [&'static str],
    /// What it is, for `--help`.
    pub doc: &'static str,
}

const fn most(option: &'static str, unit: Unit, of: &'static [&'static str], doc: &'static str) -> LimitRow {
    LimitRow { option, is_least: false, unit, of, doc }
}

/// Everything that can be asked.
pub static LIMITS: &[LimitRow] = &[
    LimitRow {
        option: "min-mos",
        is_least: true,
        unit: Unit::Mos,
        of: &["mos_rx", "mos_tx"],
        doc: "Least MOS either way; here and below: LIMIT, or WARNING:LIMIT",
    },
    most("max-registration", Unit::Seconds, &["registered_after"], "Longest time to the registration, seconds"),
    most("max-pdd", Unit::Seconds, &["post_dial_delay"], "Longest time from INVITE to ringing, seconds"),
    most("max-answer", Unit::Seconds, &["time_to_answer"], "Longest time from INVITE to the answer, seconds"),
    most("max-first-rtp", Unit::Seconds, &["first_rtp_after"], "Longest time from the answer to sound, seconds"),
    most("max-loss", Unit::Share, &["loss_rx", "loss_tx"], "Most packets lost either way, percent"),
    most("max-jitter", Unit::Milliseconds, &["jitter_rx_ms", "jitter_tx_ms"], "Most jitter either way, ms"),
    most("max-rtt", Unit::Milliseconds, &["rtt_ms"], "Longest round trip of the network, ms"),
    most("max-echo", Unit::Milliseconds, &["echo_ms"], "Longest round trip of the sound, ms; plays a chirp"),
    most("max-dtmf", Unit::Seconds, &["dtmf_after"], "Longest time from a digit sent to it heard, seconds"),
];

/// A limit with its numbers, in our units.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What is asked.
    pub row: &'static LimitRow,
    /// Beyond this it is worth a word.
    pub warning: Option<f64>,
    /// Beyond this it has failed.
    pub limit: f64,
}

impl Limit {
    /// Reads `LIMIT` or `WARNING:LIMIT`.
    ///
    /// # Errors
    /// A sentence about what is no such thing.
    pub fn parse(row: &'static LimitRow, text: &str) -> Result<Limit, String> {
        let number = |part: &str| match part.trim().trim_end_matches('%').parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(row.unit.read(number)),
            _ => Err(format!("--{} {text:?} is neither LIMIT nor WARNING:LIMIT", row.option)),
        };
        let (warning, limit) = match text.split_once(':') {
            Some((warning, limit)) => (Some(number(warning)?), number(limit)?),
            None => (None, number(text)?),
        };
        let limit = Limit { row, warning, limit };
        match warning {
            Some(warning) if limit.is_beyond(limit.limit, warning) => {
                Err(format!("--{} {text:?}: the warning comes behind the limit", row.option))
            }
            _ => Ok(limit),
        }
    }

    /// True if `value` is worse than `bound`.
    pub fn is_beyond(&self, bound: f64, value: f64) -> bool {
        if self.row.is_least { value < bound } else { value > bound }
    }

    /// The worst of the measures it is about, if any is known.
    pub fn worst(&self, finding: &Finding) -> Option<f64> {
        let values = self.row.of.iter().filter_map(|key| (find(key)?.read)(finding));
        values.reduce(|worst, value| if self.is_beyond(worst, value) { value } else { worst })
    }

    /// `at most 2 s`.
    pub fn words(&self) -> String {
        let word = if self.row.is_least { "at least" } else { "at most" };
        format!("{word} {}", self.row.unit.words(self.limit))
    }
}

/// A number for JSON, without digits that mean nothing.
pub fn number(value: Option<f64>) -> Value {
    value.filter(|value| value.is_finite()).map_or(Value::Null, |value| Value::from((value * 1e6).round() / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_about_measures_of_its_unit() {
        for row in LIMITS {
            for key in row.of {
                let found = find(key).unwrap_or_else(|| panic!("{}: {key}", row.option));
                assert_eq!(found.unit, row.unit, "{}", row.option);
            }
        }
        for measure in MEASURES {
            assert_eq!(measure.key.ends_with("_ms"), measure.unit == Unit::Milliseconds, "{}", measure.key);
        }
    }

    fn row(option: &str) -> &'static LimitRow {
        LIMITS.iter().find(|row| row.option == option).unwrap()
    }

    #[test]
    fn limits_are_read_in_peoples_units() {
        let rows = [
            ("min-mos", "3.5", Some((None, 3.5))),
            ("min-mos", "3.8:3.5", Some((Some(3.8), 3.5))),
            ("min-mos", "3.5:3.8", None),
            ("max-loss", "1", Some((None, 0.01))),
            ("max-loss", "0.5%:2%", Some((Some(0.005), 0.02))),
            ("max-pdd", "2:5", Some((Some(2.0), 5.0))),
            ("max-pdd", "5:2", None),
            ("max-pdd", "-1", None),
            ("max-pdd", "NaN", None),
            ("max-pdd", "1:2:3", None),
            ("max-pdd", "", None),
        ];
        for (option, text, expected) in rows {
            let limit = Limit::parse(row(option), text);
            assert_eq!(limit.as_ref().ok().map(|l| (l.warning, l.limit)), expected, "{option} {text}: {limit:?}");
            assert!(limit.as_ref().err().is_none_or(|why| why.contains(option)), "{limit:?}");
        }
    }

    #[test]
    fn numbers_are_told_with_their_unit_and_no_more_digits_than_they_have() {
        let rows = [
            (Unit::Seconds, 0.81, "0.81 s"),
            (Unit::Seconds, 12.0, "12 s"),
            (Unit::Milliseconds, 0.0, "0 ms"),
            (Unit::Milliseconds, 120.04, "120 ms"),
            (Unit::Share, 0.0125, "1.25 %"),
            (Unit::Mos, 4.3, "4.3"),
        ];
        for (unit, value, expected) in rows {
            assert_eq!(unit.words(value), expected);
        }
        assert_eq!(number(Some(f64::NAN)), Value::Null);
    }
}
