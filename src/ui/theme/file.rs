//! Theme files: a palette and the looks of roles, which may begin with those of another theme.
//!
//! ```ini
//! [theme]
//! inherits=dark
//! [palette]
//! orange=#fe8019
//! [roles]
//! pending=orange
//! alert=bold black on orange
//! ```

use super::depth::contrast;
use super::role::Role;
use super::words::{Palette, color, look};
use crate::text::local::decimal;
use crate::text::{elided, say};
use crate::ui::layered::{BuiltIn, Fault, Kind, MAX_FILE, MAX_SHOWN, Written, read as read_layers};
use ratatui::style::{Color, Style};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The least contrast of ordinary text (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

macro_rules! built_in {
    ($($name:literal)*) => {
        /// Themes, and those that come with the program.
        pub static THEMES: Kind = Kind {
            word: "theme",
            verb: "theme",
            folder: "themes",
            extension: "ini",
            max_bytes: MAX_FILE,
            sections: &["theme", "palette", "roles"],
            built_in: &[$(BuiltIn { name: $name, text: include_str!(concat!("../../../themes/", $name, ".ini")) }),*],
        };
    };
}

built_in! {
    "terminal" "dark" "light" "high-contrast" "mono"
    "catppuccin" "dracula" "gruvbox" "nord" "solarized-dark" "solarized-light" "tokyo-night"
}

pub(super) static TERMINAL: LazyLock<Looks> = LazyLock::new(|| looks_of("terminal"));
pub(super) static MONO: LazyLock<Looks> = LazyLock::new(|| looks_of("mono"));

/// The looks of a theme that comes with the program; plain text for any other name.
pub fn looks_of(name: &str) -> Looks {
    THEMES.find(name).map_or_else(Looks::plain, |theme| read(theme.text.as_bytes(), &|_| None).0)
}

/// The looks of every role before they are fitted to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    styles: Vec<Style>,
    palette: Palette,
}

impl Default for Looks {
    fn default() -> Looks {
        TERMINAL.clone()
    }
}

impl Looks {
    fn plain() -> Looks {
        Looks { styles: vec![Style::new(); Role::ALL.len()], palette: Palette::new() }
    }
}

impl Looks {
    /// That of a role.
    pub fn of(&self, role: Role) -> Style {
        self.styles.get(role.place()).copied().unwrap_or_default()
    }
}

/// Reads a theme file. `other` gives the bytes of a theme of the owner's by its name.
pub fn read(bytes: &[u8], other: &dyn Fn(&str) -> Option<Vec<u8>>) -> (Looks, Vec<Fault>) {
    let (written, mut faults) = read_layers::<Layers>(&THEMES, bytes, other);
    let looks = written.looks(&mut faults);
    faults.extend(faint(&looks));
    faults.sort_by_key(|fault| fault.line);
    (looks, faults)
}

/// A value and the line where it stands, or where the theme it came with is named.
type Placed = (String, usize);

/// What a theme and those it begins with say, before colours are looked up: whoever names other colours has them in
/// every role.
#[derive(Default)]
struct Layers {
    palette: BTreeMap<String, Placed>,
    roles: BTreeMap<usize, Placed>,
}

impl Layers {
    fn looks(&self, faults: &mut Vec<Fault>) -> Looks {
        let mut looks = Looks::plain();
        for (name, (value, line)) in &self.palette {
            match color(value, &Palette::new()) {
                Ok(color) => drop(looks.palette.insert(name.clone(), color)),
                Err(words) => faults.push(Fault::at(*line, format!("{name}: {words}"))),
            }
        }
        for (role, place) in Role::ALL.iter().zip(&mut looks.styles) {
            let Some((value, line)) = self.roles.get(&role.place()) else { continue };
            match look(value, &looks.palette) {
                Ok(style) => *place = style,
                Err(words) => faults.push(Fault::at(*line, format!("{}: {words}", role.name()))),
            }
        }
        looks
    }
}

impl Written for Layers {
    fn take(&mut self, section: &str, key: &str, value: &str, line: usize) -> Result<(), String> {
        let placed = (value.to_owned(), line);
        match (section, Role::find(key)) {
            ("palette", _) => drop(self.palette.insert(key.to_ascii_lowercase(), placed)),
            (_, Some(role)) => drop(self.roles.insert(role.place(), placed)),
            (_, None) => {
                let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                return Err(say!("theme-no-role", name = elided(key, MAX_SHOWN), known = names.join(", ")));
            }
        }
        Ok(())
    }

