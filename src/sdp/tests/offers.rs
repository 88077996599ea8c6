//! Offers as peers write them, and the examples of RFC 3264 §10 and RFC 4317.

use super::super::protection::Unprotected;
use super::*;

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
    use NegotiationError::{Address, Codec, NoAudio, Protection};
    let (no_key, transport) = (Protection(Unprotected::NoKey), Protection(Unprotected::Transport));
    let rows = [
        ("nothing", HEAD.to_owned(), NoAudio),
        ("video only", format!("{HEAD}m=video 5000 RTP/AVP 99\n"), NoAudio),
        ("port 0", format!("{HEAD}m=audio 0 RTP/AVP 0\n"), NoAudio),
        ("SRTP only", format!("{HEAD}m=audio 5000 RTP/SAVP 0\n"), no_key),
        ("DTLS only", format!("{HEAD}m=audio 5000 UDP/TLS/RTP/SAVPF 0\n"), no_key),
        ("over TCP", format!("{HEAD}m=audio 5000 TCP/RTP/AVP 0\n"), transport),
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

//= RFC 3611 §5.2
#[test]
fn extended_reports_are_asked_for_and_promised_to_who_asks() {
    let asked = phone().offer(false);
    let ours = asked.media.first().and_then(|media| media.attribute("rtcp-xr"));
    let ours = ExtendedReports::parse(ours.unwrap_or_default());
    assert_eq!(ours, ExtendedReports { voip_metrics: true, statistics: false, receiver_rtt: true });
    // (the peer's attributes, of the session and of the line; what it asks for; whether our answer asks)
    let rows = [
        ("", "", [false; 3], false),
        ("", "a=rtcp-xr\n", [false; 3], true),
        ("", "a=rtcp-xr:voip-metrics\n", [true, false, false], true),
        ("a=rtcp-xr:STAT-SUMMARY=loss,dup rcvr-rtt=sender\n", "", [false, true, false], true),
        (
            "a=rtcp-xr:voip-metrics\n",
            "a=rtcp-xr:pkt-loss-rle=20 rcvr-rtt=all:1 voip-metricsx \u{e4}\n",
            [false, false, true],
            true,
        ),
    ];
    for (session, line, [voip_metrics, statistics, receiver_rtt], answered) in rows {
        let offer = format!("{HEAD}{session}m=audio 5000 RTP/AVP 0\n{line}");
        let (answer, agreed) = phone().answer(&read(&offer)).expect("answer");
        assert_eq!(
            agreed.extended_reports,
            ExtendedReports { voip_metrics, statistics, receiver_rtt },
            "{session}{line}"
        );
        assert_eq!(answer.media.first().is_some_and(|m| m.has_attribute("rtcp-xr")), answered, "{session}{line}");
    }
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
