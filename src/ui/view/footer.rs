//! The keys that are valid now, the most important first.

use super::Look;
use super::hit::Hit;
use crate::control::{AccountInfo, CallState, LightInfo, LightState};
use crate::ui::enabled::why_not;
use crate::ui::keymap::{Act, Key, Keys};
use crate::ui::ladder;
use crate::ui::model::{CallRow, Mode, Model, Pane};
use crate::ui::settings::{Field, is_on};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Columns from which every key of an idle phone has room.
const WIDE: u16 = 60;

/// A key and what it does. A click on one without an act presses that key.
struct Item {
    act: Option<Act>,
    key: String,
    label: &'static str,
}

impl Item {
    /// Cells with the blanks around.
    fn width(&self) -> u16 {
        (self.key.width() + self.label.width() + 3) as u16
    }
}

/// Draws as many as fit.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    for (x, item) in placed(model, area) {
        let line = Line::from(vec![
            Span::raw(" "),
            look.span(Role::Key, item.key.clone()),
            Span::raw(" "),
            look.span(Role::Text, item.label),
        ]);
        buf.set_line(x, area.y, &line, area.right().saturating_sub(x));
    }
}

/// What a click at this column does: an act, or a key that is pressed.
pub fn hit_at(model: &Model, area: Rect, column: u16) -> Option<Hit> {
    let at = |(x, item): &(u16, Item)| (*x..*x + item.width()).contains(&column);
    let (_, item) = placed(model, area).into_iter().find(at)?;
    item.act.map(Hit::Act).or_else(|| Key::parse(&item.key).map(Hit::Press))
}

fn placed(model: &Model, area: Rect) -> Vec<(u16, Item)> {
    let mut x = area.x;
    let mut placed = Vec::new();
    if area.is_empty() {
        return placed;
    }
    for item in items(model) {
        let width = item.width();
        // The first one is shown even cut: it is the one that answers.
        if x + width > area.right() + 1 && !placed.is_empty() {
            continue;
        }
        placed.push((x, item));
        x += width;
    }
    placed
}

fn bound(model: &Model, act: Act, typing: bool, label: &'static str) -> Option<Item> {
    let key = model.keymap.key(act, typing).filter(|_| why_not(model, act).is_none()).map(|key| key.to_string());
    key.map(|key| Item { act: Some(act), key, label })
}

/// A key that means this act in the view that is open: others may mean something else there.
fn here(model: &Model, act: Act, label: &'static str) -> Option<Item> {
    let is_meant = |keys: &&Keys| keys.list().first().is_none_or(|key| keys.is(*key) && model.act(*key) == Some(act));
    let keys = model.keymap.binding(act)?.keys.iter().find(is_meant)?;
    Some(Item { act: Some(act), key: keys.to_string(), label })
}

fn told(key: &str, label: &'static str) -> Option<Item> {
    Some(Item { act: None, key: key.to_owned(), label })
}

/// Letters search there, so that only other keys do something.
fn contacts(model: &Model, pane: Pane) -> Vec<Option<Item>> {
    let bound = |act, label| bound(model, act, true, label);
    let person = model.people.chosen();
    let any = |item: Option<Item>| item.filter(|_| person.is_some());
    match pane {
        Pane::Form => vec![told("Enter", "save"), told("Up/Down", "field"), bound(Act::Cancel, "leave")],
        Pane::AskDelete | Pane::AskClear => vec![told("y", "delete"), bound(Act::Cancel, "keep")],
        Pane::List | Pane::Details => {
            let chooses = if model.status.default_action == "message" { "write" } else { "call" };
            let star = if person.is_some_and(|contact| contact.starred) { "no star" } else { "star" };
            let details = any(bound(Act::Details, "details")).filter(|_| pane == Pane::List);
            vec![
                any(told("Enter", if pane == Pane::List { chooses } else { "call" })),
                any(bound(Act::Messages, "write")),
                bound(Act::Cancel, if pane == Pane::Details { "back" } else { "close" }),
                details,
                bound(Act::Add, "add"),
                any(bound(Act::Edit, "edit")),
                any(bound(Act::Delete, "delete")),
                any(bound(Act::Star, star)),
            ]
        }
    }
}

