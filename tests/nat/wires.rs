//! What stands between a stream and its sockets, with descriptions that are written and read again.

use super::gateway::Kind;
use super::internet::{Datagram, Internet, Node, Weather};
use super::pairs::{SERVER, ip};
use super::server::{PORT, Server};
use super::wired::{NOBODY, Phone, SOUND, Two, agreed, with_stun, with_turn};
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::media::reach::{MediaPath, Reach};
use tuiphone::media::stream::Port;
use tuiphone::media::wire::{Arrived, Output, Servers, Wire};
use tuiphone::nat::ice::{CandidateKind, Credentials};
use tuiphone::sdp::{Agreed, IceAgreed, IceDescription};

#[test]
fn two_phones_find_the_way_that_their_gateways_leave() {
    use CandidateKind::{Host, PeerReflexive, Relayed, ServerReflexive};
    let rows = [
        ([None, None], with_stun(SERVER), vec![Host]),
        ([Some(Kind::CONE), None], with_stun(SERVER), vec![Host, ServerReflexive, PeerReflexive]),
        ([Some(Kind::CONE); 2], with_stun(SERVER), vec![ServerReflexive, PeerReflexive]),
        ([Some(Kind::SYMMETRIC); 2], with_turn(), vec![Relayed, ServerReflexive, PeerReflexive]),
    ];
    for (seed, (kinds, reach, allowed)) in (1..).zip(rows) {
        let is_relayed = !reach.turn.is_empty();
        let mut two = Two::new(seed, kinds, [reach.clone(), reach]);
        let sent = two.phones[0].borrow_mut().says(Port::Rtp, "203.0.113.1:4000".parse().unwrap(), SOUND);
        assert!(!sent, "{kinds:?}: nothing goes out before there is a way");
        two.describe(two.descriptions());
        assert!(two.connects(5_000), "{kinds:?}");
        assert!(two.talks(), "{kinds:?}");
        for phone in &two.phones {
            let phone = phone.borrow();
            let (ours, theirs) = phone.way().unwrap();
            assert!(allowed.contains(&ours) && allowed.contains(&theirs), "{kinds:?} {:?}", phone.way());
            let paths = phone.paths();
            assert_eq!(paths.first(), Some(&&MediaPath::Checking), "{kinds:?}");
            assert_eq!(paths.last().unwrap().is_relayed(), is_relayed, "{kinds:?}");
        }
    }
}

#[test]
fn a_call_is_not_late_because_servers_are_dead() {
    for reach in [with_stun(NOBODY), Reach { ice: false, ..with_stun(NOBODY) }] {
        let mut two = Two::new(1, [None, None], [reach.clone(), reach.clone()]);
        let took = two.net.now - two.net.start;
        assert!(took >= Duration::from_millis(400) && took <= Duration::from_millis(500), "{took:?}");
        if reach.ice {
            assert_eq!(two.descriptions()[0].candidates.len(), 2, "the hosts are told");
            two.describe(two.descriptions());
            assert!(two.connects(2_000) && two.talks());
        } else {
            let phone = two.phones[0].borrow();
            assert_eq!(phone.ready, Some((None, None)));
            let told = phone.told.iter().any(|(_, told)| matches!(told, Output::Unreached { .. }));
            assert!(told, "{:?}", phone.told);
        }
    }
}

#[test]
fn names_that_are_not_found_in_time_are_not_waited_for() {
    let mut net = Internet::new(1, Weather::FINE);
    let sockets = vec!["10.0.0.2:4000".parse().unwrap(), "10.0.0.2:4001".parse().unwrap()];
    let mut wire = Wire::new(sockets, with_stun("stun.example"), net.now, &mut net.rng);
    assert!(wire.is_waiting() && wire.poll().is_none());
    let at = wire.next_timeout().unwrap();
    assert_eq!(at - net.now, Duration::from_millis(500));
    wire.handle_timeout(at);
    assert!(matches!(wire.poll(), Some(Output::Ready { ice: Some(_), .. })));
    // They come after all.
    wire.begin(Servers { stun: vec![SocketAddr::new(ip(SERVER), PORT)], turn: Vec::new() }, at);
    assert!(wire.poll().is_none());
}

