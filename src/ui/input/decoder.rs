//! Bytes to events. What a terminal answers may come late and in pieces: a digit of it that was taken for a key would be
//! dialled. So a sequence that has begun is swallowed to its end, whatever it is and however long that takes.

use super::csi;
use super::{Answer, Input};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use std::time::{Duration, Instant};

/// How long the bytes behind an escape may take before it was the key of that name.
const ESCAPE: Duration = Duration::from_millis(50);
/// The same while answers are owed.
const OWED_ESCAPE: Duration = Duration::from_secs(1);
/// How long the rest of a sequence may take.
const REST: Duration = Duration::from_secs(5);
/// How long answers may take.
const OWED: Duration = Duration::from_secs(10);
/// Bytes of a sequence, of a string, of a paste: what is longer is cut, its end is waited for all the same.
const MOST_SEQUENCE: usize = 256;
const MOST_STRING: usize = 64 * 1024;
const MOST_PASTE: usize = 1024 * 1024;

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Takes bytes in, gives events. Time is told: it holds no clock.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What is not decided yet.
    held: Vec<u8>,
    /// When the last of it came.
    last: Option<Instant>,
    /// Until when answers are owed.
    owed: Option<Instant>,
    /// What was given as a key although it may have been the beginning of an answer.
    late: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What stands at the beginning of bytes.
enum Step {
    /// This, in so many bytes.
    Found(Input, usize),
    /// Nothing that means anything, in so many bytes.
    Nothing(usize),
    /// The beginning of something.
    Begun,
}

impl Decoder {
    /// Questions are asked now.
    pub fn asked(&mut self, now: Instant) {
        self.owed = Some(now + OWED);
    }

    /// Bytes have come.
    pub fn take(&mut self, bytes: &[u8], now: Instant) -> Vec<Input> {
        let mut found = Vec::new();
        let owed = self.is_owed(now);
        let begins = matches!(bytes.first(), Some(b'[' | b']' | b'P' | b'_' | b'^' | 0x1b) | None);
        if self.held == [0x1b] && !(owed && begins) && self.last.is_some_and(|last| now >= last + ESCAPE) {
            // It was waited for as long as a hand takes for another key.
            self.held.clear();
            found.push(key(KeyCode::Esc, KeyModifiers::NONE));
        }
        let late = std::mem::take(&mut self.late);
        if owed && matches!((late.as_slice(), bytes.first()), ([0x1b], Some(b'[')) | ([0x1b, b'['], Some(0x30..=0x3f)))
        {
            self.held.extend(late);
        }
        self.held.extend_from_slice(bytes);
        self.last = Some(now);
        self.decode(now, &mut found);
        found
    }

    /// When `wait_over` is due; `None`: nothing is waited for.
    pub fn deadline(&self) -> Option<Instant> {
        // A paste that stops ends all the same: what came behind it would be typed, and a line end of it would dial.
        let last = self.last.filter(|_| !self.held.is_empty() && self.paste.is_none())?;
        Some(last + self.patience(last))
    }

    /// Nothing has come until `deadline`.
    pub fn wait_over(&mut self, now: Instant) -> Vec<Input> {
        if self.deadline().is_none_or(|due| now < due) {
            return Vec::new();
        }
        let held = std::mem::take(&mut self.held);
        let found = match held.as_slice() {
            [0x1b] => vec![key(KeyCode::Esc, KeyModifiers::NONE)],
            [0x1b, byte] if byte.is_ascii_graphic() => vec![key(KeyCode::Char(char::from(*byte)), KeyModifiers::ALT)],
            _ => Vec::new(),
        };
        if !found.is_empty() {
            self.late = held;
        }
        found
    }

    fn is_owed(&self, now: Instant) -> bool {
        self.owed.is_some_and(|until| now < until)
    }

    fn patience(&self, last: Instant) -> Duration {
        match self.held.as_slice() {
            [0x1b] | [0x1b, _] if self.is_owed(last) => OWED_ESCAPE,
            [0x1b] | [0x1b, _] => ESCAPE,
            _ => REST,
        }
    }

