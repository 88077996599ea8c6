//! What the words do, and the verbs where a person would name less than a script: toggles, the call that is meant, names.

use super::commands::Own;
use super::lists::{self, Found};
use super::state::{Do, Line, Now, Question, Thing, Topic, Verbosity, Wish, asks, asks_for, says};
use super::typed::requested;
use super::words::{self, sentence, who};
use super::{help, people, present, settings, typed};
use crate::control::verb::Request;
use crate::control::{
    CallInfo, CallState, Command, ContactsAsk, HangupWhich, HistoryAsk, Kind, PlayingState, Query, RecordAct,
    SoundPath, Switch, TraceAsk, TransferTo, VoicePart, VolumeChange,
};
use crate::text::{sanitise_trimmed, say};

/// A step of the volume, in percent.
const VOLUME_STEP: i16 = 5;
/// Messages of a ladder at most.
const LADDER: usize = 200;
/// Calls of the history that are listed.
const PAST: usize = 50;

/// Does what a word of line mode says.
pub fn own(line: &mut Line, own: Own, rest: &str, now: Now) -> Vec<Do> {
    match own {
        Own::Where => told(present::all(line)),
        Own::Repeat => line.last_said().iter().flat_map(|said| says(said.clone())).collect(),
        Own::More if line.more.is_empty() => says(say!("line-more-none")),
        Own::More => line.next_page(),
        Own::Help => help::help(line, rest),
        Own::Complete => help::complete(line, rest),
        Own::Again => again(line, now),
        Own::Typed => commands_typed(line, rest, now),
        Own::Leave => leave(line),
        Own::Quiet => verbosity(line, Verbosity::Quiet),
        Own::Normal => verbosity(line, Verbosity::Normal),
        Own::All => verbosity(line, Verbosity::All),
        Own::Digits => digits_apart(line, rest),
        Own::Calls => lists::calls(line),
        Own::Connect => connect(line),
        Own::Why => told(present::why(line)),
        Own::Quality => match line.current() {
            Some(call) => told(present::quality_in_full(call)),
            None => says(say!("line-no-call")),
        },
        Own::Levels => told(present::levels(line)),
        Own::Ladder => ladder_of(line, rest),
        Own::Log => lists::log(line, now),
        Own::Lights => lists::lights(line),
        Own::Find if rest.is_empty() => says(say!("line-find-how")),
        Own::Find => people::find(rest),
        Own::Add => people::add(line, rest),
        Own::Edit => people::edit(line, rest),
        Own::Star => people::star(line),
        Own::Delete => delete(line),
        Own::Details => details(line, now),
        Own::Missed => past(Query { kinds: vec![Kind::Missed], limit: PAST, ..Query::default() }),
        Own::Write => write(line, rest),
        Own::Speaker => mute(line.status.speaker_muted, SoundPath::Speaker),
        Own::Louder => volume(SoundPath::Speaker, VOLUME_STEP),
        Own::Quieter => volume(SoundPath::Speaker, -VOLUME_STEP),
        Own::MicUp => volume(SoundPath::Mic, VOLUME_STEP),
        Own::MicDown => volume(SoundPath::Mic, -VOLUME_STEP),
        Own::Accounts => lists::accounts(line),
        Own::Devices => asks_for(Request::Devices, Topic::Devices),
        Own::Settings => settings::asks_for(Wish::Find(rest.to_owned())),
        Own::Get if rest.is_empty() => says(say!("line-get-how")),
        Own::Get => settings::asks_for(Wish::Get(rest.to_owned())),
        Own::Set => settings::set(rest),
        Own::Unset if rest.is_empty() => says(say!("line-unset-how")),
        Own::Unset => settings::asks_for(Wish::Unset(rest.to_owned())),
        Own::Echo => match line.status.echo.clone() {
            Some(target) => asks(Request::Command(Command::Dial { target, account: None })),
            None => says(say!("line-echo-unknown")),
        },
    }
}

