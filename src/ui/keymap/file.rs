//! Keymap files: the keys of acts by name, over those of another keymap. What stands further in front takes a key from
//! what stands behind it.
//!
//! ```ini
//! [keymap]
//! inherits=vim
//! [keys]
//! answer=a, F2
//! quit=Z Z, Ctrl-x Ctrl-c
//! redial=none
//! ```

use super::{Binding, Key, Keymap, Keys};
use crate::text::{elided, say};
use crate::ui::layered::{BuiltIn, Fault, Kind, MAX_FILE, MAX_SHOWN, Written, read as read_layers};
use crossterm::event::{KeyCode, KeyModifiers};
use std::collections::BTreeMap;

macro_rules! built_in {
    ($($name:literal)*) => {
        /// Keymaps, and those that come with the program. The first one is the table of acts itself.
        pub static KEYMAPS: Kind = Kind {
            word: "keymap",
            verb: "keymap",
            folder: "keymaps",
            extension: "ini",
            max_bytes: MAX_FILE,
            sections: &["keymap", "keys"],
            built_in: &[$(BuiltIn { name: $name, text: include_str!(concat!("../../../keymaps/", $name, ".ini")) }),*],
        };
    };
}

built_in! { "default" "vim" "emacs" "microsip" }

/// Acts that nobody is to be without, and whether also while something is typed.
const NEEDED: [(&str, bool); 3] = [("answer", true), ("hangup", true), ("quit", false)];

/// Keys of one act, at most.
const MAX_KEYS: usize = 16;

/// Reads a keymap file; what it does not name has its keys of the default keymap. `other` gives the bytes of a keymap of
/// the owner's by its name.
pub fn read(bytes: &[u8], other: &dyn Fn(&str) -> Option<Vec<u8>>) -> (Keymap, Vec<Fault>) {
    let (written, mut faults) = read_layers::<Layers>(&KEYMAPS, bytes, other);
    let keymap = written.over(Keymap::default(), &mut faults);
    faults.sort_by_key(|fault| fault.line);
    (keymap, faults)
}

/// The keys of an act as a file has them.
struct Row {
    keys: Vec<Keys>,
    line: usize,
    /// How far behind the file itself: 0 = in it.
    depth: usize,
}

#[derive(Default)]
struct Layers {
    rows: BTreeMap<String, Row>,
    notes: Vec<Fault>,
}

impl Written for Layers {
    fn take(&mut self, _: &str, key: &str, value: &str, line: usize) -> Result<(), String> {
        let name = key.to_ascii_lowercase();
        if Keymap::default().named(&name).is_none() {
            return Err(say!("keymap-no-action", name = elided(key, MAX_SHOWN)));
        }
        if let Some(row) = self.rows.get(&name) {
            return Err(say!("keymap-named-twice", name, line = row.line));
        }
        let keys = keys(value)?;
        self.notes.extend(keys.iter().flat_map(Keys::list).filter_map(twin).map(|words| Fault::note(line, words)));
        self.rows.insert(name, Row { keys, line, depth: 0 });
        Ok(())
    }

    fn begin_with(&mut self, theirs: Layers, line: usize) {
        for (name, row) in theirs.rows {
            self.rows.entry(name).or_insert(Row { line, depth: row.depth + 1, ..row });
        }
    }
}

impl Layers {
    fn over(self, mut keymap: Keymap, faults: &mut Vec<Fault>) -> Keymap {
        faults.extend(self.notes);
        // What stands in front is settled first.
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (at, binding) in keymap.bindings.iter_mut().enumerate() {
            match self.rows.get(binding.name) {
                Some(row) => {
                    binding.keys.clone_from(&row.keys);
                    order.push((row.depth, row.line, at));
                }
                None => order.push((usize::MAX, 0, at)),
            }
        }
        order.sort_unstable();
        let mut settled: Vec<(usize, usize)> = Vec::new();
        for (depth, line, at) in order {
            settle(&mut keymap, &settled, (depth, line, at), faults);
            settled.push((depth, at));
        }
        for (name, typing) in NEEDED {
            let binding = keymap.named(name);
            if !binding.is_some_and(|it| it.keys.iter().any(|keys| !typing || !keys.is_character())) {
                let line = self.rows.get(name).map_or(0, |row| row.line);
                let why = if typing { say!("keymap-needs-no-letter", name) } else { say!("keymap-needs-key", name) };
                faults.push(Fault::at(line, why));
            }
        }
        keymap
    }
}

