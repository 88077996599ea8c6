//! Vectors of RFC 5769, hostile bytes, and what is written read again.

use super::*;
use proptest::prelude::*;
use std::net::SocketAddr;

const ID: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// RFC 5769 §2.1.
fn request() -> Vec<u8> {
    bytes(
        "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff
         80290008 932ff9b151263b36 00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
         80280004 e57a3bcf",
    )
}

#[test]
//= RFC 5769 §2.1
fn a_check_of_the_vectors() {
    let (bytes, key) = (request(), Key::short_term("VOkJxbRl1RmTxUk/WvJxBt"));
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.class, message.method, message.id.0), (Class::Request, Method::BINDING, ID));
    assert_eq!(message.attribute(Attribute::SOFTWARE), Some(&b"STUN test client"[..]));
    assert_eq!(message.attribute(Attribute::USERNAME), Some(&b"evtj:h6vY"[..]));
    assert_eq!(message.number(Attribute::PRIORITY), Some(0x6e00_01ff));
    assert_eq!(message.long_number(Attribute::ICE_CONTROLLED), Some(0x932f_f9b1_5126_3b36));
    assert_eq!(message.integrity(&key), Integrity::Good);
    assert_eq!(message.integrity(&Key::short_term("other")), Integrity::Bad);
    assert_eq!(message.not_understood(), []);
}

#[test]
//= RFC 5769 §2.2, §2.3
fn responses_of_the_vectors() {
    let rows = [
        (
            "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643
             00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96",
            "192.0.2.1:32853",
        ),
        (
            "01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200014
             0002a1470113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
             80280004 c8fb0b4c",
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
        ),
    ];
    for (hex, mapped) in rows {
        let bytes = bytes(hex);
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.class, Class::Success);
        assert_eq!(message.mapped(), Some(mapped.parse().unwrap()));
        assert_eq!(message.integrity(&Key::short_term("VOkJxbRl1RmTxUk/WvJxBt")), Integrity::Good);
    }
}

#[test]
//= RFC 5769 §2.4
fn a_request_of_an_account() {
    let bytes = bytes(
        "00010060 2112a442 78ad3433c6ad72c029da412e 00060012 e3839ee38388e383aae38383e382afe382b90000
         0015001c 662f2f3439396b39353464364f4c33346f4c394653547679363473 41 0014000b 6578616d706c652e6f726700
         00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666",
    );
    let message = Message::parse(&bytes).unwrap();
    let key = Key::long_term("マトリックス", b"example.org", "TheMatrIX");
    assert_eq!(message.integrity(&key), Integrity::Good);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let with = |at: usize, byte: u8| {
        let mut bytes = request();
        bytes[at] = byte;
        bytes
    };
    let rows: [(&str, Vec<u8>, StunError); 8] = [
        ("empty", vec![], StunError::NotStun),
        ("RTP", with(0, 0x80), StunError::NotStun),
        ("another cookie", with(4, 0x22), StunError::NotStun),
        ("a header alone that promises more", request()[..20].to_vec(), StunError::Lengths),
        ("cut", request()[..request().len() - 4].to_vec(), StunError::Lengths),
        ("no multiple of four", with(3, 0x57), StunError::Lengths),
        ("an attribute past the end", with(23, 0xff), StunError::Lengths),
        ("a bit turned", with(30, 0), StunError::Fingerprint),
    ];
    for (what, bytes, error) in rows {
        assert_eq!(Message::parse(&bytes).err(), Some(error), "{what}");
    }
    let id = TransactionId(ID);
    let many = (0..65).fold(Writer::new(Class::Request, Method::BINDING, id), |w, _| w.number(Attribute::PRIORITY, 1));
    assert_eq!(Message::parse(&many.finish_plain()).err(), Some(StunError::TooManyAttributes));
    let long = Writer::new(Class::Request, Method::BINDING, id).attribute(Attribute::DATA, &[0; MAX_BYTES]).finish();
    assert_eq!(Message::parse(&long).err(), Some(StunError::TooLong(long.len())));
}

#[test]
//= RFC 8489 §14.5
fn what_stands_behind_the_signature_is_not_read() {
    let key = Key::short_term("secret");
    let signed = Writer::new(Class::Request, Method::BINDING, TransactionId(ID)).number(Attribute::PRIORITY, 7);
    let bytes = signed.sign(&key).attribute(Attribute::USE_CANDIDATE, &[]).finish();
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.integrity(&key), Integrity::Good);
    assert_eq!((message.number(Attribute::PRIORITY), message.has(Attribute::USE_CANDIDATE)), (Some(7), false));
}

