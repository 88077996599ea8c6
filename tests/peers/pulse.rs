//! Sound through a real sound server without a card: PulseAudio with null devices, speech in, speech out, and a score.
//!
//! ```text
//!  speech.wav ─ paplay ─▶ mic ─ mic.monitor ─▶ the phone ─ RTP ─▶ SIPp's echo ─ RTP ─▶ the phone ─▶ spk ─ parecord ─▶ heard.wav
//! ```
//!
//! The score is PESQ (ITU-T P.862), from a Python environment that `cargo xtask test` makes; the reference is read
//! speech that Debian ships.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tuiphone::audio::wav;
use tuiphone::media::level::dbfs;
use tuiphone::media::resample::clip_to_internal;
use tuiphone::media::{FRAME, SAMPLE_RATE, codec};
use tuiphone::sdp::Format;

use crate::kamailio::Kamailio;
use crate::sipp::{FarEnd, Scenario};
use crate::support::{Process, alone, have, skipped, until};

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
        until("the sound server answers", Duration::from_secs(10), || self.control(&["info"]));
        assert!(self.control(&["set-default-sink", "spk"]) && self.control(&["set-default-source", "mic.monitor"]));
    }

    /// Hums into the microphone.
    fn hum(&self) {
        assert!(self.control(&["load-module", "module-sine", "sink=mic", "frequency=440"]));
    }

    /// How loud the speaker is for 300 ms, dBFS.
    fn heard_dbfs(&self) -> f32 {
        let mut command = Command::new("timeout");
        command.args([
            "0.6",
            "parecord",
            "-d",
            "spk.monitor",
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

/// Read speech of Debian's `pocketsphinx-testdata`, 16 kHz.
const SPEECH: &str = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav";

/// Prints `seconds holes pesq_nb pesq_wb` of a recording and `pesq_nb pesq_wb` of what the codec alone makes of the
/// speech. A hole is a frame of 5 ms that has lost 20 dB against the codec's quietest within 10 ms of it, where somebody
/// speaks; the recording is followed in steps of 300 ms, because a pause may be shortened on the way.
const SCORE: &str = r#"
import sys, numpy as np, soundfile as sf
from math import gcd
from pesq import pesq
from scipy.signal import resample_poly
def at(x, a, b):
    return x if a == b else resample_poly(x, b // gcd(a, b), a // gcd(a, b))
def load(path):
    x, rate = sf.read(path, dtype="float64", always_2d=True)
    return at(x.mean(axis=1), rate, 16000)
def aligned(ref, x):
    n = 1 << int(np.ceil(np.log2(len(ref) + len(x))))
    fit = np.fft.irfft(np.fft.rfft(x, n) * np.conj(np.fft.rfft(ref, n)), n)[: len(x)]
    return x[int(np.argmax(fit)):][: len(ref)]
def scores(ref, x):
    n = min(len(ref), len(x)); ref, x = ref[:n], x[:n]
    return pesq(8000, at(ref, 16000, 8000), at(x, 16000, 8000), "nb"), pesq(16000, ref, x, "wb")
def followed(x, y, step=4800, reach=640):
    out, y = np.zeros_like(x), np.pad(y, (reach, reach + len(x)))
    for i in range(0, len(x), step):
        a = x[i:i + step]; b = y[i:i + len(a) + 2 * reach]
        k = int(np.argmax(np.correlate(b, a, "valid") / np.sqrt(np.convolve(b**2, np.ones(len(a)), "valid") + 1e-9)))
        out[i:i + step] = b[k:k + len(a)]
    return out
db = lambda x: 10 * np.log10((x[: len(x) // 80 * 80].reshape(-1, 80) ** 2).mean(1) + 1e-12)
ref = load(sys.argv[1])
deg, bare = (aligned(ref, load(path)) for path in sys.argv[2:4])
n = min(len(deg), len(bare))
b, d = db(bare[:n]), db(followed(bare[:n], deg[:n]))
b = np.lib.stride_tricks.sliding_window_view(np.pad(b, 2, mode="edge"), 5).min(1)
speech = b > b.max() - 30
holes = int((speech & (d - np.median((d - b)[speech]) < b - 20)).sum())
print(n / 16000, holes, *scores(ref, deg), *scores(ref, bare))
"#;

/// The scorer's Python, made by `cargo xtask test`.
fn python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_tuiphone")).ancestors().nth(2)?;
    let python = target.join("peers/venv/bin/python");
    python.exists().then_some(python)
}

/// What the score needs: the scorer's Python, when everything is here.
fn scorer() -> Option<PathBuf> {
    if !have(&["kamailio", "sipp", "pulseaudio", "pactl", "paplay", "parecord"]) {
        return None;
    }
    if !Path::new(SPEECH).exists() {
        skipped("no speech; Debian has it in pocketsphinx-testdata");
        return None;
    }
    python().or_else(|| {
        skipped("no scorer; `cargo xtask test` makes one");
        None
    })
}

/// How good the speech in a file is.
#[derive(Debug)]
struct Score {
    /// Seconds compared.
    seconds: f64,
    /// Frames of 5 ms that are missing from active speech.
    holes: f64,
    /// PESQ at 8 kHz and at 16 kHz, MOS-LQO.
    narrow: f64,
    wide: f64,
    /// The same of the codec alone, on the same speech.
    codec_narrow: f64,
    codec_wide: f64,
}

/// What a codec alone makes of the speech: encoded and decoded in packets of 20 ms, without a network or a clock.
fn through_codec(format: &Format, file: &Path) {
    let (samples, rate) = wav::read(Path::new(SPEECH)).unwrap();
    let speech = clip_to_internal(&samples, rate).unwrap();
    let (mut encoder, mut decoder) = (codec::encoder(format).unwrap(), codec::decoder(format).unwrap());
    let mut heard = Vec::new();
    for packet in speech.chunks_exact(2 * FRAME) {
        let mut payload = Vec::new();
        assert!(encoder.encode(packet, &mut payload) && decoder.decode(&payload, &mut heard));
    }
    let int = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: int };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    heard.iter().for_each(|sample| writer.write_sample((sample * 32_767.0) as i16).unwrap());
    writer.finalize().unwrap();
}

impl Sound {
    /// Records a source into a file until the process is dropped.
    fn record(&self, source: &str, file: &Path) -> Process {
        let mut command = Command::new("parecord");
        command.args(["-d", source, "--rate=16000", "--channels=1", "--format=s16le", "--latency-msec=20"]);
        command.arg("--file-format=wav").arg(file).envs(self.environment());
        Process::start("parecord", &mut command, self.folder.path())
    }

    /// Speaks into the microphone, `pause` from now; returns at the end of the speech.
    fn speak(environment: &[(String, String)], pause: Duration) {
        std::thread::sleep(pause);
        let mut player = Command::new("paplay");
        player.args(["-d", "mic", SPEECH]).envs(environment.iter().cloned()).stdin(Stdio::null());
        assert!(player.status().is_ok_and(|s| s.success()), "paplay");
    }

    /// Compares a recording with the speech and with what the codec alone makes of it.
    fn score(&self, python: &Path, heard: &Path, codec: &Path) -> Score {
        let script = self.file("score.py");
        std::fs::write(&script, SCORE).unwrap();
        let output = Command::new(python).arg(script).arg(SPEECH).arg(heard).arg(codec).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let figures: Vec<f64> = printed.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        let [seconds, holes, narrow, wide, codec_narrow, codec_wide] = figures[..] else {
            panic!("no score: {printed}{}", String::from_utf8_lossy(&output.stderr))
        };
        Score { seconds, holes, narrow, wide, codec_narrow, codec_wide }
    }
}

/// One call with this codec through the far end's echo, and the score of what comes back.
fn call(codec: &str, far: Scenario) -> Option<Score> {
    let python = scorer()?;
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
    let outcome = phone.run(&["call", "600", "--duration", "12"], Duration::from_secs(40));
    talk.join().unwrap();
    drop(recorder);
    outcome.ends(0);
    let spoken = outcome.text("/call/media/codec").to_ascii_lowercase();
    assert_eq!(Some(spoken.as_str()), codec.to_ascii_lowercase().split('/').next(), "{}", outcome.told);
    let bare = sound.file("codec.wav");
    let mut format = codec.split('/').map(str::to_owned);
    let encoding = format.next().unwrap();
    let clock_rate = if encoding == "opus" { 48_000 } else { 8_000 };
    through_codec(&Format { payload_type: 96, encoding, clock_rate, channels: 1, fmtp: None }, &bare);
    let score = sound.score(&python, &heard, &bare);
    // A bad score is to say why.
    eprintln!("{codec}: {score:?}\n{}", outcome.json["call"]["media"]);
    assert!(score.seconds > 6.0, "{score:?}\n{}", outcome.told);
    Some(score)
}

/// The control: without a phone nothing is lost, so whatever is lost with one is the phone's.
#[test]
fn the_sound_server_itself_loses_nothing() {
    let Some(python) = scorer() else { return };
    let _machine = alone();
    let sound = Sound::start();
    let heard = sound.file("heard.wav");
    let recorder = sound.record("mic.monitor", &heard);
    Sound::speak(&sound.environment(), Duration::from_millis(500));
    std::thread::sleep(Duration::from_millis(300));
    drop(recorder);
    let score = sound.score(&python, &heard, Path::new(SPEECH));
    assert!(score.holes == 0.0 && score.wide > 4.5, "{score:?}");
}

#[test]
fn speech_through_pcmu_is_as_good_as_the_codec() {
    let Some(score) = call("PCMU/8000/1", Scenario::Answer) else { return };
    assert!(score.holes == 0.0 && score.narrow >= 4.2 && score.narrow > score.codec_narrow - 0.2, "{score:?}");
}

#[test]
fn speech_through_opus_is_as_good_as_the_codec() {
    let Some(score) = call("opus/48000/2", Scenario::AnswerOpus) else { return };
    assert!(score.holes == 0.0 && score.wide >= 4.1 && score.wide > score.codec_wide - 0.2, "{score:?}");
}

#[test]
fn a_call_outlives_its_sound_server_and_sounds_again_when_that_is_back() {
    if !have(&["kamailio", "sipp", "pulseaudio", "pactl", "parecord"]) {
        return;
    }
    let _machine = alone();
    let mut sound = Sound::start();
    sound.hum();
    let far = FarEnd::start(Scenario::Answer);
    let proxy = Kamailio::start("MD5", &[("600", far.port)]);
    let mut phone = proxy.phone_with("101", "audioCodecs=PCMU/8000/1");
    phone.environment = sound.environment().into_iter().filter(|(name, _)| name.starts_with("PULSE")).collect();
    let _daemon = Process::start("daemon", &mut phone.command(&["daemon"]), &phone.file("run"));
    until("the phone registered", Duration::from_secs(15), || proxy.said().contains("saved 101"));
    let mut watch = Process::start("watch", &mut phone.command(&["watch", "--json"]), &phone.file("run"));
    let mut caller = Process::start("call", &mut phone.command(&["call", "600"]), &phone.file("run"));
    let heard = |sound: &Sound| (-40.0..-1.0).contains(&sound.heard_dbfs());
    let status = || phone.run(&["status"], Duration::from_secs(5));
    until("the hum is heard", Duration::from_secs(10), || heard(&sound));
    assert!(status().json["audio"]["warning"].is_null(), "{}", status().told);

    sound.server = None;
    watch.until_says("no sound card");
    let warning = status().json["audio"]["warning"].to_string();
    assert!(warning.contains("no sound card"), "{warning}");
    std::thread::sleep(Duration::from_secs(2));

    sound.serve();
    sound.hum();
    until("the hum is heard again", Duration::from_secs(10), || heard(&sound));
    watch.until_says("are back");
    let outcome = status();
    assert!(outcome.json["audio"]["warning"].is_null() && outcome.json["state"] == "connected", "{}", outcome.told);
    phone.run(&["hangup"], Duration::from_secs(5)).ends(0);
    assert!(caller.ended(Duration::from_secs(5)).success(), "{}", caller.said());
}
