//! The control socket: a request a line, a reply a line; owner only.

use super::feed::Feed;
use super::link::Link;
use super::spelling::{self, MAX_LINE};
use super::verb::Request;
use super::{Command, CommandError, ExitCode, HangupWhich, SoundPath, VolumeChange, json};
use crate::engine::handle::Handle;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::sync::{Semaphore, mpsc};

/// Clients served at once.
const MAX_CLIENTS: usize = 64;

/// A client that does not read for this long is dropped.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// A phone that does not answer for this long is taken for hung.
const REPLY_PATIENCE: Duration = Duration::from_secs(60);

/// Why the socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A phone of this profile runs already.
    #[error("a phone already listens on {0}")]
    InUse(PathBuf),
    /// The system refused.
    #[error("cannot open the control socket {path}: {source}")]
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
}

impl Server {
    /// Opens the socket: folder 0700, socket 0600; a stale one is taken over.
    ///
    /// # Errors
    /// A live phone is there, or the system refused.
    pub async fn open(path: &Path) -> Result<Server, SocketError> {
        let failed = |source| SocketError::Io { path: path.to_owned(), source };
        if Client::connect(path).await.is_ok() {
            return Err(SocketError::InUse(path.to_owned()));
        }
        prepare(path).map_err(failed)?;
        let name = path.to_fs_name::<GenericFilePath>().map_err(failed)?;
        let options = ListenerOptions::new().name(name).try_overwrite(true);
        let listener = options.create_tokio().map_err(failed)?;
        restrict(path).map_err(failed)?;
        Ok(Server { listener, path: path.to_owned() })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves clients until dropped.
    pub async fn serve(self, handle: Handle) {
        let places = Arc::new(Semaphore::new(MAX_CLIENTS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok(stream) => stream,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            if !is_ours(&stream) {
                continue;
            }
            let handle = handle.clone();
            tokio::spawn(async move {
                let _ = client(stream, handle).await;
                drop(place);
            });
        }
    }
}

/// The file goes with the server; a named pipe has none.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn prepare(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_ours(stream: &Stream) -> bool {
    let Some(peer) = stream.peer_creds().ok().and_then(|c| c.euid()) else { return false };
    peer == 0 || peer == nix_uid()
}

#[cfg(unix)]
fn nix_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_: &Stream) -> bool {
    true
}

/// One client from its first line to its last.
async fn client(stream: Stream, handle: Handle) -> io::Result<()> {
    let (reading, mut writing) = tokio::io::split(stream);
    let mut reading = BufReader::new(reading);
    let link = Link::Local(handle.clone());
    loop {
        let line = match read_line(&mut reading).await? {
            None => return Ok(()),
            Some(Ok(line)) => spelling::parse(&line),
            Some(Err(why)) => {
                let refused = spelling::Line { id: None, verb: "", request: Err(super::verb::usage_error(why.into())) };
                let error = refused.request.clone().err();
                write(&mut writing, &json::reply(&refused, error.map_or(Ok(Default::default()), Err))).await?;
                continue;
            }
        };
        let request = match line.request.clone() {
            Ok(request) => request,
            Err(e) => {
                write(&mut writing, &json::reply(&line, Err(e))).await?;
                continue;
            }
        };
        match request {
            Request::Watch => {
                let mut events = handle.events();
                write(&mut writing, &json::reply(&line, Ok(Default::default()))).await?;
                while let Ok(event) = events.recv().await {
                    write(&mut writing, &json::event(&event, &time_now())).await?;
                }
                return Ok(());
            }
            Request::Attach => {
                let news = link.feed().await;
                let (reply, news) = match news {
                    Ok(news) => (Ok(Default::default()), Some(news)),
                    Err(e) => (Err(e), None),
                };
                write(&mut writing, &json::reply(&line, reply)).await?;
                if let Some(news) = news {
                    tell(&mut writing, &mut reading, news).await?;
                }
                return Ok(());
            }
            other => {
                let result = link.fields(&other).await;
                write(&mut writing, &json::reply(&line, result)).await?;
            }
        }
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

/// One line, without its end. `None` at the end; the error is said and the connection goes on.
async fn read_line<R: AsyncBufReadExt + Unpin>(reading: &mut R) -> io::Result<Option<Result<String, &'static str>>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_LINE + 1).unwrap_or(u64::MAX);
    if (&mut *reading).take(limit).read_until(b'\n', &mut bytes).await? == 0 {
        return Ok(None);
    }
    if bytes.len() > MAX_LINE && bytes.last() != Some(&b'\n') {
        skip_line(reading).await?;
        return Ok(Some(Err("a line may have 64 KiB at most")));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "a line must be UTF-8")))
}

async fn skip_line<R: AsyncBufReadExt + Unpin>(reading: &mut R) -> io::Result<()> {
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

async fn write<W: AsyncWriteExt + Unpin>(writing: &mut W, value: &Value) -> io::Result<()> {
    let mut line = value.to_string();
    line.push('\n');
    match tokio::time::timeout(WRITE_PATIENCE, writing.write_all(line.as_bytes())).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
    }
}

fn time_now() -> String {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let now = std::time::SystemTime::now();
    humantime::format_rfc3339_millis(now).to_string()
}

