//! The phones that are measured: how each is started to do the same.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use super::call::Codec;
use super::joined::Way;
use super::phone::Answer;
use crate::Failure;
use crate::run::{all_on_path, program, which};

/// Whose figures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Ours, the release build.
    Tuiphone,
    /// The one that is installed.
    Baresip,
    /// The one that is installed.
    Pjsua,
    /// The one that is installed: `linphonec`.
    Linphone,
}

impl Make {
    /// Ours first.
    pub const ALL: [Make; 4] = [Make::Tuiphone, Make::Baresip, Make::Pjsua, Make::Linphone];

    /// Its program.
    pub fn program(self) -> &'static str {
        match self {
            Make::Tuiphone => "tuiphone",
            Make::Baresip => "baresip",
            Make::Pjsua => "pjsua",
            Make::Linphone => "linphonec",
        }
    }

    /// Where it is; of several baresips on PATH the newest, because distributions keep one that is years old.
    pub fn path(self) -> Option<PathBuf> {
        static NEWEST: OnceLock<Option<PathBuf>> = OnceLock::new();
        match self {
            Make::Tuiphone => Some(program("release")),
            Make::Baresip => {
                let version = |path: &PathBuf| self.version(path).split('.').map(|n| n.parse().ok()).collect();
                let newest =
                    || all_on_path(self.program()).into_iter().rev().max_by_key::<Vec<Option<u32>>, _>(version);
                NEWEST.get_or_init(newest).clone()
            }
            _ => which(self.program()),
        }
    }

    /// Its name and version, as it says them.
    pub fn name(self) -> String {
        let version = self.path().map(|path| self.version(&path)).unwrap_or_default();
        format!("{} {version}", self.program()).trim_end().to_owned()
    }

    fn version(self, path: &Path) -> String {
        // Not all of them call it a success.
        let said = |argument| {
            let said = Command::new(path).arg(argument).stdin(Stdio::null()).output();
            said.map_or_else(|_| String::new(), |said| String::from_utf8_lossy(&said.stdout).into_owned())
        };
        let after = |said: &str, word: &str| {
            let version = said.split_whitespace().skip_while(|w| *w != word).find(|w| w.contains('.'));
            version.unwrap_or_default().trim_start_matches('v').to_owned()
        };
        match self {
            Make::Tuiphone => String::new(),
            Make::Baresip => after(&said("-h"), "baresip"),
            Make::Pjsua => after(&said("--version"), "PJ_VERSION"),
            Make::Linphone => said("--version").split_whitespace().last().unwrap_or_default().to_owned(),
        }
    }

    /// Why it cannot be measured; `None` when it is here.
    pub fn absent(self) -> Option<&'static str> {
        if self.path().is_some() {
            return None;
        }
        Some(match self {
            Make::Pjsua => "not here; Debian has no package of it, one built from pjproject is found on PATH",
            _ => "not here, and could not be installed",
        })
    }

    /// A command that starts it.
    fn start(self) -> Result<Command, Failure> {
        self.path().map(Command::new).ok_or_else(|| format!("{} is not here", self.program()))
    }

    /// Fails where it cannot write what it hears into a file.
    pub fn records(self) -> Result<(), Failure> {
        if self != Make::Baresip {
            return Ok(());
        }
        let module = baresip_modules()?.join("aufile.so");
        let code = fs::read(&module).map_err(|e| format!("{}: {e}", module.display()))?;
        let plays: &[u8] = b"auplay_register";
        let has = code.windows(plays.len()).any(|name| name == plays);
        if has { Ok(()) } else { Err("this version's aufile module reads files and writes none".to_owned()) }
    }

    /// The file of the speech that it can play in a call with this codec.
    pub fn speech(self, codec: Codec) -> &'static str {
        match (self, codec.kind) {
            // It plays no other rate, nor number of channels, than the codec's.
            (Make::Baresip, 0) => "speech-8000-1.wav",
            (Make::Baresip, 9) => "speech-16000-1.wav",
            (Make::Baresip, _) => "speech-48000-2.wav",
            _ => "speech-48000-1.wav",
        }
    }

    /// The command that starts it with a profile of its own in `folder`, registering at `server` as 101.
    pub(super) fn command(self, folder: &Path, server: SocketAddr, answer: Answer<'_>) -> Result<Command, Failure> {
        match self {
            Make::Tuiphone => tuiphone(folder, server, answer),
            Make::Baresip => baresip(folder, server, answer),
            Make::Pjsua => pjsua(folder, server, answer),
            Make::Linphone => linphone(folder, server),
        }
    }

    /// What it is told on its standard input at its start; who is told nothing has none.
    pub(super) fn words(self, folder: &Path, answer: Answer<'_>) -> String {
        let files = match answer {
            Answer::Files(speech, heard) => format!("play {}\nrecord {}\n", speech.display(), heard.display()),
            _ => format!("play {}\n", folder.join(TONE).display()),
        };
        let auto = if answer == Answer::Ring { "" } else { "autoanswer enable\n" };
        match self {
            Make::Linphone => format!("soundcard use files\n{files}{auto}"),
            // It ends where its input does.
            Make::Pjsua => "\n".to_owned(),
            _ => String::new(),
        }
    }

    /// What ends it in order, on its standard input; empty: a signal does.
    pub(super) fn farewell(self) -> &'static str {
        if self == Make::Pjsua { "q\n" } else { "" }
    }
}

