//! What happens, as sentences: one for each event a person should know of.

use super::present;
use super::state::{Do, Line, Said, Thing, Topic, Verbosity, Weight, asks_for};
use super::words::{caller, duration, name, party, sentence, who};
use crate::control::feed::Feed;
use crate::control::verb::Request;
use crate::control::{
    AccountInfo, CallDirection, CallInfo, CallState, ContactsAsk, EndedBy, Event, ExitCode, FaceAsk, IceState,
    MessageInfo, RecordingState, RegistrationState, SoundWay, Status,
};
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
            let text = say!("line-the-phone-is-gone-why", why = sentence(&sanitise(&why)));
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
            let text = say!("line-a-link-names-number-call", number = sanitise_trimmed(&number));
            line.thing = Some(Thing::Somebody(number));
            vec![news_of(text)]
        }
        FaceAsk::Digits { digits } => {
            let digits = sanitise_trimmed(&digits);
            vec![news_of(say!("line-the-digits-digits-wait-dtmf", digits))]
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
                out.push(news_of(say!("line-digits-are-tones-now")));
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
            let text = say!("line-name-asks-you-to-call-2", name = name(&ask.from), whom = party(&ask.to));
            Some((Weight::Alarm, Quiet, sentence(&text)))
        }
        Event::CallOutgoing { call } => news(Quiet, outgoing(call)),
        Event::CallRinging { call } if call.direction == CallDirection::Outgoing => {
            news(Normal, say!("line-ringing-at-who", who = who(call)))
        }
        Event::CallEarlyMedia { .. } => news(All, say!("line-there-is-sound-before-the")),
        Event::CallAnswered { call } => news(Quiet, say!("line-talking-to-who", who = who(call))),
        Event::CallHeld { call } => news(Quiet, sentence(&say!("line-who-is-on-hold", who = who(call)))),
        Event::CallResumed { call } => news(Quiet, say!("line-talking-to-who-again", who = who(call))),
        Event::CallRecording { call } => news(Quiet, recording(call)?),
        Event::CallPlaying { call } => news(Quiet, sentence(&words::playing(call)?)),
        Event::CallConference { call } if call.conference => {
            news(Quiet, sentence(&say!("line-who-is-in-the-conference", who = who(call))))
        }
        Event::CallConference { call } => news(Quiet, sentence(&say!("line-who-left-the-conference", who = who(call)))),
        Event::CallRenamed { call } => news(Normal, say!("line-this-is-whom", whom = party(&call.remote))),
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
            ice if ice.state == IceState::Connected => news(All, say!("line-the-sound-goes-ice", ice = ice.words())),
            _ => None,
        },
        Event::CallSecured { call } => news(All, sentence(&words::protection(call.media.as_ref()?)?.0)),
        Event::CallDtmf { call, digit, .. } => {
            news(All, sentence(&say!("line-who-pressed-digit", who = who(call), digit)))
        }
        Event::CallQuality { call } => news(All, present::quality(call)?),
        Event::CallMediaLost { way: SoundWay::Rx, reason, .. } => {
            news(Quiet, say!("line-nothing-is-heard-reason", reason = sentence(&sanitise(reason)).to_lowercase()))
        }
        Event::CallMediaLost { way: SoundWay::Tx, reason, .. } => {
            news(Quiet, say!("line-you-are-not-heard-reason", reason = sentence(&sanitise(reason)).to_lowercase()))
        }
        Event::CallMediaReturned { way: SoundWay::Rx, .. } => news(Normal, say!("line-there-is-sound-again")),
        Event::CallMediaReturned { way: SoundWay::Tx, .. } => news(Normal, say!("line-you-are-heard-again")),
        Event::CallEnded { call } => news(Quiet, ended(call)),
        Event::Message { message } if message.outgoing => None,
        Event::Message { message } => news(Quiet, wrote(message)),
        Event::Composing { remote, for_s, .. } if *for_s > 0 => {
            news(All, sentence(&say!("line-name-is-writing", name = name(remote))))
        }
        Event::Mwi { voicemail, .. } if voicemail.waiting => {
            news(Normal, say!("line-voicemail-v-calls-the-mailbox", voicemail = sentence(&voicemail.words())))
        }
        Event::Presence { light } => news(All, present::light(light)),
        Event::Voice { voice } => {
            let how = voice.words().unwrap_or_else(|| "nothing".to_owned());
            news(All, say!("line-the-microphones-sound-goes-through", how))
        }
        Event::WrapUp { for_s: 0 } => news(Normal, say!("line-auto-answer-off")),
        Event::WrapUp { for_s } => {
            news(Normal, say!("line-pause-of-time-callers-find", time = duration(*for_s as f64)))
        }
        Event::TalkingMuted => news(Quiet, say!("line-you-are-talking-and-the")),
        // The first words tell of it.
        Event::Registration { .. } if !line.known => None,
        Event::Registration { account, changed } => registered(line, account, *changed),
        Event::Config { changed, .. } if !changed.is_empty() && std::mem::take(&mut line.changes_settings) => None,
        Event::Config { message, .. } | Event::Device { message } | Event::Directory { message } => {
            news(Normal, sentence(&sanitise(message)))
        }
        Event::Hook { hook, message, .. } => news(Normal, sentence(&format!("{hook}: {}", sanitise(message)))),
        Event::Error { message, hint } => {
            let hint = hint.as_ref().map(|hint| format!(" {}", sentence(&sanitise(hint)))).unwrap_or_default();
            news(Quiet, format!("{}{hint}", sentence(&sanitise(message))))
        }
        Event::Exited => news(Quiet, say!("line-the-phone-has-ended")),
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
        (Some(by), _) => say!("line-name-sends-you-to-whom", name = name(by), whom = party(&call.remote)),
        (None, Some(number)) => say!("line-picking-up-the-call-of", number = sanitise_trimmed(number)),
        (None, None) => say!("line-calling-whom-2", whom = party(&call.remote)),
    }
}

