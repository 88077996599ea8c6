//! What is said on connections: SIP beyond its grammar, streams, terminals, a bus, a broker.

use super::text;
use tuiphone::nat::turn;
use tuiphone::sip::auth::{Challenge, Info};
use tuiphone::sip::body::take_description;
use tuiphone::sip::framing::{Frame, StreamFramer};
use tuiphone::sip::header::{CSeq, MediaType, NameAddr, Via};
use tuiphone::sip::message::{self, HeaderName, Message};
use tuiphone::sip::refer::Progress;
use tuiphone::sip::uri::Uri;

/// Every header that is understood, and bodies in parts: what is read can be written, and is read again as it was.
pub fn headers(bytes: &[u8]) {
    let Ok(read) = message::parse(bytes) else { return };
    let headers = read.headers();
    for address in
        [headers.from(), headers.to(), headers.refer_to(), headers.referred_by()].into_iter().flatten().flatten()
    {
        same_address(&address);
    }
    let lists = [headers.record_routes(), headers.routes(), headers.service_routes()];
    lists.into_iter().flatten().flatten().for_each(|address| same_address(&address));
    headers.contacts().iter().flat_map(|contacts| contacts.list()).for_each(same_address);
    for via in headers.vias().into_iter().flatten() {
        let written = via.to_string();
        let again = Via::parse(written.as_bytes()).unwrap_or_else(|why| panic!("{why:?}: {written}"));
        assert_eq!(again.to_string(), written);
    }
    if let Ok(Some(cseq)) = headers.cseq() {
        assert_eq!(CSeq::parse(cseq.to_string().as_bytes()).map(|again| again.number), Ok(cseq.number));
    }
    let _ = (headers.replaces(), headers.rack(), headers.rseq(), headers.session_expires(), headers.min_se());
    let _ = (headers.event(), headers.subscription_state(), headers.content_length(), headers.retry_after());
    let _ = (headers.expires(), headers.min_expires(), headers.max_forwards(), headers.allows(), headers.reasons());
    for proxy in [false, true] {
        assert!(Challenge::list(headers, proxy).len() <= bytes.len());
        let _ = Info::read(headers, proxy);
    }
    let (mut changed, body) = (
        headers.clone(),
        match &read {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        },
    );
    let _ = Progress::parse(body);
    let mut description = body.clone();
    match take_description(&mut changed, &mut description) {
        Ok(()) => {
            let is_description = |media: MediaType| media.is("application", "sdp");
            assert!(
                description.is_empty() || changed.content_type().is_ok_and(|media| media.is_some_and(is_description))
            );
            assert!(description.len() <= body.len());
        }
        Err(_) => assert_eq!((&description, changed.len()), (body, headers.len()), "what is refused stays as it was"),
    }
    if let Message::Request(request) = &read
        && let Ok(uri) = Uri::parse(&request.uri)
    {
        let _ = uri.equivalent(&uri);
        let secured = uri.clone().secured().without_headers();
        let _ = (uri.user_decoded(), uri.header("Replaces"), secured.without_param("transport").as_str().len());
    }
    let _ = headers.all(&HeaderName::Via).count();
}

/// Quotes that a name no longer needs may go once; after that nothing changes.
fn same_address(address: &NameAddr) {
    let again = |written: &str| NameAddr::parse(written.as_bytes()).unwrap_or_else(|why| panic!("{why:?}: {written}"));
    let written = again(&address.to_string());
    assert_eq!((written.tag(), written.uri.as_str()), (address.tag(), address.uri.as_str()));
    let settled = written.to_string();
    assert_eq!(again(&settled).to_string(), settled);
}

/// Connections of SIP and of TURN, in pieces of any length: the same messages come of them as of the whole, none of them
/// longer than what came.
pub fn streams(bytes: &[u8]) {
    let frames = |pieces: usize| {
        let (mut framer, mut frames) = (StreamFramer::new(), Vec::new());
        for piece in bytes.chunks(pieces.max(1)) {
            framer.push(piece);
            while let Some(frame) = framer.next_frame() {
                let Ok(frame) = frame else { return frames };
                frames.push(frame);
            }
        }
        frames
    };
    let whole = frames(64 * 1024);
    let length = |frame: &Frame| if let Frame::Message(message) = frame { message.len() } else { 0 };
    assert!(whole.iter().map(length).sum::<usize>() <= bytes.len());
    let messages = |frames: Vec<Frame>| frames.into_iter().filter(|frame| length(frame) > 0).collect::<Vec<_>>();
    let piece = usize::from(bytes.first().copied().unwrap_or(1) % 16) + 1;
    assert_eq!(messages(frames(piece)), messages(whole));
    let (mut framer, mut sum) = (turn::Framer::default(), 0);
    framer.push(bytes);
    while let Ok(Some(frame)) = framer.next_frame() {
        assert!(!frame.is_empty(), "something");
        sum += frame.len();
    }
    assert!(sum <= bytes.len());
}

