//! The sound of calls: binding, offers and answers, hold, digits, counters, the tones a person hears.

use super::agent::{Agent, AgentConfig};
use super::call::Call;
use super::command::DtmfVia;
use super::deciding::Verdict;
use super::encryption::note_protection;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::reach::{Bound, restart_ice};
use super::snapshot::{CallDirection, CallState, Grade, MediaInfo};
use crate::config::{AccountId, Settings};
use crate::media::codec::{self, OpusTuning, Tuning};
use crate::media::command::{LocalTone, MediaCommand, MediaEvent, ShortTone, StreamId, StreamStats};
use crate::media::encryption;
use crate::sdp::{
    self, Agreed, Direction, IceDescription, LocalMedia, Negotiation, NegotiationError, Order, SessionDescription,
};
use crate::sip::message::{Response, StatusCode};
use crate::sip::session::Session;
use crate::text::sanitise;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// What the settings say about how sound is coded.
pub fn tuning(settings: &Settings) -> Tuning {
    let bitrate = match settings.opus_bitrate {
        0 if settings.opus_stereo => 96_000,
        0 => OpusTuning::default().bitrate,
        rate => rate,
    };
    Tuning {
        suppress_silence: settings.suppress_silence,
        opus: OpusTuning {
            bitrate,
            complexity: settings.opus_complexity,
            constant_rate: settings.opus_cbr,
            dtx: settings.opus_dtx || settings.suppress_silence,
            stereo: settings.opus_stereo,
        },
        g729: None,
        least_delay: Duration::from_millis(settings.jitter_buffer_min_ms.into()),
    }
}

/// What of `audioCodecs` cannot be offered, a sentence each.
pub fn codecs_left_out(settings: &Settings, tuning: &Tuning) -> Vec<String> {
    let (_, left_out) = codec::chosen(&settings.audio_codecs, tuning);
    left_out.into_iter().map(|left| format!("audioCodecs: {:?} is left out: {}", left.id, left.why)).collect()
}

impl Agent {
    pub(super) fn media_event(&mut self, event: MediaEvent, now: Instant) {
        match event {
            MediaEvent::Bound { stream, rtp, rtcp, mapped, ice } => {
                let bound = Bound { own: (rtp, rtcp), mapped, ice: ice.map(|ice| *ice) };
                self.bound(stream, bound, now);
            }
            MediaEvent::BindFailed { stream, error } => {
                let Some(id) = self.of_stream(stream) else { return };
                if self.move_failed(stream, &error) {
                    return;
                }
                if let Some(call) = self.call_mut(id) {
                    call.reason = Some(sanitise(&error));
                    if let Some(session) = call.session.as_mut() {
                        session.reject(StatusCode(500));
                    }
                }
                self.end_call(id, EndedBy::Local, ExitCode::Unexpected, now);
            }
            MediaEvent::Path { stream, path } => self.path_found(stream, path, now),
            MediaEvent::Unreached { server, why, .. } => self.server_unreached(server, &why, now),
            MediaEvent::FirstPacket { stream } => {
                if let Some(call) = self.of_stream(stream).and_then(|id| self.call_mut(id)) {
                    call.first_rtp.get_or_insert(now);
                }
            }
            MediaEvent::Recording { stream, file } => self.recording(stream, &file, now),
            MediaEvent::RecordEnded { stream, file, lost_ms, error } => {
                self.record_ended(stream, &file, lost_ms, error, now);
            }
            MediaEvent::Playing { stream } => self.playing(stream, now),
            MediaEvent::Played { stream, on_hold, error } => self.played(stream, on_hold, error, now),
            MediaEvent::Digit { stream, digit, inband } => {
                if let Some(id) = self.of_stream(stream) {
                    self.digit_heard(id, digit, if inband { DtmfVia::Inband } else { DtmfVia::Rtp }, now);
                }
            }
            MediaEvent::SoundTested(result) => self.sound_tested(result),
            MediaEvent::DigitSent { stream } => {
                if let Some(id) = self.of_stream(stream) {
                    self.digit_sent(id, now);
                }
            }
            MediaEvent::Secured { stream, suite } => self.secured(stream, suite, now),
            MediaEvent::KeysGone { stream } => self.keys_gone(stream, now),
            MediaEvent::NotSecured { stream, why } => self.not_secured(stream, &why, now),
            MediaEvent::Silence { stream, way, silence } => self.silence(stream, way, silence, now),
            MediaEvent::Stats { stream, stats } => self.stats(stream, &stats, now),
            MediaEvent::Treated(treatment) => self.treated(treatment),
            MediaEvent::TalkingMuted(talking) => self.talking_muted(talking),
        }
    }

