//! `serve --http`: the verbs over HTTP, by a process of its own beside the phone; what may go wrong in it ends no call.

use super::options::Options;
use super::{exit, out, phone, platform};
use crate::config::TOKEN_VARIABLE;
use crate::control::http::{self, Gate, Token};
use crate::control::link::Link;
use crate::control::socket::Client;
use crate::control::{CommandError, ExitCode};
use crate::engine::handle::Handle;
use crate::text::plain_error;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// Bytes of a file of a token that are read.
const MAX_FILE: u64 = 4096;

/// What is served, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeJob {
    /// Where to listen; port 0 = a free one.
    pub http: SocketAddr,
    /// Callers of other machines are served too.
    pub allow_remote: bool,
    /// Names of this machine that requests may give.
    pub hosts: Vec<String>,
    /// The file the token stands in.
    pub token_file: Option<PathBuf>,
}

/// The command.
pub fn command() -> Command {
    Command::new("serve")
        .about("Offer the verbs of the running phone over HTTP, to whoever has the token")
        .arg(
            Arg::new("http")
                .long("http")
                .value_name("ADDR:PORT")
                .required(true)
                .value_parser(address)
                .help("Where to listen; a port alone is one of 127.0.0.1"),
        )
        .arg(
            Arg::new("allow-remote")
                .long("allow-remote")
                .action(ArgAction::SetTrue)
                .help("Serve other machines too; the token goes over the network in the open"),
        )
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("NAME")
                .action(ArgAction::Append)
                .help("A name of this machine that requests may give as their Host"),
        )
        .arg(
            Arg::new("token-file")
                .long("token-file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("The token; else TUIPHONE_HTTP_TOKEN has it, else one is made"),
        )
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `8080`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").or(text.strip_prefix(':')).unwrap_or(text);
    let here = port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    here.or_else(|_| text.parse()).map_err(|_| "no address and port, such as 127.0.0.1:8080".to_owned())
}

/// What is asked for.
///
/// # Errors
/// Other machines could come, and nobody said that they may.
pub fn job(m: &ArgMatches) -> Result<ServeJob, CommandError> {
    let http = *m.get_one::<SocketAddr>("http").ok_or_else(|| exit::usage("serve needs --http ADDR:PORT"))?;
    let allow_remote = m.get_flag("allow-remote");
    if !http.ip().is_loopback() && !allow_remote {
        let mut error = exit::usage(&format!("{http} can be reached by other machines"));
        error.hint = Some("--allow-remote if that is meant; 127.0.0.1 is this machine alone".to_owned());
        return Err(error);
    }
    let hosts = m.get_many::<String>("host").into_iter().flatten().cloned().collect();
    Ok(ServeJob { http, allow_remote, hosts, token_file: m.get_one("token-file").cloned() })
}

/// Serves until told to stop. Nobody waits for it to begin: the phone runs already.
///
/// # Errors
/// No phone runs, there is no token, or the address cannot be had.
pub async fn run(job: &ServeJob, options: &Options, socket: &Path, log: &Path) -> Result<ExitCode, CommandError> {
    let mut interrupts = super::signals::Interrupts::listen();
    Client::connect(socket).await?;
    platform::allow_many_files();
    // A named pipe has no folder.
    let place = if cfg!(windows) { log } else { socket }.with_extension("http-token");
    let (token, made) = token(job.token_file.as_deref(), place)?;
    let listener = TcpListener::bind(job.http).await.map_err(|why| taken(job.http, &why))?;
    let at = listener.local_addr().map_err(|why| taken(job.http, &why))?;
    let told = made.as_ref().map(|made| made.0.display().to_string());
    if options.json || options.ndjson {
        out::json(&serde_json::json!({
            "v": 1, "verb": "serve", "ok": true, "http": format!("http://{at}/v1/"), "token_file": told,
        }));
    }
    if !options.quiet {
        let token = told.map(|path| format!("; the token is in {path}")).unwrap_or_default();
        out::talk(&format!("tuiphone: HTTP on http://{at}/v1/{token}"));
        if job.allow_remote {
            out::talk("tuiphone: other machines are served, the token goes in the open: put TLS in front");
        }
    }
    let gate = Gate::new(token, at, job.allow_remote, job.hosts.clone());
    tokio::select! {
        () = http::serve(listener, Link::Socket(socket.to_owned()), gate) => {}
        _ = interrupts.next() => {}
    }
    Ok(ExitCode::Ok)
}

/// Where a daemon serves HTTP, and whom.
pub struct Door {
    listener: TcpListener,
    gate: Gate,
    at: SocketAddr,
    /// The file that the token stands in.
    token_file: Option<PathBuf>,
}

impl Door {
    /// Opens it. The token is that of the environment, else the one that stands in `token_file`, which is made once.
    ///
    /// # Errors
    /// The address is taken, or the token cannot be read or written.
    pub async fn open(at: SocketAddr, token_file: &Path) -> Result<Door, CommandError> {
        let (token, token_file) = match token_of_environment()? {
            Some(token) => (token, None),
            None => (lasting_token(token_file)?, Some(token_file.to_owned())),
        };
        let listener = TcpListener::bind(at).await.map_err(|why| taken(at, &why))?;
        let at = listener.local_addr().map_err(|why| taken(at, &why))?;
        Ok(Door { listener, gate: Gate::new(token, at, false, Vec::new()), at, token_file })
    }

    /// Where it is, for people.
    pub fn words(&self) -> String {
        let token = self.token_file.as_ref().map(|path| format!("; the token is in {}", path.display()));
        format!("HTTP on http://{}/v1/{}", self.at, token.unwrap_or_default())
    }

