//! The INVITE client transaction: RFC 3261 §17.1.1 as amended by RFC 6026 §8.4.

use super::{ClientEvent, Config, Effect, Effects, Failure, Timer};
use crate::sip::message::{HeaderName, Headers, Method, Request, Response};
use crate::sip::reason::Reason;
use std::time::{Duration, Instant};

/// The states of Figure 5, with RFC 6026's `Accepted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteClientState {
    /// The INVITE is sent, nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A final response other than 2xx came and was acknowledged.
    Completed,
    /// A 2xx came; its acknowledgement is the user's.
    Accepted,
    /// Over.
    Terminated,
}

/// An INVITE client transaction.
#[derive(Debug)]
pub struct InviteClient {
    state: InviteClientState,
    config: Config,
    reliable: bool,
    request: Request,
    bytes: Vec<u8>,
    interval: Duration,
    ack: Vec<u8>,
    cancel: Cancel,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cancel {
    NotWanted,
    Held(Option<Reason>),
    Sent,
}

impl InviteClient {
    /// Sends `request`, an INVITE with our Via on top, over a transport that is `reliable` or not.
    pub fn new(request: Request, reliable: bool, config: Config, now: Instant) -> (InviteClient, Effects) {
        let bytes = request.to_bytes();
        let mut effects = vec![Effect::Send(bytes.clone())];
        //= RFC 3261 §17.1.1.2: timer A with T1 on unreliable transports, timer B with 64·T1 on any.
        if !reliable {
            effects.push(Effect::SetTimer(Timer::A, now + config.t1));
        }
        effects.push(Effect::SetTimer(Timer::B, now + config.t1_64()));
        let client = InviteClient {
            state: InviteClientState::Calling,
            config,
            reliable,
            request,
            bytes,
            interval: config.t1,
            ack: Vec::new(),
            cancel: Cancel::NotWanted,
        };
        (client, effects)
    }

    /// The state.
    pub fn state(&self) -> InviteClientState {
        self.state
    }

    /// The INVITE as it was sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// One event, its wishes.
    pub fn handle(&mut self, event: ClientEvent, now: Instant) -> Effects {
        use InviteClientState::{Accepted, Calling, Completed, Proceeding, Terminated};
        match (self.state, event) {
            (Terminated, _) => Vec::new(),
            (Calling | Proceeding, ClientEvent::Response(response)) => self.respond(response, now),
            (Completed, ClientEvent::Response(response)) => self.after_completed(response),
            (Accepted, ClientEvent::Response(response)) => Self::after_accepted(response),
            (Calling, ClientEvent::Timer(Timer::A)) => {
                //= RFC 3261 §17.1.1.2: intervals double after each transmission, without a cap.
                self.interval = self.interval.saturating_mul(2);
                vec![Effect::Send(self.bytes.clone()), Effect::SetTimer(Timer::A, now + self.interval)]
            }
            (Calling, ClientEvent::Timer(Timer::B)) | (Proceeding, ClientEvent::Timer(Timer::Cancel)) => {
                self.end(Some(Failure::Timeout))
            }
            (Completed, ClientEvent::Timer(Timer::D)) | (Accepted, ClientEvent::Timer(Timer::M)) => self.end(None),
            (_, ClientEvent::Timer(_)) => Vec::new(),
            (Calling | Proceeding | Completed, ClientEvent::TransportFailed) => self.end(Some(Failure::Transport)),
            (Accepted, ClientEvent::TransportFailed) => Vec::new(),
            //= RFC 3261 §9.1: no CANCEL before a provisional response; none after a final one.
            (Calling, ClientEvent::Cancel(reason)) => {
                if self.cancel == Cancel::NotWanted {
                    self.cancel = Cancel::Held(reason);
                }
                Vec::new()
            }
            (Proceeding, ClientEvent::Cancel(reason)) => self.send_cancel(reason, now),
            (Completed | Accepted, ClientEvent::Cancel(_)) => Vec::new(),
        }
    }

