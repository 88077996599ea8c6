//! Which account calls go out with, and a password given while the phone runs.

use super::agent::Agent;
use super::command::{CommandError, Reply, Secret};
use std::time::Instant;

type Outcome = Result<Reply, CommandError>;

impl Agent {
    /// `Command::SelectAccount`: for good. The lights move to its server.
    pub(super) fn select_account(&mut self, wanted: &str, now: Instant) -> Outcome {
        let (before, chosen) = (self.selected_account(), self.find_account(wanted)?);
        self.lasting(|agent| {
            agent.config.settings.account_id = Some(chosen.0);
            Ok(Reply::Done)
        })?;
        if before != chosen {
            self.watches_changed(now);
        }
        Ok(Reply::Done)
    }

    /// `Command::Password`: the account answers challenges with it from now on, and registers at once.
    pub(super) fn set_password(&mut self, wanted: Option<&str>, password: Secret, now: Instant) -> Outcome {
        let id = match wanted {
            Some(wanted) => self.find_account(wanted)?,
            None => self.selected_account(),
        };
        if let Some(line) = self.account_mut(id) {
            line.account.password = password;
            line.account.password_sealed = false;
        }
        self.register(id, now);
        Ok(Reply::Done)
    }
}
