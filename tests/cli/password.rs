//! Passwords: where they come from, where they are kept, and that none is told or written unasked. The keyring is a script.

use crate::support::{Finished, House, bare, finish};
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use tuiphone::config::Document;

const INI: &str = "[Settings]\naccountId=1\n; mine\n[Account1]\nserver=d\ndomain=d\nusername=1\npassword=\n\
                   [Account2]\nserver=d\ndomain=d\nusername=2\npassword=a268c52c2c3a93f1\n\
                   [Account3]\nserver=d\ndomain=d\nusername=3\npassword=old words\n";

/// Keeps what it is given in a file named after the address.
const KEYRING: &str = "#!/bin/sh\ncd \"$HOME/ring\" || exit 3\neval last=\\${$#}\ncase $1 in\n\
    store) cat > \"$last\";;\nlookup) cat \"$last\" 2>/dev/null;;\nclear) rm \"$last\";;\nesac\n";

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(keyring: Option<&str>) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(desk.path("phone.ini"), INI).expect("written");
        std::fs::create_dir(desk.path("ring")).expect("made");
        if let Some(script) = keyring {
            add_keyring(desk.folder.path(), script);
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: &[&str], input: &str) -> Finished {
        let mut command = bare(self.folder.path(), &[]);
        command.env("PATH", self.folder.path()).arg("--ini").arg(self.path("phone.ini")).args(words);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // One that does not listen has ended.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        crate::support::finish_in(child)
    }

    fn ini(&self) -> String {
        std::fs::read_to_string(self.path("phone.ini")).expect("read")
    }

    fn kept(&self, aor: &str) -> Option<String> {
        std::fs::read_to_string(self.path("ring").join(format!("sip:{aor}"))).ok()
    }
}

fn add_keyring(folder: &std::path::Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    // Scripts of this kind lean on two programs.
    let script = script.replacen("\n", "\nPATH=/usr/bin:/bin\n", 1);
    let program = folder.join("secret-tool");
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("runs");
}

#[test]
fn a_keyring_keeps_passwords_and_gives_them_up() {
    let desk = Desk::new(Some(KEYRING));
    let set = desk.run(&["password", "set", "1", "--password", "-"], "top secret\n");
    assert_eq!((set.code, set.stdout.as_str()), (0, "the password of 1@d is kept in the keyring\n"), "{set:?}");
    assert_eq!((desk.kept("1@d").as_deref(), desk.ini().as_str()), (Some("top secret"), INI));
    let sealed = desk.run(&["password", "set", "2@d", "--password", "-"], "two\n");
    assert_eq!((sealed.code, desk.ini().as_str()), (0, INI), "what MicroSIP encrypted is left as it is: {sealed:?}");
    let listed = desk.run(&["password", "list", "--json"], "").json();
    let words: Vec<&str> = (0..3).filter_map(|at| listed["accounts"][at]["password"].as_str()).collect();
    assert_eq!(words, ["keyring", "keyring", "plain"], "{listed}");
    let moved = desk.run(&["password", "set", "3", "--password", "-", "--json"], "three\n").json();
    assert_eq!((&moved["kept"], desk.ini()), (&"keyring".into(), INI.replace("old words", "")));
    let nothing = desk.run(&["password", "set", "1"], "");
    assert!(nothing.code == 2 && nothing.stderr.contains("--password -"), "{nothing:?}");
    let gone = desk.run(&["password", "forget", "1"], "");
    assert_eq!((gone.code, desk.kept("1@d")), (0, None), "{gone:?}");
    assert!(desk.run(&["password", "forget", "1"], "").stdout.contains("was kept nowhere"));
    for done in [set, sealed, gone] {
        assert!(!format!("{done:?}").contains("secret\n"), "{done:?}");
    }
}

