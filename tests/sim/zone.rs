//! The names of the virtual network, found as the phone finds them (RFC 3263).

use rand::Rng;
use std::net::IpAddr;
use tuiphone::sip::flow::Transport;
use tuiphone::sip::locate::{Answer, Candidate, Naptr, Question, Srv, Step, Target, locate};

#[derive(Debug, Clone)]
pub struct Zone {
    /// Where every host is that is not among `hosts`.
    elsewhere: IpAddr,
    hosts: Vec<(String, IpAddr)>,
    services: Vec<(String, Srv)>,
    naptr: Vec<Naptr>,
}

impl Zone {
    /// Every name leads to this host.
    pub fn of(elsewhere: IpAddr) -> Zone {
        Zone { elsewhere, hosts: Vec::new(), services: Vec::new(), naptr: Vec::new() }
    }

    /// A service, `_sip._udp.example.net`, is offered by these hosts: priority, address, port.
    pub fn with_service(mut self, service: &str, ends: &[(u16, IpAddr, u16)]) -> Zone {
        for (priority, ip, port) in ends {
            let target = format!("h{}.example.net", self.hosts.len());
            let srv = Srv { priority: *priority, weight: 1, port: *port, target: target.clone() };
            self.services.push((service.to_owned(), srv));
            self.hosts.push((target, *ip));
        }
        self
    }

    /// Its domains are reached by these services, `SIP+D2T`, best first.
    pub fn with_naptr(mut self, services: &[(&str, &str)]) -> Zone {
        let record = |(order, (service, name)): (u16, &(&str, &str))| Naptr {
            order,
            preference: 0,
            flags: "S".to_owned(),
            service: (*service).to_owned(),
            replacement: (*name).to_owned(),
        };
        self.naptr = (0..).zip(services).map(record).collect();
        self
    }

    /// What to try for a target, best first.
    pub fn find(&self, target: &Target, rng: &mut impl Rng) -> Result<Vec<Candidate>, String> {
        let able = match target.transport {
            _ if target.secure => vec![Transport::Tls, Transport::Wss],
            Some(transport) => vec![transport],
            None => vec![Transport::Udp, Transport::Tcp],
        };
        let mut step = locate(target.clone(), &able);
        loop {
            step = match step {
                Step::Found(candidates) => return Ok(candidates),
                Step::Nowhere(why) => return Err(format!("cannot find {target}: {why}")),
                Step::Ask(wave) => {
                    let answers: Vec<Answer> = wave.questions().iter().map(|question| self.answer(question)).collect();
                    wave.next(&answers, rng)
                }
            };
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::Naptr(_) => Answer::Naptr(self.naptr.clone()),
            Question::Srv(name) => {
                let named = self.services.iter().filter(|(service, _)| service == name);
                Answer::Srv(named.map(|(_, srv)| srv.clone()).collect())
            }
            Question::Addresses(host) => {
                let known = self.hosts.iter().find(|(name, _)| name == host);
                Answer::Addresses(vec![known.map_or(self.elsewhere, |(_, ip)| *ip)])
            }
        }
    }
}
