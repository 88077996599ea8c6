//! How contacts from elsewhere join those that are there, twice as well as once.

use super::book::key;
use super::{Contact, FIELDS};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What became of those taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Merged {
    /// New ones.
    pub added: usize,
    /// Known ones of whom something new was said.
    pub changed: usize,
    /// Known ones, nothing new.
    pub same: usize,
}

/// What became of those of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taken {
    /// New ones.
    pub added: usize,
    /// Known ones who are not what they were.
    pub changed: usize,
    /// Those it has no more.
    pub removed: usize,
    /// Known ones, nothing new; those a person has made are theirs.
    pub same: usize,
}

/// A contact that is there, and its place.
pub(super) struct Kept {
    pub at: usize,
    pub contact: Contact,
}

/// Those that change, those to be added, and how many. Somebody is known by their id, else by name and number together:
/// two of one household share a number.
pub(super) fn merge(mut kept: Vec<Kept>, others: Vec<Contact>) -> (Vec<Kept>, Vec<Contact>, Merged) {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, known) in kept.iter().enumerate() {
        for mark in marks(&known.contact) {
            places.entry(mark).or_insert(place);
        }
    }
    let mut merged = Merged::default();
    let (first_new, mut touched) = (kept.len(), vec![false; kept.len()]);
    for other in others {
        let known = marks(&other).find_map(|mark| places.get(&mark).copied());
        match known {
            Some(place) => {
                let Some(known) = kept.get_mut(place) else { continue };
                if complete(&mut known.contact, &other) {
                    merged.changed += usize::from(place < first_new && !touched.get(place).copied().unwrap_or(true));
                    touched.get_mut(place).into_iter().for_each(|touched| *touched = true);
                } else {
                    merged.same += 1;
                }
            }
            None => {
                let place = kept.len();
                for mark in marks(&other) {
                    places.entry(mark).or_insert(place);
                }
                kept.push(Kept { at: usize::MAX, contact: other });
                merged.added += 1;
            }
        }
    }
    let added = kept.split_off(first_new).into_iter().map(|kept| kept.contact).collect();
    let changed = kept.into_iter().zip(touched).filter(|(_, touched)| *touched).map(|(kept, _)| kept).collect();
    (changed, added, merged)
}

/// Those of others that nobody here is, neither by id nor by number, and each of them once: what is here stays as it is.
pub(super) fn strangers<'a>(here: impl Iterator<Item = &'a Contact>, others: Vec<Contact>) -> Vec<Contact> {
    let of_number = |contact: &Contact| format!("number {}", key(&contact.number));
    let mut seen: HashSet<String> = here.flat_map(|known| marks(known).chain([of_number(known)])).collect();
    let mut new = Vec::new();
    for other in others {
        let is_here = seen.contains(&of_number(&other)) || marks(&other).any(|mark| seen.contains(&mark));
        if !is_here {
            seen.extend(marks(&other));
            new.push(other);
        }
    }
    new
}

/// How a directory's contacts take the place of its former ones.
pub(super) struct Plan {
    pub changed: Vec<Kept>,
    pub added: Vec<Contact>,
    /// Places of those who go, in rising order.
    pub gone: Vec<usize>,
    pub taken: Taken,
}

/// What a directory says of its own counts, but for the marks and the note that a person has put on them. Who is not in
/// a whole answer is gone.
pub(super) fn replace_directory(kept: Vec<Kept>, theirs: Vec<Contact>, is_whole: bool) -> Plan {
    let mut places: HashMap<String, usize> = HashMap::new();
    // Those a person made come first: the directory adds no double of them.
    let (own, former): (Vec<_>, Vec<_>) =
        (0..kept.len()).partition(|place| kept.get(*place).is_some_and(|known| !known.contact.directory));
    for place in own.into_iter().chain(former) {
        let known = kept.get(place).into_iter().flat_map(|known| marks(&known.contact));
        known.for_each(|mark| {
            places.entry(mark).or_insert(place);
        });
    }
    let mut new_ones: HashSet<String> = HashSet::new();
    let mut plan = Plan { changed: Vec::new(), added: Vec::new(), gone: Vec::new(), taken: Taken::default() };
    let mut seen = vec![false; kept.len()];
    for mut their in theirs {
        their.directory = true;
        let known = marks(&their).find_map(|mark| places.get(&mark).copied());
        let Some((place, known)) = known.and_then(|place| Some((place, kept.get(place)?))) else {
            if !marks(&their).any(|mark| new_ones.contains(&mark)) {
                new_ones.extend(marks(&their));
                plan.added.push(their);
            }
            continue;
        };
        if std::mem::replace(seen.get_mut(place).unwrap_or(&mut true), true) {
            continue;
        }
        their.starred |= known.contact.starred;
        their.presence |= known.contact.presence;
        if their.comment.is_empty() {
            their.comment.clone_from(&known.contact.comment);
        }
        if known.contact.directory && known.contact != their {
            plan.changed.push(Kept { at: known.at, contact: their });
        } else {
            plan.taken.same += 1;
        }
    }
    let absent = kept.iter().zip(seen).filter(|(known, seen)| known.contact.directory && !seen);
    plan.gone.extend(absent.map(|(known, _)| known.at).filter(|_| is_whole));
    plan.taken = Taken { added: plan.added.len(), changed: plan.changed.len(), removed: plan.gone.len(), ..plan.taken };
    plan
}

fn marks(contact: &Contact) -> impl Iterator<Item = String> {
    let id = Some(&contact.id).filter(|id| !id.is_empty()).map(|id| format!("id {id}"));
    let whom = format!("{} {}", key(&contact.number), contact.name.to_lowercase());
    id.into_iter().chain(std::iter::once(whom))
}

/// Takes over what the other says; what it does not say stays.
fn complete(known: &mut Contact, other: &Contact) -> bool {
    let before = known.clone();
    for field in FIELDS.iter().filter(|field| !field.is_empty(other) && field.attribute != "directory") {
        field.set(known, field.get(other));
    }
    // The same number in another dress is none.
    if key(&before.number) == key(&known.number) {
        known.number.clone_from(&before.number);
    }
    *known != before
}
