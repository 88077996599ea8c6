//! The title of the terminal's window.

use crate::stage::{Stage, call};
use tuiphone::control::CallState;
use tuiphone::ui::glyphs::{ASCII, UNICODE};
use tuiphone::ui::osc;
use tuiphone::ui::view::title::title;

#[test]
fn it_says_with_whom_and_what_and_who_waits() {
    use CallState::{Calling, Connected, EarlyMedia, Held, Incoming, Ringing};
    let rows: &[(&[(&str, CallState)], &str)] = &[
        (&[], "tuiphone"),
        (&[("Alice", Incoming)], "Alice calls – tuiphone"),
        (&[("Alice", Calling)], "Alice calling – tuiphone"),
        (&[("Alice", Ringing)], "Alice ringing – tuiphone"),
        (&[("Alice", EarlyMedia)], "Alice progress – tuiphone"),
        (&[("Alice", Connected)], "Alice talking – tuiphone"),
        (&[("Alice", Held)], "Alice on hold – tuiphone"),
        // Whoever rings goes before whoever talks.
        (&[("Alice", Connected), ("Bob", Incoming)], "Bob calls +1 – tuiphone"),
        (&[("Alice", Held), ("Bob", Connected), ("Eve", Held)], "Bob talking +2 – tuiphone"),
        (&[("", Connected)], "600 talking – tuiphone"),
    ];
    for (calls, expected) in rows {
        let mut stage = Stage::new(80, 24);
        let calls = (1..).zip(*calls).map(|(n, (name, state)): (u8, _)| call(&format!("c{n}"), *state, "600", name));
        stage.calls(calls.collect());
        assert_eq!(title(&stage.model, &UNICODE), *expected);
        assert!(title(&stage.model, &ASCII).is_ascii());
        stage.pass(30.0);
        assert_eq!(title(&stage.model, &UNICODE), *expected, "it has no clock");
    }
}

#[test]
fn a_name_ends_no_title_and_begins_no_command() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Incoming, "666", "Eve\u{7}\u{1b}]52;c;eA==\u{1b}\\\u{202e}")]);
    let told = osc::title(&title(&stage.model, &UNICODE));
    let inner = told.strip_prefix("\x1b]2;").and_then(|rest| rest.strip_suffix("\x1b\\")).unwrap();
    assert!(inner.starts_with("Eve") && inner.ends_with("calls – tuiphone"), "{inner:?}");
    assert!(!inner.contains(|c: char| c.is_control() || c == '\u{202e}'), "{inner:?}");
}