/// Takes from an act the keys that those before it have; of one file both are at fault.
fn settle(
    keymap: &mut Keymap,
    before: &[(usize, usize)],
    (depth, line, at): (usize, usize, usize),
    faults: &mut Vec<Fault>,
) {
    let Some(binding) = keymap.bindings.get(at) else { return };
    let taken = |keys: &Keys| {
        let is_same_place = |other: &Binding| other.places.iter().any(|place| binding.places.contains(place));
        let others = before.iter().filter_map(|(depth, at)| Some((*depth, keymap.bindings.get(*at)?)));
        others.filter(|(_, other)| is_same_place(other)).find_map(|(depth, other)| {
            let theirs = other.keys.iter().find(|theirs| theirs.begins_like(keys))?;
            Some((depth, other.name, theirs.to_string()))
        })
    };
    let (mut kept, mut wrong) = (Vec::new(), Vec::new());
    for keys in &binding.keys {
        match taken(keys) {
            None => kept.push(keys.clone()),
            Some((theirs, name, same)) if theirs == depth => {
                let (own, keys) = (binding.name, keys.to_string());
                let words = if same == keys {
                    say!("keymap-bound-twice", keys, name, own)
                } else {
                    say!("keymap-begin-alike", same, name, keys, own)
                };
                wrong.push(Fault::at(line, words));
            }
            Some(_) => {}
        }
    }
    faults.extend(wrong);
    if let Some(binding) = keymap.bindings.get_mut(at) {
        binding.keys = kept;
    }
}

/// Reads `a, F2, Ctrl-x Ctrl-c`; `none` = no key.
fn keys(value: &str) -> Result<Vec<Keys>, String> {
    if value.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let mut all: Vec<Keys> = Vec::new();
    for text in value.split(',').map(str::trim) {
        if text.is_empty() {
            return Err(say!("keymap-key-missing"));
        }
        let shown = elided(text, MAX_SHOWN);
        let keys = Keys::parse(text).ok_or_else(|| say!("keymap-no-key", key = &shown))?;
        if keys.list().iter().any(|key| is_dialled(*key)) {
            return Err(say!("keymap-dialled", key = shown));
        }
        if all.iter().any(|one| one.begins_like(&keys)) {
            return Err(say!("keymap-begins-like-own", key = shown));
        }
        all.push(keys);
    }
    if all.len() > MAX_KEYS { Err(say!("keymap-too-many", count = MAX_KEYS)) } else { Ok(all) }
}

fn is_dialled(key: Key) -> bool {
    key.modifiers.is_empty() && matches!(key.code, KeyCode::Char('0'..='9' | '*' | '#' | '+'))
}

/// What is to be said of a key that most terminals tell as another one.
fn twin(key: &Key) -> Option<String> {
    let twin = match (key.code, key.modifiers) {
        (KeyCode::Char('i'), KeyModifiers::CONTROL) => "Tab",
        (KeyCode::Char('m'), KeyModifiers::CONTROL) => "Enter",
        (KeyCode::Char('h'), KeyModifiers::CONTROL) => "Backspace",
        (KeyCode::Char('['), KeyModifiers::CONTROL) => "Esc",
        _ => return None,
    };
    Some(say!("keymap-twin", key = key.to_string(), twin))
}

impl Keymap {
    /// Its file: all acts by name.
    pub fn text(&self) -> String {
        let mut text = "; Keys of tuiphone. An action that is not named keeps these; none leaves it without any.\n\
                        [keymap]\ninherits=default\n[keys]\n"
            .to_owned();
        for Binding { name, keys, doc, .. } in &self.bindings {
            let written: Vec<String> = keys.iter().map(Keys::written).collect();
            let keys = if written.is_empty() { "none".to_owned() } else { written.join(", ") };
            text += &format!("; {doc}\n{name}={keys}\n");
        }
        text
    }