#[test]
fn plain_text_is_written_where_it_is_asked_for_alone() {
    let desk = Desk::new(None);
    let refused = desk.run(&["password", "set", "1", "--password", "-"], "top secret\n");
    assert_eq!((refused.code, desk.ini().as_str()), (3, INI), "{refused:?}");
    assert!(refused.stderr.contains("no keyring") && refused.stderr.contains("--save-password plain"), "{refused:?}");
    let plain = ["password", "set", "1", "--password", "-", "--save-password", "plain"];
    assert_eq!(desk.run(&plain, "top secret\n").code, 0);
    assert_eq!(desk.ini(), INI.replacen("password=\n", "password=top secret\n", 1), "one line and no other byte");
    let twin = desk.run(&plain, "0123456789abcdef\n");
    assert!(twin.code == 3 && twin.stderr.contains("passwordPlain"), "{twin:?}");
    assert_eq!(desk.run(&["password", "forget", "1"], "").code, 0);
    assert_eq!(desk.ini(), INI);
    for (words, code, part) in [
        (&["password", "set", "9", "--password", "x"][..], 5, "there are: 1 1@d"),
        (&["password", "set"], 3, "no keyring"),
        (&["password", "set", "1", "--save-password", "none"], 2, "keyring or plain"),
        (&["password", "set", "1", "--save-password", "keyring", "--password", "x"], 3, "no keyring"),
        (&["password", "steal"], 2, "steal"),
        (&["--save", "status"], 2, "--save needs --user and --domain"),
    ] {
        let done = desk.run(words, "");
        assert!(done.code == code && done.stderr.contains(part), "{words:?}: {done:?}");
    }
    assert_eq!(desk.ini(), INI);
}

#[test]
fn a_keyring_that_fails_is_said_and_stops_nothing() {
    let desk = Desk::new(Some("#!/bin/sh\necho 'secret-tool: Cannot autolaunch D-Bus' >&2\nexit 1\n"));
    let set = desk.run(&["password", "set", "1", "--password", "-"], "x\n");
    assert_eq!((set.code, set.stderr.matches("Cannot autolaunch D-Bus").count()), (3, 1), "{set:?}");
    assert_eq!(desk.run(&["config", "get", "Account1.username"], "").stdout, "1\n");
}

/// With an account's number the password is stored, without one it counts for the session.
#[test]
fn microsips_words_keep_a_password_where_that_needs_no_plain_text() {
    let given = INI.replacen("password=\n", "password=a b\n", 1);
    for (keyring, words, ring, ini, part) in [
        (true, &["/account:1", "/password:a b"][..], Some("a b"), INI, "the password of 1@d is kept in the keyring"),
        (true, &["/password:a b", "/account:1"], Some("a b"), INI, "is kept in the keyring"),
        (true, &["/password:a b"], None, INI, "others on this machine can read /password:"),
        (true, &["/account:9", "/password:a b"], None, INI, "there is no account"),
        (true, &["/account:1", "/password:a b", "--save-password", "none"], None, INI, "until the phone ends"),
        (false, &["/account:1", "/password:a b"], None, INI, "until the phone ends: there is no keyring"),
        (false, &["/account:1", "/password:a b", "--save-password", "plain"], None, &given, "as plain text in "),
    ] {
        let desk = Desk::new(keyring.then_some(KEYRING));
        let done = desk.run(words, "");
        assert!(done.stderr.contains(part) && !done.stderr.contains("a b"), "{words:?}: {done:?}");
        assert_eq!((desk.kept("1@d").as_deref(), desk.ini().as_str()), (ring, ini), "{words:?}: {done:?}");
    }
}

#[test]
fn an_account_registers_with_what_the_keyring_has() {
    let house = House::open();
    house.write_ini("");
    let ring = house.folder.path().join("ring");
    std::fs::create_dir(&ring).expect("made");
    add_keyring(house.folder.path(), KEYRING);
    let register = |words: &[&str]| {
        let mut command = house.program(words);
        command.env("PATH", house.folder.path());
        finish(command)
    };
    assert_eq!(register(&["--no-input", "register"]).code, 10, "nobody knows the password yet");
    std::fs::write(ring.join("sip:100@demo"), &house.password).expect("written");
    let done = register(&["--no-input", "register"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!format!("{done:?}").contains(&house.password));
    // What MicroSIP has encrypted is passed over the same way.
    house.write_ini("a268c52c2c3a93f1");
    assert_eq!(register(&["--no-input", "register"]).code, 0);
    // A file that merely lies in the working directory has chosen its server itself.
    let mut command = bare(house.folder.path(), &["--no-input", "--socket"]);
    command.arg(house.socket()).args(["--audio-in", "voice", "--audio-out", "null", "register"]);
    command.env("PATH", house.folder.path()).current_dir(house.folder.path());
    let stray = finish(command);
    assert_eq!(stray.code, 10, "{stray:?}");
}

#[test]
fn a_session_account_is_saved_as_microsip_would() {
    let house = House::open();
    let proxy = house.server.clone();
    let words = |more: &'static [&'static str]| {
        let account = ["--user", "100", "--domain", "demo", "--proxy", proxy.as_str(), "--dn", "Ann", "--save"];
        let mut command = house.program(&[&account[..], more, &["register"]].concat());
        command.env("TUIPHONE_PASSWORD", &house.password).env("PATH", house.folder.path());
        finish(command)
    };
    std::fs::remove_file(house.ini()).expect("removed");
    std::fs::write(house.ini(), "").expect("written");
    let done = words(&["--microsip-ini"]);
    assert!(
        done.stderr.contains("100@demo is account 1 of ") && done.stderr.contains("without its password"),
        "{done:?}"
    );
    let bytes = std::fs::read(house.ini()).expect("read");
    assert!(bytes.starts_with(b"\xff\xfe[\0S\0e\0t\0t\0i\0n\0g\0s\0]\0\r\0\n\0"), "{:?}", bytes.get(..40));
    let ini = Document::parse(&bytes).expect("parsed");
    let keys: Vec<&str> = ini.entries("Account1").map(|(key, _)| key).collect();
    assert_eq!(keys[..8], ["label", "server", "proxy", "domain", "username", "password", "authID", "displayName"]);
    let value = |key: &str| ini.get("Account1", key);
    assert_eq!(
        (value("proxy"), value("displayName"), value("password")),
        (Some(proxy.as_str()), Some("Ann"), Some(""))
    );
    assert_eq!(ini.get("Settings", "accountId"), Some("1"));
    let again = words(&[]);
    assert!(again.stderr.contains("is account 1 of ") && again.stderr.contains("already"), "{again:?}");
    assert_eq!(std::fs::read(house.ini()).expect("read"), bytes);
    std::fs::write(house.ini(), "").expect("written");
    assert_eq!(words(&["--save-password", "plain"]).code, 0);
    let text = std::fs::read_to_string(house.ini()).expect("UTF-8 by default");
    assert!(text.contains(&format!("password={}\n", house.password)), "{text}");
}

