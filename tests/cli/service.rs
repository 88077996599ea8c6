//! A phone under a service manager: it tells how it goes, and takes over the socket that is open already.

use crate::support::{House, PATIENCE, lines_of, signal, until};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::process::{Command, Stdio};
use tuiphone::text::xml::{Element, Limits};

fn told(manager: &UnixDatagram) -> String {
    let mut room = [0; 512];
    let length = manager.recv(&mut room).expect("a datagram");
    String::from_utf8(room[..length].to_vec()).expect("UTF-8")
}

fn is_told(manager: &UnixDatagram, part: &str) -> bool {
    // Each wait is bounded by the socket's own.
    (0..10_000).any(|_| told(manager).lines().any(|line| line == part))
}

#[test]
fn a_service_manager_is_told_of_start_life_and_end() {
    let house = House::open();
    let path = house.folder.path().join("notify");
    let named = UnixDatagram::bind(&path).expect("bound");
    let name = format!("tuiphone-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let nameless = UnixDatagram::bind_addr(&address).expect("bound");
    for (manager, address) in [(&named, path.display().to_string()), (&nameless, format!("@{name}"))] {
        manager.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let mut program = house.program(&["daemon", "--notify"]);
        program.env("NOTIFY_SOCKET", &address).env("WATCHDOG_USEC", "200000");
        let mut child = program.spawn().expect("it starts");
        assert!(is_told(manager, "READY=1"), "{address}");
        assert_eq!(house.run(&["status"]).code, 0, "it takes requests when it says so");
        assert!(is_told(manager, "WATCHDOG=1") && is_told(manager, "WATCHDOG=1"), "{address}");
        signal(&child, "TERM");
        assert!(is_told(manager, "STOPPING=1"), "{address}");
        assert!(child.wait().expect("its end").success());
    }
}

#[test]
fn without_the_option_and_without_a_manager_nobody_is_told() {
    let house = House::open();
    let path = house.folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("bound");
    manager.set_nonblocking(true).expect("set");
    let mut program = house.program(&["daemon"]);
    program.env("NOTIFY_SOCKET", &path);
    let mut child = program.spawn().expect("it starts");
    assert!(until(|| house.run(&["status"]).code == 0));
    signal(&child, "TERM");
    assert!(child.wait().expect("its end").success());
    assert!(manager.recv(&mut [0; 8]).is_err(), "nothing came");
    let mut program = house.program(&["daemon", "--notify"]);
    program.env("NOTIFY_SOCKET", house.folder.path().join("nobody")).stderr(Stdio::piped());
    let mut child = program.spawn().expect("it starts");
    let lines = lines_of(child.stderr.take().expect("its stderr"));
    let said = lines.iter().find(|line| line.contains("the service manager cannot be told"));
    assert!(said.is_some() && until(|| house.run(&["status"]).code == 0), "it goes on");
    signal(&child, "TERM");
    assert!(child.wait().expect("its end").success());
}

/// The shell between sets `LISTEN_PID`, which is its own, puts the socket where it is looked for, and becomes the phone.
fn handed(house: &House, listener: &UnixListener) -> Command {
    let program = house.program(&["daemon"]);
    let mut command = Command::new("sh");
    command.arg("-c").arg("exec 3<&0 </dev/null; export LISTEN_PID=$$; exec \"$@\"").arg("sh");
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?)))).env("LISTEN_FDS", "1");
    command.stdin(OwnedFd::from(listener.try_clone().expect("a copy"))).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_socket_that_is_handed_over_is_served_and_stays() {
    let house = House::open();
    std::fs::create_dir_all(house.socket().parent().expect("a folder")).expect("made");
    let listener = UnixListener::bind(house.socket()).expect("it listens");
    // Whoever comes before the phone is there waits, and is served.
    let early = house.program(&["ready", "--json"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut child = handed(&house, &listener).spawn().expect("it starts");
    let early = crate::support::finish_in(early);
    assert_eq!(early.json()["verb"], "ready", "{early:?}");
    assert_eq!(house.run(&["status"]).code, 0);
    assert_eq!(house.run(&["exit"]).code, 0);
    assert!(child.wait().expect("its end").success());
    assert!(house.socket().exists(), "it is the manager's");
    let mut child = handed(&house, &listener).spawn().expect("it starts again");
    assert!(until(|| house.run(&["exit"]).code == 0));
    assert!(child.wait().expect("its end").success());
}

#[test]
fn what_is_handed_over_and_does_not_listen_is_named() {
    let house = House::open();
    let program = house.program(&["daemon"]);
    let mut command = Command::new("sh");
    command.arg("-c").arg("exec 3</dev/null; export LISTEN_PID=$$; exec \"$@\"").arg("sh").arg(program.get_program());
    command.args(program.get_args()).env_clear().env("HOME", house.folder.path()).env("PATH", "/usr/bin:/bin");
    command.env("LISTEN_FDS", "1").stdin(Stdio::null());
    let told = crate::support::finish(command);
    assert!(told.code == 4 && told.stderr.contains("of the service manager"), "{told:?}");
}

/// Keys of launchd.plist(5) and the element of plist(5) that each takes.
const LAUNCHD: [(&str, &[&str]); 12] = [
    ("Label", &["string"]),
    ("ProgramArguments", &["array"]),
    ("EnvironmentVariables", &["dict"]),
    ("WorkingDirectory", &["string"]),
    ("RunAtLoad", &["true", "false"]),
    ("KeepAlive", &["true", "false", "dict"]),
    ("ProcessType", &["string"]),
    ("Umask", &["integer"]),
    ("ExitTimeOut", &["integer"]),
    ("ThrottleInterval", &["integer"]),
    ("StandardOutPath", &["string"]),
    ("StandardErrorPath", &["string"]),
];

/// Keys and values of a `dict`.
fn pairs(dict: &Element) -> Vec<(&str, &Element)> {
    assert!(dict.name == "dict" && dict.children.len().is_multiple_of(2), "a key for each value: {dict:?}");
    let pair = |pair: &[Element]| pair[0].name == "key";
    assert!(dict.children.chunks(2).all(pair), "{dict:?}");
    dict.children.chunks(2).map(|pair| (pair[0].text.as_str(), &pair[1])).collect()
}

/// No `plutil` is here: the rules of plist(5) and launchd.plist(5) are.
#[test]
fn the_agent_for_launchd_is_a_property_list_of_its_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/launchd/tuiphone.plist");
    let text = std::fs::read_to_string(path).expect("it is there");
    let kind =
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">";
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") && text.contains(kind), "{text}");
    let limits = Limits { bytes: 1 << 16, depth: 8, elements: 100 };
    let plist = Element::parse(text.replace(kind, "").as_bytes(), "plist", limits).expect("XML");
    assert_eq!((plist.attribute("version"), plist.children.len()), (Some("1.0"), 1));
    let all = pairs(&plist.children[0]);
    for (at, (key, value)) in all.iter().enumerate() {
        let (_, kinds) = LAUNCHD.iter().find(|(name, _)| name == key).unwrap_or_else(|| panic!("no key {key}"));
        assert!(kinds.contains(&value.name.as_str()), "{key} is no {}", value.name);
        assert!(all[..at].iter().all(|(other, _)| other != key), "{key} stands there twice");
        assert!(value.name != "integer" || value.text.parse::<u32>().is_ok(), "{key}: {}", value.text);
    }
    let value = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| *value).expect("the key");
    let words = value("ProgramArguments").children.iter().map(|word| {
        assert_eq!(word.name, "string");
        std::ffi::OsString::from(&word.text)
    });
    let read_as = tuiphone::cli::args::parse(words).expect("a command line");
    assert!(matches!(read_as.job, tuiphone::cli::options::Job::Daemon { notify: false }));
    assert!(text.contains(&format!("LaunchAgents/{}.plist", value("Label").text)), "its file is called as it is");
    assert!(["Background", "Standard", "Adaptive", "Interactive"].contains(&value("ProcessType").text.as_str()));
    // A property list has no octal numbers.
    assert_eq!(value("Umask").text, 0o077.to_string());
    let kept = pairs(value("KeepAlive"));
    assert!(kept.iter().all(|(key, value)| *key == "SuccessfulExit" && value.name == "false"), "{kept:?}");
}

