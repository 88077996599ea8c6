//! Files that are watched: whoever wants to know is told when one of them was written, or another one took its place.

use std::path::PathBuf;
use tokio::sync::mpsc;

/// Tells whenever one of these files was written, by whatever way editors have: their folders are watched. It ends with
/// its receiver. `None` where the system cannot tell, or no folder is there.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn watch(files: &[PathBuf]) -> Option<mpsc::Receiver<()>> {
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use tokio::io::unix::AsyncFd;
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
    // SAFETY: the descriptor is owned by what it is given to, open and the same for as long as that lives.
    let inotify = unsafe { AsyncFd::register(inotify) }.ok()?;
    let names = all.iter().filter_map(|file| Some(file.file_name()?.to_owned())).collect();
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(tell_of(inotify, names, tell));
    Some(told)
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    /// True if something is told; what comes later than that is told of another change.
    async fn is_told(told: &mut mpsc::Receiver<()>) -> bool {
        matches!(tokio::time::timeout(Duration::from_secs(20), told.recv()).await, Ok(Some(())))
    }

    #[tokio::test]
    async fn what_is_written_renamed_or_linked_to_is_told_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::write(at("elsewhere/real.ini"), "1").unwrap();
        std::os::unix::fs::symlink(at("elsewhere/real.ini"), at("link.ini")).unwrap();
        let mut told = watch(&[at("mine.ini"), at("link.ini")]).expect("the folder is there");
        type Change<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;
        let changes: [Change<'_>; 3] = [
            &|folder| fs::write(folder.join("mine.ini"), "2"),
            &|folder| {
                fs::write(folder.join("mine.ini~"), "3")?;
                fs::rename(folder.join("mine.ini~"), folder.join("mine.ini"))
            },
            &|folder| fs::write(folder.join("elsewhere/real.ini"), "4"),
        ];
        for (nth, change) in changes.iter().enumerate() {
            fs::write(at("yours.ini"), "0").unwrap();
            assert!(told.try_recv().is_err(), "nothing that is watched has changed before change {nth}");
            change(folder.path()).unwrap();
            assert!(is_told(&mut told).await, "change {nth}");
        }
        assert!(watch(&[folder.path().join("nowhere/mine.ini")]).is_none());
    }
}
