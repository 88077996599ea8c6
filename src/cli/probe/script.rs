//! Scripts for IVRs: what is to be heard, and what is said to it, a line each.
//!
//! ```text
//! # comment
//! expect tone 440            a tone of 440 Hz (or any: expect tone)
//! expect speech within 20s   somebody speaks; ten seconds unless said
//! expect silence 2s          nothing for two seconds
//! expect dtmf 12             these digits
//! press 1#                   digits
//! say hello.wav              a file, to its end
//! wait 1s
//! hangup
//! ```

mod runner;

pub use runner::{Deed, News, Runner, StepResult};

use crate::control::CommandError;
use crate::engine::files;
use crate::text::{elided, plain_error};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a script may have.
const MAX_BYTES: usize = 64 * 1024;
const MAX_STEPS: usize = 500;
/// The longest wait of a step.
const LONGEST: Duration = Duration::from_secs(600);
/// How long something expected may take, unless said.
const WITHIN: Duration = Duration::from_secs(10);
/// How long silence lasts, unless said.
const SILENCE: Duration = Duration::from_secs(1);
/// Characters of a word that an error repeats.
const MAX_SHOWN: usize = 40;

/// A script, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// A step and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line, from 1 on.
    pub line: usize,
    /// As it is written.
    pub text: String,
    /// What it does.
    pub act: Act,
    /// How long it may take.
    pub within: Duration,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A tone is heard: of this frequency in Hz, or any.
    Tone(Option<f32>),
    /// Nothing is heard for so long.
    Silence(Duration),
    /// Somebody speaks.
    Speech,
    /// These digits are heard.
    Digits(String),
    /// Send digits.
    Press(String),
    /// Play a file to its end.
    Say(PathBuf),
    /// Do nothing for so long.
    Wait(Duration),
    /// End the call.
    HangUp,
}

/// Reads the script in a file; files it names are beside it.
///
/// # Errors
/// It cannot be read, or a line of it is no step.
pub fn read(path: &Path) -> Result<Script, CommandError> {
    let shown = path.display();
    let wrong = |why: String| CommandError {
        hint: Some("tuiphone help test has the lines there are".to_owned()),
        ..crate::cli::exit::usage(&why)
    };
    let bytes =
        files::read(path, MAX_BYTES).map_err(|why| wrong(format!("cannot read {shown}: {}", plain_error(&why))))?;
    if bytes.len() > MAX_BYTES {
        return Err(wrong(format!("{shown} has more than {} KiB; that is no script", MAX_BYTES / 1024)));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong(format!("{shown} is not UTF-8; that is no script")))?;
    parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|(line, why)| {
        wrong(if line == 0 { format!("{shown}: {why}") } else { format!("{shown}:{line}: {why}") })
    })
}

/// Reads a script; files it names are in `folder`.
///
/// # Errors
/// The number of the line that is no step, and why; 0 = all of them.
pub fn parse(text: &str, folder: &Path) -> Result<Script, (usize, String)> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if steps.len() == MAX_STEPS {
            return Err((number, format!("more than {MAX_STEPS} steps")));
        }
        if steps.last().is_some_and(|step| step.act == Act::HangUp) {
            return Err((number, "nothing can be done behind hangup".to_owned()));
        }
        let (act, within) = step(line, folder).map_err(|why| (number, why))?;
        steps.push(Step { line: number, text: elided(line, 100), act, within });
    }
    if steps.is_empty() { Err((0, "there is no step in it".to_owned())) } else { Ok(Script { steps }) }
}

fn step(line: &str, folder: &Path) -> Result<(Act, Duration), String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    let shown = |word: &str| elided(word, MAX_SHOWN);
    Ok(match (verb, words.as_slice()) {
        ("expect", [what @ .., "within", time]) => {
            let act = expected(what)?;
            (act, duration(time)?)
        }
        ("expect", what) => {
            let act = expected(what)?;
            let extra = if let Act::Silence(length) = act { length } else { Duration::ZERO };
            (act, WITHIN + extra)
        }
        ("press", [_, ..]) => (Act::Press(digits(&words.concat())?), WITHIN),
        ("press", []) => return Err("press needs digits: press 1#".to_owned()),
        ("say", [_, ..]) => (Act::Say(folder.join(rest)), LONGEST),
        ("say", []) => return Err("say needs a WAV file: say hello.wav".to_owned()),
        ("wait", [time]) => {
            let time = duration(time)?;
            (Act::Wait(time), time)
        }
        ("wait", _) => return Err("wait needs a time: wait 1s".to_owned()),
        ("hangup", []) => (Act::HangUp, WITHIN),
        ("hangup", [word, ..]) => return Err(format!("hangup takes no '{}'", shown(word))),
        (verb, _) => return Err(format!("there is no '{}'; there are expect, press, say, wait, hangup", shown(verb))),
    })
}

