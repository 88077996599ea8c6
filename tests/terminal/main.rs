//! The interface in a real pseudo-terminal, on a real daemon beside the built-in exchange.

#![allow(missing_docs)]
#![allow(clippy::disallowed_methods)] // These tests wait on the real clock, within bounds.
#![cfg(unix)]

mod back;
mod guest;
mod killed;
mod line;
mod lists;
mod screen;
mod setup;
#[path = "../cli/support.rs"]
#[allow(dead_code)]
mod support;
mod tape;
mod themes;
mod vanish;

use screen::Screen;
use std::time::{Duration, Instant};
use support::{House, until};

#[test]
fn a_hang_up_ends_no_call_and_the_next_terminal_finds_it() {
    let house = House::open();
    let daemon = house.daemon();
    let mut first = Screen::open(house.program(&[]), 24, 80);
    first.wait_for("registered");
    first.press("600\r");
    first.wait_for("talking");
    first.hang_up();
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("status")["state"], "connected");

    let mut second = Screen::open(house.program(&[]), 10, 40);
    second.wait_for("talking");
    second.press("h");
    second.wait_for_end_of("talking");
    assert_eq!(wire.ask("calls")["calls"].as_array().map(Vec::len), Some(0));
    second.press("q");
    assert_eq!(second.ended(), 0);
    assert_eq!(wire.ask("ready")["ready"], true, "the daemon lives on");
}

#[test]
fn an_idle_interface_writes_nothing_and_sleeps() {
    let house = House::open();
    let daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.settle();
    // Who never wakes writes nothing, however long one looks.
    let wake_ups = screen.wake_ups();
    assert_eq!(screen.bytes_within(Duration::from_secs(3)), 0);
    assert_eq!(screen.wake_ups(), wake_ups);
    // A renewed registration wakes it, and changes nothing that is shown.
    let mut wire = daemon.connect();
    wire.ask("watch");
    wire.send(b"register");
    wire.await_event("registration");
    assert_eq!(screen.bytes_within(Duration::from_secs(1)), 0);
    screen.press("5");
    screen.wait_for("Enter call");
    screen.press("\u{11}"); // Ctrl-Q
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}

#[test]
fn a_silent_call_on_hold_writes_its_clock_alone() {
    let house = House::open();
    let _daemon = house.daemon_with(&["--audio-in", "null"], "registered");
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.press("600\r");
    screen.wait_for("talking");
    screen.press("o");
    screen.wait_for("on hold");
    // The graph of the levels moves on until silence is all that it shows.
    let is_silent = |text: &str| !text.contains(|c| "▁▂▃▅▆▇".contains(c));
    let rests = || screen.bytes_within(Duration::from_secs(1)) < 100 && is_silent(&screen.text());
    assert!(until(rests), "the meters come to rest");
    // What is not heard any more has no grade.
    screen.wait_for_end_of("good ");
    let (before, wake_ups, since) = (without_clocks(&screen.text()), screen.wake_ups(), Instant::now());
    let written = screen.bytes_within(Duration::from_secs(3));
    assert_eq!(without_clocks(&screen.text()), before);
    let wake_ups = screen.wake_ups() - wake_ups;
    // So many seconds begin; each is a digit and its place, and at most one frame without a change.
    let seconds = since.elapsed().as_secs() + 1;
    assert!((1..=seconds * 100).contains(&(written as u64)), "{written} bytes in {seconds} s");
    assert!(wake_ups <= seconds * 5, "{wake_ups} wake-ups in {seconds} s");
}

/// The words of the screen without what counts seconds: `00:09`, and digits three rows tall.
fn without_clocks(text: &str) -> String {
    let counts = |word: &str| {
        let is_small = word.contains(':') && word.starts_with('0');
        is_small || word.chars().all(|c| "█▀▄".contains(c))
    };
    text.split_whitespace().filter(|word| !counts(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_way_out_gives_the_terminal_back() {
    let house = House::open();
    let _daemon = house.daemon();
    for leave in [Leave::Key("\u{3}"), Leave::Signal("TERM"), Leave::Signal("HUP"), Leave::Signal("INT")] {
        let mut screen = Screen::open(house.program(&[]), 24, 80);
        screen.wait_for("registered");
        screen.answer(Duration::ZERO);
        screen.wait_until_written("\x1b[>3u", 1);
        match leave {
            Leave::Key(key) => screen.press(key),
            Leave::Signal(name) => screen.signal(name),
        }
        screen.ended();
        screen.assert_restored();
    }
}

enum Leave {
    Key(&'static str),
    Signal(&'static str),
}

/// Runs only as the child of the next test.
#[test]
fn child_that_panics_under_the_interface() {
    if std::env::var_os("PANIC_UNDER_THE_INTERFACE").is_none() {
        return;
    }
    let _term = tuiphone::ui::term::Term::take(true).expect("a terminal");
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_readable() {
    let mut program = std::process::Command::new(std::env::current_exe().expect("this test"));
    program.args(["--exact", "child_that_panics_under_the_interface", "--nocapture", "--test-threads=1"]);
    program.env("PANIC_UNDER_THE_INTERFACE", "1");
    let mut screen = Screen::open(program, 24, 80);
    assert_ne!(screen.ended(), 0);
    screen.assert_restored();
    assert!(screen.raw_after_restore().contains("on purpose"), "{:?}", screen.raw_after_restore());
}
