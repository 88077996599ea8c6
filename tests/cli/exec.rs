//! A program as the other end of a call's sound: real scripts on real calls.

use crate::support::{Finished, House, until};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tuiphone::media::tone::goertzel_dbfs;

const TONE: f32 = 700.0;

/// A script in the house's folder, which it knows as `$HERE`.
fn script(house: &House, text: &str) -> String {
    let path = house.folder.path().join("program");
    let here = house.folder.path().display();
    std::fs::write(&path, format!("#!/bin/sh\nHERE='{here}'\n{text}")).expect("written");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it may be run");
    path.display().to_string()
}

fn file(house: &House, name: &str) -> PathBuf {
    house.folder.path().join(name)
}

fn text(house: &House, name: &str) -> String {
    std::fs::read_to_string(file(house, name)).unwrap_or_default()
}

/// Seconds of a tone, s16le.
pub fn tone(seconds: f32, rate: u32) -> Vec<u8> {
    let sample = |n: u32| 0.3 * (n as f32 / rate as f32 * TONE * std::f32::consts::TAU).sin();
    (0..(seconds * rate as f32) as u32).flat_map(|n| ((sample(n) * 32_767.0) as i16).to_le_bytes()).collect()
}

/// Whether some quarter of a second of this sound is the tone.
pub fn has_tone(bytes: &[u8], rate: u32) -> bool {
    let samples: Vec<f32> =
        bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
    samples.chunks(rate as usize / 4).any(|part| goertzel_dbfs(part, TONE, rate) > -25.0)
}

fn call(house: &House, number: &str, program: &str, more: &[&str]) -> Finished {
    house.run(&[&["call", number, "--json", "--exec", program], more].concat())
}

#[test]
fn a_program_says_and_hears_the_sound_of_its_call_and_its_end_is_told() {
    let house = House::open();
    std::fs::write(file(&house, "tone.raw"), tone(20.0, 16_000)).expect("written");
    let program = script(&house, "cat \"$HERE/tone.raw\" &\ncat > \"$HERE/heard.raw\"\nexit 7\n");
    let done = call(&house, "600", &program, &["--duration", "3"]);
    assert_eq!(done.code, 0, "{done:?}");
    let told = done.json();
    assert_eq!((&told["outcome"], &told["call"]["ended_by"]), (&"answered".into(), &"local".into()), "{told}");
    assert_eq!(told["exec"], serde_json::json!({"exit_code": 7, "signal": null, "ended_by": "call"}));
    let heard = std::fs::read(file(&house, "heard.raw")).expect("what it heard");
    assert!(has_tone(&heard, 16_000), "{} bytes without the tone", heard.len());
}

#[test]
fn a_program_is_told_what_happens_and_is_obeyed() {
    let house = House::open();
    let program = script(
        &house,
        "echo $TUIPHONE_CALL $TUIPHONE_NUMBER $TUIPHONE_RATE secret=$TUIPHONE_PASSWORD$TUIPHONE_HTTP_TOKEN > \"$HERE/env\"\n\
         echo '{\"verb\":\"dtmf\",\"digits\":\"5\",\"id\":77}' >&4\n\
         while read -r line <&3; do\n\
           echo \"$line\" >> \"$HERE/told\"\n\
           case $line in *'\"id\":77'*) echo 'hangup' >&4;; esac\n\
         done\n\
         echo end >> \"$HERE/told\"\n",
    );
    let mut command = house.program(&["call", "605", "--json", "--exec", &program, "--exec-rate", "8000"]);
    command.env("TUIPHONE_PASSWORD", &house.password).env("TUIPHONE_HTTP_TOKEN", "hidden");
    let done = crate::support::finish(command);
    assert_eq!((done.code, &done.json()["exec"]["exit_code"]), (0, &0.into()), "{done:?}");
    let told = text(&house, "told");
    crate::support::shape::all_told(&told);
    let lines: Vec<&str> = told.lines().collect();
    let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let (first, last) = (value(lines[0]), value(lines[lines.len() - 2]));
    assert_eq!((&first["event"], &first["call"]["state"]), (&"call_answered".into(), &"connected".into()), "{first}");
    assert_eq!((&last["event"], &last["call"]["outcome"]), (&"call_ended".into(), &"answered".into()), "{last}");
    assert_eq!(lines.last(), Some(&"end"), "nothing comes after its call: {told}");
    let reply = lines.iter().find(|line| line.contains("\"id\":77")).map(|line| value(line)).expect("a reply");
    assert_eq!((&reply["verb"], &reply["ok"]), (&"dtmf".into(), &true.into()), "{reply}");
    let id = first["call"]["id"].as_str().expect("an id");
    assert_eq!((id, text(&house, "env")), ("c1", "c1 605 8000 secret=\n".to_owned()));
}