    fn respond(&mut self, response: Response, now: Instant) -> Effects {
        let mut effects = Vec::new();
        if self.state == InviteClientState::Calling {
            effects.push(Effect::StopTimer(Timer::A));
            effects.push(Effect::StopTimer(Timer::B));
        }
        if response.status.is_provisional() {
            self.state = InviteClientState::Proceeding;
            effects.push(Effect::TellUser(response));
            if let Cancel::Held(reason) = &mut self.cancel {
                let reason = reason.take();
                effects.extend(self.send_cancel(reason, now));
            }
            return effects;
        }
        effects.push(Effect::StopTimer(Timer::Cancel));
        if response.status.is_success() {
            //= RFC 6026 §8.4: Accepted, the 2xx to the user, timer M with 64·T1.
            self.state = InviteClientState::Accepted;
            effects.push(Effect::TellUser(response));
            effects.push(Effect::SetTimer(Timer::M, now + self.config.t1_64()));
            return effects;
        }
        //= RFC 3261 §17.1.1.2: Completed, an ACK even on reliable transports, timer D.
        self.state = InviteClientState::Completed;
        self.ack = ack(&self.request, &response).to_bytes();
        effects.push(Effect::Send(self.ack.clone()));
        effects.push(Effect::TellUser(response));
        if self.reliable {
            effects.extend(self.end(None));
        } else {
            effects.push(Effect::SetTimer(Timer::D, now + self.config.d()));
        }
        effects
    }

    fn after_completed(&self, response: Response) -> Effects {
        if response.status.is_provisional() {
            Vec::new()
        } else if response.status.is_success() {
            // Why: a proxy forwards a late 2xx of another branch even after a non-2xx (RFC 3261 §16.7 step 5);
            // unless the user acknowledges it and hangs up, that far end rings on alone.
            vec![Effect::TellUser(response)]
        } else {
            //= RFC 3261 §17.1.1.2: the ACK again, the response not to the user.
            vec![Effect::Send(self.ack.clone())]
        }
    }

    fn after_accepted(response: Response) -> Effects {
        //= RFC 6026 §8.4: every 2xx to the user, which acknowledges each; others are dropped.
        if response.status.is_success() { vec![Effect::TellUser(response)] } else { Vec::new() }
    }

    fn send_cancel(&mut self, reason: Option<Reason>, now: Instant) -> Effects {
        if self.cancel == Cancel::Sent {
            return Vec::new();
        }
        self.cancel = Cancel::Sent;
        //= RFC 3261 §9.1: without a final response 64·T1 after the CANCEL the INVITE counts as cancelled.
        vec![
            Effect::SendCancel(cancel(&self.request, reason)),
            Effect::SetTimer(Timer::Cancel, now + self.config.t1_64()),
        ]
    }

    fn end(&mut self, failure: Option<Failure>) -> Effects {
        self.state = InviteClientState::Terminated;
        failure.map(Effect::Failed).into_iter().chain([Effect::Done]).collect()
    }
}

/// The ACK to a non-2xx final response (§17.1.1.3): request-URI, Call-ID, From, Route and the one Via of the INVITE, To
/// of the response.
fn ack(invite: &Request, response: &Response) -> Request {
    let mut ack = same_branch(invite, Method::Ack);
    if let Some(to) = response.headers.get(&HeaderName::To) {
        ack.headers.set(HeaderName::To, to);
    }
    ack
}

/// The CANCEL of an INVITE (§9.1): request-URI, Call-ID, To, From, Route, CSeq number and the one Via of the INVITE.
fn cancel(invite: &Request, reason: Option<Reason>) -> Request {
    let mut cancel = same_branch(invite, Method::Cancel);
    //= RFC 3326 §2
    if let Some(reason) = reason {
        cancel.headers.push(HeaderName::Reason, reason.to_string());
    }
    cancel
}

fn same_branch(invite: &Request, method: Method) -> Request {
    let mut headers = Headers::new();
    let via = invite.headers.get(&HeaderName::Via).unwrap_or_default();
    headers.push(HeaderName::Via, via);
    for route in invite.headers.all(&HeaderName::Route) {
        headers.push(HeaderName::Route, route);
    }
    headers.push(HeaderName::MaxForwards, "70");
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
        let value = invite.headers.get(&name).unwrap_or_default();
        headers.push(name, value);
    }
    let number = invite.headers.cseq().ok().flatten().map_or(0, |cseq| cseq.number);
    headers.push(HeaderName::CSeq, format!("{number} {method}"));
    Request { method, uri: invite.uri.clone(), headers, body: Vec::new() }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::sip::message::StatusCode;

