//! RFC 3264 for one audio line, as a machine without I/O.
//!
//! Clone it per early dialog: each fork answers the same offer for itself.

mod ice;
mod keys;
mod numbers;

pub use ice::Nominated;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use self::ice::{Progress, Way};
use self::keys::{OurKey, Taken, attributes};
use super::dtls::{DtlsError, DtlsLine, Fingerprint, new_tls_id};
use super::format::formats_of;
use super::line::{Line, Settled, paused, peer_direction};
use super::protection::Unprotected;
use super::{
    Agreed, Attribute, Capability, CryptoSuite, Direction, Encryption, ExtendedReports, Format, IceDescription, Media,
    Origin, SessionDescription,
};

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
    /// Offer comfort noise (RFC 3389) beside codecs of an 8 kHz clock. An offer of it is accepted in any case.
    pub offer_comfort_noise: bool,
    /// Offer RTP and RTCP on one port (RFC 5761). An offer of it is accepted in any case.
    pub offer_rtcp_mux: bool,
    /// Sound per packet we like to receive.
    pub ptime: Duration,
    /// Whose order decides in our answers.
    pub order: Order,
    /// What is asked of the encryption.
    pub encryption: Encryption,
    /// Suites of it, the strongest first.
    pub suites: Vec<CryptoSuite>,
    /// Name, password and candidates; `None` = no ICE.
    pub ice: Option<IceDescription>,
    /// Of our certificate; without one nothing is said of DTLS, and no offer of it is taken.
    pub dtls: Option<Fingerprint>,
}

impl LocalMedia {
    /// The usual: telephone-event, 20 ms, RTCP on its own port, the offer's order, no encryption, no ICE.
    pub fn new(rtp: SocketAddr, rtcp: SocketAddr, codecs: Vec<Capability>) -> LocalMedia {
        LocalMedia {
            rtp,
            rtcp,
            codecs,
            telephone_event: true,
            offer_comfort_noise: false,
            offer_rtcp_mux: false,
            ptime: Duration::from_millis(20),
            order: Order::Theirs,
            encryption: Encryption::Off,
            suites: Vec::new(),
            ice: None,
            dtls: None,
        }
    }
}

/// Why offer and answer came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No `m=audio` line, or only such with port 0.
    #[error("the peer's description has no audio line")]
    NoAudio,
    /// The audio line has no address, a host name, a multicast group or the other IP family.
    #[error("the peer's audio has no address this phone can send to")]
    Address,
    /// No codec in common.
    #[error("no codec in common with the peer")]
    Codec,
    /// It is not protected as it has to be, or in a way that is off.
    #[error(transparent)]
    Protection(#[from] Unprotected),
    /// What is said of the handshake that brings the keys cannot be used.
    #[error(transparent)]
    Dtls(#[from] DtlsError),
    /// Keys that cannot be used: an unknown suite, a wrong length, a weakening, or none of those offered.
    #[error("the keys of the peer's encryption cannot be used")]
    Keys,
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
    session_id: u32,
    /// Version of the description last shown; 0 = none yet.
    version: u64,
    /// The description last shown, offer or answer, its version left out of comparisons.
    shown: Option<SessionDescription>,
    /// Place of the audio line among the `m=` lines.
    audio_index: usize,
    /// The formats of our last offer; `None` when the last description was an answer.
    offered: Option<Offered>,
    /// The audio line last shown, in an offer or an answer.
    said: Option<Offered>,
    /// Our numbers, kept through the session.
    numbers: Vec<Format>,
    /// Our keys, one for each suite, kept through the session.
    keys: Vec<OurKey>,
    ice: Progress,
    /// The name of the association that our keys come of.
    tls_id: String,
    /// Which of the ways to offer a call is tried.
    attempt: usize,
    stands: Option<Stands>,
}

#[derive(Debug, Clone)]
struct Offered {
    formats: Vec<Format>,
    direction: Direction,
    rtcp_mux: bool,
    hold: bool,
    keys: Vec<OurKey>,
    ice: Option<IceDescription>,
    dtls: Option<DtlsLine>,
}

/// What both sides have said yes to.
#[derive(Debug, Clone)]
struct Stands {
    agreed: Agreed,
    hold: bool,
    peer_direction: Direction,
    /// The transport as the peer writes it, `RTP/AVP`.
    protocol: String,
    media: Vec<Media>,
}

/// The audio line to answer: its place, what it says, and what protects it.
type Choice<'a> = (usize, &'a Media, Line, Taken);

