//! `import` of whole files, as the softphones write them: every row that comes of them, and every word about what stays behind.

use crate::import::Home;
use std::path::Path;
use tuiphone::config::Document;

/// Brings a folder of files over; what was not brought over, and what came.
fn imported(from: &str) -> (Home, Vec<String>, Document) {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(from);
    let folder = folder.to_str().expect("a path");
    let done = home.run(&["import", folder, "--yes", "--save-password", "plain"]);
    assert_eq!((done.code, done.stdout.lines().last()), (0, Some("done")), "{done:?}");
    let behind = done.stdout.lines().skip_while(|line| *line != "not brought over:").skip(1);
    let notes = behind.filter_map(|line| line.strip_prefix("  ")).map(|line| line.rsplit('/').next().unwrap_or(line));
    let notes = notes.map(str::to_owned).collect();
    let document = home.document();
    (home, notes, document)
}

/// The values of a section that are not empty.
fn rows(document: &Document, section: &str, keys: &[(&str, &str)]) {
    for (key, value) in keys {
        assert_eq!(document.get(section, key), Some(*value), "[{section}] {key}");
    }
}

/// Names and numbers of the contacts, with whether they are watched.
fn contacts(home: &Home) -> Vec<(String, String, bool)> {
    let told = home.run(&["contacts", "--json"]).json();
    let contacts = told["contacts"].as_array().expect("a list").iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    contacts.map(|it| (text(&it["name"]), text(&it["number"]), it["presence"] == true)).collect()
}

fn contact(name: &str, number: &str, watched: bool) -> (String, String, bool) {
    (name.to_owned(), number.to_owned(), watched)
}

#[test]
fn baresips_files_come_over_whole() {
    let (home, notes, ini) = imported("baresip");
    assert_eq!(
        notes,
        [
            "accounts: 102@gate.example.net:5070 answers by itself in baresip; here autoAnswer=all does that",
            "accounts: 104@example.org: mediaenc=zrtp is not known here; SRTP is off",
            "accounts: line 16 is not read: it is no account",
            "contacts: line 9 is not read: it is no contact",
        ]
    );
    rows(
        &ini,
        "Settings",
        &[
            ("accountId", "1"),
            ("STUN", "stun.example.net:3478"),
            ("enableSTUN", "1"),
            ("audioCodecs", "opus/48000/2 PCMA/8000/1 speex/16000/1"),
            ("DTMFMethod", "3"),
        ],
    );
    rows(
        &ini,
        "Account1",
        &[
            ("server", "pbx.example.net"),
            ("proxy", "sbc.example.net:5071 sbc2.example.net"),
            ("domain", "pbx.example.net"),
            ("username", "101"),
            ("authID", "a101"),
            ("password", "s;e=cret"),
            ("displayName", "Ann Lee"),
            ("transport", "tls"),
            ("SRTP", "mandatory"),
            ("registerRefresh", "600"),
            ("ICE", "1"),
        ],
    );
    let gate = [("server", ""), ("domain", "gate.example.net:5070"), ("username", "102"), ("password", "in.address")];
    rows(&ini, "Account2", &gate);
    rows(&ini, "Account3", &[("displayName", "Tour \"Guide\""), ("transport", "tcp"), ("publish", "1"), ("SRTP", "")]);
    let turn = [("turnServer", "turn.example.org:3479"), ("turnUsername", "lender"), ("turnPassword", "lent")];
    rows(&ini, "tuiphone3", &turn);
    rows(&ini, "Account4", &[("domain", "[2001:db8::5]"), ("username", "105"), ("registerRefresh", "3600")]);
    assert!(!ini.has_section("Account5"), "a comment and a line of nonsense are none");
    let all = contacts(&home);
    assert!(all.contains(&contact("Bob Hill", "sip:102@pbx.example.net", true)), "{all:?}");
    assert!(all.contains(&contact("Echo", "sip:echo@echo.example.net", false)) && all.len() == 4, "{all:?}");
}

