//! RFC 3264 for one audio line, as a machine without I/O.
//!
//! Clone it per early dialog: each fork answers the same offer for itself.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Agreed, Capability, SessionDescription};

/// Whose order of formats decides when we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The offer's (RFC 3264 §6.1).
    #[default]
    Theirs,
    /// Ours (MicroSIP's `forceCodec`).
    Ours,
}

/// What we bring to the audio line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMedia {
    /// Address and port written into the description: the bound one, or its public mapping.
    pub rtp: SocketAddr,
    /// The same for RTCP.
    pub rtcp: SocketAddr,
    /// Codecs, best first.
    pub codecs: Vec<Capability>,
    /// Take and send RFC 4733 events.
    pub telephone_event: bool,
    /// Offer RTP and RTCP on one port (RFC 5761). An offer of it is accepted in any case.
    pub offer_rtcp_mux: bool,
    /// Sound per packet we like to receive.
    pub ptime: Duration,
    /// Whose order decides in our answers.
    pub order: Order,
}

impl LocalMedia {
    /// The usual: telephone-event, 20 ms, RTCP on its own port, the offer's order.
    pub fn new(rtp: SocketAddr, rtcp: SocketAddr, codecs: Vec<Capability>) -> LocalMedia {
        LocalMedia {
            rtp,
            rtcp,
            codecs,
            telephone_event: true,
            offer_rtcp_mux: false,
            ptime: Duration::from_millis(20),
            order: Order::Theirs,
        }
    }
}

/// Why offer and answer came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No `m=audio` line, or only such with port 0.
    #[error("the peer's description has no audio line")]
    NoAudio,
    /// Audio only over a transport we do not speak (SRTP, DTLS).
    #[error("the peer wants audio over a transport this phone does not speak")]
    Transport,
    /// The audio line has no address, a host name, a multicast group or the other IP family.
    #[error("the peer's audio has no address this phone can send to")]
    Address,
    /// No codec in common.
    #[error("no codec in common with the peer")]
    Codec,
    /// The answer refused our audio line.
    #[error("the peer refused the audio line")]
    Refused,
    /// An answer came, but nothing had been offered.
    #[error("an answer came to no offer")]
    NoOffer,
}

impl NegotiationError {
    /// The SIP status that tells the peer: 488, or 400 for an answer to no offer.
    pub fn status_code(&self) -> u16 {
        match self {
            NegotiationError::NoOffer => 400,
            _ => 488,
        }
    }
}

/// The state of offer and answer in one dialog.
#[derive(Debug, Clone)]
pub struct Negotiation {
    local: LocalMedia,
}

impl Negotiation {
    /// Nothing offered yet; the session id is drawn from `rng`.
    pub fn new(local: LocalMedia, rng: &mut impl rand::Rng) -> Negotiation {
        let _ = rng.next_u32();
        Negotiation { local }
    }

    /// What we bring.
    pub fn local(&self) -> &LocalMedia {
        &self.local
    }

    /// Bring something else from the next description on (a new port, other codecs).
    pub fn set_local(&mut self, local: LocalMedia) {
        self.local = local;
    }

    /// An offer: the first of the dialog, or a changed one (hold, resume), or the same again (session refresh).
    /// `hold` asks the peer to stop sending: `sendonly`, or `inactive` while the peer holds us too.
    pub fn offer(&mut self, hold: bool) -> SessionDescription {
        let _ = hold;
        SessionDescription::default()
    }

    /// The answer to our last offer. May come again for the same offer (183, then 200).
    /// On an error what was agreed before stands.
    pub fn accept_answer(&mut self, answer: &SessionDescription) -> Result<Agreed, NegotiationError> {
        let _ = answer;
        Err(NegotiationError::NoOffer)
    }

    /// Our offer was refused or never answered: what was agreed before stands again.
    pub fn abandon_offer(&mut self) {}

    /// Answer the peer's offer. While we hold, the answer keeps holding. On an error what was agreed before stands.
    pub fn answer(&mut self, offer: &SessionDescription) -> Result<(SessionDescription, Agreed), NegotiationError> {
        let _ = offer;
        Err(NegotiationError::NoAudio)
    }

    /// What stands agreed, if anything.
    pub fn agreed(&self) -> Option<&Agreed> {
        None
    }

    /// We hold the call.
    pub fn held(&self) -> bool {
        false
    }

    /// The peer holds the call: it takes no sound from us.
    pub fn held_by_peer(&self) -> bool {
        false
    }
}
