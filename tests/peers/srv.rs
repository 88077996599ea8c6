//! A domain that only the name system knows: the server is found by NAPTR and SRV, and its second address is taken when
//! the first is dead.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::base::iana::{Class, Rcode};
use domain::base::name::FlattenInto;
use domain::base::{Message, MessageBuilder, Name, Rtype, Ttl};
use domain::rdata::{A, Naptr, Srv};

use crate::kamailio::Kamailio;
use crate::sipp::{FarEnd, Scenario};
use crate::support::{Phone, beside_others, free_port, have};

/// A name server for `pbx.example` on loopback.
struct NameServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// `ports` are those of the servers, the preferred one first.
    fn start(ports: [u16; 2]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                if let Some(answer) = answer(&buffer[..length], ports) {
                    socket.send_to(&answer, from).unwrap();
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn name(text: &str) -> Name<Vec<u8>> {
    text.parse().unwrap()
}

fn answer(query: &[u8], ports: [u16; 2]) -> Option<Vec<u8>> {
    let query = Message::from_octets(query.to_vec()).ok()?;
    let question = query.sole_question().ok()?;
    let asked: Name<Vec<u8>> = question.qname().try_flatten_into().ok()?;
    let mut answer = MessageBuilder::new_vec().start_answer(&query, Rcode::NOERROR).ok()?;
    let ttl = Ttl::from_secs(60);
    match (asked.to_string().as_str(), question.qtype()) {
        ("pbx.example", Rtype::NAPTR) => {
            let text = |text: &str| text.parse::<domain::base::CharStr<Vec<u8>>>().unwrap();
            let data = Naptr::new(1, 1, text("s"), text("SIP+D2U"), text(""), name("_sip._udp.pbx.example"));
            answer.push((&asked, Class::IN, ttl, data)).ok()?;
        }
        ("_sip._udp.pbx.example", Rtype::SRV) => {
            for (priority, port) in [(20, ports[1]), (10, ports[0])] {
                let data = Srv::new(priority, 0, port, name("host.pbx.example"));
                answer.push((&asked, Class::IN, ttl, data)).ok()?;
            }
        }
        ("host.pbx.example", Rtype::A) => {
            answer.push((&asked, Class::IN, ttl, A::from_octets(127, 0, 0, 1))).ok()?;
        }
        _ => {}
    }
    Some(answer.finish())
}

//= RFC 3263 §4.1, §4.3
#[test]
fn the_second_server_of_a_domain_takes_over_from_a_dead_one() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let far = FarEnd::start(Scenario::Answer);
    let proxy = Kamailio::start("SHA-256", &[("600", far.port)]);
    let dead = free_port();
    let names = NameServer::start([dead, proxy.port]);
    let settings = format!("audioCodecs=PCMU/8000/1\ndnsSrv=1\ndnsSrvNs={}", names.address);
    let phone = Phone::new("101", "secret of 101", "pbx.example", &settings);
    let arguments = ["call", "600", "--audio-in", "tone:440", "--audio-out", "null", "--duration", "1"];
    let outcome = phone.run(&arguments, Duration::from_secs(60));
    outcome.ends(0);
    far.finished();
    assert!(proxy.said().contains("saved 101"), "{}", proxy.said());
    assert!(
        outcome.told.contains(&format!("-> udp 127.0.0.1:{dead}")),
        "the dead one was tried first\n{}",
        outcome.told
    );
}
