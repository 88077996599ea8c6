//! Messages of D-Bus as bytes: those of simple bodies, which is all that notices need.
//!
//! ```text
//!  l|B kind flags 1 | length of the body | serial | length of the fields | (code, variant)… | up to 8 | body
//! ```

/// Bytes of a message, at most: the names of everything on a bus fit. The protocol allows 128 MiB.
pub const MOST_BYTES: usize = 256 * 1024;
/// Bytes that tell how long a message is.
pub const HEAD: usize = 16;
/// Texts of a list that are read.
const MOST_TEXTS: usize = 4096;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Kind {
    Call = 1,
    Return = 2,
    Error = 3,
    Signal = 4,
}

/// A message; what it lacks is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Message {
    pub kind: Kind,
    pub serial: u32,
    /// The serial of what it answers; 0 = of nothing.
    pub reply_to: u32,
    pub path: String,
    pub interface: String,
    pub member: String,
    pub error: String,
    pub destination: String,
    pub sender: String,
    /// The types of the body.
    pub signature: String,
    pub body: Vec<u8>,
    /// The body's numbers begin with their high byte.
    big: bool,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It ends before it should, or says what nobody says.
    #[error("it is no message of D-Bus")]
    Malformed,
    /// More than [`MOST_BYTES`].
    #[error("a message of more than 256 KiB")]
    TooLong,
}

impl Message {
    /// One without a body.
    pub fn new(kind: Kind) -> Message {
        let empty = String::new;
        Message {
            kind,
            serial: 0,
            reply_to: 0,
            path: empty(),
            interface: empty(),
            member: empty(),
            error: empty(),
            destination: empty(),
            sender: empty(),
            signature: empty(),
            body: Vec::new(),
            big: false,
        }
    }

    /// The call of a method.
    pub fn call(destination: &str, path: &str, interface: &str, member: &str) -> Message {
        let [destination, path, interface, member] = [destination, path, interface, member].map(str::to_owned);
        Message { destination, path, interface, member, ..Message::new(Kind::Call) }
    }

    /// The same with a body of these types.
    pub fn with(self, signature: &str, write: impl FnOnce(&mut Writer)) -> Message {
        let mut body = Writer::default();
        write(&mut body);
        Message { signature: signature.to_owned(), body: body.0, ..self }
    }

    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut fields = Writer::default();
        for (code, kind, text) in [
            (1, "o", &self.path),
            (2, "s", &self.interface),
            (3, "s", &self.member),
            (4, "s", &self.error),
            (6, "s", &self.destination),
            (8, "g", &self.signature),
        ] {
            if !text.is_empty() {
                fields.align(8);
                fields.byte(code);
                fields.signature(kind);
                if kind == "g" { fields.signature(text) } else { fields.text(text) }
            }
        }
        if self.reply_to != 0 {
            fields.align(8);
            fields.byte(5);
            fields.signature("u");
            fields.number(self.reply_to);
        }
        let mut out = Writer(vec![b'l', self.kind as u8, 0, 1]);
        out.number(length(&self.body));
        out.number(self.serial);
        out.number(length(&fields.0));
        out.0.extend(fields.0);
        out.align(8);
        out.0.extend(&self.body);
        out.0
    }

    /// How many bytes the message has that begins so; `None` = not known yet.
    ///
    /// # Errors
    /// It is none, or too long.
    pub fn length(begin: &[u8]) -> Result<Option<usize>, WireError> {
        let Some(head) = begin.get(..HEAD) else { return Ok(None) };
        let mut reader = Reader::new(head, is_big(head)?);
        reader.skip(4)?;
        let (body, _, fields) = (reader.number()?, reader.number()?, reader.number()?);
        let sum =
            |fields: u32| HEAD.checked_add(fields as usize)?.checked_next_multiple_of(8)?.checked_add(body as usize);
        sum(fields).filter(|whole| *whole <= MOST_BYTES).map(Some).ok_or(WireError::TooLong)
    }

    /// Reads a whole message.
    ///
    /// # Errors
    /// It is none.
    pub fn read(bytes: &[u8]) -> Result<Message, WireError> {
        let big = is_big(bytes)?;
        let mut reader = Reader::new(bytes, big);
        reader.skip(1)?;
        let kind = match reader.byte()? {
            1 => Kind::Call,
            2 => Kind::Return,
            3 => Kind::Error,
            4 => Kind::Signal,
            _ => return Err(WireError::Malformed),
        };
        reader.skip(6)?;
        let mut message = Message { big, serial: reader.number()?, ..Message::new(kind) };
        let end = (reader.number()? as usize).checked_add(HEAD).ok_or(WireError::Malformed)?;
        let mut fields = Reader::new(bytes.get(..end).ok_or(WireError::Malformed)?, big);
        fields.skip(HEAD)?;
        while fields.at < end {
            fields.align(8)?;
            let code = fields.byte()?;
            let types = fields.signature()?;
            let text = match types {
                "s" | "o" => fields.text()?,
                "g" => fields.signature()?,
                "u" => {
                    let number = fields.number()?;
                    message.reply_to = if code == 5 { number } else { message.reply_to };
                    continue;
                }
                // A field that came later than this was written; what follows it is unknown.
                _ => break,
            };
            let field = match code {
                1 => &mut message.path,
                2 => &mut message.interface,
                3 => &mut message.member,
                4 => &mut message.error,
                6 => &mut message.destination,
                7 => &mut message.sender,
                8 => &mut message.signature,
                _ => continue,
            };
            *field = text.to_owned();
        }
        let begin = end.next_multiple_of(8);
        message.body = bytes.get(begin..).ok_or(WireError::Malformed)?.to_vec();
        Ok(message)
    }

    /// Reads the body, if it begins with these types.
    ///
    /// # Errors
    /// It does not.
    pub fn reader(&self, signature: &str) -> Result<Reader<'_>, WireError> {
        let is_so = self.signature.starts_with(signature);
        is_so.then(|| Reader::new(&self.body, self.big)).ok_or(WireError::Malformed)
    }
}

