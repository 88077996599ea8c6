//! What happens, as sentences: one for each event a person should know of.

use super::present;
use super::state::{Do, Line, Said, Thing, Topic, Verbosity, Weight, asks_for};
use super::words::{caller, duration, name, party, sentence, who};
use crate::control::causes;
use crate::control::feed::Feed;
use crate::control::verb::Request;
use crate::control::{
    AccountInfo, CallDirection, CallInfo, CallState, ContactsAsk, EndedBy, Event, ExitCode, FaceAsk, IceState,
    MessageInfo, RecordingState, RegistrationState, SoundWay, Status,
};
use crate::text::words::retold;
use crate::text::{sanitise, sanitise_trimmed, say};
use crate::ui::view::words;
use std::borrow::Cow;

/// Takes news in, and says what of it is to be said.
pub fn feed(line: &mut Line, news: Feed) -> Vec<Do> {
    match news {
        Feed::Status(status) => take_status(line, *status),
        Feed::Event(event) => take_event(line, &event),
        Feed::Levels(levels) => {
            line.levels = Some(levels);
            Vec::new()
        }
        Feed::Face(ask) => asked(line, ask),
        Feed::Traced(_) => Vec::new(),
        Feed::Closed(why) => {
            let text = say!("line-phone-gone", why = sentence(&sanitise(&why)));
            line.closed = Some(why);
            vec![news_of(text), Do::Leave]
        }
    }
}

fn news_of(text: impl Into<String>) -> Do {
    Do::Say(Said { text: text.into(), weight: Weight::News })
}

fn take_status(line: &mut Line, status: Status) -> Vec<Do> {
    line.status = status;
    let calls = &mut line.status.calls;
    calls.retain(|call| call.state != CallState::Ended);
    if calls.is_empty() && !line.status.testing {
        line.levels = None;
    }
    if line.chosen.as_ref().is_some_and(|id| line.call(id).is_none()) {
        line.chosen = None;
    }
    if line.known {
        return Vec::new();
    }
    line.known = true;
    let mut out: Vec<Do> = present::greeting(line).into_iter().map(news_of).collect();
    // Who rings already was announced to nobody here.
    out.extend(line.ringing().map(|call| alarm(incoming(call))));
    out.extend(names());
    out
}

fn alarm(text: String) -> Do {
    Do::Say(Said { text, weight: Weight::Alarm })
}

/// Asks for the contacts, to know their names.
pub fn names() -> Vec<Do> {
    asks_for(Request::Contacts(ContactsAsk::List { search: None }), Topic::Names)
}

/// What another program asks of the interfaces.
fn asked(line: &mut Line, ask: FaceAsk) -> Vec<Do> {
    match ask {
        FaceAsk::Show => Vec::new(),
        FaceAsk::Hide => vec![Do::Leave],
        FaceAsk::Fill { number } if number.is_empty() => Vec::new(),
        FaceAsk::Fill { number } => {
            let text = say!("line-link-names", number = sanitise_trimmed(&number));
            line.thing = Some(Thing::Somebody(number));
            vec![news_of(text)]
        }
        FaceAsk::Digits { digits } => {
            let digits = sanitise_trimmed(&digits);
            vec![news_of(say!("line-digits-wait", digits))]
        }
    }
}

fn take_event(line: &mut Line, event: &Event) -> Vec<Do> {
    if let Some(call) = event.call() {
        match event {
            Event::CallEnded { call } => line.take_ended(call),
            _ => line.take_call(call),
        }
    }
    let mut out = Vec::new();
    if let Some((weight, verbosity, text)) = told(line, event)
        && verbosity <= line.verbosity
    {
        out.push(Do::Say(Said { text, weight }));
    }
    match event {
        Event::CallAnswered { .. } if !line.told_tones => {
            line.told_tones = true;
            if line.verbosity >= Verbosity::Normal {
                out.push(news_of(say!("line-digits-are-tones")));
            }
        }
        Event::Directory { .. } => out.extend(names()),
        Event::Exited => out.push(Do::Leave),
        _ => {}
    }
    out
}

type Told = (Weight, Verbosity, String);

