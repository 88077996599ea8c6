//! OPTIONS from outside: answered truthfully and briefly.

use super::registering::{SERVER, registered};
use super::*;
use crate::sip::message::HeaderName;

const STRANGER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2)), 6000);

fn ask(world: &mut World, from: SocketAddr, number: usize) -> Vec<u8> {
    let bytes = format!(
        "OPTIONS sip:101@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bKo{number}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:pbx@127.0.0.1>;tag=o{number}\r\nTo: <sip:101@127.0.0.1>\r\n\
         Call-ID: o{number}@{from}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from, to, bytes: bytes.clone().into_bytes() });
    world.settle();
    bytes.into_bytes()
}

//= RFC 3261 §11.2
#[test]
fn the_answer_says_what_this_phone_can_and_describes_no_session() {
    for (messages, allow, accept) in [(true, "MESSAGE", "text/plain"), (false, "NOTIFY", "application/sdp")] {
        let mut world = World::new();
        let settings = Settings { disable_messaging: !messages, ..Settings::default() };
        world.add(AgentConfig::new(settings, vec![account("101")]), 5070);
        world.run(Duration::ZERO);
        let question = ask(&mut world, STRANGER, 0);
        let answer = world.last_response();
        let text = |name| answer.headers.text(&name).unwrap_or_default();
        assert_eq!(answer.status.0, 200);
        assert!(text(HeaderName::Allow).ends_with(allow), "{}", text(HeaderName::Allow));
        assert!(text(HeaderName::Accept).ends_with(accept), "{}", text(HeaderName::Accept));
        assert!(text(HeaderName::Supported).contains("100rel"), "{}", text(HeaderName::Supported));
        assert!(answer.body.is_empty());
        assert!(answer.to_bytes().len() < 3 * question.len(), "no use as an amplifier");
    }
}

/// Those who could call learn whether they would get through; others learn nothing of it.
//= RFC 3261 §11.2
#[test]
fn who_may_call_is_told_that_we_are_busy() {
    let mut world = registered();
    world.command(0, Command::Dnd { on: true }).expect("a setting");
    ask(&mut world, STRANGER, 1);
    assert_eq!(world.last_response().status.0, 200);
    ask(&mut world, address(SERVER), 2);
    let answer = world.last_response();
    assert_eq!(answer.status.0, 486);
    for name in [HeaderName::Allow, HeaderName::Accept, HeaderName::Supported] {
        assert!(answer.headers.get(&name).is_some(), "{name:?}");
    }
}
