//! Line mode: the phone without a screen, or without sight. One short plain sentence for each thing that happens, each
//! on a line of its own; a command is a line too. No cursor is moved, nothing is coloured, no ESC byte is ever written.
//!
//! ```text
//!  a line typed ─────┐                          ┌─▶ Do::Ask ─▶ Link::fields ─▶ Msg::Answer ─┐
//!  Link::feed ───────┼─▶ Msg ─▶ update(&mut Line) ─▶ Do::Say ─▶ standard output, the voice   │
//!  answers ──────────┘            ▲                                                          │
//!                                 └──────────────────────────────────────────────────────────┘
//! ```
//!
//! | file | its subject |
//! |---|---|
//! | [`state`] | what is known, what is asked, what is to be done |
//! | [`commands`] | the words and letters that are no verbs of the phone |
//! | [`typed`] | what a line means: a choice, an answer, digits, a command, a verb |
//! | [`acts`] | what the words do |
//! | [`people`] | contacts: found, added, changed |
//! | [`lists`] | numbered lists, and what is chosen from them |
//! | [`settings`] | keys of the settings: told, changed, explained |
//! | [`told`] | events as sentences |
//! | [`present`] | where am I: calls, accounts, sound |
//! | [`answers`] | the phone's answers as sentences |
//! | [`help`] | help, and completion without a key for it |
//! | [`words`] | names, numbers, times |
//! | [`speech`], [`ssip`] | what is spoken and when; the speech server |
//! | [`run`] | the shell: reads lines, writes sentences |

pub mod acts;
pub mod answers;
pub mod commands;
pub mod help;
pub mod lists;
pub mod people;
pub mod present;
pub mod run;
pub mod settings;
pub mod speech;
pub mod ssip;
pub mod state;
pub mod told;
pub mod typed;
pub mod words;

#[cfg(test)]
mod tests;

use crate::text::say;
use state::{Do, Line, Msg, Now};

/// Takes a message in; what is to be said and done.
pub fn update(line: &mut Line, msg: Msg, now: Now) -> Vec<Do> {
    let (done, repeats) = match msg {
        Msg::Typed(text) => (typed::line(line, &text, now), typed::repeats(&text)),
        Msg::TooLong => (state::says(say!("line-too-long")), false),
        Msg::Unfinished => (state::says(say!("line-unfinished")), false),
        Msg::Feed(feed) => (told::feed(line, feed), false),
        Msg::Answer(topic, request, answer) => (answers::answer(line, topic, &request, answer, now), false),
    };
    if !repeats {
        line.remember_said(&done, now);
    }
    done
}
