//! Being asked to call somebody by a REFER outside any call: by whom, what comes of it, and what never does.

use super::following::following_with;
use super::registering::SERVER;
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::sip::refer::Progress;
use crate::ua::outcome::ExitCode;

const TO: &str = "Refer-To: <sip:203@127.0.0.1>\r\n";

fn willing() -> Settings {
    Settings { click_to_dial: true, ..Settings::default() }
}

/// A request of somebody behind the server, or of a stranger; its answer.
fn ask(
    world: &mut World,
    from: SocketAddr,
    method: &str,
    (call_id, cseq): (&str, u32),
    to: &str,
    extra: &str,
) -> Response {
    let text = format!(
        "{method} sip:101@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{method}{call_id}{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: \"Web\" <sip:web@127.0.0.1>;tag=w\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:web@{from}>\r\n{extra}Content-Length: 0\r\n\r\n"
    );
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from, to, bytes: text.into_bytes() });
    world.settle();
    world.last_response()
}

fn refer(world: &mut World, call_id: &str, extra: &str) -> Response {
    ask(world, address(SERVER), "REFER", (call_id, 7), "<sip:101@127.0.0.1>", extra)
}

fn asks(world: &World) -> Vec<String> {
    world.phones[0].agent.status(world.now).asks.into_iter().map(|ask| ask.id).collect()
}

fn sent(world: &World, method: Method) -> Vec<Request> {
    let requests = world.outside.iter().filter_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) => Some(request),
        _ => None,
    });
    requests.filter(|request| request.method == method).collect()
}

/// The last NOTIFY, answered: its status, and the state of the subscription without its time.
fn told(world: &mut World) -> (u16, String) {
    let notify = sent(world, Method::Notify).pop().expect("a NOTIFY");
    let ok = Response::to_request(&notify, StatusCode(200), None);
    world.send(SERVER, 0, ok.to_bytes());
    let state = notify.headers.text(&HeaderName::SubscriptionState).unwrap_or_default();
    let state = state.split(";expires").next().unwrap_or_default().to_owned();
    (Progress::parse(&notify.body).map_or(0, |progress| progress.status.0), state)
}

fn respond(world: &mut World, request: &Request, status: u16) {
    let mut response = Response::to_request(request, StatusCode(status), Some("one"));
    response.headers.push(HeaderName::Contact, format!("<sip:one@127.0.0.1:{SERVER}>"));
    if status == 200 {
        response.headers.push(HeaderName::ContentType, "application/sdp");
        response.body = super::rules::SDP.into();
    }
    world.send(SERVER, 0, response.to_bytes());
}

/// Whoever is refused makes nothing ring, nothing called, nothing remembered.
#[test]
fn who_may_not_ask_and_for_what() {
    let stranger = SocketAddr::from(([127, 0, 0, 2], 6000));
    let own = address(SERVER);
    let busy = Settings { dnd: true, ..willing() };
    for (settings, from, extra, status) in [
        (Settings::default(), own, TO, 403),
        (willing(), stranger, TO, 403),
        (Settings { accept_from_any: true, ..willing() }, stranger, TO, 403),
        (busy, own, TO, 480),
        (willing(), own, "", 400),
        (willing(), own, "Refer-To: <mailto:a@b>\r\n", 416),
        (willing(), own, "Refer-To: <sip:203@127.0.0.1;method=BYE>\r\n", 403),
        (willing(), own, "Refer-To: <sip:203@127.0.0.1?From=%3Csip%3Aboss%40x%3E>\r\n", 403),
        (willing(), own, "Refer-To: <sip:203@127.0.0.1?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>\r\n", 403),
    ] {
        let (mut world, _) = following_with(settings);
        let answer = ask(&mut world, from, "REFER", ("x", 7), "<sip:101@127.0.0.1>", extra);
        assert_eq!((answer.status.0, asks(&world)), (status, vec![]), "{from} {extra}");
        assert_eq!((world.count("INVITE"), world.count("NOTIFY")), (0, 0), "{from} {extra}");
        assert!(!world.names(0).contains(&"call_asked".to_owned()));
    }
    let (mut world, _) = following_with(willing());
    let answers = ["a", "b", "c", "d"].map(|call_id| refer(&mut world, call_id, TO).status.0);
    assert_eq!(answers, [202, 202, 202, 486]);
    world.run(Duration::from_secs(120));
    assert_eq!((asks(&world), world.count("INVITE")), (vec![], 0), "nobody consented");
    assert_eq!(refer(&mut world, "e", TO).status.0, 202, "and there is room again");
}

