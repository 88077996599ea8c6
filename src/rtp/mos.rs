//! How a listener would rate the sound: the E-model with its defaults, narrow band (ITU-T G.107) and wide band (G.107.1).
//!
//! The two scales are not the same: 4.4 is the best telephone on the one, the best wide-band phone on the other.

use std::time::Duration;

/// R without any impairment but what the defaults bring: Ro − Is.
const R_NARROW: f64 = 93.36;
/// R of a perfect wide-band connection.
const R_WIDE: f64 = 129.0;
/// What a wide-band R is divided by to be rated (G.107.1 Annex B).
const WIDE: f64 = 1.29;
/// The echo that the far end's phone leaves, TELR in dB, and the listener's own, WEPL.
const TELR: f64 = 65.0;
const WEPL: f64 = 110.0;
/// Signal over noise of the circuit, Ro and what it is for the talker's echo.
const RO: f64 = 94.77;

/// What a codec costs the E-model (ITU-T G.113 Appendices I and IV).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Equipment impairment without loss, Ie.
    pub ie: f64,
    /// Packet-loss robustness, Bpl.
    pub bpl: f64,
    /// On the wide-band scale.
    pub wide: bool,
}

impl Impairment {
    /// Of a codec by its rtpmap name. G.113 does not know Opus, nor linear sound: they are taken as what is little worse
    /// than nothing, Opus as bearing loss like a codec that says things twice.
    pub fn of(encoding: &str) -> Impairment {
        const TABLE: [(&str, f64, f64, bool); 8] = [
            ("opus", 8.0, 30.0, true),
            ("G722", 13.0, 13.1, true),
            ("L16", 0.0, 13.1, true),
            ("G729", 11.0, 19.0, false),
            ("G723", 15.0, 16.1, false),
            ("GSM", 20.0, 10.0, false),
            ("GSM-EFR", 5.0, 10.0, false),
            ("iLBC", 11.0, 32.0, false),
        ];
        // G.711 with concealment (Appendix I), and what is not known.
        const G711: (&str, f64, f64, bool) = ("PCMU", 0.0, 25.1, false);
        let (_, ie, bpl, wide) =
            TABLE.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(encoding)).unwrap_or(G711);
        Impairment { ie, bpl, wide }
    }
}

/// What happens to the sound under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Mouth to ear.
    pub delay: Duration,
    /// Share of packets lost or too late, 0..=1.
    pub loss: f64,
    /// BurstR: 1 = random.
    pub burst_ratio: f64,
}

/// A rating and what takes away from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// R factor, 0–100; that of wide band is scaled to it.
    pub r: f64,
    /// MOS of two who talk, 1.0–4.5.
    pub mos: f64,
    /// MOS of one who listens: without the delay.
    pub mos_listening: f64,
    /// What the delay takes from R.
    pub by_delay: f64,
    /// What loss takes from R.
    pub by_loss: f64,
    /// What the codec takes from R.
    pub by_codec: f64,
}

/// Rates sound of this codec over this path.
pub fn rate(codec: Impairment, path: Path) -> Rating {
    let loss = if path.loss.is_finite() { path.loss.clamp(0.0, 1.0) } else { 0.0 };
    let burst_ratio = if path.burst_ratio.is_finite() { path.burst_ratio.max(1.0) } else { 1.0 };
    let percent = loss * 100.0;
    let by_loss = (95.0 - codec.ie) * percent / (percent / burst_ratio + codec.bpl);
    // The formula leaves what it is made for when nearly all is lost in bursts.
    let by_loss = by_loss.min(95.0 - codec.ie);
    let by_delay = delay_impairment(path.delay.as_secs_f64() * 1_000.0);
    let (best, scale) = if codec.wide { (R_WIDE, WIDE) } else { (R_NARROW, 1.0) };
    let r = (best - codec.ie - by_loss - by_delay) / scale;
    Rating {
        r: r.clamp(0.0, 100.0),
        mos: mos(r),
        mos_listening: mos((best - codec.ie - by_loss) / scale),
        by_delay: by_delay / scale,
        by_loss: by_loss / scale,
        by_codec: codec.ie / scale,
    }
}

/// Id of a mouth-to-ear delay in ms: talker echo, listener echo, and being late as such.
//= ITU-T G.107 §7.4
fn delay_impairment(delay: f64) -> f64 {
    let delay = delay.clamp(0.0, 10_000.0);
    let round_trip = 2.0 * delay;
    let echo =
        TELR - 40.0 * ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10() + 6.0 * (-0.3 * delay * delay).exp();
    let re = 80.0 + 2.5 * (echo - 14.0);
    let half = (RO - re) / 2.0;
    let talker = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-delay).exp());
    let rle = 10.5 * (WEPL + 7.0) * (round_trip + 1.0).powf(-0.25);
    let half = (RO - rle) / 2.0;
    let listener = half + (half * half + 169.0).sqrt();
    let late = if delay <= 100.0 {
        0.0
    } else {
        let x = (delay / 100.0).log2();
        25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0) + 2.0)
    };
    talker + listener + late
}

//= ITU-T G.107 Annex B
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

    fn at(codec: &str, delay: u64, loss: f64, burst_ratio: f64) -> Rating {
        rate(Impairment::of(codec), Path { delay: Duration::from_millis(delay), loss, burst_ratio })
    }

    #[test]
    fn known_points() {
        // G.107: 93.2 with all defaults, which are a delay of 0; G.113: Ie of G.729 is 11, half of 95 at a loss of Bpl.
        let rows = [
            ("PCMU", 0, 0.0, 1.0, 93.2, 4.41),
            ("PCMU", 150, 0.0, 1.0, 89.6, 4.33),
            ("PCMU", 400, 0.0, 1.0, 62.3, 3.22),
            ("G729", 0, 0.0, 1.0, 82.2, 4.10),
            ("PCMU", 0, 0.251, 1.0, 45.7, 2.36),
            ("PCMU", 0, 1.0, 1.0, 17.3, 1.15),
            ("G722", 0, 0.0, 1.0, 89.8, 4.34),
        ];
        for (codec, delay, loss, burst_ratio, r, mos) in rows {
            let found = at(codec, delay, loss, burst_ratio);
            assert!((found.r - r).abs() < 1.5 && (found.mos - mos).abs() < 0.08, "{codec} {delay} {loss}: {found:?}");
        }
    }

    #[test]
    fn falls_with_loss_bursts_and_delay() {
        for codec in ["opus", "G722", "PCMA", "G729", "GSM"] {
            let mos = |delay, loss, bursts| at(codec, delay, loss, bursts).mos;
            assert!(mos(50, 0.0, 1.0) > mos(50, 0.05, 1.0) && mos(50, 0.05, 1.0) > mos(50, 0.2, 1.0), "{codec}");
            assert!(mos(50, 0.05, 1.0) > mos(50, 0.05, 3.0) && mos(50, 0.0, 1.0) > mos(400, 0.0, 1.0), "{codec}");
            let listening = at(codec, 400, 0.0, 1.0);
            assert!(listening.mos_listening > listening.mos && listening.by_delay > 10.0, "{codec}");
        }
        for odd in [f64::NAN, f64::INFINITY, -1.0] {
            let found = rate(Impairment::of("x"), Path { delay: Duration::MAX, loss: odd, burst_ratio: odd });
            assert!((1.0..=4.5).contains(&found.mos) && found.r.is_finite(), "{found:?}");
        }
    }
}
