//! The way to an account's server, step by step, for whoever looks for a fault: names, addresses, certificates.

use super::net::dns::Dns;
use super::net::wire::Names;
use super::net::{connect, tls};
use super::reloading::name_servers;
use super::signalling::able;
use crate::config::{Account, Settings};
use crate::sip::flow::Transport;
use crate::sip::locate::{self, Answer, Question, Step, Target};
use crate::text::{plain_error, sanitise};
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// How long a connection and its handshake may take.
const PATIENCE: Duration = Duration::from_secs(6);
/// Steps of one search at most.
const MAX_WAVES: usize = 4;

/// What was asked on the way to a server, and where that leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Its host, as the settings have it.
    pub host: String,
    /// What is looked for: `pbx.example.net (tls)`.
    pub target: String,
    /// Each question and its answer, in words.
    pub steps: Vec<String>,
    /// Where requests go, the first one first; else why there is nowhere to go.
    pub found: Result<Vec<Stop>, String>,
}

/// An address to send requests to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub address: SocketAddr,
    /// `udp`…
    pub transport: &'static str,
    /// Its server shows a certificate.
    pub is_secure: bool,
}

/// The way to the first hop of an account: its proxy, else its registrar. `None` where it has neither.
pub async fn way(account: &Account, settings: &Settings, seed: [u8; 32]) -> Option<Way> {
    let server = account.proxies.first().unwrap_or(&account.server);
    let target = Target::of_server(server, &account.transport)?;
    let (dns, mut rng) = (Dns::new(name_servers(settings)), StdRng::from_seed(seed));
    let (host, words) = (sanitise(&target.host), sanitise(&target.to_string()));
    let able = able(&target);
    let (mut step, mut steps) = (locate::locate(target, &able), Vec::new());
    let mut found = Err("its records lead from one to the next".to_owned());
    for _ in 0..MAX_WAVES {
        match step {
            Step::Found(candidates) => {
                let stop = |it: &locate::Candidate| Stop {
                    address: it.address,
                    transport: it.transport.param(),
                    is_secure: matches!(it.transport, Transport::Tls | Transport::Wss),
                };
                found = Ok(candidates.iter().map(stop).collect());
                break;
            }
            Step::Nowhere(why) => {
                found = Err(why.to_string());
                break;
            }
            Step::Ask(wave) => {
                let asked = join_all(wave.questions().iter().map(|question| dns.answer(question))).await;
                let told = wave.questions().iter().zip(&asked);
                steps.extend(told.map(|(question, (answer, failure))| said(question, answer, failure.as_deref())));
                let answers: Vec<Answer> = asked.into_iter().map(|(answer, _)| answer).collect();
                step = wave.next(&answers, &mut rng);
            }
        }
    }
    Some(Way { host, target: words, steps, found })
}

/// `SRV _sip._udp.example.net: 10 pbx.example.net:5060`.
fn said(question: &Question, answer: &Answer, failure: Option<&str>) -> String {
    let (kind, name) = match question {
        Question::Naptr(name) => ("NAPTR", name),
        Question::Srv(name) => ("SRV", name),
        Question::Addresses(name) => ("addresses of", name),
    };
    let records: Vec<String> = match answer {
        Answer::Naptr(list) => {
            list.iter().map(|it| format!("{} {} {}", it.order, it.service, it.replacement)).collect()
        }
        Answer::Srv(list) => list.iter().map(|it| format!("{} {}:{}", it.priority, it.target, it.port)).collect(),
        Answer::Addresses(list) => list.iter().map(IpAddr::to_string).collect(),
    };
    let words = match (failure, records.is_empty()) {
        (Some(why), _) => why.to_owned(),
        (None, true) => "none".to_owned(),
        (None, false) => records.join(", "),
    };
    sanitise(&format!("{kind} {name}: {words}"))
}

/// A certificate, as far as people ask about it; text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// It is good until then.
    pub until: SystemTime,
}

/// The certificates a server shows, its own first, and whether this account takes them; else why it was not got that far.
pub async fn certificates(account: &Account, host: &str, stop: Stop) -> (Vec<Shown>, Result<(), String>) {
    let literal = |name: &str| name.parse::<IpAddr>().is_ok();
    // An own server given by its address has the domain's name.
    let domain = Target::of_server(&account.domain, "").map(|it| it.host).filter(|it| literal(host) && !literal(it));
    let name = domain.unwrap_or_else(|| host.to_owned());
    let names = if stop.transport == "wss" { Names::Web } else { Names::Sip };
    let looked = async {
        match connect::to(stop.address, None).await {
            Ok(stream) => tls::look(stream, &name, &account.tls, names).await,
            Err(why) => (Vec::new(), Err(format!("cannot connect to {}: {}", stop.address, plain_error(&why)))),
        }
    };
    let late = || (Vec::new(), Err(format!("{} has not answered within {} s", stop.address, PATIENCE.as_secs())));
    let (chain, verdict) = tokio::time::timeout(PATIENCE, looked).await.unwrap_or_else(|_| late());
    (chain.iter().filter_map(|der| shown(der)).collect(), verdict)
}

fn shown(der: &[u8]) -> Option<Shown> {
    let read = Certificate::from_der(der).ok()?;
    let about = read.tbs_certificate();
    Some(Shown {
        subject: sanitise(&about.subject().to_string()),
        issuer: sanitise(&about.issuer().to_string()),
        until: UNIX_EPOCH + about.validity().not_after.to_unix_duration(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;
    use crate::sip::locate::{Naptr, Srv};

    #[test]
    fn questions_and_answers_in_words() {
        let naptr = Naptr {
            order: 10,
            preference: 1,
            flags: "S".into(),
            service: "SIP+D2U".into(),
            replacement: "_sip._udp.a.net".into(),
        };
        let srv = Srv { priority: 5, weight: 1, port: 5080, target: "h.a.net\x1b[2J".into() };
        let name = || "a.net".to_owned();
        for (question, answer, failure, words) in [
            (Question::Naptr(name()), Answer::Naptr(vec![naptr]), None, "NAPTR a.net: 10 SIP+D2U _sip._udp.a.net"),
            (Question::Srv(name()), Answer::Srv(vec![srv]), None, "SRV a.net: 5 h.a.net[2J:5080"),
            (Question::Srv(name()), Answer::Srv(Vec::new()), None, "SRV a.net: none"),
            (
                Question::Addresses(name()),
                Answer::Addresses(Vec::new()),
                Some("no such host"),
                "addresses of a.net: no such host",
            ),
        ] {
            assert_eq!(said(&question, &answer, failure), words);
        }
    }

    #[tokio::test]
    async fn an_address_needs_no_name_and_a_closed_port_shows_no_certificate() {
        let settings = Settings::default();
        let mut account = Account::new(AccountId(1));
        assert_eq!(way(&account, &settings, [1; 32]).await, None);
        account.server = "192.0.2.9:5070".into();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        drop(listener);
        account.proxies = vec![format!("sip:{at}")];
        account.transport = "tls".into();
        let found = way(&account, &settings, [1; 32]).await.unwrap();
        let stop = Stop { address: at, transport: "tls", is_secure: true };
        assert_eq!((found.steps.len(), found.found), (0, Ok(vec![stop])));
        let (chain, verdict) = certificates(&account, "127.0.0.1", stop).await;
        assert!(chain.is_empty() && verdict.is_err(), "{verdict:?}");
    }
}