#[test]
fn a_public_address_is_told_and_is_a_candidate() {
    let public = Some(ip("198.51.100.1"));
    for ice in [false, true] {
        let reach = Reach { ice, public, ..Reach::default() };
        let two = Two::new(1, [Some(Kind::CONE), None], [reach.clone(), Reach { public: None, ..reach }]);
        let phone = two.phones[0].borrow();
        let (mapped, description) = phone.ready.clone().unwrap();
        let outside = |port| SocketAddr::new(ip("198.51.100.1"), port);
        assert_eq!(mapped, Some((outside(4000), outside(4001))));
        assert_eq!(description.is_some(), ice);
        assert_eq!(two.net.now, two.net.start, "nobody is asked");
        if ice {
            phone.description();
        }
    }
    // Who asks a server believes that.
    let reach = Reach { ice: false, public: Some(ip("198.51.100.77")), ..with_stun(SERVER) };
    let two = Two::new(1, [Some(Kind::CONE), None], [reach.clone(), reach]);
    assert_eq!(two.phones[0].borrow().shown().ip(), ip("198.51.100.1"));
}

#[test]
fn a_mapping_is_told_kept_alive_and_media_passes_it_by() {
    let reach = Reach { ice: false, ..with_stun(SERVER) };
    let mut two = Two::new(1, [Some(Kind::CONE), None], [reach.clone(), reach]);
    let shown = two.phones[0].borrow().shown();
    assert_eq!(shown.ip(), ip("198.51.100.1"));
    // Longer than its gateway remembers.
    two.net.run(Duration::from_secs(120));
    assert!(two.phones[0].borrow().told.is_empty(), "{:?}", two.phones[0].borrow().told);
    let far = two.phones[1].borrow().sockets[0];
    two.phones[0].borrow_mut().says(Port::Rtp, far, SOUND);
    two.net.run(Duration::from_millis(100));
    assert_eq!(two.phones[1].borrow().heard, [(Port::Rtp, shown, SOUND.to_vec())]);
    two.phones[1].borrow_mut().says(Port::Rtp, shown, b"\0\x01no STUN");
    two.net.run(Duration::from_millis(100));
    assert_eq!(two.phones[0].borrow().heard, [(Port::Rtp, far, b"\0\x01no STUN".to_vec())]);
}

#[test]
fn who_has_no_ice_is_met_where_its_description_says() {
    let mut two = Two::new(1, [Some(Kind::CONE), None], [with_stun(SERVER), Reach::default()]);
    let [a, b] = [0, 1].map(|at: usize| Rc::clone(&two.phones[at]));
    let (ours, theirs) = (a.borrow().shown(), b.borrow().sockets[0]);
    a.borrow_mut().wire.start(&agreed(theirs, None), two.net.now);
    assert!(a.borrow_mut().says(Port::Rtp, theirs, SOUND));
    two.net.run(Duration::from_millis(100));
    assert_eq!(b.borrow().heard, [(Port::Rtp, ours, SOUND.to_vec())]);
    b.borrow_mut().says(Port::Rtp, ours, SOUND);
    two.net.run(Duration::from_millis(100));
    assert_eq!(a.borrow().heard, [(Port::Rtp, theirs, SOUND.to_vec())]);
    assert_eq!(a.borrow().paths(), Vec::<&MediaPath>::new());
}

#[test]
fn through_a_relay_only_nothing_else_is_told_and_without_one_nothing_at_all() {
    let hidden = Reach { relay_only: true, ..with_turn() };
    let mut two = Two::new(1, [Some(Kind::CONE), None], [hidden.clone(), with_stun(SERVER)]);
    let text = format!("{:?}", two.descriptions()[0]);
    assert!(!text.contains("10.0.0.2") && !text.contains("198.51.100.1"), "{text}");
    two.describe(two.descriptions());
    assert!(two.connects(5_000) && two.talks());
    assert!(two.phones[0].borrow().paths().last().unwrap().is_relayed());
    let from_phone = |(_, (from, to, _)): &(Duration, Datagram)| from.ip() == ip("10.0.0.2") && to.ip() != ip(SERVER);
    assert!(!two.net.tap.iter().any(from_phone), "and nobody else is sent anything");

    // A peer without ICE is spoken to through it as well.
    let mut two = Two::new(2, [Some(Kind::CONE), None], [hidden.clone(), Reach::default()]);
    let (relayed, theirs) = (two.phones[0].borrow().shown(), two.phones[1].borrow().sockets[0]);
    two.phones[0].borrow_mut().wire.start(&agreed(theirs, None), two.net.now);
    two.phones[0].borrow_mut().says(Port::Rtp, theirs, SOUND);
    two.net.run(Duration::from_millis(500));
    assert_eq!(two.phones[1].borrow().heard, [(Port::Rtp, relayed, SOUND.to_vec())]);
    assert!(!two.net.tap.iter().any(from_phone));

    let mut net = Internet::new(1, Weather::FINE);
    let phone = Phone::new("198.51.100.1", Reach { turn: Vec::new(), ..hidden }, net.now, &mut net.rng);
    let phone = net.add(&[ip("198.51.100.1")], None, phone);
    net.run(Duration::from_secs(5));
    let phone = phone.borrow();
    assert_eq!(phone.ready, None);
    assert!(matches!(phone.told.as_slice(), [(_, Output::Barred(_))]), "{:?}", phone.told);
}

