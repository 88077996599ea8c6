//! URIs and header values one by one: the standard's own examples of sameness, and odd but lawful forms.

use tuiphone::sip::header::{CSeq, MediaType, NameAddr, RAck, Replaces, SessionExpires, ValueError, Via};
use tuiphone::sip::uri::{Uri, UriError};

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

//= RFC 3261 §19.1.4
#[test]
fn which_uris_are_the_same() {
    for (same, one, other) in [
        (true, "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        (true, "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (true, "sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (true, "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            true,
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            true,
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        (false, "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        (false, "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        (false, "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (false, "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        (false, "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        (false, "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (false, "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        // The rules in words, where they have no example.
        (false, "sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        (false, "sip:biloxi.com", "sip:bob@biloxi.com"),
        (false, "sip:bob@biloxi.com", "sip:bob:pw@biloxi.com"),
        (false, "sip:bob:pw@biloxi.com", "sip:bob:PW@biloxi.com"),
        (false, "sip:bob@biloxi.com;user=phone", "sip:bob@biloxi.com"),
        (false, "sip:bob@biloxi.com;ttl=1", "sip:bob@biloxi.com"),
        (false, "sip:bob@biloxi.com;method=INVITE", "sip:bob@biloxi.com"),
        (false, "sip:bob@biloxi.com;maddr=192.0.2.1", "sip:bob@biloxi.com"),
        (true, "sip:bob@biloxi.com;lr", "sip:bob@biloxi.com"),
        (true, "sip:bob@[2001:db8::1]", "sip:bob@[2001:DB8:0:0::1]"),
        (true, "SIP:bob@biloxi.com", "sip:bob@biloxi.com"),
        (true, "sip:a%3b@biloxi.com", "sip:a%3B@biloxi.com"),
        (true, "tel:+1", "tel:+1"),
        (false, "tel:+1", "sip:+1@biloxi.com"),
    ] {
        assert_eq!(uri(one).equivalent(&uri(other)), same, "{one} {other}");
        assert_eq!(uri(other).equivalent(&uri(one)), same, "{other} {one}");
        assert!(uri(one).equivalent(&uri(one)), "{one}");
    }
}

#[test]
fn the_parts_of_a_uri() {
    for (text, user, host, port, transport, headers) in [
        ("sip:a.b", None, Some("a.b"), None, None, None),
        ("sips:u@a.b:5061", Some("u"), Some("a.b"), Some(5061), None, None),
        ("sip:u:p@a;transport=tls?x=y", Some("u"), Some("a"), None, Some("tls"), Some("x=y")),
        ("sip:u?v@a", Some("u?v"), Some("a"), None, None, None),
        ("sip:u;x=y@a;TRANSPORT=TCP", Some("u;x=y"), Some("a"), None, Some("TCP"), None),
        ("sip:a;x=b@c", Some("a;x=b"), Some("c"), None, None, None),
        ("sip:u@a@b", Some("u@a"), Some("b"), None, None, None),
        ("sip:u@a?to=sip:x@y", Some("u"), Some("a"), None, None, Some("to=sip:x@y")),
        ("sip:[2001:db8::1]:5070;lr", None, Some("[2001:db8::1]"), Some(5070), None, None),
        ("sip:u@[fe80::1%25eth0]", Some("u"), Some("[fe80::1]"), None, None, None),
        ("sip:u@a:65535", Some("u"), Some("a"), Some(65535), None, None),
        ("tel:+49-30;ext=1", Some("+49-30"), None, None, None, None),
        ("urn:service:sos", None, None, None, None, None),
    ] {
        let read = uri(text);
        assert_eq!(read.to_string(), text, "verbatim");
        let host_text = read.host().map(|host| host.to_string());
        assert_eq!((read.user(), host_text.as_deref(), read.port()), (user, host, port), "{text}");
        assert_eq!((read.transport(), read.headers()), (transport, headers), "{text}");
    }
}

#[test]
fn what_is_no_uri() {
    for (text, error) in [
        ("", UriError::Empty),
        ("bob", UriError::Scheme),
        (":bob", UriError::Scheme),
        ("1sip:bob@a", UriError::Scheme),
        ("sip:bob@a b", UriError::Character(' ')),
        ("sip:bob@a\r\nVia: x", UriError::Character('\r')),
        ("sip:bob@a>", UriError::Character('>')),
        ("sip:", UriError::Host),
        ("sip:bob@", UriError::Host),
        ("sip:bob@a/b", UriError::Host),
        ("sip:bob@[::1", UriError::Host),
        ("sip:bob@[::1]x", UriError::Host),
        ("sip:bob@a:", UriError::Port),
        ("sip:bob@a:65536", UriError::Port),
        ("sip:bob@a:-1", UriError::Port),
        ("sip:bob@a:5060x", UriError::Port),
    ] {
        assert_eq!(Uri::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn addresses_are_read_and_printed() {
    for (text, printed) in [
        ("<sip:a@b>", "<sip:a@b>"),
        ("sip:a@b", "<sip:a@b>"),
        ("sip:a@b;tag=1;x", "<sip:a@b>;tag=1;x"),
        ("  A  <sip:a@b>", "A <sip:a@b>"),
        ("\"A\"<sip:a@b>", "A <sip:a@b>"),
        ("\"A, B\" <sip:a@b>", "\"A, B\" <sip:a@b>"),
        (r#""\"" <sip:a@b>"#, r#""\"" <sip:a@b>"#),
        ("<sip:a@b;x=y?c=d>;e=\"f;g\"", "<sip:a@b;x=y?c=d>;e=\"f;g\""),
        ("< sip:a@b >", "<sip:a@b>"),
        ("<sip:a@b>;;tag=1;", "<sip:a@b>;tag=1"),
    ] {
        let read = NameAddr::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(read.to_string(), printed, "{text}");
        assert_eq!(NameAddr::parse(printed.as_bytes()), Ok(read), "{text}");
    }
    for (text, error) in [
        ("", ValueError::Empty),
        ("\"A <sip:a@b>", ValueError::Quote),
        ("\"A\" sip:a@b", ValueError::Bracket),
        ("<sip:a@b", ValueError::Bracket),
        ("<sip:a@b> x", ValueError::Trailing),
        ("sip:a@b?c=d", ValueError::Bracket),
        ("sip:a@b,sip:c@d", ValueError::Bracket),
        ("<>", ValueError::Uri(UriError::Empty)),
        ("<sip:a@b>;=1", ValueError::Parameter),
        ("<sip:a@b>;t g=1", ValueError::Parameter),
    ] {
        assert_eq!(NameAddr::parse(text.as_bytes()), Err(error), "{text}");
    }
}

#[test]
fn vias_are_read_and_printed() {
    for (text, printed, rport, received) in [
        ("SIP/2.0/UDP a", "SIP/2.0/UDP a", None, None),
        ("sip/2.0/udp a:5060;rport", "SIP/2.0/udp a:5060;rport", Some(None), None),
        (
            "SIP/2.0/UDP a;rport=1;received=192.0.2.1",
            "SIP/2.0/UDP a;rport=1;received=192.0.2.1",
            Some(Some(1)),
            Some("192.0.2.1"),
        ),
        ("SIP/2.0/UDP a;received=[::1]", "SIP/2.0/UDP a;received=[::1]", None, Some("::1")),
        ("SIP/2.0/UDP a;rport=99999;received=nobody", "SIP/2.0/UDP a;rport=99999;received=nobody", Some(None), None),
        ("SIP /2.0/\tTLS  [::1] :5061 ;branch=z", "SIP/2.0/TLS [::1]:5061;branch=z", None, None),
        ("SIP/7.0/UDP a", "SIP/7.0/UDP a", None, None),
        ("SIP/2.0/UDP host_1.a.;x=\"a,b\"", "SIP/2.0/UDP host_1.a.;x=\"a,b\"", None, None),
    ] {
        let via = Via::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((via.to_string().as_str(), via.rport()), (printed, rport), "{text}");
        assert_eq!(via.received().map(|ip| ip.to_string()).as_deref(), received, "{text}");
    }
    for (text, error) in [
        ("", ValueError::Via),
        ("SIP/2.0 a", ValueError::Via),
        ("SIP/2.0/UDP", ValueError::Via),
        ("SIP//UDP a", ValueError::Via),
        ("HTTP/2.0/UDP a", ValueError::Via),
        ("SIP/2.0/U(P a", ValueError::Via),
        ("SIP/2.0/UDP ;branch=z", ValueError::Via),
        ("SIP/2.0/UDP a b", ValueError::Uri(UriError::Host)),
        ("SIP/2.0/UDP a:b", ValueError::Uri(UriError::Port)),
    ] {
        assert_eq!(Via::parse(text.as_bytes()), Err(error), "{text}");
    }
    let cookie =
        |branch: &str| Via::parse(format!("SIP/2.0/UDP a;branch={branch}").as_bytes()).unwrap().has_magic_cookie();
    assert_eq!(
        ["z9hG4bK1", "Z9HG4BK1", "z9hG4bK", "z9hG4b", "1", "é"].map(cookie),
        [true, true, false, false, false, false]
    );
}

#[test]
fn small_values_keep_to_their_bounds() {
    let cseq = |text: &str| CSeq::parse(text.as_bytes()).map(|c| c.to_string());
    assert_eq!(cseq("2147483647 INVITE").as_deref(), Ok("2147483647 INVITE"));
    //= RFC 3261 §8.1.1.5: less than 2^31
    assert_eq!(cseq("2147483648 INVITE"), Err(ValueError::Number));
    for text in ["1", "INVITE", "1 INVITE x", "1 IN@VITE", ""] {
        assert_eq!(cseq(text), Err(ValueError::CSeq), "{text}");
    }
    for text in ["-1 INVITE", "+1 INVITE", "0x1 INVITE", "99999999999999999999999 INVITE"] {
        assert_eq!(cseq(text), Err(ValueError::Number), "{text}");
    }
    assert_eq!(RAck::parse(b"4294967295 7 INVITE").map(|r| (r.rseq, r.cseq.number)), Ok((u32::MAX, 7)));
    assert_eq!(RAck::parse(b"4294967296 7 INVITE"), Err(ValueError::Number));
    assert_eq!(RAck::parse(b"7 INVITE"), Err(ValueError::CSeq));
    let session = |text: &str| SessionExpires::parse(text.as_bytes()).map(|s| s.to_string());
    assert_eq!(session("1800 ; Refresher = UAS ; x").as_deref(), Ok("1800;refresher=uas"));
    assert_eq!(session("99999999999;refresher=me").as_deref(), Ok("4294967295"));
    assert_eq!(session("soon"), Err(ValueError::Number));
    let media = |text: &str| MediaType::parse(text.as_bytes()).map(|m| m.is("application", "sdp"));
    assert_eq!(media("Application / SDP ; charset=\"x;y\""), Ok(true));
    assert_eq!([media("sdp"), media("/sdp"), media("a b/c")], [const { Err(ValueError::MediaType) }; 3]);
    let replaces = |text: &str| Replaces::parse(text.as_bytes()).map(|r| r.to_string());
    let full = "x@y;to-tag=a;from-tag=b;early-only";
    assert_eq!(replaces("x@y;early-only;FROM-TAG=b;to-tag=a").as_deref(), Ok(full));
    for text in ["x@y;to-tag=a", "x@y;to-tag=a;to-tag=a;from-tag=b", "x@y;to-tag;from-tag=b"] {
        assert_eq!(replaces(text), Err(ValueError::Parameter), "{text}");
    }
}
