//! `demo.tape` is played: every key typed into a shell in a pseudo-terminal, every wait met. The format is VHS's.

use crate::screen::Screen;
use crate::support::bare;
use regex_lite::Regex;
use std::path::Path;
use std::time::Duration;

/// What a tape does, line by line.
#[derive(Debug)]
enum Step {
    /// Keys, as a terminal sends them.
    Keys(String),
    /// Until the screen, or else the last line with something in it, is like this.
    Wait { screen: bool, pattern: Regex },
    /// Time for whoever watches, and pictures: nothing to be seen here.
    ForEyes,
    /// A program that must be there.
    Require(String),
    /// How the recording looks; these come first.
    Setting,
}

/// The prompt of the shell that records.
const PROMPT: &str = ">$";

fn read(tape: &str) -> Result<Vec<(usize, Step)>, String> {
    let mut steps = Vec::new();
    let mut acts = false;
    for (number, line) in (1..).zip(tape.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let step = read_step(line).ok_or_else(|| format!("line {number}: not understood: {line}"))?;
        match step {
            Step::Setting if acts => return Err(format!("line {number}: a setting after the first key: {line}")),
            Step::Keys(_) => acts = true,
            _ => {}
        }
        steps.push((number, step));
    }
    Ok(steps)
}

fn read_step(line: &str) -> Option<Step> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    let (word, _) = word.split_once('@').unwrap_or((word, ""));
    match word {
        "Output" | "Set" if !rest.is_empty() => Some(Step::Setting),
        "Require" if !rest.is_empty() => Some(Step::Require(rest.to_owned())),
        "Sleep" | "Screenshot" if !rest.is_empty() => Some(Step::ForEyes),
        "Hide" | "Show" if rest.is_empty() => Some(Step::ForEyes),
        "Type" => quoted(rest).map(|text| Step::Keys(text.to_owned())),
        "Wait" | "Wait+Line" | "Wait+Screen" => {
            let pattern = match rest {
                "" => PROMPT,
                given => given.strip_prefix('/')?.strip_suffix('/')?,
            };
            Some(Step::Wait { screen: word == "Wait+Screen", pattern: Regex::new(pattern).ok()? })
        }
        key => {
            let times = if rest.is_empty() { 1 } else { rest.parse().ok()? };
            Some(Step::Keys(key_bytes(key)?.repeat(times)))
        }
    }
}

fn quoted(text: &str) -> Option<&str> {
    ['"', '\'', '`'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
}

fn key_bytes(key: &str) -> Option<String> {
    let plain = match key {
        "Enter" => "\r",
        "Escape" => "\x1b",
        "Tab" => "\t",
        "Space" => " ",
        "Backspace" => "\x7f",
        "Up" => "\x1b[A",
        "Down" => "\x1b[B",
        "Right" => "\x1b[C",
        "Left" => "\x1b[D",
        "PageUp" => "\x1b[5~",
        "PageDown" => "\x1b[6~",
        _ => {
            let letter = key.strip_prefix("Ctrl+")?.chars().next().filter(|c| c.is_ascii_alphabetic())?;
            return Some(char::from(letter.to_ascii_uppercase() as u8 - b'@').to_string());
        }
    };
    Some(plain.to_owned())
}

fn demo_tape() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.tape")).expect("the tape")
}

#[test]
fn the_tape_of_the_demo_plays_to_its_end() {
    let home = tempfile::tempdir().expect("a folder");
    let program = Path::new(env!("CARGO_BIN_EXE_tuiphone"));
    let folder = program.parent().expect("its folder").display();
    let mut shell = std::process::Command::new("bash");
    shell.args(["--noprofile", "--norc", "-i"]);
    for (name, value) in bare(home.path(), &[]).get_envs() {
        shell.env(name, value.expect("a value"));
    }
    shell.env("PATH", format!("{folder}:/usr/bin:/bin")).env("PS1", "> ");
    let mut screen = Screen::open(shell, 30, 100);
    screen.wait_until("the prompt", |screen| screen.last_line().ends_with('>'));
    for (number, step) in read(&demo_tape()).expect("a tape") {
        match step {
            Step::Keys(keys) => {
                screen.press(&keys);
                // A letter at once behind it is that letter with Alt.
                if keys == "\x1b" {
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
            Step::Wait { screen: true, pattern } => {
                screen.wait_until(&format!("line {number}: {pattern}"), |screen| pattern.is_match(&screen.text()));
            }
            Step::Wait { screen: false, pattern } => {
                screen.wait_until(&format!("line {number}: {pattern}"), |screen| pattern.is_match(&screen.last_line()));
            }
            Step::Require(name) => assert_eq!(Some(name.as_str()), program.file_stem().and_then(|stem| stem.to_str())),
            Step::ForEyes | Step::Setting => {}
        }
    }
    assert_eq!(screen.bytes_within(Duration::from_millis(200)), 0, "nothing is left behind");
    assert!(!screen.text().contains("not found"), "{}", screen.text());
}

#[test]
fn the_tape_waits_after_every_key_and_shows_what_it_should() {
    let steps = read(&demo_tape()).expect("a tape");
    let mut open = None;
    for (number, step) in &steps {
        match step {
            Step::Keys(_) => assert_eq!(open.replace(*number), None, "line {number}: nothing was waited for before"),
            Step::Wait { .. } => open = None,
            Step::ForEyes | Step::Setting | Step::Require(_) => {}
        }
    }
    assert_eq!(open, None, "the end is waited for");
    assert!(steps.iter().any(|(_, step)| matches!(step, Step::Require(name) if name == "tuiphone")));
    let typed = |part: &str| steps.iter().any(|(_, step)| matches!(step, Step::Keys(keys) if keys.contains(part)));
    assert!(typed("demo --seed "), "a demo that is the same each time");
    assert!(typed(":"), "the palette");
}

#[test]
fn a_tape_that_is_wrong_is_refused_with_its_line() {
    for (tape, line) in [
        ("Type \"a\"\nSet FontSize 3", "line 2"),
        ("\n# a remark\nTpye \"a\"", "line 3"),
        ("Type a", "line 1"),
        ("Wait+Screen registered", "line 1"),
        ("Wait+Screen /(/", "line 1"),
        ("Enter twice", "line 1"),
        ("Ctrl+", "line 1"),
        ("Sleep", "line 1"),
    ] {
        let refusal = read(tape).expect_err(tape);
        assert!(refusal.starts_with(line), "{tape}: {refusal}");
    }
}
