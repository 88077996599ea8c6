//! `decideIncoming`: real scripts that decide about calls from the exchange, quickly, slowly and wrongly.

use crate::support::shape;
use crate::support::{Daemon, House, Wire, until};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// A daemon whose calls this script decides about.
fn house(script: &str, more: &str) -> (House, Daemon) {
    let house = House::open();
    let path = house.folder.path().join("decide.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it may be run");
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    let own = format!("[tuiphone]\r\ndecideIncoming=./decide.sh\r\n{more}");
    std::fs::write(house.ini(), format!("{ini}{own}")).expect("written");
    let daemon = house.daemon();
    (house, daemon)
}

/// Has 700 call back; who listens has heard of the call to it end.
fn called_back(daemon: &Daemon) -> Wire {
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("call 700")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    watching
}

#[test]
fn a_program_is_told_and_refuses() {
    let (house, daemon) =
        house("cat > told\necho \"$TUIPHONE_EVENT $TUIPHONE_NUMBER $1\" > named\necho reject 603", "");
    let ended = called_back(&daemon).await_event("call_ended");
    assert_eq!((&ended["call"]["status"], &ended["call"]["outcome"]), (&603.into(), &"denied".into()), "{ended}");
    let read = |name: &str| std::fs::read_to_string(house.folder.path().join(name)).expect("the script ran");
    let told: Value = serde_json::from_str(read("told").trim()).expect("a line of JSON");
    shape::told(&told);
    assert_eq!((&told["event"], &told["call"]["remote"]["user"]), (&"call_incoming".into(), &"700".into()), "{told}");
    assert_eq!(read("named").trim(), "IncomingCall 700 700");
}

#[test]
fn a_program_answers_and_names() {
    let (_house, daemon) = house("echo name Ann of the CRM\necho accept", "");
    let mut watching = called_back(&daemon);
    let incoming = watching.await_event("call_incoming");
    assert_eq!(
        (&incoming["call"]["remote"]["name"], &incoming["call"]["rings"]),
        (&"Ann of the CRM".into(), &Value::Bool(false))
    );
    let answered = watching.await_event("call_answered");
    assert_eq!((&answered["call"]["id"], &answered["call"]["auto_answered"]), (&incoming["call"]["id"], &true.into()));
}

#[test]
fn an_announcement_is_heard_to_its_end() {
    let (house, daemon) = house("echo play closed.wav", "");
    std::fs::write(house.folder.path().join("closed.wav"), silence(8000, 4000)).expect("written");
    let mut watching = called_back(&daemon);
    let playing = watching.await_event("call_playing");
    assert!(playing["call"]["playing"]["file"].as_str().is_some_and(|file| file.ends_with("closed.wav")), "{playing}");
    let ended = watching.await_event("call_ended");
    assert_eq!(
        (&ended["call"]["id"], &ended["call"]["ended_by"]),
        (&playing["call"]["id"], &"local".into()),
        "{ended}"
    );
}

/// Half a second of silence, mono, 16 bits.
fn silence(rate: u32, samples: u32) -> Vec<u8> {
    let size = samples * 2;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + size).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&[1, 0, 1, 0]);
    wav.extend_from_slice(&rate.to_le_bytes());
    wav.extend_from_slice(&(rate * 2).to_le_bytes());
    wav.extend_from_slice(&[2, 0, 16, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&size.to_le_bytes());
    wav.resize(wav.len() + size as usize, 0);
    wav
}

#[test]
fn who_thinks_too_long_fails_or_babbles_decides_nothing() {
    for (script, more, part) in [
        ("sleep 60 & echo $! > child; sleep 60", "decideTimeout=1\r\n", "has said nothing for 1 s"),
        ("exit 3", "", "ended with exit status: 3"),
        ("echo let me see", "", "is none of accept, reject"),
        ("yes accept", "", "ended with"),
        ("echo accept; echo reject", "", "decides twice"),
    ] {
        let (house, daemon) = house(script, more);
        let mut watching = called_back(&daemon);
        let told = watching.await_event("error");
        assert!(told["message"].as_str().is_some_and(|words| words.contains(part)), "{script}: {told}");
        let incoming = watching.await_event("call_incoming");
        assert_eq!(incoming["call"]["rings"], true, "{script}: {incoming}");
        if let Ok(child) = std::fs::read_to_string(house.folder.path().join("child")) {
            let process = std::path::PathBuf::from(format!("/proc/{}/stat", child.trim()));
            let is_gone = || std::fs::read_to_string(&process).map_or(true, |stat| stat.contains(") Z "));
            assert!(until(is_gone), "what it has started is stopped too");
        }
        assert_eq!(daemon.connect().ask("hangup --all")["ok"], true);
    }
}
