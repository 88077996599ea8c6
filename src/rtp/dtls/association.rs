//! One DTLS association: a handshake with the peer of a call, as a machine without I/O.
//!
//! Who may speak to it is judged by address before a byte is read: a client hears whom it has spoken to alone, and to a
//! server each hello has a handshake of its own, with the port it came from, until one of them comes back with its
//! cookie. What nobody signed ends nothing at once: a forged alert has [`GRACE`] to be outdone by the real peer. Without
//! that a hello that only seems to come from the peer would spoil the peer's.

use dimpl::{Config, Error, SecurityError};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::machine::{Machine, Said, bare_alert, config, hello};
use super::{Certificate, Expected, Keys};
use crate::rtp::dropped::{Dropped, Kind};

/// A handshake takes no longer.
pub const LIMIT: Duration = Duration::from_secs(20);
/// What spoilt a handshake without being signed is believed when nothing better came within this.
const GRACE: Duration = Duration::from_secs(5);
/// A handshake begins anew at most so often.
const RESTARTS: u8 = 8;
/// Hellos that are answered at a time before one has come back with its cookie.
const HELLOS: usize = 8;

/// Who begins the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `a=setup:active`: we do.
    Client,
    /// `a=setup:passive`: the peer does.
    Server,
}

/// Where the peer is, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The address of its description: a NAT may have changed the port.
    Signalled(SocketAddr),
    /// The pair ICE has checked: this and no other.
    Validated(SocketAddr),
}

/// What happens to an association.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A datagram came.
    Datagram {
        /// Who sent it.
        from: SocketAddr,
        /// All of it.
        bytes: &'a [u8],
    },
    /// The moment of [`Association::wake_at`] has come.
    Timeout,
    /// The peer is elsewhere from now on.
    Moved(Path),
    /// The call is over.
    Close,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a datagram.
    Transmit {
        /// To whom.
        to: SocketAddr,
        /// All of it.
        datagram: Vec<u8>,
    },
    /// The peer is who it was announced to be: protect the sound with these.
    Keys(Keys),
    /// There will be no keys.
    Failed(Failure),
    /// The peer has closed the association. Its keys are no longer to be used for sending.
    Closed,
}

/// Why there are no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Time was up.
    #[error("the peer did not finish the DTLS handshake within {} s", LIMIT.as_secs())]
    Timeout,
    /// Another certificate than its description names: somebody stands between.
    #[error("the peer's certificate is not the one its description names")]
    Certificate,
    /// DTLS, but not for SRTP.
    #[error("the peer agreed to no SRTP profile this phone has")]
    Profile,
    /// The peer said no.
    #[error("the peer refused the DTLS handshake (alert {0})")]
    Refused(u8),
    /// What it said made no sense, or has nothing in common with what we can.
    #[error("the DTLS handshake came to nothing: {0}")]
    Protocol(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Established,
    Over,
}

/// A handshake, and what is left of it afterwards.
#[derive(Debug)]
pub struct Association {
    role: Role,
    certificate: Certificate,
    expected: Expected,
    config: Arc<Config>,
    path: Path,
    stage: Stage,
    /// The handshake: a client's from the beginning, a server's once a hello was accepted.
    chosen: Option<Machine>,
    /// What answers hellos until then, the latest last.
    hellos: VecDeque<Machine>,
    /// The peer showed the certificate that was announced, in the chosen handshake.
    known: bool,
    /// The handshake is over at this moment.
    deadline: Instant,
    /// What it came to if nothing better comes until then.
    suspected: Option<Failure>,
    restarts: u8,
}

impl Association {
    /// A handshake that begins now, and what it sends first. `expected` is what the peer's description says of its
    /// certificate; before there is one there is nothing to begin.
    pub fn new(
        role: Role,
        certificate: Certificate,
        expected: Expected,
        path: Path,
        now: Instant,
    ) -> Result<(Association, Vec<Effect>), Failure> {
        Association::with(config(None)?, role, certificate, expected, path, now)
    }

    pub(super) fn with(
        config: Arc<Config>,
        role: Role,
        certificate: Certificate,
        expected: Expected,
        path: Path,
        now: Instant,
    ) -> Result<(Association, Vec<Effect>), Failure> {
        let mut association = Association {
            role,
            certificate,
            expected,
            config,
            path,
            stage: Stage::Handshake,
            chosen: None,
            hellos: VecDeque::new(),
            known: false,
            deadline: now.checked_add(LIMIT).unwrap_or(now),
            suspected: None,
            restarts: 0,
        };
        let mut effects = Vec::new();
        if role == Role::Client {
            let machine = association.begin(None, path.address().port(), now)?;
            association.choose(machine, &mut effects);
        }
        Ok((association, effects))
    }

