//! The keys that are valid now, the most important first.

mod phone;

use super::Look;
use super::hit::Hit;
use crate::control::{CallState, LightInfo, LightState};
use crate::text::say;
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

/// A key and what it does. A click on one without an act presses that key.
struct Item {
    act: Option<Act>,
    key: String,
    label: String,
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

fn bound(model: &Model, act: Act, typing: bool, label: String) -> Option<Item> {
    let key = model.keymap.key(act, typing).filter(|_| why_not(model, act).is_none()).map(|key| key.to_string());
    key.map(|key| Item { act: Some(act), key, label })
}

/// A key that means this act in the view that is open: others may mean something else there.
fn here(model: &Model, act: Act, label: String) -> Option<Item> {
    let is_meant = |keys: &&Keys| keys.list().first().is_none_or(|key| keys.is(*key) && model.act(*key) == Some(act));
    let keys = model.keymap.binding(act)?.keys.iter().find(is_meant)?;
    Some(Item { act: Some(act), key: keys.to_string(), label })
}

fn told(key: &str, label: String) -> Option<Item> {
    Some(Item { act: None, key: key.to_owned(), label })
}

/// Letters search there, so that only other keys do something.
fn contacts(model: &Model, pane: Pane) -> Vec<Option<Item>> {
    let bound = |act, label| bound(model, act, true, label);
    let person = model.people.chosen();
    let any = |item: Option<Item>| item.filter(|_| person.is_some());
    match pane {
        Pane::Form => vec![
            told("Enter", say!("footer-save")),
            told("Up/Down", say!("footer-field")),
            bound(Act::Cancel, say!("footer-leave")),
        ],
        Pane::AskDelete | Pane::AskClear => {
            vec![told("y", say!("footer-delete")), bound(Act::Cancel, say!("footer-keep"))]
        }
        Pane::List | Pane::Details => {
            let chooses =
                if model.status.default_action == "message" { say!("footer-write") } else { say!("footer-call") };
            let star = if person.is_some_and(|contact| contact.starred) {
                say!("footer-no-star")
            } else {
                say!("footer-star")
            };
            let details = any(bound(Act::Details, say!("footer-details"))).filter(|_| pane == Pane::List);
            vec![
                any(told("Enter", if pane == Pane::List { chooses } else { say!("footer-call") })),
                any(bound(Act::Messages, say!("footer-write"))),
                bound(Act::Cancel, if pane == Pane::Details { say!("footer-back") } else { say!("footer-close") }),
                details,
                bound(Act::Add, say!("footer-add")),
                any(bound(Act::Edit, say!("footer-edit"))),
                any(bound(Act::Delete, say!("footer-delete"))),
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
            vec![
                told("y", say!("footer-forget-it")),
                told("a", say!("footer-all-of-them")),
                bound(Act::Cancel, say!("footer-keep")),
            ]
        }
        Pane::AskClear => vec![told("y", say!("footer-forget-all")), bound(Act::Cancel, say!("footer-keep"))],
        Pane::List | Pane::Details | Pane::Form => {
            let is_list = pane != Pane::Details;
            vec![
                any(told("Enter", say!("footer-call-back"))),
                told("Tab", say!("footer-kind")).filter(|_| is_list),
                bound(Act::Cancel, if is_list { say!("footer-close") } else { say!("footer-back") }),
                any(bound(Act::Details, say!("footer-details"))).filter(|_| is_list),
                any(bound(Act::Messages, say!("footer-write"))),
                any(bound(Act::Add, say!("footer-add-contact"))),
                any(bound(Act::Delete, say!("footer-delete"))),
            ]
        }
    }
}

fn ladder(model: &Model, pane: ladder::Pane) -> Vec<Option<Item>> {
    let bound = |act, label| bound(model, act, false, label);
    let steps = &model.ladder.steps;
    let any = |item: Option<Item>| item.filter(|_| !steps.is_empty());
    let others = told("Tab", say!("footer-next-call")).filter(|_| model.ladder.talks.len() > 1);
    let is_searched = !model.ladder.search.is_empty();
    match pane {
        ladder::Pane::AskForm => {
            vec![
                told("m", say!("footer-mermaid")),
                told("t", say!("footer-text")),
                told("p", say!("footer-capture")),
                bound(Act::Cancel, say!("footer-leave-it")),
            ]
        }
        ladder::Pane::Steps if model.ladder.searches => {
            vec![
                told("Enter", say!("footer-done")),
                told("Up/Down", say!("footer-next")),
                told("Esc", say!("footer-no-search")),
            ]
        }
        ladder::Pane::Steps => vec![
            any(told("Enter", say!("footer-message"))),
            bound(Act::LadderNext, say!("footer-next-found")).filter(|_| is_searched),
            bound(Act::LadderWhy, say!("footer-why")),
            bound(Act::Cancel, if is_searched { say!("footer-no-search") } else { say!("footer-close") }),
            others,
            any(bound(Act::LadderSearch, say!("footer-search"))),
            any(bound(Act::Copy, say!("footer-copy"))),
            any(bound(Act::Export, say!("footer-export"))),
            any(bound(Act::CopyAll, say!("footer-copy-all"))),
            bound(Act::LadderFold, say!("footer-fold")),
        ],
        ladder::Pane::Message => vec![
            told("Up/Down", say!("footer-scroll")),
            told("Left/Right", say!("footer-message")),
            bound(Act::Cancel, say!("footer-back")),
            bound(Act::LadderWhy, say!("footer-why")),
            bound(Act::Copy, say!("footer-copy")),
            bound(Act::Export, say!("footer-export")),
        ],
        ladder::Pane::Why => {
            vec![
                told("Up/Down", say!("footer-scroll")),
                bound(Act::Cancel, say!("footer-back")),
                others,
                any(bound(Act::Export, say!("footer-export"))),
            ]
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
        return vec![told("Enter", say!("footer-choose")), cancel(say!("footer-all"))];
    }
    if board.asking {
        return vec![
            local(Act::Verb("transfer"), say!("footer-transfer-to-them")),
            local(Act::Consult, say!("footer-ask-them-first")),
            told("Enter", say!("footer-call-too")),
            cancel(say!("footer-nothing")),
        ];
    }
    let Some(chosen) = chosen else {
        return vec![
            cancel(if board.search.is_empty() { say!("footer-close") } else { say!("footer-all") }),
            local(Act::Help, say!("footer-help")),
        ];
    };
    let enters = match (rings(chosen), has_call) {
        (true, _) => say!("footer-pick-up"),
        (false, true) => say!("footer-transfer-or-call"),
        (false, false) => say!("footer-call"),
    };
    vec![
        told("Enter", enters),
        local(Act::Verb("transfer"), say!("footer-transfer")).filter(|_| has_call),
        local(Act::Consult, say!("footer-ask-first")).filter(|_| has_call),
        local(Act::Verb("hangup"), say!("footer-hang-up")).filter(|_| !model.calls.is_empty()),
        local(Act::Verb("pickup"), say!("footer-pick-up"))
            .filter(|_| !rings(chosen) && model.status.lights.iter().any(rings)),
        local(Act::Messages, say!("footer-write")),
        local(Act::Type, say!("footer-search")),
        cancel(if board.search.is_empty() { say!("footer-close") } else { say!("footer-all") }),
        local(Act::Help, say!("footer-help")),
    ]
}

fn accounts(model: &Model) -> Vec<Option<Item>> {
    let account = model.status.accounts.get(model.registrations.row);
    let any = |item: Option<Item>| item.filter(|_| account.is_some());
    let is_on = account.is_some_and(|account| account.registered);
    vec![
        told("Enter", say!("footer-use-for-calls")).filter(|_| account.is_some_and(|account| !account.selected)),
        any(here(
            model,
            Act::AccountRegister,
            if is_on { say!("footer-register-anew") } else { say!("footer-register") },
        )),
        any(here(model, Act::AccountUnregister, say!("footer-un-register"))).filter(|_| is_on),
        bound(model, Act::Cancel, true, say!("footer-close")),
        any(here(model, Act::Copy, say!("footer-copy-address"))),
        here(model, Act::Ladder, say!("footer-ladder")),
        here(model, Act::Settings, say!("footer-settings")),
        here(model, Act::Help, say!("footer-help")),
    ]
}

fn settings(model: &Model) -> Vec<Option<Item>> {
    let settings = &model.settings;
    let cancel = |label| bound(model, Act::Cancel, true, label);
    match settings.edit.as_ref().map(|edit| &edit.field) {
        Some(Field::Choice(..)) => {
            return vec![
                told("Left/Right", say!("footer-choose")),
                told("Enter", say!("footer-save")),
                cancel(say!("footer-leave-it")),
            ];
        }
        Some(_) => return vec![told("Enter", say!("footer-save")), cancel(say!("footer-leave-it"))],
        None => {}
    }
    let all = settings.search.is_empty() && !settings.only_changed;
    let cancel = cancel(if all { say!("footer-close") } else { say!("footer-all") });
    if settings.searching {
        return vec![told("Enter", say!("footer-choose")), cancel];
    }
    let chosen = settings.chosen().filter(|info| info.locked.is_none() && info.kept.is_none());
    let enters = chosen.map(|info| match (info.kind.as_str(), info.value.as_deref()) {
        ("flag", value) if value.is_some_and(is_on) => say!("footer-turn-off"),
        ("flag", _) => say!("footer-turn-on"),
        _ => say!("footer-change"),
    });
    vec![
        enters.and_then(|label| told("Enter", label)),
        here(model, Act::Type, say!("footer-search")),
        here(
            model,
            Act::SettingsChanged,
            if settings.only_changed { say!("footer-all") } else { say!("footer-changed-ones") },
        ),
        cancel,
        here(model, Act::SettingsUndo, say!("footer-undo")).filter(|_| settings.can_undo()),
        here(model, Act::SettingsDefault, say!("footer-as-it-comes"))
            .filter(|_| chosen.is_some_and(|info| info.origin == "file")),
        here(model, Act::Copy, say!("footer-copy")),
        here(model, Act::Help, say!("footer-help")),
    ]
}

fn devices(model: &Model) -> Vec<Option<Item>> {
    let status = &model.status;
    vec![
        told("Enter", say!("footer-use-it")),
        told("Left/Right", say!("footer-volume")),
        here(model, Act::Verb("test-audio"), say!("footer-test")).filter(|_| model.calls.is_empty()),
        bound(model, Act::Cancel, true, say!("footer-close")),
        here(model, Act::Verb("mute"), if status.mic_muted { say!("footer-unmute") } else { say!("footer-mute") }),
        here(
            model,
            Act::MuteSpeaker,
            if status.speaker_muted { say!("footer-speaker-on") } else { say!("footer-mute-speaker") },
        ),
        here(model, Act::Echo, say!("footer-echo-call")).filter(|_| status.echo.is_some() && model.calls.is_empty()),
        here(model, Act::Help, say!("footer-help")),
    ]
}

fn items(model: &Model) -> Vec<Item> {
    let typing = model.field.focused;
    let bound = |act: Act, label: String| bound(model, act, typing, label);
    let verb = |name: &'static str, label| bound(Act::Verb(name), label);
    let help = bound(Act::Help, say!("footer-help"));
    let quit = bound(Act::Quit, if model.stays { say!("footer-detach") } else { say!("footer-quit") });
    if model.pending.is_some() {
        return told("Esc", say!("footer-leave")).into_iter().collect();
    }
    let items = match &model.mode {
        Mode::Help { .. } => vec![
            told("a-z", say!("footer-search")),
            told("Enter", say!("footer-do-it")),
            bound(Act::Cancel, say!("footer-close")),
        ],
        Mode::Switchboard => switchboard(model),
        Mode::Accounts => accounts(model),
        Mode::Settings => settings(model),
        Mode::Devices => devices(model),
        Mode::Themes => vec![
            verb("answer", say!("footer-answer")).filter(|_| model.incoming().is_some()),
            told("Enter", say!("footer-keep-it")),
            told("Up/Down", say!("footer-try")),
            bound(Act::Cancel, say!("footer-as-before")),
            help,
        ],
        Mode::Threads { .. } if model.threads.list().is_empty() => {
            vec![bound(Act::Type, say!("footer-write-to-a-number")), bound(Act::Cancel, say!("footer-close"))]
        }
        Mode::Threads { .. } => {
            vec![
                told("Enter", say!("footer-open")),
                bound(Act::Type, say!("footer-write-to-a-number")),
                bound(Act::Cancel, say!("footer-close")),
            ]
        }
        Mode::Thread { .. } => {
            vec![
                told("Enter", say!("footer-send")),
                bound(Act::Cancel, say!("footer-back")),
                told("Up/Down", say!("footer-scroll")),
            ]
        }
        Mode::Contacts(pane) => contacts(model, *pane),
        Mode::History(pane) => history(model, *pane),
        Mode::Ladder(pane) => ladder(model, *pane),
        Mode::Quality => vec![
            told("Tab", say!("footer-next-call")).filter(|_| model.quality.count() > 1),
            bound(Act::Cancel, say!("footer-close")),
            bound(Act::Ladder, say!("footer-ladder")),
            verb("mute", if model.status.mic_muted { say!("footer-unmute") } else { say!("footer-mute") })
                .filter(|_| model.has_sound()),
            bound(Act::Copy, say!("footer-copy")).filter(|_| model.quality.count() > 0),
            told("Up/Down", say!("footer-scroll")),
            help,
        ],
        Mode::Log if model.log.searches => {
            vec![
                told("Enter", say!("footer-done")),
                told("Esc", say!("footer-show-all")),
                told("Up/Down", say!("footer-choose")),
            ]
        }
        Mode::Log => vec![
            bound(Act::LogSearch, say!("footer-search")),
            told("Tab", say!("footer-level")),
            bound(
                Act::Cancel,
                if model.log.search.is_empty() { say!("footer-close") } else { say!("footer-show-all") },
            ),
            told("End", say!("footer-follow")).filter(|_| model.log.holds),
            bound(Act::Copy, say!("footer-copy")),
            bound(Act::CopyAll, say!("footer-copy-all")),
            bound(Act::Export, say!("footer-export")),
            help,
        ],
        Mode::Palette => vec![
            told("Enter", say!("footer-do-it")),
            told("Tab", say!("footer-complete")),
            told("Up/Down", say!("footer-choose")),
            bound(Act::Cancel, say!("footer-close")),
        ],
        Mode::Sheet => vec![told("Up/Down", say!("footer-scroll")), bound(Act::Cancel, say!("footer-close"))],
        Mode::AskHangup => {
            vec![
                told("y", say!("footer-this-one")),
                told("1-9", say!("footer-that-one")),
                told("a", say!("footer-all")),
                bound(Act::Cancel, say!("footer-none")),
            ]
        }
        Mode::Transfer { call, .. } => vec![
            told("Enter", say!("footer-transfer")),
            told("Tab", say!("footer-ask-first")).filter(|_| !model.field.is_empty()),
            told("Down", say!("footer-complete")).filter(|_| !model.matches.list().is_empty()),
            told("Up/Down", say!("footer-other-call"))
                .filter(|_| model.field.is_empty() && model.others(call).count() > 1),
            bound(Act::Cancel, say!("footer-keep-it")),
        ],
        Mode::Digits { .. } => vec![told("Enter", say!("footer-send")), bound(Act::Cancel, say!("footer-keep-them"))],
        Mode::AskQuit => vec![told("y", say!("footer-end-it-and-quit")), bound(Act::Cancel, say!("footer-stay"))],
        Mode::Phone => phone::items(model, help, quit),
    };
    items.into_iter().flatten().collect()
}
