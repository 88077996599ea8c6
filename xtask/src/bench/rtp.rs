//! RTP as a measurement needs it: a socket that says when a packet reached it, and the few bytes of a header.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, ReceiveTimestampns};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt};

use crate::Failure;

/// Bytes of a header without extras.
pub const HEADER: usize = 12;

/// A packet that arrived.
pub struct Arrival {
    /// Its length.
    pub bytes: usize,
    /// Its sender.
    pub from: SocketAddr,
    /// When the system had it, not when this process got round to it: time since 1970.
    pub at: Duration,
}

/// A socket on a free port of loopback whose packets are stamped; a read waits two seconds at most.
pub fn socket() -> Result<UdpSocket, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| format!("cannot bind udp 127.0.0.1: {e}"))?;
    socket.set_read_timeout(Some(Duration::from_secs(2))).map_err(|e| e.to_string())?;
    setsockopt(&socket, ReceiveTimestampns, &true).map_err(|e| format!("SO_TIMESTAMPNS: {e}"))?;
    // What this process is too slow for must wait, not get lost: hundreds of calls speak at the same moment. Beyond the
    // system's limit only where that is allowed.
    const ROOM: usize = 4 << 20;
    setsockopt(&socket, RcvBufForce, &ROOM)
        .or_else(|_| setsockopt(&socket, RcvBuf, &ROOM))
        .map_err(|e| format!("SO_RCVBUF: {e}"))?;
    Ok(socket)
}

/// The next packet.
pub fn receive(socket: &UdpSocket, packet: &mut [u8]) -> Result<Arrival, Failure> {
    let mut room = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut parts = [IoSliceMut::new(packet)];
    let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut room), MsgFlags::empty());
    let received = received.map_err(|e| format!("no RTP from the phone: {e}"))?;
    let mut stamps = received.cmsgs().map_err(|e| e.to_string())?.filter_map(|c| match c {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
        _ => None,
    });
    let at = stamps.next().ok_or("a packet without the time of its arrival")?;
    let from = received.address.ok_or("a packet without a sender")?;
    Ok(Arrival { bytes: received.bytes, from: SocketAddr::from((from.ip(), from.port())), at })
}

/// The payload type of a packet.
pub fn kind(packet: &[u8]) -> Option<u8> {
    packet.get(1).map(|byte| byte & 0x7f)
}

/// The sequence number of a packet.
pub fn sequence(packet: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]))
}

/// A header.
pub fn header(kind: u8, sequence: u16, time: u32, source: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = 0x80;
    header[1] = kind;
    header[2..4].copy_from_slice(&sequence.to_be_bytes());
    header[4..8].copy_from_slice(&time.to_be_bytes());
    header[8..].copy_from_slice(&source.to_be_bytes());
    header
}
