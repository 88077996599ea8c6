//! Command lines as people and scripts write them.

use super::super::options::Begin;
use super::*;
use crate::control::{Command as Ask, HangupWhich, Press, RecordAct, SoundPath, VolumeChange};
use clap::Arg;
use std::time::Duration;

fn parse_line(line: &str) -> Result<Invocation, CommandError> {
    parse(std::iter::once("tuiphone").chain(line.split_whitespace()).map(OsString::from))
}

fn job(line: &str) -> Job {
    parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}")).job
}

#[test]
fn the_parser_is_sound() {
    parser().debug_assert();
}

#[test]
fn numbers_are_dialled_and_verbs_are_not() {
    for (line, number) in [
        ("5551234", "5551234"),
        ("+4912", "+4912"),
        ("*97", "*97"),
        ("sip:bob@example.net", "sip:bob@example.net"),
        ("tel:%2B4912", "tel:+4912"),
        ("-- answer", "answer"),
        ("-- /answer", "/answer"),
        ("-- -5", "-5"),
        ("/account:2 100", "100"),
        ("100 /account:2", "100"),
        ("-a 2 100", "100"),
    ] {
        assert!(matches!(job(line), Job::Interface { dial: Some(dialled), .. } if dialled == number), "{line}");
    }
    for line in ["/account:2 100", "100 /account:2", "-a 2 100", "100 --account 2"] {
        assert_eq!(parse_line(line).unwrap().options.account.as_deref(), Some("2"), "{line}");
    }
    assert!(matches!(job(""), Job::Interface { dial: None, fill: None }));
}