/// What `keyctl` does with the keys of a user; its arguments are written down.
const KEYCTL: &str = "#!/bin/sh\nPATH=/usr/bin:/bin\ncd \"$HOME\" || exit 3\necho \"$*\" >> arguments\ncase $1 in\nlink) ;;\n\
    search) if test -f key7; then echo 7; else echo 'keyctl_search: Required key not available' >&2; exit 1; fi;;\n\
    padd) cat > key7; echo 7;;\npipe) cat key7;;\nunlink) rm key7;;\nesac\n";

/// What is kept is found when it is needed, and no program is told it among its arguments.
#[test]
fn without_a_keyring_there_are_the_kernel_and_a_file_of_ones_own() {
    use std::os::unix::fs::PermissionsExt;
    for (word, place) in
        [("file", ".config/tuiphone/passwords, for its owner alone"), ("kernel", "until it is restarted")]
    {
        let house = House::open();
        let (server, folder) = (house.server.clone(), house.folder.path().to_owned());
        house.write_account(&server, &format!("proxy={server}\r\n"));
        let ini = std::fs::read_to_string(house.ini()).expect("read");
        std::fs::write(folder.join("keyctl"), KEYCTL).expect("written");
        std::fs::set_permissions(folder.join("keyctl"), std::fs::Permissions::from_mode(0o700)).expect("runs");
        let run = |words: &[&str], input: &str| {
            let mut program = house.program(words);
            program.env("PATH", &folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = program.spawn().expect("it starts");
            let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
            crate::support::finish_in(child)
        };
        assert_eq!(run(&["call", "602"], "").code, 10, "{word}: without a password nobody is called");
        let set = ["password", "set", "1", "--password", "-", "--save-password", word];
        let set = run(&set, &format!("{}\n", house.password));
        assert!(set.code == 0 && set.stdout.contains(place), "{word}: {set:?}");
        assert_eq!(run(&["password", "list", "--json"], "").json()["accounts"][0]["password"], word);
        assert_eq!(run(&["call", "602"], "").code, 20, "{word}");
        assert_eq!(std::fs::read_to_string(house.ini()).expect("read"), ini, "{word}: the ini file is as it was");
        let arguments = std::fs::read_to_string(folder.join("arguments")).expect("what it was told");
        assert!(arguments.contains("tuiphone:sip:100@demo") && !arguments.contains(&house.password), "{arguments}");
        let file = folder.join(".config/tuiphone/passwords");
        if let Ok(about) = std::fs::metadata(&file) {
            assert_eq!((word, about.permissions().mode() & 0o777), ("file", 0o600));
        }
        let gone = run(&["password", "forget", "1", "--json"], "").json();
        assert_eq!((&gone[word], &gone["keyring"]), (&true.into(), &false.into()), "{gone}");
        assert_eq!(run(&["call", "602"], "").code, 10, "{word}: it is forgotten");
    }
}
