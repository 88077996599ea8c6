//! Screens as pictures.

use crate::stage::{Stage, account, asking, call, ended, lights, message, shortcuts};
use ratatui::style::Color;
use std::fs;
use std::path::Path;
use tuiphone::control::{
    AccountInfo, CallState, Event, PlayingInfo, PlayingState, RecordingInfo, RecordingState, RegistrationState,
    TlsTrust, TransferInfo, TransferState, VoicemailInfo,
};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::theme::{ColorDepth, Looks, Theme, looks_of};

/// Compares with `expected/NAME.txt`.
pub fn picture(name: &str, stage: &Stage) {
    assert_picture(name, &stage.screen());
}

/// A screen is as the file of this name has it.
pub fn assert_picture(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/expected").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        fs::write(&path, drawn).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    assert!(drawn == expected, "{name}\nexpected\n{expected}\ndrawn\n{drawn}");
}

fn in_call(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    for step in 0..120 {
        stage.tenth(-40.0 + (step % 17) as f32, -30.0 + (step % 29) as f32);
    }
    stage.levels(-23.4, -8.0);
    stage
}

fn two_calls(columns: u16, rows: u16) -> Stage {
    let mut stage = in_call(columns, rows);
    stage.calls(vec![
        call("c1", CallState::Held, "201", "Alice Smith"),
        call("c2", CallState::Connected, "600", "Echo"),
    ]);
    stage.levels(-31.0, -52.0);
    stage
}

#[test]
fn what_protects_the_sound_is_shown() {
    let mut stage = Stage::new(100, 30);
    let with = |id, srtp: Option<&str>| {
        let mut info = call(id, CallState::Connected, "600", "Echo");
        info.media.get_or_insert_default().srtp = srtp.map(str::to_owned);
        info
    };
    stage.calls(vec![
        with("c1", Some("AES_CM_128_HMAC_SHA1_80, keys over TLS")),
        with("c2", Some("AES_CM_128_HMAC_SHA1_80, keys in clear")),
        with("c3", None),
    ]);
    picture("in_call_encrypted_100x30", &stage);
}

#[test]
fn idle() {
    picture("idle", &Stage::new(80, 24));
}

#[test]
fn registration_failed() {
    let mut stage = Stage::new(80, 24);
    stage.status.accounts.push(AccountInfo {
        id: 2,
        label: "Branch".into(),
        aor: "7@branch.example.org".into(),
        state: RegistrationState::Failed,
        registered: false,
        status: Some(403),
        reason: Some("Forbidden (bad auth)".into()),
        selected: false,
        ..account()
    });
    stage.status.accounts.push(AccountInfo {
        id: 3,
        label: String::new(),
        aor: "9@slow.example.org".into(),
        state: RegistrationState::Registering,
        selected: false,
        ..account()
    });
    stage.tell();
    stage.event(Event::Error {
        message: "7@branch.example.org: registration refused, 403 Forbidden".into(),
        hint: Some("check the password".into()),
    });
    picture("registration_failed", &stage);
}

/// A phone without a registrar is as ready as it will be.
#[test]
fn an_account_without_a_registrar_is_ready() {
    let mut stage = Stage::new(80, 24);
    let local = AccountInfo {
        id: 0,
        label: "Local".into(),
        transport: "udp".into(),
        direct: true,
        selected: true,
        ..AccountInfo::default()
    };
    stage.status.accounts = vec![local];
    stage.tell();
    let screen = stage.screen();
    assert!(screen.contains("ready Local") && screen.contains("ready, no registrar"), "{screen}");
    assert!(!screen.contains("off"), "{screen}");
}

#[test]
fn voicemail() {
    let mut stage = Stage::new(80, 24);
    let voicemail = VoicemailInfo { waiting: true, new: 2, ..VoicemailInfo::default() };
    stage.status.accounts = vec![AccountInfo { voicemail: Some(voicemail), ..account() }];
    stage.tell();
    picture("voicemail", &stage);
}

#[test]
fn lamps_on_a_small_screen() {
    let mut stage = Stage::new(40, 10);
    let voicemail = VoicemailInfo { waiting: true, new: 2, ..VoicemailInfo::default() };
    stage.status.accounts = vec![AccountInfo { voicemail: Some(voicemail), ..account() }];
    stage.status.lights = lights();
    stage.tell();
    picture("lamps_40x10", &stage);
}

#[test]
fn a_server_that_proves_nothing_is_told_everywhere() {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let mut stage = Stage::new(columns, rows);
        stage.status.accounts =
            vec![AccountInfo { transport: "tls".into(), tls: Some(TlsTrust::Unverified), ..account() }];
        stage.tell();
        picture(&format!("unverified_{columns}x{rows}"), &stage);
    }
}

