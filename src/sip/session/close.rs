//! Ending: CANCEL, BYE both ways (RFC 3261 §9, §15).

use super::{Effect, End, Exchange, Session, Stage};
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::reason::Reason;
use crate::sip::transaction::ServerId;

impl Session {
    /// Hangs up, whatever the stage: CANCEL, 486 or BYE. `Effect::Ended` follows, at once or with the answer.
    pub fn close(&mut self) {
        self.close_because(None);
    }

    /// The same; a BYE sent at once says why (RFC 3326).
    pub fn close_because(&mut self, reason: Option<Reason>) {
        self.close_with(reason.map(|reason| (HeaderName::Reason, reason.to_string())));
    }

    /// The same; a BYE sent at once bears this header.
    pub fn close_with(&mut self, header: Option<(HeaderName, String)>) {
        match &mut self.stage {
            Stage::Connecting(connecting) if !connecting.cancelled => {
                connecting.cancelled = true;
                self.effects.push_back(Effect::Cancel);
            }
            Stage::Accepting(accepting) if accepting.sent.is_none() => self.reject(StatusCode(486)),
            //= RFC 3261 §15: a callee sends BYE only after the ACK, or when it is overdue
            Stage::Accepting(accepting) => accepting.closing = true,
            Stage::Confirmed => {
                self.stage = Stage::Closing;
                if let Some(dialog) = self.dialog.as_mut() {
                    let mut bye = dialog.request(Method::Bye);
                    if let Some((name, value)) = header {
                        bye.headers.push(name, value);
                    }
                    self.effects.push_back(Effect::Request(Exchange::Bye, bye));
                }
            }
            Stage::Connecting(_) | Stage::Closing | Stage::Ended => {}
        }
    }

    pub(super) fn bye_answered(&mut self, response: &Response) {
        match response.status.0 {
            401 | 407 => self.effects.push_back(Effect::Challenged(Exchange::Bye, response.clone())),
            100..=199 => {}
            _ => self.end(End::Local),
        }
    }

    pub(super) fn bye_received(&mut self, server: ServerId, request: Request) {
        self.respond(server, &request, StatusCode(200));
        //= RFC 3261 §15.1.2: pending requests of the dialog are answered 487
        if self.waiting_invite().is_some() {
            self.cancelled(request);
            return;
        }
        self.refuse_offer(StatusCode(487));
        match self.stage {
            Stage::Closing => self.end(End::Local),
            // A BYE in an early dialog of a fork ends that fork alone.
            Stage::Connecting(_) | Stage::Ended => {}
            _ => self.end(End::Bye(Box::new(request))),
        }
    }
}
