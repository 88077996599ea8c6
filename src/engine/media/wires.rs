//! The ways to and from the streams: their sockets, and what their wires wish.

use super::links::News;
use super::ports;
use super::run::Loop;
use super::tick::Call;
use crate::engine::net::arrival;
use crate::media::command::{MediaEvent, StreamId};
use crate::media::reach::{MediaPath, Reach};
use crate::media::stream::{MediaStream, Port};
use crate::media::wire::{Output, Wire};
use mio::net::UdpSocket;
use mio::{Interest, Token};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Most calls with sound at once.
const MAX_STREAMS: usize = 640;
/// Most sockets of a stream: pairs on this many addresses.
const MAX_SOCKETS: usize = 8;

/// Streams that have ended and still give back what they borrowed.
const MAX_LEAVING: usize = 32;
/// So long they try.
const LEAVES: Duration = Duration::from_secs(4);
/// Datagrams of theirs read in a row.
const MAX_ANSWERS: usize = 64;

/// A stream that has ended: a server may want its word once more, or has not heard it.
pub(super) struct Leaver {
    wire: Wire,
    sockets: Vec<UdpSocket>,
    until: Instant,
}

impl Leaver {
    fn next(&self) -> Instant {
        self.wire.next_timeout().map_or(self.until, |at| at.min(self.until))
    }

    /// Takes what came, and sends what is due; false when all is given back, or time is up.
    fn goes_on(&mut self, now: Instant, buffer: &mut [u8]) -> bool {
        if self.next() > now {
            return true;
        }
        for (at, socket) in self.sockets.iter().enumerate() {
            for _ in 0..MAX_ANSWERS {
                let Ok((length, from)) = socket.recv_from(buffer) else { break };
                let _ = self.wire.receive(at, from, buffer.get(..length).unwrap_or_default(), now);
            }
        }
        self.wire.handle_timeout(now);
        while let Some(output) = self.wire.poll() {
            if let Output::Transmit { socket, to, bytes } = output {
                self.sockets.get(socket).into_iter().for_each(|socket| drop(socket.send_to(&bytes, to)));
            }
        }
        now < self.until && self.wire.next_timeout().is_some()
    }
}

impl Loop {
    /// Binds the sockets of a stream, in the place of those it has; `Bound` follows, at once unless servers are asked.
    pub(super) fn bind(&mut self, id: StreamId, local: IpAddr, reach: Reach) -> Result<(), String> {
        if self.calls.len() >= MAX_STREAMS && !self.calls.contains_key(&id) {
            return Err(format!("cannot bind RTP ports on {local}: {MAX_STREAMS} streams are open already"));
        }
        let mut sockets = self.bind_pair(id, 0, local)?;
        let others = reach.addresses.iter().filter(|address| reach.ice && **address != local).copied();
        for address in others.collect::<Vec<_>>() {
            if sockets.len() + 2 <= MAX_SOCKETS {
                // An address that is gone, or not to be had, is one way less.
                sockets.extend(self.bind_pair(id, sockets.len(), address).into_iter().flatten());
            }
        }
        let addresses = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<Vec<SocketAddr>>>();
        let addresses = addresses.map_err(|error| cannot_use(local, &error))?;
        let wire = Wire::new(addresses, reach, now(), &mut self.rng);
        if self.calls.contains_key(&id) {
            self.unbind(id);
            if let Some(call) = self.calls.get_mut(&id) {
                (call.sockets, call.wire) = (sockets, wire);
            }
        } else {
            let mut stream = MediaStream::new(self.anchor, now(), &mut self.rng);
            stream.tune(self.config.tuning.clone());
            if let Some(certificate) = self.config.certificate.clone() {
                stream.set_certificate(certificate);
            }
            let next_stats = now() + Duration::from_secs(1);
            let mut call = Box::new(Call::new(id, stream, wire, sockets, next_stats, self.taps.clone()));
            if let Some(plug) = self.plugs.remove(&id) {
                call.plug_in(plug);
            }
            self.calls.insert(id, call);
        }
        self.find_servers(id);
        self.attend(id);
        Ok(())
    }

    fn bind_pair(&mut self, id: StreamId, first: usize, local: IpAddr) -> Result<Vec<UdpSocket>, String> {
        let (min, max) = (self.config.rtp_port_min, self.config.rtp_port_max);
        let (rtp, rtcp) = ports::bind_pair(local, min, max, &mut self.rng)?;
        let mut pair = vec![rtp, rtcp];
        for (at, socket) in pair.iter_mut().enumerate() {
            let token = token(id, first + at);
            let ready = arrival::enable(socket);
            ready
                .and_then(|()| self.poll.registry().register(socket, token, Interest::READABLE))
                .map_err(|error| cannot_use(local, &error))?;
        }
        Ok(pair)
    }

