//! Keys pressed one after another, and the keymaps that come along, as stories.

use crate::keys::dial;
use crate::pictures::picture;
use crate::stage::{Stage, call, commands, lights};
use tuiphone::control::{CallState, Command, HangupWhich, Press, SoundPath};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::keymap::{Keymap, read};
use tuiphone::ui::model::{Mode, Pane};
use tuiphone::ui::msg::{Action, Msg};
use tuiphone::ui::theme::{ColorDepth, Looks, Theme};

fn with(keymap: &str) -> Stage {
    let mut stage = Stage::new(80, 24);
    stage.model.keymap = Keymap::built_in(keymap);
    stage
}

fn tone(digit: &str) -> Command {
    Command::Dtmf { call: Some("c1".into()), digits: digit.into(), press: Press::Tap, via: None }
}

fn hangup() -> Command {
    Command::Hangup { which: HangupWhich::Call("c1".into()) }
}

#[test]
fn a_prefix_lists_what_may_follow_and_the_next_key_does_it() {
    let mut stage = with("default");
    stage.keys("Space");
    let screen = stage.screen();
    assert!(
        screen.contains(" c contacts") && screen.contains(" h history") && screen.contains("Esc leave"),
        "{screen}"
    );
    stage.keys("c");
    assert_eq!(stage.model.mode, Mode::Contacts(Pane::List));
    assert!(!stage.screen().contains("h history"));
    stage.keys("Space h");
    assert_eq!(stage.model.mode, Mode::Contacts(Pane::List), "there a blank is searched for");
    assert_eq!(stage.model.people.search.text(), " h");
}

#[test]
fn what_does_not_follow_is_told_and_does_nothing() {
    let mut stage = with("vim");
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    for key in ["x", "Enter", "Ctrl-l"] {
        assert_eq!(stage.keys(&format!("Space {key}")), [], "{key}");
        assert!(stage.screen().contains(&format!(" Space {key} leads nowhere")), "{}", stage.screen());
        assert_eq!(stage.model.pending, None);
    }
    stage.keys("Space Esc");
    assert_eq!((&stage.model.pending, &stage.model.mode), (&None, &Mode::Phone));
    assert_eq!(stage.keys("d"), [], "it is the half of what hangs up");
    assert_eq!(stage.keys("d"), [hangup()]);
}

#[test]
fn a_prefix_that_is_forgotten_is_told() {
    let mut stage = with("default");
    stage.keys("Space");
    let wake = stage.model.next_wake(stage.now).expect("it is looked at again");
    stage.now = wake;
    assert_eq!(stage.msg(Msg::Tick).len(), 1);
    assert_eq!(stage.model.pending, None);
    assert!(stage.screen().contains("Space: no key followed"), "{}", stage.screen());
}

#[test]
fn digits_are_never_lost_and_function_keys_answer_in_between() {
    let mut stage = with("default");
    assert_eq!(stage.keys("Space 6 0 0 Enter"), [dial("600")]);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    assert_eq!(stage.keys("Space 5"), [tone("5")]);
    stage.calls(vec![call("c1", CallState::Incoming, "600", "Echo")]);
    assert_eq!(stage.keys("Space F2"), [Command::Answer { call: Some("c1".into()) }]);
}

#[test]
fn letters_of_a_text_begin_nothing() {
    for keymap in ["default", "vim", "emacs", "microsip"] {
        let mut stage = with(keymap);
        stage.keys("/ d d g g Space l");
        assert_eq!(stage.model.field.text(), "ddgg l", "{keymap}");
        stage.keys("Esc b");
        stage.keys("d d Z Z Space c");
        assert_eq!(stage.model.people.search.text(), "ddZZ c", "{keymap}");
    }
}

#[test]
fn a_click_chooses_what_follows() {
    let mut stage = with("default");
    stage.keys("Space");
    stage.click("history");
    assert_eq!(stage.model.mode, Mode::History(Pane::List));
}

#[test]
fn hands_that_know_emacs_and_vi_and_microsip_are_at_home() {
    let mut stage = with("emacs");
    assert_eq!(stage.key("Ctrl-x"), [Action::Draw(tuiphone::ui::msg::Urgency::Now)]);
    assert!(stage.key("Ctrl-c").contains(&Action::Quit));
    stage.keys("Ctrl-x b a l");
    assert_eq!(stage.model.people.search.text(), "al");
    stage.keys("Ctrl-g");
    assert_eq!(
        (stage.model.mode.clone(), stage.model.people.search.text()),
        (Mode::Contacts(Pane::List), String::new())
    );
    stage.keys("Ctrl-g");
    assert_eq!(stage.model.mode, Mode::Phone);
    stage.status.lights = lights();
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    stage.keys("w Ctrl-n");
    assert!(stage.model.mode == Mode::Switchboard && stage.model.switchboard.row() > 0);
    stage.keys("Ctrl-p");
    assert_eq!(stage.model.switchboard.row(), 0);
    assert_eq!(stage.keys("Ctrl-x k"), [hangup()], "out of a list too");

    let mut stage = with("vim");
    stage.status.lights = lights();
    stage.tell();
    stage.keys("w G");
    assert_eq!(stage.model.switchboard.row(), stage.status.lights.len() - 1);
    stage.keys("g g");
    assert_eq!(stage.model.switchboard.row(), 0);
    stage.keys("Esc i b o b");
    assert_eq!(stage.model.field.text(), "bob");
    assert!(stage.key("Esc").len() == 1 && commands(stage.key("Z")).is_empty());
    assert!(stage.key("Z").contains(&Action::Quit));

    let mut stage = with("microsip");
    stage.calls(vec![call("c1", CallState::Connected, "600", ""), call("c2", CallState::Held, "601", "")]);
    let asked = stage.keys("F4 Ctrl-o");
    assert_eq!(
        asked,
        [Command::Hangup { which: HangupWhich::AllButRinging }, Command::Mute { path: SoundPath::Speaker }]
    );
    assert!(stage.key("Ctrl-q").contains(&Action::Quit));
}

#[test]
fn the_footer_follows_a_keymap_of_ones_own() {
    let mut stage = Stage::new(80, 24);
    let (keymap, faults) = read(b"[keys]\nanswer=y, F5\nreject=Ctrl-x r\nhangup=X, F6\n", &|_| None);
    assert_eq!(faults, []);
    stage.model.keymap = keymap;
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
    let screen = stage.screen();
    assert!(screen.contains(" y answer  Ctrl-x r reject"), "{screen}");
    assert_eq!(stage.keys("a F2"), []);
    assert_eq!(stage.keys("Ctrl-x r"), [Command::Reject { call: Some("c1".into()), code: None }]);
    assert_eq!(stage.keys("/ F5"), [Command::Answer { call: Some("c1".into()) }]);
}

#[test]
fn pictures_of_what_may_follow() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = with("vim");
        stage.model.size = (columns, rows);
        stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
        stage.keys("Space");
        picture(&format!("which_key_{columns}x{rows}"), &stage);
    }
    let mut stage = with("vim");
    stage.glyphs = ASCII;
    stage.theme = Theme::new(&Looks::default(), ColorDepth::None);
    stage.keys("g");
    assert!(stage.screen().is_ascii());
    picture("which_key_ascii", &stage);
}
