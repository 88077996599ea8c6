//! A network between two phones that loses, delays, reorders and doubles packets; the same each time for a seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::pauses::raise;
use crate::Failure;

/// What the network does to each packet, either way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Line {
    /// Part of the packets that is lost, 0..=1.
    pub loss: f64,
    /// How many are lost in a row, on average; 1 = each by itself.
    pub burst: f64,
    /// Each is delayed by up to this, any delay as likely as another.
    pub jitter: Duration,
    /// Packets overtake each other; without it a packet waits for the one before.
    pub reorder: bool,
    /// Part of the packets that comes twice, 0..=1.
    pub duplicate: f64,
}

/// The two sides of one call: its RTP and RTCP sockets, each an address to tell a phone.
pub struct Pair {
    sides: [Side; 2],
    line: Line,
}

struct Side {
    /// RTP, RTCP.
    sockets: [UdpSocket; 2],
    /// What happens to RTP and RTCP towards this side.
    ways: [Way; 2],
    /// Where the phone on this side listens; RTCP one above.
    phone: Option<SocketAddr>,
}

/// Chances are drawn for each way alone: what befalls a packet depends on how many went before it, not on how they are
/// interleaved with those of other ways.
struct Way {
    chance: Chance,
    /// A loss goes on.
    losing: bool,
    /// When the last packet leaves.
    last: Option<Instant>,
}

impl Pair {
    /// A line on free ports of loopback; everything by chance comes from `seed`.
    pub fn new(line: Line, seed: u64) -> Result<Pair, Failure> {
        Ok(Pair { sides: [Side::open(seed, 0)?, Side::open(seed, 1)?], line })
    }

    /// The port that the phone on this side (0 or 1) is to send its RTP to.
    pub fn port(&self, side: usize) -> Result<u16, Failure> {
        self.sides[side].sockets[0].local_addr().map(|a| a.port()).map_err(|e| e.to_string())
    }

    /// Where the phone on this side (0 or 1) listens.
    pub fn connect(&mut self, side: usize, phone: SocketAddr) {
        self.sides[side].phone = Some(phone);
    }
}

impl Side {
    fn open(seed: u64, side: u64) -> Result<Side, Failure> {
        for _ in 0..200 {
            let rtp = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
            let port = rtp.local_addr().map_err(|e| e.to_string())?.port();
            let Some(next) = port.checked_add(1).filter(|_| port % 2 == 0) else { continue };
            if let Ok(rtcp) = UdpSocket::bind(("127.0.0.1", next)) {
                let sockets = [rtp, rtcp];
                for socket in &sockets {
                    socket.set_nonblocking(true).map_err(|e| e.to_string())?;
                }
                let way = |port| Way { chance: Chance::new(seed, side * 2 + port), losing: false, last: None };
                return Ok(Side { sockets, ways: [way(0), way(1)], phone: None });
            }
        }
        Err("no pair of free ports on loopback".into())
    }
}

/// Runs lines until dropped.
pub struct Relay {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Carries packets over these lines from now on.
    pub fn start(pairs: Vec<Pair>) -> Relay {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = stop.clone();
            move || {
                raise("the relay runs without real-time priority: lines are worse than they say");
                carry(pairs, &stop)
            }
        });
        Relay { stop, thread: Some(thread) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A packet on its way: when it leaves, how many came before it, which socket sends it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    due: Reverse<Instant>,
    number: Reverse<u64>,
    socket: (usize, usize, usize),
    packet: Vec<u8>,
}

fn carry(mut pairs: Vec<Pair>, stop: &AtomicBool) {
    let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
    let mut number = 0;
    let mut buffer = [0; 2_048];
    // What came before the line was there went nowhere.
    let sockets = pairs.iter().flat_map(|pair| &pair.sides).flat_map(|side| &side.sockets);
    sockets.for_each(|socket| while socket.recv_from(&mut buffer).is_ok() {});
    while !stop.load(Ordering::Relaxed) {
        wait(&pairs, waiting.peek().map(|next| next.due.0));
        for (pair, Pair { sides, line }) in pairs.iter_mut().enumerate() {
            for (from, port) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                while let Ok((length, _)) = sides[from].sockets[port].recv_from(&mut buffer) {
                    let to = 1 - from;
                    for due in departures(line, &mut sides[to].ways[port]) {
                        number += 1;
                        let packet = buffer[..length].to_vec();
                        let (due, number) = (Reverse(due), Reverse(number));
                        waiting.push(Waiting { due, number, socket: (pair, to, port), packet });
                    }
                }
            }
        }
        while waiting.peek().is_some_and(|next| next.due.0 <= now()) {
            let Some(Waiting { socket: (pair, side, port), packet, .. }) = waiting.pop() else { break };
            let Side { sockets, phone, .. } = &pairs[pair].sides[side];
            if let Some(phone) = phone {
                let _ = sockets[port].send_to(&packet, (phone.ip(), phone.port() + port as u16));
            }
        }
    }
}

