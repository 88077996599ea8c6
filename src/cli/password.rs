//! Where a password comes from when the ini file has none: an option, the environment, a command.

use super::exit;
use crate::config::command_line::CommandLine;
use crate::config::{Account, SECRET_VARIABLES, Secret};
use crate::control::CommandError;
use crate::text::plain_error;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the command line says about the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// `--password VALUE`.
    Value(Secret),
    /// `--password -`.
    Stdin,
    /// `--password-file FILE`.
    File(PathBuf),
}

/// A password longer than this, in bytes, is refused.
const MAX_BYTES: u64 = 4096;

/// How long `passwordCommand` may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

impl PasswordSource {
    /// The password: the first line of what the source has.
    ///
    /// # Errors
    /// The file or standard input cannot be read, or has no password.
    pub fn read(&self) -> Result<Secret, CommandError> {
        match self {
            PasswordSource::Value(secret) => Ok(secret.clone()),
            PasswordSource::Stdin => first_line(std::io::stdin().lock(), "standard input"),
            PasswordSource::File(path) => {
                let file = std::fs::File::open(path).map_err(|why| {
                    exit::config(format!("password file {}: {}", path.display(), plain_error(&why)), None)
                })?;
                first_line(std::io::BufReader::new(file), &path.display().to_string())
            }
        }
    }
}

/// Runs `passwordCommand` for an account: no shell, the account in `TUIPHONE_ACCOUNT`, `TUIPHONE_USER`,
/// `TUIPHONE_DOMAIN`, the first line of its output is the password.
///
/// # Errors
/// It cannot start, fails, says nothing, or takes longer than `patience`.
pub fn run_command(
    command: &str,
    account: &Account,
    folder: &Path,
    patience: Duration,
) -> Result<Secret, CommandError> {
    let wrong = |why: String| exit::config(format!("passwordCommand for {}: {why}", account.aor()), None);
    let CommandLine { program, arguments } = CommandLine::parse(command).map_err(|why| wrong(why.to_string()))?;
    let mut command = Command::new(&program);
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    let mut child = command
        .args(arguments)
        .env("TUIPHONE_ACCOUNT", account.id.0.to_string())
        .env("TUIPHONE_USER", account.auth_user())
        .env("TUIPHONE_DOMAIN", &account.domain)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| wrong(format!("cannot start {program}: {}", plain_error(&why))))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            let mut output = std::io::BufReader::new(output);
            let _ = sender.send(first_line(&mut output, "its output"));
            // Closing early would kill a command that has more to say.
            std::io::copy(&mut output, &mut std::io::sink())
        });
    }
    let said = receiver.recv_timeout(patience);
    match (said, ended(&mut child)) {
        (Ok(_), Some(status)) if !status.success() => Err(wrong(format!("{program} ended with {status}"))),
        (Ok(said), _) => said.map_err(|error| wrong(error.message)),
        (Err(_), _) => Err(wrong(format!("{program} has said nothing for {} s", patience.as_secs()))),
    }
}

/// Waits a moment for a command that has said what it had to say, then stops it.
fn ended(child: &mut Child) -> Option<std::process::ExitStatus> {
    for _ in 0..50 {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn first_line(source: impl BufRead, name: &str) -> Result<Secret, CommandError> {
    let mut line = zeroize::Zeroizing::new(String::new());
    source
        .take(MAX_BYTES)
        .read_line(&mut line)
        .map_err(|why| exit::config(format!("cannot read the password from {name}: {}", plain_error(&why)), None))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(exit::config(format!("there is no password in {name}"), None)),
        password => Ok(Secret::new(password)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    #[cfg(unix)]
    #[test]
    fn a_command_prints_the_password_of_its_account() {
        let account = Account { username: "101".to_owned(), domain: "d".to_owned(), ..Account::new(AccountId(3)) };
        let run = |command: &str, patience| run_command(command, &account, Path::new("/"), patience);
        let long = Duration::from_secs(20);
        let secret = run("sh -c 'echo $TUIPHONE_ACCOUNT$TUIPHONE_USER$TUIPHONE_DOMAIN; echo more'", long).unwrap();
        assert_eq!(secret.reveal(), "3101d");
        for (command, patience, why) in [
            ("echo $HOME|cat \"", long, "a quote is not closed"),
            ("", long, "it is empty"),
            ("/no/such/program", long, "cannot start /no/such/program"),
            ("true", long, "there is no password in its output"),
            ("sh -c 'echo x; exit 3'", long, "ended with exit status: 3"),
            ("sleep 60", Duration::from_millis(50), "has said nothing"),
        ] {
            let error = run(command, patience).unwrap_err();
            assert!(error.message.contains(why) && error.message.contains("101@d"), "{command}: {error}");
        }
    }

    #[test]
    fn files_give_their_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, " pa ss \r\nmore").unwrap();
        assert_eq!(PasswordSource::File(path).read().unwrap().reveal(), " pa ss ");
        assert!(PasswordSource::File(folder.path().join("none")).read().unwrap_err().message.contains("none"));
    }
}
