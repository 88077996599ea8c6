//! The phones that are measured: how each is started to do the same.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

use super::call::Codec;
use super::phone::Answer;
use crate::Failure;
use crate::run::{output, program, which};

/// Whose figures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Ours, the release build.
    Tuiphone,
    /// The one that is installed.
    Baresip,
    /// The one that is installed: `linphonec`.
    Linphone,
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
            Make::Linphone => {
                let said = output("linphonec", &["--version"]).unwrap_or_default();
                format!("linphonec {}", said.split_whitespace().last().unwrap_or_default()).trim_end().to_owned()
            }
        }
    }

    /// Its program, if it is here.
    pub fn is_here(self) -> bool {
        match self {
            Make::Tuiphone => true,
            Make::Baresip => which("baresip").is_some(),
            Make::Linphone => which("linphonec").is_some(),
        }
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
            Make::Linphone => linphone(folder, server),
        }
    }

    /// What it is told on its standard input.
    pub(super) fn words(self, answer: Answer<'_>) -> String {
        match (self, answer) {
            (Make::Linphone, Answer::Files(speech, heard)) => {
                format!(
                    "soundcard use files\nplay {}\nrecord {}\nautoanswer enable\n",
                    speech.display(),
                    heard.display()
                )
            }
            _ => String::new(),
        }
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
        _ => String::new(),
    };
    let codecs = "audioCodecs=PCMU/8000/1 G722/16000/1 opus/48000/2";
    let ini = format!(
        "[Settings]\naccountId=1\nautoAnswer={auto}\n{codecs}\n{more}[Account1]\nlabel=bench\nserver={server}\n\
         domain={server}\nusername=101\npassword=secret\ntransport=udp\n"
    );
    write(&folder.join("microsip.ini"), &ini)?;
    let mut command = ours(folder);
    let (microphone, speaker) = match answer {
        Answer::Files(speech, heard) => (format!("file:{}", speech.display()), format!("file:{}", heard.display())),
        _ => ("tone:440".to_owned(), "null".to_owned()),
    };
    command.args(["daemon", "--audio-in", &microphone, "--audio-out", &speaker]);
    Ok(command)
}

fn baresip(folder: &Path, server: SocketAddr, answer: Answer<'_>) -> Result<Command, Failure> {
    let modules = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    let modules = modules.into_iter().find(|f| Path::new(f).is_dir()).ok_or("baresip's modules are not here")?;
    let port = free_port()?;
    // Its tone knows one rate only; what it hears it says instead.
    let (source, player) = match answer {
        Answer::Files(speech, heard) => (format!("aufile,{}", speech.display()), format!("aufile,{}", heard.display())),
        _ => ("aubridge,echo".to_owned(), "aubridge,echo".to_owned()),
    };
    let calls = if let Answer::Echo(calls) = answer { calls } else { 4 };
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_source {source}\n\
         audio_player {player}\naudio_alert aubridge,alert\ncall_max_calls {calls}\nopus_inbandfec yes\n\
         opus_packet_loss 10\nmodule_path {modules}\nmodule g711.so\nmodule g722.so\nmodule opus.so\n\
         module aubridge.so\nmodule aufile.so\nmodule plc.so\nmodule_tmp account.so\nmodule_app menu.so\n"
    );
    write(&folder.join("config"), &config)?;
    let mode = if answer == Answer::Ring { "manual" } else { "auto" };
    let codecs = "PCMU/8000/1,G722/16000/1,opus/48000/2";
    let account = format!(
        "<sip:101@{server}>;auth_user=101;auth_pass=secret;answermode={mode};regint=300;audio_codecs={codecs}\n"
    );
    write(&folder.join("accounts"), &account)?;
    write(&folder.join("contacts"), "")?;
    let mut command = Command::new(which("baresip").ok_or("baresip is not here")?);
    command.arg("-f").arg(folder);
    Ok(command)
}

fn linphone(folder: &Path, server: SocketAddr) -> Result<Command, Failure> {
    let (port, media) = (free_port()?, free_port()? & !1);
    let config = format!(
        "[sip]\nsip_port={port}\nsip_tcp_port=0\nsip_tls_port=0\ndefault_proxy=0\n\
         register_only_when_network_is_up=0\nmedia_encryption=none\n[rtp]\naudio_rtp_port={media}\n\
         [video]\nautomatically_initiate=0\nautomatically_accept=0\n\
         [auth_info_0]\nusername=101\npasswd=secret\nrealm=bench\n\
         [proxy_0]\nreg_proxy=<sip:{server};transport=udp>\nreg_identity=sip:101@{server}\nreg_expires=300\n\
         reg_sendregister=1\npublish=0\n"
    );
    fs::create_dir_all(folder.join(".local/share/linphone")).map_err(|e| e.to_string())?;
    write(&folder.join("linphonerc"), &config)?;
    let mut command = Command::new(which("linphonec").ok_or("linphonec is not here")?);
    command.arg("-c").arg(folder.join("linphonerc")).env("HOME", folder).current_dir(folder);
    Ok(command)
}

/// A port of loopback that was free a moment ago.
fn free_port() -> Result<u16, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| format!("cannot bind udp 127.0.0.1: {e}"))?;
    Ok(socket.local_addr().map_err(|e| e.to_string())?.port())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}
