//! Scores of calls, and what they are together.

use std::fmt;

/// What was heard in one call, both ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// PESQ of the first words of the call, MOS-LQO.
    pub first: f64,
    /// The mean of those that follow.
    pub later: f64,
}

/// The calls over one line, each with a seed of its own.
#[derive(Debug, Clone, Default)]
pub struct Tries(pub Vec<Heard>);

/// A mean of calls, and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Over all calls.
    pub mean: f64,
    /// Their standard deviation; nothing of one call.
    pub spread: Option<f64>,
}

impl Tries {
    /// Of the first words; nothing without a call.
    pub fn first(&self) -> Option<Figure> {
        Figure::of(self.0.iter().map(|heard| heard.first))
    }

    /// Of the words that follow; nothing without a call.
    pub fn later(&self) -> Option<Figure> {
        Figure::of(self.0.iter().map(|heard| heard.later))
    }
}

impl Figure {
    fn of(scores: impl Iterator<Item = f64>) -> Option<Figure> {
        let scores: Vec<f64> = scores.collect();
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let square = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
        let spread = (scores.len() > 1).then(|| (square / (count - 1.0)).sqrt());
        (!scores.is_empty()).then_some(Figure { mean, spread })
    }

    /// True when it is above another by more than the spread of either.
    pub fn is_above(&self, other: &Figure) -> bool {
        let spread = self.spread.zip(other.spread).map(|(a, b)| a.max(b));
        spread.is_some_and(|spread| self.mean - other.mean > spread)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.mean)?;
        self.spread.map_or(Ok(()), |spread| write!(f, " ± {spread:.2}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_their_mean_and_spread() {
        let tries = |scores: &[f64]| Tries(scores.iter().map(|s| Heard { first: *s, later: s + 1.0 }).collect());
        assert_eq!(tries(&[]).first(), None);
        assert_eq!(tries(&[2.0]).first().unwrap().to_string(), "2.00");
        let (ours, theirs) = (tries(&[2.0, 2.1, 2.2]).later().unwrap(), tries(&[2.3, 2.0]).later().unwrap());
        assert_eq!((ours.to_string(), theirs.to_string()), ("3.10 ± 0.10".into(), "3.15 ± 0.21".into()));
        assert!(!theirs.is_above(&ours), "within its own spread");
        assert!(tries(&[2.4, 2.5]).later().unwrap().is_above(&ours));
        assert!(!tries(&[2.9]).later().unwrap().is_above(&ours), "nothing is known of the spread of one");
    }
}
