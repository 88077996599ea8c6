//! NOTIFYs at a scripted server: what counts, what is refused, and what strangers get.

use super::registering::{SERVER, answer, challenge};
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::ua::snapshot::{LightInfo, LightState, VoicemailInfo};

const SUMMARY: &str = "application/simple-message-summary";
pub(super) const DIALOG_INFO: &str = "application/dialog-info+xml";
const WAITING: &str = "Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n";

/// A registered phone that watches these, and its SUBSCRIBEs.
fn following(watch: &[&str]) -> (World, Vec<Request>) {
    let watch = watch.iter().map(|target| (*target).to_owned()).collect();
    following_with(Settings { watch, ..Settings::default() })
}

pub(super) fn following_with(settings: Settings) -> (World, Vec<Request>) {
    let mut world = World::new();
    world.add(AgentConfig::new(settings, vec![account("101")]), 5070);
    world.run(Duration::ZERO);
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    let contact = world.last_request().headers.text(&HeaderName::Contact).expect("a Contact");
    let before = world.outside.len();
    answer(&mut world, 200, &[(HeaderName::Contact, &format!("{contact};expires=3600"))]);
    let sent = world.outside.iter().skip(before).filter_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) => Some(request),
        _ => None,
    });
    let sent = sent.collect();
    (world, sent)
}

/// A NOTIFY, its answer.
fn notify(world: &mut World, from: SocketAddr, to: &str, cseq: u32, headers: &str, body: &str) -> Response {
    let text = format!(
        "NOTIFY {to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKn{cseq}-{}\r\nMax-Forwards: 70\r\n\
         From: <sip:102@127.0.0.1>;tag=n\r\nContact: <sip:n@{from}>\r\nCSeq: {cseq} NOTIFY\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        world.log.len(),
        body.len()
    );
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from, to, bytes: text.into_bytes() });
    world.settle();
    world.last_response()
}

/// A NOTIFY in the dialog of this SUBSCRIBE.
pub(super) fn within(world: &mut World, subscribe: &Request, cseq: u32, headers: &str, body: &str) -> Response {
    let from = subscribe.headers.text(&HeaderName::From).unwrap_or_default();
    let call_id = subscribe.headers.text(&HeaderName::CallId).unwrap_or_default();
    let headers = format!("To: {from}\r\nCall-ID: {call_id}\r\nSubscription-State: active\r\n{headers}");
    notify(world, address(SERVER), "sip:101@127.0.0.1:5070", cseq, &headers, body)
}

fn voicemail(world: &World) -> Option<VoicemailInfo> {
    world.phones[0].agent.status(world.now).accounts[0].voicemail.clone()
}

fn light(world: &World) -> LightInfo {
    world.phones[0].agent.status(world.now).lights[0].clone()
}

#[test]
fn nobody_but_the_registrar_tells_of_voicemail_unasked() {
    let stranger = SocketAddr::from(([127, 0, 0, 2], 6000));
    let (mut world, sent) = following(&[]);
    assert!(sent.is_empty());
    let contact = world.last_request().headers.contacts().expect("readable").first().expect("one").uri.to_string();
    let outside = "To: <sip:101@127.0.0.1>\r\nCall-ID: u\r\n";
    let of_type = |event: &str, kind: &str| format!("{outside}Event: {event}\r\nContent-Type: {kind}\r\n");
    let summary = of_type("message-summary", SUMMARY);
    let huge = format!("{WAITING}X: {}\r\n", "x".repeat(60_000));
    let aor = "sip:101@127.0.0.1:5070";
    for (row, (from, to, headers, body, status)) in [
        (stranger, aor, &summary, WAITING, 481),
        // Who knows our Contact may ring, but not tell.
        (stranger, &contact, &summary, WAITING, 481),
        (address(SERVER), aor, &of_type("check-sync", "text/plain"), "x", 489),
        (address(SERVER), aor, &of_type("message-summary", "text/plain"), WAITING, 415),
        (address(SERVER), aor, &summary, "<xml/>", 400),
        (address(SERVER), aor, &summary, "", 415),
    ]
    .into_iter()
    .enumerate()
    {
        let headers = if body.is_empty() { format!("{outside}Event: message-summary\r\n") } else { headers.clone() };
        let got = notify(&mut world, from, to, row as u32, &headers, body);
        assert_eq!(got.status.0, status, "row {row}");
        assert_eq!(got.headers.get(&HeaderName::AllowEvents).is_some(), status == 489, "row {row}");
        assert_eq!(voicemail(&world), None, "row {row}");
    }
    assert_eq!(notify(&mut world, address(SERVER), aor, 10, &summary, WAITING).status.0, 200);
    assert_eq!(voicemail(&world).map(|v| (v.waiting, v.new, v.old)), Some((true, 2, 1)));
    assert_eq!(notify(&mut world, address(SERVER), aor, 11, &summary, &huge).status.0, 200);
    assert_eq!(world.names(0).iter().filter(|name| *name == "mwi").count(), 1, "nothing changed, nothing is told");
}

