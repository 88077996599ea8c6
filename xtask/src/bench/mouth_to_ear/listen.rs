//! Chirps said, recorded at two places, and found again.

use std::f64::consts::{PI, TAU};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::Instant;

use super::server::{MIC, Server};
use crate::Failure;

const RATE: usize = 48_000;
/// Correlation works on every sixth sample: chirps end below 4 kHz.
const STEP: usize = 6;
/// A chirp's length in samples: 50 ms.
const LENGTH: usize = RATE / 20;
/// Between the starts of chirps in samples, coming round: uneven, so that no packet's or device's beat meets them.
const PAUSES: [usize; 5] = [9_731, 10_303, 9_049, 11_117, 9_473];
/// Where each kind of chirp begins and ends, Hz: no kind is taken for another.
const SWEEPS: [(f64, f64); 5] =
    [(400.0, 3_000.0), (3_000.0, 400.0), (1_500.0, 3_200.0), (1_700.0, 350.0), (600.0, 1_900.0)];
/// The longest delay looked for, seconds.
const LONGEST: f64 = 0.8;
/// The least likeness of what is heard with what was said, 0–1; a codec leaves 0.9, noise and a cut chirp far less.
const LIKENESS: f64 = 0.6;

/// The chirping player; dropping it ends it.
pub struct Chirps(Child);