    fn of_stream(&self, stream: StreamId) -> Option<u32> {
        self.calls.iter().find(|call| call.stream == stream).map(|call| call.id)
    }

    fn bound(&mut self, stream: StreamId, bound: Bound, now: Instant) {
        let Some(id) = self.of_stream(stream) else { return };
        let Some(call) = self.call_mut(id) else { return };
        call.bound = Some(bound);
        if !call.is_live() {
            return;
        }
        if call.moving {
            return self.moved(id);
        }
        match call.direction {
            CallDirection::Outgoing if call.session.is_none() => self.invite(id, now),
            CallDirection::Incoming if call.answer_wanted => self.accept(id, now),
            CallDirection::Incoming if call.early_wanted => self.accept_early(id, now),
            _ => {}
        }
    }

    fn stats(&mut self, stream: StreamId, stats: &StreamStats, now: Instant) {
        let Some(id) = self.of_stream(stream) else { return };
        let Some(call) = self.call_mut(id) else { return };
        let agreed = call.media.take().unwrap_or_default();
        // A stream that never started counts nothing and names no codec.
        let (codec, clock_rate, ptime_ms) = match stats.codec.is_empty() {
            true => (agreed.codec, agreed.clock_rate, agreed.ptime_ms),
            false => (stats.codec.to_string(), stats.clock_rate, stats.ptime_ms),
        };
        call.media = Some(MediaInfo {
            codec,
            clock_rate,
            ptime_ms,
            srtp: agreed.srtp,
            ice: agreed.ice,
            dtls: agreed.dtls,
            tx_packets: stats.tx_packets,
            rx_packets: stats.rx_packets,
            rx_lost: stats.rx_lost,
            rx_late: stats.rx_late,
            jitter_ms: rounded(stats.jitter_ms, 1),
            rtt_ms: stats.rtt_ms.map(|ms| rounded(ms, 1)),
            playout_delay_ms: rounded(stats.playout_delay_ms, 1),
            concealed_ms: stats.concealed_ms,
            stretched_ms: stats.stretched_ms,
            mic_gaps: stats.mic_gaps,
            speaker_gaps: stats.speaker_gaps,
            mic_delay_ms: rounded(stats.mic_delay_ms, 1),
            speaker_delay_ms: rounded(stats.speaker_delay_ms, 1),
            mos_rx: stats.mos_rx.map(|mos| rounded(mos, 2)),
            mos_tx: stats.mos_tx.map(|mos| rounded(mos, 2)),
            first_rtp_after: None,
            rx_loss: rounded(stats.rx_loss, 4),
            rx_loss_total: rounded(stats.rx_loss_total, 4),
            tx_loss: stats.tx_loss.map(|loss| rounded(loss, 4)),
            tx_loss_total: stats.tx_loss_total.map(|loss| rounded(loss, 4)),
            tx_jitter_ms: stats.tx_jitter_ms.map(|ms| rounded(ms, 1)),
            delay_ms: rounded(stats.delay_ms, 1),
            mos_rx_mean: stats.mos_rx_mean.map(|mos| rounded(mos, 2)),
            mos_rx_least: stats.mos_rx_least.map(|mos| rounded(mos, 2)),
            mos_scale: if stats.mos_wide { "wb" } else { "nb" }.to_owned(),
            grade_rx: stats.mos_rx.map(Grade::of),
            grade_tx: stats.mos_tx.map(Grade::of),
            cause_rx: stats.cause_rx.map(|cause| cause.to_string()),
            cause_tx: stats.cause_tx.map(|cause| cause.to_string()),
            nothing_heard: None,
            not_heard: None,
            idle: rounded(stats.idle.as_secs_f64(), 1),
            dropped: stats.dropped.named().map(|(name, count)| (name.to_owned(), count)).collect(),
        });
        if call.tell_end_at.is_some() {
            call.tell_end_at = Some(now);
        } else {
            self.watch_sound(id, stats, now);
        }
    }