/// An event as a sentence, and who wants to hear it.
fn told(line: &mut Line, event: &Event) -> Option<Told> {
    use Verbosity::{All, Normal, Quiet};
    let news = |verbosity, text: String| Some((Weight::News, verbosity, text));
    match event {
        Event::CallIncoming { call } if call.takes_over.is_some() => None,
        Event::CallIncoming { call } => Some((Weight::Alarm, Quiet, incoming(call))),
        Event::CallAsked { ask } => {
            let text = say!("line-asked-to-call-keys", name = name(&ask.from), whom = party(&ask.to));
            Some((Weight::Alarm, Quiet, sentence(&text)))
        }
        Event::CallOutgoing { call } => news(Quiet, outgoing(call)),
        Event::CallRinging { call } if call.direction == CallDirection::Outgoing => {
            news(Normal, say!("line-rings-there", who = who(call)))
        }
        Event::CallEarlyMedia { .. } => news(All, say!("line-early-sound")),
        Event::CallAnswered { call } => news(Quiet, say!("line-answered", who = who(call))),
        Event::CallHeld { call } => news(Quiet, sentence(&say!("line-held", who = who(call)))),
        Event::CallResumed { call } => news(Quiet, say!("line-resumed", who = who(call))),
        Event::CallRecording { call } => news(Quiet, recording(call)?),
        Event::CallPlaying { call } => news(Quiet, sentence(&words::playing(call)?)),
        Event::CallConference { call } if call.conference => {
            news(Quiet, sentence(&say!("line-conference-joined", who = who(call))))
        }
        Event::CallConference { call } => news(Quiet, sentence(&say!("line-conference-left", who = who(call)))),
        Event::CallRenamed { call } => news(Normal, say!("line-renamed", whom = party(&call.remote))),
        // Whoever handed it over is answered anyway.
        Event::CallTransferred { call } if call.transfer.is_some() => news(All, transferred(call)),
        Event::CallTransferred { call } => news(Quiet, transferred(call)),
        Event::CallParked { call } => {
            let place = call.transfer.as_ref().and_then(|it| it.parked_at.clone());
            let name = who(call);
            news(
                Quiet,
                sentence(&match place.as_deref().map(sanitise_trimmed) {
                    Some(place) => say!("line-parked-at", name, place),
                    None => say!("line-parked", name),
                }),
            )
        }
        Event::CallPath { call } => match call.media.as_ref().and_then(|media| media.ice.as_ref())? {
            ice if ice.state == IceState::Connected => news(All, say!("line-sound-way", ice = words::ice(ice))),
            _ => None,
        },
        Event::CallSecured { call } => news(All, sentence(&words::protection(call.media.as_ref()?)?.0)),
        Event::CallDtmf { call, digit, .. } => news(All, sentence(&say!("line-digit-pressed", who = who(call), digit))),
        Event::CallQuality { call } => news(All, present::quality(call)?),
        Event::CallMediaLost { way: SoundWay::Rx, reason, .. } => {
            news(Quiet, say!("line-heard-nothing", reason = sentence(&retold(&sanitise(reason))).to_lowercase()))
        }
        Event::CallMediaLost { way: SoundWay::Tx, reason, .. } => {
            news(Quiet, say!("line-not-heard", reason = sentence(&retold(&sanitise(reason))).to_lowercase()))
        }
        Event::CallMediaReturned { way: SoundWay::Rx, .. } => news(Normal, say!("line-heard-again")),
        Event::CallMediaReturned { way: SoundWay::Tx, .. } => news(Normal, say!("line-heard-there-again")),
        Event::CallEnded { call } => news(Quiet, ended(call)),
        Event::Message { message } if message.outgoing => None,
        Event::Message { message } => news(Quiet, wrote(message)),
        Event::Composing { remote, for_s, .. } if *for_s > 0 => {
            news(All, sentence(&say!("line-writing", name = name(remote))))
        }
        Event::Mwi { voicemail, .. } if voicemail.waiting => {
            news(Normal, say!("line-voicemail", voicemail = sentence(&words::voicemail(voicemail))))
        }
        Event::Presence { light } => news(All, present::light(light)),
        Event::Voice { voice } => {
            let how = words::voice(voice).unwrap_or_else(|| say!("line-nothing"));
            news(All, say!("line-voice", how))
        }
        Event::WrapUp { for_s: 0 } => news(Normal, say!("line-auto-answer-off")),
        Event::WrapUp { for_s } => news(Normal, say!("line-pause-began", time = duration(*for_s as f64))),
        Event::TalkingMuted => news(Quiet, say!("line-talking-muted")),
        // The first words tell of it.
        Event::Registration { .. } if !line.known => None,
        Event::Registration { account, changed } => registered(line, account, *changed),
        Event::Config { changed, .. } if !changed.is_empty() && std::mem::take(&mut line.changes_settings) => None,
        Event::Config { message, .. } | Event::Device { message } | Event::Directory { message } => {
            news(Normal, sentence(&retold(&sanitise(message))))
        }
        Event::Hook { hook, message, .. } => news(Normal, sentence(&format!("{hook}: {}", retold(&sanitise(message))))),
        Event::Error { message, hint } => {
            let hint = hint.as_ref().map(|hint| format!(" {}", sentence(&retold(&sanitise(hint))))).unwrap_or_default();
            news(Quiet, format!("{}{hint}", sentence(&retold(&sanitise(message)))))
        }
        Event::Exited => news(Quiet, say!("line-phone-ended")),
        Event::CallDialling { .. }
        | Event::CallRinging { .. }
        | Event::Composing { .. }
        | Event::Mwi { .. }
        | Event::Notification { .. } => None,
    }
}

