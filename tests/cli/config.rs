//! `config`: the files of a profile shown, changed and checked by the program itself. No phone runs, no secret is told.

use crate::support::{Finished, House, bare, finish};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tuiphone::config::Document;

/// The files of real users, and one with every key there is.
fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ini");
    let files = std::fs::read_dir(folder).expect("the fixtures").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "ini")).collect();
    files.sort();
    assert_eq!(files.len(), 11);
    files
}

pub(super) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub(super) fn with(ini: &[u8]) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(desk.ini(), ini).expect("written");
        desk
    }

    pub(super) fn ini(&self) -> PathBuf {
        self.folder.path().join("phone.ini")
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.ini()).expect("the file")
    }

    pub(super) fn config(&self, words: &[&str]) -> Finished {
        self.config_with(&[], words)
    }

    /// The same with these options before it.
    pub(super) fn config_with(&self, options: &[&str], words: &[&str]) -> Finished {
        let mut command = bare(self.folder.path(), options);
        command.arg("--ini").arg(self.ini()).arg("config").args(words);
        finish(command)
    }
}

/// What differs: the bytes between the first that do and the last.
fn differs<'a>(one: &'a [u8], other: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

#[test]
fn a_change_is_one_line_of_a_real_file_and_no_other_byte() {
    for file in samples() {
        let before = std::fs::read(&file).expect("read");
        let document = Document::parse(&before).expect("parsed");
        let places = [
            ("Settings", "volumeRing", "37"),
            ("Account1", "label", "Somebody"),
            ("Account1", "domain", "d"),
            ("Settings", "EC", "1"),
        ];
        let (section, key, value) =
            places.into_iter().find(|(section, key, _)| document.get(section, key).is_some()).expect("one of them");
        let desk = Desk::with(&before);
        let change = format!("{section}.{key}={value}");
        let done = desk.config(&["set", &change]);
        assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{file:?}: {done:?}");
        let after = desk.bytes();
        assert_eq!(Document::parse(&after).expect("parsed").get(section, key), Some(value), "{file:?}");
        let (old, new) = differs(&before, &after);
        assert!(!new.is_empty() && !old.contains(&b'\n') && !new.contains(&b'\n'), "{file:?}: {old:?} {new:?}");
        let again = desk.config(&["--json", "set", &change]).json();
        assert_eq!((&again["changed"], desk.bytes()), (&false.into(), after), "{file:?}");
        let told = desk.config(&["get", &format!("{section}.{key}")]);
        assert_eq!((told.code, told.stdout.trim()), (0, value), "{file:?}");
    }
}

#[test]
fn any_key_of_a_real_file_may_change() {
    for file in samples() {
        let before = std::fs::read(&file).expect("read");
        let document = Document::parse(&before).expect("parsed");
        let desk = Desk::with(&before);
        // Of a text, a flag, a key that is kept unused and an entry of a list those that the file has.
        for (section, key, value) in [
            ("Settings", "ringingSound", "bell.wav"),
            ("Settings", "callWaiting", "0"),
            ("Settings", "mainX", "17"),
            ("Account1", "displayName", "Ann"),
            ("Dialed", "0", "*43"),
        ] {
            let Some(line) = document.line_of(section, key) else { continue };
            let done = desk.config(&["set", &format!("{section}.{key}={value}")]);
            // An account without a number of its own, or none at all, is not to be made by the way.
            if done.code != 0 {
                assert!(done.stderr.contains("nothing was changed"), "{file:?} {key}: {done:?}");
                continue;
            }
            let after = desk.bytes();
            let (old, new) = (Document::parse(&before).expect("parsed"), Document::parse(&after).expect("parsed"));
            assert_eq!((new.get(section, key), new.encoding()), (Some(value), old.encoding()), "{file:?} {key}");
            let lines =
                |bytes: &[u8]| -> Vec<Vec<u8>> { bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect() };
            let (old, new) = (lines(&before), lines(&after));
            let differing: Vec<usize> =
                (1..).zip(old.iter().zip(&new)).filter(|(_, (a, b))| a != b).map(|(n, _)| n).collect();
            let as_before = document.get(section, key) == Some(value);
            assert_eq!(
                (old.len(), differing),
                (new.len(), if as_before { vec![] } else { vec![line] }),
                "{file:?} {key}"
            );
            std::fs::write(desk.ini(), &before).expect("written");
        }
    }
}

