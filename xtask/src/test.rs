//! `cargo xtask test`: everything a newcomer runs.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::run::{bounded, cargo, is_ci, root, say, target, which};
use crate::{Failure, licences, system};

/// A program some test talks to, and the Debian packages it comes in.
pub struct Peer {
    /// The program whose presence tells.
    pub program: &'static str,
    /// What it is to the tests.
    pub why: &'static str,
    packages: &'static [&'static str],
}

/// The real peers of `tests/peers`, those of `tests/cli` that take pages and completions, and what `tests/soak` needs.
pub const PEERS: [Peer; 17] = [
    Peer {
        program: "kamailio",
        why: "registrar with digest",
        packages: &["kamailio", "kamailio-tls-modules", "kamailio-websocket-modules"],
    },
    Peer { program: "sipp", why: "far ends that misbehave on purpose", packages: &["sip-tester"] },
    Peer { program: "baresip", why: "another softphone", packages: &["baresip-core"] },
    Peer { program: "openssl", why: "the other end of DTLS-SRTP", packages: &["openssl"] },
    Peer { program: "linphonec", why: "a third softphone", packages: &["linphone-cli"] },
    Peer {
        program: "pulseaudio",
        why: "a sound server with null devices",
        packages: &["pulseaudio", "libasound2-plugins"],
    },
    Peer { program: "pactl", why: "its control", packages: &["pulseaudio-utils"] },
    Peer { program: "ip", why: "networks that come and go", packages: &["iproute2"] },
    Peer { program: "nft", why: "gateways of every kind", packages: &["nftables"] },
    Peer { program: "turnserver", why: "tells and lends addresses: STUN, TURN", packages: &["coturn"] },
    Peer { program: "python3", why: "scores speech quality", packages: &["python3", "python3-venv", "python3-dev"] },
    Peer { program: "mosquitto", why: "a broker of MQTT", packages: &["mosquitto"] },
    Peer { program: "dbus-daemon", why: "a session's bus", packages: &["dbus-daemon"] },
    Peer { program: "faketime", why: "a clock that can be set", packages: &["faketime"] },
    Peer { program: "groff", why: "reads the manual", packages: &["groff-base"] },
    Peer { program: "zsh", why: "completes commands", packages: &["zsh"] },
    Peer { program: "fish", why: "completes commands as well", packages: &["fish"] },
];

/// Read speech that Debian ships, for the quality tests.
const SPEECH: (&str, &str) = ("/usr/share/pocketsphinx/test/data/librivox", "pocketsphinx-testdata");

/// Tests of the feature sets, the real peers among them.
pub fn run(install: bool, arguments: &[String]) -> Result<(), Failure> {
    system::prepare(install)?;
    if let Err(why) = peers(install) {
        absent(&why)?;
    }
    licences::run(false)?;

    // The headless half first, so that the lines which matter most come last.
    cargo(&["build", "--locked", "--no-default-features", "--bin", "tuiphone"])?;
    let headless = cargo(&["test", "--locked", "--no-default-features", "--lib"]);
    let rnnoise = cargo(&["test", "--locked", "--features", MORE, "--test", "voice", "level"]);
    let directories = cargo(&["test", "--locked", "--features", MORE, "--lib", "--", "directory", "mqtt"]);
    headless.and(rnnoise).and(directories).and(full(arguments))
}

/// What a program may have beside its usual features, built once for the tests of all of it.
const MORE: &str = "rnnoise,carddav,ldap,mqtt";

/// The programs under `tests/` that call in real time.
const CALLS: [&str; 3] = ["cli", "peers", "soak"];