fn told(lines: Vec<String>) -> Vec<Do> {
    lines.into_iter().flat_map(says).collect()
}

/// A verb, where it says less than a script would; `None` = it is read as everywhere.
pub fn verb(line: &mut Line, verb: &str, rest: &str, now: Now) -> Option<Vec<Do>> {
    // What begins with a dash, and ids of calls, are for the verb itself.
    let bare = rest.is_empty();
    Some(match verb {
        "call" if bare => call_thing(line),
        "call" => to_somebody(line, rest, |target| Request::Command(Command::Dial { target, account: None }))?,
        "answer" => answer(line, rest),
        "reject" if bare => match line.ringing().next().map(|call| call.id.clone()).or_else(|| first_ask(line)) {
            Some(id) => asks(Request::Command(Command::Reject { call: Some(id), code: None })),
            None => says(say!("line-ringing-none")),
        },
        "ignore" if bare => match line.ringing().find(|call| !call.ignored).map(|call| call.id.clone()) {
            Some(id) => asks(Request::Command(Command::Ignore { call: Some(id) })),
            None => says(say!("line-ringing-none")),
        },
        "hangup" if bare => hang_up(line),
        "hold" if bare => hold(line),
        "resume" if bare => match line.status.calls.iter().find(|call| call.state == CallState::Held) {
            Some(call) => asks(Request::Command(Command::Resume { call: Some(call.id.clone()) })),
            None => says(say!("line-held-none")),
        },
        "mute" if bare => mute(line.status.mic_muted, SoundPath::Mic),
        "conference" if bare => conference(line),
        "transfer" if bare => transfer_whom(line),
        "transfer" if rest.starts_with('-') => return None,
        "transfer" => transfer(line, rest)?,
        "pickup" if !bare => {
            to_somebody(line, rest, |n| Request::Command(Command::Pickup { number: Some(n), account: None }))?
        }
        "record" if bare => record(line),
        "play" if bare => play(line),
        "dnd" if bare => asks(Request::Command(Command::Dnd { on: !line.status.dnd })),
        "autoanswer" if bare => asks(Request::Command(Command::AutoAnswer { on: !line.status.auto_answer })),
        "autoconference" if bare => {
            asks(Request::Command(Command::AutoConference { on: !line.status.auto_conference }))
        }
        "forward" if bare => match &line.status.forward {
            Some(_) => asks(Request::Command(Command::Forward { number: None })),
            None => says(say!("line-forward-how")),
        },
        "aec" | "denoise" | "agc" | "boost" if bare => voice(line, verb),
        "shortcut" if bare => lists::shortcuts(line),
        "shortcuts" => lists::shortcuts(line),
        "calls" => lists::calls(line),
        "accounts" | "account" if bare => lists::accounts(line),
        "devices" => asks_for(Request::Devices, Topic::Devices),
        "device" if bare => asks_for(Request::Devices, Topic::Devices),
        "contacts" if bare => people::find(""),
        "contacts" => people::contacts(rest)?,
        "history" if bare => past(Query { limit: PAST, ..Query::default() }),
        "history" if !rest.starts_with('-') && !is_act(rest) => {
            past(Query { text: rest.to_owned(), limit: PAST, ..Query::default() })
        }
        "messages" if bare => asks_for(Request::Command(Command::Messages { with: None, read: false }), Topic::Threads),
        "messages" if !rest.starts_with('-') => lists::thread(rest.to_owned()),
        "message" if bare => says(say!("line-message-how")),
        "exit" => requested(line, Request::Command(Command::Exit)),
        "register" | "unregister" => {
            line.awaits_registration = true;
            return None;
        }
        "show" => told(present::all(line)),
        "hide" => leave(line),
        "setting" if bare => settings::asks_for(Wish::Find(String::new())),
        "volume" if bare => told(present::sound(line)),
        _ => {
            let _ = now;
            return None;
        }
    })
}