fn is_big(bytes: &[u8]) -> Result<bool, WireError> {
    match bytes.first() {
        Some(b'l') => Ok(false),
        Some(b'B') => Ok(true),
        _ => Err(WireError::Malformed),
    }
}

/// What is longer than a message may be is never written.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Writes values, low bytes first; each begins where its kind may.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    /// `y`.
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// `u`, `i`, `b`.
    pub fn number(&mut self, value: u32) {
        self.align(4);
        self.0.extend(value.to_le_bytes());
    }

    /// `s`, `o`.
    pub fn text(&mut self, text: &str) {
        // NUL ends a text.
        let text = text.replace('\0', "");
        self.number(length(text.as_bytes()));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    /// `g`; at most 255 bytes.
    pub fn signature(&mut self, types: &str) {
        self.0.push(u8::try_from(types.len()).unwrap_or(u8::MAX));
        self.0.extend(types.as_bytes());
        self.0.push(0);
    }

    /// `as`.
    pub fn texts(&mut self, texts: &[&str]) {
        self.list(4, |list| texts.iter().for_each(|text| list.text(text)));
    }

    /// An array whose elements begin at multiples of `to`.
    pub fn list(&mut self, to: usize, write: impl FnOnce(&mut Writer)) {
        self.number(0);
        let length_at = self.0.len() - 4;
        self.align(to);
        let begin = self.0.len();
        write(self);
        let bytes = length(self.0.get(begin..).unwrap_or_default()).to_le_bytes();
        self.0.iter_mut().skip(length_at).zip(bytes).for_each(|(place, byte)| *place = byte);
    }

    /// An entry of `a{sv}`.
    pub fn entry(&mut self, key: &str, types: &str, write: impl FnOnce(&mut Writer)) {
        self.align(8);
        self.text(key);
        self.signature(types);
        write(self);
    }
}