    /// Who we are in it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// When [`Event::Timeout`] is due; `None` once there is nothing to wait for.
    pub fn wake_at(&self) -> Option<Instant> {
        // A hello without cookie is answered when it comes and not again: nobody is to be flooded through us.
        let wake = self.chosen.as_ref().map_or(self.deadline, |chosen| chosen.wake);
        (self.stage == Stage::Handshake).then(|| wake.min(self.deadline))
    }

    /// Let something happen.
    pub fn handle(&mut self, event: Event<'_>, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.stage == Stage::Over {
            return effects;
        }
        match event {
            Event::Datagram { from, bytes } => {
                //= RFC 8826 §4.2.1: only on the path that was agreed, whoever is first
                if Kind::of(bytes) == Kind::Odd(Dropped::Dtls) && self.path.may_bring(from) {
                    self.datagram(from.port(), bytes, now, &mut effects);
                }
            }
            Event::Timeout => self.timeout(now, &mut effects),
            Event::Moved(path) => {
                self.path = path;
                if let Some(chosen) = &mut self.chosen {
                    chosen.port = path.address().port();
                }
            }
            Event::Close => self.close(&mut effects),
        }
        effects
    }

    fn datagram(&mut self, port: u16, bytes: &[u8], now: Instant, effects: &mut Vec<Effect>) {
        let is_chosen = self.chosen.as_ref().is_some_and(|chosen| chosen.port == port);
        if self.stage == Stage::Handshake {
            if let Some(alert) = bare_alert(bytes) {
                if let Some(description) = alert.filter(|_| is_chosen) {
                    self.suspect(Failure::Refused(description), now);
                }
                return;
            }
            if self.role == Role::Server && self.greeted(port, bytes, now, effects) {
                return;
            }
        }
        // Who is not the one the handshake is with cannot spoil it.
        if is_chosen && let Some(mut machine) = self.chosen.take() {
            let done = machine.read(bytes, now);
            self.settle(machine, done, now, effects);
        }
    }

    /// True when the datagram belongs to a hello that is not the chosen one.
    fn greeted(&mut self, port: u16, bytes: &[u8], now: Instant, effects: &mut Vec<Effect>) -> bool {
        let (random, signalled) = (hello(bytes), self.path.address().port());
        if random.is_some() && self.chosen.as_ref().is_some_and(|chosen| chosen.hello == random) {
            return false;
        }
        let mut theirs = self.hellos.iter().enumerate().filter(|(_, machine)| machine.port == port);
        let known = match (random, &self.chosen) {
            // Who comes from where the description says has its place.
            (Some(_), Some(chosen)) if chosen.port == signalled && port != signalled => return true,
            (Some(_), _) => theirs.find(|(_, machine)| machine.hello == random),
            // A later piece of a long hello does not say whose it is.
            (None, None) => theirs.next_back(),
            (None, Some(_)) => return false,
        };
        let known = known.map(|(index, _)| index);
        let mut machine = match (known.and_then(|index| self.hellos.remove(index)), random) {
            (Some(machine), _) => machine,
            (None, None) => return true,
            (None, Some(_)) => match self.begin(random, port, now) {
                Ok(machine) => machine,
                Err(why) => {
                    self.fail(why, effects);
                    return true;
                }
            },
        };
        match machine.read(bytes, now) {
            Ok(()) => self.answer(machine, effects),
            // The peer may be yet to come: there is as much time as before.
            Err(error) => self.suspected = Some(Failure::from(error)),
        }
        true
    }

    /// Say what there is to say to a hello; once it was accepted, no other counts.
    fn answer(&mut self, mut machine: Machine, effects: &mut Vec<Effect>) {
        while let Some(said) = machine.say(&self.expected) {
            if let Said::Transmit(datagram) = said {
                effects.push(self.transmit(machine.port, datagram));
            }
            if machine.accepted {
                self.hellos.clear();
                return self.choose(machine, effects);
            }
        }
        if self.hellos.len() == HELLOS {
            // Those of other ports make room first.
            let signalled = self.path.address().port();
            let least = self.hellos.iter().position(|machine| machine.port != signalled);
            self.hellos.remove(least.unwrap_or(0));
        }
        self.hellos.push_back(machine);
    }

    fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.stage == Stage::Handshake && now >= self.deadline {
            let why = self.suspected.take().unwrap_or(Failure::Timeout);
            return self.fail(why, effects);
        }
        if let Some(mut machine) = self.chosen.take() {
            let done = machine.timeout(now);
            self.settle(machine, done, now, effects);
        }
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        if let Some(mut machine) = self.chosen.take()
            && machine.close().is_ok()
        {
            while let Some(said) = machine.say(&self.expected) {
                if let Said::Transmit(datagram) = said {
                    effects.push(self.transmit(machine.port, datagram));
                }
            }
        }
        self.stage = Stage::Over;
    }

    /// What the chosen handshake came to by a step. Errors of `dimpl` are for ever.
    fn settle(&mut self, machine: Machine, done: Result<(), Error>, now: Instant, effects: &mut Vec<Effect>) {
        match (done.map_err(Failure::from), self.stage) {
            (Ok(()), _) => self.listen(machine, effects),
            // Signed by the peer, or it would have been passed over.
            (Err(_), Stage::Established) => {
                self.stage = Stage::Over;
                effects.push(Effect::Closed);
            }
            (Err(why), _) => self.restart(machine.port, why, now, effects),
        }
    }

    /// Begin anew: what spoilt the handshake may not have come from the peer.
    fn restart(&mut self, port: u16, why: Failure, now: Instant, effects: &mut Vec<Effect>) {
        self.restarts = self.restarts.saturating_add(1);
        if why == Failure::Timeout || self.restarts > RESTARTS {
            let why = self.suspected.take().unwrap_or(why);
            return self.fail(why, effects);
        }
        self.suspect(why, now);
        if self.role == Role::Client {
            match self.begin(None, port, now) {
                Ok(machine) => self.choose(machine, effects),
                Err(why) => self.fail(why, effects),
            }
        }
    }

    fn suspect(&mut self, why: Failure, now: Instant) {
        self.suspected = Some(why);
        self.deadline = self.deadline.min(now.checked_add(GRACE).unwrap_or(now));
    }

    fn fail(&mut self, why: Failure, effects: &mut Vec<Effect>) {
        self.stage = Stage::Over;
        effects.push(Effect::Failed(why));
    }

    fn begin(&self, hello: Option<[u8; 32]>, port: u16, now: Instant) -> Result<Machine, Failure> {
        Ok(Machine::begin(self.role, hello, port, &self.certificate, &self.config, now)?)
    }

    fn choose(&mut self, machine: Machine, effects: &mut Vec<Effect>) {
        self.known = false;
        self.listen(machine, effects);
    }

    /// Take all the chosen handshake says. Nothing leaves after a certificate that was not announced.
    fn listen(&mut self, mut machine: Machine, effects: &mut Vec<Effect>) {
        while self.stage != Stage::Over
            && let Some(said) = machine.say(&self.expected)
        {
            match said {
                Said::Transmit(datagram) => effects.push(self.transmit(machine.port, datagram)),
                Said::Certificate(true) => self.known = true,
                //= RFC 5763 §5: a certificate that does not match ends it
                Said::Certificate(false) => self.fail(Failure::Certificate, effects),
                Said::Connected(None) => self.fail(Failure::Profile, effects),
                Said::Connected(Some(_)) if !self.known => self.fail(Failure::Certificate, effects),
                Said::Connected(Some(keys)) => {
                    self.stage = Stage::Established;
                    effects.push(Effect::Keys(keys));
                }
                Said::Closed => {
                    self.stage = Stage::Over;
                    effects.push(Effect::Closed);
                }
            }
        }
        self.chosen = Some(machine);
    }

    fn transmit(&self, port: u16, datagram: Vec<u8>) -> Effect {
        Effect::Transmit { to: SocketAddr::new(self.path.address().ip(), port), datagram }
    }
}

impl Path {
    fn address(self) -> SocketAddr {
        let (Path::Signalled(address) | Path::Validated(address)) = self;
        address
    }

    /// Something of the peer's may come from there.
    fn may_bring(self, from: SocketAddr) -> bool {
        let is_host = from.ip().to_canonical() == self.address().ip().to_canonical();
        let is_port = matches!(self, Path::Signalled(_)) || from.port() == self.address().port();
        is_host && is_port
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Timeout(_) => Failure::Timeout,
            Error::SecurityError(SecurityError::FatalAlert { description }) => Failure::Refused(description),
            other => Failure::Protocol(other.to_string()),
        }
    }
}
