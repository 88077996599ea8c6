//! How the stream is doing: its reports to the far end, its figures for the person.

use super::super::SAMPLE_RATE;
use super::super::command::StreamStats;
use super::super::quality::{Cause, Measured};
use super::super::silence::{Facts, SilenceWatch};
use super::{MediaStream, Port, StreamEvent, Transmit};
use crate::rtp::Sound;
use crate::rtp::mos::Impairment;
use crate::sdp::{Agreed, Direction};
use rand::Rng;
use std::time::{Duration, Instant};

/// The jitter buffer holds no more.
const PLAYOUT_LIMIT: Duration = Duration::from_millis(1_280);

/// What comes over the line.
pub struct Line {
    watch: SilenceWatch,
    start: Instant,
    /// A packet that was agreed came last.
    came: Option<Instant>,
    /// It said that a pause follows.
    pauses: bool,
    /// A payload type that came and was not agreed.
    pub odd_payload: Option<u8>,
}

impl Line {
    /// Nothing came yet.
    pub fn new(now: Instant) -> Line {
        Line { watch: SilenceWatch::default(), start: now, came: None, pauses: false, odd_payload: None }
    }

    /// A packet came that was agreed; one of comfort noise announces a pause.
    pub fn comes(&mut self, pauses: bool, now: Instant) {
        (self.came, self.pauses) = (Some(now), pauses);
    }
}

impl MediaStream {
    fn facts(&self) -> Facts {
        let agreed = self.agreed.as_ref();
        Facts {
            both_ways: agreed.is_some_and(|a| a.direction == Direction::SendRecv && a.remote_rtp.is_some())
                && !self.encryption.is_waiting(),
            heard: self.line.came,
            reported: self.session.reported(),
            pauses: self.line.pauses,
            peer_hears: self.session.peer_hears(),
            peer_sent: self.session.peer_sent(),
            odd_payload: self.line.odd_payload,
            stranger: self.session.stranger(),
        }
    }

    /// Reports to the far end when it is time.
    pub(super) fn report(&mut self, now: Instant, rng: &mut impl Rng) {
        let facts = self.facts();
        if let Some((way, silence)) = self.line.watch.poll(&facts, now) {
            self.events.push_back(StreamEvent::Silence(way, silence));
        }
        let Some(agreed) = self.agreed.as_ref().filter(|_| !self.encryption.is_waiting()) else { return };
        let receive = &self.receive;
        let sound = || sound(agreed, receive.current, self.send.ptime_frames, receive.buffer.delay());
        let report = self.session.poll_rtcp(now, rng, sound);
        let report = report.map(|(to, report)| {
            let mut bytes = self.spare.pop().unwrap_or_default();
            bytes.clear();
            bytes.extend_from_slice(report);
            (to, bytes)
        });
        let told = self.session.loss_told();
        if std::mem::replace(&mut self.send.loss_told, told) != told
            && let Some((_, encoder)) = &mut self.send.encoder
        {
            encoder.expect_loss(self.session.loss_at_peer().unwrap_or(0.0));
        }
        if let Some((to, bytes)) = report {
            self.push(Transmit { port: self.rtcp_port(), to, bytes });
        }
    }

    /// The last report.
    pub(super) fn say_goodbye(&mut self, now: Instant) {
        if let Some(agreed) = &self.agreed {
            let receive = &self.receive;
            self.session.measure(sound(agreed, receive.current, self.send.ptime_frames, receive.buffer.delay()), now);
        }
        let goodbye = self.session.bye(now).map(|(to, report)| (to, report.to_vec()));
        if let Some((to, bytes)) = goodbye {
            self.push(Transmit { port: self.rtcp_port(), to, bytes });
        }
    }

    fn rtcp_port(&self) -> Port {
        if self.agreed.as_ref().is_some_and(|agreed| agreed.rtcp_mux) { Port::Rtp } else { Port::Rtcp }
    }

    /// The counters; those of the devices are not known here.
    pub fn stats(&self, now: Instant) -> StreamStats {
        let (network, quality) = (self.session.counters(), self.session.quality());
        let clock_rate = self.agreed.as_ref().map_or(0, |agreed| agreed.send.clock_rate);
        let milliseconds = |span: Duration| span.as_secs_f64() * 1_000.0;
        let [silence_rx, silence_tx] = self.line.watch.silences(&self.facts(), now);
        let heard = [self.session.heard(), self.session.reported()].into_iter().flatten().max();
        let measured = |loss, late, run| Measured { loss, late, run, delay: quality.delay };
        let of_samples = |samples: u64| samples / (u64::from(SAMPLE_RATE) / 1_000);
        StreamStats {
            codec: self.codec.clone(),
            clock_rate,
            ptime_ms: self.send.ptime_frames as u32 * 10,
            tx_packets: network.sent,
            rx_packets: network.received,
            rx_lost: network.lost,
            rx_late: self.receive.buffer.counters().late,
            jitter_ms: self.session.jitter_ms(),
            rtt_ms: self.session.round_trip().map(milliseconds),
            tx_loss: self.session.loss_at_peer(),
            playout_delay_ms: milliseconds(self.receive.buffer.delay()),
            target_delay_ms: milliseconds(self.receive.buffer.target(now)),
            mos_rx: quality.here.map(|rating| rating.mos),
            mos_tx: quality.there.map(|rating| rating.mos),
            concealed_ms: of_samples(self.receive.concealed),
            stretched_ms: of_samples(self.receive.stretched),
            mic_gaps: 0,
            speaker_gaps: 0,
            mic_delay_ms: 0.0,
            speaker_delay_ms: 0.0,
            rx_loss: quality.loss,
            rx_loss_total: quality.loss_total,
            tx_loss_total: self.session.total_loss_at_peer(),
            tx_jitter_ms: self.session.jitter_at_peer(),
            delay_ms: milliseconds(quality.delay),
            mos_rx_mean: quality.mos_mean,
            mos_rx_least: quality.mos_least,
            mos_wide: quality.wide,
            cause_rx: quality
                .here
                .and_then(|rating| Cause::of(&rating, measured(quality.loss, quality.late, quality.loss_run))),
            cause_tx: quality
                .there
                .and_then(|rating| Cause::of(&rating, measured(self.session.loss_at_peer().unwrap_or(0.0), 0.0, 0.0))),
            silence_rx,
            silence_tx,
            idle: now.saturating_duration_since(heard.unwrap_or(self.line.start)),
            dropped: network.dropped,
        }
    }
}

/// What the session is told of the sound it carries.
fn sound(agreed: &Agreed, payload_type: Option<u8>, ptime_frames: usize, playout: Duration) -> Sound {
    let heard = agreed.receive.iter().find(|format| Some(format.payload_type) == payload_type);
    Sound {
        heard: Impairment::of(&heard.unwrap_or(&agreed.send).encoding),
        sent: Impairment::of(&agreed.send.encoding),
        ptime: Duration::from_millis(ptime_frames as u64 * 10),
        playout,
        playout_limit: PLAYOUT_LIMIT,
    }
}
