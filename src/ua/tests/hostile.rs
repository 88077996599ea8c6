//! Damaged, replayed and reordered packets: nothing panics, nothing grows, the phone still works.

use super::*;
use crate::ua::agent::IncomingPolicy;
use rand::RngExt;

/// Every packet of a call with hold, as bytes.
fn packets() -> Vec<Vec<u8>> {
    let mut world = World::new();
    let mut bob = local("bob");
    bob.incoming = IncomingPolicy::Answer { after: Duration::from_millis(300) };
    world.add(local("alice"), 5070);
    world.add(bob, 5072);
    world.dial(0, "sip:bob@127.0.0.1:5072");
    world.run(Duration::from_secs(1));
    world.command(0, Command::Hold { call: None }).expect("connected");
    world.run(Duration::from_secs(1));
    world.command(1, Command::Hangup { which: Default::default() }).expect("connected");
    world.run(Duration::from_secs(1));
    world.tap
}

#[test]
fn damaged_packets_do_no_harm() {
    let corpus = packets();
    assert_eq!(corpus.len(), 9, "INVITE 180 200 ACK, INVITE 200 ACK, BYE 200");
    let mut rng = StdRng::seed_from_u64(4);
    for round in 0..40 {
        let mut world = World::new();
        let mut alice = local("alice");
        alice.settings.accept_from_any = true;
        alice.incoming = IncomingPolicy::Answer { after: Duration::ZERO };
        world.add(alice, 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        // Its own identifiers, so that what comes back may match.
        let own = world.outside.first().map(|(_, packet)| packet.bytes.clone()).unwrap_or_default();
        for _ in 0..200 {
            let pick = rng.random_range(0..corpus.len() + 1);
            let mut bytes = corpus.get(pick).unwrap_or(&own).clone();
            for _ in 0..rng.random_range(0..4) {
                let at = rng.random_range(0..bytes.len());
                match rng.random_range(0..3) {
                    0 => bytes[at] = rng.random_range(0..=255),
                    1 => bytes.truncate(at.max(1)),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    bytes.push(b' ');
                }
            }
            let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(5998) };
            let now = world.now;
            world.phones[0].agent.handle(Input::Datagram { bytes: &bytes, flow }, now);
            world.run(Duration::from_millis(rng.random_range(0..700)));
            assert!(world.phones[0].agent.status(world.now).calls.len() <= 32, "round {round}");
        }
        world.outside.clear();
        world.run(Duration::from_secs(120));
        assert!(world.dial_or_refusal(0), "round {round}");
    }
}

#[test]
fn a_flood_of_calls_is_bounded() {
    let mut world = World::new();
    let mut alice = local("alice");
    alice.settings.accept_from_any = true;
    world.add(alice, 5070);
    for n in 0..100 {
        let text = format!(
            "INVITE sip:x@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5998;branch=z9hG4bK{n}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:e{n}@e>;tag={n}\r\nTo: <sip:x@y>\r\nCall-ID: {n}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:e@127.0.0.1:5998>\r\n\r\n"
        );
        world.send(5998, 0, text.into_bytes());
    }
    assert_eq!(world.phones[0].agent.status(world.now).calls.len(), 8);
    assert_eq!(world.count("486 INVITE"), 52, "of the 60 that were looked at");
}

impl World {
    /// The phone still obeys: it dials, or says why not.
    fn dial_or_refusal(&mut self, phone: usize) -> bool {
        let command = Command::Dial { target: "sip:bob@127.0.0.1:5998".into(), account: None };
        match self.command(phone, command) {
            Ok(Reply::Call(_)) => true,
            Ok(_) => false,
            Err(error) => error.kind == "too_many_calls",
        }
    }
}
