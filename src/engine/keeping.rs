//! What a person changes for good goes into the settings file: these keys, and no other byte.

use super::file_watch::OwnWrites;
use super::files;
use crate::config::ini::Document;
use crate::config::schema::{Row, Section, beyond_microsip};
use crate::config::{Dialled, KeepDialled};
use crate::text::plain_error;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Keys of `[Settings]` and `[tuiphone]` and their values.
pub type Changes = Vec<(&'static str, String)>;

/// What was dialled, and whether the file is to remember it.
#[derive(Debug)]
pub struct Memory {
    /// As it was typed.
    pub numbers: Dialled,
    /// Who was called, or called, last; `None` = that is not to be changed.
    pub last: Option<String>,
    /// Whether the file remembers.
    pub keep: KeepDialled,
}

/// What is to be done about the file.
#[derive(Debug)]
pub enum Job {
    /// These keys change.
    Keep(Changes),
    /// This was dialled, and this number called, or called, last; into a file that keeps such things.
    Dialled(Memory),
    /// Whoever asks is told once everything before is written.
    Written(oneshot::Sender<()>),
}

/// Writes changes one after another, away from the signalling. Ends when the sender is gone and all is written.
/// `complain` is told what could not be kept, `own` what was.
pub fn start(
    file: PathBuf,
    own: OwnWrites,
    complain: impl Fn(String) + Send + Clone + 'static,
) -> (mpsc::UnboundedSender<Job>, JoinHandle<()>) {
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let task = tokio::spawn(async move {
        while let Some(first) = jobs.recv().await {
            let (mut all, mut dialled, mut waiting) = (Changes::new(), None, Vec::new());
            let mut next = Some(first);
            // Who holds a volume key down changes more than once a write.
            while let Some(job) = next {
                match job {
                    Job::Keep(changes) => all.extend(changes),
                    Job::Dialled(memory) => dialled = Some(memory),
                    Job::Written(reply) => waiting.push(reply),
                }
                next = jobs.try_recv().ok();
            }
            let (file, own, complain) = (file.clone(), own.clone(), complain.clone());
            let write = move || {
                if all.is_empty() && dialled.is_none() {
                    return;
                }
                let keys: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
                match keep(&file, &all, dialled.as_ref(), &own) {
                    // Numbers alone are no loss that somebody must hear of at every call.
                    Err(_) if keys.is_empty() => return,
                    Err(why) => {
                        return complain(format!("cannot keep {} in {}: {why}", keys.join(", "), file.display()));
                    }
                    Ok(()) => {}
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
fn keep(file: &Path, changes: &Changes, dialled: Option<&Memory>, own: &OwnWrites) -> Result<(), String> {
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
    if let Some(memory) = dialled.filter(|memory| memory.keep.is_kept_in(&document)) {
        memory.numbers.write(&mut document);
        // One that cannot be spelt in this file's encoding is nobody's loss.
        let _ = memory.last.as_ref().map(|number| document.set("Settings", "lastCallNumber", number));
    }
    let changed = document.to_bytes();
    if changed == bytes {
        return Ok(());
    }
    // Before it is there: whoever looks at once knows whose it is.
    own.note(&bytes, &changed);
    files::replace(&file, &changed).map_err(plain)
}

#[cfg(test)]
mod tests {
    use super::super::file_watch::{FileWatch, Look};
    use super::*;
    use std::fs;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_keys_change_and_no_other_byte() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("microsip.ini");
        let before = "\u{feff}; mine\r\n[Settings]\r\nDND=0\r\nodd line\r\n[Account1]\r\ndomain=d\r\n";
        fs::write(&file, before).unwrap();
        let changes = [("DND", "1"), ("forwardingNumber", "600"), ("audioInputDevice", "USB"), ("echoNumber", "*43")];
        let changes: Changes = changes.map(|(key, value)| (key, value.to_owned())).to_vec();
        assert_eq!(keep(&file, &changes, None, &OwnWrites::default()), Ok(()));
        let expected = before.replace("DND=0\r\n", "DND=1\r\nforwardingNumber=600\r\naudioInputDevice=\"USB\"\r\n")
            + "[tuiphone]\r\nechoNumber=*43\r\n";
        assert_eq!(fs::read_to_string(&file).unwrap(), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(
            keep(&folder.path().join("none.ini"), &changes, None, &OwnWrites::default()),
            Err("no such file or directory".to_owned())
        );
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
        assert_eq!(keep(&link, &vec![("DND", "1".to_owned())], None, &OwnWrites::default()), Ok(()));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "[Settings]\nDND=1\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_it_writes_is_no_news_to_who_watches_and_what_is_so_already_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("microsip.ini");
        fs::write(&file, "[Settings]\nDND=0\n").unwrap();
        let own = OwnWrites::default();
        let mut watch = FileWatch::new(vec![file.clone()], own.clone());
        let changes = vec![("forwardingNumber", "600".to_owned())];
        assert_eq!(keep(&file, &changes, None, &own), Ok(()));
        assert_eq!([watch.look(), watch.look()], [Look::Unsettled, Look::Same]);
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(keep(&file, &changes, None, &own), Ok(()));
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
    }

    #[tokio::test]
    async fn what_comes_together_is_written_together_and_told_once_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("microsip.ini");
        fs::write(&file, "[Settings]\n").unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let complaints = told.clone();
        let (jobs, task) =
            start(file.clone(), OwnWrites::default(), move |complaint| complaints.lock().unwrap().push(complaint));
        let change = |key, value: &str| Job::Keep(vec![(key, value.to_owned())]);
        let written = |more: Vec<Job>| {
            let (reply, written) = oneshot::channel();
            more.into_iter().chain([Job::Written(reply)]).for_each(|job| jobs.send(job).unwrap());
            written
        };
        written(vec![change("DND", "1"), change("FWD", "1"), change("DND", "0")]).await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "[Settings]\nDND=0\nFWD=1\n");
        fs::remove_file(&file).unwrap();
        let numbers = Dialled::of(["600"].into_iter());
        let memory = Memory { numbers, last: None, keep: KeepDialled::On };
        written(vec![Job::Dialled(memory)]).await.unwrap();
        assert_eq!(told.lock().unwrap().len(), 0, "numbers alone are no loss");
        written(vec![change("DND", "1")]).await.unwrap();
        drop(jobs);
        task.await.unwrap();
        let expected = format!("cannot keep DND in {}: no such file or directory", file.display());
        assert_eq!(*told.lock().unwrap(), [expected]);
    }

    #[test]
    fn what_was_dialled_goes_where_microsip_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("microsip.ini");
        for (before, keep_it, after) in [
            ("[Settings]\r\n", KeepDialled::Auto, "[Settings]\r\n"),
            (
                "[Settings]\r\n",
                KeepDialled::On,
                "[Settings]\r\nlastCallNumber=700\r\n[Dialed]\r\n0=600,1#\r\n1=/dnd\r\n",
            ),
            (
                "[Dialed]\r\n0=1\r\n1=2\r\n2=3\r\n[Settings]\r\nlastCallNumber=1\r\n; mine\r\n",
                KeepDialled::Auto,
                "[Dialed]\r\n0=600,1#\r\n1=/dnd\r\n[Settings]\r\nlastCallNumber=700\r\n; mine\r\n",
            ),
            ("[Dialed]\r\n0=1\r\n", KeepDialled::Off, "[Dialed]\r\n0=1\r\n"),
        ] {
            fs::write(&file, before).unwrap();
            let numbers = Dialled::of(["600,1#", "/dnd"].into_iter());
            let memory = Memory { numbers, last: Some("700".to_owned()), keep: keep_it };
            assert_eq!(keep(&file, &Changes::new(), Some(&memory), &OwnWrites::default()), Ok(()));
            assert_eq!(fs::read_to_string(&file).unwrap(), after, "{keep_it:?} {before}");
        }
        fs::write(&file, "[Settings]\nlastCallNumber=1\n").unwrap();
        let memory = Memory { numbers: Dialled::default(), last: None, keep: KeepDialled::On };
        assert_eq!(keep(&file, &Changes::new(), Some(&memory), &OwnWrites::default()), Ok(()));
        assert_eq!(fs::read_to_string(&file).unwrap(), "[Settings]\nlastCallNumber=1\n", "that one is locked");
    }
}
