//! `dimpl` as one handshake of ours: datagrams and time in, what it says out.

use dimpl::{Config, Dtls, Error, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::association::{Failure, LIMIT, Role};
use super::keys::{Keys, suite};
use super::{Certificate, Expected};

/// First wait for an answer; doubled with each (RFC 6347 §4.2.4.1 lets sound wait less than a second).
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Waits that never end before [`LIMIT`] does.
const RETRIES: usize = 10;
/// Records that are read of one datagram.
const RECORDS: usize = 16;
/// Records that are kept until those before them have come.
const KEPT: usize = 30;
/// Longest datagram sent: fits any path of today, with tunnels.
const MTU: usize = 1_150;

/// What one handshake says.
pub(super) enum Said {
    Transmit(Vec<u8>),
    /// The peer showed a certificate, and it is one of those expected or not.
    Certificate(bool),
    /// The handshake is over; `None` when it agreed to no profile.
    Connected(Option<Keys>),
    Closed,
}

/// One handshake.
#[derive(Debug)]
pub(super) struct Machine {
    /// The random of the hello it answers, when it is a server's.
    pub(super) hello: Option<Random>,
    /// A server's: the hello came back with its cookie, so that its address is no lie.
    pub(super) accepted: bool,
    /// The port of the peer, which a NAT may have changed.
    pub(super) port: u16,
    /// When to call it.
    pub(super) wake: Instant,
    role: Role,
    dtls: Dtls,
    buffer: Vec<u8>,
}

/// What tells one hello from another.
pub(super) type Random = [u8; 32];

/// How we speak DTLS; a `seed` makes its waits and hellos the same again.
pub(super) fn config(seed: Option<u64>) -> Result<Arc<Config>, Failure> {
    let mut builder = Config::builder()
        .mtu(MTU)
        .max_queue_rx(KEPT)
        .require_client_certificate(true)
        .use_server_cookie(true)
        .flight_start_rto(FIRST_WAIT)
        .flight_retries(RETRIES)
        .handshake_timeout(LIMIT);
    if let Some(seed) = seed {
        builder = builder.dangerously_set_rng_seed(seed);
    }
    Ok(Arc::new(builder.build()?))
}

impl Machine {
    //= RFC 8827 §6.5: DTLS 1.2 is what every peer has
    pub(super) fn begin(
        role: Role,
        hello: Option<Random>,
        port: u16,
        certificate: &Certificate,
        config: &Arc<Config>,
        now: Instant,
    ) -> Result<Machine, Error> {
        let mut dtls = Dtls::new_12(config.clone(), certificate.to_dimpl(), now);
        dtls.set_active(role == Role::Client);
        dtls.handle_timeout(now)?;
        Ok(Machine { hello, accepted: false, port, wake: now, role, dtls, buffer: vec![0; MTU] })
    }

    /// A datagram came. Its records go in one by one: `dimpl` passes a whole datagram over when it knows the first.
    pub(super) fn read(&mut self, datagram: &[u8], now: Instant) -> Result<(), Error> {
        // Time first: what follows counts from it.
        self.dtls.handle_timeout(now)?;
        records(datagram).take(RECORDS).try_for_each(|record| self.dtls.handle_packet(record))
    }

    /// Its moment has come.
    pub(super) fn timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.dtls.handle_timeout(now)
    }

    /// Say goodbye, if the peer would believe it.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        self.dtls.close()
    }

    /// The next thing it says, until it waits.
    pub(super) fn say(&mut self, expected: &Expected) -> Option<Said> {
        let mut connected = false;
        loop {
            let needed = match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(datagram) => {
                    // What asks for the cookie once more may stand before it.
                    self.accepted |= records(datagram).any(|record| begins_with(record, SERVER_HELLO));
                    return Some(Said::Transmit(datagram.to_vec()));
                }
                Output::PeerCert(der) => return Some(Said::Certificate(expected.matches(der))),
                Output::KeyingMaterial(material, profile) => {
                    let keys = suite(profile).and_then(|suite| Keys::cut(suite, &material, self.role));
                    return Some(Said::Connected(keys));
                }
                Output::CloseNotify => return Some(Said::Closed),
                Output::BufferTooSmall { needed } => needed,
                // The keys come next, if there are any.
                Output::Connected => {
                    connected = true;
                    continue;
                }
                Output::Timeout(wake) => {
                    self.wake = wake;
                    return connected.then_some(Said::Connected(None));
                }
                _ => continue,
            };
            self.buffer.resize(needed, 0);
        }
    }
}

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// Bytes before a handshake message of a record: type, version, epoch, sequence, length.
const RECORD: usize = 13;

