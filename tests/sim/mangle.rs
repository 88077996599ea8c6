//! Damage that a message may meet: bits, cuts, lines that are gone, doubled, exchanged or of another message, numbers
//! nobody expects, and messages of before.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

const NUMBERS: [&str; 8] = ["0", "-1", "1", "65536", "2147483648", "4294967295", "18446744073709551616", "1e9"];
const TEXTS: [&[u8]; 8] =
    [b"\0", b"\xff\xfe", b"\"", b"<", b",", b";tag=", b"\r\n", "\u{1b}]0;x\u{7}\u{202e}".as_bytes()];

/// The message, damaged in one or several ways; `past` is what was sent before.
pub fn mangle(rng: &mut StdRng, mut bytes: Vec<u8>, past: &[(u16, u16, u32, Vec<u8>)]) -> Vec<u8> {
    for _ in 0..=rng.random_range(0..3) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.random_range(0..bytes.len());
        let other = past.get(rng.random_range(0..past.len().max(1))).map(|(.., other)| other.as_slice());
        match rng.random_range(0..10) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + rng.random_range(1..20)).min(bytes.len()))),
            3 => drop(bytes.splice(at..at, TEXTS[rng.random_range(0..TEXTS.len())].iter().copied())),
            4 => number(rng, &mut bytes),
            5 => bytes = other.map(<[u8]>::to_vec).unwrap_or(bytes),
            6 => bytes.extend_from_slice(other.unwrap_or_default()),
            _ => lines(rng, &mut bytes, other.unwrap_or_default()),
        }
    }
    bytes
}

/// Some number of it becomes another.
fn number(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    if digits.is_empty() {
        return;
    }
    let inside = digits[rng.random_range(0..digits.len())];
    let is_digit = |at: &usize| bytes.get(*at).is_some_and(u8::is_ascii_digit);
    let start = (0..=inside).rev().take_while(|at| is_digit(at)).last().unwrap_or(inside);
    let end = (inside..bytes.len()).take_while(|at| is_digit(at)).last().map_or(inside, |last| last + 1);
    bytes.splice(start..end, NUMBERS[rng.random_range(0..NUMBERS.len())].bytes());
}

/// A line is gone, doubled, moved, or that of the other message.
fn lines(rng: &mut StdRng, bytes: &mut Vec<u8>, other: &[u8]) {
    let split = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (mut lines, others) = (split(bytes), split(other));
    let at = rng.random_range(0..lines.len());
    let to = rng.random_range(0..lines.len());
    match rng.next_u32() % 4 {
        0 => drop(lines.remove(at)),
        1 => lines.insert(to, lines[at].clone()),
        2 => lines.swap(at, to),
        _ => {
            let name = |line: &[u8]| line.split(|byte| *byte == b':').next().map(<[u8]>::to_vec);
            let alike = others.iter().find(|line| name(line) == name(&lines[at])).cloned();
            lines[at] = alike.or(others.first().cloned()).unwrap_or_default();
        }
    }
    *bytes = lines.concat();
}
