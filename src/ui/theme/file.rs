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
use crate::text::{elided, sanitise};
use ratatui::style::{Color, Style};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Bytes of a theme file, at most.
pub const MAX_FILE: usize = 64 * 1024;
/// Themes that begin with another, one behind the other.
const MAX_DEPTH: usize = 8;
/// Characters of a word that a fault shows.
const MAX_SHOWN: usize = 40;
/// The least contrast of ordinary text (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// A theme that comes with the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// What `theme=` calls it.
    pub name: &'static str,
    text: &'static str,
}

macro_rules! built_in {
    ($($name:literal)*) => {
        /// The themes that come with the program.
        pub static BUILT_IN: [BuiltIn; [$($name),*].len()] =
            [$(BuiltIn { name: $name, text: include_str!(concat!("../../../themes/", $name, ".ini")) }),*];
    };
}

built_in! {
    "terminal" "dark" "light" "high-contrast" "mono"
    "catppuccin" "dracula" "gruvbox" "nord" "solarized-dark" "solarized-light" "tokyo-night"
}

pub(super) static TERMINAL: LazyLock<Looks> = LazyLock::new(|| looks_of("terminal"));
pub(super) static MONO: LazyLock<Looks> = LazyLock::new(|| looks_of("mono"));

fn looks_of(name: &str) -> Looks {
    BuiltIn::find(name).map_or_else(Looks::plain, BuiltIn::looks)
}

impl BuiltIn {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static BuiltIn> {
        BUILT_IN.iter().find(|theme| theme.name.eq_ignore_ascii_case(name))
    }

    /// Its file, to begin one's own with.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Its looks.
    pub fn looks(&self) -> Looks {
        read(self.text.as_bytes(), &|_| None).0
    }
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

/// Something in a theme file that is not as it should be. The rest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1; 0 = the file as a whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub words: String,
    /// It works, but may not please.
    pub is_note: bool,
}

impl Fault {
    fn at(line: usize, words: String) -> Fault {
        Fault { line, words: sanitise(&words), is_note: false }
    }
}

/// Reads a theme file. `other` gives the bytes of a theme of the owner's by its name.
pub fn read(bytes: &[u8], other: &dyn Fn(&str) -> Option<Vec<u8>>) -> (Looks, Vec<Fault>) {
    let mut reader = Reader { other, above: Vec::new(), faults: Vec::new() };
    let written = reader.written(bytes);
    let mut faults = reader.faults;
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
struct Written {
    palette: BTreeMap<String, Placed>,
    roles: BTreeMap<usize, Placed>,
}

impl Written {
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

    /// What came with another theme stands where that is named.
    fn moved(mut self, line: usize) -> Written {
        self.palette.values_mut().chain(self.roles.values_mut()).for_each(|(_, at)| *at = line);
        self
    }
}

struct Reader<'a> {
    other: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    above: Vec<String>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, words: String) {
        self.faults.push(Fault::at(line, words));
    }

    fn written(&mut self, bytes: &[u8]) -> Written {
        if bytes.len() > MAX_FILE {
            self.fault(0, format!("the file is larger than {} KB", MAX_FILE / 1024));
            return Written::default();
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.fault(0, "the file is not UTF-8".to_owned());
            return Written::default();
        };
        let mut written = Written::default();
        let mut own = Written::default();
        let mut section = "";
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with([';', '#']) {
                continue;
            }
            if let Some(name) = text.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                section = name;
                if !["theme", "palette", "roles"].contains(&section) {
                    self.fault(line, format!("[{}] is none of [theme], [palette], [roles]", elided(name, MAX_SHOWN)));
                }
                continue;
            }
            let Some((key, value)) = text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
                self.fault(line, format!("'{}' is no NAME=VALUE", elided(text, MAX_SHOWN)));
                continue;
            };
            match section {
                "theme" if key == "inherits" => written = self.inherited(value, line),
                "theme" => self.fault(line, format!("{} is no key of [theme]: inherits", elided(key, MAX_SHOWN))),
                "palette" => drop(own.palette.insert(key.to_ascii_lowercase(), (value.to_owned(), line))),
                "roles" => match Role::find(key) {
                    Some(role) => drop(own.roles.insert(role.place(), (value.to_owned(), line))),
                    None => {
                        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                        self.fault(line, format!("{} is no role: {}", elided(key, MAX_SHOWN), names.join(", ")));
                    }
                },
                _ => {}
            }
        }
        written.palette.extend(own.palette);
        written.roles.extend(own.roles);
        written
    }

    /// What the theme that this one begins with says.
    fn inherited(&mut self, name: &str, line: usize) -> Written {
        match inherited(name, self.other, &self.above) {
            Err(words) => {
                self.fault(line, words);
                Written::default()
            }
            Ok(bytes) => {
                self.above.push(name.to_owned());
                let before = self.faults.len();
                let theirs = self.written(&bytes).moved(line);
                for fault in self.faults.iter_mut().skip(before) {
                    *fault = Fault::at(line, format!("{name}: line {}: {}", fault.line, fault.words));
                }
                theirs
            }
        }
    }
}

/// The bytes of the theme that one begins with.
fn inherited(name: &str, other: &dyn Fn(&str) -> Option<Vec<u8>>, above: &[String]) -> Result<Vec<u8>, String> {
    let shown = elided(name, MAX_SHOWN);
    if above.len() >= MAX_DEPTH || above.iter().any(|one| one.eq_ignore_ascii_case(name)) {
        return Err(format!("{shown} begins with itself, or more than {MAX_DEPTH} themes stand behind each other"));
    }
    // A theme of one's own may bear the name of the one it begins with.
    BuiltIn::find(name)
        .map(|theme| theme.text.as_bytes().to_vec())
        .or_else(|| other(name))
        .ok_or_else(|| format!("there is no theme {shown}: tuiphone theme list"))
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
        let words =
            format!("{} has a contrast of {ratio:.1} to its background; {LEAST_CONTRAST} reads well", role.name());
        (ratio < LEAST_CONTRAST).then_some(Fault { line: 0, words, is_note: true })
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
        for theme in &BUILT_IN {
            let (looks, faults) = of(theme.text());
            assert_eq!(faults, [], "{}", theme.name);
            let plain = |role: &&Role| looks.of(**role) == Style::new();
            let plain: Vec<&Role> = Role::ALL.iter().filter(plain).filter(|role| **role != Role::Text).collect();
            assert!(plain.is_empty(), "{}: {plain:?}", theme.name);
        }
    }

    #[test]
    fn a_theme_begins_with_another_and_changes_what_it_names() {
        let (looks, faults) = of("[theme]\ninherits=gruvbox\n[palette]\norange=#ff5555\n[roles]\npending=orange\n");
        let gruvbox = BuiltIn::find("gruvbox").unwrap().looks();
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