/// What it has said is played to its end, then the call is over.
#[test]
fn a_program_that_ends_takes_its_call_along_when_all_is_said() {
    let house = House::open();
    std::fs::write(file(&house, "tone.raw"), tone(2.0, 16_000)).expect("written");
    let program = script(&house, "cat \"$HERE/tone.raw\"\nexit 9\n");
    let done = call(&house, "600", &program, &[]);
    assert_eq!(done.code, 0, "{done:?}");
    let told = done.json();
    assert_eq!(told["exec"], serde_json::json!({"exit_code": 9, "signal": null, "ended_by": "itself"}));
    assert!(told["call"]["duration"].as_f64() > Some(1.8), "{told}");
}

#[test]
fn a_program_that_does_not_end_is_ended_with_all_it_started() {
    let house = House::open();
    // It hangs up by itself once it is deaf to what it will be told.
    let text_of = "trap '' TERM\nsh -c 'trap \"\" TERM; sleep 600' &\necho $! > \"$HERE/child\"\n\
                   echo hangup >&4\nsleep 600\n";
    let program = script(&house, text_of);
    let done = call(&house, "600", &program, &[]);
    assert_eq!((done.code, &done.json()["exec"]["signal"]), (0, &9.into()), "{done:?}");
    let child = text(&house, "child");
    let gone = || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        state.is_empty() || state.contains(") Z")
    };
    assert!(!child.is_empty() && until(gone), "{child} lives on");
}

#[test]
fn one_that_talks_without_end_or_never_listens_holds_nobody_up() {
    let house = House::open();
    for (program, more) in [("yes", "0.5"), ("sleep 600", "1.5")] {
        let done = call(&house, "601", program, &["--duration", more]);
        assert_eq!((done.code, &done.json()["outcome"]), (0, &"answered".into()), "{program}: {done:?}");
        assert_eq!(done.json()["exec"]["ended_by"], "call", "{program}");
    }
}

#[test]
fn a_program_may_be_there_from_the_beginning() {
    let house = House::open();
    let program = script(&house, "head -n 1 <&3 > \"$HERE/told\"\ncat > /dev/null\n");
    let done = call(&house, "602", &program, &["--exec-early"]);
    assert_eq!((done.code, &done.json()["exec"]["exit_code"]), (20, &0.into()), "{done:?}");
    assert!(text(&house, "told").contains("\"event\":\"call_outgoing\""), "{}", text(&house, "told"));
}

#[test]
fn what_cannot_be_run_rings_nobody() {
    let house = House::open();
    for (program, why) in [
        ("/no/such/program x", "--exec: cannot run /no/such/program: there is no such program"),
        ("no-such-program", "--exec: cannot run no-such-program: there is no such program"),
        ("sh 'x", "--exec: a quote is not closed"),
        ("", "--exec: it is empty"),
    ] {
        let done = call(&house, "600", program, &[]);
        assert_eq!(done.code, 2, "{program}: {done:?}");
        assert!(done.stderr.contains(why) && !done.stderr.contains("calling"), "{program}: {done:?}");
    }
    let done = house.run(&["call", "600", "--exec", "cat", "--no-wait"]);
    assert_eq!(done.code, 2, "{done:?}");
}

