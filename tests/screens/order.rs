//! What stands where, and how weighty it is: every call has its row, columns are straight, what is chosen has one colour.

use crate::lists;
use crate::pictures::picture;
use crate::stage::{Stage, call, ended, lights};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use tuiphone::control::{CallState, Event};
use tuiphone::ui::theme::{ColorDepth, Theme, looks_of};

/// The first cell of this text.
fn cell<'b>(cells: &'b Buffer, text: &str) -> &'b Cell {
    let (columns, rows) = (cells.area.width, cells.area.height);
    let line = |row| -> String { (0..columns).map(|column| cells[(column, row)].symbol()).collect() };
    let found = (0..rows).find_map(|row| {
        let line = line(row);
        line.find(text).map(|at| (line[..at].chars().count() as u16, row))
    });
    &cells[found.unwrap_or_else(|| panic!("no {text:?}"))]
}

#[test]
fn every_call_has_its_row_beside_those_who_are_watched() {
    for (columns, rows) in [(80, 24), (100, 30), (120, 40)] {
        let mut stage = Stage::new(columns, rows);
        stage.status.lights = lights();
        stage.calls(vec![
            call("c1", CallState::Held, "201", "Bob Baker"),
            call("c2", CallState::Connected, "600", "Echo"),
        ]);
        let screen = stage.screen();
        assert!(screen.contains("1 on hold   Bob Baker"), "{screen}");
        assert!(screen.contains("2 talking   Echo"), "{screen}");
        picture(&format!("two_calls_watched_{columns}x{rows}"), &stage);
    }
}

#[test]
fn what_there_is_to_call_stays_in_sight() {
    let mut stage = Stage::new(80, 24);
    stage.status.lights = lights();
    stage.model.welcome = (600..608).map(|number| format!("{number}  Somebody")).collect();
    stage.tell();
    let all = |stage: &Stage| stage.model.welcome.iter().all(|line| stage.screen().contains(line.as_str()));
    assert!(all(&stage), "{}", stage.screen());
    let over = ended(call("c0", CallState::Connected, "600", "Echo"), 200, "OK", "answered");
    stage.event(Event::CallEnded { call: over });
    assert!(all(&stage), "{}", stage.screen());
    picture("after_a_call_watched", &stage);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    assert!(!stage.screen().contains("Somebody"), "{}", stage.screen());
}

#[test]
fn what_is_chosen_has_one_colour_and_nothing_faint_in_it() {
    for name in ["terminal", "mono", "dark", "light"] {
        for keys in ["b", "i", "?", ":", "D", "A"] {
            let mut stage = lists::stage(80, 24);
            stage.theme = Theme::new(&looks_of(name), ColorDepth::True);
            lists::press(&mut stage, keys);
            lists::press(&mut stage, "Down");
            let cells = stage.cells();
            let mark = (0..24).find(|row| cells[(1, *row)].symbol() == stage.glyphs.selected);
            let row = mark.unwrap_or_else(|| panic!("nothing is chosen after {keys}\n{}", stage.screen()));
            let bar: Vec<_> = (2..79).map(|column| &cells[(column, row)]).collect();
            let is_even = bar.iter().all(|it| (it.fg, it.bg) == (bar[0].fg, bar[0].bg));
            assert!(is_even, "{name} {keys}\n{bar:?}");
            assert!(bar.iter().all(|it| !it.modifier.contains(Modifier::DIM)), "{name} {keys}\n{bar:?}");
        }
    }
}

#[test]
fn how_a_call_ended_has_the_room_its_name_leaves() {
    let mut stage = Stage::new(80, 24);
    let reason = "Busy Here and at the door";
    let gone = |id, user: &str| ended(call(id, CallState::Calling, user, ""), 486, reason, "busy");
    let has = |stage: &Stage, who: &str, how: &str| {
        stage.screen().lines().any(|line| line.contains(&format!("→ {who}")) && line.contains(how))
    };
    stage.event(Event::CallEnded { call: gone("c0", "999") });
    assert!(has(&stage, "999 ", "busy (486 Busy Here and at the door)"), "{}", stage.screen());
    stage.model.recent.clear();
    stage.event(Event::CallEnded { call: gone("c1", &"9".repeat(60)) });
    assert!(has(&stage, "999", "999… busy (486 Busy Here and"), "{}", stage.screen());
}

#[test]
fn a_device_does_not_push_an_error_away() {
    let mut stage = Stage::new(80, 24);
    let device = || Event::Device { message: "the headset is gone".into() };
    stage.event(Event::Error { message: "999: no such number".into(), hint: None });
    stage.event(device());
    assert!(stage.screen().contains("999: no such number"), "{}", stage.screen());
    stage.pass(60.0);
    stage.event(device());
    assert!(stage.screen().contains("the headset is gone"), "{}", stage.screen());
}

#[test]
fn answer_and_reject_are_told_apart_from_afar() {
    let mut stage = Stage::new(80, 24);
    stage.theme = Theme::new(&looks_of("dark"), ColorDepth::True);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
    let cells = stage.cells();
    let (answer, reject) = (cell(&cells, "ANSWER"), cell(&cells, "REJECT"));
    assert_ne!(answer.fg, reject.fg);
    assert!(answer.modifier.contains(Modifier::REVERSED) && reject.modifier.contains(Modifier::REVERSED));
}

#[test]
fn only_a_question_whose_answer_ends_something_alarms() {
    let mut stage = Stage::new(80, 24);
    stage.theme = Theme::new(&looks_of("dark"), ColorDepth::True);
    stage.calls(vec![
        call("c1", CallState::Held, "201", "Alice Smith"),
        call("c2", CallState::Connected, "600", "Echo"),
    ]);
    stage.keys("t");
    let asks = cell(&stage.cells(), "transfer Echo").bg;
    stage.keys("Esc h");
    let ends = cell(&stage.cells(), "2 calls are up").bg;
    assert_ne!(asks, ends);
}
