//! Bars as SVG, legible on a light and on a dark page: for each thing measured one bar a phone, as long as its figure.

use std::fmt::Write;

/// A thing that was measured.
pub struct Group {
    /// What, with its unit.
    pub title: String,
    /// Whose, and how much; less is better.
    pub bars: Vec<(String, f64)>,
}

const WIDTH: f64 = 720.0;
/// Where bars begin, and the longest ends.
const FIELD: (f64, f64) = (140.0, 640.0);
/// Height of a bar with what is between two, and of a title.
const ROW: f64 = 18.0;
const TITLE: f64 = 26.0;
const COLOURS: [&str; 4] = ["#2f81f7", "#d97706", "#16a34a", "#c026d3"];
const INK: &str = "#808080";

/// The file.
pub fn svg(title: &str, groups: &[Group]) -> String {
    let height = 40.0 + groups.iter().map(|group| TITLE + ROW * group.bars.len() as f64).sum::<f64>();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"{INK}\">\n<title>{title}</title>\n<text x=\"16\" y=\"24\" font-size=\"15\">{title}</text>\n"
    );
    let mut y = 40.0;
    for group in groups {
        let most = group.bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        let _ = writeln!(svg, "<text x=\"16\" y=\"{:.0}\" font-weight=\"bold\">{}</text>", y + 16.0, group.title);
        y += TITLE;
        for (at, (name, value)) in group.bars.iter().enumerate() {
            let length = (value / most * (FIELD.1 - FIELD.0)).max(1.0);
            let colour = COLOURS[at % COLOURS.len()];
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.0}\" text-anchor=\"end\">{name}</text>\
                 <path d=\"M{} {:.0}h{length:.1}\" stroke=\"{colour}\" stroke-width=\"12\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\">{value}</text>",
                FIELD.0 - 8.0,
                y + 10.0,
                FIELD.0,
                y + 6.0,
                FIELD.0 + length + 6.0,
                y + 10.0
            );
            y += ROW;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_figure() {
        let group = Group { title: "idle, MB".into(), bars: vec![("a".into(), 5.0), ("b".into(), 10.0)] };
        let svg = svg("t", &[group]);
        assert!(svg.contains("h250.0") && svg.contains("h500.0"), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}
