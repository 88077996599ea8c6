//! One connection at work: what arrives is cut into messages, what is to go out goes out in order, and a peer that
//! is slow, silent or broken ends it in bounded time.

use crate::sip::framing::{Frame, StreamFramer};
use crate::text::plain_error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// What keeps a path open and asks whether the peer lives (RFC 5626 §3.5.1), and the answer to it.
pub const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";

/// Bytes read at once.
const CHUNK: usize = 4096;

/// A stream of bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// How long a peer may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the first message is whole.
    pub first: Duration,
    /// Between whole messages or keep-alives.
    pub idle: Duration,
    /// From the first to the last byte of a message.
    pub partial: Duration,
    /// For the answer to a ping.
    pub pong: Duration,
    /// To take what we send.
    pub write: Duration,
}

impl Patience {
    /// With whoever connects to us.
    pub const ACCEPTED: Patience = Patience {
        first: Duration::from_secs(32),
        idle: Duration::from_secs(600),
        partial: Duration::from_secs(8),
        //= RFC 5626 §4.4.1: a pong within 10 s
        pong: Duration::from_secs(10),
        write: Duration::from_secs(10),
    };

    /// With those we connect to.
    pub const OPENED: Patience =
        Patience { first: Duration::from_secs(3600), idle: Duration::from_secs(3600), ..Patience::ACCEPTED };
}

/// Carries messages until the connection ends; the reason in words. `owes`: the far end has promised to answer every
/// ping. `arrived` says false when nobody wants more.
pub async fn carry<A>(
    stream: impl Duplex,
    (patience, owes): (Patience, Arc<AtomicBool>),
    queue: (mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>),
    arrived: impl FnMut(Vec<u8>) -> A,
) -> String
where
    A: Future<Output = bool>,
{
    let (reading, writing) = tokio::io::split(stream);
    let (pinged, pings) = mpsc::channel(1);
    let (replies, queue) = queue;
    tokio::select! {
        why = read(reading, (patience, owes), (replies, pings), arrived) => why,
        why = write(writing, patience, queue, pinged) => why,
    }
}

/// The moments at which a reader's patience ends.
struct Deadlines {
    patience: Patience,
    idle: Instant,
    partial: Option<Instant>,
    pong: Option<Instant>,
}

impl Deadlines {
    fn new(patience: Patience) -> Deadlines {
        Deadlines { patience, idle: Instant::now() + patience.first, partial: None, pong: None }
    }

    fn next(&self) -> Instant {
        self.partial.into_iter().chain(self.pong).fold(self.idle, Instant::min)
    }

    fn heard(&mut self) {
        self.idle = Instant::now() + self.patience.idle;
        self.partial = None;
    }

    fn over(&self) -> String {
        let now = Instant::now();
        let seconds = |time: Duration| time.as_secs();
        match (self.partial.filter(|at| *at <= now), self.pong.filter(|at| *at <= now)) {
            (Some(_), _) => format!("a message did not end within {} s", seconds(self.patience.partial)),
            (_, Some(_)) => format!("no answer to a keep-alive in {} s", seconds(self.patience.pong)),
            _ => "nothing was heard for too long".to_owned(),
        }
    }
}

async fn read<A>(
    mut stream: impl AsyncRead + Unpin,
    (patience, owes): (Patience, Arc<AtomicBool>),
    (replies, mut pings): (mpsc::Sender<Vec<u8>>, mpsc::Receiver<()>),
    mut arrived: impl FnMut(Vec<u8>) -> A,
) -> String
where
    A: Future<Output = bool>,
{
    let mut framer = StreamFramer::new();
    let mut deadlines = Deadlines::new(patience);
    let mut answers_pings = false;
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) => return "the peer closed the connection".to_owned(),
                Ok(length) => length,
                Err(error) => return plain_error(&error),
            },
            Some(()) = pings.recv() => {
                framer.expect_pong();
                //= RFC 5626 §4.4.1: without a pong in 10 s the path has failed
                // Why only of peers that have promised it or answered before: many servers never do, and nothing else is
                // wrong there.
                if answers_pings || owes.load(Ordering::Relaxed) {
                    deadlines.pong.get_or_insert(Instant::now() + patience.pong);
                }
                continue;
            }
            () = sleep_until(deadlines.next()) => return deadlines.over(),
        };
        framer.push(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next_frame() {
            match frame {
                Ok(Frame::Message(bytes)) => {
                    if !arrived(bytes).await {
                        return "the phone stops".to_owned();
                    }
                }
                // A full queue fails when it is written to, not here.
                Ok(Frame::Ping) => drop(replies.try_send(PONG.to_vec())),
                Ok(Frame::Pong) => (answers_pings, deadlines.pong) = (true, None),
                Err(error) => return error.to_string(),
            }
            deadlines.heard();
        }
        if framer.is_partial() {
            deadlines.partial.get_or_insert(Instant::now() + patience.partial);
        }
    }
}

