//! Messages out of a stream: TCP and TLS cut them anywhere and glue them together (RFC 3261 §18.3).

use crate::sip::message::{self, MAX_LINE, MAX_MESSAGE, Problem};

/// Something whole that came out of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One message, start line to end of body; read it with [`message::parse`].
    Message(Vec<u8>),
    /// A double CRLF between messages: the peer asks if we live; answer one CRLF (RFC 5626 §4.4.1).
    Ping,
    /// A single CRLF between messages, awaited since [`StreamFramer::expect_pong`]: the peer's answer to our ping.
    Pong,
}

/// Why a stream can no longer be followed. The connection must be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header block or the whole message is over its limit.
    #[error("message on a stream is over {MAX_MESSAGE} bytes")]
    TooLarge,
    /// The header block gives no usable length.
    #[error("cannot tell where a message on a stream ends: {0}")]
    Length(Problem),
}

/// Collects a stream's bytes and hands out whole frames. Holds at most one message and what was pushed behind it.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// Bytes of `buffer` already searched for the end of the header block.
    searched: usize,
    /// Length of the message at the head of `buffer`, once its header block is whole.
    expected: Option<usize>,
    failed: Option<FrameError>,
    /// Our own ping is out.
    pong_due: bool,
}

impl StreamFramer {
    /// An empty one.
    pub fn new() -> StreamFramer {
        StreamFramer::default()
    }

    /// Takes bytes as they came from the stream, at most [`MAX_MESSAGE`] at a time. Call
    /// [`next_frame`](Self::next_frame) until it yields `None` after each; what piles up undrained ends the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        if self.buffer.len().saturating_add(bytes.len()) > 2 * MAX_MESSAGE {
            self.failed = Some(FrameError::TooLarge);
            self.buffer = Vec::new();
            return;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Notes that a ping of ours was sent: the next lone CRLF is its answer. Without this a lone CRLF waits for what
    /// follows: half a ping that was cut in two, or padding before a message.
    pub fn expect_pong(&mut self) {
        self.pong_due = true;
    }

    /// The next whole frame, `None` if more bytes are needed. After an error only that error.
    pub fn next_frame(&mut self) -> Option<Result<Frame, FrameError>> {
        if let Some(error) = &self.failed {
            return Some(Err(error.clone()));
        }
        match self.try_next() {
            Ok(frame) => frame.map(Ok),
            Err(error) => {
                self.failed = Some(error.clone());
                self.buffer = Vec::new();
                Some(Err(error))
            }
        }
    }

    /// True in the middle of a message: a stream that stays so for long is not worth keeping.
    pub fn is_partial(&self) -> bool {
        !matches!(self.buffer.first(), None | Some(b'\r' | b'\n'))
    }

    fn try_next(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.expected.is_none() {
            if let Some(keep_alive) = self.take_keep_alive() {
                return Ok(Some(keep_alive));
            }
            if matches!(self.buffer.first(), None | Some(b'\r' | b'\n')) {
                return Ok(None);
            }
            self.expected = self.message_length()?;
        }
        match self.expected {
            Some(length) if self.buffer.len() >= length => {
                self.expected = None;
                self.searched = 0;
                Ok(Some(Frame::Message(self.take(length))))
            }
            _ => Ok(None),
        }
    }

    /// Line ends before a message: keep-alives, or padding to ignore (RFC 3261 §7.5).
    fn take_keep_alive(&mut self) -> Option<Frame> {
        loop {
            let (length, frame) = match self.buffer.as_slice() {
                [b'\r', b'\n', b'\r', b'\n', ..] => (4, Some(Frame::Ping)),
                [b'\r', b'\n', b'\r'] | [b'\r'] => return None,
                [b'\r', b'\n', ..] if self.pong_due => (2, Some(Frame::Pong)),
                [b'\r', b'\n'] => return None,
                [b'\r', b'\n', ..] => (2, None),
                [b'\r' | b'\n', ..] => (1, None),
                _ => return None,
            };
            self.take(length);
            self.pong_due &= frame != Some(Frame::Pong);
            if frame.is_some() {
                return frame;
            }
        }
    }

    fn message_length(&mut self) -> Result<Option<usize>, FrameError> {
        let Some(head) = self.head_length() else {
            let over = self.buffer.len() > MAX_MESSAGE;
            let endless_line = self.buffer.len() > MAX_LINE && !self.buffer.contains(&b'\n');
            return if over || endless_line { Err(FrameError::TooLarge) } else { Ok(None) };
        };
        let block = self.buffer.get(..head).unwrap_or_default();
        //= RFC 3261 §20.14: on a stream Content-Length is a must; without it the body is taken as empty
        let body = message::content_length_of_head(block).map_err(FrameError::Length)?.unwrap_or(0);
        match head.checked_add(body) {
            Some(length) if length <= MAX_MESSAGE => Ok(Some(length)),
            _ => Err(FrameError::TooLarge),
        }
    }

