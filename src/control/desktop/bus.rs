//! A connection to the session's bus: where it is, who we are, questions and answers. Whoever waits bounds the wait.

use super::wire::{Kind, Message, WireError};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The bus itself.
pub const BUS: (&str, &str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");

/// Messages that came while an answer was awaited; what is more is dropped, the oldest first.
const MOST_WAITING: usize = 64;
/// Bytes of the line that lets us in, at most.
const MOST_GREETING: usize = 512;

/// Why nothing comes of it.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address names no socket of this machine.
    #[error("no address of a bus on this machine")]
    Address,
    /// The connection.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What it said.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// We are not let in.
    #[error("the bus lets nobody in")]
    Refused,
    /// Whom we asked says no, or is not there: the name of the error.
    #[error("{0}")]
    Answer(String),
}

/// A connection.
#[derive(Debug)]
pub struct Bus {
    stream: UnixStream,
    serial: u32,
    /// What has come of the next message.
    begun: Vec<u8>,
    waiting: VecDeque<Message>,
}

/// The sockets of an address, `unix:path=/run/user/1000/bus,guid=…;…`, the preferred first.
pub fn places(address: &str) -> Vec<PathBuf> {
    let place = |part: &str| {
        part.strip_prefix("unix:")?.split(',').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let mut path = match key {
                "path" => Vec::new(),
                "abstract" => vec![0],
                _ => return None,
            };
            path.extend(unescaped(value)?);
            Some(PathBuf::from(OsString::from_vec(path)))
        })
    };
    address.split(';').filter_map(place).collect()
}

/// `%20` is a blank.
fn unescaped(value: &str) -> Option<Vec<u8>> {
    let mut bytes = value.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let byte = match byte {
            b'%' => u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?,
            other => other,
        };
        out.push(byte);
    }
    Some(out)
}

impl Bus {
    /// Connects to the first that answers, and says who we are.
    ///
    /// # Errors
    /// There is none, or it lets us not in.
    pub async fn open(address: &str) -> Result<Bus, BusError> {
        let mut found = Err(BusError::Address);
        for place in places(address) {
            match UnixStream::connect(&place).await {
                Ok(stream) => {
                    found = Ok(stream);
                    break;
                }
                Err(why) => found = Err(BusError::Io(why)),
            }
        }
        let mut bus = Bus { stream: found?, serial: 0, begun: Vec::new(), waiting: VecDeque::new() };
        bus.enter().await?;
        bus.ask(Message::call(BUS.0, BUS.1, BUS.2, "Hello")).await?;
        Ok(bus)
    }

    /// The socket tells the bus which user we are.
    async fn enter(&mut self) -> Result<(), BusError> {
        let user: String = rustix::process::getuid().as_raw().to_string().bytes().map(|b| format!("{b:02x}")).collect();
        self.stream.write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes()).await?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() == MOST_GREETING {
                return Err(BusError::Refused);
            }
            line.push(self.stream.read_u8().await?);
        }
        if !line.starts_with(b"OK ") {
            return Err(BusError::Refused);
        }
        Ok(self.stream.write_all(b"BEGIN\r\n").await?)
    }

    /// Sends a message; its serial.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, mut message: Message) -> Result<u32, BusError> {
        self.serial = self.serial.checked_add(1).unwrap_or(1);
        message.serial = self.serial;
        self.stream.write_all(&message.bytes()).await?;
        Ok(message.serial)
    }

    /// Calls a method; its answer. What else comes waits for [`Bus::next`].
    ///
    /// # Errors
    /// The connection is gone, or the answer is a no.
    pub async fn ask(&mut self, call: Message) -> Result<Message, BusError> {
        let serial = self.send(call).await?;
        loop {
            let message = self.read().await?;
            match message.kind {
                Kind::Return if message.reply_to == serial => return Ok(message),
                Kind::Error if message.reply_to == serial => {
                    return Err(BusError::Answer(crate::text::elided(&message.error, 100)));
                }
                Kind::Call | Kind::Signal => {
                    if self.waiting.len() == MOST_WAITING {
                        self.waiting.pop_front();
                    }
                    self.waiting.push_back(message);
                }
                Kind::Return | Kind::Error => {}
            }
        }
    }

    /// What comes next unasked; whoever stops waiting for it has missed nothing.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn next(&mut self) -> Result<Message, BusError> {
        match self.waiting.pop_front() {
            Some(message) => Ok(message),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Message, BusError> {
        loop {
            if let Some(length) = Message::length(&self.begun)?.filter(|length| self.begun.len() >= *length) {
                let rest = self.begun.split_off(length);
                let whole = std::mem::replace(&mut self.begun, rest);
                return Ok(Message::read(&whole)?);
            }
            let mut some = [0; 4096];
            match self.stream.read(&mut some).await? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                count => self.begun.extend(some.iter().take(count)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_bus_is() {
        for (address, expected) in [
            ("unix:path=/run/user/1000/bus", &["/run/user/1000/bus"][..]),
            ("unix:path=/tmp/a%20b,guid=123", &["/tmp/a b"]),
            ("unix:guid=1,abstract=/tmp/dbus-x", &["\0/tmp/dbus-x"]),
            ("tcp:host=127.0.0.1,port=4;unix:path=/a;unix:path=/b", &["/a", "/b"]),
            ("unix:path=/a%2", &[]),
            ("unix:path=/a%zz", &[]),
            ("autolaunch:", &[]),
            ("", &[]),
        ] {
            assert_eq!(places(address), expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{address}");
        }
    }
}
