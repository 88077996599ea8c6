//! The control socket under people who mean it no good, or who just do not care.

use crate::support::{Daemon, House, Wire};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn daemon_at(house: &House, socket: &Path) -> crate::support::Finished {
    house.run(&["--socket", socket.to_str().expect("UTF-8"), "daemon"])
}

#[test]
fn nothing_is_removed_but_a_dead_phones_socket() {
    let house = House::open();
    let (file, link) = (house.folder.path().join("precious"), house.folder.path().join("link"));
    std::fs::write(&file, "dear to me").expect("written");
    symlink(&file, &link).expect("linked");
    for place in [&file, &link, &house.folder.path().to_owned()] {
        let done = daemon_at(&house, place);
        assert_eq!(done.code, 4, "{done:?}");
        assert!(done.stderr.contains("no socket is there") && done.stderr.contains("hint: "), "{done:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "dear to me");
    assert!(link.is_symlink());
}

#[test]
fn a_folder_others_write_to_and_a_path_too_long_are_refused() {
    let house = House::open();
    let open = house.folder.path().join("open");
    std::fs::create_dir(&open).expect("made");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("opened");
    let done = daemon_at(&house, &open.join("s"));
    assert_eq!(done.code, 4, "{done:?}");
    assert!(done.stderr.contains("others may write"), "{done:?}");
    let done = daemon_at(&house, &house.folder.path().join("x".repeat(150)));
    assert_eq!(done.code, 4, "{done:?}");
    assert!(done.stderr.contains("bytes"), "{done:?}");
}

#[test]
fn socket_and_folder_are_the_owners_alone() {
    let house = House::open();
    let _daemon = house.daemon();
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&house.socket()), 0o600);
    assert_eq!(mode(house.socket().parent().expect("a folder")), 0o700);
}

#[test]
fn a_killed_phone_leaves_a_place_that_one_of_many_takes() {
    let house = House::open();
    let mut first = house.daemon();
    first.child.kill().expect("killed");
    first.child.wait().expect("gone");
    assert!(house.socket().exists());
    assert_eq!(house.run(&["status"]).code, 4);
    let start = |_| house.program(&["daemon"]).spawn().expect("it starts");
    let mut many: Vec<std::process::Child> = (0..4).map(start).collect();
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    let losers = loop {
        let ended = many.iter_mut().filter_map(|child| child.try_wait().expect("its state"));
        let ended: Vec<_> = ended.map(|status| status.code()).collect();
        if ended.len() >= 3 || std::time::Instant::now() > deadline {
            break ended;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    assert_eq!(losers, [Some(4); 3]);
    assert_eq!(house.run(&["exit"]).code, 0, "the fourth one serves");
    for mut child in many {
        child.wait().expect("its end");
    }
}

/// The socket in its place is another phone's by the time it ends.
#[test]
fn a_phone_that_ends_takes_no_others_socket_along() {
    let house = House::open();
    let mut first = house.daemon();
    std::fs::remove_file(house.socket()).expect("there");
    let _second = house.daemon();
    assert_eq!(first.terminate(), 0);
    assert_eq!(house.run(&["status"]).code, 0, "the second one is reached");
}

#[test]
fn a_crowd_is_told_and_leaves_room_again() {
    let house = House::open();
    let daemon = house.daemon();
    let mut crowd: Vec<Wire> = (0..300).map(|_| daemon.connect()).collect();
    let told: Vec<_> = crowd.iter_mut().map(|wire| wire.try_ask("ready")).collect();
    let served = told.iter().filter(|reply| reply["ready"] == true).count();
    let sent_away = told.iter().filter(|reply| reply["error"]["kind"] == "too_many_clients").count();
    assert_eq!((served, sent_away), (256, 44));
    drop(crowd);
    for _ in 0..300 {
        // That one has gone takes the phone a moment to see.
        assert!(crate::support::until(|| daemon.connect().try_ask("watch")["ok"] == true), "there is room again");
    }
    assert!(crate::support::until(|| house.run(&["status"]).code == 0), "there is room again");
}

#[test]
fn who_does_not_read_is_dropped_and_disturbs_nobody() {
    let house = House::open();
    let daemon = house.daemon();
    let mut deaf = daemon.connect();
    while deaf.push(&b"status\n".repeat(500)) {}
    let mut wire = daemon.connect();
    for _ in 0..200 {
        assert_eq!(wire.ask("status")["ok"], true);
    }
    assert!(crate::support::until(|| deaf.is_cut()), "it is dropped");
}

#[test]
fn requests_may_follow_watch_and_half_a_line_survives_an_event() {
    let house = House::open();
    let daemon: Daemon = house.daemon();
    let (mut wire, mut other) = (daemon.connect(), daemon.connect());
    wire.ask("watch");
    wire.send_part(br#"{"verb":"rea"#);
    assert_eq!(other.ask("call 602")["ok"], true);
    assert_eq!(wire.await_event("call_ended")["call"]["outcome"], "busy");
    wire.send(br#"dy","id":[1,{"a":null}]}"#);
    let reply = wire.line();
    assert_eq!((&reply["id"], &reply["ready"]), (&serde_json::json!([1, {"a": null}]), &true.into()), "{reply}");
}

#[test]
fn odd_lines_get_short_answers() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let deep = format!(r#"{{"verb":"ready","id":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let long = "x".repeat(60_000);
    let lines =
        [&deep, &long, "\0", "call \0", r#"{"verb":"ready","more":1}"#, r#"{"verb":5}"#, "[[[[", "null", "", "é"];
    for line in lines {
        let reply = wire.ask(line);
        assert_eq!((&reply["ok"], &reply["error"]["code"]), (&false.into(), &2.into()), "{reply}");
        assert!(reply.to_string().len() < 400, "{reply}");
    }
    for id in ["null", "true", "1.5", "\"x\\u0000\"", "{}"] {
        let reply = wire.ask(&format!(r#"{{"verb":"ready","id":{id}}}"#));
        assert_eq!(reply["id"], serde_json::from_str::<serde_json::Value>(id).expect("JSON"), "{reply}");
    }
}