#[test]
fn addresses_are_told_without_what_they_prove() {
    let ini = "[Settings]\nusersDirectory=https://ann:hunter2@pbx.example.net/book?u={username}&token=hunter2&x=1\n\
               cmdCallStart=curl -H \"Authorization: Bearer hunter2\" https://hunter2@crm.example/?id=7\n\
               [tuiphone]\ncardDavUrl=https://ann:hunter2@dav.example/ann/\n[Odd]\nwhere=http://x/?key=hunter2\n\
               [tuiphone1]\nturnPassword=hunter2\n";
    let desk = Desk::with(ini.as_bytes());
    let book = "https://<hidden>:<hidden>@pbx.example.net/book?u={username}&token=<hidden>&x=1";
    let print = desk.config(&["print"]);
    assert!(print.stdout.contains(&format!("usersDirectory={book}\n")), "{print:?}");
    assert!(print.stdout.contains("Bearer <hidden>\" https://<hidden>@crm.example/?id=7\n"), "{print:?}");
    assert_eq!(desk.config(&["get", "Settings.usersDirectory"]).stdout.trim_end(), book);
    let json = desk.config(&["--json", "get", "Settings.usersDirectory"]).json();
    assert_eq!((&json["value"], &json["masked"], &json["secret"]), (&book.into(), &true.into(), &false.into()));
    let plain = desk.config(&["--json", "get", "Settings.userAgent"]).json();
    assert_eq!(&plain["masked"], false);
    for words in
        [&["print"][..], &["--json", "print"], &["check"], &["get", "tuiphone.cardDavUrl"], &["print", "--default"]]
    {
        let done = desk.config(words);
        assert!(!format!("{}{}", done.stdout, done.stderr).contains("hunter2"), "{words:?}: {done:?}");
    }
}

#[test]
fn what_microsip_would_cut_off_is_written_and_told() {
    let desk = Desk::with(b"[Settings]\n[Account1]\ndomain=d\n[Shortcuts]\n0=a;1;call\n");
    for (key, most) in [
        ("Settings.userAgent", 255),
        ("Settings.audioCodecs", 511),
        ("Settings.videoCaptureDevice", 255),
        ("Account1.displayName", 1040),
        ("Account1.label", 255),
        ("Shortcuts.0", 1023),
    ] {
        let codec = "PCMU/8000/1 ";
        for (length, is_told) in [(most, false), (most + 1, true)] {
            let value: String = match key {
                "Settings.audioCodecs" => {
                    codec.repeat(length / codec.len()) + &"a/".repeat(2) + &"1".repeat(length % codec.len())
                }
                _ => "x".repeat(length),
            };
            let value: String = value.chars().take(length).collect();
            let done = desk.config(&["set", &format!("{key}={value}")]);
            let part = format!("{key} has {length} characters: MicroSIP reads {most} of them");
            assert_eq!((done.code, done.stderr.contains(&part)), (0, is_told), "{key} {length}: {done:?}");
            let (section, name) = key.split_once('.').expect("a key");
            let read = Document::parse(&desk.bytes()).expect("parsed");
            assert_eq!(read.get(section, name), Some(value.as_str()), "{key}");
        }
    }
    let text = String::from_utf8(desk.bytes()).expect("text");
    assert!(text.contains("videoCaptureDevice=\"xxx") && text.contains("userAgent=xxx"), "quoted as MicroSIP does");
    let found = desk.config(&["--json", "check"]).json();
    let long = found["findings"].as_array().expect("a list").iter().filter(|it| it["kind"] == "too_long").count();
    assert_eq!(long, 5, "the sixth is kept unused in any case: {found}");
    let saved = "x".repeat(2000);
    let ini = desk.ini();
    let words =
        ["--user", "7", "--domain", "127.0.0.1", "--dn", &saved, "--save", "--no-input", "--timeout", "1", "register"];
    let mut command = bare(desk.folder.path(), &["--ini", ini.to_str().expect("UTF-8")]);
    command.args(words);
    let done = finish(command);
    assert!(done.stderr.contains("Account2.displayName has 2000 characters: MicroSIP reads 1040"), "{done:?}");
}

