//! What holds for any packets, in any order, with any loss.

use std::collections::HashSet;

use proptest::prelude::*;

use super::super::{MAX_OVERHEAD, SrtpError};
use super::*;

fn any_suite() -> impl Strategy<Value = Suite> {
    proptest::sample::select(&Suite::ALL[..])
}

/// Steps of a sender, and how a network delivers what it sends: `(lost, delayed by so many packets, repeated)`.
fn any_network() -> impl Strategy<Value = Vec<(bool, usize, bool)>> {
    proptest::collection::vec((prop::bool::weighted(0.2), 0..40_usize, prop::bool::weighted(0.1)), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    /// From any first sequence number, across any number of wraps: what arrives is what was sent, once.
    #[test]
    fn what_was_protected_is_had_back_once(
        suite in any_suite(),
        first: u16,
        jump in prop::sample::select(vec![1_u16, 1, 7, 400]),
        network in any_network(),
        payload in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let (mut outbound, mut inbound) = pair(suite);
        let mut under_way: Vec<(usize, usize, Vec<u8>, Vec<u8>)> = Vec::new();
        for (n, (lost, delay, repeated)) in network.iter().enumerate() {
            let plain = rtp(5, first.wrapping_add((n as u16).wrapping_mul(jump)), &payload);
            let packet = sealed(&mut outbound, plain.clone());
            prop_assert!(packet.len() <= plain.len() + MAX_OVERHEAD);
            // The first one arrives: a whole cycle of silence nobody can guess.
            if !lost || n == 0 {
                under_way.push((if n == 0 { 0 } else { n + delay }, n, plain, packet.clone()));
            }
            if *repeated {
                under_way.push((n + delay + 1, n, Vec::new(), packet));
            }
        }
        under_way.sort_by_key(|(at, n, plain, _)| (*at, *n, plain.is_empty()));
        let mut had = HashSet::new();
        for (_, n, plain, mut packet) in under_way {
            let before = packet.clone();
            match inbound.unprotect_rtp(&mut packet) {
                Ok(bytes) => {
                    prop_assert!(had.insert(n), "a packet was taken twice");
                    prop_assert!(plain.is_empty() || bytes == plain);
                }
                // Repeated, or overtaken by more than the window.
                Err(error) => {
                    prop_assert_eq!(error, SrtpError::Replayed);
                    prop_assert!(had.contains(&n) || had.iter().any(|other| other * usize::from(jump) >= n * usize::from(jump) + 128));
                    prop_assert_eq!(packet, before);
                }
            }
        }
    }

    #[test]
    fn rtcp_is_had_back_once_in_any_order(suite in any_suite(), order in Just((0..40_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let (mut outbound, mut inbound) = pair(suite);
        let sent: Vec<Vec<u8>> = order.iter().map(|_| {
            let mut packet = rtcp(9);
            outbound.protect_rtcp(&mut packet).unwrap();
            packet
        }).collect();
        for n in order {
            let (mut packet, mut again) = (sent[n].clone(), sent[n].clone());
            prop_assert_eq!(inbound.unprotect_rtcp(&mut packet), Ok(&rtcp(9)[..]));
            prop_assert_eq!(inbound.unprotect_rtcp(&mut again), Err(SrtpError::Replayed));
        }
    }

    /// Not one bit, in the header, the payload, the index or the tag, may change.
    #[test]
    fn a_flipped_bit_is_refused(suite in any_suite(), bit: prop::sample::Index, payload in proptest::collection::vec(any::<u8>(), 0..40)) {
        let (mut outbound, mut inbound) = pair(suite);
        let packet = sealed(&mut outbound, rtp(5, 60_000, &payload));
        let mut report = rtcp(5);
        outbound.protect_rtcp(&mut report).unwrap();
        for (kind, whole) in [(0, packet), (1, report)] {
            let mut forged = whole.clone();
            let at = bit.index(forged.len() * 8);
            forged[at / 8] ^= 1 << (at % 8);
            let before = forged.clone();
            let refused = if kind == 0 { inbound.unprotect_rtp(&mut forged).is_err() } else { inbound.unprotect_rtcp(&mut forged).is_err() };
            prop_assert!(refused, "bit {} of {:02x?}", at, whole);
            prop_assert_eq!(forged, before);
            // And the true one is taken after it.
            let mut whole = whole;
            let taken = if kind == 0 { inbound.unprotect_rtp(&mut whole).is_ok() } else { inbound.unprotect_rtcp(&mut whole).is_ok() };
            prop_assert!(taken);
        }
    }

    #[test]
    fn any_octets_are_refused(suite in any_suite(), mut bytes in proptest::collection::vec(any::<u8>(), 0..120), version_2: bool) {
        if let (true, Some(first)) = (version_2, bytes.first_mut()) {
            *first = 0x80 | (*first & 0x3f);
        }
        let (mut outbound, mut inbound) = pair(suite);
        prop_assert!(inbound.unprotect_rtp(&mut bytes.clone()).is_err());
        prop_assert!(inbound.unprotect_rtcp(&mut bytes.clone()).is_err());
        // What is RTP at all can be protected, and is had back.
        let mut packet = bytes.clone();
        if outbound.protect_rtp(&mut packet).is_ok() {
            prop_assert_eq!(inbound.unprotect_rtp(&mut packet), Ok(&bytes[..]));
        }
        let mut packet = bytes.clone();
        if outbound.protect_rtcp(&mut packet).is_ok() {
            prop_assert_eq!(inbound.unprotect_rtcp(&mut packet), Ok(&bytes[..]));
        }
    }
}
