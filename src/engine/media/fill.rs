//! How full the ring between a device's clock and ours is kept.

/// Keeps the lowest fill of a ring just above nothing. The lowest counts, not the mean: devices take and bring their
/// sound in bursts of their own size, and a burst or a tick that came late shows in it as well.
///
/// A new ring is set right once, as soon as its device's bursts are known. From then on its fill may wander within a
/// room. What is above is to be left out where nobody hears it ([`FillControl::spare_s`]), and all that leaves the room
/// is steered, gently, by the ratio of the converter: a bend of the pitch. A gap raises at once what is kept; what some
/// seconds did not need comes off again, after more of them the more gaps there were.
#[derive(Debug, Clone)]
pub struct FillControl {
    least_s: f64,
    /// Kept on top, for gaps there were.
    raised_s: f64,
    /// Gaps not yet forgotten.
    gaps: u32,
    /// The lowest since it was looked at whether what is kept is needed.
    unused_s: f64,
    period_ticks: u32,
    lowest_s: f64,
    ticks: u32,
    settle_ticks: u32,
    /// How far the lowest fill may be above the least.
    room_s: f64,
    settled: bool,
    /// It was settled before.
    begun: bool,
    recent_s: [f64; 4],
    spare_s: f64,
    bend: f64,
}

impl FillControl {
    /// A device that starts takes or brings its sound unevenly; that says nothing.
    const START_TICKS: u32 = 5;
    /// Bursts are known after this where the device tells how large they are, and where it does not.
    const SETTLE_TICKS: [u32; 2] = [20, 50];
    /// The room in these cases. Two even clocks seem to shift against each other by as much as a tick.
    const ROOM_S: [f64; 2] = [0.003, 0.012];
    const WINDOW_TICKS: u32 = 50;
    /// Where in this room a ring is set right to.
    const PLACE_S: f64 = 0.001;
    /// What needs no setting right.
    const NEAR_S: f64 = 0.001;
    /// What is too much to be heard at all.
    const SURPLUS_S: f64 = 0.100;
    /// How much of what is outside the room a second of bending works off, and the most it bends: five cents.
    const PULL: f64 = 0.2;
    const MOST_BEND: f64 = 0.003;
    /// What a gap raises, and the most that all of them do.
    const RAISE_S: f64 = 0.005;
    const MOST_S: f64 = 0.060;
    /// What is never lowered, however little was needed, and how long that is watched for each gap, a minute at most.
    const RESERVE_S: f64 = 0.001;
    const PERIOD_TICKS: u32 = 400;
    const MOST_GAPS: u32 = 15;

    /// A ring to or from a device that tells how much it takes or brings at once.
    pub fn new(least_s: f64) -> FillControl {
        FillControl {
            least_s,
            raised_s: 0.0,
            gaps: 0,
            unused_s: f64::MAX,
            period_ticks: 0,
            lowest_s: f64::MAX,
            ticks: 0,
            settle_ticks: Self::SETTLE_TICKS[0],
            room_s: Self::ROOM_S[0],
            settled: false,
            begun: false,
            recent_s: [least_s; 4],
            spare_s: 0.0,
            bend: 0.0,
        }
    }

    /// A ring to or from one that does not.
    pub fn blind(least_s: f64) -> FillControl {
        /// Now and then two bursts of a clock that runs away fall into one tick.
        const MORE_S: f64 = 0.010;
        let (settle_ticks, room_s) = (Self::SETTLE_TICKS[1], Self::ROOM_S[1]);
        FillControl { settle_ticks, room_s, ..FillControl::new(least_s + MORE_S) }
    }

    /// What a ring should begin with beyond a burst, seconds: what is too much comes off when it is set right.
    pub fn start_s(&self) -> f64 {
        self.least_s + 0.003
    }

    /// How much faster the ring is to be emptied, as a part of 1.
    pub fn bend(&self) -> f64 {
        self.bend
    }

    /// What may be left out where nobody hears it, seconds.
    pub fn spare_s(&self) -> f64 {
        self.spare_s
    }