    pub(super) fn new_negotiation(&mut self, id: u32) -> Option<Negotiation> {
        let call = self.call(id)?;
        let (account, bound, attempt) = (call.account, call.bound.clone()?, call.attempt);
        let bound = Bound { mapped: Some(self.shown(id, &bound)), ..bound };
        let mut negotiation = Negotiation::new(self.local_media(account, bound), &mut self.rng);
        negotiation.set_attempt(attempt);
        Some(negotiation)
    }

    /// Whether a caller's offer can be answered from this address, tried before there is a port to answer with.
    pub(super) fn judge_offer(
        &mut self,
        offer: &SessionDescription,
        account: AccountId,
        local: IpAddr,
    ) -> Result<(), NegotiationError> {
        let unbound = SocketAddr::new(local, 0);
        let has_ice = self.account(account).is_some_and(|line| line.account.ice);
        let ice = has_ice.then(IceDescription::default);
        let bound = Bound { own: (unbound, unbound), mapped: None, ice };
        Negotiation::new(self.local_media(account, bound), &mut self.rng).answer(offer).map(drop)
    }

    /// What we bring to a call of this account, by the settings; where none of their codecs can be had, those of a fresh
    /// phone.
    fn local_media(&self, account: AccountId, bound: Bound) -> LocalMedia {
        let AgentConfig { settings, tuning, .. } = &self.config;
        let (rtp, rtcp) = bound.shown();
        let mut codecs = codec::chosen(&settings.audio_codecs, tuning).0;
        if codecs.is_empty() {
            codecs = codec::chosen(&Settings::default().audio_codecs, tuning).0;
        }
        LocalMedia {
            offer_comfort_noise: tuning.suppress_silence,
            //= RFC 8445 §10: one component is found in half the checks of two
            offer_rtcp_mux: settings.rtcp_mux || bound.ice.is_some(),
            ptime: Duration::from_millis(settings.ptime_ms.into()),
            order: if settings.force_codec { Order::Ours } else { Order::Theirs },
            encryption: self.encryption_of(account),
            suites: encryption::suites(),
            ice: bound.ice,
            dtls: self.config.fingerprint.clone(),
            ..LocalMedia::new(rtp, rtcp, codecs.iter().map(|codec| codec.capability(tuning)).collect())
        }
    }

    /// Answers an incoming call, now or as soon as its sound is bound.
    pub(super) fn accept(&mut self, id: u32, now: Instant) {
        // Who answers does not wait for a program's word.
        self.decided(id, Verdict::default(), now);
        let Some(call) = self.call_mut(id).filter(|call| call.state == CallState::Incoming) else { return };
        call.answer_wanted = true;
        call.answer_at = None;
        if call.bound.is_none() {
            return;
        }
        let Some((body, agreed)) = self.local_description(id, now) else { return };
        let Some(session) = self.call_mut(id).and_then(|call| call.session.as_mut()) else { return };
        session.accept(body, now);
        let on_hold = self.take_over(id, now);
        if !on_hold {
            self.hold_others(Some(id), now);
        }
        if let Some(call) = self.call_mut(id) {
            call.status = Some(200);
            call.reason = Some("OK".into());
            if let Some(agreed) = &agreed {
                note_agreed(call, agreed);
            }
        }
        self.connected(id, now);
        if let Some(agreed) = agreed {
            self.start(id, agreed, now);
        }
        if on_hold {
            self.want_hold(id, true, now);
        }
    }

    fn accept_early(&mut self, id: u32, now: Instant) {
        let Some((body, agreed)) = self.local_description(id, now) else { return };
        let Some(session) = self.call_mut(id).and_then(|call| call.session.as_mut()) else { return };
        session.ring(StatusCode(183), body, now);
        if let Some(agreed) = agreed {
            self.start(id, agreed, now);
        }
    }