/// A line of ten megabytes, ten thousand accounts, a file of nonsense and one that is too large: said in a line each, with
/// its place, and the rest is used.
#[test]
fn a_hostile_file_is_told_of_and_the_rest_is_used() {
    let accounts: String = (1..=10_000).map(|n| format!("[Account{n}]\ndomain=d{n}\nusername=u{n}\n")).collect();
    let text = format!("[Settings]\nuserAgent={}\ncallWaiting=0\n{accounts}", "x".repeat(10 << 20));
    let desk = Desk::with(text.as_bytes());
    let at = desk.ini().display().to_string();
    let check = desk.config(&["check"]);
    assert_eq!(check.code, 3);
    for line in [
        format!("{at}: line 2: not read: 10485771 bytes that no line of this file can mean"),
        format!("{at}: line 304: [Account101]: not read: 100 accounts are the most"),
    ] {
        assert!(
            check.stdout.lines().any(|told| told == line),
            "{line}: {}",
            check.stdout.get(..2000).unwrap_or_default()
        );
    }
    assert!(check.stdout.len() < 200_000, "told, and not repeated: {}", check.stdout.len());
    assert_eq!(desk.config(&["get", "Settings.callWaiting"]).stdout.trim(), "0");
    assert_eq!(desk.config(&["get", "Account100.username"]).stdout.trim(), "u100");
    let changed = desk.config(&["set", "Settings.callWaiting=1"]);
    assert_eq!(changed.code, 0, "{}", changed.stderr.get(..2000).unwrap_or_default());
    assert!(desk.bytes() == text.replace("callWaiting=0", "callWaiting=1").as_bytes(), "one line, and no other byte");
    let noise: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(desk.ini(), &noise).expect("written");
    let check = desk.config(&["check"]);
    assert!(check.code == 3 && check.stdout.len() < 1_000_000, "{} {}", check.code, check.stdout.len());
    assert!(check.stdout.bytes().all(|byte| byte == b'\n' || byte >= b' '), "nothing that a terminal would obey");
    std::fs::write(desk.ini(), vec![b'\n'; (32 << 20) + 1]).expect("written");
    let check = desk.config(&["check"]);
    assert_eq!((check.code, check.stdout.as_str()), (3, ""));
    assert!(check.stderr.contains(&format!("cannot read {at}: the file has 33554433 bytes, more than")), "{check:?}");
}

#[test]
fn every_key_and_every_reason_is_in_the_help() {
    let page = finish(bare(Path::new("/"), &["help", "settings"]));
    assert_eq!(page.code, 0, "{page:?}");
    for part in [
        "\n  transport (udp tcp tls ws wss; default udp)\n",
        "videoH264",
        "calls are sound alone: video that is offered is declined",
        "[tuiphone], [tuiphone1]",
    ] {
        assert!(page.stdout.contains(part), "{part}");
    }
    let json = finish(bare(Path::new("/"), &["--json", "config", "print", "--default"])).json();
    let kept = json["kept"].as_array().expect("a list");
    assert!(kept.iter().any(|it| it["key"] == "updatesInterval" && it["why"] == "this phone asks nobody for updates"));
}

#[test]
fn no_secret_of_a_real_file_is_told() {
    for file in samples() {
        let bytes = std::fs::read(&file).expect("read");
        let document = Document::parse(&bytes).expect("parsed");
        let all = document.sections().flat_map(|section| document.entries(section));
        let secrets: Vec<&str> = all
            .filter(|(key, value)| key.eq_ignore_ascii_case("password") && !value.is_empty())
            .map(|(_, value)| value)
            .collect();
        let desk = Desk::with(&bytes);
        for words in
            [&["print"][..], &["--json", "print"], &["check"], &["--json", "check"], &["get", "Account1.password"]]
        {
            let done = desk.config(words);
            assert!(matches!(done.code, 0 | 3 | 5), "{file:?} {words:?}: {done:?}");
            let told = format!("{}{}", done.stdout, done.stderr);
            assert!(!secrets.iter().any(|secret| told.contains(secret)), "{file:?} {words:?}: {told}");
        }
    }
}

