//! ICE as the phone sees it: what is asked of the sound, what far ends are told, what a person is.

use super::registering::answer;
use super::rules::{SDP, ask, called, respond};
use super::*;
use crate::config::{Server, TurnSettings};
use crate::media::reach::{MediaPath, Reach};
use crate::nat::ice::Candidate;
use crate::sdp::{Agreed, IceDescription};
use crate::sip::message::Method;
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::HangupWhich;
use crate::ua::snapshot::{IceInfo, IceState};
use std::net::IpAddr;

/// What the sound of a test has gathered on this address.
pub(super) fn description(ip: IpAddr, port: u16) -> IceDescription {
    let line = |component: u16| {
        let (priority, port) = (2_130_706_432 - u32::from(component), port + component - 1);
        format!("1 {component} UDP {priority} {ip} {port} typ host")
    };
    IceDescription {
        ufrag: format!("u{port}"),
        password: format!("password-of-{port:0>22}").replace('-', "+"),
        candidates: vec![line(1), line(2)],
        options: vec!["ice2".to_owned()],
        ..IceDescription::default()
    }
}

fn with_ice(user: &str, ice: bool) -> AgentConfig {
    let mut config = local(user);
    config.accounts.iter_mut().for_each(|account| account.ice = ice);
    config.incoming = IncomingPolicy::Answer { after: Duration::ZERO };
    config
}

/// Alice on 5070 calls Bob on 5072, who answers at once.
fn call(alice: bool, bob: bool) -> World {
    let mut world = World::new();
    world.add(with_ice("alice", alice), 5070);
    world.add(with_ice("bob", bob), 5072);
    world.dial(0, "sip:bob@127.0.0.1:5072");
    world.run(Duration::from_secs(1));
    world
}

/// What the sound of a phone was told last.
fn agreed(world: &World, phone: usize) -> Agreed {
    let started = |command: &MediaCommand| match command {
        MediaCommand::Start { agreed, .. } => Some(*agreed.clone()),
        _ => None,
    };
    world.phones[phone].media.iter().rev().find_map(started).expect("it was started")
}

fn binds(world: &World, phone: usize) -> Vec<(IpAddr, Reach)> {
    let bind = |command: &MediaCommand| match command {
        MediaCommand::Bind { local, reach, .. } => Some((*local, *reach.clone())),
        _ => None,
    };
    world.phones[phone].media.iter().filter_map(bind).collect()
}

/// The sound of a phone's only call tells of its way.
fn found(world: &mut World, phone: usize, path: MediaPath) {
    let stream = world.phones[phone].media.iter().find_map(|command| match command {
        MediaCommand::Bind { stream, .. } => Some(*stream),
        _ => None,
    });
    let (event, now) = (MediaEvent::Path { stream: stream.expect("bound"), path }, world.now);
    world.phones[phone].agent.handle(Input::Media(event), now);
    world.run(Duration::from_secs(1));
}

/// The way from the only candidates of one to those of the other, or to an address that was found.
fn connected(world: &World, phone: usize, remote: &str) -> MediaPath {
    let ice = agreed(world, phone).ice.expect("both have it");
    let candidate = |line: &String| line.parse::<Candidate>().expect("a candidate");
    let mut pairs: Vec<_> =
        ice.ours.candidates.iter().map(candidate).zip(ice.theirs.candidates.iter().map(candidate)).collect();
    if let Ok(found) = format!("9 1 UDP 1000 {} typ prflx", remote.replace(':', " ")).parse() {
        pairs[0].1 = found;
    }
    MediaPath::Connected { pairs, controlling: ice.controlling }
}

fn shown(world: &World, phone: usize) -> Option<IceInfo> {
    let calls = world.phones[phone].agent.status(world.now).calls;
    calls.first().and_then(|call| call.media.clone()).and_then(|media| media.ice)
}

fn invites(world: &World) -> Vec<String> {
    let invite = |bytes: &Vec<u8>| match message::parse(bytes) {
        Ok(Message::Request(request)) if request.method == Method::Invite => {
            Some(String::from_utf8_lossy(&request.body).into_owned())
        }
        _ => None,
    };
    world.tap.iter().filter_map(invite).collect()
}

fn errors(world: &World, phone: usize) -> Vec<&str> {
    let message = |event: &&Event| matches!(event, Event::Error { .. });
    let events = world.phones[phone].events.iter().filter(message);
    events
        .filter_map(|event| if let Event::Error { message, .. } = event { Some(message.as_str()) } else { None })
        .collect()
}

