//! The name a phone keeps for ever, so that its registrar knows it again (RFC 5626 §4.1): a file in the state folder.

use crate::sip::ident;
use rand::Rng;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The UUID in the file, or a new one, kept there from now on. Where nothing can be kept the new one is good for this run.
pub fn of_file(path: &Path, rng: &mut impl Rng) -> String {
    let known = fs::read_to_string(path).ok().map(|text| text.trim().to_ascii_lowercase());
    known.filter(|text| is_uuid(text)).unwrap_or_else(|| {
        let fresh = ident::uuid(rng);
        // Why no error: all that is lost is that a registrar takes the next start for another phone.
        let _ = keep(path, &fresh);
        fresh
    })
}

fn keep(path: &Path, uuid: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("instance.new");
    let mut open = fs::OpenOptions::new();
    open.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = open.open(&beside)?;
    // Not synchronised: the first registration need not wait for the disk, and what a power cut damages is made anew.
    writeln!(file, "{uuid}")?;
    fs::rename(&beside, path)
}

fn is_uuid(text: &str) -> bool {
    let is_part = |(part, length): (&str, &usize)| {
        part.len() == *length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    text.split('-').count() == 5 && text.split('-').zip(&[8, 4, 4, 4, 12]).all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn the_name_stays_and_rubbish_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/phone.instance");
        let mut rng = StdRng::seed_from_u64(1);
        let mut of_file = |path: &Path| super::of_file(path, &mut rng);
        let first = of_file(&path);
        assert!(is_uuid(&first), "{first}");
        assert_eq!(of_file(&path), first);
        for rubbish in ["", "x\">\r\nX: y", &first[1..], &format!("{first}-1")] {
            fs::write(&path, rubbish).unwrap();
            let fresh = of_file(&path);
            assert!(is_uuid(&fresh) && fresh != first, "{rubbish}");
            assert_eq!(of_file(&path), fresh);
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn nowhere_to_keep_it_is_no_end() {
        assert!(is_uuid(&of_file(Path::new("/dev/null/no/phone.instance"), &mut StdRng::seed_from_u64(1))));
    }
}
