//! Real traffic: what phones and exchanges send that a reader by the book, or by half of it, trips over.

use tuiphone::sip::auth::Challenge;
use tuiphone::sip::header::{NameAddr, Via};
use tuiphone::sip::message::{Headers, Message, ParseError, Problem, Request, Response, StatusCode, parse};
use tuiphone::sip::uri::Uri;
use tuiphone::sip::validate::check_request;

/// A message, how to look at it, and what is to be seen.
type Row = (&'static str, Vec<u8>, fn(&Message) -> String, &'static str);

const URI: &str = "sip:bob@example.net";
const SEEN: &str = "INVITE|sip:bob@example.net|one@192.0.2.1|7 INVITE|from|-|z9hG4bKtop";

/// A message with these header lines instead of, or besides, the usual ones.
fn message(start: &str, own: &[&str], method: &str, body: &str) -> Vec<u8> {
    let usual = [
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtop",
        "Max-Forwards: 70",
        "From: \"Alice\" <sip:alice@example.com>;tag=from",
        "To: <sip:bob@example.net>",
        "Call-ID: one@192.0.2.1",
        &format!("CSeq: 7 {method}"),
        "Contact: <sip:alice@192.0.2.1>",
        &format!("Content-Length: {}", body.len()),
    ];
    let name = |line: &str| line.split(':').next().unwrap_or(line).trim_end().to_ascii_lowercase();
    let kept = usual.iter().filter(|line| !own.iter().any(|own| name(own) == name(line)));
    let lines = own.iter().chain(kept).map(|line| format!("{line}\r\n"));
    format!("{start}\r\n{}\r\n{body}", lines.collect::<String>()).into_bytes()
}

fn invite(own: &[&str]) -> Vec<u8> {
    message(&format!("INVITE {URI} SIP/2.0"), own, "INVITE", "")
}

fn to(uri: &str) -> Vec<u8> {
    message(&format!("INVITE {uri} SIP/2.0"), &[], "INVITE", "")
}

fn with_body(own: &[&str], body: &str) -> Vec<u8> {
    let own = [&["Content-Type: text/plain"], own].concat();
    message(&format!("INVITE {URI} SIP/2.0"), &own, "INVITE", body)
}

fn response(start: &str, own: &[&str]) -> Vec<u8> {
    message(start, own, "REGISTER", "")
}

fn without(wire: Vec<u8>, line: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(&wire);
    assert!(text.contains(line), "{line} is in {text}");
    text.replacen(line, "", 1).into_bytes()
}

