//! Keys as rows: a state, what is pressed, what is asked of the phone.

use crate::stage::{Stage, account, asking, call, commands, shortcuts};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::Duration;
use tuiphone::control::feed::Feed;
use tuiphone::control::{
    AccountInfo, CallInfo, CallState, Command, CommandError, Event as News, ExitCode, FaceAsk, HangupWhich,
    PlayingInfo, PlayingState, Press, RecordAct, RecordingInfo, RecordingState, ShortcutInfo, SoundPath, Switch,
    TransferTo, VoicePart, VoicemailInfo, VolumeChange,
};
use tuiphone::ui::msg::{Action, Msg, Urgency};

pub fn dial(target: &str) -> Command {
    Command::Dial { target: target.into(), account: None }
}

fn tone(digit: &str) -> Command {
    Command::Dtmf { call: Some("c1".into()), digits: digit.into(), press: Press::Tap, via: None }
}

fn hangup(id: &str) -> Command {
    Command::Hangup { which: HangupWhich::Call(id.into()) }
}

#[test]
fn keys_ask_the_phone() {
    use CallState::{Calling, Connected, EarlyMedia, Held, Incoming};
    let c = |n: &str| Some(n.to_owned());
    let mute = |path| Command::Mute { path };
    let louder = |by| Command::Volume { path: SoundPath::Speaker, change: VolumeChange::By(by) };
    let transfer = |id: &str, to| Command::Transfer { call: c(id), to };
    let number = |number: &str| TransferTo::Number(number.into());
    let to = |id: &str| TransferTo::Call(c(id));
    type Row<'a> = (&'a [(&'a str, CallState)], &'a str, Vec<Command>);
    let rows: Vec<Row> = vec![
        (&[], "6 0 0 Enter", vec![dial("600")]),
        (&[], "6 0 0 Enter Enter", vec![dial("600")]),
        (&[], "6 0 0 Enter Enter Enter", vec![dial("600"), dial("600")]),
        (&[], "+ 4 9 Left Left 0 Enter", vec![dial("+049")]),
        (&[], "6 0 1 Backspace 0 Enter", vec![dial("600")]),
        (&[], "/ b o b @ h q ? a Enter", vec![dial("bob@hq?a")]),
        (&[], "Tab a Enter", vec![dial("a")]),
        (&[], "6 Esc Enter", vec![]),
        (&[], "Enter a r h o", vec![]),
        (&[("c1", Incoming)], "a", vec![Command::Answer { call: c("c1") }]),
        (&[("c1", Incoming)], "F2", vec![Command::Answer { call: c("c1") }]),
        (&[("c1", Incoming)], "r", vec![Command::Reject { call: c("c1"), code: None }]),
        (&[("c1", Incoming)], "Enter Space", vec![]),
        (&[("c1", Incoming)], "/ a r h", vec![]),
        (&[("c1", Incoming)], "5 a r h", vec![]),
        (&[("c1", Incoming)], "5 a F2", vec![Command::Answer { call: c("c1") }]),
        (&[("c1", Incoming)], "? F3", vec![Command::Reject { call: c("c1"), code: None }]),
        (&[("c1", Connected), ("c2", Incoming)], "a", vec![Command::Answer { call: c("c2") }]),
        (&[("c1", Connected)], "1 # *", vec![tone("1"), tone("#"), tone("*")]),
        (&[("c1", EarlyMedia)], "4", vec![tone("4")]),
        (&[("c1", Calling)], "4 2 Enter", vec![dial("42")]),
        (&[("c1", Connected)], "/ 6 0 1 Enter", vec![dial("601")]),
        (&[("c1", Connected)], "h", vec![hangup("c1")]),
        (&[("c1", Calling)], "F4", vec![hangup("c1")]),
        (&[("c1", Connected), ("c2", Held)], "h", vec![]),
        (&[("c1", Connected), ("c2", Held)], "h h", vec![hangup("c1")]),
        (&[("c1", Connected), ("c2", Held)], "F4 F4", vec![hangup("c1")]),
        (&[("c1", Connected), ("c2", Held)], "h 2", vec![hangup("c2")]),
        (&[("c1", Connected), ("c2", Held)], "h Down y", vec![hangup("c2")]),
        (&[("c1", Connected), ("c2", Held)], "h a", vec![Command::Hangup { which: HangupWhich::All }]),
        (&[("c1", Connected), ("c2", Held)], "h Esc", vec![]),
        (&[("c1", Connected), ("c2", Held)], "h 9", vec![]),
        (&[("c1", Connected)], "o", vec![Command::Hold { call: c("c1") }]),
        (&[("c1", Held)], "o", vec![Command::Resume { call: c("c1") }]),
        (&[("c1", Connected), ("c2", Held)], "F6", vec![Command::Resume { call: c("c2") }]),
        (&[("c1", Connected), ("c2", Held)], "Down o", vec![Command::Resume { call: c("c2") }]),
        (&[("c1", Connected)], "F9 2 0 3 Enter", vec![transfer("c1", number("203"))]),
        (&[("c1", Held)], "t b o b F9", vec![transfer("c1", number("bob"))]),
        (&[("c1", Connected)], "t Enter Esc 5", vec![tone("5")]),
        (&[("c1", Connected)], "t 2 0 3 Tab", vec![dial("203")]),
        (&[("c1", Connected)], "t 2 Left 1 Esc Enter", vec![]),
        (&[("c1", Calling)], "F9", vec![]),
        // Whoever waits goes to whoever was asked, whichever of them is chosen.
        (&[("c1", Held), ("c2", Connected)], "t Enter", vec![transfer("c1", to("c2"))]),
        (&[("c1", Held), ("c2", Connected)], "Up t Enter", vec![transfer("c1", to("c2"))]),
        (&[("c1", Held), ("c2", Connected)], "t 2 0 3 Enter", vec![transfer("c2", number("203"))]),
        (&[("c1", Held), ("c2", Connected), ("c3", Held)], "t Down Enter", vec![transfer("c3", to("c2"))]),
        (&[], "p", vec![Command::Pickup { number: None, account: None }]),
        (&[], "2 0 1 Alt-p", vec![Command::Pickup { number: c("201"), account: None }]),
        (&[("c1", Connected)], "P", vec![Command::Park { call: c("c1"), number: None }]),
        (&[("c1", Held)], "/ 7 0 0 Ctrl-k", vec![Command::Park { call: c("c1"), number: c("700") }]),
        (&[("c1", Calling)], "P", vec![]),
        (&[], "R", vec![Command::Retrieve { number: None, account: None }]),
        (&[], "7 0 1 Ctrl-r", vec![Command::Retrieve { number: c("701"), account: None }]),
        (&[("c1", Held), ("c2", Connected)], "C", vec![Command::Conference { calls: Vec::new() }]),
        (&[("c1", Connected)], "e", vec![Command::Record { call: c("c1"), act: RecordAct::Start { file: None } }]),
        (&[("c1", Calling)], "e y", vec![]),
        (&[("c1", Connected)], "/ / a Ctrl-y", vec![Command::Play { call: c("c1"), file: "/a".into(), alone: false }]),
        (&[("c1", Connected)], "y", vec![]),
        (&[], "m M", vec![mute(SoundPath::Mic), mute(SoundPath::Speaker)]),
        (&[], "PgUp PgDn", vec![louder(5), louder(-5)]),
        (&[("c1", Connected)], "? h o l d Enter", vec![Command::Hold { call: c("c1") }]),
    ];
    for (calls, keys, expected) in rows {
        let mut stage = Stage::new(80, 24);
        stage.calls(calls.iter().map(|(id, state)| call(id, *state, "600", "")).collect());
        assert_eq!(stage.keys(keys), expected, "{calls:?} {keys}");
    }
}

#[test]
fn what_is_recorded_or_played_is_stopped_by_the_same_key() {
    let mut stage = Stage::new(80, 24);
    let mut info = call("c1", CallState::Connected, "600", "");
    for (state, act) in [
        (RecordingState::Opening, RecordAct::Stop),
        (RecordingState::Recording, RecordAct::Stop),
        (RecordingState::Paused, RecordAct::Stop),
        (RecordingState::Ended, RecordAct::Start { file: None }),
        (RecordingState::Failed, RecordAct::Start { file: None }),
    ] {
        info.recording = Some(RecordingInfo { state, file: "/r/a.ogg".into(), ..RecordingInfo::default() });
        stage.calls(vec![info.clone()]);
        assert_eq!(stage.keys("e"), [Command::Record { call: Some("c1".into()), act }], "{state:?}");
        assert_eq!(stage.screen().matches(" REC ").count() > 1, state == RecordingState::Recording, "{state:?}");
    }
    for (state, expected) in
        [(PlayingState::Playing, vec![Command::StopPlaying { call: Some("c1".into()) }]), (PlayingState::Ended, vec![])]
    {
        info.playing = Some(PlayingInfo { state, file: "/r/a.wav".into(), reason: None });
        stage.calls(vec![info.clone()]);
        assert_eq!(stage.keys("y"), expected, "{state:?}");
    }
}

#[test]
fn the_mailbox_is_called_where_something_waits() {
    let mailbox = |waiting, number: &str| {
        Some(VoicemailInfo { waiting, number: Some(number.into()), ..VoicemailInfo::default() })
    };
    let mut stage = Stage::new(80, 24);
    assert_eq!(stage.keys("v"), [], "no mailbox is known");
    assert!(stage.screen().contains("no mailbox is known"));
    let other = AccountInfo { id: 2, aor: "7@branch".into(), selected: false, ..account() };
    stage.status.accounts = vec![
        AccountInfo { voicemail: mailbox(false, "*97"), ..account() },
        AccountInfo { voicemail: mailbox(false, "*98"), ..other },
    ];
    stage.tell();
    let dialled = |target: &str, account: &str| Command::Dial { target: target.into(), account: Some(account.into()) };
    assert_eq!(stage.keys("v"), [dialled("*97", "101@pbx.example.net")]);
    stage.status.accounts[1].voicemail = mailbox(true, "*98");
    stage.tell();
    assert_eq!(stage.keys("v"), [dialled("*98", "7@branch")]);
}

#[test]
fn the_microphone_and_the_line_are_tested_by_a_key() {
    let mut stage = Stage::new(100, 30);
    assert_eq!(stage.keys("l"), [], "no echo service is known");
    assert!(stage.screen().contains("echoNumber"));
    stage.status.echo = Some("*43".into());
    assert!(stage.screen().contains("T test"), "{}", stage.screen());
    stage.tell();
    assert_eq!(stage.keys("l"), [Command::Dial { target: "*43".into(), account: None }]);
    assert_eq!(stage.keys("T"), [Command::TestAudio]);
    assert_eq!(stage.levels(-20.0, -96.0), [], "nothing sounds yet");
    stage.status.testing = true;
    stage.tell();
    stage.levels(-20.0, -96.0);
    assert!(stage.screen().contains("-20 dBFS") && !stage.screen().contains("T test"), "{}", stage.screen());
    stage.status.testing = false;
    stage.tell();
    assert!(!stage.screen().contains("-20 dBFS"), "{}", stage.screen());
}

#[test]
fn what_becomes_of_incoming_calls_is_a_key_away() {
    let forward = |number: Option<&str>| Command::Forward { number: number.map(str::to_owned) };
    let mut stage = Stage::new(80, 24);
    assert_eq!(stage.keys("d f 6 0 1 Ctrl-f"), [Command::Dnd { on: true }, forward(Some("601"))]);
    stage.status.dnd = true;
    stage.status.auto_answer = true;
    stage.status.forward = Some("601".into());
    stage.tell();
    let screen = stage.screen();
    assert!(screen.contains("DND") && screen.contains("FWD 601") && screen.contains("ANSWERS ITSELF"), "{screen}");
    assert_eq!(stage.keys("Ctrl-d f"), [Command::Dnd { on: false }, forward(None)]);
}

#[test]
fn a_call_that_is_ignored_leaves_the_screen_and_can_still_be_answered() {
    let mut stage = Stage::new(80, 24);
    assert_eq!(stage.keys("g"), [], "nothing rings");
    let rings = || call("c1", CallState::Incoming, "600", "Bob");
    stage.calls(vec![rings()]);
    assert_eq!(stage.keys("g"), [Command::Ignore { call: Some("c1".into()) }]);
    stage.calls(vec![CallInfo { ignored: true, ..rings() }]);
    assert_eq!(stage.keys("g"), []);
    assert_eq!(stage.keys("F2"), [Command::Answer { call: Some("c1".into()) }]);
}

#[test]
fn shortcuts_are_pressed_by_their_numbers_where_the_settings_show_them() {
    let shortcut = |n, act: &str| ShortcutInfo { n, act: act.into(), number: "102".into(), ..ShortcutInfo::default() };
    let mut stage = Stage::new(80, 24);
    stage.status.shortcuts = vec![shortcut(1, "call"), shortcut(2, "message")];
    stage.tell();
    assert_eq!(stage.keys("Alt-1"), [], "they are off");
    assert!(stage.screen().contains("enableShortcuts=1"), "{}", stage.screen());
    assert!(!stage.screen().contains("Shortcuts from"), "nor are they shown: {}", stage.screen());
    stage.status.shortcuts_shown = true;
    stage.tell();
    assert!(stage.screen().contains("Shortcuts from"), "{}", stage.screen());
    assert_eq!(stage.keys("Alt-1"), [Command::Shortcut { which: "1".into(), text: None }]);
    assert_eq!(stage.keys("Alt-3"), []);
    assert!(stage.screen().contains("there is no shortcut 3"), "{}", stage.screen());
    stage.status.shortcuts = shortcuts();
    stage.tell();
    for (text, which) in
        [("Bob", "1"), ("Night service", "3"), ("Door", "4"), ("keys 1#", "4"), ("Boss", "5"), ("106", "7")]
    {
        let pressed = commands(stage.click(text));
        assert_eq!(pressed, [Command::Shortcut { which: which.into(), text: None }], "{text}");
    }
    stage.status.shortcuts = vec![shortcut(1, "call"), shortcut(2, "message")];
    stage.tell();
    // One that writes opens the conversation.
    stage.keys("Alt-2 h i");
    let written = stage.keys("Enter");
    assert!(
        matches!(&written[..], [Command::Message { target, text, .. }] if target == "102" && text == "hi"),
        "{written:?}"
    );
}

#[test]
fn what_is_done_to_the_voice_is_a_key_away() {
    let voice = |part, how| Command::Voice { part, how };
    let mut stage = Stage::new(80, 24);
    stage.status.voice.aec = "auto".into();
    stage.tell();
    let off = [voice(VoicePart::Echo, Switch::Off), voice(VoicePart::Noise, Switch::On)];
    assert_eq!(stage.keys("E N"), off);
    stage.status.voice.aec = "off".into();
    stage.status.voice.noise_suppression = true;
    stage.status.voice.mic_boost_db = 12;
    stage.tell();
    let on = [voice(VoicePart::Echo, Switch::Auto), voice(VoicePart::Noise, Switch::Off)];
    assert_eq!(stage.keys("E N"), on);
    assert_eq!(stage.keys("G B"), [voice(VoicePart::Gain, Switch::On), voice(VoicePart::Boost, Switch::Off)]);
    stage.status.calls = vec![call("c1", CallState::Connected, "600", "")];
    stage.status.voice.active = vec!["aec".into()];
    stage.status.mic_muted = true;
    stage.status.voice.talking_muted = true;
    stage.tell();
    stage.event(News::TalkingMuted);
    let screen = stage.screen();
    for shown in ["echo canceller", "MIC MUTED: YOU TALK", "the microphone is muted", "m opens it"] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
}

#[test]
fn a_transfer_whose_call_ends_asks_no_more() {
    let mut stage = Stage::new(80, 24);
    let [one, two] = ["c1", "c2"].map(|id| call(id, CallState::Connected, "600", ""));
    stage.calls(vec![one.clone(), two]);
    assert_eq!(stage.keys("t 2"), []);
    stage.calls(vec![one]);
    assert_eq!(stage.keys("Backspace Enter"), [], "there is nobody left to connect with");
    stage.calls(Vec::new());
    assert_eq!(stage.keys("Esc 6 0 0 Enter"), [dial("600")]);
}

#[test]
fn whoever_asks_for_a_call_is_answered_like_one() {
    let mut stage = Stage::new(80, 24);
    stage.status.asks.push(asking());
    assert!(stage.tell().contains(&Action::Draw(Urgency::Now)));
    assert_eq!(stage.keys("Enter"), [], "not by a key that dials");
    assert_eq!(stage.keys("a"), [Command::Answer { call: Some("r1".into()) }]);
    assert_eq!(stage.keys("F3"), [Command::Reject { call: Some("r1".into()), code: None }]);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "")]);
    assert_eq!(stage.keys("a"), [Command::Answer { call: Some("c1".into()) }], "a call comes first");
    let actions = stage.event(tuiphone::control::Event::CallAsked { ask: asking() });
    assert!(actions.contains(&Action::Bell));
}