impl Negotiation {
    /// Nothing offered yet; the session id and the keys are drawn from `rng`, which must be one for secrets.
    pub fn new(local: LocalMedia, rng: &mut impl rand::Rng) -> Negotiation {
        Negotiation {
            keys: OurKey::draw(&local, rng),
            tls_id: new_tls_id(rng),
            attempt: 0,
            local,
            // 31 bits: some peers read it into a signed int.
            session_id: rng.next_u32() >> 1,
            version: 0,
            shown: None,
            audio_index: 0,
            offered: None,
            said: None,
            numbers: Vec::new(),
            ice: Progress::default(),
            stands: None,
        }
    }

    /// What we bring.
    pub fn local(&self) -> &LocalMedia {
        &self.local
    }

    /// Offer the call in another way that the account allows, by its number; one that is too high is the last.
    pub fn set_attempt(&mut self, attempt: usize) {
        self.attempt = attempt;
    }

    /// Bring something else from the next description on (a new port, other codecs).
    pub fn set_local(&mut self, local: LocalMedia) {
        self.local = local;
    }

    /// An offer: the first of the dialog, or a changed one (hold, resume), or the same again (session refresh).
    /// `hold` asks the peer to stop sending: `sendonly`, or `inactive` while the peer holds us too.
    pub fn offer(&mut self, hold: bool) -> SessionDescription {
        //= RFC 3264 §8.4
        let direction = match (hold, self.held_by_peer()) {
            (false, _) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (true, true) => Direction::Inactive,
        };
        let formats = self.our_formats();
        let to_offer = self.to_offer();
        let rtcp_mux =
            self.local.offer_rtcp_mux || to_offer.dtls || self.agreed().is_some_and(|agreed| agreed.rtcp_mux);
        let (keys, dtls) = self.keys_to_offer(to_offer);
        let protocol = to_offer.transport.to_owned();
        let way = self.way_to_offer(rtcp_mux);
        let mut audio = self.audio_line(protocol, &formats, direction, self.local.ptime, &way, true);
        audio.attributes.splice(0..0, attributes(&keys, dtls.as_ref()));
        //= RFC 3264 §8: the m= lines of before stay, in their order
        let mut media: Vec<Media> =
            self.stands.iter().flat_map(|stands| &stands.media).map(|media| media.refused()).collect();
        match media.get_mut(self.audio_index) {
            Some(place) => *place = audio,
            None => media.push(audio),
        }
        let offered = Offered { formats, direction, rtcp_mux, hold, keys, dtls, ice: way.ice };
        self.said = Some(offered.clone());
        self.offered = Some(offered);
        self.show(media, way.rtp.ip())
    }

    /// The description last shown, offered as it is: a refresh that changes nothing.
    pub fn offer_again(&mut self) -> SessionDescription {
        //= RFC 4028 §7.4, RFC 3264 §8: the same version says that nothing changed
        match (self.said.clone(), self.shown.clone()) {
            (Some(said), Some(shown)) => {
                self.offered = Some(said);
                shown
            }
            _ => self.offer(self.held()),
        }
    }

    /// The answer to our last offer. May come again for the same offer (183, then 200).
    /// On an error what was agreed before stands.
    pub fn accept_answer(&mut self, answer: &SessionDescription) -> Result<Agreed, NegotiationError> {
        let offered = self.offered.as_ref().ok_or(NegotiationError::NoOffer)?;
        let media = answer.media.get(self.audio_index).filter(|media| media.is_audio());
        let media = media.ok_or(NegotiationError::NoAudio)?;
        let agreed = if media.port == 0 {
            let stands = self.stands.as_ref().ok_or(NegotiationError::Refused)?;
            paused(&stands.agreed)
        } else {
            let line = Line::read(answer, media, &self.local)?;
            let rtcp_mux = offered.rtcp_mux && line.rtcp_mux;
            let taken = self.answered_keys(offered, answer, media)?;
            //= RFC 3264 §7: what we send is the answer's first format; its number is the answerer's
            let theirs = formats_or_ours(media, &offered.formats);
            let common: Vec<(&Format, &Format)> = theirs
                .iter()
                .filter(|format| format.is_sound())
                .filter_map(|format| Some((format, offered.formats.iter().find(|ours| same(ours, format))?)))
                .collect();
            let &(send, _) = common.first().ok_or(NegotiationError::Codec)?;
            let mut receive: Vec<Format> = common.iter().map(|(_, ours)| (*ours).clone()).collect();
            // Sound of another fork or an older state may still come in any format we offered.
            for ours in offered.formats.iter().filter(|format| format.is_sound()) {
                if !receive.contains(ours) {
                    receive.push(ours.clone());
                }
            }
            let direction = offered.direction.and(line.direction.reversed());
            let packet_ms = self.packet_ms(send);
            let formats = Settled { send: send.clone(), receive, theirs: &theirs, ours: &offered.formats, packet_ms };
            let ice = self.answered_ice(offered.ice.clone(), &line);
            taken.protect(Agreed { ice, ..line.agreed(formats, direction, rtcp_mux, self.local.ptime) })
        };
        let (peer_direction, hold) = (peer_direction(answer, media, agreed.ice.is_some()), offered.hold);
        if agreed.ice.is_none() {
            self.decline_ice();
        }
        self.settle(agreed, hold, peer_direction, media.protocol.clone());
        self.agreed().cloned().ok_or(NegotiationError::NoOffer)
    }

