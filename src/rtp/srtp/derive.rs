//! Session keys out of a master key (RFC 3711 §4.3, RFC 6188 §3).

use aes::{Aes128Enc, Aes256Enc};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

use super::MasterKey;

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Label {
    RtpKey = 0,
    RtpTag = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpTag = 4,
    RtcpSalt = 5,
}

/// A derived key, as long as it is asked for.
pub(super) fn derive<const N: usize>(master: &MasterKey, label: Label, length: usize) -> Zeroizing<[u8; N]> {
    //= RFC 7714 errata 4938: a salt of 96 bits stands at the top of the 112
    let mut iv = [0; 16];
    iv.iter_mut().zip(master.salt()).for_each(|(place, octet)| *place = *octet);
    //= RFC 3711 §4.3.1: the rate is 0, so that the label stands alone over 48 zeros
    iv[7] ^= label as u8;
    let mut derived = Zeroizing::new([0; N]);
    let place = derived.get_mut(..length).unwrap_or_default();
    match master.suite().key() {
        32 => keystream::<Ctr128BE<Aes256Enc>>(master, iv, place),
        _ => keystream::<Ctr128BE<Aes128Enc>>(master, iv, place),
    }
    derived
}

fn keystream<C: KeyIvInit + StreamCipher>(master: &MasterKey, iv: [u8; 16], place: &mut [u8]) {
    if let Ok(mut cipher) = C::new_from_slices(master.key(), &iv) {
        cipher.apply_keystream(place);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Suite;
    use super::*;
    use crate::rtp::srtp::tests::hex;

    fn master(suite: Suite, key: &str, salt: &str) -> MasterKey {
        MasterKey::new(suite, &[hex(key), hex(salt)].concat()).unwrap()
    }

    //= RFC 3711 B.3
    #[test]
    fn session_keys_of_128_bits() {
        let master = master(Suite::Aes128CmSha1_80, "e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6");
        assert_eq!(derive::<16>(&master, Label::RtpKey, 16).to_vec(), hex("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(derive::<14>(&master, Label::RtpSalt, 14).to_vec(), hex("30cbbc08863d8c85d49db34a9ae1"));
        let long = "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371\
                    c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2";
        assert_eq!(derive::<94>(&master, Label::RtpTag, 94).to_vec(), hex(long));
    }

    //= RFC 6188 §7.2
    #[test]
    fn session_keys_of_256_bits() {
        let key = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
        let master = master(Suite::Aes256CmSha1_80, key, "3b04803de51ee7c96423ab5b78d2");
        let cipher = "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4";
        assert_eq!(derive::<32>(&master, Label::RtpKey, 32).to_vec(), hex(cipher));
        assert_eq!(derive::<14>(&master, Label::RtpSalt, 14).to_vec(), hex("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(derive::<20>(&master, Label::RtpTag, 20).to_vec(), hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }
}