    /// So much of it was.
    pub fn left_out(&mut self, seconds: f64) {
        self.spare_s -= seconds;
        self.lowest_s -= seconds;
        self.unused_s -= seconds;
        self.recent_s.iter_mut().for_each(|recent_s| *recent_s -= seconds);
    }

    /// Sound was missing: more is kept from now on.
    pub fn ran_dry(&mut self) {
        (self.period_ticks, self.unused_s) = (0, f64::MAX);
        // What a gap leaves behind it says nothing, and gaps soon after one another are one.
        (self.ticks, self.lowest_s, self.spare_s) = (0, f64::MAX, 0.0);
        if std::mem::take(&mut self.settled) {
            self.raised_s = (self.raised_s + Self::RAISE_S).min(Self::MOST_S);
            self.gaps = (self.gaps + 1).min(Self::MOST_GAPS);
        }
    }

    /// Takes a tick's fill in seconds; the seconds to drop (> 0) or to add (< 0) at once, mostly 0.
    pub fn update(&mut self, fill_s: f64) -> f64 {
        self.ticks += 1;
        self.lower(fill_s);
        if self.settled || self.ticks > Self::START_TICKS {
            self.lowest_s = self.lowest_s.min(fill_s);
        }
        if self.ticks < if self.settled { Self::WINDOW_TICKS } else { self.settle_ticks } {
            return 0.0;
        }
        let lowest_s = std::mem::replace(&mut self.lowest_s, f64::MAX);
        let least_s = self.least_s + self.raised_s;
        let (top_s, place_s) = (least_s + self.room_s, least_s + Self::PLACE_S);
        self.ticks = 0;
        let settled = std::mem::replace(&mut self.settled, true);
        if !std::mem::replace(&mut self.begun, true) || lowest_s > top_s + Self::SURPLUS_S {
            (self.recent_s, self.spare_s) = ([place_s; 4], 0.0);
            return if (lowest_s - place_s).abs() <= Self::NEAR_S { 0.0 } else { lowest_s - place_s };
        }
        if settled {
            self.recent_s.rotate_left(1);
            self.recent_s[3] = lowest_s;
        } else {
            self.recent_s = [lowest_s; 4];
        }
        let highest_s = self.recent_s.iter().copied().fold(f64::MIN, f64::max);
        let lowest_s = self.recent_s.iter().copied().fold(f64::MAX, f64::min);
        // Too little ends in a gap, too much is only delay.
        let outside_s = (lowest_s - top_s).max(0.0) + (highest_s - least_s).min(0.0);
        self.bend = (outside_s * Self::PULL).clamp(-Self::MOST_BEND, Self::MOST_BEND);
        self.spare_s = if lowest_s > top_s { lowest_s - place_s } else { 0.0 };
        0.0
    }

