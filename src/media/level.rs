//! How loud: peak and RMS in dBFS, handed to whoever draws through one atomic word each.

use std::sync::atomic::{AtomicU32, Ordering};

/// What digital silence reads, dBFS.
pub const FLOOR_DBFS: f32 = -96.0;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meter {
    /// Highest sample, held and falling 20 dB a second, dBFS (0 = full scale).
    pub peak_dbfs: f32,
    /// Root mean square over about 100 ms, dBFS (a full-scale sine reads −3).
    pub rms_dbfs: f32,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter { peak_dbfs: FLOOR_DBFS, rms_dbfs: FLOOR_DBFS }
    }
}

/// Measures frames of 10 ms.
#[derive(Debug, Clone, Default)]
pub struct LevelMeter {
    peak: f32,
    mean_square: f32,
}

impl LevelMeter {
    /// Adds a frame.
    pub fn measure(&mut self, frame: &[f32]) {
        const PEAK_FALL_PER_FRAME: f32 = 0.977_237; // 0.2 dB
        const WEIGHT: f32 = 0.1;
        let (mut peak, mut sum) = (0.0_f32, 0.0_f32);
        for sample in frame {
            peak = peak.max(sample.abs());
            sum += sample * sample;
        }
        let mean = if frame.is_empty() { 0.0 } else { sum / frame.len() as f32 };
        self.peak = peak.max(self.peak * PEAK_FALL_PER_FRAME);
        self.mean_square += (mean - self.mean_square) * WEIGHT;
    }

    /// The reading after the last frame.
    pub fn reading(&self) -> Meter {
        Meter { peak_dbfs: dbfs(self.peak), rms_dbfs: dbfs(self.mean_square.sqrt()) }
    }
}

/// An amplitude as dBFS, not below [`FLOOR_DBFS`].
pub fn dbfs(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(FLOOR_DBFS)
}

/// The microphone's and the speaker's reading, written by the media thread, read by anyone.
#[derive(Debug)]
pub struct Levels {
    mic: AtomicU32,
    speaker: AtomicU32,
}

impl Default for Levels {
    fn default() -> Levels {
        let silence = pack(Meter::default());
        Levels { mic: AtomicU32::new(silence), speaker: AtomicU32::new(silence) }
    }
}

impl Levels {
    /// The microphone.
    pub fn mic(&self) -> Meter {
        unpack(self.mic.load(Ordering::Relaxed))
    }
    /// The speaker.
    pub fn speaker(&self) -> Meter {
        unpack(self.speaker.load(Ordering::Relaxed))
    }
    /// Publishes the microphone's reading.
    pub fn set_mic(&self, meter: Meter) {
        self.mic.store(pack(meter), Ordering::Relaxed);
    }
    /// Publishes the speaker's reading.
    pub fn set_speaker(&self, meter: Meter) {
        self.speaker.store(pack(meter), Ordering::Relaxed);
    }
}

/// Both numbers in one word, hundredths of a dB below full scale, so that no reader sees halves of two readings.
fn pack(meter: Meter) -> u32 {
    let hundredths = |db: f32| (-db.clamp(FLOOR_DBFS, 0.0) * 100.0).round() as u32;
    (hundredths(meter.peak_dbfs) << 16) | hundredths(meter.rms_dbfs)
}

fn unpack(word: u32) -> Meter {
    Meter { peak_dbfs: -((word >> 16) as f32) / 100.0, rms_dbfs: -((word & 0xffff) as f32) / 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_known_signals() {
        let sine: Vec<f32> = (0..480).map(|n| (n as f32 * std::f32::consts::TAU / 48.0).sin() * 0.5).collect();
        let square = [0.1_f32; 480];
        for (signal, peak, rms) in
            [(&sine[..], -6.02, -9.03), (&square[..], -20.0, -20.0), (&[0.0; 480][..], -96.0, -96.0)]
        {
            let mut meter = LevelMeter::default();
            (0..200).for_each(|_| meter.measure(signal));
            let reading = meter.reading();
            assert!((reading.peak_dbfs - peak).abs() < 0.1, "{reading:?}");
            assert!((reading.rms_dbfs - rms).abs() < 0.1, "{reading:?}");
        }
    }

    #[test]
    fn a_word_keeps_a_hundredth_of_a_decibel() {
        let levels = Levels::default();
        levels.set_mic(Meter { peak_dbfs: -12.34, rms_dbfs: -23.45 });
        assert!((levels.mic().peak_dbfs + 12.34).abs() < 0.006 && (levels.mic().rms_dbfs + 23.45).abs() < 0.006);
        assert_eq!(levels.speaker(), Meter::default());
        levels.set_speaker(Meter { peak_dbfs: 3.0, rms_dbfs: f32::NEG_INFINITY });
        assert_eq!(levels.speaker(), Meter { peak_dbfs: 0.0, rms_dbfs: FLOOR_DBFS });
    }
}