    fn client(reliable: bool) -> (InviteClient, Effects, Instant) {
        let now = Instant::now();
        let (client, effects) = InviteClient::new(request(Method::Invite), reliable, Config::default(), now);
        (client, effects, now)
    }

    fn receive(client: &mut InviteClient, status: u16, now: Instant) -> Effects {
        let response = response(client.request(), status);
        client.handle(ClientEvent::Response(response), now)
    }

    #[test]
    fn timer_a_doubles_until_timer_b_ends_it() {
        let (mut client, effects, start) = client(false);
        assert_eq!(sends(&effects), 1);
        let log = run(start, effects, |timer, now| client.handle(ClientEvent::Timer(timer), now));
        //= RFC 3261 §17.1.1.2
        assert_eq!(times(&log, Timer::A), [500, 1500, 3500, 7500, 15500, 31500]);
        assert_eq!(times(&log, Timer::B), [32000]);
        assert!(log.iter().all(|(_, timer, effects)| sends(effects) == usize::from(*timer == Timer::A)));
        let last = log.last().map(|(_, _, effects)| effects.clone());
        assert_eq!(last, Some(vec![Effect::Failed(Failure::Timeout), Effect::Done]));
        assert_eq!(client.state(), InviteClientState::Terminated);
    }

    #[test]
    fn a_reliable_transport_has_no_timer_a() {
        let (_, effects, start) = client(true);
        assert_eq!(armed(&effects), [(Timer::B, at(start, 32000))]);
    }

    #[test]
    fn a_provisional_response_stops_retransmission_and_timeout() {
        let (mut client, _, start) = client(false);
        let effects = receive(&mut client, 180, at(start, 100));
        assert!(effects.contains(&Effect::StopTimer(Timer::A)) && effects.contains(&Effect::StopTimer(Timer::B)));
        assert_eq!(client.state(), InviteClientState::Proceeding);
        assert!(
            matches!(receive(&mut client, 183, start).as_slice(), [Effect::TellUser(r)] if r.status == StatusCode(183))
        );
    }

    #[test]
    fn a_refusal_is_acknowledged_each_time_and_told_once() {
        let (mut client, _, start) = client(false);
        receive(&mut client, 180, start);
        let effects = receive(&mut client, 486, start);
        //= RFC 3261 §17.1.1.2: timer D, at least 32 s.
        assert_eq!(armed(&effects), [(Timer::D, at(start, 32000))]);
        assert!(effects.iter().any(|e| matches!(e, Effect::TellUser(_))));
        assert_eq!(client.state(), InviteClientState::Completed);
        let again = receive(&mut client, 486, at(start, 500));
        assert!(matches!(again.as_slice(), [Effect::Send(ack)] if ack.starts_with(b"ACK sip:bob@192.0.2.2 ")));
        assert_eq!(client.handle(ClientEvent::Timer(Timer::D), at(start, 32000)), [Effect::Done]);
    }

