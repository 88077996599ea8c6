//! New settings for a phone that runs.
//!
//! Calls go on whatever becomes of their account. An account is known by its address and its registrar, not by its
//! number: one that has got another number is left in peace. What has another address or registrar is another account:
//! the old one leaves, and stays until its binding is given back and its calls are over.

use super::account::Line;
use super::agent::{Agent, AgentConfig};
use super::command::{CommandError, Reloaded, Reply, RequestId};
use super::event::Event;
use super::knocking::{Knocking, Then};
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::RegistrationState;
use crate::config::schema::{Row, Section, Takes};
use crate::config::{Account, AccountId, Change, changes};
use crate::media::command::MediaCommand;
use std::time::Instant;

impl Agent {
    /// `Input::Configured`. Of the configuration settings, accounts and what follows from them count.
    pub(super) fn configured(&mut self, request: RequestId, new: AgentConfig, now: Instant) {
        if self.exiting.is_some() {
            let message = "the phone is shutting down: the settings stay as they are".to_owned();
            let refusal = CommandError { code: ExitCode::NoDaemon, kind: "no_daemon", message, hint: None };
            return self.outputs.push_back(Output::Reply(request, Err(refusal)));
        }
        let (settings, accounts) = (&self.config.settings, &self.config.accounts);
        let found = changes((settings, accounts), (&new.settings, &new.accounts));
        let history = (settings.history_size == 0) != (new.settings.history_size == 0);
        let waits = |change: &&Change| change.takes == Takes::Restart || change.key == "historySize" && history;
        let mut told = Reloaded {
            changed: found.iter().map(|change| change.name.clone()).collect(),
            needs_restart: found.iter().filter(waits).map(|change| change.name.clone()).collect(),
            ..Reloaded::default()
        };
        self.settings_changed(&new, now);
        told.registering = self.accounts_changed(new.accounts, now).into_iter().map(|id| id.0).collect();
        self.watches_changed(now);
        if !told.changed.is_empty() {
            let news = Event::Config {
                message: told.words(),
                changed: told.changed.clone(),
                needs_restart: told.needs_restart.clone(),
            };
            self.outputs.push_back(Output::Event(news));
        }
        self.outputs.push_back(Output::Reply(request, Ok(Reply::Reloaded(Box::new(told)))));
    }

    /// The keys of the phone as a whole. Most are looked at when they are needed; these have to be told to somebody.
    fn settings_changed(&mut self, new: &AgentConfig, now: Instant) {
        let volumes = |config: &AgentConfig| (config.settings.volume_output, config.settings.volume_input);
        let (volumes_before, voice, stun) =
            (volumes(&self.config), self.voice_settings(), self.config.settings.stun_servers());
        self.config.settings = new.settings.clone();
        self.config.endpoint = new.endpoint.clone();
        self.config.tuning = new.tuning.clone();
        if new.fingerprint.is_some() {
            self.config.fingerprint.clone_from(&new.fingerprint);
        }
        let (output, input) = volumes(&self.config);
        if (output, input) != volumes_before {
            self.outputs.push_back(Output::Media(MediaCommand::Volume { output, input }));
        }
        if self.voice_settings() != voice {
            self.outputs.push_back(Output::Media(MediaCommand::Voice(self.voice_settings())));
        }
        let servers = self.config.settings.stun_servers();
        if servers != stun {
            self.lines.iter_mut().for_each(|line| line.stun = !servers.is_empty());
            self.look_outside(now);
        }
    }

