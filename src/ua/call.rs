//! A call: what a person sees of a session, its sound and its times.

use super::agent::Agent;
use super::alarms::Alarms;
use super::clock::iso8601;
use super::deciding::Deciding;
use super::digits::Digits;
use super::ending::Known;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::owner::Owner;
use super::pickup::Pickup;
use super::port::Output;
use super::reach::Bound;
use super::referral::Followed;
use super::route::Sent;
use super::snapshot::{CallDirection, CallInfo, CallState, MediaInfo, Party, PlayingInfo, RecordingInfo};
use super::transfer::Transfer;
use crate::config::AccountId;
use crate::media::command::{Endpoint, ShortTone, StreamId};
use crate::sdp::{Agreed, Negotiation, SessionDescription};
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::session::Session;
use crate::sip::uri::Uri;
use crate::text::sanitise;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

/// Most calls alive at once, where `maxConcurrentCalls` does not say.
pub(super) const MAX_CALLS: usize = 32;
/// What `maxConcurrentCalls` can allow at most.
pub(super) const CEILING: usize = 512;
/// How long the end of a call waits for the last word of its sound.
const LAST_STATS: Duration = Duration::from_millis(200);
/// Room for no more calls than these is not worth giving back.
const SPARE_CALLS: usize = 8;

/// The sound of the call that is called so: `c1`.
pub fn stream_of(name: &str) -> Option<StreamId> {
    name.strip_prefix('c')?.parse().ok().map(StreamId)
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub id: u32,
    pub account: AccountId,
    pub direction: CallDirection,
    pub state: CallState,
    pub remote: Party,
    pub anonymous: bool,
    /// Whom the last change of the far end names, until it is taken up; whom its From named last, if not the first.
    pub claim: Option<Party>,
    pub from_named: Option<Party>,
    /// It was asked for by a `sips:` URI.
    pub secure: bool,
    /// Who sent the call on to us.
    pub via: Option<Party>,
    /// A person is to answer it.
    pub rings: bool,
    /// Its caller offered video.
    pub offers_video: bool,
    /// How the caller asks to ring.
    pub alert: Option<String>,
    pub sip_call_id: String,
    pub session: Option<Session>,
    pub stream: StreamId,
    pub flow: Option<Flow>,
    pub more: VecDeque<Flow>,
    /// Where its sound is bound.
    pub bound: Option<Bound>,
    /// Offer and answer of the dialog that counts, or, before it is known, as offered.
    pub negotiation: Option<Negotiation>,
    /// Which of the ways to offer its sound is tried.
    pub attempt: usize,
    /// Offer and answer of each fork that answered early.
    pub forks: BTreeMap<String, Negotiation>,
    /// The caller's offer, until answered.
    pub offer: Option<SessionDescription>,
    /// What its sound talks to.
    pub attached: Endpoint,
    pub recording: Option<RecordingInfo>,
    pub playing: Option<PlayingInfo>,
    /// It is played music on hold.
    pub hold_music: bool,
    /// It is part of the conference.
    pub conference: bool,
    /// A re-INVITE of ours is to bring the hold to this.
    pub hold_wanted: Option<bool>,
    /// What the re-INVITE under way asks for.
    pub hold_offered: Option<bool>,
    /// The connection its path is on has ended.
    pub cut_off: bool,
    /// Its sound is being bound at another address; the far end is to be told; it is being told.
    pub moving: bool,
    pub move_wanted: bool,
    pub move_offered: bool,
    /// Answer as soon as the sound is bound.
    pub answer_wanted: bool,
    pub early_wanted: bool,
    pub answer_at: Option<Instant>,
    /// A program is asked what is to become of it.
    pub deciding: Option<Deciding>,
    /// A file that it hears once it is answered; then it is hung up.
    pub announcement: Option<String>,
    /// Answered without a person.
    pub auto_answered: bool,
    /// The mark for the ear that it was lasts until then.
    pub mark_until: Option<Instant>,
    /// Sent on then, if nobody answers before.
    pub forward_at: Option<Instant>,
    /// Outgoing: waits for the registration until then.
    pub waits_until: Option<Instant>,
    /// Outgoing: the target, and targets of redirections still to try.
    pub target: String,
    pub extra: Vec<(String, String)>,
    pub targets: VecDeque<Uri>,
    /// Those tried, this one too.
    pub tried: Vec<Uri>,
    pub redirections: u8,
    /// Outgoing: given up then, if nobody answers.
    pub ring_until: Option<Instant>,
    /// Hung up then, however good the talk (`autoHangUpTime`).
    pub hang_up_at: Option<Instant>,
    pub digits: Digits,
    /// Outgoing: keys for the answer, `,` a pause.
    pub post_dial: String,
    pub status: Option<u16>,
    pub reason: Option<String>,
    pub ended_by: Option<EndedBy>,
    pub code: Option<ExitCode>,
    /// The outcome in a word, where it is not the code's.
    pub outcome: Option<&'static str>,
    pub progressed: bool,
    /// A 180 told that it rings.
    pub alerted: bool,
    pub remote_hold: bool,
    /// What its sound was last settled to, before the answer too.
    pub sound: Option<Agreed>,
    pub media: Option<MediaInfo>,
    pub alarms: Alarms,
    pub started: Instant,
    /// The same on the wall, whatever becomes of that clock.
    pub date: SystemTime,
    /// Outgoing: its INVITE went out.
    pub dialled: Option<Instant>,
    pub ringing: Option<Instant>,
    pub answered: Option<Instant>,
    pub ended: Option<Instant>,
    pub first_rtp: Option<Instant>,
    pub transfer: Option<Transfer>,
    /// The call the far end sent us to, until that is decided.
    pub follows: Option<Followed>,
    /// Who sent us here, if the person did not choose it.
    pub referred_by: Option<Party>,
    /// The call whose place it takes.
    pub takes_over: Option<u32>,
    /// The call of others that it takes.
    pub picks_up: Option<Pickup>,
    /// It rings, and nobody here is to hear of it any more.
    pub ignored: bool,
    /// It joins the conference when it is answered.
    pub joins_conference: bool,
    /// The end is told at this time, or when the last counters came.
    pub tell_end_at: Option<Instant>,
}