    /// Our answer to the caller's offer, or our offer if there was none; refuses with 488 when nothing fits.
    fn local_description(&mut self, id: u32, now: Instant) -> Option<(Vec<u8>, Option<Agreed>)> {
        let fresh = self.new_negotiation(id)?;
        let call = self.call_mut(id)?;
        let settled = call.session.as_ref().is_some_and(Session::is_settled);
        let negotiation = call.negotiation.get_or_insert(fresh);
        if settled {
            return Some((Vec::new(), negotiation.agreed().cloned()));
        }
        let offer = call.offer.clone();
        let Some(offer) = offer else { return Some((negotiation.offer(false).to_bytes(), None)) };
        match negotiation.answer(&offer) {
            Ok((answer, agreed)) => Some((answer.to_bytes(), Some(agreed))),
            Err(error) => {
                call.reason = Some(error.to_string());
                call.status = Some(error.status_code());
                if let Some(session) = call.session.as_mut() {
                    session.reject(StatusCode(error.status_code()));
                }
                self.end_call(id, EndedBy::Local, ExitCode::NoCommonCodec, now);
                None
            }
        }
    }

    /// The answer of a fork in a provisional response, if it says something new: one given again takes no sound away from
    /// a fork that spoke later.
    pub(super) fn early_answer(&mut self, id: u32, fork: &str, response: &Response) -> Option<Agreed> {
        let answer = sdp::parse(Some(&response.body).filter(|body| !body.is_empty())?).ok()?;
        let call = self.call_mut(id)?;
        let known = call.forks.get(fork);
        let mut negotiation = known.or(call.negotiation.as_ref())?.clone();
        let agreed = negotiation.accept_answer(&answer).ok()?;
        if known.is_some_and(|known| known.agreed() == Some(&agreed)) {
            return None;
        }
        if known.is_some() || call.forks.len() < 12 {
            call.forks.insert(fork.to_owned(), negotiation);
        }
        Some(agreed)
    }

