//! From the host of a URI to addresses to try, in order (RFC 3263, RFC 2782): NAPTR, SRV by weight, A and AAAA.
//!
//! Pure: it names the records it wants, wave by wave; somebody else asks the domain name system.
//!
//! ```text
//!  locate ─▶ Ask(NAPTR) ─▶ Ask(SRV …) ─▶ Ask(addresses …) ─▶ Found, or Nowhere
//! ```

use crate::sip::flow::{Flow, Transport};
use crate::sip::uri::Uri;
use rand::{Rng, RngExt};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Most records of one answer that count.
const MAX_RECORDS: usize = 16;
/// Most addresses to try.
const MAX_CANDIDATES: usize = 16;

/// What is looked for: the next hop of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// A host name, or an address literal without brackets.
    pub host: String,
    /// The port, if the URI names one.
    pub port: Option<u16>,
    /// The transport, if the URI or the configuration names one.
    pub transport: Option<Transport>,
    /// A `sips:` URI: nothing but TLS will do.
    pub secure: bool,
}

impl Target {
    /// The next hop that a URI names; `None` without a host.
    pub fn of_uri(uri: &Uri) -> Option<Target> {
        let host = uri.host()?.to_string().trim_matches(['[', ']']).to_owned();
        let transport = uri.transport().and_then(Transport::from_token);
        Some(Target { host, port: uri.port(), transport, secure: uri.is_sips() })
    }

    /// The next hop of `host[:port]` or a URI, as people write servers; `transport` is its token, empty for any.
    pub fn of_server(server: &str, transport: &str) -> Option<Target> {
        let bare = server.trim().trim_start_matches('<').trim_end_matches('>');
        let has_scheme = ["sip:", "sips:"].iter().any(|scheme| bare.starts_with(scheme));
        let text = if has_scheme { bare.to_owned() } else { format!("sip:{bare}") };
        let named = Target::of_uri(&Uri::parse(&text).ok()?)?;
        Some(Target { transport: Transport::from_token(transport).or(named.transport), ..named })
    }

    /// This path leads there.
    pub fn is_at(&self, flow: &Flow) -> bool {
        let transport = self.plain_transport();
        let port = self.port.unwrap_or(transport.default_port());
        let same = self.host.parse() == Ok(flow.remote.ip()) && port == flow.remote.port();
        same && transport == flow.transport
    }

    /// The transport without asking anyone.
    pub fn plain_transport(&self) -> Transport {
        match self.transport {
            //= RFC 3261 §26.2.2, RFC 5630 §3.1.3: sips with transport=tcp is TLS over TCP
            None | Some(Transport::Tcp) if self.secure => Transport::Tls,
            Some(Transport::Ws) if self.secure => Transport::Wss,
            //= RFC 3263 §4.1: UDP for sip, TLS for sips
            named => named.unwrap_or(Transport::Udp),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.transport {
            None if !self.secure => Ok(()),
            _ => write!(f, " ({})", self.plain_transport()),
        }
    }
}

/// A question to the domain name system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// NAPTR records of a domain.
    Naptr(String),
    /// SRV records of a service's name, `_sip._udp.example.net`.
    Srv(String),
    /// A and AAAA records of a host.
    Addresses(String),
}

/// The records that came back; empty if there are none, or nobody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Question::Srv`].
    Srv(Vec<Srv>),
    /// To [`Question::Addresses`], best first.
    Addresses(Vec<IpAddr>),
}

/// A NAPTR record (RFC 3403 §4.1), as far as RFC 3263 reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lowest first.
    pub order: u16,
    /// Lowest first among equal orders.
    pub preference: u16,
    /// `S` for a record that leads to SRV.
    pub flags: String,
    /// `SIP+D2U`.
    pub service: String,
    /// The SRV name.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lowest first.
    pub priority: u16,
    /// Share among equal priorities.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` says that the service is not offered.
    pub target: String,
}

/// An address to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// By which transport.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask these at once, then [`Wave::next`].
    Ask(Wave),
    /// Addresses to try, best first; never empty.
    Found(Vec<Candidate>),
    /// There is nothing to try.
    Nowhere(Nowhere),
}

/// Why there is nothing to try, in words about the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nowhere {
    /// No record of any kind leads to an address.
    #[error("it has no address")]
    NoAddress,
    /// The domain says so itself (RFC 2782, a target of `.`).
    #[error("it says that it offers no SIP")]
    NotOffered,
    /// The domain, or the URI, asks for a transport that is not there.
    #[error("it is reached by {0} alone, which this phone cannot use here")]
    NoTransport(&'static str),
}