#[test]
fn errors_are_read_and_their_words_are_safe() {
    let writer = Writer::new(Class::Error, Method::ALLOCATE, TransactionId(ID));
    let bytes = writer.error(438, "Stale\x1b[2J Nonce").attribute(Attribute(0x7fff), b"?").finish();
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.error(), Some(ErrorCode { code: 438, reason: "Stale[2J Nonce".into() }));
    assert_eq!(message.not_understood(), [Attribute(0x7fff)]);
    for cut in 0..4 {
        let short = Writer::new(Class::Error, Method::BINDING, TransactionId(ID));
        let bytes = short.attribute(Attribute::ERROR_CODE, &[0; 4][..cut]).finish();
        assert_eq!(Message::parse(&bytes).unwrap().error(), None);
    }
}

#[test]
fn who_was_seen_has_an_address() {
    let rows = [
        ("192.0.2.1:4000", true),
        ("192.0.2.1:0", false),
        ("0.0.0.0:4000", false),
        ("224.0.0.1:4000", false),
        ("[::]:4000", false),
        ("[ff02::1]:4000", false),
    ];
    for (text, is_one) in rows {
        let writer = Writer::new(Class::Success, Method::BINDING, TransactionId(ID));
        let bytes = writer.xor_address(Attribute::XOR_MAPPED_ADDRESS, text.parse().unwrap()).finish();
        assert_eq!(Message::parse(&bytes).unwrap().mapped().is_some(), is_one, "{text}");
    }
}

#[test]
fn two_addresses_of_one_kind() {
    let (one, two): (SocketAddr, SocketAddr) = ("192.0.2.7:5".parse().unwrap(), "[2001:db8::7]:6".parse().unwrap());
    let writer = Writer::new(Class::Success, Method::ALLOCATE, TransactionId(ID));
    let relayed = Attribute::XOR_RELAYED_ADDRESS;
    let bytes = writer.xor_address(relayed, one).xor_address(relayed, two).finish();
    assert_eq!(Message::parse(&bytes).unwrap().xor_addresses(relayed).collect::<Vec<_>>(), [one, two]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), headed: bool) {
        if headed && bytes.len() >= 8 {
            bytes[0] &= 3;
            bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
            let length = (bytes.len() as u16).saturating_sub(20);
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
        }
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (message.mapped(), message.error(), message.not_understood());
            let _ = message.integrity(&Key::short_term("x"));
        }
    }

    #[test]
    fn a_damaged_message_is_never_taken_for_good(at in 0usize..100, bit in 0u8..8) {
        let mut bytes = request();
        bytes[at] ^= 1 << bit;
        let good = Message::parse(&bytes).is_ok_and(|message| {
            message.integrity(&Key::short_term("VOkJxbRl1RmTxUk/WvJxBt")) == Integrity::Good
        });
        prop_assert!(!good);
    }

    #[test]
    fn written_is_read(id: [u8; 12], method in 0u16..0x100, v4: u32, v6: u128, port: u16, text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let addresses = [SocketAddr::new(std::net::Ipv4Addr::from(v4).into(), port), SocketAddr::new(std::net::Ipv6Addr::from(v6).into(), port)];
        for (class, address) in [Class::Request, Class::Indication, Class::Success, Class::Error].into_iter().zip(addresses.iter().cycle()) {
            let writer = Writer::new(class, Method(method), TransactionId(id)).attribute(Attribute::REALM, &text);
            let bytes = writer.xor_address(Attribute::XOR_MAPPED_ADDRESS, *address).sign(&Key::short_term("k")).finish();
            let message = Message::parse(&bytes).unwrap();
            prop_assert_eq!((message.class, message.method, message.id), (class, Method(method), TransactionId(id)));
            prop_assert_eq!(message.attribute(Attribute::REALM), Some(&text[..]));
            prop_assert_eq!(message.xor_address(Attribute::XOR_MAPPED_ADDRESS), Some(*address));
            prop_assert_eq!(message.integrity(&Key::short_term("k")), Integrity::Good);
        }
    }
}