/// When a packet leaves: never, once, or twice.
fn departures(line: &Line, way: &mut Way) -> Vec<Instant> {
    // Two states: a loss begins so often and ends so soon that the part lost is as wished.
    let ends = 1.0 / line.burst.max(1.0);
    let begins = ends * line.loss / (1.0 - line.loss).max(0.01);
    let likely = match way.losing {
        _ if line.burst <= 1.0 => line.loss,
        true => 1.0 - ends,
        false => begins,
    };
    way.losing = way.chance.next() < likely;
    if way.losing {
        return Vec::new();
    }
    let mut due = now() + line.jitter.mul_f64(way.chance.next());
    if !line.reorder {
        due = due.max(way.last.unwrap_or(due));
        way.last = Some(due);
    }
    let twice = way.chance.next() < line.duplicate;
    if twice { vec![due, due + Duration::from_millis(1)] } else { vec![due] }
}

/// Until a packet comes or one is due, a tenth of a second at most.
fn wait(pairs: &[Pair], due: Option<Instant>) {
    let most = Duration::from_millis(100);
    let left = due.map_or(most, |due| due.saturating_duration_since(now()).min(most));
    let sockets = pairs.iter().flat_map(|pair| &pair.sides).flat_map(|side| &side.sockets);
    let mut sockets: Vec<PollFd> = sockets.map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
    let _ = ppoll(&mut sockets, Some(TimeSpec::from(left)), None);
}

/// Numbers of 0..1, the same for the same seed (xorshift).
struct Chance(u64);

impl Chance {
    /// Each row of a seed has numbers of its own (SplitMix64: seeds that are alike begin quite differently).
    fn new(seed: u64, row: u64) -> Chance {
        let mut mixed = (seed << 3 | row).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Chance((mixed ^ (mixed >> 31)).max(1))
    }

    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[allow(clippy::disallowed_methods, reason = "a network takes its time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 100,000 packets: the part lost, the mean run of losses, the part doubled.
    fn sent_over(line: Line) -> (f64, f64, f64) {
        let mut way = Way { chance: Chance::new(7, 0), losing: false, last: None };
        let (mut lost, mut runs, mut doubled, mut before) = (0, 0, 0, false);
        for _ in 0..100_000 {
            let sent = departures(&line, &mut way).len();
            lost += usize::from(sent == 0);
            doubled += usize::from(sent == 2);
            runs += usize::from(sent == 0 && !before);
            before = sent == 0;
        }
        (lost as f64 / 1e5, lost as f64 / f64::from(runs.max(1) as u32), doubled as f64 / 1e5)
    }

    #[test]
    fn a_line_is_as_bad_as_it_says() {
        for (loss, burst, run) in [(0.0, 1.0, 0.0), (0.05, 1.0, 1.05), (0.2, 1.0, 1.25), (0.1, 3.0, 3.0)] {
            let line = Line { loss, burst, duplicate: 0.02, ..Line::default() };
            let (lost, in_a_row, doubled) = sent_over(line);
            let near = |a: f64, b: f64| (a - b).abs() <= 0.1 * b;
            assert!(near(lost, loss) && near(in_a_row, run), "{line:?}: {lost}, {in_a_row} in a row");
            assert!(near(doubled, 0.02 * (1.0 - loss)), "{line:?}: {doubled} twice");
        }
    }

    #[test]
    fn a_seed_and_a_way_have_losses_of_their_own_from_the_first_packet_on() {
        let line = Line { loss: 0.2, ..Line::default() };
        let fate = |seed, row| {
            let mut way = Way { chance: Chance::new(seed, row), losing: false, last: None };
            (0..64).map(|_| departures(&line, &mut way).is_empty()).collect::<Vec<bool>>()
        };
        assert_eq!(fate(1, 0), fate(1, 0));
        let first = (0..400).filter(|seed| fate(*seed, 0)[0]).count();
        assert!((50..110).contains(&first), "{first} of 400 lose their first packet");
        for (seed, row) in [(1, 1), (2, 0), (1 << 16, 0), (1 << 32, 0)] {
            assert_ne!(fate(seed, row), fate(1, 0));
        }
    }
}
