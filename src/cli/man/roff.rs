//! A page of the manual as roff with the macros of man(7), which groff and mandoc read alike.

/// Columns of a line of text in the source.
const WIDTH: usize = 78;

/// A page under way.
#[derive(Debug, Clone)]
pub(super) struct Roff {
    text: String,
}

impl Roff {
    /// Its head; `date` as `2026-01-31`.
    pub fn new(name: &str, section: u8, date: &str, manual: &str) -> Roff {
        let program = concat!("tuiphone ", env!("CARGO_PKG_VERSION"));
        let (name, manual) = (quoted(&name.to_uppercase()), quoted(manual));
        Roff { text: format!(".TH {name} {section} \"{date}\" \"{}\" {manual}\n", escaped(program)) }
    }

    /// A section.
    pub fn section(&mut self, title: &str) {
        self.text += &format!(".SH {}\n", quoted(title));
    }

    /// A part of one.
    pub fn part(&mut self, title: &str) {
        self.text += &format!(".SS {}\n", quoted(title));
    }

    /// The line of the section NAME, from which apropos(1) knows the page.
    pub fn name(&mut self, name: &str, about: &str) {
        self.text += &format!("{} \\- {}\n", escaped(name), escaped(about));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.begin();
        self.fill(&escaped(text));
    }

    /// A paragraph whose first word is bold: how something is written.
    pub fn synopsis(&mut self, bold: &str, rest: &str) {
        self.begin();
        self.text += &bold_line(bold);
        self.fill(&escaped(rest));
    }

    /// A term and what is to be known of it.
    pub fn term(&mut self, term: &str, text: &str) {
        self.text += &format!(".TP\n{}", bold_line(term));
        self.fill(&escaped(if text.is_empty() { "-" } else { text }));
    }

    /// Lines as they are typed, below what they do.
    pub fn example(&mut self, line: &str, what: &str) {
        self.paragraph(&format!("{}:", what.trim_end_matches(['.', ':'])));
        self.verbatim(&[line]);
    }

    /// Lines as they are.
    pub fn verbatim(&mut self, lines: &[&str]) {
        self.begin();
        self.text += ".RS 4\n.nf\n";
        for line in lines {
            self.text += &format!("{}\n", guarded(&escaped(line)));
        }
        self.text += ".fi\n.RE\n";
    }

    /// The source of the page.
    pub fn finish(self) -> String {
        self.text
    }

    /// A paragraph begins; what stands first under a heading is one.
    fn begin(&mut self) {
        let is_first =
            self.text.lines().next_back().is_some_and(|line| line.starts_with(".SH") || line.starts_with(".SS"));
        if !is_first {
            self.text += ".PP\n";
        }
    }

    /// Escaped text, in lines that people can read too.
    fn fill(&mut self, escaped: &str) {
        let mut line = String::new();
        for word in escaped.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                self.text += &format!("{}\n", guarded(&line));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        if !line.is_empty() {
            self.text += &format!("{}\n", guarded(&line));
        }
    }
}

/// Text that means itself: no escape, no hyphen for a minus, no quote that a printer would bend.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '`' => out += "\\(ga",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            '"' => out += "\\(dq",
            '\n' | '\t' => out.push(' '),
            ' '..='~' => out.push(c),
            c if c.is_control() => {}
            c => out += &format!("\\[u{:04X}]", u32::from(c)),
        }
    }
    out
}

/// A line that begins with a dot is a macro.
fn guarded(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

fn bold_line(text: &str) -> String {
    format!("\\fB{}\\fR\n", escaped(text))
}

/// As an argument of a macro.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself() {
        for (text, expected) in [
            ("a-b", "a\\-b"),
            (r"\fB\n", r"\efB\en"),
            ("'q' \"d\" `x` ~^", r"\(aqq\(aq \(dqd\(dq \(gax\(ga \(ti\(ha"),
            ("ü…", "\\[u00FC]\\[u2026]"),
            ("a\u{1b}[2Jb\nc", "a[2Jb c"),
        ] {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }

    #[test]
    fn no_line_of_text_is_a_macro() {
        let mut page = Roff::new("x", 1, "2026-01-31", "Manual");
        page.paragraph(".so /etc/passwd");
        page.paragraph(&format!("{} .de x 'br", "w".repeat(WIDTH)));
        page.verbatim(&[".sy rm", "'br", "plain"]);
        page.term(".x", "");
        let macros: Vec<&str> = page.text.lines().filter(|line| line.starts_with(['.', '\''])).collect();
        let known = [".TH", ".SH", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi"];
        assert!(macros.iter().all(|line| known.contains(&line.split(' ').next().unwrap_or_default())), "{macros:?}");
        assert!(page.text.contains("\\&.so /etc/passwd") && page.text.contains("\\&.sy rm"), "{}", page.text);
        assert!(page.text.lines().all(|line| line.len() <= WIDTH + 4), "{}", page.text);
    }
}
