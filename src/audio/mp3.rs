//! MP3 files in: MicroSIP rings with them too.

use nanomp3::{Channels, SliceReader};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// So much of a file is read: pictures before the sound, and minutes of it.
const MOST_BYTES: u64 = 16 << 20;
/// By which a file is known.
const HEAD: usize = 16 << 10;

/// True for a file that begins as an MP3 does; it is told by what is in it, not by its name.
pub fn is_mp3(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && !head.starts_with(b"RIFF") && nanomp3::detect(&head)
}

/// The first seconds of an MP3 file, its channels mixed to one: samples (1 = full scale) and their rate in Hz.
///
/// # Errors
/// Why not, in words.
pub fn read_first(path: &Path, seconds: usize) -> Result<(Vec<f32>, u32), String> {
    let error = |why: &str| format!("cannot read {}: {why}", path.display());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    read.map_err(|why| error(&crate::text::plain_error(&why)))?;
    decode(&bytes, seconds).map_err(error)
}

/// The same of a file's bytes.
///
/// # Errors
/// There is no sound in them.
pub fn decode(bytes: &[u8], seconds: usize) -> Result<(Vec<f32>, u32), &'static str> {
    let mut reader = SliceReader::<f32>::new(bytes);
    let channels = if reader.channels() == Some(Channels::Stereo) { 2 } else { 1 };
    let most = (reader.sample_rate() as usize).saturating_mul(seconds);
    let (mut samples, mut block) = (Vec::new(), [0.0; 2_304]);
    while samples.len() < most {
        // What ends in something else is played as far as it goes.
        let Ok(count @ 1..) = reader.read(&mut block) else { break };
        let frames = block.get(..count).unwrap_or_default().chunks_exact(channels);
        samples.extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
    }
    samples.truncate(most);
    if samples.is_empty() {
        Err("it is a damaged MP3; a WAV is the surest")
    } else {
        Ok((samples, reader.sample_rate()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 440 Hz for 0.3 s, MPEG-2 Layer III, 16 kbit/s.
    const TONE: &[u8] = include_bytes!("../../tests/fixtures/sound/tone.mp3");

    fn file(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.mp3");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn a_tone_is_heard_as_it_was() {
        let (_folder, path) = file(TONE);
        assert!(is_mp3(&path));
        let (samples, rate) = read_first(&path, 60).unwrap();
        assert_eq!(rate, 16_000);
        assert!((4_000..8_000).contains(&samples.len()), "{}", samples.len());
        let middle = &samples[1_600..4_000];
        let power = middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32;
        let rises = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((0.24..0.28).contains(&power.sqrt()) && (65..=67).contains(&rises), "{power}, {rises}");
    }

    /// Damage of every kind: an answer, never a panic, and never more than the file could hold.
    #[test]
    fn what_is_damaged_is_played_as_far_as_it_goes_or_refused() {
        for length in 0..TONE.len() {
            let (_folder, path) = file(&TONE[..length]);
            if let Ok((samples, _)) = read_first(&path, 60) {
                assert!(samples.len() < 8_000, "{length}: {}", samples.len());
            }
        }
        let mut chance = 1_u32;
        for _ in 0..300 {
            let mut bytes = TONE.to_vec();
            for _ in 0..5 {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (chance >> 8) as usize % bytes.len();
                bytes[at] = (chance >> 3) as u8;
            }
            let (_folder, path) = file(&bytes);
            let _ = (is_mp3(&path), read_first(&path, 1));
        }
        let (_folder, path) = file(b"ID3 and no sound at all behind it");
        let why = read_first(&path, 60).unwrap_err();
        assert!(why.contains("damaged MP3") && !why.contains('\n'), "{why}");
    }
}
