//! Programs with their arguments, as the configuration writes them. No shell ever reads one.

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a path, or a name to be looked for.
    pub program: String,
    /// Its arguments, each whole.
    pub arguments: Vec<String>,
}

/// Why a text is no command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CommandLineError {
    #[error("it is empty")]
    Empty,
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("it is longer than {} bytes", CommandLine::MAX_BYTES)]
    TooLong,
}

impl CommandLine {
    /// Longest text that is read, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Reads `program argument…`. `"…"` keeps blanks, and so does `'…'` where a word begins; a backslash is only a
    /// backslash.
    ///
    /// # Errors
    /// It names no program, a quote stays open, or it is too long.
    pub fn parse(text: &str) -> Result<CommandLine, CommandLineError> {
        if text.len() > CommandLine::MAX_BYTES {
            return Err(CommandLineError::TooLong);
        }
        let mut words = split(text).ok_or(CommandLineError::OpenQuote)?.into_iter();
        let program = words.next().filter(|program| !program.is_empty()).ok_or(CommandLineError::Empty)?;
        Ok(CommandLine { program, arguments: words.collect() })
    }
}

/// The words of a text; `None`: an open quote.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            // Why only there: folders are called O'Brien.
            ('\'', None) if word.is_none() => {
                quote = Some(c);
                word = Some(String::new());
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;

    #[test]
    fn words_are_microsips() {
        for (text, words) in [
            (r#"pass show "my phone" 'a"b' "" C:\x"#, Ok(r#"pass|show|my phone|a"b||C:\x"#)),
            (r#""C:\a b\1.cmd" x"#, Ok(r"C:\a b\1.cmd|x")),
            (r"C:\O'Brien\1.cmd it's", Ok(r"C:\O'Brien\1.cmd|it's")),
            (r#"C:\dir\" x""#, Ok(r"C:\dir\ x")),
            (r#"a"b c"d"#, Ok("ab cd")),
            ("  one\ttwo  ", Ok("one|two")),
            ("pass \"open", Err(CommandLineError::OpenQuote)),
            ("x 'open", Err(CommandLineError::OpenQuote)),
            ("  ", Err(CommandLineError::Empty)),
            ("\"\" x", Err(CommandLineError::Empty)),
        ] {
            let read = CommandLine::parse(text);
            let read = read.map(|line| [vec![line.program], line.arguments].concat().join("|"));
            assert_eq!(read, words.map(str::to_owned), "{text}");
        }
        assert_eq!(CommandLine::parse(&"x ".repeat(3000)), Err(CommandLineError::TooLong));
    }

    #[test]
    fn the_file_takes_one_pair_of_quotes_off_first() {
        let document = Document::parse(b"[Settings]\ncmdCallStart=\"\"C:\\a b\\1.cmd\" x\"\n").unwrap();
        let line = CommandLine::parse(document.get("Settings", "cmdCallStart").unwrap()).unwrap();
        assert_eq!((line.program.as_str(), line.arguments), (r"C:\a b\1.cmd", vec!["x".to_owned()]));
    }
}
