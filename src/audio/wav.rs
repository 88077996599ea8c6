//! WAV files in and out.

use crate::text::plain_error;
use hound::WavReader;
use rtrb::{Consumer, Producer, RingBuffer};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// The longest clip read, seconds.
const LONGEST_S: usize = 30 * 60;

/// The rates read, Hz: what sound has, and what can be converted without a filter of gigabytes.
pub const RATES: std::ops::RangeInclusive<u32> = 100..=384_000;

/// A file that cannot be read or written.
#[derive(Debug, Error)]
#[error("cannot {what} {}: {why}", path.display())]
pub struct WavError {
    what: &'static str,
    path: PathBuf,
    why: String,
}

/// What is in a file.
#[derive(Debug, PartialEq)]
pub struct Clip {
    /// Its channels mixed to one; 1 = full scale.
    pub samples: Vec<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// There is less than its header says.
    pub ends_early: bool,
}

/// What hound says of a file, as a person would.
pub fn words(error: &hound::Error) -> String {
    match error {
        hound::Error::IoError(error) if error.raw_os_error().is_some() => plain_error(error),
        hound::Error::IoError(_) => "it is no WAV file, or one that was cut off".to_owned(),
        error => format!("it is no WAV file this phone knows ({error})"),
    }
}

/// Reads a WAV file; of one that ends early what is there.
pub fn clip(path: &Path) -> Result<Clip, WavError> {
    load(path, LONGEST_S)
}

/// Reads a WAV file, its channels mixed to one: samples (1 = full scale) and their rate in Hz.
pub fn read(path: &Path) -> Result<(Vec<f32>, u32), WavError> {
    read_first(path, LONGEST_S)
}

/// Reads as much as `read`, but so many seconds at most.
pub fn read_first(path: &Path, seconds: usize) -> Result<(Vec<f32>, u32), WavError> {
    load(path, seconds).map(|clip| (clip.samples, clip.rate))
}

fn load(path: &Path, seconds: usize) -> Result<Clip, WavError> {
    let error = |why: String| WavError { what: "read", path: path.to_owned(), why };
    let file = File::open(path).map_err(|e| error(words(&hound::Error::IoError(e))))?;
    decode(BufReader::new(file), seconds).map_err(error)
}

/// What a WAV file has, so many seconds of it at most.
///
/// # Errors
/// Why it has nothing, in words.
pub fn decode(source: impl Read, seconds: usize) -> Result<Clip, String> {
    let mut reader = WavReader::new(source).map_err(|e| words(&e))?;
    let spec = reader.spec();
    let rate = spec.sample_rate;
    if !RATES.contains(&rate) {
        return Err(format!("{rate} Hz is no rate between {} and {} Hz", RATES.start(), RATES.end()));
    }
    let channels = usize::from(spec.channels.max(1));
    let most = seconds.saturating_mul(rate as usize).saturating_mul(channels);
    let (samples, end) = until_error(samples(&mut reader).take(most));
    let ends_early = end.is_some();
    if let Some(end) = end.filter(|_| samples.len() < channels) {
        return Err(words(&end));
    }
    let mono = samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    Ok(Clip { samples: mono, rate, ends_early })
}

/// The samples of a file in any form, 1 = full scale.
pub fn samples<R: Read>(reader: &mut WavReader<R>) -> Box<dyn Iterator<Item = Result<f32, hound::Error>> + '_> {
    let spec = reader.spec();
    match spec.sample_format {
        hound::SampleFormat::Float => Box::new(reader.samples::<f32>()),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            Box::new(reader.samples::<i32>().map(move |sample| sample.map(|sample| sample as f32 * scale)))
        }
    }
}

/// What comes before the first error, and that.
fn until_error(samples: impl Iterator<Item = Result<f32, hound::Error>>) -> (Vec<f32>, Option<hound::Error>) {
    let mut end = None;
    let samples = samples.map_while(|sample| sample.map_err(|error| end = Some(error)).ok()).collect();
    (samples, end)
}

