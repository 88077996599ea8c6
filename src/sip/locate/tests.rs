//! Targets and the records they lead through.

use super::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashMap;

const ABLE: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// A small domain name system: `naptr NAME …`, `srv NAME …`, `a NAME …`, one record a line.
#[derive(Default)]
struct Zone {
    naptr: HashMap<String, Vec<Naptr>>,
    srv: HashMap<String, Vec<Srv>>,
    addresses: HashMap<String, Vec<IpAddr>>,
    asked: Vec<String>,
}

impl Zone {
    fn new(text: &str) -> Zone {
        let mut zone = Zone::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["naptr", name, order, preference, flags, service, replacement] => {
                    zone.naptr.entry((*name).to_owned()).or_default().push(Naptr {
                        order: order.parse().unwrap(),
                        preference: preference.parse().unwrap(),
                        flags: (*flags).to_owned(),
                        service: (*service).to_owned(),
                        replacement: (*replacement).to_owned(),
                    });
                }
                ["srv", name, priority, weight, port, target] => {
                    zone.srv.entry((*name).to_owned()).or_default().push(Srv {
                        priority: priority.parse().unwrap(),
                        weight: weight.parse().unwrap(),
                        port: port.parse().unwrap(),
                        target: (*target).to_owned(),
                    });
                }
                ["a", name, address] => {
                    zone.addresses.entry((*name).to_owned()).or_default().push(address.parse().unwrap());
                }
                other => panic!("{other:?}"),
            }
        }
        zone
    }

    fn answer(&mut self, question: &Question) -> Answer {
        let (kind, name) = match question {
            Question::Naptr(name) => ("naptr", name),
            Question::Srv(name) => ("srv", name),
            Question::Addresses(name) => ("a", name),
        };
        self.asked.push(format!("{kind} {name}"));
        match question {
            Question::Naptr(name) => Answer::Naptr(self.naptr.get(name).cloned().unwrap_or_default()),
            Question::Srv(name) => Answer::Srv(self.srv.get(name).cloned().unwrap_or_default()),
            Question::Addresses(name) => Answer::Addresses(self.addresses.get(name).cloned().unwrap_or_default()),
        }
    }

    fn locate(&mut self, target: Target, rng: &mut StdRng) -> Result<Vec<String>, Nowhere> {
        let mut step = locate(target, &ABLE);
        for _ in 0..4 {
            match step {
                Step::Ask(wave) => {
                    let answers: Vec<Answer> = wave.questions().iter().map(|q| self.answer(q)).collect();
                    step = wave.next(&answers, rng);
                }
                Step::Found(found) => {
                    return Ok(found.iter().map(|c| format!("{} {}", c.transport, c.address)).collect());
                }
                Step::Nowhere(why) => return Err(why),
            }
        }
        panic!("it never ends");
    }
}

/// `sip:HOST[:PORT][;transport]`, `sips:…`.
fn target(uri: &str) -> Target {
    let (scheme, rest) = uri.split_once(':').unwrap();
    let (rest, transport) = rest.split_once(';').map_or((rest, None), |(r, t)| (r, Transport::from_token(t)));
    let (host, port) = match rest.strip_prefix('[') {
        Some(v6) => v6.split_once(']').map(|(h, p)| (h, p.strip_prefix(':'))).unwrap(),
        None => rest.split_once(':').map_or((rest, None), |(h, p)| (h, Some(p))),
    };
    Target { host: host.to_owned(), port: port.map(|p| p.parse().unwrap()), transport, secure: scheme == "sips" }
}

const ZONE: &str = "
    naptr full.example 50 50 s SIPS+D2T _sips._tcp.full.example
    naptr full.example 90 50 s SIP+D2T _sip._tcp.full.example
    naptr full.example 100 50 s SIP+D2U _sip._udp.full.example
    naptr full.example 10 50 u E2U+sip nothing.example
    srv _sips._tcp.full.example 0 1 5061 b.full.example
    srv _sip._tcp.full.example 0 1 5060 b.full.example
    srv _sip._udp.full.example 0 1 5060 a.full.example
    a a.full.example 192.0.2.1
    a b.full.example 192.0.2.2
    a b.full.example 2001:db8::2
    srv _sip._udp.srv.example 20 0 5070 second.srv.example
    srv _sip._udp.srv.example 10 0 5080 first.srv.example
    a first.srv.example 192.0.2.11
    a second.srv.example 192.0.2.12
    a srv.example 192.0.2.13
    a plain.example 192.0.2.20
    naptr ws.example 10 10 s SIPS+D2W _sips._ws.ws.example
    srv _sip._udp.closed.example 0 0 0 .
    a closed.example 192.0.2.30
    a pbx 10.0.0.1
";