#[test]
fn who_has_no_part_in_the_call_is_not_heard() {
    let mut two = Two::new(1, [None, None], [with_stun(SERVER), with_stun(SERVER)]);
    let stranger = Phone::new("192.0.2.66", Reach::default(), two.net.now, &mut two.net.rng);
    let stranger = two.net.add(&[ip("192.0.2.66")], None, stranger);
    let victim = two.phones[0].borrow().sockets[0];
    let speaks = |two: &mut Two| {
        stranger.borrow_mut().says(Port::Rtp, victim, SOUND);
        stranger.borrow_mut().says(Port::Rtp, victim, b"\x40\x01\0\x01x");
        stranger.borrow_mut().says(Port::Rtp, victim, b"\x16\xfe\xfd");
        two.net.run(Duration::from_millis(100));
    };
    speaks(&mut two);
    // A handshake may begin before the description is there.
    assert_eq!(two.phones[0].borrow_mut().heard.pop().map(|(.., data)| data), Some(b"\x16\xfe\xfd".to_vec()));
    two.describe(two.descriptions());
    speaks(&mut two);
    assert!(two.connects(2_000));
    speaks(&mut two);
    assert!(two.phones[0].borrow().heard.is_empty(), "{:?}", two.phones[0].borrow().heard);
    assert_eq!(two.phones[0].borrow().strangers.len(), 8);
    assert!(two.talks());
}

/// Another name and password, the candidates of before.
fn renamed(before: &IceDescription, rng: &mut StdRng) -> IceDescription {
    let Credentials { ufrag, password } = Credentials::new(rng);
    IceDescription { ufrag, password: password.to_string(), ..before.clone() }
}

#[test]
//= RFC 8445 §9
fn sound_goes_on_through_a_restart() {
    let mut two = Two::new(1, [Some(Kind::CONE); 2], [with_stun(SERVER), with_stun(SERVER)]);
    two.describe(two.descriptions());
    assert!(two.connects(5_000) && two.talks());
    // The same again changes nothing: a hold, a refresh.
    two.describe(two.descriptions());
    two.net.run(Duration::from_secs(1));
    assert_eq!(two.phones[0].borrow().paths().len(), 2, "{:?}", two.phones[0].borrow().paths());
    let again = two.descriptions().map(|before| renamed(&before, &mut two.net.rng));
    let [offer, answer] = again;
    two.start(1, answer.clone(), offer.clone());
    assert!(two.talks(), "on the pair that is there");
    two.start(0, offer, answer);
    assert!(two.talks(), "still");
    two.net.run(Duration::from_secs(3));
    for phone in &two.phones {
        let told = phone.borrow().paths().len();
        assert_eq!(told, 4, "checking, connected, checking, connected: {:?}", phone.borrow().paths());
    }
    assert!(two.talks());
}

