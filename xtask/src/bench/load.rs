//! A call while every core is busy with something else: how late its packets leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::call::CODECS;
use super::makes::Make;
use super::pauses::Pauses;
use super::phone::{Answer, Phone, settle};
use super::rtp;
use crate::Failure;

/// How late packets were.
pub struct Lateness {
    /// Behind a packet each 20 ms from the most punctual one on, sorted.
    pub late: Vec<Duration>,
    /// What the thread that sends them was granted.
    pub priority: String,
    /// When the machine itself ran nothing, the longest first.
    pub pauses: Vec<Duration>,
}

impl Lateness {
    /// What so many hundredths of the packets do not exceed.
    pub fn at(&self, hundredths: usize) -> Duration {
        let last = self.late.len().saturating_sub(1);
        self.late.get(last * hundredths / 100).copied().unwrap_or_default()
    }
}

/// A PCMU call beside two busy threads on each core.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn lateness(make: Make, length: Duration) -> Result<Lateness, Failure> {
    let phone = Phone::start(make, Answer::Auto)?;
    let (uri, address) = phone.far.register(true)?;
    let media = rtp::socket()?;
    let port = media.local_addr().map_err(|e| e.to_string())?.port();
    phone.far.connect(&uri, address, "load", port, CODECS[0])?;
    settle();
    let _busy = Busy::start();
    let pauses = Pauses::watch();
    let start = Instant::now();
    let mut arrivals = Vec::new();
    let mut packet = [0; 2_048];
    while start.elapsed() < length {
        let arrival = rtp::receive(&media, &mut packet)?;
        if rtp::kind(&packet) == Some(CODECS[0].kind)
            && let Some(sequence) = rtp::sequence(&packet)
        {
            arrivals.push((sequence, arrival.at));
            let _ = media.send_to(&packet[..arrival.bytes], arrival.from);
        }
    }
    Ok(Lateness { late: behind(&arrivals), priority: phone.priority(), pauses: pauses.found() })
}

/// How far each packet is behind the even row that none is ahead of, sorted.
fn behind(arrivals: &[(u16, Duration)]) -> Vec<Duration> {
    let Some((first, begin)) = arrivals.first().copied() else { return Vec::new() };
    let micros = arrivals.iter().map(|(sequence, at)| {
        let due = i64::from(sequence.wrapping_sub(first).cast_signed()) * 20_000;
        at.as_micros() as i64 - begin.as_micros() as i64 - due
    });
    let micros: Vec<i64> = micros.collect();
    let least = micros.iter().copied().min().unwrap_or(0);
    let mut late: Vec<Duration> = micros.iter().map(|m| Duration::from_micros((m - least).unsigned_abs())).collect();
    late.sort();
    late
}

/// Two threads for each core that never sleep, until dropped.
struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    fn start() -> Busy {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let spin = |stop: Arc<AtomicBool>| move || while !stop.load(Ordering::Relaxed) {};
        let threads = (0..cores * 2).map(|_| thread::spawn(spin(stop.clone()))).collect();
        Busy { stop, threads }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_punctual_packet_sets_the_row() {
        let ms = Duration::from_millis;
        // The second is the earliest by its turn; the number wraps; one is missing.
        let arrivals = [(65_534, ms(1_003)), (65_535, ms(1_020)), (0, ms(1_040)), (2, ms(1_085))];
        assert_eq!(behind(&arrivals), [ms(0), ms(0), ms(3), ms(5)]);
    }
}