/// What is shipped for service managers is understood by them, as far as they are here.
#[test]
fn the_files_for_service_managers_are_well_formed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
    let service = read("systemd/tuiphone.service");
    let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("what it starts");
    let words = line.split(' ').map(std::ffi::OsString::from);
    let read_as = tuiphone::cli::args::parse(words).expect("a command line");
    assert!(matches!(read_as.job, tuiphone::cli::options::Job::Daemon { notify: true }), "{line}");
    let home = tempfile::tempdir().expect("a folder");
    for unit in ["tuiphone.service", "tuiphone.socket"] {
        let text = read(&format!("systemd/{unit}")).replace("%h/.cargo/bin/tuiphone", "/bin/true");
        std::fs::write(home.path().join(unit), text).expect("written");
    }
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--user", "--man=no", "--generators=no"]).args(["tuiphone.service", "tuiphone.socket"]);
    verify.current_dir(home.path()).env("SYSTEMD_UNIT_PATH", home.path()).env("XDG_RUNTIME_DIR", home.path());
    match verify.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => {
            let told = crate::support::finish_in(child);
            // `tuiphone.service:12: ...`; that there is no basic.target in this folder is no fault of theirs.
            let is_ours = |line: &&str| {
                let behind = line.split_once("tuiphone.service:").or_else(|| line.split_once("tuiphone.socket:"));
                behind.is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
            };
            let ours: Vec<&str> = told.stderr.lines().filter(is_ours).collect();
            assert!(ours.is_empty(), "{told:?}");
        }
        Err(_) => println!("skipped: no systemd-analyze is here"),
    }
}
