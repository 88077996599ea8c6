//! What terminals are told beside the screen, as bytes: the clipboard, the title of their window, a notice. Wrapped where a
//! multiplexer stands between.

use crate::text::{elided, sanitise_all};
use base64ct::{Base64, Encoding};

/// Bytes of base64 that terminals take: xterm's bound for a control string, less the words around it.
const MOST_BASE64: usize = 74_994;
/// The same before it is base64, in whole groups of three bytes.
pub const MOST_COPIED: usize = MOST_BASE64 / 4 * 3;
/// GNU screen passes strings on up to 768 bytes.
const SCREEN_STRING: usize = 512;

/// What stands between us and the terminal that people look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Between {
    /// Nothing.
    #[default]
    Nothing,
    /// tmux: `TMUX` is set.
    Tmux,
    /// GNU screen: `STY` is set.
    Screen,
}

impl Between {
    /// As the environment tells: the values of `TMUX` and `STY`.
    pub fn of(tmux: Option<&str>, sty: Option<&str>) -> Between {
        let is_set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        match () {
            () if is_set(tmux) => Between::Tmux,
            () if is_set(sty) => Between::Screen,
            () => Between::Nothing,
        }
    }

    /// A control string as it must be written to reach the terminal behind.
    pub fn wrap(self, string: &str) -> String {
        match self {
            Between::Nothing => string.to_owned(),
            Between::Tmux => format!("\x1bPtmux;{}\x1b\\", string.replace('\x1b', "\x1b\x1b")),
            Between::Screen => {
                let mut out = String::with_capacity(string.len() + string.len() / SCREEN_STRING * 4 + 4);
                let mut rest = string;
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(rest.floor_char_boundary(SCREEN_STRING).max(1));
                    out.push_str("\x1bP");
                    out.push_str(now);
                    out.push_str("\x1b\\");
                    rest = later;
                }
                out
            }
        }
    }
}

/// Puts a text into the clipboard of whoever looks at the screen (OSC 52): no control characters but line ends, and no
/// more than [`MOST_COPIED`] bytes.
pub fn copy(text: &str, between: Between) -> String {
    let clean = sanitise_all(text);
    let fits = clean.floor_char_boundary(MOST_COPIED);
    let kept = clean.get(..fits).unwrap_or_default();
    let string = format!("\x1b]52;c;{}\x07", Base64::encode_string(kept.as_bytes()));
    match between {
        // By itself for a tmux that keeps a clipboard, wrapped for one that lets strings through.
        Between::Tmux => string.clone() + &between.wrap(&string),
        _ => between.wrap(&string),
    }
}

/// Characters of a title and of a notice, at most.
const MOST_TITLE: usize = 80;
const MOST_NOTICE: usize = 160;

/// Names the terminal's window (OSC 2). A multiplexer makes it the title of its own part.
pub fn title(text: &str) -> String {
    format!("\x1b]2;{}\x1b\\", elided(text, MOST_TITLE))
}

/// How a terminal shows a notice on the desktop of whoever sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// As iTerm2 takes it.
    Osc9,
    /// As kitty takes it; it shows what nobody looks at.
    Osc99,
    /// As rxvt-unicode takes it, and many others.
    Osc777,
}

/// Which variable names a terminal, and how that one is told: the first that begins so.
const NOTICES: &[(&str, &str, Notice)] = &[
    ("TERM", "xterm-kitty", Notice::Osc99),
    ("TERM", "foot", Notice::Osc777),
    ("TERM", "rxvt-unicode", Notice::Osc777),
    ("TERM", "xterm-ghostty", Notice::Osc777),
    ("TERM", "wezterm", Notice::Osc777),
    ("TERM", "contour", Notice::Osc777),
    ("TERM_PROGRAM", "iTerm.app", Notice::Osc9),
    ("TERM_PROGRAM", "WezTerm", Notice::Osc777),
    ("TERM_PROGRAM", "ghostty", Notice::Osc777),
    ("TERM_PROGRAM", "WarpTerminal", Notice::Osc9),
    // What a multiplexer, or SSH, has kept of the terminal behind it.
    ("LC_TERMINAL", "iTerm2", Notice::Osc9),
    ("KITTY_WINDOW_ID", "", Notice::Osc99),
    ("WEZTERM_PANE", "", Notice::Osc777),
    ("GHOSTTY_RESOURCES_DIR", "", Notice::Osc777),
    ("KONSOLE_VERSION", "", Notice::Osc777),
];

