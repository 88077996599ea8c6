//! Colours by role, from theme files. The default theme uses the terminal's own palette, so it suits dark and light
//! backgrounds alike.

mod depth;
mod file;
mod role;
mod wardrobe;
mod words;

pub use depth::{ColorDepth, Terminal};
pub use file::{Looks, THEMES, looks_of, read};
pub use role::Role;
pub use wardrobe::{Garment, Wardrobe};

use ratatui::style::Style;

/// The looks of every role, in the colours that the terminal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    looks: Vec<Style>,
}

impl Theme {
    /// These looks, as this terminal shows them. Without colours every theme is the one that does with weight alone:
    /// what warns in colour alone would not be seen.
    pub fn new(looks: &Looks, depth: ColorDepth) -> Theme {
        let looks = if depth == ColorDepth::None { &file::MONO } else { looks };
        Theme { looks: Role::ALL.iter().map(|role| depth.fit(looks.of(*role))).collect() }
    }

    /// The look of a role.
    pub fn style(&self, role: Role) -> Style {
        self.looks.get(role.place()).copied().unwrap_or_default()
    }
}

impl Default for Theme {
    fn default() -> Theme {
        Theme::new(&file::TERMINAL, ColorDepth::Ansi16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_means_no_colour_and_warnings_still_stand_out() {
        for built_in in THEMES.built_in {
            let mono = Theme::new(&looks_of(built_in.name), ColorDepth::None);
            for role in Role::ALL {
                let style = mono.style(*role);
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
            for role in [Role::Bad, Role::Alert, Role::Incoming, Role::Selected, Role::Pressed] {
                assert!(!mono.style(role).add_modifier.is_empty(), "{role:?}");
            }
        }
    }

    #[test]
    fn backgrounds_are_left_to_the_terminal() {
        assert!(Role::ALL.iter().all(|role| Theme::default().style(*role).bg.is_none()));
    }
}
