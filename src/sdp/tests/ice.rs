//! ICE: when it is used, and what is shown of it, first and later.

use super::*;

const HOST: [&str; 2] = ["1 1 UDP 2130706431 192.0.2.9 4000 typ host", "1 2 UDP 2130706430 192.0.2.9 4001 typ host"];
const SEEN: [&str; 2] = [
    "2 1 UDP 1694498815 198.51.100.9 6000 typ srflx raddr 192.0.2.9 rport 4000",
    "2 2 UDP 1694498814 198.51.100.9 6001 typ srflx raddr 192.0.2.9 rport 4001",
];

/// A phone behind a NAT, with ICE under this name.
fn phone_of(name: &str) -> Negotiation {
    let at = |port| SocketAddr::from(([198, 51, 100, 9], port));
    let ice = IceDescription {
        ufrag: name.to_owned(),
        password: "0123456789012345678901".to_owned(),
        candidates: HOST.iter().chain(&SEEN).map(|line| (*line).to_owned()).collect(),
        options: vec!["ice2".to_owned()],
        is_complete: true,
        ..IceDescription::default()
    };
    let local = LocalMedia { rtp: at(6000), rtcp: at(6001), ice: Some(ice), ..phone().local().clone() };
    Negotiation::new(local, &mut StdRng::seed_from_u64(7))
}

/// A description of the peer: `c=`, what stands in `m=` as the port, and lines below.
fn theirs(c: &str, port: u16, lines: &str) -> SessionDescription {
    let family = if c.contains(':') { "IP6" } else { "IP4" };
    let text =
        format!("v=0\no=- 1 1 IN IP4 203.0.113.5\ns=-\nc=IN {family} {c}\nt=0 0\nm=audio {port} RTP/AVP 0\n{lines}");
    read(&text)
}

const NAME: &str = "a=ice-ufrag:peer\na=ice-pwd:9876543210987654321098\n";
const FIRST: &str = "a=candidate:1 1 UDP 2130706431 203.0.113.5 5000 typ host\n";
const SECOND: &str = "a=candidate:1 2 UDP 2130706430 203.0.113.5 5001 typ host\n";

fn with_ice() -> SessionDescription {
    theirs("203.0.113.5", 5000, &format!("{NAME}a=ice-options:ice2\n{FIRST}{SECOND}"))
}

/// Address, port, and every line of ICE of our audio line.
fn shown(description: &SessionDescription) -> (String, Vec<String>) {
    let media = &description.media[0];
    let at = description.address_of(media).map(|ip| SocketAddr::new(ip, media.port).to_string());
    let ice = |name: &str| name == "candidate" || name == "remote-candidates" || name.starts_with("ice-");
    let lines = media.attributes.iter().filter(|attribute| ice(&attribute.name));
    (at.unwrap(), lines.map(|attribute| attribute.to_string().trim_end().to_owned()).collect())
}

fn ours(candidates: &[&str]) -> Vec<String> {
    let own = ["a=ice-ufrag:ours", "a=ice-pwd:0123456789012345678901", "a=ice-options:ice2"];
    let lines = candidates.iter().map(|line| format!("a=candidate:{line}"));
    own.iter().map(|line| (*line).to_owned()).chain(lines).collect()
}

const ALL: [&str; 4] = [HOST[0], HOST[1], SEEN[0], SEEN[1]];

//= RFC 8839 §4.3.1
#[test]
fn the_first_offer_shows_every_candidate_and_one_of_them_to_all_others() {
    let offer = phone_of("ours").offer(false);
    assert_eq!(shown(&offer), ("198.51.100.9:6000".to_owned(), ours(&ALL)));
    let read = IceDescription::read(&offer, &offer.media[0]).unwrap();
    assert!(!read.is_mangled(&offer, &offer.media[0]));
    assert_eq!(offer.media[0].attribute("rtcp"), None, "the next port");
    assert_eq!(shown(&phone().offer(false)).1, Vec::<String>::new());
}

