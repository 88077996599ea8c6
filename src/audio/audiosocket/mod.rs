//! AudioSocket, the protocol of Asterisk's application of that name: the sound of a call both ways over TCP.
//! (docs.asterisk.org, Configuration/Channel-Drivers/AudioSocket)

mod frame;

pub use frame::RATES;
use frame::{Frame, HEADER};

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, Shutdown, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long each address of a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Addresses of a server that are tried.
const MOST_ADDRESSES: usize = 4;
/// A server that takes nothing for this long has gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a server that was told of the end may take to end its side too.
const FAREWELL: Duration = Duration::from_millis(200);
/// Frames without sound that may follow one another.
const MOST_IDLE: u32 = 1_000;
/// Digits that may wait for the next frame of sound.
const MOST_DIGITS: usize = 32;

/// A server, and the rate its sound has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Samples a second, one of [`RATES`].
    pub rate: u32,
}

impl Place {
    /// `HOST:PORT`, 8000 Hz as Asterisk's application has it, or `HOST:PORT/RATE`; an IPv6 address stands in brackets.
    pub fn parse(text: &str) -> Option<Place> {
        let (address, rate) = match text.rsplit_once('/') {
            Some((address, rate)) => (address, rate.parse().ok().filter(|rate| RATES.contains(rate))?),
            None => (text, 8_000),
        };
        let (host, port) = address.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
            None => host.to_owned(),
        };
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        let is_bare = host.contains(':') && host.parse::<Ipv6Addr>().is_err();
        (!host.is_empty() && !is_bare && !host.chars().any(is_odd)).then_some(Place { host, port, rate })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { host, port, rate } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}/{rate}") } else { write!(f, "{host}:{port}/{rate}") }
    }
}

/// What a server says beside sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A DTMF digit for the far end of the call.
    Digit(char),
    /// It has ended the connection; nothing more will come.
    HungUp,
    /// It makes no sense, or reports a failure; nothing more will come.
    Failed(String),
}

/// What the two ways of a connection have in common.
#[derive(Debug, Default)]
struct Shared {
    digits: Mutex<VecDeque<char>>,
    is_over: AtomicBool,
}

/// A hand on a connection. It ends with its [`Outgoing`].
#[derive(Debug, Clone)]
pub struct Line(Arc<Shared>);

impl Line {
    /// The far end of the call pressed this.
    pub fn digit(&self, digit: char) {
        let mut digits = self.0.digits.lock().unwrap_or_else(PoisonError::into_inner);
        if digits.len() < MOST_DIGITS {
            digits.push_back(digit);
        }
    }

    /// Says goodbye with the next sound, or where that ends.
    pub fn hang_up(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// Sound from a server, s16le; its end is the end of the connection.
pub struct Incoming<S> {
    stream: S,
    rate: u32,
    tell: Box<dyn FnMut(News) + Send>,
    payload: Vec<u8>,
    sound: Vec<u8>,
    at: usize,
    idle: u32,
    is_over: bool,
}

/// Sound for a server, s16le: 20 ms in each frame.
pub struct Outgoing {
    stream: TcpStream,
    rate: u32,
    shared: Arc<Shared>,
    begun: Vec<u8>,
    has_said_goodbye: bool,
}

/// Connects, and says which call this is. Waits, within bounds.
///
/// # Errors
/// The server cannot be found or reached.
pub fn connect(
    place: &Place,
    id: [u8; 16],
    tell: impl FnMut(News) + Send + 'static,
) -> io::Result<(Incoming<TcpStream>, Outgoing, Line)> {
    let stream = reach(place)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    let shared = Arc::<Shared>::default();
    let incoming = Incoming::new(stream.try_clone()?, place.rate, Box::new(tell));
    let mut outgoing =
        Outgoing { stream, rate: place.rate, shared: shared.clone(), begun: Vec::new(), has_said_goodbye: false };
    outgoing.send(&Frame::Id(&id))?;
    Ok((incoming, outgoing, Line(shared)))
}

fn reach(place: &Place) -> io::Result<TcpStream> {
    let mut why = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in (place.host.as_str(), place.port).to_socket_addrs()?.take(MOST_ADDRESSES) {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error,
        }
    }
    Err(why)
}

impl<S: Read> Incoming<S> {
    fn new(stream: S, rate: u32, tell: Box<dyn FnMut(News) + Send>) -> Incoming<S> {
        Incoming { stream, rate, tell, payload: Vec::new(), sound: Vec::new(), at: 0, idle: 0, is_over: false }
    }

