//! Files that are watched: whoever wants to know is told when one of them was written, or another one took its place.

use std::path::PathBuf;
use tokio::sync::mpsc;

/// Tells whenever one of these files was written, by whatever way editors have: their folders are watched. It ends with
/// its receiver. `None` where the system cannot tell, or no folder is there.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn watch(files: &[PathBuf]) -> Option<mpsc::Receiver<()>> {
    use tokio::io::unix::AsyncFd;
    let (inotify, names) = opened(files)?;
    // SAFETY: the descriptor is owned by what it is given to, open and the same for as long as that lives.
    let inotify = unsafe { AsyncFd::register(inotify) }.ok()?;
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(tell_of(inotify, names, tell));
    Some(told)
}

/// What tells of the folders of these files, and the names that count in them.
#[cfg(target_os = "linux")]
fn opened(files: &[PathBuf]) -> Option<(std::os::fd::OwnedFd, Vec<std::ffi::OsString>)> {
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    // The file behind a link is written where it is.
    let behind = files.iter().filter_map(|file| std::fs::canonicalize(file).ok());
    let all: Vec<PathBuf> = files.iter().cloned().chain(behind).collect();
    let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
    let folders = all.iter().filter_map(|file| file.parent());
    // What is begun is read once it is closed: half a file is no theme.
    let watched = folders.filter(|folder| {
        let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
        inotify::add_watch(&inotify, folder, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO).is_ok()
    });
    if watched.count() == 0 {
        return None;
    }
    Some((inotify, all.iter().filter_map(|file| Some(file.file_name()?.to_owned())).collect()))
}

#[cfg(target_os = "linux")]
async fn tell_of(
    inotify: tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
    names: Vec<std::ffi::OsString>,
    tell: mpsc::Sender<()>,
) {
    loop {
        let mut ready = tokio::select! {
            () = tell.closed() => return,
            ready = inotify.readable() => match ready {
                Ok(ready) => ready,
                Err(_) => return,
            },
        };
        let Ok(is_one) = has_named(inotify.get_ref(), &names) else { return };
        ready.clear_ready();
        if is_one {
            // One that waits already says the same.
            let _ = tell.try_send(());
        }
    }
}

/// Reads all that is told; true if it is about one of these names, or if something was lost.
#[cfg(target_os = "linux")]
fn has_named(inotify: &std::os::fd::OwnedFd, names: &[std::ffi::OsString]) -> rustix::io::Result<bool> {
    use rustix::fs::inotify::{ReadFlags, Reader};
    use rustix::io::Errno;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    let mut room = [MaybeUninit::uninit(); 4096];
    let mut events = Reader::new(inotify, &mut room);
    let mut found = false;
    loop {
        match events.next() {
            Ok(event) => {
                let is = |name: &std::ffi::CStr| names.iter().any(|known| known.as_bytes() == name.to_bytes());
                found |= event.events().contains(ReadFlags::QUEUE_OVERFLOW) || event.file_name().is_some_and(is);
            }
            Err(Errno::WOULDBLOCK) => return Ok(found),
            Err(Errno::INTR) => {}
            Err(why) => return Err(why),
        }
    }
}

/// Nobody tells here: whoever wants to know has to look.
#[cfg(not(target_os = "linux"))]
pub fn watch(_files: &[PathBuf]) -> Option<mpsc::Receiver<()>> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    type Change<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;

    /// A folder with a link to a file in another one, and what is watched of them.
    fn folder() -> (tempfile::TempDir, [PathBuf; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::write(at("elsewhere/real.ini"), "1").unwrap();
        std::os::unix::fs::symlink(at("elsewhere/real.ini"), at("link.ini")).unwrap();
        let files = [at("mine.ini"), at("link.ini")];
        (folder, files)
    }

    const WRITTEN: [Change<'_>; 3] = [
        &|folder| fs::write(folder.join("mine.ini"), "2"),
        &|folder| {
            fs::write(folder.join("mine.ini~"), "3")?;
            fs::rename(folder.join("mine.ini~"), folder.join("mine.ini"))
        },
        &|folder| fs::write(folder.join("elsewhere/real.ini"), "4"),
    ];

    #[tokio::test]
    async fn what_is_written_renamed_or_linked_to_is_told() {
        let (folder, files) = folder();
        let mut told = watch(&files).expect("the folder is there");
        for (nth, change) in WRITTEN.iter().enumerate() {
            change(folder.path()).unwrap();
            let is_told = tokio::time::timeout(Duration::from_secs(20), told.recv()).await;
            assert!(matches!(is_told, Ok(Some(()))), "change {nth}");
        }
        assert!(watch(&[folder.path().join("nowhere/mine.ini")]).is_none());
    }

    /// The system has a change in its queue before whoever made it goes on: nothing can come late.
    #[test]
    fn nothing_else_is_told() {
        let (folder, files) = folder();
        let (inotify, names) = opened(&files).expect("the folder is there");
        let others: [Change<'_>; 6] = [
            &|folder| fs::write(folder.join("yours.ini"), "0"),
            &|folder| fs::rename(folder.join("yours.ini"), folder.join("mine.ini.bak")),
            &|folder| fs::write(folder.join("elsewhere/another.ini"), "0"),
            &|folder| fs::remove_file(folder.join("mine.ini.bak")),
            &|folder| fs::read(folder.join("elsewhere/real.ini")).map(drop),
            &|_| Ok(()),
        ];
        for (nth, written) in WRITTEN.iter().enumerate() {
            for (other, change) in others.iter().enumerate() {
                change(folder.path()).unwrap();
                assert!(!has_named(&inotify, &names).unwrap(), "other change {other} before change {nth}");
            }
            written(folder.path()).unwrap();
            assert!(has_named(&inotify, &names).unwrap(), "change {nth}");
        }
        let begun = fs::File::create(folder.path().join("mine.ini")).unwrap();
        assert!(!has_named(&inotify, &names).unwrap(), "half a file");
        drop(begun);
        assert!(has_named(&inotify, &names).unwrap(), "the whole of it");
    }
}
