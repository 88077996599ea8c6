//! Encryption of a stream: what stands between its packets and the wire.

use crate::rtp::dropped::{Dropped, Kind, MAX_DATAGRAM};
use crate::rtp::dtls;
use crate::rtp::srtp::{Inbound, MasterKey, Outbound, SrtpError, Suite};
use crate::sdp::{CryptoSuite, Srtp};

/// The suites that descriptions name, the strongest first. Those with tags of 32 bits are not offered.
pub fn suites() -> Vec<CryptoSuite> {
    let offered = |suite: Suite| suite.rtp_tag() == suite.rtcp_tag();
    let suite =
        |suite: Suite| CryptoSuite { name: suite.name(), key_and_salt: suite.key_and_salt(), offered: offered(suite) };
    Suite::ALL.map(suite).to_vec()
}

/// Where the keys of a stream come from.
#[derive(Debug, Clone, Copy)]
pub enum Keyed<'a> {
    /// There are none.
    Plain,
    /// The descriptions carried them.
    Sdes(&'a Srtp),
    /// A handshake brings them, or has.
    Dtls {
        /// Another one than before.
        anew: bool,
        /// Reports have a port of their own, and keys of their own.
        apart: bool,
    },
}

/// Of what is sent, and of what comes.
type Keys = (Outbound, Inbound);

/// The encryption of one stream, if any was agreed.
#[derive(Debug, Default)]
pub struct Encryption {
    is_on: bool,
    /// Kept where plain sound comes between: an index must not be used twice.
    keys: Option<Keys>,
    /// Reports have keys of their own, these.
    is_apart: bool,
    reports: Option<Keys>,
    /// Where packets are opened.
    room: Vec<u8>,
}

impl Encryption {
    /// Takes in what is agreed now. Keys that cannot be used leave nothing sent and nothing taken. True when encryption
    /// begins anew, so that what is sent is to have an SSRC of its own: some receivers go on counting its roll-overs, and
    /// some begin at 0.
    //= RFC 3711 §3.3.1, RFC 4568 §7.1.4
    #[must_use]
    pub fn agree(&mut self, keyed: Keyed<'_>) -> bool {
        let was_on = std::mem::replace(&mut self.is_on, !matches!(keyed, Keyed::Plain));
        self.is_apart = matches!(keyed, Keyed::Dtls { apart: true, .. });
        if !self.is_apart {
            self.forget_reports();
        }
        if self.is_on && self.room.capacity() == 0 {
            self.room.reserve(MAX_DATAGRAM);
        }
        let srtp = match keyed {
            Keyed::Plain => return false,
            Keyed::Sdes(srtp) => srtp,
            Keyed::Dtls { anew, .. } => {
                if anew {
                    self.forget();
                }
                return false;
            }
        };
        let agreed = match self.keys.take() {
            Some(keys) => rekeyed(keys, srtp),
            None => keys(srtp).map(|keys| (keys, true)),
        };
        let (keys, changed) = agreed.ok().unzip();
        self.keys = keys;
        !was_on || changed != Some(false)
    }

    /// The keys of a handshake, in place of all before; what is sent from now on is to have an SSRC of its own.
    pub fn secure(&mut self, keys: &dtls::Keys) -> Result<(), SrtpError> {
        self.keys = None;
        self.keys = Some(of_handshake(keys)?);
        Ok(())
    }

    /// The same for reports that go apart.
    pub fn secure_reports(&mut self, keys: &dtls::Keys) -> Result<(), SrtpError> {
        self.reports = None;
        self.reports = Some(of_handshake(keys)?);
        Ok(())
    }

    /// There are no keys any more: nothing is sent, and nothing taken, until others come.
    pub fn forget(&mut self) {
        self.keys = None;
        self.forget_reports();
    }

    /// The same for reports that go apart.
    pub fn forget_reports(&mut self) {
        self.reports = None;
    }

    /// Encrypted, and no keys of sound yet, or none any more.
    pub fn is_waiting(&self) -> bool {
        self.is_on && self.keys.is_none()
    }

    /// True where it was agreed.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// What a datagram carries, with the room it was opened in, which [`Encryption::give_back`] takes. What is neither RTP
    /// nor RTCP is handed on as it is. An error: it is not to be believed.
    pub fn open(&mut self, datagram: &[u8]) -> Result<Vec<u8>, Dropped> {
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        room.extend_from_slice(datagram);
        let kind = Kind::of(datagram);
        let opened = match (kind, self.keys_of(kind)) {
            (Kind::Rtp, Some((_, inbound))) => inbound.unprotect_rtp(&mut room).map(<[u8]>::len),
            (Kind::Rtcp, Some((_, inbound))) => inbound.unprotect_rtcp(&mut room).map(<[u8]>::len),
            (Kind::Rtp | Kind::Rtcp, None) => Err(SrtpError::Keys),
            _ => Ok(room.len()),
        };
        match opened {
            Ok(length) => {
                room.truncate(length);
                Ok(room)
            }
            Err(error) => {
                self.room = room;
                Err(dropped(error))
            }
        }
    }

    fn keys_of(&mut self, kind: Kind) -> Option<&mut Keys> {
        let keys = if self.is_apart && kind == Kind::Rtcp { &mut self.reports } else { &mut self.keys };
        keys.as_mut()
    }

    /// The room of a datagram that was opened.
    pub fn give_back(&mut self, room: Vec<u8>) {
        self.room = room;
    }

    /// Protects a packet that is to be sent. `false`: it cannot be, and must not be sent.
    #[must_use]
    pub fn seal(&mut self, packet: &mut Vec<u8>) -> bool {
        if !self.is_on {
            return true;
        }
        let kind = Kind::of(packet);
        match (kind, self.keys_of(kind)) {
            (Kind::Rtp, Some((outbound, _))) => outbound.protect_rtp(packet).is_ok(),
            (Kind::Rtcp, Some((outbound, _))) => outbound.protect_rtcp(packet).is_ok(),
            (Kind::KeepAlive, _) => true,
            _ => false,
        }
    }
}

fn of_handshake(keys: &dtls::Keys) -> Result<Keys, SrtpError> {
    Ok((Outbound::new(&keys.local)?, Inbound::new(std::slice::from_ref(&keys.remote))?))
}

fn keys(srtp: &Srtp) -> Result<Keys, SrtpError> {
    let (ours, theirs) = masters(srtp)?;
    Ok((Outbound::new(&ours)?, Inbound::new(&theirs)?))
}

/// The keys of now, and whether what we send has another one.
fn rekeyed((mut outbound, mut inbound): Keys, srtp: &Srtp) -> Result<(Keys, bool), SrtpError> {
    let (ours, theirs) = masters(srtp)?;
    let changed = outbound.rekey(&ours)?;
    inbound.rekey(&theirs)?;
    Ok(((outbound, inbound), changed))
}

/// Our master key and theirs.
fn masters(srtp: &Srtp) -> Result<(MasterKey, Vec<MasterKey>), SrtpError> {
    let suite = Suite::named(srtp.suite).ok_or(SrtpError::Keys)?;
    let theirs = srtp.receive.iter().map(|key| MasterKey::new(suite, key.key.reveal())?.named(&key.mki));
    Ok((MasterKey::new(suite, srtp.send.reveal())?, theirs.collect::<Result<_, _>>()?))
}

fn dropped(error: SrtpError) -> Dropped {
    match error {
        SrtpError::Replayed => Dropped::Replayed,
        SrtpError::Sources => Dropped::OtherSources,
        SrtpError::Malformed => Dropped::Malformed,
        _ => Dropped::Unauthentic,
    }
}
