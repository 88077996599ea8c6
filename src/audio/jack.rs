//! A device that something is plugged into while the phone runs: a program, or a connection to a server of sound.

use super::pipe;
use rtrb::{Consumer, Producer};
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// What brings sound: s16le mono at the jack's rate.
pub type Input = Box<dyn Read + Send>;
/// What takes sound of the same form.
pub type Output = Box<dyn Write + Send>;

/// A microphone and a speaker in one. Until something is plugged in the one is silent and nobody hears the other. Clones are
/// the same jack.
#[derive(Clone)]
pub struct Jack {
    rate: u32,
    ends: Arc<Ends>,
}

struct Ends {
    input: Mutex<Option<Receiver<Input>>>,
    output: Mutex<Option<Receiver<Output>>>,
}

/// What goes into a jack, once. Dropped unused, its jack stays silent.
#[derive(Debug)]
pub struct Plug {
    input: Sender<Input>,
    output: Sender<Output>,
}

impl Plug {
    /// From now on sound comes from the one and goes to the other.
    pub fn insert(self, input: Input, output: Output) {
        // A jack that is gone needs nothing.
        let _ = (self.input.send(input), self.output.send(output));
    }
}

impl Jack {
    /// A jack of this rate in Hz, and what goes into it.
    pub fn new(rate: u32) -> (Jack, Plug) {
        let ((input, inputs), (output, outputs)) = (channel(), channel());
        let ends = Ends { input: Mutex::new(Some(inputs)), output: Mutex::new(Some(outputs)) };
        (Jack { rate, ends: Arc::new(ends) }, Plug { input, output })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The microphone, for one listener. Never waits.
    ///
    /// # Errors
    /// Somebody listens already, or there is no thread to be had.
    pub fn input(&self) -> io::Result<Consumer<f32>> {
        pipe::read(Listening { plugs: taken(&self.ends.input)?, plugged: None }, self.rate)
    }

    /// The speaker, likewise.
    ///
    /// # Errors
    /// Somebody plays already, or there is no thread to be had.
    pub fn output(&self) -> io::Result<Producer<f32>> {
        pipe::write(Speaking { plugs: taken(&self.ends.output)?, plugged: None }, self.rate)
    }
}

impl PartialEq for Jack {
    fn eq(&self, other: &Jack) -> bool {
        Arc::ptr_eq(&self.ends, &other.ends)
    }
}

impl fmt::Debug for Jack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jack").field("rate", &self.rate).finish_non_exhaustive()
    }
}

fn taken<T>(end: &Mutex<Option<T>>) -> io::Result<T> {
    let end = end.try_lock().ok().and_then(|mut end| end.take());
    end.ok_or_else(|| io::Error::new(io::ErrorKind::ResourceBusy, "it is in use"))
}

/// Waits for a plug, then reads from it.
struct Listening {
    plugs: Receiver<Input>,
    plugged: Option<Input>,
}

impl Read for Listening {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = match &mut self.plugged {
            Some(input) => input,
            None => match self.plugs.recv() {
                Ok(input) => self.plugged.insert(input),
                Err(_) => return Ok(0),
            },
        };
        input.read(buffer)
    }
}

/// Writes to the plug; what comes before there is one is for nobody.
struct Speaking {
    plugs: Receiver<Output>,
    plugged: Option<Output>,
}

impl Speaking {
    fn plugged(&mut self) -> Option<&mut Output> {
        if self.plugged.is_none() {
            self.plugged = self.plugs.try_recv().ok();
        }
        self.plugged.as_mut()
    }
}

impl Write for Speaking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.plugged().map_or(Ok(bytes.len()), |output| output.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.plugged().map_or(Ok(()), |output| output.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Writes each piece to a channel.
    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_said_before_the_plug_is_for_nobody_and_what_is_said_after_it_is_whole() {
        let (jack, plug) = Jack::new(8_000);
        let (mut samples, mut heard) = (jack.output().unwrap(), jack.input().unwrap());
        assert!(jack.output().is_err() && jack.clone().input().is_err(), "each end is for one");
        for _ in 0..2 {
            samples.push(0.5).unwrap();
            while samples.slots() < samples.buffer().capacity() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        assert!(heard.pop().is_err());
        let (told, pieces) = channel();
        plug.insert(Box::new(b"\x00\x40\x00\xc0".as_slice()), Box::new(Told(told)));
        samples.push(-1.0).unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(&(-32_767_i16).to_le_bytes()) {
            bytes.extend(pieces.recv_timeout(Duration::from_secs(30)).unwrap());
        }
        assert!(bytes.len() <= 4, "one may have been on its way: {bytes:?}");
        let mut come = Vec::new();
        while come.len() < 2 {
            come.extend(heard.pop().ok());
            std::thread::yield_now();
        }
        assert_eq!(come, [0.5, -0.5]);
    }
}
