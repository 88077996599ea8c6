//! The system's keyring, by the program that comes with it: `secret-tool` for the Secret Service (GNOME, KDE, KeePassXC),
//! `security` for the keychain of macOS, `keyctl` for the keys that Linux itself keeps for a user, until it is restarted.
//! Passwords go through pipes, never through arguments.

use crate::config::Secret;
use crate::text::{plain_error, sanitise};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long the keyring may take: it may ask for its own password first.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than this of an answer, in bytes, is not read.
const MAX_BYTES: u64 = 4096;

/// Under this name everything of ours is kept.
const SERVICE: &str = "tuiphone";

/// A keyring that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    program: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SecretService,
    Keychain,
    Kernel,
}

/// What a program said.
struct Answer {
    succeeded: bool,
    text: Secret,
    complaint: String,
}

impl Keyring {
    /// The keyring of this system, if `PATH` has a program for it.
    pub fn find(path: Option<&OsStr>) -> Option<Keyring> {
        let path = path?;
        let keychain = Keyring { program: PathBuf::from("/usr/bin/security"), kind: Kind::Keychain };
        let tool = on_path(path, "secret-tool").map(|program| Keyring { program, kind: Kind::SecretService });
        tool.or_else(|| Some(keychain).filter(|it| it.program.is_file()))
    }

    /// The keys that the kernel keeps for this user, if `PATH` has a program for them.
    pub fn kernel(path: Option<&OsStr>) -> Option<Keyring> {
        on_path(path?, "keyctl").map(|program| Keyring { program, kind: Kind::Kernel })
    }

    /// The password of an address; `None` if it is not kept.
    ///
    /// # Errors
    /// The keyring is locked, not there, or does not answer; in words.
    pub fn get(&self, aor: &str) -> Result<Option<Secret>, String> {
        let account = address(aor)?;
        let answer = match self.kind {
            Kind::Keychain => self.run(&["find-generic-password", "-s", SERVICE, "-a", &account, "-w"], None)?,
            Kind::SecretService => self.run(&["lookup", "application", SERVICE, "account", &account], None)?,
            Kind::Kernel => match self.key(&account)? {
                Some(key) => self.run(&["pipe", &key], None)?,
                None => return Ok(None),
            },
        };
        if answer.succeeded {
            let text = answer.text.reveal().trim_end_matches(['\r', '\n']);
            return Ok(Some(Secret::new(text)).filter(|secret| !secret.is_empty()));
        }
        // Not to find is the one failure that secret-tool has no words for.
        let is_none = answer.complaint.is_empty()
            || self.kind == Kind::Keychain && answer.complaint.contains("could not be found");
        if is_none { Ok(None) } else { Err(self.wrong(&answer.complaint)) }
    }

    /// Keeps the password of an address, in place of one that may be there.
    ///
    /// # Errors
    /// The keyring is locked, not there, or does not answer; in words.
    pub fn set(&self, aor: &str, secret: &Secret) -> Result<(), String> {
        let account = address(aor)?;
        let label = format!("--label={SERVICE}: {aor}");
        let answer = if self.kind == Kind::Kernel {
            self.key(&account)?;
            self.run(&["padd", "user", &key_name(&account), USER_KEYRING], Some(secret))?
        } else if self.kind == Kind::Keychain {
            // Its own command line is read from a pipe; digits need no quotes there.
            let hex: zeroize::Zeroizing<String> =
                secret.reveal().bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into();
            let line = format!("add-generic-password -U -s {SERVICE} -a {account} -X {}\n", *hex);
            self.run(&["-i"], Some(&Secret::new(line)))?
        } else {
            self.run(&["store", &label, "application", SERVICE, "account", &account], Some(secret))?
        };
        if answer.succeeded { Ok(()) } else { Err(self.wrong(&answer.complaint)) }
    }

    /// Forgets the password of an address; false if none was kept.
    ///
    /// # Errors
    /// As above.
    pub fn forget(&self, aor: &str) -> Result<bool, String> {
        if self.get(aor)?.is_none() {
            return Ok(false);
        }
        let account = address(aor)?;
        let answer = match self.kind {
            Kind::Keychain => self.run(&["delete-generic-password", "-s", SERVICE, "-a", &account], None)?,
            Kind::SecretService => self.run(&["clear", "application", SERVICE, "account", &account], None)?,
            Kind::Kernel => match self.key(&account)? {
                Some(key) => self.run(&["unlink", &key, USER_KEYRING], None)?,
                None => return Ok(false),
            },
        };
        if answer.succeeded { Ok(true) } else { Err(self.wrong(&answer.complaint)) }
    }

    /// The number of a key of the kernel's.
    fn key(&self, account: &str) -> Result<Option<String>, String> {
        // Whoever runs without a session of his own does not possess his keys until they are linked to it.
        self.run(&["link", USER_KEYRING, "@s"], None)?;
        let answer = self.run(&["search", USER_KEYRING, "user", &key_name(account)], None)?;
        let key = answer.text.reveal().trim().to_owned();
        let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        match answer.succeeded {
            true if is_number => Ok(Some(key)),
            false if answer.complaint.contains("not available") => Ok(None),
            _ => Err(self.wrong(&answer.complaint)),
        }
    }

