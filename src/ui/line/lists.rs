//! Numbered lists: contacts, calls, the past, messages, devices; and what comes of the number that is typed.

use super::present;
use super::state::{Choice, Do, Line, Now, Thing, Topic, asks, asks_for, says};
use super::words::{self, duration, moment, party, sentence};
use crate::control::verb::Request;
use crate::control::{CallInfo, Command, Contact, HangupWhich, Kind, LightState, MessageInfo, Record, SoundDevice};
use crate::text::fold::fold;
use crate::text::words::retold;
use crate::text::{local, sanitise, sanitise_trimmed, say};
use serde_json::Value;

/// Rows that have a number.
const MOST: usize = 99;
/// A day, in seconds.
const DAY_S: i64 = 86_400;

/// Who is meant by what was typed.
pub enum Found {
    /// A number or an address: taken as it is.
    AsTyped,
    /// This one.
    One(String),
    /// One of these.
    Several(Vec<Contact>),
    /// Nobody.
    None,
}

/// Looks for somebody among the contacts.
pub fn somebody(line: &Line, text: &str) -> Found {
    let is_address = super::typed::is_number(text) || text.contains(['@', ':']);
    if is_address {
        return Found::AsTyped;
    }
    let wanted = fold(text.trim());
    let exact = |contact: &&Contact| fold(&contact.name) == wanted;
    let whole: Vec<&Contact> = line.contacts.iter().filter(exact).collect();
    if let [one] = whole.as_slice() {
        return Found::One(one.number.clone());
    }
    let begins = |contact: &&Contact| {
        let name = fold(&contact.name);
        name.starts_with(&wanted) || name.split(' ').any(|part| part.starts_with(&wanted))
    };
    let found: Vec<Contact> = line.contacts.iter().filter(begins).take(MOST).cloned().collect();
    match found.as_slice() {
        // A server may know a name that the contacts do not.
        [] if !text.contains(' ') => Found::AsTyped,
        [] => Found::None,
        [one] if fold(&one.name).split(' ').any(|part| part == wanted) => Found::One(one.number.clone()),
        _ => Found::Several(found),
    }
}

/// Says a list whose rows can be chosen by their number.
fn numbered(line: &mut Line, head: String, rows: Vec<(String, Choice)>) -> Vec<Do> {
    let mut lines = vec![head];
    let (texts, choices): (Vec<String>, Vec<Choice>) = rows.into_iter().take(MOST).unzip();
    lines.extend(texts.into_iter().enumerate().map(|(at, text)| {
        let text = if text.ends_with('.') { text } else { format!("{text}.") };
        format!("{} {text}", at + 1)
    }));
    let out = line.pages(lines);
    line.choices = choices;
    out
}

/// A list of which the chosen row asks the phone.
pub fn requests(line: &mut Line, head: String, rows: Vec<(String, Request)>) -> Vec<Do> {
    let rows = rows.into_iter().map(|(text, request)| (text, Choice::Ask(Box::new(request)))).collect();
    numbered(line, head, rows)
}

/// Does what a chosen row is for.
pub fn choose(line: &mut Line, choice: Choice, now: Now) -> Vec<Do> {
    match choice {
        Choice::Contact(contact) => {
            let text = say!("line-contact-chosen", contact = words::contact(&contact));
            line.thing = Some(Thing::Contact(contact));
            says(text)
        }
        Choice::Past(call) => {
            let text = say!("line-past-chosen", call = past_row(line, &call, now));
            line.thing = Some(Thing::Past(call));
            says(text)
        }
        Choice::Call(id) => {
            let told = line.call(&id).map(present::call);
            line.chosen = Some(id);
            says(told.unwrap_or_else(|| say!("line-call-over")))
        }
        Choice::Thread(with) => {
            line.thing = Some(Thing::Somebody(with.clone()));
            thread(with)
        }
        Choice::Ask(request) => asks(*request),
    }
}

/// The calls that are up.
pub fn calls(line: &mut Line) -> Vec<Do> {
    let calls = line.status.calls.clone();
    match calls.as_slice() {
        [] => says(say!("line-no-call")),
        [one] => says(present::call(one)),
        several => {
            let rows = several.iter().map(|call| (present::call(call), Choice::Call(call.id.clone()))).collect();
            numbered(line, say!("line-list-calls", count = several.len()), rows)
        }
    }
}

