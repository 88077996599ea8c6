//! The INVITE server transaction: RFC 3261 §17.2.1 as amended by RFC 6026 §8.5.

use super::{Config, Effect, Effects, Failure, ServerEvent, Timer};
use crate::sip::message::{Request, Response, StatusCode};
use std::time::{Duration, Instant};

/// How long the user has before a 100 goes out (RFC 3261 §17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// The states of Figure 7, with RFC 6026's `Accepted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteServerState {
    /// No final response yet.
    Proceeding,
    /// A final response other than 2xx is sent again until the ACK comes.
    Completed,
    /// The ACK came.
    Confirmed,
    /// A 2xx was sent; its retransmission and its ACK are the user's.
    Accepted,
    /// Over.
    Terminated,
}

/// An INVITE server transaction.
#[derive(Debug)]
pub struct InviteServer {
    state: InviteServerState,
    config: Config,
    reliable: bool,
    trying: Vec<u8>,
    last: Option<Vec<u8>>,
    interval: Duration,
}

impl InviteServer {
    /// Takes up `request`, an INVITE that came over a transport that is `reliable` or not.
    pub fn new(request: &Request, reliable: bool, config: Config, now: Instant) -> (InviteServer, Effects) {
        let server = InviteServer {
            state: InviteServerState::Proceeding,
            config,
            reliable,
            //= RFC 3261 §17.2.1: the 100 bears no tag in To.
            trying: Response::to_request(request, StatusCode(100), None).to_bytes(),
            last: None,
            interval: config.t1,
        };
        (server, vec![Effect::SetTimer(Timer::Trying, now + TRYING_AFTER)])
    }

    /// The state.
    pub fn state(&self) -> InviteServerState {
        self.state
    }

    /// One event, its wishes.
    pub fn handle(&mut self, event: ServerEvent, now: Instant) -> Effects {
        use InviteServerState::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        match (self.state, event) {
            (Terminated, _) => Vec::new(),
            (Proceeding, ServerEvent::Respond(response)) => self.respond(&response, now),
            //= RFC 6026 §8.5: 2xx from the user are sent, as often as it wishes.
            (Accepted, ServerEvent::Respond(response)) if response.status.is_success() => {
                vec![Effect::Send(response.to_bytes())]
            }
            (_, ServerEvent::Respond(_)) => Vec::new(),
            //= RFC 3261 §17.2.1: the most recent provisional response, or the final one, once more.
            (Proceeding | Completed, ServerEvent::Retransmission) => {
                self.last.iter().cloned().map(Effect::Send).collect()
            }
            //= RFC 6026 §8.5: absorbed.
            (Accepted | Confirmed, ServerEvent::Retransmission) => Vec::new(),
            (Completed, ServerEvent::Ack) => self.confirm(now),
            //= RFC 6026 §8.5: an ACK while Accepted belongs to the user.
            (Accepted, ServerEvent::Ack) => vec![Effect::PassAck],
            (Proceeding | Confirmed, ServerEvent::Ack) => Vec::new(),
            (Proceeding, ServerEvent::Timer(Timer::Trying)) => {
                self.last = Some(self.trying.clone());
                vec![Effect::Send(self.trying.clone())]
            }
            (Completed, ServerEvent::Timer(Timer::G)) => {
                self.interval = self.config.backoff(self.interval);
                let again = self.last.iter().cloned().map(Effect::Send);
                again.chain([Effect::SetTimer(Timer::G, now + self.interval)]).collect()
            }
            (Completed, ServerEvent::Timer(Timer::H)) => self.end(Some(Failure::Timeout)),
            (Confirmed, ServerEvent::Timer(Timer::I)) | (Accepted, ServerEvent::Timer(Timer::L)) => self.end(None),
            (_, ServerEvent::Timer(_)) => Vec::new(),
            (Proceeding | Completed, ServerEvent::TransportFailed) => self.end(Some(Failure::Transport)),
            //= RFC 6026 §8.5: in Accepted the user is told, the state stays.
            (Accepted, ServerEvent::TransportFailed) => vec![Effect::Failed(Failure::Transport)],
            (Confirmed, ServerEvent::TransportFailed) => Vec::new(),
        }
    }

    fn respond(&mut self, response: &Response, now: Instant) -> Effects {
        let bytes = response.to_bytes();
        let mut effects = vec![Effect::StopTimer(Timer::Trying), Effect::Send(bytes.clone())];
        if response.status.is_provisional() {
            self.last = Some(bytes);
        } else if response.status.is_success() {
            //= RFC 6026 §8.5: Accepted, timer L with 64·T1.
            self.state = InviteServerState::Accepted;
            self.last = None;
            effects.push(Effect::SetTimer(Timer::L, now + self.config.t1_64()));
        } else {
            //= RFC 3261 §17.2.1: Completed, timer H on all transports, timer G on unreliable ones.
            self.state = InviteServerState::Completed;
            self.last = Some(bytes);
            if !self.reliable {
                effects.push(Effect::SetTimer(Timer::G, now + self.interval));
            }
            effects.push(Effect::SetTimer(Timer::H, now + self.config.t1_64()));
        }
        effects
    }