    /// Bytes up to and with the empty line, looking only at what has not been searched before.
    fn head_length(&mut self) -> Option<usize> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        for (offset, _) in fresh.iter().enumerate().filter(|(_, b)| **b == b'\n') {
            let behind = self.searched + offset + 1;
            match self.buffer.get(behind..) {
                Some([b'\n', ..]) => return Some(behind + 1),
                Some([b'\r', b'\n', ..]) => return Some(behind + 2),
                _ => {}
            }
        }
        self.searched = self.buffer.len().saturating_sub(3);
        None
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(length.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &[u8] = b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nabc";
    const B: &[u8] = b"SIP/2.0 200 OK\r\nl: 0\r\n\r\n";

    fn frames(framer: &mut StreamFramer) -> Vec<Result<Frame, FrameError>> {
        let mut out = Vec::new();
        while let Some(frame) = framer.next_frame() {
            let last = frame.is_err();
            out.push(frame);
            if last {
                break;
            }
        }
        out
    }

    #[test]
    fn glued_messages_and_keep_alives_come_apart_however_they_are_cut() {
        let stream = [b"\r\n\r\n", A, B, b"\r\n", A, b"\r\n\r\n"].concat();
        let whole: Vec<_> = [
            Frame::Ping,
            Frame::Message(A.to_vec()),
            Frame::Message(B.to_vec()),
            Frame::Message(A.to_vec()),
            Frame::Ping,
        ]
        .into_iter()
        .map(Ok)
        .collect();
        for size in 1..=stream.len() {
            let mut framer = StreamFramer::new();
            let mut got = Vec::new();
            for chunk in stream.chunks(size) {
                framer.push(chunk);
                got.extend(frames(&mut framer));
            }
            assert_eq!(got, whole, "chunks of {size}");
            assert!(!framer.is_partial());
        }
        let mut framer = StreamFramer::new();
        framer.push(&stream);
        assert_eq!(frames(&mut framer), whole);
    }

    #[test]
    fn a_lone_line_end_answers_our_ping_only() {
        let mut framer = StreamFramer::new();
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), []);
        assert!(!framer.is_partial());
        framer.push(A);
        assert_eq!(frames(&mut framer), [Ok(Frame::Message(A.to_vec()))]);
        framer.expect_pong();
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), [Ok(Frame::Pong)]);
    }

    #[test]
    fn what_nobody_drains_does_not_pile_up() {
        let mut framer = StreamFramer::new();
        for _ in 0..3 {
            framer.push(&A.repeat(MAX_MESSAGE / A.len()));
        }
        assert_eq!(framer.next_frame(), Some(Err(FrameError::TooLarge)));
        assert!(framer.buffer.is_empty());
    }

    /// Told by its head, before the body is kept.
    #[test]
    fn a_message_has_a_most_and_not_a_byte_more() {
        let head = |body: usize| format!("MESSAGE sip:a@b SIP/2.0\r\nContent-Length: {body:5}\r\n\r\n").into_bytes();
        let most = MAX_MESSAGE - head(0).len();
        let mut framer = StreamFramer::new();
        framer.push(&head(most));
        assert_eq!(framer.next_frame(), None);
        framer.push(&vec![b'x'; most]);
        assert!(matches!(framer.next_frame(), Some(Ok(Frame::Message(whole))) if whole.len() == MAX_MESSAGE));
        let mut framer = StreamFramer::new();
        framer.push(&head(most + 1));
        assert_eq!(framer.next_frame(), Some(Err(FrameError::TooLarge)));
    }

    #[test]
    fn a_stream_that_cannot_be_followed_stays_broken() {
        for bad in [
            b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n".to_vec(),
            b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n".to_vec(),
            b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(),
            vec![b'x'; MAX_LINE + 1],
            b"x: y\r\n".repeat(MAX_MESSAGE / 6 + 1),
        ] {
            let mut framer = StreamFramer::new();
            framer.push(&bad);
            assert!(matches!(framer.next_frame(), Some(Err(_))), "{:?}", bad.get(..60));
            framer.push(A);
            assert!(matches!(framer.next_frame(), Some(Err(_))));
        }
    }
}
