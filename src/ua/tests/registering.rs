//! A phone at a scripted registrar on port 5999, and what strangers get from it.

use super::*;
use crate::sip::auth::Credentials;
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::account::Line;
use crate::ua::snapshot::RegistrationState;

pub(super) const SERVER: u16 = 5999;

pub(super) fn phone() -> World {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account("101")]), 5070);
    world.run(Duration::ZERO);
    world
}

/// The scripted server answers the last request.
pub(super) fn answer(world: &mut World, status: u16, headers: &[(HeaderName, &str)]) {
    let request = world.last_request();
    let mut response = Response::to_request(&request, StatusCode(status), Some("srv"));
    headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
    world.send(SERVER, 0, response.to_bytes());
}

pub(super) fn challenge(nonce: &str) -> String {
    format!("Digest realm=\"pbx\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"")
}

pub(super) fn state(world: &World) -> crate::ua::snapshot::AccountInfo {
    world.phones[0].agent.status(world.now).accounts[0].clone()
}

pub(super) fn registered() -> World {
    let mut world = phone();
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    let contact = world.last_request().headers.text(&HeaderName::Contact).expect("a Contact");
    answer(&mut world, 200, &[(HeaderName::Contact, &format!("{contact};expires=120"))]);
    world
}

#[test]
fn registers_with_digest_and_refreshes() {
    let mut world = phone();
    assert_eq!(state(&world).state, RegistrationState::Registering);
    assert_eq!(world.last_request().uri, "sip:127.0.0.1");
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    let second = world.last_request();
    assert!(second.headers.text(&HeaderName::Authorization).is_some_and(|value| value.contains("nonce=\"n1\"")));
    let contact = second.headers.text(&HeaderName::Contact).expect("a Contact");
    assert!(contact.contains("+sip.instance"));
    assert!(!contact.contains("101@"), "the user part tells a stranger nothing: {contact}");
    answer(&mut world, 200, &[(HeaderName::Contact, &format!("{contact};expires=120"))]);
    let info = state(&world);
    assert_eq!((info.state, info.status, info.expires_in), (RegistrationState::Registered, Some(200), Some(120)));
    let before = world.count("REGISTER");
    world.run(Duration::from_secs(89));
    assert_eq!(world.count("REGISTER"), before);
    world.run(Duration::from_secs(20));
    assert!(world.count("REGISTER") > before);
    // The nonce is used again: no challenge needed.
    assert!(world.last_request().headers.get(&HeaderName::Authorization).is_some());
}

#[test]
fn the_path_is_kept_open_while_registered() {
    let mut world = registered();
    world.run(Duration::from_secs(60));
    // The first after 5 s, then every 15 s.
    assert_eq!(world.count("keep-alive"), 4);
    world.command(0, Command::Unregister { account: None }).expect("registered");
    answer(&mut world, 200, &[]);
    world.run(Duration::from_secs(60));
    assert_eq!(world.count("keep-alive"), 4);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut world = phone();
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n2"))]);
    let info = state(&world);
    assert_eq!((info.state, info.status), (RegistrationState::Failed, Some(401)));
    assert_eq!(info.reason.as_deref(), Some("401 Unauthorized from 127.0.0.1:5999: wrong user or password?"));
    world.run(Duration::from_secs(3600));
    assert_eq!(world.count("REGISTER"), 2);
}

/// A nonce that was good has run out; a server need not say `stale`.
#[test]
fn a_nonce_that_ran_out_is_no_wrong_password() {
    let mut world = registered();
    for _ in 0..1200 {
        if world.count("REGISTER") == 2 {
            world.run(Duration::from_millis(100));
        }
    }
    let refresh = world.last_request();
    let nonce = |request: &Request| Credentials::list(&request.headers, false).first().map(|c| c.nonce.clone());
    assert_eq!((world.count("REGISTER"), nonce(&refresh).as_deref()), (3, Some("n1")));
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n2"))]);
    assert_eq!((world.count("REGISTER"), nonce(&world.last_request()).as_deref()), (4, Some("n2")));
    let info = state(&world);
    assert_ne!(info.state, RegistrationState::Failed);
    assert!(!info.reason.is_some_and(|reason| reason.contains("password")));
    // Refused at once with the new nonce, it is the password after all.
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n3"))]);
    let info = state(&world);
    assert_eq!((world.count("REGISTER"), info.state), (4, RegistrationState::Failed));
    assert!(info.reason.is_some_and(|reason| reason.ends_with("wrong user or password?")));
}

/// The registrar's second machine has another address each time: more than are remembered.
#[test]
fn a_registrar_that_moves_is_answered_wherever_it_is() {
    let mut world = phone();
    for port in 6100..6140 {
        world.spare = Some(port);
        world.run(Duration::from_secs(3600));
        while state(&world).state == RegistrationState::Registering {
            world.run(Duration::from_secs(1));
        }
        world.command(0, Command::Register { account: None }).expect("it has a registrar");
        answer(&mut world, 503, &[]);
        let before = world.count("REGISTER");
        let reply = |world: &mut World, status, headers: &[(HeaderName, &str)]| {
            let mut response = Response::to_request(&world.last_request(), StatusCode(status), Some("two"));
            headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
            world.send(port, 0, response.to_bytes());
        };
        reply(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge(&format!("n{port}")))]);
        assert_eq!(world.outside.last().map(|(_, packet)| packet.to), Some(address(port)));
        let sent = Credentials::list(&world.last_request().headers, false);
        assert_eq!(sent.first().map(|c| c.nonce.clone()), Some(format!("n{port}")));
        reply(&mut world, 200, &[]);
        assert_eq!(
            (world.count("REGISTER"), state(&world).state),
            (before + 1, RegistrationState::Registered),
            "{port}"
        );
    }
}

