//! `reset`: what a profile has written down goes to a backup folder. Nothing is deleted.

use super::daemon::trace_name;
use super::options::Options;
use super::paths::{Environment, IniPath};
use super::{exit, out, prompt};
use crate::control::link::Link;
use crate::control::socket::Client;
use crate::control::{Command, CommandError, ExitCode};
use crate::engine::address_book;
use crate::text::plain_error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The end of the name of what SQLite has written and not yet put in its place.
const WRITTEN_AHEAD: &str = "-wal";

/// How long the history may take to close behind the phone.
const CLOSING: Duration = Duration::from_secs(2);

/// How long a phone that runs may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks, unless told not to; ends the phone that runs; moves its files.
///
/// # Errors
/// Nobody can be asked, the file is MicroSIP's own, the phone does not end, a file cannot be moved.
pub async fn run(
    options: &Options,
    unasked: bool,
    ini: &IniPath,
    socket: &Path,
    log: &Path,
) -> Result<ExitCode, CommandError> {
    if ini.foreign {
        let why = format!("{} is MicroSIP's own, and is never changed", ini.path.display());
        return Err(exit::config(why, Some("another one: --ini FILE")));
    }
    let history = Environment::of_process().history(ini);
    if files(ini, &history, log).is_empty() {
        out::talk(&format!("tuiphone: there is nothing to reset beside {}", ini.path.display()));
        return Ok(ExitCode::Ok);
    }
    if !unasked && !consent(options, ini)? {
        out::talk("tuiphone: nothing was changed");
        return Ok(ExitCode::Ok);
    }
    end(socket, &beside(&history, WRITTEN_AHEAD)).await?;
    // What there is now: whoever has ended has put things away.
    let files = files(ini, &history, log);
    let name: String = out::time_now().chars().take(19).map(|c| if c == ':' { '-' } else { c }).collect();
    let folder =
        new_folder(ini.path.parent().unwrap_or(Path::new(".")), &name).map_err(failed("make a backup folder"))?;
    for file in &files {
        let to = folder.join(file.file_name().unwrap_or_default());
        moved(file, &to).map_err(failed(&format!("move {} to {}", file.display(), folder.display())))?;
    }
    let folder = folder.display().to_string();
    if options.json || options.ndjson {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        out::json(&serde_json::json!({"v": 1, "verb": "reset", "ok": true, "backup": folder, "files": files}));
    } else {
        out::line(&folder);
    }
    Ok(ExitCode::Ok)
}

/// What there is of the profile: settings, contacts, history, what the phone keeps from one start to the next.
fn files(ini: &IniPath, history: &Path, log: &Path) -> Vec<PathBuf> {
    let all = [
        ini.path.clone(),
        ini.path.with_file_name(address_book::FILE_NAME),
        history.to_owned(),
        // What SQLite keeps beside it belongs to it.
        beside(history, WRITTEN_AHEAD),
        beside(history, "-shm"),
        log.to_owned(),
        log.with_extension("certificate"),
        log.with_extension("instance"),
        log.with_file_name(trace_name(log)),
        log.with_file_name(format!("{}.old", trace_name(log))),
    ];
    all.into_iter().filter(|file| file.symlink_metadata().is_ok()).collect()
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn consent(options: &Options, ini: &IniPath) -> Result<bool, CommandError> {
    if options.no_input || !prompt::possible() {
        let mut error = exit::usage("reset asks first, and there is nobody to ask");
        error.hint = Some("unasked: tuiphone reset --yes, or /resetnoask".to_owned());
        return Err(error);
    }
    out::ask(&format!("Move settings, contacts and history of {} to a backup folder? [y/N] ", ini.path.display()));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed("read the answer"))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The phone that runs ends: what it would still write is written, and its history closed.
async fn end(socket: &Path, open: &Path) -> Result<(), CommandError> {
    if Client::connect(socket).await.is_err() {
        return Ok(());
    }
    let _ = Link::Socket(socket.to_owned()).request(Command::Exit).await;
    let gone = async {
        while Client::connect(socket).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE, gone).await;
    // SQLite takes this away last. One that an earlier, harder end left behind stays, and is moved.
    let closed = async {
        while open.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(CLOSING, closed).await;
    ended.map_err(|_| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("the phone that runs has not ended within {} s; nothing was moved", PATIENCE.as_secs()),
        hint: Some("end it: tuiphone exit".to_owned()),
    })
}

/// A folder that was not there, its owner's alone.
fn new_folder(place: &Path, name: &str) -> io::Result<PathBuf> {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut build = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut build, 0o700);
    for count in 1..100 {
        let more = if count > 1 { format!("-{count}") } else { String::new() };
        let folder = place.join(format!("backup-{name}{more}"));
        match build.create(&folder) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(why),
            Ok(()) => return Ok(folder),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// To another file system too.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(why) if why.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(from, to)?;
            fs::remove_file(from)
        }
        other => other,
    }
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> CommandError {
    let what = what.to_owned();
    move |why| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("cannot {what}: {}", plain_error(&why)),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_listed_and_each_backup_has_a_folder_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let ini = IniPath { path: at("microsip.ini"), ..IniPath::default() };
        assert!(files(&ini, &at("h.sqlite"), &at("x.log")).is_empty());
        for name in ["microsip.ini", "Contacts.xml", "h.sqlite", "h.sqlite-wal", "x.instance", "recording.wav"] {
            fs::write(at(name), "").unwrap();
        }
        let found = files(&ini, &at("h.sqlite"), &at("x.log"));
        assert_eq!(found.len(), 5, "{found:?}");
        let (one, two) = (new_folder(root.path(), "t").unwrap(), new_folder(root.path(), "t").unwrap());
        assert_eq!((one, two), (at("backup-t"), at("backup-t-2")));
    }
}
