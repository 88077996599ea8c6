//! Instant messages (RFC 3428): out, with the result of their delivery; in, from whoever may ring.

use super::agent::Agent;
use super::call::party;
use super::command::{CommandError, Reply, RequestId};
use super::event::Event;
use super::outcome::ExitCode;
use super::owner::Owner;
use super::port::Output;
use super::route::{Job, Sent};
use super::snapshot::{MessageInfo, Party};
use super::subscriptions::is_of_type;
use crate::config::AccountId;
use crate::config::dial::dial;
use crate::sip::event::iscomposing::{self, Composing};
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::registration::State;
use crate::sip::session::set_body;
use crate::sip::transaction::ServerId;
use crate::sip::uri::Uri;
use crate::text::{sanitise, sanitise_text};
use std::collections::VecDeque;
use std::time::Instant;

/// Longest text sent, in bytes: with its headers it stays below the 1300 bytes of RFC 3428 §8.
const MAX_SENT: usize = 800;
/// Longest text taken, in bytes.
const MAX_TAKEN: usize = 8 * 1024;
/// Most messages on their way at once.
const MAX_ON_THE_WAY: usize = 32;
/// What we take, for Accept.
const ACCEPT: &str = "text/plain, application/im-iscomposing+xml";

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    id: u32,
    /// Who waits for the result; nobody does where it only tells of typing.
    asked: Option<RequestId>,
    pub account: AccountId,
    target: String,
    media_type: &'static str,
    body: Vec<u8>,
    /// It waits for the registration under way.
    waits: bool,
    /// Nobody has answered yet but with a challenge.
    tries: u32,
    info: MessageInfo,
}

impl Agent {
    /// `Command::Message`: replied to once its fate is known.
    pub(super) fn message(&mut self, asked: RequestId, target: &str, text: &str, account: Option<&str>, now: Instant) {
        if let Err(refusal) = self.begin_message(asked, target, text, account, now) {
            self.outputs.push_back(Output::Reply(asked, Err(refusal)));
        }
    }

    fn begin_message(
        &mut self,
        asked: RequestId,
        typed: &str,
        text: &str,
        account: Option<&str>,
        now: Instant,
    ) -> Result<(), CommandError> {
        let refusal =
            |code, kind, message: String, hint: &str| CommandError { code, kind, message, hint: Some(hint.into()) };
        if self.config.settings.disable_messaging {
            let message = "messages are turned off".to_owned();
            return Err(refusal(ExitCode::Refused, "disabled", message, "set disableMessaging=0"));
        }
        if self.exiting.is_some() || self.messages.len() >= MAX_ON_THE_WAY {
            let message = format!("{} messages are on their way, the most there can be", self.messages.len());
            return Err(refusal(ExitCode::Refused, "too_many_messages", message, "try again in a moment"));
        }
        if text.trim().is_empty() || text.len() > MAX_SENT {
            let message = format!("a message has 1 to {MAX_SENT} bytes, this one {}", text.len());
            return Err(refusal(ExitCode::Usage, "bad_message", message, "send it in parts"));
        }
        let (id, uri) = self.addressed(typed, account, "write to")?;
        let target = uri.to_string();
        let Some(line) = self.account(id) else { return Ok(()) };
        let waits = line.registers() && line.registration.state() == State::Registering;
        let account = line.account.aor();
        self.last_message += 1;
        let number = self.last_message;
        let info = MessageInfo {
            id: format!("m{number}"),
            outgoing: true,
            account,
            remote: party(&NameAddr::new(uri)),
            text: sanitise_text(text),
            at: self.date(now),
            read: true,
            ..MessageInfo::default()
        };
        self.composing.sent(&target);
        let (media_type, body) = ("text/plain;charset=UTF-8", text.as_bytes().to_vec());
        let asked = Some(asked);
        self.messages.push(Outgoing {
            id: number,
            asked,
            account: id,
            target,
            media_type,
            body,
            waits,
            tries: 0,
            info,
        });
        if !waits {
            self.send_message(number, now);
        }
        Ok(())
    }

    /// Whom a request outside a call to what is typed goes to, and by which account; `verb` is what is tried with them.
    pub(super) fn addressed(
        &self,
        typed: &str,
        account: Option<&str>,
        verb: &str,
    ) -> Result<(AccountId, Uri), CommandError> {
        let bad = |why: &str| CommandError {
            code: ExitCode::Usage,
            kind: "bad_number",
            message: format!("cannot {verb} {}: {why}", sanitise(typed)),
            hint: Some("a number, user@host or sip:user@host".into()),
        };
        let id = self.account_for(typed, account)?;
        let Some(line) = self.account(id) else { return Err(bad("there is no such account")) };
        let target = dial(typed, &line.account).map_err(|error| bad(&error.to_string()))?.uri;
        let uri = Uri::parse(&target).ok().filter(|uri| uri.is_sip() && uri.host().is_some());
        Ok((id, uri.ok_or_else(|| bad("not a SIP address"))?))
    }

