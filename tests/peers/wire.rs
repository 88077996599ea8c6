//! What goes over the wire within this machine, as a raw socket shows it: whether sound is encrypted that should be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tuiphone::rtp::dropped::{Dropped, Kind};
use tuiphone::rtp::srtp::{Inbound, MasterKey, Suite};

/// Octets before the payload of RTP, and before what is encrypted of RTCP.
const RTP_HEADER: usize = 12;
const RTCP_HEADER: usize = 8;
/// Octets behind what is encrypted of RTCP: its index, and a tag of 80 bits.
const REPORT_END: usize = 14;
/// So many packets are a second of sound.
const SECOND: usize = 50;

/// A reader of all that is sent over UDP on 127.0.0.1.
pub struct Wire {
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<Vec<Datagram>>>,
}

struct Datagram {
    from: u16,
    to: u16,
    bytes: Vec<u8>,
}

/// What was read.
pub struct Traffic(Vec<Datagram>);

impl Wire {
    /// Reads from now on; `None`, and why on standard error, where it may not.
    pub fn tapped() -> Option<Self> {
        let socket = match Socket::new(Domain::IPV4, Type::from(libc::SOCK_RAW), Some(Protocol::UDP)) {
            Ok(socket) => socket,
            Err(why) => {
                eprintln!("skipped: what is on the wire: {why} (root may read it, in a container with CAP_NET_RAW)");
                return None;
            }
        };
        socket.set_recv_buffer_size(4 << 20).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let stop = Arc::<AtomicBool>::default();
        let (socket, stopped) = (UdpSocket::from(socket), stop.clone());
        Some(Self { stop, reader: Some(std::thread::spawn(move || read(&socket, &stopped))) })
    }

