//! Whether what stands in files is other than it was. Who writes a file may take his time: what changes between two looks
//! is not read yet.

use super::files;
use crate::config::Document;
use std::collections::VecDeque;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
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

/// What this phone itself has made of a file: no news to it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OwnWrites(Arc<Mutex<VecDeque<(u64, u64)>>>);

impl OwnWrites {
    /// Writes that are remembered; a longer row of them is read as anybody's.
    const MOST: usize = 64;

    /// This was made of that.
    pub fn note(&self, before: &[u8], after: &[u8]) {
        let mut writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writes.push_back((hash(before), hash(after)));
        if writes.len() > OwnWrites::MOST {
            writes.pop_front();
        }
    }

    /// The one came of the other by writes of this phone alone.
    fn lead(&self, from: Option<u64>, to: Option<u64>) -> bool {
        let writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = from;
        // In their order: what came of a write is what the next began with.
        writes.iter().any(|(before, after)| {
            if at == Some(*before) {
                at = Some(*after);
            }
            at == to
        })
    }
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
    own: OwnWrites,
}

impl FileWatch {
    /// What stands in them now is what they are compared with; what this phone writes there is no change.
    pub fn new(files: Vec<PathBuf>, own: OwnWrites) -> FileWatch {
        let stamps = stamps(&files);
        let contents = contents(&files);
        FileWatch { files, stamps, contents, unsettled: None, own }
    }

    /// Looks at them.
    pub fn look(&mut self) -> Look {
        let now = stamps(&self.files);
        match self.unsettled.take() {
            None if now == self.stamps => Look::Same,
            Some(before) if before == now => {
                let contents = contents(&self.files);
                self.stamps = now;
                let before = std::mem::replace(&mut self.contents, contents);
                let is_known =
                    |(before, now): (&Option<u64>, &Option<u64>)| before == now || self.own.lead(*before, *now);
                if before.iter().zip(&self.contents).all(is_known) { Look::Same } else { Look::Changed }
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
        Some(hash(&bytes))
    };
    files.iter().map(content).collect()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
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
        let mut watch = FileWatch::new(vec![file.clone(), beside.clone()], OwnWrites::default());
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

    #[test]
    fn what_this_phone_writes_is_no_change_unless_others_wrote_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ini");
        // What this phone wrote of what, what stands there in the end.
        for (own, stands, expected) in [
            (&[("one", "two")][..], "two", Same),
            (&[("one", "two"), ("two", "three")], "three", Same),
            (&[("one", "two"), ("two", "one"), ("one", "two")], "two", Same),
            (&[("one", "two"), ("theirs", "three")], "three", Changed),
            (&[("theirs", "three")], "three", Changed),
            (&[("one", "two")], "three", Changed),
            (&[], "two", Changed),
        ] {
            write(&file, "one", 1);
            let writes = OwnWrites::default();
            let mut watch = FileWatch::new(vec![file.clone()], writes.clone());
            own.iter().for_each(|(before, after)| writes.note(before.as_bytes(), after.as_bytes()));
            write(&file, stands, 2);
            assert_eq!([watch.look(), watch.look(), watch.look()], [Unsettled, expected, Same], "{own:?} {stands}");
        }
    }
}