/// Beside a phone that runs the call is that phone's: no second one registers, and its microphone is not in it.
#[test]
fn beside_a_phone_that_runs_the_program_has_a_call_of_that_phone() {
    let house = House::open();
    let daemon = house.daemon();
    let mut watching = daemon.connect();
    watching.ask("watch");
    std::fs::write(file(&house, "tone.raw"), tone(20.0, 16_000)).expect("written");
    let program = script(
        &house,
        ": > \"$HERE/heard.raw\"\ncat \"$HERE/tone.raw\" 2>/dev/null &\n\
         (while [ $(wc -c < \"$HERE/heard.raw\") -lt 48000 ]; do sleep 0.1; done; echo hangup >&4) &\n\
         while read -r line <&3; do echo \"$line\" >> \"$HERE/told\"; done &\n\
         cat > \"$HERE/heard.raw\"\nwait\nexit 7\n",
    );
    let done = call(&house, "600", &program, &["--timeout", "25"]);
    assert_eq!((done.code, &done.json()["exec"]["exit_code"]), (0, &7.into()), "{done:?}");
    assert_eq!(watching.await_event("call_ended")["call"]["sip_call_id"], done.json()["call"]["sip_call_id"]);
    let heard = std::fs::read(file(&house, "heard.raw")).expect("what it heard");
    assert!(has_tone(&heard, 16_000), "{} bytes without the tone", heard.len());
    let told = text(&house, "told");
    assert!(told.lines().next().is_some_and(|line| line.contains("\"event\":\"call_answered\"")), "{told}");
    assert!(told.lines().last().is_some_and(|line| line.contains("\"event\":\"call_ended\"")), "{told}");
    assert!(!done.stderr.contains("registered"), "one phone is enough: {done:?}");
    // All is said before it is over.
    std::fs::write(file(&house, "tone.raw"), tone(1.0, 16_000)).expect("written");
    let done = call(&house, "600", &script(&house, "cat \"$HERE/tone.raw\"\n"), &[]);
    assert_eq!((done.code, &done.json()["exec"]["ended_by"]), (0, &"itself".into()), "{done:?}");
    assert!(done.json()["call"]["duration"].as_f64() > Some(0.9), "{done:?}");
    // What cannot be run rings nobody there either, and what is told to go takes its call along.
    assert_eq!(call(&house, "600", "/no/such/program", &[]).code, 2);
    watching.await_event("call_ended");
    let mut child = house.program(&["call", "600", "--exec", "sleep 600"]).spawn().expect("it starts");
    assert_eq!(watching.await_event("call_answered")["call"]["remote"]["user"], "600");
    child.kill().expect("killed");
    child.wait().expect("its end");
    assert_eq!(watching.await_event("call_ended")["call"]["remote"]["user"], "600");
    // Standard input and output are such a thing too.
    let mut piped =
        house.program(&["--audio-out", "pipe:16000", "--audio-in", "pipe:16000", "call", "600", "--duration", "2"]);
    std::fs::write(file(&house, "tone.raw"), tone(3.0, 16_000)).expect("written");
    let said = std::fs::File::open(file(&house, "tone.raw")).expect("there");
    let heard = std::fs::File::create(file(&house, "heard.raw")).expect("made");
    let mut child = piped.stdin(said).stdout(heard).spawn().expect("it starts");
    assert!(until(|| child.try_wait().expect("its state").is_some()), "it ends");
    let heard = std::fs::read(file(&house, "heard.raw")).expect("what it heard");
    assert!(has_tone(&heard, 16_000), "{} bytes without the tone", heard.len());
    assert_eq!(watching.await_event("call_ended")["call"]["status"], 200);
}