/// Every character as one byte, as an old exchange writes names.
fn latin_1(wire: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(wire).chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// What everyone needs of a message, and `-` for what it has not.
pub const PLACES: [&str; 7] = ["method", "URI", "Call-ID", "CSeq", "From tag", "To tag", "branch"];

/// The text in each of [`PLACES`]; a response has its status for a method.
pub fn places(message: &Message) -> [String; PLACES.len()] {
    let (method, uri) = match message {
        Message::Request(request) => (request.method.to_string(), Some(request.uri.clone())),
        Message::Response(response) => (response.status.0.to_string(), None),
    };
    let headers = message.headers();
    let tag = |address: Option<NameAddr>| address.and_then(|a| a.tag().map(str::to_owned));
    let read = [
        uri,
        headers.call_id().ok().flatten().map(str::to_owned),
        headers.cseq().ok().flatten().map(|cseq| cseq.to_string()),
        tag(headers.from().ok().flatten()),
        tag(headers.to().ok().flatten()),
        headers.via_top().ok().flatten().and_then(|via| via.branch().map(str::to_owned)),
    ];
    let [uri, call_id, cseq, from, to, branch] = read.map(|text| text.unwrap_or("-".into()));
    [method, uri, call_id, cseq, from, to, branch]
}

pub fn all(message: &Message) -> String {
    places(message).join("|")
}

pub fn reason(message: &Message) -> String {
    let Message::Response(response) = message else { return "a request".into() };
    format!("{} {}", response.status.0, response.reason)
}

fn list<T>(items: impl IntoIterator<Item = T>, show: impl Fn(T) -> String) -> String {
    items.into_iter().map(show).collect::<Vec<_>>().join(", ")
}

pub fn vias(message: &Message) -> String {
    let show = |via: Via| {
        let port = via.port.map(|p| format!(":{p}")).unwrap_or_default();
        let received = via.received().map(|ip| format!(" from {ip}")).unwrap_or_default();
        format!("{} {}{port} {}{received}", via.transport, via.host, via.branch().unwrap_or("-"))
    };
    message.headers().vias().map_or_else(|e| e.to_string(), |vias| list(vias, show))
}

pub fn shown(address: &NameAddr) -> String {
    let name = address.display_name.as_deref().unwrap_or("-");
    format!("{name}|{}|{}", address.uri, address.tag().unwrap_or("-"))
}

pub fn from(message: &Message) -> String {
    message.headers().from().map_or_else(|e| e.to_string(), |from| list(&from, shown))
}

pub fn contacts(message: &Message) -> String {
    let show = |c: &NameAddr| format!("{}{}", c.uri, c.params);
    message.headers().contacts().map_or_else(
        |e| e.to_string(),
        |contacts| match contacts.list() {
            [] => format!("{contacts:?}"),
            some => list(some, show),
        },
    )
}

pub fn record_routes(message: &Message) -> String {
    let show = |route: NameAddr| route.to_string();
    message.headers().record_routes().map_or_else(|e| e.to_string(), |routes| list(routes, show))
}

fn refer_to(message: &Message) -> String {
    let target = message.headers().refer_to();
    target.map_or_else(|e| e.to_string(), |to| list(&to, |to| format!("{}|{:?}", to.uri, to.uri.header("Replaces"))))
}

/// The Request-URI's text and parts, and how its like is judged.
pub fn uri(message: &Message) -> String {
    let Message::Request(request) = message else { return "a response".into() };
    let Ok(uri) = Uri::parse(&request.uri) else { return verdict(message) };
    let host = uri.host().map(|host| format!("{host}")).unwrap_or("-".into());
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{uri}|{}|{host}{port}|{}", uri.user().unwrap_or("-"), verdict(message))
}

pub fn body(message: &Message) -> String {
    let (Message::Request(Request { body, .. }) | Message::Response(Response { body, .. })) = message;
    String::from_utf8_lossy(body).into_owned()
}

pub fn verdict(message: &Message) -> String {
    let Message::Request(request) = message else { return "a response".into() };
    check_request(request).map_or_else(|(status, why)| format!("{} {why}", status.0), |()| "fine".into())
}

fn challenges(message: &Message) -> String {
    let read = |headers: &Headers| [false, true].map(|proxy| Challenge::list(headers, proxy)).concat();
    list(read(message.headers()), |c| {
        let qop = c.qop.map_or("-", |qop| qop.as_str());
        format!("{}|{}|{}|{qop}{}", c.realm, c.nonce, c.algorithm, if c.stale { "|stale" } else { "" })
    })
}

fn challenged(own: &[&str]) -> Vec<u8> {
    response("SIP/2.0 401 Unauthorized", own)
}

/// Messages that are read. The differential oracle reads them too.
pub fn readable() -> Vec<Row> {
    let mut rows = framing();
    rows.extend(lines());
    rows.extend(addresses());
    rows.extend(judged());
    rows.extend(digests());
    rows
}

fn framing() -> Vec<Row> {
    let text = |wire: Vec<u8>| String::from_utf8_lossy(&wire).into_owned();
    vec![
        ("plain", invite(&[]), all, SEEN),
        ("no Content-Length", without(with_body(&[], "hello"), "Content-Length: 5\r\n"), body, "hello"),
        ("trailing octets", [with_body(&[], "hello"), b"\r\nmore".to_vec()].concat(), body, "hello"),
        ("trailing NUL", [without(invite(&[]), "Content-Length: 0\r\n"), vec![0]].concat(), body, ""),
        (
            "Content-Length twice, the same",
            with_body(&["Content-Length: 5", "Content-Length: 5"], "hello"),
            body,
            "hello",
        ),
        ("LF alone", text(invite(&[])).replace('\r', "").into_bytes(), all, SEEN),
        ("leading CRLF", [b"\r\n\r\n".to_vec(), invite(&[])].concat(), all, SEEN),
        ("no empty line at the end", without(invite(&[]), "\r\n\r\n"), all, SEEN),
        ("blanks after the request line", message(&format!("INVITE {URI} SIP/2.0 "), &[], "INVITE", ""), all, SEEN),
        ("no reason", response("SIP/2.0 200", &[]), reason, "200 "),
        ("empty reason", response("SIP/2.0 200 ", &[]), reason, "200 "),
        ("UTF-8 reason", response("SIP/2.0 486 Occupé", &[]), reason, "486 Occupé"),
    ]
}

fn lines() -> Vec<Row> {
    let compact = "INVITE sip:bob@example.net SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtop\r\n\
        f: <sip:alice@example.com>;tag=from\r\nt: <sip:bob@example.net>\r\ni: one@192.0.2.1\r\nCSeq: 7 INVITE\r\n\
        m: <sip:alice@192.0.2.1>\r\nl: 0\r\n\r\n";
    let loud = ["CALL-ID: one@192.0.2.1", "cseq: 7 INVITE", "VIA: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtop"];
    let folded = [
        "Via: SIP/2.0/UDP\r\n 192.0.2.1;\r\n\tbranch=z9hG4bKtop",
        "From: \"Alice\"\r\n  <sip:alice@example.com>\r\n ;tag=from",
    ];
    let spaced = ["Via: SIP / 2.0 / UDP 192.0.2.1 : 5060 ; branch = z9hG4bKtop"];
    let three = ["Via: SIP/2.0/TLS a;branch=z9hG4bKtop, SIP/2.0/UDP b:5070;branch=z9hG4bK2,SIP/2.0/TCP c;branch=3"];
    let mixed = ["Via: SIP/2.0/UDP a;branch=z9hG4bKtop,", "Via: SIP/2.0/UDP b, SIP/2.0/UDP c;branch=z9hG4bK3"];
    let six = ["Via: SIP/2.0/UDP [2001:db8::9]:5060;branch=z9hG4bKtop;received=2001:db8::7;rport=1024"];
    vec![
        ("compact names", compact.into(), all, SEEN),
        ("names in any case", invite(&loud), all, SEEN),
        ("blanks before the colon", invite(&["To : <sip:bob@example.net>", "Call-ID\t: one@192.0.2.1"]), all, SEEN),
        ("folded lines", invite(&folded), all, SEEN),
        ("blanks in a Via", invite(&spaced), vias, "UDP 192.0.2.1:5060 z9hG4bKtop"),
        ("several Via in one line", invite(&three), vias, "TLS a z9hG4bKtop, UDP b:5070 z9hG4bK2, TCP c 3"),
        ("several Via lines with commas", invite(&mixed), vias, "UDP a z9hG4bKtop, UDP b -, UDP c z9hG4bK3"),
        ("IPv6 Via", invite(&six), vias, "UDP [2001:db8::9]:5060 z9hG4bKtop from 2001:db8::7"),
        ("unknown Via transport", invite(&["Via: SIP/2.0/QUIC a;branch=z9hG4bKtop"]), vias, "QUIC a z9hG4bKtop"),
        ("empty optional header", invite(&["Subject:", "Supported: "]), all, SEEN),
        ("rubbish in an optional header", invite(&["Expires: soon", "Date: yesterday", "X-Ä: ö"]), all, SEEN),
        (
            "several Record-Route in one line",
            invite(&["Record-Route: <sip:a;lr>, <sip:b;lr=on>;x=\"1,2\"", "Record-Route: <sip:c>"]),
            record_routes,
            "<sip:a;lr>, <sip:b;lr=on>;x=\"1,2\", <sip:c>",
        ),
    ]
}

fn addresses() -> Vec<Row> {
    let from_is = |value: &str| invite(&[&format!("From: {value}")]);
    let latin = latin_1(&from_is("\"José\" <sip:jose@example.com>;tag=from"));
    let moved = [
        "Contact: \"A, B\" <sip:a@192.0.2.3>;q=0.7, <sip:b@192.0.2.4;transport=tcp>;q=0.2,<sips:c@192.0.2.5>",
        "Contact: sip:d@192.0.2.6;q=0.1",
    ];
    let instance =
        ["Contact: <sip:alice@192.0.2.1;ob>;reg-id=1;+sip.instance=\"<urn:uuid:0-1>\";pub-gruu=\"sip:a@b;gr=x\""];
    let replaces = ["Refer-To: <sip:bob@example.net?Replaces=x%40y%3Bto-tag%3Da%3Bfrom-tag%3Db>"];
    vec![
        ("UTF-8 name", from_is("\"Jürgen 王\" <sip:j@example.com>;tag=from"), from, "Jürgen 王|sip:j@example.com|from"),
        ("Latin-1 name", latin, from, "Jos\u{fffd}|sip:jose@example.com|from"),
        ("quotes in a name", from_is(r#""Bob \"the\" B." <sip:b@c>;tag=from"#), from, r#"Bob "the" B.|sip:b@c|from"#),
        ("brackets in a name", from_is(r#""<b>;tag=no" <sip:b@c>;tag=from"#), from, "<b>;tag=no|sip:b@c|from"),
        ("backslash ends a name", from_is(r#""B\\" <sip:b@c>;tag=from"#), from, r"B\|sip:b@c|from"),
        ("name of bare words", from_is("Alice B. <sip:b@c>;tag=from"), from, "Alice B.|sip:b@c|from"),
        ("name against the bracket", from_is("Alice<sip:b@c>;tag=from"), from, "Alice|sip:b@c|from"),
        ("empty name", from_is("\"\" <sip:b@c>;tag=from"), from, "-|sip:b@c|from"),
        ("no brackets", from_is("sip:b@c;tag=from"), from, "-|sip:b@c|from"),
        ("parameter of the URI, not the header", from_is("<sip:b@c;tag=no>;tag=from"), from, "-|sip:b@c;tag=no|from"),
        ("blanks round a tag", from_is("<sip:b@c> ; tag = from"), from, "-|sip:b@c|from"),
        ("TAG in capitals", from_is("<sip:b@c>;TAG=from"), from, "-|sip:b@c|from"),
        ("no From tag", from_is("<sip:b@c>"), from, "-|sip:b@c|-"),
        (
            "+sip.instance Contact",
            invite(&instance),
            contacts,
            "sip:alice@192.0.2.1;ob;reg-id=1;+sip.instance=\"<urn:uuid:0-1>\";pub-gruu=\"sip:a@b;gr=x\"",
        ),
        (
            "several Contacts in one line",
            response("SIP/2.0 302 Moved Temporarily", &moved),
            contacts,
            "sip:a@192.0.2.3;q=0.7, sip:b@192.0.2.4;transport=tcp;q=0.2, sips:c@192.0.2.5, sip:d@192.0.2.6;q=0.1",
        ),
        ("Contact: *", invite(&["Contact: *"]), contacts, "Star"),
        (
            "Replaces in a URI",
            message("REFER sip:bob@example.net SIP/2.0", &replaces, "REFER", ""),
            refer_to,
            "sip:bob@example.net?Replaces=x%40y%3Bto-tag%3Da%3Bfrom-tag%3Db|Some(\"x@y;to-tag=a;from-tag=b\")",
        ),
    ]
}

fn judged() -> Vec<Row> {
    let other = |start: &str, method: &str| message(start, &[], method, "");
    vec![
        (
            "IPv6 URI",
            to("sip:bob@[2001:db8::1]:5070;transport=tcp"),
            uri,
            "sip:bob@[2001:db8::1]:5070;transport=tcp|bob|[2001:db8::1]:5070|fine",
        ),
        ("tel URI", to("tel:+49-30-1;phone-context=x"), uri, "tel:+49-30-1;phone-context=x|+49-30-1|-|fine"),
        (
            "unknown scheme",
            to("mailto:bob@example.net"),
            uri,
            "mailto:bob@example.net|-|-|416 scheme mailto is not supported",
        ),
        (
            "escapes stay",
            to("sip:a%40b%3B+1%20x@example.net"),
            uri,
            "sip:a%40b%3B+1%20x@example.net|a%40b%3B+1%20x|example.net|fine",
        ),
        (
            "semicolon in the user",
            to("sip:1234;phone-context=+49@example.net"),
            uri,
            "sip:1234;phone-context=+49@example.net|1234;phone-context=+49|example.net|fine",
        ),
        (
            "password in the URI",
            to("sip:bob:s3cret@example.net"),
            uri,
            "sip:bob:s3cret@example.net|bob|example.net|fine",
        ),
        ("no user", to("sip:example.net"), uri, "sip:example.net|-|example.net|fine"),
        ("URI in brackets", to("<sip:bob@example.net>"), uri, "400 Request-URI: character '<' in a URI"),
        ("headers in the URI", to("sip:bob@example.net?a=b"), verdict, "400 Request-URI with headers"),
        (
            "unknown method",
            other("FROB sip:bob@example.net SIP/2.0", "FROB"),
            all,
            "FROB|sip:bob@example.net|one@192.0.2.1|7 FROB|from|-|z9hG4bKtop",
        ),
        (
            "method in small letters",
            other("invite sip:bob@example.net SIP/2.0", "INVITE"),
            verdict,
            "400 CSeq method does not match the request",
        ),
        (
            "CSeq of another method",
            other("OPTIONS sip:bob@example.net SIP/2.0", "INVITE"),
            verdict,
            "400 CSeq method does not match the request",
        ),
        ("CSeq with zeros", invite(&["CSeq: 0000000007   INVITE"]), all, SEEN),
        ("CSeq too large", invite(&["CSeq: 4294967296 INVITE"]), verdict, "400 CSeq: bad number"),
        ("two To that differ", invite(&["To: <sip:a@b>", "To: <sip:c@d>"]), verdict, "400 To: given more than once"),
        ("no To", without(invite(&[]), "To: <sip:bob@example.net>\r\n"), verdict, "400 To is missing"),
        ("Max-Forwards at its end", invite(&["Max-Forwards: 0"]), verdict, "fine"),
        ("no Max-Forwards", without(invite(&[]), "Max-Forwards: 70\r\n"), verdict, "fine"),
    ]
}

fn digests() -> Vec<Row> {
    const BOTH: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", algorithm=SHA-256, \
        Digest realm=\"r\", nonce=\"2\", algorithm=MD5";
    const STRANGER: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA3-512";
    const ODD: &str = "WWW-Authenticate: digest  NONCE = \"n\",realm=\"\" , stale=TRUE,algorithm=\"md5\",x=y";
    let bears = |own: &'static str| challenged(&[own]);
    vec![
        (
            "SHA-256",
            bears("WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",algorithm=SHA-256"),
            challenges,
            "r|n|SHA-256|-",
        ),
        (
            "SHA-512-256",
            bears("WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",algorithm=SHA-512-256"),
            challenges,
            "r|n|SHA-512-256|-",
        ),
        (
            "qop of two",
            bears("WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",qop=\"auth,auth-int\""),
            challenges,
            "r|n|MD5|auth",
        ),
        (
            "qop without quotes",
            bears("WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",qop=auth"),
            challenges,
            "r|n|MD5|auth",
        ),
        (
            "quotes in the realm",
            bears(r#"WWW-Authenticate: Digest realm="a\"b, c", nonce="n""#),
            challenges,
            "a\"b, c|n|MD5|-",
        ),
        ("odd spellings", bears(ODD), challenges, "|n|MD5|-|stale"),
        ("two challenges in one line", bears(BOTH), challenges, "r|1|SHA-256|-, r|2|MD5|-"),
        ("an unknown algorithm is left out", bears(STRANGER), challenges, ""),
        (
            "Basic beside Digest, a proxy's beside a server's",
            challenged(&[
                "WWW-Authenticate: Basic realm=\"b\"",
                "WWW-Authenticate: Digest realm=\"d\", nonce=\"1\"",
                "Proxy-Authenticate: Digest realm=\"p\", nonce=\"2\"",
            ]),
            challenges,
            "d|1|MD5|-, p|2|MD5|-",
        ),
    ]
}

#[test]
fn what_is_sent_is_read() {
    let mut failed = Vec::new();
    for (name, wire, look, expected) in readable() {
        let seen = parse(&wire).map_or_else(|e| e.to_string(), |message| look(&message));
        if seen != expected {
            failed.push(format!("{name}: {seen:?}, not {expected:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What cannot be read as a whole is answered all the same, if it was a request.
#[test]
fn what_cannot_be_read_is_answered() {
    let truncated = Problem::Truncated { declared: 9, present: 5 };
    let longer = with_body(&["Content-Length: 9"], "hello");
    let conflict = with_body(&["Content-Length: 5", "Content-Length: 4"], "hello");
    let version = message(&format!("INVITE {URI} SIP/3.0"), &[], "INVITE", "");
    for (name, wire, problem, answer) in [
        ("truncated body", longer, truncated, 400),
        ("conflicting Content-Length", conflict, Problem::ContentLengthConflict, 400),
        ("negative Content-Length", invite(&["Content-Length: -1"]), Problem::ContentLength, 400),
        ("no colon", invite(&["X-Nothing"]), Problem::HeaderLine, 400),
        ("another version", version, Problem::Version("SIP/3.0".into()), 505),
    ] {
        let error: ParseError = parse(&wire).expect_err(name);
        assert_eq!((&error.problem, error.status().0), (&problem, answer), "{name}");
        let request = error.request.unwrap_or_else(|| panic!("{name} can be answered"));
        assert_eq!(all(&Message::Request(*request)), SEEN, "{name}");
    }
}

/// Bytes nobody can read as text come back as they came: the far end compares them.
#[test]
fn an_echo_is_byte_for_byte() {
    let wire = latin_1(&invite(&["From: \"José\" <sip:jose@example.com>;tag=from"]));
    let Ok(Message::Request(request)) = parse(&wire) else { panic!("it is read") };
    let echoed = Response::to_request(&request, StatusCode(200), Some("to")).to_bytes();
    let name = b"From: \"Jos\xe9\" <sip:jose@example.com>;tag=from\r\n";
    assert!(echoed.windows(name.len()).any(|part| part == name), "{}", String::from_utf8_lossy(&echoed));
}