    fn decode(&mut self, now: Instant, found: &mut Vec<Input>) {
        let mut at = 0;
        while let Some(rest) = self.held.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(paste) = &mut self.paste {
                let (taken, ended) = pasted(rest, paste);
                at += taken;
                if ended {
                    let text = String::from_utf8_lossy(&std::mem::take(paste)).into_owned();
                    self.paste = None;
                    found.push(Input::Event(Event::Paste(text)));
                } else if taken == 0 {
                    break;
                }
                continue;
            }
            if rest.starts_with(PASTE_BEGINS) {
                at += PASTE_BEGINS.len();
                self.paste = Some(Vec::new());
                continue;
            }
            match step(rest, self.owed.is_some_and(|until| now < until)) {
                Step::Found(input, length) => {
                    if input == Input::Answer(Answer::Last) {
                        self.owed = None;
                    }
                    found.push(input);
                    at += length;
                }
                Step::Nothing(length) => at += length,
                Step::Begun => break,
            }
        }
        self.held.drain(..at.min(self.held.len()));
        // Too long to be anything: its beginning is kept, so that its end is found.
        let most = if matches!(self.held.get(1), Some(b'[' | b'O')) { MOST_SEQUENCE } else { MOST_STRING };
        self.held.truncate(most);
    }
}

/// Takes what is pasted; how many bytes, and whether the paste ends with them.
fn pasted(rest: &[u8], paste: &mut Vec<u8>) -> (usize, bool) {
    let end = rest.windows(PASTE_ENDS.len()).position(|window| window == PASTE_ENDS);
    // The end may come in pieces.
    let kept =
        (1..PASTE_ENDS.len()).rev().find(|length| PASTE_ENDS.get(..*length).is_some_and(|it| rest.ends_with(it)));
    let length = end.unwrap_or(rest.len() - kept.unwrap_or(0));
    let room = MOST_PASTE.saturating_sub(paste.len());
    paste.extend(rest.iter().take(length.min(room)));
    match end {
        Some(at) => (at + PASTE_ENDS.len(), true),
        None => (length, false),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Event(Event::Key(KeyEvent::new(code, modifiers)))
}

fn step(bytes: &[u8], owed: bool) -> Step {
    match bytes {
        [0x1b] => Step::Begun,
        [0x1b, b'[', ..] => control_sequence(bytes, owed),
        [0x1b, b'O'] => Step::Begun,
        [0x1b, b'O', last, ..] => csi::function_key(*last).map_or(Step::Nothing(3), |event| found(event, 3)),
        // A string: of an operating system command, a device, a program, a message.
        [0x1b, b']' | b'P' | b'_' | b'^', rest @ ..] => string(rest),
        [0x1b, 0x1b, ..] => Step::Found(key(KeyCode::Esc, KeyModifiers::NONE), 1),
        [0x1b, rest @ ..] => match step(rest, owed) {
            Step::Found(Input::Event(Event::Key(key)), length) => {
                let key = KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..key };
                Step::Found(Input::Event(Event::Key(key)), length + 1)
            }
            Step::Found(_, length) | Step::Nothing(length) => Step::Nothing(length + 1),
            begun => begun,
        },
        _ => plain(bytes),
    }
}

fn found(event: Event, length: usize) -> Step {
    Step::Found(Input::Event(event), length)
}

/// `ESC [`, numbers, a letter.
fn control_sequence(bytes: &[u8], owed: bool) -> Step {
    // The mouse as it was before SGR: three bytes behind the letter, whatever they are.
    if let [_, _, b'M', rest @ ..] = bytes {
        return if rest.len() < 3 { Step::Begun } else { Step::Nothing(6) };
    }
    // The Linux console's function keys.
    if let [_, _, b'[', rest @ ..] = bytes {
        return match rest.first() {
            None => Step::Begun,
            Some(last @ b'A'..=b'E') => found(csi::numbered(1 + last - b'A'), 4),
            Some(_) => Step::Nothing(4),
        };
    }
    let body = bytes.get(2..).unwrap_or_default();
    let Some(end) = body.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return Step::Begun;
    };
    let (body, last) = (body.get(..end).unwrap_or_default(), body.get(end).copied().unwrap_or_default());
    let length = 2 + end + 1;
    // It was broken off: what follows is something else.
    if !(0x40..=0x7e).contains(&last) {
        return Step::Nothing(length - 1);
    }
    match csi::read(body, last, owed) {
        Some(input) => Step::Found(input, length),
        None => Step::Nothing(length),
    }
}

