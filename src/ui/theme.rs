//! Colours by role. The default theme uses the terminal's own palette, so it suits dark and light backgrounds alike.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means; how it looks is the theme's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text.
    Dim,
    /// Text that stands out: names, numbers.
    Strong,
    /// The program's name.
    Brand,
    /// Titles of panels.
    Title,
    /// Borders of panels.
    Border,
    /// The border of the panel that takes the keys.
    BorderFocus,
    /// All is well: registered, talking.
    Good,
    /// On its way: registering, ringing, on hold.
    Pending,
    /// Something failed.
    Bad,
    /// A muted microphone, a warning: must be seen.
    Alert,
    /// The banner of an incoming call.
    Incoming,
    /// A key one can press.
    Key,
    /// A key of the dial pad while it is pressed.
    Pressed,
    /// The chosen line of a list.
    Selected,
    /// A quiet to normal level.
    LevelNormal,
    /// A loud level.
    LevelLoud,
    /// A level about to clip.
    LevelClip,
    /// The empty part of a meter.
    LevelEmpty,
}

/// How many colours the terminal is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorDepth {
    /// None: weight, underline and reversal only.
    None,
    /// The sixteen of the terminal's palette.
    #[default]
    Ansi16,
}

impl ColorDepth {
    /// The depth for a terminal: `no_color` tells whether `NO_COLOR` is set and not empty, `term` is `TERM`.
    pub fn for_terminal(no_color: bool, term: Option<&str>) -> ColorDepth {
        let term = term.unwrap_or_default();
        let colourless = !cfg!(windows) && matches!(term, "" | "dumb" | "vt100" | "vt102" | "vt220");
        if no_color || colourless { ColorDepth::None } else { ColorDepth::Ansi16 }
    }

    /// The one place where colours are fitted to the terminal.
    fn fit(self, style: Style) -> Style {
        match self {
            ColorDepth::Ansi16 => style,
            ColorDepth::None => Style { fg: None, bg: None, ..style },
        }
    }
}

/// The looks of every role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    /// Colours at hand.
    pub depth: ColorDepth,
}

impl Theme {
    /// The look of a role. Without colours every role that warns is still bold or reversed.
    pub fn style(&self, role: Role) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let style = match role {
            Role::Text => plain,
            Role::Dim | Role::LevelEmpty => plain.add_modifier(Modifier::DIM),
            Role::Strong | Role::Title => bold,
            Role::Brand => bold.fg(Color::Cyan),
            Role::Border => plain.add_modifier(Modifier::DIM),
            Role::BorderFocus => plain.fg(Color::Cyan),
            Role::Good => plain.fg(Color::Green),
            Role::Pending => plain.fg(Color::Yellow),
            Role::Bad => bold.fg(Color::Red),
            Role::Alert => bold.fg(Color::Red).add_modifier(Modifier::REVERSED),
            Role::Incoming => bold.fg(Color::Yellow),
            Role::Key => bold.fg(Color::Cyan),
            Role::Pressed => bold.fg(Color::Cyan).add_modifier(Modifier::REVERSED),
            Role::Selected => plain.add_modifier(Modifier::REVERSED),
            Role::LevelNormal => plain.fg(Color::Green),
            Role::LevelLoud => plain.fg(Color::Yellow),
            Role::LevelClip => bold.fg(Color::Red),
        };
        self.depth.fit(style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Role; 19] = [
        Role::Text,
        Role::Dim,
        Role::Strong,
        Role::Brand,
        Role::Title,
        Role::Border,
        Role::BorderFocus,
        Role::Good,
        Role::Pending,
        Role::Bad,
        Role::Alert,
        Role::Incoming,
        Role::Key,
        Role::Pressed,
        Role::Selected,
        Role::LevelNormal,
        Role::LevelLoud,
        Role::LevelClip,
        Role::LevelEmpty,
    ];

    #[test]
    fn no_colour_means_no_colour_and_warnings_still_stand_out() {
        let mono = Theme { depth: ColorDepth::None };
        for role in ALL {
            let style = mono.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        for role in [Role::Bad, Role::Alert, Role::Incoming, Role::Selected, Role::Pressed] {
            assert!(!mono.style(role).add_modifier.is_empty(), "{role:?}");
        }
    }

    #[test]
    fn backgrounds_are_left_to_the_terminal() {
        assert!(ALL.iter().all(|role| Theme::default().style(*role).bg.is_none()));
    }

    #[test]
    fn no_color_and_dumb_terminals_are_obeyed() {
        assert_eq!(ColorDepth::for_terminal(true, Some("xterm-256color")), ColorDepth::None);
        assert_eq!(ColorDepth::for_terminal(false, Some("xterm-256color")), ColorDepth::Ansi16);
        assert_eq!(ColorDepth::for_terminal(false, Some("linux")), ColorDepth::Ansi16);
        if cfg!(unix) {
            assert_eq!(ColorDepth::for_terminal(false, Some("dumb")), ColorDepth::None);
        }
    }
}
