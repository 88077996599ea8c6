//! What is done to the microphone's sound before anybody hears it: the speaker's echo taken out, noise lowered, the
//! level evened.

#[cfg(feature = "apm")]
mod apm;
#[cfg(feature = "rnnoise")]
mod rnnoise;

use super::FRAME;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Treatment {
    /// Take out what the speaker plays.
    pub echo: bool,
    /// What becomes of noise.
    pub noise: Noise,
    /// Bring quiet and loud voices to one level.
    pub gain: bool,
}

/// What becomes of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Noise {
    /// It stays.
    #[default]
    Kept,
    /// What is steady is lowered.
    Steady,
    /// What is no voice is lowered, by RNNoise ([`HAS_RNNOISE`]).
    Rnnoise,
}

impl Treatment {
    /// True when the sound is to stay as it is.
    pub fn is_nothing(self) -> bool {
        self == Treatment::default()
    }
}

/// The treatment of one microphone, in frames of 10 ms.
///
/// [`VoiceProcessor::render`] gets what is handed to the speaker, at the moment it is handed over; what of it comes back
/// through the microphone is found by the sound itself, up to half a second later.
pub trait VoiceProcessor: Send {
    /// What the speaker is about to play, all of it.
    fn render(&mut self, frame: &[f32; FRAME]);

    /// What the microphone brought becomes what the other side is to hear.
    fn capture(&mut self, frame: &mut [f32; FRAME]);
}

/// True when this build can treat sound at all.
pub const IS_BUILT_IN: bool = cfg!(feature = "apm");

/// True when this build has RNNoise; without it [`Noise::Rnnoise`] leaves noise as it is.
pub const HAS_RNNOISE: bool = cfg!(feature = "rnnoise");

/// A processor; `None` when nothing is asked for or this build has none ([`IS_BUILT_IN`]).
pub fn processor(treatment: Treatment) -> Option<Box<dyn VoiceProcessor>> {
    #[cfg(feature = "rnnoise")]
    if treatment.noise == Noise::Rnnoise {
        // Between the two: an echo is no noise to be learned, and what is amplified is louder noise.
        let echo = apm(Treatment { echo: treatment.echo, ..Treatment::default() });
        let gain = apm(Treatment { gain: treatment.gain, ..Treatment::default() });
        let noise: Box<dyn VoiceProcessor> = Box::new(rnnoise::Rnnoise::new());
        return Some(Box::new(Chain(echo.into_iter().chain([noise]).chain(gain).collect())));
    }
    apm(treatment)
}

fn apm(treatment: Treatment) -> Option<Box<dyn VoiceProcessor>> {
    #[cfg(feature = "apm")]
    if !treatment.is_nothing() {
        return Some(Box::new(apm::Apm::new(treatment)));
    }
    let _ = treatment;
    None
}

/// One after the other.
#[cfg(feature = "rnnoise")]
struct Chain(Vec<Box<dyn VoiceProcessor>>);

#[cfg(feature = "rnnoise")]
impl VoiceProcessor for Chain {
    fn render(&mut self, frame: &[f32; FRAME]) {
        self.0.iter_mut().for_each(|stage| stage.render(frame));
    }

    fn capture(&mut self, frame: &mut [f32; FRAME]) {
        self.0.iter_mut().for_each(|stage| stage.capture(frame));
    }
}