    /// Lowers what is kept for gaps, by half of what was not needed.
    fn lower(&mut self, fill_s: f64) {
        self.period_ticks += 1;
        self.unused_s = self.unused_s.min(fill_s);
        if self.period_ticks >= Self::PERIOD_TICKS * self.gaps.max(1) {
            self.raised_s = (self.raised_s - (self.unused_s - Self::RESERVE_S).max(0.0) / 2.0).max(0.0);
            // A device that has gaps again and again is believed longer each time.
            self.gaps = self.gaps.saturating_sub(u32::from(self.raised_s == 0.0));
            (self.period_ticks, self.unused_s) = (0, f64::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring between our clock and a device's, `ppm` faster, that takes `burst_s` at once and is now and then a tick late,
    /// over ten minutes: how often it ran dry after the first, the largest bend in ppm, and how far the lowest fills of the
    /// last minute's seconds lie apart.
    fn ride(ppm: f64, burst_s: f64) -> (u32, f64, f64) {
        let mut control = FillControl::blind(0.002);
        let (mut fill_s, mut owed_s, mut chance, mut late) = (burst_s + control.start_s(), 0.0, 1_u32, false);
        let (mut dry, mut bend, mut lowest, mut range_s) = (0, 0.0_f64, f64::MAX, (f64::MAX, 0.0_f64));
        for tick in 0..60_000 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            late = !late && chance >> 28 == 0;
            owed_s += 0.010 * (1.0 + ppm * 1e-6);
            while owed_s >= burst_s && !late {
                owed_s -= burst_s;
                if fill_s < burst_s {
                    control.ran_dry();
                    dry += u32::from(tick > 6_000);
                    // What is missing is made up, so the rest is there later.
                    fill_s = burst_s;
                }
                fill_s -= burst_s;
            }
            lowest = lowest.min(fill_s);
            if tick % 100 == 99 {
                if tick > 54_000 {
                    range_s = (range_s.0.min(lowest), range_s.1.max(lowest));
                }
                lowest = f64::MAX;
            }
            let correction_s = control.update(fill_s);
            fill_s += 0.010 * (1.0 - control.bend()) - correction_s;
            bend = bend.max(control.bend().abs() * 1e6);
        }
        (dry, bend, range_s.1 - range_s.0)
    }

    #[test]
    fn clocks_that_agree_leave_the_pitch_alone() {
        let (dry, bend, _) = ride(0.0, 0.020);
        assert!(dry == 0 && bend == 0.0, "dry {dry}, bent by {bend} ppm");
    }

    #[test]
    fn ten_minutes_of_drift_are_followed_without_running_dry() {
        for ppm in [200.0, -200.0] {
            for burst_s in [0.005, 0.010, 0.020] {
                let (dry, bend, range_s) = ride(ppm, burst_s);
                let told = format!("{ppm} ppm, {burst_s} s at once: dry {dry}, bent {bend}, {range_s} s apart");
                assert!(dry == 0 && (150.0..3_001.0).contains(&bend) && range_s <= 0.020, "{told}");
            }
        }
    }

    #[test]
    fn what_came_too_late_may_be_left_out_soon() {
        let mut control = FillControl::new(0.002);
        let mut fill_s = 0.003;
        let mut ride = |control: &mut FillControl, ticks: u32, more_s: f64| {
            fill_s += more_s;
            for _ in 0..ticks {
                fill_s -= control.update(fill_s) + 0.010 * control.bend();
            }
            fill_s
        };
        assert_eq!((ride(&mut control, 200, 0.0), control.spare_s()), (0.003, 0.0));
        control.ran_dry();
        let after_s = ride(&mut control, 21, 0.018);
        assert!((after_s - 0.021).abs() < 1e-3 && (control.spare_s() - 0.013).abs() < 1e-3, "{after_s} {control:?}");
        control.left_out(0.013);
        let after_s = ride(&mut control, 100, -0.013);
        assert!(control.spare_s() == 0.0 && control.bend() == 0.0, "{after_s} {control:?}");
        // Far too much is no sound of now.
        let after_s = ride(&mut control, 201, 0.130);
        assert!(after_s < 0.010, "{after_s} {control:?}");
    }

    #[test]
    fn a_gap_raises_what_is_kept_and_quiet_minutes_lower_it_again() {
        let mut control = FillControl::new(0.002);
        let mut fill_s = 0.005;
        let mut ride = |control: &mut FillControl, ticks: u32| {
            for _ in 0..ticks {
                fill_s += -control.update(fill_s) - 0.010 * control.bend();
            }
            fill_s
        };
        let before = ride(&mut control, 2_000);
        (0..4).for_each(|_| control.ran_dry());
        let once = ride(&mut control, 1_000);
        assert!((before + 0.002..before + 0.006).contains(&once), "{before} {once}");
        for _ in 0..4 {
            control.ran_dry();
            ride(&mut control, 100);
        }
        let raised = ride(&mut control, 1_000);
        assert!(raised > before + 0.010, "{before} {raised}");
        let fallen = ride(&mut control, 30_000);
        assert!(fallen < raised - 0.005, "{raised} {fallen}");
    }
}
