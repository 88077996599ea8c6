//! The table against itself, and what words become.

use super::*;
use crate::control::{HangupWhich, RecordAct, SoundPath, TransferTo, VolumeChange};

fn parse(line: &str) -> Result<Request, String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    find(&words[0]).expect("a verb").parse_words(&words[1..])
}

#[test]
fn names_and_keys_are_unique() {
    let mut names: Vec<&str> = VERBS.iter().flat_map(|v| v.aliases.iter().chain([&v.name])).copied().collect();
    let mut keys: Vec<&str> = VERBS.iter().filter_map(|v| v.key).collect();
    for list in [&mut names, &mut keys] {
        let before = list.len();
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), before);
    }
}

#[test]
fn words_become_commands() {
    let dial = |target: &str| Request::Command(Command::Dial { target: target.into(), account: None });
    assert_eq!(parse("call 600"), Ok(dial("600")));
    assert_eq!(parse("DIAL -- --odd"), Ok(dial("--odd")));
    assert_eq!(
        parse("call 600 --account=2"),
        Ok(Request::Command(Command::Dial { target: "600".into(), account: Some("2".into()) }))
    );
    assert_eq!(parse("hangup --all"), Ok(Request::Command(Command::Hangup { which: HangupWhich::All })));
    assert_eq!(
        parse("volume mic +5"),
        Ok(Request::Command(Command::Volume { path: SoundPath::Mic, change: VolumeChange::By(5) }))
    );
    assert_eq!(
        parse("volume 80"),
        Ok(Request::Command(Command::Volume { path: SoundPath::Speaker, change: VolumeChange::To(80) }))
    );
    let message = |text: &str| Command::Message { target: "600".into(), text: text.into(), account: None };
    assert_eq!(parse("message 600 call me -- or --not"), Ok(Request::Command(message("call me -- or --not"))));
    let ping = |target: Option<&str>| Command::Ping { target: target.map(str::to_owned), account: None };
    assert_eq!(parse("ping"), Ok(Request::Command(ping(None))));
    assert_eq!(parse("OPTIONS 600"), Ok(Request::Command(ping(Some("600")))));
    let record = |call: Option<&str>, act| Ok(Request::Command(Command::Record { call: call.map(str::to_owned), act }));
    assert_eq!(parse("record start"), record(None, RecordAct::Start { file: None }));
    let named = RecordAct::Start { file: Some("a.wav".into()) };
    assert_eq!(parse("record start c2 --file a.wav"), record(Some("c2"), named));
    assert_eq!(parse("record PAUSE"), record(None, RecordAct::Pause));
    assert!(parse("record stop --file a.wav").is_err() && parse("record now").is_err());
    let play = Command::Play { call: Some("c1".into()), file: "a.wav".into(), alone: true };
    assert_eq!(parse("play a.wav c1 --alone"), Ok(Request::Command(play)));
    assert_eq!(parse("play stop"), Ok(Request::Command(Command::StopPlaying { call: None })));
    let calls = |calls: &[&str]| calls.iter().map(|&call| call.to_owned()).collect();
    assert_eq!(parse("conference"), Ok(Request::Command(Command::Conference { calls: Vec::new() })));
    assert_eq!(parse("merge c1 c2"), Ok(Request::Command(Command::Conference { calls: calls(&["c1", "c2"]) })));
    assert_eq!(parse("conference off"), Ok(Request::Command(Command::LeaveConference { calls: Vec::new() })));
    assert_eq!(parse("conference off c2"), Ok(Request::Command(Command::LeaveConference { calls: calls(&["c2"]) })));
    assert_eq!(parse("dnd ON"), Ok(Request::Command(Command::Dnd { on: true })));
    assert_eq!(parse("forward off"), Ok(Request::Command(Command::Forward { number: None })));
    assert_eq!(parse("forward 600"), Ok(Request::Command(Command::Forward { number: Some("600".into()) })));
    assert_eq!(parse("quit"), Ok(Request::Command(Command::Exit)));
    let pickup = |number: Option<&str>| Command::Pickup { number: number.map(str::to_owned), account: None };
    assert_eq!(parse("pickup"), Ok(Request::Command(pickup(None))));
    assert_eq!(parse("pickup 201"), Ok(Request::Command(pickup(Some("201")))));
    let park = Command::Park { call: Some("c1".into()), number: Some("700".into()) };
    assert_eq!(parse("park 700 --call c1"), Ok(Request::Command(park)));
    let retrieve = Command::Retrieve { number: Some("701".into()), account: None };
    assert_eq!(parse("retrieve 701"), Ok(Request::Command(retrieve)));
    let transfer =
        |call: Option<&str>, to| Ok(Request::Command(Command::Transfer { call: call.map(str::to_owned), to }));
    assert_eq!(parse("transfer 600 --call c1"), transfer(Some("c1"), TransferTo::Number("600".into())));
    assert_eq!(parse("transfer --attended"), transfer(None, TransferTo::Call(None)));
    assert_eq!(parse("transfer --attended c2"), transfer(None, TransferTo::Call(Some("c2".into()))));
}

#[test]
fn what_does_not_fit_is_named() {
    for (line, part) in [
        ("call 1 2", "'2' is one word too many"),
        ("hangup c1 --all", "one of"),
        ("message 600", "no text given"),
        ("transfer", "no number given"),
        ("reject --code 200", "400 to 699"),
        ("dtmf 12x", "'x' is no DTMF digit"),
        ("dnd maybe", "neither on nor off"),
        ("volume 101", "0 to 100"),
        ("volume loud 3", "neither mic nor speaker"),
        ("answer --loud", "knows no --loud"),
        ("call 1 --account", "needs a value"),
    ] {
        let error = parse(line).expect_err(line);
        assert!(error.contains(part), "{line}: {error}");
    }
}
