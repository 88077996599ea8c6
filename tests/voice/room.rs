//! A room: what a speaker plays in it, as a microphone hears it.

/// Sound falls by 60 dB in this time.
const RT60_S: f32 = 0.250;

/// Direct sound and a reverberant tail (four combs, two all-passes), after a delay, at a level.
pub struct Room {
    combs: Vec<Delay>,
    passes: Vec<Delay>,
    gain: f32,
}

struct Delay {
    line: Vec<f32>,
    at: usize,
    feedback: f32,
}

impl Delay {
    fn comb(&mut self, input: f32) -> f32 {
        let output = self.line[self.at];
        self.store(input + output * self.feedback);
        output
    }

    fn pass(&mut self, input: f32) -> f32 {
        let held = self.line[self.at];
        let into = input + held * self.feedback;
        self.store(into);
        held - into * self.feedback
    }

    fn store(&mut self, sample: f32) {
        self.line[self.at] = sample;
        self.at = (self.at + 1) % self.line.len();
    }
}

impl Room {
    /// Two sizes give two rooms.
    pub fn new(size: f32) -> Room {
        let line = |ms: f32| (ms * size * 48.0) as usize;
        let comb = |ms| {
            let length = line(ms);
            let feedback = 10.0_f32.powf(-3.0 * length as f32 / 48_000.0 / RT60_S);
            Delay { line: vec![0.0; length], at: 0, feedback }
        };
        let pass = |ms| Delay { line: vec![0.0; line(ms)], at: 0, feedback: 0.6 };
        Room {
            combs: [7.3, 9.1, 10.7, 12.9].into_iter().map(comb).collect(),
            passes: [4.7, 1.7].into_iter().map(pass).collect(),
            gain: 1.0,
        }
    }

    /// What one sample of the speaker's becomes at the microphone.
    pub fn step(&mut self, played: f32) -> f32 {
        let tail: f32 = self.combs.iter_mut().map(|comb| comb.comb(played)).sum::<f32>() * 0.25;
        let tail = self.passes.iter_mut().fold(tail, |sound, pass| pass.pass(sound));
        self.gain * (0.6 * played + tail)
    }

    /// The echo of `played`, `delay_ms` late and `level_db` against it.
    pub fn echo(&mut self, played: &[f32], delay_ms: usize, level_db: f64) -> Vec<f32> {
        let late = delay_ms * 48;
        let mut echo = vec![0.0; late.min(played.len())];
        echo.extend(played[..played.len().saturating_sub(late)].iter().map(|sample| self.step(*sample)));
        let gain = 10.0_f64.powf((super::power_db(played) + level_db - super::power_db(&echo)) / 20.0) as f32;
        echo.iter_mut().for_each(|sample| *sample *= gain);
        echo
    }
}

/// `sound` as a clock hears it that is `ppm` faster than ours.
pub fn drifted(sound: &[f32], ppm: f64) -> Vec<f32> {
    let at = |n: isize| usize::try_from(n).ok().and_then(|n| sound.get(n)).copied().unwrap_or(0.0);
    let hear = |n: usize| {
        let time = n as f64 * (1.0 + ppm * 1e-6);
        let (whole, part) = (time as isize, time.fract() as f32);
        let [a, b, c, d] = [-1, 0, 1, 2].map(|offset| at(whole + offset));
        let bend = [(c - a) / 2.0, a - 2.5 * b + 2.0 * c - d / 2.0, (d - a) / 2.0 + 1.5 * (b - c)];
        b + part * (bend[0] + part * (bend[1] + part * bend[2]))
    };
    (0..sound.len()).map(hear).collect()
}

/// White noise of a level, the same every time.
pub fn noise(samples: usize, level_db: f64) -> Vec<f32> {
    let amplitude = (10.0_f64.powf(level_db / 20.0) * 3.0_f64.sqrt()) as f32;
    let mut chance = 1_u32;
    let mut next = || {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((chance >> 8) as f32 / 8_388_608.0 - 1.0) * amplitude
    };
    (0..samples).map(|_| next()).collect()
}

/// Somebody types: a short burst of noise every 130 to 290 ms, the same every time.
pub fn keys(samples: usize, level_db: f64) -> Vec<f32> {
    let mut sound = noise(samples, -20.0);
    let (mut since, mut until) = (0, 0);
    for (at, sample) in sound.iter_mut().enumerate() {
        if at == until {
            (since, until) = (at, at + 48 * (130 + at / 480 * 7_919 % 160));
        }
        *sample *= (-((at - since) as f32) / 240.0).exp();
    }
    let gain = 10.0_f64.powf((level_db - super::power_db(&sound)) / 20.0) as f32;
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}
