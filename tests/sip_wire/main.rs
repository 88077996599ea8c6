//! The SIP wire from outside: nothing a stranger sends makes a reader panic or a printer change its mind.

mod oracle;
mod torture;
mod traffic;
mod values;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use tuiphone::sip::framing::{Frame, StreamFramer};
use tuiphone::sip::header::{NameAddr, Via};
use tuiphone::sip::message::{MAX_HEADERS, MAX_LINE, MAX_MESSAGE, Message, Problem, parse};
use tuiphone::sip::uri::Uri;
use tuiphone::sip::validate::{check_request, check_response};

const INVITE: &[u8] = b"INVITE sip:bob@[2001:db8::1]:5070;transport=tcp SIP/2.0\r\n\
    v: SIP / 2.0 / UDP a:5060;branch=z9hG4bK1;rport,\r\n SIP/2.0/TCP b\r\nf: \"A \\\"x\\\" <B>\" <sip:a%40@b>;tag=1\r\n\
    To: sip:b@c;tag=2\r\ni: 1@a\r\nCSeq: 0009 INVITE\r\nm: <sip:a@b;lr?x=y>;+sip.instance=\"<urn:uuid:1>\"\r\n\
    c: application/sdp\r\nl: 4\r\n\r\nv=0\n";
const RESPONSE: &[u8] =
    b"SIP/2.0 401 No\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\n\
    Call-ID: 1\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"a\\\"b\", nonce=\"n\", qop=\"auth,auth-int\"\r\n\
    Content-Length: 0\r\n\r\n";

fn config() -> Config {
    Config { cases: 512, rng_seed: RngSeed::Fixed(4475), failure_persistence: None, ..Config::default() }
}

/// Reads everything there is to read of a message; what was read prints to what reads the same.
fn read_all(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(message) = parse(bytes) else { return Ok(()) };
    let _ = match &message {
        Message::Request(request) => check_request(request).map_err(|(_, why)| why),
        Message::Response(response) => check_response(response),
    };
    let printed = message.to_bytes();
    // Printing spells out compact names, so a message at the limit may outgrow it.
    if printed.len() <= MAX_MESSAGE {
        let again = parse(&printed).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(again.to_bytes(), printed);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mutated_messages(which in any::<bool>(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..12)) {
        let mut bytes = if which { INVITE.to_vec() } else { RESPONSE.to_vec() };
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        read_all(&bytes)?;
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes)?;
        let _ = (NameAddr::parse(&bytes), Via::parse(&bytes), Uri::parse(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn a_stream_cut_anywhere(cuts in prop::collection::vec(1..200usize, 1..20)) {
        let mut stream = [INVITE, RESPONSE, b"\r\n\r\n", INVITE].concat();
        let (mut framer, mut got) = (StreamFramer::new(), Vec::new());
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let rest = stream.split_off(cut.min(stream.len()));
            framer.push(&stream);
            stream = rest;
            while let Some(frame) = framer.next_frame() {
                got.push(frame.map_err(|e| TestCaseError::fail(e.to_string()))?);
            }
        }
        let message = |bytes: &[u8]| Frame::Message(bytes.to_vec());
        prop_assert_eq!(got, [message(INVITE), message(RESPONSE), Frame::Ping, message(INVITE)]);
    }
}

#[test]
fn the_seeds_are_sound() {
    assert!(parse(INVITE).is_ok() && parse(RESPONSE).is_ok());
}

#[test]
fn limits_hold() {
    let start = "OPTIONS sip:a@b SIP/2.0\r\n";
    for (text, problem) in [
        (format!("{start}{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1)), Problem::TooManyHeaders),
        (format!("{start}X: {}\r\n\r\n", "y".repeat(MAX_LINE)), Problem::LineTooLong),
        (format!("{start}X: y\r\n{}\r\n", " zzzzzzz\r\n".repeat(MAX_LINE / 8)), Problem::LineTooLong),
        (format!("{start}\r\n{}", "y".repeat(MAX_MESSAGE)), Problem::TooLarge),
    ] {
        assert_eq!(parse(text.as_bytes()).map_err(|e| e.problem), Err(problem));
    }
    assert!(parse(format!("{start}{}\r\n", "X: y\r\n".repeat(MAX_HEADERS)).as_bytes()).is_ok());
}
