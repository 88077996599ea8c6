//! What the standard library does not have and every system does in its own way.

mod settled;
mod watching;

pub use settled::{keep_large_blocks_apart, settle};
pub use watching::watch;

use crate::engine::handle::Handle;
use std::io;
use std::path::Path;
use std::process::Command;

/// A moment, in seconds since 1970, as the clock on the wall showed it: `2026-01-02 03:04:05`. `None` where that cannot be
/// known.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn local_time(seconds: i64) -> Option<String> {
    let moment = libc::time_t::try_from(seconds).ok()?;
    let mut parts = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for the call, and a zeroed `tm` is a valid one.
    let parts = unsafe {
        if libc::localtime_r(&raw const moment, parts.as_mut_ptr()).is_null() {
            return None;
        }
        parts.assume_init()
    };
    let (year, month) = (parts.tm_year + 1900, parts.tm_mon + 1);
    let (day, hour, minute, second) = (parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

/// See above.
#[cfg(windows)]
#[allow(unsafe_code)]
pub fn local_time(seconds: i64) -> Option<String> {
    use windows_sys::Win32::Foundation::{FILETIME, SYSTEMTIME};
    use windows_sys::Win32::System::Time::{FileTimeToSystemTime, SystemTimeToTzSpecificLocalTime};
    /// Seconds from 1601, where Windows begins to count, to 1970.
    const TO_1970: i64 = 11_644_473_600;
    let ticks = u64::try_from(seconds.checked_add(TO_1970)?.checked_mul(10_000_000)?).ok()?;
    let moment = FILETIME { dwLowDateTime: (ticks & 0xffff_ffff) as u32, dwHighDateTime: (ticks >> 32) as u32 };
    let (mut world, mut here) = (SYSTEMTIME::default(), SYSTEMTIME::default());
    // SAFETY: all three are ours and valid for the calls; null stands for the zone that is set.
    let is_known = unsafe {
        FileTimeToSystemTime(&raw const moment, &raw mut world) != 0
            && SystemTimeToTzSpecificLocalTime(std::ptr::null(), &raw const world, &raw mut here) != 0
    };
    let SYSTEMTIME { wYear, wMonth, wDay, wHour, wMinute, wSecond, .. } = here;
    is_known.then(|| format!("{wYear:04}-{wMonth:02}-{wDay:02} {wHour:02}:{wMinute:02}:{wSecond:02}"))
}

/// Overwrites the passwords on this process's command line, as `ps` shows it to everybody. To be called before anything
/// else runs, with the line already copied. Where the system does not tell where its copy lies, nothing happens.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn hide_passwords() {
    let Some((start, end)) = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(command_line_at)
    else {
        return;
    };
    let Ok(line) = std::fs::read("/proc/self/cmdline") else { return };
    if end.checked_sub(start) != Some(line.len()) {
        return;
    }
    for at in passwords_in(&line) {
        // SAFETY: the kernel says that the command line lies from `start` to `end`, in our own writable memory, and `at`
        // is less than the length. No other thread runs yet, and nobody holds a reference to these bytes.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(start + at).write_volatile(b'*') };
    }
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub fn hide_passwords() {}

/// `arg_start` and `arg_end` of proc_pid_stat(5), the fields 48 and 49; the name, field 2, may hold anything.
#[cfg(target_os = "linux")]
fn command_line_at(stat: &str) -> Option<(usize, usize)> {
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(45);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The places of every byte of a password: `--password VALUE`, `--password=VALUE`, `/password:VALUE`. Each word ends
/// with a zero.
#[cfg(target_os = "linux")]
fn passwords_in(line: &[u8]) -> Vec<usize> {
    let (mut places, mut start, mut is_value) = (Vec::new(), 0, false);
    for word in line.split(|byte| *byte == 0) {
        let glued = word.starts_with(b"--password=") || word.to_ascii_lowercase().starts_with(b"/password:");
        let from = match () {
            () if is_value && word != b"-" => 0,
            () if glued => word.iter().position(|byte| matches!(byte, b'=' | b':')).map_or(word.len(), |at| at + 1),
            () => word.len(),
        };
        places.extend(start + from..start + word.len());
        is_value = word == b"--password";
        start += word.len() + 1;
    }
    places
}

/// Waits until the reader of standard output has gone. For ever, where that cannot be known.
#[cfg(unix)]
#[allow(unsafe_code)]
pub async fn reader_gone() {
    use std::os::fd::AsFd;
    use tokio::io::{Interest, unix::AsyncFd};
    if let Ok(copy) = std::io::stdout().as_fd().try_clone_to_owned() {
        // SAFETY: the descriptor is ours alone and open until it is dropped with its watcher.
        let watched = unsafe { AsyncFd::register_with_interest(copy, Interest::ERROR) };
        if let Ok(watched) = watched
            && watched.ready(Interest::ERROR).await.is_ok()
        {
            return;
        }
    }
    std::future::pending().await
}

/// See above.
#[cfg(not(unix))]
pub async fn reader_gone() {
    std::future::pending().await
}

/// Gives the memory that only the start needed back to the system: reading the arguments takes half a megabyte, which
/// glibc would keep.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn give_memory_back() {
    // SAFETY: takes a plain number; the allocator locks what it must.
    unsafe { libc::malloc_trim(0) };
}

/// See above.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_memory_back() {}

/// Raises how many files this process may have open, as far as it may: each call takes two sockets.
#[cfg(unix)]
pub fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    const MOST: u64 = 4_096;
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(MOST).min(MOST);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// See above.
#[cfg(not(unix))]
pub fn allow_many_files() {}

/// Makes a folder that only its owner may look into, if it is not there.
///
/// # Errors
/// The system's refusal.
#[cfg(unix)]
pub fn own_folder(folder: &Path) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700).create(folder)
}