//= RFC 8839 §4.3.2, §4.3.3
#[test]
fn ice_is_used_where_both_have_it() {
    for (alice, bob) in [(false, false), (true, false), (false, true), (true, true)] {
        let world = call(alice, bob);
        let used = alice && bob;
        let [here, there] = [0, 1].map(|phone| agreed(&world, phone).ice);
        assert_eq!((here.is_some(), there.is_some()), (used, used), "{alice} {bob}");
        if let (Some(here), Some(there)) = (here, there) {
            assert_eq!((&here.ours.ufrag, &here.theirs.ufrag), (&there.theirs.ufrag, &there.ours.ufrag));
            assert_eq!((here.controlling, there.controlling), (true, false));
        }
        let expected = used.then(|| IceInfo { state: IceState::Checking, ..IceInfo::default() });
        assert_eq!([0, 1].map(|phone| shown(&world, phone)), [expected.clone(), expected], "{alice} {bob}");
        assert_eq!(invites(&world)[0].contains("a=ice-ufrag:"), alice);
    }
}

#[test]
fn the_way_that_was_found_is_told() {
    let mut world = call(true, true);
    let path = connected(&world, 0, "198.51.100.7:9000");
    found(&mut world, 0, path.clone());
    found(&mut world, 0, path);
    let ends = IceInfo { state: IceState::Connected, local: Some("host".into()), remote: Some("prflx".into()) };
    assert_eq!((shown(&world, 0), ends.words()), (Some(ends.clone()), "direct"));
    assert_eq!(world.names(0).iter().filter(|name| *name == "call_path").count(), 1, "news is told once");
    world.command(0, Command::Hold { call: None }).expect("it is up");
    world.run(Duration::from_secs(1));
    let invites = invites(&world);
    assert_eq!(invites.len(), 2, "{:#?}", world.log);
    assert!(invites[1].contains("a=remote-candidates:1 198.51.100.7 9000\r\n"), "{}", invites[1]);
    assert_eq!(shown(&world, 0), Some(ends), "a hold changes no way");
}

/// A far end of the time before RFC 8839 learns from an offer which way was chosen.
//= RFC 8839 §4.3.4
#[test]
fn an_old_far_end_is_told_in_an_offer() {
    let old = format!(
        "{}a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 4000 typ host\r\n",
        SDP.replace("m=audio 4002", "m=audio 4000")
    );
    for remote in ["127.0.0.1:4000", "198.51.100.7:9000"] {
        let mut world = World::new();
        world.add(with_ice("alice", true), 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], &old);
        let path = connected(&world, 0, remote);
        found(&mut world, 0, path);
        let (told, expected) = (world.requests("INVITE").len() - 1, usize::from(remote.starts_with("198")));
        assert!((told > 0) == (expected > 0), "{remote}: {:#?}", world.log);
    }
}

//= RFC 8445 §9, RFC 8839 §4.4.1.1.1
#[test]
fn another_address_begins_checks_anew_on_both_sides() {
    let mut world = call(true, true);
    let before = [0, 1].map(|phone| agreed(&world, phone).ice.expect("both have it"));
    let second = SocketAddr::from(([10, 0, 0, 6], 5070));
    world.phones[0].at = second;
    // Loopback is never lost: the call is moved by hand.
    let flow = Flow { transport: Transport::Udp, local: second, remote: address(5072) };
    world.phones[0].agent.call_moves(1, flow);
    let now = world.now;
    world.phones[0].agent.handle(Input::Timeout, now);
    world.run(Duration::from_secs(2));
    let after = [0, 1].map(|phone| agreed(&world, phone).ice.expect("both have it"));
    for phone in [0, 1] {
        assert_ne!(before[phone].ours.ufrag, after[phone].ours.ufrag, "{phone}");
        assert_eq!(after[phone].ours.ufrag, after[1 - phone].theirs.ufrag, "{phone}");
    }
    assert!(binds(&world, 0).last().is_some_and(|(local, reach)| *local == second.ip() && reach.controlling));
    assert!(after[0].ours.candidates[0].contains(" 10.0.0.6 "), "{:?}", after[0].ours);
}

//= RFC 7675 §5.1
#[test]
fn who_does_not_reach_the_far_end_asks_anew() {
    for phone in [0, 1] {
        let mut world = call(true, true);
        let path = connected(&world, phone, "");
        found(&mut world, phone, path);
        let before = agreed(&world, phone).ice.expect("both have it").ours.ufrag;
        found(&mut world, phone, MediaPath::Lost);
        let after = agreed(&world, phone).ice.expect("both have it").ours.ufrag;
        assert!(invites(&world).len() > 1 && before != after, "{phone}: {:#?}", world.log);
        assert_eq!(binds(&world, phone).len(), 2, "servers are asked anew");
        assert_eq!(errors(&world, phone), ["call c1: the far end is not reached any more"]);
        assert_eq!(shown(&world, phone).map(|ice| ice.state), Some(IceState::Lost));
    }
}