    /// Tells somebody that a message to them is being written, or no longer.
    pub(super) fn send_composing(&mut self, account: AccountId, target: &str, document: &str, now: Instant) {
        if self.messages.len() >= MAX_ON_THE_WAY || self.exiting.is_some() {
            return;
        }
        self.last_message += 1;
        let id = self.last_message;
        self.messages.push(Outgoing {
            id,
            asked: None,
            account,
            target: target.to_owned(),
            media_type: iscomposing::MEDIA_TYPE,
            body: document.as_bytes().to_vec(),
            waits: false,
            tries: 0,
            info: MessageInfo::default(),
        });
        self.send_message(id, now);
    }

    /// The registration that messages waited for has come to a result; without one, they are sent all the same.
    pub(super) fn release_messages(&mut self, account: AccountId, now: Instant) {
        let waiting: Vec<u32> =
            self.messages.iter().filter(|m| m.account == account && m.waits).map(|m| m.id).collect();
        for id in waiting {
            if let Some(message) = self.messages.iter_mut().find(|message| message.id == id) {
                message.waits = false;
            }
            self.send_message(id, now);
        }
    }

    fn send_message(&mut self, id: u32, now: Instant) {
        let Some(message) = self.messages.iter().find(|message| message.id == id) else { return };
        let hop = self.hop_to(message.account, &message.target);
        self.route(hop, Job::Message(id), now);
    }

    /// A path is known: the message is written and sent.
    pub(super) fn message_path(&mut self, id: u32, flow: Flow, more: VecDeque<Flow>, now: Instant) {
        let Some(message) = self.messages.iter().find(|message| message.id == id) else { return };
        let (account, target) = (message.account, message.target.clone());
        let (media_type, body) = (message.media_type, message.body.clone());
        let own = self.is_at_home(account, &target);
        let (tag, call_id) = (ident::tag(&mut self.rng), ident::call_id(&mut self.rng, ""));
        let cseq = ident::cseq(&mut self.rng).max(1);
        let Some(line) = self.account_mut(account) else { return };
        if own && line.first_hop(false).is_some() {
            line.note_servers(&flow, &more);
        }
        let mut request = Request::new(Method::Message, target.clone());
        request.headers.push(HeaderName::MaxForwards, "70");
        line.routes(false).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
        request.headers.push(HeaderName::From, format!("{};tag={tag}", line.from(&flow)));
        request.headers.push(HeaderName::To, format!("<{target}>"));
        request.headers.push(HeaderName::CallId, call_id);
        request.headers.push(HeaderName::CSeq, format!("{cseq} MESSAGE"));
        set_body(&mut request, media_type, body);
        self.transmit(Owner::Message(id), request, flow, more, now);
    }

