//! What a person is told of a call's sound: that it fails and comes back, how good it is, that it is over for good.

use super::agent::Agent;
use super::call::Call;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::snapshot::{CallState, Grade, MediaInfo, SoundWay};
use crate::media::command::{StreamId, StreamStats};
use crate::media::silence::{Silence, Way};
use crate::sip::reason::Reason;
use std::time::{Duration, Instant};

/// No alarm sooner after the answer: the far end may still be opening its sound.
const AFTER_ANSWER: Duration = Duration::from_millis(1_500);
/// `call_quality` at least so often.
const QUALITY: Duration = Duration::from_secs(5);
/// A line about packets that are not taken from so many on, and at ten times as many again.
const WORTH_A_LINE: u64 = 50;

/// The alarms of a call.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    /// What is missing: here, there.
    silent: [Option<Silence>; 2],
    /// That it is was told.
    told: [bool; 2],
    /// When quality was told of, and what.
    quality: Option<(Instant, Option<Grade>, Option<Grade>)>,
    /// Packets not taken of which the next line tells; 0 = none told yet.
    dropped: u64,
}

impl Alarms {
    /// When silence that was there at the answer becomes an alarm.
    pub fn due(&self, answered: Option<Instant>) -> Option<Instant> {
        let waits = self.silent.iter().zip(self.told).any(|(silent, told)| silent.is_some() && !told);
        answered.filter(|_| waits).map(|at| at + AFTER_ANSWER)
    }

    /// A new state of hold: what was missing before is not missed now.
    pub fn clear(&mut self) {
        (self.silent, self.told) = ([None; 2], [false; 2]);
    }

    /// Puts what is told into a call's record.
    pub fn show(&self, media: &mut MediaInfo) {
        let [here, there] = &self.silent;
        media.nothing_heard = here.filter(|_| self.told[0]).map(|silence| silence.to_string());
        media.not_heard = there.filter(|_| self.told[1]).map(|silence| silence.to_string());
    }
}

impl Agent {
    /// The media noticed silence, or its end.
    pub(super) fn silence(&mut self, stream: StreamId, way: Way, silence: Option<Silence>, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream) else { return };
        let [here, there] = &mut call.alarms.silent;
        *(if way == Way::Here { here } else { there }) = silence;
        let id = call.id;
        self.alarm(id, now);
    }

    /// Tells of silence that is missed, once, and of its end.
    pub(super) fn alarm(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        let is_missed = call.state == CallState::Connected
            && !call.remote_hold
            && call.answered.is_some_and(|at| now >= at + AFTER_ANSWER);
        let Alarms { silent, told, .. } = &mut call.alarms;
        let ways = [SoundWay::Rx, SoundWay::Tx].into_iter().zip(silent.iter().zip(told));
        let mut news = Vec::new();
        for (way, (silent, told)) in ways {
            match (silent, *told) {
                (Some(silence), false) if is_missed => news.push((way, Some(silence.to_string()))),
                (None, true) => news.push((way, None)),
                _ => continue,
            }
            *told = silent.is_some();
        }
        for (way, reason) in news {
            self.tell(id, now, |call| match reason {
                Some(reason) => Event::CallMediaLost { call, way, reason },
                None => Event::CallMediaReturned { call, way },
            });
        }
    }

    /// What the counters of another second mean to a call that was answered.
    pub(super) fn watch_sound(&mut self, id: u32, stats: &StreamStats, now: Instant) {
        self.tell_dropped(id, stats);
        let Some(call) = self.call_mut(id).filter(|call| call.is_answered()) else { return };
        let grades = call.media.as_ref().map_or((None, None), |media| (media.grade_rx, media.grade_tx));
        let told = call.alarms.quality;
        let news = told.is_none_or(|(at, rx, tx)| now >= at + QUALITY || (rx, tx) != grades);
        if news {
            call.alarms.quality = Some((now, grades.0, grades.1));
            self.tell(id, now, |call| Event::CallQuality { call });
        }
        self.time_out(id, stats.idle, now);
    }

    /// Hangs up a call whose far end was not heard of for as long as the settings bear.
    fn time_out(&mut self, id: u32, idle: Duration, now: Instant) {
        let (talking, held) = (self.config.settings.rtp_timeout_s, self.config.settings.rtp_hold_timeout_s);
        let Some(call) = self.call_mut(id) else { return };
        let limit = if call.is_held() { held } else { talking };
        if limit == 0 || idle < Duration::from_secs(limit.into()) {
            return;
        }
        let words = format!("nothing was heard of the far end for {} s", idle.as_secs());
        if let Some(session) = call.session.as_mut() {
            //= RFC 3326 §2; Q.850 cause 102: a timer ran out
            session.close_because(Some(Reason::q850(102, "RTP timeout")));
        }
        call.reason = Some(words);
        self.end_call(id, EndedBy::Network, ExitCode::Ok, now);
    }

    fn tell_dropped(&mut self, id: u32, stats: &StreamStats) {
        let Some(call) = self.call_mut(id) else { return };
        let total = stats.dropped.total();
        let next = if call.alarms.dropped == 0 { WORTH_A_LINE } else { call.alarms.dropped };
        if total < next {
            return;
        }
        call.alarms.dropped = total.saturating_mul(10);
        let name = call.name();
        if let Some(words) = stats.dropped.words() {
            let message = format!("at the sound of call {name} {words}");
            let hint = Some("the call goes on; `tuiphone calls --json` counts them under media.dropped".into());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
    }
}

impl Call {
    /// Held by either side.
    fn is_held(&self) -> bool {
        self.state == CallState::Held || self.remote_hold
    }
}
