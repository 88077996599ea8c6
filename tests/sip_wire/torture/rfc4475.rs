//! RFC 4475's messages, section by section. Where it leaves a choice, the reader is liberal and the phone polite.

use super::Then::{Answers, IsSilent};
use super::{Row, bytes, contact_parts, cseq, decoded, max_forwards, raw, to};
use crate::traffic::{contacts, from, reason, uri, vias};
use tuiphone::sip::message::HeaderName;

/// Why nothing is ever sent because of a response that came unasked.
const UNASKED: &str = "RFC 3261 §17.1.3: it answers no request of ours";
const NOT_ALLOWED: &str = "405 Method Not Allowed; Allow";

pub fn rows() -> Vec<Row> {
    let mut rows = valid();
    rows.extend(invalid());
    rows.extend(beyond_syntax());
    rows
}

/// §3.1.1: valid messages, and §3.2: transaction layer semantics.
fn valid() -> Vec<Row> {
    vec![
        (
            "wsinv",
            "3.1.1.1",
            "fine",
            // RFC 3261 §12.2.2: its To has a tag, of a dialog nobody here knows.
            Answers("481 Call/Transaction Does Not Exist"),
            vec![
                (to, "-|sip:vivekg@chair-dnrc.example.com|1918181833n"),
                (from, r#"J Rosenberg \"|sip:jdrosen@example.com|98asjd8"#),
                (cseq, "9 INVITE"),
                (max_forwards, "68"),
                (
                    vias,
                    "UDP 192.0.2.2 390skdjuw, TCP spindle.example.com z9hG4bK9ikj8, UDP 192.168.255.111 z9hG4bK30239",
                ),
                (contact_parts, r#"Quoted string ""|sip:jdrosen@example.com|;newparam=newvalue;secondparam;q=0.33"#),
                (uri, "sip:vivekg@chair-dnrc.example.com;unknownparam|vivekg|chair-dnrc.example.com|fine"),
                (|m| raw(m, "Subject"), ""),
                (|m| raw(m, "NewFangledHeader"), "newfangled value continued newfangled value"),
                (|m| raw(m, "UnknownHeaderWithUnusualValue"), ";;,,;;,;"),
                (bytes, "150, 0 NUL"),
            ],
        ),
        (
            "intmeth",
            "3.1.1.2",
            "fine",
            Answers("501 Not Implemented; Allow"),
            vec![
                (cseq, "139122385 !interesting-Method0123456789_*+`.%indeed'~"),
                (to, "BEL:\u{7} NUL:\0 DEL:\u{7f}|sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com|-"),
                (from, "token1~` token2'+_ token3*%!.-|sip:mundane@example.com|_token~1'+`*%!-."),
                (vias, "TCP host1.example.com z9hG4bK-.!%66*_+`'~"),
                (|m| raw(m, "Call-ID"), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#),
                (|m| raw(m, "extensionHeader-!.%*+_`'~"), "\u{feff}大停電"),
            ],
        ),
        (
            "esc01",
            "3.1.1.3",
            "fine",
            Answers("180 Ringing"),
            vec![
                (uri, "sip:sips%3Auser%40example.com@example.net|sips%3Auser%40example.com|example.net|fine"),
                (|m| decoded(m.headers().to()), "user"),
                (|m| decoded(m.headers().from()), "I have spaces"),
                (contacts, "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"),
                (|m| super::contact_param(m, "lr"), ""),
                (|m| super::contact_param(m, "name"), "value%41"),
            ],
        ),
        (
            "escnull",
            "3.1.1.4",
            "fine",
            Answers(NOT_ALLOWED),
            vec![
                (|m| decoded(m.headers().to()), "null-\0-null"),
                (contacts, "sip:%00@host5.example.com, sip:%00%00@host5.example.com"),
            ],
        ),
        (
            "esc02",
            "3.1.1.5",
            "fine",
            Answers("501 Not Implemented; Allow"),
            vec![
                (cseq, "29344 RE%47IST%45R"),
                (from, "%Z%45|sip:resource@example.com|f232jadfj23"),
                (contacts, "sip:alias1@host1.example.com, sip:alias3@host3.example.com"),
            ],
        ),
        ("lwsdisp", "3.1.1.6", "fine", Answers("200 OK"), vec![(from, "caller|sip:caller@example.com|323")]),
        (
            "longreq",
            "3.1.1.7",
            "fine",
            Answers("180 Ringing"),
            vec![
                (|m| m.headers().vias().map_or(0, |vias| vias.len()).to_string(), "34"),
                (|m| super::is_tag_of_from(m, &format!("12{}424", "982".repeat(50))), "true"),
                (|m| raw(m, "Call-ID").len().to_string(), "141"),
                (bytes, "150, 0 NUL"),
            ],
        ),
        ("dblreq", "3.1.1.8", "fine", Answers(NOT_ALLOWED), vec![(cseq, "8 REGISTER"), (bytes, "0, 0 NUL")]),
        (
            "semiuri",
            "3.1.1.9",
            "fine",
            Answers("200 OK"),
            vec![(uri, "sip:user;par=u%40example.net@example.com|user;par=u%40example.net|example.com|fine")],
        ),
        (
            "transports",
            "3.1.1.10",
            "fine",
            Answers("200 OK"),
            vec![(
                vias,
                "UDP t1.example.com z9hG4bKkdjuw, SCTP t2.example.com z9hG4bKklasjdhf, TLS t3.example.com \
                 z9hG4bK2980unddj, UNKNOWN t4.example.com z9hG4bKasd0f3en, TCP t5.example.com z9hG4bK0a9idfnee",
            )],
        ),
        (
            "mpart01",
            "3.1.1.11",
            "fine",
            Answers("415 Unsupported Media Type; Accept: text/plain, application/im-iscomposing+xml"),
            vec![(bytes, "553, 2 NUL")],
        ),
        (
            "unreason",
            "3.1.1.12",
            "fine",
            IsSilent(UNASKED),
            vec![(reason, "200 = 2**3 * 5**2 но сто девяносто девять - простое")],
        ),
        ("noreason", "3.1.1.13", "fine", IsSilent(UNASKED), vec![(reason, "100 ")]),
        // Told apart as RFC 2543 does, for the cookie is no identifier; the answer is the same.
        ("badbranch", "3.2.1", "fine", Answers("200 OK"), vec![(vias, "UDP 192.0.2.1 z9hG4bK")]),
    ]
}

/// §3.1.2: invalid messages.
fn invalid() -> Vec<Row> {
    vec![
        ("badinv01", "3.1.2.1", "400 Via: not a Via", Answers("400 Via: not a Via"), vec![]),
        (
            "clerr",
            "3.1.2.2",
            "cannot read SIP message: Content-Length 9999, but 154 bytes of body",
            Answers("400 Content-Length 9999, but 154 bytes of body"),
            vec![],
        ),
        ("ncl", "3.1.2.3", "cannot read SIP message: bad Content-Length", Answers("400 bad Content-Length"), vec![]),
        (
            "scalar02",
            "3.1.2.4",
            "400 CSeq: bad number",
            Answers("400 CSeq: bad number"),
            vec![
                (max_forwards, "Max-Forwards: bad number"),
                (|m| super::number(m.headers().expires()), "4294967295"),
                (contacts, "sip:user@host129.example.com;expires=280297596632815"),
            ],
        ),
        (
            "scalarlg",
            "3.1.2.5",
            "CSeq: bad number",
            IsSilent("the section itself: it is discarded"),
            vec![(reason, "503 Service Unavailable"), (|m| super::number(m.headers().retry_after()), "4294967295")],
        ),
        ("quotbal", "3.1.2.6", "400 To: unbalanced quotes", Answers("400 To: unbalanced quotes"), vec![]),
        (
            "ltgtruri",
            "3.1.2.7",
            "400 Request-URI: character '<' in a URI",
            Answers("400 Request-URI: character '<' in a URI"),
            vec![],
        ),
        (
            "lwsruri",
            "3.1.2.8",
            "400 Request-URI: character ' ' in a URI",
            Answers("400 Request-URI: character ' ' in a URI"),
            vec![],
        ),
        (
            "lwsstart",
            "3.1.2.9",
            "fine",
            Answers("180 Ringing"),
            vec![(uri, "sip:user@example.com|user|example.com|fine")],
        ),
        (
            "trws",
            "3.1.2.10",
            "fine",
            Answers("200 OK"),
            vec![(uri, "sip:remote-target@example.com|remote-target|example.com|fine")],
        ),
        ("escruri", "3.1.2.11", "400 Request-URI with headers", Answers("400 Request-URI with headers"), vec![]),
        (
            "baddate",
            "3.1.2.12",
            "fine",
            Answers("180 Ringing"),
            vec![(|m| raw(m, "Date"), "Fri, 01 Jan 2010 16:00:00 EST")],
        ),
        (
            "regbadct",
            "3.1.2.13",
            "400 Contact: unbalanced or missing angle brackets",
            Answers("400 Contact: unbalanced or missing angle brackets"),
            vec![],
        ),
        ("badaspec", "3.1.2.14", "fine", Answers("200 OK"), vec![(to, "Watson, Thomas|sip:t.watson@example.org|-")]),
        (
            "baddn",
            "3.1.2.15",
            "fine",
            Answers("200 OK"),
            vec![
                (from, "Bell, Alexander|sip:a.g.bell@example.com|43"),
                (to, "Watson, Thomas|sip:t.watson@example.org|-"),
            ],
        ),
        (
            "badvers",
            "3.1.2.16",
            "cannot read SIP message: unsupported version \"SIP/7.0\"",
            Answers("505 unsupported version \"SIP/7.0\""),
            vec![],
        ),
        (
            "mismatch01",
            "3.1.2.17",
            "400 CSeq method does not match the request",
            Answers("400 CSeq method does not match the request"),
            vec![],
        ),
        (
            "mismatch02",
            "3.1.2.18",
            "400 CSeq method does not match the request",
            Answers("501 Not Implemented; Allow"),
            vec![],
        ),
        (
            "bigcode",
            "3.1.2.19",
            "cannot read SIP message: bad start line",
            IsSilent("the section itself: it is dropped"),
            vec![],
        ),
    ]
}

/// §3.3: application layer semantics, and §3.4: backward compatibility. REGISTER is for registrars: a phone says so.
fn beyond_syntax() -> Vec<Row> {
    vec![
        ("insuf", "3.3.1", "400 From is missing", Answers("400 From is missing"), vec![]),
        (
            "unkscm",
            "3.3.2",
            "416 scheme nobodyKnowsThisScheme is not supported",
            Answers("416 scheme nobodyKnowsThisScheme is not supported"),
            vec![],
        ),
        (
            "novelsc",
            "3.3.3",
            "416 scheme soap.beep is not supported",
            Answers("416 scheme soap.beep is not supported"),
            vec![],
        ),
        (
            "unksm2",
            "3.3.4",
            "fine",
            Answers(NOT_ALLOWED),
            vec![
                (to, "-|isbn:2983792873|-"),
                (from, "-|http://www.example.com|3234233"),
                (contacts, "name:John_Smith"),
            ],
        ),
        (
            "bext01",
            "3.3.5",
            "fine",
            Answers("420 Bad Extension; Unsupported: nothingSupportsThis, nothingSupportsThisEither"),
            vec![],
        ),
        (
            "invut",
            "3.3.6",
            "fine",
            Answers("415 Unsupported Media Type: a body of an unknown type; Accept: application/sdp"),
            vec![(bytes, "40, 0 NUL")],
        ),
        (
            "regaut01",
            "3.3.7",
            "fine",
            Answers(NOT_ALLOWED),
            vec![(|m| raw(m, "Authorization"), "NoOneKnowsThisScheme opaque-data=here")],
        ),
        (
            "multi01",
            "3.3.8",
            "400 From: given more than once",
            Answers("400 From: given more than once"),
            vec![(to, "To: given more than once"), (cseq, "CSeq: given more than once")],
        ),
        (
            "mcl01",
            "3.3.9",
            "cannot read SIP message: conflicting Content-Length",
            Answers("400 conflicting Content-Length"),
            vec![],
        ),
        (
            "bcast",
            "3.3.10",
            "fine",
            IsSilent("RFC 3261 §8.1.3.3: a second Via is somebody else's"),
            vec![(vias, "UDP 192.0.2.198 z9hG4bK1324923, UDP 255.255.255.255 z9hG4bK1saber23")],
        ),
        ("zeromf", "3.3.11", "fine", Answers("200 OK"), vec![(max_forwards, "0")]),
        (
            "cparam01",
            "3.3.12",
            "fine",
            Answers(NOT_ALLOWED),
            vec![(contact_parts, "-|sip:+19725552222@gw1.example.net|;unknownparam")],
        ),
        (
            "cparam02",
            "3.3.13",
            "fine",
            Answers(NOT_ALLOWED),
            vec![(contact_parts, "-|sip:+19725552222@gw1.example.net;unknownparam|")],
        ),
        (
            "regescrt",
            "3.3.14",
            "fine",
            Answers(NOT_ALLOWED),
            vec![(contact_parts, "-|sip:user@example.com?Route=%3Csip:sip.example.com%3E|")],
        ),
        (
            "sdp01",
            "3.3.15",
            "fine",
            Answers("406 Accept rules out application/sdp"),
            vec![(|m| m.headers().text(&HeaderName::Accept).unwrap_or_default(), "text/nobodyKnowsThis")],
        ),
        (
            "inv2543",
            "3.4.1",
            "fine",
            Answers("180 Ringing"),
            vec![
                (vias, "UDP iftgw.example.com -"),
                (from, "-|sip:+13035551111@ift.client.example.net;user=phone|-"),
                (to, "-|sip:+16505552222@ss1.example.net|-"),
                (contacts, "List([])"),
                (bytes, "105, 0 NUL"),
            ],
        ),
    ]
}
