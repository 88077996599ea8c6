//! The log: what is written down, at which level, how it is gone through.

use crate::pictures::picture;
use crate::stage::{Stage, account, call, ended, light};
use tuiphone::control::{
    AccountInfo, CallState, Command, CommandError, Event, ExitCode, LightState, RegistrationState, SoundWay,
};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::log::MOST_ENTRIES;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Msg};

/// Something happens, so many seconds after the start of a day.
fn at(stage: &mut Stage, second: i64, event: Event) -> Vec<Action> {
    stage.model.wall.set((1_767_312_000 + second) * 1_000_000, |second| {
        let second = second - 1_767_312_000;
        Some(format!("2026-01-02 {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60))
    });
    stage.event(event)
}

/// A night in which a server goes away.
fn night(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    let talk = |state| call("c1", state, "201", "Alice Smith");
    let gone = AccountInfo {
        state: RegistrationState::Failed,
        registered: false,
        status: Some(403),
        reason: Some("Forbidden".into()),
        ..account()
    };
    let events = vec![
        (10, Event::Registration { account: account(), changed: true }),
        (3_600, Event::CallIncoming { call: talk(CallState::Incoming) }),
        (3_604, Event::CallAnswered { call: talk(CallState::Connected) }),
        (
            3_700,
            Event::CallMediaLost {
                call: talk(CallState::Connected),
                way: SoundWay::Rx,
                reason: "no packet for 5 s".into(),
            },
        ),
        (3_705, Event::CallMediaReturned { call: talk(CallState::Connected), way: SoundWay::Rx }),
        (3_760, Event::CallEnded { call: ended(talk(CallState::Connected), 200, "OK", "answered") }),
        (7_200, Event::Presence { light: light("103", LightState::Busy) }),
        (
            7_300,
            Event::Config {
                message: "settings read again".into(),
                changed: vec!["audioCodecs".into()],
                needs_restart: vec![],
            },
        ),
        (10_800, Event::Registration { account: gone, changed: true }),
        (10_900, Event::Device { message: "the headset is gone; the laptop's own sound goes on".into() }),
        (
            11_000,
            Event::CallEnded {
                call: ended(call("c2", CallState::Calling, "600", ""), 503, "Service Unavailable", "unreachable"),
            },
        ),
    ];
    for (second, event) in events {
        at(&mut stage, second, event);
    }
    stage.keys("Esc O");
    stage
}

#[test]
fn a_night_is_told() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        picture(&format!("log_{columns}x{rows}"), &night(columns, rows));
    }
    let mut ascii = night(80, 24);
    ascii.glyphs = ASCII;
    ascii.keys("Up Up");
    picture("log_ascii", &ascii);
}

#[test]
fn an_empty_log_says_what_it_is_for() {
    let mut stage = Stage::new(80, 24);
    stage.keys("O");
    picture("log_none", &stage);
}

#[test]
fn levels_and_words_choose_lines() {
    let mut stage = night(80, 24);
    assert!(!stage.screen().contains("103 is on the phone"), "details are for whoever asks");
    stage.keys("Tab");
    assert!(stage.screen().contains("warnings and errors") && !stage.screen().contains("settings read"));
    stage.keys("Tab Tab");
    assert!(stage.screen().contains("103 is on the phone"), "{}", stage.screen());
    stage.keys("/ A l i c e");
    let screen = stage.screen();
    assert!(screen.contains("find: Alice") && !screen.contains("403"), "{screen}");
    assert_eq!(stage.keys("2 h F7").len(), 1, "only a key that is no letter acts while one types");
    stage.keys("Backspace Backspace Enter Esc");
    assert!(stage.screen().contains("403") && stage.model.mode == Mode::Log, "{}", stage.screen());
    stage.keys("/ n o b o d y x");
    assert!(stage.screen().contains("Nothing fits"), "{}", stage.screen());
    stage.keys("Esc Esc");
    assert_eq!(stage.model.mode, Mode::Phone);
}

#[test]
fn one_holds_a_line_while_others_come() {
    let mut stage = night(80, 24);
    stage.keys("Home");
    at(&mut stage, 20_000, Event::Error { message: "the disk is full".into(), hint: Some("make room".into()) });
    let screen = stage.screen();
    assert!(
        screen.contains("newer below")
            && screen.lines().any(|line| line.contains('▌') && line.contains("is registered"))
    );
    stage.keys("End");
    let screen = stage.screen();
    assert!(screen.contains("Next: make room") && !screen.contains("newer below"), "{screen}");
}

#[test]
fn lines_are_copied_and_kept() {
    let mut stage = night(80, 24);
    let copied = |actions: Vec<Action>| {
        actions.into_iter().find_map(|action| if let Action::Copy(text) = action { Some(text) } else { None }).unwrap()
    };
    let one = copied(stage.key("y"));
    assert_eq!(one, "2026-01-02 03:03:20 call: 600: server unreachable (503 Service Unavailable)");
    assert!(copied(stage.key("Y")).lines().count() > 8);
    let kept =
        stage.key("x").into_iter().find_map(|action| if let Action::Keep(kept) = action { Some(kept) } else { None });
    assert!(
        kept.is_some_and(|kept| kept.name == "log-20260102-030320" && kept.bytes.starts_with(b"2026-01-02 00:00:10"))
    );
    stage.click("settings read");
    assert!(copied(stage.key("y")).ends_with("settings: settings read again: audioCodecs"));
}

#[test]
fn nothing_is_drawn_while_it_is_closed_and_refusals_are_kept() {
    let mut stage = Stage::new(80, 24);
    let detail = || Event::Presence { light: light("103", LightState::Busy) };
    assert!(stage.event(detail()).is_empty());
    stage.keys("O");
    assert!(stage.event(detail()).is_empty(), "it is not among those that are shown");
    stage.keys("Tab Tab Tab");
    assert!(!stage.event(detail()).is_empty());
    let refusal = CommandError {
        code: ExitCode::NotFound,
        kind: "x",
        message: "no such park".into(),
        hint: Some("see park".into()),
    };
    stage.msg(Msg::Reply(Command::Available, Err(refusal)));
    assert!(stage.screen().contains("no such park"), "{}", stage.screen());
}

#[test]
fn it_is_bounded_and_foreign_words_are_harmless() {
    let mut stage = Stage::new(80, 24);
    stage.keys("O");
    for n in 0..=MOST_ENTRIES {
        at(
            &mut stage,
            n as i64,
            Event::Device { message: format!("device {n} \u{1b}[2J\u{202e}{}", "日".repeat(2_000)) },
        );
    }
    let screen = stage.screen();
    assert!(screen.contains("1 older ones made room") && !screen.contains(['\u{1b}', '\u{202e}']), "{screen}");
    assert_eq!(stage.model.log.count(), MOST_ENTRIES);
}
