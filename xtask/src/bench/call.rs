//! A measured call: what it costs, and how evenly its packets leave.

use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt::ReceiveTimestampns};

use super::far_end::header;
use super::phone::{Answer, Make, Phone};
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
}

/// The codecs that are measured.
pub const CODECS: [Codec; 2] =
    [Codec { name: "PCMU", kind: 0, map: "PCMU/8000" }, Codec { name: "Opus", kind: 96, map: "opus/48000/2" }];

/// What a call cost.
#[derive(Debug)]
pub struct Call {
    /// Processor time, seconds.
    pub processor: f64,
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
    let media = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    media.set_read_timeout(Some(Duration::from_secs(2))).map_err(|e| e.to_string())?;
    // When the packet reached the socket, not when this process got round to it.
    setsockopt(&media, ReceiveTimestampns, &true).map_err(|e| format!("SO_TIMESTAMPNS: {e}"))?;
    let port = media.local_addr().map_err(|e| e.to_string())?.port();
    phone.far.invite(&uri, address, "talk", port, codec)?;
    let answer = phone.far.receive("200 to the INVITE", |l| l.starts_with("SIP/2.0 200"))?;
    let callee = header(&answer.text, "To").ok_or("200 without To")?;
    phone.far.request("ACK", &uri, address, "talk", &callee, "")?;
    let line = answer.text.lines().find_map(|l| l.strip_prefix("m=audio ")).ok_or("200 without m=audio")?;
    let theirs: u16 = line.split(' ').next().and_then(|p| p.parse().ok()).ok_or("no port in m=audio")?;

    let (processor, sleeps) = (phone.processor()?, phone.sleeps()?);
    let start = Instant::now();
    let mut arrivals = Vec::new();
    let mut packet = [0; 2048];
    while start.elapsed() < length {
        let (bytes, arrival) = receive(&media, &mut packet)?;
        if packet.get(1).is_some_and(|kind| kind & 0x7f == codec.kind) {
            arrivals.push(arrival);
            let _ = media.send_to(&packet[..bytes], ("127.0.0.1", theirs));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let cost = Call {
        processor: phone.processor()? - processor,
        memory: phone.memory()?.0,
        sleeps: (phone.sleeps()? - sleeps) / seconds,
        gaps: spread(&arrivals),
    };
    phone.far.request("BYE", &uri, address, "talk", &callee, "")?;
    Ok(cost)
}

/// One packet's length, and when the system had it (time since 1970).
fn receive(socket: &UdpSocket, packet: &mut [u8]) -> Result<(usize, Duration), Failure> {
    let mut room = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut parts = [IoSliceMut::new(packet)];
    let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut room), MsgFlags::empty());
    let received = received.map_err(|e| format!("no RTP from the phone: {e}"))?;
    let mut stamps = received.cmsgs().map_err(|e| e.to_string())?.filter_map(|c| match c {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
        _ => None,
    });
    let stamp = stamps.next().ok_or("a packet without the time of its arrival")?;
    Ok((received.bytes, stamp))
}

/// Mean, standard deviation and longest of the times between neighbours, ms.
fn spread(arrivals: &[Duration]) -> (f64, f64, f64) {
    let gaps: Vec<f64> = arrivals.windows(2).map(|w| w[1].saturating_sub(w[0]).as_secs_f64() * 1e3).collect();
    let count = gaps.len().max(1) as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let deviation = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / count).sqrt();
    (mean, deviation, gaps.iter().copied().fold(0.0, f64::max))
}
