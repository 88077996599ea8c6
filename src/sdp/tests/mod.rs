//! A phone for the tests of offers and answers; and what holds for any input.

mod encryption;
mod exchange;
mod handshake;
mod ice;
mod offers;

use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

/// `PCMU/8000/1` and so on.
fn capability(id: &str) -> Capability {
    let mut parts = id.split('/');
    let encoding = parts.next().unwrap().to_owned();
    let mut number = || parts.next().unwrap().parse::<u32>().unwrap();
    let (clock_rate, channels) = (number(), number() as u8);
    let opus = encoding == "opus";
    Capability {
        static_payload_type: match encoding.as_str() {
            "PCMU" => Some(0),
            "PCMA" => Some(8),
            "G722" => Some(9),
            _ => None,
        },
        fmtp: opus.then(|| "useinbandfec=1".to_owned()),
        packet_ms: if opus { vec![10, 20, 40, 60] } else { vec![10, 20, 30, 40, 50, 60] },
        encoding,
        clock_rate,
        channels,
    }
}

fn phone_with(ids: &[&str]) -> Negotiation {
    let codecs = ids.iter().map(|id| capability(id)).collect();
    let at = |port| SocketAddr::from(([192, 0, 2, 9], port));
    Negotiation::new(LocalMedia::new(at(4000), at(4001), codecs), &mut StdRng::seed_from_u64(7))
}

fn phone() -> Negotiation {
    phone_with(&["opus/48000/2", "PCMA/8000/1", "PCMU/8000/1", "G722/8000/1"])
}

const HEAD: &str = "v=0\no=- 1 1 IN IP4 203.0.113.5\ns=-\nc=IN IP4 203.0.113.5\nt=0 0\n";

fn read(text: &str) -> SessionDescription {
    parse(text.as_bytes()).expect("test description")
}

fn lines(description: &SessionDescription) -> Vec<String> {
    description.media.iter().map(|m| format!("{} {} {}", m.kind, m.port, m.formats.join(" "))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_lines_are_answered_with_as_many(
        lines in proptest::collection::vec("[vomcat]=((audio|video) [0-9]{1,5} RTP/AVP( [0-9]{1,3}){0,5}|IN IP[46] [0-9.:]{1,9}|(rtpmap|fmtp|ptime|rtcp|sendonly)(:[0-9]{1,20} ?[a-zA-Z/0-9]{0,20})?)", 0..20)
    ) {
        if let Ok(offer) = parse(format!("{HEAD}{}", lines.join("\n")).as_bytes()) {
            let mut phone = phone();
            if let Ok((answer, agreed)) = phone.answer(&offer) {
                prop_assert_eq!(answer.media.len(), offer.media.len());
                prop_assert!(!agreed.receive.is_empty());
                prop_assert_eq!(parse(&answer.to_bytes()), Ok(answer));
            }
            phone.offer(false);
            let _ = phone.accept_answer(&offer);
        }
    }
}