#[test]
fn muted_paths_open_again() {
    let mut stage = Stage::new(80, 24);
    stage.status.mic_muted = true;
    stage.tell();
    assert_eq!(stage.keys("m"), [Command::Unmute { path: SoundPath::Mic }]);
}

#[test]
fn a_pasted_line_break_never_dials() {
    let mut stage = Stage::new(80, 24);
    assert_eq!(commands(stage.msg(Msg::Paste("+49 (0)40 / 123-45\n".into()))), []);
    assert_eq!(stage.keys("Enter"), [dial("+494012345")]);
}

#[test]
fn a_released_key_is_no_digit() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "")]);
    let mut key = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::NONE);
    for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
        key.kind = kind;
        assert_eq!(stage.msg(Msg::of_terminal(Event::Key(key))), []);
    }
}

#[test]
fn a_key_is_held_where_the_terminal_tells_when_it_is_let_go_of() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "")]);
    let mut key = |code, kind| {
        let event = KeyEvent { kind, ..KeyEvent::new(code, KeyModifiers::NONE) };
        commands(stage.msg(Msg::of_terminal(Event::Key(event))))
    };
    let (five, six) = (KeyCode::Char('5'), KeyCode::Char('6'));
    let sent = |press| vec![Command::Dtmf { call: Some("c1".into()), digits: "5".into(), press, via: None }];
    use KeyEventKind::{Press as Pressed, Release, Repeat};
    assert_eq!(key(five, Pressed), sent(Press::Tap), "nobody knows yet");
    assert_eq!(key(five, Release), []);
    assert_eq!(key(five, Pressed), sent(Press::Down));
    assert_eq!([key(five, Pressed), key(five, Repeat), key(six, Release)], [vec![], vec![], vec![]]);
    assert_eq!(key(five, Release), sent(Press::Up));
    assert_eq!(key(five, Pressed), sent(Press::Down));
}

