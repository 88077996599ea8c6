//! A measured call: what it costs, and how evenly its packets leave.

use std::time::{Duration, Instant};

use super::makes::Make;
use super::phone::{Answer, Phone};
use super::rtp;
use crate::Failure;

/// A codec as an offer names it.
#[derive(Debug, Clone, Copy)]
pub struct Codec {
    /// For the table.
    pub name: &'static str,
    /// RTP payload type.
    pub kind: u8,
    /// `encoding/rate`.
    pub map: &'static str,
    /// What the offer says about it; empty = nothing.
    pub fmtp: &'static str,
}

/// The codecs that are measured.
pub const CODECS: [Codec; 3] = [
    Codec { name: "PCMU", kind: 0, map: "PCMU/8000", fmtp: "" },
    Codec { name: "G.722", kind: 9, map: "G722/8000", fmtp: "" },
    Codec { name: "Opus", kind: 96, map: "opus/48000/2", fmtp: "useinbandfec=1" },
];

/// In so many parts a call is looked at: how much its costs vary.
const PARTS: u32 = 4;

/// What a call cost.
#[derive(Debug)]
pub struct Call {
    /// Processor time in each of [`PARTS`] equal parts of it, seconds.
    pub parts: Vec<f64>,
    /// Resident memory at its end, MB.
    pub memory: f64,
    /// How often a thread went to sleep, a second.
    pub sleeps: f64,
    /// Between two packets: mean, standard deviation and longest, ms.
    pub gaps: (f64, f64, f64),
}

/// A call of this length, both ways: each packet of theirs is sent back at once, so both talk at the phone's own pace.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn call(make: Make, codec: Codec, length: Duration) -> Result<Call, Failure> {
    let phone = Phone::start(make, Answer::Auto)?;
    let (uri, address) = phone.far.register(true)?;
    let media = rtp::socket()?;
    let port = media.local_addr().map_err(|e| e.to_string())?.port();
    let (callee, _) = phone.far.connect(&uri, address, "talk", port, codec)?;

    let (mut processor, sleeps) = (phone.processor()?, phone.sleeps()?);
    let mut parts = Vec::new();
    let start = Instant::now();
    let mut arrivals = Vec::new();
    let mut packet = [0; 2048];
    while parts.len() < PARTS as usize {
        if start.elapsed() >= length * (parts.len() as u32 + 1) / PARTS {
            let now = phone.processor()?;
            parts.push(now - std::mem::replace(&mut processor, now));
        }
        let arrival = rtp::receive(&media, &mut packet)?;
        if rtp::kind(&packet) == Some(codec.kind) {
            arrivals.push(arrival.at);
            let _ = media.send_to(&packet[..arrival.bytes], arrival.from);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let cost = Call {
        parts,
        memory: phone.memory()?.0,
        sleeps: (phone.sleeps()? - sleeps) / seconds,
        gaps: spread(&arrivals),
    };
    phone.far.request("BYE", &uri, address, "talk", &callee, "")?;
    Ok(cost)
}

/// Mean, standard deviation and longest of the times between neighbours, ms.
fn spread(arrivals: &[Duration]) -> (f64, f64, f64) {
    let gaps: Vec<f64> = arrivals.windows(2).map(|w| w[1].saturating_sub(w[0]).as_secs_f64() * 1e3).collect();
    let count = gaps.len().max(1) as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let deviation = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / count).sqrt();
    (mean, deviation, gaps.iter().copied().fold(0.0, f64::max))
}