    /// The accounts are these. Those that register because of it, and were not left in peace.
    fn accounts_changed(&mut self, accounts: Vec<Account>, now: Instant) -> Vec<AccountId> {
        let before = std::mem::replace(&mut self.config.accounts, accounts.clone());
        let mut accounts = accounts;
        if !accounts.iter().any(|account| account.id == AccountId(0)) {
            accounts.push(Account::new(AccountId(0)));
        }
        let ids = |accounts: &[Account]| accounts.iter().map(|account| account.id).collect::<Vec<_>>();
        let mut numbers: Vec<(AccountId, AccountId)> = Vec::new();
        // An account keeps its number rather than taking that of its like.
        for same_number in [true, false] {
            for account in &accounts {
                let is_new = !numbers.iter().any(|(_, to)| *to == account.id);
                let fits = |line: &&Line| {
                    (line.account.id == account.id) == same_number
                        && !line.leaving
                        && !numbers.iter().any(|(from, _)| *from == line.account.id)
                        && is_same(&line.account, account)
                };
                if let Some(line) = self.lines.iter().find(fits).filter(|_| is_new) {
                    numbers.push((line.account.id, account.id));
                }
            }
        }
        let stays = |id: AccountId| numbers.iter().any(|(from, _)| *from == id);
        let gone: Vec<AccountId> = self.lines.iter().filter(|line| !line.leaving).map(|line| line.account.id).collect();
        let gone: Vec<AccountId> = gone.into_iter().filter(|id| !stays(*id)).collect();
        let taken: Vec<AccountId> = self.lines.iter().map(|line| line.account.id).collect();
        let free = (0..=u32::MAX).rev().map(AccountId).filter(|id| !taken.contains(id) && !ids(&accounts).contains(id));
        let leaving: Vec<(AccountId, AccountId)> = gone.into_iter().zip(free).collect();
        for (id, _) in &leaving {
            self.tell_gone(*id, now);
        }
        let known: Vec<AccountId> = numbers.iter().map(|(_, to)| *to).collect();
        let configured = |id: AccountId| {
            let from = numbers.iter().find(|(_, to)| *to == id).map(|(from, _)| *from);
            before.iter().find(|account| Some(account.id) == from)
        };
        let mut registering = Vec::new();
        let mut renewed = Vec::new();
        for account in accounts {
            match known.contains(&account.id) {
                // What is configured as before is as it is: somebody may have given it a password since.
                true if configured(account.id).is_some_and(|was| *was == Account { id: was.id, ..account.clone() }) => {
                }
                true => renewed.push((configured(account.id).cloned(), account)),
                false => registering.push(account),
            }
        }
        let everybody: Vec<(AccountId, AccountId)> = numbers.iter().chain(&leaving).copied().collect();
        self.renumber(&everybody);
        for (_, id) in &leaving {
            self.account_mut(*id).into_iter().for_each(|line| line.leaving = true);
            self.unregister(*id, now);
        }
        let mut anew: Vec<AccountId> = Vec::new();
        for (was, account) in renewed {
            let id = account.id;
            if self.renew(was.as_ref(), account, now) {
                anew.push(id);
            }
        }
        for account in registering {
            let (id, registers) = (account.id, !account.server.is_empty() && self.config.register);
            let instance = self.lines.first().map(|line| line.instance.clone()).unwrap_or_default();
            let mut line = Line::new(account, &instance, &mut self.rng);
            line.stun = !self.config.settings.stun_servers().is_empty();
            self.lines.push(line);
            self.lines.sort_by_key(|line| line.account.id);
            if registers {
                self.register(id, now);
                anew.push(id);
            }
        }
        self.drop_those_who_left();
        anew.sort_unstable();
        anew
    }

