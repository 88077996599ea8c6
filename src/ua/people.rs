//! Who is in the contacts has their name, and a light if they are to be followed.

use super::agent::Agent;
use super::lights::Light;
use super::snapshot::Party;
use crate::config::AccountId;
use crate::config::dial::dial;
use crate::contacts::Book;
use crate::sip::event::Package;
use crate::text::sanitise;
use std::sync::Arc;
use std::time::Instant;

impl Agent {
    /// The contacts are these from now on.
    pub(super) fn contacts_changed(&mut self, book: Arc<Book>, now: Instant) {
        self.book = book;
        let account = self.selected_account();
        let wanted = self.contact_addresses(account);
        let is_over = |uri: &String| !wanted.iter().any(|(_, known)| known == uri);
        let over = self.watches.iter().filter(|watch| watch.of_contact && is_over(&watch.machine.subject().uri));
        let over: Vec<u32> = over.map(|watch| watch.id).collect();
        over.into_iter().for_each(|id| self.unwatch(id, now));
        if self.account(account).is_some_and(|line| line.registration.is_registered()) {
            if self.watches.iter().any(|watch| watch.account == account) {
                self.watch_contacts(account);
            }
            self.follow(account, now);
        }
    }

    /// Adds the lights of the contacts that have none yet.
    pub(super) fn watch_contacts(&mut self, account: AccountId) {
        for (number, uri) in self.contact_addresses(account) {
            let is_lit = |subject: &crate::sip::subscription::Subject| {
                subject.package == Package::Presence && subject.uri == uri
            };
            if self.watches.iter().any(|watch| watch.light.is_some() && is_lit(watch.machine.subject())) {
                continue;
            }
            let light = Light::new(sanitise(&number), false);
            self.add_watch(account, uri, Package::Presence, Some(light), true);
        }
    }

    /// Numbers and addresses of those to be followed, the starred ones first: there is room for so many.
    fn contact_addresses(&self, account: AccountId) -> Vec<(String, String)> {
        let Some(line) = self.account(account) else { return Vec::new() };
        let followed = || self.book.contacts().iter().filter(|contact| contact.presence);
        let in_order =
            followed().filter(|contact| contact.starred).chain(followed().filter(|contact| !contact.starred));
        let address = |number: &String| Some((number.clone(), dial(number, &line.account).ok()?.uri));
        in_order.filter_map(|contact| address(&contact.number)).collect()
    }

    /// The far side by the name it has in the contacts, unless `disableNameLookup` is set.
    pub(super) fn named(&self, party: &Party) -> Party {
        let host = party.uri.rsplit_once('@').map_or("", |(_, host)| host);
        let host = host.split([':', ';', '>']).next().unwrap_or_default();
        match self.name_of(&party.user, host) {
            Some(name) => Party { name: Some(name), ..party.clone() },
            None => party.clone(),
        }
    }

    /// The name of whoever has this number.
    pub(super) fn name_of(&self, user: &str, host: &str) -> Option<String> {
        let book = Some(&self.book).filter(|_| !self.config.settings.disable_name_lookup)?;
        let contact = book.find(user, host)?;
        // One without a name is called by his number, which says less than what the network says.
        Some(&contact.name).filter(|name| **name != contact.number).map(|name| sanitise(name))
    }
}
