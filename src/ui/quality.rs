//! How calls sound, second by second: kept for the view that draws it, and frozen when a call ends.

use super::waves::Waves;
use crate::control::{CallInfo, MediaInfo};
use std::collections::VecDeque;

/// Seconds that are kept of a call.
pub const MOST_SECONDS: usize = 600;
/// Calls that are kept, those that have ended counted.
const MOST_CALLS: usize = 8;

/// One second of a call.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Second {
    /// What the jitter buffer held, ms.
    pub depth_ms: f32,
    /// Packets that came, that never came, that came too late to be played.
    pub came: u32,
    /// See `came`.
    pub lost: u32,
    /// See `came`.
    pub late: u32,
    /// What is heard here, and what is heard there.
    pub mos_rx: Option<f32>,
    /// See `mos_rx`.
    pub mos_tx: Option<f32>,
    /// Share of our packets that the far end missed by its last report, 0–1.
    pub lost_there: Option<f32>,
}

impl Second {
    /// Share of the packets that were due and could not be played, 0–1.
    pub fn missed(&self) -> f32 {
        let due = self.came.saturating_add(self.lost);
        let missed = self.lost.saturating_add(self.late).min(due.max(self.late));
        if missed == 0 { 0.0 } else { (missed as f32 / due.max(1) as f32).min(1.0) }
    }
}

/// What is kept of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The call as it was told last.
    pub info: CallInfo,
    /// It has ended: nothing moves any more.
    pub is_over: bool,
    /// Its seconds, the latest last.
    pub seconds: VecDeque<Second>,
    /// Seconds before those.
    pub forgotten: u64,
    /// How loud it was, kept as it ended.
    pub waves: Waves,
}

/// What is kept of calls, the latest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality {
    tracks: VecDeque<Track>,
    /// The one that is shown, by its id, if one was chosen by hand.
    pub chosen: Option<String>,
    /// Rows that its facts are scrolled by.
    pub scroll: usize,
}

impl Quality {
    /// A call is told anew. True if that is another second of it.
    pub fn take(&mut self, info: &CallInfo) -> bool {
        let Some(media) = &info.media else { return false };
        let Some(track) = self.tracks.iter_mut().find(|track| track.info.id == info.id) else {
            self.tracks.push_front(Track {
                info: info.clone(),
                is_over: false,
                seconds: VecDeque::new(),
                forgotten: 0,
                waves: Waves::default(),
            });
            self.tracks.truncate(MOST_CALLS);
            return true;
        };
        let before = track.info.media.replace(media.clone()).unwrap_or_default();
        let is_new = counted(&before) != counted(media);
        track.info = info.clone();
        if is_new {
            track.seconds.push_back(second(&before, media));
            if track.seconds.len() > MOST_SECONDS {
                track.seconds.pop_front();
                track.forgotten += 1;
            }
        }
        is_new
    }

    /// The sound stops: the levels of a call that goes on no more are kept.
    pub fn keep_levels(&mut self, live: impl Fn(&str) -> bool, waves: &Waves) {
        let gone = self.tracks.iter_mut().find(|track| !track.is_over && !live(&track.info.id));
        if let Some(track) = gone.filter(|track| track.waves.is_empty()) {
            track.waves = waves.clone();
        }
    }

    /// A call has ended: what is known of it stays as it is.
    pub fn end(&mut self, info: &CallInfo, waves: &Waves) {
        self.take(info);
        if let Some(track) = self.tracks.iter_mut().find(|track| track.info.id == info.id) {
            track.info = info.clone();
            track.is_over = true;
            if track.waves.is_empty() {
                track.waves = waves.clone();
            }
        }
    }

    /// The call that is shown: the chosen one, else the current one, else the last one.
    pub fn shown(&self, current: Option<&str>) -> Option<&Track> {
        let of = |id: &str| self.tracks.iter().find(|track| track.info.id == id);
        let chosen = self.chosen.as_deref().and_then(of);
        chosen.or_else(|| current.and_then(of)).or_else(|| self.tracks.front())
    }

    /// How many calls there are.
    pub fn count(&self) -> usize {
        self.tracks.len()
    }

    /// The place of a call among them, from 1 on.
    pub fn place(&self, id: &str) -> usize {
        self.tracks.iter().position(|track| track.info.id == id).map_or(0, |at| at + 1)
    }