    /// What was sent so far.
    pub fn read(mut self) -> Traffic {
        self.stop.store(true, Ordering::Relaxed);
        Traffic(self.reader.take().map(|reader| reader.join().unwrap()).unwrap_or_default())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads until it is stopped, and what was sent before that.
fn read(socket: &UdpSocket, stop: &AtomicBool) -> Vec<Datagram> {
    let (mut seen, mut end, mut buffer) = (Vec::new(), None, [0; 65_536]);
    while end.is_none_or(|end| Instant::now() < end) {
        if stop.load(Ordering::Relaxed) {
            end.get_or_insert_with(|| Instant::now() + Duration::from_millis(300));
        }
        if let Ok(length) = socket.recv(&mut buffer) {
            seen.extend(datagram(&buffer[..length]));
        }
    }
    seen
}

/// A UDP datagram of 127.0.0.1 in its IPv4 packet.
fn datagram(packet: &[u8]) -> Option<Datagram> {
    let own = Ipv4Addr::LOCALHOST.octets();
    if packet.get(12..20)? != [own, own].concat() {
        return None;
    }
    let udp = packet.get(usize::from(packet.first()? & 15) * 4..)?;
    let port = |at: usize| Some(u16::from_be_bytes(*udp.get(at..)?.first_chunk()?));
    Some(Datagram { from: port(0)?, to: port(2)?, bytes: udp.get(8..)?.to_vec() })
}

impl Traffic {
    /// How many packets of sound, and reports of it, came from a port and the one beside it.
    pub fn sound_from(&self, port: u16) -> usize {
        let ours = |d: &&Datagram| d.from.checked_sub(port).is_some_and(|beside| beside < 2);
        self.0.iter().filter(ours).filter(|d| matches!(Kind::of(&d.bytes), Kind::Rtp | Kind::Rtcp)).count()
    }

    /// Fails unless both ends of a call have sent a second of sound, and every packet of it was encrypted and is authentic
    /// under a key that its sender has named in these descriptions. Of the reports, those of the phone at `own`: baresip
    /// sends its own in clear, and Asterisk shortens their tags with those of the sound, against RFC 4568 §6.2.2.
    #[track_caller]
    pub fn is_encrypted(&self, descriptions: &str, own: u16) {
        let mut keys = keys(descriptions);
        let ports: BTreeSet<u16> = keys.keys().copied().collect();
        let end = |port: u16| [port, port.saturating_sub(1)].into_iter().find(|port| ports.contains(port));
        // What is as it should be, and what is not, by the sender's port.
        let mut sent = BTreeMap::<u16, (usize, usize)>::new();
        for Datagram { from, to, bytes } in &self.0 {
            let (Some(sender), Some(_)) = (end(*from), end(*to)) else { continue };
            let kind = Kind::of(bytes);
            if kind == Kind::Rtp || kind == Kind::Rtcp && sender == own {
                let (good, bad) = sent.entry(sender).or_default();
                let opened = keys.get_mut(&sender).into_iter().flatten().any(|key| opens(key, kind, bytes));
                *if opened { good } else { bad } += 1;
            }
        }
        let as_agreed = sent.len() == 2 && sent.values().all(|(good, bad)| *good > SECOND && *bad == 0);
        assert!(as_agreed, "port: (encrypted, not as agreed): {sent:?} of the ports {ports:?}, {own} ours");
    }
}

impl Traffic {
    /// What this port sent began with a handshake, and its sound in PCMU is longer by a tag of so many octets.
    #[track_caller]
    pub fn is_keyed_by_handshake(&self, port: u16, tag: usize) {
        let sent: Vec<&Datagram> = self.0.iter().filter(|datagram| datagram.from == port).collect();
        let kinds: Vec<Kind> = sent.iter().map(|datagram| Kind::of(&datagram.bytes)).collect();
        assert_eq!(kinds.first(), Some(&Kind::Odd(Dropped::Dtls)), "what {port} sent first");
        let sound = sent.iter().zip(&kinds).filter(|(_, kind)| **kind == Kind::Rtp).map(|(datagram, _)| datagram);
        let lengths: BTreeMap<usize, usize> = sound.fold(BTreeMap::new(), |mut lengths, datagram| {
            *lengths.entry(datagram.bytes.len()).or_default() += 1;
            lengths
        });
        let as_agreed = RTP_HEADER + 160 + tag;
        assert!(lengths.get(&as_agreed).is_some_and(|count| *count > SECOND), "{port}: {lengths:?}");
        assert_eq!(lengths.len(), 1, "{port}: {lengths:?} and not {as_agreed} alone");
    }

    /// What this port sent began with a handshake, and the rest are reports, none in clear.
    #[track_caller]
    pub fn is_reported_by_handshake(&self, port: u16) {
        /// The flag of SRTCP before its index.
        const ENCRYPTED: u8 = 0x80;
        let sent: Vec<&Datagram> = self.0.iter().filter(|datagram| datagram.from == port).collect();
        let first = sent.first().map(|datagram| Kind::of(&datagram.bytes));
        assert_eq!(first, Some(Kind::Odd(Dropped::Dtls)), "what {port} sent first");
        let reports: Vec<&&Datagram> = sent.iter().filter(|d| Kind::of(&d.bytes) == Kind::Rtcp).collect();
        let flag = |d: &Datagram| d.bytes.len().checked_sub(REPORT_END).and_then(|at| d.bytes.get(at)).copied();
        let encrypted = reports.iter().all(|d| flag(d).is_some_and(|flag| flag & ENCRYPTED != 0));
        assert!(!reports.is_empty() && encrypted, "{} reports of {port}", reports.len());
    }
}

fn opens(key: &mut Inbound, kind: Kind, bytes: &[u8]) -> bool {
    let mut packet = bytes.to_vec();
    let (opened, header) = match kind {
        Kind::Rtp => (key.unprotect_rtp(&mut packet), RTP_HEADER),
        _ => (key.unprotect_rtcp(&mut packet), RTCP_HEADER),
    };
    opened.is_ok_and(|plain| plain.get(header..) != bytes.get(header..plain.len()))
}

/// The ports of sound that descriptions name: that of the offer, then that of the answer if there is one.
pub fn ports(descriptions: &str) -> Vec<u16> {
    let mut ports: Vec<u16> = descriptions.lines().filter_map(port).collect();
    ports.dedup();
    ports
}

fn port(line: &str) -> Option<u16> {
    line.trim().strip_prefix("m=audio ")?.split(' ').next()?.parse().ok()
}

/// What each end protects with, as descriptions tell: by the port of its sound, a key for each line.
fn keys(descriptions: &str) -> BTreeMap<u16, Vec<Inbound>> {
    let (mut named, mut audio) = (BTreeMap::<u16, Vec<MasterKey>>::new(), 0);
    for line in descriptions.lines() {
        audio = port(line).unwrap_or(audio);
        if let Some(key) = line.trim().strip_prefix("a=crypto:").and_then(master_key) {
            let known = named.entry(audio).or_default();
            if !known.contains(&key) {
                known.push(key);
            }
        }
    }
    let ready =
        |keys: Vec<MasterKey>| keys.iter().map(|key| Inbound::new(std::slice::from_ref(key)).unwrap()).collect();
    named.into_iter().map(|(port, keys)| (port, ready(keys))).collect()
}

/// Of `tag suite inline:key`.
fn master_key(value: &str) -> Option<MasterKey> {
    let mut words = value.split_whitespace().skip(1);
    let suite = Suite::named(words.next()?)?;
    let key = words.next()?.strip_prefix("inline:")?.split('|').next()?;
    MasterKey::new(suite, &octets(key)?).ok()
}

/// Out of base64.
fn octets(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut octets, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(LETTERS.find(letter)?).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}
