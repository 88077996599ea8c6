//! A language that nobody speaks, made of English: its letters have accents and its texts are longer. What is drawn in it
//! comes from the catalogue, and has room.

use crate::lists::contacts;
use crate::stage::{Stage, call, lights, shortcuts};
use crate::views::settings;
use std::sync::Arc;
use tuiphone::cli::languages::template;
use tuiphone::control::{CallState, Event};
use tuiphone::text::words::{Catalogue, Words, speaking, variables};
use tuiphone::ui::msg::Msg;

const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ACCENTS: &str = "áƀçđéƒğħíĵķłɱñóƥɋřšŧúṽŵẋýžÁɃÇĐÉƑĞĦÍĴĶŁⱮÑÓƤɊŘŠŦÚṼŴẊÝŽ";

/// English with the rows of the tables, an accent on every letter, and four letters for ten behind each line.
fn pseudo() -> String {
    let mut out = String::new();
    for line in template().lines() {
        let is_of_ids = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let begins = line.split_once(" = ").filter(|(id, _)| id.bytes().all(is_of_ids));
        let variant = line.trim_start().strip_prefix(['*', '[']).and_then(|_| line.split_once("] "));
        let (head, text) = match (begins, variant) {
            (Some((id, text)), _) => (format!("{id} = "), text),
            (None, Some((key, text))) => (format!("{key}] "), text),
            (None, None) if line.starts_with("    ") => ("    ".to_owned(), line.trim_start()),
            (None, None) => (line.to_owned(), ""),
        };
        out.push_str(&head);
        // The beginning of a choice is no text.
        if text.ends_with("->") {
            out.push_str(text)
        } else {
            out.push_str(&accented(text))
        }
        out.push('\n');
    }
    out
}

fn accented(text: &str) -> String {
    let mut depth = 0;
    let mut letters = 0;
    let mut out = String::new();
    for c in text.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        let accent = PLAIN.chars().position(|known| known == c).and_then(|at| ACCENTS.chars().nth(at));
        letters += usize::from(depth == 0 && c.is_alphabetic());
        out.push(accent.filter(|_| depth == 0).unwrap_or(c));
    }
    out + &"ø".repeat(letters * 2 / 5)
}

/// What `then` says, it says in that language.
pub fn in_pseudo<T>(then: impl FnOnce() -> T) -> T {
    speaking(Arc::new(Words::of("en", Catalogue::new(pseudo()))), then)
}

#[test]
fn the_language_has_every_text_of_english_with_what_is_put_in() {
    let (english, faults) = Catalogue::read(template().as_bytes());
    let (own, own_faults) = Catalogue::read(pseudo().as_bytes());
    assert_eq!((faults, own_faults), (Vec::new(), Vec::new()));
    for id in english.ids() {
        assert_eq!(variables(&own, id), variables(&english, id), "{id}");
    }
}

/// Every view, at every size that pictures have: nothing panics, nothing is drawn outside, and a text that is longer than
/// its place leaves the rest of the screen as wide as it is.
#[test]
fn every_view_has_room_for_longer_words() {
    let mut stage = Stage::new(80, 24);
    stage.status.lights = lights();
    stage.status.shortcuts = shortcuts();
    stage.tell();
    stage.model.people.take(contacts());
    stage.model.settings.take(settings());
    let keys = ["", "b", "i", "c", "A", "L", "Q", "w", ",", "D", "O", "?", "Space", "Ctrl-p", "/"];
    in_pseudo(|| {
        stage.event(Event::TalkingMuted);
        for calls in [
            Vec::new(),
            vec![call("c1", CallState::Incoming, "201", "Alice")],
            vec![call("c1", CallState::Connected, "600", "Echo"), call("c2", CallState::Held, "601", "")],
        ] {
            stage.calls(calls);
            for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
                for key in keys {
                    stage.msg(Msg::Resize(columns, rows));
                    stage.keys(key);
                    let screen = stage.screen();
                    assert!(screen.lines().all(|line| line.chars().count() <= usize::from(columns)), "{key}\n{screen}");
                    stage.keys("Esc Esc Esc");
                }
            }
        }
    });
}
