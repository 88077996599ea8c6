//! Which key does what, and where: the default keymap as rows, made from the verb table and the interface's own acts.

mod acts;
mod file;
mod key;
mod verb_keys;

use crate::control::verb::VERBS;
use crate::text::words;
pub use acts::Act;
pub use file::{KEYMAPS, read};
pub use key::{Key, Keys, MAX_SEQUENCE};
use std::borrow::Cow;

/// Where a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Every place that has no other meaning for it.
    Everywhere,
    /// The list of contacts.
    Contacts,
    /// The list of calls that were.
    History,
    /// Written conversations.
    Messages,
    /// The view of SIP messages as arrows.
    Ladder,
    /// The view of a call's quality.
    Quality,
    /// The view of the log.
    Log,
    /// The view of accounts.
    Accounts,
    /// The view of those who are watched, and of calls at other phones.
    Switchboard,
    /// The view of settings.
    Settings,
    /// The view of sound devices.
    Devices,
}

impl Place {
    /// All of them, in the order of the help.
    pub const ALL: [Place; 11] = [
        Place::Everywhere,
        Place::Contacts,
        Place::History,
        Place::Messages,
        Place::Ladder,
        Place::Quality,
        Place::Log,
        Place::Accounts,
        Place::Switchboard,
        Place::Settings,
        Place::Devices,
    ];

    /// Its heading.
    pub fn words(self) -> &'static str {
        match self {
            Place::Everywhere => "everywhere",
            Place::Contacts => "contacts",
            Place::History => "history",
            Place::Messages => "messages",
            Place::Ladder => "ladder",
            Place::Quality => "quality",
            Place::Log => "log",
            Place::Accounts => "accounts",
            Place::Switchboard => "switchboard",
            Place::Settings => "settings",
            Place::Devices => "devices",
        }
    }
}

/// One row of the keymap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// What is done.
    pub act: Act,
    /// Its name: a verb's, or the act's own in kebab-case.
    pub name: &'static str,
    /// Where its keys count.
    pub places: &'static [Place],
    /// By which keys, the one to show first.
    pub keys: Vec<Keys>,
    /// One or two words for the footer.
    pub short: &'static str,
    /// A sentence for the help.
    pub doc: &'static str,
}

impl Binding {
    /// What it does in a word or two, in the language that is spoken.
    pub fn words(&self) -> Cow<'static, str> {
        words::of("key", self.name, self.short)
    }
}

/// What keys lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Something is done.
    Act(Act),
    /// More keys are to follow.
    More,
    /// Nothing.
    Nothing,
}

impl Found {
    /// What is done, if it is known by now.
    pub fn act(self) -> Option<Act> {
        if let Found::Act(act) = self { Some(act) } else { None }
    }
}

/// All bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        let read = |keys: &[&str]| keys.iter().filter_map(|keys| Keys::parse(keys)).collect::<Vec<_>>();
        let verbs = VERBS.iter().filter(|row| !verb_keys::NOT_HERE.contains(&row.name)).map(|row| {
            let own = verb_keys::VERB_KEYS.iter().find(|(name, ..)| *name == row.name);
            let mut keys = own.map(|(.., keys)| read(keys)).unwrap_or_default();
            keys.extend(row.key.and_then(Keys::parse));
            Binding {
                act: Act::Verb(row.name),
                name: row.name,
                places: &[Place::Everywhere],
                keys,
                short: own.map_or(row.name, |(_, short, _)| short),
                doc: row.doc,
            }
        });
        // A view goes before a verb that lists the same.
        let verbs = verbs.filter(|verb| !acts::own().any(|row| row.name == verb.name));
        let own = acts::own().map(|row| Binding {
            act: row.act,
            name: row.name,
            places: row.places,
            keys: read(row.keys),
            short: row.short,
            doc: row.doc,
        });
        Keymap { bindings: verbs.chain(own).collect() }
    }
}

impl Keymap {
    /// Every row, verbs first.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What a key does at a place: there, else everywhere.
    pub fn act_in(&self, place: Place, key: Key) -> Option<Act> {
        self.find(place, &[key]).act()
    }

    /// What keys pressed one after another lead to at a place: there, else everywhere.
    pub fn find(&self, place: Place, keys: &[Key]) -> Found {
        let at = |place: Place| {
            let here = self.bindings.iter().filter(move |binding| binding.places.contains(&place));
            let mut found = Found::Nothing;
            for (binding, theirs) in here.flat_map(|binding| binding.keys.iter().map(move |keys| (binding, keys))) {
                if theirs.list() == keys {
                    return Found::Act(binding.act);
                }
                if theirs.list().starts_with(keys) {
                    found = Found::More;
                }
            }
            found
        };
        match at(place) {
            Found::Nothing => at(Place::Everywhere),
            found => found,
        }
    }