/// To its end: BEL, `ESC \`, or whatever breaks it off.
fn string(rest: &[u8]) -> Step {
    let Some(end) = rest.iter().position(|byte| matches!(byte, 0x07 | 0x18 | 0x1a | 0x1b)) else {
        return Step::Begun;
    };
    match (rest.get(end), rest.get(end + 1)) {
        (Some(0x1b), None) => Step::Begun,
        (Some(0x1b), Some(b'\\')) => Step::Nothing(2 + end + 2),
        (Some(0x1b), Some(_)) => Step::Nothing(2 + end),
        _ => Step::Nothing(2 + end + 1),
    }
}

/// A character, or a key with Ctrl.
fn plain(bytes: &[u8]) -> Step {
    let Some(first) = bytes.first().copied() else { return Step::Begun };
    let ctrl = |c: u8| key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    let input = match first {
        b'\r' => key(KeyCode::Enter, KeyModifiers::NONE),
        b'\t' => key(KeyCode::Tab, KeyModifiers::NONE),
        0x7f => key(KeyCode::Backspace, KeyModifiers::NONE),
        0 => ctrl(b' '),
        0x01..=0x1a => ctrl(first - 1 + b'a'),
        0x1c..=0x1f => ctrl(first - 0x1c + b'4'),
        _ => return character(bytes),
    };
    Step::Found(input, 1)
}