#[test]
fn what_is_odd_in_real_files_is_told_with_its_line() {
    for (name, code, expected) in [
        ("01", 3, "[Account1] STUN: kept, not used: "),
        ("02", 0, "[Settings] mainX: kept, not used: a terminal has no window to place"),
        ("03b", 3, "[Account1]: it has no domain, so it is no account"),
        ("06", 0, "[Settings] enableMediaButtons: kept, not used: "),
        ("07", 3, "[Account1] password: encrypted by MicroSIP"),
        ("09", 0, "[Settings] videoCodec: kept, not used: "),
        ("03-", 3, "[Settings] denyIncoming: not read: line "),
        ("03-", 3, "[Settings] disableLocalAccount: kept, not used: "),
        ("04", 3, "[Account1] password: encrypted by MicroSIP: `tuiphone password set 1` keeps it"),
        ("05", 3, "[Account7] password: encrypted by MicroSIP: `tuiphone password set 7` keeps it"),
        ("08", 3, "not read: [Settings] of line "),
        ("10", 0, "[Settings] videoH264: kept, not used: calls are sound alone"),
    ] {
        let file = samples()
            .into_iter()
            .find(|path| path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(name)));
        let desk = Desk::with(&std::fs::read(file.expect("the sample")).expect("read"));
        let done = desk.config(&["check"]);
        assert_eq!(done.code, code, "{name}: {done:?}");
        let line =
            done.stdout.lines().find(|line| line.contains(expected)).unwrap_or_else(|| panic!("{name}: {done:?}"));
        let at = format!("{}: line ", desk.ini().display());
        assert!(expected.is_empty() || line.starts_with(&at), "{line}");
        let found = desk.config(&["--json", "check"]).json();
        let count = found["findings"].as_array().expect("a list").len();
        assert_eq!((found["ok"] == true, count), (code == 0, done.stdout.lines().count()), "{name}");
    }
}

const MINE: &str = "[Settings]\r\nuserAgent=mine\r\nDND=1\r\n[Account1]\r\ndomain=d\r\nusername=u\r\npassword=hunter2\r\n\
                    [tuiphone2]\r\n";

#[test]
fn what_cannot_be_done_is_one_clear_line_and_changes_nothing() {
    let desk = Desk::with(MINE.as_bytes());
    let over = desk.folder.path().join("override.ini");
    std::fs::write(&over, "[Settings]\nsingleMode=0\n").expect("written");
    for (words, code, part) in [
        (&["set", "Settings.sourcePort=70000"][..], 3, "is no port"),
        (&["set", "Settings.DND=0", "Settings.audioCodec=x"], 3, "Settings.audioCodecs is probably meant"),
        (&["set", "Settings.DND=0", "Account1.transport=sctp"], 3, "cannot set Account1.transport"),
        (&["set", "Settings.watch=102"], 3, "tuiphone.watch is one"),
        (&["set", "Setings.DND=0"], 3, "[Settings] is probably meant"),
        (&["set", "Settings.nonsense=1"], 3, "no key Settings.nonsense is known"),
        (&["set", "Account1.password=a268c52c2c3a93f1"], 3, "encrypted by MicroSIP"),
        (&["set", "Settings.singleMode=1"], 3, "override.ini, line 2"),
        (&["set", "Settings.userAgent=a\nb"], 3, "cannot set Settings.userAgent"),
        (&["set", "DND=0"], 2, "Settings.DND"),
        (&["set", "Settings.DND"], 2, "SECTION.KEY=VALUE"),
        (&["set"], 2, "needs SECTION.KEY=VALUE"),
        (&["get"], 2, "needs one SECTION.KEY"),
        (&["get", "Account7.domain"], 5, "no [Account7]"),
        (&["get", "Settings.nonsense"], 3, "no key"),
        (&["path", "x"], 2, "takes no key"),
        (&["check", "--default"], 2, "goes with config print"),
        (&["frobnicate"], 2, "frobnicate"),
    ] {
        let done = desk.config(words);
        assert_eq!((done.code, done.stdout.as_str()), (code, ""), "{words:?}: {done:?}");
        assert!(done.stderr.starts_with("tuiphone: ") && done.stderr.contains(part), "{words:?}: {done:?}");
        assert!(!done.stderr.contains("a268"), "{done:?}");
        assert_eq!(desk.bytes(), MINE.as_bytes(), "{words:?}");
    }
    for verb in ["check", "print"] {
        let missing = finish(bare(desk.folder.path(), &["--ini", "none.ini", "config", verb]));
        assert!(missing.code == 3 && missing.stderr.contains("none.ini"), "{missing:?}");
    }
}

