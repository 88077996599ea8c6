//! Push to talk: a key that is held, let go of, told again and again, lost.

use crate::stage::{Stage, account, call, commands};
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use tuiphone::control::feed::Feed;
use tuiphone::control::{CallState, Command, Press, SoundPath};
use tuiphone::ui::keymap::Key;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Msg};

const OPEN: Command = Command::Unmute { path: SoundPath::Mic };
const MUTE: Command = Command::Mute { path: SoundPath::Mic };

/// In a call, with a muted microphone.
fn muted(tells: bool) -> Stage {
    let mut stage = Stage::new(80, 24);
    if tells {
        stage.msg(Msg::TellsReleases);
    }
    stage.status.mic_muted = true;
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    stage
}

fn told(stage: &mut Stage, key: &str, kind: KeyEventKind) -> Vec<Command> {
    let key = Key::parse(key).unwrap();
    commands(stage.msg(Msg::of_terminal(Event::Key(KeyEvent::new_with_kind(key.code, key.modifiers, kind)))))
}

fn let_go(stage: &mut Stage, key: &str) -> Vec<Command> {
    told(stage, key, KeyEventKind::Release)
}

#[test]
fn a_held_key_opens_the_microphone_until_it_is_let_go_of() {
    let mut stage = muted(true);
    assert!(stage.screen().contains("s hold to talk"), "{}", stage.screen());
    assert_eq!(stage.keys("s"), [OPEN]);
    assert_eq!(stage.keys("s"), [], "told again, before the phone has said that it is open");
    stage.status.mic_muted = false;
    stage.tell();
    let screen = stage.screen();
    assert!(screen.contains(" TALKING ") && screen.contains("s let go to mute"), "{screen}");
    assert_eq!(told(&mut stage, "s", KeyEventKind::Repeat), []);
    assert_eq!(stage.keys("s s"), [], "told again and again");
    let tone = |press| Command::Dtmf { call: Some("c1".into()), digits: "5".into(), press, via: None };
    assert_eq!(stage.keys("5"), [tone(Press::Down)], "digits are tones meanwhile");
    assert_eq!(let_go(&mut stage, "5"), [tone(Press::Up)]);
    assert_eq!(let_go(&mut stage, "s"), [MUTE]);
    assert_eq!(let_go(&mut stage, "s"), []);
    assert!(!stage.screen().contains("TALKING"), "{}", stage.screen());
}

#[test]
fn whatever_takes_the_key_away_mutes() {
    let press = |stage: &mut Stage| assert_eq!(stage.keys("s"), [OPEN]);
    let mut stage = muted(true);
    press(&mut stage);
    assert_eq!(let_go(&mut stage, "S"), [MUTE], "Shift was pressed meanwhile");
    press(&mut stage);
    assert_eq!(commands(stage.msg(Msg::Focus(false))), [MUTE]);
    assert_eq!(commands(stage.msg(Msg::Focus(false))), []);
    press(&mut stage);
    let actions = stage.key("Ctrl-z");
    assert!(!actions.contains(&Action::Suspend), "a stopped interface could not mute");
    assert_eq!(commands(actions), [MUTE]);
    assert!(stage.key("Ctrl-z").contains(&Action::Suspend));
    press(&mut stage);
    stage.keys("A");
    assert_eq!((let_go(&mut stage, "s"), stage.model.mode.clone()), (vec![MUTE], Mode::Accounts), "in another view");
    assert_eq!(stage.keys("s"), [OPEN]);
    assert_eq!((let_go(&mut stage, "s"), stage.model.mode.clone()), (vec![MUTE], Mode::Accounts));
}

#[test]
fn a_sign_that_another_key_may_bear_is_let_go_of_with_any() {
    let mut stage = muted(true);
    let (keymap, faults) = tuiphone::ui::keymap::read(b"[keys]\npush-to-talk=%\n", &|_| None);
    assert_eq!(faults, []);
    stage.model.keymap = keymap;
    assert_eq!(stage.keys("%"), [OPEN]);
    assert_eq!(let_go(&mut stage, "5"), [MUTE]);
}

#[test]
fn an_open_microphone_stays_open_and_letters_are_letters() {
    let mut stage = muted(true);
    stage.status.mic_muted = false;
    stage.tell();
    assert!(!stage.screen().contains("hold to talk"), "{}", stage.screen());
    assert_eq!(stage.keys("s"), []);
    assert!(stage.screen().contains("the microphone is open; m mutes it, then s opens it while"), "{}", stage.screen());
    assert_eq!(let_go(&mut stage, "s"), []);
    let mut stage = muted(true);
    assert_eq!(stage.keys("/ s"), []);
    assert_eq!((let_go(&mut stage, "s"), stage.model.field.text()), (vec![], "s".to_owned()));
    assert_eq!(stage.keys("Alt-s"), [OPEN]);
    assert_eq!(let_go(&mut stage, "s"), [MUTE], "Alt was let go of before");
    let mut stage = muted(true);
    stage.keys("Space s");
    assert_eq!(stage.model.mode, Mode::Settings, "behind another key it is another one");
    let mut stage = muted(true);
    stage.calls(vec![call("c1", CallState::Connected, "600", ""), call("c2", CallState::Held, "601", "")]);
    assert_eq!(stage.keys("h s"), [], "it answers no question");
}

#[test]
fn where_nobody_tells_that_a_key_was_let_go_of_it_opens_and_mutes_in_turn() {
    let mut stage = muted(false);
    assert!(!stage.screen().contains("hold to talk"), "{}", stage.screen());
    assert_eq!(stage.keys("s"), [OPEN]);
    stage.status.mic_muted = false;
    stage.tell();
    assert_eq!(stage.keys("s"), [MUTE]);
    assert_eq!(commands(stage.msg(Msg::Focus(false))), [], "nothing is held");
    // By the mouse or the palette there is nothing to be held either.
    let mut stage = muted(true);
    assert_eq!(stage.keys(": p u s h - t o - t a l k Enter"), [OPEN]);
    assert_eq!(stage.model.talk, None);
    stage.keys("? m u t e d");
    assert!(stage.screen().contains("hold it to talk while"), "{}", stage.screen());
    let mut stage = muted(false);
    stage.keys("? m u t e d");
    assert!(stage.screen().contains("or mute it again"), "{}", stage.screen());
}

#[test]
fn a_phone_that_is_gone_opens_nothing() {
    let mut stage = muted(true);
    stage.msg(Msg::Feed(Feed::Closed("the phone has stopped".into())));
    assert_eq!((stage.keys("s"), stage.model.talk), (vec![], None));
    assert_eq!(let_go(&mut stage, "s"), []);
    // Whoever talks as it goes holds nothing any more.
    let mut stage = muted(true);
    assert_eq!(stage.keys("s"), [OPEN]);
    stage.msg(Msg::Feed(Feed::Closed("the phone has stopped".into())));
    assert_eq!((let_go(&mut stage, "s"), stage.model.talk), (vec![], None));
}

#[test]
fn keys_that_are_let_go_of_do_nothing_else() {
    let mut stage = Stage::new(80, 24);
    stage.status.accounts = vec![account()];
    stage.tell();
    for key in ["5", "a", "Enter", "Esc", "q", "Space", "F2", "Up", "s", "Ctrl-c"] {
        let key = Key::parse(key).unwrap();
        let event = KeyEvent::new_with_kind(key.code, key.modifiers, KeyEventKind::Release);
        assert_eq!(stage.msg(Msg::of_terminal(Event::Key(event))), [], "{key}");
    }
    assert_eq!((stage.model.field.text(), stage.model.mode.clone()), (String::new(), Mode::Phone));
}