/// Several ring: which is to be answered?
pub fn ringing(line: &mut Line, calls: &[CallInfo]) -> Vec<Do> {
    let request = |call: &CallInfo| Request::Command(Command::Answer { call: Some(call.id.clone()) });
    let rows = calls.iter().map(|call| (party(&call.remote), request(call))).collect();
    requests(line, say!("line-list-ringing", count = calls.len()), rows)
}

/// Several are up: which is to end?
pub fn hang_up_which(line: &mut Line, calls: &[CallInfo]) -> Vec<Do> {
    let hang_up = |which| Request::Command(Command::Hangup { which });
    let mut rows: Vec<(String, Request)> =
        calls.iter().map(|call| (present::call(call), hang_up(HangupWhich::Call(call.id.clone())))).collect();
    rows.push((say!("line-list-all"), hang_up(HangupWhich::AllButRinging)));
    requests(line, say!("line-list-hang-up", count = calls.len()), rows)
}

/// Contacts, as they were found.
pub fn contacts(line: &mut Line, search: &str, contacts: Vec<Contact>, now: Now) -> Vec<Do> {
    match contacts.len() {
        0 if search.is_empty() => says(say!("line-contacts-none")),
        0 => says(say!("line-nobody-called", name = sanitise_trimmed(search))),
        1 if !search.is_empty() => {
            contacts.into_iter().next().map_or_else(Vec::new, |one| choose(line, Choice::Contact(Box::new(one)), now))
        }
        _ => {
            let row = |it: Contact| {
                let name = words::contact(&it);
                let name = if it.starred { say!("line-contact-star", name) } else { name };
                let info = sanitise_trimmed(&it.info);
                let text = if info.is_empty() { name } else { format!("{name}, {info}") };
                (text, Choice::Contact(Box::new(it)))
            };
            let count = contacts.len();
            let head = if search.is_empty() { say!("line-list-contacts", count) } else { matches(count) };
            numbered(line, head, contacts.into_iter().map(row).collect())
        }
    }
}

/// So many contacts may be meant.
pub fn matches(count: usize) -> String {
    say!("line-list-matches", count)
}

/// All that is known of a contact.
pub fn contact_in_full(it: &Contact) -> Vec<String> {
    let name = if it.starred { say!("line-contact-starred", contact = words::contact(it)) } else { words::contact(it) };
    let first = it.first_name.trim();
    let town = format!("{} {} {}", it.zip, it.city, it.state);
    let rows = [
        (say!("line-contact-first-name"), first),
        (say!("line-contact-last-name"), it.last_name.trim()),
        (say!("line-contact-home"), &it.phone),
        (say!("line-contact-mobile"), &it.mobile),
        (say!("line-contact-mail"), &it.email),
        (say!("line-contact-street"), &it.address),
        (say!("line-contact-town"), town.trim()),
        (say!("line-contact-comment"), &it.comment),
        (say!("line-contact-state"), &it.info),
    ];
    let known = rows.iter().map(|(what, value)| (what, sanitise_trimmed(value))).filter(|(_, value)| !value.is_empty());
    let mut out = vec![format!("{name}.")];
    out.extend(known.map(|(what, value)| format!("{what}: {value}.")));
    out.extend(it.presence.then(|| say!("line-contact-watched")));
    out.extend(it.directory.then(|| say!("line-contact-of-directory")));
    out
}

/// Calls that were.
pub fn past(line: &mut Line, calls: Vec<Record>, more: bool, now: Now) -> Vec<Do> {
    if calls.is_empty() {
        return says(say!("line-past-none"));
    }
    let count = calls.len();
    let rows = calls.into_iter().map(|it| (past_row(line, &it, now), Choice::Past(Box::new(it)))).collect();
    let head = if more { say!("line-list-last-calls", count) } else { say!("line-list-calls", count) };
    numbered(line, head, rows)
}

