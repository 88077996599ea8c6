//! A plot as SVG: lines over numbers, legible on a light and on a dark page.

use std::fmt::Write;

/// A line of a plot.
pub struct Curve {
    /// In the legend.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<(f64, f64)>,
    /// Curves of one group share a colour.
    pub group: usize,
    /// Curves of one kind share dashes.
    pub kind: usize,
}

/// What is drawn.
pub struct Plot {
    /// Above it.
    pub title: String,
    /// Below and beside it.
    pub axes: [&'static str; 2],
    /// The places of the numbers on the axis below.
    pub ticks: Vec<f64>,
    /// The range of the other.
    pub range: (f64, f64),
    /// The lines.
    pub curves: Vec<Curve>,
}

const SIZE: (f64, f64) = (720.0, 400.0);
/// Left, top, right, bottom of the field.
const FIELD: [f64; 4] = [56.0, 40.0, 500.0, 350.0];
/// Of a middling lightness: seen on white and on black.
const COLOURS: [&str; 4] = ["#2f81f7", "#d97706", "#16a34a", "#c026d3"];
const DASHES: [&str; 3] = ["none", "7 4", "2 4"];
const INK: &str = "#808080";

impl Plot {
    /// The file.
    pub fn svg(&self) -> String {
        let (width, height) = SIZE;
        let [left, top, right, bottom] = FIELD;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"{INK}\">\n"
        );
        let _ =
            writeln!(svg, "<title>{0}</title>\n<text x=\"{left}\" y=\"24\" font-size=\"15\">{0}</text>", self.title);
        let [below, beside] = self.axes;
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{below}</text>", middle.0, bottom + 38.0);
        let _ = writeln!(
            svg,
            "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{beside}</text>",
            middle.1
        );
        let steps = (self.range.0.ceil() as i32..=self.range.1.floor() as i32).map(f64::from);
        for value in steps {
            let y = self.y(value);
            let _ = writeln!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"{INK}\" stroke-opacity=\"0.3\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                left - 8.0,
                y + 4.0
            );
        }
        for value in &self.ticks {
            let (x, y) = (self.x(*value), bottom + 18.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{value}</text>");
        }
        for (row, curve) in self.curves.iter().enumerate() {
            self.draw(&mut svg, row, curve);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw(&self, svg: &mut String, row: usize, curve: &Curve) {
        let colour = COLOURS[curve.group % COLOURS.len()];
        let pen = format!(
            "fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{}\"",
            DASHES[curve.kind % DASHES.len()]
        );
        let points: Vec<String> =
            curve.points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y))).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" {pen}/>", points.join(" "));
        let (x, y) = (FIELD[2] + 16.0, FIELD[1] + 8.0 + 20.0 * row as f64);
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {y}h28\" {pen}/><text x=\"{}\" y=\"{}\">{}</text>",
            x + 36.0,
            y + 4.0,
            curve.name
        );
    }

    /// By the square root: small losses are told apart.
    fn x(&self, value: f64) -> f64 {
        let most = self.ticks.last().copied().unwrap_or(1.0).max(1e-9);
        FIELD[0] + (value.max(0.0) / most).sqrt() * (FIELD[2] - FIELD[0])
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let part = (value.clamp(low, high) - low) / (high - low);
        FIELD[3] - part * (FIELD[3] - FIELD[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_lies_where_its_numbers_are() {
        let curve = Curve { name: "a".into(), points: vec![(0.0, 1.0), (20.0, 4.0)], group: 0, kind: 1 };
        let plot = Plot {
            title: "t".into(),
            axes: ["x", "y"],
            ticks: vec![0.0, 20.0],
            range: (1.0, 4.0),
            curves: vec![curve],
        };
        let svg = plot.svg();
        assert!(svg.contains("points=\"56.0,350.0 500.0,40.0\""), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}