    fn confirm(&mut self, now: Instant) -> Effects {
        self.state = InviteServerState::Confirmed;
        let mut effects = vec![Effect::StopTimer(Timer::G), Effect::StopTimer(Timer::H)];
        //= RFC 3261 §17.2.1: timer I with T4, zero on reliable transports.
        if self.reliable {
            effects.extend(self.end(None));
        } else {
            effects.push(Effect::SetTimer(Timer::I, now + self.config.t4));
        }
        effects
    }

    fn end(&mut self, failure: Option<Failure>) -> Effects {
        self.state = InviteServerState::Terminated;
        failure.map(Effect::Failed).into_iter().chain([Effect::Done]).collect()
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::sip::message::Method;

    fn server(reliable: bool) -> (InviteServer, Effects, Instant) {
        let now = Instant::now();
        let (server, effects) = InviteServer::new(&request(Method::Invite), reliable, Config::default(), now);
        (server, effects, now)
    }

    fn answer(server: &mut InviteServer, status: u16, now: Instant) -> Effects {
        server.handle(ServerEvent::Respond(response(&request(Method::Invite), status)), now)
    }

    #[test]
    fn a_100_goes_out_after_200_ms_without_a_tag() {
        let (mut server, effects, start) = server(false);
        assert_eq!(effects, [Effect::SetTimer(Timer::Trying, at(start, 200))]);
        assert_eq!(server.handle(ServerEvent::Retransmission, start), []);
        let effects = server.handle(ServerEvent::Timer(Timer::Trying), at(start, 200));
        let [Effect::Send(bytes)] = effects.as_slice() else { panic!("{effects:?}") };
        let text = String::from_utf8_lossy(bytes);
        assert!(text.starts_with("SIP/2.0 100 ") && text.contains("To: <sip:bob@example.com>\r\n"), "{text}");
        assert_eq!(server.handle(ServerEvent::Retransmission, start), effects);
    }

    #[test]
    fn a_quick_user_spares_the_100() {
        let (mut server, _, start) = server(false);
        let effects = answer(&mut server, 180, start);
        assert_eq!(effects.first(), Some(&Effect::StopTimer(Timer::Trying)));
        let again = server.handle(ServerEvent::Retransmission, start);
        assert!(matches!(again.as_slice(), [Effect::Send(b)] if b.starts_with(b"SIP/2.0 180")));
    }

    #[test]
    fn timer_g_doubles_to_t2_until_timer_h() {
        let (mut server, _, start) = server(false);
        let effects = answer(&mut server, 486, start);
        let log = run(start, effects, |timer, now| server.handle(ServerEvent::Timer(timer), now));
        //= RFC 3261 §17.2.1
        let expect = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        assert_eq!(times(&log, Timer::G), expect);
        assert_eq!(times(&log, Timer::H), [32000]);
        let last = log.last().map(|(_, _, effects)| effects.clone());
        assert_eq!(last, Some(vec![Effect::Failed(Failure::Timeout), Effect::Done]));
    }

    #[test]
    fn an_ack_confirms_and_timer_i_ends() {
        let (mut server, _, start) = server(false);
        answer(&mut server, 486, start);
        let effects = server.handle(ServerEvent::Ack, at(start, 300));
        //= RFC 3261 §17.2.1
        assert_eq!(armed(&effects), [(Timer::I, at(start, 5300))]);
        assert_eq!(server.state(), InviteServerState::Confirmed);
        assert_eq!(server.handle(ServerEvent::Ack, start), []);
        assert_eq!(server.handle(ServerEvent::Retransmission, start), []);
        assert_eq!(server.handle(ServerEvent::Timer(Timer::I), at(start, 5300)), [Effect::Done]);
    }

    #[test]
    fn over_a_reliable_transport_no_timer_g_and_no_timer_i() {
        let (mut server, _, start) = server(true);
        let effects = answer(&mut server, 486, start);
        assert_eq!(armed(&effects), [(Timer::H, at(start, 32000))]);
        assert_eq!(server.handle(ServerEvent::Ack, start).last(), Some(&Effect::Done));
    }

    #[test]
    fn accepted_absorbs_the_invite_and_passes_the_ack_until_timer_l() {
        let (mut server, _, start) = server(false);
        let effects = answer(&mut server, 200, start);
        //= RFC 6026 §8.5
        assert_eq!(armed(&effects), [(Timer::L, at(start, 32000))]);
        assert_eq!(server.handle(ServerEvent::Retransmission, start), []);
        assert_eq!(server.handle(ServerEvent::Ack, start), [Effect::PassAck]);
        assert_eq!(sends(&answer(&mut server, 200, start)), 1, "the user retransmits its 2xx");
        assert_eq!(answer(&mut server, 486, start), []);
        assert_eq!(server.handle(ServerEvent::TransportFailed, start), [Effect::Failed(Failure::Transport)]);
        assert_eq!(server.handle(ServerEvent::Timer(Timer::L), at(start, 32000)), [Effect::Done]);
    }
}
