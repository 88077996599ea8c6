//! Keys that change, identifiers, bounds, and what is refused for which reason.

use std::collections::HashSet;

use super::super::{MAX_KEYS, MAX_MKI, MAX_OVERHEAD, MAX_SOURCES, SrtpError};
use super::*;

#[test]
fn refusals_have_their_reasons() {
    for suite in Suite::ALL {
        let (mut outbound, mut inbound) = pair(suite);
        let good = sealed(&mut outbound, rtp(1, 10, b"abc"));
        let mut other = Outbound::new(&master(suite, 2)).unwrap();
        let tag = suite.rtp_tag();
        let rows: [(&str, Vec<u8>, SrtpError); 8] = [
            ("nothing", vec![], SrtpError::Short(0)),
            ("a tag alone", vec![0x80; tag], SrtpError::Short(0)),
            ("cut in the header", good[..11 + tag].to_vec(), SrtpError::Short(11)),
            ("cut in the tag", good[..good.len() - 1].to_vec(), SrtpError::Authentication),
            ("plain", rtp(1, 11, &[0; 40]), SrtpError::Authentication),
            ("another key", sealed(&mut other, rtp(1, 11, b"abc")), SrtpError::Authentication),
            ("CSRCs that are not there", [vec![0x8f], good[1..].to_vec()].concat(), SrtpError::Malformed),
            ("version 1", [vec![0x40], good[1..].to_vec()].concat(), SrtpError::Malformed),
        ];
        for (what, mut bytes, error) in rows {
            let refused = inbound.unprotect_rtp(&mut bytes).map(<[u8]>::len);
            match error {
                SrtpError::Short(0) => assert!(matches!(refused, Err(SrtpError::Short(_))), "{suite}, {what}"),
                error => assert_eq!(refused, Err(error), "{suite}, {what}"),
            }
        }
        assert_eq!(inbound.unprotect_rtp(&mut good.clone()), Ok(&rtp(1, 10, b"abc")[..]), "{suite}");
        assert_eq!(inbound.unprotect_rtp(&mut good.clone()), Err(SrtpError::Replayed), "{suite}");
        assert!(matches!(inbound.unprotect_rtcp(&mut [0x80, 200, 0, 1]), Err(SrtpError::Short(4))), "{suite}");
    }
}

#[test]
fn a_sender_that_began_just_below_the_wrap_is_understood() {
    let (mut outbound, mut inbound) = pair(Suite::Aes128CmSha1_80);
    let _lost = sealed(&mut outbound, rtp(1, 65_535, b"lost"));
    for n in [0, 1] {
        let mut packet = sealed(&mut outbound, rtp(1, n, b"abc"));
        assert!(inbound.unprotect_rtp(&mut packet).is_ok(), "{n}");
    }
}

#[test]
fn no_keystream_is_used_twice() {
    let (mut outbound, _) = pair(Suite::Aes128Gcm);
    let mut again = rtp(1, 10, b"other");
    sealed(&mut outbound, rtp(1, 10, b"one"));
    assert_eq!(outbound.protect_rtp(&mut again), Err(SrtpError::Replayed));
    assert_eq!(again, rtp(1, 10, b"other"), "and nothing of it is changed");
    sealed(&mut outbound, rtp(2, 10, b"another source"));
}

#[test]
fn sources_are_bounded_and_forgeries_take_no_place() {
    let (mut outbound, mut inbound) = pair(Suite::Aes128CmSha1_32);
    for forged in 0..1_000 {
        assert_eq!(inbound.unprotect_rtp(&mut rtp(forged, 1, &[0; 20])), Err(SrtpError::Authentication));
    }
    for ssrc in 0..MAX_SOURCES as u32 {
        let mut packet = sealed(&mut outbound, rtp(ssrc, 1, b"abc"));
        assert!(inbound.unprotect_rtp(&mut packet).is_ok(), "{ssrc}");
    }
    let mut sender = Outbound::new(&master(Suite::Aes128CmSha1_32, 1)).unwrap();
    let mut packet = sealed(&mut sender, rtp(9_999, 1, b"abc"));
    assert_eq!(inbound.unprotect_rtp(&mut packet), Err(SrtpError::Sources));
    assert_eq!(outbound.protect_rtp(&mut rtp(9_999, 1, b"abc")), Err(SrtpError::Sources));
    let mut packet = sealed(&mut outbound, rtp(0, 2, b"abc"));
    assert!(inbound.unprotect_rtp(&mut packet).is_ok(), "those that are known go on");
    let another = master(Suite::Aes128CmSha1_32, 2);
    assert_eq!(outbound.rekey(&another), Ok(true));
    inbound.rekey(&[another]).unwrap();
    for ssrc in [9_999, MAX_SOURCES as u32 - 1] {
        let mut packet = sealed(&mut outbound, rtp(ssrc, 3, b"abc"));
        assert!(inbound.unprotect_rtp(&mut packet).is_ok(), "{ssrc}: another key has room");
    }
}

