//! linphone as another softphone.

use std::process::Command;

use tempfile::TempDir;

use crate::kamailio::Kamailio;
use crate::softphone::{self, Softphone};
use crate::support::{Process, free_port, have, which};

/// A linphone without a sound card: it plays and records files.
struct Linphone {
    process: Process,
    /// The registrar, as it writes it.
    domain: String,
    _folder: TempDir,
}

impl Linphone {
    /// Registers as `user`.
    fn start(user: &str, proxy: &Kamailio, transport: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        std::fs::create_dir_all(home.join(".local/share/linphone")).unwrap();
        let (port, secure_port, media) = (free_port(), free_port(), free_port());
        let domain = proxy.server();
        let server = if transport == "tls" { proxy.secure_server() } else { proxy.server() };
        let config = format!(
            "[sip]\nsip_port={port}\nsip_tcp_port={port}\nsip_tls_port={secure_port}\ndefault_proxy=0\n\
             verify_server_certs=0\nregister_only_when_network_is_up=0\nmedia_encryption=none\n\
             [rtp]\naudio_rtp_port={media}\n[video]\nautomatically_initiate=0\nautomatically_accept=0\n\
             [auth_info_0]\nusername={user}\npasswd=secret of {user}\ndomain=127.0.0.1\n\
             [proxy_0]\nreg_proxy=<sip:{server};transport={transport}>\nreg_route=<sip:{server};transport={transport};lr>\n\
             reg_identity=sip:{user}@{domain}\nreg_expires=60\nreg_sendregister=1\npublish=0\n"
        );
        std::fs::write(home.join("linphonerc"), config).unwrap();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "120"]).arg(which("linphonec").unwrap());
        command.arg("-c").arg(home.join("linphonerc")).env("HOME", home).current_dir(home);
        let mut process = Process::listening("linphonec", &mut command, home);
        let speech = home.join("speech.wav");
        softphone::write_tone(&speech);
        process.told("soundcard use files");
        process.until_says("Using wav files");
        process.told(&format!("play {}", speech.display()));
        Self { process, domain, _folder: folder }
    }
}

impl Softphone for Linphone {
    fn dial(&mut self, user: &str) {
        let line = format!("call sip:{user}@{}", self.domain);
        self.process.told(&line);
    }

    fn answer(&mut self) {
        self.process.told("answer");
    }

    fn hold(&mut self) {
        self.process.told("pause");
    }

    fn resume(&mut self) {
        self.process.until_says("is now paused");
        self.process.told("resume 1");
    }

    fn key(&mut self, key: char) -> bool {
        self.process.told(&key.to_string());
        true
    }

    fn hang_up(&mut self) {
        self.process.told("terminate");
    }

    fn ended(&self) -> usize {
        let said = self.process.said();
        said.matches(" ended (").count() + said.matches(" error.").count()
    }

    fn key_words(&self, key: char) -> String {
        format!("Receiving tone {key}")
    }

    fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

#[test]
fn calls_with_linphone_over_udp() {
    calls("udp");
}

#[test]
fn calls_with_linphone_over_tcp() {
    calls("tcp");
}

#[test]
fn calls_with_linphone_over_tls() {
    calls("tls");
}

fn calls(transport: &str) {
    if have(&["kamailio", "linphonec"]) {
        softphone::calls_both_ways(transport, |proxy| Linphone::start("102", proxy, transport));
    }
}
