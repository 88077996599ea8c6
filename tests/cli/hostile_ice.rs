//! What comes to the port of a call with ICE, through real sockets: checks that nobody asked for, lies and rubbish.

use super::far_end::{FarEnd, ICE, Says, phone};
use super::support::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::UdpSocket;
use std::time::Duration;
use tuiphone::nat::stun::{Attribute, Class, Key, Message, Method, TransactionId, Writer};

/// Of each kind so many.
const PACKETS: usize = 200;

/// A request to the phone, as the far end would write one; where its name belongs stands this one.
fn check(user: &str, rng: &mut StdRng) -> Writer {
    Writer::new(Class::Request, Method::BINDING, TransactionId::new(rng))
        .attribute(Attribute::USERNAME, user.as_bytes())
        .number(Attribute::PRIORITY, 0x6e00_01ff)
}

/// The same bytes, these of them others.
fn changed(mut bytes: Vec<u8>, at: usize, with: &[u8]) -> Vec<u8> {
    if let Some(place) = bytes.get_mut(at..at + with.len()) {
        place.copy_from_slice(with);
    }
    bytes
}

/// Whether a check from this socket was taken for one of the far end's.
fn is_taken(socket: &UdpSocket) -> bool {
    let mut bytes = [0; 2_048];
    let told = || {
        let count = socket.recv(&mut bytes).ok()?;
        Some(Message::parse(&bytes[..count]).is_ok_and(|told| told.class == Class::Success))
    };
    std::iter::from_fn(told).any(|is_success| is_success)
}

#[test]
fn a_call_with_ice_goes_on_whatever_comes_to_its_port() {
    let house = House::open();
    let (daemon, address) = phone(&house, "[Account0]\r\nICE=1\r\n");
    let mut wire = daemon.connect();
    let far = FarEnd::call_with_ice(address);
    far.say(Says::Tone);
    assert!(far.hears_itself(), "a clean call");
    let (name, password) = far.ice.clone().expect("the phone has ICE");
    let (user, key) = (format!("{name}:{}", ICE.0), Key::short_term(&password));
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a port");
    stranger.set_nonblocking(true).expect("a socket");
    let good = |rng: &mut StdRng| check(&user, rng).attribute(Attribute::ICE_CONTROLLED, &[7; 8]).sign(&key).finish();
    let answer = |class, rng: &mut StdRng| Writer::new(class, Method::BINDING, TransactionId::new(rng));
    type Make<'a> = &'a dyn Fn(&mut StdRng) -> Vec<u8>;
    let lead = |rng: &mut StdRng| {
        check(&user, rng).attribute(Attribute::ICE_CONTROLLING, &[255; 8]).attribute(Attribute::USE_CANDIDATE, &[])
    };
    let rows: [(&str, Make); 21] = [
        ("a header alone", &|rng| Writer::new(Class::Request, Method::BINDING, TransactionId::new(rng)).finish_plain()),
        ("no signature", &|rng| check(&user, rng).finish()),
        ("another's password", &|rng| check(&user, rng).sign(&Key::short_term("guessed")).finish()),
        ("a lead without a signature", &|rng| lead(rng).finish()),
        ("a lead with another's password", &|rng| lead(rng).sign(&Key::short_term("guessed")).finish()),
        ("another's name", &|rng| check("stranger:farEnd", rng).sign(&key).finish()),
        ("a name without end", &|rng| check(&"x".repeat(3_000), rng).sign(&key).finish()),
        ("an unknown demand", &|rng| check(&user, rng).attribute(Attribute(0x7fff), &[1; 4]).sign(&key).finish()),
        ("a thousand demands", &|rng| {
            let many = (0..900).fold(check(&user, rng), |check, n| check.attribute(Attribute(0x7000 + n), &[]));
            many.sign(&key).finish()
        }),
        ("a short signature", &|rng| check(&user, rng).attribute(Attribute::MESSAGE_INTEGRITY, &[0; 19]).finish()),
        ("two signatures", &|rng| check(&user, rng).sign(&Key::short_term("guessed")).sign(&key).finish()),
        ("cut off", &|rng| {
            let mut bytes = good(rng);
            bytes.truncate(rng.random_range(1..bytes.len()));
            bytes
        }),
        ("one bit another", &|rng| {
            let (mut bytes, bit) = (good(rng), rng.random_range(0..8));
            // The fingerprint may be missing, and so be another attribute.
            let at = rng.random_range(0..bytes.len() - 8);
            bytes[at] ^= 1 << bit;
            bytes
        }),
        ("a length that lies", &|rng| changed(good(rng), 2, &rng.random::<u16>().to_be_bytes())),
        ("an attribute past the end", &|rng| changed(good(rng), 22, &[0xff, 0xfc])),
        ("an answer to nothing", &|rng| {
            answer(Class::Success, rng).xor_address(Attribute::XOR_MAPPED_ADDRESS, address).sign(&key).finish()
        }),
        ("an address of no family", &|rng| {
            answer(Class::Success, rng).attribute(Attribute::XOR_MAPPED_ADDRESS, &[0, 9, 1, 1, 1]).sign(&key).finish()
        }),
        ("an error to nothing", &|rng| answer(Class::Error, rng).error(487, "Role Conflict").sign(&key).finish()),
        ("an indication", &|rng| answer(Class::Indication, rng).finish()),
        ("TURN", &|rng| (0..rng.random_range(4..1_400)).map(|n| if n == 0 { 0x40 } else { rng.random() }).collect()),
        ("DTLS", &|rng| (0..rng.random_range(1..1_400)).map(|n| if n == 0 { 22 } else { rng.random() }).collect()),
    ];
    let mut rng = StdRng::seed_from_u64(5);
    for (what, make) in rows {
        for from in [&*far.rtp, &stranger] {
            for n in 0..PACKETS {
                from.send_to(&make(&mut rng), far.sound).expect("sent");
                if n % 10 == 9 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        assert!(far.hears_itself(), "{what}");
        assert!(!is_taken(&stranger), "{what}");
        let call = &wire.ask("status")["calls"][0];
        assert_eq!(
            (&call["state"], &call["media"]["ice"]["state"]),
            (&"connected".into(), &"connected".into()),
            "{what}: {call}"
        );
    }
    // Who knows the password may come from anywhere, and still takes nobody's place.
    stranger.send_to(&good(&mut rng), far.sound).expect("sent");
    assert!(until(|| is_taken(&stranger)));
    let crowd: Vec<UdpSocket> = (0..PACKETS).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a port")).collect();
    for socket in &crowd {
        socket.send_to(&good(&mut rng), far.sound).expect("sent");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(far.hears_itself(), "after a crowd");
    assert_eq!(wire.ask("hangup")["ok"], true);
}
