//! What a registrar grants with its 2xx: a lifetime, routes, and names that lead to us from anywhere.

use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Headers, Response};
use crate::sip::patience::Lifetime;
use crate::sip::uri::Uri;
use std::time::Duration;

/// Most routes kept of one header, and the longest route or GRUU in bytes.
const MAX_ROUTES: usize = 8;
const MAX_LENGTH: usize = 512;
/// Shortest time between keep-alives we let a registrar ask for, in seconds.
const FLOW_TIMER_LEAST_S: u32 = 10;

/// The terms of a binding. All text is foreign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    /// Seconds our binding lives, 10..=86,400 whatever the registrar says.
    pub expires_s: u32,
    /// Routes that requests of the account are to take after its outbound proxies (RFC 3608); loose routers only.
    pub service_route: Vec<NameAddr>,
    /// The proxies that requests to us come by (RFC 3327).
    pub path: Vec<NameAddr>,
    /// A Contact that leads to this phone from anywhere and tells who it is (RFC 5627).
    pub pub_gruu: Option<Uri>,
    /// One that does not tell.
    pub temp_gruu: Option<Uri>,
    /// The server gives a path up if it is silent for this long (RFC 5626 §4.4).
    pub flow_timer: Option<Duration>,
    /// The registrar keeps our paths apart (RFC 5626 §6).
    pub outbound: bool,
}

impl Granted {
    /// Reads a 2xx to a REGISTER that asked for this `lifetime`. `is_ours` finds our own Contact among those it lists.
    /// What cannot be read is not granted.
    pub(super) fn read(response: &Response, is_ours: impl Fn(&NameAddr) -> bool, lifetime: &mut Lifetime) -> Granted {
        let headers = &response.headers;
        let contacts = headers.contacts().ok();
        let listed = contacts.as_ref().map_or(&[][..], |contacts| contacts.list());
        let ours = listed.iter().filter(|contact| is_ours(contact));
        // One that is about to go may still be listed beside the one that stays.
        let ours = ours.max_by_key(|contact| contact.expires());
        //= RFC 3261 §10.2.4: the lifetime of our binding is the one the registrar states
        let stated = ours.and_then(NameAddr::expires).or_else(|| headers.expires().ok().flatten());
        // Why: some border controllers rewrite the Contact; the only one there is must be ours.
        let stated = stated.or_else(|| listed.first().filter(|_| listed.len() == 1)?.expires());
        let flow_timer = headers.text(&HeaderName::FlowTimer).and_then(|text| text.trim().parse::<u32>().ok());
        Granted {
            expires_s: lifetime.granted_s(stated),
            service_route: routes(headers, &HeaderName::ServiceRoute),
            path: routes(headers, &HeaderName::Path),
            pub_gruu: ours.and_then(|contact| gruu(contact, "pub-gruu")),
            temp_gruu: ours.and_then(|contact| gruu(contact, "temp-gruu")),
            flow_timer: flow_timer.filter(|s| *s > 0).map(|s| Duration::from_secs(s.max(FLOW_TIMER_LEAST_S).into())),
            outbound: headers.requires("outbound"),
        }
    }
}

/// The addresses of a header of routes; none if one of them cannot be followed: half a way leads elsewhere.
fn routes(headers: &Headers, name: &HeaderName) -> Vec<NameAddr> {
    let list = headers.addresses(name).unwrap_or_default();
    //= RFC 3608 §6.1, RFC 3327 §4: each of them is a loose router
    let is_followed = |route: &NameAddr| {
        (route.uri.is_sip() || route.uri.is_sips()) && route.uri.is_lr() && route.to_string().len() <= MAX_LENGTH
    };
    if list.len() <= MAX_ROUTES && list.iter().all(is_followed) { list } else { Vec::new() }
}

