//! What the interface asks of a terminal, and what it leaves behind.

use crate::screen::Screen;
use crate::support::House;
use std::time::Duration;

/// The call that this dials is to that number and no other.
fn dials_as_typed(screen: &mut Screen, wire: &mut crate::support::Wire) {
    screen.press("600\r");
    screen.wait_for("talking");
    assert_eq!(wire.ask("calls")["calls"][0]["remote"]["user"], "600", "{}", screen.text());
    screen.press("h");
    screen.wait_for_end_of("talking");
}

#[test]
fn no_answer_of_a_terminal_is_dialled_however_late_it_comes() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    for (late_ms, pause_ms) in [(50, 5), (300, 20), (2000, 60)] {
        let mut screen = Screen::open(house.program(&[]), 24, 80);
        screen.wait_for("registered");
        // What is tried here is the time itself.
        std::thread::sleep(Duration::from_millis(late_ms));
        screen.answer(Duration::from_millis(pause_ms));
        dials_as_typed(&mut screen, &mut wire);
        assert!(screen.has_written("\x1b[?2026h"), "what was confirmed is used");
        assert_eq!(screen.times_written("\x1b[>3u"), 1);
        screen.press("\u{11}"); // Ctrl-Q
        assert_eq!(screen.ended(), 0);
        screen.assert_restored();
    }
}

#[test]
fn a_terminal_that_answers_nothing_is_used_as_it_is() {
    let house = House::open();
    let daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    dials_as_typed(&mut screen, &mut daemon.connect());
    assert!(screen.has_written("\x1b[c") && !screen.has_written("\x1b[>3u") && !screen.has_written("\x1b[?2026h"));
    assert!(
        screen.has_written("\x1b]2;") && screen.has_written(" talking \u{2013} tuiphone\x1b\\"),
        "its title says so"
    );
    // A paste is one number, and a line end in it dials nothing.
    screen.press("\x1b[200~+49 (0)40 / 123-45\n\x1b[201~");
    screen.wait_for("+494012345");
    assert_eq!(daemon.connect().ask("calls")["calls"].as_array().map(Vec::len), Some(0));
    screen.press("\u{11}");
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}

#[test]
fn a_far_terminal_is_asked_nothing_and_what_is_not_wished_is_left_alone() {
    let house = House::open();
    let _daemon = house.daemon();
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), ini + "[tuiphone]\r\nwindowTitle=0\r\nglyphs=ascii\r\n").expect("written");
    let mut program = house.program(&["--no-mouse"]);
    program.env("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22");
    let mut screen = Screen::open(program, 24, 80);
    screen.wait_for("registered");
    assert!(screen.text().is_ascii(), "{}", screen.text());
    screen.press("\u{11}");
    assert_eq!(screen.ended(), 0);
    for never in ["\x1b[c", "\x1b[?u", "\x1b[6n", "\x1b[?1000h", "\x1b]2;", "\x1b[22;2t"] {
        assert!(!screen.has_written(never), "{never:?}");
    }
    screen.assert_restored();
}

/// A terminal in which an ambiguous character takes two cells says so; nothing of the chrome is one then.
#[test]
fn a_terminal_of_east_asia_gets_signs_of_one_cell() {
    let house = House::open();
    let _daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.wait_for("╭");
    screen.press("\x1b[1;3R");
    let is_wide = |c| unicode_width::UnicodeWidthChar::width_cjk(c) != unicode_width::UnicodeWidthChar::width(c);
    screen.wait_until("no sign of two cells", |screen| !screen.text().contains(is_wide));
    assert!(screen.text().contains("registered"), "{}", screen.text());
}

#[test]
fn a_stop_gives_the_terminal_back_and_takes_all_of_it_again() {
    let house = House::open();
    let _daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.answer(Duration::ZERO);
    screen.wait_until_written("\x1b[>3u", 1);
    // Nobody stops the first process of a terminal: it goes on at once.
    screen.press("\u{1a}"); // Ctrl-Z
    for part in ["\x1b[<u", "\x1b[23;2t", "\x1b[?1049l"] {
        screen.wait_until_written(part, 1);
    }
    for part in ["\x1b[?1049h", "\x1b[22;2t", "\x1b[>3u", "\x1b[?2004h"] {
        screen.wait_until_written(part, 2);
    }
    screen.wait_for("registered");
    screen.press("\u{11}");
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}

#[test]
fn a_key_that_is_held_opens_the_microphone_and_whatever_ends_that_mutes_it() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    wire.ask("mute");
    let mut is_muted = |muted: bool| crate::support::until(|| wire.ask("status")["mic_muted"] == muted);
    for leave in ["\u{11}", "\u{3}"] {
        let mut screen = Screen::open(house.program(&[]), 24, 80);
        screen.wait_for("MIC MUTED");
        screen.answer(Duration::ZERO);
        screen.wait_until_written("\x1b[>3u", 1);
        for end in ["\x1b[115;1:3u", "\x1b[O"] {
            // Told again and again, as a terminal does.
            screen.press("s\x1b[115;1:2us");
            screen.wait_for(" TALKING ");
            assert!(is_muted(false));
            screen.press(end);
            screen.wait_for("MIC MUTED");
            assert!(is_muted(true));
        }
        screen.press("s");
        screen.wait_for(" TALKING ");
        assert!(is_muted(false));
        screen.press(leave);
        screen.ended();
        assert!(is_muted(true), "whoever left lets go");
        screen.assert_restored();
    }
}
