//! The history of calls: what is kept of each, whoever asks, whatever happens to the phone or its disk.

use crate::support::{Finished, House, bare, finish, until};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The calls that `history` lists, the latest first.
fn calls(house: &House, arguments: &[&str]) -> Vec<Value> {
    let done = house.run(&[&["history", "--json"], arguments].concat());
    assert_eq!(done.code, 0, "{done:?}");
    done.json()["history"].as_array().expect("a list").clone()
}

fn texts<'a>(call: &'a Value, keys: &[&str]) -> Vec<&'a str> {
    keys.iter().map(|key| call[key].as_str().unwrap_or_else(|| panic!("{key} of {call}"))).collect()
}

fn folder(house: &House) -> PathBuf {
    house.folder.path().join(".local/state/tuiphone/history")
}

#[test]
fn calls_made_missed_declined_and_failed_are_told() {
    let house = House::open();
    assert!(calls(&house, &[]).is_empty());
    assert!(!folder(&house).exists(), "who only asks makes no file");
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    let recording = house.folder.path().join("a.wav");
    assert_eq!(wire.ask("call 600")["ok"], true);
    watching.await_event("call_answered");
    let started = wire.ask(&format!("record start --file {}", recording.display()));
    assert_eq!(started["ok"], true, "{started}");
    assert!(
        until(|| {
            let call = &wire.ask("calls")["calls"][0];
            call["media"]["mos_rx_mean"].is_number() && call["duration"].as_f64() >= Some(1.0)
        }),
        "it has been heard for a while"
    );
    assert_eq!(texts(&calls(&house, &[])[0], &["kind", "number", "outcome"]), ["outgoing", "600", ""]);
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    assert_eq!(wire.ask("call 602")["ok"], true);
    watching.await_event("call_ended");
    // 700 calls back: once it is declined, once nobody is disturbed.
    for disturbs in [true, false] {
        assert_eq!(wire.ask(if disturbs { "dnd off" } else { "dnd on" })["ok"], true);
        assert_eq!(wire.ask("call 700")["ok"], true);
        watching.await_event("call_answered");
        assert_eq!(wire.ask("hangup")["ok"], true);
        watching.await_event("call_ended");
        if disturbs {
            watching.await_event("call_incoming");
            assert_eq!(wire.ask("reject")["ok"], true);
        }
        watching.await_event("call_ended");
    }
    let told = calls(&house, &[]);
    let shown: Vec<Vec<&str>> = told.iter().map(|call| texts(call, &["kind", "number"])).collect();
    let expected = [
        ["missed", "700"],
        ["outgoing", "700"],
        ["incoming", "700"],
        ["outgoing", "700"],
        ["outgoing", "602"],
        ["outgoing", "600"],
    ];
    assert_eq!(shown, expected);
    assert_eq!(told[0]["outcome"], "denied");
    assert_eq!(texts(&told[2], &["info"]), ["Declined"]);
    assert_eq!((&told[4]["outcome"], &told[4]["status"]), (&"busy".into(), &486.into()));
    let echo = &told[5];
    assert_eq!(texts(echo, &["outcome", "info", "account"]), ["answered", "Call Ended", "100@demo"]);
    assert_eq!(echo["recording"], recording.display().to_string(), "{echo}");
    assert!(echo["mos"].as_f64() > Some(2.0) && echo["duration"].as_u64() > Some(0), "{echo}");
    assert!(echo["codec"].as_str().is_some_and(|codec| !codec.is_empty()), "{echo}");
    assert!(echo["started_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{echo}");
    assert_eq!(calls(&house, &["--kind", "miss,in"]).len(), 2);
    assert_eq!(calls(&house, &["--search", "602"]).len(), 1);
    assert_eq!(calls(&house, &["--account", "1", "--limit", "2"]).len(), 2);
    assert_eq!(calls(&house, &["--until", "2020-01-01"]).len(), 0);
    let page = wire.ask(r#"{"verb":"history","limit":5}"#);
    let last = &page["history"][4]["id"];
    assert_eq!((&page["more"], page["history"].as_array().map(Vec::len)), (&true.into(), Some(5)), "{page}");
    let next = wire.ask(&format!(r#"{{"verb":"history","limit":5,"before":{last}}}"#));
    assert_eq!((&next["more"], texts(&next["history"][0], &["number"])), (&false.into(), vec!["600"]), "{next}");
    // Redial is what was dialled; with --last a caller counts as well.
    assert_eq!(wire.ask("redial")["call"]["remote"]["user"], "700");
}

#[test]
fn a_kill_in_a_call_leaves_its_row() {
    let house = House::open();
    let mut daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("call 600")["ok"], true);
    watching.await_event("call_answered");
    assert!(until(|| calls(&house, &[]).len() == 1));
    daemon.child.kill().expect("killed");
    daemon.child.wait().expect("waited for");
    let left = calls(&house, &[]);
    assert_eq!(texts(&left[0], &["kind", "number", "outcome"]), ["outgoing", "600", ""]);
    let done = house.run(&["redial"]);
    assert_eq!(done.code, 4, "without a phone nobody dials: {done:?}");
}

#[test]
fn two_processes_keep_one_history() {
    let house = House::open();
    let _daemon = house.daemon();
    for _ in 0..2 {
        let done = house.run(&["--standalone", "--port", "0", "call", "602"]);
        assert_eq!(done.code, 20, "{done:?}");
    }
    assert_eq!(calls(&house, &[]).len(), 2, "as the daemon sees it");
    assert_eq!(calls(&house, &["--standalone"]).len(), 2, "as its file has it");
}

#[test]
fn nothing_about_the_history_disturbs_a_call() {
    // A file where its folder belongs, and a disk that is full at once: the limit of a file's size stands for it.
    for (blocked, limit) in [(true, "unlimited"), (false, "4")] {
        let house = House::open();
        if blocked {
            std::fs::create_dir_all(folder(&house).parent().expect("its folder")).expect("made");
            std::fs::write(folder(&house), "").expect("written");
        }
        let plain = bare(house.folder.path(), &[]);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("ulimit -f {limit}; trap '' XFSZ; exec \"$@\""), "sh"]).arg(plain.get_program());
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).args(["--audio-in", "voice", "--audio-out", "null", "--ini"]).arg(house.ini());
        command.arg("--socket").arg(house.socket()).args(["call", "600", "--duration", "1", "--ndjson"]);
        let Finished { code, stdout, stderr } = finish(command);
        assert_eq!(code, 0, "{stdout}{stderr}");
        assert_eq!(stdout.matches("the history of calls is not kept").count(), 1, "{stdout}{stderr}");
    }
}

