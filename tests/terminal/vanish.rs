//! A terminal that vanishes and tells nobody: it controls no process, so that no signal is sent, as under `nohup`.

use crate::support::{Daemon, House, PATIENCE, until};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[test]
fn an_interface_whose_terminal_is_gone_ends_and_no_call_does() {
    // With a call the clock is drawn, and that fails; an idle interface has to notice by itself.
    for (shown, state) in [("talking", "connected"), ("registered", "idle")] {
        let house = House::open();
        let daemon = house.daemon();
        if state == "connected" {
            assert_eq!(daemon.connect().ask("call 600")["ok"], true);
        }
        let mut interface = Interface::open(house.program(&[]));
        interface.wait_for(shown);
        interface.settle(state == "idle");
        drop(interface.far_side);
        let left = Left(interface.child);
        assert_ends_quietly(left, state);
        assert_eq!(state_of(&daemon), state, "a window that is gone ends no call");
    }
}

/// Within bounds; and as long as it has not ended, it is no burden.
fn assert_ends_quietly(mut left: Left, state: &str) {
    let (since, before) = (Instant::now(), ticks(left.0.id()));
    until(|| left.has_ended() || since.elapsed() > Duration::from_secs(2));
    let busy = if left.has_ended() { 0.0 } else { share(before, ticks(left.0.id())) };
    assert!(busy < 20.0, "{state}: {busy:.0} % of a core for a terminal that is gone");
    assert!(until(|| left.has_ended()), "{state}: nobody can reach it, and it stays");
}

fn state_of(daemon: &Daemon) -> serde_json::Value {
    daemon.connect().ask("status")["state"].clone()
}

/// A program in a pseudo-terminal whose far side is held here alone.
struct Interface {
    child: Child,
    far_side: File,
    terminal: vt100::Parser,
}

impl Interface {
    fn open(mut program: Command) -> Interface {
        let far_side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
        grantpt(&far_side).and_then(|()| unlockpt(&far_side)).expect("its near side");
        let name = OsString::from_vec(ptsname(&far_side, Vec::new()).expect("its name").into_bytes());
        let near_side = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name);
        let near_side = near_side.expect("its near side");
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&near_side, size).expect("its size");
        let stream = || near_side.try_clone().expect("a stream");
        program.env("TERM", "xterm-256color").stdin(stream()).stdout(stream()).stderr(stream());
        // A copy is closed in children; one of them would keep the terminal alive.
        let far_side = File::from(far_side).try_clone().expect("a copy");
        let child = program.spawn().expect("it starts");
        Interface { child, far_side, terminal: vt100::Parser::new(24, 80, 0) }
    }

    fn wait_for(&mut self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.terminal.screen().contents().contains(part) {
            assert!(Instant::now() < deadline, "no '{part}' on\n{}", self.terminal.screen().contents());
            self.take_in();
        }
    }

    /// Waits until nothing has been written for a while, if that can be.
    fn settle(&mut self, possible: bool) {
        while self.take_in() && possible {}
    }

    /// False when nothing has come for half a second.
    fn take_in(&mut self) -> bool {
        let wait = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
        let come = poll(&mut [PollFd::new(&self.far_side, PollFlags::IN)], Some(&wait)).expect("a look") > 0;
        if come {
            let mut bytes = [0; 4096];
            let length = self.far_side.read(&mut bytes).expect("its output");
            self.terminal.process(&bytes[..length]);
        }
        come
    }
}

/// What is left of the interface; killed when dropped.
struct Left(Child);

impl Left {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("its state").is_some()
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Processor time a process has used, and time that has passed on a core, in the kernel's ticks; zeros without a /proc.
fn ticks(process: u32) -> (u64, u64) {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let sum = |text: &str, places: Range<usize>| -> u64 {
        let numbers = text.split_whitespace().skip(places.start).take(places.len());
        numbers.filter_map(|number| number.parse::<u64>().ok()).sum()
    };
    let (process, machine) = (file(&format!("/proc/{process}/stat")), file("/proc/stat"));
    // Behind the name: user and system time are the 12th and 13th.
    let process = process.rsplit(')').next().unwrap_or_default();
    let core = machine.lines().find(|line| line.starts_with("cpu0")).unwrap_or_default();
    (sum(process, 11..13), sum(core, 1..9))
}

/// How much of a core has been used between two measurements, in percent.
fn share(before: (u64, u64), after: (u64, u64)) -> f64 {
    100.0 * (after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64
}
