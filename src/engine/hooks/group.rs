//! A program and all that it starts, ended as one: a process group, or a job of Windows.
#![cfg_attr(windows, allow(unsafe_code))]

#[cfg(unix)]
pub(in crate::engine) use unix::Group;
#[cfg(windows)]
pub(in crate::engine) use windows::Group;

#[cfg(unix)]
mod unix {
    use rustix::process::{Pid, Signal, kill_process_group};
    use tokio::process::{Child, Command};

    /// The process group of a program that runs; stopped when nobody waits for it any more.
    pub struct Group(Option<Pid>);

    impl Group {
        /// A program that is started so begins a group of its own.
        pub fn begin(command: &mut Command) {
            command.process_group(0);
        }

        /// The group of a program that was started so.
        pub fn of(child: &Child) -> Group {
            Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
        }

        /// Asks them all to end.
        pub fn ask(&self) {
            if let Some(group) = self.0 {
                let _ = kill_process_group(group, Signal::TERM);
            }
        }

        /// Ends them all.
        pub fn stop(&mut self) {
            if let Some(group) = self.0.take() {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }

        /// The program has ended; what it left behind lives on.
        pub fn leave(&mut self) {
            self.0 = None;
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.stop();
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
    use std::ptr::null;
    use tokio::process::{Child, Command};
    use windows_sys::Win32::System::JobObjects::{AssignProcessToJobObject, CreateJobObjectW, TerminateJobObject};
    use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

    /// The job of a program that runs; stopped when nobody waits for it any more.
    pub struct Group(Option<OwnedHandle>);

    impl Group {
        /// A program that is started so opens no console of its own.
        pub fn begin(command: &mut Command) {
            command.creation_flags(CREATE_NO_WINDOW);
        }

        /// The job that holds a program from now on, with all that it will start.
        pub fn of(child: &Child) -> Group {
            let Some(process) = child.raw_handle() else { return Group(None) };
            // SAFETY: a job without a name and with the usual rights; null is no handle.
            let job = unsafe { CreateJobObjectW(null(), null()) };
            if job.is_null() {
                return Group(None);
            }
            // SAFETY: it was just made, and is nobody else's.
            let job = unsafe { OwnedHandle::from_raw_handle(job) };
            // SAFETY: both are open.
            let is_in = unsafe { AssignProcessToJobObject(job.as_raw_handle(), process) } != 0;
            Group(is_in.then_some(job))
        }

        /// There is no asking a program without a window.
        pub fn ask(&self) {}

        /// Ends them all.
        pub fn stop(&mut self) {
            if let Some(job) = self.0.take() {
                // SAFETY: it is open.
                unsafe { TerminateJobObject(job.as_raw_handle(), 1) };
            }
        }

        /// The program has ended; what it left behind lives on.
        pub fn leave(&mut self) {
            self.0 = None;
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.stop();
        }
    }
}
