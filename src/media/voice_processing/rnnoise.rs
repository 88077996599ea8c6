//! RNNoise, as the crate `nnnoiseless` has it: a small network that was taught what is voice and what is not.

use super::VoiceProcessor;
use crate::media::FRAME;
use nnnoiseless::DenoiseState;

/// What the network takes for full scale.
const FULL_SCALE: f32 = 32_768.0;

/// It adds 10 ms of delay to the microphone's sound.
pub struct Rnnoise {
    state: Box<DenoiseState<'static>>,
    input: [f32; FRAME],
}

impl Rnnoise {
    /// With the weights that the crate brings.
    pub fn new() -> Rnnoise {
        Rnnoise { state: DenoiseState::new(), input: [0.0; FRAME] }
    }
}

impl VoiceProcessor for Rnnoise {
    fn render(&mut self, _frame: &[f32; FRAME]) {}

    fn capture(&mut self, frame: &mut [f32; FRAME]) {
        // A single infinite sample would deafen the network for ever.
        let sound = |sample: f32| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        self.input.iter_mut().zip(&*frame).for_each(|(to, from)| *to = sound(*from) * FULL_SCALE);
        self.state.process_frame(frame, &self.input);
        frame.iter_mut().for_each(|sample| *sample = sound(*sample / FULL_SCALE));
    }
}
