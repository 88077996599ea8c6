//! Raw s16le mono on stdin and stdout, through rings and a thread each, so that a slow pipe delays nobody. The header of a
//! WAV file, as speech synthesisers put it first, is left out.

use rtrb::{Consumer, Producer, RingBuffer};
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

/// Samples from `input` as they come; an end of file is silence from then on. A full ring lets the writer wait.
pub fn read(mut input: impl Read + Send + 'static, rate: u32) -> io::Result<Consumer<f32>> {
    let (mut producer, consumer) = RingBuffer::new((rate / 5) as usize);
    thread::Builder::new().name("pipe in".to_owned()).stack_size(256 * 1024).spawn(move || {
        let mut pair = [0; 2];
        let bytes = io::BufReader::with_capacity(1_024, &mut input);
        let Ok(mut bytes) = without_header(bytes) else { return };
        while bytes.read_exact(&mut pair).is_ok() {
            let mut sample = f32::from(i16::from_le_bytes(pair)) / 32_768.0;
            while let Err(rtrb::PushError::Full(back)) = producer.push(sample) {
                if producer.is_abandoned() {
                    return;
                }
                sample = back;
                thread::sleep(Duration::from_millis(5));
            }
        }
    })?;
    Ok(consumer)
}

/// Writes what is pushed to `output`; when that does not keep up the ring fills and sound is lost, not time.
pub fn write(mut output: impl Write + Send + 'static, rate: u32) -> io::Result<Producer<f32>> {
    let (producer, mut consumer) = RingBuffer::<f32>::new((rate / 2) as usize);
    thread::Builder::new().name("pipe out".to_owned()).stack_size(256 * 1024).spawn(move || {
        let mut bytes = Vec::with_capacity(4_096);
        loop {
            let ended = consumer.is_abandoned();
            bytes.clear();
            while let Ok(sample) = consumer.pop() {
                bytes.extend_from_slice(&((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes());
            }
            if (output.write_all(&bytes).is_err() || output.flush().is_err()) || ended {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    })?;
    Ok(producer)
}

/// The samples alone. What does not begin as a WAV file does is samples from its first byte on.
fn without_header(mut bytes: impl Read) -> io::Result<impl Read> {
    /// Longer parts before the samples are no header.
    const MOST: u64 = 65_536;
    let mut begin = Vec::new();
    bytes.by_ref().take(12).read_to_end(&mut begin)?;
    if begin.starts_with(b"RIFF") && begin.ends_with(b"WAVE") {
        begin.clear();
        let mut part = [0; 8];
        loop {
            bytes.read_exact(&mut part)?;
            let [.., a, b, c, d] = part;
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            if part.starts_with(b"data") {
                break;
            }
            // Each begins at an even place.
            let skipped = io::copy(&mut bytes.by_ref().take((length + length % 2).min(MOST)), &mut io::sink())?;
            if skipped < length {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
    Ok(io::Cursor::new(begin).chain(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wav_header_is_left_out_and_nothing_else() {
        let parts = |parts: &[&[u8]]| parts.concat();
        let header = parts(&[b"RIFF\xff\xff\xff\x7fWAVE", b"fmt \x03\0\0\0abc\0", b"data\0\xf0\xff\x7f"]);
        for (bytes, samples) in [
            (parts(&[&header, b"abcd"]), Some(&b"abcd"[..])),
            (b"abcd".to_vec(), Some(b"abcd")),
            (b"".to_vec(), Some(b"")),
            (b"RIFFxxxxWAVX....".to_vec(), Some(b"RIFFxxxxWAVX....")),
            (b"RIFFxxxxWAVEfmt \xff\xff\xff\xff".to_vec(), None),
            (b"RIFFxxxxWAVEfm".to_vec(), None),
        ] {
            let mut found = Vec::new();
            let read = without_header(&bytes[..]).and_then(|mut rest| rest.read_to_end(&mut found));
            assert_eq!(read.ok().map(|_| &found[..]), samples, "{bytes:?}");
        }
    }
}