fn history(model: &Model, pane: Pane) -> Vec<Option<Item>> {
    let bound = |act, label| bound(model, act, true, label);
    let any = |item: Option<Item>| item.filter(|_| model.past.chosen().is_some());
    match pane {
        Pane::AskDelete => {
            vec![told("y", "forget it"), told("a", "all of them"), bound(Act::Cancel, "keep")]
        }
        Pane::AskClear => vec![told("y", "forget all"), bound(Act::Cancel, "keep")],
        Pane::List | Pane::Details | Pane::Form => {
            let is_list = pane != Pane::Details;
            vec![
                any(told("Enter", "call back")),
                told("Tab", "kind").filter(|_| is_list),
                bound(Act::Cancel, if is_list { "close" } else { "back" }),
                any(bound(Act::Details, "details")).filter(|_| is_list),
                any(bound(Act::Messages, "write")),
                any(bound(Act::Add, "add contact")),
                any(bound(Act::Delete, "delete")),
            ]
        }
    }
}

fn ladder(model: &Model, pane: ladder::Pane) -> Vec<Option<Item>> {
    let bound = |act, label| bound(model, act, false, label);
    let steps = &model.ladder.steps;
    let any = |item: Option<Item>| item.filter(|_| !steps.is_empty());
    let others = told("Tab", "next call").filter(|_| model.ladder.talks.len() > 1);
    let is_searched = !model.ladder.search.is_empty();
    match pane {
        ladder::Pane::AskForm => {
            vec![told("m", "Mermaid"), told("t", "text"), told("p", "capture"), bound(Act::Cancel, "leave it")]
        }
        ladder::Pane::Steps if model.ladder.searches => {
            vec![told("Enter", "done"), told("Up/Down", "next"), told("Esc", "no search")]
        }
        ladder::Pane::Steps => vec![
            any(told("Enter", "message")),
            bound(Act::LadderNext, "next found").filter(|_| is_searched),
            bound(Act::LadderWhy, "why"),
            bound(Act::Cancel, if is_searched { "no search" } else { "close" }),
            others,
            any(bound(Act::LadderSearch, "search")),
            any(bound(Act::Copy, "copy")),
            any(bound(Act::Export, "export")),
            any(bound(Act::CopyAll, "copy all")),
            bound(Act::LadderFold, "fold"),
        ],
        ladder::Pane::Message => vec![
            told("Up/Down", "scroll"),
            told("Left/Right", "message"),
            bound(Act::Cancel, "back"),
            bound(Act::LadderWhy, "why"),
            bound(Act::Copy, "copy"),
            bound(Act::Export, "export"),
        ],
        ladder::Pane::Why => {
            vec![told("Up/Down", "scroll"), bound(Act::Cancel, "back"), others, any(bound(Act::Export, "export"))]
        }
    }
}