#[test]
fn that_no_way_was_found_is_told_once_and_the_call_goes_on() {
    let mut world = call(true, true);
    found(&mut world, 0, MediaPath::Failed);
    found(&mut world, 0, MediaPath::Failed);
    assert_eq!(errors(&world, 0), ["call c1: no way to the far end was found"]);
    assert_eq!(shown(&world, 0).map(|ice| ice.words()), Some("no way found"));
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("it is up");
}

/// A server that joins the call to somebody else asks for our offer.
//= RFC 8839 §7.5
#[test]
fn who_asks_for_an_offer_gets_another_name() {
    let ice = "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n";
    let mut world = World::new();
    world.add(with_ice("alice", true), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    let port = SDP.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
    let candidate = format!("a=candidate:1 1 UDP 2130706431 127.0.0.1 {port} typ host\r\n");
    respond(&mut world, &invite, 200, &[], &format!("{SDP}{ice}{candidate}"));
    let first = agreed(&world, 0).ice.expect("both have it").ours.ufrag;
    let ok = ask(&mut world, &invite, "INVITE", 5, "", "");
    let body = String::from_utf8_lossy(&ok.body).into_owned();
    assert!(body.contains("a=ice-ufrag:") && !body.contains(&format!("a=ice-ufrag:{first}\r\n")), "{body}");
}

#[test]
fn what_is_asked_of_the_sound() {
    let name = |host: &str, port| Server { host: host.to_owned(), port };
    let mut registered = account("101");
    registered.turn = TurnSettings {
        servers: vec![name("turn.example.net", None)],
        username: "u".to_owned(),
        password: Secret::new("pw"),
        only: true,
        ..TurnSettings::default()
    };
    for (ice, by_address, stun, turn) in
        [(true, false, 2, 1), (false, false, 2, 0), (true, true, 0, 0), (false, true, 0, 0)]
    {
        let settings =
            Settings { stun: vec![name("a", None), name("b", Some(19302))], enable_stun: true, ..Settings::default() };
        let mut account = if by_address { Account::new(AccountId(0)) } else { registered.clone() };
        account.ice = ice;
        let mut world = World::new();
        world.add(AgentConfig::new(settings, vec![account]), 5070);
        let (own, other) = (IpAddr::from([10, 0, 0, 6]), IpAddr::from([10, 0, 0, 5]));
        world.phones[0].at = SocketAddr::new(own, 5070);
        let now = world.now;
        world.phones[0].agent.handle(Input::Addresses(vec![other, own]), now);
        world.run(Duration::ZERO);
        if !by_address {
            answer(&mut world, 200, &[]);
        }
        let account = Some(if by_address { "0" } else { "1" }.to_owned());
        let target = "sip:bob@127.0.0.1:5999".to_owned();
        world.command(0, Command::Dial { target, account }).expect("it can be called");
        let (local, reach) = binds(&world, 0).pop().unwrap_or_else(|| panic!("{:#?}", world.log));
        assert_eq!((reach.ice, reach.controlling, reach.relay_only), (ice, true, ice && !by_address));
        assert_eq!((reach.stun.len(), reach.turn.len(), local), (stun, turn, own));
        assert_eq!(reach.addresses, if ice { vec![other] } else { Vec::new() });
        if stun > 0 {
            assert_eq!(reach.stun.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:3478", "b:19302"]);
        }
    }
}

#[test]
fn a_server_that_does_not_help_is_told_of_once() {
    let mut world = call(true, true);
    for server in ["stun.example.net", "stun.example.net", "turn.example.net"] {
        let event = MediaEvent::Unreached {
            stream: crate::media::command::StreamId(1),
            server: server.to_owned(),
            why: "no answer".to_owned(),
        };
        let now = world.now;
        world.phones[0].agent.handle(Input::Media(event), now);
        world.settle();
    }
    let told = ["stun.example.net", "turn.example.net"]
        .map(|server| format!("{server} does not help to get through the NAT: no answer"));
    assert_eq!(errors(&world, 0), told);
}

/// A far end of the other family is heard on an address of that family, where there is one.
#[test]
fn sound_is_bound_in_the_family_of_the_offer() {
    let [v4, v6] = ["10.0.0.6", "2001:db8::6"].map(|ip| ip.parse::<IpAddr>().expect("an address"));
    let far = SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP6 2001:db8::9");
    for (addresses, body, expected) in
        [(vec![v4, v6], far.as_str(), Some(v6)), (vec![v4], far.as_str(), None), (vec![v4, v6], SDP, Some(v4))]
    {
        let mut world = World::new();
        world.add(with_ice("alice", false), 5070);
        world.phones[0].at = SocketAddr::new(v4, 5070);
        let now = world.now;
        world.phones[0].agent.handle(Input::Addresses(addresses), now);
        world.send(5998, 0, called("Content-Type: application/sdp\r\n", body, "a"));
        assert_eq!(binds(&world, 0).pop().map(|(local, _)| local), expected);
        assert_eq!(world.count("488"), usize::from(expected.is_none()), "{:#?}", world.log);
    }
}

/// Alice, with ICE or without, is called so by a scripted far end.
fn called_with(ice: bool, extra: &str, lines: &str) -> World {
    let mut world = World::new();
    world.add(with_ice("alice", ice), 5070);
    let body =
        format!("{}{lines}", SDP.replace("127.0.0.1\r\nt=", "0.0.0.0\r\nt=").replace("m=audio 4000", "m=audio 9"));
    world.send(5998, 0, called(&format!("{extra}Content-Type: application/sdp\r\n"), &body, "a"));
    world.run(Duration::from_millis(100));
    world
}

const NAME: &str = "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n";

//= RFC 8840 §4.3
#[test]
fn candidates_of_an_info_are_taken() {
    let mut world = called_with(true, "", &format!("{NAME}a=ice-options:ice2 trickle\r\n"));
    let ok = world.last_response();
    assert_eq!((ok.status.0, agreed(&world, 0).ice.map(|ice| ice.theirs.candidates.len())), (200, Some(0)));
    let heard = |name| ok.headers.text(&crate::sip::message::HeaderName::from_token(name));
    assert_eq!(heard("Recv-Info").as_deref(), Some("trickle-ice"));
    let to = heard("To").expect("a tag");
    for (cseq, name, status, known) in [(2, "peer", 200, 1), (3, "other", 400, 1)] {
        let candidate = format!("a=candidate:{cseq} 1 UDP 2130706431 127.0.0.1 400{cseq} typ host\r\n");
        let body = format!("{}m=audio 9 RTP/AVP 0\r\n{candidate}", NAME.replace("peer", name));
        let info = format!(
            "INFO sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5998;branch=z9hG4bKi{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:bob@127.0.0.1:5998>;tag=one\r\nTo: {to}\r\nCall-ID: in\r\n\
             CSeq: {cseq} INFO\r\nInfo-Package: trickle-ice\r\nContent-Disposition: Info-Package\r\n\
             Content-Type: application/trickle-ice-sdpfrag\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        world.send(5998, 0, info.into_bytes());
        assert_eq!(world.last_response().status.0, status, "{name}: {:#?}", world.log);
        assert_eq!(agreed(&world, 0).ice.map(|ice| ice.theirs.candidates.len()), Some(known), "{name}");
    }
}

//= RFC 5768 §4
#[test]
fn a_call_that_requires_ice_is_refused_without() {
    let lines = format!("{NAME}a=candidate:1 1 UDP 2130706431 127.0.0.1 4000 typ host\r\n");
    for (ice, status) in [(true, 200), (false, 420)] {
        let world = called_with(ice, "Require: ice\r\n", &lines);
        assert_eq!(world.last_response().status.0, status, "{:#?}", world.log);
    }
}

/// The call goes on without ICE, and the person learns once why.
//= RFC 8839 §4.2.5
#[test]
fn that_descriptions_are_changed_on_their_way_is_told_once() {
    let mut world = World::new();
    world.add(with_ice("alice", true), 5070);
    let candidate = "a=candidate:1 1 UDP 2130706431 10.0.0.9 4000 typ host\r\n";
    for _ in 0..2 {
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], &format!("{SDP}{NAME}{candidate}"));
        assert!(agreed(&world, 0).mangled && shown(&world, 0).is_none());
    }
    let told = "something on the way changes the addresses in descriptions of calls: ICE is not used";
    assert_eq!(errors(&world, 0), [told]);
}

#[test]
fn ways_have_words() {
    for (state, local, remote, words) in [
        (IceState::Checking, None, None, "looking for a way"),
        (IceState::Connected, Some("host"), Some("srflx"), "direct"),
        (IceState::Connected, Some("relay"), Some("srflx"), "through a relay"),
        (IceState::Connected, Some("prflx"), Some("relay"), "through a relay"),
        (IceState::Failed, None, None, "no way found"),
        (IceState::Lost, None, None, "way lost"),
    ] {
        let info = IceInfo { state, local: local.map(str::to_owned), remote: remote.map(str::to_owned) };
        assert_eq!(info.words(), words);
    }
}
