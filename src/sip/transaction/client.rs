//! The non-INVITE client transaction: RFC 3261 §17.1.2.

use super::{ClientEvent, Config, Effect, Effects, Failure, Timer};
use crate::sip::message::{Request, Response};
use std::time::{Duration, Instant};

/// The states of Figure 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonInviteClientState {
    /// The request is sent, nothing came back.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// The final response came.
    Completed,
    /// Over.
    Terminated,
}

/// A client transaction of any method but INVITE and ACK.
#[derive(Debug)]
pub struct NonInviteClient {
    state: NonInviteClientState,
    config: Config,
    reliable: bool,
    bytes: Vec<u8>,
    interval: Duration,
}

impl NonInviteClient {
    /// Sends `request`, our Via on top, over a transport that is `reliable` or not.
    pub fn new(request: &Request, reliable: bool, config: Config, now: Instant) -> (NonInviteClient, Effects) {
        let bytes = request.to_bytes();
        let mut effects = vec![Effect::Send(bytes.clone()), Effect::SetTimer(Timer::F, now + config.t1_64())];
        //= RFC 3261 §17.1.2.2: timer F on any transport, timer E with T1 on unreliable ones.
        if !reliable {
            effects.push(Effect::SetTimer(Timer::E, now + config.t1));
        }
        let state = NonInviteClientState::Trying;
        (NonInviteClient { state, config, reliable, bytes, interval: config.t1 }, effects)
    }

    /// The state.
    pub fn state(&self) -> NonInviteClientState {
        self.state
    }

    /// One event, its wishes.
    pub fn handle(&mut self, event: ClientEvent, now: Instant) -> Effects {
        use NonInviteClientState::{Completed, Proceeding, Terminated, Trying};
        match (self.state, event) {
            (Terminated, _) | (_, ClientEvent::Cancel(_)) => Vec::new(),
            (Trying | Proceeding, ClientEvent::Response(response)) => self.respond(response, now),
            (Completed, ClientEvent::Response(_)) => Vec::new(),
            (Trying | Proceeding, ClientEvent::Timer(Timer::E)) => self.retransmit(now),
            //= RFC 3261 §17.1.2.2: timer F ends Trying and Proceeding alike.
            (Trying | Proceeding, ClientEvent::Timer(Timer::F)) => self.end(Some(Failure::Timeout)),
            (Completed, ClientEvent::Timer(Timer::K)) => self.end(None),
            (_, ClientEvent::Timer(_)) => Vec::new(),
            (Trying | Proceeding, ClientEvent::TransportFailed) => self.end(Some(Failure::Transport)),
            (Completed, ClientEvent::TransportFailed) => Vec::new(),
        }
    }

    fn retransmit(&mut self, now: Instant) -> Effects {
        //= RFC 3261 §17.1.2.2: doubled up to T2 while Trying, T2 while Proceeding.
        self.interval = match self.state {
            NonInviteClientState::Proceeding => self.config.t2,
            _ => self.config.backoff(self.interval),
        };
        vec![Effect::Send(self.bytes.clone()), Effect::SetTimer(Timer::E, now + self.interval)]
    }

    fn respond(&mut self, response: Response, now: Instant) -> Effects {
        if response.status.is_provisional() {
            self.state = NonInviteClientState::Proceeding;
            return vec![Effect::TellUser(response)];
        }
        self.state = NonInviteClientState::Completed;
        let mut effects = vec![Effect::StopTimer(Timer::E), Effect::StopTimer(Timer::F), Effect::TellUser(response)];
        //= RFC 3261 §17.1.2.2: timer K with T4, zero on reliable transports.
        if self.reliable {
            effects.extend(self.end(None));
        } else {
            effects.push(Effect::SetTimer(Timer::K, now + self.config.t4));
        }
        effects
    }

    fn end(&mut self, failure: Option<Failure>) -> Effects {
        self.state = NonInviteClientState::Terminated;
        failure.map(Effect::Failed).into_iter().chain([Effect::Done]).collect()
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::sip::message::Method;

    fn client(reliable: bool) -> (NonInviteClient, Effects, Instant) {
        let now = Instant::now();
        let (client, effects) = NonInviteClient::new(&request(Method::Options), reliable, Config::default(), now);
        (client, effects, now)
    }

    fn receive(client: &mut NonInviteClient, status: u16, now: Instant) -> Effects {
        client.handle(ClientEvent::Response(response(&request(Method::Options), status)), now)
    }

    #[test]
    fn timer_e_doubles_to_t2_until_timer_f() {
        let (mut client, effects, start) = client(false);
        let log = run(start, effects, |timer, now| client.handle(ClientEvent::Timer(timer), now));
        //= RFC 3261 §17.1.2.2
        let expect = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        assert_eq!(times(&log, Timer::E), expect);
        assert_eq!(times(&log, Timer::F), [32000]);
        let last = log.last().map(|(_, _, effects)| effects.clone());
        assert_eq!(last, Some(vec![Effect::Failed(Failure::Timeout), Effect::Done]));
    }

    #[test]
    fn proceeding_sends_every_t2_and_still_times_out() {
        let (mut client, _, start) = client(false);
        receive(&mut client, 100, at(start, 100));
        let effects = client.handle(ClientEvent::Timer(Timer::E), at(start, 500));
        assert_eq!(armed(&effects), [(Timer::E, at(start, 4500))]);
        let effects = client.handle(ClientEvent::Timer(Timer::F), at(start, 32000));
        assert_eq!(effects, [Effect::Failed(Failure::Timeout), Effect::Done]);
    }

    #[test]
    fn timer_k_absorbs_further_responses() {
        let (mut client, _, start) = client(false);
        let effects = receive(&mut client, 200, start);
        //= RFC 3261 §17.1.2.2
        assert_eq!(armed(&effects), [(Timer::K, at(start, 5000))]);
        assert_eq!(receive(&mut client, 200, start), []);
        assert_eq!(client.handle(ClientEvent::Timer(Timer::K), at(start, 5000)), [Effect::Done]);
    }

    #[test]
    fn a_reliable_transport_has_neither_timer_e_nor_timer_k() {
        let (mut client, effects, start) = client(true);
        assert_eq!(armed(&effects), [(Timer::F, at(start, 32000))]);
        assert_eq!(receive(&mut client, 401, start).last(), Some(&Effect::Done));
    }

    #[test]
    fn a_transport_failure_is_told_before_the_answer_only() {
        let (mut client, _, start) = client(false);
        receive(&mut client, 200, start);
        assert_eq!(client.handle(ClientEvent::TransportFailed, start), []);
        let (mut client, _, start) = self::client(false);
        let effects = client.handle(ClientEvent::TransportFailed, start);
        assert_eq!(effects, [Effect::Failed(Failure::Transport), Effect::Done]);
    }
}