    /// The account of this number is as given from now on; `was` is how it was configured. True if it registers anew.
    fn renew(&mut self, was: Option<&Account>, mut account: Account, now: Instant) -> bool {
        let id = account.id;
        let is_used = self.calls.iter().any(|call| call.account == id);
        let Some(at) = self.lines.iter().position(|line| line.account.id == id) else { return false };
        let differs = |row: &&Row| was.is_none_or(|was| row.differs(was, &account));
        let keys: Vec<&Row> =
            Row::of(Section::Account).chain(Row::of(Section::TuiphoneAccount)).filter(differs).collect();
        let has = |key: &str| keys.iter().any(|row| row.key == key);
        let (publishes, probes, keeps) = (has("publish"), has("probe"), has("keepAlive"));
        let other_path = ["proxy", "transport"].into_iter().any(&has);
        let mut anew = keys.iter().any(|row| row.takes == Takes::Anew);
        if publishes && !account.publish {
            self.withdraw(id, now);
        }
        let Some(line) = self.lines.get_mut(at) else { return false };
        // One that it was given since stays.
        if !has("password") {
            account.password = line.account.password.clone();
            account.password_sealed = line.account.password_sealed;
        }
        line.renew(account);
        // Paths of before are no longer its own, once no call needs them.
        if other_path && !is_used {
            line.forget_servers();
        }
        if publishes && !line.account.publish {
            line.publication = None;
        }
        if keeps {
            line.keep_anew(now, &mut self.rng);
        }
        if probes {
            line.probe_at = None;
            line.plan_probe(now, &mut self.rng);
        }
        let (address, expires_s) = (line.address().unwrap_or_default(), line.account.register_refresh_s);
        line.registration.rebind(address, expires_s);
        anew = anew && line.registers() && line.registration.revive();
        if anew && !self.knocks_first(id, Then::RegisterAnew, now) {
            self.register_line_anew(id, now);
        } else if self.account(id).is_some_and(|line| line.registration.is_registered()) {
            self.begin_publishing(id);
        }
        anew
    }

    /// Everything that belongs to an account of the first number belongs to that of the second.
    fn renumber(&mut self, numbers: &[(AccountId, AccountId)]) {
        if numbers.iter().all(|(from, to)| from == to) {
            return;
        }
        let new = |id: &mut AccountId| {
            if let Some((_, to)) = numbers.iter().find(|(from, _)| from == id) {
                *id = *to;
            }
        };
        self.lines.iter_mut().for_each(|line| new(&mut line.account.id));
        self.lines.sort_by_key(|line| line.account.id);
        self.calls.iter_mut().for_each(|call| new(&mut call.account));
        self.watches.iter_mut().for_each(|watch| new(&mut watch.account));
        self.asks.iter_mut().for_each(|ask| new(&mut ask.account));
        self.messages.iter_mut().for_each(|message| new(&mut message.account));
        self.probes.iter_mut().for_each(|probe| new(&mut probe.account));
        self.composing.accounts().for_each(new);
        self.knocking.iter_mut().flat_map(Knocking::accounts).for_each(new);
        self.clients.values_mut().filter_map(|sent| sent.owner.account()).for_each(new);
        for ((_, whose), jobs) in self.queries.values_mut() {
            whose.iter_mut().for_each(new);
            jobs.iter_mut().filter_map(|job| job.owner()?.account()).for_each(new);
        }
        // Where connections of a number lead is looked for once more.
        self.hops.clear();
        self.detours.forget_lanes();
    }

    /// An account that is no more has its last word; what becomes of its binding is nobody's news.
    fn tell_gone(&mut self, id: AccountId, now: Instant) {
        let Some(line) = self.account(id).filter(|line| line.registers()) else { return };
        let mut account = line.info(false, now);
        (account.state, account.registered, account.expires_in) = (RegistrationState::Off, false, None);
        (account.status, account.reason) = (None, Some("no longer configured".to_owned()));
        self.outputs.push_back(Output::Event(Event::Registration { account, changed: true }));
    }

    /// Lets accounts go that have given everything back.
    pub(super) fn drop_those_who_left(&mut self) {
        if !self.lines.iter().any(|line| line.leaving) {
            return;
        }
        let calls = &self.calls;
        let is_needed = |line: &Line| {
            !line.leaving || line.is_giving_back() || calls.iter().any(|call| call.account == line.account.id)
        };
        let gone: Vec<AccountId> =
            self.lines.iter().filter(|line| !is_needed(line)).map(|line| line.account.id).collect();
        self.lines.retain(is_needed);
        self.watches.retain(|watch| !gone.contains(&watch.account));
    }
}

/// The same address at the same registrar. There is one Local account.
fn is_same(one: &Account, other: &Account) -> bool {
    let binding = |account: &Account| (account.server.clone(), account.domain.clone(), account.username.clone());
    let is_local = |account: &Account| account.id == AccountId(0);
    is_local(one) == is_local(other) && (is_local(one) || binding(one) == binding(other))
}
