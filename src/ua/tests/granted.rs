//! What a registrar grants beyond a lifetime, and what becomes of it.

use super::registering::{answer, phone, state};
use super::*;
use crate::config::Rewrite;
use crate::sip::message::{HeaderName, Method};

const GRUU: &str = "sip:101@127.0.0.1;gr=urn:uuid:f81d4fae";

fn text(request: &Request, name: HeaderName) -> String {
    request.headers.text(&name).unwrap_or_default()
}

fn all(request: &Request, name: &HeaderName) -> Vec<String> {
    request.headers.all(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

/// Registered with these headers beside the Contact, which bears these parameters.
fn granted(account: Account, parameters: &str, headers: &[(HeaderName, &str)]) -> World {
    let mut world = World::new();
    let settings = Settings { gruu: true, ..Settings::default() };
    world.add(AgentConfig::new(settings, vec![account]), 5070);
    world.run(Duration::ZERO);
    let contact = text(&world.last_request(), HeaderName::Contact) + ";expires=600" + parameters;
    let all = [&[(HeaderName::Contact, contact.as_str())], headers].concat();
    answer(&mut world, 200, &all);
    world
}

//= RFC 5626 §4.1, §4.2
#[test]
fn the_instance_is_the_phones_and_stays() {
    let instance = "00000000-0000-4000-8000-000000000001";
    let contact = |port| {
        let mut world = World::new();
        let config = AgentConfig::new(Settings::default(), vec![account("101")]);
        world.add(AgentConfig { instance: Some(instance.into()), ..config }, port);
        world.run(Duration::ZERO);
        text(&world.last_request(), HeaderName::Contact)
    };
    let expected = format!(";+sip.instance=\"<urn:uuid:{instance}>\";reg-id=1");
    assert!(contact(5070).ends_with(&expected) && contact(5071).ends_with(&expected), "{}", contact(5070));
    let request = phone().last_request();
    assert_eq!(text(&request, HeaderName::Supported), "path, outbound");
}

//= RFC 5626 §4.2.1
#[test]
fn a_first_hop_without_outbound_gets_no_reg_id() {
    let mut world = phone();
    answer(&mut world, 439, &[]);
    let contact = text(&world.last_request(), HeaderName::Contact);
    assert!(contact.contains("+sip.instance") && !contact.contains("reg-id"), "{contact}");
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
}

//= RFC 3608 §6.1
#[test]
fn calls_take_the_route_the_registrar_granted() {
    let route = [(HeaderName::ServiceRoute, "<sip:127.0.0.1:5998;lr>, <sip:home.invalid;lr>;x=1")];
    let mut world = granted(account("101"), "", &route);
    world.dial(0, "600");
    let invite = world.last_request();
    assert_eq!(all(&invite, &HeaderName::Route), ["<sip:127.0.0.1:5998;lr>", "<sip:home.invalid;lr>;x=1"]);
    assert_eq!(world.outside.last().map(|(_, packet)| packet.to), Some(address(5998)));
    assert_eq!(state(&world).service_route.len(), 2);
    // The registration itself stays where it is.
    world.run(Duration::from_secs(580));
    let register = world.outside.iter().rev().find_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) if request.method == Method::Register => Some((request, packet.to)),
        _ => None,
    });
    let (register, to) = register.expect("a refresh");
    assert_eq!((all(&register, &HeaderName::Route), to), (Vec::new(), address(5999)));
    // What is no longer granted is no longer used.
    world.run(Duration::from_secs(60));
    answer(&mut world, 200, &[]);
    assert_eq!(state(&world).service_route, Vec::<String>::new());
}