//= RFC 3515 §2.4, RFC 3892 §2.2
#[test]
fn with_consent_it_is_called_and_the_asker_hears_how_it_goes() {
    for (to, uri) in
        [(TO, "sip:203@127.0.0.1"), ("Refer-To: <tel:+49-30-123>\r\n", "sip:+4930123@127.0.0.1;user=phone")]
    {
        let (mut world, _) = following_with(willing());
        let answer = refer(&mut world, "x", to);
        assert_eq!((answer.status.0, answer.headers.contacts().unwrap().list().len()), (202, 1));
        assert!(answer.headers.to().unwrap().unwrap().tag().is_some());
        let ask = world.phones[0].agent.status(world.now).asks.remove(0);
        assert_eq!((ask.id.as_str(), ask.from.name.as_deref(), ask.expires_in), ("r1", Some("Web"), 60));
        assert_eq!(told(&mut world), (100, "pending".into()));
        assert_eq!((world.count("INVITE"), world.names(0).pop().as_deref()), (0, Some("call_asked")));
        let reply = world.command(0, Command::Answer { call: Some("r1".into()) });
        assert!(matches!(reply, Ok(Reply::Call(ref call)) if call.referred_by == Some(ask.from.clone())), "{reply:?}");
        assert_eq!(asks(&world), Vec::<String>::new());
        let invite = sent(&world, Method::Invite).pop().expect("an INVITE");
        assert_eq!(invite.uri, uri);
        assert_eq!(invite.headers.text(&HeaderName::ReferredBy).as_deref(), Some("<sip:web@127.0.0.1>"));
        respond(&mut world, &invite, 180);
        assert_eq!(told(&mut world), (180, "active".into()));
        respond(&mut world, &invite, 200);
        assert_eq!(told(&mut world), (200, "terminated;reason=noresource".into()));
        let count = world.count("NOTIFY");
        world.run(Duration::from_secs(60));
        assert_eq!(world.count("NOTIFY"), count, "and no more");
    }
}

//= RFC 3515 §2.4.5, RFC 6665 §4.1.3
#[test]
fn without_consent_nothing_is_called() {
    for (words, status) in [(true, 603), (false, 480)] {
        let (mut world, _) = following_with(willing());
        refer(&mut world, "x", TO);
        told(&mut world);
        match words {
            true => drop(world.command(0, Command::Reject { call: Some("r1".into()), code: None })),
            false => world.run(Duration::from_secs(61)),
        }
        assert_eq!(told(&mut world), (status, "terminated;reason=rejected".into()));
        world.run(Duration::from_secs(1));
        assert_eq!((world.count("INVITE"), asks(&world)), (0, vec![]));
        let late = world.command(0, Command::Answer { call: Some("r1".into()) });
        assert_eq!(late.map_err(|error| error.code), Err(ExitCode::NotFound));
    }
    let (mut world, _) = following_with(willing());
    refer(&mut world, "x", TO);
    let unnamed = world.command(0, Command::Answer { call: None });
    assert_eq!(unnamed.map_err(|error| error.code), Err(ExitCode::NotFound), "it must be meant");
}

//= RFC 4488 §4, RFC 3515 §2.4.6, RFC 6665 §4.2.1
#[test]
fn the_asker_may_want_no_news() {
    let (mut world, _) = following_with(willing());
    let answer = refer(&mut world, "x", &format!("{TO}Refer-Sub: false\r\n"));
    assert_eq!(answer.headers.text(&HeaderName::ReferSub).as_deref(), Some("false"));
    world.command(0, Command::Answer { call: Some("r1".into()) }).unwrap();
    assert_eq!((world.count("NOTIFY"), world.count("INVITE")), (0, 1));

    let (mut world, _) = following_with(willing());
    let to = refer(&mut world, "x", TO).headers.text(&HeaderName::To).unwrap_or_default();
    told(&mut world);
    let subscribe =
        |world: &mut World, cseq, extra: &str| ask(world, address(SERVER), "SUBSCRIBE", ("x", cseq), &to, extra);
    assert_eq!(subscribe(&mut world, 8, "Event: presence\r\n").status.0, 489);
    let more = subscribe(&mut world, 9, "Event: refer;id=7\r\nExpires: 90\r\n");
    assert_eq!((more.status.0, more.headers.text(&HeaderName::Expires).as_deref()), (200, Some("90")));
    assert_eq!(told(&mut world), (100, "pending".into()));
    assert_eq!(subscribe(&mut world, 10, "Event: refer\r\nExpires: 0\r\n").status.0, 200);
    assert_eq!(told(&mut world), (100, "terminated;reason=timeout".into()));
    assert_eq!(asks(&world), ["r1"], "the question stands");
    let count = world.count("NOTIFY");
    world.command(0, Command::Answer { call: Some("r1".into()) }).unwrap();
    world.run(Duration::from_millis(300));
    assert_eq!((world.count("NOTIFY"), world.count("INVITE")), (count, 1));
    assert_eq!(subscribe(&mut world, 11, "Event: refer\r\nExpires: 90\r\n").status.0, 481);
}