    /// Our offer was refused or never answered: what was agreed before stands again.
    pub fn abandon_offer(&mut self) {
        self.offered = None;
    }

    /// Answer the peer's offer. While we hold, the answer keeps holding. On an error what was agreed before stands.
    pub fn answer(&mut self, offer: &SessionDescription) -> Result<(SessionDescription, Agreed), NegotiationError> {
        if let Some(answered) = self.answer_disabled(offer) {
            return Ok(answered);
        }
        let (index, media, line, taken) = self.choose(offer)?;
        let theirs = formats_of(media);
        let formats = self.answer_formats(&theirs);
        let send = formats.iter().find(|format| format.is_sound()).ok_or(NegotiationError::Codec)?;
        let send = theirs.iter().find(|format| same(format, send)).unwrap_or(send).clone();
        let wanted = if self.held() { Direction::SendOnly } else { Direction::SendRecv };
        //= RFC 3264 §6.1
        let direction = wanted.and(line.direction.reversed());
        let receive: Vec<Format> = formats.iter().filter(|format| format.is_sound()).cloned().collect();
        let packet_ms = self.packet_ms(&send);
        let settled = Settled { send, receive, theirs: &theirs, ours: &formats, packet_ms };
        let agreed = line.agreed(settled, direction, line.rtcp_mux, self.local.ptime);
        let (way, ice) = self.way_to_answer(&line);
        let (keys, dtls) = taken.ours();
        let agreed = taken.protect(Agreed { ice, ..agreed });

        for format in &formats {
            self.numbers.retain(|known| known.payload_type != format.payload_type && !same(known, format));
            self.numbers.push(format.clone());
        }
        // Who knows nothing of extended reports is told nothing of them.
        let asks = line.extended_reports.is_some();
        let mut audio = self.audio_line(media.protocol.clone(), &formats, direction, agreed.ptime, &way, asks);
        audio.attributes.splice(0..0, attributes(&keys, dtls.as_ref()));
        //= RFC 3264 §6: one m= line for each offered, in the same order, port 0 for those refused
        let mut answer: Vec<Media> = offer.media.iter().map(Media::refused).collect();
        if let Some(place) = answer.get_mut(index) {
            *place = audio;
        }
        let hold = self.held();
        self.said = Some(Offered { formats, direction, rtcp_mux: line.rtcp_mux, hold, keys, dtls, ice: way.ice });
        self.audio_index = index;
        self.offered = None;
        let protocol = media.protocol.clone();
        let description = self.show(answer, way.rtp.ip());
        self.settle(agreed.clone(), hold, line.direction, protocol);
        Ok((description, agreed))
    }

