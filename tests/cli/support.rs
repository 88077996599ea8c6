//! The exchange of the demo in this process, and the program under test beside it.

#[path = "shape.rs"]
pub mod shape;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};
use tuiphone::demo::run::{DOMAIN, Demo, OWN_NUMBER};

/// Longest wait for anything here.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running exchange with far ends, and a folder with an ini file for a phone.
pub struct House {
    pub folder: tempfile::TempDir,
    pub server: String,
    pub password: String,
    _stop: mpsc::Sender<()>,
}

impl House {
    pub fn open() -> House {
        let (ready, account) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let demo = Demo::start([7; 32]).expect("the demo starts");
                demo.at_home().await;
                let account = demo.account();
                ready.send((account.server.clone(), account.password.reveal().to_owned())).expect("someone waits");
                while let Err(mpsc::TryRecvError::Empty) = stopped.try_recv() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        });
        let (server, password) = account.recv_timeout(PATIENCE).expect("the demo is up");
        let house = House { folder: tempfile::tempdir().expect("a folder"), server, password, _stop: stop };
        house.write_ini(&house.password);
        house
    }

    pub fn ini(&self) -> PathBuf {
        self.folder.path().join("microsip.ini")
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run").join("phone.sock")
    }

    pub fn write_ini(&self, password: &str) {
        let server = &self.server;
        self.write_account(server, &format!("proxy={server}\r\npassword={password}\r\n"));
    }

    /// An ini file with one account at this server; `more` are further lines of it.
    pub fn write_account(&self, server: &str, more: &str) {
        std::fs::write(self.ini(), House::text_of_account(server, more)).expect("written");
    }

    /// What stands in such a file.
    pub fn text_of_account(server: &str, more: &str) -> String {
        format!(
            "[Settings]\r\naccountId=1\r\n[Account1]\r\nserver={server}\r\ndomain={DOMAIN}\r\n\
             username={OWN_NUMBER}\r\n{more}"
        )
    }

    /// The program with this house's files, silent devices and nothing of the environment it could lean on.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = bare(self.folder.path(), &[]);
        command.arg("--ini").arg(self.ini()).arg("--socket").arg(self.socket());
        command.args(["--audio-in", "voice", "--audio-out", "null"]).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.program(arguments))
    }

    pub fn daemon(&self) -> Daemon {
        self.daemon_with(&[], "registered 100@demo")
    }

    /// A daemon with more options, once its log has a line with `part`.
    pub fn daemon_with(&self, options: &[&str], part: &str) -> Daemon {
        self.started(self.program(options), part)
    }

    /// A daemon of this program, once its log has a line with `part`.
    pub fn started(&self, mut program: Command, part: &str) -> Daemon {
        let mut child = program.arg("daemon").stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = lines_of(child.stderr.take().expect("its stderr"));
        let mut daemon = Daemon { child, socket: self.socket(), lines, awaited: String::new() };
        daemon.awaited = daemon.await_line(part);
        daemon
    }
}

/// The program; in the long run of `cargo xtask soak` an optimised one, built apart.
fn of_program() -> PathBuf {
    std::env::var_os("TUIPHONE_SOAK_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_tuiphone").into(), PathBuf::from)
}

pub fn bare(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(of_program());
    command.args(arguments).env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command
        .env("XDG_RUNTIME_DIR", home.join("runtime"))
        // How the allocator lays out is the business of whoever measures it.
        .envs(std::env::var_os("GLIBC_TUNABLES").map(|tunables| ("GLIBC_TUNABLES", tunables)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.stdout.trim()).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }
}

/// Runs to the end, within bounds.
pub fn finish(mut command: Command) -> Finished {
    finish_in(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
}

/// What a started program says from now on, and how it ends, within bounds.
pub fn finish_in(child: Child) -> Finished {
    let id = child.id();
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = waiting.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").arg("-9").arg(id.to_string()).status();
        panic!("process {id} did not end in {PATIENCE:?}");
    };
    let Output { status, stdout, stderr } = output.expect("its output");
    let stdout = String::from_utf8(stdout).expect("UTF-8");
    shape::all_told(&stdout);
    Finished { code: status.code().unwrap_or(-1), stdout, stderr: String::from_utf8(stderr).expect("UTF-8") }
}