#[test]
fn verbs_come_from_the_table_in_every_spelling() {
    for (line, ask) in [
        ("answer", Ask::Answer { call: None }),
        ("/answer", Ask::Answer { call: None }),
        ("answer c2", Ask::Answer { call: Some("c2".to_owned()) }),
        ("/hangupall", Ask::Hangup { which: HangupWhich::AllButRinging }),
        ("/hangupincoming", Ask::Hangup { which: HangupWhich::Incoming }),
        ("/hangupcalling", Ask::Hangup { which: HangupWhich::Calling }),
        ("hangup --all", Ask::Hangup { which: HangupWhich::All }),
        ("/exit", Ask::Exit),
        ("dde [Exit]", Ask::Exit),
        ("dde Hangup(c2)", Ask::Hangup { which: HangupWhich::Call("c2".to_owned()) }),
        ("quit", Ask::Exit),
        ("play /tmp/a.wav", Ask::Play { call: None, file: "/tmp/a.wav".to_owned(), alone: false }),
        (
            "record start --file /tmp/a.ogg",
            Ask::Record { call: None, act: RecordAct::Start { file: Some("/tmp/a.ogg".to_owned()) } },
        ),
        ("/dtmf:12#", Ask::Dtmf { call: None, digits: "12#".to_owned(), press: Press::Tap, via: None }),
        (
            "dtmf 1 --call c1",
            Ask::Dtmf { call: Some("c1".to_owned()), digits: "1".to_owned(), press: Press::Tap, via: None },
        ),
        ("volume -5", Ask::Volume { path: SoundPath::Speaker, change: VolumeChange::By(-5) }),
        ("play /s/a.wav c1", Ask::Play { call: Some("c1".to_owned()), file: absolute("/s/a.wav"), alone: false }),
        ("play /a.wav /i:w.ini", Ask::Play { call: None, file: absolute("/a.wav"), alone: false }),
        ("register -a 2", Ask::Register { account: Some("2".to_owned()) }),
        ("register 2", Ask::Register { account: Some("2".to_owned()) }),
    ] {
        match job(line) {
            Job::Verb { request: Request::Command(given), .. } => assert_eq!(given, ask, "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }
    assert!(matches!(job("status --json"), Job::Verb { verb: "status", request: Request::Status { format: None } }));
    assert!(matches!(job("daemon"), Job::Daemon { notify: false }));
    assert!(matches!(job("daemon --notify"), Job::Daemon { notify: true }));
    assert!(matches!(job("demo --seed 7 --lively"), Job::Demo { seed: Some(7), lively: true, peer: None }));
}

#[test]
fn calls_take_their_options_on_both_forms() {
    for line in [
        "call 600 --duration 1.5 --dtmf 1,,23# --wait-registered 3 --until-dtmf d",
        "--call 600 --duration 1.5 --dtmf 1,,23# --wait-registered 3 --until-dtmf d",
        "dial --duration 1.5 --dtmf=1,,23# --wait-registered 3 --until-dtmf D 600",
    ] {
        let Job::Call(call) = job(line) else { panic!("{line}") };
        assert_eq!((call.number.as_str(), call.dtmf.as_deref(), call.until_dtmf), ("600", Some("1,,23#"), Some('D')));
        assert_eq!((call.duration, call.no_wait), (Some(Duration::from_millis(1500)), false), "{line}");
        assert_eq!(call.wait_registered, Some(Duration::from_secs(3)), "{line}");
    }
    for (line, begin, number) in [
        ("call 600", Begin::Dial, "600"),
        ("pickup", Begin::Pickup, ""),
        ("pickup 201 --no-wait", Begin::Pickup, "201"),
        ("retrieve 701", Begin::Retrieve, "701"),
    ] {
        let Job::Call(call) = job(line) else { panic!("{line}") };
        assert_eq!((call.begin, call.number.as_str()), (begin, number), "{line}");
    }
}

#[test]
fn options_stand_before_and_behind_the_verb() {
    for line in
        ["-i w.ini --json status", "status --json /i:w.ini", "/i:w.ini status --json", "--ini=w.ini status --json"]
    {
        let given = parse_line(line).unwrap();
        assert_eq!((given.options.ini, given.options.json), (Some(PathBuf::from("w.ini")), true), "{line}");
    }
    let given = parse_line("status --stun stun:192.0.2.1:19302").unwrap().options;
    assert_eq!(given.stun.map(|server| server.to_string()).as_deref(), Some("192.0.2.1:19302"));
    let given = parse_line("--user 101 --domain d --password secret --port 5070 --autoanswer 1:3 call 600").unwrap();
    assert_eq!((given.options.port, given.options.auto_answer), (Some(5070), Some((AutoAnswer::All, 3))));
    let session = given.options.session.unwrap();
    assert_eq!((session.user.as_str(), session.domain.as_str()), ("101", "d"));
    assert_eq!(given.password, Some(PasswordSource::Value(Secret::new("secret"))));
    assert_eq!(given.notes.len(), 1, "a password in argv is worth a word");
    assert_eq!(parse_line("--password - call 1").unwrap().password, Some(PasswordSource::Stdin));
    assert_eq!(parse_line("-i /etc/phone.ini status").unwrap().options.ini, Some(PathBuf::from("/etc/phone.ini")));
    assert_eq!(parse_line("/ANSWER").unwrap().notes.len(), 1);
}

#[test]
fn wrong_usage_is_refused_with_two() {
    for line in [
        "--nonsense",
        "/dnd",
        "/call:1",
        "/answer:1",
        "call --duration 5",
        "call 1 2",
        "status extra",
        "volume 300",
        "hangup --loud",
        "--port 99999 status",
        "--stun host:x status",
        "--timeout x status",
        "--color pink",
        "--call 1 status",
        "-i",
        "/i: status",
        "call 1 --duration -1",
        "answer /hangupall",
        "play /hangupall",
        "--transport sctp status",
        "--user 101 status",
        "--domain d status",
        "--proxy p status",
        "--autoanswer maybe status",
        "--autoanswer 1:x status",
        "call 1 --until-dtmf 12",
        "dde",
        "dde Nonsense(1)",
    ] {
        match parse_line(line) {
            Err(error) => {
                assert_eq!(error.code, ExitCode::Usage, "{line}");
                assert!(!error.message.is_empty() && !error.message.contains('\n'), "{line}: {error}");
            }
            Ok(given) => panic!("{line}: {given:?}"),
        }
    }
}

#[test]
fn what_is_missing_is_named_with_how_to_write_it() {
    for (line, message, hint) in [
        (
            "transfer --call",
            "a value is required for '--call <CALL>' but none was supplied",
            "tuiphone --help lists what there is",
        ),
        ("message 600", "TEXT is missing", "tuiphone message <NUMBER> <TEXT>..."),
        ("call 1 2", "unexpected argument '2' found", "tuiphone call [OPTIONS] [NUMBER]"),
        ("status --jsn", "unexpected argument '--jsn' found", "a similar argument exists: '--json'"),
        ("call 1 --codec x", "unexpected argument '--codec' found", "tuiphone call <NUMBER>"),
        (
            "600 hello",
            "'hello' behind a number is one word too many; a message is written: tuiphone message 600 hello …",
            "tuiphone --help lists what there is",
        ),
        ("devicess", "there is no command 'devicess'", "a similar command exists: 'devices'"),
        ("xyzzy", "there is no command 'xyzzy'", "to call somebody of that name: tuiphone call xyzzy"),
        ("--nonsense", "unexpected argument '--nonsense' found", "tuiphone --help lists what there is"),
        ("-i x.ini --nonsense", "unexpected argument '--nonsense' found", "tuiphone --help lists what there is"),
        ("/dnd", "there is no /dnd; to dial it, write -- /dnd", "tuiphone help microsip lists the words with a slash"),
    ] {
        let error = parse_line(line).expect_err(line);
        assert_eq!((error.message.as_str(), error.hint.as_deref()), (message, Some(hint)), "{line}");
    }
}

#[test]
fn what_this_version_has_not_is_named() {
    let parser = parser();
    for word in rewrite::NOT_HERE {
        let error = parse_line(&format!("{word} 5")).expect_err(word);
        assert_eq!((error.code, error.message.starts_with("this version")), (ExitCode::Usage, true), "{word}: {error}");
        assert!(error.message.contains(word), "{word}: {error}");
        let known = parser.get_arguments().filter_map(Arg::get_long).any(|long| word.strip_prefix("--") == Some(long));
        assert!(!known && verb::find(word).is_none(), "{word} is here");
    }
}

#[test]
fn help_has_examples_first_and_exit_codes_last() {
    for line in ["--help", "/?", "help", "-h"] {
        let Job::Print(text) = job(line) else { panic!("{line}") };
        let places = ["Examples:", "Usage:", "hangup", "--ini", "Exit codes:", "143"].map(|part| text.find(part));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{line}: {places:?}\n{text}");
        assert!(!text.contains(BARE));
    }
    let Job::Print(text) = job("help hangup") else { panic!() };
    assert!(text.contains("--incoming"), "{text}");
}

#[test]
fn the_commands_that_a_line_names_are_enough_to_read_it() {
    let whole = parser();
    for command in whole.get_subcommands() {
        for name in [command.get_name()].into_iter().chain(command.get_all_aliases()) {
            let words = ["tuiphone".into(), "--json".into(), OsString::from(name)];
            let few = super::parser::parser_of(&words);
            let names: Vec<_> = few.get_subcommands().map(clap::Command::get_name).collect();
            assert_eq!(names, [command.get_name()], "{name}");
        }
    }
}
