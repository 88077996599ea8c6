//! Other addresses: the registration follows, calls follow, nothing storms and nothing ends by itself.

use super::registering::{answer, state};
use super::*;
use crate::sip::message::{HeaderName, Method};
use crate::ua::agent::IncomingPolicy;
use crate::ua::snapshot::{CallState, RegistrationState};
use std::net::IpAddr;

const FIRST: [u8; 4] = [10, 0, 0, 5];
const SECOND: [u8; 4] = [10, 0, 0, 6];

fn at(ip: [u8; 4]) -> SocketAddr {
    SocketAddr::from((ip, 5070))
}

/// The phone is here now, and told so; nowhere if there is no address.
pub(super) fn moves(world: &mut World, to: Option<[u8; 4]>) {
    if let Some(ip) = to {
        world.phones[0].at = at(ip);
    }
    let (addresses, now) = (to.map(IpAddr::from).into_iter().collect(), world.now);
    world.phones[0].agent.handle(Input::NetworkChanged { addresses }, now);
    world.settle();
}

fn registered(settings: Settings) -> World {
    let mut world = World::new();
    world.add(AgentConfig::new(settings, vec![account("101")]), 5070);
    world.phones[0].at = at(FIRST);
    world.run(Duration::ZERO);
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
    world
}

/// The numbers of the REGISTERs sent, each once.
fn registers(world: &World) -> Vec<u32> {
    let all = sent(world, &Method::Register);
    let mut numbers: Vec<u32> = all.iter().filter_map(|r| Some(r.headers.cseq().ok()??.number)).collect();
    numbers.dedup();
    numbers
}

/// When each went out, repeats included, in seconds.
fn times(world: &World) -> Vec<f64> {
    let lines = world.log.iter().filter(|line| line.contains("REGISTER"));
    lines.filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
}

fn contacts(world: &World) -> Vec<String> {
    let request = world.last_request();
    request.headers.all(&HeaderName::Contact).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn another_address_is_registered_within_seconds_and_the_old_one_forgotten() {
    let mut world = registered(Settings::default());
    moves(&mut world, Some(SECOND));
    assert_eq!(registers(&world).len(), 1, "it may change again at once");
    world.run(Duration::from_secs(2));
    assert_eq!(registers(&world).len(), 2);
    let contacts = contacts(&world);
    assert!(contacts[0].contains("@10.0.0.6:5070>;+sip.instance"), "{contacts:?}");
    assert!(contacts[1].contains("@10.0.0.5:5070>;expires=0"), "{contacts:?}");
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
    world.run(Duration::from_secs(60));
    assert_eq!(registers(&world).len(), 2);
}

#[test]
fn without_a_network_nothing_is_tried_and_its_return_is_noticed() {
    let mut world = registered(Settings::default());
    moves(&mut world, None);
    let away = state(&world);
    assert_eq!((away.state, away.reason.as_deref()), (RegistrationState::Failed, Some("the network is away")));
    world.run(Duration::from_secs(3600));
    assert_eq!(registers(&world).len(), 1);
    moves(&mut world, Some(FIRST));
    world.run(Duration::from_secs(2));
    assert_eq!(registers(&world).len(), 2);
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
}

/// A REGISTER that went out as the network went is not waited for: its time-out is half a minute away.
#[test]
fn a_register_under_way_is_not_waited_for() {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account("101")]), 5070);
    world.phones[0].at = at(FIRST);
    world.run(Duration::ZERO);
    let first = world.last_request();
    moves(&mut world, Some(SECOND));
    world.run(Duration::from_secs(2));
    let (second, cseq) = (world.last_request(), |r: &Request| r.headers.cseq().ok().flatten().map(|c| c.number));
    assert_eq!(cseq(&second), cseq(&first).map(|number| number + 1));
    // The answer to the first, come after all, means nothing.
    let late = Response::to_request(&first, crate::sip::message::StatusCode(403), Some("srv"));
    world.send(5999, 0, late.to_bytes());
    assert_eq!(state(&world).state, RegistrationState::Registering);
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
}

#[test]
fn a_network_that_flaps_makes_no_storm() {
    for pause in [10, 200, 900, 1700, 4000] {
        let mut world = registered(Settings::default());
        for round in 0..20 {
            moves(&mut world, [Some(FIRST), None, Some(SECOND)][round % 3]);
            world.run(Duration::from_millis(pause));
        }
        moves(&mut world, Some(SECOND));
        world.run(Duration::from_secs(6));
        let packets: Vec<f64> = times(&world);
        let burst = |from: &f64| packets.iter().filter(|at| (*from..*from + 5.0).contains(*at)).count();
        assert!(packets.iter().map(burst).max() <= Some(12), "{pause} ms: {:#?}", world.log);
        assert!(registers(&world).len() <= 3 + pause as usize * 20 / 5000, "{pause} ms: {:#?}", world.log);
        answer(&mut world, 200, &[]);
        assert!(state(&world).registered, "{pause} ms");
        assert!(contacts(&world)[0].contains("@10.0.0.6:"), "{pause} ms");
    }
}

