//! The control socket: a request a line, a reply a line; owner only.

pub use super::client::Client;
use super::feed::Feed;
use super::link::Link;
use super::place::{self, Identity, Mark};
use super::spelling::{self, MAX_LINE};
use super::verb::Request;
use super::{CommandError, Event, ExitCode, TraceAsk, json};
use crate::engine::handle::Handle;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, broadcast, mpsc};

/// Names that a client listens under.
const MAX_NAMES: usize = 8;

/// Clients served at once.
const MAX_CLIENTS: usize = 256;

/// A client that does not read for this long is dropped.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Why the socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A phone of this profile runs already.
    #[error("a phone already listens on {0}")]
    InUse(PathBuf),
    /// The system refused.
    #[error("cannot open the control socket {path}: {}", crate::text::plain_error(source))]
    Io {
        /// What was tried.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// The listening end; the socket goes when it is dropped.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    path: PathBuf,
    identity: Option<Identity>,
    mark: Option<Mark>,
}

/// A phone listens at this socket, as far as can be told without asking it: that might start one.
pub fn is_served(path: &Path) -> bool {
    place::is_served(path)
}

impl Server {
    /// Opens the socket: folder 0700, socket 0600; a stale one is taken over.
    ///
    /// # Errors
    /// A live phone is there, something that is no socket of ours is in the way, or the system refused.
    pub async fn open(path: &Path) -> Result<Server, SocketError> {
        let failed = |source| SocketError::Io { path: path.to_owned(), source };
        place::fits(path).map_err(failed)?;
        let _turn = place::prepare(path).await.map_err(failed)?;
        // Why not asked alone: one before whom too many wait takes nobody on, and lives.
        let stands = cfg!(unix) && path.exists() && is_served(path);
        if stands || Client::connect(path).await.is_ok() {
            return Err(SocketError::InUse(path.to_owned()));
        }
        place::clear(path).map_err(failed)?;
        let name = path.to_fs_name::<GenericFilePath>().map_err(failed)?;
        let options = place::owned(ListenerOptions::new().name(name)).map_err(failed)?;
        let listener = options.create_tokio().map_err(failed)?;
        place::restrict(path).map_err(failed)?;
        Ok(Server { listener, path: path.to_owned(), identity: Identity::of(path), mark: Mark::set(path) })
    }

