//! How full the ring between a device's clock and ours is kept.

/// Keeps a ring's lowest fill within a range. The lowest counts, not the mean, because devices take and bring their
/// sound in bursts of their own size.
///
/// A new ring is set right once, as soon as its device's bursts are known. From then on its fill may wander within
/// [`FillControl::ROOM_S`], which is more than the 10 ms by which two even clocks seem to shift against each other;
/// only what leaves it for two seconds is steered, gently, by the ratio of the converter: a bend of the pitch.
#[derive(Debug, Clone)]
pub struct FillControl {
    pub(super) least_s: f64,
    lowest_s: f64,
    ticks: u32,
    settled: bool,
    recent_s: [f64; 4],
    pub(super) bend: f64,
}

impl FillControl {
    /// A device that starts takes or brings its sound unevenly; that says nothing.
    const START_TICKS: u32 = 20;
    /// Bursts are known after this.
    const SETTLE_TICKS: u32 = 50;
    const WINDOW_TICKS: u32 = 50;
    /// How far the lowest fill may be above the least.
    const ROOM_S: f64 = 0.016;
    /// Where in this room a ring is set right to.
    pub(super) const PLACE_S: f64 = 0.006;
    /// What needs no setting right.
    const NEAR_S: f64 = 0.004;
    /// What is too much to be worked off by bending.
    const SURPLUS_S: f64 = 0.040;

    /// A ring whose lowest fill is to be no lower, seconds.
    pub fn new(least_s: f64) -> FillControl {
        FillControl { least_s, lowest_s: f64::MAX, ticks: 0, settled: false, recent_s: [least_s; 4], bend: 0.0 }
    }

    /// The least was too low for this machine: aim higher from now on.
    pub fn ran_dry(&mut self) {
        const STEP_S: f64 = 0.005;
        const MOST_S: f64 = 0.060;
        if self.settled {
            self.least_s = (self.least_s + STEP_S).min(MOST_S);
        }
    }

    /// Takes a tick's fill in seconds; the seconds to drop (> 0) or to add (< 0) at once, mostly 0.
    pub fn update(&mut self, fill_s: f64) -> f64 {
        self.ticks += 1;
        if self.settled || self.ticks > Self::START_TICKS {
            self.lowest_s = self.lowest_s.min(fill_s);
        }
        if self.ticks < if self.settled { Self::WINDOW_TICKS } else { Self::SETTLE_TICKS } {
            return 0.0;
        }
        let lowest_s = std::mem::replace(&mut self.lowest_s, f64::MAX);
        let (top_s, place_s) = (self.least_s + Self::ROOM_S, self.least_s + Self::PLACE_S);
        self.ticks = 0;
        if !self.settled || lowest_s > top_s + Self::SURPLUS_S {
            self.settled = true;
            self.recent_s = [place_s; 4];
            return if (lowest_s - place_s).abs() > Self::NEAR_S { lowest_s - place_s } else { 0.0 };
        }
        self.recent_s.rotate_left(1);
        self.recent_s[3] = lowest_s;
        let above_s = self.recent_s.iter().copied().fold(f64::MAX, f64::min) - top_s;
        let below_s = self.recent_s.iter().copied().fold(f64::MIN, f64::max) - self.least_s;
        // Too little ends in a gap, too much is only delay.
        self.bend = (above_s.max(0.0) * 0.02 + below_s.min(0.0) * 0.05).clamp(-0.002, 0.002);
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST_S: f64 = 0.014;

    /// A ring between our clock and a device's, `ppm` faster, that takes 20 ms at once and is sometimes a tick late:
    /// how often it ran dry, the largest bend in ppm, the fills of the last minute from least to most.
    fn ride(ppm: f64, minutes: u32) -> (u32, f64, f64) {
        const BURST_S: f64 = 0.020;
        let mut control = FillControl::new(LEAST_S);
        let (mut fill_s, mut owed_s, mut chance) = (0.030, 0.0, 1_u32);
        let (mut dry, mut bend, mut least_s, mut most_s) = (0, 0.0_f64, f64::MAX, 0.0_f64);
        for tick in 0..minutes * 6_000 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            owed_s += 0.010 * (1.0 + ppm * 1e-6);
            while owed_s >= BURST_S && chance >> 28 != 0 {
                owed_s -= BURST_S;
                dry += u32::from(fill_s < BURST_S);
                fill_s = (fill_s - BURST_S).max(0.0);
            }
            let correction_s = control.update(fill_s);
            fill_s += 0.010 * (1.0 - control.bend) - correction_s;
            bend = bend.max(control.bend.abs() * 1e6);
            if tick >= (minutes - 1) * 6_000 {
                (least_s, most_s) = (least_s.min(fill_s), most_s.max(fill_s));
            }
        }
        (dry, bend, most_s - least_s)
    }

    #[test]
    fn clocks_that_agree_leave_the_pitch_alone() {
        let (dry, bend, _) = ride(0.0, 10);
        assert!(dry == 0 && bend == 0.0, "dry {dry}, bent by {bend} ppm");
    }

    #[test]
    fn ten_minutes_of_drift_are_followed_without_running_dry() {
        for ppm in [200.0, -200.0] {
            let (dry, bend, range_s) = ride(ppm, 10);
            assert!(dry == 0 && (200.0..700.0).contains(&bend) && range_s < 0.045, "{ppm}: {dry} {bend} {range_s}");
        }
    }
}
