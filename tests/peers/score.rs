//! How good speech is that went through the phone.
//!
//! The score is PESQ (ITU-T P.862), from a Python environment that `cargo xtask test` makes; the reference is read
//! speech that Debian ships.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tuiphone::audio::wav;
use tuiphone::engine::media::everything;
use tuiphone::media::codec::{Codec, Decoded, Tuning, decoder, encoder};
use tuiphone::media::resample::clip_to_internal;
use tuiphone::media::tone::goertzel_dbfs;
use tuiphone::media::{FRAME, SAMPLE_RATE};
use tuiphone::sdp::Format;

use crate::support::{Outcome, Phone, skipped};

/// Read speech of Debian's `pocketsphinx-testdata`, 16 kHz.
pub const SPEECH: &str = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav";

/// How often the speech is said to a real peer. A machine that pauses for a moment harms what is said in it; a fault of
/// the phone harms the speech each time.
pub const TIMES: usize = 3;

/// Prints a line for each time that a recording has the speech: `seconds holes pesq_nb pesq_wb`, and `pesq_nb pesq_wb`
/// of what the codec alone makes of the speech. A hole is a frame of 5 ms that has lost 20 dB against the codec's
/// quietest within 10 ms of it, where somebody speaks; the recording is followed in steps of 300 ms, because a pause may
/// be shortened on the way.
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
def found(ref, x, times):
    n = 1 << int(np.ceil(np.log2(len(ref) + len(x))))
    fit = np.fft.irfft(np.fft.rfft(x, n) * np.conj(np.fft.rfft(ref, n)), n)[: len(x)]
    starts = []
    for _ in range(times):
        starts.append(int(np.argmax(fit)))
        fit[max(0, starts[-1] - len(ref) // 2): starts[-1] + len(ref) // 2] = -np.inf
    return [x[start:][: len(ref)] for start in sorted(starts)]
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
ref = load(sys.argv[3])
[bare] = found(ref, load(sys.argv[2]), 1)
for deg in found(ref, load(sys.argv[1]), int(sys.argv[4])):
    n = min(len(deg), len(bare))
    b, d = db(bare[:n]), db(followed(bare[:n], deg[:n]))
    b = np.lib.stride_tricks.sliding_window_view(np.pad(b, 2, mode="edge"), 5).min(1)
    speech = b > b.max() - 30
    holes = int((speech & (d - np.median((d - b)[speech]) < b - 20)).sum())
    print(n / 16000, holes, *scores(ref, deg), *scores(ref, bare))
"#;

/// How good the speech in a file is.
#[derive(Debug)]
pub struct Score {
    /// Seconds compared.
    pub seconds: f64,
    /// Frames of 5 ms that are missing from active speech.
    pub holes: f64,
    /// PESQ at 8 kHz and at 16 kHz, MOS-LQO.
    pub narrow: f64,
    pub wide: f64,
    /// The same of the codec alone, on the same speech.
    pub codec_narrow: f64,
    pub codec_wide: f64,
}

impl Score {
    /// The score in the band of a codec, by its name in the settings, and that of the codec alone.
    pub fn of(&self, codec: &str) -> (f64, f64) {
        match codec.contains("/8000") {
            true => (self.narrow, self.codec_narrow),
            false => (self.wide, self.codec_wide),
        }
    }

    fn is_as_good_as(&self, codec: &str, within: f64) -> bool {
        let (mos, best) = self.of(codec);
        self.seconds > 6.0 && self.holes == 0.0 && mos > best - within
    }

    /// Whole words are there: lost is no more than a quarter of a second.
    pub fn is_heard(&self, codec: &str) -> bool {
        let (mos, best) = self.of(codec);
        self.seconds > 6.0 && self.holes <= 50.0 && mos > best - 2.0
    }
}

/// Fails unless speech that passed in real time was as good as the codec alone but for `within`, nothing missing, and
/// was heard each time it was said.
pub fn as_good_as_alone(codec: &str, readings: &[Score], within: f64, told: &str) {
    let good = readings.iter().any(|score| score.is_as_good_as(codec, within));
    let heard = readings.iter().all(|score| score.is_heard(codec));
    assert!(good && heard && readings.len() == TIMES, "{codec}: {readings:#?}\n{told}");
}

/// Compares recordings with the speech.
pub struct Scorer {
    python: PathBuf,
}

impl Scorer {
    /// The scorer, when its Python and the speech are here.
    pub fn find() -> Option<Self> {
        if !Path::new(SPEECH).exists() {
            skipped("no speech; Debian has it in pocketsphinx-testdata");
            return None;
        }
        let target = Path::new(env!("CARGO_BIN_EXE_tuiphone")).ancestors().nth(2)?;
        let python = target.join("peers/venv/bin/python");
        if !python.exists() {
            skipped("no scorer; `cargo xtask test` makes one");
            return None;
        }
        Some(Self { python })
    }

    /// Calls a number that sends back what it hears, and says the speech to it with this codec: as good as `alone` has it,
    /// which writes what the codec makes of the speech by itself, but for `within`.
    pub fn echoed(&self, phone: &Phone, number: &str, codec: &str, alone: fn(&Format, &Path), within: f64) -> Outcome {
        let [said, heard, bare] = ["said.wav", "heard.wav", "codec.wav"].map(|name| phone.file(name));
        let length = say(&said);
        alone(&format(codec), &bare);
        let [input, output] = [&said, &heard].map(|file| format!("file:{}", file.display()));
        let seconds = (length.as_secs() + 1).to_string();
        let arguments = ["call", number, "--duration", &seconds, "--audio-in", &input, "--audio-out", &output];
        let outcome = phone.run(&arguments, length + Duration::from_secs(20));
        outcome.ends(0);
        let shown = codec.split('/').next().unwrap_or_default().to_ascii_lowercase();
        assert_eq!(outcome.text("/call/media/codec"), shown, "{}", outcome.told);
        let readings = self.readings(&heard, &bare);
        eprintln!("{codec} to {number} and back: {readings:?}");
        as_good_as_alone(codec, &readings, within, &outcome.told);
        outcome
    }

    /// Compares a recording with the speech and with what the codec alone makes of it.
    pub fn score(&self, heard: &Path, codec: &Path) -> Score {
        self.scores(heard, codec, 1).remove(0)
    }

    /// The same for a recording that has the speech [`TIMES`] times.
    pub fn readings(&self, heard: &Path, codec: &Path) -> Vec<Score> {
        self.scores(heard, codec, TIMES)
    }

    fn scores(&self, heard: &Path, codec: &Path, times: usize) -> Vec<Score> {
        let mut command = Command::new(&self.python);
        command.args(["-c", SCORE]).args([heard, codec, Path::new(SPEECH)]).arg(times.to_string());
        let output = command.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let scores: Vec<Score> = printed
            .lines()
            .filter_map(|line| {
                let figures: Vec<f64> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
                let [seconds, holes, narrow, wide, codec_narrow, codec_wide] = figures[..] else { return None };
                Some(Score { seconds, holes, narrow, wide, codec_narrow, codec_wide })
            })
            .collect();
        assert!(scores.len() == times, "no score: {printed}{}", String::from_utf8_lossy(&output.stderr));
        scores
    }
}

/// The speech at 48 kHz.
pub fn speech() -> Vec<f32> {
    let (samples, rate) = wav::read(Path::new(SPEECH)).unwrap();
    clip_to_internal(&samples, rate).unwrap()
}

/// For how long a recording has a tone of this frequency and at least this level, dBFS.
pub fn tone(heard: &Path, frequency: f32, level: f32) -> Duration {
    let (samples, rate) = wav::read(heard).unwrap();
    let parts = samples.chunks_exact(rate as usize / 10);
    let loud = parts.filter(|part| goertzel_dbfs(part, frequency, rate) > level).count();
    Duration::from_millis(100 * loud as u64)
}

/// Writes the speech [`TIMES`] times, a second of silence around each, and returns for how long.
pub fn say(file: &Path) -> Duration {
    let (second, speech) = (vec![0.0; SAMPLE_RATE as usize], speech());
    let mut sound = second.clone();
    for _ in 0..TIMES {
        sound.extend(speech.iter().chain(&second));
    }
    write(&sound, file);
    Duration::from_secs_f64(sound.len() as f64 / f64::from(SAMPLE_RATE))
}

/// Writes sound at 48 kHz into a file.
pub fn write(sound: &[f32], file: &Path) {
    let int = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: int };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    sound.iter().for_each(|sample| writer.write_sample((sample * 32_767.0) as i16).unwrap());
    writer.finalize().unwrap();
}

/// A codec as it is agreed, by its name in the settings.
pub fn format(codec: &str) -> Format {
    let codec = Codec::by_id(codec).unwrap();
    codec.capability(&Tuning::default()).numbered(codec.static_payload_type.unwrap_or(96))
}

/// True when a codec can be had here. G.729 is a library that a machine may have or not: without it is no failure.
pub fn has(codec: &str) -> bool {
    let missing = Codec::by_id(codec).unwrap().missing(&everything());
    missing.inspect(|why| eprintln!("skipped: {codec}: {why}")).is_none()
}

/// What a codec alone makes of the speech: encoded and decoded in packets of 20 ms, without a network or a clock.
pub fn through_codec(format: &Format, file: &Path) {
    write(&coded(format, &speech()), file);
}

/// The same twice.
pub fn through_codec_twice(format: &Format, file: &Path) {
    write(&coded(format, &coded(format, &speech())), file);
}

fn coded(format: &Format, speech: &[f32]) -> Vec<f32> {
    let tuning = everything();
    let (mut encoder, mut decoder) = (encoder(format, &tuning).unwrap(), decoder(format, &tuning).unwrap());
    let mut heard = Vec::new();
    for packet in speech.chunks_exact(2 * FRAME) {
        let mut payload = Vec::new();
        assert!(encoder.encode(packet, &mut payload));
        assert_eq!(decoder.decode(&payload, &mut heard), Decoded::Sound);
    }
    heard
}