    /// Starts, or changes to, what was agreed; tells of the peer's hold.
    pub(super) fn start(&mut self, id: u32, agreed: Agreed, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        let stream = call.stream;
        let held = call.negotiation.as_ref().is_some_and(Negotiation::held_by_peer);
        let changed = std::mem::replace(&mut call.remote_hold, held) != held;
        let is_mangled = agreed.mangled;
        let was_encrypted = call.media.as_ref().is_some_and(|media| media.srtp.is_some());
        let bared = (was_encrypted && agreed.srtp.is_none() && agreed.dtls.is_none()).then(|| call.name());
        note_agreed(call, &agreed);
        if agreed.direction != Direction::SendRecv {
            call.alarms.clear();
        }
        self.outputs.push_back(Output::Media(MediaCommand::Start { stream, agreed: Box::new(agreed) }));
        match (changed, held) {
            (true, true) => self.tell(id, now, |call| Event::CallHeld { call }),
            (true, false) => self.tell(id, now, |call| Event::CallResumed { call }),
            _ => {}
        }
        if is_mangled {
            self.description_mangled(now);
        }
        if let Some(call) = bared {
            let message = format!("call {call}: the far end encrypts its sound no longer, and neither do we");
            let hint = Some("SRTP=mandatory in the account would refuse that".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
        self.send_due_digits(id, now);
    }

    /// The peer's offer: a change of the call, or of a fork before the answer, or the first offer of a call without ours.
    pub(super) fn offered(&mut self, id: u32, fork: &str, body: &[u8], now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { return };
        let is_early = call.direction == CallDirection::Outgoing && !call.is_answered();
        let Some(session) = call.session.as_mut() else { return };
        let negotiation = match (is_early, call.negotiation.as_mut()) {
            (true, Some(fresh)) => call.forks.entry(fork.to_owned()).or_insert_with(|| fresh.clone()),
            (false, Some(negotiation)) => negotiation,
            (_, None) => return session.refuse_offer(StatusCode(488)),
        };
        if body.is_empty() {
            //= RFC 8839 §7.5: whoever asks for an offer may join us to somebody else
            restart_ice(negotiation, &mut self.rng);
            let held = negotiation.held();
            return session.answer_offer(negotiation.offer(held).to_bytes(), now);
        }
        let offer = sdp::parse(body).ok();
        if offer.as_ref().is_some_and(|offer| negotiation.is_rekeyed_by(offer)) {
            negotiation.rekey(&mut self.rng);
        }
        if offer.as_ref().is_some_and(|offer| negotiation.is_restarted_by(offer)) {
            restart_ice(negotiation, &mut self.rng);
        }
        match offer.and_then(|offer| negotiation.answer(&offer).ok()) {
            Some((answer, agreed)) => {
                session.answer_offer(answer.to_bytes(), now);
                if is_early {
                    self.hear_early(id, &agreed, now);
                } else {
                    self.start(id, agreed, now);
                }
            }
            None => session.refuse_offer(StatusCode(488)),
        }
    }

    /// Sound before the answer, of whichever far end spoke of it last (RFC 3960 §3.1).
    pub(super) fn hear_early(&mut self, id: u32, agreed: &Agreed, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        let shaken = call.sound.as_ref().and_then(|sound| sound.dtls.as_ref()).zip(agreed.dtls.as_ref());
        if shaken.is_some_and(|(with, other)| with.renewed_by(other)) {
            // Who is left for another does not begin again: the answer decides.
            return;
        }
        let (stream, agreed) = (call.stream, Box::new(agreed.clone()));
        note_agreed(call, &agreed);
        let was = std::mem::replace(&mut call.state, CallState::EarlyMedia);
        self.outputs.push_back(Output::Media(MediaCommand::Start { stream, agreed }));
        if was != CallState::EarlyMedia {
            self.tell(id, now, |call| Event::CallEarlyMedia { call });
        }
    }

    /// What the person at this phone is to hear beside the calls, told when it changes.
    pub(super) fn choose_tone(&mut self) {
        let any = |fits: &dyn Fn(&Call) -> bool| self.calls.iter().any(fits);
        let talking = any(&|call| call.state == CallState::Connected);
        let is_phone = self.config.endpoint == crate::media::command::Endpoint::Phone;
        let tone = match () {
            () if !is_phone => None,
            // Why: a microphone that opened by itself must be heard to.
            () if any(&|call| call.mark_until.is_some() && call.is_live()) => Some(LocalTone::CallWaiting),
            () if talking && any(&Call::is_heard_ringing) => {
                self.config.settings.sound_events.then_some(LocalTone::CallWaiting)
            }
            () if any(&Call::is_heard_ringing) => {
                let first = self.calls.iter().find(|call| call.is_heard_ringing());
                Some(LocalTone::Ring(first.map(Call::ringing_wanted).unwrap_or_default()))
            }
            () if !talking && any(&Call::rings_unheard) => Some(LocalTone::Ringback),
            () => None,
        };
        let failed = |code: Option<ExitCode>| match code {
            Some(ExitCode::Busy) => Some(LocalTone::Busy),
            Some(ExitCode::NoSuchNumber) => Some(LocalTone::SpecialInformation),
            Some(ExitCode::Ok | ExitCode::NoAnswer | ExitCode::Rejected) | None => None,
            Some(_) => Some(LocalTone::Congestion),
        };
        let over = self.calls.iter().find(|c| c.tell_end_at.is_some() && c.direction == CallDirection::Outgoing);
        let tone = match tone {
            None if is_phone && !talking => {
                let ended = over.filter(|c| c.answered.is_none() && c.ended_by != Some(EndedBy::Local));
                ended.and_then(|call| failed(call.code))
            }
            tone => tone,
        };
        // These end by themselves, if no call is made meanwhile.
        let ends_itself =
            matches!(self.tone, Some(LocalTone::Busy | LocalTone::Congestion | LocalTone::SpecialInformation));
        let at_rest = !any(&|call| call.is_live() && call.state != CallState::Held);
        if tone != self.tone && !(tone.is_none() && ends_itself && at_rest) {
            self.tone = tone;
            self.outputs.push_back(Output::Media(MediaCommand::Tone(tone)));
        }
    }
}

impl Agent {
    /// A short sound beside the calls, if the person wants any and there is a person.
    pub(super) fn sound_event(&mut self, tone: ShortTone) {
        if self.config.settings.sound_events && self.config.endpoint == crate::media::command::Endpoint::Phone {
            self.outputs.push_back(Output::Media(MediaCommand::Short(tone)));
        }
    }
}

/// What is known of the sound before any is heard.
pub(super) fn note_agreed(call: &mut Call, agreed: &Agreed) {
    note_protection(call, agreed);
    call.sound = Some(agreed.clone());
    let media = call.media.get_or_insert_default();
    media.codec = agreed.send.encoding.to_ascii_lowercase();
    media.clock_rate = agreed.send.clock_rate;
    media.ptime_ms = u32::try_from(agreed.ptime.as_millis()).unwrap_or_default();
    media.ice = agreed.ice.as_ref().map(|_| media.ice.take().unwrap_or_default());
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}
