//! How a listener would rate the sound: the E-model of ITU-T G.107 with its defaults, so R starts at 93.2.

use std::time::Duration;

/// What a codec costs the E-model (ITU-T G.113 Appendix I).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Equipment impairment without loss, Ie.
    pub ie: f64,
    /// Packet-loss robustness, Bpl.
    pub bpl: f64,
}

impl Impairment {
    /// Of a codec by its rtpmap name. G.113 has no figures for Opus and G.722 on the narrow-band scale: Opus is taken
    /// as G.711 that bears more loss (our stand-in for its in-band FEC), G.722 as G.711.
    pub fn of(encoding: &str) -> Impairment {
        let (ie, bpl) = match encoding.to_ascii_lowercase().as_str() {
            "opus" => (0.0, 35.0),
            "g729" => (11.0, 19.0),
            "g723" => (15.0, 16.1),
            "gsm" => (20.0, 10.0),
            "gsm-efr" => (5.0, 10.0),
            "ilbc" => (11.0, 32.0),
            _ => (0.0, 25.1),
        };
        Impairment { ie, bpl }
    }
}

/// MOS 1.0–4.5 from mouth-to-ear delay and the share of packets lost (0..=1, late ones counted in).
pub fn estimate(codec: Impairment, delay: Duration, loss: f64) -> f64 {
    let loss = if loss.is_finite() { loss.clamp(0.0, 1.0) } else { 0.0 };
    let delay_ms = delay.as_secs_f64() * 1000.0;
    let delay_impairment = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let percent = loss * 100.0;
    let effective = codec.ie + (95.0 - codec.ie) * percent / (percent + codec.bpl);
    mos(93.2 - delay_impairment - effective)
}

/// G.107 Annex B.
fn mos(r: f64) -> f64 {
    if r <= 0.0 {
        1.0
    } else if r >= 100.0 {
        4.5
    } else {
        (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points() {
        let rows = [("PCMU", 0, 0.0, 4.41), ("PCMU", 150, 0.0, 4.33), ("G729", 0, 0.0, 4.11), ("PCMU", 0, 1.0, 1.1)];
        for (codec, delay, loss, expected) in rows {
            let found = estimate(Impairment::of(codec), Duration::from_millis(delay), loss);
            assert!((found - expected).abs() < 0.1, "{codec} {delay} {loss}: {found}");
        }
    }

    #[test]
    fn falls_with_loss_and_delay() {
        let at = |delay, loss| estimate(Impairment::of("opus"), Duration::from_millis(delay), loss);
        assert!(at(50, 0.0) > at(50, 0.05) && at(50, 0.05) > at(50, 0.2) && at(50, 0.0) > at(400, 0.0));
        assert!(at(u64::MAX, f64::NAN) >= 1.0);
    }
}
