//! The person's own ringtone: a WAV or MP3 file, read on a thread of its own while the call begins to ring.

use crate::audio::{mp3, wav};
use crate::media::resample::clip_to_internal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// As much of a file is played, seconds.
const LONGEST_S: usize = 60;
/// A file that is not there by then, from a network that sleeps, is not waited for: the ring made here begins.
const PATIENCE: Duration = Duration::from_millis(500);
/// Until then it may still take the other's place.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// What became of reading the file: its sound at 48 kHz, or why not.
pub type Read = Result<Vec<f32>, String>;

/// What is to ring.
pub enum Outcome {
    /// The ring made here, until the file is read.
    Meanwhile,
    /// This, from now on.
    Read(Read),
}

/// A file that is being read.
pub struct Ringtone {
    path: PathBuf,
    result: Receiver<Read>,
    begun: Instant,
    is_late: bool,
}

impl Ringtone {
    /// Begins to read.
    pub fn read(path: &Path, now: Instant) -> Ringtone {
        let (sender, result) = sync_channel(1);
        let of = path.to_owned();
        let reading = move || drop(sender.send(read(&of)));
        // Without the thread the channel is closed, which `poll` tells.
        let _ = thread::Builder::new().name("ringtone".to_owned()).stack_size(256 * 1024).spawn(reading);
        Ringtone { path: path.to_owned(), result, begun: now, is_late: false }
    }

    /// The outcome, once; before that, once, that it is late.
    pub fn poll(&mut self, now: Instant) -> Option<Outcome> {
        match self.result.try_recv() {
            Ok(read) => Some(Outcome::Read(read)),
            Err(TryRecvError::Empty) if now < self.begun + GIVEN_UP => {
                let becomes_late = !self.is_late && now >= self.begun + PATIENCE;
                self.is_late |= becomes_late;
                becomes_late.then_some(Outcome::Meanwhile)
            }
            Err(_) => Some(Outcome::Read(Err(format!("cannot read {} in time", self.path.display())))),
        }
    }
}

fn read(path: &Path) -> Read {
    let (samples, rate) = match mp3::is_mp3(path) {
        true => mp3::read_first(path, LONGEST_S)?,
        false => wav::read_first(path, LONGEST_S).map_err(|error| error.to_string())?,
    };
    let clip = clip_to_internal(&samples, rate).map_err(|error| format!("cannot play {}: {error}", path.display()))?;
    match clip.iter().any(|sample| *sample != 0.0) {
        true => Ok(clip),
        false => Err(format!("cannot ring with {}: there is no sound in it", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file by hand: channels, rate, bits, its data.
    fn wav(channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let frame = channels.saturating_mul(bits / 8);
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend((rate.saturating_mul(frame.into())).to_le_bytes());
        file.extend(frame.to_le_bytes());
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a moment to count from
    fn any_wav_or_mp3_rings_and_nothing_else_does() {
        let now = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.wav");
        let loud: Vec<u8> = (0..19_200).flat_map(|n: i16| ((n % 64) * 256).to_le_bytes()).collect();
        // Seconds of sound, or a word of why not.
        for (what, file, expected) in [
            ("mono", wav(1, 8_000, 16, &loud), Ok(2.4)),
            ("stereo", wav(2, 48_000, 16, &loud), Ok(0.2)),
            ("as fast as they come", wav(1, 192_000, 16, &loud), Ok(0.1)),
            ("longer than a minute", wav(1, 100, 16, &loud), Ok(60.0)),
            ("no channel", wav(0, 8_000, 16, &loud), Err("cannot")),
            ("no rate", wav(1, 0, 16, &loud), Err("cannot")),
            ("no sound", wav(1, 8_000, 16, &[]), Err("no sound")),
            ("silence", wav(1, 8_000, 16, &[0; 8_000]), Err("no sound")),
            ("cut off", wav(1, 8_000, 16, &loud)[..30].to_vec(), Err("cannot read")),
            ("an MP3", include_bytes!("../../../tests/fixtures/sound/tone.mp3").to_vec(), Ok(0.4)),
            ("a damaged MP3", b"ID3\x04\0\0\0\0\0\x0aand no sound behind it".to_vec(), Err("damaged MP3")),
            ("something else", b"OggS this is no WAV file".to_vec(), Err("no WAV file")),
            ("nothing", Vec::new(), Err("cannot read")),
        ] {
            std::fs::write(&path, file).unwrap();
            // On its own thread, whose stack is small.
            match (Ringtone::read(&path, now).result.recv().unwrap(), expected) {
                (Ok(clip), Ok(seconds)) => {
                    let length: f64 = clip.len() as f64 / 48_000.0;
                    assert!((length - seconds).abs() < 0.03, "{what}: {length} s");
                }
                (Err(why), Err(word)) => assert!(why.contains(word) && why.contains("ring.wav"), "{what}: {why}"),
                (read, _) => panic!("{what}: {:?}", read.map(|clip| clip.len())),
            }
        }
    }
}
