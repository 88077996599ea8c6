//! A link that loses, doubles and reorders: the same keys on both sides, or an end in bounded time.

use super::*;
use crate::rtp::dtls::association::LIMIT;

#[test]
//= RFC 6347 §4.2.4
fn keys_or_an_end_in_time() {
    // Percent lost, doubled, late; how many of six handshakes must come about.
    let rows: [([u32; 3], usize); 6] =
        [([0, 0, 50], 6), ([0, 50, 0], 6), ([5, 5, 5], 6), ([15, 10, 30], 6), ([30, 20, 30], 5), ([100, 0, 0], 0)];
    for (faults, wanted) in rows {
        let mut agreed = 0;
        for seed in 0..6 {
            let mut link = Link::new(seed, faults);
            let start = link.now;
            link.run();
            let took = link.now - start;
            assert!(took <= LIMIT + Duration::from_secs(1), "{faults:?} seed {seed}: {took:?}");
            assert!(link.sent < 200, "{faults:?} seed {seed}: {} datagrams", link.sent);
            for end in &link.ends {
                assert_eq!(end.machine.wake_at(), None);
                assert_eq!(end.keys.len() + end.failed.len(), 1, "{faults:?} seed {seed}: {:?}", end.failed);
                assert!(end.failed.iter().all(|why| *why == Failure::Timeout), "{:?}", end.failed);
            }
            agreed += usize::from(link.agreed());
        }
        assert!(agreed >= wanted, "{faults:?}: {agreed} of 6");
    }
}

/// The last flight is lost: who sent it is content already, and must say it again when asked.
#[test]
//= RFC 6347 §4.2.4: the last flight is sent again for one that was heard before
fn the_last_flight_is_said_again() {
    let mut link = Link::new(3, [0; 3]);
    while link.ends[1].keys.is_empty() {
        assert!(link.step());
    }
    assert!(!link.flying.is_empty());
    link.flying.clear();
    link.run();
    assert!(link.agreed(), "{:?}", link.ends[0].failed);
}

/// The peer's first words come from another port than its description says.
#[test]
fn a_nat_may_have_changed_the_port() {
    let mut link = Link::new(4, [0; 3]);
    link.ends[0].address.set_port(61_000);
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
}
