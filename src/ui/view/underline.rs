//! Lines under words, where a theme asks for them: not under the blanks that only make a column.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

/// Takes the line from under blanks, but for one that stands between two words with a line.
pub fn of_words_only(buf: &mut Buffer) {
    let area = buf.area;
    for y in area.top()..area.bottom() {
        let has_word = |buf: &Buffer, x: u16| {
            buf.cell((x, y)).is_some_and(|cell| cell.symbol() != " " && cell.modifier.contains(Modifier::UNDERLINED))
        };
        for x in area.left()..area.right() {
            let inside = x > area.left() && has_word(buf, x - 1) && has_word(buf, x + 1);
            if let Some(cell) = buf.cell_mut((x, y)).filter(|cell| cell.symbol() == " " && !inside) {
                cell.modifier.remove(Modifier::UNDERLINED);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn blanks_of_a_column_have_no_line() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 14, 1));
        buf.set_string(0, 0, "  on air  x   ", Style::new().add_modifier(Modifier::UNDERLINED));
        of_words_only(&mut buf);
        let lines: String = buf
            .content
            .iter()
            .map(|cell| if cell.modifier.contains(Modifier::UNDERLINED) { '_' } else { '.' })
            .collect();
        assert_eq!(lines, "..______.._...");
    }
}
