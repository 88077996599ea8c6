//! A line of one's own about the phone, for status bars: `status --format '{state} {calls}'`.

use super::{CallInfo, CallState, RecordingState, Status};
use serde::Serialize;

/// A word that stands in braces, and what it stands for.
struct Word {
    name: &'static str,
    value: fn(&Status) -> String,
}

const fn word(name: &'static str, value: fn(&Status) -> String) -> Word {
    Word { name, value }
}

/// Every word. What there is none of is empty: a bar shows nothing for it.
static WORDS: &[Word] = &[
    word("state", |s| name_of(&s.state)),
    word("calls", |s| s.calls.len().to_string()),
    word("call", |s| of_call(s, |call| call.remote.name.clone().or_else(|| Some(number(call))))),
    word("number", |s| of_call(s, |call| Some(number(call)))),
    word("duration", |s| of_call(s, |call| Some(clock(call.duration)))),
    word("direction", |s| of_call(s, |call| Some(name_of(&call.direction)))),
    word("codec", |s| of_call(s, |call| Some(call.media.as_ref()?.codec.clone()))),
    word("mos", |s| of_call(s, |call| Some(format!("{:.1}", call.media.as_ref()?.mos_rx?)))),
    word("account", |s| s.accounts.iter().find(|it| it.selected).map(|it| it.aor.clone()).unwrap_or_default()),
    word("registered", |s| s.accounts.iter().filter(|account| account.registered).count().to_string()),
    word("accounts", |s| s.accounts.len().to_string()),
    word("unread", |s| s.unread.to_string()),
    word("voicemail", |s| {
        let new = s.accounts.iter().filter_map(|account| Some(account.voicemail.as_ref()?.new));
        new.fold(0, u32::saturating_add).to_string()
    }),
    word("dnd", |s| said("dnd", s.dnd)),
    word("muted", |s| said("muted", s.mic_muted)),
    word("recording", |s| said("rec", s.calls.iter().any(is_recorded))),
    word("volume", |s| s.volume.to_string()),
    word("forward", |s| s.forward.clone().unwrap_or_default()),
];

/// A line with words in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The name of one of `WORDS`.
    Word(&'static str),
}

impl Format {
    /// Reads it: `{{` and `}}` are braces, `\n` and `\t` a new line and a tab.
    ///
    /// # Errors
    /// A sentence about a word that is none.
    pub fn parse(text: &str) -> Result<Format, String> {
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let two = [("{{", '{'), ("}}", '}'), ("\\n", '\n'), ("\\t", '\t'), ("\\\\", '\\')];
            if let Some((mark, meant)) = two.iter().find(|(mark, _)| rest.starts_with(mark)) {
                plain.push(*meant);
                rest = rest.strip_prefix(mark).unwrap_or_default();
                continue;
            }
            rest = rest.strip_prefix(c).unwrap_or_default();
            match c {
                '{' => {
                    let (name, behind) = rest.split_once('}').ok_or("a { in the format has no }; {{ is a brace")?;
                    let known = WORDS.iter().find(|word| word.name == name).ok_or_else(|| unknown(name))?;
                    pieces.extend([Piece::Text(std::mem::take(&mut plain)), Piece::Word(known.name)]);
                    rest = behind;
                }
                '}' => return Err("a } in the format has no {; }} is a brace".to_owned()),
                c => plain.push(c),
            }
        }
        pieces.push(Piece::Text(plain));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Format(pieces))
    }

    /// The line as the phone stands.
    pub fn fill(&self, status: &Status) -> String {
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Word(name) => WORDS
                .iter()
                .find(|word| word.name == *name)
                .map(|word| harmless(&(word.value)(status)))
                .unwrap_or_default(),
        });
        texts.collect()
    }
}

