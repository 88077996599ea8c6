//! The themes to choose from: tried at once, kept or left, over whatever rings.

use crate::pictures::picture;
use crate::stage::{Stage, call, commands};
use ratatui::style::Color;
use tuiphone::control::verb::Request;
use tuiphone::control::{CallState, Command, Event, Secret, SettingAsk, SettingChanged};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Answer, Msg};
use tuiphone::ui::theme::{ColorDepth, Looks, THEMES, Theme, looks_of};
use tuiphone::ui::themes::Choice;

fn choices(depth: ColorDepth) -> Vec<Choice> {
    let built_in = THEMES.built_in.iter().map(|one| (one.name, false, None));
    let own = [("mine", true, None), ("torn", true, Some("torn.ini:4: good: 'fat' is no colour".to_owned()))];
    let choice = |(name, is_own, trouble): (&str, bool, Option<String>)| Choice {
        name: name.to_owned(),
        is_own,
        theme: Theme::new(&looks_of(if is_own { "nord" } else { name }), depth),
        trouble,
    };
    built_in.chain(own).map(choice).collect()
}

fn open(columns: u16, rows: u16, depth: ColorDepth) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.key("Space");
    assert!(stage.key("t").contains(&Action::LayOutThemes));
    stage.msg(Msg::Themes(choices(depth)));
    stage
}

fn set(name: &str) -> Request {
    Request::Settings(SettingAsk::Set { name: "tuiphone.theme".into(), value: Secret::new(name) })
}

/// Names of themes that are put on, and what the settings are asked.
fn worn(actions: &[Action]) -> Vec<String> {
    let one = |action: &Action| match action {
        Action::Wear(name) => Some(format!("wear {name}")),
        Action::Ask(Request::Settings(SettingAsk::Set { name, value })) => Some(format!("{name}={}", value.reveal())),
        _ => None,
    };
    actions.iter().filter_map(one).collect()
}

#[test]
fn what_is_tried_is_seen_at_once_and_kept_or_left() {
    let gruvbox = Theme::new(&looks_of("gruvbox"), ColorDepth::True);
    let background = |stage: &Stage| stage.cells()[(1, 20)].bg;
    let mut stage = open(80, 24, ColorDepth::True);
    assert_eq!(background(&stage), Color::Reset);
    stage.keys("Down Down Down Down Down Down Down");
    assert_eq!(background(&stage), gruvbox.style(tuiphone::ui::theme::Role::Text).bg.unwrap());
    assert_eq!(worn(&stage.key("Esc")), [] as [&str; 0]);
    assert_eq!((stage.model.mode.clone(), background(&stage)), (Mode::Phone, Color::Reset));

    let mut stage = open(80, 24, ColorDepth::True);
    for key in ["k", "5", "#", "G", "j"] {
        assert_eq!(worn(&stage.key(key)), [] as [&str; 0], "{key}");
    }
    assert_eq!(worn(&stage.key("Enter")), ["wear dark", "tuiphone.theme=dark"]);
    assert_eq!((stage.model.mode.clone(), stage.model.field.text()), (Mode::Phone, String::new()));
    let told = SettingChanged {
        name: "tuiphone.theme".into(),
        changed: true,
        needs_restart: true,
        ..SettingChanged::default()
    };
    let actions = stage.msg(Msg::Answer(set("dark"), Ok(Answer::Setting(told))));
    assert_eq!(worn(&actions), ["wear dark"]);
    assert!(stage.screen().contains("the theme is dark from now on"), "{}", stage.screen());
    stage.keys("Space t");
    stage.msg(Msg::Themes(choices(ColorDepth::True)));
    assert_eq!(worn(&stage.key("Enter")), ["wear dark", "tuiphone.theme=dark"], "it begins with the one that is worn");
}

