//! Calls as pipes: what is read at whose pace, what a pipe that runs dry does, and the examples of its page as they stand.

use crate::exec::{has_tone, tone};
use crate::support::{House, PATIENCE, bare, finish, lines_of, signal};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const RATE: u32 = 16_000;
/// A pipe of the system's, and what the phone reads ahead.
const HELD: usize = 65_536 + 10_000;

/// A call whose sound is standard input and output.
fn piped(house: &House, number: &str) -> Child {
    let mut command = house.program(&["--audio-in", "pipe:16000", "--audio-out", "pipe:16000", "call", number]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// Reads until there is so much, or it is as is wished.
fn read_until(from: &mut ChildStdout, bytes: &mut Vec<u8>, so: impl Fn(&[u8]) -> bool) -> bool {
    let (mut buffer, begin) = ([0; 3_200], bytes.len());
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        if so(&bytes[begin..]) {
            return true;
        }
        if bytes.len() - begin > RATE as usize * 2 * PATIENCE.as_secs() as usize {
            break;
        }
    }
    false
}

fn interrupted(mut child: Child) -> Option<i32> {
    signal(&child, "INT");
    let mut rest = child.stdout.take().expect("its stdout");
    std::thread::spawn(move || std::io::copy(&mut rest, &mut std::io::sink()));
    child.wait().expect("its end").code()
}

#[test]
fn a_pipe_waits_for_the_answer_and_then_goes_at_the_pace_of_the_call() {
    let house = House::open();
    for (number, most) in [("604", HELD), ("600", 5 * RATE as usize * 2 + 2 * HELD)] {
        let mut child = piped(&house, number);
        let (taken, mut input) = (Arc::new(AtomicUsize::new(0)), child.stdin.take().expect("its stdin"));
        let counted = taken.clone();
        std::thread::spawn(move || {
            for part in tone(120.0, RATE).chunks(1_000) {
                if input.write_all(part).is_err() {
                    return;
                }
                counted.fetch_add(part.len(), Ordering::Relaxed);
            }
        });
        let mut out = child.stdout.take().expect("its stdout");
        // Five seconds, of ringing or of the echo.
        let five_s = |bytes: &[u8]| bytes.len() >= 5 * RATE as usize * 2;
        assert!(read_until(&mut out, &mut Vec::new(), five_s), "{number}");
        let taken = taken.load(Ordering::Relaxed);
        assert!(taken <= most, "{number}: {taken} of at most {most} bytes were taken");
        child.stdout = Some(out);
        assert_eq!(interrupted(child), Some(130), "{number}");
    }
}

#[test]
fn a_pipe_that_runs_dry_is_silence_and_goes_on_when_there_is_more() {
    let house = House::open();
    let mut child = piped(&house, "600");
    let lines = lines_of(child.stderr.take().expect("its stderr"));
    while !lines.recv_timeout(PATIENCE).expect("it connects").starts_with("connected") {}
    let mut input = child.stdin.take().expect("its stdin");
    let mut out = child.stdout.take().expect("its stdout");
    let quarter = RATE as usize / 4 * 2;
    let is_silent = |bytes: &[u8]| {
        let last = &bytes[bytes.len().saturating_sub(quarter)..];
        last.len() == quarter && last.chunks_exact(2).all(|pair| i16::from_le_bytes([pair[0], pair[1]]).abs() < 300)
    };
    for round in 0..2 {
        input.write_all(&tone(1.0, RATE)).expect("taken");
        assert!(read_until(&mut out, &mut Vec::new(), |bytes| has_tone(bytes, RATE)), "{round}: the tone");
        assert!(read_until(&mut out, &mut Vec::new(), is_silent), "{round}: silence");
    }
    drop(input);
    // Nor is the end of it the end of the call.
    assert!(read_until(&mut out, &mut Vec::new(), |bytes| bytes.len() >= quarter));
    child.stdout = Some(out);
    assert_eq!(interrupted(child), Some(130));
}

#[test]
fn standard_input_and_output_are_for_one_thing_each() {
    let house = House::open();
    for (words, why) in [
        (&["--audio-out", "pipe:", "call", "600", "--json"][..], "--audio-out pipe: and --json"),
        (&["--audio-out", "pipe:", "call", "600", "--ndjson"], "--audio-out pipe: and --ndjson"),
        (&["--audio-in", "pipe:", "--password", "-", "call", "600"], "--audio-in pipe: and --password -"),
    ] {
        let done = house.run(words);
        assert!(done.code == 2 && done.stderr.contains(why) && done.stdout.len() < 500, "{words:?}: {done:?}");
    }
}

/// The lines of the section on pipes, run as they stand, by a shell as a person's, beside the built-in exchange.
#[test]
fn the_examples_of_the_page_work() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scripts.md")).expect("the page");
    let section = page.split("\n## Calls as pipes\n").nth(1).expect("its section");
    let block = section.split("```").nth(1).expect("its examples");
    let lines: Vec<&str> = block.lines().skip(1).filter(|line| line.contains("tuiphone")).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    let house = House::open();
    let folder = house.folder.path().join("bin");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(house.folder.path().join("speech.raw"), tone(3.0, 22_050)).expect("written");
    let (program, here) = (env!("CARGO_BIN_EXE_tuiphone"), house.folder.path().display());
    let (ini, socket) = (house.ini(), house.socket());
    for (name, text) in [
        ("tuiphone", format!("exec '{program}' --ini '{}' --socket '{}' \"$@\"", ini.display(), socket.display())),
        ("espeak-ng", format!("cat '{here}/speech.raw'")),
        ("recogniser", format!("wc -c > '{here}/heard'")),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it may be run");
    }
    for line in lines {
        let _ = std::fs::remove_file(house.folder.path().join("heard"));
        let mut shell = Command::new("sh");
        let environment = bare(house.folder.path(), &[]);
        shell.env_clear().envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        shell.args(["-c", line]).current_dir(house.folder.path()).stdin(Stdio::null());
        let done = finish(shell);
        assert_eq!(done.code, 0, "{line}: {done:?}");
        assert!(done.stderr.contains("connected") || line.contains("-q"), "{line}: {done:?}");
        if line.contains("recogniser") {
            let heard = std::fs::read_to_string(house.folder.path().join("heard")).unwrap_or_default();
            assert!(heard.trim().parse::<u64>().is_ok_and(|bytes| bytes > 16_000), "{line}: it heard {heard}");
        }
    }
}
