//! Whether what stands in files is other than it was. Who writes a file may take his time: what changes between two looks
//! is not read yet.

use super::files;
use crate::config::Document;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::SystemTime;

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// All is as it was.
    Same,
    /// Somebody is writing: look again soon.
    Unsettled,
    /// Something else stands there, or a file came or went.
    Changed,
}

/// When a file was written, and its length in bytes; `None`: it is not there.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// Files, there or not.
#[derive(Debug)]
pub struct FileWatch {
    files: Vec<PathBuf>,
    stamps: Vec<Stamp>,
    contents: Vec<Option<u64>>,
    /// Other stamps, seen once.
    unsettled: Option<Vec<Stamp>>,
}

impl FileWatch {
    /// What stands in them now is what they are compared with.
    pub fn new(files: Vec<PathBuf>) -> FileWatch {
        let stamps = stamps(&files);
        let contents = contents(&files);
        FileWatch { files, stamps, contents, unsettled: None }
    }

    /// Looks at them.
    pub fn look(&mut self) -> Look {
        let now = stamps(&self.files);
        match self.unsettled.take() {
            None if now == self.stamps => Look::Same,
            Some(before) if before == now => {
                let contents = contents(&self.files);
                self.stamps = now;
                if std::mem::replace(&mut self.contents, contents) == self.contents {
                    Look::Same
                } else {
                    Look::Changed
                }
            }
            _ => {
                self.unsettled = Some(now);
                Look::Unsettled
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| fs::metadata(file).ok().map(|about| (about.modified().ok(), about.len()));
    files.iter().map(stamp).collect()
}

fn contents(files: &[PathBuf]) -> Vec<Option<u64>> {
    let content = |file: &PathBuf| {
        let bytes = files::read(file, Document::MAX_BYTES).ok()?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Some(hasher.finish())
    };
    files.iter().map(content).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Look::{Changed, Same, Unsettled};

    /// As a file of that time.
    fn write(file: &std::path::Path, text: &str, at_s: u64) {
        fs::write(file, text).unwrap();
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at_s);
        fs::File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn what_is_half_written_waits_and_what_is_the_same_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let (file, beside) = (folder.path().join("a.ini"), folder.path().join("override.ini"));
        write(&file, "one", 1);
        let mut watch = FileWatch::new(vec![file.clone(), beside.clone()]);
        let mut looks = |expected: &[Look]| {
            let seen: Vec<Look> = expected.iter().map(|_| watch.look()).collect();
            assert_eq!(seen, expected);
        };
        looks(&[Same, Same]);
        // Truncated, then written.
        write(&file, "", 2);
        looks(&[Unsettled]);
        write(&file, "tw", 3);
        looks(&[Unsettled]);
        write(&file, "two", 4);
        looks(&[Unsettled, Changed, Same]);
        // Written again, and as it was: nobody needs to know.
        write(&file, "two", 5);
        looks(&[Unsettled, Same, Same]);
        // A new file takes its place.
        let fresh = folder.path().join("new");
        write(&fresh, "thr", 6);
        fs::rename(&fresh, &file).unwrap();
        looks(&[Unsettled, Changed, Same]);
        write(&beside, "over", 7);
        looks(&[Unsettled, Changed, Same]);
        // Gone is said once.
        fs::remove_file(&file).unwrap();
        looks(&[Unsettled, Changed, Same, Same]);
    }
}
