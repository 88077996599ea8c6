//! Raw s16le mono on stdin and stdout, through rings and a thread each, so that a slow pipe delays nobody.

use rtrb::{Consumer, Producer, RingBuffer};
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

/// Samples from `input` as they come; an end of file is silence from then on. A full ring lets the writer wait.
pub fn read(mut input: impl Read + Send + 'static, rate: u32) -> io::Result<Consumer<f32>> {
    let (mut producer, consumer) = RingBuffer::new((rate / 5) as usize);
    thread::Builder::new().name("pipe in".to_owned()).stack_size(256 * 1024).spawn(move || {
        let mut pair = [0; 2];
        let mut bytes = io::BufReader::with_capacity(1_024, &mut input);
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
