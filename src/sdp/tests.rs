//! Offers and answers as peers write them, and the examples of RFC 3264 §10 and RFC 4317.

use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

fn phone_with(ids: &[&str]) -> Negotiation {
    let codecs = ids.iter().filter_map(|id| Capability::from_microsip_id(id)).collect();
    let at = |port| SocketAddr::from(([192, 0, 2, 9], port));
    Negotiation::new(LocalMedia::new(at(4000), at(4001), codecs), &mut StdRng::seed_from_u64(7))
}

fn phone() -> Negotiation {
    phone_with(&["opus/48000/2", "PCMA/8000/1", "PCMU/8000/1", "G722/16000/1"])
}

const HEAD: &str = "v=0\no=- 1 1 IN IP4 203.0.113.5\ns=-\nc=IN IP4 203.0.113.5\nt=0 0\n";

fn read(text: &str) -> SessionDescription {
    parse(text.as_bytes()).expect("test description")
}

fn lines(description: &SessionDescription) -> Vec<String> {
    description.media.iter().map(|m| format!("{} {} {}", m.kind, m.port, m.formats.join(" "))).collect()
}

/// `(what, after HEAD or whole, answered m= lines, send, remote RTP, direction)`
#[test]
fn odd_offers_are_answered() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, Direction);
    let rows: &[Row] = &[
        ("plain", "m=audio 5000 RTP/AVP 0 8", "audio 4000 0 8", "PCMU/8000 0", "203.0.113.5:5000", SendRecv),
        ("offer's order", "m=audio 5000 RTP/AVP 8 0", "audio 4000 8 0", "PCMA/8000 8", "203.0.113.5:5000", SendRecv),
        (
            "no sense in fmtp",
            "m=audio 5000 RTP/AVP 0\na=fmtp:0\na=fmtp:\na=fmtp:x y",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "opus by another number",
            "m=audio 5000 RTP/AVP 111 0\na=rtpmap:111 OPUS/48000/2",
            "audio 4000 111 0",
            "OPUS/48000 111",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "opus mono is not opus",
            "m=audio 5000 RTP/AVP 111 0\na=rtpmap:111 opus/48000",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "dynamic without rtpmap",
            "m=audio 5000 RTP/AVP 97 8",
            "audio 4000 8",
            "PCMA/8000 8",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "dynamic PCMU",
            "m=audio 5000 RTP/AVP 96\na=rtpmap:96 pcmu/8000/1",
            "audio 4000 96",
            "pcmu/8000 96",
            "203.0.113.5:5000",
            SendRecv,
        ),
        ("G.722 at 8000", "m=audio 5000 RTP/AVP 9", "audio 4000 9", "G722/8000 9", "203.0.113.5:5000", SendRecv),
        (
            "events answered",
            "m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16",
            "audio 4000 0 101",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        ("number twice", "m=audio 5000 RTP/AVP 0 0 0 8", "audio 4000 0 8", "PCMU/8000 0", "203.0.113.5:5000", SendRecv),
        (
            "numbers out of range",
            "m=audio 5000 RTP/AVP 300 -1 x 128 8",
            "audio 4000 8",
            "PCMA/8000 8",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "video first",
            "m=video 6000 RTP/AVP 99\na=rtpmap:99 H264/90000\nm=audio 5000 RTP/AVP 0",
            "video 0 99|audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "fax beside",
            "m=audio 5000 RTP/AVP 0\nm=image 5004 udptl t38\na=T38FaxVersion:0",
            "audio 4000 0|image 0 t38",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "two audio lines",
            "m=audio 5000 RTP/AVP 0\nm=audio 5002 RTP/AVP 0",
            "audio 4000 0|audio 0 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "SRTP first, plain second",
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 X inline:y\nm=audio 5002 RTP/AVP 0",
            "audio 0 0|audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5002",
            SendRecv,
        ),
        (
            "disabled first",
            "m=audio 0 RTP/AVP 0\nm=audio 5002 RTP/AVP 0",
            "audio 0 0|audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5002",
            SendRecv,
        ),
        (
            "unknown codecs first",
            "m=audio 5000 RTP/AVP 18\nm=audio 5002 RTP/AVP 0",
            "audio 0 18|audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5002",
            SendRecv,
        ),
        (
            "AVPF",
            "m=audio 5000 RTP/AVPF 0\na=rtcp-fb:* nack",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "bundle",
            "a=group:BUNDLE 0 1\nm=audio 5000 RTP/AVP 0\na=mid:0\nm=video 0 RTP/AVP 99\na=bundle-only\na=mid:1",
            "audio 4000 0|video 0 99",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        ("sendonly", "m=audio 5000 RTP/AVP 0\na=sendonly", "audio 4000 0", "PCMU/8000 0", "203.0.113.5:5000", RecvOnly),
        ("recvonly", "m=audio 5000 RTP/AVP 0\na=recvonly", "audio 4000 0", "PCMU/8000 0", "203.0.113.5:5000", SendOnly),
        ("inactive", "m=audio 5000 RTP/AVP 0\na=inactive", "audio 4000 0", "PCMU/8000 0", "203.0.113.5:5000", Inactive),
        (
            "session direction",
            "a=sendonly\nm=audio 5000 RTP/AVP 0",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            RecvOnly,
        ),
        (
            "own direction wins",
            "a=sendonly\nm=audio 5000 RTP/AVP 0\na=sendrecv",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        ("hold of RFC 2543", "m=audio 5000 RTP/AVP 0\nc=IN IP4 0.0.0.0", "audio 4000 0", "PCMU/8000 0", "-", RecvOnly),
        (
            "own address",
            "m=audio 5000 RTP/AVP 0\nc=IN IP4 203.0.113.77",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.77:5000",
            SendRecv,
        ),
        (
            "address after attributes",
            "m=audio 5000 RTP/AVP 0\na=ptime:20\nc=IN IP4 203.0.113.77",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.77:5000",
            SendRecv,
        ),
        (
            "several addresses",
            "m=audio 5000 RTP/AVP 0\nc=IN IP4 203.0.113.77/127\nc=IN IP4 203.0.113.78",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.77:5000",
            SendRecv,
        ),
        ("port pairs", "m=audio 5000/2 RTP/AVP 0", "audio 4000 0", "PCMU/8000 0", "203.0.113.5:5000", SendRecv),
        (
            "mapped address",
            "m=audio 5000 RTP/AVP 0\nc=IN IP6 ::ffff:203.0.113.6",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.6:5000",
            SendRecv,
        ),
        (
            "spaces and case",
            " m = AUDIO  5000   rtp/avp 0 \nA=sendonly",
            "AUDIO 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "unknown lines",
            "z=0 0\nk=prompt\nb=AS:64\nhello\n=\nm=audio 5000 RTP/AVP 0\nx=y",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
        (
            "ICE left alone",
            "a=ice-ufrag:x\nm=audio 5000 RTP/AVP 0\na=candidate:1 1 UDP 1 10.0.0.1 9 typ host",
            "audio 4000 0",
            "PCMU/8000 0",
            "203.0.113.5:5000",
            SendRecv,
        ),
    ];
    for (what, body, answered, send, remote, direction) in rows {
        let (answer, agreed) =
            phone().answer(&read(&format!("{HEAD}{body}\n"))).unwrap_or_else(|e| panic!("{what}: {e}"));
        let answered = answered.replacen("AUDIO", "audio", 1);
        assert_eq!(lines(&answer).join("|"), answered, "{what}");
        let Format { encoding, clock_rate, payload_type, .. } = &agreed.send;
        assert_eq!(format!("{encoding}/{clock_rate} {payload_type}"), *send, "{what}");
        assert_eq!(agreed.remote_rtp.map_or("-".into(), |a| a.to_string()), *remote, "{what}");
        assert_eq!(agreed.direction, *direction, "{what}");
        assert_eq!(parse(&answer.to_bytes()), Ok(answer), "{what}: what we print is what we read");
    }
}

#[test]
fn unusable_offers_are_refused() {
    use NegotiationError::{Address, Codec, NoAudio, Transport};
    let rows = [
        ("nothing", HEAD.to_owned(), NoAudio),
        ("video only", format!("{HEAD}m=video 5000 RTP/AVP 99\n"), NoAudio),
        ("port 0", format!("{HEAD}m=audio 0 RTP/AVP 0\n"), NoAudio),
        ("SRTP only", format!("{HEAD}m=audio 5000 RTP/SAVP 0\n"), Transport),
        ("DTLS only", format!("{HEAD}m=audio 5000 UDP/TLS/RTP/SAVPF 0\n"), Transport),
        ("no codec", format!("{HEAD}m=audio 5000 RTP/AVP 18 4\n"), Codec),
        ("events alone", format!("{HEAD}m=audio 5000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n"), Codec),
        ("no formats", format!("{HEAD}m=audio 5000 RTP/AVP\n"), Codec),
        ("no address", "v=0\nm=audio 5000 RTP/AVP 0\n".into(), Address),
        ("host name", "v=0\nc=IN IP4 media.example\nm=audio 5000 RTP/AVP 0\n".into(), Address),
        ("multicast", format!("{HEAD}m=audio 5000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\n"), Address),
        ("other family", format!("{HEAD}m=audio 5000 RTP/AVP 0\nc=IN IP6 2001:db8::1\n"), Address),
    ];
    for (what, offer, error) in rows {
        let mut phone = phone();
        assert_eq!(phone.answer(&read(&offer)).map(|_| ()), Err(error), "{what}");
        assert_eq!(error.status_code(), 488);
        assert!(phone.agreed().is_none(), "{what}");
    }
}

#[test]
fn unreadable_descriptions_are_errors() {
    let many = |n: usize| format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(n));
    let formats = |n: usize| format!("v=0\nm=audio 1 RTP/AVP{}\n", " 0".repeat(n));
    let rows = [
        (String::new(), Err(SdpError::NotSdp)),
        ("<html>".into(), Err(SdpError::NotSdp)),
        ("v=0\nm=audio\n".into(), Err(SdpError::BadMedia(1))),
        ("v=0\nm=audio x RTP/AVP 0\n".into(), Err(SdpError::BadMedia(1))),
        ("v=0\nm=audio 65536 RTP/AVP 0\n".into(), Err(SdpError::BadMedia(1))),
        (many(32), Ok(32)),
        (many(33), Err(SdpError::TooManyMedia)),
        (formats(128), Ok(1)),
        (formats(129), Err(SdpError::TooManyFormats(1))),
        ("v".repeat(MAX_BYTES + 1), Err(SdpError::TooLong(MAX_BYTES + 1))),
        ("v=0\r\no=a b 99999999999999999999999999 1 IN IP4 h\r\n".into(), Ok(0)),
    ];
    for (text, expected) in rows {
        assert_eq!(parse(text.as_bytes()).map(|d| d.media.len()), expected, "{:.40}", text);
    }
}

#[test]
fn offer_names_our_formats_once_and_keeps_its_version() {
    let mut phone = phone();
    let offer = phone.offer(false);
    assert_eq!(lines(&offer), ["audio 4000 96 8 0 9 101 97"]);
    let text = offer.to_string();
    for line in [
        "o=- ",
        "a=rtpmap:96 opus/48000/2\r\n",
        "a=fmtp:96 useinbandfec=1\r\n",
        "a=rtpmap:101 telephone-event/8000\r\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.contains("a=rtpmap:97 telephone-event/48000\r\n") && text.contains("a=ptime:20\r\n"));
    assert_eq!(phone.offer(false), offer, "the same again is the same version");
}

#[test]
fn answers_settle_by_both_sides_numbers() {
    let mut phone = phone();
    phone.offer(false);
    let answer = format!(
        "{HEAD}m=audio 7000 RTP/AVP 107 110 0\na=rtpmap:107 opus/48000/2\na=fmtp:107 stereo=1;useinbandfec=1\n\
         a=rtpmap:110 telephone-event/48000\na=ptime:60\na=maxptime:40\na=rtcp:7011\n"
    );
    let agreed = phone.accept_answer(&read(&answer)).expect("agreed");
    assert_eq!((agreed.send.payload_type, agreed.send.fmtp.as_deref()), (107, Some("stereo=1;useinbandfec=1")));
    assert_eq!(agreed.receive.iter().map(|f| f.payload_type).collect::<Vec<_>>(), [96, 0, 8, 9]);
    assert_eq!(agreed.telephone_event_send, Some((110, 48_000)));
    assert_eq!(agreed.telephone_event_receive, [(101, 8_000), (97, 48_000)]);
    assert_eq!(agreed.ptime, Duration::from_millis(40));
    assert_eq!(agreed.remote_rtcp, Some(SocketAddr::from(([203, 0, 113, 5], 7011))));
}

#[test]
fn refused_and_unasked_answers() {
    assert_eq!(phone().accept_answer(&read(HEAD)), Err(NegotiationError::NoOffer));
    let rows = [
        ("m=audio 0 RTP/AVP 0\n", NegotiationError::Refused),
        ("m=audio 5000 RTP/AVP 18\n", NegotiationError::Codec),
        ("", NegotiationError::NoAudio),
        ("m=audio 5000 RTP/SAVP 0\n", NegotiationError::Transport),
    ];
    for (body, error) in rows {
        let mut phone = phone();
        phone.offer(false);
        assert_eq!(phone.accept_answer(&read(&format!("{HEAD}{body}"))), Err(error));
    }
}

#[test]
fn hold_and_resume_from_both_sides() {
    let say = |direction: &str| read(&format!("{HEAD}m=audio 5000 RTP/AVP 0\na={direction}\n"));
    let shown = |d: &SessionDescription| d.media.first().map(|m| d.direction_of(m)).unwrap_or_default();
    let mut phone = phone();
    phone.offer(false);
    assert!(phone.accept_answer(&say("sendrecv")).is_ok());

    assert_eq!(shown(&phone.offer(true)), Direction::SendOnly);
    phone.abandon_offer();
    assert!(!phone.held(), "a refused hold does not hold");

    phone.offer(true);
    // A peer that answers sendrecv to sendonly is held all the same.
    assert_eq!(phone.accept_answer(&say("sendrecv")).map(|a| a.direction), Ok(Direction::SendOnly));
    assert!(phone.held() && !phone.held_by_peer());

    let (answer, _) = phone.answer(&say("sendonly")).expect("answer");
    assert_eq!(shown(&answer), Direction::Inactive);
    assert!(phone.held_by_peer());
    assert_eq!(shown(&phone.offer(true)), Direction::Inactive);
    assert!(phone.accept_answer(&say("inactive")).is_ok());

    assert_eq!(shown(&phone.offer(false)), Direction::SendRecv);
    assert_eq!(phone.accept_answer(&say("sendonly")).map(|a| a.direction), Ok(Direction::RecvOnly));
    let (answer, _) = phone.answer(&say("sendrecv")).expect("answer");
    assert_eq!(shown(&answer), Direction::SendRecv);
    assert!(!phone.held() && !phone.held_by_peer());
}

#[test]
fn version_grows_by_one_with_each_change() {
    let mut phone = phone();
    let version = |d: &SessionDescription| d.origin.as_ref().map(|o| o.session_version.clone()).unwrap_or_default();
    assert_eq!(version(&phone.offer(false)), "1");
    assert_eq!(version(&phone.offer(true)), "2");
    assert_eq!(version(&phone.offer(true)), "2");
    assert_eq!(version(&phone.offer(false)), "3");
}

#[test]
fn later_offers_keep_every_media_line() {
    let mut phone = phone();
    let offer = format!("{HEAD}m=video 6000 RTP/AVP 99\nm=audio 5000 RTP/AVP 0\nm=image 6004 udptl t38\n");
    assert!(phone.answer(&read(&offer)).is_ok());
    assert_eq!(lines(&phone.offer(true)), ["video 0 99", "audio 4000 96 8 0 9 101 97", "image 0 t38"]);
}

#[test]
fn port_zero_in_a_later_offer_pauses() {
    let mut phone = phone();
    assert!(phone.answer(&read(&format!("{HEAD}m=audio 5000 RTP/AVP 0\n"))).is_ok());
    let (answer, agreed) = phone.answer(&read(&format!("{HEAD}m=audio 0 RTP/AVP 0\n"))).expect("answer");
    assert_eq!(lines(&answer), ["audio 0 0"]);
    assert_eq!((agreed.remote_rtp, agreed.direction), (None, Direction::Inactive));
    assert!(phone.answer(&read(&format!("{HEAD}m=audio 5000 RTP/AVP 0\n"))).is_ok_and(|(_, a)| a.remote_rtp.is_some()));
}

#[test]
fn our_order_when_asked() {
    let mut phone = phone();
    phone.set_local(LocalMedia { order: Order::Ours, ..phone.local().clone() });
    let (answer, agreed) = phone.answer(&read(&format!("{HEAD}m=audio 5000 RTP/AVP 0 8\n"))).expect("answer");
    assert_eq!((lines(&answer), agreed.send.payload_type), (vec!["audio 4000 8 0".to_owned()], 8));
}

#[test]
fn rtcp_on_the_same_port_when_offered() {
    let offer = format!("{HEAD}m=audio 5000 RTP/AVP 0\na=rtcp-mux\n");
    let (answer, agreed) = phone().answer(&read(&offer)).expect("answer");
    assert!(answer.media.first().is_some_and(|m| m.has_attribute("rtcp-mux")));
    assert_eq!((agreed.rtcp_mux, agreed.remote_rtcp), (true, agreed.remote_rtp));
}

//= RFC 3264 §10.1
#[test]
fn rfc_3264_example() {
    let offer = "v=0\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\ns=\nc=IN IP4 192.0.2.1\nt=0 0\n\
                 m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 51372 RTP/AVP 31\na=rtpmap:31 H261/90000\n\
                 m=video 53000 RTP/AVP 32\na=rtpmap:32 MPV/90000\n";
    let (answer, agreed) = phone().answer(&read(offer)).expect("answer");
    assert_eq!(lines(&answer), ["audio 4000 0", "video 0 31", "video 0 32"]);
    assert_eq!(agreed.remote_rtp, Some(SocketAddr::from(([192, 0, 2, 1], 49170))));
}

//= RFC 4317 §2.1, §2.4, §3.1
#[test]
fn rfc_4317_examples() {
    let head = "v=0\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\ns=\nc=IN IP4 192.0.2.1\nt=0 0\n";
    let audio = "m=audio 49170 RTP/AVP 0 8 97\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:97 iLBC/8000\n";
    let video = "m=video 51372 RTP/AVP 31 32\na=rtpmap:31 H261/90000\na=rtpmap:32 MPV/90000\n";
    let (answer, _) = phone_with(&["PCMU/8000/1"]).answer(&read(&format!("{head}{audio}{video}"))).expect("answer");
    assert_eq!(lines(&answer), ["audio 4000 0", "video 0 31 32"]);

    let two =
        "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=audio 49172 RTP/AVP 97\na=rtpmap:97 telephone-event/8000\n";
    let (answer, _) = phone().answer(&read(&format!("{head}{two}"))).expect("answer");
    assert_eq!(lines(&answer), ["audio 4000 0", "audio 0 97"]);

    let (answer, agreed) = phone_with(&["iLBC/8000/1"]).answer(&read(&format!("{head}{audio}"))).expect("answer");
    assert_eq!((lines(&answer), agreed.send.payload_type), (vec!["audio 4000 97".to_owned()], 97));
    // §3.1: hold and unhold keep the codec.
    let mut phone = phone();
    assert!(phone.answer(&read(&format!("{head}{audio}"))).is_ok());
    let (_, held) = phone.answer(&read(&format!("{head}{audio}a=sendonly\n"))).expect("answer");
    assert_eq!((held.direction, held.send.payload_type), (Direction::RecvOnly, 0));
}

#[test]
fn microsip_ids() {
    let rows = [
        ("opus/48000/2", Some(("opus", 48_000, 2))),
        ("OPUS/48000", Some(("opus", 48_000, 2))),
        ("G722/16000/1", Some(("G722", 8_000, 1))),
        ("G7221/32000/1", Some(("G7221", 32_000, 1))),
        ("L16/44100/2", Some(("L16", 44_100, 2))),
        ("", None),
        ("é", None),
        ("PCMU/8000/1/1", None),
    ];
    for (id, expected) in rows {
        let found = Capability::from_microsip_id(id);
        assert_eq!(found.as_ref().map(|c| (c.encoding.as_str(), c.clock_rate, c.channels)), expected, "{id}");
    }
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

/// What baresip 1.0 writes, with Opus in stereo, events at 8000 only and attributes nobody else knows.
#[test]
fn an_offer_of_baresip() {
    let offer = "v=0\r\no=- 2439296532 1710782749 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
                 a=tool:baresip 1.0.0\r\nm=audio 36750 RTP/AVP 0 8 96 101\r\na=rtpmap:0 PCMU/8000\r\n\
                 a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=1;sprop-stereo=1\r\n\
                 a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\na=label:1\r\na=rtcp-rsize\r\n\
                 a=ssrc:1471091663 cname:sip:bob@127.0.0.1\r\na=minptime:20\r\na=ptime:20\r\n";
    let mut phone = phone();
    phone.set_local(LocalMedia { order: Order::Ours, ..phone.local().clone() });
    let (answer, agreed) = phone.answer(&read(offer)).expect("answer");
    assert_eq!(lines(&answer), ["audio 4000 96 8 0 101"]);
    assert_eq!(agreed.send.fmtp.as_deref(), Some("stereo=1;sprop-stereo=1"));
    assert_eq!(agreed.telephone_event_send, Some((101, 8_000)), "the wrong clock is better than no digits");
}

/// What baresip 1.0 answered to our offer.
#[test]
fn an_answer_of_baresip() {
    let answer = "v=0\r\no=- 4215304679 1642952428 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
                  a=tool:baresip 1.0.0\r\nm=audio 35924 RTP/AVP 96 8 0 101\r\na=rtpmap:96 opus/48000/2\r\n\
                  a=fmtp:96 stereo=1;sprop-stereo=1\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
                  a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\na=label:1\r\na=minptime:20\r\n\
                  a=ptime:20\r\n";
    let mut phone = phone();
    phone.offer(false);
    let agreed = phone.accept_answer(&read(answer)).expect("agreed");
    assert_eq!((agreed.send.encoding.as_str(), agreed.send.payload_type), ("opus", 96));
    assert_eq!(agreed.remote_rtcp, Some(SocketAddr::from(([192, 0, 2, 2], 35925))));
    assert_eq!(agreed.telephone_event_send, Some((101, 8_000)));
    assert_eq!((agreed.direction, agreed.ptime), (Direction::SendRecv, Duration::from_millis(20)));
}
