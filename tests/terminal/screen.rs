//! A program in a pseudo-terminal, and what a person would see of it.

use crate::support::PATIENCE;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Leaves the alternate screen.
const LEAVE: &str = "\x1b[?1049l";

pub struct Screen {
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    raw: Vec<u8>,
}

impl Screen {
    /// Starts the program of `command` (its arguments and environment; its streams become the terminal).
    pub fn open(command: Command, rows: u16, cols: u16) -> Screen {
        let pair = native_pty_system().openpty(PtySize { rows, cols, ..PtySize::default() }).expect("a pty");
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(name, value);
            }
        }
        builder.env("TERM", "xterm-256color");
        builder.env("LANG", "C.UTF-8");
        // Where these tests run is nothing to them.
        for name in [
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "COLORTERM",
            "TMUX",
            "STY",
            "SSH_CONNECTION",
            "SSH_TTY",
            "SSH_CLIENT",
            "TERM_PROGRAM",
            "KITTY_WINDOW_ID",
        ] {
            if command.get_envs().all(|(set, _)| set != name) {
                builder.env_remove(name);
            }
        }
        let child = pair.slave.spawn_command(builder).expect("it starts");
        let mut reading = pair.master.try_clone_reader().expect("its output");
        let keys = pair.master.take_writer().expect("its input");
        let (out, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = reading.read(&mut buffer) {
                if n == 0 || out.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let terminal = vt100::Parser::new(rows, cols, 0);
        Screen { _master: pair.master, keys, child, bytes, terminal, raw: Vec::new() }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("typed");
    }

    /// Answers what is asked, as kitty does: each byte after a pause.
    pub fn answer(&mut self, pause: Duration) {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_written("\x1b[c") {
            assert!(self.take_in(deadline), "it asked nothing: {:?}", String::from_utf8_lossy(&self.raw));
        }
        for byte in "\x1b[?0u\x1b[?2026;2$y\x1b[1;2R\x1b[?62;52;c".bytes() {
            self.keys.write_all(&[byte]).and_then(|()| self.keys.flush()).expect("answered");
            std::thread::sleep(pause);
        }
    }

    pub fn has_written(&self, part: &str) -> bool {
        self.times_written(part) > 0
    }

    pub fn times_written(&self, part: &str) -> usize {
        self.raw.windows(part.len()).filter(|window| *window == part.as_bytes()).count()
    }

    /// Waits until this has been written so many times.
    pub fn wait_until_written(&mut self, part: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.times_written(part) < times {
            assert!(self.take_in(deadline), "no {part:?}: {:?}", String::from_utf8_lossy(&self.raw));
        }
    }

    pub fn text(&self) -> String {
        self.terminal.screen().contents()
    }

    /// The last line with something in it, without the blanks at its end.
    pub fn last_line(&self) -> String {
        self.text().lines().rev().map(str::trim_end).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }

    pub fn wait_for(&mut self, part: &str) {
        self.wait_until(part, |screen| screen.text().contains(part));
    }

    pub fn wait_for_end_of(&mut self, part: &str) {
        self.wait_until(part, |screen| !screen.text().contains(part));
    }

    /// Reads on until it is so.
    pub fn wait_until(&mut self, what: &str, met: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !met(self) {
            if !self.take_in(deadline) {
                panic!("waited for '{what}' in vain:\n{}", self.text());
            }
        }
    }

    /// Reads on until nothing has come for a while, and the program has slept all the while.
    pub fn settle(&mut self) {
        let (deadline, mut before) = (Instant::now() + PATIENCE, None);
        loop {
            let now = Some(self.wake_ups());
            if now == before || Instant::now() >= deadline {
                return;
            }
            before = now;
            while Instant::now() < deadline && self.take_in(Instant::now() + Duration::from_secs(1)) {}
        }
    }

    /// How many bytes are written within this time.
    pub fn bytes_within(&mut self, time: Duration) -> usize {
        let before = self.raw.len();
        let deadline = Instant::now() + time;
        while self.take_in(deadline) {}
        self.raw.len() - before
    }

    /// How often a thread of the program has gone to sleep so far; 0 where there is no /proc.
    pub fn wake_ups(&self) -> u64 {
        let id = self.child.process_id().expect("it runs");
        let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else { return 0 };
        let naps = |thread: std::fs::DirEntry| {
            let status = std::fs::read_to_string(thread.path().join("status")).ok()?;
            status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?.trim().parse::<u64>().ok()
        };
        threads.flatten().filter_map(naps).sum()
    }

    fn take_in(&mut self, deadline: Instant) -> bool {
        match self.bytes.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(bytes) => {
                self.terminal.process(&bytes);
                self.raw.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("it runs");
        assert!(Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().expect("kill").success());
    }

    /// The exit code.
    pub fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.take_in(Instant::now() + Duration::from_millis(20));
            match self.child.try_wait().expect("its state") {
                Some(status) => {
                    while self.take_in(Instant::now() + Duration::from_millis(200)) {}
                    return status.exit_code();
                }
                None if Instant::now() > deadline => panic!("it did not end:\n{}", self.text()),
                None => {}
            }
        }
    }

    /// The window is closed: what the kernel then tells the program.
    pub fn hang_up(mut self) {
        self.signal("HUP");
        self.ended();
    }

    /// Alternate screen, mouse, paste mode, hidden cursor, title and keyboard are undone.
    pub fn assert_restored(&self) {
        let raw = String::from_utf8_lossy(&self.raw);
        assert!(raw.contains("\x1b[?1049h"), "it never took the screen: {raw:?}");
        let screen = self.terminal.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "paste is still bracketed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        for (pushed, popped) in [("\x1b[>3u", "\x1b[<u"), ("\x1b[22;2t", "\x1b[23;2t")] {
            assert!(raw.rfind(pushed) <= raw.rfind(popped), "{pushed:?} stays: {raw:?}");
        }
        let (begun, ended) = (self.times_written("\x1b[?2026h"), self.times_written("\x1b[?2026l"));
        assert!(ended >= begun, "an update has no end: {raw:?}");
    }

    /// Everything that was written.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// What was written after the screen was given back.
    pub fn raw_after_restore(&self) -> String {
        let raw = String::from_utf8_lossy(&self.raw);
        raw.rsplit(LEAVE).next().unwrap_or_default().to_owned()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