/// A route that leaves the transport open takes an account of TLS nowhere else: to a server it knows by the connection there
/// is, to others by TLS.
//= RFC 3608 §6.1
#[test]
fn a_route_without_a_transport_leads_no_account_of_tls_into_the_open() {
    for (route, to) in [
        ("<sip:127.0.0.1;lr>", "127.0.0.1:5999"),
        ("<sip:127.0.0.1:5060;lr>", "127.0.0.1:5999"),
        ("<sip:127.0.0.2:5998;lr>", "127.0.0.2:5998"),
        ("<sip:127.0.0.2:5998;lr;transport=tls>", "127.0.0.2:5998"),
    ] {
        let account = Account { transport: "tls".into(), ..account("101") };
        let mut world = granted(account, "", &[(HeaderName::ServiceRoute, route)]);
        world.dial(0, "600");
        let invite = world.last_request();
        assert_eq!((&invite.method, all(&invite, &HeaderName::Route)), (&Method::Invite, vec![route.to_owned()]));
        assert!(
            text(&invite, HeaderName::Via).starts_with("SIP/2.0/TLS"),
            "{route}: {}",
            text(&invite, HeaderName::Via)
        );
        assert_eq!(world.outside.last().map(|(_, packet)| packet.to.to_string()).as_deref(), Some(to), "{route}");
    }
}

//= RFC 3261 §8.1.2
#[test]
fn every_outbound_proxy_is_a_route_and_none_is_named_twice() {
    let proxies = vec!["127.0.0.1:5997".into(), "sip:127.0.0.1:5996;lr".into()];
    let account = Account { proxies, transport: "tcp".into(), ..account("101") };
    let route = [(HeaderName::ServiceRoute, "<sip:127.0.0.1:5996;lr>, <sip:home.invalid;lr>")];
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account.clone()]), 5070);
    world.run(Duration::ZERO);
    let ours = ["<sip:127.0.0.1:5997;transport=tcp;lr>", "<sip:127.0.0.1:5996;lr;transport=tcp>"];
    assert_eq!(all(&world.last_request(), &HeaderName::Route), ours);
    assert_eq!(world.outside.last().map(|(_, packet)| packet.to), Some(address(5997)));
    answer(&mut world, 200, &route);
    world.dial(0, "600");
    assert_eq!(all(&world.last_request(), &HeaderName::Route), [ours[0], ours[1], "<sip:home.invalid;lr>"]);
}

//= RFC 5627 §4.4
#[test]
fn a_gruu_is_the_contact_of_calls_while_it_is_granted() {
    let mut world = granted(account("101"), &format!(";pub-gruu=\"{GRUU}\""), &[]);
    assert_eq!(state(&world).gruu.as_deref(), Some(GRUU));
    world.dial(0, "600");
    let invite = world.last_request();
    assert_eq!(text(&invite, HeaderName::Contact), format!("<{GRUU}>"));
    assert!(text(&invite, HeaderName::Supported).contains("gruu"));
    world.run(Duration::from_secs(590));
    answer(&mut world, 200, &[]);
    assert_eq!(state(&world).gruu, None);
}

//= RFC 5626 §4.3
#[test]
fn a_registrar_that_keeps_paths_apart_is_told_which_one_a_call_is_on() {
    let mut world = granted(account("101"), "", &[(HeaderName::Require, "outbound")]);
    world.dial(0, "600");
    let contact = text(&world.last_request(), HeaderName::Contact);
    assert!(contact.ends_with(";ob>"), "{contact}");
}

//= RFC 5626 §4.4
#[test]
fn the_path_is_kept_open_as_often_as_the_registrar_wishes() {
    for (flow_timer, in_a_minute) in [("30", 4), ("10", 7), ("1", 7), ("3600", 4)] {
        let mut world = granted(account("101"), "", &[(HeaderName::FlowTimer, flow_timer)]);
        world.run(Duration::from_secs(60));
        assert_eq!(world.count("keep-alive"), in_a_minute, "{flow_timer}");
    }
}

/// The contact that goes is named without the instance: a registrar that goes by it would forget the new one.
//= RFC 3261 §10.2.2
#[test]
fn an_address_that_changed_is_registered_and_the_old_one_forgotten() {
    let mut world = phone();
    let first = text(&world.last_request(), HeaderName::Contact);
    let request = world.last_request();
    let mut response = Response::to_request(&request, crate::sip::message::StatusCode(200), Some("srv"));
    let via = text(&request, HeaderName::Via).replace(";rport", ";rport=40000;received=127.0.0.9");
    response.headers.set(HeaderName::Via, via);
    world.send(5999, 0, response.to_bytes());
    let second = all(&world.last_request(), &HeaderName::Contact);
    assert!(second[0].contains("@127.0.0.9:40000>;+sip.instance"), "{second:?}");
    let old = first.split('>').next().unwrap_or_default();
    assert_eq!(second[1..], [format!("{old}>;expires=0")]);
}

