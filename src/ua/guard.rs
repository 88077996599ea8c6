//! What those may dial on whom no person looks: a page behind a link that dials at once, a caller over HTTP, a far end
//! that transfers or redirects us. `allowDial` and `denyDial` say it; here is which numbers a command would dial, and by
//! which accounts.

use super::agent::Agent;
use super::command::{Command, CommandError, TransferTo};
use super::outcome::ExitCode;
use crate::config::{Account, AccountId};
use crate::sip::uri::Uri;

impl Agent {
    /// Whether a command of theirs may be carried out.
    pub(super) fn judge(&self, command: &Command) -> Result<(), CommandError> {
        let (typed, accounts) = match command {
            Command::Dial { target, account }
            | Command::Message { target, account, .. }
            | Command::Composing { target, account }
            | Command::Retrieve { number: Some(target), account } => {
                // One that is not there is refused with better words later.
                (target.clone(), self.account_for(target, account.as_deref()).into_iter().collect())
            }
            Command::Transfer { to: TransferTo::Number(number), .. } | Command::Park { number: Some(number), .. } => {
                (number.clone(), self.accounts_in_calls())
            }
            // Where the exchange listens for a code, a number that is no call's is keyed behind it.
            Command::Transfer { to: TransferTo::Call(Some(number)), .. } if self.keys_to_consult(number) => {
                (number.clone(), self.accounts_in_calls())
            }
            Command::Forward { number: Some(number) } => (number.clone(), vec![self.selected_account()]),
            // Before it stands the code that the owner has set.
            Command::Pickup { number: Some(number), .. } => (number.clone(), Vec::new()),
            Command::Answer { call: Some(name) } => match self.ask_target(name) {
                Some(target) => (target, Vec::new()),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let accounts = accounts.into_iter().filter_map(|id: AccountId| self.account(id).map(|line| &line.account));
        let accounts: Vec<&Account> = accounts.collect();
        match self.config.settings.dial_rules.refuses(&typed, accounts) {
            None => Ok(()),
            Some(why) => Err(CommandError {
                code: ExitCode::Refused,
                kind: "not_allowed",
                message: format!("only a person dials that: {}", crate::text::sanitise(&why.to_string())),
                hint: Some("allowDial in the section [tuiphone] of the ini lists what others may dial".to_owned()),
            }),
        }
    }

    /// Nobody but a person has this address called by this account: a far end that sends us somewhere has not.
    pub(super) fn is_for_a_person(&self, uri: &Uri, account: AccountId) -> bool {
        let account = self.account(account).map(|line| &line.account);
        self.config.settings.dial_rules.refuses(uri.as_str(), account).is_some()
    }

    fn accounts_in_calls(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = self.calls.iter().map(|call| call.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}