/// A daemon; killed when dropped.
pub struct Daemon {
    pub child: Child,
    pub lines: mpsc::Receiver<String>,
    socket: PathBuf,
    awaited: String,
}

impl Daemon {
    /// The line that told it was up.
    pub fn line(&self) -> &str {
        &self.awaited
    }

    /// Waits for a line of its log that holds `part`.
    pub fn await_line(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => seen.push(line),
                Err(e) => panic!("no line with '{part}' ({e}) after {seen:#?}"),
            }
        }
    }

    pub fn connect(&self) -> Wire {
        let stream = std::os::unix::net::UnixStream::connect(&self.socket).expect("the socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let reading = BufReader::new(stream.try_clone().expect("a copy"));
        Wire { reading, writing: stream, passed: VecDeque::new() }
    }

    pub fn terminate(&mut self) -> i32 {
        signal(&self.child, "TERM");
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("its state") {
                Some(status) => return status.code().unwrap_or(-1),
                None if Instant::now() > deadline => panic!("the daemon did not stop"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection to a control socket.
pub struct Wire {
    reading: BufReader<std::os::unix::net::UnixStream>,
    writing: std::os::unix::net::UnixStream,
    /// Events that came while an answer was awaited.
    passed: VecDeque<serde_json::Value>,
}

impl Wire {
    pub fn send(&mut self, line: &[u8]) {
        self.writing.write_all(line).expect("sent");
        self.writing.write_all(b"\n").expect("sent");
    }

    /// A part of a line.
    pub fn send_part(&mut self, part: &[u8]) {
        self.writing.write_all(part).expect("sent");
    }

    /// As `ask`, for a phone that may have closed its ear already.
    pub fn try_ask(&mut self, line: &str) -> serde_json::Value {
        let _ = self.writing.write_all(format!("{line}\n").as_bytes());
        self.read()
    }

    /// Sends without ever reading; false once no more can be sent.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        self.writing.set_write_timeout(Some(Duration::from_millis(300))).expect("a bound");
        self.writing.write_all(bytes).is_ok()
    }

    /// True when the phone has closed the connection.
    pub fn is_cut(&mut self) -> bool {
        self.writing.set_write_timeout(Some(Duration::from_millis(50))).expect("a bound");
        matches!(self.writing.write_all(b"\n"), Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The next line, whatever it tells.
    pub fn line(&mut self) -> serde_json::Value {
        self.passed.pop_front().unwrap_or_else(|| self.read())
    }

    fn read(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.reading.read_line(&mut line).expect("a line");
        let told = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in '{line}'"));
        shape::told(&told);
        told
    }

    /// The answer to a request; events that come before it are kept for `line`.
    pub fn ask(&mut self, line: &str) -> serde_json::Value {
        self.send(line.as_bytes());
        loop {
            let told = self.read();
            if told.get("event").is_none() {
                if told["ok"] == true {
                    shape::asked(line);
                }
                return told;
            }
            self.passed.push_back(told);
        }
    }

    /// The next event of this name.
    pub fn await_event(&mut self, name: &str) -> serde_json::Value {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let line = self.line();
            if line["event"] == name {
                return line;
            }
        }
        panic!("no {name} in {PATIENCE:?}");
    }
}

/// An even port that is free along with the next, below those a system gives away: nobody comes upon it by chance, nor is
/// it given twice.
pub fn free_pair() -> u16 {
    static GIVEN: Mutex<u16> = Mutex::new(0);
    let is_free = |port: u16| std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok();
    let start = 20_000 + (std::process::id() % 5_000) as u16 * 2;
    let mut given = GIVEN.lock().expect("no panic");
    let found = (start.max(*given + 2)..32_000).step_by(2).find(|port| is_free(*port) && is_free(port + 1));
    *given = found.expect("two free ports");
    *given
}

/// A port where nothing is, for everybody but itself, and nobody else comes to be.
pub fn closed() -> (std::net::UdpSocket, std::net::SocketAddr) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("its address");
    socket.connect(address).expect("with itself");
    (socket, address)
}

/// Sends a signal by its name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

/// Asks again until it is so, within bounds.
pub fn until(mut so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

pub fn lines_of(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (out, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            shape::all_told(&line);
            if out.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
