//! A second reader, `rsip`, beside ours: every place where the two differ is known, with the rule we go by.

use crate::torture;
use crate::traffic::{PLACES, places, readable};
use rsip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};
use std::collections::BTreeSet;
use tuiphone::sip::message::parse;

/// A message, the place in it, what the other reader makes of it, and the section ours goes by; `message` is
/// `refused` by them alone or `read` by them alone. A row that no longer holds is as much a failure as a new one.
const DISAGREEMENTS: [(&str, &str, &str, &str); 55] = [
    ("IPv6 URI", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("IPv6 Via", "branch", "-", "RFC 3261 §25.1: so may the host of sent-by"),
    ("LF alone", "message", "refused", "RFC 3261 §7 asks for CRLF; LF alone can mean nothing else"),
    ("Latin-1 name", "message", "refused", "RFC 3261 §8.2.2: what is malformed and not needed is ignored"),
    ("blanks after the request line", "message", "refused", "RFC 4475 §3.1.2.10: may be forgiven"),
    ("blanks before the colon", "message", "refused", "RFC 3261 §25.1: HCOLON"),
    ("blanks in a Via", "branch", "-", "RFC 3261 §25.1: SLASH, COLON, SEMI, EQUAL"),
    ("blanks round a tag", "From tag", "-", "RFC 3261 §25.1: SEMI, EQUAL"),
    ("brackets in a name", "From tag", "-", "RFC 3261 §25.1: quoted-string"),
    ("compact names", "Call-ID", "-", "RFC 3261 §7.3.3"),
    ("compact names", "From tag", "-", "RFC 3261 §7.3.3"),
    ("compact names", "branch", "-", "RFC 3261 §7.3.3"),
    ("folded lines", "message", "refused", "RFC 3261 §7.3.1"),
    ("leading CRLF", "message", "refused", "RFC 3261 §7.5"),
    ("method in small letters", "method", "INVITE", "RFC 3261 §25.1: methods are in capitals"),
    ("no empty line at the end", "CSeq", "-", "RFC 3261 §7 asks for the line; every header is whole without it"),
    ("no empty line at the end", "Call-ID", "-", "RFC 3261 §7, likewise"),
    ("no empty line at the end", "From tag", "-", "RFC 3261 §7, likewise"),
    ("no reason", "message", "refused", "RFC 3261 §7.2: a client need not look at the reason"),
    (
        "rubbish in an optional header",
        "message",
        "refused",
        "RFC 3261 §8.2.2: what is malformed and not needed is ignored",
    ),
    ("tel URI", "message", "refused", "RFC 3261 §7.1: other schemes may stand there"),
    ("unknown Via transport", "branch", "-", "RFC 3261 §25.1: other-transport"),
    ("unknown method", "message", "refused", "RFC 3261 §8.2.1: it deserves a 405"),
    ("clerr", "message", "read", "RFC 4475 §3.1.2.2: shorter than it says; 400"),
    ("dblreq", "Call-ID", "-", "RFC 3261 §7.3.3"),
    ("esc01", "message", "refused", "RFC 3261 §7.3.1"),
    ("esc02", "message", "refused", "RFC 4475 §3.1.1.5: an unknown method, 501"),
    ("escruri", "message", "refused", "RFC 4475 §3.1.2.11: readable enough to be answered with 400"),
    ("intmeth", "message", "refused", "RFC 4475 §3.1.1.2: an unknown method, 501"),
    ("longreq", "message", "refused", "RFC 3261 §25.1: HCOLON"),
    ("lwsruri", "message", "refused", "RFC 4475 §3.1.2.8: readable enough to be answered with 400"),
    ("lwsstart", "message", "refused", "RFC 4475 §3.1.2.9: may be forgiven"),
    ("mcl01", "message", "read", "RFC 4475 §3.3.9: nobody knows where it ends; 400"),
    ("mismatch02", "message", "refused", "RFC 4475 §3.1.2.18: an unknown method, 501"),
    ("multi01", "CSeq", "5 INVITE", "RFC 4475 §3.3.8: of two none is right; 400"),
    ("multi01", "Call-ID", "multi01.98asdh@192.0.2.1", "RFC 4475 §3.3.8, likewise"),
    ("multi01", "From tag", "3413415", "RFC 4475 §3.3.8, likewise"),
    ("ncl", "message", "read", "RFC 4475 §3.1.2.3: no length is negative; 400"),
    ("scalar02", "message", "refused", "RFC 3261 §7.3.1"),
    ("semiuri", "message", "refused", "RFC 3261 §7.3.1"),
    ("trws", "message", "refused", "RFC 4475 §3.1.2.10: may be forgiven"),
    ("unkscm", "message", "refused", "RFC 3261 §8.2.2.1: another scheme deserves a 416"),
    ("wsinv", "message", "refused", "RFC 3261 §7.3.1, §25.1: HCOLON"),
    ("ipv6-bad", "message", "refused", "RFC 5118 §4.2: readable enough to be answered with 400"),
    ("ipv6-bug-abnf-3-colons", "message", "refused", "RFC 5118 §4.10: the colon may be passed over"),
    ("ipv6-correct-abnf-2-colons", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("ipv6-good", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("ipv6-in-sdp", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("mult-ip-in-sdp", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("port-ambiguous", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("port-unambiguous", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("via-received-param-no-delim", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("via-received-param-with-delim", "message", "refused", "RFC 3261 §25.1: host may be an IPv6reference"),
    ("ipv4-mapped-ipv6", "branch", "-", "RFC 3261 §25.1: so may the host of sent-by"),
    ("mult-ip-in-header", "branch", "-", "RFC 3261 §25.1: so may the host of sent-by"),
];

fn theirs(wire: &[u8]) -> Result<[String; PLACES.len()], rsip::Error> {
    let message = rsip::SipMessage::try_from(wire)?;
    let (method, uri) = match &message {
        rsip::SipMessage::Request(request) => (request.method.to_string(), request.uri.to_string()),
        rsip::SipMessage::Response(response) => (response.status_code.code().to_string(), "-".into()),
    };
    let or_none = |text: Option<String>| text.unwrap_or("-".into());
    Ok([
        method,
        uri,
        or_none(message.call_id_header().ok().map(|id| id.value().to_owned())),
        or_none(message.cseq_header().and_then(|c| c.typed()).ok().map(|c| format!("{} {}", c.seq, c.method))),
        or_none(message.from_header().and_then(|f| f.typed()).ok().and_then(|f| f.tag().map(|tag| tag.to_string()))),
        or_none(message.to_header().and_then(|t| t.typed()).ok().and_then(|t| t.tag().map(|tag| tag.to_string()))),
        or_none(message.via_header().and_then(|v| v.typed()).ok().and_then(|v| v.branch().map(|b| b.to_string()))),
    ])
}

#[test]
fn where_two_readers_differ_is_known() {
    let mut found = BTreeSet::new();
    let traffic = readable().into_iter().map(|(name, wire, ..)| (name, wire));
    for (name, wire) in traffic.chain(torture::messages()) {
        match (parse(&wire).map(|message| places(&message)), theirs(&wire)) {
            (Ok(_), Err(_)) => drop(found.insert((name, "message", "refused".to_owned()))),
            (Err(_), Ok(_)) => drop(found.insert((name, "message", "read".to_owned()))),
            (Err(_), Err(_)) => {}
            (Ok(ours), Ok(theirs)) => {
                let pairs = ours.iter().zip(theirs).zip(PLACES).filter(|((ours, theirs), _)| *ours != theirs);
                found.extend(pairs.map(|((_, theirs), place)| (name, place, theirs)));
            }
        }
    }
    let known: BTreeSet<_> = DISAGREEMENTS.map(|(name, place, theirs, _)| (name, place, theirs.to_owned())).into();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}");
}
