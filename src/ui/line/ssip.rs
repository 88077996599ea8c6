//! A client of speech-dispatcher: the Speech Synthesis Interface Protocol, lines of text over a local socket. Whatever the
//! server does, nothing here waits without an end and nothing piles up.

use super::speech::Out;
use crate::text::say;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A server that was away is tried again after so long.
const RETRY: Duration = Duration::from_secs(30);
/// The longest line of an answer, in bytes.
const LONGEST: u64 = 4 * 1024;
/// How often a server that was just started is looked for, a tenth of a second each.
const TURNS: u32 = 30;
/// Sentences under way to the server.
const UNDER_WAY: usize = 16;

/// Where the server is, and where its voice goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeechOptions {
    /// As `SPEECHD_ADDRESS` has it: `unix_socket:PATH`, `inet_socket:HOST:PORT`.
    pub address: String,
    /// A sink of the sound server; then a speech server of our own speaks, into that one. Empty = as the server likes.
    pub sink: String,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A conversation with the server.
struct Talk {
    wire: BufReader<Box<dyn Wire>>,
}

/// Starts to speak what is sent; what goes wrong is told once.
pub fn start(options: SpeechOptions) -> (mpsc::Sender<Out>, mpsc::UnboundedReceiver<String>) {
    let (out, mut wanted) = mpsc::channel(UNDER_WAY);
    let (trouble, troubles) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut server: Option<Child> = None;
        let mut talk: Option<Talk> = None;
        let (mut is_told, mut not_before) = (false, None::<Instant>);
        while let Some(out) = wanted.recv().await {
            if talk.is_none() && not_before.is_none_or(|moment| now() >= moment) {
                talk = match opened(&options, &mut server).await {
                    Ok(talk) => Some(talk),
                    Err(why) => {
                        if !std::mem::replace(&mut is_told, true) {
                            let why = crate::text::plain_error(&why);
                            let _ = trouble.send(say!("line-speech-away", why));
                        }
                        None
                    }
                };
                not_before = Some(now() + RETRY);
            }
            if let Some(open) = &mut talk
                && open.tell(&out).await.is_err()
            {
                talk = None;
                if !std::mem::replace(&mut is_told, true) {
                    let _ = trouble.send(say!("line-speech-gone"));
                }
            }
        }
        if let Some(mut open) = talk {
            let _ = open.command("QUIT").await;
        }
    });
    (out, troubles)
}