/// The acts of `history`; anything else behind it is searched for.
fn is_act(rest: &str) -> bool {
    let first = rest.split(' ').next().unwrap_or_default();
    ["list", "clear", "seen", "rm", "import"].iter().any(|act| act.eq_ignore_ascii_case(first))
}

fn first_ask(line: &Line) -> Option<String> {
    line.status.asks.first().map(|ask| ask.id.clone())
}

/// Answers what rings; of several the one that is named, or chosen from a list.
fn answer(line: &mut Line, rest: &str) -> Vec<Do> {
    let answer = |id: String| asks(Request::Command(Command::Answer { call: Some(id) }));
    let ringing: Vec<CallInfo> = line.ringing().cloned().collect();
    if !rest.is_empty() {
        let ask = line.status.asks.iter().find(|ask| ask.id == rest).map(|ask| ask.id.clone());
        let call = ringing.iter().find(|call| is_meant(call, rest)).map(|call| call.id.clone());
        return call
            .or(ask)
            .map_or_else(|| says(say!("line-does-not-ring", name = sentence(rest).trim_end_matches('.'))), answer);
    }
    let heard: Vec<&CallInfo> = ringing.iter().filter(|call| !call.ignored).collect();
    match heard.as_slice() {
        [] => match ringing.first().map(|call| call.id.clone()).or_else(|| first_ask(line)) {
            Some(id) => answer(id),
            None => says(say!("line-ringing-none")),
        },
        [one] => answer(one.id.clone()),
        several => lists::ringing(line, &several.iter().map(|call| (*call).clone()).collect::<Vec<_>>()),
    }
}

fn is_meant(call: &CallInfo, text: &str) -> bool {
    let fold = crate::text::fold::fold;
    call.id == text || call.remote.user == text || fold(&who(call)).contains(&fold(text))
}

fn hang_up(line: &mut Line) -> Vec<Do> {
    let calls: Vec<CallInfo> =
        line.status.calls.iter().filter(|call| call.state != CallState::Incoming).cloned().collect();
    match calls.as_slice() {
        [] if line.ringing().next().is_some() => says(say!("line-hang-up-none")),
        [] => says(say!("line-no-call")),
        [one] => asks(Request::Command(Command::Hangup { which: HangupWhich::Call(one.id.clone()) })),
        _ => match line.chosen.clone() {
            Some(id) => asks(Request::Command(Command::Hangup { which: HangupWhich::Call(id) })),
            None => lists::hang_up_which(line, &calls),
        },
    }
}

fn hold(line: &Line) -> Vec<Do> {
    match line.current().map(|call| (call.id.clone(), call.state)) {
        Some((id, CallState::Held)) => asks(Request::Command(Command::Resume { call: Some(id) })),
        Some((id, CallState::Connected)) => asks(Request::Command(Command::Hold { call: Some(id) })),
        _ => says(say!("line-hold-none")),
    }
}

fn mute(is_muted: bool, path: SoundPath) -> Vec<Do> {
    asks(Request::Command(if is_muted { Command::Unmute { path } } else { Command::Mute { path } }))
}

fn volume(path: SoundPath, by: i16) -> Vec<Do> {
    asks(Request::Command(Command::Volume { path, change: VolumeChange::By(by) }))
}

fn conference(line: &Line) -> Vec<Do> {
    let joined = line.answered().any(|call| call.conference);
    match line.answered().count() {
        _ if joined => asks(Request::Command(Command::LeaveConference { calls: Vec::new() })),
        0 | 1 => says(say!("line-conference-two")),
        _ => asks(Request::Command(Command::Conference { calls: Vec::new() })),
    }
}

fn transfer_whom(line: &Line) -> Vec<Do> {
    match line.answered().count() {
        0 => says(say!("line-transfer-none")),
        1 => says(say!("line-transfer-how")),
        _ => says(say!("line-transfer-or-connect")),
    }
}

