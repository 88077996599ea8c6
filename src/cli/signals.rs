//! Ctrl-C and the other ways of asking a process to stop.

use crate::control::ExitCode;

/// The signals that end a command.
pub struct Interrupts {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    others: Others,
}

impl Interrupts {
    /// Listens from now on; the default action no longer happens.
    pub fn listen() -> Interrupts {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Interrupts { terminate: signal(SignalKind::terminate()).ok(), hang_up: signal(SignalKind::hangup()).ok() }
        }
        #[cfg(windows)]
        Interrupts { others: Others::listen() }
    }

    /// The next request to stop, as the exit code it deserves.
    #[cfg(unix)]
    pub async fn next(&mut self) -> ExitCode {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => ExitCode::Interrupted,
            () = received(&mut self.terminate) => ExitCode::Terminated,
            () = received(&mut self.hang_up) => ExitCode::Terminated,
        }
    }

    /// The next request to stop, as the exit code it deserves.
    #[cfg(windows)]
    pub async fn next(&mut self) -> ExitCode {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => ExitCode::Interrupted,
            () = self.others.received() => ExitCode::Terminated,
        }
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

/// What a console says beside Ctrl-C: Ctrl-Break, that it is closed, and that the machine goes down.
#[cfg(windows)]
struct Others {
    broken: Option<tokio::signal::windows::CtrlBreak>,
    closed: Option<tokio::signal::windows::CtrlClose>,
    going_down: Option<tokio::signal::windows::CtrlShutdown>,
}

#[cfg(windows)]
impl Others {
    fn listen() -> Others {
        use tokio::signal::windows::{ctrl_break, ctrl_close, ctrl_shutdown};
        Others { broken: ctrl_break().ok(), closed: ctrl_close().ok(), going_down: ctrl_shutdown().ok() }
    }

    async fn received(&mut self) {
        let Others { broken: Some(broken), closed: Some(closed), going_down: Some(going_down) } = self else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = broken.recv() => {}
            _ = closed.recv() => {}
            _ = going_down.recv() => {}
        }
    }
}