    /// The keymap of this name that comes along; the default one for any other.
    pub fn built_in(name: &str) -> Keymap {
        KEYMAPS.find(name).map_or_else(Keymap::default, |one| read(one.text.as_bytes(), &|_| None).0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Act, Place};
    use super::*;

    fn of(text: &str) -> (Keymap, Vec<Fault>) {
        read(text.as_bytes(), &|_| None)
    }

    fn act(keymap: &Keymap, place: Place, keys: &str) -> Option<Act> {
        keymap.find(place, Keys::parse(keys).expect("keys").list()).act()
    }

    #[test]
    fn what_comes_along_has_no_fault_and_answers_while_something_is_typed() {
        for one in KEYMAPS.built_in {
            let (keymap, faults) = of(one.text);
            assert_eq!(faults, [], "{}", one.name);
            for binding in keymap.bindings().iter().filter(|binding| binding.keys.is_empty()) {
                let had = Keymap::default().named(binding.name).is_some_and(|it| !it.keys.is_empty());
                assert!(!had, "{}: {} has lost its last key", one.name, binding.name);
            }
        }
        assert_eq!(Keymap::built_in("default"), Keymap::default());
        assert_eq!(of(&Keymap::default().text()), (Keymap::default(), Vec::new()));
    }

    #[test]
    fn hands_find_what_they_know() {
        use Place::{Contacts, Everywhere};
        for (name, place, keys, expected) in [
            ("vim", Everywhere, "Z Z", Act::Quit),
            ("vim", Everywhere, "j", Act::Down),
            ("vim", Everywhere, "i", Act::Type),
            ("emacs", Everywhere, "Ctrl-x Ctrl-c", Act::Quit),
            ("emacs", Everywhere, "Ctrl-g", Act::Cancel),
            ("emacs", Everywhere, "Ctrl-n", Act::Down),
            ("emacs", Contacts, "Ctrl-d", Act::Delete),
            ("microsip", Everywhere, "F4", Act::Verb("hangupall")),
            ("microsip", Everywhere, "Ctrl-q", Act::Quit),
        ] {
            assert_eq!(act(&Keymap::built_in(name), place, keys), Some(expected), "{name} {keys}");
        }
    }

    #[test]
    fn what_stands_in_front_takes_the_key_and_the_rest_stays() {
        let (keymap, faults) = of("[keys]\nhold=F2, x\nanswer=a, F5\nredial=none\n");
        assert_eq!(faults, []);
        let of = |keys| act(&keymap, Place::Everywhere, keys);
        assert_eq!(of("F2"), Some(Act::Verb("hold")));
        assert_eq!(of("F5"), Some(Act::Verb("answer")));
        assert_eq!((of("o"), of("n")), (None, None));
        assert_eq!(of("F4"), Some(Act::Verb("hangup")));
        // A prefix takes what begins like it.
        let (keymap, faults) = super::tests::of("[keys]\nredial=g g\n");
        assert_eq!((act(&keymap, Place::Everywhere, "g"), faults), (None, vec![]));
        assert_eq!(act(&keymap, Place::Everywhere, "g g"), Some(Act::Verb("redial")));
    }

    #[test]
    fn one_begins_with_another_of_ones_own() {
        let mine = |name: &str| (name == "mine").then(|| b"[keymap]\ninherits=vim\n[keys]\nredial=F5\n".to_vec());
        let (keymap, faults) = read(b"[keymap]\ninherits=mine\n[keys]\nhold=F6\n", &mine);
        assert_eq!(faults, []);
        assert_eq!(act(&keymap, Place::Everywhere, "F5"), Some(Act::Verb("redial")));
        assert_eq!(act(&keymap, Place::Everywhere, "F6"), Some(Act::Verb("hold")));
        assert_eq!(act(&keymap, Place::Everywhere, "Z Z"), Some(Act::Quit));
    }

    #[test]
    fn every_fault_has_its_line_and_says_what_is_wrong() {
        for (text, line, why) in [
            ("[keys]\nanswr=a\n", 2, "answr is no action"),
            ("[keys]\nhold=Hyper-x\n", 2, "'Hyper-x' is no key"),
            ("[keys]\nhold=a b c d\n", 2, "is no key"),
            ("[keys]\nhold=x\n\nplay=x\n", 4, "x is bound twice: hold and play"),
            ("[keys]\nhold=x\nplay=x y\n", 3, "x (hold) and x y (play) begin alike"),
            ("[keys]\nhold=x, x y\n", 2, "begins like another key"),
            ("[keys]\nhold=x\nhold=y\n", 3, "hold has its keys on line 2 already"),
            ("[keys]\nhold=5\n", 2, "are dialled"),
            ("[keys]\nhold=g *\n", 2, "are dialled"),
            ("[keys]\nhold=a,,b\n", 2, "a key is missing"),
            ("[keys]\nanswer=none\n", 2, "answer needs a key"),
            ("[keys]\nanswer=a\n", 2, "answer needs a key that is no letter"),
            ("[keys]\nhangup=h\n", 2, "hangup needs a key"),
            ("[keys]\nquit=none\n", 2, "quit needs a key"),
            ("[keys]\nhold=F2\n", 0, "answer needs a key"),
            ("[keymap]\ninherits=nowhere\n", 2, "there is no keymap nowhere: tuiphone keymap list"),
            ("[keymap]\ncolour=red\n", 2, "colour is no key of [keymap]: inherits"),
            ("[colours]\n", 1, "[colours] is none of [keymap], [keys]"),
            ("[keys]\nhold\n", 2, "'hold' is no NAME=VALUE"),
        ] {
            let (_, faults) = of(text);
            let found = faults.iter().any(|fault| !fault.is_note && fault.line == line && fault.words.contains(why));
            assert!(found, "{text:?}: {faults:?}");
        }
    }

    #[test]
    fn keys_that_terminals_cannot_tell_apart_are_noted() {
        let (keymap, faults) = of("[keys]\nhold=Ctrl-i, Ctrl-m, Ctrl-h, Ctrl-[\n");
        assert!(faults.iter().all(|fault| fault.is_note && fault.line == 2), "{faults:?}");
        assert_eq!(faults.len(), 4);
        assert_eq!(act(&keymap, Place::Everywhere, "Ctrl-i"), Some(Act::Verb("hold")));
    }

    #[test]
    fn a_key_may_mean_another_thing_in_a_view() {
        let (keymap, faults) = of("[keys]\nedit=F2\n");
        assert_eq!(faults, []);
        assert_eq!(act(&keymap, Place::Contacts, "F2"), Some(Act::Edit));
        assert_eq!(act(&keymap, Place::Everywhere, "F2"), Some(Act::Verb("answer")));
    }
}
