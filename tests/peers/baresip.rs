//! baresip as another softphone, in both directions, through a registrar.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::kamailio::Kamailio;
use crate::support::{Process, beside_others, free_port, have, until, which};

/// A baresip that answers by itself and sends back what it hears.
struct Baresip {
    process: Process,
    _folder: TempDir,
}

impl Baresip {
    /// Registers as `user`; `codec` is the only one it speaks; `dial` is whom it calls at once, if anyone.
    fn start(user: &str, proxy: &Kamailio, codec: &str, dial: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let media = free_port();
        let mut config = format!(
            "poll_method poll\nsip_listen 127.0.0.1:{}\nnet_interface 127.0.0.1\nrtp_ports {media}-{}\n\
             audio_player aubridge,echo\naudio_source aubridge,echo\naudio_alert aubridge,alert\n\
             call_max_calls 4\nmodule_path {}\n",
            free_port(),
            media + 3,
            modules().display(),
        );
        for module in ["g711", "opus", "aubridge"] {
            writeln!(config, "module {module}.so").unwrap();
        }
        config.push_str("module_tmp account.so\nmodule_app menu.so\n");
        std::fs::write(folder.path().join("config"), config).unwrap();
        let account = format!(
            "<sip:{user}@{}>;auth_user={user};auth_pass=\"secret of {user}\";answermode=auto;regint=60;audio_codecs={codec}\n",
            proxy.server()
        );
        std::fs::write(folder.path().join("accounts"), account).unwrap();
        std::fs::write(folder.path().join("contacts"), "").unwrap();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "120"]).arg(which("baresip").unwrap()).arg("-f").arg(folder.path());
        if let Some(whom) = dial {
            command.args(["-e", &format!("/dial {whom}")]);
        }
        let process = Process::start("baresip", &mut command, folder.path());
        Self { process, _folder: folder }
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
    let baresip = Baresip::start("102", &proxy, codec, None);
    until("baresip registered", Duration::from_secs(15), || proxy.said().contains("saved 102"));
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

#[test]
fn baresip_calls_the_phone() {
    if !have(&["kamailio", "baresip"]) {
        return;
    }
    let _machine = beside_others();
    let proxy = Kamailio::start("MD5", &[]);
    let phone = proxy.phone_with("101", "autoAnswer=all");
    let mut command = phone.command(&["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
    let daemon = Process::start("daemon", &mut command, &phone.file("run"));
    until("the phone registered", Duration::from_secs(15), || proxy.said().contains("saved 101"));
    let whom = format!("sip:101@{}", proxy.server());
    let mut baresip = Baresip::start("102", &proxy, "PCMU/8000/1", Some(&whom));
    baresip.process.until_says("Call established");
    let connected = || phone.run(&["status"], Duration::from_secs(5)).json["state"] == "connected";
    until("the phone shows the call", Duration::from_secs(5), connected);
    let outcome = phone.run(&["hangup"], Duration::from_secs(5));
    outcome.ends(0);
    baresip.process.until_says("session closed");
    drop(daemon);
}
