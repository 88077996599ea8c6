//! What Windows programs say to MicroSIP, as requests of ours: WM_COPYDATA, WM_COMMAND, DDE.

use super::spelling::{self, Line, MAX_LINE};
use super::verb::usage_error;
use serde_json::Value;

/// Classes of the windows that take messages. MicroSIP's own first.
pub const CLASSES: [&str; 2] = ["MicroSIP", "MicroSIP_WindowClass"];

/// What the buttons of MicroSIP's window do, by the number of their WM_COMMAND.
pub const BUTTONS: [(u16, &str); 2] = [(1001, "hangup"), (1002, "answer")];

/// The name of the DDE service.
pub const SERVICE: &str = "MicroSIP";

/// Its topic.
pub const TOPIC: &str = "control";

/// The item of the topic whose value is the state in a word; any other is a request.
pub const STATUS: &str = "Status";

/// `dwData` of a WM_COPYDATA: UTF-8, a line of the control socket.
const LINE: usize = 0;
/// The same: UTF-16, the whole command line of a second MicroSIP.
const COMMAND_LINE: usize = 1;
/// The same, and nobody waits for it to be done.
const COMMAND_LINE_LATER: usize = 2;

/// What a WM_COPYDATA asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// The request.
    pub line: Line,
    /// Whoever sent it waits for the outcome.
    pub waits: bool,
}

/// Reads a WM_COPYDATA by its `dwData`; `None` for a message of no kind we know.
pub fn copied(kind: usize, bytes: &[u8]) -> Option<Copied> {
    let text = match kind {
        LINE => utf8(bytes),
        COMMAND_LINE | COMMAND_LINE_LATER => utf16(bytes),
        _ => return None,
    };
    let line = match text {
        Err(why) => refused(why),
        Ok(text) if kind == LINE => spelling::parse(&text),
        Ok(text) => spelling::microsip_line(&text, false),
    };
    Some(Copied { line, waits: kind != COMMAND_LINE_LATER })
}

/// Reads a WM_COMMAND by the number of its button.
pub fn pressed(button: u16) -> Line {
    spelling::parse(&format!("command {button}"))
}

/// Reads what a DDE client executes, `[Dial(600)]`, in either of its encodings.
pub fn executed(bytes: &[u8]) -> Line {
    // Which of the two is not told. No command begins with a character past U+00FF.
    let text = if bytes.get(1) == Some(&0) && bytes.len() > 2 { utf16(bytes) } else { utf8(bytes) };
    text.map_or_else(refused, |text| spelling::parse(&text))
}

/// Reads the item that a DDE client asks for.
pub fn requested(item: &str) -> Line {
    spelling::parse(item)
}

/// The value of an item: the state in a word for `Status`, the reply to any other.
pub fn value(item: &str, reply: &Value) -> String {
    let word = reply.get("state").and_then(Value::as_str).filter(|_| item.trim().eq_ignore_ascii_case(STATUS));
    word.map_or_else(|| reply.to_string(), str::to_owned)
}

fn refused(why: &str) -> Line {
    Line::refused(usage_error(why.to_owned()))
}

/// Text up to its NUL or its end.
fn utf8(bytes: &[u8]) -> Result<String, &'static str> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.len() > MAX_LINE {
        return Err("a message may have 64 KiB at most");
    }
    String::from_utf8(text.to_owned()).map_err(|_| "the message must be UTF-8")
}

/// The same in UTF-16, little-endian.
fn utf16(bytes: &[u8]) -> Result<String, &'static str> {
    if bytes.len() > MAX_LINE {
        return Err("a message may have 64 KiB at most");
    }
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| "the message must be UTF-16")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::verb::Request;
    use crate::control::{Command, HangupWhich};
    use serde_json::json;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn dial(number: &str) -> Result<Request, super::super::CommandError> {
        Ok(Request::Command(Command::Dial { target: number.to_owned(), account: None }))
    }

    #[test]
    fn command_lines_come_in_utf16_and_lines_in_utf8() {
        for (kind, bytes, waits) in [
            (1, wide("600"), true),
            (2, wide("600"), false),
            (1, wide("\"600\""), true),
            (1, [wide("600"), b"\xff\xff\xff".to_vec()].concat(), true),
            (0, b"action:dial?number=600\0junk\xff".to_vec(), true),
            (0, b"action=call&number=600".to_vec(), true),
            (0, br#"{"verb":"call","number":"600"}"#.to_vec(), true),
        ] {
            let copied = copied(kind, &bytes).unwrap();
            assert_eq!((copied.line.request, copied.waits), (dial("600"), waits), "{kind} {bytes:?}");
        }
        assert_eq!(copied(3, &wide("600")), None);
    }

    #[test]
    fn what_is_no_text_or_too_much_is_told() {
        for (kind, bytes, why) in [
            (0, b"\xff\xfe".to_vec(), "must be UTF-8"),
            (0, vec![b'1'; MAX_LINE + 1], "64 KiB"),
            (1, vec![b'1'; MAX_LINE + 1], "64 KiB"),
            (1, vec![0x00, 0xd8, 0x31, 0x00], "must be UTF-16"),
        ] {
            let error = copied(kind, &bytes).unwrap().line.request.unwrap_err();
            assert!(error.message.contains(why), "{kind}: {error}");
        }
    }

    #[test]
    fn buttons_hang_up_and_answer() {
        let hangup = Command::Hangup { which: HangupWhich::Current };
        assert_eq!(pressed(1001).request, Ok(Request::Command(hangup)));
        assert_eq!(pressed(1002).request, Ok(Request::Command(Command::Answer { call: None })));
        assert!(pressed(1000).request.is_err());
    }

    #[test]
    fn dde_is_read_in_both_encodings() {
        for bytes in [b"[Dial(600)]\0".to_vec(), b"[Dial(600)]".to_vec(), wide("[Dial(600)]")] {
            assert_eq!(executed(&bytes).request, dial("600"), "{bytes:?}");
        }
        let hangup = Ok(Request::Command(Command::Hangup { which: HangupWhich::Current }));
        assert_eq!(executed(b"[Hangup]").request, hangup);
        assert!(executed(b"").request.is_err() && executed(b"1").request == dial("1"));
        assert_eq!(requested(STATUS).request, Ok(Request::Status { format: None }));
        let reply = json!({"v": 1, "ok": true, "state": "idle"});
        assert_eq!((value("status", &reply), value("[Status]", &reply)), ("idle".to_owned(), reply.to_string()));
        let refusal = json!({"ok": false});
        assert_eq!(value("Status", &refusal), refusal.to_string());
    }
}
