//! The switchboard: keys, clicks and pictures.

use crate::pictures::picture;
use crate::stage::{Stage, call, commands, light, lights};
use tuiphone::control::{CallInfo, CallState, Command, LightInfo, LightState, Party, SoundPath, TransferTo};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::model::Mode;

/// Those of a small office, one of each state among them, and names nobody would choose.
fn office(many: usize) -> Vec<LightInfo> {
    use LightState::{Away, Busy, Idle, Offline, Ringing, Unknown};
    let names = [
        "Alice Smith",
        "Bob Baker",
        "日本語の名前がとても長い人",
        "Zoë Groß",
        "שלום עליכם",
        "Workshop in the old building",
        "e\u{301}te\u{301}",
        "Reception",
    ];
    let states = [Idle, Busy, Idle, Away, Ringing, Idle, Offline, Unknown, Busy];
    let one = |at: usize| {
        let state = states[at % states.len()];
        let remote = (state == Busy).then(|| Party {
            uri: "sip:201@pbx.example.net".into(),
            user: "201".into(),
            name: Some("Carol Clark".into()),
        });
        LightInfo { name: Some(names[at % names.len()].into()), remote, ..light(&format!("{}", 100 + at), state) }
    };
    (0..many).map(one).collect()
}

fn board(columns: u16, rows: u16, lights: Vec<LightInfo>) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.status.lights = lights;
    stage.tell();
    stage.keys("w");
    stage
}

fn dialled(target: &str) -> Command {
    Command::Dial { target: target.into(), account: Some("101@pbx.example.net".into()) }
}

#[test]
fn whoever_is_chosen_is_called_picked_up_and_found() {
    let pick_up = |number: Option<&str>| Command::Pickup {
        number: number.map(str::to_owned),
        account: number.map(|_| "101@pbx.example.net".into()),
    };
    // Three beside each other: 102 103 104 / 105 106 park1 / park2.
    for (keys, expected) in [
        ("Enter", vec![dialled("102")]),
        ("Right Enter", vec![pick_up(Some("103"))]),
        ("l p", vec![pick_up(Some("103"))]),
        ("p", vec![pick_up(None)]),
        ("Down Enter", vec![dialled("105")]),
        ("j l l k Enter", vec![dialled("104")]),
        ("Right Right Down Down Enter", vec![dialled("park2")]),
        ("End h Enter", vec![dialled("park1")]),
        ("End Up Enter", vec![dialled("105")]),
        ("End Down PgDn Enter", vec![dialled("park2")]),
        ("PgUp Up Left Enter", vec![dialled("102")]),
        ("/ p a r k Enter Right Enter", vec![dialled("park2")]),
        ("1 0 5 Down Enter", vec![dialled("105")]),
        ("/ p Esc Enter", vec![dialled("102")]),
        ("/ n o b o d y Enter Enter", vec![]),
        ("t", vec![]),
        ("T", vec![]),
        ("Esc Enter", vec![]),
        ("w Enter", vec![]),
        ("m Enter", vec![Command::Mute { path: SoundPath::Mic }, dialled("102")]),
    ] {
        let mut stage = board(80, 24, lights());
        assert_eq!(stage.keys(keys), expected, "{keys}");
    }
    assert_eq!(board(80, 24, Vec::new()).keys("Enter p t c"), [], "nobody is watched");
    let mut stage = board(80, 24, lights());
    stage.keys("End");
    stage.status.lights.truncate(1);
    stage.tell();
    assert_eq!(stage.keys("Enter"), [dialled("102")], "the chosen one is gone");
}

#[test]
fn a_call_is_handed_over_from_the_switchboard() {
    let to = |id: &str, to| Command::Transfer { call: Some(id.into()), to };
    let number = |number: &str| TransferTo::Number(number.into());
    let talk = |id: &str, state, user: &str| call(id, state, user, "");
    let one = || vec![talk("c1", CallState::Connected, "201")];
    let two = || vec![talk("c1", CallState::Held, "201"), talk("c2", CallState::Connected, "102")];
    let rings = || vec![talk("c1", CallState::Incoming, "201")];
    for (calls, keys, expected) in [
        (one(), "t", vec![to("c1", number("102"))]),
        (one(), "Enter t", vec![to("c1", number("102"))]),
        (one(), "Enter Esc", vec![]),
        (one(), "Enter Enter", vec![dialled("102")]),
        (one(), "Enter Right Right Enter", vec![]),
        (one(), "T", vec![dialled("102")]),
        // Who was asked is on the line: the one that waits is put through.
        (two(), "t", vec![to("c1", TransferTo::Call(Some("c2".into())))]),
        (two(), "T", vec![to("c1", TransferTo::Call(Some("c2".into())))]),
        (two(), "Right Right t", vec![to("c2", number("104"))]),
        (vec![talk("c1", CallState::Connected, "102")], "t", vec![]),
        (rings(), "t", vec![]),
        (rings(), "a", vec![Command::Answer { call: Some("c1".into()) }]),
        (rings(), "/ a", vec![]),
        (rings(), "/ F2", vec![Command::Answer { call: Some("c1".into()) }]),
    ] {
        let mut stage = board(80, 24, lights());
        let names = calls.iter().map(|call: &CallInfo| call.id.clone()).collect::<Vec<_>>();
        stage.calls(calls);
        assert_eq!(stage.keys(keys), expected, "{names:?} {keys}");
        assert!(keys.contains("Esc") || stage.model.mode == Mode::Switchboard, "{keys}: it stays open");
    }
}