fn recording(call: &CallInfo) -> Option<String> {
    let recording = call.recording.as_ref()?;
    let file = sanitise(recording.file.rsplit(['/', '\\']).next().unwrap_or_default());
    Some(match recording.state {
        RecordingState::Recording => say!("line-recording"),
        RecordingState::Paused => say!("line-the-recording-is-paused"),
        RecordingState::Ended => say!("line-recorded-into-file", file),
        RecordingState::Opening | RecordingState::Failed => return None,
    })
}

fn transferred(call: &CallInfo) -> String {
    match &call.transfer {
        Some(transfer) => {
            let to = sanitise_trimmed(&transfer.to);
            let to = to.split_once(':').map_or(to.as_str(), |(_, rest)| rest.split('@').next().unwrap_or(rest));
            sentence(&say!("line-who-is-transferred-to-to", who = who(call), to))
        }
        None => sentence(&say!("line-who-is-transferred", who = who(call))),
    }
}

/// How a call ended.
pub fn ended(call: &CallInfo) -> String {
    let (far, talked) = (who(call), duration(call.duration));
    if call.answered_after.is_some() {
        let why = call.reason.as_deref().map(sanitise).unwrap_or_default();
        return sentence(&match call.ended_by {
            Some(EndedBy::Remote) => say!("line-far-hung-up-after-talked", far, talked),
            Some(EndedBy::Network) if !why.is_empty() => say!("line-the-call-with-far-broke", far, talked, why),
            _ => say!("line-the-call-with-far-ended", far, talked),
        });
    }
    let kind = call.outcome.as_deref().unwrap_or_default();
    let is_ours = call.ended_by == Some(EndedBy::Local);
    sentence(&match (call.direction, kind) {
        (_, "answered_elsewhere") => say!("line-the-call-from-far-was", far),
        (CallDirection::Incoming, _) if is_ours && call.status.is_some_and(|status| status >= 400) => {
            say!("line-rejected-the-call-from-far", far)
        }
        (CallDirection::Incoming, "forwarded" | "denied") => {
            say!("line-the-call-from-far-as", far, as_deref = call.reason.as_deref().map(sanitise).unwrap_or_default())
        }
        (CallDirection::Incoming, _) => say!("line-missed-call-from-far", far),
        (CallDirection::Outgoing, _) if is_ours && call.status.is_none_or(|status| status < 200) => {
            say!("line-gave-up-calling-far", far)
        }
        (CallDirection::Outgoing, "busy") => say!("line-far-is-busy", far),
        (CallDirection::Outgoing, "no_answer") => say!("line-far-did-not-answer", far),
        (CallDirection::Outgoing, "rejected") => say!("line-far-rejected-the-call", far),
        (CallDirection::Outgoing, "no_such_number") => say!("line-there-is-no-number-far", far),
        (CallDirection::Outgoing, _) => say!("line-the-call-to-far-failed", far, kind = meaning(kind)),
    })
}

/// What an outcome means.
pub fn meaning(kind: &str) -> Cow<'static, str> {
    let code = ExitCode::ALL.iter().find(|code| code.kind() == kind && **code != ExitCode::Ok);
    match code {
        None | Some(ExitCode::Failed | ExitCode::Unexpected) => say!("line-server-refused").into(),
        Some(code) => code.meaning().into(),
    }
}

fn wrote(message: &MessageInfo) -> String {
    let text = message.text.split('\n').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ");
    say!("line-message-from-name-what", name = name(&message.remote), what = sanitise(&text))
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
