//! The place of a control socket in the file system: nobody else can put theirs there, and we remove nothing but our own.

/// Bytes that the system has room for in the address of a socket, its NUL not counted.
#[cfg(unix)]
const LONGEST: usize = if cfg!(target_vendor = "apple") { 103 } else { 107 };

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64, i64, i64);

#[cfg(unix)]
pub(super) use unix::{Mark, clear, fits, is_ours, is_served, owned, prepare, restrict};
#[cfg(windows)]
pub(super) use windows::{Mark, clear, fits, is_ours, is_served, owned, prepare, restrict};

#[cfg(unix)]
mod unix {
    use super::{Identity, LONGEST};
    use interprocess::local_socket::ListenerOptions;
    use interprocess::local_socket::tokio::{Stream, prelude::*};
    use std::fs::{self, DirBuilder, File, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// How often another phone that is just opening its socket here is waited for, 10 ms each time.
    const TURNS: u32 = 200;

    impl Identity {
        /// Of the file of this name; a link counts as itself.
        pub fn of(path: &Path) -> Option<Identity> {
            // When it was made as well: a file system gives the number of one that is gone to the next.
            fs::symlink_metadata(path).ok().map(|m| Identity(m.dev(), m.ino(), m.mtime(), m.mtime_nsec()))
        }
    }

    /// Refuses a path that is too long for a socket.
    pub fn fits(path: &Path) -> io::Result<()> {
        let length = path.as_os_str().len();
        if length <= LONGEST {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the path has {length} bytes, a socket's may have {LONGEST}"),
        ))
    }

    /// Makes the folder, 0700, and refuses one in which others could put things. While the returned file is open no other
    /// phone passes here, so that two that start at once do not take each other's socket for a stale one.
    pub async fn prepare(path: &Path) -> io::Result<Option<File>> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let turn = File::open(folder)?;
        let about = turn.metadata()?;
        let (owner, mode) = (about.uid(), about.permissions().mode());
        let name = folder.display();
        if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{name} belongs to another user")));
        }
        // In a folder like /tmp nobody can remove or rename what is ours.
        if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            let why = format!("others may write to {name}; chmod 700 {name}");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        for _ in 0..TURNS {
            match turn.try_lock() {
                Ok(()) => return Ok(Some(turn)),
                Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(10)).await,
                // A file system without locks: the race is small.
                Err(fs::TryLockError::Error(_)) => break,
            }
        }
        Ok(None)
    }

    /// Removes a socket that a dead phone left; anything else that is in the way stays where it is.
    pub fn clear(path: &Path) -> io::Result<()> {
        let Ok(about) = fs::symlink_metadata(path) else { return Ok(()) };
        let refused = |why| Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        if !about.file_type().is_socket() {
            return refused("something that is no socket is there");
        }
        if about.uid() != nix::unistd::geteuid().as_raw() {
            return refused("a socket of another user is there");
        }
        fs::remove_file(path)
    }

    /// A file beside the socket that is locked while a phone listens, whoever opened the socket. It goes with the mark.
    #[derive(Debug)]
    pub struct Mark(PathBuf, File);

    impl Mark {
        /// How often the lock is tried, 5 ms apart: who looks holds it for a moment.
        const TRIES: u32 = 20;

        /// A phone listens from now on; `None` where that cannot be told.
        pub fn set(socket: &Path) -> Option<Mark> {
            let path = beside(socket)?;
            let mut open = File::options();
            open.write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
            let file = open.open(&path).ok()?;
            for _ in 0..Self::TRIES {
                if file.try_lock().is_ok() {
                    return Some(Mark(path, file));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            None
        }
    }

    impl Drop for Mark {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
            let _ = self.1.unlock();
        }
    }

    /// A phone listens at this socket. Nobody is connected to for it: that would start one where a service manager listens.
    pub fn is_served(socket: &Path) -> bool {
        let mark = beside(socket).and_then(|path| File::open(path).ok());
        mark.is_some_and(|mark| matches!(mark.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    fn beside(socket: &Path) -> Option<PathBuf> {
        let mut name = socket.file_name()?.to_owned();
        name.push(".lock");
        Some(socket.with_file_name(name))
    }

    /// For the owner alone: seen to once the socket has its file.
    pub fn owned(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
        Ok(options.reclaim_name(false))
    }

    /// For the owner alone.
    pub fn restrict(path: &Path) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(0o600))
    }

    /// The other end runs as this user, or as root.
    pub fn is_ours(stream: &Stream) -> bool {
        let Some(peer) = stream.peer_creds().ok().and_then(|c| c.euid()) else { return false };
        peer == 0 || peer == nix::unistd::geteuid().as_raw()
    }
}

/// A named pipe has no place in the file system, and goes with its process.
#[cfg(windows)]
mod windows {
    use super::Identity;
    use crate::control::windows::rights;
    use interprocess::local_socket::ListenerOptions;
    use interprocess::local_socket::tokio::{Stream, prelude::*};
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    use std::fs::File;
    use std::io;
    use std::path::Path;

    impl Identity {
        /// None.
        pub fn of(_: &Path) -> Option<Identity> {
            None
        }
    }

    /// Refuses what is no name of a pipe.
    pub fn fits(path: &Path) -> io::Result<()> {
        let name = path.to_string_lossy().to_ascii_lowercase();
        if name.strip_prefix(r"\\.\pipe\").is_some_and(|name| !name.is_empty()) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, r"it is no named pipe, \\.\pipe\NAME"))
    }

    /// A pipe is there while its phone is.
    #[derive(Debug)]
    pub struct Mark;

    impl Mark {
        /// None is needed.
        pub fn set(_: &Path) -> Option<Mark> {
            Some(Mark)
        }
    }

    /// Nobody else opens pipes for a phone.
    pub fn is_served(_: &Path) -> bool {
        true
    }

    /// Nothing to make; of two phones that start at once the system lets one have the pipe.
    pub async fn prepare(_: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    /// Nothing is ever left.
    pub fn clear(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// For the owner alone, from its beginning.
    pub fn owned(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
        Ok(options.security_descriptor(rights::of_pipe()?))
    }

    /// Seen to already.
    pub fn restrict(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// The other end runs as this user.
    pub fn is_ours(stream: &Stream) -> bool {
        let peer = stream.peer_creds().ok().and_then(|peer| peer.pid());
        peer.is_some_and(|process| rights::is_ours(process).unwrap_or(false))
    }
}
