//! What of other softphones' files is new here, and how it is written into the ini file.

use super::{Found, FoundAccount, Password, Setting};
use crate::config::ini::{Document, IniError};
use crate::config::schema::{Row, Section};
use crate::config::{self, Account, AccountId, Layers, Loaded, Secret};
use crate::contacts::Contact;
use crate::history::Record;
use crate::text::sanitise;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// New accounts, with the numbers they get.
    pub accounts: Vec<FoundAccount>,
    /// The addresses of those that are there already.
    pub known_accounts: Vec<String>,
    /// Settings this ini file does not have.
    pub settings: Vec<Setting>,
    /// Keys that stay as they are here.
    pub kept_settings: Vec<String>,
    /// The account that is to be selected, where none is.
    pub selected: Option<AccountId>,
    /// All contacts found, known or not.
    pub contacts: Vec<Contact>,
    /// All calls found, known or not.
    pub calls: Vec<Record>,
    /// What cannot be done, and why; safe to show.
    pub notes: Vec<String>,
}

impl Plan {
    /// What of these files is new to a configuration. The first that names a thing has it.
    ///
    /// # Errors
    /// The first account of the file stands where no second one can follow; in words.
    pub fn new(all: impl IntoIterator<Item = Found>, main: &Document, overlays: &[Document]) -> Result<Plan, String> {
        let loaded = config::load(main, overlays);
        let layers = Layers::new(main, overlays);
        let mut plan = Plan::default();
        for found in all {
            plan.settings(&found.settings, main, &layers);
            for account in found.accounts {
                plan.account(account, &loaded);
            }
            plan.contacts.extend(found.contacts);
            plan.calls.extend(found.calls);
        }
        // Half of a pair means nothing.
        if main.get("Settings", "STUN").is_some() {
            plan.settings.retain(|setting| setting.key != "enableSTUN");
        }
        plan.number(main, &loaded)?;
        let selects = loaded.selected == AccountId(0) && !loaded.settings.enable_local_account;
        let is_locked = layers.locked("Settings", "accountId").is_some();
        plan.selected = plan.accounts.first().map(|new| new.account.id).filter(|_| selects && !is_locked);
        let mut new = Document::default();
        if plan.write(&mut new, true).is_ok() {
            plan.notes.extend(config::too_long_for_microsip(&new));
        }
        Ok(plan)
    }

    /// The ini file is to be changed.
    pub fn changes_ini(&self) -> bool {
        !self.accounts.is_empty() || !self.settings.is_empty()
    }

    /// The accounts whose password is known.
    pub fn with_password(&self) -> impl Iterator<Item = &FoundAccount> {
        self.accounts.iter().filter(|new| new.password == Password::Plain)
    }

    /// Writes accounts and settings. Passwords, those of TURN servers too, only `with_passwords`.
    ///
    /// # Errors
    /// A text that no line of this file can hold.
    pub fn write(&self, document: &mut Document, with_passwords: bool) -> Result<(), IniError> {
        if let Some(id) = self.selected {
            document.set("Settings", "accountId", &id.0.to_string())?;
        }
        for Setting { section, key, value } in &self.settings {
            let row = Row::find(Section::Settings, key).filter(|_| *section == "Settings");
            match row {
                Some(row) => row.write(0, value, document)?,
                None => document.set(section, key, value)?,
            }
        }
        for new in &self.accounts {
            write_account(&new.account, document, with_passwords)?;
        }
        Ok(())
    }

    fn account(&mut self, new: FoundAccount, loaded: &Loaded) {
        let aor = new.account.aor();
        let same = |other: &Account| {
            other.username == new.account.username && other.domain.eq_ignore_ascii_case(&new.account.domain)
        };
        if loaded.accounts.iter().any(|known| known.id.0 > 0 && same(known)) {
            let aor = sanitise(&aor);
            if !self.known_accounts.contains(&aor) {
                self.known_accounts.push(aor);
            }
            return;
        }
        match self.accounts.iter_mut().find(|planned| same(&planned.account)) {
            // Of two files the one counts that has the password.
            Some(planned) if planned.password != Password::Plain && new.password == Password::Plain => *planned = new,
            Some(_) => {
                let note = format!("{}: a second account of this address is left out", sanitise(&aor));
                self.notes.extend(Some(note).filter(|note| !self.notes.contains(note)));
            }
            None => self.accounts.push(new),
        }
    }