async fn write(
    mut stream: impl AsyncWrite + Unpin,
    patience: Patience,
    mut queue: mpsc::Receiver<Vec<u8>>,
    pinged: mpsc::Sender<()>,
) -> String {
    while let Some(bytes) = queue.recv().await {
        let all = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        match timeout(patience.write, all).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return plain_error(&error),
            Err(_) => return format!("the peer took nothing for {} s", patience.write.as_secs()),
        }
        if bytes == PING {
            let _ = pinged.try_send(());
        }
    }
    "the phone stops".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use tokio::io::DuplexStream;

    const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

    /// Runs a connection beside `peer`, on paused time: how it ended, what it brought, and how long that took. `peer`
    /// has the other end, and a way to have things sent.
    fn with<F: Future<Output = ()>>(
        patience: Patience,
        peer: impl FnOnce(DuplexStream, mpsc::Sender<Vec<u8>>) -> F,
    ) -> (String, Vec<Vec<u8>>, Duration) {
        with_promise(patience, false, peer)
    }

    /// The same with a far end that `owes` answers to pings.
    fn with_promise<F: Future<Output = ()>>(
        patience: Patience,
        owes: bool,
        peer: impl FnOnce(DuplexStream, mpsc::Sender<Vec<u8>>) -> F,
    ) -> (String, Vec<Vec<u8>>, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (ours, theirs) = tokio::io::duplex(1 << 20);
            let (sender, receiver) = mpsc::channel(8);
            let came = RefCell::new(Vec::new());
            let start = Instant::now();
            let arrived = |bytes| {
                came.borrow_mut().push(bytes);
                std::future::ready(true)
            };
            let carried = async {
                let owes = Arc::new(AtomicBool::new(owes));
                let why = carry(ours, (patience, owes), (sender.clone(), receiver), arrived).await;
                (why, start.elapsed())
            };
            let ((why, took), ()) = tokio::join!(carried, peer(theirs, sender.clone()));
            (why, came.into_inner(), took)
        })
    }

    #[test]
    fn messages_come_whole_and_a_ping_is_answered() {
        let (why, came, _) = with(Patience::ACCEPTED, |mut peer, queue| async move {
            queue.try_send(b"first".to_vec()).expect("room");
            queue.try_send(b"second".to_vec()).expect("room");
            let mut got = vec![0; 13];
            peer.read_exact(got.get_mut(..11).expect("room")).await.expect("sent");
            for byte in [PING, MESSAGE, MESSAGE].concat() {
                peer.write_all(&[byte]).await.expect("taken");
            }
            peer.read_exact(got.get_mut(11..).expect("room")).await.expect("sent");
            assert_eq!(got, b"firstsecond\r\n");
        });
        assert_eq!((why.as_str(), came.len()), ("the peer closed the connection", 2));
        assert_eq!(came.first().map(Vec::as_slice), Some(MESSAGE));
    }

    #[test]
    fn slow_silent_and_endless_peers_are_let_go() {
        let rows: [(&[u8], &str, u64); 4] = [
            (b"", "nothing was heard for too long", 32),
            (MESSAGE, "nothing was heard for too long", 600),
            (b"OPTIONS sip:a@b", "a message did not end within 8 s", 8),
            (&[b'x'; 70_000], "message on a stream is over 65536 bytes", 0),
        ];
        for (sent, words, seconds) in rows {
            let (why, _, took) = with(Patience::ACCEPTED, |mut peer, _| async move {
                peer.write_all(sent).await.expect("taken");
                let _ = peer.read(&mut [0; 8]).await;
            });
            assert_eq!((why.as_str(), took.as_secs()), (words, seconds));
        }
    }

    /// A byte now and then buys no time.
    #[test]
    fn a_trickle_is_not_a_message() {
        let (why, came, took) = with(Patience::ACCEPTED, |mut peer, _| async move {
            for byte in MESSAGE {
                if peer.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!((why.as_str(), came.len(), took.as_secs()), ("a message did not end within 8 s", 0, 8));
    }

    //= RFC 5626 §4.4.1
    #[test]
    fn who_answered_a_ping_once_must_go_on_answering() {
        for (answers, owes, words, seconds) in [
            (true, false, "no answer to a keep-alive in 10 s", 25),
            (false, false, "nothing was heard for too long", 3600),
            (true, true, "no answer to a keep-alive in 10 s", 25),
        ] {
            let (why, _, took) = with_promise(Patience::OPENED, owes, |mut peer, queue| async move {
                let mut got = [0; 4];
                queue.try_send(PING.to_vec()).expect("room");
                peer.read_exact(&mut got).await.expect("a ping");
                assert_eq!(got, PING);
                if answers {
                    peer.write_all(PONG).await.expect("taken");
                }
                tokio::time::sleep(Duration::from_secs(15)).await;
                queue.try_send(PING.to_vec()).expect("room");
                peer.read_exact(&mut got).await.expect("another");
                let _ = peer.read(&mut got).await;
            });
            assert_eq!((why.as_str(), took.as_secs()), (words, seconds));
        }
    }

    //= RFC 5626 §4.4.1
    #[test]
    fn who_promised_to_answer_pings_and_does_not_is_gone() {
        let (why, _, took) = with_promise(Patience::OPENED, true, |mut peer, queue| async move {
            queue.try_send(PING.to_vec()).expect("room");
            let mut got = [0; 8];
            while peer.read(&mut got).await.is_ok_and(|length| length > 0) {}
        });
        assert_eq!((why.as_str(), took.as_secs()), ("no answer to a keep-alive in 10 s", 10));
    }

    #[test]
    fn a_peer_that_takes_nothing_is_let_go() {
        let (why, _, took) = with(Patience::OPENED, |peer, queue| async move {
            queue.try_send(vec![b'x'; 2 << 20]).expect("room");
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(peer);
        });
        assert_eq!((why.as_str(), took.as_secs()), ("the peer took nothing for 10 s", 10));
    }
}
