//! Numbered lists: contacts, calls, the past, messages, devices; and what comes of the number that is typed.

use super::present;
use super::state::{Choice, Do, Line, Now, Thing, Topic, asks, asks_for, says};
use super::words::{self, count, duration, moment, party, sentence};
use crate::control::verb::Request;
use crate::control::{CallInfo, Command, Contact, HangupWhich, Kind, LightState, MessageInfo, Record, SoundDevice};
use crate::text::fold::fold;
use crate::text::{sanitise, sanitise_trimmed};
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
fn numbered(line: &mut Line, what: &str, rows: Vec<(String, Choice)>) -> Vec<Do> {
    let mut lines = vec![format!("{}. Type a number.", count(rows.len(), what))];
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
pub fn requests(line: &mut Line, what: &str, rows: Vec<(String, Request)>) -> Vec<Do> {
    let rows = rows.into_iter().map(|(text, request)| (text, Choice::Ask(Box::new(request)))).collect();
    numbered(line, what, rows)
}

/// Does what a chosen row is for.
pub fn choose(line: &mut Line, choice: Choice, now: Now) -> Vec<Do> {
    match choice {
        Choice::Contact(contact) => {
            let text = format!("{}. call, write, details, edit, star or delete.", words::contact(&contact));
            line.thing = Some(Thing::Contact(contact));
            says(text)
        }
        Choice::Past(call) => {
            let text = format!("{} call, write, details, add or delete.", past_row(line, &call, now));
            line.thing = Some(Thing::Past(call));
            says(text)
        }
        Choice::Call(id) => {
            let told = line.call(&id).map(present::call);
            line.chosen = Some(id);
            says(told.unwrap_or_else(|| "That call is over.".to_owned()))
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
        [] => says("No call."),
        [one] => says(present::call(one)),
        several => {
            let rows = several.iter().map(|call| (present::call(call), Choice::Call(call.id.clone()))).collect();
            numbered(line, "call", rows)
        }
    }
}

/// Several ring: which is to be answered?
pub fn ringing(line: &mut Line, calls: &[CallInfo]) -> Vec<Do> {
    let request = |call: &CallInfo| Request::Command(Command::Answer { call: Some(call.id.clone()) });
    let rows = calls.iter().map(|call| (party(&call.remote), request(call))).collect();
    requests(line, "ringing call", rows)
}

/// Several are up: which is to end?
pub fn hang_up_which(line: &mut Line, calls: &[CallInfo]) -> Vec<Do> {
    let hang_up = |which| Request::Command(Command::Hangup { which });
    let mut rows: Vec<(String, Request)> =
        calls.iter().map(|call| (present::call(call), hang_up(HangupWhich::Call(call.id.clone())))).collect();
    rows.push(("All of them".to_owned(), hang_up(HangupWhich::AllButRinging)));
    let mut out = requests(line, "call", rows);
    if let Some(Do::Say(head)) = out.first_mut() {
        head.text = format!("Hang up which of {} calls? Type a number.", calls.len());
    }
    out
}

/// Contacts, as they were found.
pub fn contacts(line: &mut Line, search: &str, contacts: Vec<Contact>, now: Now) -> Vec<Do> {
    match contacts.len() {
        0 if search.is_empty() => says("No contacts. add NUMBER NAME makes one."),
        0 => says(format!("Nobody is called {}.", sanitise_trimmed(search))),
        1 if !search.is_empty() => {
            contacts.into_iter().next().map_or_else(Vec::new, |one| choose(line, Choice::Contact(Box::new(one)), now))
        }
        _ => {
            let row = |it: Contact| {
                let star = if it.starred { ", star" } else { "" };
                let info = sanitise_trimmed(&it.info);
                let info = if info.is_empty() { info } else { format!(", {info}") };
                (format!("{}{star}{info}", words::contact(&it)), Choice::Contact(Box::new(it)))
            };
            let what = if search.is_empty() { "contact" } else { "match" };
            numbered(line, what, contacts.into_iter().map(row).collect())
        }
    }
}

/// All that is known of a contact.
pub fn contact_in_full(it: &Contact) -> Vec<String> {
    let name = if it.starred { format!("{}, with a star", words::contact(it)) } else { words::contact(it) };
    let first = it.first_name.trim();
    let town = format!("{} {} {}", it.zip, it.city, it.state);
    let rows = [
        ("First name", first),
        ("Last name", it.last_name.trim()),
        ("Home", &it.phone),
        ("Mobile", &it.mobile),
        ("Mail", &it.email),
        ("Street", &it.address),
        ("Town", town.trim()),
        ("Comment", &it.comment),
        ("State", &it.info),
    ];
    let known = rows.iter().map(|(what, value)| (what, sanitise_trimmed(value))).filter(|(_, value)| !value.is_empty());
    let mut out = vec![format!("{name}.")];
    out.extend(known.map(|(what, value)| format!("{what}: {value}.")));
    out.extend(it.presence.then(|| "Is watched.".to_owned()));
    out.extend(it.directory.then(|| "Comes from a directory.".to_owned()));
    out
}

/// Calls that were.
pub fn past(line: &mut Line, calls: Vec<Record>, more: bool, now: Now) -> Vec<Do> {
    if calls.is_empty() {
        return says("No such calls.");
    }
    let rows = calls.into_iter().map(|it| (past_row(line, &it, now), Choice::Past(Box::new(it)))).collect();
    let mut out = numbered(line, "call", rows);
    if let (Some(Do::Say(head)), true) = (out.first_mut(), more) {
        head.text = format!("The last {}", head.text);
    }
    out
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
    let kind = match call.kind {
        Kind::Outgoing => "called",
        Kind::Incoming => "called you",
        Kind::Missed => "missed",
        _ => "answered elsewhere",
    };
    let talked = match (call.duration_s, call.kind) {
        (0, Kind::Outgoing) if !call.outcome.is_empty() => ", in vain".to_owned(),
        (0, Kind::Incoming | Kind::Outgoing) if call.outcome.is_empty() => ", goes on".to_owned(),
        (0, _) => String::new(),
        (seconds, _) => format!(", {}", duration(f64::from(seconds))),
    };
    format!("{}, {kind}, {}{talked}.", words::past(call), when(line, call.started_s(), now))
}

/// All that is known of a call that was.
pub fn past_in_full(line: &Line, call: &Record, now: Now) -> Vec<String> {
    let mut out = vec![past_row(line, call, now)];
    let ended = sanitise(&call.ended());
    out.extend((!ended.is_empty()).then(|| format!("It ended: {}", sentence(&ended))));
    let sound = call.mos.map(|mos| format!(", {mos:.1} of 5")).unwrap_or_default();
    out.extend((!call.codec.is_empty()).then(|| format!("Sound {}{sound}.", sanitise_trimmed(&call.codec))));
    out.extend((!call.account.is_empty()).then(|| format!("Account {}.", sanitise_trimmed(&call.account))));
    out.extend((!call.uri.is_empty()).then(|| format!("Address {}", sanitise_trimmed(&call.uri))));
    out.extend((!call.recording.is_empty()).then(|| format!("Recorded into {}", sanitise(&call.recording))));
    out
}

/// What happened.
pub fn log(line: &mut Line, now: Now) -> Vec<Do> {
    let lines: Vec<String> = line.log().rev().map(|(at, text)| format!("{}. {text}", when(line, *at, now))).collect();
    if lines.is_empty() { says("Nothing has happened yet.") } else { line.pages(lines) }
}

/// Those who are watched.
pub fn lights(line: &mut Line) -> Vec<Do> {
    let lights = line.status.lights.clone();
    if lights.is_empty() {
        return says("Nobody is watched. set watch NUMBERS names some.");
    }
    let rows = lights.iter().map(|light| {
        let number = light.target.clone();
        let (act, command) = match light.state {
            LightState::Ringing => ("pick up", Command::Pickup { number: Some(number), account: None }),
            _ => ("call", Command::Dial { target: number, account: None }),
        };
        let text = present::light(light);
        (format!("{}: {act}", text.trim_end_matches('.')), Request::Command(command))
    });
    let rows = rows.collect();
    requests(line, "light", rows)
}

/// Numbers at hand.
pub fn shortcuts(line: &mut Line) -> Vec<Do> {
    let shortcuts = line.status.shortcuts.clone();
    if shortcuts.is_empty() {
        return says("There are no shortcuts.");
    }
    let rows = shortcuts.iter().map(|it| {
        let (label, number) = (sanitise_trimmed(&it.label), sanitise_trimmed(&it.number));
        let number = if label == number { String::new() } else { format!(", {number}") };
        let press = Command::Shortcut { which: it.n.to_string(), text: None };
        (format!("{label}{number}, {}", sanitise_trimmed(&it.act)), Request::Command(press))
    });
    let rows = rows.collect();
    requests(line, "shortcut", rows)
}

/// Accounts: one is told in full; of several the number chooses the one calls go out with.
pub fn accounts(line: &mut Line) -> Vec<Do> {
    let accounts = line.status.accounts.clone();
    match accounts.as_slice() {
        [] => says("No account. set Account1.username and its like make one."),
        [one] => present::account_in_full(one).into_iter().flat_map(says).collect(),
        several => {
            let rows = several.iter().map(|it| {
                let selected = if it.selected { " Calls go out with it." } else { "" };
                let select = Command::SelectAccount { account: it.id.to_string() };
                (format!("{}{selected}", present::account(it)), Request::Command(select))
            });
            let rows = rows.collect();
            requests(line, "account", rows)
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
            let (kind, use_as) =
                if is_input { ("microphone", SoundDevice::Input) } else { ("speaker", SoundDevice::Output) };
            let request = Request::Command(Command::Device { device: use_as, name: name.clone() });
            (format!("{kind} {}", sanitise_trimmed(&name)), request)
        })
        .collect();
    match rows.is_empty() {
        true => out.extend(says("There is no sound card.")),
        false => out.extend(requests(line, "device", rows)),
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
        [] => says("No messages."),
        [(uri, ..)] => choose_thread(line, uri.clone()),
        _ => {
            let rows = rows.into_iter().map(|(uri, who, all, new)| {
                let new = if new > 0 { format!(", {new} new") } else { String::new() };
                (format!("{who}, {}{new}", count(all, "message")), Choice::Thread(uri))
            });
            let rows = rows.collect();
            numbered(line, "conversation", rows)
        }
    }
}

fn choose_thread(line: &mut Line, uri: String) -> Vec<Do> {
    line.thing = Some(Thing::Somebody(uri.clone()));
    thread(uri)
}

/// What was written with one, the last page of it.
pub fn messages(line: &mut Line, messages: &[MessageInfo]) -> Vec<Do> {
    let Some(last) = messages.last() else { return says("No messages.") };
    line.thing = Some(Thing::Somebody(last.remote.uri.clone()));
    let row = |message: &MessageInfo| {
        let text = sanitise(&message.text.replace('\n', " / "));
        match (message.outgoing, message.delivered) {
            (false, _) => format!("{}: {text}", words::name(&message.remote)),
            (true, Some(false)) => format!("You, not delivered: {text}"),
            (true, _) => format!("You: {text}"),
        }
    };
    let lines = messages.iter().rev().map(row).collect();
    let mut out = line.pages(lines);
    if line.more.is_empty() {
        out.extend(says("write TEXT answers."));
    }
    out
}
