//! Keys of a stream that come of handshakes with the far end, on the paths of the sound and of its reports (RFC 5763).

use super::{MAX_OUTBOX, MediaStream, Port, StreamEvent, Transmit};
use crate::rtp::dtls::{Association, Certificate, Effect, Event, Expected, Failure, Keys, Path, Role, is_hello};
use crate::sdp::Agreed;
use crate::sdp::dtls::{DtlsExchange, Setup};
use std::net::SocketAddr;
use std::time::Instant;

/// The first byte of an alert.
const ALERT: u8 = 21;

/// The handshakes of a stream: one for its sound, and one for its reports where these have a port of their own.
#[derive(Debug, Default)]
pub struct Handshake {
    /// Who we are.
    certificate: Option<Certificate>,
    /// What was agreed, where keys come of a handshake.
    exchange: Option<DtlsExchange>,
    rtp: Half,
    rtcp: Half,
    /// ICE is to find the way, and has.
    waits: bool,
    has_way: bool,
    /// The name of the far end in ICE.
    peer: Option<String>,
}

/// The handshake on one port, and what is left of it.
#[derive(Debug, Default)]
struct Half {
    /// There is to be one.
    is_wanted: bool,
    /// Where the far end is.
    remote: Option<SocketAddr>,
    association: Option<Association>,
    /// The association has come to keys.
    is_keyed: bool,
    /// What the far end begins while an association stands, as some do with each description.
    next: Option<Association>,
    /// The association is of an agreement before this one.
    is_left: bool,
    /// One is to begin, as soon as there is a way to the far end.
    is_due: bool,
    /// The far end is elsewhere than the association knows.
    has_moved: bool,
    /// What came before there was a handshake, the last of it: whoever answers a call begins at once.
    early: Option<(SocketAddr, Vec<u8>)>,
}

impl Handshake {
    /// Takes in what is agreed now; true when other keys are to come than there are.
    pub fn agree(&mut self, agreed: &Agreed) -> bool {
        let is_new = match (&self.exchange, &agreed.dtls) {
            (Some(before), Some(now)) => before.renewed_by(now),
            (_, now) => now.is_some(),
        };
        self.exchange.clone_from(&agreed.dtls);
        self.waits = agreed.ice.is_some();
        let peer = agreed.ice.as_ref().map(|ice| &ice.theirs.ufrag);
        if self.peer.as_ref() != peer {
            // The way to another far end, or by another name, is yet to be found.
            self.has_way = false;
            self.peer = peer.cloned();
        }
        let is_on = agreed.dtls.is_some();
        self.rtp.agree(is_on, is_new, agreed.remote_rtp);
        //= RFC 5763 §6, RFC 5764 §4.1: each port has an association of its own
        self.rtcp.agree(is_on && !agreed.rtcp_mux, is_new, agreed.remote_rtcp);
        is_new
    }

    /// There is to be a handshake on this port.
    pub fn is_wanted(&self, port: Port) -> bool {
        match port {
            Port::Rtp => self.rtp.is_wanted,
            Port::Rtcp => self.rtcp.is_wanted,
        }
    }

    /// Keeps the hello that came before there was anybody to read it.
    pub fn keep(&mut self, port: Port, datagram: &[u8], from: SocketAddr) {
        if self.certificate.is_some() && is_hello(datagram) {
            self.half(port).early = Some((from, datagram.to_vec()));
        }
    }

    fn half(&mut self, port: Port) -> &mut Half {
        match port {
            Port::Rtp => &mut self.rtp,
            Port::Rtcp => &mut self.rtcp,
        }
    }

    /// An association with whom the descriptions name, and what it says first.
    fn begin(&mut self, port: Port, now: Instant) -> Option<Result<(Association, Vec<Effect>), Failure>> {
        let remote = self.half(port).remote;
        let (exchange, remote) = self.exchange.as_ref().zip(remote)?;
        let Some(certificate) = self.certificate.clone() else {
            return Some(Err(Failure::Protocol("this phone has no certificate".to_owned())));
        };
        let role = if exchange.part == Setup::Active { Role::Client } else { Role::Server };
        let announced = exchange.theirs.fingerprints.iter().map(|f| (f.hash.as_str(), f.value.as_slice()));
        let expected = Expected::new(announced).map_err(|why| Failure::Protocol(why.to_string()));
        let path = Path::Signalled(remote);
        Some(expected.and_then(|expected| Association::new(role, certificate, expected, path, now)))
    }
}

impl Half {
    fn agree(&mut self, is_wanted: bool, is_new: bool, remote: Option<SocketAddr>) {
        let was_wanted = std::mem::replace(&mut self.is_wanted, is_wanted);
        self.is_left |= was_wanted && (is_new || !is_wanted);
        self.is_due = is_wanted && (is_new || !was_wanted || self.is_due);
        self.has_moved |= remote.is_some() && remote != self.remote;
        self.remote = remote.or(self.remote);
    }

    /// The far end begins anew, though there are keys.
    fn is_begun_anew(&self, datagram: &[u8]) -> bool {
        let serves = self.association.as_ref().is_some_and(|association| association.role() == Role::Server);
        self.is_keyed && serves && self.next.is_none() && is_hello(datagram)
    }
}

impl MediaStream {
    /// Who we are to a far end that asks for a handshake; without it no such call has keys.
    pub fn set_certificate(&mut self, certificate: Certificate) {
        self.handshake.certificate = Some(certificate);
    }

    /// ICE has found a way to the far end.
    pub fn connected(&mut self, now: Instant) {
        self.handshake.has_way = true;
        self.shake_hands(now);
    }

