//! Asterisk as the exchange of an office: voicemail, lights, parking, pickup, conferences.
//!
//! It is the one peer that no run asks for: Debian 12 has none. `asterisk` on the PATH is taken, else the one in the
//! root folder that `TUIPHONE_ASTERISK_ROOT` names; that wants to be root. README tells how to make one. The tests were
//! written with version 22.

mod calls;
mod codecs;
mod encrypted;
mod handshake;
mod services;
mod talk;

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::kamailio::write_certificates_of;
use crate::support::{PATIENCE, Phone, Process, free_port, free_ports, until, which};

/// Its configuration; words in braces are filled in.
const FILES: [(&str, &str); 9] = [
    ("asterisk.conf", include_str!("asterisk/asterisk.conf")),
    ("confbridge.conf", include_str!("asterisk/confbridge.conf")),
    ("extensions.conf", include_str!("asterisk/extensions.conf")),
    ("logger.conf", include_str!("asterisk/logger.conf")),
    ("modules.conf", include_str!("asterisk/modules.conf")),
    ("pjsip.conf", include_str!("asterisk/pjsip.conf")),
    ("res_parking.conf", include_str!("asterisk/res_parking.conf")),
    ("rtp.conf", include_str!("asterisk/rtp.conf")),
    ("voicemail.conf", include_str!("asterisk/voicemail.conf")),
];

/// The users, and what is special about the calls of each.
const USERS: [(&str, &str); 14] = [
    ("101", ""),
    ("102", ""),
    ("103", ""),
    ("104", ""),
    ("105", "100rel = required"),
    ("106", "media_encryption = sdes"),
    (
        "107",
        "media_encryption = dtls\ndtls_auto_generate_cert = yes\ndtls_verify = no\ndtls_setup = actpass\n\
         ice_support = yes\nuse_avpf = no\nrtcp_mux = yes",
    ),
    ("108", "allow = alaw,g722,gsm,g729,slin16,opus"),
    ("109", "timers = always\ntimers_sess_expires = 90"),
    ("110", "media_encryption = sdes\nsrtp_tag_32 = yes"),
    ("111", "media_encryption = sdes\nmedia_encryption_optimistic = yes"),
    ("112", "media_encryption = dtls\ndtls_auto_generate_cert = yes\nrtcp_mux = yes"),
    ("113", "media_encryption = dtls\ndtls_auto_generate_cert = yes"),
    ("114", "timers = required\ntimers_min_se = 2000\ntimers_sess_expires = 2400"),
];

/// An exchange on free ports, with files of its own.
pub struct Asterisk {
    process: Process,
    ip: IpAddr,
    /// Where it listens for UDP and TCP, and for TLS.
    ports: (u16, u16),
    /// The folder with all that is its own, as we see it.
    folder: TempDir,
    home: Home,
}

/// Where Asterisk is installed.
enum Home {
    Path(PathBuf),
    Root(PathBuf),
}

impl Home {
    /// `None`, and why on standard error, where there is none.
    fn find() -> Option<Self> {
        let root = std::env::var_os("TUIPHONE_ASTERISK_ROOT").map(PathBuf::from).filter(|root| root.is_dir());
        let home = root.map(Self::Root).or_else(|| which("asterisk").map(Self::Path));
        if home.is_none() {
            eprintln!("skipped: not here: asterisk, nor TUIPHONE_ASTERISK_ROOT");
        }
        home
    }

    fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "300"]);
        match self {
            Self::Path(program) => command.arg(program),
            Self::Root(root) => command.args(["chroot".as_ref(), root.as_os_str()]).arg("asterisk"),
        };
        command
    }

    /// A new folder that Asterisk can reach.
    fn folder(&self) -> TempDir {
        match self {
            Self::Path(_) => tempfile::tempdir(),
            Self::Root(root) => tempfile::tempdir_in(root.join("tmp")),
        }
        .unwrap()
    }

    /// A path as Asterisk sees it.
    fn seen(&self, path: &Path) -> PathBuf {
        match self {
            Self::Path(_) => path.to_owned(),
            Self::Root(root) => Path::new("/").join(path.strip_prefix(root).unwrap()),
        }
    }
}

impl Asterisk {
    /// Starts it and waits until it serves; `None` where there is none.
    pub fn start() -> Option<Self> {
        Self::start_on(Ipv4Addr::LOCALHOST.into())
    }

    /// The same on this address of the machine.
    pub fn start_on(ip: IpAddr) -> Option<Self> {
        let home = Home::find()?;
        let folder = home.folder();
        for sub in ["run", "log", "spool/voicemail"] {
            std::fs::create_dir_all(folder.path().join(sub)).unwrap();
        }
        write_certificates_of(ip, folder.path());
        let ports = (free_port(), free_port());
        // Asterisk passes by what is taken.
        let media = free_ports(402);
        let seen = home.seen(folder.path());
        let words = [
            ("{folder}", seen.display().to_string()),
            ("{ip}", ip.to_string()),
            ("{port}", ports.0.to_string()),
            ("{secure_port}", ports.1.to_string()),
            ("{rtp_first}", media.to_string()),
            ("{rtp_last}", (media + 400).to_string()),
            ("{users}", users()),
        ];
        for (name, text) in FILES {
            let text = words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value));
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut command = home.command();
        command.args(["-f", "-n", "-C"]).arg(seen.join("asterisk.conf"));
        let mut process = Process::start("asterisk", &mut command, folder.path());
        process.until_says("Asterisk Ready.");
        Some(Self { process, ip, ports, folder, home })
    }

    /// A phone of a user, on; `settings` are lines of `[Settings]`, `own` of `[tuiphone]`.
    pub fn phone(&self, user: &str, settings: &str, own: &str) -> Daemon {
        Daemon::start(self.phone_over("udp", user, settings, own))
    }

    /// A phone of a user over this transport, not on yet.
    pub fn phone_over(&self, transport: &str, user: &str, settings: &str, own: &str) -> Phone {
        let port = if transport == "tls" { self.ports.1 } else { self.ports.0 };
        let settings = format!("audioCodecs=PCMU/8000/1\n{settings}");
        let phone = Phone::new(user, &format!("secret of {user}"), &format!("{}:{port}", self.ip), &settings);
        let certificate = self.folder.path().join("certificate.pem");
        phone.edit(|ini| {
            let ini = ini.replace("transport=udp", &format!("transport={transport}"));
            format!("{ini}[tuiphone]\ntlsCaFile={}\n{own}\n", certificate.display())
        });
        phone
    }

    /// A command of its console, and the reply.
    pub fn console(&self, command: &str) -> String {
        let conf = self.home.seen(&self.folder.path().join("asterisk.conf"));
        let output = self.home.command().arg("-C").arg(conf).args(["-rx", command]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.process.said()
    }

    /// No call is left behind.
    pub fn is_quiet(&self) {
        until("no calls at the exchange", PATIENCE, || {
            self.console("core show channels").contains("0 active channels")
        });
    }
}

/// The users' part of `pjsip.conf`.
fn users() -> String {
    let mut text = String::new();
    for (user, special) in USERS {
        write!(
            text,
            "[{user}](user)\nauth = {user}\naors = {user}\n{special}\n[{user}](secret)\nusername = {user}\n\
             password = secret of {user}\n[{user}](binding)\nmailboxes = {user}@default\n\n"
        )
        .unwrap();
    }
    text
}
