//! What other softphones have, for whoever sets the phone up for the first time.

use super::{Counts, ImportJob, Target, read};
use crate::cli::keeping::Keep;
use crate::cli::options::Options;
use crate::cli::paths::Environment;
use crate::config::{Account, Secret};
use crate::control::CommandError;
use crate::import::{FoundAccount, Password, Plan, Source};
use crate::text::{sanitise, say};
use std::path::PathBuf;

/// Accounts that are new here, and what comes with them.
pub struct Offer {
    target: Target,
    plan: Plan,
    counts: Counts,
    from: Vec<Source>,
}

impl Offer {
    /// Looks in the usual places; `None` if no account is found there that is new.
    pub fn find(options: &Options, environment: &Environment) -> Option<Offer> {
        let target = Target::open(options, environment).ok()?;
        let found = read(&ImportJob::default(), environment, &target).ok()?;
        let mut from: Vec<Source> = found.places.iter().map(|place| place.form.source()).collect();
        from.sort();
        from.dedup();
        let mut plan = Plan::new(found.found, &target.files.main, &target.files.overlays).ok()?;
        let counts = target.counts(&mut plan, &mut Vec::new()).ok()?;
        (!plan.accounts.is_empty()).then_some(Offer { target, plan, counts, from })
    }

    /// The account that will be selected.
    pub fn first(&self) -> Option<&FoundAccount> {
        self.plan.accounts.first()
    }

    /// What there is: `101@pbx.example.net of MicroSIP, and 34 contacts`.
    pub fn words(&self) -> String {
        let name = |source: &Source| match source {
            Source::MicroSip => "MicroSIP",
            Source::Baresip => "baresip",
            Source::Twinkle => "Twinkle",
            Source::Linphone => "Linphone",
        };
        let from: Vec<&str> = self.from.iter().map(name).collect();
        let first = self.first().map(|new| sanitise(&new.account.aor())).unwrap_or_default();
        let programs = from.join(", ");
        let mut words = match self.plan.accounts.len() {
            1 => say!("setup-offer", who = first, programs),
            all => say!("setup-offer-more", who = first, count = all - 1, programs),
        };
        if self.counts.contacts.1 > 0 {
            words = say!("setup-offer-contacts", offer = words, count = self.counts.contacts.1);
        }
        if self.counts.calls.1 > 0 {
            words = say!("setup-offer-calls", offer = words, count = self.counts.calls.1);
        }
        words
    }

    /// Where it is written.
    pub fn path(&self) -> PathBuf {
        self.target.files.ini.path.clone()
    }

    /// Writes everything, the first account as it has proven itself; passwords are kept there.
    ///
    /// # Errors
    /// A file cannot be written, or the keyring does not take a password.
    pub fn write(&self, first: &Account, keep: Keep) -> Result<(), CommandError> {
        let mut plan = self.plan.clone();
        if let Some(new) = plan.accounts.first_mut() {
            let id = new.account.id;
            new.account = Account { id, password_sealed: false, ..first.clone() };
            new.password = if first.password.is_empty() { Password::None } else { Password::Plain };
        }
        if keep == Keep::None {
            plan.accounts.iter_mut().for_each(|new| new.account.password = Secret::default());
        }
        self.target.write(&plan, keep)
    }
}