#[test]
fn a_click_chooses_and_the_second_one_acts() {
    let mut stage = Stage::new(80, 24);
    stage.status.lights = lights();
    stage.tell();
    stage.click("104");
    assert_eq!(stage.keys("Enter"), [dialled("104")], "the panel leads here");
    assert_eq!(commands(stage.click("105")), []);
    assert_eq!(commands(stage.click("105")), [dialled("105")]);
    stage.click("search");
    assert!(stage.model.switchboard.searching);
    stage.click("all");
    stage.click("close");
    assert_eq!(stage.model.mode, Mode::Phone);
}

#[test]
fn it_wakes_once_a_minute_and_only_while_a_talk_is_timed() {
    let mut stage = board(80, 24, vec![light("102", LightState::Idle)]);
    assert_eq!(stage.model.next_wake(stage.now), None);
    stage.status.lights[0].state = LightState::Busy;
    stage.tell();
    let wake = stage.model.next_wake(stage.now).unwrap();
    assert_eq!((wake - stage.now).as_secs(), 60);
    stage.pass(180.0);
    assert!(!stage.msg(tuiphone::ui::msg::Msg::Tick).is_empty());
    assert!(stage.screen().contains("3 min"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(stage.model.next_wake(stage.now), None, "nobody looks");
}

#[test]
fn pictures_of_the_switchboard() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = board(columns, rows, office(40));
        stage.pass(100.0);
        stage.keys("Right");
        picture(&format!("switchboard_{columns}x{rows}"), &stage);
    }
    let mut stage = board(80, 24, lights());
    picture("switchboard_few", &stage);
    stage.calls(vec![call("c1", CallState::Connected, "201", "Alice Smith")]);
    stage.keys("Enter");
    picture("switchboard_transfer", &stage);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
    stage.keys("/ p a r");
    picture("switchboard_search_incoming", &stage);
    picture("switchboard_none", &board(80, 24, Vec::new()));
    let mut stage = board(80, 24, office(12));
    stage.glyphs = ASCII;
    stage.status.lights.retain(|light| light.called().is_ascii());
    stage.tell();
    assert!(stage.screen().is_ascii());
    picture("switchboard_ascii", &stage);
}

#[test]
fn thousands_are_drawn_by_what_is_seen() {
    let mut stage = board(80, 24, office(10_000));
    stage.keys("End");
    assert!(stage.screen().contains("10099"), "{}", stage.screen());
    stage.keys("/ 1 0 0 9 9 Enter");
    assert_eq!(stage.keys("Enter"), [dialled("10099")]);
}

#[test]
fn whoever_has_a_call_on_hold_is_told_so_in_sign_letter_and_words() {
    let alice = Party { uri: "sip:201@h".into(), user: "201".into(), name: Some("Alice Smith".into()) };
    let held = LightInfo { remote: Some(alice), ..light("102", LightState::Held) };
    let mut stage = board(80, 24, vec![held, light("103", LightState::Busy)]);
    let screen = stage.screen();
    assert!(screen.contains("Switchboard: 2, 1 talking, 1 on hold"), "{screen}");
    assert!(screen.contains("‖ on hold Alice Smith") && screen.contains("‖ on hold: Alice Smith (201)"), "{screen}");
    stage.pass(120.0);
    stage.status.lights[0].state = LightState::Busy;
    stage.tell();
    stage.pass(1.0);
    stage.status.lights[0].state = LightState::Held;
    stage.tell();
    stage.pass(130.0);
    assert!(stage.screen().contains("on hold: Alice Smith (201), for 2 min"), "{}", stage.screen());
    stage.glyphs = ASCII;
    assert!(stage.screen().contains("= on hold"), "{}", stage.screen());
    stage.keys("Esc");
    assert!(stage.screen().contains("= 102  on hold (Alice Smith)"), "in the panel: {}", stage.screen());
    let many = board(80, 24, (100..200).map(|number: u8| light(&number.to_string(), LightState::Held)).collect());
    assert!(many.screen().contains("▌H 101"), "{}", many.screen());
}
