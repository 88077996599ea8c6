//! Questions of `sip::locate` to the domain name system: NAPTR and SRV by a stub resolver, addresses by the system.

use super::resolve;
use crate::sip::flow::Transport;
use crate::sip::locate::{self, Answer, Candidate, Naptr, Question, Srv, Step, Target};
use domain::base::iana::Class;
use domain::base::{Message, Name, ParsedName, Rtype, Ttl};
use domain::rdata;
use domain::resolv::StubResolver;
use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport as Way};
use futures_util::future::join_all;
use rand::Rng;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long NAPTR and SRV may take together with their repetitions; addresses have the system's own bound.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long one server may take.
const ONE_SERVER: Duration = Duration::from_secs(2);
/// Answers remembered at most.
const MAX_CACHED: usize = 256;
/// No answer is believed shorter or longer than this, whatever its TTL.
const LIFE: std::ops::RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(3_600);
/// How long "there is none" is believed.
const NONE_LIFE: Duration = Duration::from_secs(60);
/// Steps of one search at most: NAPTR, SRV, addresses.
const MAX_WAVES: usize = 3;

type Cache = HashMap<Question, (Answer, Instant)>;

/// The domain name system as this phone sees it. Clones share what they remember.
#[derive(Debug, Clone, Default)]
pub struct Dns {
    servers: Vec<SocketAddr>,
    cache: Arc<Mutex<Cache>>,
}

impl Dns {
    /// Asks these servers (`dnsSrvNs`); the system's if there are none.
    pub fn new(servers: Vec<SocketAddr>) -> Dns {
        Dns { servers, cache: Arc::default() }
    }

    /// Forgets every answer: the network is another one.
    pub fn forget(&self) {
        self.cache().clear();
    }

    /// Finds what to try for a target, best first; `able` are the transports that may be used.
    ///
    /// # Errors
    /// Why there is nothing, in words about the host.
    pub async fn locate(
        &self,
        target: Target,
        able: &[Transport],
        rng: &mut impl Rng,
    ) -> Result<Vec<Candidate>, String> {
        let mut step = locate::locate(target, able);
        let mut failure = None;
        for _ in 0..=MAX_WAVES {
            match step {
                Step::Found(candidates) => return Ok(candidates),
                Step::Nowhere(why) => return Err(failure.unwrap_or_else(|| why.to_string())),
                Step::Ask(wave) => {
                    let asked = join_all(wave.questions().iter().map(|question| self.answer(question))).await;
                    let (answers, failures): (Vec<Answer>, Vec<Option<String>>) = asked.into_iter().unzip();
                    failure = failures.into_iter().flatten().next();
                    step = wave.next(&answers, rng);
                }
            }
        }
        Err("its records lead from one to the next".to_owned())
    }

    /// The answer to a question, and why there is none.
    pub(in crate::engine) async fn answer(&self, question: &Question) -> (Answer, Option<String>) {
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = Instant::now();
        if let Some((answer, until)) = self.cache().get(question)
            && *until > now
        {
            return (answer.clone(), None);
        }
        let mut failure = None;
        let (answer, life) = match question {
            Question::Naptr(name) => self.records(name, Rtype::NAPTR, read_naptr).await.map_or_else(
                || (Answer::Naptr(Vec::new()), None),
                |(records, life)| (Answer::Naptr(records), Some(life)),
            ),
            Question::Srv(name) => self
                .records(name, Rtype::SRV, read_srv)
                .await
                .map_or_else(|| (Answer::Srv(Vec::new()), None), |(records, life)| (Answer::Srv(records), Some(life))),
            Question::Addresses(name) => match self.addresses(name).await {
                Ok((addresses, life)) => (Answer::Addresses(addresses), Some(life)),
                Err(why) => {
                    failure = Some(why);
                    (Answer::Addresses(Vec::new()), None)
                }
            },
        };
        // Silence is not remembered: the next question may be heard.
        if let Some(life) = life {
            self.remember(question.clone(), answer.clone(), now + life, now);
        }
        (answer, failure)
    }

    async fn addresses(&self, host: &str) -> Result<(Vec<IpAddr>, Duration), String> {
        if !self.servers.is_empty() {
            let mut found = Vec::new();
            let mut life = *LIFE.end();
            for rtype in [Rtype::A, Rtype::AAAA] {
                if let Some((addresses, one)) = self.records(host, rtype, read_address).await {
                    found.extend(addresses);
                    life = life.min(one);
                }
            }
            if !found.is_empty() {
                return Ok((found, life));
            }
        }
        let found = resolve::lookup(host, None).await?;
        // The system tells no TTL, and caches for itself.
        Ok((found.into_iter().map(|address| address.ip()).collect(), *LIFE.start()))
    }

    /// The records of a name and how long they are good; `None` if nobody answered.
    async fn records<T>(
        &self,
        name: &str,
        rtype: Rtype,
        read: impl Fn(&Message<[u8]>) -> Vec<(T, Ttl)>,
    ) -> Option<(Vec<T>, Duration)> {
        let name: Name<Vec<u8>> = name.parse().ok()?;
        let resolver = StubResolver::from_conf(self.conf());
        let answer = tokio::time::timeout(PATIENCE, resolver.query((name, rtype, Class::IN))).await.ok()?.ok()?;
        let message = answer.into_message();
        let records = read(message.for_slice());
        let life = records.iter().map(|(_, ttl)| ttl.into_duration()).min().unwrap_or(NONE_LIFE);
        let life = life.clamp(*LIFE.start(), *LIFE.end());
        Some((records.into_iter().map(|(record, _)| record).collect(), life))
    }