/// Questions to ask together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    target: Target,
    able: Vec<Transport>,
    kind: Kind,
    questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Naptr,
    /// One transport for each question.
    Srv(Vec<Transport>),
    /// Port and transport for each question.
    Addresses(Vec<(u16, Transport)>),
}

/// The first step for a target; `able` are the transports that may be used, best first.
pub fn locate(target: Target, able: &[Transport]) -> Step {
    let able: Vec<Transport> = able.iter().copied().filter(|t| !target.secure || is_secure(*t)).collect();
    //= RFC 3261 §19.1.1: UDP cannot be secured
    if target.secure && target.transport == Some(Transport::Udp) {
        return no_transport("TLS");
    }
    let named = target.transport.map(|_| target.plain_transport());
    if let Some(transport) = named
        && !able.contains(&transport)
    {
        return no_transport(transport.via_token());
    }
    if let Ok(ip) = target.host.parse::<IpAddr>() {
        //= RFC 3263 §4.1, §4.2: a numeric host is UDP (TLS for sips) at the port given or the default one
        let Some(transport) = named.or_else(|| plain(&target, &able)) else { return no_transport("TLS") };
        let port = target.port.unwrap_or(transport.default_port());
        return Step::Found(vec![Candidate { transport, address: SocketAddr::new(ip, port) }]);
    }
    let host = target.host.clone();
    match (named, target.port) {
        //= RFC 3263 §4.2: with a port there is no SRV
        (named, Some(port)) => match named.or_else(|| plain(&target, &able)) {
            Some(transport) => ask_addresses(target, able, vec![(host, port, transport)]),
            None => no_transport("TLS"),
        },
        //= RFC 3263 §4.2: with a transport alone, its SRV records
        (Some(transport), None) => ask_services(target, able, vec![transport]),
        (None, None) if able.is_empty() => no_transport("TLS"),
        (None, None) if is_local(&host) => ask_host(target, able.clone(), &able),
        (None, None) => Step::Ask(Wave { target, able, kind: Kind::Naptr, questions: vec![Question::Naptr(host)] }),
    }
}

impl Wave {
    /// What to ask, all at once.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Takes the answers, in the order of the questions.
    pub fn next(self, answers: &[Answer], rng: &mut impl Rng) -> Step {
        let Wave { target, able, kind, questions } = self;
        match kind {
            Kind::Naptr => naptr_answered(target, able, answers),
            Kind::Srv(transports) => srv_answered(target, able, &transports, answers, rng),
            Kind::Addresses(ends) => addresses_answered(&questions, &ends, answers),
        }
    }
}

fn naptr_answered(target: Target, able: Vec<Transport>, answers: &[Answer]) -> Step {
    let Some(Answer::Naptr(records)) = answers.first() else { return ask_services(target, able.clone(), able) };
    let mut records: Vec<&Naptr> = records.iter().filter(|naptr| naptr.flags.eq_ignore_ascii_case("s")).collect();
    records.sort_by_key(|naptr| (naptr.order, naptr.preference));
    //= RFC 3263 §4.1: services that cannot be used are passed over
    let offered: Vec<(Transport, &Naptr)> =
        records.iter().filter_map(|naptr| Some((service_transport(&naptr.service)?, *naptr))).collect();
    let usable: Vec<(Transport, &Naptr)> =
        offered.iter().filter(|(transport, _)| able.contains(transport)).copied().take(MAX_RECORDS).collect();
    if usable.is_empty() {
        return match offered.first() {
            Some((transport, _)) => no_transport(transport.via_token()),
            //= RFC 3263 §4.1: without NAPTR, SRV for each transport we know
            None => ask_services(target, able.clone(), able),
        };
    }
    let questions = usable.iter().map(|(_, naptr)| Question::Srv(naptr.replacement.clone())).collect();
    let kind = Kind::Srv(usable.iter().map(|(transport, _)| *transport).collect());
    Step::Ask(Wave { target, able, kind, questions })
}

fn srv_answered(
    target: Target,
    able: Vec<Transport>,
    transports: &[Transport],
    answers: &[Answer],
    rng: &mut impl Rng,
) -> Step {
    let mut ends = Vec::new();
    let mut refused = false;
    for (transport, answer) in transports.iter().zip(answers) {
        let Answer::Srv(records) = answer else { continue };
        //= RFC 2782: a lone target of "." means that the service is decidedly not available
        refused |= matches!(records.as_slice(), [only] if only.target.trim_end_matches('.').is_empty());
        for srv in by_weight(records, rng) {
            if !srv.target.trim_end_matches('.').is_empty() && srv.port != 0 {
                ends.push((srv.target.clone(), srv.port, *transport));
            }
        }
    }
    ends.truncate(MAX_RECORDS);
    match (ends.is_empty(), refused) {
        (false, _) => ask_addresses(target, able, ends),
        (true, true) => Step::Nowhere(Nowhere::NotOffered),
        //= RFC 3263 §4.2: without SRV, the addresses of the host itself
        (true, false) => ask_host(target, able, transports),
    }
}

