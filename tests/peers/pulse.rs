//! Sound through a real sound server without a card: PulseAudio with null devices, speech in, speech out, and a score.
//!
//! ```text
//!  speech.wav ─ paplay ─▶ mic ─ mic.monitor ─▶ the phone ─ RTP ─▶ SIPp's echo ─ RTP ─▶ the phone ─▶ spk ─ parecord ─▶ heard.wav
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tuiphone::media::level::dbfs;

use crate::kamailio::Kamailio;
use crate::score::{SPEECH, Scorer, TIMES, as_good_as_alone, format, through_codec};
use crate::sipp::{FarEnd, Scenario};
use crate::support::{Outcome, PATIENCE, Phone, Process, alone, have, until};

/// A sound server of our own with a speaker and a microphone that are not there.
struct Sound {
    folder: TempDir,
    server: Option<Process>,
}

impl Sound {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["run", "home"] {
            std::fs::create_dir(folder.path().join(sub)).unwrap();
        }
        restrict(&folder.path().join("run"));
        let mut sound = Self { folder, server: None };
        sound.serve();
        sound
    }

    /// Starts the server, for the first time or again.
    fn serve(&mut self) {
        let folder = self.folder.path();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "180", "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]);
        command.args(["--use-pid-file=no", "--realtime=no", "--high-priority=no", "--log-target=stderr"]);
        command.args(["-L", "module-native-protocol-unix"]);
        // norewinds: without it a null sink asks a new stream for nothing during two seconds.
        for name in ["spk", "mic"] {
            let sink = format!("module-null-sink sink_name={name} rate=48000 channels=2 norewinds=1");
            command.args(["-L", &sink]);
        }
        command.envs(environment(folder));
        self.server = Some(Process::start("pulseaudio", &mut command, folder));
        until("the sound server answers", PATIENCE, || self.control(&["info"]));
        assert!(self.control(&["set-default-sink", "spk"]) && self.control(&["set-default-source", "mic.monitor"]));
    }

    /// Stops the server in its tracks, or lets it go on.
    fn hang(&self, hangs: bool) {
        let keeper = self.server.as_ref().map(Process::id).unwrap();
        let server = std::fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children")).unwrap();
        let signal = if hangs { "-STOP" } else { "-CONT" };
        assert!(Command::new("kill").args([signal, server.trim()]).status().is_ok_and(|status| status.success()));
    }

    /// Hums into the microphone.
    fn hum(&self) {
        assert!(self.control(&["load-module", "module-sine", "sink=mic", "frequency=440"]));
    }

    /// Plugs in a device.
    fn plug(&self, name: &str) {
        let name = format!("sink_name={name}");
        assert!(self.control(&["load-module", "module-null-sink", &name, "rate=48000", "channels=2", "norewinds=1"]));
    }

    /// Pulls a device out.
    fn unplug(&self, name: &str) {
        let modules = self.list("modules");
        let of_it = |line: &&str| line.contains("module-null-sink") && line.contains(&format!("sink_name={name} "));
        let module = modules.lines().find(of_it).and_then(|line| line.split('\t').next());
        assert!(self.control(&["unload-module", module.expect(name)]), "{modules}");
    }

    /// The names of the sources that somebody records.
    fn recorded(&self) -> Vec<String> {
        let field = |line: &str, number: usize| line.split('\t').nth(number).unwrap_or_default().to_owned();
        let sources = self.list("sources");
        let name = |index: String| sources.lines().find(|line| field(line, 0) == index).map(|line| field(line, 1));
        self.list("source-outputs").lines().filter_map(|line| name(field(line, 1))).collect()
    }

    fn list(&self, what: &str) -> String {
        let mut command = Command::new("pactl");
        let output = command.args(["list", "short", what]).envs(self.environment()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How loud a speaker is for 300 ms, dBFS.
    fn heard_from(&self, sink: &str) -> f32 {
        let mut command = Command::new("timeout");
        command.args([
            "0.6",
            "parecord",
            "-d",
            &format!("{sink}.monitor"),
            "--raw",
            "--rate=8000",
            "--channels=1",
            "--latency-msec=20",
        ]);
        let output = command.arg("--format=s16le").envs(self.environment()).output().unwrap();
        let samples = output.stdout.as_chunks::<2>().0.iter().map(|s| f32::from(i16::from_le_bytes(*s)) / 32_768.0);
        let last: Vec<f32> = samples.rev().take(2_400).collect();
        dbfs((last.iter().map(|s| s * s).sum::<f32>() / last.len().max(1) as f32).sqrt())
    }

    fn control(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("pactl");
        command.args(arguments).envs(self.environment()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|s| s.success())
    }

    fn environment(&self) -> Vec<(String, String)> {
        environment(self.folder.path())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// What a client needs to find this server. The cookie is named, because a client without credentials needs it.
fn environment(folder: &Path) -> Vec<(String, String)> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    [
        ("XDG_RUNTIME_DIR", path("run")),
        ("HOME", path("home")),
        ("PULSE_SERVER", format!("unix:{}", path("run/pulse/native"))),
        ("PULSE_COOKIE", path("home/.config/pulse/cookie")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn restrict(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// The scorer, when it and all else is here.
fn scorer() -> Option<Scorer> {
    if !have(&["kamailio", "sipp", "pulseaudio", "pactl", "paplay", "parecord"]) {
        return None;
    }
    Scorer::find()
}

impl Sound {
    /// Records a source into a file until the process is dropped.
    fn record(&self, source: &str, file: &Path) -> Process {
        let mut command = Command::new("parecord");
        command.args(["-d", source, "--rate=16000", "--channels=1", "--format=s16le", "--latency-msec=20"]);
        command.arg("--file-format=wav").arg(file).envs(self.environment());
        Process::start("parecord", &mut command, self.folder.path())
    }

    /// Says the speech [`TIMES`] times into the microphone, `pause` from now; returns at the end.
    fn speak(environment: &[(String, String)], pause: Duration) {
        std::thread::sleep(pause);
        for _ in 0..TIMES {
            let mut player = Command::new("paplay");
            player.args(["-d", "mic", SPEECH]).envs(environment.iter().cloned()).stdin(Stdio::null());
            assert!(player.status().is_ok_and(|s| s.success()), "paplay");
        }
    }
}

/// One call with this codec through the far end's echo: what comes back is as good as the codec alone but for `within`.
fn call(codec: &str, far: Scenario, within: f64) {
    let Some(scorer) = scorer() else { return };
    let _machine = alone();
    let sound = Sound::start();
    let far = FarEnd::start(far);
    let proxy = Kamailio::start("MD5", &[("600", far.port)]);
    let mut phone = proxy.phone_with("101", &format!("audioCodecs={codec}"));
    phone.environment = sound.environment().into_iter().filter(|(name, _)| name.starts_with("PULSE")).collect();

    let heard = sound.file("heard.wav");
    let recorder = sound.record("spk.monitor", &heard);
    let environment = sound.environment();
    // The call stands by the time the first word is said.
    let talk = std::thread::spawn(move || {
        Sound::speak(&environment, Duration::from_secs(3));
    });
    let outcome = phone.run(&["call", "600", "--duration", "26"], Duration::from_secs(60));
    talk.join().unwrap();
    drop(recorder);
    outcome.ends(0);
    let spoken = outcome.text("/call/media/codec").to_ascii_lowercase();
    assert_eq!(Some(spoken.as_str()), codec.to_ascii_lowercase().split('/').next(), "{}", outcome.told);
    let bare = sound.file("codec.wav");
    through_codec(&format(codec), &bare);
    let readings = scorer.readings(&heard, &bare);
    // A bad score is to say why.
    eprintln!("{codec}: {readings:?}\n{}", outcome.json["call"]["media"]);
    as_good_as_alone(codec, &readings, within, &outcome.told);
}

/// The control: without a phone nothing is lost, so whatever is lost with one is the phone's.
#[test]
fn the_sound_server_itself_loses_nothing() {
    let Some(scorer) = scorer() else { return };
    let _machine = alone();
    let sound = Sound::start();
    let heard = sound.file("heard.wav");
    let recorder = sound.record("mic.monitor", &heard);
    Sound::speak(&sound.environment(), Duration::from_millis(500));
    std::thread::sleep(Duration::from_millis(300));
    drop(recorder);
    let readings = scorer.readings(&heard, Path::new(SPEECH));
    as_good_as_alone("L16/16000/1", &readings, 0.1, "without a phone");
}

#[test]
fn speech_through_pcmu_is_as_good_as_the_codec() {
    call("PCMU/8000/1", Scenario::Answer, 0.2);
}

#[test]
fn speech_through_opus_is_as_good_as_the_codec() {
    call("opus/48000/2", Scenario::AnswerOpus, 0.2);
}

/// A call through the far end's echo, while the microphone hums.
struct Humming {
    sound: Sound,
    phone: Phone,
    watch: Process,
    caller: Process,
    daemon: Process,
    _far: FarEnd,
    _proxy: Kamailio,
}

impl Humming {
    fn start() -> Option<Self> {
        if !have(&["kamailio", "sipp", "pulseaudio", "pactl", "parecord"]) {
            return None;
        }
        let sound = Sound::start();
        sound.hum();
        let far = FarEnd::start(Scenario::Answer);
        let proxy = Kamailio::start("MD5", &[("600", far.port)]);
        let mut phone = proxy.phone_with("101", "audioCodecs=PCMU/8000/1");
        phone.environment = sound.environment().into_iter().filter(|(name, _)| name.starts_with("PULSE")).collect();
        let daemon = Process::start("daemon", &mut phone.command(&["daemon"]), &phone.file("run"));
        until("the phone registered", PATIENCE, || proxy.said().contains("saved 101"));
        let watch = Process::start("watch", &mut phone.command(&["watch", "--json"]), &phone.file("run"));
        let caller = Process::start("call", &mut phone.command(&["call", "600"]), &phone.file("run"));
        let humming = Self { sound, phone, watch, caller, daemon, _far: far, _proxy: proxy };
        humming.until_heard_from("spk");
        assert!(humming.status().json["audio"]["warning"].is_null(), "{}", humming.status().told);
        Some(humming)
    }

    fn until_heard_from(&self, sink: &str) {
        let what = format!("the hum is heard from {sink}");
        until(&what, PATIENCE, || (-40.0..-1.0).contains(&self.sound.heard_from(sink)));
    }

    fn status(&self) -> Outcome {
        self.phone.run(&["status"], PATIENCE)
    }

    /// The call stands and all is well; then it ends.
    fn end(mut self) {
        until("nothing is missing", PATIENCE, || self.status().json["audio"]["warning"].is_null());
        let outcome = self.status();
        assert!(outcome.json["state"] == "connected", "{}", outcome.told);
        self.phone.run(&["hangup"], PATIENCE).ends(0);
        assert!(self.caller.ended(PATIENCE).success(), "{}", self.caller.said());
    }
}

#[test]
fn a_call_outlives_its_sound_server_and_sounds_again_when_that_is_back() {
    let _machine = alone();
    let Some(mut call) = Humming::start() else { return };
    call.sound.server = None;
    call.watch.until_says("no sound card");
    let warning = call.status().json["audio"]["warning"].to_string();
    assert!(warning.contains("no sound card"), "{warning}");
    std::thread::sleep(Duration::from_secs(2));
    call.sound.serve();
    call.sound.hum();
    call.until_heard_from("spk");
    call.watch.until_says("are back");
    call.end();
}

#[test]
fn a_microphone_that_goes_is_never_replaced_by_the_speaker() {
    let _machine = alone();
    let Some(mut call) = Humming::start() else { return };
    assert_eq!(call.sound.recorded(), ["mic.monitor"]);
    call.sound.unplug("mic");
    // What is left to record is the speaker alone.
    for _ in 0..40 {
        assert!(call.sound.recorded().is_empty(), "the speaker is recorded");
        std::thread::sleep(Duration::from_millis(100));
    }
    call.watch.until_says("no microphone");
    call.sound.plug("mic");
    assert!(call.sound.control(&["set-default-source", "mic.monitor"]));
    call.sound.hum();
    call.until_heard_from("spk");
    call.watch.until_says("are back");
    call.end();
}

/// The server lets the old stream go without a word, and there is a device of that name again when somebody looks.
#[test]
fn a_microphone_that_is_back_at_once_is_opened_again() {
    let _machine = alone();
    let Some(call) = Humming::start() else { return };
    call.sound.unplug("mic");
    call.sound.plug("mic");
    assert!(call.sound.control(&["set-default-source", "mic.monitor"]));
    call.sound.hum();
    until("the microphone is used again", PATIENCE, || call.sound.recorded() == ["mic.monitor"]);
    call.until_heard_from("spk");
    call.end();
}

#[test]
fn a_sound_server_that_hangs_holds_up_nobody() {
    let _machine = alone();
    let Some(mut call) = Humming::start() else { return };
    let threads = |call: &Humming| std::fs::read_dir(format!("/proc/{}/task", call.daemon.id())).unwrap().count();
    let before = threads(&call);
    call.sound.hang(true);
    for _ in 0..3 {
        call.phone.run(&["devices"], PATIENCE);
        assert_eq!(call.status().json["state"], "connected");
    }
    call.watch.until_says("no sound card (the sound server does not answer)");
    call.sound.hang(false);
    call.until_heard_from("spk");
    until("nothing is left behind", PATIENCE, || threads(&call) <= before);
    // Questions that nobody answers keep nobody from leaving.
    call.sound.hang(true);
    for _ in 0..2 {
        call.phone.run(&["devices"], PATIENCE);
    }
    call.phone.run(&["exit"], PATIENCE).ends(0);
    let ended = call.daemon.ended(PATIENCE);
    call.sound.hang(false);
    assert!(ended.success(), "{}", call.daemon.said());
}

#[test]
fn a_call_follows_the_default_devices() {
    let _machine = alone();
    let Some(call) = Humming::start() else { return };
    for name in ["ear", "mouth"] {
        call.sound.plug(name);
    }
    assert!(call.sound.control(&["set-default-sink", "ear"]));
    call.until_heard_from("ear");
    assert!(call.sound.control(&["set-default-source", "mouth.monitor"]));
    until("the other microphone is used", PATIENCE, || call.sound.recorded() == ["mouth.monitor"]);
    // A speaker that is pulled out gives way to another.
    assert!(call.sound.control(&["set-default-source", "mic.monitor"]));
    until("the first microphone is used", PATIENCE, || call.sound.recorded() == ["mic.monitor"]);
    call.sound.unplug("ear");
    assert!(call.sound.control(&["set-default-sink", "spk"]));
    call.until_heard_from("spk");
    call.end();
}

/// The bell is a mono device at 44.1 kHz, the speaker a stereo one at 48.
#[test]
fn what_rings_is_heard_from_the_bell_and_who_calls_from_the_speaker() {
    if !have(&["kamailio", "pulseaudio", "pactl", "parecord"]) {
        return;
    }
    let _machine = alone();
    let sound = Sound::start();
    assert!(sound.control(&[
        "load-module",
        "module-null-sink",
        "sink_name=bell",
        "rate=44100",
        "channels=1",
        "format=s16le",
        "norewinds=1",
    ]));
    let proxy = Kamailio::start("MD5", &[]);
    let settings = "audioCodecs=PCMU/8000/1";
    let (mut called, caller) = (proxy.phone_with("101", settings), proxy.phone_with("102", settings));
    called.environment = sound.environment().into_iter().filter(|(name, _)| name.starts_with("PULSE")).collect();
    let mut daemon = called.command(&["daemon", "--audio-in", "null", "--audio-ring", "device:bell"]);
    let _daemon = Process::start("daemon", &mut daemon, &called.file("run"));
    until("the phone registered", PATIENCE, || proxy.said().contains("saved 101"));
    let mut call = caller.command(&["call", "101", "--audio-in", "tone:440", "--audio-out", "null"]);
    let mut call = Process::start("call", &mut call, &caller.file("run"));
    let loud = |sink: &str| sound.heard_from(sink) > -40.0;
    until("the bell rings", PATIENCE, || loud("bell"));
    assert!(!loud("spk"), "the speaker rings too");
    called.run(&["answer"], PATIENCE).ends(0);
    until("the caller is heard", PATIENCE, || loud("spk"));
    until("the bell is silent", PATIENCE, || !loud("bell"));
    called.run(&["hangup"], PATIENCE).ends(0);
    call.ended(PATIENCE);
}