    /// What servers lend to a stream is given back; its sockets are of no other use any more.
    pub(super) fn unbind(&mut self, id: StreamId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.wire.close(now());
        self.carry(id);
        self.links.hang_up(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        for socket in &mut call.sockets {
            let _ = self.poll.registry().deregister(socket);
        }
        if call.wire.next_timeout().is_some() && self.leaving.len() < MAX_LEAVING {
            let wire = std::mem::replace(&mut call.wire, Wire::new(Vec::new(), Reach::default(), now(), &mut self.rng));
            self.leaving.push(Leaver { wire, sockets: std::mem::take(&mut call.sockets), until: now() + LEAVES });
        }
    }

    /// Lets a wire begin once the addresses of its servers are known.
    fn find_servers(&mut self, id: StreamId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.wire.is_waiting()) else { return };
        match self.names.find(call.wire.reach(), now()) {
            (all, true) => call.wire.begin(all, now()),
            (some, false) => call.wire.keep(some),
        }
    }

    /// Names that were looked for since: wires that waited for them begin.
    pub(super) fn take_names(&mut self) {
        while let Some((host, failed)) = self.names.poll(now()) {
            let waits = |call: &Call| call.wire.is_waiting() && call.wire.reach().names().any(|name| name.host == host);
            let waiting: Vec<StreamId> = self.calls.iter().filter(|(_, call)| waits(call)).map(|(id, _)| *id).collect();
            for stream in waiting {
                if let Some(why) = failed.clone() {
                    self.tell(MediaEvent::Unreached { stream, server: host.clone(), why });
                }
                self.find_servers(stream);
            }
        }
    }

    /// What came on streams to servers.
    pub(super) fn take_links(&mut self) {
        while let Some((id, relay, news)) = self.links.poll() {
            let Some(call) = self.calls.get_mut(&id) else { continue };
            let now = now();
            let Call { stream, wire, .. } = &mut **call;
            let taken = catch_unwind(AssertUnwindSafe(|| match news {
                News::Opened => wire.opened(relay, now),
                News::Closed(why) => wire.closed(relay, &why, now),
                News::Bytes(bytes) => {
                    for (port, from, data) in wire.streamed(relay, &bytes, now) {
                        match port {
                            Port::Rtp => stream.receive_rtp(&data, from, now),
                            Port::Rtcp => stream.receive_rtcp(&data, from, now),
                        }
                    }
                }
            }));
            if taken.is_err() {
                self.give_up(id);
            }
        }
    }

    /// Every wire that has something to say, or whose time has come.
    pub(super) fn attend_all(&mut self) {
        let now = now();
        let mut eager = std::mem::take(&mut self.eager);
        eager.extend(self.calls.iter().filter(|(_, call)| call.wire.is_due(now)).map(|(id, _)| *id));
        eager.drain(..).for_each(|id| self.attend(id));
        self.eager = eager;
        if self.leaving.iter().any(|leaver| leaver.next() <= now) {
            self.leaving.retain_mut(|leaver| leaver.goes_on(now, &mut self.datagram));
        }
    }

    fn attend(&mut self, id: StreamId) {
        let now = now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.wire.next_timeout().is_some_and(|at| at <= now) {
            call.wire.handle_timeout(now);
        }
        self.carry(id);
    }

    /// When the first of them wants to be told the time.
    pub(super) fn next_wire(&self) -> Option<Instant> {
        let leaving = self.leaving.iter().map(Leaver::next);
        self.calls.values().filter_map(|call| call.wire.next_timeout()).chain(leaving).min()
    }

    /// Does what a wire wishes.
    fn carry(&mut self, id: StreamId) {
        while let Some(output) = self.calls.get_mut(&id).and_then(|call| call.wire.poll()) {
            match output {
                Output::Transmit { socket, to, bytes } => {
                    self.calls.get(&id).into_iter().for_each(|call| call.send(socket, to, &bytes));
                }
                Output::Ready { mapped, ice } => {
                    let address = |at: usize| self.calls.get(&id)?.sockets.get(at)?.local_addr().ok();
                    if let (Some(rtp), Some(rtcp)) = (address(0), address(1)) {
                        self.tell(MediaEvent::Bound { stream: id, rtp, rtcp, mapped, ice });
                    }
                }
                Output::Barred(error) => self.tell(MediaEvent::BindFailed { stream: id, error }),
                Output::Path(path) => {
                    if let (MediaPath::Connected { .. }, Some(call)) = (&path, self.calls.get_mut(&id)) {
                        call.stream.connected(now());
                    }
                    self.tell(MediaEvent::Path { stream: id, path });
                }
                Output::Unreached { server, why } => self.tell(MediaEvent::Unreached { stream: id, server, why }),
                Output::Connect { relay, server, secure } => self.links.open(id, relay, server, secure),
                Output::Stream { relay, bytes } => self.links.write(id, relay, bytes),
            }
        }
    }
}

fn cannot_use(local: IpAddr, error: &io::Error) -> String {
    format!("cannot use RTP ports on {local}: {error}")
}

pub(super) fn token(id: StreamId, socket: usize) -> Token {
    Token((id.0 as usize).wrapping_mul(MAX_SOCKETS) + socket)
}

/// The stream and the number of its socket.
pub(super) fn socket_of(token: Token) -> (StreamId, usize) {
    (StreamId((token.0 / MAX_SOCKETS) as u32), token.0 % MAX_SOCKETS)
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}