/// The records of a datagram; one that is cut off, and what follows it, is not among them.
fn records(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = rest.get(RECORD - 2..)?.first_chunk().map(|length| u16::from_be_bytes(*length))?;
        let (record, after) = rest.split_at_checked(RECORD.saturating_add(length.into()))?;
        rest = after;
        Some(record)
    })
}

/// The datagram begins with this message of a handshake, in the clear.
fn begins_with(datagram: &[u8], message: u8) -> bool {
    matches!(datagram, [HANDSHAKE, _, _, 0, 0, ..]) && datagram.get(RECORD) == Some(&message)
}

/// The random of a client's hello, when the datagram begins with the first piece of one.
pub(super) fn hello(datagram: &[u8]) -> Option<Random> {
    const FRAGMENT_OFFSET: usize = RECORD + 6;
    const RANDOM: usize = RECORD + 14;
    let whole = datagram.get(FRAGMENT_OFFSET..FRAGMENT_OFFSET + 3) == Some(&[0; 3]);
    (begins_with(datagram, CLIENT_HELLO) && whole).then(|| datagram.get(RANDOM..)?.first_chunk().copied())?
}

/// The datagram begins a handshake.
pub fn is_hello(datagram: &[u8]) -> bool {
    hello(datagram).is_some()
}

/// A datagram that begins with an alert in the clear: `Some(Some(description))` of a fatal one.
//= RFC 6347 §4.1.2.7: what is not protected is not to end an association
pub(super) fn bare_alert(datagram: &[u8]) -> Option<Option<u8>> {
    const ALERT: u8 = 21;
    const FATAL: u8 = 2;
    match datagram {
        [ALERT, _, _, 0, 0, rest @ ..] => match rest.get(RECORD - 5..) {
            Some([FATAL, description, ..]) => Some(Some(*description)),
            _ => Some(None),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 7], length.as_slice(), body].concat()
    }

    #[test]
    fn records_are_told_apart() {
        let (one, two, three) = (record(22, 0, &[1, 2, 3]), record(20, 0, &[]), record(22, 1, &[9; 300]));
        let all = [one.clone(), two.clone(), three.clone()].concat();
        assert_eq!(records(&all).collect::<Vec<_>>(), [&one[..], &two, &three]);
        // Cut anywhere: what was whole before the cut, and nothing else.
        for cut in 0..all.len() {
            let whole = [one.len(), one.len() + two.len()].iter().filter(|end| cut >= **end).count();
            assert_eq!(records(&all[..cut]).count(), whole, "{cut}");
        }
    }

    #[test]
    fn hellos_and_alerts_are_told_by_their_first_bytes() {
        let random: Random = std::array::from_fn(|at| at as u8);
        let body =
            |kind: u8, offset: u8| [&[kind, 0, 0, 40, 0, 0, 0, 0, offset, 0, 0, 40, 254, 253], &random[..]].concat();
        let whole = record(22, 0, &body(1, 0));
        let rows: [(&[u8], Option<Random>); 7] = [
            (&whole, Some(random)),
            (&whole[..whole.len() - 1], None),
            (&whole[..20], None),
            (&record(22, 0, &body(1, 9)), None),
            (&record(22, 0, &body(2, 0)), None),
            (&record(22, 1, &body(1, 0)), None),
            (&record(23, 0, &body(1, 0)), None),
        ];
        for (datagram, expected) in rows {
            assert_eq!(hello(datagram), expected, "{datagram:?}");
        }
        let rows: [(&[u8], Option<Option<u8>>); 6] = [
            (&record(21, 0, &[2, 40]), Some(Some(40))),
            (&record(21, 0, &[1, 0]), Some(None)),
            (&record(21, 0, &[2]), Some(None)),
            (&[21, 254, 253, 0, 0], Some(None)),
            (&record(21, 1, &[2, 40]), None),
            (&whole, None),
        ];
        for (datagram, expected) in rows {
            assert_eq!(bare_alert(datagram), expected, "{datagram:?}");
        }
    }
}