/// Reads values.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], big: bool) -> Reader<'a> {
        Reader { bytes, at: 0, big }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(count).ok_or(WireError::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(WireError::Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Result<(), WireError> {
        self.take(count).map(drop)
    }

    fn align(&mut self, to: usize) -> Result<(), WireError> {
        self.skip(self.at.next_multiple_of(to) - self.at)
    }

    /// `y`.
    ///
    /// # Errors
    /// There is no more.
    pub fn byte(&mut self) -> Result<u8, WireError> {
        self.take(1)?.first().copied().ok_or(WireError::Malformed)
    }

    /// `u`, `i`, `b`.
    ///
    /// # Errors
    /// There is no more.
    pub fn number(&mut self) -> Result<u32, WireError> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().map_err(|_| WireError::Malformed)?;
        Ok(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// `s`, `o`.
    ///
    /// # Errors
    /// There is no more, or it is no text.
    pub fn text(&mut self) -> Result<&'a str, WireError> {
        let length = self.number()? as usize;
        self.ended(length)
    }

    fn signature(&mut self) -> Result<&'a str, WireError> {
        let length = usize::from(self.byte()?);
        self.ended(length)
    }

    fn ended(&mut self, length: usize) -> Result<&'a str, WireError> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| WireError::Malformed)?;
        self.skip(1)?;
        Ok(text)
    }

    /// `as`.
    ///
    /// # Errors
    /// There is no more, or it is no list of texts.
    pub fn texts(&mut self) -> Result<Vec<&'a str>, WireError> {
        let length = self.number()? as usize;
        let end = self.at.checked_add(length).ok_or(WireError::Malformed)?;
        let mut texts = Vec::new();
        while self.at < end {
            if texts.len() == MOST_TEXTS {
                return Err(WireError::TooLong);
            }
            texts.push(self.text()?);
        }
        Ok(texts)
    }

    /// Passes over an array whose elements begin at multiples of `to`; its bytes.
    ///
    /// # Errors
    /// There is no more.
    pub fn list(&mut self, to: usize) -> Result<&'a [u8], WireError> {
        let length = self.number()? as usize;
        self.align(to)?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a bus says to whoever has come.
    const ACQUIRED: &[u8] = b"l\x04\x01\x01\x09\0\0\0\x02\0\0\0\x8d\0\0\0\x01\x01o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0\
        \x02\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\x03\x01s\0\x0c\0\0\0NameAcquired\0\0\0\0\x06\x01s\0\x04\0\0\0:1.7\0\0\0\0\
        \x08\x01g\0\x01s\0\0\x07\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\x04\0\0\0:1.7\0";

    #[test]
    fn a_message_of_a_real_bus_is_read() {
        assert_eq!(Message::length(ACQUIRED), Ok(Some(ACQUIRED.len())));
        let message = Message::read(ACQUIRED).expect("a message");
        assert_eq!(
            (message.kind, message.member.as_str(), message.sender.as_str()),
            (Kind::Signal, "NameAcquired", "org.freedesktop.DBus")
        );
        assert_eq!(message.reader("s").and_then(|mut body| body.text().map(str::to_owned)), Ok(":1.7".to_owned()));
        assert_eq!(message.reader("u").err(), Some(WireError::Malformed));
    }

    #[test]
    fn what_is_written_is_read() {
        let call = Message { serial: 7, ..Message::call("a.b", "/a/b", "a.b.c", "Do") };
        let call = call.with("susasa{sv}i", |body| {
            body.text("ä\0b");
            body.number(9);
            body.text("");
            body.texts(&["answer", "Answer"]);
            body.list(8, |hints| {
                hints.entry("urgency", "y", |value| value.byte(2));
                hints.entry("category", "s", |value| value.text("call"));
            });
            body.number(u32::MAX);
        });
        let bytes = call.bytes();
        assert_eq!(Message::length(&bytes), Ok(Some(bytes.len())));
        let read = Message::read(&bytes).expect("a message");
        assert_eq!(read, call);
        let mut body = read.reader("susasa{sv}i").expect("so it is");
        assert_eq!((body.text(), body.number(), body.text()), (Ok("äb"), Ok(9), Ok("")));
        assert_eq!(body.texts(), Ok(vec!["answer", "Answer"]));
        assert!(body.list(8).is_ok_and(|hints| hints.ends_with(b"call\0")));
        assert_eq!((body.number(), body.number()), (Ok(u32::MAX), Err(WireError::Malformed)));
        let back = Message { serial: 1, reply_to: 7, ..Message::new(Kind::Return) };
        assert_eq!(Message::read(&back.bytes()), Ok(back));
    }

    #[test]
    fn what_is_too_long_or_no_message_is_refused_at_its_beginning() {
        let head = |body: u32, fields: u32| {
            let mut head = vec![b'l', 1, 0, 1];
            [body, 1, fields].iter().for_each(|number| head.extend(number.to_le_bytes()));
            head
        };
        assert_eq!(Message::length(&head(0, 0)), Ok(Some(16)));
        assert_eq!(Message::length(&head(0, 0)[..15]), Ok(None));
        for (body, fields) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (256 * 1024, 0)] {
            assert_eq!(Message::length(&head(body, fields)), Err(WireError::TooLong));
        }
        assert_eq!(Message::length(b"HTTP/1.1 200 OK\r\n"), Err(WireError::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..170, byte: u8) {
            let _ = (Message::length(&bytes), Message::read(&bytes));
            let mut near = ACQUIRED.to_vec();
            near[at % ACQUIRED.len()] = byte;
            if let Ok(message) = Message::read(&near) {
                let mut body = Reader::new(&message.body, message.big);
                let _ = (body.texts(), body.list(8), body.text());
            }
        }
    }
}
