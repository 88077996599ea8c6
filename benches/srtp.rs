//! What the encryption of sound costs: packets a second of each suite, on one core.
//!
//! `cargo bench --bench srtp` prints a line `what<TAB>figure` for each; `cargo xtask bench` takes them over.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;
use std::time::{Duration, Instant};
use tuiphone::rtp::srtp::{Inbound, MAX_OVERHEAD, MasterKey, Outbound, Suite};
use tuiphone::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};

/// 20 ms of G.711.
const PAYLOAD: [u8; 160] = [0xd5; 160];
/// Packets of a round: no more than the sequence numbers of one cycle.
const PACKETS: u32 = 20_000;
const ROUNDS: usize = 9;

fn main() {
    for suite in Suite::ALL {
        let [sealed, opened] = measure(suite);
        let figure =
            |each: Duration| format!("{:.2} µs, {:.0} a second", each.as_secs_f64() * 1e6, 1.0 / each.as_secs_f64());
        println!("{suite}: protect 20 ms of G.711\t{}", figure(sealed));
        println!("{suite}: unprotect 20 ms of G.711\t{}", figure(opened));
    }
}

/// The median time of a packet, to protect and to unprotect.
fn measure(suite: Suite) -> [Duration; 2] {
    let octets: Vec<u8> = (0..suite.key_and_salt() as u8).collect();
    let key = MasterKey::new(suite, &octets).unwrap();
    let mut packets: Vec<Vec<u8>> =
        (0..PACKETS).map(|_| Vec::with_capacity(12 + PAYLOAD.len() + MAX_OVERHEAD)).collect();
    let (mut sealing, mut opening) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (mut outbound, mut inbound) =
            (Outbound::new(&key).unwrap(), Inbound::new(std::slice::from_ref(&key)).unwrap());
        for (number, packet) in packets.iter_mut().enumerate() {
            let (sequence, time) = (SequenceNumber(number as u16), RtpTime(number as u32 * 160));
            Packet { payload_type: 8, marker: false, sequence, time, ssrc: Ssrc(7), payload: &PAYLOAD }.write(packet);
        }
        let start = Instant::now();
        for packet in &mut packets {
            outbound.protect_rtp(black_box(packet)).unwrap();
        }
        sealing.push(start.elapsed() / PACKETS);
        let start = Instant::now();
        for packet in &mut packets {
            black_box(inbound.unprotect_rtp(black_box(packet)).unwrap());
        }
        opening.push(start.elapsed() / PACKETS);
    }
    [sealing, opening].map(|mut rounds| {
        rounds.sort();
        rounds[ROUNDS / 2]
    })
}
