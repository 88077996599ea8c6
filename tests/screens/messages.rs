//! Messages: written, answered, refused, read.

use crate::keys::dial;
use crate::stage::{Stage, message};
use tuiphone::control::{Command, CommandError, Event as News, ExitCode, Reply, SoundPath};
use tuiphone::ui::msg::Msg;

fn write(target: &str, text: &str) -> Command {
    Command::Message { target: target.into(), text: text.into(), account: None }
}

/// The commands but those that tell of the writing.
fn said(commands: Vec<Command>) -> Vec<Command> {
    commands.into_iter().filter(|command| !matches!(command, Command::Composing { .. })).collect()
}

#[test]
fn messages_are_written_and_answered() {
    let answer = |uri: &str, text: &str| {
        let account = Some("101@pbx.example.net".into());
        Command::Message { target: uri.into(), text: text.into(), account }
    };
    let seen = |uri: &str| Command::Messages { with: Some(uri.into()), read: true };
    let (alice, bob) = ("sip:201@pbx.example.net", "sip:202@pbx.example.net");
    for (keys, expected) in [
        ("c Enter o k Enter", vec![seen(bob), answer(bob, "ok")]),
        ("c Down Enter q 1 # Enter", vec![seen(alice), answer(alice, "q1#")]),
        ("c Enter Enter", vec![seen(bob)]),
        ("c Enter n o Esc Enter Backspace t Enter", vec![seen(bob), answer(bob, "nt")]),
        ("c Enter x Esc Esc 5 Enter", vec![seen(bob), dial("5")]),
        ("6 0 1 F12 h i Enter", vec![write("601", "hi")]),
        ("2 0 1 F12 h i Enter", vec![seen(alice), answer(alice, "hi")]),
        ("F12 F12 h", vec![]),
        ("c / 9 F12 x Enter", vec![write("9", "x")]),
        ("c m", vec![Command::Mute { path: SoundPath::Mic }]),
        ("c Enter m F7 Enter", vec![seen(bob), Command::Mute { path: SoundPath::Mic }, answer(bob, "m")]),
    ] {
        let mut stage = Stage::new(40, 10);
        for (id, user) in [("m1", "201"), ("m2", "202")] {
            stage.event(News::Message { message: message(id, user, "", "hello", None) });
        }
        assert_eq!(said(stage.keys(keys)), expected, "{keys}");
    }
}

#[test]
fn a_message_that_is_refused_says_why_where_it_stands() {
    let mut stage = Stage::new(80, 24);
    let asked = said(stage.keys("6 0 1 F12 h i Enter")).remove(0);
    assert!(stage.screen().contains("you: hi (sending)"), "{}", stage.screen());
    let refusal = CommandError {
        code: ExitCode::Refused,
        kind: "disabled",
        message: "messages are turned off".into(),
        hint: None,
    };
    stage.msg(Msg::Reply(asked, Err(refusal)));
    assert!(stage.screen().contains("you: hi (not delivered: messages are turned off)"), "{}", stage.screen());
}

#[test]
fn writing_is_told_now_and_then_and_theirs_is_believed_for_a_while() {
    let mut stage = Stage::new(80, 24);
    let composing = Command::Composing { target: "601".into(), account: None };
    assert_eq!(stage.keys("6 0 1 F12 h e l l o"), std::slice::from_ref(&composing));
    stage.pass(6.0);
    assert_eq!(stage.keys("x y"), [composing]);
    let mut told = message("m1", "601", "Bob", "hello", None);
    stage.event(News::Message { message: told.clone() });
    told.remote.name = None;
    stage.keys("Esc");
    stage.event(News::Composing { account: told.account, remote: told.remote, for_s: 60 });
    stage.keys("c Enter");
    assert!(stage.screen().contains("Bob is writing"), "{}", stage.screen());
    stage.pass(60.0);
    assert!(stage.model.next_wake(stage.now).is_some_and(|wake| wake <= stage.now));
    stage.msg(Msg::Tick);
    assert!(!stage.screen().contains("is writing"), "{}", stage.screen());
}

#[test]
fn what_came_before_is_there_and_what_is_read_elsewhere_is_read() {
    let mut stage = Stage::new(80, 24);
    let asked = Command::Messages { with: None, read: false };
    let list = vec![message("m1", "201", "Alice", "early", None), message("m2", "201", "", "reply", Some(202))];
    stage.event(News::Message { message: list[0].clone() });
    stage.msg(Msg::Reply(asked, Ok(Reply::Messages(list))));
    stage.status.unread = 1;
    stage.tell();
    assert!(stage.screen().contains("messages 1"), "{}", stage.screen());
    stage.status.unread = 0;
    stage.tell();
    assert!(!stage.screen().contains("messages 1"), "{}", stage.screen());
    stage.keys("c Enter");
    let screen = stage.screen();
    assert!(screen.contains("Alice: early") && screen.contains("you: reply (on its way)"), "{screen}");
    assert_eq!(screen.matches("Alice: early").count(), 1, "{screen}");
}
