//! The palette: what is found, what is asked for, what is done, as stories and pictures.

use crate::keys::dial;
use crate::pictures::picture;
use crate::stage::{Stage, call, commands};
use tuiphone::control::verb::Request;
use tuiphone::control::{
    CallState, Command, CommandError, Contact, ContactsAsk, ExitCode, HangupWhich, SoundPath, VolumeChange,
};
use tuiphone::ui::model::{Mode, Pane};
use tuiphone::ui::msg::{Action, Answer, Msg};

fn stage(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    let people = [("Alice Smith", "201"), ("Bob", "202")];
    let contact =
        |(name, number): (&str, &str)| Contact { name: name.into(), number: number.into(), ..Contact::default() };
    let asked = Request::Contacts(ContactsAsk::List { search: None });
    stage.msg(Msg::Answer(asked, Ok(Answer::Contacts(people.map(contact).to_vec(), 0))));
    stage
}

/// Types a text, a key each.
fn write(stage: &mut Stage, text: &str) -> Vec<Action> {
    text.chars().flat_map(|c| stage.key(if c == ' ' { "Space".to_owned() } else { c.to_string() }.as_str())).collect()
}

/// What a line of the palette comes to.
fn does(stage: &mut Stage, line: &str) -> Vec<Action> {
    stage.keys("Ctrl-p");
    write(stage, line);
    let mut actions = stage.key("Enter");
    actions.retain(|action| !matches!(action, Action::Draw(_)));
    actions
}

fn run(verb: &'static str, command: Command) -> Action {
    Action::Run(verb, Box::new(Request::Command(command)))
}

#[test]
fn a_whole_line_does_what_the_command_line_does() {
    for (line, expected) in [
        ("call 600", Action::Send(dial("600"))),
        ("600", Action::Send(dial("600"))),
        ("volume mic 40", run("volume", Command::Volume { path: SoundPath::Mic, change: VolumeChange::To(40) })),
        ("forward off", run("forward", Command::Forward { number: None })),
        ("dnd on", run("dnd", Command::Dnd { on: true })),
        ("hangup --all", run("hangup", Command::Hangup { which: HangupWhich::All })),
        ("status", Action::Run("status", Box::new(Request::Status { format: None }))),
        ("redial --last", Action::Run("redial", Box::new(Request::Redial { last: true, guarded: false }))),
    ] {
        let mut stage = stage(80, 24);
        assert_eq!(does(&mut stage, line), [expected], "{line}");
        assert_eq!(stage.model.mode, Mode::Phone, "{line}");
    }
}

