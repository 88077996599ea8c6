//! What is to be followed, by the settings and the accounts; what of it is followed already.

use super::agent::Agent;
use super::lights::Light;
use super::subscriptions::Watch;
use crate::config::AccountId;
use crate::config::dial::dial;
use crate::sip::event::Package;
use crate::text::sanitise;
use std::time::Instant;

/// Something to be followed.
struct Wanted {
    uri: String,
    package: Package,
    /// As given, and whether a notifier that knows no dialogs is asked for presence.
    light: Option<(String, bool)>,
}

impl Wanted {
    /// It is a light of the same.
    fn shows(&self, watch: &Watch) -> bool {
        let subject = watch.machine.subject();
        self.light.is_some() && (self.package, &self.uri) == (subject.package, &subject.uri)
    }

    fn is_met_by(&self, watch: &Watch) -> bool {
        let subject = watch.machine.subject();
        let falls_back = self.light.as_ref().is_some_and(|(_, falls_back)| *falls_back);
        let target = watch.light.as_ref().map(|light| &light.target);
        !watch.of_contact
            && subject.uri == self.uri
            && target == self.light.as_ref().map(|(target, _)| target)
            && (subject.package == self.package || falls_back && subject.package == Package::Presence)
    }
}

impl Agent {
    /// What is to be followed, or how, may be other than before: what nobody asks for any more is given up, what is new is
    /// asked for, and nothing is sent for the rest.
    pub(super) fn watches_changed(&mut self, now: Instant) {
        let present: Vec<AccountId> =
            self.lines.iter().filter(|line| !line.leaving).map(|line| line.account.id).collect();
        let selected = self.selected_account();
        let wanted: Vec<(AccountId, Wanted)> =
            present.iter().flat_map(|id| self.wanted(*id).into_iter().map(|wanted| (*id, wanted))).collect();
        let is_over = |watch: &&Watch| {
            let its = || wanted.iter().filter(|(id, _)| *id == watch.account).map(|(_, wanted)| wanted);
            let is_wanted = match watch.of_contact {
                true => watch.account == selected && !its().any(|wanted| wanted.shows(watch)),
                false => its().any(|wanted| wanted.is_met_by(watch)),
            };
            present.contains(&watch.account) && !is_wanted
        };
        let over: Vec<u32> = self.watches.iter().filter(is_over).map(|watch| watch.id).collect();
        over.into_iter().for_each(|id| self.unwatch(id, now));
        for id in present {
            if self.account(id).is_some_and(|line| line.registration.is_registered()) {
                self.add_watches(id);
                self.follow(id, now);
            }
        }
        self.contacts_changed(self.book.clone(), now);
    }

    pub(super) fn add_watches(&mut self, account: AccountId) {
        for wanted in self.wanted(account) {
            let is_met = |watch: &Watch| watch.account == account && wanted.is_met_by(watch);
            if !self.watches.iter().any(is_met) {
                let light = wanted.light.map(|(target, falls_back)| Light::new(target, falls_back));
                self.add_watch(account, wanted.uri, wanted.package, light, false);
            }
        }
        if account == self.selected_account() {
            self.watch_contacts(account);
        }
    }

    /// What an account is to follow, contacts apart.
    fn wanted(&self, account: AccountId) -> Vec<Wanted> {
        let Some(line) = self.account(account) else { return Vec::new() };
        let Some(own) = line.aor_uri() else { return Vec::new() };
        let settings = &self.config.settings;
        let voicemail = !line.account.voicemail_number.is_empty();
        let of_its_own = [(Package::MessageSummary, voicemail), (Package::Reg, settings.reg_event)];
        let asked = of_its_own.into_iter().filter(|(_, is_asked)| *is_asked);
        let mut all: Vec<Wanted> =
            asked.map(|(package, _)| Wanted { uri: own.clone(), package, light: None }).collect();
        if account != self.selected_account() {
            return all;
        }
        let lit = settings.shortcuts.iter().filter(|shortcut| shortcut.has_light);
        let shortcuts = lit.map(|shortcut| format!("presence:{}", shortcut.number));
        let targets = settings.watch.iter().cloned().chain(shortcuts);
        // A place to park at may be watched besides: one light shows it.
        for target in targets.chain(settings.park_slots.iter().cloned()) {
            let (package, number) = match target.split_once(':') {
                Some(("presence", number)) => (Package::Presence, number),
                Some(("dialog", number)) => (Package::Dialog, number),
                _ => (Package::Dialog, target.as_str()),
            };
            let Ok(to) = dial(number, &line.account) else { continue };
            let is_lit = |one: &Wanted| one.light.is_some() && (one.package, &one.uri) == (package, &to.uri);
            if !all.iter().any(is_lit) {
                all.push(Wanted { uri: to.uri, package, light: Some((sanitise(number), number == target)) });
            }
        }
        all
    }
}