#[test]
fn values_are_told_with_where_they_come_from() {
    let desk = Desk::with(MINE.as_bytes());
    std::fs::write(desk.folder.path().join("override.ini"), "[settings]\nSINGLEMODE=\n").expect("written");
    for (key, value, origin, line) in [
        ("Settings.useragent", "mine", "file", Some(2)),
        ("settings.singleMode", "0", "override", Some(2)),
        ("Settings.callWaiting", "1", "default", None),
        ("Account1.transport", "udp", "default", None),
        ("account1.username", "u", "file", Some(6)),
        ("tuiphone.ringTimeout", "190", "default", None),
        ("tuiphone.turnTransport", "udp", "default", None),
        ("Settings.videoH264", "", "default", None),
    ] {
        let plain = desk.config(&["get", key]);
        assert_eq!((plain.code, plain.stdout.trim_end()), (0, value), "{key}: {plain:?}");
        let told = desk.config(&["--json", "get", key]).json();
        let expected = (value.into(), origin.into(), line.into(), (origin == "override").into());
        assert_eq!(
            (told["value"].clone(), told["origin"].clone(), told["line"].clone(), told["locked"].clone()),
            expected
        );
    }
    // What is said on the command line counts over all files, and locks nothing.
    for (words, key, value) in [
        (["--setvolume", "40"], "Settings.volumeOutput", "40"),
        (["--autoanswer", "1:3"], "Settings.autoAnswerDelay", "3"),
        (["--stun", "stun.example.net:3479"], "Settings.enableSTUN", "1"),
        (["--audio-in", "device:USB"], "Settings.audioInputDevice", "USB"),
    ] {
        let told = desk.config_with(&words, &["--json", "get", key]).json();
        let expected = (value.into(), "command_line".into(), Value::Null, false.into());
        let found = (told["value"].clone(), told["origin"].clone(), told["file"].clone(), told["locked"].clone());
        assert_eq!(found, expected, "{words:?}");
        let print = desk.config_with(&words, &["print"]).stdout;
        let line = key.split_once('.').map(|(_, key)| format!("; on the command line\n{key}={value}\n"));
        assert!(print.contains(&line.expect("a key")), "{print}");
    }
    let secret = desk.config(&["--json", "get", "Account1.password"]).json();
    assert_eq!((&secret["value"], &secret["secret"], &secret["set"]), (&().into(), &true.into(), &true.into()));
    let whole = desk.config(&["print"]).stdout;
    let over = desk.folder.path().join("override.ini");
    let expected = format!(
        "[Settings]\n; locked: {}, line 2\nsingleMode=0\nuserAgent=mine\nDND=1\n[Account1]\ndomain=d\nusername=u\n\
         ; password is set, and not shown\n",
        over.display()
    );
    assert_eq!(whole, expected);
    let free = finish({
        let mut command = bare(desk.folder.path(), &["--no-override", "config", "get", "Settings.singleMode", "--ini"]);
        command.arg(desk.ini());
        command
    });
    assert_eq!((free.code, free.stdout.trim()), (0, "1"), "{free:?}");
    let paths = desk.config(&["path"]).stdout;
    assert_eq!(paths, format!("{}\n{}\n", desk.ini().display(), over.display()));
    let all = desk.config(&["print", "--default"]).stdout;
    let read = Document::parse(all.as_bytes()).expect("an ini file");
    assert_eq!((read.get("Settings", "volumeRing"), read.get("tuiphone", "ringTimeout")), (Some("100"), Some("190")));
}

#[test]
fn a_file_that_is_not_there_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let done =
        finish(bare(home, &["config", "set", "account1.domain=pbx.example.net", "Settings.audioinputdevice=USB"]));
    assert_eq!(done.code, 0, "{done:?}");
    let made = home.join(".config/tuiphone/microsip.ini");
    let text = std::fs::read_to_string(&made).expect("it is there");
    assert_eq!(text, "[Account1]\ndomain=pbx.example.net\n[Settings]\naudioInputDevice=\"USB\"\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&made).expect("about it").permissions().mode() & 0o777, 0o600);
    }
    let other = home.join("other.ini");
    let name = other.to_str().expect("UTF-8");
    let done = finish(bare(home, &["-i", name, "config", "set", "Settings.DND=1", "--microsip-ini"]));
    assert!(done.code == 0 && done.stderr.contains("other.ini is new"), "{done:?}");
    let expected: Vec<u8> = "\u{feff}[Settings]\r\nDND=1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(std::fs::read(&other).expect("it is there"), expected);
}

