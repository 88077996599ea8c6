//! Who may ask how much of the phone, before anything is kept of it.
//!
//! Who is who is read from the request, and a sender may lie about its address; so each standing has shares of its own,
//! and a flood in one leaves the others theirs.

use super::account::Line;
use super::agent::Agent;
use super::event::Event;
use super::limiter::{Limiter, Share};
use super::port::Output;
use super::refused::{Notice, Refused, Tally};
use crate::sip::dialog::DialogId;
use crate::sip::flow::Flow;
use crate::sip::message::{Method, Request};
use crate::sip::uri::Uri;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

// Per source, and of strangers and of guests together. With each answer kept for 32 s they leave the table of
// transactions room, whichever of them is a flood.
const OURS: Share = Share { burst: 128, per_second: 64 };
const PATH: Share = Share { burst: 64, per_second: 20 };
const OTHER: Share = Share { burst: 60, per_second: 20 };
const OTHERS: Share = Share { burst: 120, per_second: 30 };
/// Messages of one writer.
const WRITER: Share = Share { burst: 10, per_second: 1 };
/// Most sources, or writers, whose shares are remembered.
const MAX_SOURCES: usize = 1024;

/// What a sender seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Within a call or subscription of ours; or by a server of ours, for a Contact that nobody can guess.
    Ours,
    /// By a server of ours, but not for our Contact.
    Path,
    /// For our Contact, by no server of ours.
    Guest,
    Stranger,
}

/// The shares of everybody outside, and what was refused.
#[derive(Debug)]
pub(super) struct Gate {
    ours: Limiter<IpAddr>,
    paths: Limiter<IpAddr>,
    guests: Crowd,
    strangers: Crowd,
    writers: Limiter<String>,
    refused: Tally,
    notice: Notice,
    /// The first call of a stranger was told of.
    has_told_stranger: bool,
}

impl Gate {
    pub fn new() -> Gate {
        Gate {
            ours: Limiter::new(OURS, MAX_SOURCES),
            paths: Limiter::new(PATH, MAX_SOURCES),
            guests: Crowd::new(),
            strangers: Crowd::new(),
            writers: Limiter::new(WRITER, MAX_SOURCES),
            refused: Tally::default(),
            notice: Notice::default(),
            has_told_stranger: false,
        }
    }

    /// Sources and writers remembered.
    pub fn len(&self) -> usize {
        self.ours.len() + self.paths.len() + self.guests.each.len() + self.strangers.each.len() + self.writers.len()
    }
}

/// Senders with a share each, and one of all together.
#[derive(Debug)]
struct Crowd {
    each: Limiter<IpAddr>,
    all: Limiter<()>,
}

impl Crowd {
    fn new() -> Crowd {
        Crowd { each: Limiter::new(OTHER, MAX_SOURCES), all: Limiter::new(OTHERS, 1) }
    }

    fn admits(&mut self, source: IpAddr, now: Instant) -> bool {
        self.each.admits(source, now) && self.all.admits((), now)
    }
}

impl Agent {
    /// Whether a request is looked at; if not, there is no answer.
    pub(super) fn admits(&mut self, request: &Request, flow: &Flow, now: Instant) -> bool {
        // Why every ACK: it is never answered, and one that is missed lets a call end.
        if request.method == Method::Ack {
            return true;
        }
        let (standing, source) = (self.standing(request, flow), source(flow.remote.ip()));
        let gate = &mut self.gate;
        let admitted = match standing {
            Standing::Ours => gate.ours.admits(source, now),
            Standing::Path => gate.paths.admits(source, now),
            Standing::Guest => gate.guests.admits(source, now),
            Standing::Stranger => gate.strangers.admits(source, now),
        };
        if !admitted {
            self.count_refused(Refused::Floods);
        }
        admitted
    }

    /// Whether this writer may send another message.
    pub(super) fn admits_message(&mut self, writer: String, now: Instant) -> bool {
        let admitted = self.gate.writers.admits(writer, now);
        if !admitted {
            self.count_refused(Refused::Messages);
        }
        admitted
    }

    fn standing(&self, request: &Request, flow: &Flow) -> Standing {
        if DialogId::of_request(request).is_some_and(|id| self.is_in_dialog(&id, request)) {
            return Standing::Ours;
        }
        let user = Uri::parse(&request.uri).ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
        let lines = || self.lines.iter().filter(|line| line.registers());
        match (lines().any(|line| line.is_own_path(flow)), lines().any(|line| line.contact_user == user)) {
            (true, true) => Standing::Ours,
            (true, false) => Standing::Path,
            (false, true) => Standing::Guest,
            (false, false) => Standing::Stranger,
        }
    }

    /// It is of a call or a subscription of ours.
    pub(super) fn is_in_dialog(&self, id: &DialogId, request: &Request) -> bool {
        self.calls.iter().any(|call| call.session.as_ref().is_some_and(|session| session.owns(id)))
            || (request.method == Method::Notify && self.is_watched(request))
    }

    /// Counts something that led to nothing.
    pub(super) fn count_refused(&mut self, class: Refused) {
        self.gate.refused.add(class, 1);
    }

    /// What led to nothing since the start.
    pub(super) fn tally(&self) -> Tally {
        let (mut tally, table) = (self.gate.refused, self.layer.counters());
        tally.add(Refused::Unreadable, table.unusable);
        tally.add(Refused::Stray, table.stray_responses.saturating_add(table.foreign_responses));
        tally.add(Refused::Overload, table.refused);
        tally.add(Refused::Merged, table.merged);
        tally
    }

    /// Says so, once, where a call came and no account has a server that could have sent it: whoever tries a phone by
    /// its address would look for the reason elsewhere.
    pub(super) fn tell_first_stranger(&mut self, flow: &Flow) {
        if self.gate.has_told_stranger || self.lines.iter().any(Line::registers) {
            return;
        }
        self.gate.has_told_stranger = true;
        let message = format!("a call from {} was refused (404): strangers may not ring", flow.remote.ip());
        let hint = Some("acceptFrom=any in the section [tuiphone] of the ini lets them".to_owned());
        self.outputs.push_back(Output::Event(Event::Error { message, hint }));
    }

    /// Says so if much was refused; `flow` brought the last of it.
    pub(super) fn tell_refused(&mut self, flow: &Flow, now: Instant) {
        let tally = self.tally();
        if let Some(message) = self.gate.notice.due(&tally, flow.remote.ip(), now) {
            let hint = Some("`tuiphone status` counts them; a firewall keeps them away sooner".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
    }
}

/// Whose address it is: of IPv6, who has one has a network of them.
pub(super) fn source(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
