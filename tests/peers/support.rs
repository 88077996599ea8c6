//! Processes that end with the test, ports that are free, waits that are bounded, and the phone under test.

use std::fs::{self, File};
use std::io::Write;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Tests that judge sound want the machine for themselves; the others may run side by side.
static MACHINE: RwLock<()> = RwLock::new(());

/// A place on the machine beside other tests.
pub fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(|e| e.into_inner())
}

/// The machine alone.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(|e| e.into_inner())
}

/// True when every program is here. Says which is not, and fails on that where a machine waits for the outcome.
pub fn have(programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|p| which(p).is_none()).collect();
    missing.is_empty() || skipped(&format!("not here: {}", missing.join(" ")))
}

/// Says that a test is skipped; false. Under `CI=true` a failure.
pub fn skipped(why: &str) -> bool {
    let ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    assert!(!ci, "real peers: {why}");
    eprintln!("skipped: {why}");
    false
}

/// The full path of a program; `sbin` folders count.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|f| f.join(program)).find(|p| p.is_file())
}

/// How long a test waits for what shall come, on a slow machine as well.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Below those that a system gives to whoever does not ask for one: no socket comes upon them by chance.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// A port of 127.0.0.1 that is free for UDP and TCP, and given to nobody else here. Even, and its odd neighbour free too,
/// as RTP likes it.
pub fn free_port() -> u16 {
    free_ports(4)
}

/// The first of so many.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().unwrap_or_else(|e| e.into_inner());
    let spread = (std::process::id() % 5_000) as u16 * 4;
    let both = |port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..1_000 {
        let first = next.filter(|first| first + count < PORTS.end).unwrap_or(PORTS.start + spread.min(PORTS.end / 2));
        *next = Some(first + count.next_multiple_of(4));
        if (first..first + count.min(4)).all(both) {
            return first;
        }
    }
    panic!("no free UDP ports");
}

/// Waits until somebody has this port for datagrams. Whoever tried it would be in its way.
pub fn until_listens(who: &str, port: u16) {
    let place = format!(":{port:04X}");
    let has = |line: &str| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&place));
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let table = |name| fs::read_to_string(name).unwrap_or_default();
    until(&format!("{who} listens"), PATIENCE, || tables.into_iter().any(|name| table(name).lines().any(has)));
}

/// The machine's address towards the world; nothing is sent to find it.
pub fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback())
}

/// Waits until `ready` holds; panics with `what` when it does not within `limit`.
pub fn until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        sleep(Duration::from_millis(20));
    }
}

