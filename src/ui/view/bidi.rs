//! Names that run from right to left, kept in the cells they were given: a terminal that turns text around has marks about
//! them, and leaves the rest of the row where it is. The marks take no cell.

use crate::text::bidi::{FSI, PDI, is_right_to_left, runs};
use ratatui::buffer::Buffer;

/// Puts marks about each run of such text inside a row.
pub fn isolate(buf: &mut Buffer) {
    let columns = usize::from(buf.area.width);
    if columns == 0 {
        return;
    }
    for row in buf.content.chunks_mut(columns) {
        if !row.iter().any(|cell| cell.symbol().chars().any(is_right_to_left)) {
            continue;
        }
        for run in runs(row.iter().map(|cell| cell.symbol())) {
            if let Some(first) = row.get_mut(run.start) {
                first.set_symbol(&format!("{FSI}{}", first.symbol()));
            }
            if let Some(last) = row.get_mut(run.end.saturating_sub(1)) {
                last.set_symbol(&format!("{}{PDI}", last.symbol()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_row_keeps_its_cells_and_each_name_has_its_marks() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 25, 2));
        buf.set_string(0, 0, "│ דוד לוי   201  שרה    │", Style::new());
        buf.set_string(0, 1, "│ Alice     202         │", Style::new());
        let before = buf.clone();
        isolate(&mut buf);
        let row = |buf: &Buffer, y: u16| (0..25).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
        assert_eq!(row(&buf, 0), "│ \u{2068}דוד לוי\u{2069}   201  \u{2068}שרה\u{2069}    │");
        assert_eq!(row(&buf, 1), row(&before, 1));
        assert!((0..25).all(|x| buf[(x, 0)].symbol().width() == 1), "the marks take no cell");
    }
}