#[test]
fn hostile_documents_change_nothing() {
    let (mut world, sent) = following(&["102"]);
    let subscribe = sent.first().expect("a SUBSCRIBE").clone();
    assert_eq!((subscribe.method.clone(), subscribe.uri.as_str()), (Method::Subscribe, "sip:102@127.0.0.1"));
    assert!(subscribe.headers.get(&HeaderName::Authorization).is_none(), "nobody at 102 has asked");
    let typed = format!("Event: dialog\r\nContent-Type: {DIALOG_INFO}\r\n");
    let document = |version: &str, state: &str, inner: &str| {
        format!(
            "<dialog-info version=\"{version}\" state=\"{state}\" entity=\"sip:102@127.0.0.1\">{inner}</dialog-info>"
        )
    };
    let ringing = "<dialog id=\"1\" direction=\"recipient\"><state>early</state></dialog>";
    let good = document("3", "full", ringing);
    assert_eq!(within(&mut world, &subscribe, 1, &typed, &good).status.0, 200);
    assert_eq!(light(&world).state, LightState::Ringing);
    let bomb = format!("<!DOCTYPE d [<!ENTITY a \"{}\">]>{}", "ha".repeat(500), document("4", "full", "&a;&a;"));
    let deep = document("4", "full", &("<a>".repeat(20) + &"</a>".repeat(20)));
    let wide = document("4", "full", &"<a/>".repeat(5_000));
    for (cseq, (headers, body, status)) in [
        (&typed, bomb.as_str(), 400),
        (&typed, &deep, 400),
        (&typed, &wide, 400),
        (&typed, "not xml", 400),
        (&typed, &document("x", "full", ""), 400),
        (&typed, &document("4294967296", "full", ""), 400),
        (&typed, &document("2", "partial", ""), 200),
        (&typed, &document("4294967295", "partial", ""), 200),
        (&"Event: dialog\r\nContent-Type: application/pidf+xml\r\n".to_owned(), &good, 415),
        (&"Event: dialog\r\n".to_owned(), "", 200),
        (&"Event: presence\r\n".to_owned(), "", 481),
    ]
    .into_iter()
    .enumerate()
    {
        let got = within(&mut world, &subscribe, cseq as u32 + 2, headers, body);
        assert_eq!(got.status.0, status, "row {cseq}: {}", body.get(..80).unwrap_or(body));
        assert_eq!(light(&world).state, LightState::Ringing, "row {cseq}");
    }
}

#[test]
fn a_missing_document_is_asked_for_once() {
    let (mut world, sent) = following(&["102"]);
    let subscribe = sent.first().expect("a SUBSCRIBE").clone();
    answer(&mut world, 200, &[(HeaderName::Expires, "3600"), (HeaderName::Contact, "<sip:n@127.0.0.1:5999>")]);
    let typed = format!("Event: dialog\r\nContent-Type: {DIALOG_INFO}\r\n");
    let document = |version: u32, state: &str| {
        format!("<dialog-info version=\"{version}\" state=\"{state}\" entity=\"sip:102@127.0.0.1\"/>")
    };
    within(&mut world, &subscribe, 1, &typed, &document(0, "full"));
    let before = world.count("SUBSCRIBE");
    for (cseq, version) in [(2, 5), (3, 7), (4, 9)] {
        within(&mut world, &subscribe, cseq, &typed, &document(version, "partial"));
    }
    assert_eq!(world.count("SUBSCRIBE"), before);
    world.run(Duration::from_millis(5_300));
    assert_eq!(world.count("SUBSCRIBE"), before + 1);
    let refresh = world.last_request();
    assert!(refresh.headers.to().ok().flatten().is_some_and(|to| to.tag().is_some()), "within the dialog");
}