//= RFC 8839 §4.2.4, §4.2.5, §4.3.2, §4.3.3
#[test]
fn what_is_made_of_a_description_of_the_peer() {
    let at = |text: &str| text.parse::<SocketAddr>().ok();
    let v6 = "a=candidate:1 1 UDP 2130706431 2001:db8::5 5000 typ host\n";
    let relayed = "a=candidate:9 1 UDP 16777215 192.0.2.77 7000 typ relay raddr 0.0.0.0 rport 0\n";
    // (what, address, port, lines below, its ICE is used, it was rewritten, where sound goes while nothing is decided)
    let rows = [
        ("none", "203.0.113.5", 5000, String::new(), false, false, at("203.0.113.5:5000")),
        ("ICE", "203.0.113.5", 5000, format!("{NAME}{FIRST}{SECOND}"), true, false, at("203.0.113.5:5000")),
        ("another address", "198.51.100.77", 5000, format!("{NAME}{FIRST}"), false, true, at("198.51.100.77:5000")),
        ("another port", "203.0.113.5", 5002, format!("{NAME}{FIRST}"), false, true, at("203.0.113.5:5002")),
        ("ours was rewritten", "203.0.113.5", 5000, "a=ice-mismatch\n".to_owned(), false, true, at("203.0.113.5:5000")),
        (
            "all to come, in words",
            "0.0.0.0",
            9,
            format!("{NAME}a=ice-options:trickle\n"),
            true,
            false,
            at("192.0.0.8:9"),
        ),
        ("nothing to check", "203.0.113.5", 5000, NAME.to_owned(), false, false, at("203.0.113.5:5000")),
        ("no address for others", "0.0.0.0", 9, format!("{NAME}{FIRST}{relayed}"), true, false, at("203.0.113.5:5000")),
        (
            "the other family",
            "2001:db8::5",
            5000,
            format!("{NAME}{v6}{FIRST}{relayed}"),
            true,
            false,
            at("203.0.113.5:5000"),
        ),
        (
            "no password",
            "203.0.113.5",
            5000,
            format!("a=ice-ufrag:peer\n{FIRST}"),
            false,
            false,
            at("203.0.113.5:5000"),
        ),
    ];
    for (what, c, port, lines, used, mangled, rtp) in rows {
        let description = theirs(c, port, &lines);
        let mut caller = phone_of("ours");
        caller.offer(false);
        let by_answer = caller.accept_answer(&description).unwrap();
        let (answer, by_offer) = phone_of("ours").answer(&description).unwrap();
        for (agreed, controlling) in [(&by_answer, true), (&by_offer, false)] {
            assert_eq!((agreed.ice.is_some(), agreed.mangled, agreed.remote_rtp), (used, mangled, rtp), "{what}");
            if let Some(ice) = &agreed.ice {
                let names = (ice.ours.ufrag.as_str(), ice.theirs.ufrag.as_str(), ice.controlling);
                assert_eq!(names, ("ours", "peer", controlling), "{what}");
                assert_eq!(agreed.direction, Direction::SendRecv, "{what}: nobody holds");
            }
        }
        let expected = match (used, mangled) {
            (true, _) => ours(&ALL),
            (_, true) => vec!["a=ice-mismatch".to_owned()],
            _ => Vec::new(),
        };
        let (at, lines) = shown(&answer);
        let lines: Vec<String> = lines.iter().map(|line| line.replace("ice2 trickle", "ice2")).collect();
        assert_eq!((at, lines), ("198.51.100.9:6000".to_owned(), expected), "{what}");
    }
    let without = theirs("2001:db8::5", 5000, "");
    assert_eq!(phone_of("ours").answer(&without).err(), Some(NegotiationError::Address));
    assert_eq!(shown(&phone().answer(&with_ice()).unwrap().0).1, Vec::<String>::new(), "where it is off");
}

#[test]
fn a_lite_peer_is_controlled_and_a_shared_port_has_one_component() {
    let lines = format!("a=ice-lite\nm=audio 5000 RTP/AVP 0\n{NAME}{FIRST}a=rtcp-mux\n");
    let offer = read(&format!("{HEAD}{lines}"));
    let (answer, agreed) = phone_of("ours").answer(&offer).unwrap();
    assert!(agreed.ice.as_ref().is_some_and(|ice| ice.controlling && ice.theirs.is_lite));
    assert_eq!((shown(&answer).1, agreed.rtcp_mux), (ours(&[HOST[0], SEEN[0]]), true));
}

fn decided() -> Vec<Nominated> {
    let place = |component, line: &str, local: &str, remote: &str| Nominated {
        component,
        line: line.to_owned(),
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
    };
    vec![
        place(1, HOST[0], "192.0.2.9:4000", "203.0.113.5:5000"),
        place(2, HOST[1], "192.0.2.9:4001", "203.0.113.5:5001"),
    ]
}

