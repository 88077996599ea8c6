//! baresip as another softphone, in both directions, through a registrar.

mod encrypted;
mod handshake;
mod ice;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::kamailio::Kamailio;
use crate::score::{self, Scorer};
use crate::softphone::{self, Softphone};
use crate::support::{PATIENCE, Process, alone, beside_others, free_port, have, until, which};

/// A baresip that sends back what it hears. It is told what to do over its control socket.
struct Baresip {
    process: Process,
    control: u16,
    domain: String,
    _folder: TempDir,
}

impl Baresip {
    /// Registers as `user` over this transport; `codec` is the only one it speaks; `answers` by itself or not.
    fn start(user: &str, proxy: &Kamailio, transport: &str, codec: &str, answers: bool) -> Self {
        Self::encrypting("", user, proxy, transport, codec, answers)
    }

    /// The same with this word for `mediaenc`. It tells every message: our own trace hides the keys.
    fn encrypting(encryption: &str, user: &str, proxy: &Kamailio, transport: &str, codec: &str, answers: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, control, media) = (free_port(), free_port(), free_port());
        // The echo works for one call alone.
        let speech = folder.path().join("speech.wav");
        softphone::write_tone(&speech);
        let source = if answers { "aubridge,echo".to_owned() } else { format!("aufile,{}", speech.display()) };
        let mut config = format!(
            "poll_method poll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\nrtp_ports {media}-{}\n\
             sip_cafile {}\nctrl_tcp_listen 127.0.0.1:{control}\naudio_player aubridge,echo\n\
             audio_source {source}\naudio_alert aubridge,alert\ncall_max_calls 4\nmodule_path {}\n",
            media + 3,
            proxy.certificate().display(),
            modules().display(),
        );
        for module in ["g711", "g722", "gsm", "l16", "opus", "aubridge", "aufile", "srtp", "dtls_srtp"] {
            writeln!(config, "module {module}.so").unwrap();
        }
        config.push_str("module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n");
        std::fs::write(folder.path().join("config"), config).unwrap();
        let domain = if transport == "tls" { proxy.secure_server() } else { proxy.server() };
        let answers = if answers { "auto" } else { "manual" };
        let encryption = if encryption.is_empty() { String::new() } else { format!(";mediaenc={encryption}") };
        let account = format!(
            "<sip:{user}@{domain};transport={transport}>;auth_user={user};auth_pass=\"secret of {user}\";\
             answermode={answers};regint=60;audio_codecs={codec}{encryption}\n"
        );
        std::fs::write(folder.path().join("accounts"), account).unwrap();
        std::fs::write(folder.path().join("contacts"), "").unwrap();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "120"]).arg(which("baresip").unwrap()).arg("-f").arg(folder.path());
        if !encryption.is_empty() {
            command.arg("-s");
        }
        let process = Process::start("baresip", &mut command, folder.path());
        Self { process, control, domain, _folder: folder }
    }

    /// A command of its menu, done when this returns.
    fn told(&mut self, command: &str, words: &str) {
        let said = serde_json::json!({"command": command, "params": words}).to_string();
        let mut socket = TcpStream::connect(("127.0.0.1", self.control)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        write!(socket, "{}:{said},", said.len()).unwrap();
        let mut reply = [0; 4096];
        assert!(socket.read(&mut reply).unwrap() > 0, "baresip hung up on {command}");
    }
}

impl Softphone for Baresip {
    fn dial(&mut self, user: &str) {
        let whom = format!("sip:{user}@{}", self.domain);
        self.told("dial", &whom);
    }

    fn answer(&mut self) {
        self.told("accept", "");
    }

    fn hold(&mut self) {
        self.told("hold", "");
    }

    fn resume(&mut self) {
        self.told("resume", "");
    }

    /// Its `sndcode` presses and lets go at once, and sends nothing.
    fn key(&mut self, _key: char) -> bool {
        false
    }

    fn hang_up(&mut self) {
        self.told("hangup", "");
    }

    fn ended(&self) -> usize {
        let said = self.process.said();
        let by_whom = ["session closed", "call: terminate call", "call: rejecting incoming call"];
        by_whom.iter().map(|words| said.matches(words).count()).sum()
    }

    fn key_words(&self, key: char) -> String {
        format!("received event: '{key}'")
    }

    fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn modules() -> &'static Path {
    let folders = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    folders.into_iter().map(Path::new).find(|p| p.is_dir()).expect("baresip's modules")
}

/// The phone calls baresip and hears itself.
fn calls(codec: &str, shown: &str) {
    if !have(&["kamailio", "baresip"]) {
        return;
    }
    let _machine = beside_others();
    let proxy = Kamailio::start("MD5", &[]);
    let baresip = Baresip::start("102", &proxy, "udp", codec, true);
    until("baresip registered", PATIENCE, || proxy.said().contains("saved 102"));
    let phone = proxy.phone("101");
    let arguments = ["call", "102", "--duration", "4", "--audio-in", "tone:440", "--audio-out", "null"];
    let outcome = phone.run(&arguments, Duration::from_secs(40));
    outcome.ends(0);
    assert_eq!(outcome.text("/call/media/codec").to_ascii_lowercase(), shown, "{}", outcome.told);
    let (sent, heard) = (outcome.number("/call/media/tx_packets"), outcome.number("/call/media/rx_packets"));
    assert!(sent >= 190.0 && heard > sent * 0.8, "sent {sent}, heard {heard}\n{}", outcome.told);
    let said = baresip.process.said();
    assert!(said.contains("Call established"), "{said}");
}

#[test]
fn the_phone_calls_baresip_with_pcmu() {
    calls("PCMU/8000/1", "pcmu");
}

#[test]
fn the_phone_calls_baresip_with_opus() {
    calls("opus/48000/2", "opus");
}

/// Read speech goes to baresip and comes back, through the codec both times: as good as the codec alone makes it when
/// speech passes it twice, and nothing is missing.
fn speech_returns(codec: &str) {
    let Some(scorer) = Scorer::find().filter(|_| have(&["kamailio", "baresip"])) else { return };
    let _machine = alone();
    let proxy = Kamailio::start("MD5", &[]);
    let _baresip = Baresip::start("102", &proxy, "udp", codec, true);
    until("baresip registered", PATIENCE, || proxy.said().contains("saved 102"));
    let phone = proxy.phone_over("udp", "101", &format!("audioCodecs={codec}"));
    scorer.echoed(&phone, "102", codec, score::through_codec_twice, 0.25);
}

#[test]
fn speech_returns_with_pcmu() {
    speech_returns("PCMU/8000/1");
}

#[test]
fn speech_returns_with_pcma() {
    speech_returns("PCMA/8000/1");
}

#[test]
fn speech_returns_with_g722() {
    speech_returns("G722/16000/1");
}

#[test]
fn speech_returns_with_gsm() {
    speech_returns("GSM/8000/1");
}

#[test]
fn speech_returns_with_l16() {
    speech_returns("L16/16000/1");
}

#[test]
fn speech_returns_with_opus() {
    speech_returns("opus/48000/2");
}

#[test]
fn calls_with_baresip_over_udp() {
    both_ways("udp");
}

#[test]
fn calls_with_baresip_over_tcp() {
    both_ways("tcp");
}

#[test]
fn calls_with_baresip_over_tls() {
    both_ways("tls");
}

fn both_ways(transport: &str) {
    if have(&["kamailio", "baresip"]) {
        let start = |proxy: &Kamailio| Baresip::start("102", proxy, transport, "PCMU/8000/1", false);
        softphone::calls_both_ways(transport, start);
    }
}