/// The registrar sees us elsewhere; the Contact, and the Via, that come of it.
fn seen_elsewhere(account: Account) -> (World, String, String) {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.phones[0].at = SocketAddr::from(([192, 0, 2, 5], 5070));
    world.run(Duration::ZERO);
    let request = world.last_request();
    let mut response = Response::to_request(&request, crate::sip::message::StatusCode(200), Some("srv"));
    let via = text(&request, HeaderName::Via).replace(";rport", ";rport=40000;received=198.51.100.9");
    response.headers.set(HeaderName::Via, via);
    world.send(5999, 0, response.to_bytes());
    let last = world.last_request();
    let contact = text(&last, HeaderName::Contact);
    (world, contact, text(&last, HeaderName::Via))
}

#[test]
fn the_contact_is_the_address_seen_told_or_our_own_as_the_account_wishes() {
    let told = Some("203.0.113.7".parse().expect("an address"));
    let other_family = Some("2001:db8::7".parse().expect("an address"));
    for (rewrite, public_address, host, sent_by, count) in [
        (Rewrite::Contact, None, "198.51.100.9:40000", "192.0.2.5:5070", 2),
        (Rewrite::Nothing, None, "192.0.2.5:5070", "192.0.2.5:5070", 1),
        (Rewrite::Contact, told, "203.0.113.7:5070", "203.0.113.7:5070", 1),
        (Rewrite::Contact, other_family, "192.0.2.5:5070", "192.0.2.5:5070", 1),
    ] {
        let (world, contact, via) = seen_elsewhere(Account { rewrite, public_address, ..account("101") });
        assert!(contact.contains(&format!("@{host}>")), "{contact}");
        assert!(via.contains(&format!("UDP {sent_by};")), "{via}");
        assert_eq!(world.count("REGISTER"), count);
    }
}

//= RFC 8760 §2.4
#[test]
fn md5_is_refused_if_ruled_out_and_the_person_is_told() {
    let mut world = World::new();
    let account = Account { refuse_md5: true, ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    let digest = |algorithm| format!("Digest realm=\"pbx\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"");
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &digest("MD5"))]);
    let reason = "401 Unauthorized from 127.0.0.1:5999: it takes MD5 alone, which refuseMd5 rules out";
    assert_eq!((world.count("REGISTER"), state(&world).reason.as_deref()), (1, Some(reason)));
    world.command(0, Command::Register { account: None }).expect("it has a registrar");
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &digest("SHA-256"))]);
    assert!(world.last_request().headers.get(&HeaderName::Authorization).is_some());
}

//= RFC 7616 §3.5
#[test]
fn the_next_refresh_uses_the_nonce_the_registrar_named() {
    let mut world = phone();
    let digest = "Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"";
    answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, digest)]);
    answer(&mut world, 200, &[(HeaderName::AuthenticationInfo, "nextnonce=\"n2\", qop=auth")]);
    world.run(Duration::from_secs(280));
    let sent = crate::sip::auth::Credentials::list(&world.last_request().headers, false);
    assert_eq!(sent.first().map(|c| (c.nonce.as_str(), c.qop.map(|(_, n)| n))), Some(("n2", Some(1))));
}

/// A registrar that was started again knows nobody; on UDP its closed port is the first to say so.
#[test]
fn a_registrar_whose_port_was_closed_is_registered_at_anew() {
    let mut world = granted(account("101"), "", &[]);
    let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(5999) };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "connection refused".into() }, now);
    assert_eq!(state(&world).reason.as_deref(), Some("the path to 127.0.0.1:5999 (udp) was lost: connection refused"));
    let before = world.count("REGISTER");
    world.run(Duration::from_secs(2));
    assert!(world.count("REGISTER") > before);
    answer(&mut world, 200, &[]);
    assert!(state(&world).registered);
}
