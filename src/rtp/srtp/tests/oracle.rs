//! The same packets by another implementation, `webrtc-srtp`: each end understands the other's, octet by octet the same.

use webrtc_srtp::context::Context;
use webrtc_srtp::protection_profile::ProtectionProfile;

use super::*;

/// The other implementation with the key of `pair`.
fn other(suite: Suite) -> Context {
    let profile = match suite {
        Suite::Aes256Gcm => ProtectionProfile::AeadAes256Gcm,
        Suite::Aes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Suite::Aes256CmSha1_80 => ProtectionProfile::Aes256CmHmacSha1_80,
        Suite::Aes256CmSha1_32 => ProtectionProfile::Aes256CmHmacSha1_32,
        Suite::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::Aes128CmSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
    };
    let key = master(suite, 1);
    Context::new(key.key(), key.salt(), profile, None, None).unwrap()
}

/// Plain packets with all a header may have, across a roll-over.
fn packets() -> Vec<Vec<u8>> {
    let plain = (65_500..65_600_u32).map(|n| rtp(0xdead_beef, n as u16, &[n as u8; 33]));
    let mut all: Vec<Vec<u8>> = plain.collect();
    let odd: [(u8, &[u8]); 4] = [
        (0x82, b"\0\0\0\x01\0\0\0\x02payload"),
        (0x90, b"\xbe\xde\0\x01\x10\x7f\0\0payload"),
        (0xa0, b"payload\0\0\x03"),
        (0x80, b""),
    ];
    for (number, (first, rest)) in odd.into_iter().enumerate() {
        let mut packet = rtp(0xdead_beef, 70 + number as u16, rest);
        packet[0] = first;
        all.push(packet);
    }
    all
}

#[test]
fn both_make_the_same_of_a_packet() {
    for suite in Suite::ALL {
        let (mut outbound, mut inbound) = pair(suite);
        let (mut sends, mut receives) = (other(suite), other(suite));
        for plain in packets() {
            let ours = sealed(&mut outbound, plain.clone());
            let theirs = sends.encrypt_rtp(&plain).unwrap().to_vec();
            assert_eq!(ours, theirs, "{suite}: {plain:02x?}");
            assert_eq!(receives.decrypt_rtp(&ours).unwrap().to_vec(), plain, "{suite}");
            assert_eq!(inbound.unprotect_rtp(&mut theirs.clone()).unwrap(), plain, "{suite}");
        }
    }
}

#[test]
fn both_understand_the_reports_of_the_other() {
    for suite in Suite::ALL {
        let (mut outbound, mut inbound) = pair(suite);
        let (mut sends, mut receives) = (other(suite), other(suite));
        for _ in 0..20 {
            let mut ours = rtcp(0xdead_beef);
            outbound.protect_rtcp(&mut ours).unwrap();
            assert_eq!(receives.decrypt_rtcp(&ours).unwrap().to_vec(), rtcp(0xdead_beef), "{suite}");
            let mut theirs = sends.encrypt_rtcp(&rtcp(0xdead_beef)).unwrap().to_vec();
            assert_eq!(inbound.unprotect_rtcp(&mut theirs).unwrap(), rtcp(0xdead_beef), "{suite}");
        }
    }
}