    fn wrong(&self, complaint: &str) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        let first = complaint.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it gives no reason");
        let first = first.strip_prefix(&*name).map_or(first, |rest| rest.trim_start_matches(':').trim());
        format!("the keyring does not answer: {name}: {}", sanitise(first))
    }

    fn run(&self, arguments: &[&str], input: Option<&Secret>) -> Result<Answer, String> {
        run(&self.program, arguments, input, PATIENCE).map_err(|why| self.wrong(&why))
    }
}

/// The keyring of this user.
const USER_KEYRING: &str = "@u";

fn key_name(account: &str) -> String {
    format!("{SERVICE}:{account}")
}

fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// An address as it is kept: it never begins with `-`, and has nothing that a program might take apart.
fn address(aor: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@:+*#~!&=$,?/[]%".contains(c);
    if aor.is_empty() || !aor.chars().all(|c| is_plain(c) || !c.is_ascii() && !c.is_control()) {
        return Err(format!("the keyring cannot keep a password of {}", sanitise(aor)));
    }
    Ok(format!("sip:{aor}"))
}

/// Runs a program to its end, within bounds.
fn run(program: &Path, arguments: &[&str], input: Option<&Secret>, patience: Duration) -> Result<Answer, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|why| plain_error(&why))?;
    if let (Some(mut pipe), Some(secret)) = (child.stdin.take(), input) {
        // A program that does not listen says so by its end.
        let _ = pipe.write_all(secret.reveal().as_bytes());
    }
    let text = read(child.stdout.take());
    let complaint = read(child.stderr.take());
    let (Ok(text), Ok(complaint)) = (text.recv_timeout(patience), complaint.recv_timeout(patience)) else {
        stop(&mut child);
        return Err(format!("no answer for {} s", patience.as_secs()));
    };
    let status = child.wait().map_err(|why| plain_error(&why))?;
    Ok(Answer { succeeded: status.success(), text, complaint: complaint.reveal().to_owned() })
}

/// All that a pipe gives, as far as it is read, once it is closed.
fn read(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Secret> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MAX_BYTES).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        let _ = sender.send(Secret::new(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
}

fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A folder with a `secret-tool` that does what this script says.
    fn with(script: &str) -> (tempfile::TempDir, Keyring) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("secret-tool");
        std::fs::write(&program, format!("#!/bin/sh\ncd '{}'\n{script}", folder.path().display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let keyring = Keyring::find(Some(folder.path().as_os_str())).unwrap();
        (folder, keyring)
    }

    const KEEPS: &str = "eval last=\\${$#}\ncase $1 in store) cat > \"$last\";; lookup) cat \"$last\" 2>/dev/null;;\
                         clear) rm \"$last\";; esac\n";

    #[test]
    fn a_password_is_kept_found_and_forgotten() {
        let (folder, keyring) = with(KEEPS);
        assert_eq!(keyring.get("1@d"), Ok(None));
        keyring.set("1@d", &Secret::new("se cret'\"$x")).unwrap();
        assert_eq!(keyring.get("1@d").unwrap().unwrap().reveal(), "se cret'\"$x");
        assert!(folder.path().join("sip:1@d").exists());
        assert_eq!((keyring.forget("1@d"), keyring.forget("1@d"), keyring.get("1@d")), (Ok(true), Ok(false), Ok(None)));
    }

    /// The keys of a kernel, as `keyctl` has them: numbers for names.
    const KEYS: &str = "case $1 in link) ;; search) grep -n \"^$4$\" names 2>/dev/null | cut -d: -f1 | grep . ||\
                        { echo 'keyctl_search: Required key not available' >&2; exit 1; };;\
                        padd) echo \"$3\" > names; cat > key1; echo 1;; pipe) cat key$2;; unlink) rm names key$2;; esac\n";

    #[test]
    fn the_kernel_keeps_a_password_likewise() {
        let (folder, _) = with("");
        let program = folder.path().join("keyctl");
        std::fs::write(&program, format!("#!/bin/sh\ncd '{}'\n{KEYS}", folder.path().display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let kernel = Keyring::kernel(Some(folder.path().as_os_str())).unwrap();
        assert_eq!(kernel.get("1@d"), Ok(None));
        kernel.set("1@d", &Secret::new("se cret")).unwrap();
        assert_eq!(kernel.get("1@d").unwrap().unwrap().reveal(), "se cret");
        assert_eq!((kernel.forget("1@d"), kernel.forget("1@d"), kernel.get("1@d")), (Ok(true), Ok(false), Ok(None)));
    }

    #[test]
    fn a_keyring_that_fails_says_why_in_a_line() {
        let (_folder, keyring) =
            with("echo 'secret-tool: Cannot autolaunch D-Bus without X11' >&2\necho more >&2\nexit 1\n");
        let why = "the keyring does not answer: secret-tool: Cannot autolaunch D-Bus without X11";
        assert_eq!(keyring.get("1@d").unwrap_err(), why);
        assert_eq!(keyring.set("1@d", &Secret::new("pw")).unwrap_err(), why);
        assert!(keyring.get("a b@d").unwrap_err().contains("cannot keep"));
    }

    #[test]
    fn one_that_hangs_is_stopped() {
        let (_folder, keyring) = with("exec sleep 600\n");
        let why = run(&keyring.program, &[], None, Duration::from_millis(50)).map(|_| ()).unwrap_err();
        assert!(why.starts_with("no answer"), "{why}");
    }

    #[test]
    fn where_there_is_none_there_is_none() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!((Keyring::find(None), Keyring::find(Some(empty.path().as_os_str()))), (None, None));
        assert_eq!(Keyring::find(Some(OsStr::new("relative"))), None);
    }
}
