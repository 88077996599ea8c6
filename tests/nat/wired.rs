//! Two phones whose streams meet an internet through their wires alone.

use super::gateway::Kind;
use super::internet::{Datagram, Internet, Node, Weather};
use super::pairs::{SERVER, account, ip};
use super::server::{PORT, Server};
use rand::rngs::StdRng;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tuiphone::media::reach::{MediaPath, Reach, ServerName, TurnServer, TurnTransport};
use tuiphone::media::stream::Port;
use tuiphone::media::wire::{Arrived, Output, Relay, Servers, Wire};
use tuiphone::nat::ice::CandidateKind;
use tuiphone::sdp::{Agreed, Direction, Format, IceAgreed, IceDescription, Media, SessionDescription, parse};

pub(super) const SOUND: &[u8] = b"\x80sound";
/// A silent machine.
pub(super) const NOBODY: &str = "192.0.2.99";

/// What is to be told: addresses, ICE.
pub(super) type Ready = (Option<(SocketAddr, SocketAddr)>, Option<IceDescription>);

pub(super) struct Phone {
    pub(super) wire: Wire,
    pub(super) sockets: Vec<SocketAddr>,
    pub(super) ready: Option<Ready>,
    pub(super) told: Vec<(Instant, Output)>,
    pub(super) heard: Vec<(Port, SocketAddr, Vec<u8>)>,
    pub(super) strangers: Vec<SocketAddr>,
    pub(super) out: Vec<Datagram>,
    pub(super) now: Instant,
}

impl Phone {
    pub(super) fn new(address: &str, reach: Reach, now: Instant, rng: &mut StdRng) -> Phone {
        let sockets = vec![SocketAddr::new(ip(address), 4000), SocketAddr::new(ip(address), 4001)];
        let at = |name: &ServerName| SocketAddr::new(ip(&name.host), name.port.unwrap_or(PORT));
        let stun = reach.stun.iter().map(at).collect();
        let turn = reach.turn.iter().map(|server| Relay::new(server, at(&server.name))).collect();
        let mut wire = Wire::new(sockets.clone(), reach, now, rng);
        wire.begin(Servers { stun, turn }, now);
        let (ready, told, heard, strangers, out) = (None, Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Phone { wire, sockets, ready, told, heard, strangers, out, now }
    }

    pub(super) fn shown(&self) -> SocketAddr {
        self.ready.as_ref().and_then(|(mapped, _)| *mapped).map_or(self.sockets[0], |(rtp, _)| rtp)
    }

    /// Its lines, as they are when they were sent.
    pub(super) fn description(&self) -> IceDescription {
        let ice = self.ready.as_ref().and_then(|(_, ice)| ice.clone()).expect("ICE was asked for");
        let shown = self.shown();
        let mut audio = Media {
            kind: "audio".into(),
            port: shown.port(),
            protocol: "RTP/AVP".into(),
            formats: vec!["8".into()],
            connection: Some(shown.ip()),
            attributes: Vec::new(),
        };
        ice.write(&mut audio);
        let whole = SessionDescription { media: vec![audio], ..SessionDescription::default() };
        let whole = parse(&whole.to_bytes()).unwrap();
        let read = IceDescription::read(&whole, &whole.media[0]).unwrap();
        assert!(!read.is_mangled(&whole, &whole.media[0]), "{read:?}");
        read
    }

    pub(super) fn paths(&self) -> Vec<&MediaPath> {
        self.told.iter().filter_map(|(_, told)| if let Output::Path(path) = told { Some(path) } else { None }).collect()
    }

    pub(super) fn way(&self) -> Option<(CandidateKind, CandidateKind)> {
        let MediaPath::Connected { pairs, .. } = self.paths().last()? else { return None };
        pairs.first().map(|(ours, theirs)| (ours.kind, theirs.kind))
    }

    /// Says something; false where there is no way.
    pub(super) fn says(&mut self, port: Port, to: SocketAddr, data: &[u8]) -> bool {
        let queued = self.out.len();
        if let Some((socket, to)) = self.wire.send(port, to, data, self.now) {
            self.out.push((self.sockets[socket], to, data.to_vec()));
        }
        self.drain();
        self.out.len() > queued
    }

    /// Sends something past the wire.
    pub(super) fn pokes(&mut self, to: SocketAddr) {
        self.out.push((self.sockets[0], to, SOUND.to_vec()));
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.wire.poll() {
            match output {
                Output::Transmit { socket, to, bytes } => self.out.push((self.sockets[socket], to, bytes)),
                Output::Ready { mapped, ice } => self.ready = Some((mapped, ice.map(|ice| *ice))),
                told => self.told.push((self.now, told)),
            }
        }
    }
}

impl Node for Phone {
    fn receive(&mut self, at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant) {
        self.now = now;
        let Some(socket) = self.sockets.iter().position(|socket| *socket == at) else { return };
        match self.wire.receive(socket, from, bytes, now) {
            Arrived::Media { port, from, data } => self.heard.push((port, from, data.to_vec())),
            Arrived::Stranger(from) => self.strangers.push(from),
            Arrived::Taken => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.wire.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.wire.next_timeout()
    }

    fn poll(&mut self) -> Option<Datagram> {
        self.drain();
        if self.out.is_empty() { None } else { Some(self.out.remove(0)) }
    }
}

pub(super) fn name(host: &str) -> ServerName {
    ServerName { host: host.to_owned(), port: Some(PORT) }
}

pub(super) fn with_stun(server: &str) -> Reach {
    Reach { ice: true, stun: vec![name(server)], ..Reach::default() }
}

pub(super) fn with_turn() -> Reach {
    let account = account();
    let (username, password) = (account.username, account.password);
    let server = TurnServer { name: name(SERVER), transport: TurnTransport::Udp, username, password };
    Reach { turn: vec![server], ..with_stun(SERVER) }
}

pub(super) fn agreed(remote: SocketAddr, ice: Option<IceAgreed>) -> Agreed {
    let format = Format { payload_type: 8, encoding: "PCMA".into(), clock_rate: 8_000, channels: 1, fmtp: None };
    Agreed {
        remote_rtp: Some(remote),
        remote_rtcp: Some(SocketAddr::new(remote.ip(), remote.port() + 1)),
        rtcp_mux: false,
        extended_reports: Default::default(),
        send: format.clone(),
        receive: vec![format],
        telephone_event_send: None,
        telephone_event_receive: Vec::new(),
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
        srtp: None,
        dtls: None,
        ice,
        mangled: false,
    }
}

/// Two phones behind gateways; the first one calls.
pub(super) struct Two {
    pub(super) net: Internet,
    pub(super) server: Rc<RefCell<Server>>,
    pub(super) phones: [Rc<RefCell<Phone>>; 2],
}

impl Two {
    pub(super) fn new(seed: u64, kinds: [Option<Kind>; 2], reaches: [Reach; 2]) -> Two {
        let mut net = Internet::new(seed, Weather::FINE);
        let server = net.add(&[ip(SERVER)], None, Server::new(SERVER));
        let places = [("10.0.0.2", "198.51.100.1"), ("10.1.0.2", "203.0.113.1")];
        let mut reaches = reaches.into_iter();
        let phones = [0, 1].map(|at| {
            let (inside, outside) = places[at];
            let gateway = kinds[at].map(|kind| net.gateway(outside, kind));
            let address = if gateway.is_some() { inside } else { outside };
            let reach = Reach { controlling: at == 0, ..reaches.next().unwrap() };
            let phone = Phone::new(address, reach, net.now, &mut net.rng);
            net.add(&[ip(address)], gateway, phone)
        });
        let mut two = Two { net, server, phones };
        assert!(two.run_until(2_000, |a, b| a.ready.is_some() && b.ready.is_some()));
        two
    }

