//! `doctor` and `bug-report`, against servers that answer well, badly and not at all.

use crate::support::{Finished, House, bare, closed, finish};
use serde_json::Value;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// The findings of a check.
fn of<'a>(checks: &'a Value, name: &str) -> Vec<&'a Value> {
    checks["checks"].as_array().expect("checks").iter().filter(|it| it["name"] == name).collect()
}

fn only<'a>(checks: &'a Value, name: &str) -> &'a Value {
    let found = of(checks, name);
    assert_eq!(found.len(), 1, "{name} in {checks}");
    found[0]
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("so set");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// A registrar that gives this answer to everybody, for as long as the phone asks.
fn answered_with(house: &mut House, status: &str, words: &[&str]) -> Finished {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a server");
    server.set_read_timeout(Some(Duration::from_millis(50))).expect("a bound");
    house.server = server.local_addr().expect("bound").to_string();
    house.write_ini("a-password");
    let house = &*house;
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| house.run(words));
        let mut buffer = [0; 4096];
        while !asking.is_finished() {
            let Ok((length, from)) = server.recv_from(&mut buffer) else { continue };
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let echoed =
                |line: &&str| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name));
            let echoed: Vec<&str> = request.lines().filter(echoed).collect();
            let answer = format!("SIP/2.0 {status}\r\n{}\r\nContent-Length: 0\r\n\r\n", echoed.join("\r\n"));
            server.send_to(answer.as_bytes(), from).expect("sent");
        }
        asking.join().expect("the program ends")
    })
}

#[test]
fn a_healthy_phone_is_told_so_with_and_without_a_daemon() {
    let house = House::open();
    set_mode(&house.ini(), 0o600);
    for alone in [true, false] {
        let daemon = (!alone).then(|| house.daemon());
        let done = house.run(&["doctor", "--json"]);
        let checks = done.json();
        assert_eq!((done.code, &checks["ok"], &checks["v"]), (0, &true.into(), &1.into()), "{done:?}");
        let registration = only(&checks, "registration");
        assert_eq!((&registration["result"], &registration["cause"]), (&"ok".into(), &Value::Null), "{checks}");
        assert!(registration["on"].as_str().is_some_and(|on| on.contains("100@demo")), "{checks}");
        for (name, result) in [("settings", "ok"), ("files", "ok"), ("socket", "ok"), ("alg", "ok"), ("dns", "ok")] {
            assert_eq!(only(&checks, name)["result"], result, "{name} in {checks}");
        }
        assert_eq!(only(&checks, "phone")["result"], if alone { "skip" } else { "ok" });
        let size =
            only(&checks, "mtu")["found"].as_str().and_then(|found| found.split(' ').next()?.parse::<usize>().ok());
        assert!(size.is_some_and(|size| (300..4_000).contains(&size)), "{checks}");
        for name in ["nat", "audio", "priority"] {
            assert_eq!(of(&checks, name).len(), 1, "{name}: what it finds is this machine's");
        }
        drop(daemon);
    }
    let text = house.run(&["doctor", "registration", "settings"]);
    assert!(text.code == 0 && text.stdout.starts_with("ok    settings"), "{text:?}");
    assert!(text.stdout.contains("ok    registration  register 100@demo (udp): registered"), "{text:?}");
    assert!(!text.stdout.contains("audio"), "only what was asked for: {text:?}");
    assert_eq!(house.run(&["doctor", "nonsense"]).code, 2);
    // What a check finds beside its own is a name too.
    let nat = house.run(&["doctor", "nat"]);
    assert!(nat.stdout.contains(" nat ") && !nat.stdout.contains(" audio "), "{nat:?}");
}

#[test]
fn answers_of_registrars_have_their_likely_cause() {
    let mut house = House::open();
    house.write_ini("wrong");
    let refused = house.run(&["doctor", "registration"]);
    assert!(
        refused.code == 10 && refused.stdout.contains("cause: the server does not take the password"),
        "{refused:?}"
    );
    assert!(refused.stdout.contains("next: enter it anew"), "{refused:?}");
    house.write_ini("");
    let none = house.run(&["doctor", "registration"]);
    assert!(none.code == 10 && none.stdout.contains("no password is known"), "{none:?}");
    for (status, code, part) in [
        ("403 Forbidden", 10, "knows who asks and says no"),
        ("404 Not Found", 23, "no such user at this domain"),
        ("408 Request Timeout", 11, "got no answer from the one behind it"),
        ("488 Not Acceptable Here", 24, "codecs, encryption or transport"),
    ] {
        let done = answered_with(&mut house, status, &["doctor", "registration", "--json"]);
        let checks = done.json();
        let finding = only(&checks, "registration");
        assert_eq!((done.code, &finding["result"], &checks["ok"]), (code, &"fail".into(), &false.into()), "{done:?}");
        assert!(finding["cause"].as_str().is_some_and(|cause| cause.contains(part)), "{finding}");
        assert!(finding["found"].as_str().is_some_and(|found| found.contains(&status[..3])), "{finding}");
    }
    let (_kept, silent) = closed();
    house.server = silent.to_string();
    house.write_ini("any");
    let done = house.run(&["doctor", "registration", "dns", "--ndjson"]);
    let lines: Vec<Value> = done.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["result"] == "fail").collect();
    assert!(done.code == 11 && failed.len() == 1 && failed[0]["name"] == "registration", "{done:?}");
    assert!(failed[0]["cause"].is_string() && failed[0]["verb"] == "doctor", "{done:?}");
}