#[test]
fn the_mouse_presses_what_it_points_at() {
    let mut stage = Stage::new(80, 24);
    stage.click("8 ");
    stage.click("wxyz");
    assert_eq!(commands(stage.click("Enter call")), [dial("89")]);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
    assert_eq!(commands(stage.click("a ANSWER")), [Command::Answer { call: Some("c1".into()) }]);
    assert_eq!(commands(stage.click("REJECT")), [Command::Reject { call: Some("c1".into()), code: None }]);
    stage.calls(vec![call("c1", CallState::Connected, "201", "Alice"), call("c2", CallState::Held, "202", "Bob")]);
    stage.click("Bob");
    assert_eq!(stage.keys("o"), [Command::Resume { call: Some("c2".into()) }]);
    stage.click("Alice");
    assert_eq!(commands(stage.click("pqrs")), [tone("7")]);
}

#[test]
fn leaving_asks_only_if_a_call_would_end() {
    for (stays, calls, keys, leaves) in [
        (true, 1, "q", true),
        (true, 0, "Ctrl-q", true),
        (false, 0, "q", true),
        (false, 1, "q", false),
        (false, 1, "q y", true),
        (false, 1, "q n", false),
        (false, 1, "Ctrl-c", true),
        (true, 0, "/ q", false),
        (true, 0, "/ Ctrl-c", true),
    ] {
        let mut stage = Stage::new(80, 24);
        stage.model.stays = stays;
        stage.calls((0..calls).map(|n| call(&format!("c{n}"), CallState::Connected, "600", "")).collect());
        let left = keys.split(' ').flat_map(|key| stage.key(key)).any(|action| action == Action::Quit);
        assert_eq!(left, leaves, "stays {stays}, {calls} calls, {keys}");
    }
}

