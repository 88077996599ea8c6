//! Handing a call over by keying a code and the number, where the exchange listens for that.

use super::agent::Agent;
use super::command::{CommandError, Reply, RequestId};
use super::digits::MAX_DIGITS;
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::{CallState, TransferInfo, TransferState};
use super::transfer::Transfer;
use crate::text::sanitise;
use std::time::Instant;

impl Agent {
    /// Keys a code and a number in a call. `blind`: whoever is called then gets the call at once.
    pub(super) fn transfer_by_code(
        &mut self,
        asker: RequestId,
        call: Option<String>,
        (code, number): (&str, &str),
        blind: bool,
        now: Instant,
    ) -> Result<u32, CommandError> {
        let talks = |call: &super::call::Call| call.state == CallState::Connected;
        let id = self.pick(call, "transfer", "is not connected", talks)?;
        self.is_not_transferred(id)?;
        let (target, uri) = self.address(number, self.account_of_call(id), "transfer to")?;
        let keys = uri.user_decoded().unwrap_or_default();
        let is_key = |c: char| c.is_ascii_digit() || "*#".contains(c);
        if keys.is_empty() || !keys.chars().all(is_key) || keys.len() + code.len() >= MAX_DIGITS {
            return Err(CommandError {
                code: ExitCode::Usage,
                kind: "bad_number",
                message: format!("cannot transfer to {}: the exchange takes keys, 0-9 * #", sanitise(number)),
                hint: Some("give a number, or set enableFeatureCodeBT=0".into()),
            });
        }
        // The exchange is given a moment to ask for the number.
        self.key(id, &format!("{code},{keys}"), now);
        if blind && let Some(call) = self.call_mut(id) {
            let info = TransferInfo {
                to: sanitise(&target.uri),
                with: None,
                state: TransferState::Asked,
                parked_at: None,
                status: None,
                reason: None,
            };
            call.transfer = Some(Transfer::by_code(info, uri, now));
        }
        if let Some(call) = self.call(id) {
            let info = Box::new(self.call_info(call, now));
            self.outputs.push_back(Output::Reply(asker, Ok(Reply::Call(info))));
        }
        Ok(id)
    }
}
