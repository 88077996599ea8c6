//! Passwords in a file of their own that only its owner can read: where there is no keyring, and the ini file is shown around.

use crate::config::Secret;
use crate::engine::files;
use crate::text::plain_error;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// More than this, in bytes, is not read.
const MOST_BYTES: usize = 256 * 1024;

/// The password of an address; `None` if it is not kept here.
///
/// # Errors
/// The file cannot be read, or others can; in words.
pub fn get(file: &Path, aor: &str) -> Result<Option<Secret>, String> {
    let text = read(file)?;
    Ok(lines(&text).find(|(known, _)| *known == aor).map(|(_, secret)| Secret::new(secret)))
}

/// Keeps the password of an address, in place of one that may be there.
///
/// # Errors
/// As above; a password of several lines.
pub fn set(file: &Path, aor: &str, secret: &Secret) -> Result<(), String> {
    if secret.reveal().contains(['\n', '\r', '\0']) || aor.is_empty() || aor.contains(char::is_whitespace) {
        return Err(format!("{} cannot keep such a password", file.display()));
    }
    if let Some(folder) = file.parent() {
        super::platform::own_folder(folder).map_err(|why| wrong(file, &why))?;
    }
    write(file, aor, Some(secret))
}

/// Forgets the password of an address; false if none was kept.
///
/// # Errors
/// As above.
pub fn forget(file: &Path, aor: &str) -> Result<bool, String> {
    if get(file, aor)?.is_none() {
        return Ok(false);
    }
    write(file, aor, None).map(|()| true)
}

fn write(file: &Path, aor: &str, secret: Option<&Secret>) -> Result<(), String> {
    let old = read(file)?;
    let mut new = Zeroizing::new(String::with_capacity(old.len() + aor.len() + 128));
    for (known, secret) in lines(&old).filter(|(known, _)| *known != aor) {
        for part in [known, " ", secret, "\n"] {
            new.push_str(part);
        }
    }
    if let Some(secret) = secret {
        for part in [aor, " ", secret.reveal(), "\n"] {
            new.push_str(part);
        }
    }
    files::replace(file, new.as_bytes()).map_err(|why| wrong(file, &why))
}

fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once(' '))
}

fn read(file: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = match files::read(file, MOST_BYTES) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Zeroizing::default()),
        Err(why) => return Err(wrong(file, &why)),
    };
    if bytes.len() > MOST_BYTES {
        return Err(format!("{} is not read: it is longer than {MOST_BYTES} bytes", file.display()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(file).map_err(|why| wrong(file, &why))?;
        if about.mode() & 0o077 != 0 || about.uid() != nix::unistd::geteuid().as_raw() {
            return Err(format!("{0} is not read: it is not its owner's alone; chmod 600 {0}", file.display()));
        }
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

fn wrong(file: &Path, why: &io::Error) -> String {
    format!("{}: {}", file.display(), plain_error(why))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn passwords_come_and_go_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own").join("passwords");
        assert_eq!((get(&file, "1@d"), forget(&file, "1@d")), (Ok(None), Ok(false)));
        for (aor, secret) in [("1@d", "one"), ("2@d", " two  words "), ("1@d", "un")] {
            set(&file, aor, &Secret::new(secret)).unwrap();
        }
        let revealed = |aor: &str| get(&file, aor).unwrap().map(|secret| secret.reveal().to_owned());
        assert_eq!((revealed("1@d"), revealed("2@d")), (Some("un".into()), Some(" two  words ".into())));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!((forget(&file, "1@d"), revealed("1@d"), revealed("2@d").is_some()), (Ok(true), None, true));
        assert!(set(&file, "1@d", &Secret::new("a\nb")).is_err() && set(&file, "a b", &Secret::new("x")).is_err());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(get(&file, "2@d").unwrap_err().contains("chmod 600"));
        assert!(set(&file, "2@d", &Secret::new("x")).is_err(), "what others have read is not added to");
    }
}