    /// Goes to the next call, or to the one before.
    pub fn turn(&mut self, current: Option<&str>, forward: bool) {
        let count = self.tracks.len();
        let at = self.shown(current).map_or(0, |track| self.place(&track.info.id).saturating_sub(1));
        let next = if forward { at + 1 } else { at + count.max(1) - 1 };
        let next = next.checked_rem(count).and_then(|next| self.tracks.get(next));
        self.chosen = next.map(|track| track.info.id.clone());
        self.scroll = 0;
    }
}

/// What is another as a second passes.
fn counted(media: &MediaInfo) -> (u64, u64, u64, u64, Option<f64>) {
    (media.tx_packets, media.rx_packets, media.rx_lost, media.rx_late, media.tx_loss)
}

fn second(before: &MediaInfo, now: &MediaInfo) -> Second {
    let grown = |before: u64, now: u64| u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX);
    let finite = |value: f64| Some(value as f32).filter(|value| value.is_finite());
    Second {
        depth_ms: finite(now.playout_delay_ms).unwrap_or(0.0).max(0.0),
        came: grown(before.rx_packets, now.rx_packets),
        lost: grown(before.rx_lost, now.rx_lost),
        late: grown(before.rx_late, now.rx_late),
        mos_rx: now.mos_rx.and_then(finite),
        mos_tx: now.mos_tx.and_then(finite),
        lost_there: now.tx_loss.and_then(finite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, media: MediaInfo) -> CallInfo {
        let info = serde_json::json!({"id": id, "sip_call_id": id, "direction": "outgoing", "state": "connected",
            "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null}, "started_at": "T",
            "duration": 9.0, "remote_hold": false});
        let info: CallInfo = serde_json::from_value(info).unwrap();
        CallInfo { media: Some(media), ..info }
    }

    fn media(rx: u64, lost: u64, late: u64) -> MediaInfo {
        MediaInfo { rx_packets: rx, rx_lost: lost, rx_late: late, playout_delay_ms: 40.0, ..MediaInfo::default() }
    }

    #[test]
    fn a_second_is_what_grew_in_it() {
        let mut quality = Quality::default();
        quality.take(&call("c1", media(50, 0, 0)));
        assert!(!quality.take(&call("c1", media(50, 0, 0))), "the same again is no second");
        assert!(quality.take(&call("c1", media(95, 5, 0))));
        assert!(quality.take(&call("c1", media(145, 5, 10))));
        let track = quality.shown(None).unwrap();
        let seconds: Vec<_> = track.seconds.iter().map(|it| (it.came, it.lost, it.late, it.missed())).collect();
        assert_eq!(seconds, [(45, 5, 0, 0.1), (50, 0, 10, 0.2)]);
    }

    #[test]
    fn it_is_bounded_and_what_has_ended_stays() {
        let mut quality = Quality::default();
        for n in 0..2 * MOST_SECONDS as u64 {
            quality.take(&call("c1", media(n, 0, 0)));
        }
        let track = quality.shown(None).unwrap();
        assert_eq!((track.seconds.len(), track.forgotten), (MOST_SECONDS, MOST_SECONDS as u64 - 1));
        quality.end(&call("c1", media(9_999, 0, 0)), &Waves::default());
        assert!(quality.shown(Some("none")).is_some_and(|track| track.is_over));
        for n in 2..40 {
            quality.take(&call(&format!("c{n}"), media(1, 0, 0)));
        }
        assert_eq!((quality.count(), quality.place("c1"), quality.place("c39")), (MOST_CALLS, 0, 1));
        quality.turn(Some("c39"), true);
        assert_eq!(quality.chosen.as_deref(), Some("c38"));
        quality.turn(None, false);
        assert_eq!(quality.chosen.as_deref(), Some("c39"));
    }

    #[test]
    fn counters_that_make_no_sense_harm_nothing() {
        let mut quality = Quality::default();
        for media in
            [media(5, 5, 5), media(0, u64::MAX, 0), MediaInfo { playout_delay_ms: f64::NAN, ..media(1, 0, u64::MAX) }]
        {
            quality.take(&call("c1", media));
        }
        let track = quality.shown(None).unwrap();
        assert!(track.seconds.iter().all(|it| (0.0..=1.0).contains(&it.missed()) && it.depth_ms.is_finite()));
    }
}
