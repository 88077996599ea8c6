//! `import`: what other softphones have in their own places, brought over once, with no secret told and none written that
//! nobody agreed to.

use crate::support::{Finished, bare, finish};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tuiphone::config::Document;

const WINE: &str = ".wine/drive_c/users/ann/AppData/Roaming/MicroSIP";

/// A home with files of softphones.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().expect("a folder") }
    }

    fn full() -> Home {
        let home = Home::new();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ini");
        let sample = |name: &str| std::fs::read(fixtures.join(name)).expect("a fixture");
        home.put(&format!("{WINE}/microsip.ini"), &sample("07-3.21-utf16-single-account.ini"));
        home.put(&format!("{WINE}/Contacts.xml"), &sample("Contacts-SYNTHETIC-3.22-all-attributes.xml"));
        home.put(
            ".baresip/accounts",
            b"# mine\n\"Ann\" <sip:101@pbx.example.net;transport=tls>;auth_pass=bare-secret;regint=600\n\
              <sip:102@pbx.example.net>;auth_pass=\n",
        );
        home.put(".baresip/contacts", b"\"Echo\" <sip:600@pbx.example.net>\n");
        home.put(".twinkle/work.cfg", b"user_name=201\nuser_domain=pbx.example.net\nauth_pass=twin-secret\n");
        home.put(".twinkle/twinkle.ab", b"Bob||Hill|sip:bob@example.net|\n");
        home.put(
            ".config/linphone/linphonerc",
            b"[proxy_0]\nreg_proxy=<sip:sip.example.org;transport=tls>\nreg_identity=sip:pau@sip.example.org\n\
              [auth_info_0]\nusername=pau\nha1=0123456789abcdef0123456789abcdef\n[call_log_0]\ndir=0\nstatus=0\n\
              from=<sip:pau@sip.example.org>\nto=<sip:600@sip.example.org>\nstart_date_time=1700000000\nduration=5\n",
        );
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    pub fn run(&self, words: &[&str]) -> Finished {
        let mut command = bare(self.folder.path(), &[]);
        command.current_dir(self.folder.path()).args(words);
        finish(command)
    }

    fn ini(&self) -> PathBuf {
        self.path(".config/tuiphone/microsip.ini")
    }

    pub fn document(&self) -> Document {
        Document::parse(&std::fs::read(self.ini()).expect("the file")).expect("parsed")
    }

    /// Every file of the home and its bytes.
    fn all(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.folder.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    files.insert(entry.clone(), std::fs::read(entry).expect("read"));
                }
            }
        }
        files
    }
}

const SECRETS: [&str; 3] = ["bare-secret", "twin-secret", "0123456789abcdef0123456789abcdef"];

fn says_no_secret(done: &Finished) {
    for secret in SECRETS {
        assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret), "{done:?}");
    }
}

