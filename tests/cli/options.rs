//! Options that hold everywhere, and the streams a script connects.

use crate::support::{House, PATIENCE, bare, finish, finish_in};
use std::process::Stdio;

#[test]
fn help_has_topics_and_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = |words: &[&str]| finish(bare(folder.path(), words));
    for (words, part) in [
        (&["help", "exit-codes"][..], "20  busy"),
        (&["help", "microsip"], "/hangupall"),
        (&["help", "call"], "--duration"),
        (&["help", "config"], "config check"),
        (&["call", "--help"], "Examples:"),
        (&["--help"], "Examples:"),
        (&["/?"], "Exit codes:"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let done = page(words);
        assert!(done.code == 0 && done.stdout.contains(part) && done.stderr.is_empty(), "{words:?}: {done:?}");
    }
    assert_eq!(page(&["help", "nonsense"]).code, 2);
    assert_eq!(page(&["--version", "--json"]).json()["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let house = House::open();
    for (words, code) in [
        (&["--nonsense", "--json"][..], 2),
        (&["status", "--json"], 4),
        (&["watch", "--ndjson"], 4),
        (&["-a", "9", "call", "1", "--json"], 5),
        (&["call", "600", "--no-wait", "--json"], 4),
        (&["--standalone", "call", "600", "--no-wait", "--json"], 2),
        (&["call", "", "--json"], 2),
        (&["--json", "register", "9"], 5),
        (&["--log", "/nowhere/x.csv", "--json", "call", "602"], 3),
        (&["--debug", "/nowhere/x", "--json", "call", "602"], 3),
    ] {
        let done = house.run(words);
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        let said = done.json();
        assert_eq!((&said["ok"], &said["error"]["code"]), (&false.into(), &code.into()), "{words:?}: {said}");
        assert!(done.stderr.starts_with("tuiphone: "), "{words:?}: {done:?}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_a_gone_reader_is_none() {
    let house = House::open();
    let _daemon = house.daemon();
    let mut status = house.program(&["status"]);
    status.stderr(Stdio::piped()).stdout(std::fs::File::create("/dev/full").expect("opened"));
    let done = finish_in(status.spawn().expect("it starts"));
    assert!(done.code == 1 && done.stderr.contains("no space"), "{done:?}");
    let mut watch = house.program(&["watch"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(watch.stdout.take());
    assert_eq!(finish_in(watch).code, 0, "an idle watch ends with its reader");
}

#[test]
fn every_way_to_give_a_password_works() {
    let house = House::open();
    house.write_ini("");
    let secret = house.folder.path().join("secret");
    std::fs::write(&secret, format!("{}\nmore", house.password)).expect("written");
    let file = secret.to_str().expect("UTF-8");
    assert_eq!(house.run(&["--password-file", file, "register"]).code, 0);
    let done = house.run(&["--password", &house.password, "register"]);
    assert!(done.code == 0 && done.stderr.contains("others") && !done.stderr.contains(&house.password), "{done:?}");
    let mut by_environment = house.program(&["register"]);
    by_environment.env("TUIPHONE_PASSWORD", &house.password);
    assert_eq!(finish(by_environment).code, 0);
    let mut by_stdin = house.program(&["--password", "-", "register"]);
    by_stdin.stdin(std::fs::File::open(&secret).expect("opened"));
    assert_eq!(finish(by_stdin).code, 0);
    let session = ["--user", "100@demo", "--proxy", &house.server, "--password-file", file, "register", "--json"];
    let done = house.run(&session);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["accounts"].as_array().map(Vec::len), Some(1), "the session's account alone: {done:?}");
    let none = house.run(&["register"]);
    assert!(none.code == 10 && none.stderr.contains("no password for 100@demo"), "{none:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_password_on_the_command_line_is_soon_off_it() {
    let house = House::open();
    let daemon = house.daemon_with(&["--password", &house.password], "registered 100@demo");
    let line = std::fs::read(format!("/proc/{}/cmdline", daemon.child.id())).expect("its command line");
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    assert!(line.contains("--password ***") && !line.contains(&house.password), "{line}");
}

#[test]
fn the_log_and_the_trace_tell_the_call_and_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::open();
    let (log, trace) = (house.folder.path().join("calls.csv"), house.folder.path().join("sip.txt"));
    let options = ["--log", log.to_str().expect("UTF-8"), "--debug", trace.to_str().expect("UTF-8"), "call", "602"];
    assert_eq!(house.run(&options).code, 20);
    let rows = std::fs::read_to_string(&log).expect("a log");
    let rows: Vec<&str> = rows.lines().collect();
    assert!(rows.first().is_some_and(|row| row.starts_with("ID,Type,Name,Number,")), "{rows:?}");
    assert!(rows.last().is_some_and(|row| row.contains(",602,") && row.ends_with(",ended")), "{rows:?}");
    let text = std::fs::read_to_string(&trace).expect("a trace");
    assert!(text.contains("INVITE sip:602") && text.contains("Authorization: <hidden>"), "{text}");
    assert!(!text.contains("response=\""), "{text}");
    for file in [log, trace] {
        assert_eq!(std::fs::metadata(file).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn odd_configurations_are_named() {
    let house = House::open();
    let folder = house.folder.path();
    let place = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("written");
        folder.join(name).display().to_string()
    };
    let good = std::fs::read_to_string(house.ini()).expect("the ini");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let bind = |address: &str| format!("{good}[tuiphone]\r\nbindAddress={address}\r\n");
    for (ini, code, part) in [
        (place("utf16.ini", &utf16), 0, ""),
        (place("empty.ini", b""), 3, "no account"),
        (place("binary.ini", &[0x80, 0, 0xfe, 0xff, 0x5b].repeat(9999)), 3, "no account"),
        (place("long.ini", &vec![b' '; 9_000_000]), 3, "line 1: not read: 9000000 bytes"),
        (place("huge.ini", &vec![b' '; 40_000_000]), 3, "more than"),
        (place("word.ini", bind("nonsense").as_bytes()), 3, "bindAddress"),
        (place("elsewhere.ini", bind("192.0.2.1").as_bytes()), 3, "192.0.2.1"),
        (folder.display().to_string(), 3, "folder"),
        ("/dev/zero".to_owned(), 3, "no file"),
    ] {
        let mut command = bare(folder, &["--ini", &ini, "--audio-in", "null", "--audio-out", "null", "register"]);
        command.env_remove("XDG_RUNTIME_DIR").env_remove("HOME").current_dir(folder);
        let done = finish(command);
        assert!(done.code == code && done.stderr.contains(part), "{ini}: {done:?}");
    }
}

#[test]
fn ctrl_c_hangs_up_and_tells_so() {
    let house = House::open();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let mut child = house.program(&["call", "604", "--json"]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = crate::support::lines_of(child.stderr.take().expect("its stderr"));
        while lines.recv_timeout(PATIENCE).expect("it rings") != "ringing" {}
        crate::support::signal(&child, signal);
        let done = finish_in(child);
        assert_eq!(done.code, code, "{signal}: {done:?}");
        assert_eq!(
            (&done.json()["ok"], &done.json()["call"]["ended_by"]),
            (&false.into(), &"local".into()),
            "{done:?}"
        );
    }
}

#[test]
fn the_time_limit_is_one_on_the_answer() {
    let house = House::open();
    // The echo alone takes 0.8 s to answer.
    let done = house.run(&["--timeout", "5", "600", "--duration", "5", "--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.json()["call"]["duration"].as_f64() >= Some(4.9), "{done:?}");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let number = format!("sip:x@{}", silent.local_addr().expect("its address"));
    assert_eq!(house.run(&["--standalone", "--timeout", "0.5", "call", &number]).code, 11);
}

#[test]
fn a_stopped_phone_is_waited_for_as_long_as_asked() {
    let house = House::open();
    let daemon = house.daemon();
    crate::support::signal(&daemon.child, "STOP");
    let done = house.run(&["--timeout", "0.3", "status"]);
    crate::support::signal(&daemon.child, "CONT");
    assert!(done.code == 4 && done.stderr.contains("has not answered"), "{done:?}");
    assert_eq!(house.run(&["--timeout", "0.3", "watch"]).code, 0);
}
