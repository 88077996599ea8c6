//! What the standard library does not have and every system does in its own way.

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
#[cfg(not(unix))]
pub fn local_time(_: i64) -> Option<String> {
    None
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
