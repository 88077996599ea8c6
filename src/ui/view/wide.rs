//! Terminals that show characters of ambiguous width (UAX #11) in two cells: é, я and § among them. What was laid out with
//! one cell for each is moved apart, and the blanks behind take it up.

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use std::num::NonZeroU16;
use unicode_width::UnicodeWidthStr;

/// Cells of a symbol as such a terminal shows it.
fn width(symbol: &str) -> usize {
    if symbol.chars().next().is_some_and(is_letter) { 2 } else { symbol.width_cjk() }
}

/// Letters that are ambiguous in `EastAsianWidth.txt`; the tables of `unicode-width` hold them to be narrow.
fn is_letter(c: char) -> bool {
    matches!(c,
        'Æ' | 'Ð' | 'Ø' | 'Þ'..='á' | 'æ' | 'è'..='ê' | 'ì' | 'í' | 'ð' | 'ò' | 'ó' | 'ø'..='ú' | 'ü' | 'þ'
        | 'ā' | 'đ' | 'ē' | 'ě' | 'Ħ' | 'ħ' | 'ī' | 'ı'..='ĳ' | 'ĸ' | 'Ŀ'..='ł' | 'ń' | 'ň'..='ŋ' | 'ō' | 'Œ' | 'œ'
        | 'Ŧ' | 'ŧ' | 'ū' | 'ǎ' | 'ǐ' | 'ǒ' | 'ǔ' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'ɑ' | 'ɡ'
        | 'Α'..='Ω' | 'α'..='ρ' | 'σ'..='ω' | 'Ё' | 'А'..='я' | 'ё')
}

/// Moves each row apart that needs it. What has no room at the end of its field is cut there.
pub fn apart(buf: &mut Buffer) {
    let columns = usize::from(buf.area.width);
    if columns == 0 {
        return;
    }
    for row in buf.content.chunks_mut(columns) {
        if row.iter().any(|cell| !cell.symbol().is_ascii() && width(cell.symbol()) != cell.symbol().width()) {
            row_apart(row);
        }
    }
}

fn row_apart(row: &mut [Cell]) {
    let laid_out = row.to_vec();
    // Where the next cell goes, and how many more it should have been given than it was.
    let (mut to, mut from) = (0, 0);
    while let Some(cell) = laid_out.get(from).filter(|_| to < row.len()) {
        let (before, after) = (cell.symbol().width().max(1), width(cell.symbol()).max(1));
        // A blank with another behind it is what columns are kept apart by: it gives way.
        let gives_way =
            to > from && cell.symbol() == " " && laid_out.get(from + 1).is_some_and(|next| next.symbol() == " ");
        if gives_way {
            from += 1;
            continue;
        }
        let Some(place) = row.get_mut(to) else { break };
        *place = cell.clone();
        if to + after > laid_out.len() {
            place.set_symbol(" ");
        } else if after != before {
            place.set_diff_option(forced(after));
        }
        for cell in row.iter_mut().skip(to + 1).take(after - 1) {
            cell.set_symbol(" ");
            cell.set_diff_option(CellDiffOption::None);
        }
        to += after;
        from += before;
    }
}

fn forced(width: usize) -> CellDiffOption {
    u16::try_from(width).ok().and_then(NonZeroU16::new).map_or(CellDiffOption::None, CellDiffOption::ForcedWidth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    /// What such a terminal shows of a row: each symbol where its cell says.
    fn shown(text: &str, columns: u16) -> (String, usize) {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, 1));
        buf.set_string(0, 0, text, Style::new());
        apart(&mut buf);
        let (mut at, mut out) = (0, String::new());
        while let Some(cell) = buf.content.get(at) {
            out.push_str(cell.symbol());
            at += width(cell.symbol()).max(1);
        }
        (out, at)
    }

    #[test]
    fn columns_stay_where_they_were_where_there_is_room() {
        assert_eq!(shown("Zoé    201  busy", 20).0, "Zoé   201  busy    ");
        assert_eq!(shown("Яна    201  busy", 20).0, "Яна 201  busy    ");
        assert_eq!(shown("Ann    201  busy", 20).0, "Ann    201  busy    ");
        assert_eq!(shown("日本 é  x", 10).0, "日本 é x ");
    }

    proptest! {
        #[test]
        fn a_row_has_the_terminals_width(text in "[ aé日я§e\u{301}|]{0,60}", columns in 1u16..40) {
            let (out, cells) = shown(&text, columns);
            prop_assert_eq!(cells, usize::from(columns), "{:?}", out);
                    }
    }
}