#[test]
fn a_few_letters_do_what_the_key_would() {
    let mut stage = stage(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    assert_eq!(commands(does(&mut stage, "mspk")), [Command::Mute { path: SoundPath::Speaker }]);
    assert_eq!(commands(does(&mut stage, "hgup")), [Command::Hangup { which: HangupWhich::Call("c1".into()) }]);
    does(&mut stage, "contacts");
    assert_eq!(stage.model.mode, Mode::Contacts(Pane::List));
    stage.keys("Ctrl-p E s c");
    assert_eq!(stage.model.mode, Mode::Palette, "its letters are typed");
    stage.keys("Esc");
    assert_eq!(stage.model.mode, Mode::Contacts(Pane::List), "what was open is open again");
}

#[test]
fn what_cannot_be_done_says_why_and_does_nothing() {
    let mut stage = stage(80, 24);
    for (line, why) in
        [("hold", "hold: no call is answered"), ("answer", "answer: nothing rings"), ("resume", "on hold")]
    {
        assert_eq!(does(&mut stage, line), [], "{line}");
        assert!(stage.screen().contains(why), "{}", stage.screen());
        stage.keys("Esc");
    }
    assert_eq!(does(&mut stage, "volume mic loud"), []);
    assert!(stage.screen().contains("usage: volume"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(does(&mut stage, "zzzz"), []);
    assert!(stage.screen().contains("no such verb: 'zzzz'"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(does(&mut stage, "trace --follow"), []);
    assert!(stage.screen().contains("in a shell, tuiphone trace"), "{}", stage.screen());
}

#[test]
fn words_are_asked_for_and_offered_one_by_one() {
    let mut stage = stage(80, 24);
    assert_eq!(does(&mut stage, "call"), []);
    let screen = stage.screen();
    assert!(screen.contains("number: Number, user or SIP address") && screen.contains("Alice Smith"), "{screen}");
    assert_eq!(stage.keys("Enter"), [], "nobody is called yet");
    write(&mut stage, "ali");
    assert_eq!(stage.keys("Down Enter"), [], "it stands in the line first");
    assert_eq!(stage.model.palette.line.text(), "call 201");
    assert_eq!(stage.keys("Enter"), [dial("201")]);

    let mut stage = self::stage(80, 24);
    assert_eq!(does(&mut stage, "autoanswer"), []);
    assert_eq!(stage.keys("Tab"), []);
    assert_eq!(stage.model.palette.line.text(), "autoanswer on");
    let done = stage.key("Enter");
    assert!(done.contains(&run("autoanswer", Command::AutoAnswer { on: true })), "{done:?}");
}

#[test]
fn pasted_line_ends_carry_nothing_out() {
    let mut stage = stage(80, 24);
    stage.keys("Ctrl-p");
    assert_eq!(commands(stage.msg(Msg::Paste("call 600\ncall 601\n".into()))), []);
    assert_eq!((stage.model.palette.line.text().as_str(), &stage.model.mode), ("call 600 call 601", &Mode::Palette));
}

#[test]
fn what_ends_the_phone_is_asked_for_twice() {
    let mut stage = stage(80, 24);
    assert_eq!(does(&mut stage, "exit"), []);
    assert!(stage.screen().contains("Enter once more ends the phone"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(does(&mut stage, "exit"), [], "forgotten in between");
    assert!(stage.key("Enter").contains(&run("exit", Command::Exit)));
}

#[test]
fn lines_come_back_and_a_call_is_answered_meanwhile() {
    let mut stage = stage(80, 24);
    does(&mut stage, "dnd on");
    does(&mut stage, "volume 50");
    stage.keys("Ctrl-p Up Up");
    assert_eq!(stage.model.palette.line.text(), "dnd on");
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
    assert!(stage.screen().contains("INCOMING"), "{}", stage.screen());
    assert_eq!(stage.keys("a r h"), [], "letters are typed");
    assert_eq!(stage.keys("F2"), [Command::Answer { call: Some("c1".into()) }]);
}

#[test]
fn answers_are_told_in_a_line_or_on_a_sheet() {
    let mut stage = stage(80, 24);
    stage.msg(Msg::Ran("dnd", Ok(vec![])));
    assert!(stage.screen().contains("dnd: done"));
    stage.msg(Msg::Ran("volume", Ok(vec!["volume: 50".into()])));
    assert!(stage.screen().contains("volume: volume: 50"));
    let refusal =
        CommandError { code: ExitCode::NotFound, kind: "not_found", message: "no such account".into(), hint: None };
    stage.msg(Msg::Ran("register", Err(refusal)));
    assert!(stage.screen().contains("no such account"));
    let lines: Vec<String> = (0..300).map(|n| format!("line {n}: x")).collect();
    stage.msg(Msg::Ran("codecs", Ok(lines.clone())));
    assert_eq!(stage.model.mode, Mode::Sheet);
    stage.keys("End");
    assert!(stage.screen().contains("line 299"), "{}", stage.screen());
    stage.keys("Esc / 6");
    stage.msg(Msg::Ran("codecs", Ok(lines)));
    assert_eq!(stage.model.mode, Mode::Phone, "whoever types goes on typing");
}

#[test]
fn a_click_chooses_a_row() {
    let mut stage = stage(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    stage.keys("Ctrl-p");
    write(&mut stage, "mute");
    assert_eq!(commands(stage.click("mute-speaker")), [Command::Mute { path: SoundPath::Speaker }]);
}

#[test]
fn help_shows_the_keys_of_the_view_first_and_does_them_there() {
    let mut stage = stage(80, 24);
    stage.keys("b");
    stage.key("F1");
    let screen = stage.screen();
    let (own, all) = (screen.find("in contacts: somebody new"), screen.find("answer: Answer"));
    assert!(own.is_some() && own < all, "{screen}");
    write(&mut stage, "Insert");
    stage.keys("Enter");
    assert_eq!(stage.model.mode, Mode::Contacts(Pane::Form));
}

#[test]
fn pictures_of_the_palette() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let size = format!("{columns}x{rows}");
        let mut stage = stage(columns, rows);
        stage.keys(":");
        picture(&format!("palette_{size}"), &stage);
        write(&mut stage, "ho");
        picture(&format!("palette_found_{size}"), &stage);
        stage.keys("Ctrl-u");
        write(&mut stage, "call ");
        picture(&format!("palette_prompt_{size}"), &stage);
        stage.keys("Esc");
        let fields = serde_json::json!({
            "accounts": [{"id": 1, "label": "Office", "aor": "101@pbx.example.net", "registered": true, "transport": "udp"}],
            "state": "idle", "volume": 80, "dnd": false,
        });
        let lines = tuiphone::ui::sheet::outline(fields.as_object().unwrap());
        stage.msg(Msg::Ran("status", Ok(lines)));
        picture(&format!("sheet_{size}"), &stage);
    }
}