    /// What may follow these keys at a place: the next key, and what it does; nothing where it leads further on. One of
    /// the place hides one of everywhere.
    pub fn next(&self, place: Place, keys: &[Key]) -> Vec<(Key, Option<&Binding>)> {
        let mut next: Vec<(Key, Option<&Binding>)> = Vec::new();
        for place in [place, Place::Everywhere] {
            for binding in self.bindings.iter().filter(|binding| binding.places.contains(&place)) {
                for theirs in binding.keys.iter().filter_map(|theirs| theirs.list().strip_prefix(keys)) {
                    let Some((first, rest)) = theirs.split_first() else { continue };
                    if !next.iter().any(|(known, _)| known == first) {
                        next.push((*first, rest.is_empty().then_some(binding)));
                    }
                }
            }
        }
        next.sort_by_key(|(key, _)| key.to_string().to_lowercase());
        next
    }

    /// A key of this verb knows what to do without any words.
    pub fn has_own_way(verb: &str) -> bool {
        verb_keys::VERB_KEYS.iter().any(|(name, ..)| *name == verb)
    }

    /// The row of an act.
    pub fn binding(&self, act: Act) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.act == act)
    }

    /// The row of this name.
    pub fn named(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name == name)
    }

    /// The keys to show for an act; while something is typed, such as are no characters.
    pub fn key(&self, act: Act, typing: bool) -> Option<&Keys> {
        self.binding(act)?.keys.iter().find(|keys| !typing || !keys.is_character())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn act(key: &str) -> Option<Act> {
        Keymap::default().act_in(Place::Everywhere, Key::parse(key).expect("a key"))
    }

    #[test]
    fn no_key_is_bound_twice_in_a_place_and_dialling_keys_are_free() {
        let keymap = Keymap::default();
        let mut seen = HashSet::new();
        for binding in keymap.bindings() {
            for (keys, place) in binding.keys.iter().flat_map(|keys| binding.places.iter().map(move |it| (keys, it))) {
                assert!(seen.insert((keys, place)), "{keys} is bound twice: {}", place.words());
            }
        }
        for c in "0123456789*#+".chars() {
            let begins = |keys: &Keys| keys.list().first() == Key::parse(&c.to_string()).as_ref();
            assert!(!keymap.bindings().iter().any(|binding| binding.keys.iter().any(begins)), "{c}");
        }
    }

    #[test]
    fn a_place_goes_before_everywhere() {
        let keymap = Keymap::default();
        let of = |place, key| keymap.act_in(place, Key::parse(key).expect("a key"));
        assert_eq!(of(Place::Contacts, "Ctrl-e"), Some(Act::Edit));
        assert_eq!(of(Place::Everywhere, "Ctrl-e"), None);
        assert_eq!(of(Place::Contacts, "F2"), Some(Act::Verb("answer")));
        let mut keymap = keymap.clone();
        keymap.bindings.iter_mut().filter(|binding| binding.act == Act::Edit).for_each(|binding| {
            binding.keys = vec![Keys::parse("F2").expect("a key")];
        });
        assert_eq!(keymap.act_in(Place::Contacts, Key::parse("F2").expect("a key")), Some(Act::Edit));
        assert_eq!(keymap.act_in(Place::History, Key::parse("F2").expect("a key")), Some(Act::Verb("answer")));
    }

    /// The keys of MicroSIP that a terminal can tell from others, and that act in one.
    #[test]
    fn hands_that_know_microsip_find_its_keys() {
        for (key, expected) in [
            ("F2", Act::Verb("answer")),
            ("F4", Act::Verb("hangup")),
            ("Ctrl-q", Act::Quit),
            ("Ctrl-o", Act::MuteSpeaker),
            ("Esc", Act::Cancel),
            ("Enter", Act::Verb("call")),
        ] {
            assert_eq!(act(key), Some(expected), "{key}");
        }
    }

    #[test]
    fn while_typing_the_keys_that_answer_and_hang_up_are_no_letters() {
        let keymap = Keymap::default();
        for verb in ["call", "answer", "hangup", "reject"] {
            assert!(keymap.key(Act::Verb(verb), true).is_some_and(|keys| !keys.is_character()), "{verb}");
        }
    }
}
