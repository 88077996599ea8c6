//! What `sips:`, `transport` and `proxy` make of a call's way out.

use super::*;
use crate::sip::locate::Target;
use crate::sip::message::HeaderName;

/// An account without registrar, whose calls need not wait for one.
fn at_pbx(transport: &str, proxies: &[&str]) -> Account {
    let proxies = proxies.iter().map(|&proxy| proxy.to_owned()).collect();
    let (server, domain) = (String::new(), "pbx.test".to_owned());
    Account { server, domain, transport: transport.into(), proxies, ..account("101") }
}

/// Where an account's call to this address is looked for; without an answer it goes no further.
fn looked_for(account: Account, target: &str) -> (Agent, Target, Instant) {
    #[allow(clippy::disallowed_methods)] // A moment to count from.
    let now = Instant::now();
    let config = AgentConfig { register: false, ..AgentConfig::new(Settings::default(), vec![account]) };
    let mut agent = Agent::new(config, StdRng::seed_from_u64(1), now, wall());
    let dial = Command::Dial { target: target.into(), account: None };
    agent.handle(Input::Command(RequestId(1), dial), now);
    while let Some(output) = agent.poll_output() {
        if let Output::Resolve { query, target, .. } = output {
            let transport = target.plain_transport();
            let flow = Flow { transport, local: address(5070), remote: address(5998) };
            agent.handle(Input::Resolved(query, Ok(vec![flow])), now);
            return (agent, target, now);
        }
    }
    panic!("nothing is looked for");
}

/// The INVITE once the sound has a port.
fn invite(agent: &mut Agent, now: Instant) -> Request {
    while let Some(output) = agent.poll_output() {
        match output {
            Output::Media(MediaCommand::Bind { stream, .. }) => {
                let (rtp, rtcp) = (address(4000), address(4001));
                let bound = MediaEvent::Bound { stream, rtp, rtcp, mapped: None, ice: None };
                agent.handle(Input::Media(bound), now);
            }
            Output::Transmit { bytes, .. } => match message::parse(&bytes) {
                Ok(Message::Request(request)) => return request,
                other => panic!("{other:?}"),
            },
            _ => {}
        }
    }
    panic!("no INVITE");
}

//= RFC 3261 §8.1.1.8, §26.2.2, RFC 5630 §5.1.1
#[test]
fn what_is_asked_for_by_sips_goes_by_tls_and_is_answered_so() {
    for (transport, proxies, target, goes_by, contact) in [
        ("tls", &[][..], "sips:102@pbx.test", Transport::Tls, "<sips:"),
        ("tls", &[], "sip:102@pbx.test", Transport::Tls, "<sip:"),
        ("tcp", &[], "sips:102@pbx.test", Transport::Tls, "<sips:"),
        ("tcp", &[], "sips:102@elsewhere.test", Transport::Tls, "<sips:"),
        ("tcp", &["edge.test"], "sips:102@pbx.test", Transport::Tls, "<sips:"),
        ("ws", &["edge.test"], "sips:102@pbx.test", Transport::Wss, "<sips:"),
    ] {
        let (mut agent, hop, now) = looked_for(at_pbx(transport, proxies), target);
        assert_eq!(hop.plain_transport(), goes_by, "{transport} {proxies:?} {target}");
        let invite = invite(&mut agent, now);
        assert_eq!(invite.method.as_str(), "INVITE");
        let ours = invite.headers.text(&HeaderName::Contact).unwrap_or_default();
        assert!(ours.starts_with(contact), "{transport} {target}: {ours}");
        assert!(contact == "<sip:" || !ours.contains("transport=tls"), "{ours}");
        assert!(invite.uri.starts_with(target.split(':').next().unwrap_or_default()), "{}", invite.uri);
    }
    // UDP cannot be secured: the hop says so, and nothing is sent.
    let (_, hop, _) = looked_for(at_pbx("udp", &["edge.test"]), "sips:102@pbx.test");
    let able = [Transport::Udp, Transport::Tcp, Transport::Tls];
    assert!(matches!(crate::sip::locate::locate(hop, &able), crate::sip::locate::Step::Nowhere(_)));
}

/// Where no TLS is to be had, neither password nor call goes in the open instead, however long one waits.
//= RFC 3261 §26.2.2
#[test]
fn what_is_to_go_by_tls_goes_by_nothing_else() {
    for server in ["pbx.test", ""] {
        #[allow(clippy::disallowed_methods)] // A moment to count from.
        let mut now = Instant::now();
        let account = Account { server: server.into(), ..at_pbx("tls", &[]) };
        let config = AgentConfig::new(Settings::default(), vec![account]);
        let mut agent = Agent::new(config, StdRng::seed_from_u64(1), now, wall());
        let end = now + Duration::from_secs(3600);
        let dial = Command::Dial { target: "sip:102@pbx.test".into(), account: None };
        agent.handle(Input::Command(RequestId(1), dial), now);
        let mut looked = 0;
        loop {
            while let Some(output) = agent.poll_output() {
                match output {
                    Output::Resolve { query, target, .. } => {
                        assert_eq!(target.plain_transport(), Transport::Tls, "{server:?}");
                        agent.handle(Input::Resolved(query, Err("connection refused".to_owned())), now);
                        looked += 1;
                    }
                    Output::Transmit { flow, .. } => panic!("{server:?}: sent over {}", flow.transport),
                    _ => {}
                }
            }
            let Some(next) = agent.next_timeout().filter(|next| *next < end) else { break };
            now = now.max(next);
            agent.handle(Input::Timeout, now);
        }
        assert!(looked > if server.is_empty() { 0 } else { 5 }, "{server:?}: {looked}");
    }
}

/// MicroSIP's `transport=` and `proxy=`: without a transport the domain says which; every proxy is a Route, the first
/// one the way out, and the transport goes with each.
#[test]
fn the_account_says_by_what_and_by_whom() {
    for (transport, proxies, host, asked, routes) in [
        ("", &[][..], "pbx.test", None, &[][..]),
        ("udp", &["edge.test"], "edge.test", Some(Transport::Udp), &["<sip:edge.test;lr>"]),
        ("", &["edge.test:5080"], "edge.test", None, &["<sip:edge.test:5080;lr>"]),
        (
            "tcp",
            &["edge.test", "core.test:5070"],
            "edge.test",
            Some(Transport::Tcp),
            &["<sip:edge.test;transport=tcp;lr>", "<sip:core.test:5070;transport=tcp;lr>"],
        ),
    ] {
        let (mut agent, hop, now) = looked_for(at_pbx(transport, proxies), "sip:102@pbx.test");
        assert_eq!((hop.host.as_str(), hop.transport), (host, asked), "{transport:?} {proxies:?}");
        let invite = invite(&mut agent, now);
        let all: Vec<String> =
            invite.headers.all(&HeaderName::Route).map(|route| String::from_utf8_lossy(route).into_owned()).collect();
        assert_eq!(all, routes);
    }
}
