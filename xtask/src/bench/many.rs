//! Many calls at once: what they cost, and whether a packet comes late.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::call::{CODECS, Codec};
use super::makes::Make;
use super::pauses::Pauses;
use super::phone::{Answer, Phone, settle};
use super::rtp;
use crate::Failure;

/// More than this behind the packet before it, beyond the 20 ms there should be, is late.
const LATE: Duration = Duration::from_millis(10);
/// Between two INVITEs: a phone may refuse a flood.
const BETWEEN: Duration = Duration::from_millis(40);

/// What the calls cost together.
#[derive(Debug)]
pub struct Crowd {
    /// Processor time, as a share of one core.
    pub processor: f64,
    /// Resident memory, MB.
    pub memory: f64,
    /// Packets of the phone.
    pub packets: usize,
    /// Those that never came.
    pub lost: usize,
    /// Those that came more than [`LATE`] after their turn.
    pub late: usize,
    /// When the machine itself ran nothing, the longest first.
    pub pauses: Vec<Duration>,
}

/// So many PCMU calls, each of which hears itself; every packet of the phone is answered by one with sound in it.
pub fn calls(make: Make, calls: usize, length: Duration) -> Result<Crowd, Failure> {
    let phone = Phone::start(make, Answer::Echo(calls))?;
    let (uri, address) = phone.far.register(true)?;
    let socket = rtp::socket()?;
    let port = socket.local_addr().map_err(|e| e.to_string())?.port();
    let stop = Arc::new(AtomicBool::new(false));
    let mirror = thread::spawn({
        let stop = stop.clone();
        move || mirror(&socket, &stop)
    });
    // From the first call on, as the packets are counted.
    let pauses = Pauses::watch();
    let cost = (|| {
        for n in 0..calls {
            phone.far.connect(&uri, address, &format!("many{n}"), port, CODECS[0])?;
            thread::sleep(BETWEEN);
        }
        settle();
        let before = phone.processor()?;
        thread::sleep(length);
        Ok::<_, Failure>(((phone.processor()? - before) / length.as_secs_f64(), phone.memory()?.0))
    })();
    let pauses = pauses.found();
    stop.store(true, Ordering::Relaxed);
    let heard = mirror.join().map_err(|_| "the far end failed")?;
    let (processor, memory) = cost?;
    if heard.len() != calls {
        return Err(format!("{} of {calls} calls sounded", heard.len()));
    }
    let mut crowd = Crowd { processor, memory, packets: 0, lost: 0, late: 0, pauses };
    for call in heard.values() {
        crowd.packets += call.packets;
        crowd.lost += call.lost;
        crowd.late += call.late;
    }
    Ok(crowd)
}

/// What one call's packets were like, and what is sent back.
#[derive(Default)]
struct Far {
    packets: usize,
    lost: usize,
    late: usize,
    last: Option<(u16, Duration)>,
}

impl Far {
    /// Takes a packet in; the number of the one that goes back.
    fn heard(&mut self, sequence: u16, at: Duration) -> u16 {
        if let Some((before, then)) = self.last {
            let step = sequence.wrapping_sub(before);
            let due = then + Duration::from_millis(20) * u32::from(step);
            self.lost += usize::from(step.saturating_sub(1));
            self.late += usize::from(at > due + LATE);
        }
        self.last = Some((sequence, at));
        self.packets += 1;
        self.packets as u16
    }
}

/// Answers until it is stopped; the calls by the phone's ports.
fn mirror(socket: &UdpSocket, stop: &AtomicBool) -> HashMap<SocketAddr, Far> {
    const SOUND: usize = 160;
    let Codec { kind, .. } = CODECS[0];
    let mut calls: HashMap<SocketAddr, Far> = HashMap::new();
    let mut packet = [0; 2_048];
    // Quiet noise: µ-law codes of small values.
    let mut chance = 1_u32;
    let mut noise = || {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0x60 | (chance >> 24) as u8
    };
    while !stop.load(Ordering::Relaxed) {
        let Ok(arrival) = rtp::receive(socket, &mut packet) else { continue };
        let Some(sequence) = rtp::sequence(&packet).filter(|_| rtp::kind(&packet) == Some(kind)) else { continue };
        let far = calls.entry(arrival.from).or_default();
        let back = far.heard(sequence, arrival.at);
        let mut answer = [0; rtp::HEADER + SOUND];
        let (header, sound) = answer.split_at_mut(rtp::HEADER);
        header.copy_from_slice(&rtp::header(kind, back, u32::from(back) * 160, arrival.from.port().into()));
        sound.iter_mut().for_each(|byte| *byte = noise());
        let _ = socket.send_to(&answer, arrival.from);
    }
    calls
}