impl Notice {
    /// What the terminal takes, as the environment tells; `None`: its bell alone.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Option<Notice> {
        let begins =
            |(name, begin, _): &&(&str, &str, Notice)| variable(name).is_some_and(|value| value.starts_with(begin));
        NOTICES.iter().find(begins).map(|(.., notice)| *notice)
    }

    /// Shows a text.
    pub fn show(self, text: &str, between: Between) -> String {
        // A semicolon would end the part it stands in.
        let text = elided(text, MOST_NOTICE).replace(';', ",");
        let strings = match self {
            Notice::Osc9 => format!("\x1b]9;tuiphone: {text}\x07"),
            Notice::Osc99 => format!(
                "\x1b]99;i=tuiphone:d=0:o=unfocused;tuiphone\x1b\\\x1b]99;i=tuiphone:d=1:p=body:o=unfocused;{text}\x1b\\"
            ),
            Notice::Osc777 => format!("\x1b]777;notify;tuiphone;{text}\x1b\\"),
        };
        between.wrap(&strings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(string: &str) -> String {
        let base64 = string.strip_prefix("\x1b]52;c;").and_then(|rest| rest.strip_suffix('\x07')).unwrap();
        assert!(base64.len() <= MOST_BASE64);
        String::from_utf8(Base64::decode_vec(base64).unwrap()).unwrap()
    }

    #[test]
    fn a_text_is_copied_without_what_commands_a_terminal() {
        assert_eq!(
            copied(&copy("sip:bob@host\nVia: x\x1b[2J\u{202e}\x07", Between::Nothing)),
            "sip:bob@host\nVia: x[2J"
        );
        let long = copied(&copy(&"ä".repeat(100_000), Between::Nothing));
        assert!((MOST_COPIED - 1..=MOST_COPIED).contains(&long.len()) && long.chars().all(|c| c == 'ä'));
    }

    #[test]
    fn multiplexers_get_it_wrapped() {
        let plain = copy("600", Between::Nothing);
        assert_eq!(copy("600", Between::Tmux), format!("{plain}\x1bPtmux;\x1b\x1b]52;c;NjAw\x07\x1b\\"));
        let screen = copy(&"x".repeat(5000), Between::Screen);
        let parts: Vec<&str> = screen.split("\x1b\\").filter(|part| !part.is_empty()).collect();
        assert!(
            parts.len() > 10 && parts.iter().all(|part| part.starts_with("\x1bP") && part.len() <= SCREEN_STRING + 2)
        );
        let joined: String = parts.iter().map(|part| &part[2..]).collect();
        assert_eq!(copied(&joined), "x".repeat(5000));
    }

    #[test]
    fn the_environment_tells_what_stands_between() {
        for (tmux, sty, expected) in [
            (None, None, Between::Nothing),
            (Some("/tmp/tmux-0/default,1,0"), None, Between::Tmux),
            (Some(""), Some("4.pts-0"), Between::Screen),
            (Some("x"), Some("4.pts-0"), Between::Tmux),
        ] {
            assert_eq!(Between::of(tmux, sty), expected);
        }
    }

    #[test]
    fn a_terminal_is_told_as_it_takes_it() {
        let of = |name: &'static str, value: &'static str| {
            Notice::of(&move |asked| (asked == name).then(|| value.to_owned()))
        };
        for (name, value, expected) in [
            ("TERM", "xterm-kitty", Some(Notice::Osc99)),
            ("TERM", "foot-extra", Some(Notice::Osc777)),
            ("TERM", "xterm-256color", None),
            ("TERM_PROGRAM", "iTerm.app", Some(Notice::Osc9)),
            ("TERM_PROGRAM", "Apple_Terminal", None),
            ("TERM_PROGRAM", "vscode", None),
            ("KITTY_WINDOW_ID", "3", Some(Notice::Osc99)),
        ] {
            assert_eq!(of(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn names_of_others_command_no_terminal() {
        let evil = "Eve\x07\x1b]52;c;ZXZpbA==\x1b\\\u{9c};4;3\u{202e}";
        let plain = |string: String, begin: &str, end: &str| {
            let inner =
                string.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).expect("as it begins and ends");
            assert!(!inner.contains(char::is_control), "{string:?}");
        };
        plain(title(evil), "\x1b]2;", "\x1b\\");
        plain(Notice::Osc9.show(evil, Between::Nothing), "\x1b]9;", "\x07");
        plain(Notice::Osc777.show(evil, Between::Nothing), "\x1b]777;", "\x1b\\");
        let kitty = Notice::Osc99.show(evil, Between::Nothing);
        assert_eq!(kitty.matches('\x1b').count(), 4, "{kitty:?}");
        assert!(Notice::Osc777.show("a;b", Between::Nothing).ends_with(";a,b\x1b\\"));
        assert_eq!(Notice::Osc9.show("x", Between::Tmux), "\x1bPtmux;\x1b\x1b]9;tuiphone: x\x07\x1b\\");
        assert!(title(&"x".repeat(5000)).len() < 100 + 4);
    }
}
