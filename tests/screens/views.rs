//! Accounts, settings and devices: keys, clicks and pictures.

use crate::pictures::picture;
use crate::stage::{Stage, account, call, commands};
use tuiphone::control::verb::Request;
use tuiphone::control::{
    AccountInfo, CallState, Command, CommandError, Event, ExitCode, RegistrationState, SettingAsk, SettingChanged,
    SettingInfo, SoundCard, SoundDevice, SoundPath, TlsTrust, VoicemailInfo, VolumeChange,
};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Answer, Msg};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (40, 10), (20, 5)];

pub fn settings() -> Vec<SettingInfo> {
    let info = |section: &str, key: &str, kind: &str, default: &str, value: &str, doc: &str| SettingInfo {
        section: section.into(),
        key: key.into(),
        kind: kind.into(),
        words: if kind == "word" { ["", "udp", "tcp", "tls"].map(str::to_owned).to_vec() } else { Vec::new() },
        value: (kind != "secret").then(|| value.into()),
        set: !value.is_empty(),
        default: Some(default.into()),
        origin: if default == value { "default" } else { "file" }.into(),
        place: (default != value).then(|| "/home/me/.config/tuiphone/microsip.ini, line 7".into()),
        doc: doc.into(),
        takes: "now".into(),
        ..SettingInfo::default()
    };
    let locked = "locked by /opt/tuiphone/override.ini, line 3";
    vec![
        SettingInfo {
            locked: Some(locked.into()),
            origin: "override".into(),
            ..info("Settings", "singleMode", "flag", "1", "0", "one call at a time")
        },
        info("Settings", "DND", "flag", "0", "1", "calls are refused while the toggle is on"),
        SettingInfo {
            takes: "restart".into(),
            ..info("Settings", "sourcePort", "number", "0", "0", "the port SIP listens on; 0 = any")
        },
        info("Settings", "ringtone", "text", "", "日本語の名前がとても長い人.wav", "a WAV file that rings"),
        info("Account1", "transport", "word", "udp", "tls", "how SIP goes"),
        info("Account1", "password", "secret", "", "x", "the password"),
        info("tuiphone", "theme", "text", "", "", "colours of the interface"),
        SettingInfo {
            kept: Some("calls are sound alone: video that is offered is declined".into()),
            default: None,
            ..info("Settings", "videoCodec", "text", "", "", "")
        },
    ]
}

fn answer(stage: &mut Stage) {
    let list = Request::Settings(SettingAsk::List);
    stage.msg(Msg::Answer(list, Ok(Answer::Settings(settings()))));
}

fn stage(columns: u16, rows: u16, key: &str) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.keys(key);
    answer(&mut stage);
    stage
}

/// What was asked about settings, a value with it.
fn asked(actions: Vec<Action>) -> Vec<(String, Option<String>)> {
    let one = |action| match action {
        Action::Ask(Request::Settings(SettingAsk::Set { name, value })) => {
            Some((name, Some(value.reveal().to_owned())))
        }
        Action::Ask(Request::Settings(SettingAsk::Unset { name })) => Some((name, None)),
        _ => None,
    };
    actions.into_iter().filter_map(one).collect()
}

fn press(stage: &mut Stage, keys: &str) -> Vec<(String, Option<String>)> {
    asked(keys.split_whitespace().flat_map(|key| stage.key(key)).collect())
}

#[test]
fn a_setting_is_turned_typed_chosen_and_taken_back() {
    let set = |name: &str, value: &str| vec![(name.to_owned(), Some(value.to_owned()))];
    for (keys, expected) in [
        ("Enter", vec![]),
        ("Down Enter", set("Settings.DND", "0")),
        ("Down Delete", vec![("Settings.DND".to_owned(), None)]),
        ("Down Down Enter End 5 Enter", set("Settings.sourcePort", "05")),
        ("Down Down Enter x Enter", vec![]),
        ("Down Down Enter Enter", vec![]),
        ("/ t h e m e Enter Enter d a r k Enter", set("tuiphone.theme", "dark")),
        ("/ h o w Enter Enter Left Enter", set("Account1.transport", "tcp")),
        ("/ h o w Enter Enter Right Right Enter", set("Account1.transport", "udp")),
        ("/ h o w Enter Enter Right Esc Enter Esc", vec![]),
        ("End Up Up Enter s e c r e t Enter", set("Account1.password", "secret")),
        ("End Up Up Enter Enter", vec![]),
        ("End Enter", vec![]),
        ("c Down Down Enter", vec![]),
        ("u", vec![]),
    ] {
        assert_eq!(press(&mut stage(80, 24, ","), keys), expected, "{keys}");
    }
    let mut stage = stage(80, 24, ",");
    press(&mut stage, "Down Enter");
    let told = SettingChanged { name: "Settings.DND".into(), changed: true, ..SettingChanged::default() };
    let ask = SettingAsk::Set { name: "Settings.DND".into(), value: tuiphone::control::Secret::new("0") };
    let next = stage.msg(Msg::Answer(Request::Settings(ask), Ok(Answer::Setting(told))));
    assert!(next.contains(&Action::Ask(Request::Settings(SettingAsk::List))));
    assert_eq!(press(&mut stage, "u"), set("Settings.DND", "1"));
    assert!(!stage.screen().contains("secret"), "{}", stage.screen());
}

