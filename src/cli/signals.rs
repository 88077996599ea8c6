//! Ctrl-C and the other ways of asking a process to stop.

use crate::control::ExitCode;

/// The signals that end a command.
pub struct Interrupts {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

impl Interrupts {
    /// Listens from now on; the default action no longer happens.
    pub fn listen() -> Interrupts {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Interrupts { terminate: signal(SignalKind::terminate()).ok(), hang_up: signal(SignalKind::hangup()).ok() }
        }
        #[cfg(not(unix))]
        Interrupts {}
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
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> ExitCode {
        let _ = tokio::signal::ctrl_c().await;
        ExitCode::Interrupted
    }

    /// For a daemon: a closed terminal is no reason to stop.
    pub fn ignore_hang_up(&mut self) {
        #[cfg(unix)]
        if let Some(mut hang_up) = self.hang_up.take() {
            tokio::spawn(async move { while hang_up.recv().await.is_some() {} });
        }
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
