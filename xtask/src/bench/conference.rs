//! A conference of many: what it costs, and whether everybody hears everybody else.

use std::f64::consts::TAU;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use super::control::Line;
use super::makes::{Make, ours};
use super::phone::{Answer, Phone, settle};
use crate::Failure;

const RATE: usize = 48_000;
/// What each says, of full scale: all together stay below the limiter.
const LEVEL: f64 = 0.02;
/// Between two calls: a phone may refuse a flood.
const BETWEEN: Duration = Duration::from_millis(100);

/// What the conference cost, and what was heard in it.
#[derive(Debug)]
pub struct Conference {
    /// Processor time, as a share of one core.
    pub processor: f64,
    /// Resident memory, MB.
    pub memory: f64,
    /// How loud the others are to any party, least and most, in dB of what they say.
    pub others: Range<f64>,
    /// How loud a party is to itself, the most of all.
    pub itself: f64,
}

/// So many processes call one, each says a tone of its own, and writes what it hears.
pub fn confer(parties: usize, length: Duration) -> Result<Conference, Failure> {
    let phone = Phone::start(Make::Tuiphone, Answer::Confer(parties))?;
    let (uri, _) = phone.far.register(true)?;
    let mut callers = Callers::new()?;
    for number in 0..parties {
        callers.call(&uri, number)?;
        thread::sleep(BETWEEN);
    }
    settle();
    let mut line = Line::open(&phone)?;
    let mut ask = |request: &str| {
        line.say(request)?;
        let reply = line.hear()?;
        if reply.contains("\"ok\":true") { Ok(()) } else { Err(format!("{request}: {}", reply.trim())) }
    };
    ask("conference")?;
    settle();
    let before = phone.processor()?;
    thread::sleep(length);
    let processor = (phone.processor()? - before) / length.as_secs_f64();
    let memory = phone.memory()?.0;
    ask("hangup --all")?;
    let mut heard = Conference { processor, memory, others: f64::MAX..f64::MIN, itself: f64::MIN };
    for (listener, sound) in callers.end(length)?.iter().enumerate() {
        for speaker in 0..parties {
            let level = level(sound, pitch(speaker));
            if speaker == listener {
                heard.itself = heard.itself.max(level);
            } else {
                heard.others = heard.others.start.min(level)..heard.others.end.max(level);
            }
        }
    }
    Ok(heard)
}

/// Whole periods in a second.
fn pitch(party: usize) -> f64 {
    300.0 + 130.0 * party as f64
}

/// The level of a pitch, in dB of what is said: the mean power of whole seconds.
fn level(sound: &[f64], pitch: f64) -> f64 {
    let seconds = sound.chunks_exact(RATE);
    let count = seconds.len().max(1) as f64;
    let power: f64 = seconds
        .map(|second| {
            let turn = TAU * pitch / RATE as f64;
            let (mut sine, mut cosine) = (0.0, 0.0);
            for (n, sample) in second.iter().enumerate() {
                sine += sample * (turn * n as f64).sin();
                cosine += sample * (turn * n as f64).cos();
            }
            (sine * sine + cosine * cosine) * 4.0 / (RATE * RATE) as f64
        })
        .sum();
    10.0 * (power / count / (LEVEL * LEVEL)).max(1e-12).log10()
}

/// The processes that call; they end with this.
struct Callers {
    folder: PathBuf,
    children: Vec<Child>,
}

impl Callers {
    fn new() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("tuiphone-confer-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let callers = Self { folder, children: Vec::new() };
        callers.write("microsip.ini", b"[Settings]\naudioCodecs=PCMU/8000/1\n")?;
        Ok(callers)
    }

    fn call(&mut self, uri: &str, number: usize) -> Result<(), Failure> {
        let said = self.write(&format!("said-{number}.wav"), &tone(pitch(number)))?;
        let mut command = ours(&self.folder);
        command.arg("--standalone").arg("--socket").arg(self.folder.join(format!("{number}.sock")));
        command.arg("--audio-in").arg(format!("loop:{}", said.display()));
        command.arg("--audio-out").arg(format!("file:{}", self.heard(number).display()));
        command.args(["call", uri]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.children.push(command.spawn().map_err(|e| format!("cannot start a caller: {e}"))?);
        Ok(())
    }

    /// Waits until all have been hung up on; what each heard in the last so long.
    fn end(mut self, length: Duration) -> Result<Vec<Vec<f64>>, Failure> {
        for child in &mut self.children {
            let gone = (0..250).any(|_| {
                thread::sleep(Duration::from_millis(20));
                !matches!(child.try_wait(), Ok(None))
            });
            if !gone {
                return Err("a caller did not end with its call".to_owned());
            }
        }
        (0..self.children.len()).map(|number| last(&self.heard(number), length)).collect()
    }

    fn heard(&self, number: usize) -> PathBuf {
        self.folder.join(format!("heard-{number}.wav"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A second of a tone as a WAV file, to be played in a loop.
fn tone(pitch: f64) -> Vec<u8> {
    let (rate, size) = (RATE as u32, 2 * RATE as u32);
    let mut file = b"RIFF".to_vec();
    file.extend((size + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((2 * rate).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    for n in 0..RATE {
        let sample = (TAU * pitch * n as f64 / RATE as f64).sin() * LEVEL * f64::from(i16::MAX);
        file.extend((sample.round() as i16).to_le_bytes());
    }
    file
}

/// The last so long of what our phone wrote, but for the very end, when some have hung up already.
fn last(path: &Path, length: Duration) -> Result<Vec<f64>, Failure> {
    const HEADER: usize = 44;
    let file = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let sound = file.get(HEADER..).unwrap_or_default().chunks_exact(2);
    let mut sound: Vec<f64> = sound.map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
    sound.truncate(sound.len().saturating_sub(RATE));
    let wanted = length.as_secs() as usize * RATE;
    match sound.len().checked_sub(wanted) {
        Some(before) => Ok(sound.split_off(before)),
        None => Err(format!("a party heard only {} s", sound.len() / RATE)),
    }
}