/// What others chose to be called must not pass for the markup or the buttons of a status bar, nor end a text in JSON.
fn harmless(text: &str) -> String {
    let plain = |c| match c {
        '{' | '[' | '<' => '(',
        '}' | ']' | '>' => ')',
        '"' | '`' => '\'',
        '\\' => '/',
        '&' => '+',
        c => c,
    };
    text.chars().map(plain).collect()
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = WORDS.iter().map(|word| format!("{{{}}}", word.name)).collect();
    format!("{{{}}} is none of {}", crate::text::elided(name, 40), known.join(" "))
}

/// The call a person would tell of: the talk, else what rings, else any.
fn foremost(status: &Status) -> Option<&CallInfo> {
    let rank = |call: &&CallInfo| match call.state {
        CallState::Connected => 0,
        CallState::Incoming => 1,
        CallState::Calling | CallState::Ringing | CallState::EarlyMedia => 2,
        CallState::Held => 3,
        CallState::Ended => 4,
    };
    status.calls.iter().min_by_key(rank)
}

fn of_call(status: &Status, text: impl Fn(&CallInfo) -> Option<String>) -> String {
    foremost(status).and_then(text).unwrap_or_default()
}

fn number(call: &CallInfo) -> String {
    if call.number.is_empty() { call.remote.user.clone() } else { call.number.clone() }
}

fn is_recorded(call: &CallInfo) -> bool {
    call.recording.as_ref().is_some_and(|recording| recording.state == RecordingState::Recording)
}

/// `1:05`, `1:00:00`.
fn clock(seconds: f64) -> String {
    // As of a float: what does not fit stays at the edge.
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

fn said(what: &str, so: bool) -> String {
    if so { what.to_owned() } else { String::new() }
}

/// The name a value has in JSON.
fn name_of(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::PhoneState;
    use crate::control::verb;
    use serde_json::json;

    fn status() -> Status {
        let call = |id: &str, state: &str, name: Option<&str>| -> CallInfo {
            serde_json::from_value(json!({"id": id, "sip_call_id": "x", "direction": "incoming", "state": state,
                "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": name}, "started_at": "T",
                "duration": 65.9, "remote_hold": false}))
            .expect("the shape of a call")
        };
        Status {
            v: 1,
            state: PhoneState::Connected,
            calls: vec![call("c1", "held", None), call("c2", "connected", Some("A %{A1:rm:} <b>\"&"))],
            volume: 70,
            dnd: true,
            ..Status::default()
        }
    }

    fn filled(text: &str) -> Result<String, String> {
        Ok(Format::parse(text)?.fill(&status()))
    }

    #[test]
    fn words_are_filled_in_and_the_rest_stays() {
        for (text, expected) in [
            ("{state} {calls}", "connected 2"),
            ("{number} {duration} {direction}", "600 1:05 incoming"),
            ("[{dnd}{muted}{recording}] {volume}%", "[dnd] 70%"),
            ("{mos}{codec}{account}{forward}|{unread}{voicemail}{accounts}{registered}", "|0000"),
            (r#"{{"text":"{state}"}}"#, r#"{"text":"connected"}"#),
            (r"a\tb\nc\\n", "a\tb\nc\\n"),
            ("", ""),
            ("ß {state}", "ß connected"),
        ] {
            assert_eq!(filled(text), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(Format::parse("{call}{number}").unwrap().fill(&Status::default()), "");
    }

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(filled("{call}").unwrap(), "A %(A1:rm:) (b)'+");
    }

    #[test]
    fn what_is_no_word_is_named() {
        for (text, part) in [("{who}", "{who} is none of {state} {calls}"), ("{state", "has no }"), ("a}", "has no {")]
        {
            let why = filled(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn the_table_of_verbs_names_every_word() {
        let doc = verb::find("status").unwrap().params.iter().find(|param| param.name == "format").unwrap().doc;
        let named: Vec<&str> = doc.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(named, WORDS.iter().map(|word| word.name).collect::<Vec<_>>());
    }

    #[test]
    fn talks_have_a_clock() {
        assert_eq!([0.0, 59.9, 3_600.0, -1.0, f64::NAN].map(clock), ["0:00", "0:59", "1:00:00", "0:00", "0:00"]);
    }
}