/// Our program on the profile in `folder`.
pub(super) fn ours(folder: &Path) -> Command {
    let mut command = Command::new(program("release"));
    command.env("XDG_RUNTIME_DIR", folder).env("XDG_STATE_HOME", folder).env("HOME", folder);
    command.arg("--ini").arg(folder.join("microsip.ini"));
    command
}

fn tuiphone(folder: &Path, server: SocketAddr, answer: Answer<'_>) -> Result<Command, Failure> {
    let auto = if answer == Answer::Ring { "" } else { "all" };
    let more = match answer {
        Answer::Echo(calls) => {
            format!("autoAnswerCalls=all\nmaxConcurrentCalls={calls}\n[tuiphone]\ncallEndpoint=echo\n")
        }
        Answer::Confer(calls) => {
            format!("autoAnswerCalls=all\nmaxConcurrentCalls={calls}\n[tuiphone]\nacceptFrom=any\n")
        }
        _ => String::new(),
    };
    let way = match answer {
        Answer::Joined(Way::Encrypted) => "SRTP=mandatory\n",
        Answer::Joined(Way::Ice) => "ICE=1\n",
        _ => "",
    };
    let codecs = "audioCodecs=PCMU/8000/1 G722/16000/1 opus/48000/2";
    let ini = format!(
        "[Settings]\naccountId=1\nautoAnswer={auto}\n{codecs}\n{more}[Account1]\nlabel=bench\nserver={server}\n\
         domain={server}\nusername=101\npassword=secret\ntransport=udp\n{way}"
    );
    write(&folder.join("microsip.ini"), &ini)?;
    let mut command = ours(folder);
    let (microphone, speaker) = match answer {
        Answer::Files(speech, heard) => (format!("file:{}", speech.display()), format!("file:{}", heard.display())),
        Answer::Confer(_) => ("null".to_owned(), "null".to_owned()),
        _ => ("tone:440".to_owned(), "null".to_owned()),
    };
    command.args(["daemon", "--audio-in", &microphone, "--audio-out", &speaker]);
    Ok(command)
}

/// The modules of the baresip that is started: they lie beside it.
pub fn baresip_modules() -> Result<PathBuf, Failure> {
    let program = Make::Baresip.path().ok_or("baresip is not here")?;
    let prefix = program.parent().and_then(Path::parent).unwrap_or(Path::new("/usr"));
    let mut folders = ["lib", "lib64"].into_iter().map(|lib| prefix.join(lib).join("baresip/modules"));
    folders.find(|folder| folder.is_dir()).ok_or_else(|| format!("no modules of {}", program.display()))
}

fn baresip(folder: &Path, server: SocketAddr, answer: Answer<'_>) -> Result<Command, Failure> {
    let folder_of_modules = baresip_modules()?;
    let modules = folder_of_modules.display();
    let (module, way) = match answer {
        Answer::Joined(Way::Encrypted) if folder_of_modules.join("srtp.so").exists() => {
            ("module srtp.so\n", ";mediaenc=srtp-mand")
        }
        Answer::Joined(Way::Encrypted) => return Err("this version has no module for SRTP".to_owned()),
        _ => ("", ""),
    };
    let port = free_port()?;
    // Its tone knows one rate only; what it hears it says instead.
    let (source, player) = match answer {
        Answer::Files(speech, heard) => (format!("aufile,{}", speech.display()), format!("aufile,{}", heard.display())),
        // Its bridge has room for one call.
        Answer::Echo(_) => {
            write(&folder.join(TONE), tone(8_000))?;
            (format!("aufile,{}", folder.join(TONE).display()), "aubridge,ear".to_owned())
        }
        _ => ("aubridge,echo".to_owned(), "aubridge,echo".to_owned()),
    };
    let calls = if let Answer::Echo(calls) = answer { calls } else { 4 };
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_source {source}\n\
         audio_player {player}\naudio_alert aubridge,alert\ncall_max_calls {calls}\ncall_hold_other_calls no\nopus_inbandfec yes\n\
         opus_packet_loss 10\nmodule_path {modules}\nmodule g711.so\nmodule g722.so\nmodule opus.so\n\
         module aubridge.so\nmodule aufile.so\nmodule plc.so\n{module}module_app account.so\nmodule_app menu.so\n"
    );
    write(&folder.join("config"), &config)?;
    let mode = if answer == Answer::Ring { "manual" } else { "auto" };
    let codecs = "PCMU/8000/1,G722/16000/1,opus/48000/2";
    let account = format!(
        "<sip:101@{server}>;auth_user=101;auth_pass=secret;answermode={mode};regint=300;audio_codecs={codecs}{way}\n"
    );
    write(&folder.join("accounts"), &account)?;
    write(&folder.join("contacts"), "")?;
    let mut command = Make::Baresip.start()?;
    command.arg("-f").arg(folder);
    Ok(command)
}

