//! Tips: one line where an idle phone says nothing. Nothing moves by itself; the next one comes when it is asked for.

use super::keymap::{Act, Keymap};
use crate::text::say;

/// What tips are about, in their order.
const ACTS: &[Act] = &[
    Act::Help,
    Act::Palette,
    Act::Verb("contacts"),
    Act::Type,
    Act::Verb("history"),
    Act::Echo,
    Act::Verb("test-audio"),
    Act::Watched,
    Act::Messages,
    Act::Ladder,
    Act::Quality,
    Act::Verb("dnd"),
    Act::Verb("forward"),
    Act::Settings,
    Act::Themes,
    Act::Suspend,
    Act::Quit,
];

/// Which tip is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tips {
    at: usize,
}

impl Tips {
    /// Tips that begin where this number says, whatever it is.
    pub fn new(seed: u64) -> Tips {
        let count = u64::try_from(ACTS.len()).unwrap_or(1);
        Tips { at: usize::try_from(seed % count).unwrap_or_default() }
    }

    /// The next one.
    pub fn turn(&mut self) {
        self.at = (self.at + 1) % ACTS.len();
    }

    /// The tip that is due, with the key that is bound; an act without a key has none, and the one behind it is due.
    pub fn due(self, keymap: &Keymap) -> Option<String> {
        let mut acts = ACTS.iter().cycle().skip(self.at).take(ACTS.len());
        acts.find_map(|act| words(*act, &keymap.key(*act, false)?.to_string()))
    }
}

fn words(act: Act, key: &str) -> Option<String> {
    Some(match act {
        Act::Help => say!("tip-help", key),
        Act::Palette => say!("tip-palette", key),
        Act::Verb("contacts") => say!("tip-contacts", key),
        Act::Type => say!("tip-type", key),
        Act::Verb("history") => say!("tip-history", key),
        Act::Echo => say!("tip-echo", key),
        Act::Verb("test-audio") => say!("tip-test-audio", key),
        Act::Watched => say!("tip-watched", key),
        Act::Messages => say!("tip-messages", key),
        Act::Ladder => say!("tip-ladder", key),
        Act::Quality => say!("tip-quality", key),
        Act::Verb("dnd") => say!("tip-dnd", key),
        Act::Verb("forward") => say!("tip-forward", key),
        Act::Settings => say!("tip-settings", key),
        Act::Themes => say!("tip-themes", key),
        Act::Suspend => say!("tip-suspend", key),
        Act::Quit => say!("tip-quit", key),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::read;

    #[test]
    fn every_tip_comes_once_and_fits_a_small_screen() {
        let keymap = Keymap::default();
        let mut tips = Tips::new(3);
        let mut seen = Vec::new();
        for _ in ACTS {
            let tip = tips.due(&keymap).expect("a tip");
            assert!(!seen.contains(&tip) && tip.chars().count() < 80, "{tip}");
            seen.push(tip);
            tips.turn();
        }
        assert_eq!(tips, Tips::new(3 + ACTS.len() as u64), "round and round");
        assert!(Tips::new(u64::MAX).due(&keymap).is_some());
    }

    #[test]
    fn a_tip_names_the_key_that_is_bound_or_is_passed_over() {
        let (keymap, _) = read(b"[keys]\nhelp=F9\npalette=none\n", &|_| None);
        let mut tips = Tips::new(0);
        assert!(tips.due(&keymap).is_some_and(|tip| tip.contains("F9")));
        tips.turn();
        let passed = tips.due(&keymap);
        tips.turn();
        assert_eq!(passed, tips.due(&keymap));
    }
}
