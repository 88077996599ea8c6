//! Push to talk: while a key is held, the microphone is open that is muted otherwise. Where nobody tells that a key was let
//! go of, the key opens and mutes in turn.

use super::{drawn, note, phone, sequence};
use crate::control::{Command, SoundPath};
use crate::text::say;
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Connection, Model};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

/// A key that is pressed to talk; `None` for one that means something else here.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Option<Vec<Action>> {
    let is_free = model.pending.is_none() && sequence::may_begin(model, key);
    if !is_free || model.act(key) != Some(Act::PushToTalk) {
        return None;
    }
    Some(match model.talk {
        // Some terminals tell a key again and again that is held.
        Some(_) => Vec::new(),
        None if model.tells_releases => begin(model, key, now),
        None => phone::run(model, Act::PushToTalk, now),
    })
}

/// A key was let go of. `None`: it is not the one that is held to talk.
pub fn let_go(model: &mut Model, key: Key) -> Option<Vec<Action>> {
    model.talk.filter(|held| may_be(held.code, key.code))?;
    Some(end(model))
}

/// Nobody holds it any more, or nobody can tell: the microphone is muted again.
pub fn end(model: &mut Model) -> Vec<Action> {
    match model.talk.take() {
        Some(_) => phone::send(Command::Mute { path: SoundPath::Mic }),
        None => Vec::new(),
    }
}

fn begin(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if matches!(model.connection, Connection::Closed(_)) {
        return phone::refuse(model, say!("told-phone-gone"), now);
    }
    if !model.status.mic_muted {
        let words = match model.keymap.key(Act::Verb("mute"), model.is_typing()) {
            Some(mutes) => say!("told-talk-open-mutes", mutes = mutes.to_string(), key = key.to_string()),
            None => say!("told-talk-open"),
        };
        note(model, words, now);
        return drawn();
    }
    model.talk = Some(key);
    phone::send(Command::Unmute { path: SoundPath::Mic })
}

/// What is let go of may be what was pressed: a letter has two sizes, and what else a key bears beside its sign is not
/// known, so that any key ends it then.
fn may_be(pressed: KeyCode, released: KeyCode) -> bool {
    match (pressed, released) {
        (KeyCode::Char(pressed), KeyCode::Char(released)) if pressed.is_alphabetic() => {
            pressed.to_lowercase().eq(released.to_lowercase())
        }
        (KeyCode::Char(pressed), _) if !pressed.is_alphabetic() => true,
        (pressed, released) => pressed == released,
    }
}