#[test]
fn keys_in_the_footer_are_clicked_while_somebody_types() {
    let mut typed = stage(120, 24, ",");
    press(&mut typed, "Down Down Enter End 5");
    assert_eq!(asked(typed.click("Enter save")), [("Settings.sourcePort".to_owned(), Some("05".to_owned()))]);
    typed.click("Esc leave it");
    assert!(!typed.screen().contains("sourcePort: 05"), "{}", typed.screen());
    let mut chosen = stage(120, 24, ",");
    press(&mut chosen, "/ h o w Enter Enter");
    assert_eq!(asked(chosen.click("Enter save")), [], "it is so already");
    let mut searched = stage(120, 24, ",");
    press(&mut searched, "/ d n d");
    searched.click("Enter choose");
    assert!(searched.screen().contains("Enter turn off"), "{}", searched.screen());
}

#[test]
fn what_somebody_else_changes_is_looked_up_and_the_chosen_key_stays() {
    let changed = || Event::Config {
        message: "settings read again: DND".into(),
        changed: vec!["Settings.DND".into()],
        needs_restart: Vec::new(),
    };
    let mut stage = stage(80, 24, ",");
    stage.keys("Down Down");
    let key = |stage: &Stage| stage.model.settings.chosen().map(|info| info.key.clone());
    let before = key(&stage);
    let list = Request::Settings(SettingAsk::List);
    assert!(stage.event(changed()).contains(&Action::Ask(list.clone())));
    let more = settings().into_iter().skip(1).collect();
    stage.msg(Msg::Answer(list.clone(), Ok(Answer::Settings(more))));
    assert!(before.is_some() && key(&stage) == before, "{:?}", key(&stage));
    stage.keys("Esc");
    assert!(!stage.event(changed()).contains(&Action::Ask(list)), "nobody looks");
}

#[test]
fn what_the_phone_refuses_stays_typed_and_typing_answers_no_call() {
    let mut stage = stage(80, 24, ",");
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice")]);
    assert_eq!(stage.keys("Down Down Enter Ctrl-u a r 7"), []);
    assert!(stage.screen().contains("sourcePort: ar7"), "{}", stage.screen());
    assert_eq!(stage.keys("F2"), [Command::Answer { call: Some("c1".into()) }]);
    assert_eq!(press(&mut stage, "Enter"), []);
    assert!(stage.screen().contains("no whole number"), "{}", stage.screen());
    let asked = press(&mut stage, "Ctrl-u 9 9 9 9 9 Enter");
    assert_eq!(asked.len(), 1);
    let ask = SettingAsk::Set { name: "Settings.sourcePort".into(), value: tuiphone::control::Secret::new("99999") };
    let why = CommandError {
        code: ExitCode::Config,
        kind: "config",
        message: "cannot set Settings.sourcePort: 99999 is no port".into(),
        hint: None,
    };
    stage.msg(Msg::Answer(Request::Settings(ask), Err(why)));
    assert!(stage.screen().contains("99999 is no port") && stage.screen().contains("sourcePort: 99999"));
}

#[test]
fn a_view_over_a_half_typed_number_has_its_letters() {
    let mut stage = stage(80, 24, "/ 5 Ctrl-p s e t t i n g s Enter");
    assert_eq!(press(&mut stage, "j Enter"), [("Settings.DND".to_owned(), Some("0".to_owned()))]);
    stage.keys("Esc");
    assert!(stage.model.is_typing() && stage.model.field.text() == "5");
}

#[test]
fn accounts_are_chosen_registered_and_told_of() {
    let mut stage = Stage::new(80, 24);
    let other = AccountInfo { id: 2, label: "Branch".into(), aor: "7@branch".into(), selected: false, ..account() };
    stage.status.accounts = vec![account(), other];
    stage.tell();
    let register = |id: &str| Command::Register { account: Some(id.into()) };
    for (keys, expected) in [
        ("A R", vec![register("1")]),
        ("Down R", vec![register("2")]),
        ("U", vec![Command::Unregister { account: Some("2".into()) }]),
        ("Enter", vec![Command::SelectAccount { account: "2".into() }]),
        ("Up Enter", vec![]),
        ("m", vec![Command::Mute { path: SoundPath::Mic }]),
    ] {
        assert_eq!(stage.keys(keys), expected, "{keys}");
        assert_eq!(stage.model.mode, Mode::Accounts, "{keys}");
    }
    assert!(stage.key("y").contains(&Action::Copy("sip:101@pbx.example.net".into())));
    assert_eq!(commands(stage.click("Branch")), []);
    assert_eq!(commands(stage.click("Branch")), [Command::SelectAccount { account: "2".into() }]);
    assert!(stage.model.next_wake(stage.now).is_some_and(|wake| (wake - stage.now).as_secs() <= 10));
    stage.keys("Esc");
    assert_eq!(
        (stage.model.mode.clone(), stage.model.next_wake(stage.now).is_none_or(|wake| wake > stage.now)),
        (Mode::Phone, true)
    );
}

