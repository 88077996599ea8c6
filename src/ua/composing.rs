//! Telling others that a message to them is being written (RFC 3994), if the settings allow it.

use super::agent::Agent;
use super::command::{CommandError, Reply};
use crate::config::AccountId;
use crate::sip::event::iscomposing::{self, Composer};
use std::time::Instant;

/// Most people written to at once.
const MOST: usize = 16;
/// Most people remembered who do not want to know.
const MOST_UNWILLING: usize = 64;

/// Whom something is being written to.
#[derive(Debug, Default)]
pub(super) struct Composing {
    writing: Vec<Writing>,
    unwilling: Vec<String>,
}

#[derive(Debug)]
struct Writing {
    account: AccountId,
    target: String,
    composer: Composer,
}

impl Composing {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.writing.iter().map(|writing| writing.composer.next_timeout()).min()
    }

    /// Whose they are.
    pub fn accounts(&mut self) -> impl Iterator<Item = &mut AccountId> {
        self.writing.iter_mut().map(|writing| &mut writing.account)
    }

    /// The message itself goes out: it says that the writing is over.
    pub fn sent(&mut self, target: &str) {
        self.writing.retain(|writing| writing.target != target);
    }

    /// What became of telling.
    pub fn answered(&mut self, target: &str, status: Option<u16>) {
        //= RFC 3994 §3.2: who refuses these is not told again
        if status.is_some_and(|status| status >= 300) {
            self.sent(target);
            if self.unwilling.len() < MOST_UNWILLING && !self.unwilling.iter().any(|one| one == target) {
                self.unwilling.push(target.to_owned());
            }
        }
    }
}

impl Agent {
    /// `Command::Composing`: something is being written to them now.
    pub(super) fn composes(&mut self, typed: &str, account: Option<&str>, now: Instant) -> Result<Reply, CommandError> {
        if !self.config.settings.tell_composing || self.config.settings.disable_messaging {
            return Ok(Reply::Done);
        }
        let (account, uri) = self.addressed(typed, account, "write to")?;
        let target = uri.to_string();
        let ready = self.account(account).is_some_and(|line| !line.registers() || line.registration.is_registered());
        if !ready || self.composing.unwilling.contains(&target) {
            return Ok(Reply::Done);
        }
        if let Some(writing) = self.composing.writing.iter_mut().find(|writing| writing.target == target) {
            writing.composer.goes_on(now);
        } else if self.composing.writing.len() < MOST {
            let composer = Composer::new(now);
            self.composing.writing.push(Writing { account, target: target.clone(), composer });
            self.send_composing(account, &target, iscomposing::ACTIVE, now);
        }
        Ok(Reply::Done)
    }

    /// What is due: it pauses, or goes on for long.
    pub(super) fn composing_timeouts(&mut self, now: Instant) {
        let mut told = Vec::new();
        self.composing.writing.retain_mut(|writing| {
            let document = writing.composer.handle_timeout(now);
            told.extend(document.map(|document| (writing.account, writing.target.clone(), document)));
            document != Some(iscomposing::IDLE)
        });
        for (account, target, document) in told {
            self.send_composing(account, &target, document, now);
        }
    }
}
