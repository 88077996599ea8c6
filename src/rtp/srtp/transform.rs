//! Cipher and authentication over one packet, RTP or RTCP.

use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use ctr::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use ctr::{CtrCore, flavors};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::derive::{Label, derive};
use super::{MasterKey, SrtpError, Suite};
use crate::rtp::Ssrc;

/// Octets of the key of HMAC-SHA1 (RFC 3711 §5.2).
const TAG_KEY: usize = 20;
/// Octets of a tag of HMAC-SHA1 over RTCP.
pub(super) const CM_RTCP_TAG: usize = 10;
/// Octets of a tag of GCM.
pub(super) const GCM_TAG: usize = 16;

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(…)")
    }
}

/// Which packet of which stream: what no two packets under a key have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) ssrc: Ssrc,
    /// RTP: roll-overs and sequence number, 48 bits. RTCP: the index, 31 bits.
    pub(super) index: u64,
}

/// The session keys of RTP or of RTCP.
pub(super) struct Session {
    salt: u128,
    pub(super) cipher: Cipher,
}

/// What the keys are for.
pub(super) enum Cipher {
    /// Counter mode under HMAC-SHA1.
    Cm(CounterMode, Hmac<Sha1>),
    /// Galois counter mode.
    Gcm(Galois),
}

/// AES in counter mode.
pub(super) enum CounterMode {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
}

/// AES in Galois counter mode.
pub(super) enum Galois {
    Aes128(Aes128Gcm),
    Aes256(Aes256Gcm),
}

impl Session {
    /// The keys of RTP.
    pub(super) fn rtp(master: &MasterKey) -> Result<Session, SrtpError> {
        Session::derived(master, [Label::RtpKey, Label::RtpTag, Label::RtpSalt])
    }

    /// The keys of RTCP.
    pub(super) fn rtcp(master: &MasterKey) -> Result<Session, SrtpError> {
        Session::derived(master, [Label::RtcpKey, Label::RtcpTag, Label::RtcpSalt])
    }

    fn derived(master: &MasterKey, [key, tag, salt]: [Label; 3]) -> Result<Session, SrtpError> {
        let suite = master.suite();
        let key = derive::<32>(master, key, suite.key());
        let tag = derive::<TAG_KEY>(master, tag, TAG_KEY);
        let salt = derive::<14>(master, salt, suite.salt());
        let (key, salt) = (key.get(..suite.key()), salt.get(..suite.salt()));
        Session::new(suite, key.unwrap_or_default(), &*tag, salt.unwrap_or_default())
    }

    /// These keys as they are; for [`Session::derived`] and for vectors that give them.
    pub(super) fn new(suite: Suite, key: &[u8], tag: &[u8], salt: &[u8]) -> Result<Session, SrtpError> {
        let salt = salt.iter().fold(0_u128, |all, octet| (all << 8) | u128::from(*octet));
        let short = |_| SrtpError::KeyLength { suite, had: key.len() };
        let wide = suite.key() == 32;
        let cipher = match (suite.is_aead(), wide) {
            (true, true) => Cipher::Gcm(Galois::Aes256(Aes256Gcm::new_from_slice(key).map_err(short)?)),
            (true, false) => Cipher::Gcm(Galois::Aes128(Aes128Gcm::new_from_slice(key).map_err(short)?)),
            (false, _) => {
                let mac = <Hmac<Sha1> as KeyInit>::new_from_slice(tag).map_err(short)?;
                let counter = match wide {
                    true => CounterMode::Aes256(Aes256Enc::new_from_slice(key).map_err(short)?),
                    false => CounterMode::Aes128(Aes128Enc::new_from_slice(key).map_err(short)?),
                };
                Cipher::Cm(counter, mac)
            }
        };
        Ok(Session { salt, cipher })
    }

    /// What the place of a packet makes of the salt.
    fn whitened(&self, Place { ssrc, index }: Place) -> u128 {
        self.salt ^ ((u128::from(ssrc.0) << 48) | u128::from(index))
    }

    //= RFC 3711 §4.1.1: salt, SSRC and index over 16 bits that count blocks
    /// The first counter block of a packet.
    pub(super) fn counter(&self, place: Place) -> [u8; 16] {
        (self.whitened(place) << 16).to_be_bytes()
    }

    //= RFC 7714 §8.1, §9.1
    /// The nonce of a packet.
    pub(super) fn nonce(&self, place: Place) -> [u8; 12] {
        let [_, _, _, _, nonce @ ..] = self.whitened(place).to_be_bytes();
        nonce
    }
}

impl CounterMode {
    /// Cipher and plain are the same work.
    pub(super) fn apply(&self, counter: [u8; 16], data: &mut [u8]) {
        fn apply(
            aes: impl BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16>,
            counter: [u8; 16],
            data: &mut [u8],
        ) {
            let core = CtrCore::<_, flavors::Ctr128BE>::inner_iv_init(aes, &counter.into());
            StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
        }
        match self {
            CounterMode::Aes128(aes) => apply(aes, counter, data),
            CounterMode::Aes256(aes) => apply(aes, counter, data),
        }
    }
}

impl Galois {
    /// Encrypt, and tell the tag over it and over what stays in clear.
    pub(super) fn seal(&self, nonce: [u8; 12], clear: &[u8], data: &mut [u8]) -> Result<[u8; GCM_TAG], SrtpError> {
        let sealed = match self {
            Galois::Aes128(gcm) => gcm.encrypt_inout_detached(&nonce.into(), clear, data.into()),
            Galois::Aes256(gcm) => gcm.encrypt_inout_detached(&nonce.into(), clear, data.into()),
        };
        // Longer than 2^36 octets: no packet is.
        sealed.map(Into::into).map_err(|_| SrtpError::Malformed)
    }

    /// Decrypt what is authentic; the rest stays as it was.
    pub(super) fn open(
        &self,
        nonce: [u8; 12],
        clear: &[u8],
        data: &mut [u8],
        tag: [u8; GCM_TAG],
    ) -> Result<(), SrtpError> {
        let opened = match self {
            Galois::Aes128(gcm) => gcm.decrypt_inout_detached(&nonce.into(), clear, data.into(), &tag.into()),
            Galois::Aes256(gcm) => gcm.decrypt_inout_detached(&nonce.into(), clear, data.into(), &tag.into()),
        };
        opened.map_err(|_| SrtpError::Authentication)
    }
}

/// The tag over these parts, to be cut to the length of the suite's.
pub(super) fn tag(key: &Hmac<Sha1>, parts: [&[u8]; 2]) -> [u8; 20] {
    over(key, parts).finalize().into_bytes().into()
}

/// Compare with a cut tag, in a time that does not depend on it.
pub(super) fn verify(key: &Hmac<Sha1>, parts: [&[u8]; 2], tag: &[u8]) -> Result<(), SrtpError> {
    over(key, parts).verify_truncated_left(tag).map_err(|_| SrtpError::Authentication)
}

fn over(key: &Hmac<Sha1>, [first, second]: [&[u8]; 2]) -> Hmac<Sha1> {
    let mut mac = key.clone();
    mac.update(first);
    mac.update(second);
    mac
}
