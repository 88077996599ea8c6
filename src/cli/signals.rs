//! Ctrl-C and the other ways of asking a process to stop.

use crate::control::ExitCode;

/// The signals that end a command.
pub struct Interrupts {
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    others: Others,
}

impl Interrupts {
    /// Listens from now on; the default action no longer happens. What comes while nobody waits is there for the next
    /// that does.
    pub fn listen() -> Interrupts {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let heard = |kind| signal(kind).ok();
            Interrupts {
                interrupt: heard(SignalKind::interrupt()),
                terminate: heard(SignalKind::terminate()),
                hang_up: heard(SignalKind::hangup()),
            }
        }
        #[cfg(windows)]
        Interrupts { others: Others::listen() }
    }

    /// The next request to stop, as the exit code it deserves.
    #[cfg(unix)]
    pub async fn next(&mut self) -> ExitCode {
        tokio::select! {
            () = received(&mut self.interrupt) => ExitCode::Interrupted,
            () = received(&mut self.terminate) => ExitCode::Terminated,
            () = received(&mut self.hang_up) => ExitCode::Terminated,
        }
    }

    /// The next request to stop, as the exit code it deserves.
    #[cfg(windows)]
    pub async fn next(&mut self) -> ExitCode {
        self.others.next().await
    }

    /// For a daemon: a closed terminal is no reason to stop. Who sends that signal wants something else.
    pub fn take_hang_ups(&mut self) -> HangUps {
        HangUps {
            #[cfg(unix)]
            hang_up: self.hang_up.take(),
        }
    }
}

/// SIGHUPs, where there are signals.
pub struct HangUps {
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

impl HangUps {
    /// The next one.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        received(&mut self.hang_up).await;
    }

    /// There are none.
    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// What a console says: Ctrl-C, Ctrl-Break, that it is closed, and that the machine goes down.
#[cfg(windows)]
struct Others {
    interrupted: Option<tokio::signal::windows::CtrlC>,
    broken: Option<tokio::signal::windows::CtrlBreak>,
    closed: Option<tokio::signal::windows::CtrlClose>,
    going_down: Option<tokio::signal::windows::CtrlShutdown>,
}

#[cfg(windows)]
impl Others {
    fn listen() -> Others {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Others {
            interrupted: ctrl_c().ok(),
            broken: ctrl_break().ok(),
            closed: ctrl_close().ok(),
            going_down: ctrl_shutdown().ok(),
        }
    }

    async fn next(&mut self) -> ExitCode {
        let Others {
            interrupted: Some(interrupted),
            broken: Some(broken),
            closed: Some(closed),
            going_down: Some(going_down),
        } = self
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupted.recv() => ExitCode::Interrupted,
            _ = broken.recv() => ExitCode::Terminated,
            _ = closed.recv() => ExitCode::Terminated,
            _ = going_down.recv() => ExitCode::Terminated,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};
    use std::time::Duration;

    #[tokio::test]
    async fn a_signal_that_comes_while_nobody_waits_is_not_lost() {
        let mut interrupts = Interrupts::listen();
        for _ in 0..2 {
            kill_process(getpid(), Signal::INT).unwrap();
            let nobody_waits = tokio::time::sleep(Duration::from_millis(20));
            nobody_waits.await;
            let next = tokio::time::timeout(Duration::from_secs(20), interrupts.next()).await;
            assert_eq!(next, Ok(ExitCode::Interrupted));
        }
    }
}