    /// Does what is due of the handshakes.
    pub(super) fn shake_hands(&mut self, now: Instant) {
        self.shake_hands_on(Port::Rtp, now);
        self.shake_hands_on(Port::Rtcp, now);
    }

    fn shake_hands_on(&mut self, port: Port, now: Instant) {
        let half = self.handshake.half(port);
        if std::mem::take(&mut half.is_left)
            && let Some(mut before) = half.association.take()
        {
            (half.is_keyed, half.next) = (false, None);
            let goodbye = before.handle(Event::Close, now);
            self.carry_out(port, goodbye);
        }
        let Half { association, remote, has_moved, next, .. } = self.handshake.half(port);
        if std::mem::take(has_moved)
            && let (Some(association), Some(remote)) = (association, remote)
        {
            association.handle(Event::Moved(Path::Signalled(*remote)), now);
            *next = None;
        }
        let has_way = self.handshake.has_way || !self.handshake.waits;
        if self.handshake.half(port).is_due && has_way {
            self.begin(port, now);
        }
        if let Some(association) = &mut self.handshake.half(port).association
            && association.wake_at().is_some_and(|at| at <= now)
        {
            let effects = association.handle(Event::Timeout, now);
            self.carry_out(port, effects);
        }
        if let Some(next) = &mut self.handshake.half(port).next
            && next.wake_at().is_some_and(|at| at <= now)
        {
            let effects = next.handle(Event::Timeout, now);
            self.renew(port, effects);
        }
    }

    /// What comes of a handshake in the place of another. Until it has come to keys nothing changes.
    //= RFC 6347 §4.2.8
    fn renew(&mut self, port: Port, effects: Vec<Effect>) {
        for effect in effects {
            let half = self.handshake.half(port);
            match effect {
                Effect::Keys(keys) => {
                    half.association = half.next.take();
                    self.secure(port, &keys);
                }
                Effect::Failed(_) | Effect::Closed => half.next = None,
                transmit => self.carry_out(port, vec![transmit]),
            }
        }
    }

    fn begin(&mut self, port: Port, now: Instant) {
        let Some(begun) = self.handshake.begin(port, now) else { return };
        let half = self.handshake.half(port);
        half.is_due = false;
        let early = half.early.take();
        match begun {
            Ok((association, effects)) => {
                let serves = association.role() == Role::Server;
                half.association = Some(association);
                self.carry_out(port, effects);
                if let Some((from, hello)) = early.filter(|_| serves) {
                    self.receive_handshake(port, &hello, from, now);
                }
            }
            Err(why) => self.events.push_back(StreamEvent::NotSecured(why)),
        }
    }

    /// A datagram that looks like DTLS.
    pub(super) fn receive_handshake(&mut self, port: Port, datagram: &[u8], from: SocketAddr, now: Instant) {
        self.shake_hands_on(port, now);
        if self.handshake.half(port).is_begun_anew(datagram) {
            let begun = self.handshake.begin(port, now).and_then(Result::ok);
            self.handshake.half(port).next = begun.map(|(next, _)| next);
        }
        let event = Event::Datagram { from, bytes: datagram };
        let half = self.handshake.half(port);
        match (&mut half.next, &mut half.association) {
            // What closes the one that stands is for that one.
            (Some(next), _) if datagram.first() != Some(&ALERT) => {
                let effects = next.handle(event, now);
                self.renew(port, effects);
            }
            (_, Some(association)) => {
                let effects = association.handle(event, now);
                self.carry_out(port, effects);
            }
            (_, None) => self.handshake.keep(port, datagram, from),
        }
    }

    /// Says goodbye to the far end of each association.
    pub(super) fn end_handshakes(&mut self, now: Instant) {
        for port in [Port::Rtp, Port::Rtcp] {
            if let Some(mut association) = self.handshake.half(port).association.take() {
                let goodbye = association.handle(Event::Close, now);
                self.carry_out(port, goodbye);
            }
        }
    }

    fn carry_out(&mut self, port: Port, effects: Vec<Effect>) {
        for effect in effects {
            match (effect, port) {
                (Effect::Transmit { to, datagram }, _) if self.outbox.len() < MAX_OUTBOX => {
                    self.outbox.push_back(Transmit { port, to, bytes: datagram });
                }
                (Effect::Transmit { .. }, _) => {}
                (Effect::Keys(keys), _) => self.secure(port, &keys),
                // Sound without reports is better than none, unless somebody stands between.
                (Effect::Failed(why), Port::Rtcp) if why != Failure::Certificate => {}
                (Effect::Failed(why), _) => {
                    // Agreed once more, it begins once more.
                    self.handshake.exchange = None;
                    self.encryption.forget();
                    self.events.push_back(StreamEvent::NotSecured(why));
                }
                //= RFC 8446 §6.1, RFC 5246 §7.2.1: who has closed takes nothing more
                (Effect::Closed, Port::Rtcp) => self.encryption.forget_reports(),
                (Effect::Closed, Port::Rtp) => {
                    self.encryption.forget();
                    self.events.push_back(StreamEvent::Closed);
                }
            }
        }
    }

    fn secure(&mut self, port: Port, keys: &Keys) {
        let half = self.handshake.half(port);
        let secured = match port {
            Port::Rtp => self.encryption.secure(keys),
            Port::Rtcp => self.encryption.secure_reports(keys),
        };
        half.is_keyed = secured.is_ok();
        match (secured, port) {
            (Ok(()), Port::Rtp) => {
                self.renames = true;
                self.events.push_back(StreamEvent::Secured(keys.local.suite().name()));
            }
            (Err(_), Port::Rtp) => self.events.push_back(StreamEvent::NotSecured(Failure::Profile)),
            (_, Port::Rtcp) => {}
        }
    }
}