#[test]
fn watched() {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let mut stage = Stage::new(columns, rows);
        stage.status.lights = lights();
        stage.tell();
        picture(&format!("watched_{columns}x{rows}"), &stage);
    }
    let mut stage = in_call(80, 24);
    stage.status.lights = lights();
    stage.glyphs = ASCII;
    stage.tell();
    assert!(stage.screen().is_ascii());
    picture("watched_in_call_ascii", &stage);
}

#[test]
fn shortcuts_and_the_pause_after_a_talk() {
    for (columns, rows) in [(80, 24), (120, 40), (64, 24), (40, 10)] {
        let mut stage = Stage::new(columns, rows);
        stage.status.shortcuts = shortcuts();
        stage.status.shortcuts_shown = true;
        stage.status.lights = lights();
        stage.status.wrap_up = Some(12);
        stage.tell();
        picture(&format!("shortcuts_{columns}x{rows}"), &stage);
    }
    let mut stage = in_call(80, 24);
    stage.status.shortcuts = shortcuts();
    stage.status.shortcuts_shown = true;
    stage.glyphs = ASCII;
    stage.tell();
    assert!(stage.screen().is_ascii());
    picture("shortcuts_in_call_ascii", &stage);
}

fn written(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    for message in [
        message("m1", "201", "Alice Smith", "Can you take the call from Hamburg at three?", None),
        message("m2", "201", "Alice Smith", "Yes, put them through.", Some(200)),
        message("m3", "203", "", "?", Some(480)),
        message("m4", "202", "Bob", "Lunch\nat one?", None),
        message("m5", "201", "Alice Smith", "Thank you. They will ring twice.", None),
    ] {
        stage.event(Event::Message { message });
    }
    stage.status.unread = 3;
    stage.tell();
    stage
}

#[test]
fn messages() {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let size = format!("{columns}x{rows}");
        let mut stage = written(columns, rows);
        picture(&format!("message_comes_{size}"), &stage);
        stage.keys("c");
        picture(&format!("messages_{size}"), &stage);
        stage.keys("Enter G o o d .");
        let from = message("", "201", "", "", None).remote;
        stage.event(Event::Composing { account: "101@pbx.example.net".into(), remote: from, for_s: 90 });
        picture(&format!("thread_{size}"), &stage);
        stage.keys("Esc End Enter n o w Enter");
        picture(&format!("thread_sending_{size}"), &stage);
    }
    let mut stage = Stage::new(80, 24);
    stage.keys("c");
    picture("messages_none", &stage);
}

#[test]
fn typing_a_number() {
    let mut stage = Stage::new(80, 24);
    stage.keys("6 0 0");
    picture("typing", &stage);
}

#[test]
fn dialling_and_ringing_out() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Calling, "600", "")]);
    picture("dialling", &stage);
    stage.calls(vec![call("c1", CallState::Ringing, "600", "")]);
    stage.pass(4.0);
    picture("ringing_out", &stage);
}

#[test]
fn incoming() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
    stage.pass(3.0);
    picture("incoming", &stage);
    stage.keys("5 5 5");
    picture("incoming_while_typing", &stage);
}

#[test]
fn in_a_call() {
    let mut stage = in_call(80, 24);
    stage.keys("1 2 #");
    stage.pass(1.0);
    picture("in_call", &stage);
    stage.status.mic_muted = true;
    stage.tell();
    picture("in_call_muted", &stage);
}

#[test]
fn held_and_a_second_call() {
    let mut stage = two_calls(80, 24);
    picture("two_calls", &stage);
    stage.keys("h");
    picture("hang_up_which", &stage);
}

#[test]
fn conference_recorded_and_played_to() {
    let mut stage = two_calls(100, 24);
    let mut calls = vec![
        call("c1", CallState::Connected, "201", "Alice Smith"),
        call("c2", CallState::Connected, "600", "Echo"),
        call("c3", CallState::Held, "204", "Bob"),
    ];
    calls.iter_mut().take(2).for_each(|call| call.conference = true);
    let file = "/home/me/20260101-120000-600-outgoing-Office.ogg".to_owned();
    calls[1].recording = Some(RecordingInfo { state: RecordingState::Recording, file, ..RecordingInfo::default() });
    calls[0].playing =
        Some(PlayingInfo { state: PlayingState::Playing, file: "/home/me/hello.wav".into(), reason: None });
    stage.calls(calls);
    picture("conference", &stage);
}

