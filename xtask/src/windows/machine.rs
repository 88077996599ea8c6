//! How programs of Windows are run here: under Wine in a prefix of their own, or as they are.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::run::{output, wait, which};

/// The longest that one command may take: Wine is slow to begin.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a file is looked at for what should come.
const LOOK: Duration = Duration::from_millis(100);

/// Where Debian has it; its `wine` is a script that complains about what a program of 64 bits does not need.
const DEBIANS: &str = "/usr/lib/wine/wine64";

/// The first Wine that has what Rust takes chance from.
const FIRST: u32 = 9;

/// The user there, whose folders are no ASCII.
const USER: &str = "jürgen";

/// The command that runs a program of Windows; empty on Windows itself.
pub fn wine() -> Option<Vec<String>> {
    if cfg!(windows) {
        return Some(Vec::new());
    }
    if let Ok(named) = std::env::var("WINE") {
        return Some(named.split_whitespace().map(str::to_owned).collect());
    }
    let debians = Some(PathBuf::from(DEBIANS)).filter(|path| path.is_file());
    let found = which("wine64").or(debians).or_else(|| which("wine"))?;
    Some(vec![found.display().to_string()])
}

/// Why programs of Rust do not run in this Wine, where that is so.
pub fn too_old(wine: &[String]) -> Option<Failure> {
    let version = version_of(wine)?;
    let first: u32 = version.strip_prefix("wine-")?.split('.').next()?.parse().ok()?;
    (first < FIRST).then(|| format!("{version} has no bcryptprimitives.dll, Wine {FIRST} has; WINE=… names another"))
}

/// What it says of itself.
fn version_of(wine: &[String]) -> Option<String> {
    let (program, before) = wine.split_first()?;
    let words: Vec<&str> = before.iter().map(String::as_str).chain(["--version"]).collect();
    output(program, &words).map(|version| version.trim().to_owned())
}

/// A Windows of our own.
pub struct Machine {
    wine: Vec<String>,
    /// The program that is looked at.
    pub exe: PathBuf,
    /// What is written goes there; its name is no ASCII and has a blank.
    pub folder: PathBuf,
    /// The far ends, which also keep Wine running: the next program starts at once then.
    pub far_ends: Option<Running>,
}

/// What a command left.
pub struct Ran {
    /// Its exit code; none if it had to be stopped.
    pub code: Option<i32>,
    /// Standard output and standard error.
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Both outputs.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// These words stand in one of them.
    pub fn says(&self, words: &str) -> bool {
        self.out.contains(words) || self.err.contains(words)
    }

    /// The exit code for a person.
    pub fn code_text(&self) -> String {
        self.code.map_or_else(|| "none: it was stopped".to_owned(), |code| code.to_string())
    }
}

/// A program that goes on; stopped when it is dropped.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// What it has printed so far.
    pub fn printed(&self) -> String {
        format!("{}{}", text_of(&self.out), text_of(&self.err))
    }

    /// Whether these words come, sooner or later.
    pub fn says(&self, words: &str) -> bool {
        soon(|| self.printed().contains(words))
    }

    /// Types this, where its standard input is a pipe.
    pub fn tell(&mut self, text: &str) -> Result<(), Failure> {
        let Some(input) = &mut self.child.stdin else { return Err("nobody listens".into()) };
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).map_err(|e| format!("it does not listen: {e}"))
    }

    /// What it left once it ends by itself.
    pub fn end(self) -> Ran {
        self.end_within(PATIENCE)
    }

    /// Likewise, in a time of its own.
    pub fn end_within(mut self, limit: Duration) -> Ran {
        let status = wait(&mut self.child, limit).ok().flatten();
        Ran { code: status.and_then(|status| status.code()), out: text_of(&self.out), err: text_of(&self.err) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether something is so within a minute.
#[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
pub fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE / 2;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(LOOK);
    }
}

impl Machine {
    /// Makes it; a prefix of Wine without a display.
    pub fn new(wine: Vec<String>, named: &Path) -> Result<Machine, Failure> {
        let folder = std::env::temp_dir().join(format!("tuiphone für Wine {}", std::process::id()));
        let programs = folder.join("programs");
        fs::create_dir_all(&programs).map_err(|e| format!("{}: {e}", programs.display()))?;
        // Its name is part of what it does.
        let exe = programs.join("tuiphone.exe");
        fs::copy(named, &exe).map_err(|e| format!("{}: {e}", named.display()))?;
        let machine = Machine { wine, exe, folder, far_ends: None };
        if machine.is_wine() {
            machine.without_display()?;
        }
        fs::create_dir_all(machine.roaming()).map_err(|e| format!("{}: {e}", machine.roaming().display()))?;
        Ok(machine)
    }