/// A peer's process: its output goes to a file, it ends when this is dropped, and a failing test shows its last words.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `folder/name.log`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        Self::fed(name, command, folder, Stdio::null())
    }

    /// The same for one that waits for words; see [`told`](Self::told).
    pub fn listening(name: &str, command: &mut Command, folder: &Path) -> Self {
        Self::fed(name, command, folder, Stdio::piped())
    }

    /// A line for its standard input.
    pub fn told(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("it listens");
        writeln!(input, "{line}").and_then(|()| input.flush()).unwrap();
    }

    fn fed(name: &str, command: &mut Command, folder: &Path, input: Stdio) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).unwrap();
        let child = command
            .stdin(input)
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {name}: {e}"));
        Self { name: name.to_owned(), child, log }
    }

    /// What the process has said so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits for words of the process.
    pub fn until_says(&mut self, words: &str) {
        let start = Instant::now();
        while !self.said().contains(words) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended ({ended:?}) before it said {words:?}", self.name);
            assert!(start.elapsed() < PATIENCE, "{} never said {words:?}", self.name);
            sleep(Duration::from_millis(20));
        }
    }

    /// Asks the process to end, as a person would.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Asks the process to end, as a system does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// The exit status, once it ended by itself.
    pub fn ended(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < limit, "{} is still there after {limit:?}", self.name);
            sleep(Duration::from_millis(20));
        }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by `kill`'s name for it.
    pub fn signal(&self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.child.id().to_string()]).stderr(Stdio::null()).status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("-TERM");
            let start = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(3) {
                sleep(Duration::from_millis(10));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            let said = self.said();
            let tail: Vec<&str> = said.lines().rev().take(60).collect();
            eprintln!("---- {} said last:", self.name);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// The phone under test: a folder with its `microsip.ini`, its home and its run-time folder.
pub struct Phone {
    folder: TempDir,
    /// `NAME=VALUE` of the sound server, when there is one.
    pub environment: Vec<(String, String)>,
    /// The network namespace it lives in, when it is not ours.
    pub space: Option<String>,
}

impl Phone {
    /// A phone with one account; `settings` and `account` are further lines of their sections.
    pub fn new(user: &str, password: &str, server: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ini = format!(
            "[Settings]\naccountId=1\nenableLocalAccount=0\n{settings}\n\
             [Account1]\nlabel=test\nserver={server}\nproxy=\ndomain={server}\nusername={user}\npassword={password}\n\
             authID=\ndisplayName=\ntransport=udp\nregisterRefresh=300\nkeepAlive=0\nSRTP=\nICE=0\n"
        );
        fs::write(folder.path().join("microsip.ini"), ini).unwrap();
        for sub in ["run", "home"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        Self { folder, environment: Vec::new(), space: None }
    }

    /// Its account has this word for `SRTP`.
    pub fn encrypting(self, srtp: &str) -> Self {
        self.edit(|ini| ini.replace("\nSRTP=\n", &format!("\nSRTP={srtp}\n")));
        self
    }

    /// Rewrites its `microsip.ini`.
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        let ini = self.file("microsip.ini");
        fs::write(&ini, change(fs::read_to_string(&ini).unwrap())).unwrap();
    }

    /// A file in the phone's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `tuiphone ARGUMENTS --ini …`, on its own account of the world.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_tuiphone");
        let mut command = match &self.space {
            Some(space) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", space, program]);
                command
            }
            None => Command::new(program),
        };
        command.args(arguments).arg("--ini").arg(self.file("microsip.ini"));
        command.env("XDG_RUNTIME_DIR", self.file("run")).env("HOME", self.file("home"));
        command.envs(self.environment.iter().map(|(k, v)| (k, v)));
        command.env_remove("TUIPHONE_SOCKET").env_remove("DBUS_SESSION_BUS_ADDRESS");
        command
    }

    /// Runs a verb to its end: the exit code and the result object.
    pub fn run(&self, arguments: &[&str], limit: Duration) -> Outcome {
        let trace = self.file("trace.log");
        let mut command = self.command(arguments);
        command.args(["--json", "--debug"]).arg(&trace);
        let output = output(&mut command, limit).unwrap_or_else(|late| {
            panic!("tuiphone {arguments:?} did not end within {limit:?}\n{}", told(&late, &trace));
        });
        let code = output.status.code();
        let json = serde_json::from_slice(output.stdout.trim_ascii()).unwrap_or_default();
        Outcome { code, json, told: told(&output, &trace) }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// What it had said when it was killed, which it is after `limit`.
pub fn output(command: &mut Command, limit: Duration) -> Result<Output, Output> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > limit {
            child.kill().unwrap();
            return Err(child.wait_with_output().unwrap());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(child.wait_with_output().unwrap())
}

/// How a run of the phone ended.
pub struct Outcome {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The result object; null when standard output was not one JSON value.
    pub json: serde_json::Value,
    /// Everything it wrote, for a failing test.
    pub told: String,
}

impl Outcome {
    /// A member of the result by its path (`/call/status`).
    pub fn number(&self, pointer: &str) -> f64 {
        let value = self.json.pointer(pointer).and_then(serde_json::Value::as_f64);
        value.unwrap_or_else(|| panic!("no number at {pointer}\n{}", self.told))
    }

    /// A text of the result by its path.
    pub fn text(&self, pointer: &str) -> &str {
        let value = self.json.pointer(pointer).and_then(serde_json::Value::as_str);
        value.unwrap_or_else(|| panic!("no text at {pointer}\n{}", self.told))
    }

    /// What protected the sound of the call; `None` = nothing.
    pub fn protection(&self) -> Option<&str> {
        self.json.pointer("/call/media/srtp").and_then(serde_json::Value::as_str)
    }

    /// The exit code is this one.
    #[track_caller]
    pub fn ends(&self, code: i32) {
        assert_eq!(self.code, Some(code), "exit code\n{}", self.told);
    }
}

fn told(output: &Output, trace: &Path) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let trace = text(&fs::read(trace).unwrap_or_default());
    format!("---- stdout\n{}\n---- stderr\n{}\n---- trace\n{trace}", text(&output.stdout), text(&output.stderr))
}
