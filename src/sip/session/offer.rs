//! Offers of the peer and our answers to them, whatever message bears either (RFC 6337 §2.2).

use super::accept::Sent;
use super::{Effect, Session, set_body};
use crate::sip::dialog::DialogId;
use crate::sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::transaction::ServerId;
use std::time::Instant;

/// The message that will bear our answer to an offer of the peer.
#[derive(Debug)]
pub(super) enum Asked {
    /// The 200 to this re-INVITE, UPDATE or PRACK; without a body it asks for our offer.
    Response(ServerId, Request),
    /// The PRACK to a reliable provisional response.
    Prack(Request),
    /// The ACK to the 2xx of this dialog.
    Ack(DialogId, Request),
}

impl Session {
    /// Asks for the answer to `body`, an offer of the far end with this tag.
    pub(super) fn ask(&mut self, asked: Asked, fork: String, body: Vec<u8>) {
        self.asked = Some(asked);
        self.effects.push_back(Effect::Offered { fork, body });
    }

    /// Answers the peer's offer with this description (our offer, if the peer asked for one).
    pub fn answer_offer(&mut self, body: Vec<u8>, now: Instant) {
        match self.asked.take() {
            None => {}
            Some(Asked::Response(server, request)) => self.answer_in_response(server, &request, body, now),
            Some(asked) => self.acknowledge_offer(asked, body),
        }
    }

    /// Refuses the peer's offer; what was before stands. One that came with a response cannot be refused: it is
    /// acknowledged without an answer, and the session is the caller's to close.
    pub fn refuse_offer(&mut self, status: StatusCode) {
        match self.asked.take() {
            None => {}
            Some(Asked::Response(server, request)) => self.respond(server, &request, status),
            Some(asked) => self.acknowledge_offer(asked, Vec::new()),
        }
    }

    fn answer_in_response(&mut self, server: ServerId, request: &Request, body: Vec<u8>, now: Instant) {
        let mut response = Response::to_request(request, StatusCode(200), Some(&self.local_tag));
        response.headers.push(HeaderName::ContentType, "application/sdp");
        response.body = body;
        let is_call = self.is_confirmed() || self.is_accepted();
        if is_call && matches!(request.method, Method::Invite | Method::Update) {
            self.timer.answer(request, &mut response, now);
        }
        if request.method == Method::Invite {
            self.modify.accepted(Sent::new(server, response.clone(), &self.config, now), request.body.is_empty());
        }
        self.effects.push_back(Effect::Respond(server, response));
    }

    fn acknowledge_offer(&mut self, asked: Asked, body: Vec<u8>) {
        match asked {
            //= RFC 3262 §5: the answer to an offer in a reliable provisional response is in its PRACK
            Asked::Prack(mut prack) => {
                set_body(&mut prack, "application/sdp", body);
                self.effects.push_back(Effect::Request(super::Exchange::Prack, prack));
            }
            //= RFC 3261 §13.2.2.4: the answer to an offer in a 2xx is in its ACK
            Asked::Ack(id, mut ack) => {
                set_body(&mut ack, "application/sdp", body);
                if let Some((_, kept)) = self.acks.iter_mut().find(|(known, _)| *known == id) {
                    *kept = ack.clone();
                }
                self.effects.push_back(Effect::Ack(ack));
            }
            Asked::Response(..) => {}
        }
    }
}

/// Its body is a session description, as far as its type tells.
pub(super) fn is_described(headers: &Headers, body: &[u8]) -> bool {
    let fits = match headers.content_type() {
        Ok(Some(media)) => media.is("application", "sdp") || media.kind.eq_ignore_ascii_case("multipart"),
        // Why: some far ends leave the type out of their responses.
        Ok(None) => true,
        Err(_) => false,
    };
    fits && !body.is_empty()
}
