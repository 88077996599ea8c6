//! How far a test is, on a terminal: one line that is written over.

use super::job::ProbeJob;
use super::summary::Judged;
use crate::cli::options::Options;
use crate::cli::out;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior};

/// Cells of the bar.
const CELLS: usize = 20;
/// How often the line is drawn anew.
const PERIOD: Duration = Duration::from_millis(500);

/// The line.
pub struct Progress {
    ticks: Option<Interval>,
    number: String,
    all: u32,
    over: u32,
    failed: u32,
    seconds: f64,
}

impl Progress {
    /// A line, where standard error is a terminal and nobody asked for less.
    pub fn new(job: &ProbeJob, options: &Options) -> Progress {
        let shows = out::may_write_over() && !options.quiet && !options.ndjson;
        let ticks = shows.then(|| {
            let mut ticks = tokio::time::interval(PERIOD);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            ticks
        });
        let number = crate::text::elided(&job.number, 40);
        Progress { ticks, number, all: job.repeat, over: 0, failed: 0, seconds: 0.0 }
    }

    /// A call is over.
    pub fn over(&mut self, call: &Judged) {
        self.over += 1;
        self.failed += u32::from(!call.verdict.is_ok());
        self.draw();
    }

    /// Draws it anew after a while; never where there is no line.
    pub async fn tick(&mut self) {
        match &mut self.ticks {
            Some(ticks) => {
                ticks.tick().await;
                self.seconds += PERIOD.as_secs_f64();
                self.draw();
            }
            None => std::future::pending().await,
        }
    }

    /// Leaves nothing behind.
    pub fn end(&self) {
        if self.ticks.is_some() {
            out::over("");
        }
    }

    fn draw(&self) {
        if self.ticks.is_some() {
            out::over(&line(&self.number, self.over, self.all, self.failed, self.seconds));
        }
    }
}

fn line(number: &str, over: u32, all: u32, failed: u32, seconds: f64) -> String {
    let full = (over as usize * CELLS).checked_div(all as usize).unwrap_or(0).min(CELLS);
    let bar = format!("{}{}", "#".repeat(full), " ".repeat(CELLS - full));
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{number} [{bar}] {over} of {all} calls{failed}, {seconds:.0} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_as_calls_end() {
        assert_eq!(line("600", 0, 4, 0, 1.0), "600 [                    ] 0 of 4 calls, 1 s");
        assert_eq!(line("600", 1, 4, 1, 2.4), "600 [#####               ] 1 of 4 calls, 1 failed, 2 s");
        assert_eq!(line("600", 4, 4, 0, 9.0), "600 [####################] 4 of 4 calls, 9 s");
    }
}