#[test]
fn handing_over() {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let mut stage = two_calls(columns, rows);
        stage.keys("t");
        picture(&format!("transfer_{columns}x{rows}"), &stage);
        stage.keys("2 0 3");
        picture(&format!("transfer_number_{columns}x{rows}"), &stage);
        stage.keys("Esc");
        let mut calls = stage.status.calls.clone();
        calls[0].transfer = Some(TransferInfo {
            to: "sip:203@pbx.example.net".into(),
            with: None,
            state: TransferState::Accepted,
            parked_at: None,
            status: Some(180),
            reason: Some("Ringing".into()),
        });
        stage.calls(calls.clone());
        picture(&format!("transferring_{columns}x{rows}"), &stage);
        let over = calls.remove(0);
        stage.calls(calls);
        for parked_at in [None, Some("701".to_owned())] {
            let mut call = ended(over.clone(), 200, "OK", "answered");
            if let Some(transfer) = call.transfer.as_mut() {
                (transfer.state, transfer.parked_at) = (TransferState::Done, parked_at);
            }
            stage.event(Event::CallEnded { call });
        }
        picture(&format!("transferred_{columns}x{rows}"), &stage);
    }
}

#[test]
fn picked_up_and_asked() {
    let mut stage = Stage::new(80, 24);
    stage.status.asks.push(asking());
    stage.tell();
    picture("asked_80x24", &stage);
    let mut taken = call("c1", CallState::Connected, "201", "Alice Smith");
    taken.picks_up = Some("103".into());
    stage.calls(vec![taken]);
    picture("asked_in_call_80x24", &stage);
}

#[test]
fn after_calls() {
    let mut stage = Stage::new(80, 24);
    let busy = ended(call("c1", CallState::Ringing, "602", ""), 486, "Busy Here", "busy");
    stage.event(Event::CallEnded {
        call: ended(call("c0", CallState::Connected, "600", "Echo"), 200, "OK", "answered"),
    });
    stage.event(Event::CallEnded { call: busy });
    picture("after_calls", &stage);
}

#[test]
fn help() {
    let mut stage = in_call(80, 24);
    stage.keys("? Down");
    picture("help", &stage);
    stage.keys("h o l d");
    picture("help_search", &stage);
}

#[test]
fn small_screens_still_answer_and_hang_up() {
    for (columns, rows) in [(40, 10), (20, 5)] {
        let mut stage = Stage::new(columns, rows);
        picture(&format!("idle_{columns}x{rows}"), &stage);
        stage.calls(vec![call("c1", CallState::Incoming, "201", "Alice Smith")]);
        picture(&format!("incoming_{columns}x{rows}"), &stage);
        picture(&format!("in_call_{columns}x{rows}"), &in_call(columns, rows));
    }
    picture("two_calls_40x10", &two_calls(40, 10));
    let mut help = in_call(40, 10);
    help.keys("?");
    picture("help_40x10", &help);
}

#[test]
fn large_screens_show_more() {
    picture("in_call_120x40", &in_call(120, 40));
    picture("two_calls_300x100", &two_calls(300, 100));
}

#[test]
fn without_unicode_and_colour() {
    let mut stage = two_calls(80, 24);
    stage.glyphs = ASCII;
    stage.theme = Theme::new(&Looks::default(), ColorDepth::None);
    assert!(stage.screen().is_ascii());
    picture("two_calls_ascii", &stage);
    stage.calls(vec![call("c3", CallState::Incoming, "201", "Alice Smith")]);
    assert!(stage.screen().is_ascii());
    picture("incoming_ascii", &stage);
}

#[test]
fn wide_and_long_names_stay_in_their_cells() {
    let mut stage = Stage::new(80, 24);
    let name = "日本語の名前がとても長い人".repeat(8);
    stage.calls(vec![call("c1", CallState::Incoming, "201", &name), call("c2", CallState::Connected, "9", &name)]);
    let screen = stage.screen();
    assert!(screen.lines().all(|line| line.chars().count() <= 80));
    assert!(screen.lines().any(|line| line.ends_with("00:12 │")), "the timer was pushed off\n{screen}");
}

#[test]
fn a_theme_with_a_background_has_it_behind_every_view() {
    for keys in ["", "?", ":", "Space", "b", "i", "c", "w", "L", "Q", "O", "A", ",", "D", "/ 6"] {
        let mut stage = in_call(80, 24);
        stage.theme = Theme::new(&looks_of("dark"), ColorDepth::True);
        stage.keys(keys);
        let cells = stage.cells();
        let bare = cells.content().iter().filter(|cell| cell.bg == Color::Reset).count();
        assert_eq!(bare, 0, "after {keys}");
    }
}