/// A connection to a phone's socket.
#[derive(Debug)]
pub struct Client {
    reading: BufReader<ReadHalf<Stream>>,
    writing: WriteHalf<Stream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// `NoDaemon`: nobody listens there.
    pub async fn connect(path: &Path) -> Result<Client, CommandError> {
        let name = path.to_fs_name::<GenericFilePath>().map_err(|e| no_daemon(path, &e))?;
        let stream = Stream::connect(name).await.map_err(|e| no_daemon(path, &e))?;
        let (reading, writing) = tokio::io::split(stream);
        Ok(Client { reading: BufReader::new(reading), writing })
    }

    /// Sends a request line and waits for its reply.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away or hangs.
    pub async fn ask(&mut self, line: &str) -> Result<Value, CommandError> {
        let sent = self.writing.write_all(format!("{line}\n").as_bytes()).await;
        sent.map_err(|e| gone(&e.to_string()))?;
        match tokio::time::timeout(REPLY_PATIENCE, self.line()).await {
            Ok(line) => line,
            Err(_) => Err(gone("no answer")),
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away.
    pub async fn line(&mut self) -> Result<Value, CommandError> {
        let mut line = String::new();
        match self.reading.read_line(&mut line).await {
            Ok(0) => Err(gone("it closed the connection")),
            Ok(_) => serde_json::from_str(&line).map_err(|e| gone(&e.to_string())),
            Err(e) => Err(gone(&e.to_string())),
        }
    }
}

fn no_daemon(path: &Path, error: &io::Error) -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: format!("no phone runs on {}: {error}", path.display()),
        hint: Some("start it: tuiphone daemon, or tuiphone for the interface".into()),
    }
}

fn gone(why: &str) -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: format!("the phone went away: {why}"),
        hint: None,
    }
}

/// A command as the JSON line that parses back to it.
pub fn command_line(command: &Command) -> String {
    let path = |p: SoundPath| if p == SoundPath::Mic { "mic" } else { "speaker" };
    let value = match command {
        Command::Dial { target, account } => json!({"verb": "call", "number": target, "account": account}),
        Command::Answer { call } => json!({"verb": "answer", "call": call}),
        Command::Reject { call, code } => json!({"verb": "reject", "call": call, "code": code}),
        Command::Hangup { which } => match which {
            HangupWhich::Current => json!({"verb": "hangup"}),
            HangupWhich::Call(call) => json!({"verb": "hangup", "call": call}),
            HangupWhich::All => json!({"verb": "hangup", "all": true}),
            HangupWhich::Incoming => json!({"verb": "hangup", "incoming": true}),
            HangupWhich::Calling => json!({"verb": "hangup", "calling": true}),
            HangupWhich::AllButRinging => json!({"verb": "hangupall"}),
        },
        Command::Hold { call } => json!({"verb": "hold", "call": call}),
        Command::Resume { call } => json!({"verb": "resume", "call": call}),
        Command::Mute { path: p } => json!({"verb": "mute", "path": path(*p)}),
        Command::Unmute { path: p } => json!({"verb": "unmute", "path": path(*p)}),
        Command::Volume { path: p, change } => {
            let level = match change {
                VolumeChange::To(n) => n.to_string(),
                VolumeChange::By(n) => format!("{n:+}"),
            };
            json!({"verb": "volume", "path": path(*p), "level": level})
        }
        Command::Dtmf { call, digits, via } => {
            let via = via.map(|v| format!("{v:?}").to_ascii_lowercase());
            json!({"verb": "dtmf", "call": call, "digits": digits, "via": via})
        }
        Command::Register { account } => json!({"verb": "register", "account": account}),
        Command::Unregister { account } => json!({"verb": "unregister", "account": account}),
        Command::Exit => json!({"verb": "exit"}),
    };
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::DtmfVia;

    #[test]
    fn every_command_survives_its_line() {
        let call = Some("c1".to_owned());
        let commands = [
            Command::Dial { target: "sip:a@b;x=\"1\"".into(), account: Some("2".into()) },
            Command::Answer { call: None },
            Command::Reject { call: call.clone(), code: Some(603) },
            Command::Hangup { which: HangupWhich::Current },
            Command::Hangup { which: HangupWhich::Call("c2".into()) },
            Command::Hangup { which: HangupWhich::All },
            Command::Hangup { which: HangupWhich::AllButRinging },
            Command::Hangup { which: HangupWhich::Incoming },
            Command::Hangup { which: HangupWhich::Calling },
            Command::Hold { call: call.clone() },
            Command::Resume { call: call.clone() },
            Command::Mute { path: SoundPath::Speaker },
            Command::Unmute { path: SoundPath::Mic },
            Command::Volume { path: SoundPath::Mic, change: VolumeChange::To(7) },
            Command::Volume { path: SoundPath::Speaker, change: VolumeChange::By(-5) },
            Command::Dtmf { call, digits: "1,#".into(), via: Some(DtmfVia::Info) },
            Command::Register { account: None },
            Command::Unregister { account: Some("a@b".into()) },
            Command::Exit,
        ];
        for command in commands {
            let line = command_line(&command);
            assert_eq!(spelling::parse(&line).request, Ok(Request::Command(command)), "{line}");
        }
    }
}