#[test]
fn a_guess_at_a_subscription_is_refused() {
    let (mut world, sent) = following(&["102"]);
    let subscribe = sent.first().expect("a SUBSCRIBE").clone();
    let headers = "To: <sip:101@127.0.0.1>;tag=guess\r\nCall-ID: guess\r\nEvent: dialog\r\n\
                   Subscription-State: terminated;reason=rejected\r\n";
    let got = notify(&mut world, address(SERVER), "sip:101@127.0.0.1:5070", 1, headers, "");
    assert_eq!(got.status.0, 481);
    assert_eq!(light(&world).reason, None);
    assert_eq!(within(&mut world, &subscribe, 1, "Event: dialog\r\n", "").status.0, 200, "the true one counts");
}

#[test]
fn a_far_realm_learns_no_password_within_a_subscription() {
    let (mut world, sent) = following(&["102"]);
    let subscribe = sent.first().expect("a SUBSCRIBE").clone();
    let ok = [(HeaderName::Expires, "60"), (HeaderName::Contact, "<sip:n@127.0.0.1:5999>")];
    answer(&mut world, 200, &ok);
    within(&mut world, &subscribe, 1, "Event: dialog\r\n", "");
    world.run(Duration::from_secs(55));
    let refresh = world.last_request();
    assert_eq!(refresh.method, Method::Subscribe);
    let count = world.count("SUBSCRIBE");
    let foreign = "Digest realm=\"elsewhere\", nonce=\"e\", algorithm=MD5, qop=\"auth\"";
    let mut response = Response::to_request(&refresh, StatusCode(401), None);
    response.headers.push(HeaderName::WwwAuthenticate, foreign);
    world.send(SERVER, 0, response.to_bytes());
    world.run(Duration::from_secs(1));
    assert_eq!(world.count("SUBSCRIBE"), count);
    assert!(light(&world).reason.is_some_and(|reason| reason.starts_with("401")));
}

//= RFC 3680 §3.8
#[test]
fn a_binding_the_registrar_drops_is_made_again_but_not_in_a_storm() {
    for (state, event, again) in [
        ("terminated", "deactivated", true),
        ("terminated", "expired", true),
        ("terminated", "unregistered", true),
        ("terminated", "rejected", false),
        ("terminated", "probation", false),
        ("active", "refreshed", false),
    ] {
        let (mut world, sent) = following_with(Settings { reg_event: true, ..Settings::default() });
        let subscribe = sent.first().expect("a SUBSCRIBE").clone();
        assert_eq!(subscribe.headers.text(&HeaderName::Event).as_deref(), Some("reg"));
        let contact = subscribe.headers.contacts().expect("readable").first().expect("one").uri.to_string();
        let document = |uri: &str| {
            format!(
                "<reginfo version=\"0\" state=\"full\"><registration aor=\"sip:101@127.0.0.1\" id=\"a\" state=\"active\">\
                 <contact id=\"1\" state=\"{state}\" event=\"{event}\"><uri>{uri}</uri></contact></registration></reginfo>"
            )
        };
        let typed = "Event: reg\r\nContent-Type: application/reginfo+xml\r\n";
        let before = world.count("REGISTER");
        let other = document("sip:other@192.0.2.1");
        assert_eq!(within(&mut world, &subscribe, 1, typed, &other).status.0, 200);
        assert_eq!(world.count("REGISTER"), before, "another phone's");
        for cseq in 2..6 {
            assert_eq!(within(&mut world, &subscribe, cseq, typed, &document(&contact)).status.0, 200);
        }
        assert_eq!(world.count("REGISTER") - before, usize::from(again), "{event}");
    }
}