    /// Takes the next frame; what it says, if that is not sound.
    fn next(&mut self) -> Option<News> {
        let mut header = [0; HEADER];
        if self.stream.read_exact(&mut header).is_err() {
            return Some(News::HungUp);
        }
        self.payload.resize(Frame::length(header), 0);
        if self.stream.read_exact(&mut self.payload).is_err() {
            return Some(News::HungUp);
        }
        self.idle = self.idle.saturating_add(1);
        let [kind, ..] = header;
        match Frame::parse(kind, &self.payload) {
            Frame::Sound { rate, bytes } if rate == self.rate => {
                if !bytes.is_empty() {
                    self.idle = 0;
                }
                self.sound.clear();
                self.sound.extend_from_slice(bytes);
                self.at = 0;
            }
            Frame::Sound { rate, .. } => {
                return Some(News::Failed(format!("it sends sound of {rate} Hz, not of {} Hz", self.rate)));
            }
            Frame::HangUp => return Some(News::HungUp),
            Frame::Digit(digit) if self.idle <= MOST_IDLE => return Some(News::Digit(digit)),
            Frame::Error(Some(number)) => return Some(News::Failed(format!("it reports error {number}"))),
            Frame::Error(None) => return Some(News::Failed("it reports an error".to_owned())),
            Frame::Digit(_) | Frame::Id(_) | Frame::Other => {}
        }
        (self.idle > MOST_IDLE).then(|| News::Failed(format!("it sent {MOST_IDLE} frames without sound")))
    }
}

impl<S: Read> Read for Incoming<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.sound.len() {
            if self.is_over {
                return Ok(0);
            }
            if let Some(news) = self.next() {
                self.is_over = !matches!(news, News::Digit(_));
                (self.tell)(news);
            }
        }
        let mut rest = self.sound.get(self.at..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

impl Outgoing {
    fn send(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.stream.write_all(&frame.bytes())
    }

    /// What is to be said before sound; an error once the connection is to end.
    fn say(&mut self) -> io::Result<()> {
        if self.shared.is_over.load(Ordering::Relaxed) {
            self.has_said_goodbye = true;
            self.send(&Frame::HangUp)?;
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let digits = std::mem::take(&mut *self.shared.digits.lock().unwrap_or_else(PoisonError::into_inner));
        digits.into_iter().try_for_each(|digit| self.send(&Frame::Digit(digit)))
    }

    /// Takes what still comes: a connection that is closed over unread bytes is reset, and its last words are lost.
    fn hear_out(&mut self) {
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = Instant::now;
        let begun = now();
        let mut unheard = [0; 4_096];
        while let Some(left) =
            FAREWELL.checked_sub(now().saturating_duration_since(begun)).filter(|left| !left.is_zero())
            && self.stream.set_read_timeout(Some(left)).is_ok()
            && self.stream.read(&mut unheard).is_ok_and(|count| count > 0)
        {}
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.say()?;
        self.begun.extend_from_slice(bytes);
        let length = self.rate as usize / 50 * 2;
        let begun = std::mem::take(&mut self.begun);
        let frames = begun.chunks_exact(length);
        self.begun.extend_from_slice(frames.remainder());
        let rate = self.rate;
        for bytes in frames {
            self.send(&Frame::Sound { rate, bytes })?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.say()
    }
}

/// The other way ends with it.
impl Drop for Outgoing {
    fn drop(&mut self) {
        if !self.has_said_goodbye {
            let _ = self.send(&Frame::HangUp);
        }
        let _ = self.stream.shutdown(Shutdown::Write);
        self.hear_out();
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    #[test]
    fn places_are_read_and_printed_back() {
        for (text, host, port, rate) in [
            ("localhost:9019", "localhost", 9_019, 8_000),
            ("10.0.0.1:1/16000", "10.0.0.1", 1, 16_000),
            ("[::1]:65535/44100", "::1", 65_535, 44_100),
        ] {
            let place = Place::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((place.host.as_str(), place.port, place.rate), (host, port, rate));
            assert_eq!(Place::parse(&place.to_string()), Some(place));
        }
        for text in ["", "host", "host:", ":9019", "host:0", "host:70000", "host:1/11025", "a:b:1", "[x]:1", "a b:1"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    /// What comes of these bytes: the sound, and what was said beside it.
    fn heard(bytes: &[u8]) -> (Vec<u8>, Vec<News>) {
        let (tell, news) = channel();
        let mut incoming = Incoming::new(bytes, 8_000, Box::new(move |news| drop(tell.send(news))));
        let mut sound = Vec::new();
        incoming.read_to_end(&mut sound).unwrap();
        drop(incoming);
        (sound, news.iter().collect())
    }

    #[test]
    fn hostile_frames_end_the_connection_and_nothing_else() {
        let sound = Frame::Sound { rate: 8_000, bytes: &[1, 2, 3, 4] }.bytes();
        let after = |bytes: &[u8]| heard(&[&sound[..], bytes].concat());
        let failed = |words: &str| vec![News::Failed(words.to_owned())];
        for (bytes, said) in [
            (&[][..], vec![News::HungUp]),
            (&[0x10], vec![News::HungUp]),
            (&[0x10, 0xff, 0xff, 1], vec![News::HungUp]),
            (&[0, 0, 0, 0x10, 0, 2, 9, 9], vec![News::HungUp]),
            (&[0xff, 0, 1, 4], failed("it reports error 4")),
            (&[0x12, 0, 2, 1, 2], failed("it sends sound of 16000 Hz, not of 8000 Hz")),
            (&[3, 0, 1, b'5', 0x77, 0, 1, 1], vec![News::Digit('5'), News::HungUp]),
        ] {
            assert_eq!(after(bytes), (vec![1, 2, 3, 4], said), "{bytes:?}");
        }
        let (_, news) = heard(&[0x10, 0, 0].repeat(100_000));
        assert_eq!(news, failed("it sent 1000 frames without sound"));
        let (_, news) = heard(&[3, 0, 1, b'1'].repeat(100_000));
        assert_eq!(
            (news.len() as u32, &news[1_000..]),
            (MOST_IDLE + 1, &failed("it sent 1000 frames without sound")[..])
        );
    }

    #[test]
    fn a_server_gets_the_call_digits_sound_in_frames_and_a_goodbye() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place { host: "127.0.0.1".into(), port: server.local_addr().unwrap().port(), rate: 16_000 };
        let (_incoming, mut outgoing, line) = connect(&place, [7; 16], |_| {}).unwrap();
        let (mut stream, _) = server.accept().unwrap();
        outgoing.write_all(&[5; 500]).unwrap();
        line.digit('9');
        outgoing.write_all(&[6; 1_000]).unwrap();
        line.hang_up();
        assert!(outgoing.flush().is_err());
        drop(outgoing);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let sound = [[5; 500].as_slice(), &[6; 780]].concat();
        let frames = sound.chunks(640).flat_map(|bytes| Frame::Sound { rate: 16_000, bytes }.bytes());
        let expected: Vec<u8> = [Frame::Id(&[7; 16]).bytes(), Frame::Digit('9').bytes()].concat();
        assert_eq!(bytes, [expected, frames.collect(), Frame::HangUp.bytes()].concat());
    }

    #[test]
    fn a_server_that_goes_on_speaking_gets_one_goodbye_whoever_ends_it() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place { host: "127.0.0.1".into(), port: server.local_addr().unwrap().port(), rate: 8_000 };
        for (is_hung_up, flushes) in [(false, false), (true, false), (true, true)] {
            let (incoming, mut outgoing, line) = connect(&place, [7; 16], |_| {}).unwrap();
            let (mut stream, _) = server.accept().unwrap();
            stream.write_all(&Frame::Sound { rate: 8_000, bytes: &[1; 320] }.bytes()).unwrap();
            if is_hung_up {
                line.hang_up();
            }
            if flushes {
                assert!(outgoing.flush().is_err());
            }
            drop(outgoing);
            drop(incoming);
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("an end, no reset");
            assert_eq!(bytes, [Frame::Id(&[7; 16]).bytes(), Frame::HangUp.bytes()].concat());
        }
    }
}
