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