//= RFC 8839 §4.4.1.2.1, §4.4.1.2.2
#[test]
fn later_offers_show_what_is_decided() {
    let remote = "a=remote-candidates:1 203.0.113.5 5000 2 203.0.113.5 5001".to_owned();
    let alone = ours(&HOST);
    let told: Vec<String> = [alone[..3].to_vec(), alone[3..].to_vec(), vec![remote]].concat();
    for controlling in [true, false] {
        let mut phone = phone_of("ours");
        if controlling {
            phone.offer(false);
            phone.accept_answer(&with_ice()).unwrap();
        } else {
            phone.answer(&with_ice()).unwrap();
        }
        assert_eq!(shown(&phone.offer(true)), ("198.51.100.9:6000".to_owned(), ours(&ALL)), "not decided yet");
        phone.abandon_offer();
        phone.set_nominated(decided(), controlling);
        assert!(!phone.owes_nominated(), "who knows ice2 is not told at once");
        let expected = if controlling { &told } else { &alone };
        for hold in [true, false] {
            let offer = phone.offer(hold);
            assert_eq!(shown(&offer), ("192.0.2.9:4000".to_owned(), expected.clone()));
            let agreed = phone.accept_answer(&with_ice()).unwrap();
            assert_eq!(agreed.ice.map(|ice| (ice.ours.ufrag, ice.controlling)), Some(("ours".to_owned(), controlling)));
        }
        let (answer, _) = phone.answer(&with_ice()).unwrap();
        assert_eq!(shown(&answer), ("192.0.2.9:4000".to_owned(), alone.clone()), "an answer has no remote-candidates");
    }
}

//= RFC 8839 §4.3.4
#[test]
fn who_does_not_know_ice2_is_told_what_was_decided() {
    let old = theirs("203.0.113.5", 5000, &format!("{NAME}{FIRST}{SECOND}"));
    for (controlling, local) in [(true, "192.0.2.9:4000"), (false, "192.0.2.9:4000"), (true, "198.51.100.9:6000")] {
        let mut phone = phone_of("ours");
        phone.offer(false);
        phone.accept_answer(&old).unwrap();
        let pair = Nominated { local: local.parse().unwrap(), ..decided().remove(0) };
        let due = controlling && local.starts_with("192");
        phone.set_nominated(vec![pair], controlling);
        assert_eq!(phone.owes_nominated(), due, "{controlling} {local}");
    }
}

//= RFC 8839 §4.4.2
#[test]
fn an_answer_shows_what_the_peer_says_it_uses() {
    let mut phone = phone_of("ours");
    phone.answer(&with_ice()).unwrap();
    for (asked, at, lines) in [
        ("1 192.0.2.9 4000 2 192.0.2.9 4001", "192.0.2.9:4000", ours(&HOST)),
        ("1 192.0.2.9 4999 2 192.0.2.9 4001", "198.51.100.9:6000", ours(&ALL)),
    ] {
        let offer = theirs("203.0.113.5", 5000, &format!("{NAME}{FIRST}{SECOND}a=remote-candidates:{asked}\n"));
        let (answer, agreed) = phone.answer(&offer).unwrap();
        assert_eq!((shown(&answer), agreed.ice.is_some()), ((at.to_owned(), lines), true), "{asked}");
    }
}

//= RFC 8839 §4.4.1.1.1, §4.4.2.1
#[test]
fn other_names_begin_checks_anew() {
    let mut phone = phone_of("ours");
    phone.answer(&with_ice()).unwrap();
    phone.set_nominated(decided(), false);
    let again = theirs("203.0.113.5", 5000, &format!("{}{FIRST}", NAME.replace("peer", "again")));
    assert!(!phone.is_restarted_by(&with_ice()) && phone.is_restarted_by(&again));
    phone.restart_ice("anew", "0123456789012345678902");
    let (answer, agreed) = phone.answer(&again).unwrap();
    let ice = agreed.ice.unwrap();
    assert_eq!((ice.ours.ufrag.as_str(), ice.theirs.ufrag.as_str(), ice.controlling), ("anew", "again", false));
    assert_eq!((shown(&answer).0.as_str(), shown(&answer).1.len()), ("198.51.100.9:6000", 3 + ALL.len()));
    // Ours, after a change of the network: who decides stays so.
    phone.restart_ice("third", "0123456789012345678903");
    assert_eq!(shown(&phone.offer(false)).1.len(), 3 + ALL.len());
    assert!(phone.accept_answer(&with_ice()).unwrap().ice.is_some_and(|ice| !ice.controlling));
}