#[test]
fn a_running_phone_refuses_what_is_locked_and_touches_no_file() {
    let house = House::open();
    let over = house.folder.path().join("override.ini");
    std::fs::write(&over, "[Settings]\nDND=0\n").expect("written");
    let before = [std::fs::read(house.ini()).expect("read"), std::fs::read(&over).expect("read")];
    let mut daemon = house.daemon();
    let done = house.run(&["--json", "dnd", "on"]);
    assert_eq!((done.code, &done.json()["error"]["kind"]), (3, &"locked".into()), "{done:?}");
    assert_eq!(house.run(&["--json", "status"]).json()["dnd"], false);
    let told = house.run(&["config", "set", "Settings.singleMode=0"]);
    assert!(told.code == 0 && told.stderr.contains("has taken it"), "{told:?}");
    std::fs::write(house.ini(), &before[0]).expect("written");
    assert_eq!(daemon.terminate(), 0);
    assert_eq!([std::fs::read(house.ini()).expect("read"), std::fs::read(&over).expect("read")], before);
}

/// What is no flag, no number or no theme is not written without a word.
#[test]
fn what_fits_no_key_is_refused_and_what_is_not_there_yet_is_told() {
    let desk = Desk::with(b"[Settings]\nDND=0\n");
    for (change, why) in [
        ("tuiphone.desktopNotices=maybe", "cannot set tuiphone.desktopNotices: \"maybe\" is neither 0 nor 1"),
        ("Settings.DND=yes", "cannot set Settings.DND: \"yes\" is neither 0 nor 1"),
        ("Settings.volumeRing=loud", "\"loud\" is no number"),
        ("tuiphone.bindAddress=999.1.1.1", "\"999.1.1.1\" is no IP address"),
        ("tuiphone.audioLatency=foo", "\"foo\" is neither low, normal, high nor 4-500 ms"),
    ] {
        let done = desk.config(&["set", change]);
        assert!(done.code == 3 && done.stderr.contains(why) && done.stderr.contains("nothing was changed"), "{done:?}");
    }
    assert_eq!(desk.bytes(), b"[Settings]\nDND=0\n");
    let told = desk.config(&["set", "tuiphone.theme=nosuch"]);
    assert!(told.code == 0 && told.stderr.contains("nosuch"), "{told:?}");
    assert!(String::from_utf8(desk.bytes()).expect("text").contains("theme=nosuch"));
    let found = desk.config(&["check"]);
    assert!(found.code == 3 && found.stdout.contains("[tuiphone] theme: there is no theme nosuch"), "{found:?}");
    assert_eq!(desk.config(&["set", "tuiphone.theme=nord", "Settings.DND=1", "Settings.DND="]).stderr, "");
    let told = desk.config(&["set", "tuiphone.language=xx"]);
    assert!(told.code == 0 && told.stderr.contains("there is no language xx"), "{told:?}");
    for key in ["tuiphone.holdMusic", "tuiphone.tlsCaFile"] {
        let told = desk.config(&["set", &format!("{key}=/no/such/file")]);
        assert!(
            told.code == 0 && told.stderr.contains(&format!("{key}: cannot read /no/such/file: no such")),
            "{told:?}"
        );
    }
    assert_eq!(desk.config(&["set", "Settings.rtpPortMin=20000", "Settings.rtpPortMax=10000"]).code, 0);
    let told = desk.config(&["set", "Settings.rtpPortMax=11000"]);
    assert!(told.code == 0 && told.stderr.contains("it is not above rtpPortMin"), "as bad as before: {told:?}");
    let found = desk.config(&["check"]);
    for key in ["holdMusic", "tlsCaFile"] {
        let line = format!("[tuiphone] {key}: cannot read /no/such/file");
        assert!(found.code == 3 && found.stdout.matches(&line).count() == 1, "{found:?}");
    }
    // What only waits for another key is written, and told.
    let told = desk.config(&["set", "tuiphone.turnServer=turn.example.net"]);
    assert!(told.code == 0 && told.stderr.contains("ICE=1"), "{told:?}");
}
