//! The keys of the phone itself: idle, with a number in the field, ringing, in a call.

use super::{Item, bound, told};
use crate::control::{AccountInfo, CallState, LightInfo, LightState};
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::{CallRow, Model};

/// Columns from which every key of an idle phone has room.
const WIDE: u16 = 60;

/// What is valid now, with the keys of help and of leaving among them.
pub(super) fn items(model: &Model, help: Option<Item>, quit: Option<Item>) -> Vec<Option<Item>> {
    let typing = model.field.focused;
    let bound = |act: Act, label: String| bound(model, act, typing, label);
    let verb = |name: &'static str, label| bound(Act::Verb(name), label);
    let state = model.current().map(|row| row.info.state);
    let mute = verb("mute", if model.status.mic_muted { say!("footer-unmute") } else { say!("footer-mute") });
    let mut items = Vec::new();
    let messages = bound(Act::Messages, say!("footer-messages")).filter(|_| !model.threads.list().is_empty());
    let unread = bound(Act::Messages, say!("footer-messages")).filter(|_| model.threads.unread() > 0);
    if model.incoming().is_some() {
        items.extend([verb("answer", say!("footer-answer")), verb("reject", say!("footer-reject"))]);
    } else if !model.status.asks.is_empty() {
        items.extend([verb("answer", say!("footer-call")), verb("reject", say!("footer-do-not"))]);
    }
    if typing {
        let offered = told("Down", say!("footer-complete")).filter(|_| !model.matches.list().is_empty());
        items.extend([verb("call", say!("footer-call")), offered]);
        items.extend([bound(Act::Messages, say!("footer-write")), bound(Act::Cancel, say!("footer-clear"))]);
    }
    let talks = if model.talk.is_some() { say!("footer-let-go-to-mute") } else { say!("footer-hold-to-talk") };
    let holds = model.tells_releases && (model.status.mic_muted || model.talk.is_some());
    let talk = bound(Act::PushToTalk, talks).filter(|_| holds);
    match state {
        Some(CallState::Connected) => {
            items.extend([verb("hangup", say!("footer-hang-up")), verb("hold", say!("footer-hold")), mute, talk]);
            items.push(verb("transfer", say!("footer-transfer")).filter(|_| !typing));
            items.push(bound(Act::Type, say!("footer-new-call")).filter(|_| !typing));
        }
        Some(CallState::Held) => {
            items.extend([verb("hangup", say!("footer-hang-up")), verb("hold", say!("footer-resume")), mute]);
            items.push(bound(Act::Type, say!("footer-new-call")).filter(|_| !typing));
        }
        Some(CallState::Incoming) => {}
        Some(_) => items.extend([verb("hangup", say!("footer-hang-up")), mute]),
        None if !typing => {
            let waits = |account: &AccountInfo| account.voicemail.as_ref().is_some_and(|voicemail| voicemail.waiting);
            let rings = |light: &LightInfo| light.state == LightState::Ringing;
            items.extend([
                verb("available", say!("footer-end-the-pause")).filter(|_| model.wrap_up_until.is_some()),
                verb("history", say!("footer-missed-calls")).filter(|_| model.past.missed > 0),
                verb("pickup", say!("footer-pick-up")).filter(|_| model.status.lights.iter().any(rings)),
                told("0-9", say!("footer-dial")),
                verb("call", say!("footer-redial")).filter(|_| model.field.has_dialled()),
                bound(Act::Type, say!("footer-address")),
                verb("voicemail", say!("footer-voicemail")).filter(|_| model.status.accounts.iter().any(waits)),
                messages,
                bound(Act::Watched, say!("footer-switchboard")).filter(|_| !model.status.lights.is_empty()),
                // Where room is short, help is worth more to somebody who does not talk.
                mute.filter(|_| model.size.0 >= WIDE),
            ]);
        }
        None => {}
    }
    items.push(unread.filter(|_| state.is_some() && !typing));
    if model.calls.len() > 1 && !typing {
        items.push(told("Up/Down", say!("footer-choose")));
    }
    items.extend([help, quit]);
    if state.is_none() {
        let history = verb("history", say!("footer-history")).filter(|_| typing || model.past.missed == 0);
        items.extend([
            verb("contacts", say!("footer-contacts")),
            history,
            bound(Act::Palette, say!("footer-commands")),
        ]);
    }
    // Where there is room for more.
    if state == Some(CallState::Connected) && !typing {
        let answered = |row: &&CallRow| matches!(row.info.state, CallState::Connected | CallState::Held);
        let many = model.calls.iter().filter(answered).count() > 1;
        let current = model.current().map(|row| &row.info);
        let all_in = model.calls.iter().filter(answered).all(|row| row.info.conference);
        let is_recorded = current.and_then(|call| call.recording.as_ref()).is_some_and(|it| it.state.is_on());
        let conference = if all_in { say!("footer-end-conference") } else { say!("footer-conference") };
        items.extend([
            verb("conference", conference).filter(|_| many),
            verb("record", if is_recorded { say!("footer-end-recording") } else { say!("footer-record") }),
        ]);
    }
    items
}
