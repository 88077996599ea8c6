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

/// Raises the calling thread as far as it may go. The threads it starts are not raised with it: what opens devices or
/// writes files must not be in the way of what moves samples.
#[cfg(target_os = "linux")]
pub fn raise() -> Priority {
    const NICE: i32 = -11;
    let policy = |policy, sched_priority| {
        let parameters = libc::sched_param { sched_priority };
        // SAFETY: thread 0 is the caller; the structure is initialised and outlives the call.
        unsafe { libc::sched_setscheduler(0, policy | libc::SCHED_RESET_ON_FORK, &parameters) == 0 }
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

/// The calling thread gives way to others.
#[cfg(not(target_os = "linux"))]
pub fn lower() {}

/// Raises the calling thread as far as it may go.
#[cfg(not(target_os = "linux"))]
pub fn raise() -> Priority {
    Priority::Normal
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