/// Starts a mono 16-bit file and the thread that writes it; what is pushed into the ring ends up in it. The header is
/// true every second, and where nothing comes, so that a killed process leaves a valid file. Dropping the ring's end
/// finishes the file; `held` is dropped then.
pub fn record(path: &Path, rate: u32, held: impl Send + 'static) -> Result<Producer<f32>, WavError> {
    let error = |source: hound::Error| WavError { what: "write", path: path.to_owned(), why: words(&source) };
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).map_err(error)?;
    writer.flush().map_err(error)?;
    let (producer, consumer) = RingBuffer::new(rate as usize * 2);
    thread::Builder::new()
        .name("recorder".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || {
            write(writer, consumer, rate);
            drop(held);
        })
        .map_err(|e| error(hound::Error::IoError(e)))?;
    Ok(producer)
}

fn write(mut writer: hound::WavWriter<std::io::BufWriter<std::fs::File>>, mut samples: Consumer<f32>, rate: u32) {
    let mut unflushed = 0;
    loop {
        let (ended, before) = (samples.is_abandoned(), unflushed);
        while let Ok(sample) = samples.pop() {
            let pcm = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
            if writer.write_sample(pcm).is_err() {
                return;
            }
            unflushed += 1;
        }
        let pauses = unflushed == before;
        if unflushed >= rate || unflushed > 0 && (ended || pauses) {
            unflushed = 0;
            if writer.flush().is_err() {
                return;
            }
        }
        if ended {
            return;
        }
        thread::sleep(Duration::from_millis(200));
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // bounded waits
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn the_file_is_valid_while_it_is_still_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heard.wav");
        let mut ring = record(&path, 8_000, ()).unwrap();
        for _ in 0..7_000 {
            ring.push(0.5).unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while read(&path).map_or(0, |(samples, _)| samples.len()) < 7_000 {
            assert!(Instant::now() < deadline, "nothing was written");
            thread::sleep(Duration::from_millis(20));
        }
        let (samples, rate) = read(&path).unwrap();
        assert!(rate == 8_000 && samples.iter().all(|s| (s - 0.5).abs() < 0.001));
        drop(ring);
    }

    #[test]
    fn stereo_becomes_one_channel_and_a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stereo.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for _ in 0..10 {
            writer.write_sample(1 << 22).unwrap();
            writer.write_sample(0).unwrap();
        }
        writer.finalize().unwrap();
        assert_eq!(read(&path).unwrap(), (vec![0.25; 10], 44_100));
        let missing = read(Path::new("/nowhere/x.wav")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read /nowhere/x.wav: "), "{missing}");
    }

    /// The bytes of a WAV file whose header says this, with `samples` samples of 16 bits.
    fn file(channels: u16, rate: u32, bits: u16, said: u32, samples: u16) -> Vec<u8> {
        let align = channels.wrapping_mul(bits / 8);
        let mut bytes = Vec::new();
        bytes.extend(b"RIFF");
        bytes.extend((36 + said).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend([1, 0]);
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend(rate.wrapping_mul(u32::from(align)).to_le_bytes());
        bytes.extend(align.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(said.to_le_bytes());
        (0..samples).for_each(|_| bytes.extend(8_192_i16.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_damaged_file_is_one_clear_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.wav");
        let rows: [(Vec<u8>, &str); 8] = [
            (Vec::new(), "cut off"),
            (b"RIFFxxxxJUNK".to_vec(), "no WAVE tag"),
            (file(0, 8_000, 16, 20, 10), "zero channels"),
            (file(1, 0, 16, 20, 10), "0 Hz is no rate"),
            (file(1, 1_000_000, 16, 20, 10), "1000000 Hz is no rate"),
            (file(1, 8_000, 0, 20, 10), ""),
            (file(1, 8_000, 7, 20, 10), ""),
            (file(1, 8_000, 16, 20, 0), "cut off"),
        ];
        for (bytes, why) in rows {
            std::fs::write(&path, &bytes).unwrap();
            let said = clip(&path).unwrap_err().to_string();
            assert!(said.starts_with("cannot read ") && said.contains(why) && !said.contains('\n'), "{why}: {said}");
        }
    }

    #[test]
    fn a_file_that_ends_early_and_one_at_192_khz_are_played() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.wav");
        for (bytes, expected) in [
            (file(1, 8_000, 16, 4_000, 3), Clip { samples: vec![0.25; 3], rate: 8_000, ends_early: true }),
            (file(2, 192_000, 16, 16, 8), Clip { samples: vec![0.25; 4], rate: 192_000, ends_early: false }),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(clip(&path).unwrap(), expected);
        }
    }
}