#[test]
fn without_an_ini_file_and_with_a_broken_one_the_rest_is_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = bare(folder.path(), &["doctor", "--json"]);
    command.current_dir(folder.path());
    let done = finish(command);
    let checks = done.json();
    assert_eq!((done.code, only(&checks, "settings")["result"].as_str()), (0, Some("ok")), "{done:?}");
    assert_eq!(only(&checks, "registration")["result"], "skip", "{checks}");
    let missing = finish(bare(folder.path(), &["--ini", "/nowhere/x.ini", "doctor", "--json"]));
    let checks = missing.json();
    assert_eq!((missing.code, only(&checks, "settings")["result"].as_str()), (3, Some("fail")), "{missing:?}");
    assert_eq!(of(&checks, "audio").len(), 1, "the others are looked at: {missing:?}");
    let odd = folder.path().join("odd.ini");
    std::fs::write(&odd, "[Settings]\nDTMFMethod=99\nNonsense=1\n").expect("written");
    let done = finish(bare(folder.path(), &["--ini", odd.to_str().expect("UTF-8"), "doctor", "settings"]));
    assert!(
        done.code == 0 && done.stdout.starts_with("warn  settings") && done.stdout.contains("Nonsense"),
        "{done:?}"
    );
}

#[test]
fn a_host_that_leads_nowhere_and_a_server_without_tls_are_named() {
    let mut house = House::open();
    // A label too long for any question: nobody is asked.
    house.write_account(&format!("{}.invalid", "x".repeat(64)), "password=x\r\n");
    let done = house.run(&["doctor", "dns", "--json"]);
    let checks = done.json();
    let finding = only(&checks, "dns");
    assert!(done.code == 11 && finding["result"] == "fail" && finding["cause"].is_string(), "{done:?}");
    let plain = std::net::TcpListener::bind("127.0.0.1:0").expect("a server");
    house.server = plain.local_addr().expect("bound").to_string();
    let server = house.server.clone();
    house.write_account(&server, "password=x\r\ntransport=tls\r\n");
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = plain.accept() {
            let _ = std::io::Write::write_all(&mut stream, b"SIP/2.0 400 Bad Request\r\n\r\n");
            open.push(stream);
        }
    });
    let done = house.run(&["doctor", "dns", "--json"]);
    let checks = done.json();
    let tls = only(&checks, "tls");
    assert!(done.code == 11 && tls["result"] == "fail" && only(&checks, "dns")["result"] == "ok", "{done:?}");
    assert!(tls["cause"].as_str().is_some_and(|cause| cause.contains("does not speak TLS")), "{tls}");
}

#[test]
fn rights_are_mended_on_request_alone() {
    let house = House::open();
    let (ini, folder) = (house.ini(), house.socket().parent().expect("a folder").to_owned());
    std::fs::create_dir_all(&folder).expect("made");
    set_mode(&ini, 0o644);
    set_mode(&folder, 0o777);
    let looked = house.run(&["doctor", "files", "socket", "--json"]);
    let checks = looked.json();
    assert_eq!((looked.code, only(&checks, "files")["result"].as_str()), (4, Some("warn")), "{looked:?}");
    assert_eq!(only(&checks, "socket")["fixable"], true, "{looked:?}");
    let unasked = house.run(&["doctor", "files", "socket", "--fix"]);
    assert!(
        unasked.stderr.contains("nobody can be asked") && (mode(&ini), mode(&folder)) == (0o644, 0o777),
        "{unasked:?}"
    );
    let mended = house.run(&["doctor", "files", "socket", "--fix", "--yes", "--json"]);
    assert_eq!((mended.code, mode(&ini), mode(&folder)), (0, 0o600, 0o700), "{mended:?}");
    assert_eq!(only(&mended.json(), "files")["fixed"], true, "{mended:?}");
    assert_eq!(house.run(&["doctor", "files", "socket"]).code, 0);
}

#[test]
fn a_report_has_everything_and_no_secret() {
    let house = House::open();
    let more = format!(
        "proxy={}\r\npassword={}\r\nSRTP=mandatory\r\n[tuiphone]\r\nturnPassword=turn-5ec7e7\r\n\
         webhook=http://127.0.0.1:1/hook-5ec7e7\r\nwebhookSecret=sign-5ec7e7\r\n",
        house.server, house.password
    );
    let directory = "accountId=1\r\nusersDirectory=https://ann:dir-5ec7e7@127.0.0.1:1/book?token=tok-5ec7e7\r\n";
    let ini = House::text_of_account(&house.server, &more).replace("accountId=1\r\n", directory);
    std::fs::write(house.ini(), ini).expect("written");
    let _daemon = house.daemon();
    assert_eq!(house.run(&["call", "602"]).code, 20);
    let file = house.folder.path().join("report.txt");
    let name = file.to_str().expect("UTF-8");
    let done = house.run(&["bug-report", name]);
    assert!(done.code == 0 && done.stdout.trim() == name && done.stderr.contains("read it before"), "{done:?}");
    assert_eq!(mode(&file), 0o600);
    let text = std::fs::read_to_string(&file).expect("a report");
    for part in [
        "tuiphone 0.",
        "\n== platform\n",
        "ok    registration",
        "\n[Account1]\n",
        "; password is set, and not shown",
        "REGISTER sip:",
        "Authorization: <hidden>",
        "INVITE sip:602",
        "\n== log",
        "\"aor\": \"100@demo\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for secret in [house.password.as_str(), "5ec7e7", "response=\"", "inline:"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(!text.contains(house.folder.path().to_str().expect("UTF-8")), "the person's folder: {text}");
    let again = house.run(&["bug-report", name, "--json"]);
    assert!(
        again.code == 1 && again.json()["ok"] == false && again.stderr.contains("none is written over"),
        "{again:?}"
    );
    let piped = house.run(&["bug-report", "-"]);
    assert!(piped.code == 0 && piped.stdout.starts_with("A report of tuiphone, 2"), "{piped:?}");
}