impl Call {
    pub fn new(
        id: u32,
        account: AccountId,
        direction: CallDirection,
        remote: Party,
        now: Instant,
        date: SystemTime,
    ) -> Call {
        Call {
            id,
            account,
            direction,
            state: match direction {
                CallDirection::Outgoing => CallState::Calling,
                CallDirection::Incoming => CallState::Incoming,
            },
            remote,
            anonymous: false,
            claim: None,
            from_named: None,
            secure: false,
            via: None,
            rings: false,
            offers_video: false,
            alert: None,
            sip_call_id: String::new(),
            session: None,
            stream: StreamId(id),
            flow: None,
            more: VecDeque::new(),
            bound: None,
            negotiation: None,
            attempt: 0,
            forks: BTreeMap::new(),
            offer: None,
            attached: Endpoint::Phone,
            recording: None,
            playing: None,
            hold_music: false,
            conference: false,
            hold_wanted: None,
            hold_offered: None,
            cut_off: false,
            moving: false,
            move_wanted: false,
            move_offered: false,
            answer_wanted: false,
            early_wanted: false,
            answer_at: None,
            deciding: None,
            announcement: None,
            auto_answered: false,
            mark_until: None,
            forward_at: None,
            waits_until: None,
            target: String::new(),
            extra: Vec::new(),
            targets: VecDeque::new(),
            tried: Vec::new(),
            redirections: 0,
            ring_until: None,
            hang_up_at: None,
            digits: Digits::default(),
            post_dial: String::new(),
            status: None,
            reason: None,
            ended_by: None,
            code: None,
            outcome: None,
            progressed: false,
            alerted: false,
            remote_hold: false,
            sound: None,
            media: None,
            alarms: Alarms::default(),
            started: now,
            date,
            dialled: None,
            ringing: None,
            answered: None,
            ended: None,
            first_rtp: None,
            transfer: None,
            follows: None,
            referred_by: None,
            takes_over: None,
            picks_up: None,
            ignored: false,
            joins_conference: false,
            tell_end_at: None,
        }
    }