    /// Takes over a socket that listens already; its place is whoever's opened it, and stays.
    ///
    /// # Errors
    /// It is none that could be listened on.
    #[cfg(unix)]
    pub fn adopt(socket: std::os::fd::OwnedFd) -> Result<Server, SocketError> {
        use interprocess::os::unix::uds_local_socket::tokio::Listener as Unix;
        let listener = std::os::unix::net::UnixListener::from(socket);
        let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
        let path = path.unwrap_or_default();
        let listener = Unix::try_from(std::os::fd::OwnedFd::from(listener));
        let listener = listener.map_err(|source| SocketError::Io { path: path.clone(), source })?;
        let mark = Mark::set(&path);
        Ok(Server { listener: listener.into(), path, identity: None, mark })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves clients until dropped.
    pub async fn serve(self, handle: Handle) {
        let places = Arc::new(Semaphore::new(MAX_CLIENTS));
        loop {
            let stream = match self.listener.accept().await {
                Ok(stream) => stream,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            if !place::is_ours(&stream) {
                continue;
            }
            let place = places.clone().try_acquire_owned();
            let handle = handle.clone();
            tokio::spawn(async move {
                let _ = match place {
                    Ok(_place) => client(stream, handle).await,
                    Err(_) => turn_away(stream).await,
                };
            });
        }
    }
}

/// The file goes with the server, unless another phone has put its own there; a named pipe has none.
impl Drop for Server {
    fn drop(&mut self) {
        // First: whoever comes next finds either this phone or none.
        self.mark = None;
        if self.identity.is_some() && self.identity == Identity::of(&self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// One more than there is room for: told so, not left waiting.
async fn turn_away(stream: Stream) -> io::Result<()> {
    let full = CommandError {
        code: ExitCode::NoDaemon,
        kind: "too_many_clients",
        message: format!("the phone serves {MAX_CLIENTS} clients at once, and they are all here"),
        hint: Some("close some, or ask again later".into()),
    };
    let nothing = spelling::Line::refused(full.clone());
    write(&mut &stream, &json::reply(&nothing, Err(full))).await
}

/// One client from its first line to its last. After `watch` events come between the replies.
async fn client(stream: Stream, handle: Handle) -> io::Result<()> {
    let (reading, writing) = tokio::io::split(stream);
    converse(reading, writing, handle, Ears::default()).await
}

/// A program that is one end of a call: from the beginning it hears what a client hears after `watch`, to the end of that
/// call, and may ask what any client may. Its `first` line is what set it off.
///
/// # Errors
/// It reads no more, or what it says cannot be read.
pub fn attend<R, W>(
    reading: R,
    mut writing: W,
    handle: Handle,
    call: String,
    first: &Event,
) -> impl Future<Output = io::Result<()>> + use<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // It listens from here on, not from when the future first runs.
    let ears = Ears { all: true, until: Some(call), events: Some(handle.events()), ..Ears::default() };
    let first = json::event(first, &time_now());
    async move {
        write(&mut writing, &first).await?;
        converse(reading, writing, handle, ears).await
    }
}

async fn converse<R, W>(reading: R, mut writing: W, handle: Handle, mut ears: Ears) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut reading, mut begun) = (BufReader::new(reading), Vec::new());
    let link = Link::Local(handle.clone());
    let mut is_silent = false;
    loop {
        let line = tokio::select! {
            line = read_line(&mut reading, &mut begun), if !is_silent => match line? {
                // Who hears about one call need not say anything.
                None if ears.until.is_some() => {
                    is_silent = true;
                    continue;
                }
                None => return Ok(()),
                Some(Ok(line)) => spelling::parse(&line),
                Some(Err(why)) => spelling::Line::refused(super::verb::usage_error(why.into())),
            },
            event = next(&mut ears.events) => {
                // One that missed events is let go rather than told half the story.
                let Ok(event) = event else { return Ok(()) };
                if ears.hear(&event) {
                    write(&mut writing, &json::event(&event, &time_now())).await?;
                }
                if ears.have_heard_all(&event) {
                    return Ok(());
                }
                continue;
            }
        };
        let result = match &line.request {
            Err(e) => Err(e.clone()),
            Ok(Request::Watch { name }) => {
                ears.events.get_or_insert_with(|| handle.events());
                ears.open(name.as_deref()).map(|()| Default::default())
            }
            Ok(request @ (Request::Attach { .. } | Request::Trace { ask: TraceAsk { follow: true, .. }, .. })) => {
                let news = match request {
                    Request::Trace { ask, .. } => link.trace(ask).await,
                    Request::Attach { face: true } => link.face().await,
                    _ => link.feed().await,
                };
                let refused = news.as_ref().err().cloned();
                write(&mut writing, &json::reply(&line, refused.map_or(Ok(Default::default()), Err))).await?;
                match news {
                    Ok(news) => return tell(&mut writing, &mut reading, news).await,
                    Err(_) => continue,
                }
            }
            // A program beside a call has it already.
            Ok(Request::Sound { call, rate }) if ears.until.is_none() => match handle.take_over(call, *rate).await {
                Ok(sound) => {
                    write(&mut writing, &json::reply(&line, Ok(Default::default()))).await?;
                    super::sound::serve(sound, &mut reading, &mut writing, &handle).await;
                    return Ok(());
                }
                Err(why) => Err(why),
            },
            Ok(other) => {
                let mut asked = std::pin::pin!(link.fields(other));
                loop {
                    tokio::select! {
                        result = &mut asked => break result,
                        // An outcome may take minutes: events do not wait for it.
                        event = next(&mut ears.events) => {
                            let Ok(event) = event else { return Ok(()) };
                            if ears.hear(&event) {
                                write(&mut writing, &json::event(&event, &time_now())).await?;
                            }
                            if ears.have_heard_all(&event) {
                                return Ok(());
                            }
                        }
                    }
                }
            }
        };
        write(&mut writing, &json::reply(&line, result)).await?;
    }
}

/// What a client wants to hear.
#[derive(Debug, Default)]
struct Ears {
    /// What everybody may hear.
    all: bool,
    /// What is meant for these names.
    names: Vec<String>,
    /// Nothing after the end of this call.
    until: Option<String>,
    /// Where it all comes from, once it wants to hear anything.
    events: Option<broadcast::Receiver<Arc<Event>>>,
}

impl Ears {
    fn open(&mut self, name: Option<&str>) -> Result<(), CommandError> {
        match name {
            None => self.all = true,
            Some(name) if self.names.iter().any(|known| known == name) => {}
            Some(_) if self.names.len() >= MAX_NAMES => {
                return Err(super::verb::usage_error(format!("a connection listens under {MAX_NAMES} names at most")));
            }
            Some(name) => self.names.push(name.to_owned()),
        }
        Ok(())
    }

    fn hear(&self, event: &Event) -> bool {
        match event {
            Event::Notification { target, .. } => self.names.iter().any(|name| name.eq_ignore_ascii_case(target)),
            _ => self.all,
        }
    }

    fn have_heard_all(&self, event: &Event) -> bool {
        matches!(event, Event::CallEnded { call } if self.until.as_ref() == Some(&call.id))
    }
}

async fn next(events: &mut Option<broadcast::Receiver<Arc<Event>>>) -> Result<Arc<Event>, broadcast::error::RecvError> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}

/// Sends news until the client goes.
async fn tell<W, R>(writing: &mut W, reading: &mut R, mut news: mpsc::Receiver<Feed>) -> io::Result<()>
where
    W: AsyncWriteExt + Unpin,
    R: AsyncReadExt + Unpin,
{
    let mut rest = [0u8; 64];
    loop {
        tokio::select! {
            item = news.recv() => match item {
                Some(item) => write(writing, &json::feed(&item)).await?,
                None => return Ok(()),
            },
            gone = reading.read(&mut rest) => {
                if gone? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

/// One line, without its end. `None` at the end; the error is said and the connection goes on. What of the line is there
/// when the wait is broken off stays in `begun`.
async fn read_line<R: AsyncBufRead + Unpin>(
    reading: &mut R,
    begun: &mut Vec<u8>,
) -> io::Result<Option<Result<String, &'static str>>> {
    let limit = u64::try_from((MAX_LINE + 1).saturating_sub(begun.len())).unwrap_or(u64::MAX);
    (&mut *reading).take(limit).read_until(b'\n', begun).await?;
    if begun.is_empty() {
        return Ok(None);
    }
    if begun.len() > MAX_LINE && begun.last() != Some(&b'\n') {
        begun.clear();
        skip_line(reading).await?;
        return Ok(Some(Err("a line may have 64 KiB at most")));
    }
    Ok(Some(String::from_utf8(std::mem::take(begun)).map_err(|_| "a line must be UTF-8")))
}

async fn skip_line<R: AsyncBufRead + Unpin>(reading: &mut R) -> io::Result<()> {
    loop {
        let buffer = reading.fill_buf().await?;
        let (used, done) = match buffer.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reading.consume(used);
        if done {
            return Ok(());
        }
    }
}

pub(super) async fn write<W: AsyncWrite + Unpin>(writing: &mut W, value: &Value) -> io::Result<()> {
    let mut line = value.to_string();
    line.push('\n');
    match tokio::time::timeout(WRITE_PATIENCE, writing.write_all(line.as_bytes())).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
    }
}

pub(super) fn time_now() -> String {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let now = std::time::SystemTime::now();
    humantime::format_rfc3339_millis(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn a_phone_that_takes_nobody_on_lives_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phone.sock");
        let standing = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mark = Mark::set(&path).unwrap();
        // As when too many wait: nobody is let in.
        drop(standing);
        assert!(matches!(Server::open(&path).await, Err(SocketError::InUse(_))));
        drop(mark);
        let server = Server::open(&path).await.unwrap();
        assert!(is_served(&path));
        drop(server);
        assert!(!is_served(&path) && !path.exists());
    }

    #[test]
    fn a_client_hears_what_it_asked_for() {
        let note = |target: &str| Event::Notification {
            target: target.to_owned(),
            msg: "1".to_owned(),
            hook: "CallEnd".to_owned(),
            call: None,
            number: String::new(),
            values: Vec::new(),
        };
        let mut ears = Ears::default();
        assert!(!ears.hear(&Event::Exited) && !ears.hear(&note("App")));
        assert!(ears.open(Some("App")).is_ok());
        assert!(ears.hear(&note("APP")) && !ears.hear(&note("Other")) && !ears.hear(&Event::Exited));
        assert!(ears.open(None).is_ok() && ears.hear(&Event::Exited) && !ears.hear(&note("Other")));
        for n in 1..MAX_NAMES {
            assert!(ears.open(Some(&n.to_string())).is_ok());
        }
        assert!(ears.open(Some("app")).is_err() && ears.open(Some("App")).is_ok(), "no more of them");
    }
}