#[test]
fn twinkles_files_come_over_whole() {
    let (home, notes, ini) = imported("twinkle");
    assert_eq!(
        notes,
        [
            "office.cfg: 201@pbx.example.net: this phone has no ZRTP; SRTP is off",
            "office.cfg: 201@pbx.example.net: scripts are not brought over; the keys cmd… run programs here",
            "office.cfg: 201@pbx.example.net: number_conversion is not brought over; dialPlan rewrites numbers here",
            "twinkle.ab: line 5 is not read: it is no contact",
        ]
    );
    let codecs = "PCMA/8000/1 PCMU/8000/1 opus/48000/2 speex/16000/1 iLBC/8000/1";
    let stun = ("STUN", "stun.example.net:3478");
    rows(&ini, "Settings", &[("audioCodecs", codecs), ("DTMFMethod", "2"), stun, ("enableSTUN", "1")]);
    rows(
        &ini,
        "Account1",
        &[
            ("server", "reg.example.net:5070"),
            ("proxy", "sbc.example.net:5080"),
            ("domain", "pbx.example.net"),
            ("username", "201"),
            ("authID", "a201"),
            ("password", "twin=ning;secret"),
            ("displayName", "Ann Lee"),
            ("voicemailNumber", "*97"),
            ("transport", "tcp"),
            ("publicAddr", "203.0.113.9"),
            ("registerRefresh", "1800"),
            ("keepAlive", "25"),
            ("publish", "1"),
        ],
    );
    let all = contacts(&home);
    assert!(all.contains(&contact("Bob Hill", "102", false)), "{all:?}");
    assert!(all.contains(&contact("Anna van der Berg", "sip:anna@example.org", false)) && all.len() == 3, "{all:?}");
}

#[test]
fn linphones_file_comes_over_whole() {
    let (home, notes, ini) = imported("linphone");
    assert_eq!(
        notes,
        [
            "linphonerc: this phone has no ZRTP; SRTP is off",
            "linphonerc: [proxy_2] is not read: it has no reg_identity",
            "linphonerc: certificates of servers are verified here; [tuiphone] tlsVerify=0 turns that off",
        ]
    );
    let codecs = "opus/48000/2 speex/16000/1 PCMA/8000/1";
    rows(&ini, "Settings", &[("audioCodecs", codecs), ("STUN", "stun.example.org"), ("enableSTUN", "1")]);
    rows(
        &ini,
        "Account1",
        &[
            ("server", "sip.example.org"),
            ("proxy", "edge.example.org:5071"),
            ("username", "ann"),
            ("authID", "a.lee"),
            ("password", ""),
            ("displayName", "Ann Lee"),
            ("dialingPrefix", "49"),
            ("transport", "tls"),
            ("registerRefresh", "1200"),
            ("publish", "1"),
            ("ICE", "1"),
        ],
    );
    rows(&ini, "Account2", &[("server", ""), ("proxy", "pbx.example.net:5070"), ("password", "line;secret")]);
    rows(&ini, "tuiphone2", &[("turnServer", "turn.example.net:3479"), ("turnUsername", "lender")]);
    let watched = contact("Bob Hill", "sip:bob@example.net", true);
    assert_eq!(contacts(&home), [watched, contact("Echo", "sip:600@sip.example.org", false)]);
    let calls = home.run(&["history", "--json"]).json();
    let calls: Vec<_> = calls["history"].as_array().expect("a list").iter().collect();
    let of = |key: &str| calls.iter().map(|call| call[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("kind"), ["outgoing", "missed"]);
    assert_eq!(
        (of("number"), of("duration")),
        (vec!["600@sip.example.org".into(), "bob@example.net".into()], vec![65.into(), 0.into()])
    );
    assert_eq!(of("account"), ["ann@sip.example.org", "ann@sip.example.org"]);
}