fn gruu(contact: &NameAddr, name: &str) -> Option<Uri> {
    let uri = Uri::parse(&contact.params.value(name)?).ok()?;
    //= RFC 5627 §3.3: a GRUU is a SIP URI with a `gr` parameter
    let is_gruu = (uri.is_sip() || uri.is_sips()) && uri.param("gr").is_some() && uri.as_str().len() <= MAX_LENGTH;
    (is_gruu && uri.host().is_some() && uri.headers().is_none()).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{Method, Request, StatusCode};

    fn read(headers: &[(HeaderName, &str)]) -> Granted {
        let request = Request::new(Method::Register, "sip:example.net");
        let mut response = Response::to_request(&request, StatusCode(200), None);
        headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
        Granted::read(&response, |contact| contact.uri.user() == Some("me"), &mut Lifetime::new(300))
    }

    //= RFC 3261 §10.2.4
    #[test]
    fn the_lifetime_is_the_one_stated_within_reason() {
        for (contact, expires, believed) in [
            ("<sip:me@h>;expires=120, <sip:you@h>;expires=9", "300", 120),
            ("<sip:you@h>;expires=9", "60", 60),
            ("<sip:me@h>;expires=0", "300", 10),
            ("<sip:me@h>;expires=0, <sip:me@i>;expires=99", "300", 99),
            ("<sip:me@h>;expires=4294967295", "300", 86_400),
            ("<sip:me@h>;expires=-1", "99999999999999999999", 86_400),
            ("<sip:you@h>", "soon", 300),
            ("<sip:you@h>;expires=60", "", 60),
            ("<sip:you@h>;expires=60, <sip:they@h>;expires=60", "", 300),
        ] {
            let granted = read(&[(HeaderName::Contact, contact), (HeaderName::Expires, expires)]);
            assert_eq!(granted.expires_s, believed, "{contact} {expires}");
        }
    }

    //= RFC 3608 §6.1
    //= RFC 3327 §5.1
    #[test]
    fn routes_are_kept_in_order_or_not_at_all() {
        let list = |routes: Vec<NameAddr>| routes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let kept = read(&[
            (HeaderName::ServiceRoute, "<sip:p2.example.net;lr>, <sip:hsp.example.net;lr>;x=1"),
            (HeaderName::ServiceRoute, "<sips:[2001:db8::1]:5062;lr>"),
            (HeaderName::Path, "<sip:p1.example.net;lr;ob>"),
        ]);
        let expected = ["<sip:p2.example.net;lr>", "<sip:hsp.example.net;lr>;x=1", "<sips:[2001:db8::1]:5062;lr>"];
        assert_eq!(list(kept.service_route), expected);
        assert_eq!(list(kept.path), ["<sip:p1.example.net;lr;ob>"]);
        let (many, long) = (["<sip:a;lr>"; 9].join(","), format!("<sip:{}@a;lr>", "x".repeat(600)));
        for refused in ["<sip:a;lr>, <sip:strict.example.net>", "<tel:1;lr>", "<sip:a;lr", &many, &long] {
            assert_eq!(read(&[(HeaderName::ServiceRoute, refused)]).service_route, [], "{refused}");
        }
    }

    //= RFC 5627 §4.2
    #[test]
    fn names_that_lead_to_us_from_anywhere_are_those_of_our_own_contact() {
        let contacts = "<sip:you@h>;pub-gruu=\"sip:you@example.net;gr=1\", <sip:me@h>\
            ;pub-gruu=\"sip:me@example.net;gr=urn:uuid:f81d\";temp-gruu=\"sip:tgruu.7hs@example.net;gr\";expires=60";
        let granted = read(&[(HeaderName::Contact, contacts)]);
        let text = |uri: Option<Uri>| uri.map(|uri| uri.as_str().to_owned());
        assert_eq!(text(granted.pub_gruu).as_deref(), Some("sip:me@example.net;gr=urn:uuid:f81d"));
        assert_eq!(text(granted.temp_gruu).as_deref(), Some("sip:tgruu.7hs@example.net;gr"));
        for not in ["tel:1;gr", "sip:me@example.net", "sip:me@h;gr=1?Replaces=x", "sip:me@h;gr=1>\r\nX: y"] {
            let contact = format!("<sip:me@h>;pub-gruu=\"{not}\"");
            assert_eq!(read(&[(HeaderName::Contact, &contact)]).pub_gruu, None, "{not}");
        }
    }

    //= RFC 5626 §4.4
    #[test]
    fn the_keep_alive_a_registrar_asks_for_has_a_floor() {
        for (text, seconds) in [("120", Some(120)), ("1", Some(10)), ("0", None), ("-5", None), ("x", None)] {
            let granted = read(&[(HeaderName::FlowTimer, text), (HeaderName::Require, "outbound")]);
            assert_eq!((granted.flow_timer.map(|t| t.as_secs()), granted.outbound), (seconds, true), "{text}");
        }
    }
}
