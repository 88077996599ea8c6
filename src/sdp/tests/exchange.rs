//! Our own offers, the answers to them, and what changes in the course of a call.

use super::super::protection::Unprotected;
use super::*;

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
        ("m=audio 5000 RTP/SAVP 0\n", NegotiationError::Protection(Unprotected::NoKey)),
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
    assert_eq!(
        phone.accept_answer(&say("recvonly")),
        Err(NegotiationError::NoOffer),
        "nor can it be answered any more"
    );

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