fn addresses_answered(questions: &[Question], ends: &[(u16, Transport)], answers: &[Answer]) -> Step {
    let mut found: Vec<Candidate> = Vec::new();
    for ((_, (port, transport)), answer) in questions.iter().zip(ends).zip(answers) {
        let Answer::Addresses(addresses) = answer else { continue };
        for ip in addresses.iter().take(MAX_RECORDS) {
            let candidate = Candidate { transport: *transport, address: SocketAddr::new(*ip, *port) };
            if !found.contains(&candidate) {
                found.push(candidate);
            }
        }
    }
    found.truncate(MAX_CANDIDATES);
    if found.is_empty() { Step::Nowhere(Nowhere::NoAddress) } else { Step::Found(found) }
}

/// SRV records in the order to try them.
fn by_weight<'a>(records: &'a [Srv], rng: &mut impl Rng) -> Vec<&'a Srv> {
    let mut rest: Vec<&Srv> = records.iter().take(MAX_RECORDS).collect();
    //= RFC 2782: lowest priority first; the records of weight 0 stand first among those to draw from
    rest.sort_by_key(|srv| (srv.priority, srv.weight));
    let mut order = Vec::with_capacity(rest.len());
    while let Some(priority) = rest.first().map(|srv| srv.priority) {
        let equals = rest.iter().take_while(|srv| srv.priority == priority);
        let total: u32 = equals.map(|srv| u32::from(srv.weight)).sum();
        let drawn = rng.random_range(0..=total);
        let mut sum = 0;
        let at = rest.iter().position(|srv| {
            sum += u32::from(srv.weight);
            sum >= drawn
        });
        order.push(rest.remove(at.unwrap_or(0)));
    }
    order
}

fn ask_services(target: Target, able: Vec<Transport>, transports: Vec<Transport>) -> Step {
    if is_local(&target.host) {
        return ask_host(target, able, &transports);
    }
    let name = |transport: &Transport| Question::Srv(format!("{}.{}", service_label(*transport), target.host));
    let questions = transports.iter().map(name).collect();
    Step::Ask(Wave { target, able, kind: Kind::Srv(transports), questions })
}

/// The host itself, at the default port of the one transport, or of the plain one.
fn ask_host(target: Target, able: Vec<Transport>, transports: &[Transport]) -> Step {
    let transport = match transports {
        [only] => Some(*only),
        _ => plain(&target, &able),
    };
    let Some(transport) = transport else { return no_transport("TLS") };
    let host = target.host.clone();
    ask_addresses(target, able, vec![(host, transport.default_port(), transport)])
}

fn ask_addresses(target: Target, able: Vec<Transport>, ends: Vec<(String, u16, Transport)>) -> Step {
    let kind = Kind::Addresses(ends.iter().map(|(_, port, transport)| (*port, *transport)).collect());
    let questions = ends.into_iter().map(|(host, ..)| Question::Addresses(host)).collect();
    Step::Ask(Wave { target, able, kind, questions })
}

fn no_transport(transport: &'static str) -> Step {
    Step::Nowhere(Nowhere::NoTransport(transport))
}

fn is_secure(transport: Transport) -> bool {
    matches!(transport, Transport::Tls | Transport::Wss)
}

fn plain(target: &Target, able: &[Transport]) -> Option<Transport> {
    let wished = target.plain_transport();
    able.iter().copied().find(|t| *t == wished).or_else(|| able.first().copied())
}

//= RFC 6761 §6.3, §6.4, RFC 6762 §3: names without services; one without a dot is the local network's
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    !host.contains('.') || matches!(last, "localhost" | "local" | "invalid")
}

/// NAPTR services and SRV labels (RFC 3263 §4.1, RFC 7118 §6).
const SERVICES: [(&str, &str, Transport); 5] = [
    ("SIP+D2U", "_sip._udp", Transport::Udp),
    ("SIP+D2T", "_sip._tcp", Transport::Tcp),
    ("SIPS+D2T", "_sips._tcp", Transport::Tls),
    ("SIP+D2W", "_sip._ws", Transport::Ws),
    ("SIPS+D2W", "_sips._ws", Transport::Wss),
];

fn service_transport(service: &str) -> Option<Transport> {
    SERVICES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(service)).map(|(_, _, transport)| *transport)
}

fn service_label(transport: Transport) -> &'static str {
    SERVICES.iter().find(|(_, _, t)| *t == transport).map_or("_sip._udp", |(_, label, _)| label)
}

#[cfg(test)]
mod tests;
