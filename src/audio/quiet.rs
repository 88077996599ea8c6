//! libasound writes to stderr on its own account; over a screen that would tear it.
#![cfg_attr(unix, allow(unsafe_code))]

/// While it lives, what libraries write to stderr goes nowhere.
pub struct StderrGuard {
    #[cfg(unix)]
    saved: Option<std::os::fd::OwnedFd>,
}

#[cfg(unix)]
impl StderrGuard {
    /// Silences file descriptor 2.
    pub fn new() -> StderrGuard {
        use std::os::fd::{AsFd, AsRawFd};
        let saved = std::io::stderr().as_fd().try_clone_to_owned().ok();
        if saved.is_some()
            && let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null")
        {
            // SAFETY: both descriptors are open; dup2 replaces 2 in one step.
            unsafe { libc::dup2(null.as_raw_fd(), 2) };
        }
        StderrGuard { saved }
    }
}

#[cfg(unix)]
impl Drop for StderrGuard {
    fn drop(&mut self) {
        use std::os::fd::AsRawFd;
        if let Some(saved) = &self.saved {
            // SAFETY: `saved` is open until after this call.
            unsafe { libc::dup2(saved.as_raw_fd(), 2) };
        }
    }
}

#[cfg(not(unix))]
impl StderrGuard {
    /// Nothing writes there on this system.
    pub fn new() -> StderrGuard {
        StderrGuard {}
    }
}

impl Default for StderrGuard {
    fn default() -> StderrGuard {
        StderrGuard::new()
    }
}
