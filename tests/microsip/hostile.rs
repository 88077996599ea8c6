//! Lines that nobody would write: whatever they are, they are read, and none with a control character is dialled.

use proptest::prelude::*;
use tuiphone::control::Command;
use tuiphone::control::spelling::{self, MAX_LINE, uri};
use tuiphone::control::verb::Request;

/// What a line would have called, written to or handed over to.
fn targets(request: &Request) -> Vec<&str> {
    match request {
        Request::Command(Command::Dial { target, .. } | Command::Message { target, .. }) => vec![target],
        Request::Face(tuiphone::control::FaceAsk::Fill { number }) => vec![number],
        _ => Vec::new(),
    }
}

fn read(line: &str) {
    let lines = [
        spelling::parse(line),
        spelling::parse_for(line, Some("2")),
        spelling::microsip_line(line, false),
        spelling::microsip_line(line, true),
    ];
    for read in lines {
        match &read.request {
            Ok(request) => {
                let controlled = targets(request).iter().any(|target| target.chars().any(char::is_control));
                assert!(!controlled, "{line:?} calls {request:?}");
            }
            Err(why) => {
                assert!(why.message.len() < 1000 && !why.message.chars().any(char::is_control), "{line:?}: {why:?}");
            }
        }
    }
    match uri::link(line) {
        Ok(number) => {
            assert!(number.len() <= uri::MAX_NUMBER && !number.chars().any(|c| c.is_control() || c == ';' || c == '?'));
        }
        Err(why) => assert!(why.to_string().len() < 4 * uri::MAX_LINK),
    }
}

proptest! {
    #[test]
    fn no_line_panics_and_none_with_a_control_character_is_dialled(line in any::<String>()) {
        read(&line);
    }

    /// Near what is understood: a beginning that is, then anything.
    #[test]
    fn nor_does_what_begins_well(
        begin in prop::sample::select(vec![
            "/", "/dtmf:", "/account:", "/account:2 ", "/password:", "msip:", "msip:transfer_", "[", "[Dial(", "[SetVolume(",
            "action=", "action=call&number=", "action:url?uri=", "sip:", "tel:", "callto://", "call ", "message ", "url ",
            "{\"verb\":\"call\",\"number\":\"", "6", "\"",
        ]),
        rest in "[ -~]{0,12}|[\\PC\\x00-\\x1f]{0,12}",
        end in prop::sample::select(vec!["", ")]", "]", "\"", "\"}", "?", "\n", " /account:3"]),
    ) {
        read(&format!("{begin}{rest}{end}"));
    }
}

#[test]
fn a_line_has_a_bound() {
    let long = "6".repeat(MAX_LINE);
    assert!(spelling::parse(&long).request.is_ok());
    for line in [format!("{long}6"), format!("/dtmf:{long}"), format!("{{\"verb\":\"call\",\"number\":\"{long}\"}}")] {
        assert!(spelling::parse(&line).request.is_err());
        assert!(spelling::microsip_line(&line, true).request.is_err());
    }
    for line in [
        "[".repeat(MAX_LINE),
        "{".repeat(MAX_LINE),
        "/account:1 ".repeat(5000),
        "a=&".repeat(20_000),
        "%".repeat(MAX_LINE),
    ] {
        read(&line);
    }
}
