//! How a session sounds, here and at the far end: loss of late, ratings, what VoIP Metrics tell of them.

use std::time::{Duration, Instant};

use super::RtpSession;
use crate::rtp::bursts::GAP_MINIMUM;
use crate::rtp::mos::{self, Impairment, Path, Rating};
use crate::rtp::rtcp::xr::{self, VoipMetrics};

/// Figures of late are those of so many seconds.
const SECONDS: usize = 5;
/// From the mouth into a packet but for the packet itself, and from the jitter buffer to the ear.
const CAPTURE: Duration = Duration::from_millis(10);
const PLAYBACK: Duration = Duration::from_millis(12);
/// A jitter buffer nobody has told of.
const THEIR_BUFFER: Duration = Duration::from_millis(40);
/// The far end's own rating is believed for so long.
const BELIEVED: Duration = Duration::from_secs(30);

/// What a session cannot know of the sound it carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound {
    /// The codec that is heard.
    pub heard: Impairment,
    /// The codec that is sent.
    pub sent: Impairment,
    /// Sound of one packet.
    pub ptime: Duration,
    /// Delay of the jitter buffer now.
    pub playout: Duration,
    /// The greatest it may go to.
    pub playout_limit: Duration,
}

/// How it sounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// Share of the packets of the last five seconds that were lost or too late, 0..=1.
    pub loss: f64,
    /// Of these, only too late.
    pub late: f64,
    /// The same since the start.
    pub loss_total: f64,
    /// Losses in a row on average; 0 without any.
    pub loss_run: f64,
    /// Mouth to ear, as far as known.
    pub delay: Duration,
    /// What is heard here, of late.
    pub here: Option<Rating>,
    /// What is heard there, of late.
    pub there: Option<Rating>,
    /// Both ratings are of the wide-band scale.
    pub wide: bool,
    /// MOS there is what the far end says, not what its loss makes likely.
    pub told: bool,
    /// Mean of the MOS here since the start, and the least of it.
    pub mos_mean: Option<f64>,
    /// See `mos_mean`.
    pub mos_least: Option<f64>,
}

/// The last seconds.
#[derive(Debug, Clone, Default)]
pub struct Window {
    start: Option<Instant>,
    next: Option<Instant>,
    /// Totals at the end of each second, the newest first.
    totals: [Totals; SECONDS],
    sound: Option<Sound>,
    playout_most: Duration,
    quality: Quality,
    sum: f64,
    rated: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    received: u64,
    lost: u64,
    late: u64,
}

impl Totals {
    fn share(self, before: Totals, of: impl Fn(Totals) -> u64) -> f64 {
        let due = |totals: Totals| totals.received.saturating_add(totals.lost);
        let expected = due(self).saturating_sub(due(before));
        let missed = of(self).saturating_sub(of(before));
        if expected == 0 { 0.0 } else { (missed as f64 / expected as f64).min(1.0) }
    }

    fn missed(self) -> u64 {
        self.lost.saturating_add(self.late)
    }
}

impl Window {
    /// True once a second.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next.is_none_or(|next| now >= next);
        if due {
            self.next = Some(now + Duration::from_secs(1));
        }
        due
    }
}

impl RtpSession {
    /// The packets that hold so much of what we send.
    pub(super) fn packets_of(&self, span: Duration) -> u64 {
        let ptime = self.window.sound.map_or(20, |sound| sound.ptime.as_millis().max(5));
        u64::try_from(span.as_millis() / ptime).unwrap_or(u64::MAX)
    }

    /// How it sounds, as measured within the last second.
    pub fn quality(&self) -> Quality {
        self.window.quality
    }

