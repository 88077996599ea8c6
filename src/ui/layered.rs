//! Files of one's own that may begin with another of their kind: themes and keymaps. Sections, `NAME=VALUE`, and
//! `inherits` in the section that bears the kind's name.

use crate::text::{elided, sanitise, say};

/// Bytes of a file, at most.
pub const MAX_FILE: usize = 64 * 1024;
/// Files that begin with another, one behind the other.
const MAX_DEPTH: usize = 8;
/// Characters of a word that a fault shows.
pub(super) const MAX_SHOWN: usize = 40;

/// One that comes with the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// What a setting calls it.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// What is written in such files.
#[derive(Debug)]
pub struct Kind {
    /// What one is called; also the section of `inherits`, and the setting.
    pub word: &'static str,
    /// The verb that lists, shows and checks them.
    pub verb: &'static str,
    /// The folder of one's own, beside the ini file.
    pub folder: &'static str,
    /// The end of the names of its files.
    pub extension: &'static str,
    /// Bytes of a file, at most.
    pub max_bytes: usize,
    /// All its sections.
    pub sections: &'static [&'static str],
    /// Those that come along, the one that counts unless another is named first.
    pub built_in: &'static [BuiltIn],
}

impl Kind {
    /// The one of this name that comes along.
    pub fn find(&self, name: &str) -> Option<&'static BuiltIn> {
        self.built_in.iter().find(|one| one.name.eq_ignore_ascii_case(name))
    }

    /// The name of the one that counts unless another is named.
    pub fn first(&self) -> &'static str {
        self.built_in.first().map_or("", |one| one.name)
    }
}

/// Something in a file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1; 0 = the file as a whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub words: String,
    /// It works, but may not please.
    pub is_note: bool,
}

impl Fault {
    /// All of it behind the name of its file, in a line.
    pub fn told(&self, name: &str) -> String {
        let Fault { line, words, is_note } = self;
        match (*line, *is_note) {
            (0, false) => say!("file-fault", name, words),
            (0, true) => say!("file-note", name, words),
            (line, false) => say!("file-fault-on-line", name, line, words),
            (line, true) => say!("file-note-on-line", name, line, words),
        }
    }

    pub(super) fn at(line: usize, words: impl AsRef<str>) -> Fault {
        Fault { line, words: sanitise(words.as_ref()), is_note: false }
    }

    pub(super) fn note(line: usize, words: impl AsRef<str>) -> Fault {
        Fault { is_note: true, ..Fault::at(line, words) }
    }
}

/// What a file and those it begins with say, before it is looked at as a whole.
pub(super) trait Written: Default {
    /// Takes a line in; the error says what is wrong with it, and what would be right.
    fn take(&mut self, section: &str, key: &str, value: &str, line: usize) -> Result<(), String>;

    /// What another file says, which this one begins with and names on this line, stands behind what this one says.
    fn begin_with(&mut self, theirs: Self, line: usize);
}

/// Reads a file. `other` gives the bytes of one of the owner's by its name.
pub(super) fn read<W: Written>(
    kind: &'static Kind,
    bytes: &[u8],
    other: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> (W, Vec<Fault>) {
    let mut reader = Reader { kind, other, above: Vec::new(), faults: Vec::new() };
    let written = reader.written(bytes);
    (written, reader.faults)
}

struct Reader<'a> {
    kind: &'static Kind,
    other: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    above: Vec<String>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, words: impl AsRef<str>) {
        self.faults.push(Fault::at(line, words));
    }

    fn written<W: Written>(&mut self, bytes: &[u8]) -> W {
        let mut own = W::default();
        if bytes.len() > MAX_FILE {
            self.fault(0, say!("file-too-large", size = MAX_FILE / 1024));
            return own;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.fault(0, say!("file-not-utf-8"));
            return own;
        };
        let mut begins = None;
        let mut section = "";
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with([';', '#']) {
                continue;
            }
            if let Some(name) = text.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                section = name;
                if !self.kind.sections.contains(&section) {
                    let known: Vec<String> = self.kind.sections.iter().map(|name| format!("[{name}]")).collect();
                    let name = format!("[{}]", elided(name, MAX_SHOWN));
                    self.fault(line, say!("file-no-section", name, known = known.join(", ")));
                }
                continue;
            }
            let Some((key, value)) = text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
                self.fault(line, say!("file-no-value", text = elided(text, MAX_SHOWN)));
                continue;
            };
            if section == self.kind.word && key == "inherits" {
                begins = self.inherited::<W>(value, line).map(|theirs| (theirs, line));
            } else if section == self.kind.word {
                self.fault(line, say!("file-no-key", key = elided(key, MAX_SHOWN), section));
            } else if self.kind.sections.contains(&section)
                && let Err(words) = own.take(section, key, value, line)
            {
                self.fault(line, words);
            }
        }
        if let Some((theirs, line)) = begins {
            own.begin_with(theirs, line);
        }
        own
    }

    /// What the file that this one begins with says.
    fn inherited<W: Written>(&mut self, name: &str, line: usize) -> Option<W> {
        match self.bytes(name) {
            Err(words) => {
                self.fault(line, words);
                None
            }
            Ok(bytes) => {
                self.above.push(name.to_owned());
                let before = self.faults.len();
                let theirs = self.written(&bytes);
                for fault in self.faults.iter_mut().skip(before) {
                    *fault = Fault::at(line, say!("file-in-other", name, line = fault.line, fault = &fault.words));
                }
                Some(theirs)
            }
        }
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let (shown, kind) = (elided(name, MAX_SHOWN), self.kind.word);
        if self.above.len() >= MAX_DEPTH || self.above.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            return Err(say!("file-in-a-ring", kind, name = shown, most = MAX_DEPTH));
        }
        // One of the owner's may bear the name of the one it begins with.
        self.kind
            .find(name)
            .map(|one| one.text.as_bytes().to_vec())
            .or_else(|| (self.other)(name))
            .ok_or_else(|| say!("file-not-there", kind, name = shown))
    }
}
