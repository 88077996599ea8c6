//! A phone of another version behind the socket is told of as such.

use crate::support::{Finished, House, PATIENCE};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

/// What the program says to a phone that answers so: the reply to `ready`, and the reply to anything else.
fn told_by(ready: &str, other: &'static str, arguments: &[&str]) -> Finished {
    let ready = ready.to_owned();
    let house = House::open();
    std::fs::create_dir_all(house.socket().parent().expect("a folder")).expect("made");
    let listener = UnixListener::bind(house.socket()).expect("it listens");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
            let mut writing = stream.try_clone().expect("a copy");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let reply = if line.contains("ready") { ready.as_str() } else { other };
                if writeln!(writing, "{reply}").is_err() {
                    break;
                }
            }
        }
    });
    house.run(arguments)
}

const OLD: &str = r#"{"v":1,"verb":"ready","ok":true,"ready":true,"registered":true,"version":"0.0.1"}"#;
const UNKNOWN: &str =
    r#"{"v":1,"ok":false,"error":{"code":2,"kind":"usage","message":"no such verb: 'codecs'","hint":null}}"#;

#[test]
fn an_older_phone_is_named() {
    for arguments in [&["redial", "--json"][..], &["hold", "--json"], &["watch", "--json"]] {
        let told = told_by(OLD, UNKNOWN, arguments);
        assert_eq!((told.code, &told.json()["error"]["kind"]), (4, &"version".into()), "{told:?}");
        let ours = concat!("this is tuiphone ", env!("CARGO_PKG_VERSION"));
        assert!(told.stderr.contains("tuiphone 0.0.1") && told.stderr.contains(ours), "{told:?}");
        assert!(told.stderr.contains("hint: start it anew: tuiphone exit"), "{told:?}");
    }
}

#[test]
fn a_status_that_cannot_be_read_is_an_older_phones() {
    let told = told_by(OLD, r#"{"v":1,"verb":"status","ok":true,"state":"dancing"}"#, &["status"]);
    assert!(told.code == 4 && told.stderr.contains("tuiphone 0.0.1"), "{told:?}");
    let told = told_by(r#"{"v":1,"ok":true}"#, r#"{"v":1,"verb":"status","ok":true}"#, &["status"]);
    assert!(told.code == 4 && told.stderr.contains("an older one"), "{told:?}");
}

#[test]
fn another_protocol_is_named() {
    let told = told_by(OLD, r#"{"v":2,"ok":true}"#, &["status", "--json"]);
    assert_eq!((told.code, &told.json()["error"]["kind"]), (4, &"version".into()), "{told:?}");
    assert!(told.stderr.contains("speaks version 2"), "{told:?}");
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let reply = wire.ask(r#"{"v":2,"verb":"status","id":9}"#);
    assert_eq!((&reply["id"], &reply["error"]["kind"]), (&9.into(), &"version".into()), "{reply}");
    assert_eq!(wire.ask(r#"{"v":1,"verb":"status"}"#)["ok"], true);
}

/// The phone's own refusal stays what it is; of two builds of one version each is told apart.
#[test]
fn a_refusal_of_the_same_build_is_no_skew() {
    let house = House::open();
    let same = house.daemon().connect().ask("ready");
    let told = told_by(&same.to_string(), UNKNOWN, &["hold"]);
    assert!(told.code == 2 && told.stderr.contains("no such verb"), "{told:?}");
    for build in [serde_json::Value::Null, "0123456789abcdef".into()] {
        let mut other = same.clone();
        other["build"] = build;
        let told = told_by(&other.to_string(), UNKNOWN, &["hold", "--json"]);
        assert_eq!((told.code, &told.json()["error"]["kind"]), (4, &"version".into()), "{told:?}");
        assert!(told.stderr.contains("another build of tuiphone"), "{told:?}");
    }
}