#[test]
fn another_end_of_a_forked_call_answers_the_same_offer() {
    let mut two = Two::new(1, [Some(Kind::CONE), None], [with_stun(SERVER), with_stun(SERVER)]);
    let other = Phone::new("203.0.113.9", with_stun(SERVER), two.net.now, &mut two.net.rng);
    let other = two.net.add(&[ip("203.0.113.9")], None, other);
    two.net.run(Duration::from_secs(1));
    two.describe(two.descriptions());
    assert!(two.connects(5_000));
    let (offer, answer) = (two.phones[0].borrow().description(), other.borrow().description());
    let ice = |ours: &IceDescription, theirs: &IceDescription, controlling| {
        Some(IceAgreed { ours: ours.clone(), theirs: theirs.clone(), controlling })
    };
    let (near, far) = (two.phones[0].borrow().shown(), other.borrow().shown());
    other.borrow_mut().wire.start(&agreed(near, ice(&answer, &offer, false)), two.net.now);
    two.phones[0].borrow_mut().wire.start(&agreed(far, ice(&offer, &answer, true)), two.net.now);
    assert!(!two.phones[0].borrow_mut().says(Port::Rtp, far, SOUND), "nothing for the first goes to the other");
    two.net.run(Duration::from_secs(3));
    two.phones[0].borrow_mut().says(Port::Rtp, far, SOUND);
    two.net.run(Duration::from_millis(100));
    assert_eq!(other.borrow().heard, [(Port::Rtp, near, SOUND.to_vec())]);
    // It is checked under the name that was offered.
    let user = format!("{}:{}", answer.ufrag, offer.ufrag);
    let bears = |bytes: &[u8]| bytes.windows(user.len()).any(|window| window == user.as_bytes());
    assert!(two.net.tap.iter().any(|(_, (from, _, bytes))| from.ip() == ip("10.0.0.2") && bears(bytes)));
}

#[test]
//= RFC 7675 §5.1
fn a_far_end_that_is_gone_is_told_of_and_sent_nothing() {
    let mut two = Two::new(1, [Some(Kind::CONE); 2], [with_stun(SERVER), with_stun(SERVER)]);
    two.describe(two.descriptions());
    assert!(two.connects(5_000));
    two.net.passes = |from, _| from.ip() != "10.1.0.2".parse::<std::net::IpAddr>().unwrap();
    two.net.run(Duration::from_secs(31));
    let remote = two.phones[1].borrow().shown();
    let mut phone = two.phones[0].borrow_mut();
    assert_eq!(phone.paths().last(), Some(&&MediaPath::Lost));
    assert!(!phone.says(Port::Rtp, remote, SOUND));
}

#[test]
//= RFC 7675 §5.1: consent may be asked for sooner
fn who_controls_learns_soon_that_nothing_comes() {
    let mut two = Two::new(1, [Some(Kind::CONE); 2], [with_stun(SERVER), with_stun(SERVER)]);
    two.describe(two.descriptions());
    assert!(two.connects(5_000));
    // Silent, as a held call is, and asked all the time.
    let silent = two.net.now - two.net.start;
    two.net.run(Duration::from_secs(120));
    let is_said = |(from, to): (SocketAddr, SocketAddr)| from.ip() == ip("10.0.0.2") && to.ip() != ip(SERVER);
    let count = two.net.tap.iter().filter(|(at, (from, to, _))| *at > silent && is_said((*from, *to))).count();
    assert!((80..120).contains(&count), "{count}: a question and an answer each 5 s, of sound and of reports");
    let paths =
        |two: &Two| [0, 1].map(|at: usize| two.phones[at].borrow().paths().into_iter().cloned().collect::<Vec<_>>());
    assert!(paths(&two).iter().all(|paths| paths.len() == 2), "{:?}", paths(&two));
    // Gone for a while.
    two.speak(3_000);
    two.net.passes = |_, _| false;
    let gone = two.net.now;
    two.speak(4_500);
    assert!(paths(&two).iter().all(|paths| paths.len() == 2), "{:?}", paths(&two));
    assert!(two.run_until(2_000, |a, _| a.paths().last() == Some(&&MediaPath::Lost)), "{:?}", paths(&two));
    assert!(two.net.now - gone < Duration::from_secs(6), "{:?}", two.net.now - gone);
    two.net.passes = |_, _| true;
    assert!(two.talks(), "and there again: what was in use may be used until consent is over");
    assert!(matches!(paths(&two)[0].as_slice(), [.., MediaPath::Lost, MediaPath::Connected { .. }]));
    assert_eq!(paths(&two)[1].len(), 2, "who is controlled waits");
    // For ever.
    two.net.passes = |_, _| false;
    two.net.run(Duration::from_secs(31));
    assert!(paths(&two).iter().all(|paths| paths.last() == Some(&MediaPath::Lost)), "{:?}", paths(&two));
}

