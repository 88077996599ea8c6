//! Two phones of one kind that call each other without a registrar.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::server::{EAR, IDLE, MIC, Server};
use crate::Failure;
use crate::bench::makes::{Make, baresip_modules, free_port};

/// Whose phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ours, the release build.
    Tuiphone,
    /// baresip, over its ALSA module.
    Baresip,
    /// linphone's command line.
    Linphone,
}

impl Kind {
    /// Ours first.
    pub const ALL: [Kind; 3] = [Kind::Tuiphone, Kind::Baresip, Kind::Linphone];

    fn make(self) -> Make {
        match self {
            Kind::Tuiphone => Make::Tuiphone,
            Kind::Baresip => Make::Baresip,
            Kind::Linphone => Make::Linphone,
        }
    }

    /// Its name and version.
    pub fn name(self) -> String {
        self.make().name()
    }

    /// Whether it can be started.
    pub fn installed(self) -> bool {
        self.make().absent().is_none()
    }
}

/// A process that ends with this.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One that answers, and one that will call it.
pub struct Pair {
    caller: Command,
    /// What the caller is told once it runs.
    told: String,
    _called: Running,
}

impl Pair {
    /// Starts the called one and gets the caller ready.
    pub fn start(kind: Kind, server: &Server, codec: &str) -> Result<Pair, Failure> {
        let port = free_port()?;
        let mut called = phone(kind, server, codec, port, true)?;
        called.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = called.spawn().map_err(|e| format!("cannot start {}: {e}", kind.name()))?;
        std::thread::sleep(Duration::from_secs(2));
        let mut caller = phone(kind, server, codec, free_port()?, false)?;
        let whom = format!("sip:b@127.0.0.1:{port}");
        let mut told = String::new();
        match kind {
            Kind::Tuiphone => drop(caller.args(["call", &whom])),
            Kind::Baresip => drop(caller.args(["-e", &format!("/dial {whom}")])),
            Kind::Linphone => told = format!("call {whom}\n"),
        }
        if kind == Kind::Tuiphone {
            caller.args(["--audio-in", &device(&format!("{MIC}.monitor")), "--audio-out", &device(IDLE[0])]);
        }
        Ok(Pair { caller, told, _called: Running(running) })
    }

    /// Calls; the call lasts until what is returned is dropped.
    pub fn call(&self) -> Result<Running, Failure> {
        let mut caller = Command::new(self.caller.get_program());
        caller.args(self.caller.get_args());
        caller.envs(self.caller.get_envs().filter_map(|(name, value)| Some((name, value?))));
        caller.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = caller.spawn().map_err(|e| format!("cannot start the caller: {e}"))?;
        if !self.told.is_empty() {
            std::thread::sleep(Duration::from_secs(2));
            let pipe = child.stdin.as_mut().ok_or("the caller takes no words")?;
            pipe.write_all(self.told.as_bytes()).map_err(|e| format!("the caller takes no words: {e}"))?;
        }
        Ok(Running(child))
    }
}

/// A phone on this port; the one that is called answers by itself.
fn phone(kind: Kind, server: &Server, codec: &str, port: u16, called: bool) -> Result<Command, Failure> {
    let folder = server.folder(&format!("{}-{port}", kind.make().program()))?;
    let path = kind.make().path().ok_or_else(|| format!("{} is not here", kind.make().program()))?;
    let (microphone, speaker) = if called { (IDLE[1], EAR) } else { (MIC, IDLE[0]) };
    let mut command = match kind {
        Kind::Tuiphone => {
            let answer = if called { "autoAnswer=all\n" } else { "" };
            let ini = format!(
                "[Settings]\nenableLocalAccount=1\nsourcePort={port}\naudioCodecs={codec}\n{answer}\
                 [tuiphone]\nbindAddress=127.0.0.1\nacceptFrom=any\n"
            );
            write(&folder.join("microsip.ini"), &ini)?;
            let mut command = server.command(&path.to_string_lossy());
            command.arg("--ini").arg(folder.join("microsip.ini"));
            if called {
                let microphone = device(&format!("{microphone}.monitor"));
                command.args(["daemon", "--audio-in", &microphone, "--audio-out", &device(speaker)]);
            }
            command
        }
        Kind::Baresip => {
            let modules = baresip_modules()?;
            let modules = modules.display();
            let mut config = format!(
                "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\nmodule_path {modules}\n\
                 audio_source alsa,pulse\naudio_player alsa,pulse\naudio_alert aubridge,alert\n"
            );
            for module in ["g711", "g722", "opus", "alsa", "aubridge", "stdio"] {
                config.push_str(&format!("module {module}.so\n"));
            }
            config.push_str("module_app account.so\nmodule_app menu.so\n");
            write(&folder.join("config"), &config)?;
            let mode = if called { "auto" } else { "manual" };
            let account = format!("<sip:b@127.0.0.1:{port}>;answermode={mode};regint=0;audio_codecs={codec}\n");
            write(&folder.join("accounts"), &account)?;
            write(&folder.join("contacts"), "")?;
            let mut command = server.command(&path.to_string_lossy());
            command.arg("-f").arg(&folder);
            command
        }
        Kind::Linphone => {
            let mut config = format!(
                "[sip]\nsip_port={port}\nsip_tcp_port=0\nsip_tls_port=0\nmedia_encryption=none\nguess_hostname=1\n\
                 [rtp]\naudio_rtp_port=0\n[video]\nautomatically_initiate=0\nautomatically_accept=0\n[net]\n\
                 firewall_policy=0\n[sound]\nechocancellation=0\n\
                 playback_dev_id=PulseAudio Unknown: {speaker}\nringer_dev_id=PulseAudio Unknown: {}\n\
                 capture_dev_id=ALSA Unknown: default\n",
                IDLE[0]
            );
            let known = ["opus/48000/2", "PCMU/8000/1", "G722/8000/1", "speex/8000/1", "speex/16000/1"];
            for (number, known) in known.into_iter().enumerate() {
                let mut words = known.split('/');
                let (mime, rate) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let (channels, on) = (words.next().unwrap_or_default(), u8::from(known == codec));
                config.push_str(&format!(
                    "[audio_codec_{number}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled={on}\n"
                ));
            }
            fs::create_dir_all(folder.join(".local/share/linphone")).map_err(|e| e.to_string())?;
            write(&folder.join("linphonerc"), &config)?;
            let mut command = server.command(&path.to_string_lossy());
            command.arg("-c").arg(folder.join("linphonerc")).current_dir(&folder);
            // It takes no monitor for a microphone.
            command.env("ALSA_CONFIG_PATH", server.alsa()?);
            if called {
                command.arg("-a");
            }
            command
        }
    };
    command.env("PULSE_SINK", speaker).env("PULSE_SOURCE", format!("{microphone}.monitor"));
    command.env("XDG_RUNTIME_DIR", &folder).env("XDG_STATE_HOME", &folder).env("HOME", &folder);
    Ok(command)
}

fn device(name: &str) -> String {
    format!("device:{name}")
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}