    pub(super) fn run_until(&mut self, ms: u64, is_so: impl Fn(&Phone, &Phone) -> bool) -> bool {
        let [a, b] = [0, 1].map(|at: usize| Rc::clone(&self.phones[at]));
        self.net.run_until(Duration::from_millis(ms), || is_so(&a.borrow(), &b.borrow()))
    }

    /// One of them has the other's description.
    pub(super) fn start(&mut self, at: usize, own: IceDescription, theirs: IceDescription) {
        let remote = self.phones[1 - at].borrow().shown();
        let ice = IceAgreed { ours: own, theirs, controlling: at == 0 };
        self.phones[at].borrow_mut().wire.start(&agreed(remote, Some(ice)), self.net.now);
    }

    /// Offer and answer, these lines.
    pub(super) fn describe(&mut self, [offer, answer]: [IceDescription; 2]) {
        self.start(1, answer.clone(), offer.clone());
        self.net.run(Duration::from_millis(100));
        self.start(0, offer, answer);
    }

    pub(super) fn descriptions(&self) -> [IceDescription; 2] {
        [0, 1].map(|at: usize| self.phones[at].borrow().description())
    }

    pub(super) fn connects(&mut self, ms: u64) -> bool {
        self.run_until(ms, |a, b| a.way().is_some() && b.way().is_some())
    }

    /// Sound of both, as it is sent.
    pub(super) fn speak(&mut self, ms: u64) {
        let until = self.net.now + Duration::from_millis(ms);
        while self.net.now < until {
            for at in [0, 1] {
                let remote = self.phones[1 - at].borrow().shown();
                let mut phone = self.phones[at].borrow_mut();
                phone.now = self.net.now;
                phone.says(Port::Rtp, remote, SOUND);
            }
            self.net.run(Duration::from_millis(20));
        }
    }

    /// Sound and reports go both ways; each takes them for those of whom its description names.
    pub(super) fn talks(&mut self) -> bool {
        for at in [0, 1] {
            let remote = self.phones[1 - at].borrow().shown();
            let mut phone = self.phones[at].borrow_mut();
            phone.now = self.net.now;
            phone.heard.clear();
            phone.says(Port::Rtp, remote, SOUND);
            phone.says(Port::Rtcp, SocketAddr::new(remote.ip(), remote.port() + 1), SOUND);
        }
        let hears = |phone: &Phone, other: &Phone| {
            let rtp = (Port::Rtp, other.shown(), SOUND.to_vec());
            let rtcp = (Port::Rtcp, SocketAddr::new(rtp.1.ip(), rtp.1.port() + 1), SOUND.to_vec());
            phone.heard.contains(&rtp) && phone.heard.contains(&rtcp)
        };
        self.run_until(500, |a, b| hears(a, b) && hears(b, a))
    }
}