//= RFC 3261 §22.1
#[test]
fn a_challenge_is_answered_on_the_accounts_own_path_alone() {
    let request = phone().last_request();
    let mut response = Response::to_request(&request, StatusCode(401), None);
    response.headers.push(HeaderName::WwwAuthenticate, challenge("n1"));
    let over = |port| Flow { transport: Transport::Udp, local: address(5070), remote: address(port) };
    let mut line = Line::new(account("101"), "", &mut StdRng::seed_from_u64(1));
    line.note_path(&over(SERVER), &VecDeque::new());
    assert!(!line.take_challenge(&request, &response, &over(6001)));
    assert!(line.take_challenge(&request, &response, &over(SERVER)));
}

//= RFC 7616 §3.4: a cnonce that is used again lets a server prepare for it
#[test]
fn each_answer_has_chance_of_its_own() {
    let mut world = phone();
    let mut seen = std::collections::BTreeSet::new();
    for nonce in ["n1", "n2", "n3"] {
        answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &(challenge(nonce) + ", stale=true"))]);
        let sent = Credentials::list(&world.last_request().headers, false).remove(0);
        assert_eq!(sent.nonce, nonce);
        seen.insert(sent.cnonce.expect("it has one"));
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn a_call_waits_for_the_registration() {
    let mut world = phone();
    world.dial(0, "600");
    assert_eq!(world.count("INVITE"), 0);
    answer(&mut world, 200, &[]);
    assert_eq!(world.count("INVITE"), 1);
    assert_eq!(world.last_request().uri, "sip:600@127.0.0.1");
    // 407 to the INVITE: acknowledged, then again with credentials and the next CSeq.
    let first = world.last_request();
    answer(&mut world, 407, &[(HeaderName::ProxyAuthenticate, &challenge("p1"))]);
    let second = world.last_request();
    assert_eq!((world.count("ACK"), world.count("INVITE")), (1, 2));
    assert!(second.headers.get(&HeaderName::ProxyAuthorization).is_some());
    let cseq = |request: &Request| request.headers.cseq().ok().flatten().map(|c| c.number);
    assert_eq!(cseq(&second), cseq(&first).map(|n| n + 1));
    answer(&mut world, 407, &[(HeaderName::ProxyAuthenticate, &challenge("p2"))]);
    world.run(Duration::from_secs(1));
    assert_eq!(world.ended(0).outcome.as_deref(), Some("refused"));
}

#[test]
fn a_call_fails_with_the_registration() {
    let mut world = phone();
    world.dial(0, "600");
    answer(&mut world, 403, &[]);
    world.run(Duration::from_secs(1));
    let call = world.ended(0);
    assert_eq!((call.status, call.outcome.as_deref()), (Some(403), Some("refused")));
    assert_eq!(call.reason.as_deref(), Some("403 Forbidden from 127.0.0.1:5999: wrong user or password?"));

    let mut world = phone();
    world.dial(0, "600");
    world.run(Duration::from_secs(40));
    let call = world.ended(0);
    assert_eq!(call.outcome.as_deref(), Some("unreachable"));
    assert_eq!(call.reason.as_deref(), Some("no answer from 127.0.0.1:5999 (udp) in 32 s"));
}

#[test]
fn exit_gives_the_binding_back() {
    let mut world = registered();
    world.command(0, Command::Exit).expect("always");
    let last = world.last_request();
    assert_eq!(last.headers.get(&HeaderName::Expires), Some(&b"0"[..]));
    assert_eq!(world.names(0).last().map(String::as_str), Some("registration"));
    answer(&mut world, 200, &[]);
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"));

    let mut world = registered();
    world.command(0, Command::Exit).expect("always");
    world.run(Duration::from_secs(2));
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"), "a dead registrar does not hold us");
}

