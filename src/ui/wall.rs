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
}

impl Wall {
    /// It is so late. What people here have for it is made anew once a second.
    pub fn set(&mut self, us: i64, local_time: LocalTime) {
        self.us = us;
        let second = us.div_euclid(1_000_000);
        if second == self.second && !self.local.is_empty() {
            return;
        }
        self.second = second;
        self.local = local_time(second).unwrap_or_else(|| {
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(second).unwrap_or(0));
            humantime::format_rfc3339_seconds(at).to_string().replace('T', " ")
        });
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
}