    #[test]
    fn the_ack_is_made_of_the_invite_and_the_to_of_the_response() {
        let invite = request(Method::Invite);
        let ack = ack(&invite, &response(&invite, 486));
        //= RFC 3261 §17.1.1.3
        assert_eq!((ack.method.clone(), ack.uri.as_str()), (Method::Ack, "sip:bob@192.0.2.2"));
        assert_eq!(ack.headers.all(&HeaderName::Via).count(), 1);
        assert_eq!(ack.headers.get(&HeaderName::Via), invite.headers.get(&HeaderName::Via));
        assert_eq!(ack.headers.get(&HeaderName::Route), invite.headers.get(&HeaderName::Route));
        assert_eq!(ack.headers.text(&HeaderName::To).as_deref(), Some("<sip:bob@example.com>;tag=b"));
        assert_eq!(ack.headers.text(&HeaderName::CSeq).as_deref(), Some("7 ACK"));
        assert!(ack.headers.get(&HeaderName::Contact).is_none());
    }

    #[test]
    fn over_a_reliable_transport_completed_ends_at_once() {
        let (mut client, _, start) = client(true);
        let effects = receive(&mut client, 603, start);
        assert_eq!(effects.last(), Some(&Effect::Done));
        assert_eq!(sends(&effects), 1, "the ACK goes out over any transport");
    }

    #[test]
    fn every_2xx_is_told_until_timer_m() {
        let (mut client, _, start) = client(false);
        let effects = receive(&mut client, 200, start);
        //= RFC 6026 §8.4
        assert_eq!(client.state(), InviteClientState::Accepted);
        assert_eq!(armed(&effects), [(Timer::M, at(start, 32000))]);
        assert_eq!(sends(&effects), 0, "the ACK is the user's");
        assert!(matches!(receive(&mut client, 200, start).as_slice(), [Effect::TellUser(_)]));
        assert_eq!(receive(&mut client, 180, start), []);
        assert_eq!(receive(&mut client, 486, start), []);
        assert_eq!(client.handle(ClientEvent::TransportFailed, start), []);
        assert_eq!(client.handle(ClientEvent::Timer(Timer::M), at(start, 32000)), [Effect::Done]);
    }

    #[test]
    fn cancel_waits_for_a_provisional_response() {
        let (mut client, _, start) = client(false);
        //= RFC 3261 §9.1
        assert_eq!(client.handle(ClientEvent::Cancel(Some(Reason::completed_elsewhere())), start), []);
        let effects = receive(&mut client, 100, start);
        let Some(Effect::SendCancel(cancel)) = effects.iter().find(|e| matches!(e, Effect::SendCancel(_))) else {
            panic!("no CANCEL in {effects:?}");
        };
        assert_eq!(cancel.headers.text(&HeaderName::CSeq).as_deref(), Some("7 CANCEL"));
        assert_eq!(cancel.headers.text(&HeaderName::To).as_deref(), Some("<sip:bob@example.com>"));
        //= RFC 3326 §3.1
        let reason = cancel.headers.text(&HeaderName::Reason);
        assert_eq!(reason.as_deref(), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
        assert_eq!(client.handle(ClientEvent::Cancel(None), start), [], "one CANCEL is enough");
        assert_eq!(armed(&effects), [(Timer::Cancel, at(start, 32000))]);
        let end = client.handle(ClientEvent::Timer(Timer::Cancel), at(start, 32000));
        assert_eq!(end, [Effect::Failed(Failure::Timeout), Effect::Done]);
    }

    #[test]
    fn no_cancel_after_a_final_response() {
        let (mut client, _, start) = client(false);
        client.handle(ClientEvent::Cancel(None), start);
        let effects = receive(&mut client, 200, start);
        assert!(!effects.iter().any(|e| matches!(e, Effect::SendCancel(_))), "a 200 that crossed the CANCEL");
        assert_eq!(client.handle(ClientEvent::Cancel(None), start), []);
    }

    #[test]
    fn a_transport_failure_is_told() {
        let (mut client, _, start) = client(false);
        let effects = client.handle(ClientEvent::TransportFailed, start);
        assert_eq!(effects, [Effect::Failed(Failure::Transport), Effect::Done]);
        assert_eq!(receive(&mut client, 200, start), [], "terminated is deaf");
    }
}