fn switchboard(model: &Model) -> Vec<Option<Item>> {
    let board = &model.switchboard;
    let local = |act, label| here(model, act, label);
    let cancel = |label| bound(model, Act::Cancel, true, label);
    let chosen = board.place().and_then(|place| model.status.lights.get(place));
    let rings = |light: &LightInfo| light.state == LightState::Ringing;
    let answered = |row: &CallRow| matches!(row.info.state, CallState::Connected | CallState::Held);
    let has_call = model.calls.iter().any(answered);
    if board.searching {
        return vec![told("Enter", "choose"), cancel("all")];
    }
    if board.asking {
        return vec![
            local(Act::Verb("transfer"), "transfer to them"),
            local(Act::Consult, "ask them first"),
            told("Enter", "call too"),
            cancel("nothing"),
        ];
    }
    let Some(chosen) = chosen else {
        return vec![cancel(if board.search.is_empty() { "close" } else { "all" }), local(Act::Help, "help")];
    };
    let enters = match (rings(chosen), has_call) {
        (true, _) => "pick up",
        (false, true) => "transfer or call",
        (false, false) => "call",
    };
    vec![
        told("Enter", enters),
        local(Act::Verb("transfer"), "transfer").filter(|_| has_call),
        local(Act::Consult, "ask first").filter(|_| has_call),
        local(Act::Verb("hangup"), "hang up").filter(|_| !model.calls.is_empty()),
        local(Act::Verb("pickup"), "pick up").filter(|_| !rings(chosen) && model.status.lights.iter().any(rings)),
        local(Act::Messages, "write"),
        local(Act::Type, "search"),
        cancel(if board.search.is_empty() { "close" } else { "all" }),
        local(Act::Help, "help"),
    ]
}

fn accounts(model: &Model) -> Vec<Option<Item>> {
    let account = model.status.accounts.get(model.registrations.row);
    let any = |item: Option<Item>| item.filter(|_| account.is_some());
    let is_on = account.is_some_and(|account| account.registered);
    vec![
        told("Enter", "use for calls").filter(|_| account.is_some_and(|account| !account.selected)),
        any(here(model, Act::AccountRegister, if is_on { "register anew" } else { "register" })),
        any(here(model, Act::AccountUnregister, "un-register")).filter(|_| is_on),
        bound(model, Act::Cancel, true, "close"),
        any(here(model, Act::Copy, "copy address")),
        here(model, Act::Ladder, "ladder"),
        here(model, Act::Settings, "settings"),
        here(model, Act::Help, "help"),
    ]
}

fn settings(model: &Model) -> Vec<Option<Item>> {
    let settings = &model.settings;
    let cancel = |label| bound(model, Act::Cancel, true, label);
    match settings.edit.as_ref().map(|edit| &edit.field) {
        Some(Field::Choice(..)) => {
            return vec![told("Left/Right", "choose"), told("Enter", "save"), cancel("leave it")];
        }
        Some(_) => return vec![told("Enter", "save"), cancel("leave it")],
        None => {}
    }
    let all = settings.search.is_empty() && !settings.only_changed;
    let cancel = cancel(if all { "close" } else { "all" });
    if settings.searching {
        return vec![told("Enter", "choose"), cancel];
    }
    let chosen = settings.chosen().filter(|info| info.locked.is_none() && info.kept.is_none());
    let enters = chosen.map(|info| match (info.kind.as_str(), info.value.as_deref()) {
        ("flag", value) if value.is_some_and(is_on) => "turn off",
        ("flag", _) => "turn on",
        _ => "change",
    });
    vec![
        enters.and_then(|label| told("Enter", label)),
        here(model, Act::Type, "search"),
        here(model, Act::SettingsChanged, if settings.only_changed { "all" } else { "changed ones" }),
        cancel,
        here(model, Act::SettingsUndo, "undo").filter(|_| settings.can_undo()),
        here(model, Act::SettingsDefault, "as it comes").filter(|_| chosen.is_some_and(|info| info.origin == "file")),
        here(model, Act::Copy, "copy"),
        here(model, Act::Help, "help"),
    ]
}

fn devices(model: &Model) -> Vec<Option<Item>> {
    let status = &model.status;
    vec![
        told("Enter", "use it"),
        told("Left/Right", "volume"),
        here(model, Act::Verb("test-audio"), "test").filter(|_| model.calls.is_empty()),
        bound(model, Act::Cancel, true, "close"),
        here(model, Act::Verb("mute"), if status.mic_muted { "unmute" } else { "mute" }),
        here(model, Act::MuteSpeaker, if status.speaker_muted { "speaker on" } else { "mute speaker" }),
        here(model, Act::Echo, "echo call").filter(|_| status.echo.is_some() && model.calls.is_empty()),
        here(model, Act::Help, "help"),
    ]
}