#[test]
fn a_way_that_ends_while_another_is_looked_for_is_no_news() {
    let mut two = Two::new(1, [Some(Kind::CONE); 2], [with_stun(SERVER), with_stun(SERVER)]);
    two.describe(two.descriptions());
    assert!(two.connects(5_000));
    two.speak(1_000);
    two.net.passes = |_, _| false;
    two.net.run(Duration::from_secs(2));
    let again = two.descriptions().map(|before| renamed(&before, &mut two.net.rng));
    two.describe(again);
    two.net.run(Duration::from_secs(60));
    for phone in &two.phones {
        let phone = phone.borrow();
        let is_it = matches!(phone.paths().as_slice(), [.., MediaPath::Checking, MediaPath::Failed]);
        assert!(is_it && !phone.paths().contains(&&MediaPath::Lost), "{:?}", phone.paths());
    }
}

#[test]
fn what_was_borrowed_is_given_back_at_the_end() {
    let mut net = Internet::new(1, Weather::FINE);
    let server = net.add(&[ip(SERVER)], None, Server::new(SERVER));
    let phone = Phone::new("198.51.100.1", with_turn(), net.now, &mut net.rng);
    let phone = net.add(&[ip("198.51.100.1")], None, phone);
    net.run(Duration::from_secs(1));
    assert_eq!(server.borrow().allocations.len(), 2);
    phone.borrow_mut().wire.close(net.now);
    net.run(Duration::from_secs(1));
    assert_eq!(phone.borrow().next_timeout(), None);
    // The server looks after its allocations when something comes.
    phone.borrow_mut().pokes(SocketAddr::new(ip(SERVER), PORT));
    net.run(Duration::from_secs(1));
    assert_eq!(server.borrow().allocations.len(), 0);

    // Hung up while it is asked for.
    let phone = Phone::new("198.51.100.2", with_turn(), net.now, &mut net.rng);
    let phone = net.add(&[ip("198.51.100.2")], None, phone);
    net.run_until(Duration::from_secs(1), || server.borrow().allocations.len() == 1);
    phone.borrow_mut().wire.close(net.now);
    net.run(Duration::from_secs(5));
    phone.borrow_mut().pokes(SocketAddr::new(ip(SERVER), PORT));
    net.run(Duration::from_secs(1));
    assert_eq!(server.borrow().allocations.len(), 0);
}

#[test]
fn nothing_passes_a_wire_that_waits_for_its_servers() {
    let mut net = Internet::new(1, Weather::FINE);
    let sockets: Vec<SocketAddr> = vec!["10.0.0.2:4000".parse().unwrap(), "10.0.0.2:4001".parse().unwrap()];
    let far = SocketAddr::new(ip(SERVER), 4000);
    for ice in [true, false] {
        let reach = Reach { ice, ..with_stun("stun.example") };
        let mut wire = Wire::new(sockets.clone(), reach, net.now, &mut net.rng);
        assert_eq!(wire.send(Port::Rtp, far, SOUND, net.now), (!ice).then_some((0, far)));
        let arrived = wire.receive(0, far, SOUND, net.now);
        assert_eq!(arrived == Arrived::Stranger(far), ice);
        // One name is not found in time: the others are asked all the same.
        wire.keep(Servers { stun: vec![SocketAddr::new(ip(SERVER), PORT)], turn: Vec::new() });
        let at = wire.next_timeout().unwrap();
        wire.handle_timeout(at);
        wire.handle_timeout(at + Duration::from_millis(50));
        assert!(matches!(wire.poll(), Some(Output::Transmit { to, .. }) if to.ip() == ip(SERVER)));
    }
}

#[test]
fn a_call_whose_reports_find_no_way_is_heard() {
    let mut two = Two::new(1, [None, None], [with_stun(SERVER), with_stun(SERVER)]);
    two.net.passes = |_, to| to.port() != 4001;
    two.describe(two.descriptions());
    two.net.run(Duration::from_secs(2));
    let remote = two.phones[1].borrow().shown();
    assert!(two.phones[0].borrow_mut().says(Port::Rtp, remote, SOUND));
    // Which way reports go is known when checks have had their time.
    assert!(two.connects(60_000));
    for phone in &two.phones {
        let Some(MediaPath::Connected { pairs, .. }) = phone.borrow().paths().last().cloned().cloned() else {
            panic!()
        };
        assert_eq!(pairs.len(), 1);
    }
}

