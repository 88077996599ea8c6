//! What protects the sound of a call: what is asked for, what came of it in words, and what becomes of a call without.

use super::agent::Agent;
use super::call::Call;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::owner::Owner;
use super::port::Output;
use super::snapshot::{CallDirection, Handshake};
use crate::config::{AccountId, SrtpMode};
use crate::media::command::{HandshakeFailure, StreamId};
use crate::sdp::{Agreed, Encryption};
use crate::sip::flow::Transport;
use crate::sip::ident;
use crate::sip::message::StatusCode;
use crate::sip::session::Exchange;
use crate::sip::uri::Uri;
use crate::text::sanitise;
use std::time::Instant;

/// An account's wish in the words of descriptions.
pub(super) fn asked(mode: SrtpMode) -> Encryption {
    match mode {
        SrtpMode::Off => Encryption::Off,
        SrtpMode::Optional => Encryption::Optional,
        SrtpMode::Mandatory => Encryption::Mandatory,
        SrtpMode::DtlsSdes => Encryption::DtlsSdes,
        SrtpMode::Dtls => Encryption::Dtls,
    }
}

/// What protects the sound of a call from now on, as far as is known; before what was agreed before is forgotten.
pub(super) fn note_protection(call: &mut Call, agreed: &Agreed) {
    let before = call.sound.as_ref().and_then(|before| before.dtls.as_ref());
    let goes_on = before.zip(agreed.dtls.as_ref()).is_some_and(|(before, now)| !before.renewed_by(now));
    let signalling = call.flow.map(|flow| flow.transport);
    let media = call.media.get_or_insert_default();
    if !goes_on || media.dtls == Some(Handshake::Failed) {
        media.srtp = agreed.srtp.as_ref().map(|srtp| protection(srtp.suite, signalling));
        media.dtls = agreed.dtls.as_ref().map(|_| Handshake::Goes);
    }
}

/// The suite, and whether its keys could be read on their way to the first server.
fn protection(suite: &str, signalling: Option<Transport>) -> String {
    let path = match signalling {
        Some(Transport::Tls | Transport::Wss) => "keys over TLS",
        _ => "keys in clear",
    };
    format!("{suite}, {path}")
}

impl Agent {
    /// What is asked of the encryption of an account's calls. Local, where it asks for nothing, asks what the selected
    /// account does: who insists on encryption there is not to talk in clear by another path. Of an account that is gone
    /// nobody knows what it asked for.
    pub(super) fn encryption_of(&self, account: AccountId) -> Encryption {
        let own = |id| self.account(id).map_or(Encryption::Mandatory, |line| asked(line.account.srtp));
        match own(account) {
            Encryption::Off if account.0 == 0 => own(self.selected_account()),
            asked => asked,
        }
    }

    /// A handshake brought keys.
    pub(super) fn secured(&mut self, stream: StreamId, suite: &str, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream) else { return };
        let id = call.id;
        let media = call.media.get_or_insert_default();
        media.srtp = Some(format!("{suite}, keys by DTLS"));
        media.dtls = Some(Handshake::Done);
        self.tell(id, now, |call| Event::CallSecured { call });
    }

    /// The far end has closed what the keys came of; what was said was protected as it was.
    pub(super) fn keys_gone(&mut self, stream: StreamId, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream && call.is_live()) else { return };
        let id = call.id;
        call.media.get_or_insert_default().dtls = Some(Handshake::Closed);
        self.tell(id, now, |call| Event::CallSecured { call });
    }

    /// A handshake brought no keys. Who asked for it does without the call rather than without the keys.
    //= RFC 5763 §5, RFC 8827 §6.5: no sound without
    pub(super) fn not_secured(&mut self, stream: StreamId, why: &HandshakeFailure, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream && call.is_live()) else { return };
        let id = call.id;
        let media = call.media.get_or_insert_default();
        media.srtp = None;
        media.dtls = Some(Handshake::Failed);
        // Another fork may still answer, or this one shake hands when it does.
        if call.direction == CallDirection::Outgoing && !call.is_answered() {
            return;
        }
        let why = sanitise(&why.to_string());
        call.reason = Some(format!("no keys for its sound: {why}"));
        // A BYE bears the code as a reason.
        call.code = Some(ExitCode::NoCommonCodec);
        let answered = call.is_answered();
        match call.session.as_mut() {
            Some(session) if !answered => session.reject(StatusCode(488)),
            Some(session) => session.close(),
            None => {}
        }
        let message = format!("call {} has ended, as there are no keys for its sound: {why}", call.name());
        let hint = "SRTP=mandatory in the account takes keys out of the signalling instead".to_owned();
        self.outputs.push_back(Output::Event(Event::Error { message, hint: Some(hint) }));
        self.end_call(id, EndedBy::Local, ExitCode::NoCommonCodec, now);
    }

    /// Our description was refused: calls once more, offering what else the account allows. False if there is nothing.
    //= RFC 3261 §21.4.26
    pub(super) fn offer_otherwise(&mut self, id: u32, now: Instant) -> bool {
        let call_id = ident::call_id(&mut self.rng, "");
        let Some(account) = self.call(id).map(|call| call.account) else { return false };
        let ways = self.encryption_of(account).attempts().len();
        let late = self.config.settings.late_offer;
        let Some(call) = self.call_mut(id).filter(|call| call.is_live() && !late) else { return false };
        let (next, Ok(target)) = (call.attempt + 1, Uri::parse(&call.target)) else { return false };
        if next >= ways {
            return false;
        }
        call.call_instead(&target, call_id);
        call.attempt = next;
        // Those before have their final response; a CANCEL is for the next one.
        let owner = Owner::Call(id, Exchange::Invite);
        self.clients.retain(|_, sent| sent.owner != owner);
        self.begin_call(id, now);
        true
    }
}