fn transfer(line: &mut Line, rest: &str) -> Option<Vec<Do>> {
    let call = line.current().filter(|call| matches!(call.state, CallState::Connected | CallState::Held));
    let Some(call) = call.map(|call| call.id.clone()) else { return Some(says(say!("line-transfer-none"))) };
    if rest.contains(" --") {
        return None;
    }
    to_somebody(line, rest, move |number| {
        Request::Command(Command::Transfer { call: Some(call.clone()), to: TransferTo::Number(number) })
    })
}

fn connect(line: &Line) -> Vec<Do> {
    match line.answered().count() {
        0 | 1 => says(say!("line-connect-two")),
        _ => asks(Request::Command(Command::Transfer { call: None, to: TransferTo::Call(None) })),
    }
}

fn record(line: &Line) -> Vec<Do> {
    let Some(call) = line.answered_current() else { return says(say!("line-record-none")) };
    let is_on = call.recording.as_ref().is_some_and(|it| it.state.is_on());
    let act = if is_on { RecordAct::Stop } else { RecordAct::Start { file: None } };
    asks(Request::Command(Command::Record { call: Some(call.id.clone()), act }))
}

fn play(line: &Line) -> Vec<Do> {
    let Some(call) = line.answered_current() else { return says(say!("line-play-none")) };
    match call.playing.as_ref().is_some_and(|it| it.state == PlayingState::Playing) {
        true => asks(Request::Command(Command::StopPlaying { call: Some(call.id.clone()) })),
        false => says(say!("line-play-how")),
    }
}

/// Turns a part of what is done to the voice on or off.
fn voice(line: &Line, verb: &str) -> Vec<Do> {
    let voice = &line.status.voice;
    let (part, is_on) = match verb {
        "aec" => (VoicePart::Echo, voice.aec != "off"),
        "denoise" => (VoicePart::Noise, voice.noise_suppression),
        "agc" => (VoicePart::Gain, voice.agc),
        _ => (VoicePart::Boost, voice.mic_boost_db > 0),
    };
    let how = match (is_on, part) {
        (true, _) => Switch::Off,
        (false, VoicePart::Echo) => Switch::Auto,
        (false, _) => Switch::On,
    };
    asks(Request::Command(Command::Voice { part, how }))
}

fn verbosity(line: &mut Line, wanted: Verbosity) -> Vec<Do> {
    line.verbosity = wanted;
    says(match wanted {
        Verbosity::Quiet => say!("line-verbosity-quiet"),
        Verbosity::Normal => say!("line-verbosity-normal"),
        Verbosity::All => say!("line-verbosity-all"),
    })
}

fn digits_apart(line: &mut Line, rest: &str) -> Vec<Do> {
    line.spaced = match rest.to_ascii_lowercase().as_str() {
        "apart" => true,
        "together" => false,
        "" => !line.spaced,
        _ => return says(say!("line-digits-how")),
    };
    says(if line.spaced { say!("line-digits-apart") } else { say!("line-digits-together") })
}

fn again(line: &mut Line, now: Now) -> Vec<Do> {
    match line.typed.back().cloned() {
        Some(text) => typed::line(line, &text, now),
        None => says(say!("line-typed-none")),
    }
}

/// The commands typed so far, the last one first; with a number that one again.
fn commands_typed(line: &mut Line, rest: &str, now: Now) -> Vec<Do> {
    if let Some(nth) = rest.parse::<usize>().ok().and_then(|n| n.checked_sub(1)) {
        return match line.typed.iter().rev().nth(nth).cloned() {
            Some(text) => typed::line(line, &text, now),
            None => says(say!("line-typed-unknown")),
        };
    }
    let lines: Vec<String> = line.typed.iter().rev().enumerate().map(|(n, text)| format!("{} {text}", n + 1)).collect();
    if lines.is_empty() {
        return says(say!("line-typed-none"));
    }
    line.pages(lines)
}

