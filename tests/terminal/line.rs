//! Line mode as it is read and heard: transcripts that a person can judge, played against a daemon beside the built-in
//! exchange, through a pipe and in a pseudo-terminal. Not one ESC byte is written.
//!
//! In a transcript `> ` is typed, `= ` is done by somebody else through the control socket, `~ ` may come in any order with its
//! neighbours, everything else is said, and nothing else is. Times and addresses are `N seconds`, `HOST`.

use crate::screen::Screen;
use crate::support::{Daemon, House, PATIENCE};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const INCOMING: &str = include_str!("transcripts/incoming.txt");
const TRANSFER: &str = include_str!("transcripts/transfer.txt");
const LISTS: &str = include_str!("transcripts/lists.txt");
const SETTINGS: &str = include_str!("transcripts/settings.txt");

/// Line mode on a pipe.
struct Pipe {
    child: Child,
    input: Option<std::process::ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Pipe {
    fn open(house: &House, arguments: &[&str]) -> Pipe {
        let mut command = house.program(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut reading = BufReader::new(child.stdout.take().expect("its output"));
        let (out, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while reading.by_ref().read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                let is_plain = bytes.iter().all(|byte| *byte >= 0x20 || *byte == b'\n');
                let line = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
                let line = if is_plain { line } else { format!("not plain: {line:?}") };
                if out.send(line).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        Pipe { input: child.stdin.take(), child, lines }
    }

    fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(format!("{line}\n").as_bytes()).and_then(|()| input.flush()).expect("typed");
    }

    /// The next sentence; how fast the microphone's voice is found to be muted is the machine's affair.
    fn next(&self) -> Option<String> {
        let next = || self.lines.recv_timeout(PATIENCE).ok().map(|line| plain(&line));
        std::iter::from_fn(next).find(|line| !line.starts_with("You are talking, and the microphone is muted"))
    }

    /// Closes the input: how it ends.
    fn ended(mut self) -> (i32, Vec<String>) {
        drop(self.input.take());
        let mut rest = Vec::new();
        while let Some(line) = self.next() {
            rest.push(line);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("its state") {
                Some(status) => return (status.code().unwrap_or(-1), rest),
                None if Instant::now() > deadline => {
                    let _ = self.child.kill();
                    panic!("the end of its input does not end it");
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// Without what differs from one run to another.
fn plain(line: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let (core, tail) = word.split_at(word.trim_end_matches(['.', ',', ':', '?']).len());
        let is_time = matches!(core, "second" | "seconds" | "minute" | "minutes");
        if is_time && out.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit())) {
            out.pop();
            // `1 minute 2 seconds` is one time.
            if out.last().is_some_and(|last| last == "seconds") {
                out.pop();
                out.pop();
            }
            out.push("N".to_owned());
            out.push(format!("seconds{tail}"));
        } else if core.starts_with("127.0.0.1:") {
            out.push(format!("HOST{tail}"));
        } else if core.len() == 5 && core.as_bytes().get(2) == Some(&b':') {
            out.push(format!("TIME{tail}"));
        } else {
            out.push(word.to_owned());
        }
    }
    out.join(" ")
}

/// Plays a transcript from its first line to its last.
fn play(transcript: &str, house: &House, daemon: &Daemon) -> Pipe {
    let mut pipe = Pipe::open(house, &["--line"]);
    let mut wire = daemon.connect();
    let mut lines: VecDeque<&str> =
        transcript.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    while let Some(line) = lines.pop_front() {
        if let Some(typed) = line.strip_prefix("> ").or((line == ">").then_some("")) {
            pipe.types(typed);
        } else if let Some(done) = line.strip_prefix("= ") {
            assert_eq!(wire.ask(done)["ok"], true, "{done}");
        } else if line.starts_with("~ ") {
            let mut expected: Vec<&str> = line.strip_prefix("~ ").into_iter().collect();
            while let Some(next) = lines.front().and_then(|next| next.strip_prefix("~ ")) {
                expected.push(next);
                lines.pop_front();
            }
            while !expected.is_empty() {
                let said = pipe.next().unwrap_or_else(|| panic!("none of {expected:?} is said"));
                let at = expected.iter().position(|it| *it == said);
                expected.remove(at.unwrap_or_else(|| panic!("{said:?} is none of {expected:?}")));
            }
        } else {
            assert_eq!(pipe.next().as_deref(), Some(line), "in\n{transcript}");
        }
    }
    pipe
}

/// A house whose phone takes several calls at a time.
fn house() -> House {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), text.replace("[Settings]", "[Settings]\r\nsingleMode=0")).expect("written");
    house
}

/// Plays one after another against one phone.
fn played(transcripts: &[&str]) {
    let house = house();
    let daemon = house.daemon();
    for transcript in transcripts {
        let (code, rest) = play(transcript, &house, &daemon).ended();
        assert_eq!((code, rest), (0, Vec::new()), "after\n{transcript}");
    }
}

#[test]
fn incoming_calls_and_transfers_read_as_written() {
    played(&[INCOMING, TRANSFER]);
}

#[test]
fn lists_read_as_written() {
    played(&[LISTS]);
}

#[test]
fn a_change_of_settings_reads_as_written() {
    played(&[SETTINGS]);
}

#[test]
fn the_end_of_a_pipe_leaves_and_the_call_goes_on() {
    let house = house();
    let daemon = house.daemon();
    let mut pipe = Pipe::open(&house, &["--line"]);
    pipe.types("600");
    let mut said = Vec::new();
    while !said.iter().any(|line: &String| line == "Talking to 600.") {
        said.push(pipe.next().unwrap_or_else(|| panic!("no call after {said:#?}")));
    }
    // The last line has no end: half a number is none.
    let input = pipe.input.as_mut().expect("it is open");
    input.write_all(b"call 60").and_then(|()| input.flush()).expect("typed");
    let (code, rest) = pipe.ended();
    let rest: Vec<&str> = rest.iter().map(String::as_str).filter(|line| *line != "Digits are tones now.").collect();
    assert_eq!((code, rest), (0, vec!["The last line was not finished. Nothing was done.", "The call goes on."]));
    let calls = daemon.connect().ask("calls");
    assert_eq!(calls["calls"].as_array().map(Vec::len), Some(1), "{calls}");
}

#[test]
fn in_a_terminal_no_escape_is_written_and_what_is_typed_is_not_torn() {
    let house = house();
    let daemon = house.daemon();
    let mut command = house.program(&[]);
    command.env("ACCESSIBLE", "1");
    let mut screen = Screen::open(command, 60, 120);
    screen.wait_for("Registered as 100@demo.");
    screen.press("700\r");
    screen.wait_for("Talking to 700.");
    screen.press("h\r");
    // Half a line, and the call back comes in the middle of it.
    screen.press("call 6");
    screen.wait_for("\nIncoming call from ");
    screen.press("01");
    assert_eq!(daemon.connect().ask("status")["state"], "ringing", "digits do not answer");
    screen.press("\r");
    screen.wait_for("Calling 601");
    screen.wait_for("Talking to 601.");
    screen.press("r\r");
    screen.wait_for("Rejected the call from");
    screen.press("h\r");
    screen.wait_for("The call with 601 ended");
    screen.press("\u{4}");
    assert_eq!(screen.ended(), 0);
    let raw = screen.raw();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    assert!(raw.contains('\u{7}'), "an incoming call rings the bell");
}

#[test]
fn idle_line_mode_sleeps_and_writes_nothing() {
    let house = house();
    let _daemon = house.daemon();
    let mut screen = Screen::open(house.program(&["--line"]), 24, 80);
    screen.wait_for("Registered as 100@demo.");
    screen.settle();
    let wake_ups = screen.wake_ups();
    assert_eq!(screen.bytes_within(Duration::from_secs(2)), 0);
    assert_eq!(screen.wake_ups(), wake_ups);
}