    /// Takes the figures of another second; [`RtpSession::poll_rtcp`] does so by itself.
    pub fn measure(&mut self, sound: Sound, now: Instant) {
        let counters = self.counters();
        let totals = Totals { received: counters.received, lost: counters.lost, late: counters.discarded };
        let oldest = self.window.totals.last().copied().unwrap_or_default();
        let bandwidth = counters.octets_sent.saturating_add(counters.sent.saturating_mul(40));
        let elapsed = now.saturating_duration_since(*self.window.start.get_or_insert(now));
        //= RFC 3550 §6.2: what the network carries counts, headers too
        self.timing.set_bandwidth(bandwidth as f64 / elapsed.as_secs_f64().max(1.0));
        let meter = self.remote.as_ref().map(|remote| *remote.stats.bursts()).unwrap_or_default();
        let network = self.peer.round_trip.unwrap_or_default() / 2;
        let ends = CAPTURE + sound.ptime + PLAYBACK;
        let delay = ends + network + sound.playout;
        let loss = totals.share(oldest, Totals::missed);
        let moved = totals.received > oldest.received;
        let here = moved.then(|| mos::rate(sound.heard, Path { delay, loss, burst_ratio: meter.ratio() }));
        let voip = self.peer.voip.filter(|(_, at)| now.saturating_duration_since(*at) < BELIEVED).map(|(voip, _)| voip);
        let buffer = voip.map_or(THEIR_BUFFER, |voip| Duration::from_millis(voip.buffer_nominal.into()));
        let told = voip.and_then(|voip| voip.mos());
        let there = self.loss_at_peer().map(|loss| {
            let rating = mos::rate(sound.sent, Path { delay: ends + network + buffer, loss, burst_ratio: 1.0 });
            Rating { mos: told.unwrap_or(rating.mos), ..rating }
        });
        let window = &mut self.window;
        if let Some(rating) = here {
            window.sum += rating.mos;
            window.rated = window.rated.saturating_add(1);
        }
        let before = window.quality;
        window.quality = Quality {
            loss,
            late: totals.share(oldest, |totals| totals.late),
            loss_total: totals.share(Totals::default(), Totals::missed),
            loss_run: meter.mean_run(),
            delay,
            here,
            there,
            wide: sound.heard.wide,
            told: told.is_some(),
            mos_mean: (window.rated > 0).then(|| window.sum / f64::from(window.rated)),
            mos_least: match (before.mos_least, here.map(|rating| rating.mos)) {
                (Some(least), Some(mos)) => Some(least.min(mos)),
                (least, mos) => least.or(mos),
            },
        };
        window.playout_most = window.playout_most.max(sound.playout);
        window.sound = Some(sound);
        window.totals.rotate_right(1);
        if let Some(newest) = window.totals.first_mut() {
            *newest = totals;
        }
    }

    /// What is heard, as a VoIP Metrics block; `None` before anything is.
    //= RFC 3611 §4.7
    pub(super) fn voip_metrics(&self) -> Option<VoipMetrics> {
        let (remote, sound) = (self.remote.as_ref()?, self.window.sound?);
        let stats = &remote.stats;
        let due = stats.expected().max(1) as f64;
        let (loss, late) = (stats.lost() as f64 / due, stats.discarded() as f64 / due);
        let bursts = stats.bursts().bursts();
        let packet_ms = remote.packet_time.as_secs_f64() * 1_000.0;
        let delay = self.window.quality.delay;
        let path = Path { delay, loss: loss + late, burst_ratio: stats.bursts().ratio() };
        let rating = mos::rate(sound.heard, path);
        let tenths = |mos: f64| (mos * 10.0).round() as u8;
        let whole = |span: Duration| u16::try_from(span.as_millis()).unwrap_or(u16::MAX);
        Some(VoipMetrics {
            ssrc: remote.ssrc,
            loss_rate: in_256ths(loss),
            discard_rate: in_256ths(late),
            burst_density: in_256ths(bursts.burst_density),
            gap_density: in_256ths(bursts.gap_density),
            burst_duration: (bursts.burst_packets * packet_ms) as u16,
            gap_duration: (bursts.gap_packets * packet_ms) as u16,
            round_trip: self.peer.round_trip.map_or(0, whole),
            end_system_delay: whole(CAPTURE + sound.ptime + PLAYBACK + sound.playout),
            signal_level: xr::UNKNOWN,
            noise_level: xr::UNKNOWN,
            echo_return_loss: xr::UNKNOWN,
            gap_minimum: GAP_MINIMUM,
            r_factor: rating.r.round() as u8,
            external_r_factor: xr::UNKNOWN,
            mos_listening: tenths(rating.mos_listening),
            mos_conversation: tenths(rating.mos),
            receiver: xr::RECEIVER,
            buffer_nominal: whole(sound.playout),
            buffer_maximum: whole(self.window.playout_most),
            buffer_limit: whole(sound.playout_limit),
        })
    }
}

fn in_256ths(share: f64) -> u8 {
    (share * 256.0) as u8
}