#[test]
fn calls_are_written_in_the_forms_of_others_and_forgotten() {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let text = text.replace("[Settings]\r\n", "[Settings]\r\ncallsLastKey=1\r\n");
    let section =
        "[Calls]\r\n0=600;\"Ann; Lee\";2;1700000000;0;Missed Call;\r\n1=+4940123,12#;;0;1700000100;61;Call Ended\r\n";
    std::fs::write(house.ini(), format!("{text}{section}")).expect("written");
    let before = std::fs::read(house.ini()).expect("read");
    let ini = house.ini().display().to_string();
    for counts in ["2 brought over, 0 were there already\n", "0 brought over, 2 were there already\n"] {
        assert_eq!(house.run(&["history", "import", &ini]).stdout, counts);
    }
    assert_eq!(std::fs::read(house.ini()).expect("read"), before, "the ini stays as it is");
    let lines = |arguments: &[&str]| {
        let done = house.run(&[&["history"], arguments].concat());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
        done.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let csv = lines(&["--csv"]);
    assert_eq!(csv[0], "ID,Type,Name,Number,Timestamp,UTC Time,Local Time,Duration,Info");
    assert!(
        csv[1].starts_with(
            "4e44b1a78acb9fd9ed2b5f8202910c6a,outgoing,,\"'+4940123,12#\",1700000100,2023-11-14 22:15:00,"
        ),
        "{csv:?}"
    );
    assert!(csv[2].ends_with(",0,Missed Call") && csv.len() == 3, "{csv:?}");
    assert!(lines(&["--old-csv", "--search", "ann"])[1].starts_with("miss,"));
    let xml = lines(&["--xml"]);
    assert_eq!((xml[1].as_str(), xml[4].as_str(), xml.len()), ("<calls>", "</calls>", 5), "{xml:?}");
    assert!(xml[2].contains("number=\"+4940123,12#\""), "{xml:?}");
    assert_eq!(lines(&["--markdown", "--limit", "1"]).len(), 3);
    let told = lines(&["--limit", "2"]);
    assert!(told[1].contains(" missed ") && told[1].contains("(600): Missed Call"), "{told:?}");
    let id = told[1].split_whitespace().next().expect("an id");
    assert_eq!(lines(&["rm", id, "77"]), ["1 forgotten"]);
    assert_eq!((lines(&["clear"]), lines(&[])), (vec!["1 forgotten".to_owned()], vec!["no calls".to_owned()]));
    for (arguments, code, part) in [
        (&["rm"][..], 2, "no id given"),
        (&["bob"], 2, "--search looks for it"),
        (&["import", "none.ini"], 3, "no such file"),
        (&["import", "/"], 3, "it is a folder"),
    ] {
        let done = house.run(&[&["history"], arguments].concat());
        assert!(done.code == code && done.stderr.contains(part), "{arguments:?}: {done:?}");
    }
}

#[test]
fn a_damaged_history_is_put_aside() {
    let house = House::open();
    assert_eq!(house.run(&["call", "602"]).code, 20);
    let files = || std::fs::read_dir(folder(&house)).expect("its folder").map(|entry| entry.expect("a file").path());
    let file = files().find(|path| path.extension().is_some_and(|end| end == "db")).expect("the file");
    std::fs::write(&file, "no database ".repeat(1_000)).expect("written");
    let done = house.run(&["call", "600", "--duration", "1", "--ndjson"]);
    assert_eq!((done.code, done.stdout.matches("is damaged").count()), (0, 1), "{done:?}");
    assert_eq!(calls(&house, &[]).len(), 1);
    assert!(files().any(|path| path.to_string_lossy().ends_with(".db.damaged-1")));
}

#[test]
fn microsips_file_remembers_what_was_dialled() {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let lists = "[Dialed]\r\n0=602\r\n1=/dnd\r\n2=603\r\n[Calls]\r\n0=null\r\n";
    std::fs::write(house.ini(), text.replace("[Account1]", &format!("{lists}[Account1]"))).expect("written");
    let section = || {
        let text = std::fs::read_to_string(house.ini()).expect("read");
        let (_, section) = text.split_once("[Dialed]\r\n").expect("its section");
        section.split("[Calls]").next().unwrap_or_default().to_owned()
    };
    let mut daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("status")["dialled"], serde_json::json!(["602", "/dnd", "603"]));
    assert_eq!(wire.ask("call 600,1#")["ok"], true);
    watching.await_event("call_answered");
    assert!(until(|| section() == "0=600,1#\r\n1=602\r\n2=/dnd\r\n3=603\r\n"), "{}", section());
    let text = std::fs::read_to_string(house.ini()).expect("read");
    assert!(text.contains("[Settings]\r\naccountId=1\r\nlastCallNumber=600\r\n[Dialed]"), "{text}");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    // Called anew as it was typed, once it is started anew too.
    assert_eq!(daemon.terminate(), 0);
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("redial")["call"]["remote"]["user"], "600");
    let status = wire.ask("status");
    assert_eq!((&status["dialled"][0], &status["last_call_number"]), (&"600,1#".into(), &"600".into()), "{status}");
    assert_eq!(wire.ask("hangup")["ok"], true);
    // A call that ends after it is one that was.
    watching.await_event("call_ended");
    assert_eq!(wire.ask("history clear")["ok"], true);
    assert!(until(|| section().is_empty()), "{}", section());
    assert_eq!(wire.ask("redial --last")["error"]["code"], 5);
}

#[test]
fn a_file_of_our_own_remembers_what_was_dialled_only_if_it_is_told_to() {
    for (more, kept) in [("", false), ("[tuiphone]\r\nkeepDialed=on\r\n", true)] {
        let house = House::open();
        let before = std::fs::read_to_string(house.ini()).expect("read") + more;
        std::fs::write(house.ini(), &before).expect("written");
        let mut daemon = house.daemon();
        let mut wire = daemon.connect();
        assert_eq!(wire.ask("call 602")["ok"], true);
        assert_eq!(wire.ask("status")["dialled"], serde_json::json!(["602"]));
        drop(wire);
        assert_eq!(daemon.terminate(), 0, "what is to be written is written");
        let after = std::fs::read_to_string(house.ini()).expect("read");
        assert_eq!(after != before, kept, "{after}");
        assert_eq!(after.contains("[Dialed]\r\n0=602\r\n"), kept, "{after}");
    }
}