fn pjsua(folder: &Path, server: SocketAddr, answer: Answer<'_>) -> Result<Command, Failure> {
    let port = free_port()?;
    let mut lines = vec![
        format!("--id=sip:101@{server}"),
        format!("--registrar=sip:{server}"),
        format!("--local-port={port}"),
        format!("--rtp-port={}", free_port()?),
        "--username=101\n--password=secret\n--realm=*\n--reg-timeout=300\n--bound-addr=127.0.0.1\n--no-tcp".into(),
        "--null-audio\n--no-vad\n--log-level=0\n--app-log-level=0\n--no-color".into(),
    ];
    // It rings only when it is told to.
    lines.push(format!("--auto-answer={}", if answer == Answer::Ring { 180 } else { 200 }));
    if answer == Answer::Joined(Way::Encrypted) {
        lines.push("--use-srtp=2\n--srtp-secure=0".to_owned());
    }
    match answer {
        Answer::Files(speech, heard) => {
            let (speech, heard) = (speech.display(), heard.display());
            lines.push(format!("--play-file={speech}\n--auto-play\n--rec-file={heard}\n--auto-rec"));
        }
        Answer::Echo(calls) => lines.push(format!("--auto-loop\n--max-calls={calls}")),
        // Without a sound card it has no tone for a call; what it hears it says instead.
        _ => lines.push("--auto-loop".to_owned()),
    }
    write(&folder.join("pjsua.conf"), lines.join("\n"))?;
    let mut command = Make::Pjsua.start()?;
    command.arg("--config-file").arg(folder.join("pjsua.conf")).current_dir(folder);
    Ok(command)
}

/// What is said where nothing else is asked for and the phone has no tone of its own.
const TONE: &str = "tone.wav";

/// A minute of 440 Hz, mono, as a WAV file.
fn tone(rate: u32) -> Vec<u8> {
    minute(rate, |_| 8_000.0)
}

/// The same, three times a second louder and softer as syllables are, with a pause each few.
pub(super) fn file_of_voice(rate: u32) -> Vec<u8> {
    minute(rate, |seconds| {
        let phrase = (seconds * 0.4 * std::f64::consts::TAU).sin().max(0.0);
        phrase * 12_000.0 * (seconds * 3.0 * std::f64::consts::TAU).sin().abs()
    })
}

/// A minute of 440 Hz as loud as it is to be at each second, mono, as a WAV file.
fn minute(rate: u32, loudness: impl Fn(f64) -> f64) -> Vec<u8> {
    let length = rate * 60 * 2;
    let mut file = Vec::with_capacity(44 + length as usize);
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    let sample = |n: u32| {
        let seconds = f64::from(n) / f64::from(rate);
        (loudness(seconds) * (seconds * 440.0 * std::f64::consts::TAU).sin()) as i16
    };
    file.extend((0..rate * 60).flat_map(|n| sample(n).to_le_bytes()));
    file
}

fn linphone(folder: &Path, server: SocketAddr) -> Result<Command, Failure> {
    let (port, media) = (free_port()?, free_port()?);
    let mut config = format!(
        "[sip]\nsip_port={port}\nsip_tcp_port=0\nsip_tls_port=0\ndefault_proxy=0\n\
         register_only_when_network_is_up=0\nmedia_encryption=none\n[rtp]\naudio_rtp_port={media}\n\
         [video]\nautomatically_initiate=0\nautomatically_accept=0\n\
         [auth_info_0]\nusername=101\npasswd=secret\nrealm=bench\n\
         [proxy_0]\nreg_proxy=<sip:{server};transport=udp>\nreg_identity=sip:101@{server}\nreg_expires=300\n\
         reg_sendregister=1\npublish=0\n"
    );
    for (number, codec) in [("PCMU", 8_000), ("G722", 8_000), ("opus", 48_000)].into_iter().enumerate() {
        let ((mime, rate), channels) = (codec, if codec.0 == "opus" { 2 } else { 1 });
        config.push_str(&format!("[audio_codec_{number}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled=1\n"));
    }
    fs::create_dir_all(folder.join(".local/share/linphone")).map_err(|e| e.to_string())?;
    write(&folder.join("linphonerc"), &config)?;
    write(&folder.join(TONE), tone(48_000))?;
    let mut command = Make::Linphone.start()?;
    command.arg("-c").arg(folder.join("linphonerc")).env("HOME", folder).current_dir(folder);
    Ok(command)
}

/// An even port of loopback that was free a moment ago, as were the three above it. It is given to nobody else, and lies
/// where the system takes none by itself: many phones start at the same time.
pub(super) fn free_port() -> Result<u16, Failure> {
    const PORTS: std::ops::Range<u16> = 20_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..PORTS.len() / 4 {
        let port = PORTS.start + NEXT.fetch_add(4, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        if (0..4).all(|more| UdpSocket::bind(("127.0.0.1", port + more)).is_ok()) {
            return Ok(port);
        }
    }
    Err("no free ports on loopback".to_owned())
}

fn write(file: &Path, text: impl AsRef<[u8]>) -> Result<(), Failure> {
    fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}