fn expected(words: &[&str]) -> Result<Act, String> {
    Ok(match words {
        ["tone"] => Act::Tone(None),
        ["tone", hz] => {
            let number = hz.trim_end_matches("Hz").parse::<f32>().ok().filter(|hz| (100.0..3_600.0).contains(hz));
            Act::Tone(Some(
                number.ok_or_else(|| format!("'{}' is no frequency from 100 to 3600 Hz", elided(hz, MAX_SHOWN)))?,
            ))
        }
        ["silence"] => Act::Silence(SILENCE),
        ["silence", time] => Act::Silence(duration(time)?),
        ["speech"] => Act::Speech,
        ["dtmf", keys @ ..] if !keys.is_empty() => Act::Digits(digits(&keys.concat())?),
        _ => {
            let words = elided(&words.join(" "), MAX_SHOWN);
            return Err(format!("expect '{words}' is none of tone [HZ], silence [TIME], speech, dtmf DIGITS"));
        }
    })
}

fn digits(text: &str) -> Result<String, String> {
    let text = text.to_ascii_uppercase();
    if text.chars().all(|key| "0123456789*#ABCD,".contains(key)) && text.len() <= 64 {
        Ok(text)
    } else {
        Err(format!("'{}' is not digits: 0-9 * # A-D, a comma waits a second", elided(&text, MAX_SHOWN)))
    }
}

/// `2s`, `500ms`, `1.5s`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{}' is no time up to ten minutes: 2s, 500ms", elided(text, MAX_SHOWN));
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1_000.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? / unit;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn acts(text: &str) -> Vec<(usize, Act, f64)> {
        let script = parse(text, Path::new("sounds")).unwrap();
        script.steps.into_iter().map(|step| (step.line, step.act, step.within.as_secs_f64())).collect()
    }

    #[test]
    fn every_line_there_is_is_read() {
        let seconds = Duration::from_secs;
        let text = "# an IVR\n\nexpect tone 440\n expect tone within 3s\nexpect silence 2s\nexpect silence\n\
                    expect speech within 500ms\nexpect dtmf 1 2\npress 1#\nsay hello you.wav\nwait 1.5\nhangup\n";
        let expected = [
            (3, Act::Tone(Some(440.0)), 10.0),
            (4, Act::Tone(None), 3.0),
            (5, Act::Silence(seconds(2)), 12.0),
            (6, Act::Silence(seconds(1)), 11.0),
            (7, Act::Speech, 0.5),
            (8, Act::Digits("12".to_owned()), 10.0),
            (9, Act::Press("1#".to_owned()), 10.0),
            (10, Act::Say("sounds/hello you.wav".into()), 600.0),
            (11, Act::Wait(Duration::from_millis(1_500)), 1.5),
            (12, Act::HangUp, 10.0),
        ];
        assert_eq!(acts(text), expected);
    }

    #[test]
    fn what_is_no_step_is_named_with_its_line() {
        let rows = [
            ("", 0, "no step"),
            ("# nothing\n", 0, "no step"),
            ("wait 1s\nexpct tone\n", 2, "there is no 'expct'"),
            ("expect music", 1, "none of tone"),
            ("expect", 1, "none of tone"),
            ("expect tone 99999", 1, "no frequency"),
            ("expect dtmf", 1, "none of tone"),
            ("expect dtmf x", 1, "not digits"),
            ("press", 1, "needs digits"),
            ("press e", 1, "not digits"),
            ("say", 1, "needs a WAV file"),
            ("wait", 1, "needs a time"),
            ("wait long", 1, "no time"),
            ("wait -1s", 1, "no time"),
            ("wait 601s", 1, "no time"),
            ("wait NaN", 1, "no time"),
            ("expect silence within", 1, "no time"),
            ("hangup now", 1, "takes no 'now'"),
            ("hangup\nwait 1s", 2, "behind hangup"),
        ];
        for (text, line, part) in rows {
            let (told, why) = parse(text, Path::new("")).unwrap_err();
            assert!(told == line && why.contains(part), "{text:?}: line {told}: {why}");
        }
        let many = "wait 0s\n".repeat(MAX_STEPS + 1);
        assert_eq!(parse(&many, Path::new("")).unwrap_err().0, MAX_STEPS + 1);
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_is_more_than_a_sentence(text in "[a-z0-9 .#\n\\PC]{0,200}") {
            if let Err((_, why)) = parse(&text, Path::new("")) {
                prop_assert!(why.len() < 300 && !why.contains('\n'), "{}", why);
            }
        }
    }
}
