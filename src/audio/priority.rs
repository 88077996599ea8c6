//! Asks the system to run the calling thread on time.
#![allow(unsafe_code)]

/// What was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// SCHED_RR, priority 5; on Windows the highest one of a normal process.
    RealTime,
    /// Nice −11.
    Nice,
    /// Nothing.
    Normal,
}

/// Raises the calling thread as far as it may go. The threads it starts are not raised with it: what opens devices or
/// writes files must not be in the way of what moves samples.
#[cfg(target_os = "linux")]
pub fn raise() -> Priority {
    const NICE: i32 = -11;
    let policy = |policy: libc::c_int, priority: libc::c_int| {
        let policy = policy | libc::SCHED_RESET_ON_FORK;
        // Why not by its name: musl's `sched_setscheduler` asks nobody and fails.
        // SAFETY: thread 0 is the caller; the kernel reads one number, which outlives the call.
        unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) == 0 }
    };
    if policy(libc::SCHED_RR, 5) {
        return Priority::RealTime;
    }
    policy(libc::SCHED_OTHER, 0);
    // SAFETY: takes plain numbers; on Linux 0 means the calling thread alone.
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } {
        0 => Priority::Nice,
        _ => Priority::Normal,
    }
}

/// The calling thread gives way to others.
#[cfg(target_os = "linux")]
pub fn lower() {
    const NICE: i32 = 10;
    // SAFETY: takes plain numbers; on Linux 0 means the calling thread alone.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

/// Raises the calling thread as far as it may go.
#[cfg(windows)]
pub fn raise() -> Priority {
    use windows_sys::Win32::System::Threading::{GetCurrentThread, SetThreadPriority, THREAD_PRIORITY_TIME_CRITICAL};
    // SAFETY: takes plain numbers; the handle needs no closing.
    match unsafe { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL) } {
        0 => Priority::Normal,
        _ => Priority::RealTime,
    }
}

/// The calling thread gives way to others.
#[cfg(windows)]
pub fn lower() {
    use windows_sys::Win32::System::Threading::{GetCurrentThread, SetThreadPriority, THREAD_PRIORITY_BELOW_NORMAL};
    // SAFETY: takes plain numbers; the handle needs no closing.
    unsafe { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL) };
}

/// The calling thread gives way to others.
#[cfg(not(any(target_os = "linux", windows)))]
pub fn lower() {}

/// Raises the calling thread as far as it may go.
#[cfg(not(any(target_os = "linux", windows)))]
pub fn raise() -> Priority {
    Priority::Normal
}

/// While it lives, waits of this process end within a millisecond of their time, where the system would else let them
/// take up to sixteen.
#[derive(Debug)]
pub struct FineTimer(());

#[cfg(windows)]
impl FineTimer {
    /// Asks for it.
    pub fn start() -> FineTimer {
        // SAFETY: takes a plain number.
        unsafe { windows_sys::Win32::Media::timeBeginPeriod(1) };
        FineTimer(())
    }
}

#[cfg(windows)]
impl Drop for FineTimer {
    fn drop(&mut self) {
        // SAFETY: takes a plain number, that of the call which made this.
        unsafe { windows_sys::Win32::Media::timeEndPeriod(1) };
    }
}

#[cfg(not(windows))]
impl FineTimer {
    /// Nothing to ask for here.
    pub fn start() -> FineTimer {
        FineTimer(())
    }
}

/// Raises the thread of a device's callback at its first call.
#[cfg(feature = "audio")]
#[derive(Default)]
pub(super) struct Raise {
    raised: bool,
}

#[cfg(feature = "audio")]
impl Raise {
    /// To be called each time.
    pub(super) fn once(&mut self) {
        if !std::mem::replace(&mut self.raised, true) {
            raise();
        }
    }
}