#[test]
fn what_was_refused_or_given_back_stays_so() {
    let mut refused = World::new();
    refused.add(AgentConfig::new(Settings::default(), vec![account("101")]), 5070);
    refused.phones[0].at = at(FIRST);
    refused.run(Duration::ZERO);
    answer(&mut refused, 403, &[]);
    let mut left = registered(Settings::default());
    left.command(0, Command::Unregister { account: None }).expect("registered");
    answer(&mut left, 200, &[]);
    let off = registered(Settings { network_changes: false, ..Settings::default() });
    for (mut world, count) in [(refused, 1), (left, 2), (off, 1)] {
        moves(&mut world, Some(SECOND));
        world.run(Duration::from_secs(20));
        assert_eq!(registers(&world).len(), count, "{:#?}", world.log);
    }
}

/// Two phones in a call; the first moves.
fn talking() -> World {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let answers = IncomingPolicy::Answer { after: Duration::ZERO };
    world.add(AgentConfig { incoming: answers, ..local("bob") }, 5071);
    world.phones[0].at = at(FIRST);
    world.dial(0, "sip:bob@127.0.0.1:5071");
    world.run(Duration::from_secs(3));
    assert_eq!(calls(&world), [Some(CallState::Connected); 2]);
    world
}

fn calls(world: &World) -> [Option<CallState>; 2] {
    [0, 1].map(|phone| world.phones[phone].agent.status(world.now).calls.first().map(|call| call.state))
}

fn body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

fn sent(world: &World, method: &Method) -> Vec<Request> {
    let requests = world.tap.iter().filter_map(|bytes| match message::parse(bytes) {
        Ok(Message::Request(request)) if request.method == *method => Some(request),
        _ => None,
    });
    requests.collect()
}

//= RFC 3261 §14.1
#[test]
fn a_call_follows_to_the_new_address() {
    for held in [false, true] {
        let mut world = talking();
        if held {
            world.command(0, Command::Hold { call: None }).expect("it is up");
            world.run(Duration::from_secs(1));
        }
        let before = sent(&world, &Method::Invite).len();
        moves(&mut world, Some(SECOND));
        world.run(Duration::from_secs(4));
        let invites = sent(&world, &Method::Invite);
        assert_eq!(invites.len(), before + 1, "{:#?}", world.log);
        let invite = invites.last().expect("one");
        assert!(invite.headers.text(&HeaderName::Contact).is_some_and(|contact| contact.contains("@10.0.0.6:5070")));
        assert!(body(invite).contains("c=IN IP4 10.0.0.6"), "{}", body(invite));
        assert_eq!(body(invite).contains("a=sendonly"), held, "{}", body(invite));
        // The far end's requests find the new address, its sound too.
        let started = world.phones[1].media.iter().rev().find_map(|command| match command {
            MediaCommand::Start { agreed, .. } => agreed.remote_rtp.map(|at| at.ip()),
            _ => None,
        });
        assert_eq!(started, Some(IpAddr::from(SECOND)));
        world.command(1, Command::Hangup { which: crate::ua::command::HangupWhich::All }).expect("it is up");
        world.run(Duration::from_secs(2));
        assert_eq!(calls(&world), [None, None], "{:#?}", world.log);
    }
}

#[test]
fn a_call_whose_address_stays_is_left_alone_and_one_without_a_network_is_not_ended() {
    let mut world = talking();
    let before = sent(&world, &Method::Invite).len();
    let (addresses, now) = (vec![IpAddr::from(SECOND), IpAddr::from(FIRST)], world.now);
    world.phones[0].agent.handle(Input::NetworkChanged { addresses }, now);
    world.run(Duration::from_secs(10));
    moves(&mut world, None);
    world.run(Duration::from_secs(60));
    assert_eq!(sent(&world, &Method::Invite).len(), before);
    assert_eq!((sent(&world, &Method::Bye).len(), calls(&world)[0]), (0, Some(CallState::Connected)));
}

/// No port to be had there: the call goes on as it is, and the person knows.
#[test]
fn a_call_that_cannot_follow_is_not_ended() {
    let mut world = talking();
    world.phones[0].binds = false;
    moves(&mut world, Some(SECOND));
    world.run(Duration::from_secs(4));
    let stream = world.phones[0].media.iter().find_map(|command| match command {
        MediaCommand::Bind { stream, .. } => Some(*stream),
        _ => None,
    });
    let failed = MediaEvent::BindFailed { stream: stream.expect("bound once"), error: "none left".into() };
    let now = world.now;
    world.phones[0].agent.handle(Input::Media(failed), now);
    world.settle();
    assert_eq!(calls(&world)[0], Some(CallState::Connected));
    let told = world.phones[0].events.iter().any(|event| match event {
        Event::Error { message, .. } => message == "call c1 cannot follow to the new address: none left",
        _ => false,
    });
    assert!(told, "{:?}", world.phones[0].events);
}
