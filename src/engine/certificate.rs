//! The certificate of this install: a file in the state folder that only its owner may read.

use crate::rtp::dtls::{Certificate, CertificateError};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::SystemTime;

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};

/// More than any certificate of ours has.
const MOST: u64 = 64 * 1024;

/// The certificate of a phone that keeps it in this file, or of one that keeps none; `None` where none can be made. With
/// it a line for the user, as of `of_file`.
pub fn of(path: Option<&Path>) -> (Option<Certificate>, Option<String>) {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let wall = SystemTime::now();
    let mut rng = match StdRng::try_from_rng(&mut SysRng) {
        Ok(rng) => rng,
        Err(error) => return (None, Some(format!("no certificate for encrypted calls: no random numbers ({error})"))),
    };
    let made = match path {
        Some(path) => of_file(path, &mut rng, wall),
        None => Certificate::generate(&mut rng, wall).map(|made| (made, None)),
    };
    match made {
        Ok((certificate, line)) => (Some(certificate), line),
        Err(why) => (None, Some(format!("no certificate for encrypted calls: {why}"))),
    }
}

/// The certificate in the file, or a new one, kept there from now on; and one line for the user when what was there is
/// no longer good, or the new one could not be kept. Where nothing can be kept it is good for this run.
pub fn of_file(
    path: &Path,
    rng: &mut impl rand::CryptoRng,
    wall: SystemTime,
) -> Result<(Certificate, Option<String>), CertificateError> {
    let why = match read(path) {
        Ok(pem) => match Certificate::from_pem(&pem, wall) {
            Ok(known) => return Ok((known, None)),
            Err(why) => Some(why.to_string()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(format!("it cannot be opened ({error})")),
    };
    let fresh = Certificate::generate(rng, wall)?;
    let replaced = why.map(|why| format!("{}: {why}; a new one was made for encrypted calls", named(path)));
    let kept = keep(path, fresh.to_pem().as_bytes());
    let line = kept.err().map(|error| {
        format!("{}: the new one cannot be kept ({error}); it is good until this phone ends", named(path))
    });
    Ok((fresh, line.or(replaced)))
}

fn named(path: &Path) -> String {
    format!("certificate of this phone in {}", path.display())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn keep(path: &Path, pem: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("certificate.new");
    // What an older run left there may have been open to others.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut open = fs::OpenOptions::new();
    open.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = open.open(&beside)?;
    file.write_all(pem)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn it_stays_until_it_is_no_longer_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/phone.certificate");
        let mut rng = StdRng::seed_from_u64(1);
        let day = Duration::from_secs(86_400);
        let now = UNIX_EPOCH + 20_000 * day;
        let mut at = |days: u32| of_file(&path, &mut rng, now + days * day).unwrap();

        let (first, line) = at(0);
        assert_eq!(line, None);
        let (again, line) = at(364);
        assert_eq!((again.fingerprint(), line), (first.fingerprint(), None));

        let (renewed, line) = at(365);
        assert_ne!(renewed.fingerprint(), first.fingerprint());
        assert!(
            line.as_deref()
                .is_some_and(|line| line.ends_with("it has run out; a new one was made for encrypted calls"))
        );
        assert_eq!(at(366).0.fingerprint(), renewed.fingerprint());

        fs::write(&path, "-----BEGIN PRIVATE KEY-----\n").unwrap();
        let (fresh, line) = at(366);
        assert_ne!(fresh.fingerprint(), renewed.fingerprint());
        let line = line.unwrap();
        assert!(line.contains("it cannot be read") && !line.contains('\n'), "{line}");
        assert_eq!(at(367).0.fingerprint(), fresh.fingerprint());

        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn nowhere_to_keep_it_is_no_end() {
        let mut rng = StdRng::seed_from_u64(1);
        let path = Path::new("/dev/null/no/phone.certificate");
        let (_, line) = of_file(path, &mut rng, UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap();
        assert!(line.unwrap().contains("cannot be kept"));
    }
}
