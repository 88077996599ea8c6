//! Digits of a person or a dial string: in the sound, beside it, or by INFO.

use super::agent::Agent;
use super::port::Output;
use crate::media::command::MediaCommand;
use crate::sip::message::{Method, Request};
use crate::sip::session::{Exchange, set_body};
use std::time::{Duration, Instant};

/// A digit by INFO: how long it is said to sound, the silence after it at least, and what `,` stands for.
const INFO_DIGIT: Duration = Duration::from_millis(160);
const INFO_GAP: Duration = Duration::from_millis(90);
const INFO_PAUSE: Duration = Duration::from_secs(1);

impl Agent {
    /// Sends the digits of the dial string whose time has come.
    pub(super) fn due_digits(&mut self, id: u32, now: Instant) {
        while let Some(call) = self.call_mut(id) {
            let due = call.digits.front().is_some_and(|(at, _)| *at <= now);
            let Some((_, digits)) = call.digits.pop_front_if(|_| due) else { return };
            self.send_digits(id, &digits, None, now);
        }
    }

    /// Sends digits by the method of the call's account, or the one asked for.
    pub(super) fn send_digits(&mut self, id: u32, digits: &str, via: Option<super::command::DtmfVia>, now: Instant) {
        use super::command::DtmfVia;
        use crate::config::DtmfMethod;
        let method = self.account(self.account_of_call(id)).map(|line| line.account.dtmf_method);
        let Some(call) = self.call_mut(id) else { return };
        let takes_events =
            call.negotiation.as_ref().and_then(|n| n.agreed()).is_some_and(|a| a.telephone_event_send.is_some());
        let via = via.unwrap_or(match method.unwrap_or_default() {
            DtmfMethod::Auto if takes_events => DtmfVia::Rtp,
            DtmfMethod::Auto | DtmfMethod::Inband => DtmfVia::Inband,
            DtmfMethod::Rtp => DtmfVia::Rtp,
            DtmfMethod::Info => DtmfVia::Info,
        });
        let (stream, digits) = (call.stream, digits.to_ascii_uppercase());
        if via == DtmfVia::Info {
            let room = 64usize.saturating_sub(call.info_digits.len());
            call.info_digits.extend(digits.chars().take(room));
            return self.send_info_digit(id, now);
        }
        let inband = via == DtmfVia::Inband;
        self.outputs.push_back(Output::Media(MediaCommand::SendDigits { stream, digits, inband }));
    }

    /// The next digit by INFO, once the one before is answered and its tone and a gap are over.
    pub(super) fn send_info_digit(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_answered() && !call.info_busy) else { return };
        if call.info_at.is_some_and(|at| at > now) {
            return;
        }
        let Some(digit) = call.info_digits.pop_front() else { return };
        if digit == ',' {
            call.info_at = Some(now + INFO_PAUSE);
            return;
        }
        call.info_at = Some(now + INFO_DIGIT + INFO_GAP);
        let body = format!("Signal={digit}\r\nDuration={}\r\n", INFO_DIGIT.as_millis()).into_bytes();
        if let Some(session) = call.session.as_mut() {
            let digit = |info: &mut Request| set_body(info, "application/dtmf-relay", body);
            call.info_busy = session.send(Exchange::Info, Method::Info, digit).is_some();
        }
    }
}
