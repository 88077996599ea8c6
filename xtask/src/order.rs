//! `cargo xtask order`: which functions run in a daemon and in an interface, written as the order they are linked in
//! (`link/order.ld`). A page of the program is taken into memory with its neighbours: what runs together lies together.

mod patterns;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use self::patterns::{Section, Users};
use crate::Failure;
use crate::run::{LONG, bounded, cargo_for, root, say, wait, which};

/// The keys of a person who looks around, calls, and leaves; and how long each is given under valgrind.
const KEYS: [(&str, u64); 14] = [
    ("", 15),
    ("?", 3),
    ("\x1b", 3),
    ("5", 2),
    ("\x7f", 2),
    ("i", 2),
    ("\x1b", 2),
    ("b", 3),
    ("\x1b", 2),
    ("L", 3),
    ("\x1b", 2),
    ("600\r", 8),
    ("h", 4),
    ("q", 6),
];

/// Records both and writes the order.
pub fn run() -> Result<(), Failure> {
    for program in ["valgrind", "script"] {
        which(program).ok_or_else(|| format!("{program} is not here (Debian: valgrind, bsdutils)"))?;
    }
    let folder = root().join("target").join("order");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let map = folder.join("map");
    let link = format!("link-arg=-Wl,-Map={}", map.display());
    let build = [
        "rustc",
        "--release",
        "--locked",
        "-p",
        "tuiphone",
        "--bin",
        "tuiphone",
        "--config",
        "profile.release.strip=false",
    ];
    cargo_for(&[&build[..], &["--target-dir", &folder.to_string_lossy(), "--", "-C", &link]].concat(), LONG)?;
    let program = folder.join("release").join("tuiphone");
    let home = folder.join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let (daemon, interface) = record(&program, &home)?;

    let read = |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let sections: Vec<Section> = patterns::sections(&read(&map)?);
    let script = patterns::script(&sections, &Users { daemon: &daemon, interface: &interface });
    let file = root().join("link").join("order.ld");
    fs::write(&file, script).map_err(|e| format!("{}: {e}", file.display()))?;
    say(&format!("{}: {} functions of a daemon, {} of an interface", file.display(), daemon.len(), interface.len()));
    Ok(())
}

/// What ran in a daemon and in an interface beside it, by name.
fn record(program: &Path, home: &Path) -> Result<(BTreeSet<String>, BTreeSet<String>), Failure> {
    let ini = home.join("p.ini");
    let started = |command: &mut Command| {
        command.env("HOME", home).env("XDG_RUNTIME_DIR", home).env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Ended).map_err(|e| format!("cannot start it: {e}"))
    };
    let under = |name: &str| {
        format!("valgrind -q --tool=callgrind --demangle=no --callgrind-out-file={}", home.join(name).display())
    };
    let profile = ini.to_string_lossy();
    let _peer = started(Command::new(program).args(["demo", "--peer", &profile]))?;
    for _ in 0..200 {
        if ini.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let valgrind = under("daemon");
    let mut words = valgrind.split(' ');
    let mut daemon = Command::new(words.next().unwrap_or("valgrind"));
    daemon.args(words).arg(program).args(["-i", &profile, "daemon", "--audio-in", "null", "--audio-out", "null"]);
    let mut daemon = started(daemon.stdin(Stdio::null()))?;
    std::thread::sleep(Duration::from_secs(15));

    let line = format!("stty cols 120 rows 40; exec {} {} -i {profile}", under("interface"), program.display());
    let mut interface = started(Command::new("script").args(["-qefc", &line, "/dev/null"]).stdin(Stdio::piped()))?;
    let mut keyboard = interface.0.stdin.take().ok_or("no keyboard")?;
    for (keys, seconds) in KEYS {
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).map_err(|e| format!("typing: {e}"))?;
        std::thread::sleep(Duration::from_secs(seconds));
    }
    interface.until_ended("the interface")?;
    bounded(Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]), Duration::from_secs(10))?;
    daemon.until_ended("the daemon")?;
    Ok((names_of(&home.join("daemon"))?, names_of(&home.join("interface"))?))
}

/// The functions in a record of callgrind's.
fn names_of(record: &PathBuf) -> Result<BTreeSet<String>, Failure> {
    let text = fs::read(record).map_err(|e| format!("{}: {e}", record.display()))?;
    let names = patterns::names(&String::from_utf8_lossy(&text));
    if names.len() < 100 { Err(format!("{}: hardly anything ran", record.display())) } else { Ok(names) }
}

/// A process that does not outlive this.
struct Ended(Child);

impl Ended {
    fn until_ended(&mut self, what: &str) -> Result<(), Failure> {
        match wait(&mut self.0, Duration::from_secs(30)) {
            Ok(Some(_)) => Ok(()),
            _ => Err(format!("{what} did not end")),
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
