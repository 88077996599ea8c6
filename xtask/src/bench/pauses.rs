//! Pauses of the machine itself: how long a thread that goes before everything else was not run, core by core. What came
//! late while nobody ran is not the phone's doing.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::run::say;

/// How often a core is asked whether it runs.
const STEP: Duration = Duration::from_millis(2);
/// Less than this is no pause.
const PAUSE: Duration = Duration::from_millis(2);

/// Watches until it is asked.
pub struct Pauses {
    stop: Arc<AtomicBool>,
    cores: Vec<JoinHandle<Vec<Duration>>>,
}

impl Pauses {
    /// One thread for each core.
    pub fn watch() -> Pauses {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let core = |core| {
            thread::spawn({
                let stop = stop.clone();
                move || late(core, &stop)
            })
        };
        Pauses { cores: (0..cores).map(core).collect(), stop }
    }

    /// The pauses, the longest first.
    pub fn found(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        let mut found: Vec<Duration> = self.cores.into_iter().filter_map(|core| core.join().ok()).flatten().collect();
        found.sort_by(|a, b| b.cmp(a));
        found
    }
}

/// How many there were, and the longest.
pub fn told(pauses: &[Duration]) -> String {
    match pauses.first() {
        Some(longest) => format!("{}, {:.1} ms at most", pauses.len(), longest.as_secs_f64() * 1e3),
        None => format!("none of {} ms", PAUSE.as_millis()),
    }
}

/// Sleeps to an even row of moments; by how much it woke too late.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn late(core: usize, stop: &AtomicBool) -> Vec<Duration> {
    let mut cores = CpuSet::new();
    let _ = cores.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &cores));
    raise("pauses of the machine are told without real-time priority: some are of other programs");
    let mut found = Vec::new();
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        due += STEP;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let late = Instant::now().saturating_duration_since(due);
        if late > PAUSE {
            found.push(late);
            due = Instant::now();
        }
    }
    found
}

/// Puts the calling thread before the phones, which are on time by real-time priority; where that is not allowed `else_say`
/// is said, once.
pub fn raise(else_say: &str) {
    /// Above all phones measured.
    const PRIORITY: &str = "8";
    static TOLD: Once = Once::new();
    let thread = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    let number = thread.file_name().unwrap_or_default();
    let mut chrt = Command::new("chrt");
    chrt.args(["--rr", "--pid", PRIORITY]).arg(number).stdout(Stdio::null()).stderr(Stdio::null());
    if !chrt.status().is_ok_and(|status| status.success()) {
        TOLD.call_once(|| say(else_say));
    }
}