#[test]
fn devices_are_chosen_and_made_louder() {
    let mut stage = stage(80, 24, "D");
    let card = |direction: &str, name: &str| SoundCard {
        direction: direction.into(),
        name: name.into(),
        ..SoundCard::default()
    };
    let cards = vec![card("input", "Headset"), card("output", "Headset"), card("output", "HDMI")];
    stage.msg(Msg::Answer(Request::Devices, Ok(Answer::Cards(cards))));
    let volume = |path, by| Command::Volume { path, change: VolumeChange::By(by) };
    let device = |device, name: &str| Command::Device { device, name: name.into() };
    for (keys, expected) in [
        ("Down Enter", vec![device(SoundDevice::Input, "Headset")]),
        ("Right", vec![volume(SoundPath::Mic, 5)]),
        ("Down Left", vec![volume(SoundPath::Speaker, -5)]),
        ("Enter", vec![device(SoundDevice::Output, "default")]),
        ("End Enter", vec![device(SoundDevice::Ring, "HDMI")]),
        ("T", vec![Command::TestAudio]),
    ] {
        assert_eq!(stage.keys(keys), expected, "{keys}");
        assert_eq!(stage.model.mode, Mode::Devices, "{keys}");
    }
    assert_eq!(stage.model.next_wake(stage.now).map(|wake| wake > stage.now), Some(true), "the note alone");
}

#[test]
fn levels_that_rest_say_why() {
    let mut stage = stage(80, 24, "D");
    let why = "the microphone is closed: a call opens it, or a test (T)";
    assert!(stage.screen().contains(why), "{}", stage.screen());
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    assert!(!stage.screen().contains(why), "{}", stage.screen());
}

#[test]
fn pictures_of_accounts_settings_and_devices() {
    for (columns, rows) in SIZES {
        let mut accounts = Stage::new(columns, rows);
        let failed = AccountInfo {
            id: 2,
            label: "שלום Büro 日本語の名前".into(),
            aor: "7@branch.example.net".into(),
            state: RegistrationState::Failed,
            registered: false,
            status: Some(403),
            expires_in: None,
            reason: Some("403 Forbidden from branch.example.net: wrong user or password?".into()),
            selected: false,
            transport: "tls".into(),
            tls: Some(TlsTrust::Unverified),
            server: "branch.example.net".into(),
            hop: Some("tls 192.0.2.7:5061".into()),
            ..account()
        };
        let office = AccountInfo {
            server: "pbx.example.net".into(),
            hop: Some("udp 192.0.2.1:5060".into()),
            public: Some("198.51.100.9:40112".into()),
            voicemail: Some(VoicemailInfo {
                waiting: true,
                new: 2,
                number: Some("*97".into()),
                ..VoicemailInfo::default()
            }),
            ..account()
        };
        accounts.status.accounts = vec![office, failed];
        accounts.tell();
        accounts.keys("A");
        accounts
            .msg(Msg::Answer(Request::Codecs, Ok(Answer::Codecs(vec!["opus/48000/2".into(), "PCMA/8000/1".into()]))));
        picture(&format!("accounts_{columns}x{rows}"), &accounts);
        accounts.keys("Down");
        picture(&format!("accounts_failed_{columns}x{rows}"), &accounts);

        let mut settings = stage(columns, rows, ",");
        picture(&format!("settings_{columns}x{rows}"), &settings);
        settings.keys("/ h o w Enter Enter Right");
        picture(&format!("settings_choice_{columns}x{rows}"), &settings);

        let mut devices = stage(columns, rows, "D");
        devices.status.audio.input = "null".into();
        devices.status.audio.output = "Headset".into();
        devices.status.mic_muted = true;
        devices.tell();
        let card = |direction: &str, name: &str| SoundCard {
            direction: direction.into(),
            name: name.into(),
            ..SoundCard::default()
        };
        let cards = vec![card("input", "USB Headset, Analog Stereo 日本語"), card("output", "Headset")];
        devices.msg(Msg::Answer(Request::Devices, Ok(Answer::Cards(cards))));
        picture(&format!("devices_{columns}x{rows}"), &devices);
    }
    let mut settings = stage(80, 24, ",");
    settings.glyphs = ASCII;
    settings.keys("c");
    picture("settings_changed_ascii", &settings);
    let mut empty = Stage::new(80, 24);
    empty.status.accounts.clear();
    empty.tell();
    empty.keys("A");
    picture("accounts_none", &empty);
}
