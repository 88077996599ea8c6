//! WAV files in and out.

use rtrb::{Consumer, Producer, RingBuffer};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// The longest clip read, seconds.
const LONGEST_S: usize = 30 * 60;

/// A file that cannot be read or written.
#[derive(Debug, Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct WavError {
    what: &'static str,
    path: PathBuf,
    source: hound::Error,
}

/// Reads a WAV file, its channels mixed to one: samples (1 = full scale) and their rate in Hz.
pub fn read(path: &Path) -> Result<(Vec<f32>, u32), WavError> {
    read_first(path, LONGEST_S)
}

/// Reads as much as `read`, but so many seconds at most.
pub fn read_first(path: &Path, seconds: usize) -> Result<(Vec<f32>, u32), WavError> {
    let error = |source| WavError { what: "read", path: path.to_owned(), source };
    let mut reader = hound::WavReader::open(path).map_err(error)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels.max(1));
    let most = seconds.saturating_mul(spec.sample_rate as usize).saturating_mul(channels);
    let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().take(most).collect(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader.samples::<i32>().take(most).map(|sample| Ok(sample? as f32 * scale)).collect()
        }
    };
    let samples = samples.map_err(error)?;
    let mono = samples.chunks(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    Ok((mono, spec.sample_rate))
}

/// Starts a mono 16-bit file and the thread that writes it; what is pushed into the ring ends up in it. The header is
/// true every second, so that a killed process leaves a valid file. Dropping the ring's end finishes the file.
pub fn record(path: &Path, rate: u32) -> Result<Producer<f32>, WavError> {
    let error = |source| WavError { what: "write", path: path.to_owned(), source };
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).map_err(error)?;
    writer.flush().map_err(error)?;
    let (producer, consumer) = RingBuffer::new(rate as usize * 2);
    thread::Builder::new()
        .name("recorder".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || write(writer, consumer, rate))
        .map_err(|e| error(hound::Error::IoError(e)))?;
    Ok(producer)
}

fn write(mut writer: hound::WavWriter<std::io::BufWriter<std::fs::File>>, mut samples: Consumer<f32>, rate: u32) {
    let mut unflushed = 0;
    loop {
        let ended = samples.is_abandoned();
        while let Ok(sample) = samples.pop() {
            let pcm = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
            if writer.write_sample(pcm).is_err() {
                return;
            }
            unflushed += 1;
        }
        if unflushed >= rate || (ended && unflushed > 0) {
            unflushed = 0;
            if writer.flush().is_err() {
                return;
            }
        }
        if ended {
            return;
        }
        let idle = if unflushed == 0 { 1_000 } else { 200 };
        thread::sleep(Duration::from_millis(idle.min(200)));
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
        let mut ring = record(&path, 8_000).unwrap();
        for _ in 0..8_000 {
            ring.push(0.5).unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while read(&path).map_or(0, |(samples, _)| samples.len()) < 8_000 {
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
}
