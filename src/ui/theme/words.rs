//! A look in words, as a theme file has it: `bold green on #282828`.

use crate::text::say;
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;

/// Colours that a theme gives names.
pub(super) type Palette = BTreeMap<String, Color>;

/// The names of the terminal's own colours.
const COLORS: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// What letters may be beside their colour.
const MANNERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// Reads a colour: a name of the palette or the terminal, `#rrggbb`, `#rgb`, or 0 to 255.
///
/// # Errors
/// What is wrong with it, and what may stand there.
pub(super) fn color(word: &str, palette: &Palette) -> Result<Color, String> {
    let lower = word.to_ascii_lowercase();
    if let Some(color) = palette.get(&lower) {
        return Ok(*color);
    }
    if let Some((_, color)) = COLORS.iter().find(|(name, _)| *name == lower) {
        return Ok(*color);
    }
    if let Some(digits) = lower.strip_prefix('#') {
        return hexadecimal(digits).ok_or_else(|| say!("theme-no-digits", word));
    }
    lower.parse().map(Color::Indexed).map_err(|_| say!("theme-no-colour", word))
}

fn hexadecimal(digits: &str) -> Option<Color> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, r, g, b] = match digits.len() {
        6 => number.to_be_bytes(),
        3 => [0, (number >> 8 & 15) as u8 * 17, (number >> 4 & 15) as u8 * 17, (number & 15) as u8 * 17],
        _ => return None,
    };
    Some(Color::Rgb(r, g, b))
}

/// Reads a look: colours and manners in any order, a background behind `on`.
///
/// # Errors
/// As `color`; two colours of one kind; `on` without one.
pub(super) fn look(text: &str, palette: &Palette) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some((_, manner)) = MANNERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            style = style.add_modifier(*manner);
        } else if word.eq_ignore_ascii_case("on") {
            let word = words.next().ok_or_else(|| say!("theme-on-alone"))?;
            let before = style.bg.replace(color(word, palette)?);
            if before.is_some() {
                return Err(say!("theme-two-backgrounds"));
            }
        } else {
            let before = style.fg.replace(color(word, palette)?);
            if before.is_some() {
                return Err(say!("theme-two-colours", word));
            }
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_names_numbers_and_digits() {
        let palette = Palette::from([("accent".to_owned(), Color::Rgb(1, 2, 3))]);
        let of = |word| color(word, &palette);
        assert_eq!(of("Accent"), Ok(Color::Rgb(1, 2, 3)));
        assert_eq!(of("bright-black"), Ok(Color::DarkGray));
        assert_eq!(of("default"), Ok(Color::Reset));
        assert_eq!(of("#fe8019"), Ok(Color::Rgb(254, 128, 25)));
        assert_eq!(of("#F80"), Ok(Color::Rgb(255, 136, 0)));
        assert_eq!(of("208"), Ok(Color::Indexed(208)));
        for wrong in ["", "#12", "#gggggg", "#+12345", "256", "-1", "pink", "#ääää"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_look_is_colours_and_manners_in_any_order() {
        let of = |text| look(text, &Palette::new());
        let wanted = Style::new().fg(Color::Green).bg(Color::Rgb(0, 0, 0)).add_modifier(Modifier::BOLD);
        assert_eq!(of("bold green on #000000"), Ok(wanted));
        assert_eq!(of("green on #000 BOLD"), Ok(wanted));
        assert_eq!(of(""), Ok(Style::new()));
        for wrong in ["green red", "on", "green on", "on red on blue", "fat"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
