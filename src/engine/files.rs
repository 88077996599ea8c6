//! Files as a whole: read within bounds, replaced whole or not at all.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// The first `most` bytes of a file, and one more if there are more.
///
/// # Errors
/// It cannot be read, or is a folder or a device.
pub fn read(file: &Path, most: usize) -> io::Result<Vec<u8>> {
    let about = fs::metadata(file)?;
    if !about.is_file() {
        let what = if about.is_dir() { "it is a folder" } else { "it is no file" };
        return Err(io::Error::other(what));
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(file)?.take(bound).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts a new file in the place of one, whole or not at all. Its permissions stay; a file that was not there is its
/// owner's alone.
///
/// # Errors
/// It cannot be written; what was there still is.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.new"));
    let mut open = fs::OpenOptions::new();
    open.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    // One that an earlier end left behind; a link there is removed, never followed.
    let _ = fs::remove_file(&beside);
    let written = (|| {
        let mut new = open.open(&beside)?;
        new.write_all(bytes)?;
        match fs::metadata(file) {
            Ok(about) => new.set_permissions(about.permissions())?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(why),
        }
        new.sync_all()?;
        fs::rename(&beside, file)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_within_its_bound_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 9).unwrap(), b"12345");
        assert_eq!(read(&file, 2).unwrap(), b"123");
        assert_eq!(read(folder.path(), 9).unwrap_err().to_string(), "it is a folder");
        assert_eq!(read(&folder.path().join("b"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_new_file_is_its_owners_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ini");
        replace(&file, b"1").unwrap();
        replace(&file, b"2").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"2");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
        assert!(replace(&folder.path().join("none/a.ini"), b"1").is_err());
        // Where it cannot take its place, nothing is left of it.
        fs::create_dir_all(folder.path().join("b.ini/full")).unwrap();
        assert!(replace(&folder.path().join("b.ini"), b"1").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_an_earlier_end_left_is_in_nobodys_way_and_a_link_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let [file, beside, other] = ["a.ini", ".a.ini.new", "other"].map(|name| folder.path().join(name));
        fs::write(&other, "dear").unwrap();
        fs::write(&beside, "half of i").unwrap();
        replace(&file, b"1").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&other, &beside).unwrap();
        replace(&file, b"2").unwrap();
        assert_eq!((fs::read(&file).unwrap(), fs::read(&other).unwrap()), (b"2".to_vec(), b"dear".to_vec()));
        assert!(!fs::symlink_metadata(&file).unwrap().is_symlink() && !beside.exists());
    }
}