/// When requests of this method went out, in seconds.
fn times(world: &World, method: &str) -> Vec<f64> {
    let lines = world.log.iter().filter(|line| line.split(' ').nth(2) == Some(method));
    lines.filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
}

/// Its server began anew, or it has another address: what was asked of it and told to it is so again, once and soon.
//= RFC 6665 §4.1.2.2
#[test]
fn what_is_followed_and_told_follows_the_registration() {
    for (loss, row) in [(true, "the port was closed for a moment"), (false, "the registrar sees us elsewhere")] {
        let mut world = World::new();
        let settings = Settings { watch: vec!["102".into()], ..Settings::default() };
        let publishing = Account { publish: true, ..account("101") };
        world.add(AgentConfig::new(settings, vec![publishing]), 5070);
        world.run(Duration::ZERO);
        answer(&mut world, 200, &[(HeaderName::Expires, "100")]);
        let sent = |world: &World, wanted: &Method| -> Vec<Request> {
            let requests = world.tap.iter().filter_map(|bytes| match message::parse(bytes) {
                Ok(Message::Request(request)) if request.method == *wanted => Some(request),
                _ => None,
            });
            requests.collect()
        };
        for (method, header) in [
            (Method::Subscribe, (HeaderName::Contact, "<sip:n@127.0.0.1:5999>")),
            (Method::Publish, (HeaderName::SipEtag, "one")),
        ] {
            let request = sent(&world, &method).pop().unwrap_or_else(|| panic!("{method} at the start"));
            let mut ok = Response::to_request(&request, StatusCode(200), Some("srv"));
            ok.headers.push(header.0, header.1);
            ok.headers.push(HeaderName::Expires, "3600");
            world.send(SERVER, 0, ok.to_bytes());
            if method == Method::Subscribe {
                within(&mut world, &request, 1, "Event: dialog\r\n", "");
            }
        }
        world.run(Duration::from_secs(30));
        assert_eq!((times(&world, "SUBSCRIBE").len(), times(&world, "PUBLISH").len()), (1, 1), "{:#?}", world.log);
        if loss {
            let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(SERVER) };
            let now = world.now;
            world.phones[0].agent.handle(Input::TransportFailed { flow, error: "refused".into() }, now);
            world.run(Duration::from_secs(2));
        } else {
            // The next refresh.
            while times(&world, "REGISTER").len() < 2 {
                world.run(Duration::from_secs(1));
            }
        }
        for _ in 0..2 {
            let register = sent(&world, &Method::Register).pop().expect("registered anew");
            let mut ok = Response::to_request(&register, StatusCode(200), Some("srv"));
            if !loss {
                let via = register.headers.text(&HeaderName::Via).unwrap_or_default();
                ok.headers.set(HeaderName::Via, via.replace(";rport", ";received=198.51.100.7;rport=40000"));
            }
            ok.headers.push(HeaderName::Expires, "100");
            world.send(SERVER, 0, ok.to_bytes());
        }
        let back = world.now - world.start;
        world.run(Duration::from_secs(9));
        let subscribes: std::collections::BTreeSet<u32> =
            sent(&world, &Method::Subscribe).iter().filter_map(|r| Some(r.headers.cseq().ok()??.number)).collect();
        assert_eq!(subscribes.len(), 2, "{row}: {:#?}", world.log);
        assert!(times(&world, "SUBSCRIBE")[1] <= back.as_secs_f64() + 6.0, "{row}: {:#?}", world.log);
        let contact = sent(&world, &Method::Subscribe).pop().and_then(|r| r.headers.text(&HeaderName::Contact));
        let here = if loss { "@127.0.0.1:5070" } else { "@198.51.100.7:40000" };
        assert!(contact.as_ref().is_some_and(|contact| contact.contains(here)), "{row}: {contact:?}");
        // What it was told names no address of ours: it stands where only that has changed.
        let told: Vec<Request> = sent(&world, &Method::Publish);
        assert_eq!(told.last().is_some_and(|r| r.headers.get(&HeaderName::SipIfMatch).is_some()), loss, "{row}");
    }
}