/// A REGISTER under way may bind though nobody waits for its answer any more.
//= RFC 3261 §10.2
#[test]
fn exit_gives_back_what_an_unanswered_register_may_bind() {
    let expires = |request: &Request| request.headers.text(&HeaderName::Expires).unwrap_or_default();
    let cseq = |request: &Request| request.headers.cseq().ok().flatten().map(|cseq| cseq.number);

    let mut world = phone();
    world.command(0, Command::Exit).expect("always");
    assert_eq!(world.count("REGISTER"), 1, "one at a time, while there is time");
    answer(&mut world, 200, &[]);
    assert_eq!((world.count("REGISTER"), expires(&world.last_request()).as_str()), (2, "0"));
    answer(&mut world, 200, &[]);
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"));

    let mut world = phone();
    let first = world.last_request();
    world.command(0, Command::Exit).expect("always");
    world.run(Duration::from_secs(2));
    let last = world.last_request();
    assert_eq!((expires(&last).as_str(), cseq(&last)), ("0", cseq(&first).map(|number| number + 1)));
    assert_eq!(last.headers.contacts(), first.headers.contacts());
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"));

    let mut world = phone();
    world.command(0, Command::Exit).expect("always");
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    assert_eq!(world.count("REGISTER"), 1, "what was challenged binds nothing");
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"));
}

/// A request as a peer without manners writes it.
fn stranger(method: &str, uri: &str, branch: &str, extra: &str) -> Vec<u8> {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:6000;rport;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:eve@evil>;tag=e{branch}\r\nTo: <{uri}>\r\nCall-ID: {branch}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:eve@127.0.0.2:6000>\r\n{extra}Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn send_as_stranger(world: &mut World, bytes: Vec<u8>) -> Response {
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from: SocketAddr::from(([127, 0, 0, 2], 6000)), to, bytes });
    world.settle();
    world.last_response()
}

#[test]
fn strangers_do_not_ring_and_get_polite_answers() {
    let mut world = registered();
    for (method, extra, status) in [
        ("INVITE", "", 404),
        ("OPTIONS", "", 200),
        ("REFER", "Refer-To: <sip:premium@evil>\r\n", 403),
        ("BYE", "", 481),
        ("NOTIFY", "Event: message-summary\r\nSubscription-State: active\r\n", 481),
        ("SUBSCRIBE", "Event: presence\r\n", 405),
        //= RFC 3261 §21.5.2
        ("FROBNICATE", "", 501),
        ("OPTIONS", "Require: timewarp\r\n", 420),
    ] {
        let branch = format!("{method}{}", extra.len());
        let response = send_as_stranger(&mut world, stranger(method, "sip:101@127.0.0.1:5070", &branch, extra));
        assert_eq!(response.status.0, status, "{method}");
        assert!(response.body.is_empty(), "{method}");
        assert_eq!(response.headers.allows().is_empty(), !matches!(status, 200 | 405 | 501), "{method}");
    }
    assert!(!world.names(0).contains(&"call_incoming".to_owned()));
}

#[test]
fn the_registered_contact_rings_wherever_it_comes_from() {
    let mut world = registered();
    let contact = world.last_request().headers.contacts().expect("readable").first().expect("one").uri.to_string();
    let response = send_as_stranger(&mut world, stranger("INVITE", &contact, "in1", ""));
    assert_eq!(response.status.0, 180);
    assert_eq!(world.names(0).last().map(String::as_str), Some("call_incoming"));
    // An INVITE without an offer: ours is in the 200.
    world.command(0, Command::Answer { call: None }).expect("it rings");
    let answered = world.last_response();
    assert_eq!(answered.status.0, 200);
    assert!(String::from_utf8_lossy(&answered.body).contains("m=audio"));
    let starts =
        |world: &World| world.phones[0].media.iter().filter(|c| matches!(c, MediaCommand::Start { .. })).count();
    assert_eq!(starts(&world), 0);
    //= RFC 3261 §13.2.1: the ACK bears the answer
    let header = |name| answered.headers.text(&name).unwrap_or_default();
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let ack = format!(
        "ACK {contact} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:6000;branch=z9hG4bKack\r\nMax-Forwards: 70\r\nFrom: {}\r\n\
         To: {}\r\nCall-ID: {}\r\nCSeq: 1 ACK\r\nContent-Type: application/sdp\r\n\r\n{sdp}",
        header(HeaderName::From),
        header(HeaderName::To),
        header(HeaderName::CallId)
    );
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from: SocketAddr::from(([127, 0, 0, 2], 6000)), to, bytes: ack.into_bytes() });
    world.settle();
    assert_eq!(starts(&world), 1);
    let before = world.count("200 INVITE");
    world.run(Duration::from_secs(60));
    assert_eq!((world.count("200 INVITE"), world.count("BYE")), (before, 0), "acknowledged is enough");
}