/// A server that plays music to the far end has no ICE; when the far end is back, so is it.
//= RFC 8839 §4.4.3.1
#[test]
fn who_has_no_ice_hears_no_more_of_it_and_who_lost_it_is_asked_again() {
    let plain = theirs("203.0.113.5", 5000, "");
    let mut phone = phone_of("ours");
    phone.offer(false);
    phone.accept_answer(&plain).unwrap();
    assert_eq!((shown(&phone.offer(true)).1.len(), phone.has_lost_ice()), (0, false));

    let mut phone = phone_of("ours");
    phone.answer(&plain).unwrap();
    assert_eq!((shown(&phone.offer(true)).1.len(), phone.has_lost_ice()), (0, false));

    let mut phone = phone_of("ours");
    phone.offer(false);
    phone.accept_answer(&with_ice()).unwrap();
    phone.offer(true);
    assert_eq!(phone.accept_answer(&plain).unwrap().ice, None);
    assert!(phone.has_lost_ice());
    phone.restart_ice("anew", "0123456789012345678902");
    assert_eq!(shown(&phone.offer(false)).1.len(), 3 + ALL.len());
    assert!(phone.accept_answer(&with_ice()).unwrap().ice.is_some() && !phone.has_lost_ice());
}

//= RFC 8840 §4.2, §4.3.1
#[test]
fn candidates_that_come_later_are_taken_for_what_they_belong_to() {
    let offer = theirs("0.0.0.0", 9, &format!("{NAME}a=ice-options:ice2 trickle\n"));
    let mut phone = phone_of("ours");
    let (answer, _) = phone.answer(&offer).unwrap();
    let read = IceDescription::read(&answer, &answer.media[0]).unwrap();
    assert_eq!((read.trickles(), read.is_trickled(), read.candidates.len()), (true, false, ALL.len()));
    let (answer, _) = phone_of("ours").answer(&with_ice()).unwrap();
    assert!(!IceDescription::read(&answer, &answer.media[0]).unwrap().trickles(), "only to who does");
    let fragment = |name: &str, lines: &str| {
        let text = format!("{}m=audio 9 RTP/AVP 0\na=mid:0\n{lines}", NAME.replace("peer", name));
        IceDescription::read_fragment(text.as_bytes()).unwrap()
    };
    let rows = [
        ("peer", FIRST.to_owned(), Some((1, false))),
        ("peer", FIRST.to_owned(), Some((1, false))),
        ("other", SECOND.to_owned(), None),
        ("peer", format!("{SECOND}a=end-of-candidates\n"), Some((2, true))),
        (
            "peer",
            (0..99).map(|n| format!("a=candidate:{n} 1 UDP 9 192.0.2.1 {n} typ host\n")).collect(),
            Some((64, true)),
        ),
    ];
    for (name, lines, expected) in rows {
        let agreed = phone.trickled(fragment(name, &lines)).and_then(|agreed| agreed.ice.clone());
        let known = agreed.map(|ice| (ice.theirs.candidates.len(), ice.theirs.is_complete));
        assert_eq!(known, expected, "{name}: {lines}");
    }
    for text in ["", "a=candidate:x", "m=video 9 RTP/AVP 0\na=ice-ufrag:peer", "m=audio 9 RTP/AVP 0"] {
        assert_eq!(IceDescription::read_fragment(text.as_bytes()), None, "{text}");
    }
}

//= RFC 5761 §5.1.3
#[test]
fn who_shares_no_port_is_told_that_of_rtcp() {
    let mut phone = phone_of("ours");
    let rtcp = SocketAddr::from(([198, 51, 100, 9], 6077));
    phone.set_local(LocalMedia { rtcp, offer_rtcp_mux: true, ..phone.local().clone() });
    let told = |offer: SessionDescription| {
        let media = &offer.media[0];
        (media.has_attribute("rtcp-mux"), media.attribute("rtcp").map(str::to_owned))
    };
    assert_eq!(told(phone.offer(false)), (true, Some("6077".to_owned())));
    let shares = theirs("203.0.113.5", 5000, &format!("{NAME}{FIRST}a=rtcp-mux\n"));
    assert!(phone.accept_answer(&shares).unwrap().rtcp_mux);
    assert_eq!(told(phone.offer(true)), (true, None), "it is settled");
    assert_eq!(told(phone_of("ours").answer(&shares).unwrap().0), (true, None));
}

/// Each far end of a forked call has a name of its own; ours is the same to all.
#[test]
fn forks_answer_each_for_itself() {
    let mut phone = phone_of("ours");
    phone.offer(false);
    let other =
        theirs("203.0.113.6", 5000, &format!("{}{}", NAME.replace("peer", "other"), FIRST.replace(".5 ", ".6 ")));
    for (description, name) in [(with_ice(), "peer"), (other, "other")] {
        let ice = phone.clone().accept_answer(&description).unwrap().ice.unwrap();
        assert_eq!((ice.ours.ufrag.as_str(), ice.theirs.ufrag.as_str()), ("ours", name));
    }
}