    fn conf(&self) -> ResolvConf {
        let mut conf = ResolvConf::new();
        if self.servers.is_empty() {
            // An absent or unreadable file means the server of this machine, as for everybody else.
            let _ = conf.parse_file("/etc/resolv.conf");
        }
        conf.servers.extend(self.servers.iter().map(|address| ServerConf::new(*address, Way::UdpTcp)));
        conf.options.timeout = ONE_SERVER;
        conf.finalize();
        conf
    }

    fn remember(&self, question: Question, answer: Answer, until: Instant, now: Instant) {
        let mut cache = self.cache();
        if cache.len() >= MAX_CACHED {
            cache.retain(|_, (_, until)| *until > now);
        }
        if cache.len() < MAX_CACHED {
            cache.insert(question, (answer, until));
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Parsed<'a> = ParsedName<&'a [u8]>;

fn read_naptr(message: &Message<[u8]>) -> Vec<(Naptr, Ttl)> {
    let Ok(answer) = message.answer() else { return Vec::new() };
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    answer
        .limit_to_in::<rdata::Naptr<&[u8], Parsed<'_>>>()
        .filter_map(Result::ok)
        .map(|record| {
            let data = record.data();
            let naptr = Naptr {
                order: data.order(),
                preference: data.preference(),
                flags: text(data.flags().as_slice()),
                service: text(data.services().as_slice()),
                replacement: data.replacement().to_string(),
            };
            (naptr, record.ttl())
        })
        .collect()
}

fn read_srv(message: &Message<[u8]>) -> Vec<(Srv, Ttl)> {
    let Ok(answer) = message.answer() else { return Vec::new() };
    answer
        .limit_to_in::<rdata::Srv<Parsed<'_>>>()
        .filter_map(Result::ok)
        .map(|record| {
            let data = record.data();
            let (priority, weight, port) = (data.priority(), data.weight(), data.port());
            (Srv { priority, weight, port, target: data.target().to_string() }, record.ttl())
        })
        .collect()
}

fn read_address(message: &Message<[u8]>) -> Vec<(IpAddr, Ttl)> {
    let Ok(answer) = message.answer() else { return Vec::new() };
    answer
        .limit_to_in::<rdata::AllRecordData<&[u8], Parsed<'_>>>()
        .filter_map(Result::ok)
        .filter_map(|record| {
            let ip = match record.data() {
                rdata::AllRecordData::A(a) => IpAddr::V4(a.addr()),
                rdata::AllRecordData::Aaaa(aaaa) => IpAddr::V6(aaaa.addr()),
                _ => return None,
            };
            Some((ip, record.ttl()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::base::MessageBuilder;
    use domain::base::iana::Rcode;
    use domain::base::name::FlattenInto;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::net::UdpSocket;

    fn name(text: &str) -> Name<Vec<u8>> {
        text.parse().expect("a name")
    }

    /// A name server for `pbx.example`, and how many questions it got.
    async fn server() -> (SocketAddr, Arc<AtomicU32>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        let address = socket.local_addr().expect("address");
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let Ok(query) = Message::from_octets(buffer[..length].to_vec()) else { continue };
                let Ok(question) = query.sole_question() else { continue };
                counted.fetch_add(1, Ordering::Relaxed);
                let asked: Name<Vec<u8>> = question.qname().try_flatten_into().expect("a name");
                let mut answer =
                    MessageBuilder::new_vec().start_answer(&query, Rcode::NOERROR).expect("an answer begins");
                let key = (asked.to_string(), question.qtype());
                let mut srv = |weight, target: &str| {
                    let data = rdata::Srv::new(0, weight, 5_080, name(target));
                    answer.push((asked.clone(), Class::IN, Ttl::from_secs(300), data)).expect("a record");
                };
                match (key.0.as_str(), key.1) {
                    ("_sip._udp.pbx.example", Rtype::SRV) => srv(1, "host.pbx.example"),
                    ("host.pbx.example", Rtype::A) => {
                        let data = rdata::A::from_octets(127, 0, 0, 9);
                        answer.push((asked.clone(), Class::IN, Ttl::from_secs(300), data)).expect("a record");
                    }
                    _ => {}
                }
                let _ = socket.send_to(answer.finish().as_slice(), from).await;
            }
        });
        (address, count)
    }

    fn target(host: &str) -> Target {
        Target { host: host.to_owned(), port: None, transport: Some(Transport::Udp), secure: false }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(future)
    }

    #[test]
    fn a_service_is_found_once_and_remembered() {
        run(async {
            let (address, count) = server().await;
            let dns = Dns::new(vec![address]);
            let mut rng = StdRng::seed_from_u64(1);
            let found = dns.locate(target("pbx.example"), &[Transport::Udp], &mut rng).await;
            let expected = Candidate { transport: Transport::Udp, address: SocketAddr::from(([127, 0, 0, 9], 5_080)) };
            assert_eq!(found, Ok(vec![expected]));
            let asked = count.load(Ordering::Relaxed);
            assert_eq!(asked, 3, "SRV, A and AAAA");
            assert!(dns.locate(target("pbx.example"), &[Transport::Udp], &mut rng).await.is_ok());
            assert_eq!(count.load(Ordering::Relaxed), asked, "remembered");
            dns.forget();
            assert!(dns.locate(target("pbx.example"), &[Transport::Udp], &mut rng).await.is_ok());
            assert_eq!(count.load(Ordering::Relaxed), 2 * asked, "forgotten");
        });
    }

    #[test]
    fn a_name_without_records_says_so() {
        run(async {
            let (address, _) = server().await;
            let mut rng = StdRng::seed_from_u64(1);
            let found = Dns::new(vec![address]).locate(target("nobody.invalid"), &[Transport::Udp], &mut rng).await;
            assert!(!found.expect_err("nobody").is_empty());
        });
    }
}
