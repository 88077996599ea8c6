//! A phone under measurement: a process of its own, registered at a far end of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::far_end::FarEnd;
use crate::Failure;
use crate::run::{output, program, which};

/// Whose figures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Ours, the release build.
    Tuiphone,
    /// The one that is installed.
    Baresip,
}

impl Make {
    /// Its name and version, as it says them.
    pub fn name(self) -> String {
        match self {
            Make::Tuiphone => "tuiphone".to_owned(),
            Make::Baresip => {
                let said = output("baresip", &["-h"]).unwrap_or_default();
                let version = said.split_whitespace().skip_while(|w| *w != "baresip").nth(1).unwrap_or_default();
                format!("baresip {}", version.trim_start_matches('v')).trim_end().to_owned()
            }
        }
    }
}

/// What a phone does with a call that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It rings.
    Ring,
    /// It answers.
    Auto,
}

/// The process.
pub struct Phone {
    /// Where it registers.
    pub far: FarEnd,
    /// When it was started.
    pub started: Instant,
    child: Child,
    folder: PathBuf,
}

impl Phone {
    /// Starts one in a folder of its own, without a sound card: it says a tone, and what it hears goes nowhere.
    #[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    pub fn start(make: Make, answer: Answer) -> Result<Self, Failure> {
        let far = FarEnd::open()?;
        // A short path: a socket's address has room for no more than 107 bytes.
        let folder = std::env::temp_dir().join(format!("tuiphone-bench-{}", far.address()?.port()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = match make {
            Make::Tuiphone => tuiphone(&folder, &far, answer)?,
            Make::Baresip => baresip(&folder, &far, answer)?,
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let child = command.spawn().map_err(|e| format!("cannot start {make:?}: {e}"))?;
        Ok(Self { far, started, child, folder })
    }

    /// Our program on the profile of this phone, as another process.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ours(&self.folder);
        command.args(arguments);
        command
    }

    /// The control socket, once it is there.
    pub fn control(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.join("tuiphone");
        let found = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut sockets = found.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension() == Some("sock".as_ref()));
        sockets.next().ok_or_else(|| format!("no control socket in {}", folder.display()))
    }

    /// Resident and proportional memory as the system counts it, MB.
    pub fn memory(&self) -> Result<(f64, f64), Failure> {
        let rollup = self.proc("smaps_rollup")?;
        let megabytes = |field: &str| {
            let line = rollup.lines().find_map(|l| l.strip_prefix(field));
            let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
            kilobytes.map(|k| k / 1024.0).ok_or_else(|| format!("no {field} of the phone"))
        };
        Ok((megabytes("Rss:")?, megabytes("Pss:")?))
    }

    /// Processor time so far, user and system, seconds.
    pub fn processor(&self) -> Result<f64, Failure> {
        let mut nanoseconds = 0.0;
        for task in self.tasks()? {
            let times = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            nanoseconds += times.split_whitespace().next().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(nanoseconds / 1e9)
    }

    /// How often its threads went to sleep so far.
    pub fn sleeps(&self) -> Result<f64, Failure> {
        let mut sleeps = 0.0;
        for task in self.tasks()? {
            let status = fs::read_to_string(task.join("status")).unwrap_or_default();
            let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
            sleeps += line.and_then(|l| l.trim().parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(sleeps)
    }

    fn tasks(&self) -> Result<Vec<PathBuf>, Failure> {
        let folder = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        let found = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(found.filter_map(|entry| Some(entry.ok()?.path())).collect())
    }

    fn proc(&self, file: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn ours(folder: &Path) -> Command {
    let mut command = Command::new(program("release"));
    command.env("XDG_RUNTIME_DIR", folder).env("XDG_STATE_HOME", folder).env("HOME", folder);
    command.arg("--ini").arg(folder.join("microsip.ini"));
    command
}

fn tuiphone(folder: &Path, far: &FarEnd, answer: Answer) -> Result<Command, Failure> {
    let server = far.address()?;
    let auto = if answer == Answer::Auto { "all" } else { "" };
    let ini = format!(
        "[Settings]\naccountId=1\nautoAnswer={auto}\n[Account1]\nlabel=bench\nserver={server}\ndomain={server}\n\
         username=101\npassword=secret\ntransport=udp\n"
    );
    write(&folder.join("microsip.ini"), &ini)?;
    let mut command = ours(folder);
    command.args(["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
    Ok(command)
}

fn baresip(folder: &Path, far: &FarEnd, answer: Answer) -> Result<Command, Failure> {
    let modules = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    let modules = modules.into_iter().find(|f| Path::new(f).is_dir()).ok_or("baresip's modules are not here")?;
    let port = FarEnd::open()?.address()?.port();
    // Its tone knows one rate only; what it hears it says instead.
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_source aubridge,echo\n\
         audio_player aubridge,echo\naudio_alert aubridge,alert\ncall_max_calls 4\nmodule_path {modules}\n\
         module g711.so\nmodule opus.so\nmodule aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\n"
    );
    write(&folder.join("config"), &config)?;
    let mode = if answer == Answer::Auto { "auto" } else { "manual" };
    let account = format!(
        "<sip:101@{}>;auth_user=101;auth_pass=secret;answermode={mode};regint=300;audio_codecs=PCMU/8000/1,opus/48000/2\n",
        far.address()?
    );
    write(&folder.join("accounts"), &account)?;
    write(&folder.join("contacts"), "")?;
    let mut command = Command::new(which("baresip").ok_or("baresip is not here")?);
    command.arg("-f").arg(folder);
    Ok(command)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}

/// Waits until the phone has nothing to do any more: what it does at its start is no part of what it costs.
pub fn settle() {
    std::thread::sleep(Duration::from_secs(2));
}