/// See above. One that is there gets rights of its own, if it has none.
#[cfg(windows)]
pub fn own_folder(folder: &Path) -> io::Result<()> {
    crate::control::windows::rights::own_folder(folder)
}

/// The program that is started outlives this one, its terminal and its Ctrl-C.
#[cfg(unix)]
pub fn detach(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// See above.
#[cfg(windows)]
pub fn detach(command: &mut Command) {
    use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};
    std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// Sends a datagram to whoever has started this program; an address that begins with `@` is in no file system.
///
/// # Errors
/// The system's refusal.
#[cfg(unix)]
pub fn tell_manager(address: &std::ffi::OsStr, text: &str) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixDatagram;
    let socket = UnixDatagram::unbound()?;
    // Why a bound: calls wait while this does.
    socket.set_write_timeout(Some(std::time::Duration::from_millis(100)))?;
    match address.as_bytes().strip_prefix(b"@") {
        Some(name) => send_abstract(&socket, name, text),
        None => socket.send_to(text.as_bytes(), address).map(drop),
    }
}

#[cfg(target_os = "linux")]
fn send_abstract(socket: &std::os::unix::net::UnixDatagram, name: &[u8], text: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    socket.send_to_addr(text.as_bytes(), &address).map(drop)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn send_abstract(_: &std::os::unix::net::UnixDatagram, _: &[u8], _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// See above.
///
/// # Errors
/// There is no such thing here.
#[cfg(not(unix))]
pub fn tell_manager(_: &std::ffi::OsStr, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The listening socket that the service manager has handed over as the first descriptor behind standard error. Programs
/// that are started do not get it. To be called once, by whom the manager meant it for.
///
/// # Errors
/// There is none.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn handed_listener() -> io::Result<std::os::fd::OwnedFd> {
    use std::os::fd::FromRawFd;
    const FIRST: libc::c_int = 3;
    let mut listens: libc::c_int = 0;
    let mut length = libc::socklen_t::try_from(size_of::<libc::c_int>()).map_err(io::Error::other)?;
    // SAFETY: the value and its length are ours and valid for the call; a number that is no descriptor is refused.
    let asked = unsafe {
        libc::getsockopt(FIRST, libc::SOL_SOCKET, libc::SO_ACCEPTCONN, (&raw mut listens).cast(), &raw mut length)
    };
    match (asked, listens) {
        (0, 0) => return Err(io::Error::other("descriptor 3 does not listen")),
        (0, _) => {}
        _ => return Err(io::Error::last_os_error()),
    }
    // SAFETY: it is open and listens, and nothing here has opened such a socket before: it is the one that was handed over,
    // and nobody else has it.
    let socket = unsafe { std::os::fd::OwnedFd::from_raw_fd(FIRST) };
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// What takes other programs' messages for a phone, where the system has such a thing; nothing more is taken once it is
/// dropped.
#[cfg(unix)]
pub struct Messages;

/// Begins to take them, at a window of this title.
///
/// # Errors
/// The system's refusal.
#[cfg(unix)]
pub async fn take_messages(_: &Handle, _: &str) -> io::Result<Messages> {
    Ok(Messages)
}

/// See above.
#[cfg(windows)]
pub use crate::control::windows::Messages;

/// See above.
///
/// # Errors
/// The system's refusal.
#[cfg(windows)]
pub async fn take_messages(handle: &Handle, title: &str) -> io::Result<Messages> {
    Messages::open(handle.clone(), title).await
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_found_and_nothing_else() {
        for (line, hidden) in [
            ("tuiphone --password hunter2 call 600", "tuiphone --password ******* call 600"),
            ("tuiphone --password=a --password b", "tuiphone --password=* --password *"),
            ("tuiphone /password:abc /Password:", "tuiphone /password:*** /Password:"),
            ("tuiphone --password - call 1", "tuiphone --password - call 1"),
            ("tuiphone --password-file secret", "tuiphone --password-file secret"),
            ("tuiphone --password", "tuiphone --password"),
            ("", ""),
        ] {
            let mut bytes: Vec<u8> = line.bytes().chain([b' ']).map(|b| if b == b' ' { 0 } else { b }).collect();
            for at in passwords_in(&bytes) {
                bytes[at] = b'*';
            }
            bytes.pop();
            let shown = String::from_utf8(bytes).unwrap().replace('\0', " ");
            assert_eq!(shown, hidden);
        }
        assert_eq!(command_line_at(&format!("7 (a) b) S{} 100 164 0", " 0".repeat(44))), Some((100, 164)));
        assert_eq!(command_line_at("7 (a) S 1"), None);
    }
}