impl Chirps {
    /// Chirps into the microphone's sink until dropped, a minute at most.
    pub fn say(server: &Server) -> Result<Chirps, Failure> {
        let mut command = server.command("pacat");
        command.args(["--raw", "--format=s16le", "--rate=48000", "--channels=1", "-d", MIC]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("cannot start pacat: {e}"))?;
        let mut pipe = child.stdin.take().ok_or("pacat has no input")?;
        std::thread::spawn(move || {
            for number in 0..300 {
                let mut sound = chirp(number, 1);
                sound.resize(PAUSES[number % PAUSES.len()], 0.0);
                let bytes: Vec<u8> = sound.iter().flat_map(|s| ((s * 12_000.0) as i16).to_le_bytes()).collect();
                // It ends with its reader.
                if pipe.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Ok(Chirps(child))
    }
}

impl Drop for Chirps {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a sink plays, being recorded.
pub struct Recorder {
    child: Child,
    reader: JoinHandle<Recording>,
}

/// Sound, and when its first sample was due.
pub struct Recording {
    start: Option<Instant>,
    samples: Vec<f64>,
}

impl Recorder {
    /// Records what this sink plays. The latency asked for is none: the server keeps the phones' pace.
    pub fn start(server: &Server, sink: &str) -> Result<Recorder, Failure> {
        let mut command = server.command("parec");
        command.args(["--raw", "--format=s16le", "--rate=48000", "--channels=1", "-d", &format!("{sink}.monitor")]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("cannot start parec: {e}"))?;
        let pipe = child.stdout.take().ok_or("parec has no output")?;
        Ok(Recorder { child, reader: std::thread::spawn(move || record(pipe)) })
    }

    /// All that was recorded.
    pub fn end(mut self) -> Recording {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.reader.join().unwrap_or(Recording { start: None, samples: Vec::new() })
    }
}

/// A block of a null sink is there when its first sample is due, as a rule: some are held up, and some come early because
/// the sink changed its pace.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn record(mut pipe: impl Read) -> Recording {
    let (mut starts, mut bytes, mut block) = (Vec::new(), Vec::new(), [0; 65_536]);
    while let Ok(length @ 1..) = pipe.read(&mut block) {
        let before = std::time::Duration::from_secs_f64(bytes.len() as f64 / 2.0 / RATE as f64);
        starts.extend(Instant::now().checked_sub(before));
        bytes.extend_from_slice(&block[..length]);
    }
    let samples = bytes.as_chunks::<2>().0.iter().map(|pair| f64::from(i16::from_le_bytes(*pair)));
    let samples = samples.collect();
    starts.sort();
    Recording { start: starts.get(starts.len() / 2).copied(), samples }
}

/// Each chirp said: when, in seconds of the first recording, and after how many ms it was heard, if it was.
pub fn delays(said: &Recording, heard: &Recording) -> Vec<(f64, Option<f64>)> {
    let (Some(start), Some(other)) = (said.start, heard.start) else { return Vec::new() };
    let later =
        other.saturating_duration_since(start).as_secs_f64() - start.saturating_duration_since(other).as_secs_f64();
    let rate = (RATE / STEP) as f64;
    let (near, far) = (thin(&said.samples), thin(&heard.samples));
    let wanted: Vec<Vec<f64>> = (0..SWEEPS.len()).map(|kind| chirp(kind, STEP)).collect();
    // The first is looked for, the others are where the pauses put them.
    let round = PAUSES.iter().sum::<usize>() / STEP;
    let mut rounds =
        (0..near.len()).step_by(round).map(|from| find(&near, &wanted[0], from, from + round + wanted[0].len()));
    let Some((mut place, _)) = rounds.find_map(|found| found) else { return Vec::new() };
    let mut found = Vec::new();
    for number in 0.. {
        let chirp = &wanted[number % wanted.len()];
        let around = place.saturating_sub(8);
        let Some((exact, _)) = find(&near, chirp, around, around + 16 + chirp.len()) else { break };
        let due = exact as f64 - later * rate;
        let (from, to) = ((due - 0.02 * rate).max(0.0) as usize, due + LONGEST * rate);
        if to > far.len() as f64 {
            break;
        }
        let echo = find(&far, chirp, from, to as usize).map(|(at, _)| (at as f64 - due) / rate * 1e3);
        found.push((exact as f64 / rate, echo));
        place = exact + PAUSES[number % PAUSES.len()] / STEP;
    }
    found
}

/// Where in `from..to` of `sound` the chirp begins and how like it is; nothing when nothing is like it.
fn find(sound: &[f64], chirp: &[f64], from: usize, to: usize) -> Option<(usize, f64)> {
    let part = sound.get(from..to.min(sound.len()))?;
    let own: f64 = chirp.iter().map(|s| s * s).sum();
    let mut energy: f64 = part.iter().take(chirp.len()).map(|s| s * s).sum();
    let mut best = (0, 0.0);
    for (at, window) in part.windows(chirp.len()).enumerate() {
        // Silence is like nothing, and takes no time.
        if energy > 1e4 {
            let product: f64 = window.iter().zip(chirp).map(|(a, b)| a * b).sum();
            let likeness = product.abs() / (energy * own).sqrt();
            best = if likeness > best.1 { (at, likeness) } else { best };
        }
        let next = part.get(at + chirp.len()).copied().unwrap_or_default();
        energy += next * next - window[0] * window[0];
    }
    (best.1 >= LIKENESS).then_some((from + best.0, best.1))
}

/// A chirp, every `step`th sample, full scale 1.
fn chirp(number: usize, step: usize) -> Vec<f64> {
    let (from, to) = SWEEPS[number % SWEEPS.len()];
    let sample = |n: usize| {
        let (part, seconds) = (n as f64 / LENGTH as f64, n as f64 / RATE as f64);
        let phase = TAU * (from + (to - from) * part / 2.0) * seconds;
        phase.sin() * (PI * part).sin().powi(2)
    };
    (0..LENGTH).step_by(step).map(sample).collect()
}

fn thin(samples: &[f64]) -> Vec<f64> {
    samples.iter().step_by(STEP).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten chirps, `delay` samples late.
    fn recording(start: Instant, delay: usize) -> Recording {
        let mut samples = vec![0.0; delay];
        for number in 0..10 {
            let mut sound: Vec<f64> = chirp(number, 1).iter().map(|s| s * 9_000.0).collect();
            sound.resize(PAUSES[number % PAUSES.len()], 0.0);
            samples.extend(sound);
        }
        samples.resize(samples.len() + RATE, 0.0);
        Recording { start: Some(start), samples }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "any instant will do")]
    fn a_known_delay_is_found_whenever_the_recorders_began() {
        let now = Instant::now();
        let said = recording(now, 4_800);
        for (later_ms, delay, expected) in [(0, 4_800 + 2_400, 50.0), (30, 4_800, 30.0), (30, 4_800 + 14_400, 330.0)] {
            let heard = recording(now + std::time::Duration::from_millis(later_ms), delay);
            let found = delays(&said, &heard);
            assert!(found.len() >= 9, "{}", found.len());
            for (_, delay) in found {
                assert!((delay.unwrap() - expected).abs() < 0.2, "{delay:?}, not {expected}");
            }
        }
    }
}
