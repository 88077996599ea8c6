//! The non-INVITE server transaction: RFC 3261 §17.2.2 as amended by RFC 4320.

use super::{Config, Effect, Effects, Failure, ServerEvent, Timer};
use crate::sip::message::{Request, Response, StatusCode};
use std::time::Instant;

/// The states of Figure 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonInviteServerState {
    /// The request is with the user, nothing was sent.
    Trying,
    /// A 100 was sent.
    Proceeding,
    /// The final response was sent.
    Completed,
    /// Over.
    Terminated,
}

/// A server transaction of any method but INVITE and ACK.
#[derive(Debug)]
pub struct NonInviteServer {
    state: NonInviteServerState,
    config: Config,
    reliable: bool,
    trying: Vec<u8>,
    last: Vec<u8>,
}

impl NonInviteServer {
    /// Takes up `request`, which came over a transport that is `reliable` or not.
    pub fn new(request: &Request, reliable: bool, config: Config, now: Instant) -> (NonInviteServer, Effects) {
        let server = NonInviteServer {
            state: NonInviteServerState::Trying,
            config,
            reliable,
            trying: Response::to_request(request, StatusCode(100), None).to_bytes(),
            last: Vec::new(),
        };
        let effects = vec![
            Effect::SetTimer(Timer::Trying, now + config.quiet()),
            Effect::SetTimer(Timer::F, now + config.t1_64()),
        ];
        (server, effects)
    }

    /// The state.
    pub fn state(&self) -> NonInviteServerState {
        self.state
    }

    /// One event, its wishes.
    pub fn handle(&mut self, event: ServerEvent, now: Instant) -> Effects {
        use NonInviteServerState::{Completed, Proceeding, Terminated, Trying};
        match (self.state, event) {
            (Terminated, _) | (_, ServerEvent::Ack) => Vec::new(),
            (Trying | Proceeding, ServerEvent::Respond(response)) => self.respond(&response, now),
            //= RFC 3261 §17.2.2: further final responses are discarded.
            (Completed, ServerEvent::Respond(_)) => Vec::new(),
            (Trying, ServerEvent::Retransmission) => Vec::new(),
            (Proceeding | Completed, ServerEvent::Retransmission) => vec![Effect::Send(self.last.clone())],
            //= RFC 4320 §4.1: a 100 is due once timer E of the client has grown to T2.
            (Trying, ServerEvent::Timer(Timer::Trying)) => {
                self.state = Proceeding;
                self.last = self.trying.clone();
                vec![Effect::Send(self.trying.clone())]
            }
            (Trying | Proceeding, ServerEvent::Timer(Timer::F)) => self.end(Some(Failure::Timeout)),
            (Completed, ServerEvent::Timer(Timer::J)) => self.end(None),
            (_, ServerEvent::Timer(_)) => Vec::new(),
            (Proceeding | Completed, ServerEvent::TransportFailed) => self.end(Some(Failure::Transport)),
            (Trying, ServerEvent::TransportFailed) => Vec::new(),
        }
    }

    fn respond(&mut self, response: &Response, now: Instant) -> Effects {
        //= RFC 4320 §4.1: no provisional response from the user; the one 100 that is due is sent here.
        if response.status.is_provisional() {
            return Vec::new();
        }
        //= RFC 4320 §4.2: no 408 to a non-INVITE; the transaction ends without a final response.
        if response.status == StatusCode(408) {
            return self.end(None);
        }
        self.state = NonInviteServerState::Completed;
        self.last = response.to_bytes();
        let mut effects =
            vec![Effect::StopTimer(Timer::Trying), Effect::StopTimer(Timer::F), Effect::Send(self.last.clone())];
        //= RFC 3261 §17.2.2: timer J with 64·T1, zero on reliable transports.
        if self.reliable {
            effects.extend(self.end(None));
        } else {
            effects.push(Effect::SetTimer(Timer::J, now + self.config.t1_64()));
        }
        effects
    }

    fn end(&mut self, failure: Option<Failure>) -> Effects {
        self.state = NonInviteServerState::Terminated;
        failure.map(Effect::Failed).into_iter().chain([Effect::Done]).collect()
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::sip::message::Method;

    fn server(reliable: bool) -> (NonInviteServer, Effects, Instant) {
        let now = Instant::now();
        let (server, effects) = NonInviteServer::new(&request(Method::Info), reliable, Config::default(), now);
        (server, effects, now)
    }

    fn answer(server: &mut NonInviteServer, status: u16, now: Instant) -> Effects {
        server.handle(ServerEvent::Respond(response(&request(Method::Info), status)), now)
    }

    #[test]
    fn the_answer_is_repeated_until_timer_j() {
        let (mut server, _, start) = server(false);
        assert_eq!(server.handle(ServerEvent::Retransmission, start), [], "nothing to repeat yet");
        let effects = answer(&mut server, 200, start);
        //= RFC 3261 §17.2.2
        assert_eq!(armed(&effects), [(Timer::J, at(start, 32000))]);
        assert_eq!(sends(&server.handle(ServerEvent::Retransmission, start)), 1);
        assert_eq!(answer(&mut server, 500, start), [], "the first answer stands");
        assert_eq!(server.handle(ServerEvent::Timer(Timer::J), at(start, 32000)), [Effect::Done]);
    }

    #[test]
    fn over_a_reliable_transport_the_answer_ends_it() {
        let (mut server, _, start) = server(true);
        assert_eq!(answer(&mut server, 200, start).last(), Some(&Effect::Done));
    }

    #[test]
    fn a_100_after_three_and_a_half_seconds_and_no_other_provisional() {
        let (mut server, effects, start) = server(false);
        //= RFC 4320 §4.1
        assert_eq!(armed(&effects), [(Timer::Trying, at(start, 3500)), (Timer::F, at(start, 32000))]);
        assert_eq!(answer(&mut server, 180, start), []);
        let effects = server.handle(ServerEvent::Timer(Timer::Trying), at(start, 3500));
        assert!(matches!(effects.as_slice(), [Effect::Send(b)] if b.starts_with(b"SIP/2.0 100")));
        assert_eq!(server.handle(ServerEvent::Retransmission, start), effects);
    }

    #[test]
    fn no_408_and_no_answer_once_the_client_gave_up() {
        let (mut server, _, start) = server(false);
        //= RFC 4320 §4.2
        assert_eq!(answer(&mut server, 408, start), [Effect::Done]);
        let (mut server, _, start) = self::server(false);
        let effects = server.handle(ServerEvent::Timer(Timer::F), at(start, 32000));
        assert_eq!(effects, [Effect::Failed(Failure::Timeout), Effect::Done]);
        assert_eq!(answer(&mut server, 200, start), []);
    }
}
