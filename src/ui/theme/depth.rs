//! How many colours a terminal shows, and the one place where colours are fitted to it.

use ratatui::style::{Color, Style};

/// How many colours the terminal is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorDepth {
    /// None: weight, underline and reversal only.
    None,
    /// The sixteen of the terminal's palette.
    #[default]
    Ansi16,
    /// xterm's 256.
    Indexed256,
    /// 24 bits.
    True,
}

/// What the environment says of a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal<'a> {
    /// `NO_COLOR` is set and not empty, or colours were refused.
    pub no_color: bool,
    /// Colours are wanted even where `TERM` promises none: `CLICOLOR_FORCE` is set, or somebody asked.
    pub forced: bool,
    /// `TERM`.
    pub term: Option<&'a str>,
    /// `COLORTERM`.
    pub colorterm: Option<&'a str>,
}

impl ColorDepth {
    /// The depth for a terminal.
    pub fn for_terminal(terminal: Terminal) -> ColorDepth {
        let term = terminal.term.unwrap_or_default();
        let colourless = !cfg!(windows) && matches!(term, "" | "dumb" | "vt100" | "vt102" | "vt220");
        let is_true = matches!(terminal.colorterm, Some("truecolor" | "24bit")) || term.ends_with("-direct");
        match () {
            () if terminal.no_color || colourless && !terminal.forced => ColorDepth::None,
            // The console of Linux says so too, and shows sixteen.
            () if term == "linux" => ColorDepth::Ansi16,
            () if is_true => ColorDepth::True,
            () if term.ends_with("256color") || cfg!(windows) => ColorDepth::Indexed256,
            () => ColorDepth::Ansi16,
        }
    }

    /// A look in the colours at hand. Text never vanishes: what would have the colour of its background gets another.
    pub(super) fn fit(self, style: Style) -> Style {
        let (fg, bg) = (style.fg.map(|color| self.color(color)), style.bg.map(|color| self.color(color)));
        let was_another = style.fg != style.bg;
        let fg = match (fg.flatten(), bg.flatten()) {
            (Some(fg), Some(bg)) if fg == bg && was_another => Some(opposite(bg)),
            (fg, _) => fg,
        };
        Style { fg, bg: bg.flatten(), ..style }
    }

    fn color(self, color: Color) -> Option<Color> {
        let rgb = rgb_of(color);
        match self {
            ColorDepth::None => None,
            ColorDepth::True => Some(color),
            ColorDepth::Indexed256 => Some(match color {
                Color::Rgb(r, g, b) => Color::Indexed(nearest((r, g, b), 16..=255)),
                other => other,
            }),
            ColorDepth::Ansi16 => Some(match (color, rgb) {
                (Color::Rgb(..) | Color::Indexed(16..), Some(rgb)) => named(nearest(rgb, 0..=15)),
                (other, _) => other,
            }),
        }
    }
}

/// How a colour comes out on most terminals; a default one comes out as the terminal likes.
pub(super) fn rgb_of(color: Color) -> Option<(u8, u8, u8)> {
    match color {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index) => Some(indexed(index)),
        other => SIXTEEN.iter().position(|(name, _)| *name == other).map(|at| indexed(at as u8)),
    }
}

/// The sixteen as xterm has them.
const SIXTEEN: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

fn named(index: u8) -> Color {
    SIXTEEN.get(usize::from(index)).map_or(Color::Reset, |(color, _)| *color)
}

/// The cube of six levels a colour, and the 24 greys behind it.
fn indexed(index: u8) -> (u8, u8, u8) {
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..16 => SIXTEEN.get(usize::from(index)).map_or((0, 0, 0), |(_, rgb)| *rgb),
        16..232 => {
            let n = index - 16;
            (level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn nearest(wanted: (u8, u8, u8), among: std::ops::RangeInclusive<u8>) -> u8 {
    among.min_by_key(|index| distance(wanted, indexed(*index))).unwrap_or_default()
}

/// Thiadmer Riemersma's "redmean": close to what the eye says, without a change of colour space.
fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    let mean = (u32::from(one.0) + u32::from(other.0)) / 2;
    (((512 + mean) * square(one.0, other.0)) >> 8)
        + 4 * square(one.1, other.1)
        + (((767 - mean) * square(one.2, other.2)) >> 8)
}

/// Black on what is light, white on what is dark.
fn opposite(color: Color) -> Color {
    match rgb_of(color).map(luminance) {
        Some(light) if light > 0.18 => Color::Black,
        _ => Color::White,
    }
}

/// Relative luminance, 0 to 1 (WCAG 2.2).
fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// The contrast between two colours, 1 to 21 (WCAG 2.2); none where the terminal decides.
pub(super) fn contrast(one: Color, other: Color) -> Option<f64> {
    let (one, other) = (luminance(rgb_of(one)?), luminance(rgb_of(other)?));
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(no_color: bool, term: &str, colorterm: Option<&str>) -> ColorDepth {
        ColorDepth::for_terminal(Terminal { no_color, forced: false, term: Some(term), colorterm })
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(depth(true, "xterm-256color", Some("truecolor")), ColorDepth::None);
        assert_eq!(depth(false, "xterm-256color", None), ColorDepth::Indexed256);
        assert_eq!(depth(false, "xterm-256color", Some("truecolor")), ColorDepth::True);
        assert_eq!(depth(false, "xterm-256color", Some("yes")), ColorDepth::Indexed256);
        assert_eq!(depth(false, "linux", Some("24bit")), ColorDepth::Ansi16);
        if cfg!(unix) {
            assert_eq!(depth(false, "screen", None), ColorDepth::Ansi16);
            assert_eq!(depth(false, "dumb", None), ColorDepth::None);
        }
    }

    #[test]
    fn colours_become_the_nearest_that_there_are() {
        let fit = |depth: ColorDepth, color| depth.fit(Style::new().fg(color)).fg;
        let orange = Color::Rgb(254, 128, 25);
        assert_eq!(fit(ColorDepth::True, orange), Some(orange));
        assert_eq!(fit(ColorDepth::Indexed256, orange), Some(Color::Indexed(208)));
        assert_eq!(fit(ColorDepth::Indexed256, Color::Rgb(40, 40, 40)), Some(Color::Indexed(235)));
        assert_eq!(fit(ColorDepth::Ansi16, Color::Rgb(200, 10, 10)), Some(Color::Red));
        assert_eq!(fit(ColorDepth::Ansi16, Color::Indexed(196)), Some(Color::LightRed));
        assert_eq!(fit(ColorDepth::Ansi16, Color::Cyan), Some(Color::Cyan));
        assert_eq!(fit(ColorDepth::None, orange), None);
    }

    #[test]
    fn text_does_not_vanish_in_its_background() {
        let look = Style::new().fg(Color::Rgb(60, 56, 54)).bg(Color::Rgb(40, 40, 40));
        let fitted = ColorDepth::Ansi16.fit(look);
        assert_ne!(fitted.fg, fitted.bg);
        let hidden = Style::new().fg(Color::Red).bg(Color::Red);
        assert_eq!(ColorDepth::True.fit(hidden), hidden, "who wishes it so has it so");
    }

    #[test]
    fn black_on_white_has_the_most_contrast() {
        let most = contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)).unwrap();
        assert!((most - 21.0).abs() < 0.001, "{most}");
        assert_eq!(contrast(Color::Reset, Color::Black), None);
    }
}