fn leave(line: &mut Line) -> Vec<Do> {
    if line.stays || line.status.calls.is_empty() {
        return vec![Do::Leave];
    }
    line.question = Some(Question::Leave);
    says(say!("line-leave-question"))
}

/// Asks for the messages of a ladder.
pub(super) fn ladder(ask: TraceAsk) -> Vec<Do> {
    let last = Some(ask.last.unwrap_or(LADDER).min(LADDER));
    let ask = TraceAsk { last, no_body: true, ..ask };
    asks_for(Request::Trace { ask, form: Default::default() }, Topic::Ladder)
}

fn ladder_of(line: &Line, rest: &str) -> Vec<Do> {
    let current = line.current().or_else(|| line.ended.front()).map(|call| call.id.clone());
    let call = match rest {
        "" => current,
        id => Some(id.to_owned()),
    };
    ladder(TraceAsk { call, ..TraceAsk::default() })
}

fn delete(line: &mut Line) -> Vec<Do> {
    let (text, request) = match &line.thing {
        Some(Thing::Contact(contact)) => {
            let (who, called) = (contact.number.clone(), Some(contact.name.clone()));
            (
                say!("line-delete-contact", name = words::contact(contact)),
                Request::Contacts(ContactsAsk::Remove { who, called }),
            )
        }
        Some(Thing::Past(call)) => {
            let ask = HistoryAsk::Remove(vec![call.id]);
            (say!("line-delete-call", name = words::past(call)), Request::History { ask, form: None })
        }
        _ => return says(say!("line-choose-first")),
    };
    line.question = Some(Question::Ask(Box::new(request)));
    says(text)
}

fn details(line: &mut Line, now: Now) -> Vec<Do> {
    match line.thing.clone() {
        Some(Thing::Contact(contact)) => told(lists::contact_in_full(&contact)),
        Some(Thing::Past(call)) => told(lists::past_in_full(line, &call, now)),
        _ => match line.current() {
            Some(call) => told(present::quality_in_full(call)),
            None => says(say!("line-choose-first")),
        },
    }
}

fn past(query: Query) -> Vec<Do> {
    asks_for(Request::History { ask: HistoryAsk::List(query), form: None }, Topic::Past)
}

fn call_thing(line: &Line) -> Vec<Do> {
    match &line.thing {
        Some(thing) => {
            let account = match thing {
                Thing::Past(call) => Some(call.account.clone()).filter(|account| !account.is_empty()),
                _ => None,
            };
            asks(Request::Command(Command::Dial { target: thing.number().to_owned(), account }))
        }
        None => says(say!("line-call-how")),
    }
}

/// Writes to whoever was chosen, else to whoever is talked to.
fn write(line: &Line, text: &str) -> Vec<Do> {
    let talked = line.current().map(|call| call.remote.uri.clone()).filter(|uri| !uri.is_empty());
    let target = line.thing.as_ref().map(|thing| thing.number().to_owned()).or(talked);
    match target {
        None => says(say!("line-write-whom")),
        Some(_) if text.is_empty() => says(say!("line-write-how")),
        Some(target) => asks(Request::Command(Command::Message { target, text: text.to_owned(), account: None })),
    }
}

/// A request about somebody who may be named; `None` = what is written is for the verb itself to read.
fn to_somebody(line: &mut Line, text: &str, request: impl Fn(String) -> Request) -> Option<Vec<Do>> {
    if text.starts_with('-') || text.contains(" --") {
        return None;
    }
    Some(match lists::somebody(line, text) {
        Found::AsTyped => asks(request(text.to_owned())),
        Found::One(number) => asks(request(number)),
        Found::Several(contacts) => {
            let rows: Vec<_> =
                contacts.into_iter().map(|it| (words::contact(&it), request(it.number.clone()))).collect();
            lists::requests(line, lists::matches(rows.len()), rows)
        }
        Found::None => says(say!("line-nobody-called", name = sanitise_trimmed(text))),
    })
}
