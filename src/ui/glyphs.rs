//! Every sign of the screen's chrome in one table, twice: for terminals that have Unicode, and for those that have not.

use ratatui::symbols::border;

/// The signs the screen is drawn with. All are one cell wide; none is an emoji.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Glyphs {
    pub registered: &'static str,
    pub registering: &'static str,
    pub failed: &'static str,
    pub off: &'static str,
    pub message: &'static str,
    pub talking: &'static str,
    pub held: &'static str,
    pub outgoing: &'static str,
    pub incoming: &'static str,
    pub selected: &'static str,
    pub meter_on: &'static str,
    pub meter_off: &'static str,
    /// Eight rising bars and a blank before them, for the history of a level.
    pub bars: [&'static str; 9],
    /// The line of somebody in a ladder, the arrows between two of them, and how often.
    pub lifeline: &'static str,
    pub wire: &'static str,
    pub wire_answer: &'static str,
    pub head_left: &'static str,
    pub head_right: &'static str,
    pub times: &'static str,
    /// Digits three rows tall, 0 to 9 and the colon, each of its own width; without them a timer is ordinary text.
    pub digits: Option<[[&'static str; 3]; 11]>,
    pub dot: &'static str,
    pub ellipsis: &'static str,
    pub missing: &'static str,
    pub border: border::Set<'static>,
    pub alarm: border::Set<'static>,
}

/// For terminals with UTF-8 and an ordinary font.
pub const UNICODE: Glyphs = Glyphs {
    registered: "●",
    registering: "◌",
    failed: "✗",
    off: "○",
    message: "◆",
    talking: "▶",
    held: "‖",
    outgoing: "→",
    incoming: "←",
    selected: "▌",
    meter_on: "━",
    meter_off: "─",
    bars: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    lifeline: "│",
    wire: "─",
    wire_answer: "╌",
    head_left: "◀",
    head_right: "▶",
    times: "×",
    digits: Some([
        ["█▀█", "█ █", "▀▀▀"],
        ["▀█ ", " █ ", "▀▀▀"],
        ["▀▀█", "█▀▀", "▀▀▀"],
        ["▀▀█", " ▀█", "▀▀▀"],
        ["█ █", "▀▀█", "  ▀"],
        ["█▀▀", "▀▀█", "▀▀▀"],
        ["█▀▀", "█▀█", "▀▀▀"],
        ["▀▀█", "  █", "  ▀"],
        ["█▀█", "█▀█", "▀▀▀"],
        ["█▀█", "▀▀█", "▀▀▀"],
        ["▄", "▄", " "],
    ]),
    dot: "·",
    ellipsis: "…",
    missing: "–",
    border: border::ROUNDED,
    alarm: border::DOUBLE,
};

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// For the Linux console, serial lines, `LANG=C` and `TERM=dumb`.
pub const ASCII: Glyphs = Glyphs {
    registered: "*",
    registering: "~",
    failed: "x",
    off: "o",
    message: "!",
    talking: ">",
    held: "=",
    outgoing: ">",
    incoming: "<",
    selected: "|",
    meter_on: "#",
    meter_off: "-",
    bars: [" ", ".", ".", ":", ":", "|", "|", "#", "#"],
    lifeline: "|",
    wire: "-",
    wire_answer: ".",
    head_left: "<",
    head_right: ">",
    times: "x",
    digits: None,
    dot: "-",
    ellipsis: "~",
    missing: "-",
    border: ASCII_BORDER,
    alarm: border::Set { horizontal_top: "=", horizontal_bottom: "=", ..ASCII_BORDER },
};

impl Glyphs {
    /// The set for a terminal: `term` is `TERM`, `locale` the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set.
    pub fn for_terminal(term: Option<&str>, locale: Option<&str>) -> Glyphs {
        let term = term.unwrap_or_default();
        let plain_terminal = matches!(term, "linux" | "dumb" | "") || term.starts_with("vt");
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let utf8 = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
        if utf8 && (!plain_terminal || cfg!(windows)) { UNICODE } else { ASCII }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn the_console_and_plain_locales_get_ascii() {
        let rows = [
            (Some("xterm-256color"), Some("de_DE.UTF-8"), UNICODE),
            (Some("tmux-256color"), Some("C.utf8"), UNICODE),
            (Some("xterm"), Some("C"), ASCII),
            (Some("xterm"), None, ASCII),
            (Some("linux"), Some("C.UTF-8"), ASCII),
            (Some("dumb"), Some("C.UTF-8"), ASCII),
            (Some("vt220"), Some("C.UTF-8"), ASCII),
        ];
        if cfg!(unix) {
            for (term, locale, set) in rows {
                assert_eq!(Glyphs::for_terminal(term, locale), set, "{term:?} {locale:?}");
            }
        }
    }

    #[test]
    fn every_glyph_is_one_cell_and_ascii_is_ascii() {
        for set in [UNICODE, ASCII] {
            let singles = [
                set.registered,
                set.registering,
                set.failed,
                set.off,
                set.message,
                set.talking,
                set.held,
                set.outgoing,
                set.incoming,
                set.selected,
                set.meter_on,
                set.meter_off,
                set.lifeline,
                set.wire,
                set.wire_answer,
                set.head_left,
                set.head_right,
                set.times,
                set.dot,
                set.ellipsis,
                set.missing,
                set.border.top_left,
                set.border.horizontal_top,
                set.border.vertical_left,
                set.alarm.top_left,
                set.alarm.horizontal_top,
            ];
            for glyph in singles.into_iter().chain(set.bars) {
                assert_eq!(glyph.width(), 1, "{glyph:?}");
                assert!(set != ASCII || glyph.is_ascii(), "{glyph:?}");
            }
        }
    }
}