#[test]
fn a_refused_number_comes_back_with_the_reason() {
    let mut stage = Stage::new(80, 24);
    let asked = stage.keys("6 0 x Enter").remove(0);
    let refusal = CommandError {
        code: ExitCode::NotFound,
        kind: "no_account",
        message: "cannot call 60x: no account is registered".into(),
        hint: Some("see the accounts".into()),
    };
    assert_eq!(stage.msg(Msg::Reply(asked, Err(refusal))), [Action::Draw(Urgency::Now)]);
    let screen = stage.screen();
    assert!(screen.contains("no account is registered · see the accounts"), "{screen}");
    assert_eq!(stage.keys("Enter"), [dial("60x")]);
}

#[test]
fn what_changes_nothing_draws_nothing() {
    let mut stage = Stage::new(80, 24);
    assert_eq!(stage.tell(), []);
    stage.status.accounts[0].expires_in = Some(3);
    assert_eq!(stage.tell(), [], "a countdown nobody sees");
    assert_eq!(stage.levels(-20.0, -20.0), [], "levels without a call");
    assert_eq!(stage.msg(Msg::Resize(80, 24)), []);
    assert_eq!(stage.msg(Msg::Tick), []);
    assert_eq!(stage.model.next_wake(stage.now), None, "an idle phone sleeps");
    stage.calls(vec![call("c1", CallState::Held, "600", "")]);
    assert_eq!(stage.tell(), []);
    stage.status.calls[0].media.as_mut().unwrap().tx_packets += 50;
    assert_eq!(stage.tell(), [], "counters wait for the timer's frame");
    stage.status.calls[0].media.as_mut().unwrap().codec = "PCMA".into();
    assert_eq!(stage.tell(), [Action::Draw(Urgency::Now)]);
    assert_eq!(stage.levels(-20.0, -20.0), [Action::Draw(Urgency::Meter)]);
}

