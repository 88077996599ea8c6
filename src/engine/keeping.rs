//! What a person changes for good goes into the settings file: these keys, and no other byte.

use super::files;
use crate::config::ini::Document;
use crate::config::schema::{Row, Section, beyond_microsip};
use crate::text::plain_error;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Keys of `[Settings]` and `[tuiphone]` and their values.
pub type Changes = Vec<(&'static str, String)>;

/// What is to be done about the file.
#[derive(Debug)]
pub enum Job {
    /// These keys change.
    Keep(Changes),
    /// Whoever asks is told once everything before is written.
    Written(oneshot::Sender<()>),
}

/// Writes changes one after another, away from the signalling. Ends when the sender is gone and all is written.
/// `complain` is told what could not be kept.
pub fn start(
    file: PathBuf,
    complain: impl Fn(String) + Send + Clone + 'static,
) -> (mpsc::UnboundedSender<Job>, JoinHandle<()>) {
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let task = tokio::spawn(async move {
        while let Some(first) = jobs.recv().await {
            let (mut all, mut waiting) = (Changes::new(), Vec::new());
            let mut next = Some(first);
            // Who holds a volume key down changes more than once a write.
            while let Some(job) = next {
                match job {
                    Job::Keep(changes) => all.extend(changes),
                    Job::Written(reply) => waiting.push(reply),
                }
                next = jobs.try_recv().ok();
            }
            let (file, complain) = (file.clone(), complain.clone());
            let write = move || {
                if all.is_empty() {
                    return;
                }
                if let Err(why) = keep(&file, &all) {
                    let keys: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
                    return complain(format!("cannot keep {} in {}: {why}", keys.join(", "), file.display()));
                }
                let too_long = |(key, value): &(&str, String)| {
                    let words = beyond_microsip("Settings", key, value)?;
                    Some(format!("{key} in {} has {words}", file.display()))
                };
                all.iter().filter_map(too_long).for_each(&complain);
            };
            let _ = tokio::task::spawn_blocking(write).await;
            for reply in waiting {
                let _ = reply.send(());
            }
        }
    });
    (sender, task)
}

/// Changes the keys in the file as it is now: whoever else has changed it loses nothing.
fn keep(file: &Path, changes: &Changes) -> Result<(), String> {
    let plain = |error: io::Error| plain_error(&error);
    // Through a link: what it points at is replaced, the link stays.
    let file = file.canonicalize().map_err(plain)?;
    let bytes = files::read(&file, Document::MAX_BYTES).map_err(plain)?;
    let mut document = Document::parse(&bytes).map_err(|error| error.to_string())?;
    for (key, value) in changes {
        let row = Row::find(Section::Tuiphone, key).or_else(|| Row::find(Section::Settings, key));
        let written = row.map_or(Ok(()), |row| row.write(0, value, &mut document));
        written.map_err(|error| error.to_string())?;
    }
    let changed = document.to_bytes();
    if changed == bytes {
        return Ok(());
    }
    files::replace(&file, &changed).map_err(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_keys_change_and_no_other_byte() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("microsip.ini");
        let before = "\u{feff}; mine\r\n[Settings]\r\nDND=0\r\nodd line\r\n[Account1]\r\ndomain=d\r\n";
        fs::write(&file, before).unwrap();
        let changes = [("DND", "1"), ("forwardingNumber", "600"), ("audioInputDevice", "USB"), ("echoNumber", "*43")];
        let changes: Changes = changes.map(|(key, value)| (key, value.to_owned())).to_vec();
        assert_eq!(keep(&file, &changes), Ok(()));
        let expected = before.replace("DND=0\r\n", "DND=1\r\nforwardingNumber=600\r\naudioInputDevice=\"USB\"\r\n")
            + "[tuiphone]\r\nechoNumber=*43\r\n";
        assert_eq!(fs::read_to_string(&file).unwrap(), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(keep(&folder.path().join("none.ini"), &changes), Err("no such file or directory".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_so_do_the_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.ini"), folder.path().join("microsip.ini"));
        fs::write(&file, "[Settings]\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(keep(&link, &vec![("DND", "1".to_owned())]), Ok(()));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "[Settings]\nDND=1\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
