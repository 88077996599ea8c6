//! What this phone says of itself and is held to: its methods and its extensions (RFC 3261 §19.2), one table each.

use crate::sip::message::{HeaderName, Method, Request};

/// The methods we take, for Allow.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, MESSAGE";

/// An extension, and the methods whose messages offer it.
struct OptionTag {
    name: &'static str,
    offered_in: &'static [Method],
}

/// What a call is made and changed with, and what asks after it.
const CALL: &[Method] = &[Method::Invite, Method::Update, Method::Options];

const TABLE: &[OptionTag] = &[
    OptionTag { name: "100rel", offered_in: CALL },
    OptionTag { name: "timer", offered_in: CALL },
    OptionTag { name: "path", offered_in: &[Method::Register] },
    OptionTag { name: "outbound", offered_in: &[Method::Register] },
    OptionTag { name: "gruu", offered_in: &[Method::Register, Method::Invite, Method::Update, Method::Options] },
    OptionTag { name: "replaces", offered_in: CALL },
    OptionTag { name: "norefersub", offered_in: &[Method::Refer, Method::Options] },
    OptionTag { name: "ice", offered_in: &[Method::Options] },
    OptionTag { name: "trickle-ice", offered_in: &[Method::Options] },
    //= RFC 5373: the tag of those who heed Answer-Mode
    OptionTag { name: "answermode", offered_in: &[Method::Options] },
];

/// What Supported says in a request of this method, and in the answer to one, `but` left out; `None` if nothing.
pub fn supported(method: &Method, but: &[&str]) -> Option<String> {
    let offered = TABLE.iter().filter(|tag| tag.offered_in.contains(method) && !but.contains(&tag.name));
    let names: Vec<&str> = offered.map(|tag| tag.name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The option tags of Require we do not know: answer 420 with these in Unsupported (RFC 3261 §8.2.2.3).
/// ACK and CANCEL are never refused for it.
pub fn unknown(request: &Request) -> Vec<&str> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return Vec::new();
    }
    let required = request.headers.elements(&HeaderName::Require).filter_map(|e| std::str::from_utf8(e).ok());
    required.filter(|tag| !TABLE.iter().any(|known| known.name.eq_ignore_ascii_case(tag))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_may_be_required() {
        for method in [Method::Invite, Method::Update, Method::Options] {
            let mut request = Request::new(method.clone(), "sip:a@b");
            request.headers.push(HeaderName::Require, supported(&method, &[]).unwrap().to_uppercase());
            assert_eq!(unknown(&request), Vec::<&str>::new(), "{method}");
        }
        assert_eq!(supported(&Method::Info, &[]), None);
        assert_eq!(supported(&Method::Invite, &["timer"]).as_deref(), Some("100rel, gruu, replaces"));
        //= RFC 3327 §5.1, RFC 5626 §4.2.1, RFC 5627 §4.1
        assert_eq!(supported(&Method::Register, &[]).as_deref(), Some("path, outbound, gruu"));
    }

    //= RFC 3261 §8.2.2.3
    #[test]
    fn what_is_not_known_is_named() {
        let mut request = Request::new(Method::Invite, "sip:a@b");
        request.headers.push(HeaderName::Require, "nothingSupportsThis, 100rel");
        request.headers.push(HeaderName::Require, "nothingSupportsThisEither");
        assert_eq!(unknown(&request), ["nothingSupportsThis", "nothingSupportsThisEither"]);
        request.headers.set(HeaderName::Require, "answermode");
        assert_eq!(unknown(&request), Vec::<&str>::new());
        request.headers.set(HeaderName::Require, "nothingSupportsThis");
        request.method = Method::Ack;
        assert_eq!(unknown(&request), Vec::<&str>::new());
    }
}