fn when(line: &Line, seconds: i64, now: Now) -> String {
    let local = |seconds| (line.local_time)(seconds);
    let utc = |seconds: i64| {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        humantime::format_rfc3339_seconds(at).to_string().replace('T', " ")
    };
    let told = |seconds| local(seconds).unwrap_or_else(|| utc(seconds));
    moment(&told(seconds), &told(now.wall_s), &told(now.wall_s - DAY_S))
}

fn past_row(line: &Line, call: &Record, now: Now) -> String {
    let (name, time) = (words::past(call), when(line, call.started_s(), now));
    let told = match call.kind {
        Kind::Outgoing => say!("line-past-called", name, time),
        Kind::Incoming => say!("line-past-called-you", name, time),
        Kind::Missed => say!("line-past-missed", name, time),
        _ => say!("line-past-elsewhere", name, time),
    };
    match (call.duration_s, call.kind) {
        (0, Kind::Outgoing) if !call.outcome.is_empty() => say!("line-past-in-vain", call = told),
        (0, Kind::Incoming | Kind::Outgoing) if call.outcome.is_empty() => {
            match line.status.calls.iter().any(|now| now.sip_call_id == call.sip_call_id) {
                true => say!("line-past-goes-on", call = told),
                false => say!("line-past-cut-off", call = told),
            }
        }
        (0, _) => format!("{told}."),
        (seconds, _) => format!("{told}, {}.", duration(f64::from(seconds))),
    }
}

/// All that is known of a call that was.
pub fn past_in_full(line: &Line, call: &Record, now: Now) -> Vec<String> {
    let mut out = vec![past_row(line, call, now)];
    let ended = retold(&sanitise(&call.ended())).into_owned();
    out.extend((!ended.is_empty()).then(|| say!("line-past-ended", ended = sentence(&ended))));
    let codec = sanitise_trimmed(&call.codec);
    out.extend((!codec.is_empty()).then(|| match call.mos {
        Some(mos) => say!("line-past-sound-graded", codec, mos = local::decimal(mos, 1)),
        None => say!("line-past-sound", codec),
    }));
    out.extend(
        (!call.account.is_empty()).then(|| say!("line-past-account", account = sanitise_trimmed(&call.account))),
    );
    out.extend((!call.uri.is_empty()).then(|| say!("line-past-address", uri = sanitise_trimmed(&call.uri))));
    out.extend(
        (!call.recording.is_empty()).then(|| say!("line-past-recording", recording = sanitise(&call.recording))),
    );
    out
}

/// What happened.
pub fn log(line: &mut Line, now: Now) -> Vec<Do> {
    let lines: Vec<String> = line.log().rev().map(|(at, text)| format!("{}. {text}", when(line, *at, now))).collect();
    if lines.is_empty() { says(say!("line-log-none")) } else { line.pages(lines) }
}

/// Those who are watched.
pub fn lights(line: &mut Line) -> Vec<Do> {
    let lights = line.status.lights.clone();
    if lights.is_empty() {
        return says(say!("line-lights-none"));
    }
    let rows = lights.iter().map(|light| {
        let number = light.target.clone();
        let text = present::light(light);
        let light_said = text.trim_end_matches('.');
        let (text, command) = match light.state {
            LightState::Ringing => (
                say!("line-light-pick-up", light = light_said),
                Command::Pickup { number: Some(number), account: None },
            ),
            _ => (say!("line-light-call", light = light_said), Command::Dial { target: number, account: None }),
        };
        (text, Request::Command(command))
    });
    let rows = rows.collect();
    requests(line, say!("line-list-lights", count = lights.len()), rows)
}

/// Numbers at hand.
pub fn shortcuts(line: &mut Line) -> Vec<Do> {
    let shortcuts = line.status.shortcuts.clone();
    if shortcuts.is_empty() {
        return says(say!("line-shortcuts-none"));
    }
    let rows = shortcuts.iter().map(|it| {
        let (label, number) = (sanitise_trimmed(&it.label), sanitise_trimmed(&it.number));
        let number = if label == number { String::new() } else { format!(", {number}") };
        let press = Command::Shortcut { which: it.n.to_string(), text: None };
        (format!("{label}{number}, {}", sanitise_trimmed(&it.act)), Request::Command(press))
    });
    let rows = rows.collect();
    requests(line, say!("line-list-shortcuts", count = shortcuts.len()), rows)
}