    /// A response to a MESSAGE.
    pub(super) fn message_answered(&mut self, id: u32, sent: &Sent, response: &Response, now: Instant) {
        if response.status.is_provisional() {
            return;
        }
        let Some(message) = self.messages.iter_mut().find(|message| message.id == id) else { return };
        let line = self.lines.iter_mut().find(|line| line.account.id == message.account);
        let status = response.status.0;
        let mut reason = sanitise(&response.reason);
        if let (401 | 407, Some(line)) = (status, line) {
            message.tries += 1;
            let first = message.tries == 1;
            // Why: whoever is written to can make up a challenge, and the proxy carries it to us.
            let answers = line.strange_realm(response, first).is_none()
                && line.take_challenge(&sent.request, response, &sent.flow);
            if answers {
                let mut request = sent.request.clone();
                let number = request.headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number.saturating_add(1));
                //= RFC 3261 §8.1.3.5
                request.headers.set(HeaderName::CSeq, format!("{number} MESSAGE"));
                return self.transmit(Owner::Message(id), request, sent.flow, VecDeque::new(), now);
            }
            reason = format!("{reason}: {}", line.hint());
        } else if let Some(line) = self.account_mut(self.account_of_message(id)) {
            line.accepted(&sent.request, response);
        }
        self.end_message(id, Some(status), reason);
    }

    /// The message got no final response.
    pub(super) fn message_unanswered(&mut self, id: u32, words: &str) {
        self.end_message(id, None, sanitise(words));
    }

    /// Tells the fate of a message.
    fn end_message(&mut self, id: u32, status: Option<u16>, reason: String) {
        let Some(at) = self.messages.iter().position(|message| message.id == id) else { return };
        let Outgoing { asked, mut info, target, .. } = self.messages.remove(at);
        let Some(asked) = asked else {
            return self.composing.answered(&target, status);
        };
        //= RFC 3428 §7: a 2xx: the message is delivered, or with 202 on its way
        let delivered = status.is_some_and(|status| (200..300).contains(&status));
        let code = status.map_or(ExitCode::Unreachable, |status| ExitCode::of_status(status, false));
        let answer = status.map_or_else(|| reason.clone(), |status| format!("{status} {reason}"));
        info.delivered = Some(delivered);
        info.status = status;
        info.reason = Some(reason);
        self.inbox.put(info.clone());
        self.outputs.push_back(Output::Event(Event::Message { message: info.clone() }));
        let whom = if info.remote.user.is_empty() { &info.remote.uri } else { &info.remote.user };
        let refused = CommandError {
            code,
            kind: code.kind(),
            message: format!("the message to {whom} was not delivered: {answer}"),
            hint: None,
        };
        let reply = if delivered { Ok(Reply::Message(Box::new(info))) } else { Err(refused) };
        self.outputs.push_back(Output::Reply(asked, reply));
    }

    /// The phone ends: whoever waits for a message is told.
    pub(super) fn drop_messages(&mut self) {
        let ids: Vec<u32> = self.messages.iter().map(|message| message.id).collect();
        ids.into_iter().for_each(|id| self.end_message(id, None, "the phone is shutting down".to_owned()));
    }

    /// A MESSAGE outside a call.
    pub(super) fn message_received(&mut self, server: ServerId, request: &Request, flow: &Flow, now: Instant) {
        match self.addressee(request, flow) {
            None => self.refuse(server, request, StatusCode(404), None, now),
            Some(account) => self.take_message(server, request, account, now),
        }
    }

    /// A MESSAGE for this account, in a call or outside.
    pub(super) fn take_message(&mut self, server: ServerId, request: &Request, account: AccountId, now: Instant) {
        if self.config.settings.disable_messaging {
            return self.refuse(server, request, StatusCode(405), None, now);
        }
        let from = request.headers.from().ok().flatten().map(|from| party(&from)).unwrap_or_default();
        if !self.admits_message(from.uri.clone(), now) {
            //= RFC 3261 §21.4.18: Why not 503: a proxy would take it for the state of the whole phone
            let mut response = Response::to_request(request, StatusCode(480), Some(&ident::tag(&mut self.rng)));
            response.headers.push(HeaderName::RetryAfter, "10");
            return self.answer(server, response, None, now);
        }
        let aor = self.account(account).map(|line| line.account.aor()).unwrap_or_default();
        let status = if request.body.len() > MAX_TAKEN {
            StatusCode(413)
        } else if is_of_type(request, "text/plain") && is_utf8(request) {
            self.tell_message(aor, from, &request.body, now);
            StatusCode(200)
        } else if is_of_type(request, iscomposing::MEDIA_TYPE) {
            match Composing::parse(&request.body) {
                Ok(composing) => {
                    let for_s = if let Composing::Active(time) = composing { time.as_secs() } else { 0 };
                    let event = Event::Composing { account: aor, remote: from, for_s };
                    self.outputs.push_back(Output::Event(event));
                    StatusCode(200)
                }
                Err(_) => StatusCode(400),
            }
        } else {
            StatusCode(415)
        };
        let mut response = Response::to_request(request, status, Some(&ident::tag(&mut self.rng)));
        if status.0 == 415 {
            //= RFC 3261 §8.2.3
            response.headers.push(HeaderName::Accept, ACCEPT);
            response.headers.push(HeaderName::AcceptEncoding, "identity");
        }
        self.answer(server, response, None, now);
    }

    fn tell_message(&mut self, account: String, remote: Party, body: &[u8], now: Instant) {
        self.last_message += 1;
        let message = MessageInfo {
            id: format!("m{}", self.last_message),
            account,
            remote: self.named(&remote),
            text: sanitise_text(&String::from_utf8_lossy(body)),
            at: self.date(now),
            ..MessageInfo::default()
        };
        self.inbox.put(message.clone());
        self.outputs.push_back(Output::Event(Event::Message { message }));
    }

    pub(super) fn account_of_message(&self, id: u32) -> AccountId {
        self.messages.iter().find(|message| message.id == id).map_or(AccountId(0), |message| message.account)
    }
}

/// Its charset, if it names one, is UTF-8 or a part of it.
fn is_utf8(request: &Request) -> bool {
    let media_type = request.headers.content_type().ok().flatten();
    let charset = media_type.as_ref().and_then(|media_type| media_type.params.value("charset"));
    charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii"))
}