fn items(model: &Model) -> Vec<Item> {
    let typing = model.field.focused;
    let bound = |act: Act, label: &'static str| bound(model, act, typing, label);
    let verb = |name: &'static str, label| bound(Act::Verb(name), label);
    let help = bound(Act::Help, "help");
    let quit = bound(Act::Quit, if model.stays { "detach" } else { "quit" });
    if model.pending.is_some() {
        return told("Esc", "leave").into_iter().collect();
    }
    let items = match &model.mode {
        Mode::Help { .. } => vec![told("a-z", "search"), told("Enter", "do it"), bound(Act::Cancel, "close")],
        Mode::Switchboard => switchboard(model),
        Mode::Accounts => accounts(model),
        Mode::Settings => settings(model),
        Mode::Devices => devices(model),
        Mode::Themes => vec![
            verb("answer", "answer").filter(|_| model.incoming().is_some()),
            told("Enter", "keep it"),
            told("Up/Down", "try"),
            bound(Act::Cancel, "as before"),
            help,
        ],
        Mode::Threads { .. } if model.threads.list().is_empty() => {
            vec![bound(Act::Type, "write to a number"), bound(Act::Cancel, "close")]
        }
        Mode::Threads { .. } => {
            vec![told("Enter", "open"), bound(Act::Type, "write to a number"), bound(Act::Cancel, "close")]
        }
        Mode::Thread { .. } => {
            vec![told("Enter", "send"), bound(Act::Cancel, "back"), told("Up/Down", "scroll")]
        }
        Mode::Contacts(pane) => contacts(model, *pane),
        Mode::History(pane) => history(model, *pane),
        Mode::Ladder(pane) => ladder(model, *pane),
        Mode::Quality => vec![
            told("Tab", "next call").filter(|_| model.quality.count() > 1),
            bound(Act::Cancel, "close"),
            bound(Act::Ladder, "ladder"),
            verb("mute", if model.status.mic_muted { "unmute" } else { "mute" }).filter(|_| model.has_sound()),
            bound(Act::Copy, "copy").filter(|_| model.quality.count() > 0),
            told("Up/Down", "scroll"),
            help,
        ],
        Mode::Log if model.log.searches => {
            vec![told("Enter", "done"), told("Esc", "show all"), told("Up/Down", "choose")]
        }
        Mode::Log => vec![
            bound(Act::LogSearch, "search"),
            told("Tab", "level"),
            bound(Act::Cancel, if model.log.search.is_empty() { "close" } else { "show all" }),
            told("End", "follow").filter(|_| model.log.holds),
            bound(Act::Copy, "copy"),
            bound(Act::CopyAll, "copy all"),
            bound(Act::Export, "export"),
            help,
        ],
        Mode::Palette => vec![
            told("Enter", "do it"),
            told("Tab", "complete"),
            told("Up/Down", "choose"),
            bound(Act::Cancel, "close"),
        ],
        Mode::Sheet => vec![told("Up/Down", "scroll"), bound(Act::Cancel, "close")],
        Mode::AskHangup => {
            vec![told("y", "this one"), told("1-9", "that one"), told("a", "all"), bound(Act::Cancel, "none")]
        }
        Mode::Transfer { call, .. } => vec![
            told("Enter", "transfer"),
            told("Tab", "ask first").filter(|_| !model.field.is_empty()),
            told("Down", "complete").filter(|_| !model.matches.list().is_empty()),
            told("Up/Down", "other call").filter(|_| model.field.is_empty() && model.others(call).count() > 1),
            bound(Act::Cancel, "keep it"),
        ],
        Mode::Digits { .. } => vec![told("Enter", "send"), bound(Act::Cancel, "keep them")],
        Mode::AskQuit => vec![told("y", "end it and quit"), bound(Act::Cancel, "stay")],
        Mode::Phone => {
            let state = model.current().map(|row| row.info.state);
            let mute = verb("mute", if model.status.mic_muted { "unmute" } else { "mute" });
            let mut items = Vec::new();
            let messages = bound(Act::Messages, "messages").filter(|_| !model.threads.list().is_empty());
            let unread = bound(Act::Messages, "messages").filter(|_| model.threads.unread() > 0);
            if model.incoming().is_some() {
                items.extend([verb("answer", "answer"), verb("reject", "reject")]);
            } else if !model.status.asks.is_empty() {
                items.extend([verb("answer", "call"), verb("reject", "do not")]);
            }
            if typing {
                let offered = told("Down", "complete").filter(|_| !model.matches.list().is_empty());
                items.extend([verb("call", "call"), offered]);
                items.extend([bound(Act::Messages, "write"), bound(Act::Cancel, "clear")]);
            }
            let talks = if model.talk.is_some() { "let go to mute" } else { "hold to talk" };
            let holds = model.tells_releases && (model.status.mic_muted || model.talk.is_some());
            let talk = bound(Act::PushToTalk, talks).filter(|_| holds);
            match state {
                Some(CallState::Connected) => {
                    items.extend([verb("hangup", "hang up"), verb("hold", "hold"), mute, talk]);
                    items.push(verb("transfer", "transfer").filter(|_| !typing));
                    items.push(bound(Act::Type, "new call").filter(|_| !typing));
                }
                Some(CallState::Held) => {
                    items.extend([verb("hangup", "hang up"), verb("hold", "resume"), mute]);
                    items.push(bound(Act::Type, "new call").filter(|_| !typing));
                }
                Some(CallState::Incoming) => {}
                Some(_) => items.extend([verb("hangup", "hang up"), mute]),
                None if !typing => {
                    let waits =
                        |account: &AccountInfo| account.voicemail.as_ref().is_some_and(|voicemail| voicemail.waiting);
                    let rings = |light: &LightInfo| light.state == LightState::Ringing;
                    items.extend([
                        verb("available", "end the pause").filter(|_| model.wrap_up_until.is_some()),
                        verb("history", "missed calls").filter(|_| model.past.missed > 0),
                        verb("pickup", "pick up").filter(|_| model.status.lights.iter().any(rings)),
                        told("0-9", "dial"),
                        verb("call", "redial").filter(|_| model.field.has_dialled()),
                        bound(Act::Type, "address"),
                        verb("voicemail", "voicemail").filter(|_| model.status.accounts.iter().any(waits)),
                        messages,
                        bound(Act::Watched, "switchboard").filter(|_| !model.status.lights.is_empty()),
                        // Where room is short, help is worth more to somebody who does not talk.
                        mute.filter(|_| model.size.0 >= WIDE),
                    ]);
                }
                None => {}
            }
            items.push(unread.filter(|_| state.is_some() && !typing));
            if model.calls.len() > 1 && !typing {
                items.push(told("Up/Down", "choose"));
            }
            items.extend([help, quit]);
            if state.is_none() {
                let history = verb("history", "history").filter(|_| typing || model.past.missed == 0);
                items.extend([verb("contacts", "contacts"), history, bound(Act::Palette, "commands")]);
            }
            // Where there is room for more.
            if state == Some(CallState::Connected) && !typing {
                let answered = |row: &&CallRow| matches!(row.info.state, CallState::Connected | CallState::Held);
                let many = model.calls.iter().filter(answered).count() > 1;
                let current = model.current().map(|row| &row.info);
                let all_in = model.calls.iter().filter(answered).all(|row| row.info.conference);
                let is_recorded = current.and_then(|call| call.recording.as_ref()).is_some_and(|it| it.state.is_on());
                let conference = if all_in { "end conference" } else { "conference" };
                items.extend([
                    verb("conference", conference).filter(|_| many),
                    verb("record", if is_recorded { "end recording" } else { "record" }),
                ]);
            }
            items
        }
    };
    items.into_iter().flatten().collect()
}