    /// `c1`
    pub fn name(&self) -> String {
        format!("c{}", self.id)
    }

    pub fn is_live(&self) -> bool {
        self.state != CallState::Ended
    }

    pub fn is_answered(&self) -> bool {
        matches!(self.state, CallState::Connected | CallState::Held)
    }

    /// Sounds before the answer.
    pub fn is_early(&self) -> bool {
        self.state == CallState::EarlyMedia
    }

    /// Rings at the far end as far as is known, and nothing of it is heard yet.
    //= RFC 3960 §3.2: a 180 is heard from here until packets come, whether or not it brings an answer
    pub fn rings_unheard(&self) -> bool {
        self.state == CallState::Ringing || self.is_early() && self.alerted && self.first_rtp.is_none()
    }

    /// Rings here, not answered yet.
    pub fn is_ringing_here(&self) -> bool {
        self.state == CallState::Incoming && !self.answer_wanted
    }

    /// The same, and whoever is here is to hear it.
    pub fn is_heard_ringing(&self) -> bool {
        self.is_ringing_here() && !self.ignored && self.deciding.is_none()
    }

    /// Outgoing, refused: this address is called in its stead.
    pub fn call_instead(&mut self, target: &Uri, sip_call_id: String) {
        self.target = target.to_string();
        self.attempt = 0;
        self.session = None;
        self.forks.clear();
        self.sip_call_id = sip_call_id;
        // Who rang was another.
        (self.progressed, self.alerted) = (false, false);
    }

    /// What its end is told from.
    pub fn known(&self, now: Instant) -> Known {
        Known {
            direction: self.direction,
            talked: self.answered.is_some(),
            progressed: self.progressed,
            waited: now.saturating_duration_since(self.started),
        }
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        let session = self.session.as_ref().and_then(Session::next_timeout);
        let digits = self.digits.next_timeout();
        let deciding = self.deciding.as_ref().map(|deciding| deciding.until);
        let waits = [self.answer_at, self.forward_at, self.mark_until, self.waits_until, deciding];
        let ends = [self.ring_until, self.hang_up_at, self.tell_end_at];
        let transfer = self.transfer.as_ref().and_then(Transfer::next_timeout);
        let follows = self.follows.as_ref().and_then(|followed| followed.news.next_timeout());
        let alarm = self.alarms.due(self.answered).filter(|_| self.state == CallState::Connected && !self.remote_hold);
        [session, digits, transfer, follows, alarm].into_iter().chain(waits).chain(ends).flatten().min()
    }
}

/// The party of an address header, as safe text.
pub(super) fn party(address: &NameAddr) -> Party {
    let uri = address.uri.clone().without_headers();
    Party {
        user: uri.user_decoded().map(|user| sanitise(&user)).unwrap_or_default(),
        name: address.display_name.as_deref().map(sanitise).filter(|name| !name.trim().is_empty()),
        uri: sanitise(&plain(&uri)),
    }
}

fn plain(uri: &Uri) -> String {
    uri.as_str().split(';').next().unwrap_or_default().to_owned()
}

fn seconds(duration: Duration) -> f64 {
    // To the millisecond: more would be noise in a report.
    duration.as_millis() as f64 / 1000.0
}