/// Connects, after a server of our own was started if a sink is named.
async fn opened(options: &SpeechOptions, server: &mut Option<Child>) -> io::Result<Talk> {
    if options.sink.is_empty() {
        return Talk::open(&options.address).await;
    }
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let folder = folder.ok_or_else(|| io::Error::other(say!("line-speech-no-folder")))?;
    let socket = PathBuf::from(folder).join(format!("tuiphone-speech-{}.sock", std::process::id()));
    let is_up = server.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)));
    if !is_up {
        let mut program = Command::new("speech-dispatcher");
        program.args(["--run-single", "--communication-method", "unix_socket", "--socket-path"]).arg(&socket);
        program.env("PULSE_SINK", &options.sink).kill_on_drop(true);
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        *server = Some(program.spawn()?);
    }
    let address = format!("unix_socket:{}", socket.display());
    for _ in 0..TURNS {
        if let Ok(talk) = Talk::open(&address).await {
            return Ok(talk);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(io::ErrorKind::TimedOut.into())
}

impl Talk {
    async fn open(address: &str) -> io::Result<Talk> {
        let wire = timeout(PATIENCE, connected(address)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let mut talk = Talk { wire: BufReader::new(wire) };
        talk.command("SET SELF CLIENT_NAME user:tuiphone:line").await?;
        Ok(talk)
    }

    async fn tell(&mut self, out: &Out) -> io::Result<()> {
        match out {
            Out::Cancel => self.command("CANCEL SELF").await.map(|_| ()),
            Out::Speak { text, urgent } => {
                self.command(if *urgent { "SET SELF PRIORITY IMPORTANT" } else { "SET SELF PRIORITY MESSAGE" }).await?;
                if self.command("SPEAK").await? == 230 {
                    self.command(&format!("{}\r\n.", stuffed(text))).await?;
                }
                Ok(())
            }
        }
    }

    /// Sends a line and reads the answer: its code. A refusal is no reason to be silent from then on.
    async fn command(&mut self, line: &str) -> io::Result<u16> {
        let bytes = format!("{line}\r\n");
        let exchange = async {
            self.wire.get_mut().write_all(bytes.as_bytes()).await?;
            self.wire.get_mut().flush().await?;
            loop {
                let mut answer = Vec::new();
                let read = (&mut self.wire).take(LONGEST).read_until(b'\n', &mut answer).await?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                // `225-21` goes on, `225 OK MESSAGE QUEUED` ends; 7xx are events that nobody asked for.
                let text = String::from_utf8_lossy(&answer);
                match (text.get(..3).and_then(|code| code.parse::<u16>().ok()), text.get(3..4)) {
                    (Some(code), Some(" ")) if code < 700 => return Ok(code),
                    (Some(_), _) => {}
                    (None, _) => return Err(io::ErrorKind::InvalidData.into()),
                }
            }
        };
        timeout(PATIENCE, exchange).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// A sentence on a line of its own: a full stop at its beginning would end it.
fn stuffed(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if text.starts_with('.') { format!(".{text}") } else { text }
}

async fn connected(address: &str) -> io::Result<Box<dyn Wire>> {
    match address.split_once(':') {
        Some(("inet_socket", place)) => Ok(Box::new(tokio::net::TcpStream::connect(place).await?)),
        Some(("unix_socket", path)) => local(path).await,
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, say!("line-speech-no-server"))),
    }
}

#[cfg(unix)]
async fn local(path: &str) -> io::Result<Box<dyn Wire>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn local(_: &str) -> io::Result<Box<dyn Wire>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use tokio::io::{AsyncBufRead, Lines};
    use tokio::net::UnixListener;

    const LONG: Duration = Duration::from_secs(30);

    async fn line<R: AsyncBufRead + Unpin>(lines: &mut Lines<R>) -> String {
        timeout(LONG, lines.next_line()).await.expect("in time").expect("read").expect("a line")
    }

    fn speak(text: &str, urgent: bool) -> Out {
        Out::Speak { text: text.to_owned(), urgent }
    }

    #[tokio::test]
    async fn a_server_is_told_in_its_own_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("speechd.sock");
        let listener = UnixListener::bind(&path).expect("bound");
        let address = format!("unix_socket:{}", path.display());
        let (out, _troubles) = start(SpeechOptions { address, sink: String::new() });
        out.send(speak("Incoming call.", true)).await.expect("sent");
        out.send(speak(".net calls", false)).await.expect("sent");
        out.send(Out::Cancel).await.expect("sent");
        drop(out);
        let (stream, _) = timeout(LONG, listener.accept()).await.expect("in time").expect("accepted");
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        let script = [
            ("SET SELF CLIENT_NAME user:tuiphone:line", "208 OK CLIENT NAME SET\r\n"),
            ("SET SELF PRIORITY IMPORTANT", "202 OK PRIORITY SET\r\n"),
            ("SPEAK", "230 OK RECEIVING DATA\r\n"),
            ("Incoming call.", ""),
            (".", "225-21\r\n225 OK MESSAGE QUEUED\r\n"),
            ("SET SELF PRIORITY MESSAGE", "701-21\r\n701-1\r\n701 BEGIN\r\n202 OK PRIORITY SET\r\n"),
            ("SPEAK", "230 OK RECEIVING DATA\r\n"),
            ("..net calls", ""),
            (".", "225-22\r\n225 OK MESSAGE QUEUED\r\n"),
            ("CANCEL SELF", "210 OK CANCELED\r\n"),
            ("QUIT", "231 HAPPY HACKING\r\n"),
        ];
        for (expected, answer) in script {
            assert_eq!(line(&mut lines).await, expected);
            writing.write_all(answer.as_bytes()).await.expect("written");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_said_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("unix_socket:{}", folder.path().join("none").display());
        let (out, mut troubles) = start(SpeechOptions { address, sink: String::new() });
        for _ in 0..3 {
            out.send(speak("Hello.", false)).await.expect("taken");
        }
        drop(out);
        let mut told = Vec::new();
        while let Some(trouble) = timeout(LONG, troubles.recv()).await.expect("in time") {
            told.push(trouble);
        }
        assert!(matches!(told.as_slice(), [one] if one.starts_with("The speech server is away")), "{told:?}");
    }
}