    fn settings(&mut self, found: &[Setting], main: &Document, layers: &Layers<'_>) {
        // A list is one thing: it comes whole or not at all.
        let has_list = |plan: &Plan, name: &str| {
            main.has_section(name) || plan.settings.iter().any(|setting| setting.section == name)
        };
        let skips: Vec<&str> = ["Shortcuts"].into_iter().filter(|name| has_list(self, name)).collect();
        for setting in found.iter().filter(|setting| !skips.contains(&setting.section)) {
            let is_here = layers.find(setting.section, &setting.key).is_some();
            let is_planned = self.settings.iter().any(|it| (it.section, &it.key) == (setting.section, &setting.key));
            match (is_here, is_planned) {
                (true, _) if !self.kept_settings.contains(&setting.key) => self.kept_settings.push(setting.key.clone()),
                (false, false) => self.settings.push(setting.clone()),
                _ => {}
            }
        }
    }

    /// Gives the new accounts the numbers behind those that are there.
    fn number(&mut self, main: &Document, loaded: &Loaded) -> Result<(), String> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let first = next_account(main, loaded)?.0;
        let room = (config::MAX_ACCOUNTS + 1).saturating_sub(first);
        let left_out = self.accounts.len().saturating_sub(usize::try_from(room).unwrap_or(usize::MAX));
        if left_out > 0 {
            self.accounts.truncate(self.accounts.len() - left_out);
            self.notes.push(format!("{left_out} accounts are left out: {} are the most", config::MAX_ACCOUNTS));
        }
        for (new, id) in self.accounts.iter_mut().zip(first..) {
            new.account.id = AccountId(id);
        }
        Ok(())
    }
}

/// The number of the next account of this file: MicroSIP counts from 1 without a gap.
///
/// # Errors
/// The first one is not under its number; in words.
pub fn next_account(main: &Document, loaded: &Loaded) -> Result<AccountId, String> {
    let last = loaded.accounts.iter().map(|account| account.id.0).max().unwrap_or(0);
    let is_numbered = main.get("Account1", "domain").is_some_and(|domain| !domain.is_empty());
    if last > 0 && !is_numbered {
        return Err("the first account is not under [Account1], so no second one is read".to_owned());
    }
    Ok(AccountId(last + 1))
}