/// The names of all programs under `tests/`.
fn programs() -> Result<Vec<String>, Failure> {
    let folder = root().join("tests");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
        if path.extension().is_some_and(|ext| ext == "rs") || path.join("main.rs").is_file() {
            names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// The groups of the usual features. Calls wait more than they work: more of them go beside each other.
fn full(arguments: &[String]) -> Result<(), Failure> {
    let usual = ["test", "--locked", "--workspace", "--no-fail-fast"];
    if !arguments.is_empty() {
        return cargo(&usual.into_iter().chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>());
    }
    let threads = (2 * std::thread::available_parallelism().map_or(1, usize::from)).to_string();
    let group = |of_it: &[&str]| cargo(&[&usual, of_it].concat());
    let all = programs()?;
    let named = |call: bool| {
        all.iter()
            .map(String::as_str)
            .filter(move |name| CALLS.contains(name) == call)
            .flat_map(|name| ["--test", name])
    };
    let others = group(&["--lib", "--bins"].into_iter().chain(named(false)).collect::<Vec<_>>());
    let calls = group(&named(true).chain(["--", "--test-threads", &threads]).collect::<Vec<_>>());
    others.and(calls).and(group(&["--doc"]))
}

/// Installs the peers that are missing (Debian and its kin) and the scorer's Python modules.
pub fn peers(install: bool) -> Result<(), Failure> {
    let mut packages: Vec<&str> =
        PEERS.iter().filter(|p| which(p.program).is_none()).flat_map(|p| p.packages).copied().collect();
    if !std::path::Path::new(SPEECH.0).exists() {
        packages.push(SPEECH.1);
    }
    if !packages.is_empty() {
        if !install || !system::has_apt() {
            return Err(format!("not here: {} (Debian's names)", packages.join(" ")));
        }
        say(&format!("real peers for the tests: {}", packages.join(" ")));
        keep_quiet("kamailio", "kamailio");
        keep_quiet("turnserver", "coturn");
        keep_quiet("mosquitto", "mosquitto");
        system::apt(&packages)?;
    }
    scorer(install).map(drop)
}

/// Debian starts a server when its package arrives. The tests start their own; nobody asked for one on port 5060.
fn keep_quiet(program: &str, service: &str) {
    if which(program).is_none() && std::path::Path::new("/run/systemd/system").exists() {
        say(&format!("systemctl mask {service} (so that the package does not start a server of its own)"));
        let _ = bounded(Command::new("systemctl").args(["mask", service]), Duration::from_secs(30));
    }
}

/// A Python environment of our own under `target/`, with what the PESQ step imports; its interpreter.
pub fn scorer(install: bool) -> Result<PathBuf, Failure> {
    let home: PathBuf = target().join("peers").join("venv");
    let python = home.join("bin").join("python");
    let ready = home.join("ready");
    if ready.exists() {
        return Ok(python);
    }
    if !install {
        return Err("no Python environment for the speech scores".into());
    }
    say(&format!("python environment for the speech scores: {}", home.display()));
    let minutes = |m: u64| Duration::from_secs(60 * m);
    // The system's own Python first: its headers are the ones that were installed.
    let base = if std::path::Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    let venv = |clear: &[&str]| bounded(Command::new(base).args(["-m", "venv"]).args(clear).arg(&home), minutes(2));
    if venv(&["--clear"]).is_err() {
        // Debian ships `venv` apart from Python; it may be the one part that is missing.
        system::apt(&["python3-venv", "python3-dev"])?;
        venv(&["--clear"])?;
    }
    // One of the modules is compiled here, against Python's headers.
    let headers =
        "import os, sysconfig, sys; sys.exit(not os.path.exists(sysconfig.get_path('include') + '/Python.h'))";
    if bounded(Command::new(&python).args(["-c", headers]), minutes(1)).is_err() {
        system::apt(&["python3-dev"])?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["numpy", "scipy", "soundfile", "pesq"]);
    bounded(&mut pip, minutes(8))?;
    std::fs::write(&ready, "").map_err(|e| format!("{}: {e}", ready.display()))?;
    Ok(python)
}

/// A missing peer is a fact on a person's machine and a failure on CI's.
fn absent(why: &str) -> Result<(), Failure> {
    if is_ci() {
        return Err(format!("real peers: {why}"));
    }
    say(&format!("real peers: {why}"));
    say("the tests that need them will say `skipped`");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_that_call_are_among_all() {
        let all = programs().unwrap();
        for name in CALLS.iter().chain(&["architecture", "sim", "standards"]) {
            assert!(all.iter().any(|one| one == name), "{name} in {all:?}");
        }
    }
}
