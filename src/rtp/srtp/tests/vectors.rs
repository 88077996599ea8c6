//! The published vectors: what goes over the wire, octet by octet.

use super::super::SrtpError;
use super::super::transform::{Cipher, Place, Session};
use super::*;

fn counter_mode(suite: Suite, key: &str, salt: &str, octets: usize) -> Vec<u8> {
    let session = Session::new(suite, &hex(key), &[0; 20], &hex(salt)).unwrap();
    let Cipher::Cm(counter, _) = &session.cipher else { panic!("counter mode") };
    let mut keystream = vec![0; octets];
    counter.apply(session.counter(Place { ssrc: Ssrc(0), index: 0 }), &mut keystream);
    keystream
}

//= RFC 3711 B.2
#[test]
fn keystream_of_128_bits() {
    let keystream = counter_mode(
        Suite::Aes128CmSha1_80,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "f0f1f2f3f4f5f6f7f8f9fafbfcfd",
        0xff02 * 16,
    );
    let first = "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0";
    assert_eq!(keystream[..48], hex(first));
    let last = "ec8cdf7398607cb0f2d21675ea9ea1e4 362b7c3c6773516318a077d7fc5073ae 6a2cc3787889374fbeb4c81b17ba6c44";
    assert_eq!(keystream[0xfeff * 16..], hex(last));
}

//= RFC 6188 §7.1
#[test]
fn keystream_of_256_bits() {
    let key = "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98";
    let keystream = counter_mode(Suite::Aes256CmSha1_80, key, "f0f1f2f3f4f5f6f7f8f9fafbfcfd", 32);
    assert_eq!(keystream, hex("92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac"));
}

/// RTP and RTCP of RFC 7714, and what the suites make of them.
const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465
                   73207472 6573";
const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef
                    deadbeef deadbeef";
const GCM_128: [&str; 2] = [
    "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
     8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
     0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
];
const GCM_256: [&str; 2] = [
    "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799
     b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047
     6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
];

/// The 16 octets that authenticate RTCP left in clear.
const IN_CLEAR: [&str; 2] = ["841dd968 3dd78ec9 2ae58790 125f62b3", "91db4afb feee5a97 8fab4393 ed2615fe"];

/// Both ends with the session keys that RFC 7714 gives; no master key leads to them.
fn ends(suite: Suite) -> (Outbound, Inbound) {
    let key: Vec<u8> = (0..suite.key() as u8).collect();
    let session = || Session::new(suite, &key, &[], b"Quid pro quo").unwrap();
    let (mut outbound, mut inbound) = pair(suite);
    (outbound.rtp, outbound.rtcp) = (session(), session());
    inbound.current.sessions = vec![(session(), session())];
    (outbound, inbound)
}

//= RFC 7714 §16.1, §16.2, §17.1, §17.2
#[test]
fn packets_of_galois_counter_mode() {
    for (suite, [srtp, srtcp]) in [(Suite::Aes128Gcm, GCM_128), (Suite::Aes256Gcm, GCM_256)] {
        let (mut outbound, mut inbound) = ends(suite);
        let mut source = outbound.sources.get(Ssrc(0x4d61_7273)).unwrap();
        source.rtcp.note(0x5d3);
        outbound.sources.keep(source);
        let (mut rtp, mut rtcp) = (hex(RTP), hex(RTCP));
        outbound.protect_rtp(&mut rtp).unwrap();
        outbound.protect_rtcp(&mut rtcp).unwrap();
        assert_eq!((&rtp, &rtcp), (&hex(srtp), &hex(srtcp)), "{suite}");
        assert_eq!(inbound.unprotect_rtp(&mut rtp).unwrap(), hex(RTP), "{suite}");
        assert_eq!(inbound.unprotect_rtcp(&mut rtcp).unwrap(), hex(RTCP), "{suite}");
    }
}

//= RFC 7714 §17.3, §17.4
#[test]
fn rtcp_in_clear_is_authenticated() {
    for (suite, tag) in [(Suite::Aes128Gcm, IN_CLEAR[0]), (Suite::Aes256Gcm, IN_CLEAR[1])] {
        let (_, mut inbound) = ends(suite);
        let sent = [hex(RTCP), hex(tag), hex("000005d4")].concat();
        for octet in [9, hex(RTCP).len() + 1, sent.len() - 1] {
            let mut forged = sent.clone();
            forged[octet] ^= 1;
            let before = forged.clone();
            assert_eq!(inbound.unprotect_rtcp(&mut forged), Err(SrtpError::Authentication), "{suite}: {octet}");
            assert_eq!(forged, before, "what is refused is left alone");
        }
        assert_eq!(inbound.unprotect_rtcp(&mut sent.clone()).unwrap(), hex(RTCP), "{suite}");
    }
}

/// Whole packets of counter mode under the master keys of RFC 3711 B.3 and RFC 6188 §7.2; the figures are of OpenSSL.
#[test]
fn packets_of_counter_mode() {
    let (rtp, rtcp) = (
        hex(&format!("800f1234decafbadcafebabe{}", "ab".repeat(16))),
        hex(&format!("81c8000bcafebabe{}", "ab".repeat(16))),
    );
    let short = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
    let long = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2";
    let rtp_128 = "4e55dc4ce79978d88ca4d215949d2402";
    let rtp_256 = "f1d9de17ff251ff1aa007774b0b4b40d";
    let rtcp_128 = [
        "b19c219a086b6c7ae61d8e0bfeb4be3f800000005631d6cfc906cdb30f41",
        "7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
    ];
    let rtcp_256 = [
        "62cd2f74ee0d2fc84ee42d02735ce5be80000000aaf2b43e4c241a355569",
        "b4d0e7a917d24b9faab9d3b6127b3ba680000001e04ac0ec2846f71bd31c",
    ];
    let rows = [
        (Suite::Aes128CmSha1_80, short, rtp_128, "b78d6acc99ea179b8dbb", rtcp_128),
        (Suite::Aes128CmSha1_32, short, rtp_128, "b78d6acc", rtcp_128),
        (Suite::Aes256CmSha1_80, long, rtp_256, "a08d9d9a5b3a55d8873b", rtcp_256),
        (Suite::Aes256CmSha1_32, long, rtp_256, "a08d9d9a", rtcp_256),
    ];
    for (suite, key, payload, tag, reports) in rows {
        let mut outbound = Outbound::new(&MasterKey::new(suite, &hex(key)).unwrap()).unwrap();
        assert_eq!(sealed(&mut outbound, rtp.clone())[12..], [hex(payload), hex(tag)].concat(), "{suite}");
        for report in reports {
            let mut packet = rtcp.clone();
            outbound.protect_rtcp(&mut packet).unwrap();
            assert_eq!(packet[8..], hex(report), "{suite}");
        }
    }
}