#[test]
fn everything_comes_over_once() {
    let home = Home::full();
    let before = home.all();
    let shown = home.run(&["import", "--dry-run"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    says_no_secret(&shown);
    for part in [
        "microsip  ",
        "baresip   ",
        "twinkle   ",
        "linphone  ",
        "101@pbx.example.net; its password is known",
        "nothing was changed",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(home.all(), before, "to look changes nothing");
    let unasked = home.run(&["import"]);
    assert_eq!(unasked.code, 2, "{unasked:?}");
    assert!(unasked.stderr.contains("there is nobody to ask; nothing was changed"), "{unasked:?}");
    assert_eq!(home.all(), before);
    let done = home.run(&["import", "--yes"]);
    assert_eq!((done.code, done.stdout.lines().last()), (0, Some("done")), "{done:?}");
    says_no_secret(&done);
    let ini = home.document();
    let users: Vec<&str> = (1..=6).filter_map(|id| ini.get(&format!("Account{id}"), "username")).collect();
    assert_eq!(users.len(), 5, "{users:?}");
    assert_eq!(users[1..], ["101", "102", "201", "pau"]);
    assert_eq!((ini.get("Settings", "accountId"), ini.get("Account2", "transport")), (Some("1"), Some("tls")));
    assert!((1..=5).all(|id| ini.get(&format!("Account{id}"), "password") == Some("")), "nobody agreed to plain text");
    for (path, bytes) in &before {
        assert_eq!(std::fs::read(path).ok().as_ref(), Some(bytes), "{path:?} stays as it is");
    }
    let after = home.all();
    let again = home.run(&["import", "--yes"]);
    let last = "nothing to bring over: all of it is here already";
    assert_eq!((again.code, again.stdout.lines().last()), (0, Some(last)), "{again:?}");
    assert_eq!(home.all(), after, "a second time changes no byte");
    let contacts = home.run(&["contacts", "--json"]).json();
    let names: Vec<&str> =
        contacts["contacts"].as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    assert!(names.contains(&"Echo") && names.contains(&"Bob Hill") && names.len() == 4, "{names:?}");
    let calls = home.run(&["history", "--json", "--search", "600"]).json();
    assert!(
        calls["history"]
            .as_array()
            .is_some_and(|calls| calls.iter().any(|call| call["number"] == "600@sip.example.org")),
        "{calls}"
    );
}

#[test]
fn passwords_are_written_where_somebody_says_so() {
    for (keep, expected) in [("plain", "bare-secret"), ("none", "")] {
        let home = Home::full();
        let done = home.run(&["import", ".baresip", "--yes", "--save-password", keep]);
        assert_eq!(done.code, 0, "{done:?}");
        says_no_secret(&done);
        assert_eq!(home.document().get("Account1", "password"), Some(expected));
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(home.ini()).expect("there").permissions());
            assert_eq!(mode & 0o077, 0, "its owner's alone");
        }
    }
}

#[test]
fn a_file_of_ones_own_keeps_what_it_says() {
    let home = Home::full();
    let own = "[Settings]\r\naccountId=1\r\nDTMFMethod=1 \r\n; mine\r\n[Account1]\r\ndomain=PBX.example.net\r\nusername=101\r\n\
               password=ours\r\n";
    home.put("work.ini", own.as_bytes());
    let told = home.run(&["--ini", "work.ini", "import", "--from", "baresip", "--yes", "--json"]).json();
    assert_eq!(told["known_accounts"], serde_json::json!(["101@pbx.example.net"]), "{told}");
    assert_eq!((&told["accounts"][0]["aor"], &told["accounts"][0]["id"]), (&"102@pbx.example.net".into(), &2.into()));
    assert_eq!((&told["done"], &told["passwords"]), (&true.into(), &"none".into()));
    let written = std::fs::read_to_string(home.path("work.ini")).expect("read");
    assert!(written.starts_with(own), "{written}");
    assert!(written[own.len()..].starts_with("[Account2]\r\nlabel=\r\n"), "{written}");
    let itself = home.run(&["--ini", "work.ini", "import", "--from", "microsip", "work.ini", "--yes"]);
    assert!(itself.code == 5 && itself.stderr.contains("no other softphone's files are found"), "{itself:?}");
    let dry = home.run(&["import", "--from", "linphone", "--dry-run", "--json"]).json();
    assert_eq!(
        (&dry["done"], &dry["passwords"], &dry["calls"]["new"]),
        (&false.into(), &Value::Null, &1.into()),
        "{dry}"
    );
}

#[test]
fn microsips_own_folder_is_a_source_and_never_written() {
    let home = Home::new();
    let text = "[Settings]\r\naccountId=1\r\nVAD=1\r\ncmdCallEnd=x.exe\r\n[Account1]\r\nserver=d\r\ndomain=d\r\nusername=u\r\n\
                password=a268c52c2c3a93f1\r\n[Calls]\r\n0=600;Ann;2;1700000000;0;Missed Call\r\n[Contacts]\r\n0=100;Ann;0;0\r\n";
    home.put(".config/MicroSIP/microsip.ini", text.as_bytes());
    let done = home.run(&["import", "--yes", "--microsip-ini"]);
    assert_eq!(done.code, 0, "{done:?}");
    for part in
        ["encrypted by MicroSIP", "cmdCallEnd: not brought over", "1 calls, of 1 found", "1 contacts, of 1 found"]
    {
        assert!(done.stdout.contains(part), "{part}: {done:?}");
    }
    assert!(!done.stdout.contains("a268c52c2c3a93f1"), "{done:?}");
    assert_eq!(std::fs::read(home.path(".config/MicroSIP/microsip.ini")).expect("read"), text.as_bytes());
    let bytes = std::fs::read(home.ini()).expect("written");
    assert!(
        bytes.starts_with(b"\xff\xfe[\0S\0e\0t\0t\0i\0n\0g\0s\0]\0\r\0\n\0"),
        "as MicroSIP writes it: {:?}",
        &bytes[..40]
    );
    let ini = home.document();
    assert_eq!(
        (ini.get("Settings", "VAD"), ini.get("Account1", "password"), ini.get("Settings", "cmdCallEnd")),
        (Some("1"), Some(""), None)
    );
    assert!(home.run(&["config", "path"]).stdout.contains(".config/tuiphone/microsip.ini"));
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let home = Home::new();
    let nothing = home.run(&["import", "--yes"]);
    assert_eq!((nothing.code, nothing.stderr.lines().count()), (5, 2), "{nothing:?}");
    home.put("notes.txt", b"hello\n");
    home.put("first.ini", b"[Account]\nAccount=u@d\n");
    home.put(".baresip/accounts", b"<sip:101@d>;auth_pass=bare-secret\nnonsense;auth_pass=twin-secret\n");
    for (words, code, part) in [
        (&["import", "notes.txt"][..], 5, "--from says whose it is"),
        (&["import", "none"], 3, "no such file"),
        (&["import", "--from", "skype"], 2, "--from"),
        (&["import", "--dry-run", "--yes"], 2, "cannot be used with"),
        (&["--ini", "first.ini", "import", "--yes"], 3, "[Account1] first"),
    ] {
        let done = home.run(words);
        assert!(done.code == code && done.stderr.contains(part), "{words:?}: {done:?}");
    }
    let odd = home.run(&["import", "--yes"]);
    assert!(odd.code == 0 && odd.stdout.contains("accounts: line 2 is not read"), "{odd:?}");
    says_no_secret(&odd);
    home.put(".baresip/accounts", &vec![b'x'; 5 << 20]);
    let long = home.run(&["import", "--yes", "--from", "baresip", ".baresip/accounts"]);
    assert!(long.stdout.contains("more than the 4194304 bytes"), "{long:?}");
}

#[test]
fn a_template_that_has_nothing_of_its_own_is_told_so() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ini");
    for (sample, note) in [
        ("03b-autoconf-user-overlay-ansi-lf.ini", Some("line 3: [Account1]: it has no domain, so it is no account")),
        ("06-3.21-template-ansi-lf-empty-account.ini", None),
    ] {
        let home = Home::new();
        home.put("theirs/microsip.ini", &std::fs::read(fixtures.join(sample)).expect("a fixture"));
        let done = home.run(&["import", "theirs/microsip.ini", "--yes"]);
        let last = "nothing to bring over: it says nothing that this phone would not do anyway";
        assert_eq!((done.code, done.stdout.lines().last()), (0, Some(last)), "{done:?}");
        assert!(note.is_none_or(|note| done.stdout.contains(note)), "{done:?}");
        assert!(!home.ini().exists(), "no file is made for nothing");
    }
}
