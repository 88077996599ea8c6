//! Asks the system to run the calling thread on time.
#![allow(unsafe_code)]

/// What was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// SCHED_RR, priority 5.
    RealTime,
    /// Nice −11.
    Nice,
    /// Nothing.
    Normal,
}

/// Raises the calling thread as far as it may go.
#[cfg(target_os = "linux")]
pub fn raise() -> Priority {
    const NICE: i32 = -11;
    let parameters = libc::sched_param { sched_priority: 5 };
    // SAFETY: thread 0 is the caller; the structure is initialised and outlives the call.
    if unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &parameters) } == 0 {
        return Priority::RealTime;
    }
    // SAFETY: takes plain numbers; on Linux 0 means the calling thread alone.
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } {
        0 => Priority::Nice,
        _ => Priority::Normal,
    }
}

/// Raises the calling thread as far as it may go.
#[cfg(not(target_os = "linux"))]
pub fn raise() -> Priority {
    Priority::Normal
}
