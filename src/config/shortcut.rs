//! `[Shortcuts]`: numbers at hand, and what a press of each does: `label;number;type;number2;presence;label2`.

/// Most shortcuts there are: the keys 0 to 7.
pub const MAX_SHORTCUTS: usize = 8;

/// What a press does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutAct {
    /// The number is called; if its light shows that it rings there, that call is taken.
    Call,
    /// The same: calls are sound alone.
    Video,
    /// A message is written to it.
    Message,
    /// It is keyed in the call.
    Dtmf,
    /// The call is handed over to it.
    Transfer,
    /// The same, once it was called and asked.
    AttendedTransfer,
    /// It is called, and joins the conference when it answers.
    Conference,
    /// In a call [`ShortcutAct::Transfer`], else [`ShortcutAct::Call`].
    CallOrTransfer,
    /// In a call [`ShortcutAct::AttendedTransfer`], else [`ShortcutAct::Call`].
    CallOrAttendedTransfer,
    /// In a call [`ShortcutAct::Conference`], else [`ShortcutAct::Call`].
    CallOrConference,
    /// Something that this phone does not do.
    Foreign,
}

/// The words of the file; the first of an act is the one it is told by.
const WORDS: &[(&str, ShortcutAct)] = &[
    ("call", ShortcutAct::Call),
    ("video", ShortcutAct::Video),
    ("message", ShortcutAct::Message),
    ("dtmf", ShortcutAct::Dtmf),
    ("transfer", ShortcutAct::Transfer),
    ("attendedTransfer", ShortcutAct::AttendedTransfer),
    ("conference", ShortcutAct::Conference),
    ("callOrBT", ShortcutAct::CallOrTransfer),
    ("callOrAT", ShortcutAct::CallOrAttendedTransfer),
    ("callOrConference", ShortcutAct::CallOrConference),
    ("", ShortcutAct::Dtmf),
    // As old files have it.
    ("0", ShortcutAct::Call),
    ("1", ShortcutAct::Video),
    ("2", ShortcutAct::Message),
    ("3", ShortcutAct::Dtmf),
    ("4", ShortcutAct::Transfer),
];

impl ShortcutAct {
    fn of(word: &str) -> ShortcutAct {
        let found = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map_or(ShortcutAct::Foreign, |(_, act)| *act)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(_, act)| *act == self).map_or("foreign", |(word, _)| word)
    }
}

/// A shortcut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcut {
    /// What it is called.
    pub label: String,
    /// Whom or what it is about.
    pub number: String,
    /// What a press does.
    pub act: ShortcutAct,
    /// Every other press is about this number, unless it is empty.
    pub second_number: String,
    /// What it is called before such a press; empty = as else.
    pub second_label: String,
    /// It has a light that shows what the number does.
    pub has_light: bool,
}

impl Shortcut {
    /// Reads the value of a key; what is odd about it.
    pub fn parse(value: &str) -> (Shortcut, Option<String>) {
        let mut fields = value.split(';').map(|field| field.trim().to_owned());
        let mut next = || fields.next().unwrap_or_default();
        let (label, number, word, second_number, presence, second_label) =
            (next(), next(), next(), next(), next(), next());
        let act = ShortcutAct::of(&word);
        let complaint = (act == ShortcutAct::Foreign).then(|| format!("{word:?} is nothing that a press can do here"));
        let has_light = presence == "1" && !number.is_empty();
        (Shortcut { label, number, act, second_number, second_label, has_light }, complaint)
    }

    /// Its label and number as they are, or as they are after a press, where it is one of two.
    pub fn face(&self, is_second: bool) -> (&str, &str) {
        if !is_second || self.second_number.is_empty() {
            return (&self.label, &self.number);
        }
        let label = if self.second_label.is_empty() { &self.label } else { &self.second_label };
        (label, &self.second_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_microsip_writes_them() {
        use ShortcutAct::*;
        for (value, act, faces, has_light) in [
            ("Bob;102;call;;1", Call, [("Bob", "102"), ("Bob", "102")], true),
            ("Al;103;0;;0", Call, [("Al", "103"), ("Al", "103")], false),
            ("Night; *78 ;CALL;*79;0;Day", Call, [("Night", "*78"), ("Day", "*79")], false),
            ("Night;*78;call;*79", Call, [("Night", "*78"), ("Night", "*79")], false),
            ("x;1#", Dtmf, [("x", "1#"), ("x", "1#")], false),
            ("x;1;4", Transfer, [("x", "1"), ("x", "1")], false),
            ("x;1;callorbt", CallOrTransfer, [("x", "1"), ("x", "1")], false),
            ("x;1;callOrAT", CallOrAttendedTransfer, [("x", "1"), ("x", "1")], false),
            ("x;1;callOrConference;", CallOrConference, [("x", "1"), ("x", "1")], false),
            ("x;;call;;1", Call, [("x", ""), ("x", "")], false),
            ("", Dtmf, [("", ""), ("", "")], false),
        ] {
            let (shortcut, complaint) = Shortcut::parse(value);
            let told = [shortcut.face(false), shortcut.face(true)];
            assert_eq!((shortcut.act, told, shortcut.has_light, complaint), (act, faces, has_light, None), "{value}");
        }
        for word in ["runBatch", "callURL", "5"] {
            let (shortcut, complaint) = Shortcut::parse(&format!("x;1;{word}"));
            assert_eq!(shortcut.act, Foreign);
            assert_eq!(complaint, Some(format!("{word:?} is nothing that a press can do here")));
        }
    }

    #[test]
    fn every_act_has_its_word() {
        for (word, act) in WORDS.iter().take(10) {
            assert_eq!((act.word(), ShortcutAct::of(word)), (*word, *act));
        }
    }
}
