//! Samples, damaged.

use rand::RngExt;
use rand::rngs::StdRng;

/// Longest input that is made, in bytes.
const MAX_BYTES: usize = 128 * 1024;

/// What readers stumble over.
const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\r\n",
    b"\n",
    b"\r",
    b";",
    b"=",
    b"\"",
    b"'",
    b"<",
    b">",
    b"&",
    b"[",
    b"]",
    b"%",
    b",",
    b"|",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"99999999999999999999",
    b"-1",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
];

/// One of the samples, changed one to eight times.
pub fn damaged(samples: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let any = |rng: &mut StdRng| samples.get(rng.random_range(0..samples.len())).cloned().unwrap_or_default();
    let mut bytes = any(rng);
    for _ in 0..rng.random_range(1..=8) {
        let from = rng.random_range(0..=bytes.len());
        let to = rng.random_range(from..=bytes.len().min(from + 64));
        match rng.random_range(0..8) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => bytes.splice(from..from, WORDS[rng.random_range(0..WORDS.len())].iter().copied()).for_each(drop),
            3 => bytes.splice(from..to, any(rng).into_iter().take(512)).for_each(drop),
            4 => bytes[from..to].iter_mut().for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
            5 => bytes[from..to].iter_mut().for_each(|byte| *byte = rng.random()),
            6 => {
                let part = bytes[from..to].repeat(rng.random_range(1..=64));
                bytes.splice(from..from, part).for_each(drop);
            }
            _ => bytes[from..to].reverse(),
        }
        bytes.truncate(MAX_BYTES);
    }
    bytes
}
