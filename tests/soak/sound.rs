//! A sound server that ends and starts again, while the phone is in a call.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::held::{Row, many};
use crate::phones::{hang_up, have, hears, kept, talk};
use crate::support::{House, bare, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

/// A PulseAudio of our own with a speaker and a microphone that are not there; killed when dropped.
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> Server {
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"]);
        command.args(["--high-priority=no", "-L", "module-native-protocol-unix"]);
        // norewinds: without it a null sink asks a new stream for nothing during two seconds.
        for name in ["spk", "mic"] {
            command.args(["-L", &format!("module-null-sink sink_name={name} rate=48000 channels=2 norewinds=1")]);
        }
        command.envs(environment(folder)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server(command.spawn().expect("it starts"));
        assert!(until(|| control(folder, &["info"])), "the sound server answers");
        assert!(control(folder, &["set-default-sink", "spk"]));
        assert!(control(folder, &["set-default-source", "mic.monitor"]));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn control(folder: &Path, words: &[&str]) -> bool {
    let mut command = Command::new("pactl");
    command.args(words).envs(environment(folder)).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a client needs to find this server.
fn environment(folder: &Path) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    vec![
        ("XDG_RUNTIME_DIR", path("run")),
        ("HOME", path("home")),
        ("PULSE_SERVER", format!("unix:{}", path("run/pulse/native"))),
        ("PULSE_COOKIE", path("home/.config/pulse/cookie")),
    ]
}

#[test]
fn a_sound_server_that_starts_anew_costs_no_call() {
    if !have("pulseaudio") || !have("pactl") {
        return;
    }
    let turns = many(1, 15);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["run", "home"] {
        std::fs::create_dir(folder.path().join(name)).expect("made");
        std::fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o700)).expect("its owner's");
    }
    let mut server = Some(Server::start(folder.path()));
    let house = House::open();
    let mut command = bare(house.folder.path(), &["--ini"]);
    command.arg(house.ini()).arg("--socket").arg(house.socket());
    command.envs(environment(folder.path()).into_iter().filter(|(name, _)| name.starts_with("PULSE")));
    let phone = house.started(command, "registered 100@demo");
    // What is missing, as it is told.
    let missing = || phone.connect().ask("status")["audio"]["warning"].as_str().map(str::to_owned);
    let (before, after) = over_and_over(&phone, turns, |turn| {
        let wire = talk(&phone, "600");
        server = None;
        assert!(until(|| missing().is_some()), "turn {turn}: the loss is told");
        assert!(hears(&phone), "turn {turn}: the call goes on without");
        server = Some(Server::start(folder.path()));
        assert!(until(|| missing().is_none()), "turn {turn}: {:?}", missing());
        assert!(hears(&phone), "turn {turn}: the call goes on");
        hang_up(wire);
    });
    drop(server);
    let history = (calls_in_vain() + warming() + turns, kept(&house));
    Row { phase: "restarts of the sound server", count: turns, before, after, history }.holds();
}