#[test]
fn a_live_call_wakes_once_a_second() {
    let mut stage = Stage::new(60, 12);
    stage.calls(vec![call("c1", CallState::Connected, "600", "")]);
    let mut wakes = 0;
    let end = stage.now + std::time::Duration::from_secs(10);
    while let Some(wake) = stage.model.next_wake(stage.now).filter(|wake| *wake <= end) {
        assert!(wake > stage.now);
        stage.now = wake;
        assert_eq!(stage.msg(Msg::Tick), [Action::Draw(Urgency::Now)]);
        wakes += 1;
    }
    assert_eq!(wakes, 10);
    assert!(stage.screen().contains("00:22"));
}

#[test]
fn a_phone_that_went_away_is_told_and_left_alone() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "")]);
    stage.msg(Msg::Feed(Feed::Closed("the daemon has ended".into())));
    assert!(stage.screen().contains("the daemon has ended"));
    assert_eq!(stage.keys("6 0 0 Enter h m"), []);
    assert_eq!(stage.key("Ctrl-q"), [Action::Quit]);
}

#[test]
fn what_others_ask_waits_for_a_key() {
    let face = |ask| Msg::Feed(Feed::Face(ask));
    let fill = |number: &str| face(FaceAsk::Fill { number: number.into() });
    let mut stage = Stage::new(80, 24);
    stage.keys("6 0 1");
    let asked = stage.msg(fill("+4940123"));
    assert!(asked.contains(&Action::Raise) && commands(asked).is_empty(), "a link dials nothing");
    assert!(stage.screen().contains("a link asks to call +4940123"), "{}", stage.screen());
    assert_eq!(stage.keys("Enter"), [dial("+4940123")]);
    stage.msg(fill("601"));
    assert!(stage.keys("Esc Enter").is_empty(), "what was not wanted is gone");
    let mut stage = Stage::new(80, 24);
    stage.msg(fill(""));
    assert_eq!(stage.keys("b o b Enter"), [dial("bob")], "the field takes letters");

    let digits = || face(FaceAsk::Digits { digits: "12#".into() });
    assert!(commands(stage.msg(digits())).is_empty() && stage.screen().contains("there is no call"));
    stage.calls(vec![call("c1", CallState::Connected, "600", "")]);
    stage.msg(digits());
    assert!(stage.screen().contains("send these digits to 600?"), "{}", stage.screen());
    assert_eq!(stage.keys("Enter"), [tone("12#")]);
    stage.msg(digits());
    assert!(stage.keys("Esc").is_empty());
    assert_eq!(stage.keys("5"), [tone("5")]);

    assert_eq!(stage.msg(face(FaceAsk::Hide)), [Action::Quit]);
    stage.model.stays = false;
    assert!(!stage.msg(face(FaceAsk::Hide)).contains(&Action::Quit), "the phone would end with it");
}

