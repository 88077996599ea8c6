//! Lines as people, scripts and other programs write them. `tests/microsip` has every row of the table.

use super::*;
use crate::control::{Command, FaceAsk, HangupWhich, Secret, SoundPath, TransferTo, VolumeChange};

#[test]
fn four_spellings_of_one_request() {
    let dial = Ok(Request::Command(Command::Dial { target: "600".into(), account: None }));
    for line in [
        r#"{"verb":"call","number":"600","id":7}"#,
        r#"{"cmd":"dial","number":600}"#,
        "call 600",
        "600",
        "dial 600",
        "action=call&number=600",
        "action:dial?number=600",
        "msip:600",
        "MSIP:600",
        "[Dial(600)]",
        "[CallTo(600)]",
    ] {
        assert_eq!(parse(line).request, dial, "{line}");
    }
    assert_eq!(parse(r#"{"verb":"call","number":"600","id":7}"#).id, Some(7.into()));
}

#[test]
fn microsip_words() {
    let hangup = |which| Ok(Request::Command(Command::Hangup { which }));
    assert_eq!(parse("/hangupall").request, hangup(HangupWhich::AllButRinging));
    assert_eq!(parse("/hangupincoming").request, hangup(HangupWhich::Incoming));
    assert_eq!(parse("[Hangup]").request, hangup(HangupWhich::Current));
    assert_eq!(
        parse("msip:micup").request,
        Ok(Request::Command(Command::Volume { path: SoundPath::Mic, change: VolumeChange::By(5) }))
    );
    assert_eq!(
        parse("[SetVolume(40)]").request,
        Ok(Request::Command(Command::Volume { path: SoundPath::Speaker, change: VolumeChange::To(40) }))
    );
    assert_eq!(parse("msip:hold").request, Ok(Request::Command(Command::ToggleHold { call: None })));
    assert_eq!(parse("hold").request, Ok(Request::Command(Command::Hold { call: None })));
    let transfer = Ok(Request::Command(Command::Transfer { call: None, to: TransferTo::Number("600".into()) }));
    for line in ["/transfer:600", "transfer:600", "msip:transfer_600", "[Transfer(600)]", "transfer 600"] {
        assert_eq!(parse(line).request, transfer, "{line}");
    }
    assert!(
        matches!(parse("/dtmf:12#").request, Ok(Request::Command(Command::Dtmf { digits, .. })) if digits == "12#")
    );
}

#[test]
fn dde_rejects_with_a_status() {
    let reject =
        |call: Option<&str>, code| Ok(Request::Command(Command::Reject { call: call.map(str::to_owned), code }));
    assert_eq!(parse("[Reject]").request, reject(None, None));
    assert_eq!(parse("[Reject(603)]").request, reject(None, Some(603)));
    assert_eq!(parse("[Reject(c2)]").request, reject(Some("c2"), None));
}

#[test]
fn an_error_repeats_little_of_what_was_sent() {
    let error = parse(&"x".repeat(60_000)).request.unwrap_err().message;
    assert!(error.len() < 100, "{error}");
}

#[test]
fn a_mistyped_verb_is_not_dialled() {
    for line in ["anwser", "anwser 1", "{\"verb\":\"cal\"}", "{", "[Dial(600", "", "[]", "/dnd", "--call", "600 hi"] {
        assert!(parse(line).request.is_err(), "{line}");
    }
    let field = Ok(Request::Face(FaceAsk::Fill { number: String::new() }));
    assert_eq!((parse("call").request, parse("[Call]").request), (field.clone(), field));
    assert!(dialable("+49(40)123") && dialable("*97") && dialable("sip:bob@h") && dialable("bob@h"));
    assert!(!dialable("bob") && !dialable("+") && !dialable("--x@y") && !dialable(""));
}

#[test]
fn the_account_stands_before_or_behind() {
    let dial =
        |account: &str| Ok(Request::Command(Command::Dial { target: "100".into(), account: Some(account.into()) }));
    for line in ["/account:2 100", "100 /account:2", "/account:1 /account:2 call 100"] {
        assert_eq!(parse(line).request, dial("2"), "{line}");
    }
    assert_eq!(parse_for("[Dial(100)]", Some("3")).request, dial("3"));
    let choose = Command::SelectAccount { account: "2".into() };
    assert_eq!(parse("/account:2").request, Ok(Request::Command(choose)));
    assert!(parse("/account:2 hold").request.is_err() && parse("/account:").request.is_err());
    let password = |account: Option<&str>| {
        Ok(Request::Command(Command::Password { account: account.map(str::to_owned), password: Secret::new("a b") }))
    };
    assert_eq!(parse("/password:a b").request, password(None));
    assert_eq!(parse("/account:2 /password:a b").request, password(Some("2")));
}

#[test]
fn other_letters_are_taken_with_a_word_about_it() {
    let line = parse("/ANSWER");
    assert_eq!(line.request, Ok(Request::Command(Command::Answer { call: None })));
    assert_eq!(line.note.as_deref(), Some("/ANSWER is taken as /answer; MicroSIP itself would dial it"));
    assert_eq!(parse("/answer").note, None);
}

#[test]
fn microsip_reads_the_line_as_one_string() {
    let dial = |target: &str| Ok(Request::Command(Command::Dial { target: target.into(), account: None }));
    let message =
        |text: &str| Ok(Request::Command(Command::Message { target: "100".into(), text: text.into(), account: None }));
    for (line, request) in [
        ("100", dial("100")),
        ("\"sip:bob@example.net\"", dial("sip:bob@example.net")),
        ("bob\0", dial("bob")),
        ("100 hello there", message("hello there")),
        ("\"100 hello there\"", message("hello there")),
        ("tel:%2B4912", dial("tel:+4912")),
        ("answer", Ok(Request::Command(Command::Answer { call: None }))),
        ("", Ok(Request::Face(FaceAsk::Show))),
        ("\"\"", Ok(Request::Face(FaceAsk::Show))),
    ] {
        assert_eq!(microsip_line(line, false).request, request, "{line}");
    }
    for line in ["/dnd", "--call2 1", "/call:1"] {
        assert!(microsip_line(line, false).request.is_err(), "{line}");
    }
    assert_eq!(microsip_line("/dnd", true).request, dial("/dnd"));
    let unknown = Command::Message { target: "--call2".into(), text: "1".into(), account: None };
    assert_eq!(microsip_line("--call2 1", true).request, Ok(Request::Command(unknown)));
}

#[test]
fn digits_with_a_question_wait_for_a_person() {
    let wait = Ok(Request::Face(FaceAsk::Digits { digits: "12".into() }));
    for line in ["/dtmf:12?", "dtmf:12?", "dtmf 12?", "[SendDTMF(12?)]", r#"{"verb":"dtmf","digits":"12?"}"#] {
        assert_eq!(parse(line).request, wait, "{line}");
    }
    assert!(parse("/dtmf:?").request.is_err());
}
