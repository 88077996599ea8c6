//! The clock on the wall, as of the last message: what the log and the ladder write down. Reading it is the shell's.

use super::asking::LocalTime;

/// A moment on the wall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wall {
    /// Microseconds since 1970.
    pub us: i64,
    /// The same as people here have it, to the second: `2026-01-02 04:04:05`.
    pub local: String,
    second: i64,
    clock: Clock,
}

/// How moments are told here.
#[derive(Clone, Copy)]
struct Clock(LocalTime);

impl Default for Clock {
    fn default() -> Clock {
        Clock(|_| None)
    }
}

// A moment is the same by whichever clock.
impl PartialEq for Clock {
    fn eq(&self, _: &Clock) -> bool {
        true
    }
}

impl Eq for Clock {}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Wall {
    /// It is so late. What people here have for it is made anew once a second.
    pub fn set(&mut self, us: i64, local_time: LocalTime) {
        self.us = us;
        self.clock = Clock(local_time);
        let second = us.div_euclid(1_000_000);
        if second == self.second && !self.local.is_empty() {
            return;
        }
        self.second = second;
        self.local = self.at(us);
    }

    /// Another moment as people here have it, to the second; in UTC with a `Z` where that is not known.
    pub fn at(&self, us: i64) -> String {
        let second = us.div_euclid(1_000_000);
        (self.clock.0)(second).unwrap_or_else(|| {
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(second).unwrap_or(0));
            humantime::format_rfc3339_seconds(at).to_string().replace('T', " ")
        })
    }

    /// Its time of day alone: `04:04:05`.
    pub fn time_of(&self, us: i64) -> String {
        let at = self.at(us);
        at.split_once(' ').map_or(at.as_str(), |(_, time)| time).to_owned()
    }

    /// Its time of day to the millisecond: `04:04:05.678`.
    pub fn exact_time_of(&self, us: i64) -> String {
        let time = self.time_of(us);
        let (time, zone) = time.strip_suffix('Z').map_or((time.as_str(), ""), |time| (time, "Z"));
        format!("{time}.{:03}{zone}", us.rem_euclid(1_000_000) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_put_into_words_once() {
        let mut wall = Wall::default();
        wall.set(1_767_323_045_678_000, |second| Some(format!("at {second}")));
        assert_eq!(wall.local, "at 1767323045");
        wall.set(1_767_323_045_999_999, |_| Some("again".to_owned()));
        assert_eq!((wall.local.as_str(), wall.us), ("at 1767323045", 1_767_323_045_999_999));
        wall.set(1_767_323_046_000_000, |_| None);
        assert_eq!(wall.local, "2026-01-02 03:04:06Z");
    }

    #[test]
    fn other_moments_are_told_by_the_same_clock() {
        let mut wall = Wall::default();
        let moment = 1_767_323_045_678_900;
        assert_eq!((wall.time_of(moment), wall.exact_time_of(moment)), ("03:04:05Z".into(), "03:04:05.678Z".into()));
        wall.set(0, |second| Some(format!("2026-01-02 04:04:{:02}", second % 60)));
        assert_eq!((wall.at(moment), wall.time_of(moment)), ("2026-01-02 04:04:05".into(), "04:04:05".into()));
        assert_eq!(wall.exact_time_of(moment), "04:04:05.678");
    }
}