#[test]
fn the_pause_after_a_talk_counts_down_and_can_be_ended() {
    let mut stage = Stage::new(80, 24);
    assert!(!stage.screen().contains("end the pause"));
    stage.status.wrap_up = Some(3);
    stage.tell();
    for left in ["WRAPPING UP 3 s", "WRAPPING UP 2 s", "WRAPPING UP 1 s"] {
        assert!(stage.screen().contains(left), "{left}: {}", stage.screen());
        let wake = stage.model.next_wake(stage.now).expect("it counts");
        assert_eq!(wake - stage.now, Duration::from_secs(1));
        stage.now = wake;
        assert!(!stage.msg(Msg::Tick).is_empty(), "a frame each second");
    }
    assert!(!stage.screen().contains("WRAPPING") && stage.model.next_wake(stage.now).is_none());
    // What the phone says again in whole seconds moves nothing.
    stage.status.wrap_up = Some(30);
    stage.tell();
    stage.pass(0.7);
    assert_eq!(stage.tell(), [], "the same");
    assert!(stage.screen().contains("WRAPPING UP 30 s") && stage.screen().contains("z end the pause"));
    assert_eq!(stage.keys("z"), [Command::Available]);
    stage.status.wrap_up = None;
    assert!(!stage.tell().is_empty() && !stage.screen().contains("WRAPPING"));
}