#[test]
fn keys_expire() {
    let (mut outbound, _) = pair(Suite::Aes128Gcm);
    outbound.left = 1;
    sealed(&mut outbound, rtp(1, 1, b"abc"));
    assert_eq!(outbound.protect_rtp(&mut rtp(1, 2, b"abc")), Err(SrtpError::Expired));
    let mut source = outbound.sources.get(Ssrc(1)).unwrap();
    source.rtcp.note((1 << 31) - 2);
    outbound.sources.keep(source);
    assert_eq!(outbound.protect_rtcp(&mut rtcp(1)), Ok(()), "the last index");
    assert_eq!(outbound.protect_rtcp(&mut rtcp(1)), Err(SrtpError::Expired));
    outbound.rekey(&master(Suite::Aes128Gcm, 2)).unwrap();
    assert_eq!(outbound.protect_rtp(&mut rtp(1, 2, b"abc")), Ok(()), "another key");
    assert_eq!(outbound.protect_rtcp(&mut rtcp(1)), Ok(()));
}

/// `(roll-overs go on, packets of the old key arrive late)`: RFC 3711 §3.3.1, and what RFC 4568 §7.1.4 has in some cases.
#[test]
fn keys_change_in_a_call() {
    let suite = Suite::Aes128CmSha1_80;
    for goes_on in [true, false] {
        let (mut outbound, mut inbound) = pair(suite);
        let send = |outbound: &mut Outbound, n: u16| sealed(outbound, rtp(1, n, &n.to_be_bytes()));
        for n in [40_000, 65_535, 0, 1] {
            assert!(inbound.unprotect_rtp(&mut send(&mut outbound, n)).is_ok());
        }
        let late = send(&mut outbound, 2);
        let never = send(&mut outbound, 3);
        inbound.rekey(&[master(suite, 2)]).unwrap();
        if goes_on {
            outbound.rekey(&master(suite, 2)).unwrap();
        } else {
            outbound = Outbound::new(&master(suite, 2)).unwrap();
        }
        assert_eq!(inbound.unprotect_rtp(&mut late.clone()), Ok(&rtp(1, 2, &[0, 2])[..]), "still under way");
        assert_eq!(inbound.unprotect_rtp(&mut late.clone()), Err(SrtpError::Authentication), "but once");
        for n in [4, 5, 65_535, 0, 40_000].into_iter().filter(|n| goes_on || *n < 100) {
            // Far steps forward, as after a long hold.
            if n == 65_535 || n == 40_000 {
                assert!(inbound.unprotect_rtp(&mut send(&mut outbound, n / 2)).is_ok(), "{goes_on}: half of {n}");
            }
            assert!(inbound.unprotect_rtp(&mut send(&mut outbound, n)).is_ok(), "{goes_on}: {n}");
        }
        assert_eq!(inbound.unprotect_rtp(&mut never.clone()), Err(SrtpError::Authentication), "the old key is gone");
        let highest = outbound.sources.get(Ssrc(1)).unwrap().rtp.highest().unwrap();
        assert_eq!(highest >> 16, if goes_on { 2 } else { 0 }, "roll-overs");
        assert!(inbound.previous.is_none());
    }
}

#[test]
fn the_same_key_again_changes_nothing() {
    let suite = Suite::Aes256Gcm;
    let (mut outbound, mut inbound) = pair(suite);
    let packet = sealed(&mut outbound, rtp(1, 1, b"abc"));
    assert!(inbound.unprotect_rtp(&mut packet.clone()).is_ok());
    inbound.rekey(&[master(suite, 1)]).unwrap();
    outbound.rekey(&master(suite, 1)).unwrap();
    assert_eq!(inbound.unprotect_rtp(&mut packet.clone()), Err(SrtpError::Replayed));
    assert_eq!(outbound.protect_rtp(&mut rtp(1, 1, b"abc")), Err(SrtpError::Replayed));
}