#[test]
fn the_registrars_path_rings_by_user_name() {
    let mut world = registered();
    let to = world.phones[0].at;
    let bytes = stranger("INVITE", "sip:101@127.0.0.1:5070", "srv", "");
    world.wire.push_back(Packet { from: address(SERVER), to, bytes });
    world.settle();
    assert_eq!(world.names(0).last().map(String::as_str), Some("call_incoming"));
}

/// The connection to the registrar ends, `losses` times in a row: seconds until the REGISTER that follows each.
fn waits_after_losses(losses: usize, steady: Duration) -> Vec<f64> {
    let mut world = World::new();
    let tcp = Account { transport: "tcp".into(), ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![tcp]), 5070);
    world.run(Duration::ZERO);
    let mut waits = Vec::new();
    for _ in 0..losses {
        assert!(world.last_request().headers.text(&HeaderName::Via).is_some_and(|via| via.starts_with("SIP/2.0/TCP")));
        let contact = world.last_request().headers.text(&HeaderName::Contact).expect("a Contact");
        assert!(contact.contains(";transport=tcp>"), "{contact}");
        answer(&mut world, 200, &[(HeaderName::Contact, &format!("{contact};expires=3600"))]);
        assert_eq!(state(&world).state, RegistrationState::Registered);
        world.run(steady);
        let (before, lost_at, now) = (world.count("REGISTER"), world.now, world.now);
        let flow = Flow { transport: Transport::Tcp, local: address(5070), remote: address(SERVER) };
        let error = "the peer closed the connection".to_owned();
        world.phones[0].agent.handle(Input::TransportFailed { flow, error }, now);
        let lost = state(&world);
        assert_eq!((lost.state, lost.status), (RegistrationState::Failed, None));
        let words = "the path to 127.0.0.1:5999 (tcp) was lost: the peer closed the connection";
        assert_eq!(lost.reason.as_deref(), Some(words));
        while world.count("REGISTER") == before {
            world.run(Duration::from_millis(100));
        }
        waits.push((world.now - lost_at).as_secs_f64());
    }
    waits
}

//= RFC 5626 §4.5
#[test]
fn a_lost_connection_is_registered_over_soon_and_makes_no_storm() {
    for wait in waits_after_losses(4, Duration::from_secs(130)) {
        assert!((0.4..=1.2).contains(&wait), "{wait}");
    }
    let waits = waits_after_losses(12, Duration::from_secs(1));
    for (n, wait) in waits.iter().enumerate().skip(1) {
        let most = 2f64.powi(n as i32).min(600.0);
        assert!(*wait >= most / 2.0 && *wait <= most + 0.2, "loss {n}: {wait}");
    }
}

/// Answers the REGISTERs that went out since it was last asked; how many there were.
fn serve(world: &mut World, served: &mut usize) -> usize {
    let new: Vec<Request> = world.outside.iter().skip(*served).filter_map(|(_, packet)| register(packet)).collect();
    *served = world.outside.len();
    for request in &new {
        world.send(SERVER, 0, Response::to_request(request, StatusCode(200), Some("srv")).to_bytes());
    }
    new.len()
}

fn register(packet: &Packet) -> Option<Request> {
    match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) if request.method == crate::sip::message::Method::Register => Some(request),
        _ => None,
    }
}

/// A thousand accounts lose their server for a minute: when it is back they come one after another.
#[test]
fn a_thousand_accounts_do_not_come_back_at_once() {
    const COUNT: u32 = 1000;
    let mut world = World::new();
    let account = |n| Account { id: AccountId(n), transport: "tcp".into(), ..account(&n.to_string()) };
    world.add(AgentConfig::new(Settings::default(), (1..=COUNT).map(account).collect()), 5070);
    world.run(Duration::ZERO);
    let mut served = 0;
    assert_eq!(serve(&mut world, &mut served), COUNT as usize);
    let registered =
        |world: &World| world.phones[0].agent.status(world.now).accounts.iter().filter(|a| a.registered).count();
    assert_eq!(registered(&world), COUNT as usize);
    world.run(Duration::from_secs(130));
    serve(&mut world, &mut served);
    world.no_tcp = true;
    let flow = Flow { transport: Transport::Tcp, local: address(5070), remote: address(SERVER) };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "reset".into() }, now);
    world.run(Duration::from_secs(60));
    assert_eq!((serve(&mut world, &mut served), registered(&world)), (0, 0));
    world.no_tcp = false;
    let mut seconds = Vec::new();
    for _ in 0..90 {
        world.run(Duration::from_secs(1));
        seconds.push(serve(&mut world, &mut served));
    }
    assert_eq!((seconds.iter().sum::<usize>(), registered(&world)), (COUNT as usize, COUNT as usize), "{seconds:?}");
    assert!(seconds.iter().max() <= Some(&(COUNT as usize / 10)), "{seconds:?}");
}
