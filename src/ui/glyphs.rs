//! Every sign of the screen's chrome in one table, three times: for terminals that have Unicode, for those that show
//! ambiguous characters in two cells, and for those that have not.

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

/// How many cells a character of ambiguous width takes (UAX #11): one, or two as in fonts of East Asia.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// One.
    Narrow,
    /// Two.
    Wide,
}

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

/// For terminals with UTF-8 that show ambiguous characters in two cells: it has none of them. Lines are all ambiguous.
pub const WIDE: Glyphs = Glyphs {
    registered: "✔",
    registering: "◌",
    failed: "✗",
    off: "◦",
    message: "❖",
    talking: "▸",
    selected: "❙",
    meter_on: "⠿",
    meter_off: "⠒",
    bars: [" ", "⡀", "⣀", "⣄", "⣤", "⣦", "⣶", "⣷", "⣿"],
    dot: "⋅",
    ellipsis: "⋯",
    ..ASCII
};

impl Glyphs {
    /// The set for signs of this kind.
    pub fn of(is_ascii: bool, width: Width) -> Glyphs {
        match (is_ascii, width) {
            (true, _) => ASCII,
            (false, Width::Wide) => WIDE,
            (false, Width::Narrow) => UNICODE,
        }
    }

    /// A terminal has ASCII alone: `term` is `TERM`, `locale` the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set.
    pub fn is_ascii(term: Option<&str>, locale: Option<&str>) -> bool {
        let term = term.unwrap_or_default();
        let plain_terminal = matches!(term, "linux" | "dumb" | "") || term.starts_with("vt");
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let utf8 = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
        !(utf8 && (!plain_terminal || cfg!(windows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn the_console_and_plain_locales_get_ascii() {
        let rows = [
            (Some("xterm-256color"), Some("de_DE.UTF-8"), false),
            (Some("tmux-256color"), Some("C.utf8"), false),
            (Some("xterm"), Some("C"), true),
            (Some("xterm"), None, true),
            (Some("linux"), Some("C.UTF-8"), true),
            (Some("dumb"), Some("C.UTF-8"), true),
            (Some("vt220"), Some("C.UTF-8"), true),
        ];
        if cfg!(unix) {
            for (term, locale, is_ascii) in rows {
                assert_eq!(Glyphs::is_ascii(term, locale), is_ascii, "{term:?} {locale:?}");
            }
        }
    }

    #[test]
    fn every_glyph_is_one_cell_and_ascii_is_ascii() {
        for set in [UNICODE, ASCII, WIDE] {
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
                assert!(set != WIDE || glyph.width_cjk() == 1, "{glyph:?} is ambiguous");
                assert!(set != ASCII || glyph.is_ascii(), "{glyph:?}");
            }
        }
    }
}