    /// What stands agreed, if anything.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.stands.as_ref().map(|stands| &stands.agreed)
    }

    /// We hold the call.
    pub fn held(&self) -> bool {
        self.stands.as_ref().is_some_and(|stands| stands.hold)
    }

    /// The peer holds the call: it takes no sound from us.
    pub fn held_by_peer(&self) -> bool {
        self.stands.as_ref().is_some_and(|stands| !stands.peer_direction.receives())
    }

    /// A later offer that sets the port of our audio line to 0 is answered with port 0 (RFC 3264 §8.2) and pauses it.
    fn answer_disabled(&mut self, offer: &SessionDescription) -> Option<(SessionDescription, Agreed)> {
        let stands = self.stands.as_ref()?;
        let audio = offer.media.get(self.audio_index)?;
        if !audio.is_audio() || audio.port != 0 || offer.media.iter().any(|m| m.is_audio() && m.port != 0) {
            return None;
        }
        let (agreed, hold, protocol) = (paused(&stands.agreed), stands.hold, stands.protocol.clone());
        self.offered = None;
        self.said = None;
        let description = self.show(offer.media.iter().map(Media::refused).collect(), self.local.rtp.ip());
        self.settle(agreed.clone(), hold, Direction::Inactive, protocol);
        Some((description, agreed))
    }

    /// The audio line to answer: the one in use if it still can be, else the first that can, the best protected before
    /// the others.
    fn choose<'a>(&self, offer: &'a SessionDescription) -> Result<Choice<'a>, NegotiationError> {
        let mut error = NegotiationError::NoAudio;
        let mut chosen: Option<Choice<'a>> = None;
        let live = offer.media.iter().enumerate().filter(|(_, media)| media.is_audio() && media.port != 0);
        for (index, media) in live {
            match self.usable(offer, media) {
                Ok((line, taken)) if self.stands.is_some() && index == self.audio_index => {
                    return Ok((index, media, line, taken));
                }
                Ok((line, taken)) => match &chosen {
                    Some((.., had)) if had.keying() >= taken.keying() => {}
                    _ => chosen = Some((index, media, line, taken)),
                },
                Err(why) => error = why,
            }
        }
        chosen.ok_or(error)
    }

    fn usable(&self, offer: &SessionDescription, media: &Media) -> Result<(Line, Taken), NegotiationError> {
        let line = Line::read(offer, media, &self.local)?;
        let taken = self.take_keys(offer, media)?;
        let formats = formats_of(media);
        let common = formats.iter().any(|format| self.local.codecs.iter().any(|codec| codec.matches(format)));
        if common { Ok((line, taken)) } else { Err(NegotiationError::Codec) }
    }

    fn audio_line(
        &self,
        protocol: String,
        formats: &[Format],
        direction: Direction,
        ptime: Duration,
        way: &Way,
        extended_reports: bool,
    ) -> Media {
        let mut attributes: Vec<Attribute> = formats.iter().flat_map(Format::attributes).collect();
        attributes.push(Attribute::with_value("ptime", ptime.as_millis().to_string()));
        if way.rtcp_mux {
            attributes.push(Attribute::flag("rtcp-mux"));
        }
        attributes.extend(way.rtcp_attribute());
        if extended_reports {
            //= RFC 3611 §5.1
            attributes.push(Attribute::with_value("rtcp-xr", ExtendedReports::OURS));
        }
        attributes.push(Attribute::flag(direction.attribute()));
        let formats = formats.iter().map(|format| format.payload_type.to_string()).collect();
        let mut media =
            Media { kind: "audio".into(), port: way.rtp.port(), protocol, formats, connection: None, attributes };
        way.write_ice(&mut media);
        media
    }

    /// Our description of these lines, for this address; its version grows when anything but the version changed
    /// (RFC 3264 §8).
    fn show(&mut self, media: Vec<Media>, address: IpAddr) -> SessionDescription {
        let origin = |version: u64| Origin {
            username: "-".into(),
            session_id: self.session_id.to_string(),
            session_version: version.to_string(),
            address: address.to_string(),
        };
        let mut description = SessionDescription {
            origin: Some(origin(self.version)),
            connection: Some(address),
            attributes: Vec::new(),
            media,
        };
        if self.shown.as_ref() != Some(&description) {
            self.version = self.version.saturating_add(1);
            description.origin = Some(origin(self.version));
        }
        self.shown = Some(description.clone());
        description
    }

    fn settle(&mut self, agreed: Agreed, hold: bool, peer_direction: Direction, protocol: String) {
        let media = self.shown.as_ref().map(|shown| shown.media.clone()).unwrap_or_default();
        self.stands = Some(Stands { agreed, hold, peer_direction, protocol, media });
    }
}

impl Media {
    fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    /// This line with port 0 and nothing under it.
    fn refused(&self) -> Media {
        let formats = if self.formats.is_empty() { vec!["0".to_owned()] } else { self.formats.clone() };
        Media { kind: self.kind.clone(), port: 0, protocol: self.protocol.clone(), formats, ..Media::default() }
    }
}

/// Same codec: name without case, clock rate, channels.
fn same(a: &Format, b: &Format) -> bool {
    a.encoding.eq_ignore_ascii_case(&b.encoding) && a.clock_rate == b.clock_rate && a.channels == b.channels
}

/// The formats of an answer; a dynamic number it does not name means what we offered under it.
fn formats_or_ours(media: &Media, ours: &[Format]) -> Vec<Format> {
    let named = formats_of(media);
    let mut formats: Vec<Format> = Vec::new();
    for number in media.formats.iter().filter_map(|token| token.parse::<u8>().ok()) {
        let format = named.iter().chain(ours).find(|format| format.payload_type == number);
        formats.extend(format.filter(|format| !formats.contains(format)).cloned());
    }
    formats
}