/// What a terminal sends, in pieces: nothing of an answer is taken for keys that would dial, and nothing piles up.
#[cfg(unix)]
pub fn terminal(bytes: &[u8]) {
    use std::time::{Duration, Instant};
    use tuiphone::ui::input::Decoder;
    #[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing waits on it")]
    let mut now = Instant::now();
    let mut decoder = Decoder::default();
    decoder.asked(now);
    let mut found = 0;
    for piece in bytes.split_inclusive(|byte| *byte == 0xff) {
        found += decoder.take(piece, now).len();
        now += Duration::from_millis(piece.len() as u64 % 256);
        if decoder.deadline().is_some_and(|deadline| deadline <= now) {
            found += decoder.wait_over(now).len();
        }
    }
    for _ in 0..4 {
        let Some(deadline) = decoder.deadline() else { break };
        now = now.max(deadline);
        found += decoder.wait_over(now).len();
    }
    assert!(found <= bytes.len(), "{found} of {} bytes", bytes.len());
}

/// Messages of D-Bus: as long as their beginning says, and those that are written are read as they were.
#[cfg(target_os = "linux")]
pub fn desktop(bytes: &[u8]) {
    use tuiphone::control::desktop::bus::places;
    use tuiphone::control::desktop::wire::{Kind, MOST_BYTES, Message};
    if let Ok(Some(length)) = Message::length(bytes) {
        assert!(length <= MOST_BYTES);
    }
    let _ = places(&text(bytes));
    let Ok(read) = Message::read(bytes) else { return };
    for signature in ["s", "u", "as", "susssasa{sv}i"] {
        let Ok(mut reader) = read.reader(signature) else { continue };
        let texts = if signature == "as" { reader.texts().map_or(0, |texts| texts.len()) } else { 0 };
        assert!(texts <= bytes.len() / 4 + 1);
        let _ = (reader.text().is_ok(), reader.number().is_ok(), reader.list(8).is_ok(), reader.byte().is_ok());
    }
    // The sender is said by the bus, a body goes with its order of bytes, and NUL ends a text.
    let is_plain = [&read.member, &read.path, &read.signature].iter().all(|text| !text.contains('\0'));
    if read.kind != Kind::Signal && read.body.is_empty() && is_plain {
        let again = Message::read(&read.bytes()).expect("what is written is read");
        assert_eq!((&again.member, &again.path, again.serial), (&read.member, &read.path, read.serial));
    }
}

/// A broker: whatever it says, in pieces; what is to be told it stays bounded.
#[cfg(feature = "mqtt")]
pub fn mqtt(bytes: &[u8]) {
    use std::time::{Duration, Instant};
    use tuiphone::config::{Broker, Secret};
    use tuiphone::engine::mqtt::session::{Heard, Session};
    let _ = Broker::parse(&text(bytes));
    let broker = Broker::parse("mqtt://phone@broker.invalid/desk").expect("a broker");
    #[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing waits on it")]
    let mut now = Instant::now();
    let mut session = Session::open(&broker, &Secret::new("secret"), true, "phone", now);
    let mut commands = 0;
    for piece in bytes.split_inclusive(|byte| *byte == 0xc3) {
        session.outgoing().clear();
        let Ok(heard) = session.hear(piece, now) else { return };
        commands += heard.iter().filter(|heard| matches!(heard, Heard::Command(_))).count();
        assert!(session.outgoing().len() <= 64 * (bytes.len() + 64), "{}", session.outgoing().len());
        now += Duration::from_secs(1);
        if session.tick(now).is_err() {
            return;
        }
    }
    assert!(commands <= bytes.len() / 2);
    session.farewell(now);
}