/// Forks that answer with different suites, one after the other: what is said again in a report must not look the same.
//= RFC 3711 §3.4
#[test]
fn a_key_that_comes_back_protects_nothing_twice() {
    for (suite, other) in [(Suite::Aes256Gcm, Suite::Aes128CmSha1_80), (Suite::Aes128CmSha1_80, Suite::Aes256Gcm)] {
        let (mut outbound, mut inbound) = pair(suite);
        let packet = sealed(&mut outbound, rtp(1, 1, b"abc"));
        assert!(inbound.unprotect_rtp(&mut packet.clone()).is_ok());
        let mut said = HashSet::new();
        for keys in [master(suite, 1), master(other, 2)].iter().cycle().take(5) {
            outbound.rekey(keys).unwrap();
            let mut report = rtcp(1);
            outbound.protect_rtcp(&mut report).unwrap();
            assert!(said.insert(report), "{suite}: the same key for the same index");
        }
        for keys in [master(other, 2), master(suite, 1)] {
            inbound.rekey(&[keys]).unwrap();
        }
        assert_eq!(inbound.unprotect_rtp(&mut packet.clone()), Err(SrtpError::Replayed), "{suite}");
    }
}

/// Put the identifier where a sender of it has it: after the tag of GCM, before that of HMAC.
fn with_mki(suite: Suite, mut packet: Vec<u8>, mki: &[u8], rtcp: bool) -> Vec<u8> {
    let tag = if rtcp { suite.rtcp_tag() } else { suite.rtp_tag() };
    let at = if suite.is_aead() { packet.len() } else { packet.len() - tag };
    packet.splice(at..at, mki.iter().copied());
    packet
}

#[test]
fn packets_name_their_key() {
    for suite in Suite::ALL {
        let keys = [master(suite, 1).named(b"\0\x01").unwrap(), master(suite, 2).named(b"\0\x02").unwrap()];
        let mut inbound = Inbound::new(&keys).unwrap();
        for (number, (key, mki)) in [(&keys[0], b"\0\x01"), (&keys[1], b"\0\x02")].into_iter().enumerate() {
            let mut outbound = Outbound::new(key).unwrap();
            let plain = rtp(1, 10 + number as u16, b"abc");
            let packet = sealed(&mut outbound, plain.clone());
            assert_eq!(packet.len(), plain.len() + suite.rtp_tag(), "no identifier is written");
            let mut named = with_mki(suite, packet.clone(), b"\0\x03", false);
            assert_eq!(inbound.unprotect_rtp(&mut named), Err(SrtpError::UnknownKey), "{suite}");
            let mut named = with_mki(suite, packet, mki, false);
            assert_eq!(inbound.unprotect_rtp(&mut named), Ok(&plain[..]), "{suite}");
            let mut report = rtcp(7 + number as u32);
            outbound.protect_rtcp(&mut report).unwrap();
            let mut named = with_mki(suite, report, mki, true);
            assert_eq!(inbound.unprotect_rtcp(&mut named), Ok(&rtcp(7 + number as u32)[..]), "{suite}");
        }
    }
}

#[test]
fn keys_that_do_not_go_together_are_refused() {
    let suite = Suite::Aes128CmSha1_80;
    let key = |n: u8, mki: &[u8]| master(suite, n).named(mki).unwrap();
    let many: Vec<MasterKey> = (0..=MAX_KEYS as u8).map(|n| key(n, &[n])).collect();
    let rows: [&[MasterKey]; 5] = [
        &[],
        &[key(1, b"a"), key(2, b"a")],
        &[key(1, b"a"), key(2, b"bc")],
        &[key(1, b"a"), master(Suite::Aes128Gcm, 2).named(b"b").unwrap()],
        &many,
    ];
    for keys in rows {
        assert_eq!(Inbound::new(keys).err(), Some(SrtpError::Keys), "{keys:?}");
    }
    assert_eq!(master(suite, 1).named(&[0; MAX_MKI + 1]), Err(SrtpError::Keys));
    assert_eq!(MasterKey::new(suite, &[0; 31]), Err(SrtpError::KeyLength { suite, had: 31 }));
    assert_eq!(MasterKey::new(suite, &[0; 200]), Err(SrtpError::KeyLength { suite, had: 200 }));
    assert!(!format!("{:?}", Outbound::new(&master(suite, 1)).unwrap()).contains("22"), "no key is printed");
}

#[test]
fn nothing_is_allocated_for_a_packet() {
    for suite in Suite::ALL {
        let (mut outbound, mut inbound) = pair(suite);
        let mut packet = Vec::with_capacity(200 + MAX_OVERHEAD);
        for n in 0..10 {
            packet.clear();
            packet.extend_from_slice(&rtp(n, n as u16, &[0; 188]));
            let (room, place) = (packet.capacity(), packet.as_ptr());
            outbound.protect_rtp(&mut packet).unwrap();
            assert_eq!((packet.capacity(), packet.as_ptr()), (room, place), "{suite}");
            inbound.unprotect_rtp(&mut packet).unwrap();
        }
    }
}