/// Who rings, and what may be done about it.
pub fn incoming(call: &CallInfo) -> String {
    let caller = caller(call);
    match words::via(call) {
        Some(via) => say!("line-incoming-via", caller, via = sanitise(&via)),
        None => say!("line-incoming", caller),
    }
}

fn outgoing(call: &CallInfo) -> String {
    match (&call.referred_by, &call.picks_up) {
        (Some(by), _) => say!("line-sent-to", name = name(by), whom = party(&call.remote)),
        (None, Some(number)) => say!("line-picking-up", number = sanitise_trimmed(number)),
        (None, None) => say!("line-calling", whom = party(&call.remote)),
    }
}

fn recording(call: &CallInfo) -> Option<String> {
    let recording = call.recording.as_ref()?;
    let file = sanitise(recording.file.rsplit(['/', '\\']).next().unwrap_or_default());
    Some(match recording.state {
        RecordingState::Recording => say!("line-recording"),
        RecordingState::Paused => say!("line-recording-paused"),
        RecordingState::Ended => say!("line-recorded", file),
        RecordingState::Opening | RecordingState::Failed => return None,
    })
}

fn transferred(call: &CallInfo) -> String {
    match &call.transfer {
        Some(transfer) => {
            let to = sanitise_trimmed(&transfer.to);
            let to = to.split_once(':').map_or(to.as_str(), |(_, rest)| rest.split('@').next().unwrap_or(rest));
            sentence(&say!("line-transferred-away-to", who = who(call), to))
        }
        None => sentence(&say!("line-transferred-away", who = who(call))),
    }
}

/// How a call ended.
pub fn ended(call: &CallInfo) -> String {
    let (far, talked) = (who(call), duration(call.duration));
    if call.answered_after.is_some() {
        let why = call.reason.as_deref().map(|why| causes::told(&sanitise(why)).into_owned()).unwrap_or_default();
        return sentence(&match call.ended_by {
            Some(EndedBy::Remote) => say!("line-ended-by-them", far, talked),
            Some(EndedBy::Network) if !why.is_empty() => say!("line-ended-broken", far, talked, why),
            _ => say!("line-ended-talked", far, talked),
        });
    }
    let kind = call.outcome.as_deref().unwrap_or_default();
    let is_ours = call.ended_by == Some(EndedBy::Local) && !call.failed_here();
    sentence(&match (call.direction, kind) {
        (_, "answered_elsewhere") => say!("line-ended-elsewhere", far),
        (CallDirection::Incoming, _) if is_ours && call.status.is_some_and(|status| status >= 400) => {
            say!("line-ended-rejected-here", far)
        }
        (CallDirection::Incoming, "forwarded" | "denied") => {
            say!(
                "line-ended-turned-away",
                far,
                why = call.reason.as_deref().map(|why| causes::told(&sanitise(why)).into_owned()).unwrap_or_default()
            )
        }
        (CallDirection::Incoming, _) => say!("line-ended-missed", far),
        (CallDirection::Outgoing, _) if is_ours && call.status.is_none_or(|status| status < 200) => {
            say!("line-ended-given-up", far)
        }
        (CallDirection::Outgoing, "busy") => say!("line-ended-busy", far),
        (CallDirection::Outgoing, "no_answer") => say!("line-ended-no-answer", far),
        (CallDirection::Outgoing, "rejected") => say!("line-ended-rejected", far),
        (CallDirection::Outgoing, "no_such_number") => say!("line-ended-no-number", far),
        (CallDirection::Outgoing, _) => say!("line-ended-failed", far, kind = meaning(kind)),
    })
}

/// What an outcome means.
pub fn meaning(kind: &str) -> Cow<'static, str> {
    let code = ExitCode::ALL.iter().find(|code| code.kind() == kind && **code != ExitCode::Ok);
    match code {
        None => words::meaning(ExitCode::Failed),
        Some(code) => words::meaning(*code),
    }
}

fn wrote(message: &MessageInfo) -> String {
    let text = message.text.split('\n').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ");
    say!("line-message-came", name = name(&message.remote), what = sanitise(&text))
}

/// Where an account stands, if that is news.
fn registered(line: &mut Line, account: &AccountInfo, changed: bool) -> Option<Told> {
    let settled = account.state != RegistrationState::Registering;
    let awaited = settled && std::mem::take(&mut line.awaits_registration);
    if !settled || !(changed || awaited) {
        return None;
    }
    let verbosity = match account.state {
        RegistrationState::Failed => Verbosity::Quiet,
        _ if awaited => Verbosity::Quiet,
        _ => Verbosity::Normal,
    };
    Some((Weight::News, verbosity, present::account(account)))
}
