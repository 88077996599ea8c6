//! A sound server of our own, with microphones and speakers that are not there.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::run::which;

/// The sink that is spoken into; the caller's microphone is its monitor.
pub const MIC: &str = "mic";
/// The sink that the called phone plays on.
pub const EAR: &str = "ear";
/// What neither says nor is heard: the other half of either phone.
pub const IDLE: [&str; 2] = ["idle_ear", "idle_mic"];

/// The running server; dropping it ends it.
pub struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts it in a folder of its own.
    pub fn start() -> Result<Server, Failure> {
        for program in ["pulseaudio", "pactl", "pacat", "parec"] {
            which(program).ok_or_else(|| format!("{program} is not here: install pulseaudio and pulseaudio-utils"))?;
        }
        let folder = std::env::temp_dir().join(format!("tuiphone-ear-{}", std::process::id()));
        for sub in ["run", "home"] {
            fs::create_dir_all(folder.join(sub)).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        restrict(&folder.join("run"))?;
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"]);
        command.args(["-L", "module-native-protocol-unix"]);
        // norewinds: without it a null sink asks a new stream for nothing during two seconds.
        for name in [MIC, EAR, IDLE[0], IDLE[1]] {
            let sink = format!("sink_name={name} sink_properties=device.description={name}");
            command.args(["-L", &format!("module-null-sink {sink} rate=48000 channels=2 norewinds=1")]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(environment(&folder)).env("XDG_RUNTIME_DIR", folder.join("run")).env("HOME", folder.join("home"));
        let child = command.spawn().map_err(|e| format!("cannot start pulseaudio: {e}"))?;
        let server = Server { child, folder };
        for _ in 0..100 {
            let mut info = server.command("pactl");
            let answered = info.arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if answered.is_ok_and(|status| status.success()) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("pulseaudio does not answer".to_owned())
    }

    /// A program that talks to this server.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(environment(&self.folder)).stdin(Stdio::null());
        command
    }

    /// A configuration of ALSA whose usual device is this server: for a phone that takes no other microphone.
    pub fn alsa(&self) -> Result<PathBuf, Failure> {
        let file = self.folder.join("alsa.conf");
        let text = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n";
        fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok(file)
    }

    /// Where files of this measurement may go; it vanishes with the server.
    pub fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The cookie is named, because a client without credentials needs it.
fn environment(folder: &std::path::Path) -> [(&'static str, String); 2] {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    [
        ("PULSE_SERVER", format!("unix:{}", path("run/pulse/native"))),
        ("PULSE_COOKIE", path("home/.config/pulse/cookie")),
    ]
}

fn restrict(folder: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|e| format!("{}: {e}", folder.display()))
}
