//! Streams to TURN servers, carried beside the media thread.

use super::servers::Bell;
use crate::config::TlsSettings;
use crate::engine::net::turn;
use crate::media::command::StreamId;
use crate::media::wire::RelayId;
use crate::text::plain_error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Pieces that may wait, either way; what is more is lost, as in any network.
const QUEUE: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 4096;
/// How long a server may take nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came about on a stream.
#[derive(Debug)]
pub(super) enum News {
    /// It is open.
    Opened,
    /// The server sent this.
    Bytes(Vec<u8>),
    /// It has ended, or never was: why, in words.
    Closed(String),
}

/// Whose a link is, and which of several one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    stream: StreamId,
    relay: RelayId,
    number: u64,
}

/// The links of all streams.
pub(super) struct Links {
    runtime: Option<Handle>,
    bell: Bell,
    settings: TlsSettings,
    open: Vec<(Key, mpsc::Sender<Vec<u8>>)>,
    opened: u64,
    sender: mpsc::Sender<(Key, News)>,
    receiver: mpsc::Receiver<(Key, News)>,
}

impl Links {
    pub(super) fn new(runtime: Option<Handle>, bell: Bell, settings: TlsSettings) -> Links {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Links { runtime, bell, settings, open: Vec::new(), opened: 0, sender, receiver }
    }

    /// Servers are to prove themselves so from now on.
    pub(super) fn trust(&mut self, settings: TlsSettings) {
        self.settings = settings;
    }

    /// Opens one, in the place of an older one of this number.
    pub(super) fn open(&mut self, stream: StreamId, relay: RelayId, server: SocketAddr, secure: Option<String>) {
        self.open.retain(|(key, _)| (key.stream, key.relay) != (stream, relay));
        let Some(runtime) = &self.runtime else { return };
        self.opened += 1;
        let key = Key { stream, relay, number: self.opened };
        let (queue, queued) = mpsc::channel(QUEUE);
        self.open.push((key, queue));
        let voice = Voice { key, sender: self.sender.clone(), bell: self.bell.clone() };
        let settings = self.settings.clone();
        runtime.spawn(async move {
            let why = carry(server, secure.as_deref(), &settings, queued, &voice).await;
            voice.tell(News::Closed(why)).await;
        });
    }

    /// Writes to one.
    pub(super) fn write(&self, stream: StreamId, relay: RelayId, bytes: Vec<u8>) {
        let link = self.open.iter().find(|(key, _)| (key.stream, key.relay) == (stream, relay));
        link.into_iter().for_each(|(_, queue)| drop(queue.try_send(bytes.clone())));
    }

    /// Those of a stream end when all is written.
    pub(super) fn hang_up(&mut self, stream: StreamId) {
        self.open.retain(|(key, _)| key.stream != stream);
    }

    /// What came about since on one that is still wanted.
    pub(super) fn poll(&mut self) -> Option<(StreamId, RelayId, News)> {
        loop {
            let (key, news) = self.receiver.try_recv().ok()?;
            if self.open.iter().any(|(known, _)| *known == key) {
                return Some((key.stream, key.relay, news));
            }
        }
    }
}

/// What a link has to tell reaches the media thread.
struct Voice {
    key: Key,
    sender: mpsc::Sender<(Key, News)>,
    bell: Bell,
}

impl Voice {
    async fn tell(&self, news: News) {
        let _ = self.sender.send((self.key, news)).await;
        self.bell.ring();
    }
}

/// Carries bytes both ways until one side has enough; why it ended.
async fn carry(
    server: SocketAddr,
    secure: Option<&str>,
    settings: &TlsSettings,
    mut queue: mpsc::Receiver<Vec<u8>>,
    voice: &Voice,
) -> String {
    let mut stream = match turn::open(server, secure, settings).await {
        Ok(stream) => stream,
        Err(why) => return why,
    };
    voice.tell(News::Opened).await;
    let mut buffer = vec![0; CHUNK];
    loop {
        tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) => return "the server closed the connection".to_owned(),
                Ok(length) => voice.tell(News::Bytes(buffer.get(..length).unwrap_or_default().to_vec())).await,
                Err(error) => return plain_error(&error).to_string(),
            },
            bytes = queue.recv() => {
                let Some(bytes) = bytes else {
                    let _ = stream.shutdown().await;
                    return "the phone needs it no longer".to_owned();
                };
                let all = async {
                    stream.write_all(&bytes).await?;
                    stream.flush().await
                };
                match timeout(PATIENCE, all).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return plain_error(&error).to_string(),
                    Err(_) => return format!("the server took nothing for {} s", PATIENCE.as_secs()),
                }
            }
        }
    }
}