fn character(bytes: &[u8]) -> Step {
    let most = bytes.get(..4.min(bytes.len())).unwrap_or_default();
    let valid = match std::str::from_utf8(most) {
        Ok(text) => text,
        Err(why) if why.valid_up_to() > 0 => {
            std::str::from_utf8(most.get(..why.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(why) => {
            return match why.error_len() {
                Some(length) => Step::Nothing(length),
                None => Step::Begun,
            };
        }
    };
    let Some(c) = valid.chars().next() else { return Step::Nothing(1) };
    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Step::Found(key(KeyCode::Char(c), shift), c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[allow(clippy::disallowed_methods)]
    fn start() -> Instant {
        Instant::now()
    }

    /// What comes of these pieces, the time between two of them; then nothing more comes.
    fn told(asked: bool, pause: Duration, pieces: &[&[u8]]) -> Vec<Input> {
        let mut now = start();
        let mut decoder = Decoder::default();
        if asked {
            decoder.asked(now);
        }
        let mut found = Vec::new();
        for piece in pieces {
            let next = now + pause;
            while let Some(due) = decoder.deadline().filter(|due| *due <= next) {
                found.extend(decoder.wait_over(due));
            }
            now = next;
            found.extend(decoder.take(piece, now));
        }
        while let Some(due) = decoder.deadline() {
            found.extend(decoder.wait_over(due));
        }
        found
    }

    fn keys(found: &[Input]) -> Vec<String> {
        let name = |input: &Input| match input {
            Input::Event(Event::Key(key)) => Some(crate::ui::keymap::Key::from(*key).to_string()),
            Input::Event(other) => Some(format!("{other:?}")),
            Input::Answer(_) => None,
        };
        found.iter().filter_map(name).collect()
    }

    #[test]
    fn keys_are_told_as_a_terminal_sends_them() {
        for (bytes, expected) in [
            (&b"5"[..], "5"),
            (b"\r", "Enter"),
            (b"\x1b", "Esc"),
            (b"\x1ba", "Alt-a"),
            (b"\x1b5", "Alt-5"),
            (b"\x1b[A", "Up"),
            (b"\x1b[1;5C", "Ctrl-Right"),
            (b"\x1bOP", "F1"),
            (b"\x1b[[B", "F2"),
            (b"\x1b[12~", "F2"),
            (b"\x1b[24~", "F12"),
            (b"\x1b[3~", "Delete"),
            (b"\x1b[5;3~", "Alt-PgUp"),
            (b"\x1b[1;2R", "Shift-F3"),
            (b"\x11", "Ctrl-q"),
            (b"\x1b[113;5u", "Ctrl-q"),
            (b"\x1b[27u", "Esc"),
            (b"\x1b[57404u", "5"),
            ("ä".as_bytes(), "ä"),
            (b"\x1b]", "Alt-]"),
            (b"\x1b[", "Alt-["),
        ] {
            assert_eq!(keys(&told(false, Duration::ZERO, &[bytes])), [expected], "{bytes:?}");
        }
        assert_eq!(keys(&told(false, Duration::ZERO, &[b"\x1b\x1b[A\x1b"])), ["Esc", "Up", "Esc"]);
    }

    /// Answers as terminals give them, to our questions and to those of others.
    const ANSWERS: &[&[u8]] = &[
        b"\x1b[?0u",
        b"\x1b[?2026;2$y",
        b"\x1b[1;2R",
        b"\x1b[?62;4;6;22c",
        b"\x1b[>41;354;0c",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
        b"\x1b]10;rgb:ffff/ffff/ffff\x07",
        b"\x1b]52;c;NjAw\x07",
        b"\x1bP>|XTerm(390)\x1b\\",
        b"\x1bP1+r524742=38\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b[8;24;80t",
        b"\x1b[?1;2c",
    ];

    #[test]
    fn no_answer_is_taken_for_a_key_however_late_and_in_however_many_pieces() {
        for answer in ANSWERS {
            for pause_ms in [0, 10, 49, 300, 900] {
                for cut in 1..answer.len() {
                    let (one, two) = answer.split_at(cut);
                    let found = told(true, Duration::from_millis(pause_ms), &[one, two, b"7"]);
                    assert_eq!(
                        keys(&found),
                        ["7"],
                        "{:?} cut at {cut}, {pause_ms} ms",
                        String::from_utf8_lossy(answer)
                    );
                }
                let single: Vec<&[u8]> = answer.chunks(1).chain([&b"7"[..]]).collect();
                assert_eq!(keys(&told(true, Duration::from_millis(pause_ms), &single)), ["7"], "{answer:?}");
            }
        }
        // So late that an escape was told: what follows it is nothing all the same.
        for (cut, expected) in [(1, &["Esc", "7"][..]), (2, &["Alt-[", "7"]), (3, &["7"]), (4, &["7"])] {
            let (one, two) = b"\x1b[?62;4c".split_at(cut);
            assert_eq!(keys(&told(true, Duration::from_secs(2), &[one, two, b"7"])), expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_escape_is_a_key_also_while_answers_are_owed() {
        let pieces: [&[u8]; 2] = [b"\x1b", b"5"];
        assert_eq!(keys(&told(true, Duration::from_millis(200), &pieces)), ["Esc", "5"]);
        assert_eq!(keys(&told(false, Duration::from_millis(200), &pieces)), ["Esc", "5"]);
        assert_eq!(keys(&told(false, Duration::from_millis(5), &pieces)), ["Alt-5"]);
    }

    #[test]
    fn answers_are_told() {
        let found = told(true, Duration::from_millis(20), &ANSWERS.concat().chunks(7).collect::<Vec<_>>());
        let expected =
            [Answer::Keyboard, Answer::Mode { mode: 2026, state: 2 }, Answer::Column(2), Answer::Last, Answer::Last];
        assert_eq!(found, expected.map(Input::Answer));
    }

    #[test]
    fn a_paste_is_one_text_whatever_stands_in_it() {
        let pieces: [&[u8]; 4] = [b"1\x1b[200~+49 (0)40\r", b"\x1b[?62c", b"23\x1b[20", b"1~\r"];
        let found = told(false, Duration::from_secs(20), &pieces);
        assert_eq!(keys(&found), ["1", r#"Paste("+49 (0)40\r\u{1b}[?62c23")"#, "Enter"]);
        let long = [PASTE_BEGINS, &vec![b'5'; 2 * MOST_PASTE], PASTE_ENDS].concat();
        let found = told(false, Duration::ZERO, &long.chunks(4096).collect::<Vec<_>>());
        assert!(matches!(&found[..], [Input::Event(Event::Paste(text))] if text.len() == MOST_PASTE));
    }

    #[test]
    fn what_never_ends_is_bounded_and_given_up() {
        for begin in [&b"\x1b["[..], b"\x1b]", b"\x1bP"] {
            let mut decoder = Decoder::default();
            let mut now = start();
            decoder.take(begin, now);
            for _ in 0..1000 {
                now += Duration::from_millis(1);
                assert_eq!(decoder.take(&[b'1'; 1000], now), []);
            }
            assert!(decoder.held.len() <= MOST_STRING, "{}", decoder.held.len());
            assert_eq!(decoder.wait_over(now + REST), []);
            assert_eq!(keys(&decoder.take(b"5", now + REST)), ["5"]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_end_in_a_decided_state(bytes: Vec<u8>, size in 1usize..9) {
            let whole = told(false, Duration::ZERO, &[&bytes]);
            let pieces = told(false, Duration::ZERO, &bytes.chunks(size).collect::<Vec<_>>());
            prop_assert_eq!(whole, pieces);
        }
    }
}