/// Writes a whole account, every key in MicroSIP's order, and of our own keys those that say something. Its passwords
/// only `with_passwords`.
///
/// # Errors
/// A text that no line of this file can hold.
pub fn write_account(account: &Account, document: &mut Document, with_passwords: bool) -> Result<(), IniError> {
    let mut account = account.clone();
    account.password_sealed = false;
    if !with_passwords {
        account.password = Secret::default();
        account.turn.password = Secret::default();
    }
    for row in Row::of(Section::Account) {
        row.write_account(&account, document)?;
    }
    let mut plain = Document::default();
    for row in Row::of(Section::TuiphoneAccount) {
        row.write_account(&account, &mut plain)?;
        let value = plain.get(&Section::TuiphoneAccount.name(account.id.0), row.key).unwrap_or_default();
        if value != row.default {
            row.write_account(&account, document)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(accounts: &[(&str, &str)], settings: &[(&str, &str)]) -> Found {
        let mut found = Found::default();
        for (address, password) in accounts {
            let (user, domain) = address.split_once('@').unwrap();
            let account = Account {
                username: user.to_owned(),
                domain: domain.to_owned(),
                password: Secret::new(*password),
                ..super::super::fresh()
            };
            found.account(account);
        }
        settings.iter().for_each(|(key, value)| found.setting(key, *value));
        found
    }

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_there_stays_and_the_rest_is_numbered_behind_it() {
        let main =
            document("[Settings]\nDTMFMethod=1\n[Account1]\ndomain=D\nusername=1\n[Account2]\ndomain=e\nusername=2\n");
        let locks = document("[Settings]\nVAD=0\n");
        let all = [
            found(&[("1@d", "x"), ("3@d", "")], &[("DTMFMethod", "3"), ("VAD", "1"), ("EC", "0")]),
            found(&[("3@D", "pw"), ("1@D", ""), ("4@d", "")], &[("EC", "1")]),
        ];
        let plan = Plan::new(all, &main, &[locks]).unwrap();
        let new: Vec<(u32, String, Password)> =
            plan.accounts.iter().map(|it| (it.account.id.0, it.account.aor(), it.password)).collect();
        assert_eq!(new, [(3, "3@D".into(), Password::Plain), (4, "4@d".into(), Password::None)]);
        assert_eq!(
            (plan.known_accounts, plan.kept_settings),
            (vec!["1@d".to_owned(), "1@D".to_owned()], vec!["DTMFMethod".to_owned(), "VAD".to_owned()])
        );
        assert_eq!(plan.settings.len(), 1);
        assert_eq!((plan.settings[0].value.as_str(), plan.selected), ("0", None));
    }

    #[test]
    fn a_plan_that_was_carried_out_is_empty() {
        let mut main = document("[Settings]\nuserAgent=x\n");
        let all = || [found(&[("1@d", "pw"), ("2@d", "")], &[("VAD", "1"), ("STUN", "s"), ("enableSTUN", "1")])];
        let plan = Plan::new(all(), &main, &[]).unwrap();
        assert_eq!(plan.selected, Some(AccountId(1)));
        plan.write(&mut main, false).unwrap();
        let written = String::from_utf8(main.to_bytes()).unwrap();
        assert!(
            written.starts_with(
                "[Settings]\nuserAgent=x\naccountId=1\nVAD=1\nSTUN=s\nenableSTUN=1\n[Account1]\nlabel=\nserver=\n"
            ),
            "{written}"
        );
        assert!(!written.contains("pw") && !written.contains("tuiphone"), "{written}");
        let again = Plan::new(all(), &main, &[]).unwrap();
        assert!(!again.changes_ini() && again.known_accounts == ["1@d", "2@d"], "{again:?}");
        let loaded = config::load(&main, &[]);
        assert_eq!((loaded.accounts.len(), loaded.selected, loaded.warnings.len()), (2, AccountId(1), 0));
    }

    #[test]
    fn half_of_a_pair_stays_away() {
        for (main, expected) in [("", &["STUN", "enableSTUN"][..]), ("STUN=here\n", &[]), ("enableSTUN=0\n", &["STUN"])]
        {
            let all = [found(&[], &[("STUN", "there"), ("enableSTUN", "1")])];
            let plan = Plan::new(all, &document(&format!("[Settings]\n{main}")), &[]).unwrap();
            let keys: Vec<&str> = plan.settings.iter().map(|setting| setting.key.as_str()).collect();
            assert_eq!(keys, expected, "{main}");
        }
    }

    #[test]
    fn passwords_are_written_if_that_is_said() {
        let mut one = found(&[("1@d", "pw")], &[]);
        one.accounts[0].account.turn.password = Secret::new("turn");
        one.accounts[0].account.ice = true;
        for (with, line) in [(true, "password=pw\n"), (false, "password=\n")] {
            let mut main = document("");
            Plan::new([one.clone()], &main, &[]).unwrap().write(&mut main, with).unwrap();
            let written = String::from_utf8(main.to_bytes()).unwrap();
            assert!(written.contains(line), "{written}");
            assert_eq!(written.contains("[tuiphone1]\nturnPassword=turn\n"), with, "{written}");
        }
    }

    #[test]
    fn no_second_account_follows_one_without_a_number() {
        let first = document("[Account]\nAccount=1@d\n");
        assert!(Plan::new([found(&[("2@d", "")], &[])], &first, &[]).unwrap_err().contains("[Account1]"));
        assert!(Plan::new([found(&[("1@d", "")], &[])], &first, &[]).is_ok());
    }

    #[test]
    fn a_list_comes_whole_or_not_at_all() {
        let mut one = Found::default();
        for key in ["0", "1"] {
            one.settings.push(Setting { section: "Shortcuts", key: key.into(), value: format!("a{key};1;call") });
        }
        let count = |text: &str| Plan::new([one.clone(), one.clone()], &document(text), &[]).unwrap().settings.len();
        assert_eq!((count(""), count("[Shortcuts]\n7=x\n")), (2, 0));
    }
}