#[test]
fn ports_that_are_shared_need_one_way_alone() {
    let mut two = Two::new(1, [None, None], [with_stun(SERVER), with_stun(SERVER)]);
    let [offer, answer] = two.descriptions();
    // The candidates come later: nothing else tells that there is one component.
    let bare = |ice: &IceDescription| IceDescription { candidates: Vec::new(), ..ice.clone() };
    for (at, ours, theirs) in [(1, &answer, &offer), (0, &offer, &bare(&answer))] {
        let ice = IceAgreed { ours: ours.clone(), theirs: theirs.clone(), controlling: at == 0 };
        let remote = two.phones[1 - at].borrow().shown();
        let agreed = Agreed { rtcp_mux: true, remote_rtcp: Some(remote), ..agreed(remote, Some(ice)) };
        two.phones[at].borrow_mut().wire.start(&agreed, two.net.now);
    }
    assert!(two.connects(5_000), "by what the checks of the other found");
    // Who has all the ways it needs asks servers for no more.
    two.net.run(Duration::from_secs(20));
    let since = two.net.now - two.net.start;
    two.net.run(Duration::from_secs(60));
    assert!(!two.net.tap.iter().any(|(at, (_, to, _))| *at > since && to.ip() == ip(SERVER)));
}

/// An announcement without ICE, then a phone that has it.
#[test]
//= RFC 8445 §8.3
fn what_was_offered_is_good_for_who_answers_after_somebody_without_ice() {
    // The second has no relay: it is reached through that of the offer alone.
    let mut two = Two::new(1, [Some(Kind::SYMMETRIC); 2], [with_turn(), with_stun(SERVER)]);
    let (offer, remote) = (two.phones[0].borrow().description(), two.phones[1].borrow().shown());
    two.phones[0].borrow_mut().wire.start(&agreed(remote, None), two.net.now);
    two.net.run(Duration::from_secs(60));
    assert_eq!(two.phones[0].borrow().paths(), Vec::<&MediaPath>::new());
    let answer = two.phones[1].borrow().description();
    two.describe([offer, answer]);
    assert!(two.connects(10_000) && two.talks());
    assert!(two.phones[0].borrow().paths().last().unwrap().is_relayed());
}

#[test]
fn what_nobody_with_ice_asks_for_is_given_back() {
    let mut two = Two::new(1, [Some(Kind::SYMMETRIC); 2], [with_turn(), with_stun(SERVER)]);
    let remote = two.phones[1].borrow().shown();
    assert_eq!(two.server.borrow().allocations.len(), 2);
    two.phones[0].borrow_mut().wire.start(&agreed(remote, None), two.net.now);
    two.net.run(Duration::from_secs(185));
    assert_eq!(two.phones[0].borrow().next_timeout(), None);
    // The server looks after its allocations when something comes.
    two.phones[0].borrow_mut().pokes(SocketAddr::new(ip(SERVER), PORT));
    two.net.run(Duration::from_secs(1));
    assert_eq!(two.server.borrow().allocations.len(), 0);
    // Who has it after all has to wait until it is lent anew.
    two.describe(two.descriptions());
    two.net.run(Duration::from_secs(1));
    assert_eq!(two.server.borrow().allocations.len(), 2);
}

#[test]
//= RFC 8656 §9
fn a_server_that_forgets_whom_it_lets_through_is_asked_again() {
    // Whose relay it is: of who controls, of who is controlled.
    for at in [0, 1] {
        let mut reaches = [with_stun(SERVER), with_stun(SERVER)];
        reaches[at] = with_turn();
        let mut two = Two::new(1, [Some(Kind::SYMMETRIC); 2], reaches);
        two.describe(two.descriptions());
        assert!(two.connects(10_000));
        two.speak(2_000);
        for allocation in &mut two.server.borrow_mut().allocations {
            (allocation.permissions, allocation.channels) = (Vec::new(), Vec::new());
        }
        two.speak(7_000);
        assert_eq!(two.phones[0].borrow().paths().last(), Some(&&MediaPath::Lost), "{at}");
        let again = two.descriptions().map(|before| renamed(&before, &mut two.net.rng));
        two.describe(again);
        assert!(two.run_until(5_000, |a, _| a.way().is_some()) && two.talks(), "{at}");
    }
}