    /// A prefix whose desktop draws nothing. What this starts has another desktop still, and no window is made on that: it
    /// has all gone when the last of it lets go of the pipe.
    fn without_display(&self) -> Result<(), Failure> {
        let no_display = ["add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"];
        let mut command = self.command("reg", &no_display);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", self.wine.join(" ")))?;
        let pipes = (child.stdout.take(), child.stderr.take());
        let (gone, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            let (out, err) = pipes;
            let ends = out.map(|mut out| out.read_to_end(&mut Vec::new()));
            gone.send(ends.and(err.map(|mut err| err.read_to_end(&mut Vec::new()))))
        });
        let status = wait(&mut child, PATIENCE);
        match (status, waiting.recv_timeout(2 * PATIENCE)) {
            (Ok(Some(status)), Ok(Some(Ok(_)))) if status.success() => Ok(()),
            (status, _) => Err(format!("{} makes no prefix: {status:?}", self.wine.join(" "))),
        }
    }

    /// What it is, for a person.
    pub fn system(&self) -> String {
        if self.is_wine() { version_of(&self.wine).unwrap_or_default() } else { "Windows itself".into() }
    }

    /// Whether this is Wine.
    pub fn is_wine(&self) -> bool {
        !self.wine.is_empty()
    }

    /// Wine, where it is one program and no more.
    pub fn wine_alone(&self) -> Option<&str> {
        match &self.wine[..] {
            [wine] => Some(wine),
            _ => None,
        }
    }

    /// The user's `%APPDATA%`.
    pub fn roaming(&self) -> PathBuf {
        let home =
            if self.is_wine() { self.folder.join("prefix/drive_c/users").join(USER) } else { self.folder.clone() };
        home.join("AppData").join("Roaming")
    }

    /// A file of ours as a program of Windows names it.
    pub fn path(&self, file: &Path) -> String {
        let file = file.display().to_string();
        if self.is_wine() { format!("Z:{}", file.replace('/', r"\")) } else { file }
    }

    /// A file in the folder, likewise.
    pub fn named(&self, name: &str) -> String {
        self.path(&self.folder.join(name))
    }

    /// A command line of a program of Windows, with what is around it.
    pub fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut line = self.wine.iter().map(String::as_str).chain([program]).chain(words.iter().copied());
        let mut command = Command::new(line.next().unwrap_or(program));
        command.args(line).current_dir(&self.folder);
        self.surround(&mut command);
        command
    }

    /// Nothing of the machine that this runs on reaches the program.
    pub fn surround(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let is_ours = ["TUIPHONE_", "XDG_"].iter().any(|start| name.starts_with(start));
            if is_ours || ["DISPLAY", "WAYLAND_DISPLAY", "NO_COLOR", "ACCESSIBLE", "LANG"].contains(&&*name) {
                command.env_remove(&*name);
            }
        }
        if self.is_wine() {
            command.env("WINEPREFIX", self.folder.join("prefix")).env("WINEDEBUG", "-all");
            command.env("HOME", &self.folder).env("USER", USER).env("LC_ALL", "C.UTF-8");
        } else {
            command.env("APPDATA", self.roaming()).env("LOCALAPPDATA", self.folder.join("AppData").join("Local"));
        }
    }

    /// The phone with these words, to its end.
    pub fn phone(&self, words: &[&str]) -> Ran {
        self.phone_at(&self.exe, words)
    }

    /// Likewise one that lies elsewhere.
    pub fn phone_at(&self, exe: &Path, words: &[&str]) -> Ran {
        if !self.is_wine() {
            return self.run(&exe.display().to_string(), words);
        }
        // Why by way of `cmd`: of a program of several threads Wine 10 tells Unix now and then 0 for an exit code that
        // Windows' programs see as it is. `call` keeps `cmd` from taking quotes away.
        self.run("cmd", &[&["/c", "call", &self.path(exe)], words].concat())
    }

    /// The phone of an ini file in the folder.
    pub fn phone_of(&self, ini: &str, words: &[&str]) -> Ran {
        self.phone(&[&["-i", &self.named(ini)], words].concat())
    }

    /// The phone with these words, in the background.
    pub fn start(&self, ini: &str, words: &[&str]) -> Result<Running, Failure> {
        let ini = self.named(ini);
        self.begin(self.command(&self.exe.display().to_string(), &[&["-i", &ini], words].concat()))
    }

    /// Any program of Windows, to its end.
    pub fn run(&self, program: &str, words: &[&str]) -> Ran {
        self.finish(self.command(program, words))
    }

    /// A command, to its end.
    pub fn finish(&self, command: Command) -> Ran {
        match self.begin(command) {
            Ok(running) => running.end(),
            Err(why) => Ran { code: None, out: String::new(), err: why },
        }
    }

    /// A command in the background. What it prints goes to files: what Wine starts along, and leaves running, keeps a
    /// pipe open that then never ends.
    pub fn begin(&self, command: Command) -> Result<Running, Failure> {
        self.begin_told(command, Stdio::null())
    }

    /// Likewise, with this standard input.
    #[allow(clippy::disallowed_methods, reason = "a name that was not there before")]
    pub fn begin_told(&self, mut command: Command, input: Stdio) -> Result<Running, Failure> {
        let printed = self.folder.join("printed");
        fs::create_dir_all(&printed).map_err(|e| format!("{}: {e}", printed.display()))?;
        let count = fs::read_dir(&printed).map_or(0, Iterator::count);
        let (out, err) = (printed.join(format!("{count}.out")), printed.join(format!("{count}.err")));
        let file = |path: &Path| File::create(path).map_err(|e| format!("{}: {e}", path.display()));
        command.stdin(input).stdout(file(&out)?).stderr(file(&err)?);
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
        Ok(Running { child, out, err })
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let file = self.folder.join(name);
        let folder = file.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).and_then(|()| fs::write(&file, bytes)).map_err(|e| format!("{name}: {e}"))?;
        Ok(file)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.far_ends = None;
        // What is left of Wine goes a moment after the last program.
        for _ in 0..20 {
            if fs::remove_dir_all(&self.folder).is_ok() {
                return;
            }
            sleep(Duration::from_secs(1));
        }
    }
}

/// The text of a file, its lines ended as Unix does.
fn text_of(file: &Path) -> String {
    fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).replace('\r', "")).unwrap_or_default()
}
