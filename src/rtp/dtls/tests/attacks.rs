//! What strangers, and those who stand between, can do to a handshake.

use super::*;

/// A hello as `dimpl` writes it, of another phone.
fn foreign_hello(seed: u64) -> Vec<u8> {
    let path = Path::Signalled(address(2));
    let expected = announced(certificate(1).fingerprint());
    let config = config(Some(seed)).unwrap();
    let begun = Association::with(config, Role::Client, certificate(seed), expected, path, Instant::now());
    let (_, effects) = begun.unwrap();
    match effects.as_slice() {
        [Effect::Transmit { datagram, .. }] => datagram.clone(),
        other => panic!("{other:?}"),
    }
}

/// An alert in the clear: close_notify is 0 at level 1.
fn alert(level: u8, description: u8) -> Vec<u8> {
    vec![21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, level, description]
}

#[test]
//= RFC 5763 §5, RFC 8122 §5
fn another_certificate_than_announced_yields_no_keys() {
    let wrong = || announced(certificate(99).fingerprint());
    // Who is deceived: the client, the server.
    for who in [0, 1] {
        let certificates = [certificate(1), certificate(2)];
        let mut expected = [announced(certificates[1].fingerprint()), announced(certificates[0].fingerprint())];
        expected[who] = wrong();
        let mut link = Link::of(certificates, expected, 7, [0; 3]);
        link.run();
        assert_eq!(link.ends[who].failed, [Failure::Certificate], "{who}");
        assert!(link.ends.iter().all(|end| end.keys.is_empty()), "{who}: keys all the same");
    }
}

#[test]
//= RFC 8826 §4.2.1
fn the_race_of_hellos_is_won_by_the_address_that_was_agreed() {
    let strangers = [
        SocketAddr::from(([203, 0, 113, 66], 4_000)),
        SocketAddr::from(([198, 51, 100, 1], 4_000)),
        SocketAddr::from(([127, 0, 0, 1], 4_000)),
    ];
    let mut link = Link::new(8, [0; 3]);
    let mut hello = foreign_hello(5);
    let mut worst = hello.clone();
    // The version nobody speaks: it would end a handshake that read it (CVE-2023-51443).
    worst[25..27].copy_from_slice(&[3, 1]);
    for round in 0..500_u16 {
        hello[27..29].copy_from_slice(&round.to_be_bytes());
        for from in strangers {
            for bytes in [&hello, &worst, &alert(2, 40)] {
                assert_eq!(link.inject(1, from, bytes), [], "a stranger is answered");
            }
        }
    }
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
}

#[test]
fn after_ice_one_port_of_the_same_host_is_a_stranger_too() {
    let mut link = Link::new(9, [0; 3]);
    let now = link.now;
    assert_eq!(link.ends[1].machine.handle(Event::Moved(Path::Validated(address(1))), now), []);
    let mut elsewhere = address(1);
    elsewhere.set_port(9);
    assert_eq!(link.inject(1, elsewhere, &foreign_hello(5)), []);
    link.run();
    assert!(link.agreed());
}