impl Agent {
    /// The call as its faces see it.
    pub(super) fn call_info(&self, call: &Call, now: Instant) -> CallInfo {
        let since = |at: Option<Instant>| at.map(|at| seconds(at.saturating_duration_since(call.started)));
        let talk = call.answered.map(|at| call.ended.unwrap_or(now).saturating_duration_since(at));
        let media = call.media.clone().map(|mut media| {
            let first = call.answered.zip(call.first_rtp);
            media.first_rtp_after = first.map(|(a, r)| seconds(r.saturating_duration_since(a)));
            call.alarms.show(&mut media);
            media
        });
        CallInfo {
            id: call.name(),
            sip_call_id: sanitise(&call.sip_call_id),
            direction: call.direction,
            state: call.state,
            account: self.account(call.account).map(|line| line.account.aor()).unwrap_or_default(),
            remote: if call.anonymous { call.remote.clone() } else { self.named(&call.remote) },
            number: self.shown_number(call),
            anonymous: call.anonymous,
            via: call.via.clone(),
            alert: call.alert.clone(),
            rings: call.rings,
            ignored: call.ignored,
            offers_video: call.offers_video,
            auto_answered: call.auto_answered,
            status: call.status,
            reason: call.reason.clone(),
            ended_by: call.ended_by,
            outcome: call.code.map(|code| match code {
                ExitCode::Ok if call.answered.is_some() => "answered".to_owned(),
                code => call.outcome.unwrap_or(code.kind()).to_owned(),
            }),
            started_at: iso8601(call.date),
            dialled_after: since(call.dialled),
            ringing_after: since(call.ringing),
            answered_after: since(call.answered),
            duration: talk.map_or(0.0, seconds),
            remote_hold: call.remote_hold,
            conference: call.conference,
            recording: call.recording_info(),
            playing: call.playing.clone(),
            media,
            transfer: call.transfer.as_ref().map(|transfer| transfer.info.clone()),
            referred_by: call.referred_by.clone(),
            takes_over: call.takes_over.map(|id| format!("c{id}")),
            picks_up: call.picks_up.as_ref().map(|pickup| sanitise(&pickup.number)),
        }
    }

    /// A moment as people read it, ISO 8601 UTC.
    pub(super) fn date(&self, at: Instant) -> String {
        iso8601(self.clock.date(at))
    }

    /// Emits an event about a call.
    pub(super) fn tell(&mut self, id: u32, now: Instant, event: impl FnOnce(CallInfo) -> Event) {
        if let Some(call) = self.call(id) {
            let event = event(self.call_info(call, now));
            self.outputs.push_back(Output::Event(event));
        }
    }

    /// The call is over: says so once the last counters are in.
    pub(super) fn end_call(&mut self, id: u32, by: EndedBy, code: ExitCode, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        call.state = super::snapshot::CallState::Ended;
        call.ended = Some(now);
        let talked_to = call.answered.is_some();
        call.ended_by.get_or_insert(by);
        call.code.get_or_insert(code);
        call.answer_at = None;
        call.forward_at = None;
        call.waits_until = None;
        call.ring_until = None;
        call.hang_up_at = None;
        call.digits.clear();
        let stream = call.stream;
        if call.flow.is_some() {
            let has_sound = call.bound.is_some();
            call.tell_end_at = Some(if has_sound { now + LAST_STATS } else { now });
            self.outputs.push_back(Output::Media(crate::media::command::MediaCommand::Close { stream }));
        } else {
            call.tell_end_at = Some(now);
        }
        if talked_to && by == EndedBy::Remote {
            self.sound_event(ShortTone::HangUp);
        }
        if talked_to {
            self.begin_wrap_up(now);
        }
        self.transfer_left(id, now);
    }

    /// Tells the end and forgets the call, unless its session still has something to finish.
    pub(super) fn tell_ends(&mut self, now: Instant) {
        let due: Vec<u32> =
            self.calls.iter().filter(|c| c.tell_end_at.is_some_and(|at| at <= now)).map(|c| c.id).collect();
        for id in due {
            if let Some(call) = self.call_mut(id) {
                call.tell_end_at = None;
            }
            self.tell(id, now, |call| Event::CallEnded { call });
        }
        let clients = &self.clients;
        self.calls.retain(|call| {
            let owner = |sent: &Sent| matches!(sent.owner, Owner::Call(id, _) if id == call.id);
            // Why: a 2xx may still come again, a BYE still wait for its ACK or its answer, a refusal still go out.
            let busy = call.session.as_ref().is_some_and(|session| !session.is_ended() || session.has_effects());
            let news = call.transfer.as_ref().is_some_and(Transfer::is_pending)
                || call.follows.as_ref().is_some_and(|followed| followed.news.is_owed());
            call.is_live() || call.tell_end_at.is_some() || busy || news || clients.values().any(owner)
        });
        // Why: a burst of calls leaves room for all of them, kilobytes each.
        if self.calls.capacity() > SPARE_CALLS.max(self.calls.len().saturating_mul(4)) {
            self.calls.shrink_to(self.calls.len().saturating_mul(2));
        }
    }
}
