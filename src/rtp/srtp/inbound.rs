//! Taking the protection off what comes in.

use super::outbound::{ENCRYPTED, gcm_clear, roll_overs};
use super::packet::{RTCP_HEADER, RtpHeader, rtcp_ssrc};
use super::sources::Sources;
use super::transform::{CM_RTCP_TAG, Cipher, GCM_TAG, Place, Session, verify};
use super::window::Window;
use super::{INDEX, MAX_KEYS, MasterKey, SrtpError, Suite};

/// The keys of what the far end sends, and what is known of its SSRCs.
#[derive(Debug)]
pub struct Inbound {
    pub(super) current: Keys,
    /// The keys of before, until a packet came under the current ones: both are under way while they change.
    pub(super) previous: Option<Keys>,
}

/// The keys that were agreed together.
#[derive(Debug)]
pub(super) struct Keys {
    masters: Vec<MasterKey>,
    /// RTP and RTCP of each of `masters`.
    pub(super) sessions: Vec<(Session, Session)>,
    sources: Sources,
}

impl Inbound {
    /// Session keys of these master keys: one, or several of one suite that packets name by identifiers of one length.
    pub fn new(masters: &[MasterKey]) -> Result<Inbound, SrtpError> {
        Ok(Inbound { current: Keys::new(masters, Sources::new())?, previous: None })
    }

    /// From now on with these keys; with the same ones nothing changes. Those of before hold until the first packet
    /// under a new one; where they come back, what was received under them is known.
    pub fn rekey(&mut self, masters: &[MasterKey]) -> Result<(), SrtpError> {
        if self.current.masters != masters {
            let keys = match self.previous.take().filter(|previous| previous.masters == masters) {
                Some(back) => back,
                // Senders count RTCP on, or from 0.
                None => Keys::new(masters, self.current.sources.rekeyed(|_| Window::default()))?,
            };
            self.previous = Some(std::mem::replace(&mut self.current, keys));
        }
        Ok(())
    }

    /// What packets must be protected with.
    pub fn suite(&self) -> Suite {
        self.current.suite()
    }

    /// The RTP packet within an SRTP packet; `packet` is changed only if it is authentic.
    pub fn unprotect_rtp<'a>(&mut self, packet: &'a mut [u8]) -> Result<&'a [u8], SrtpError> {
        let length = self.either(|keys| keys.unprotect_rtp(packet))?;
        packet.get(..length).ok_or(SrtpError::Malformed)
    }

    /// The RTCP packet within an SRTCP packet; `packet` is changed only if it is authentic. One that is authentic but
    /// not encrypted is taken (RFC 3711 §3.4).
    pub fn unprotect_rtcp<'a>(&mut self, packet: &'a mut [u8]) -> Result<&'a [u8], SrtpError> {
        let length = self.either(|keys| keys.unprotect_rtcp(packet))?;
        packet.get(..length).ok_or(SrtpError::Malformed)
    }

    fn either(&mut self, mut open: impl FnMut(&mut Keys) -> Result<usize, SrtpError>) -> Result<usize, SrtpError> {
        let opened = open(&mut self.current);
        match (&opened, &mut self.previous) {
            (Ok(_), previous) => *previous = None,
            (Err(SrtpError::Authentication | SrtpError::UnknownKey | SrtpError::Short(_)), Some(previous)) => {
                return open(previous).or(opened);
            }
            _ => {}
        }
        opened
    }
}

impl Keys {
    fn new(masters: &[MasterKey], sources: Sources) -> Result<Keys, SrtpError> {
        let first = masters.first().ok_or(SrtpError::Keys)?;
        let alike = |other: &MasterKey| other.suite() == first.suite() && other.mki().len() == first.mki().len();
        let twice = masters
            .iter()
            .enumerate()
            .any(|(n, one)| masters.iter().skip(n.saturating_add(1)).any(|other| one.mki() == other.mki()));
        if masters.len() > MAX_KEYS || twice || !masters.iter().all(alike) {
            return Err(SrtpError::Keys);
        }
        let sessions = masters.iter().map(|master| Ok((Session::rtp(master)?, Session::rtcp(master)?)));
        Ok(Keys { sessions: sessions.collect::<Result<_, SrtpError>>()?, masters: masters.to_vec(), sources })
    }

    fn suite(&self) -> Suite {
        self.masters.first().map_or(Suite::Aes128CmSha1_80, MasterKey::suite)
    }

    fn mki_length(&self) -> usize {
        self.masters.first().map_or(0, |master| master.mki().len())
    }

    /// The session keys that a packet names.
    fn sessions(&self, mki: &[u8]) -> Result<&(Session, Session), SrtpError> {
        let named = self.masters.iter().zip(&self.sessions).find(|(master, _)| master.mki() == mki);
        named.map(|(_, sessions)| sessions).ok_or(SrtpError::UnknownKey)
    }

    fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let (tag_length, aead, whole) = (self.suite().rtp_tag(), self.suite().is_aead(), packet.len());
        let end = whole.checked_sub(tag_length.saturating_add(self.mki_length())).ok_or(SrtpError::Short(whole))?;
        let (body, trailer) = packet.split_at_mut_checked(end).ok_or(SrtpError::Short(whole))?;
        let header = RtpHeader::read(body)?;
        let middle = if aead { tag_length } else { self.mki_length() };
        let (first, second) = trailer.split_at_checked(middle).ok_or(SrtpError::Short(whole))?;
        let (mki, tag) = if aead { (second, first) } else { (first, second) };
        let (rtp, _) = self.sessions(mki)?;
        let mut source = self.sources.get(header.ssrc)?;
        let mut refused = SrtpError::Replayed;
        for index in source.indices(header.sequence).into_iter().flatten() {
            if source.refuses(index) {
                continue;
            }
            let place = Place { ssrc: header.ssrc, index };
            match rtp.open_rtp(place, header.length, body, tag) {
                Ok(()) => {
                    source.note(index);
                    self.sources.keep(source);
                    return Ok(end);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let (tag_length, aead, whole) = (self.suite().rtcp_tag(), self.suite().is_aead(), packet.len());
        let trailer = tag_length.saturating_add(INDEX).saturating_add(self.mki_length());
        let end = whole.checked_sub(trailer).ok_or(SrtpError::Short(whole))?;
        let (body, trailer) = packet.split_at_checked(end).ok_or(SrtpError::Short(whole))?;
        let ssrc = rtcp_ssrc(body)?;
        let before = if aead { tag_length } else { 0 };
        let (first, rest) = trailer.split_at_checked(before).ok_or(SrtpError::Short(whole))?;
        let (word, rest) = rest.split_first_chunk::<INDEX>().ok_or(SrtpError::Short(whole))?;
        let (mki, last) = rest.split_at_checked(self.mki_length()).ok_or(SrtpError::Short(whole))?;
        let (_, rtcp) = self.sessions(mki)?;
        let mut source = self.sources.get(ssrc)?;
        let word = u32::from_be_bytes(*word);
        let index = u64::from(word & !ENCRYPTED);
        if source.rtcp.refuses(index) {
            return Err(SrtpError::Replayed);
        }
        let mut tag = [0; GCM_TAG];
        tag.iter_mut().zip(if aead { first } else { last }).for_each(|(place, octet)| *place = *octet);
        rtcp.open_rtcp(Place { ssrc, index }, word, packet, end, tag)?;
        source.rtcp.note(index);
        self.sources.keep(source);
        Ok(end)
    }
}

impl Session {
    fn open_rtp(&self, place: Place, header: usize, body: &mut [u8], tag: &[u8]) -> Result<(), SrtpError> {
        match &self.cipher {
            Cipher::Cm(counter, key) => {
                verify(key, [body, &roll_overs(place.index)], tag)?;
                let payload = body.get_mut(header..).ok_or(SrtpError::Malformed)?;
                counter.apply(self.counter(place), payload);
                Ok(())
            }
            Cipher::Gcm(gcm) => {
                let tag = tag.try_into().map_err(|_| SrtpError::Authentication)?;
                let (clear, payload) = body.split_at_mut_checked(header).ok_or(SrtpError::Malformed)?;
                gcm.open(self.nonce(place), clear, payload, tag)
            }
        }
    }

    /// `packet` with its trailer from `end` on, of which `word` and `tag` were read; a shorter tag fills the front.
    fn open_rtcp(
        &self,
        place: Place,
        word: u32,
        packet: &mut [u8],
        end: usize,
        tag: [u8; GCM_TAG],
    ) -> Result<(), SrtpError> {
        let encrypted = word & ENCRYPTED != 0;
        let word = word.to_be_bytes();
        match &self.cipher {
            Cipher::Cm(counter, key) => {
                let body = packet.get_mut(..end).ok_or(SrtpError::Malformed)?;
                verify(key, [body, &word], tag.get(..CM_RTCP_TAG).unwrap_or_default())?;
                if let (true, Some(rest)) = (encrypted, body.get_mut(RTCP_HEADER..)) {
                    counter.apply(self.counter(place), rest);
                }
                Ok(())
            }
            Cipher::Gcm(gcm) if encrypted => {
                let body = packet.get_mut(..end).ok_or(SrtpError::Malformed)?;
                let (clear, rest) = body.split_at_mut_checked(RTCP_HEADER).ok_or(SrtpError::Malformed)?;
                gcm.open(self.nonce(place), &gcm_clear(clear, word), rest, tag)
            }
            Cipher::Gcm(gcm) => {
                //= RFC 7714 §9.3: all of it stays in clear, and the index is authenticated at its end
                let with_index = packet.get_mut(..end.saturating_add(INDEX)).ok_or(SrtpError::Malformed)?;
                with_index.iter_mut().skip(end).zip(word).for_each(|(place, octet)| *place = octet);
                let opened = gcm.open(self.nonce(place), with_index, &mut [], tag);
                with_index.iter_mut().skip(end).zip(tag).for_each(|(place, octet)| *place = octet);
                opened
            }
        }
    }
}