/// Accounts: one is told in full; of several the number chooses the one calls go out with.
pub fn accounts(line: &mut Line) -> Vec<Do> {
    let accounts = line.status.accounts.clone();
    match accounts.as_slice() {
        [] => says(say!("line-accounts-none")),
        [one] => present::account_in_full(one).into_iter().flat_map(says).collect(),
        several => {
            let rows = several.iter().map(|it| {
                let account = present::account(it);
                let select = Command::SelectAccount { account: it.id.to_string() };
                let text = if it.selected { say!("line-account-selected", account) } else { account };
                (text, Request::Command(select))
            });
            let rows = rows.collect();
            requests(line, say!("line-list-accounts", count = several.len()), rows)
        }
    }
}

/// Sound devices: the number takes one into use.
pub fn devices(line: &mut Line, devices: &[Value]) -> Vec<Do> {
    let mut out: Vec<Do> = present::sound(line).into_iter().flat_map(says).collect();
    let text = |device: &Value, key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows: Vec<(String, Request)> = devices
        .iter()
        .map(|device| {
            let (name, is_input) = (text(device, "name"), text(device, "direction") == "input");
            let shown = sanitise_trimmed(&name);
            let (text, device) = match is_input {
                true => (say!("line-device-microphone", name = shown), SoundDevice::Input),
                false => (say!("line-device-speaker", name = shown), SoundDevice::Output),
            };
            (text, Request::Command(Command::Device { device, name }))
        })
        .collect();
    match rows.is_empty() {
        true => out.extend(says(say!("line-devices-none"))),
        false => out.extend(requests(line, say!("line-list-devices", count = rows.len()), rows)),
    }
    out
}

/// Asks for what was written with somebody, who is answered from then on.
pub fn thread(with: String) -> Vec<Do> {
    asks_for(Request::Command(Command::Messages { with: Some(with), read: true }), Topic::Thread)
}

/// Who wrote, the last one first.
pub fn threads(line: &mut Line, messages: &[MessageInfo]) -> Vec<Do> {
    let mut rows: Vec<(String, String, usize, usize)> = Vec::new();
    for message in messages.iter().rev() {
        let unread = usize::from(!message.read);
        match rows.iter_mut().find(|(uri, ..)| *uri == message.remote.uri) {
            Some((_, _, all, new)) => {
                *all += 1;
                *new += unread;
            }
            None => rows.push((message.remote.uri.clone(), party(&message.remote), 1, unread)),
        }
    }
    match rows.as_slice() {
        [] => says(say!("line-messages-none")),
        [(uri, ..)] => choose_thread(line, uri.clone()),
        _ => {
            let rows = rows.into_iter().map(|(uri, who, all, new)| {
                let told = say!("line-thread", name = who, count = all);
                let told = if new > 0 { say!("line-thread-new", thread = told, count = new) } else { told };
                (told, Choice::Thread(uri))
            });
            let rows: Vec<(String, Choice)> = rows.collect();
            numbered(line, say!("line-list-threads", count = rows.len()), rows)
        }
    }
}

fn choose_thread(line: &mut Line, uri: String) -> Vec<Do> {
    line.thing = Some(Thing::Somebody(uri.clone()));
    thread(uri)
}

/// What was written with one, the last page of it.
pub fn messages(line: &mut Line, messages: &[MessageInfo]) -> Vec<Do> {
    let Some(last) = messages.last() else { return says(say!("line-messages-none")) };
    line.thing = Some(Thing::Somebody(last.remote.uri.clone()));
    let row = |message: &MessageInfo| {
        let text = sanitise(&message.text.replace('\n', " / "));
        match (message.outgoing, message.delivered) {
            (false, _) => format!("{}: {text}", words::name(&message.remote)),
            (true, Some(false)) => say!("line-message-undelivered", text),
            (true, _) => say!("line-message-own", text),
        }
    };
    let lines = messages.iter().rev().map(row).collect();
    let mut out = line.pages(lines);
    if line.more.is_empty() {
        out.extend(says(say!("line-message-answer-how")));
    }
    out
}
