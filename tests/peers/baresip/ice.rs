//! ICE with baresip, whose agent is older than RFC 8445. It gathers nothing on loopback: the machine's own address is used,
//! and nothing leaves it.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::process::Command;

use serde_json::{Value, json};

use super::{Baresip, modules};
use crate::daemon::Daemon;
use crate::softphone;
use crate::support::{Phone, Process, beside_others, free_port, have, own_address, skipped, until_listens, which};

/// A baresip without a registrar that plays a tone, and its address.
fn baresip(ip: IpAddr, has_ice: bool) -> (Baresip, String) {
    let folder = tempfile::tempdir().unwrap();
    let (port, control, media) = (free_port(), free_port(), free_port());
    let speech = folder.path().join("speech.wav");
    softphone::write_tone(&speech);
    let mut config = format!(
        "poll_method poll\nsip_listen {ip}:{port}\nrtp_ports {media}-{}\nctrl_tcp_listen 127.0.0.1:{control}\n\
         audio_player aubridge,echo\naudio_source aufile,{}\naudio_alert aubridge,alert\nmodule_path {}\n",
        media + 3,
        speech.display(),
        modules().display(),
    );
    for module in ["g711", "aubridge", "aufile", "ice"] {
        writeln!(config, "module {module}.so").unwrap();
    }
    config.push_str("module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n");
    std::fs::write(folder.path().join("config"), config).unwrap();
    let nat = if has_ice { ";medianat=ice" } else { "" };
    let account = format!("<sip:bob@{ip}:{port}>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1{nat}\n");
    std::fs::write(folder.path().join("accounts"), account).unwrap();
    std::fs::write(folder.path().join("contacts"), "").unwrap();
    let mut command = Command::new("timeout");
    command.args(["--kill-after=3", "60"]).arg(which("baresip").unwrap()).arg("-s").arg("-f").arg(folder.path());
    let process = Process::listening("baresip", &mut command, folder.path());
    until_listens("baresip", port);
    let domain = format!("{ip}:{port}");
    (Baresip { process, control, domain: domain.clone(), _folder: folder }, format!("sip:bob@{domain}"))
}

/// A phone of ours on this address, and how it is called.
fn phone(ip: IpAddr, ice: bool) -> (Daemon, String) {
    let (phone, port) = (Phone::new("alice", "", "", ""), free_port());
    let ice = u8::from(ice);
    phone.edit(|_| {
        format!(
            "[Settings]\naudioCodecs=PCMU/8000/1\nautoAnswer=all\nsourcePort={port}\n\
             [tuiphone]\nbindAddress={ip}\nacceptFrom=any\n[Account0]\nusername=alice\nICE={ice}\n"
        )
    });
    (Daemon::unregistered(phone), format!("sip:alice@{ip}:{port}"))
}

fn heard(status: &Value) -> u64 {
    status["calls"][0]["media"]["rx_packets"].as_u64().unwrap_or_default()
}

//= RFC 8839 §4.3.2, §4.4.1.2.2
#[test]
fn sound_goes_the_way_that_both_found() {
    if !have(&["baresip"]) {
        return;
    }
    let Some(ip) = own_address() else {
        skipped("this machine has no address but loopback");
        return;
    };
    let _machine = beside_others();
    // With its ICE on, baresip sends nothing to who has none.
    for (ours, theirs) in [(true, true), (true, false)] {
        for outgoing in [true, false] {
            let (mut baresip, bob) = baresip(ip, theirs);
            let (phone, alice) = phone(ip, ours);
            let what = format!("ICE here {ours}, there {theirs}, we call {outgoing}");
            if outgoing {
                phone.calls(&bob);
            } else {
                baresip.told("dial", &alice);
            }
            phone.until(&format!("{what}: its sound"), |status| heard(status) > 100);
            let found = json!({"state": "connected", "local": "host", "remote": "host"});
            let way = if ours && theirs { found } else { Value::Null };
            assert_eq!(phone.status()["calls"][0]["media"]["ice"], way, "{what}");
            // Changes of the call keep the way.
            phone.does(&["hold"]);
            phone.until_is("held");
            phone.does(&["resume"]);
            phone.until_is("connected");
            let before = heard(&phone.status());
            phone.until(&format!("{what}: sound again"), |status| heard(status) > before + 100);
            assert_eq!(phone.status()["calls"][0]["media"]["ice"], way, "{what}");
            phone.does(&["hangup"]);
            phone.until_is("idle");
            assert!(baresip.process.said().contains("incoming rtp for 'audio' established"), "{what}: ours is heard");
        }
    }
}
