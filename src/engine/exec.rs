//! A program that is one end of a call: sound on its standard input and output, and on Unix two files more, on which it is
//! told things and says things.
//!
//! No shell starts it. It begins a process group of its own (on Windows a job), and all of that ends with it.

use super::hooks::{Group, program};
use std::io::{self, PipeReader, PipeWriter};
use std::process::{ExitStatus, Stdio};
use tokio::process::Child;

#[cfg(unix)]
pub use beside::{COMMANDS, Control, EVENTS};

/// A program that runs. Dropped, it is stopped.
pub struct Program {
    child: Child,
    group: Group,
}

/// Our ends of its pipes.
#[derive(Debug)]
pub struct Pipes {
    /// Its standard output.
    pub from: PipeReader,
    /// Its standard input.
    pub to: PipeWriter,
    /// What stands beside them.
    #[cfg(unix)]
    pub control: Control,
}

impl Program {
    /// Starts the program of these words, with these variables beside our own. It writes to our standard error.
    ///
    /// # Errors
    /// It cannot be run, or there are no pipes to be had.
    pub fn start(argv: &[String], environment: &[(&str, String)]) -> io::Result<(Program, Pipes)> {
        let words = program::words(argv, "");
        let (runs, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
        let ((input, to), (from, output)) = (io::pipe()?, io::pipe()?);
        let mut command = program::command(runs);
        command.args(arguments).kill_on_drop(true);
        for (name, value) in environment {
            command.env(name, value);
        }
        command.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::inherit());
        Group::begin(&mut command);
        #[cfg(unix)]
        let (control, kept) = beside::hand_over(&mut command)?;
        let child = command.spawn()?;
        #[cfg(unix)]
        drop(kept);
        let group = Group::of(&child);
        Ok((
            Program { child, group },
            Pipes {
                from,
                to,
                #[cfg(unix)]
                control,
            },
        ))
    }

    /// Waits until it ends; what it has left behind is stopped.
    ///
    /// # Errors
    /// The system lost it.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let ended = self.child.wait().await;
        self.group.stop();
        ended
    }

    /// Asks it and all it has started to end.
    pub fn ask_to_end(&self) {
        self.group.ask();
    }

    /// Stops it and all it has started.
    pub fn stop(&mut self) {
        self.group.stop();
        let _ = self.child.start_kill();
    }
}

#[cfg(unix)]
mod beside {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use tokio::net::unix::pipe::{Receiver, Sender};
    use tokio::process::Command;

    /// The file a program is told on.
    pub const EVENTS: i32 = 3;
    /// The file it says things on.
    pub const COMMANDS: i32 = 4;

    /// Our ends of these.
    #[derive(Debug)]
    pub struct Control {
        /// What the program is told.
        pub events: Sender,
        /// What it says.
        pub commands: Receiver,
    }

    /// Gives a program the files [`EVENTS`] and [`COMMANDS`]; what is returned beside our ends is to be kept until it runs.
    #[allow(unsafe_code)]
    pub fn hand_over(command: &mut Command) -> io::Result<(Control, Vec<File>)> {
        let ((told, events), (commands, said)) = (io::pipe()?, io::pipe()?);
        let control = Control {
            events: Sender::from_owned_fd(events.into())?,
            commands: Receiver::from_owned_fd(commands.into())?,
        };
        // Above both numbers, so that neither is overwritten before it has its place.
        let above = |end: OwnedFd| rustix::io::fcntl_dupfd_cloexec(end, COMMANDS + 1);
        let ends = [(above(told.into())?, EVENTS), (above(said.into())?, COMMANDS)];
        let place = move || {
            for (end, number) in &ends {
                // SAFETY: two numbers, the first that of an open file; the second belongs to nobody in the child, whose
                // own files have all been made above it.
                if unsafe { libc::dup2(end.as_raw_fd(), *number) } < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        };
        let kept = occupy()?;
        // SAFETY: between fork and exec it calls dup2 alone, which may be called there, and allocates nothing.
        unsafe { command.pre_exec(place) };
        Ok((control, kept))
    }

    /// Keeps both numbers taken in this process, so that nothing which is made to start a program comes to lie there.
    fn occupy() -> io::Result<Vec<File>> {
        let mut kept = Vec::new();
        loop {
            let file = File::open("/dev/null")?;
            let is_above = file.as_raw_fd() > COMMANDS;
            kept.push(file);
            if is_above {
                return Ok(kept);
            }
        }
    }
}