/// The phone tells everybody what has changed, and answers whoever asked: either may come first.
#[test]
fn what_is_told_of_a_change_that_was_asked_for_here_does_not_cover_the_answer() {
    let changed = |name: &str| Event::Config {
        message: format!("settings read again: {name}"),
        changed: vec![name.to_owned()],
        needs_restart: Vec::new(),
    };
    let told = |changed| {
        let told = SettingChanged { name: "tuiphone.theme".into(), changed, ..SettingChanged::default() };
        Msg::Answer(set("dark"), Ok(Answer::Setting(told)))
    };
    let words = "the theme is dark from now on";
    for is_first in [true, false] {
        let mut stage = open(80, 24, ColorDepth::True);
        stage.keys("Down Enter");
        if is_first {
            stage.event(changed("tuiphone.theme"));
            assert!(!stage.screen().contains("read again"), "{}", stage.screen());
        }
        stage.msg(told(true));
        if !is_first {
            stage.event(changed("tuiphone.theme"));
        }
        assert!(stage.screen().contains(words), "{is_first}: {}", stage.screen());
        stage.event(changed("tuiphone.theme"));
        assert!(stage.screen().contains("read again: tuiphone.theme"), "somebody else did: {}", stage.screen());
    }
    // What was so already is told by nobody.
    let mut stage = open(80, 24, ColorDepth::True);
    stage.keys("Down Enter");
    stage.event(changed("Settings.DND"));
    assert!(stage.screen().contains("read again: Settings.DND"), "{}", stage.screen());
    stage.msg(told(false));
    stage.event(changed("tuiphone.theme"));
    assert!(stage.screen().contains("read again: tuiphone.theme"), "{}", stage.screen());
}

#[test]
fn whoever_types_ahead_of_the_list_chooses_out_of_the_last_one() {
    let mut stage = Stage::new(80, 24);
    stage.keys("Space t Home Down");
    assert_eq!(worn(&stage.key("Enter")), [] as [&str; 0]);
    assert_eq!(stage.model.mode, Mode::Themes, "there is none to choose from yet");
    stage.msg(Msg::Themes(choices(ColorDepth::True)));
    stage.keys("Esc Space t Home Down");
    assert_eq!(worn(&stage.key("Enter")), ["wear dark", "tuiphone.theme=dark"]);
    stage.keys("Space t Down");
    stage.msg(Msg::Themes(choices(ColorDepth::True)));
    assert_eq!(stage.model.themes.tried().map(|one| one.name.as_str()), Some("light"), "what is tried stays");
}

#[test]
fn a_click_tries_and_another_keeps() {
    let mut stage = open(80, 24, ColorDepth::True);
    assert_eq!(worn(&stage.click("dracula")), [] as [&str; 0]);
    assert_eq!(stage.model.themes.tried().map(|one| one.name.as_str()), Some("dracula"));
    assert_eq!(worn(&stage.click("dracula")), ["wear dracula", "tuiphone.theme=dracula"]);
}

#[test]
fn a_call_that_rings_is_seen_and_answered_over_them() {
    for (columns, rows) in [(80, 24), (40, 10), (20, 5)] {
        let mut stage = open(columns, rows, ColorDepth::True);
        stage.keys("Down Down");
        stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
        assert!(stage.screen().contains("Ali"), "{}", stage.screen());
        let answer = [Command::Answer { call: Some("c1".into()) }];
        assert_eq!(stage.keys("F2"), answer);
        assert_eq!(stage.keys("a"), answer);
        assert_eq!(stage.model.mode, Mode::Themes, "the theme is still being chosen");
    }
    let mut stage = open(80, 24, ColorDepth::True);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
    assert_eq!(commands(stage.click("ANSWER")), [Command::Answer { call: Some("c1".into()) }]);
}

#[test]
fn a_fault_in_a_file_is_one_line_until_it_is_mended() {
    let mut stage = Stage::new(80, 24);
    stage.msg(Msg::Dressed(Some("mine.ini:4: good: 'fat' is no colour".into())));
    assert!(stage.screen().contains("mine.ini:4: good: 'fat' is no colour"), "{}", stage.screen());
    stage.msg(Msg::Dressed(None));
    assert!(!stage.screen().contains("mine.ini"), "{}", stage.screen());
}

#[test]
fn pictures_of_the_themes() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = open(columns, rows, ColorDepth::True);
        stage.keys("Down Down");
        picture(&format!("themes_{columns}x{rows}"), &stage);
    }
    let mut stage = open(40, 10, ColorDepth::None);
    stage.theme = Theme::new(&Looks::default(), ColorDepth::None);
    stage.glyphs = ASCII;
    stage.keys("End");
    picture("themes_torn_ascii", &stage);
    let mut stage = open(80, 24, ColorDepth::True);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
    picture("themes_incoming", &stage);
}