/// Somebody on the peer's host, before the peer has spoken and between all of its words.
#[test]
//= RFC 6347 §4.1.2.7
fn another_port_of_the_peers_host_spoils_nothing() {
    let hello = foreign_hello(5);
    let mut worst = hello.clone();
    worst[25..27].copy_from_slice(&[3, 1]);
    let mut answer = hello.clone();
    answer[13] = 2;
    let rubbish = [worst, hello, answer, alert(2, 40), alert(1, 0), vec![22; 40], vec![20, 254, 253, 0, 0, 0]];
    let mut link = Link::new(17, [0; 3]);
    let inject = |link: &mut Link| {
        for (who, bytes) in [0, 1].into_iter().flat_map(|who| rubbish.iter().map(move |bytes| (who, bytes))) {
            let from = SocketAddr::new(link.ends[1 - who].address.ip(), 9);
            for effect in link.inject(who, from, bytes) {
                assert!(matches!(effect, Effect::Transmit { to, .. } if to == from), "{who} {bytes:?}: {effect:?}");
            }
        }
    };
    // Longer than who is suspected of having said no is waited for.
    let start = link.now;
    while link.now - start < Duration::from_secs(6) {
        inject(&mut link);
        assert!(link.step());
        link.flying.clear();
    }
    while link.ends.iter().any(|end| end.keys.is_empty()) {
        inject(&mut link);
        assert!(link.step(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
    }
    inject(&mut link);
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
}

/// Whoever can write the peer's address on a datagram sends what ends a handshake; the peer is heard all the same.
#[test]
fn forged_words_before_the_peers_end_nothing() {
    let hello = foreign_hello(5);
    let with = |at: usize, bytes: &[u8]| {
        let mut forged = hello.clone();
        forged[at..at + bytes.len()].copy_from_slice(bytes);
        forged
    };
    let rows: [(&str, Vec<u8>); 6] = [
        ("a version nobody speaks", with(25, &[3, 1])),
        ("no cookie", hello.clone()),
        ("a fatal alert", alert(2, 40)),
        ("a goodbye", alert(1, 0)),
        ("an alert of one byte", alert(2, 40)[..14].to_vec()),
        ("a piece of a hello that never ends", with(14, &[0xff, 0xff, 0xff])),
    ];
    for (what, forged) in rows {
        let mut link = Link::new(10, [0; 3]);
        let (from, out) = (link.ends[0].address, link.ends[1].address);
        let mut said = 0;
        for _ in 0..4 {
            let effects = link.inject(1, from, &forged);
            for effect in &effects {
                match effect {
                    Effect::Transmit { to, datagram } => {
                        assert_eq!(*to, from);
                        said += datagram.len();
                    }
                    other => panic!("{what}: {other:?}"),
                }
            }
            // What the client hears of it is noise to it as well.
            let forged = alert(2, 40);
            assert_eq!(link.inject(0, out, &forged), [], "{what}");
        }
        assert!(said <= 4 * forged.len(), "{what}: {said} bytes for {}", 4 * forged.len());
        link.run();
        assert!(link.agreed(), "{what}: {:?} {:?}", link.ends[0].failed, link.ends[1].failed);
    }
}

/// A peer that says no and nothing else is believed, soon.
#[test]
fn a_refusal_is_told_before_the_time_is_up() {
    let mut link = Link::new(11, [100, 0, 0]);
    let (start, from) = (link.now, link.ends[1].address);
    assert_eq!(link.inject(0, from, &alert(2, 40)), []);
    while link.ends[0].failed.is_empty() {
        assert!(link.step());
    }
    assert_eq!(link.ends[0].failed, [Failure::Refused(40)]);
    assert_eq!(link.now - start, Duration::from_secs(5));
}

#[test]
fn once_there_are_keys_nobody_takes_them_away() {
    let mut link = Link::new(12, [0; 3]);
    link.run();
    for who in [0, 1] {
        let from = link.ends[1 - who].address;
        let stranger = SocketAddr::from(([203, 0, 113, 66], 4_000));
        let mut protected = alert(1, 0);
        protected[4] = 1;
        for bytes in [foreign_hello(5), alert(1, 0), alert(2, 40), protected, vec![23; 400]] {
            for from in [from, stranger] {
                for effect in link.inject(who, from, &bytes) {
                    assert!(matches!(effect, Effect::Transmit { .. }), "{who}: {effect:?}");
                }
            }
        }
    }
    // The association is still what it was: the goodbye of the real peer is heard.
    let now = link.now;
    let effects = link.ends[0].machine.handle(Event::Close, now);
    link.take(0, effects);
    link.run();
    assert!(link.ends[1].closed);
}

/// Every datagram of a handshake, cut anywhere or with a byte changed, comes before the true one.
#[test]
fn truncated_and_spoilt_records_are_passed_over() {
    let mut rng = StdRng::seed_from_u64(13);
    for seed in 0..4 {
        let mut link = Link::new(20 + seed, [0; 3]);
        for _ in 0..200 {
            let Some((_, who, bytes)) = link.flying.first().cloned() else { break };
            let from = link.ends[1 - who].address;
            for _ in 0..6 {
                let mut spoilt = bytes.clone();
                spoilt.truncate(rng.random_range(1..bytes.len()));
                let effects = link.inject(who, from, &spoilt);
                link.take(who, effects);
            }
            link.step();
        }
        link.run();
        assert!(link.agreed(), "seed {seed}: {:?} {:?}", link.ends[0].failed, link.ends[1].failed);
    }
}

/// Noise, long and short, of every first byte: no panic, nothing for strangers' words, and an end in time.
#[test]
fn garbage_costs_nothing() {
    let mut rng = StdRng::seed_from_u64(14);
    for who in [0, 1] {
        let mut link = Link::new(30, [100, 0, 0]);
        let from = link.ends[1 - who].address;
        let mut sent = 0;
        for round in 0..3_000_usize {
            let mut bytes = vec![0_u8; rng.random_range(1..1_500)];
            rng.fill(&mut bytes[..]);
            bytes[0] = if round % 4 == 0 { rng.random() } else { rng.random_range(20..24) };
            // Most look like records of the first epoch with the length they have.
            if bytes.len() > 13 && round % 2 == 0 {
                let length = u16::try_from(bytes.len() - 13).unwrap().to_be_bytes();
                bytes[1..5].copy_from_slice(&[254, 253, 0, 0]);
                bytes[11..13].copy_from_slice(&length);
            }
            let effects = link.inject(who, from, &bytes);
            sent += effects.len();
            link.take(who, effects);
        }
        assert!(sent <= 20, "{sent} effects of 3000 datagrams");
        link.run();
        assert!(
            link.ends.iter().all(|end| end.keys.is_empty() && end.failed.len() == 1),
            "{:?}",
            link.ends[who].failed
        );
    }
}

/// A crowd of hellos that seem to come from the peer: memory and answers are bounded, the peer's own is heard.
#[test]
fn a_flood_of_hellos_in_the_peers_name_does_not_drown_it() {
    let mut link = Link::new(15, [0; 3]);
    let from = link.ends[0].address;
    let mut hello = foreign_hello(5);
    let (mut heard, mut said) = (0, 0);
    let mut flood = |link: &mut Link, count: u16| {
        for round in 0..count {
            hello[27..29].copy_from_slice(&round.to_be_bytes());
            heard += hello.len();
            for effect in link.inject(1, from, &hello) {
                let Effect::Transmit { datagram, .. } = effect else { panic!("{effect:?}") };
                said += datagram.len();
            }
        }
    };
    flood(&mut link, 300);
    while link.ends[1].keys.is_empty() {
        assert!(link.step(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
        // Between any two words of the peer, as many as are kept but one.
        flood(&mut link, 6);
    }
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
    assert!(said < heard, "{said} bytes for {heard}");
}

/// A peer that lost its state begins anew with another hello, and is heard.
#[test]
fn a_peer_that_begins_anew_is_heard() {
    let mut link = Link::new(16, [0; 3]);
    for _ in 0..3 {
        assert!(link.step());
    }
    link.flying.clear();
    let (now, path) = (link.now, Path::Signalled(address(2)));
    let expected = announced(certificate(1_016).fingerprint());
    let begun = Association::with(config(Some(77)).unwrap(), Role::Client, certificate(16), expected, path, now);
    let (machine, effects) = begun.unwrap();
    link.ends[0].machine = machine;
    link.take(0, effects);
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
}
