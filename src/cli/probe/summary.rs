//! Several calls in few numbers. Pure.

use super::finding::Finding;
use super::judge::Verdict;
use super::measures::{MEASURES, Measure};
use crate::control::ExitCode;

/// A call and its judgement.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What came of it.
    pub finding: Finding,
    /// Whether that is as it should be.
    pub verdict: Verdict,
}

/// What a measure came to in all calls that have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The one in the middle; of two the lower.
    pub median: f64,
    /// The one that 95 of a hundred do not exceed.
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these values; `None` of none.
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        // Nearest rank: one of the values, never one between two.
        let rank = |percent: usize| values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Spread { min: rank(0)?, median: rank(50)?, p95: rank(95)?, max: rank(100)? })
    }
}

/// Each measure that any call has, with its spread.
pub fn spreads(calls: &[Judged]) -> Vec<(&'static Measure, Spread)> {
    let spread = |measure: &'static Measure| {
        let values = calls.iter().filter_map(|call| (measure.read)(&call.finding)).collect();
        Some((measure, Spread::of(values)?))
    };
    MEASURES.iter().filter_map(spread).collect()
}

/// The call that decides how the program ends: the first that was not as it should be.
pub fn deciding(calls: &[Judged]) -> Option<&Judged> {
    calls.iter().find(|call| !call.verdict.is_ok()).or(calls.first())
}

/// How the program ends.
pub fn code(calls: &[Judged]) -> ExitCode {
    deciding(calls).map_or(ExitCode::Unexpected, |call| call.verdict.code)
}

/// How many calls were as they should be.
pub fn passed(calls: &[Judged]) -> usize {
    calls.iter().filter(|call| call.verdict.is_ok()).count()
}

#[cfg(test)]
mod tests {
    use super::super::finding::samples::*;
    use super::super::judge::{Expectations, judge};
    use super::*;

    #[test]
    fn a_spread_is_made_of_values_that_there_were() {
        let rows: [(&[f64], Option<[f64; 4]>); 5] = [
            (&[], None),
            (&[f64::NAN], None),
            (&[3.0], Some([3.0; 4])),
            (&[4.0, 1.0, 2.0, 3.0], Some([1.0, 2.0, 4.0, 4.0])),
            (&[5.0, 1.0, f64::NAN, 3.0], Some([1.0, 3.0, 5.0, 5.0])),
        ];
        for (values, expected) in rows {
            let spread = Spread::of(values.to_vec()).map(|s| [s.min, s.median, s.p95, s.max]);
            assert_eq!(spread, expected, "{values:?}");
        }
        let hundred = Spread::of((1..=100).map(f64::from).collect()).unwrap();
        assert_eq!((hundred.median, hundred.p95, hundred.max), (50.0, 95.0, 100.0));
    }

    #[test]
    fn the_first_call_that_failed_decides() {
        let judged = |finding: Finding| {
            let verdict = judge(&Expectations::default(), &finding);
            Judged { finding, verdict }
        };
        let calls = [judged(answered(GOOD)), judged(refused(486, "busy")), judged(refused(404, "no_such_number"))];
        assert_eq!((code(&calls), passed(&calls)), (ExitCode::Busy, 1));
        assert_eq!((code(&calls[..1]), code(&[])), (ExitCode::Ok, ExitCode::Unexpected));
        let keys: Vec<&str> = spreads(&calls).iter().map(|(measure, _)| measure.key).collect();
        assert!(keys.contains(&"mos_rx") && !keys.contains(&"echo_ms"), "{keys:?}");
    }
}