    /// Serves this phone until dropped.
    pub async fn serve(self, handle: Handle) {
        http::serve(self.listener, Link::Local(handle), self.gate).await;
    }
}

/// The token of a file that is its owner's alone; where there is none one is made.
fn lasting_token(path: &Path) -> Result<Token, CommandError> {
    if path.exists() {
        return token_of_file(path);
    }
    made_token(path).map(|(token, _)| token)
}

/// A file with a token that was made; it goes when this goes, unless another is in its place.
struct Made(PathBuf, Zeroizing<String>);

impl Drop for Made {
    fn drop(&mut self) {
        if std::fs::read_to_string(&self.0).is_ok_and(|text| text.trim() == self.1.as_str()) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

fn taken(at: SocketAddr, why: &io::Error) -> CommandError {
    CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("cannot listen on {at}: {}", plain_error(why)),
        hint: Some("another port, or 0 for a free one".to_owned()),
    }
}

/// The token of the file, the environment, or chance; that one is written to `place`.
fn token(file: Option<&Path>, place: PathBuf) -> Result<(Token, Option<Made>), CommandError> {
    if let Some(path) = file {
        return Ok((token_of_file(path)?, None));
    }
    if let Some(token) = token_of_environment()? {
        return Ok((token, None));
    }
    let (token, text) = made_token(&place)?;
    Ok((token, Some(Made(place, text))))
}

fn wrong(why: String) -> CommandError {
    exit::config(why, Some("any 16 characters and more, such as: openssl rand -hex 32"))
}

fn token_of_file(path: &Path) -> Result<Token, CommandError> {
    let wrong = |why: String| wrong(format!("token file {}: {why}", path.display()));
    Token::new(read(path).map_err(wrong)?.trim()).map_err(wrong)
}

fn token_of_environment() -> Result<Option<Token>, CommandError> {
    let Some(text) = std::env::var_os(TOKEN_VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = Zeroizing::new(text.to_string_lossy().into_owned());
    Token::new(&text).map(Some).map_err(|why| wrong(format!("{TOKEN_VARIABLE}: {why}")))
}

/// One of chance, and its text, which is written to `place`.
fn made_token(place: &Path) -> Result<(Token, Zeroizing<String>), CommandError> {
    let seed = Zeroizing::new(phone::seed()?);
    let text = Zeroizing::new(seed.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    write(place, &text).map_err(|why| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("cannot write the token to {}: {}", place.display(), plain_error(&why)),
        hint: Some(format!("give one: --token-file FILE, or {TOKEN_VARIABLE}")),
    })?;
    Ok((Token::new(&text).map_err(wrong)?, text))
}

/// The text of a file that nobody else can read.
fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let file = std::fs::File::open(path).map_err(|why| plain_error(&why))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(|why| plain_error(&why))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("others may read it; chmod 600 {}", path.display()));
        }
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE).read_to_string(&mut text).map_err(|why| plain_error(&why))?;
    Ok(text)
}

/// Writes a new file, its owner's alone from the first; one that was there goes.
fn write(path: &Path, text: &str) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = open.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Result<ServeJob, String> {
        let words = std::iter::once("serve").chain(words.iter().copied());
        let matches = command().try_get_matches_from(words).map_err(|why| why.to_string())?;
        job(&matches).map_err(|why| why.message)
    }

    #[test]
    fn where_it_listens() {
        for (text, at) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            (":8080", Some("127.0.0.1:8080")),
            ("8080", Some("127.0.0.1:8080")),
            ("[::1]:0", Some("[::1]:0")),
            ("0.0.0.0:8080", None),
            ("[::]:8080", None),
            ("192.0.2.1:8080", None),
            ("example.net:8080", None),
            ("99999", None),
            ("", None),
        ] {
            let told = given(&["--http", text]).ok().map(|job| job.http.to_string());
            assert_eq!(told.as_deref(), at, "{text}");
        }
        let open =
            given(&["--http", "0.0.0.0:8080", "--allow-remote", "--host", "a", "--host", "b"]).expect("asked for");
        assert_eq!((open.allow_remote, open.hosts.join(" ").as_str()), (true, "a b"));
        assert!(given(&[]).is_err());
    }

    #[test]
    fn a_token_that_is_made_goes_with_who_made_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("phone.http-token");
        std::fs::write(&place, "an old one").unwrap();
        let (_, made) = token(None, place.clone()).unwrap();
        let text = std::fs::read_to_string(&place).unwrap();
        assert_eq!(text.trim().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let (_, other) = token(None, place.clone()).unwrap();
        drop(made);
        assert!(place.exists(), "it is another's by now");
        drop(other);
        assert!(!place.exists());
    }

    #[test]
    fn the_token_of_a_daemon_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("phone.token");
        assert!(lasting_token(&place).is_ok());
        let first = std::fs::read_to_string(&place).unwrap();
        assert!(lasting_token(&place).is_ok());
        assert!(first.trim().len() == 64 && std::fs::read_to_string(&place).unwrap() == first);
        std::fs::write(&place, "short").unwrap();
        let why = lasting_token(&place).err().expect("what somebody wrote is not written over").message;
        assert!(why.contains("phone.token") && std::fs::read_to_string(&place).unwrap() == "short", "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_read_is_no_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(token(Some(&path), folder.path().join("made")).is_ok(), good, "{mode:o}");
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short\n").unwrap();
        let why = token(Some(&path), folder.path().join("made")).err().expect("refused").message;
        assert!(why.contains("5 characters") && !why.contains("short"), "{why}");
    }
}