    fn begin_with(&mut self, theirs: Layers, line: usize) {
        for (name, (value, _)) in theirs.palette {
            self.palette.entry(name).or_insert((value, line));
        }
        for (role, (value, _)) in theirs.roles {
            self.roles.entry(role).or_insert((value, line));
        }
    }
}

/// Roles that can hardly be read on their background.
fn faint(looks: &Looks) -> Vec<Fault> {
    let Some(screen) = looks.of(Role::Text).bg else { return Vec::new() };
    let decorations = [Role::Border, Role::BorderFocus, Role::LevelEmpty, Role::LevelPast, Role::Dim];
    let read = Role::ALL.iter().filter(|role| !decorations.contains(role));
    let faint = read.filter_map(|role| {
        let style = looks.of(*role);
        let fg = style.fg.or(looks.of(Role::Text).fg).filter(|color| *color != Color::Reset)?;
        let ratio = contrast(fg, style.bg.unwrap_or(screen))?;
        let (least, contrast) = (decimal(LEAST_CONTRAST, 1), decimal(ratio, 1));
        let words = say!("theme-faint", role = role.name(), contrast, least);
        (ratio < LEAST_CONTRAST).then(|| Fault::note(0, words))
    });
    faint.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    fn of(text: &str) -> (Looks, Vec<Fault>) {
        read(text.as_bytes(), &|_| None)
    }

    #[test]
    fn what_comes_along_has_no_fault_and_a_look_for_all() {
        for theme in THEMES.built_in {
            let (looks, faults) = of(theme.text);
            assert_eq!(faults, [], "{}", theme.name);
            let plain = |role: &&Role| looks.of(**role) == Style::new();
            let plain: Vec<&Role> = Role::ALL.iter().filter(plain).filter(|role| **role != Role::Text).collect();
            assert!(plain.is_empty(), "{}: {plain:?}", theme.name);
        }
    }

    #[test]
    fn a_theme_begins_with_another_and_changes_what_it_names() {
        let (looks, faults) = of("[theme]\ninherits=gruvbox\n[palette]\norange=#ff5555\n[roles]\npending=orange\n");
        let gruvbox = looks_of("gruvbox");
        assert_eq!(faults, []);
        assert_eq!(looks.of(Role::Pending), Style::new().fg(Color::Rgb(255, 85, 85)));
        assert_eq!(looks.of(Role::Good), gruvbox.of(Role::Good));
        let (looks, _) = of("[theme]\ninherits=gruvbox\n[palette]\nbackground=#000000\n");
        assert!(Role::ALL.iter().filter_map(|role| looks.of(*role).bg).any(|bg| bg == Color::Rgb(0, 0, 0)));
        assert_ne!(looks.of(Role::Text).bg, gruvbox.of(Role::Text).bg);
    }

    #[test]
    fn themes_of_ones_own_may_stand_behind_each_other_but_not_in_a_ring() {
        let other = |name: &str| match name {
            "mine" => Some(b"[theme]\ninherits=yours\n[roles]\ngood=bold\n".to_vec()),
            "yours" => Some(b"[roles]\nbad=underline\n".to_vec()),
            "ring" => Some(b"[theme]\ninherits=ring\n".to_vec()),
            _ => None,
        };
        let (looks, faults) = read(b"[theme]\ninherits=mine\n", &other);
        assert_eq!(faults, []);
        assert_eq!(looks.of(Role::Good).add_modifier, Modifier::BOLD);
        assert_eq!(looks.of(Role::Bad).add_modifier, Modifier::UNDERLINED);
        let (_, faults) = read(b"[theme]\ninherits=ring\n", &other);
        assert!(
            matches!(&faults[..], [one] if one.line == 2 && one.words.contains("begins with itself")),
            "{faults:?}"
        );
    }

    #[test]
    fn every_fault_has_its_line_and_the_rest_counts() {
        let text = "[theme]\ninherits=nowhere\n[roles]\ngood=pinkish\nbad=bold red\nugly=red\n[colours]\n";
        let (looks, faults) = of(text);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 4, 6, 7], "{faults:?}");
        assert_eq!(looks.of(Role::Bad), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        let (_, faults) = read(&vec![b'x'; MAX_FILE + 1], &|_| None);
        assert!(matches!(&faults[..], [one] if one.words.contains("larger than 64 KB")), "{faults:?}");
    }

    #[test]
    fn what_can_hardly_be_read_is_noted() {
        let (_, faults) = of("[roles]\ntext=#777777 on #888888\n");
        assert!(
            faults.iter().any(|fault| fault.is_note && fault.words.starts_with("text has a contrast of 1.")),
            "{faults:?}"
        );
    }
}
