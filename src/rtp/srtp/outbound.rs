//! Protecting what goes out.

use super::packet::{RTCP_HEADER, RtpHeader, rtcp_ssrc};
use super::sources::Sources;
use super::transform::{Cipher, Place, Session, tag};
use super::window::Window;
use super::{MasterKey, SrtpError, Suite};

/// The bit over the index of RTCP that says that it is encrypted.
pub(super) const ENCRYPTED: u32 = 1 << 31;

//= RFC 3711 §9.2
/// Most RTP packets under one master key.
const MOST_RTP: u64 = 1 << 48;
/// The last index of RTCP.
const LAST_RTCP: u64 = (1 << 31) - 1;

/// The keys of what we send, and the counters of our SSRCs.
#[derive(Debug)]
pub struct Outbound {
    master: MasterKey,
    pub(super) rtp: Session,
    pub(super) rtcp: Session,
    pub(super) sources: Sources,
    /// RTP packets that the key may still protect.
    pub(super) left: u64,
}

impl Outbound {
    /// Session keys of this master key; an identifier it has is not written.
    pub fn new(master: &MasterKey) -> Result<Outbound, SrtpError> {
        let (rtp, rtcp) = (Session::rtp(master)?, Session::rtcp(master)?);
        Ok(Outbound { master: master.clone(), rtp, rtcp, sources: Sources::new(), left: MOST_RTP })
    }

    /// From now on with this key; true if it is another. Roll-overs go on (RFC 3711 §3.3.1): as some receivers begin
    /// anew, another key is to come with another SSRC.
    pub fn rekey(&mut self, master: &MasterKey) -> Result<bool, SrtpError> {
        let changes = self.master != *master;
        if changes {
            //= RFC 3711 §3.4: the index of RTCP goes on as well, as this key may have been used before
            let goes_on = |rtcp: Window| if rtcp.highest() < Some(LAST_RTCP) { rtcp } else { Window::default() };
            *self = Outbound { sources: self.sources.rekeyed(goes_on), ..Outbound::new(master)? };
        }
        Ok(changes)
    }

    /// What packets are protected with.
    pub fn suite(&self) -> Suite {
        self.master.suite()
    }

    /// Protect an RTP packet, which grows by the tag. A sequence number is taken once, or its keystream would be used
    /// twice: [`SrtpError::Replayed`].
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let header = RtpHeader::read(packet)?;
        let mut source = self.sources.get(header.ssrc)?;
        // A new SSRC begins without roll-overs, and only a far end has to guess what was lost.
        let index = match source.rtp.highest() {
            Some(_) => source.indices(header.sequence).into_iter().next().flatten(),
            None => Some(u64::from(header.sequence)),
        };
        let index = index.ok_or(SrtpError::Expired)?;
        if source.refuses(index) {
            return Err(SrtpError::Replayed);
        }
        self.left = self.left.checked_sub(1).ok_or(SrtpError::Expired)?;
        let place = Place { ssrc: header.ssrc, index };
        let length = self.suite().rtp_tag();
        let (clear, payload) = packet.split_at_mut_checked(header.length).ok_or(SrtpError::Malformed)?;
        match &self.rtp.cipher {
            Cipher::Cm(counter, key) => {
                counter.apply(self.rtp.counter(place), payload);
                let tag = tag(key, [packet, &roll_overs(index)]);
                packet.extend(tag.into_iter().take(length));
            }
            Cipher::Gcm(gcm) => {
                let tag = gcm.seal(self.rtp.nonce(place), clear, payload)?;
                packet.extend_from_slice(&tag);
            }
        }
        source.note(index);
        self.sources.keep(source);
        Ok(())
    }

    /// Protect an RTCP packet, which grows by index and tag.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let mut source = self.sources.get(ssrc)?;
        //= RFC 3711 §3.4: from 0, and never around
        let index = source.rtcp.highest().map_or(0, |index| index.saturating_add(1));
        let word = u32::try_from(index).ok().filter(|index| *index < ENCRYPTED).ok_or(SrtpError::Expired)?;
        let word = (ENCRYPTED | word).to_be_bytes();
        let place = Place { ssrc, index };
        let length = self.suite().rtcp_tag();
        let (clear, rest) = packet.split_at_mut_checked(RTCP_HEADER).ok_or(SrtpError::Malformed)?;
        match &self.rtcp.cipher {
            Cipher::Cm(counter, key) => {
                counter.apply(self.rtcp.counter(place), rest);
                let tag = tag(key, [packet, &word]);
                packet.extend_from_slice(&word);
                packet.extend(tag.into_iter().take(length));
            }
            Cipher::Gcm(gcm) => {
                let tag = gcm.seal(self.rtcp.nonce(place), &gcm_clear(clear, word), rest)?;
                packet.extend_from_slice(&tag);
                packet.extend_from_slice(&word);
            }
        }
        source.rtcp.note(index);
        self.sources.keep(source);
        Ok(())
    }
}

//= RFC 3711 §4.2: what is authenticated ends with the roll-overs
pub(super) fn roll_overs(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

//= RFC 7714 §9.2: header and index of an encrypted RTCP packet
pub(super) fn gcm_clear(header: &[u8], word: [u8; 4]) -> [u8; RTCP_HEADER + 4] {
    let mut clear = [0; RTCP_HEADER + 4];
    clear.iter_mut().zip(header.iter().chain(&word)).for_each(|(place, octet)| *place = *octet);
    clear
}
