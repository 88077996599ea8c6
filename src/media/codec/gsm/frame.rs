//! A frame: its parameters and their 264 bits (RFC 3551 §4.5.8.1).

/// Bytes of a frame.
pub const FRAME_BYTES: usize = 33;

/// The first four bits of every frame.
const SIGNATURE: u32 = 0xd;
/// Bits of each log-area ratio.
const RATIO_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];

/// What a frame says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The short-term filter: quantised log-area ratios [LARc].
    pub ratios: [i32; 8],
    /// What is left, per 5 ms.
    pub subframes: [Subframe; 4],
}

/// What 5 ms say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subframe {
    /// How many samples ago it was alike, 40..=120 [Nc].
    pub lag: i32,
    /// How much alike, 0..=3 [bc].
    pub gain: i32,
    /// Where its pulses begin, 0..=3 [Mc].
    pub grid: i32,
    /// How large the largest is, 0..=63 [xmaxc].
    pub scale: i32,
    /// The pulses, 0..=7 each [xMc].
    pub pulses: [i32; 13],
}

impl Subframe {
    fn fields(&mut self) -> impl Iterator<Item = (&mut i32, u32)> {
        let Subframe { lag, gain, grid, scale, pulses } = self;
        [(lag, 7), (gain, 2), (grid, 2), (scale, 6)].into_iter().chain(pulses.iter_mut().map(|pulse| (pulse, 3)))
    }
}

impl Parameters {
    /// Every parameter with its bits, in the order of the frame.
    fn fields(&mut self) -> impl Iterator<Item = (&mut i32, u32)> {
        self.ratios.iter_mut().zip(RATIO_BITS).chain(self.subframes.iter_mut().flat_map(Subframe::fields))
    }

    /// The frame, the most significant bit first.
    pub fn pack(mut self) -> [u8; FRAME_BYTES] {
        let mut bytes = [0; FRAME_BYTES];
        let mut rest = bytes.iter_mut();
        let (mut waiting, mut bits) = (SIGNATURE, 4);
        for (value, width) in self.fields() {
            waiting = waiting << width | (*value as u32 & ((1 << width) - 1));
            bits += width;
            while bits >= 8 {
                bits -= 8;
                if let Some(byte) = rest.next() {
                    *byte = (waiting >> bits) as u8;
                }
            }
        }
        bytes
    }

    /// Reads a frame; `None` without its signature.
    pub fn unpack(bytes: &[u8; FRAME_BYTES]) -> Option<Parameters> {
        let mut parameters = Parameters::default();
        let (first, rest) = bytes.split_first()?;
        if u32::from(first >> 4) != SIGNATURE {
            return None;
        }
        let mut rest = rest.iter();
        let (mut waiting, mut bits) = (u32::from(*first), 4);
        for (value, width) in parameters.fields() {
            while bits < width {
                waiting = waiting << 8 | u32::from(*rest.next()?);
                bits += 8;
            }
            bits -= width;
            *value = (waiting >> bits & ((1 << width) - 1)) as i32;
        }
        Some(parameters)
    }
}
