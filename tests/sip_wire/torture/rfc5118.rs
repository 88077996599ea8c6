//! RFC 5118's messages, section by section: addresses of IPv6 wherever an address may stand.

use super::Then::Answers;
use super::{Row, bytes, to};
use crate::traffic::{contacts, uri, vias};

pub fn rows() -> Vec<Row> {
    vec![
        (
            "ipv6-good",
            "4.1",
            "fine",
            Answers("405 Method Not Allowed; Allow"),
            vec![
                (uri, "sip:[2001:db8::10]|-|[2001:db8::10]|fine"),
                (vias, "UDP [2001:db8::9:1] z9hG4bKas3-111"),
                (contacts, "sip:caller@[2001:db8::1]"),
            ],
        ),
        (
            "ipv6-bad",
            "4.2",
            "400 Request-URI: URI with a bad port",
            Answers("400 Request-URI: URI with a bad port"),
            vec![],
        ),
        (
            "port-ambiguous",
            "4.3",
            "fine",
            Answers("405 Method Not Allowed; Allow"),
            vec![(uri, "sip:[2001:db8::10:5070]|-|[2001:db8::10:5070]|fine")],
        ),
        (
            "port-unambiguous",
            "4.4",
            "fine",
            Answers("405 Method Not Allowed; Allow"),
            vec![(uri, "sip:[2001:db8::10]:5070|-|[2001:db8::10]:5070|fine")],
        ),
        (
            "via-received-param-with-delim",
            "4.5",
            "fine",
            Answers("481 Call/Transaction Does Not Exist"),
            vec![(vias, "UDP [2001:db8::9:1] z9hG4bKas3-111 from 2001:db8::9:255")],
        ),
        (
            "via-received-param-no-delim",
            "4.5",
            "fine",
            Answers("200 OK"),
            vec![(vias, "UDP [2001:db8::9:1] z9hG4bKas3 from 2001:db8::9:255")],
        ),
        (
            "ipv6-in-sdp",
            "4.6",
            "fine",
            Answers("488 the peer's audio has no address this phone can send to"),
            vec![(bytes, "251, 0 NUL")],
        ),
        (
            "mult-ip-in-header",
            "4.7",
            "fine",
            Answers("481 Call/Transaction Does Not Exist"),
            vec![(
                vias,
                "UDP [2001:db8::9:1]:6050 z9hG4bKas3-111, UDP 192.0.2.1 z9hG4bKjhja8781hjuaij65144, \
                 TCP [2001:db8::9:255] z9hG4bK451jj from 192.0.2.200",
            )],
        ),
        ("mult-ip-in-sdp", "4.8", "fine", Answers("180 Ringing"), vec![(bytes, "189, 0 NUL")]),
        (
            "ipv4-mapped-ipv6",
            "4.9",
            "fine",
            Answers("488 no codec in common with the peer"),
            vec![
                (vias, "UDP [::ffff:192.0.2.10]:19823 z9hG4bKbh19, UDP [::ffff:192.0.2.2] z9hG4bKas3-111"),
                (contacts, "sip:ted@[::ffff:192.0.2.2]"),
            ],
        ),
        (
            "ipv6-bug-abnf-3-colons",
            "4.10",
            "fine",
            Answers("200 OK"),
            vec![(uri, "sip:user@[2001:db8:::192.0.2.1]|user|[2001:db8::c000:201]|fine")],
        ),
        (
            "ipv6-correct-abnf-2-colons",
            "4.10",
            "fine",
            Answers("200 OK"),
            vec![
                (uri, "sip:user@[2001:db8::192.0.2.1]|user|[2001:db8::c000:201]|fine"),
                (to, "-|sip:user@[2001:db8::192.0.2.1]|-"),
            ],
        ),
    ]
}
