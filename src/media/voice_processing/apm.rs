//! WebRTC's audio processing, as the crate `sonora` has it.

use super::{Noise, Treatment, VoiceProcessor};
use crate::media::{FRAME, SAMPLE_RATE};
use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

/// It takes 0.2–1 ms and 1 MB to make, and adds 10 ms of delay to the microphone's sound, with noise suppression 16 ms.
/// A frame costs 150–200 µs. Inside, the library allocates some forty small blocks a frame for the echo, eleven for the
/// gain, none for noise: the one place where a tick does so, bounded by `tests/alloc/voice.rs`.
pub struct Apm {
    processing: AudioProcessing,
    cancels_echo: bool,
    /// What goes in; and what the library gives back for the speaker, which nobody plays.
    input: [f32; FRAME],
    unused: [f32; FRAME],
}

impl Apm {
    /// Made for one treatment.
    pub fn new(treatment: Treatment) -> Apm {
        let stream = StreamConfig::new(SAMPLE_RATE, 1);
        let config = Config {
            // Its default would cut the sound at 16 kHz.
            pipeline: Pipeline { maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz, ..Default::default() },
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: treatment.echo.then(EchoCanceller::default),
            noise_suppression: (treatment.noise == Noise::Steady).then(NoiseSuppression::default),
            gain_controller2: treatment.gain.then(|| GainController2 {
                // More would make a quiet room's hum a loud one's.
                adaptive_digital: Some(AdaptiveDigital { max_gain_db: 30.0, ..AdaptiveDigital::default() }),
                ..GainController2::default()
            }),
            ..Config::default()
        };
        let processing = AudioProcessing::builder().config(config).capture_config(stream).render_config(stream).build();
        Apm { processing, cancels_echo: treatment.echo, input: [0.0; FRAME], unused: [0.0; FRAME] }
    }

    /// A single infinite sample would deafen the filters for ever.
    fn take(&mut self, frame: &[f32; FRAME]) {
        let sound = |sample: f32| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        self.input.iter_mut().zip(frame).for_each(|(to, from)| *to = sound(*from));
    }
}

impl VoiceProcessor for Apm {
    fn render(&mut self, frame: &[f32; FRAME]) {
        if self.cancels_echo {
            self.take(frame);
            // The formats are right by construction: nothing else is refused.
            let _ = self.processing.process_render_f32(&[&self.input], &mut [&mut self.unused]);
        }
    }

    fn capture(&mut self, frame: &mut [f32; FRAME]) {
        self.take(frame);
        let _ = self.processing.process_capture_f32(&[&self.input], &mut [frame]);
    }
}