#[test]
fn targets_lead_to_addresses_in_order() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        //= RFC 3263 §4.1, §4.2: numeric hosts
        ("sip:192.0.2.9", &["udp 192.0.2.9:5060"], &[]),
        ("sip:192.0.2.9;tcp", &["tcp 192.0.2.9:5060"], &[]),
        ("sips:192.0.2.9", &["tls 192.0.2.9:5061"], &[]),
        ("sips:192.0.2.9;tcp", &["tls 192.0.2.9:5061"], &[]),
        ("sip:[2001:db8::9]:5070", &["udp [2001:db8::9]:5070"], &[]),
        //= RFC 3263 §4.2: a port leaves only addresses to be found
        ("sip:plain.example:5099", &["udp 192.0.2.20:5099"], &["a plain.example"]),
        ("sips:plain.example:5099", &["tls 192.0.2.20:5099"], &["a plain.example"]),
        //= RFC 3263 §4.1: NAPTR by order, what cannot be used left out
        (
            "sip:full.example",
            &[
                "tls 192.0.2.2:5061",
                "tls [2001:db8::2]:5061",
                "tcp 192.0.2.2:5060",
                "tcp [2001:db8::2]:5060",
                "udp 192.0.2.1:5060",
            ],
            &[
                "naptr full.example",
                "srv _sips._tcp.full.example",
                "srv _sip._tcp.full.example",
                "srv _sip._udp.full.example",
                "a b.full.example",
                "a b.full.example",
                "a a.full.example",
            ],
        ),
        (
            "sips:full.example",
            &["tls 192.0.2.2:5061", "tls [2001:db8::2]:5061"],
            &["naptr full.example", "srv _sips._tcp.full.example", "a b.full.example"],
        ),
        //= RFC 3263 §4.2: with a transport, its SRV alone
        ("sip:full.example;udp", &["udp 192.0.2.1:5060"], &["srv _sip._udp.full.example", "a a.full.example"]),
        //= RFC 2782: priorities
        (
            "sip:srv.example;udp",
            &["udp 192.0.2.11:5080", "udp 192.0.2.12:5070"],
            &["srv _sip._udp.srv.example", "a first.srv.example", "a second.srv.example"],
        ),
        //= RFC 3263 §4.2: no SRV: the host itself
        ("sip:plain.example;tcp", &["tcp 192.0.2.20:5060"], &["srv _sip._tcp.plain.example", "a plain.example"]),
        (
            "sip:plain.example",
            &["udp 192.0.2.20:5060"],
            &[
                "naptr plain.example",
                "srv _sip._udp.plain.example",
                "srv _sip._tcp.plain.example",
                "srv _sips._tcp.plain.example",
                "a plain.example",
            ],
        ),
        ("sip:pbx", &["udp 10.0.0.1:5060"], &["a pbx"]),
    ];
    for (uri, found, asked) in rows {
        let mut zone = Zone::new(ZONE);
        let result = zone.locate(target(uri), &mut StdRng::seed_from_u64(1));
        assert_eq!(result.as_deref().unwrap_or_default(), *found, "{uri}: {result:?}");
        assert_eq!(zone.asked, *asked, "{uri}");
    }
}

#[test]
fn what_leads_nowhere_says_why() {
    for (uri, words) in [
        ("sip:nobody.example", "it has no address"),
        ("sip:nobody.invalid", "it has no address"),
        ("sip:closed.example;udp", "it says that it offers no SIP"),
        ("sip:ws.example", "it is reached by WSS alone, which this phone cannot use here"),
        ("sip:plain.example;ws", "it is reached by WS alone, which this phone cannot use here"),
        ("sips:plain.example;udp", "it is reached by TLS alone, which this phone cannot use here"),
    ] {
        let result = Zone::new(ZONE).locate(target(uri), &mut StdRng::seed_from_u64(1));
        assert_eq!(result.map_err(|why| why.to_string()), Err(words.to_owned()), "{uri}");
    }
}

//= RFC 2782: equal priorities share by weight
#[test]
fn equal_priorities_share_by_weight() {
    let srv = |weight, target: &str| Srv { priority: 1, weight, port: 5060, target: target.to_owned() };
    let records = [srv(60, "big"), srv(0, "none"), srv(20, "small"), srv(20, "other")];
    let mut rng = StdRng::seed_from_u64(7);
    let mut firsts: HashMap<&str, u32> = HashMap::new();
    for _ in 0..10_000 {
        let order = by_weight(&records, &mut rng);
        assert_eq!(order.len(), records.len());
        *firsts.entry(order[0].target.as_str()).or_default() += 1;
    }
    let share = |name: &str| f64::from(firsts.get(name).copied().unwrap_or(0)) / 10_000.0;
    for (name, expected) in [("big", 0.6), ("small", 0.2), ("other", 0.2), ("none", 0.0)] {
        assert!((share(name) - expected).abs() < 0.02, "{name}: {}", share(name));
    }
    assert!(share("none") > 0.0, "weight 0 is rare, not never");
}

#[test]
fn floods_of_records_are_cut() {
    let srv = |n: u16| Srv { priority: n, weight: 0, port: 5060, target: format!("h{n}.example") };
    let mut zone = Zone::default();
    zone.srv.insert("_sip._udp.many.example".to_owned(), (0..1_000).map(srv).collect());
    for n in 0..1_000_u32 {
        let address = |low| IpAddr::from([10, (n >> 8) as u8, n as u8, low]);
        zone.addresses.insert(format!("h{n}.example"), (0..=255).map(address).collect());
    }
    let found = zone.locate(target("sip:many.example;udp"), &mut StdRng::seed_from_u64(1)).unwrap();
    assert_eq!(found.len(), MAX_CANDIDATES);
    assert!(zone.asked.len() <= 1 + MAX_RECORDS);
}
