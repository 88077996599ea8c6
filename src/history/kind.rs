//! The four kinds of a call, one table: MicroSIP's numbers and its two sets of words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $word:literal, $short:literal;)*) => {
        /// What a call was to this phone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];
            /// Its number in MicroSIP's files.
            pub fn number(self) -> i64 { match self { $(Kind::$variant => $number,)* } }
            /// Its word in MicroSIP's tables of today, and in JSON.
            pub fn word(self) -> &'static str { match self { $(Kind::$variant => $word,)* } }
            /// Its word in MicroSIP's older tables.
            pub fn short(self) -> &'static str { match self { $(Kind::$variant => $short,)* } }
        }
    };
}

kinds! {
    /// From here.
    Outgoing = 0, "outgoing", "out";
    /// To here, and talked or declined.
    Incoming = 1, "incoming", "in";
    /// To here, and nobody took it, or a rule refused it.
    Missed = 2, "missed", "miss";
    /// To here, and another phone took it.
    AnsweredElsewhere = 3, "answered_elsewhere", "else";
}

impl Kind {
    /// The kind of a number; any other is outgoing, as MicroSIP has it.
    pub fn of_number(number: i64) -> Kind {
        Kind::ALL.iter().copied().find(|kind| kind.number() == number).unwrap_or(Kind::Outgoing)
    }

    /// The kind of a word, long or short, in any letter case.
    pub fn of_word(word: &str) -> Option<Kind> {
        let is = |kind: &Kind| [kind.word(), kind.short()].iter().any(|known| known.eq_ignore_ascii_case(word));
        Kind::ALL.iter().copied().find(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_number_and_two_words() {
        for (number, word, short) in
            [(0, "outgoing", "out"), (1, "incoming", "in"), (2, "missed", "miss"), (3, "answered_elsewhere", "else")]
        {
            let kind = Kind::of_number(number);
            assert_eq!((kind.number(), kind.word(), kind.short()), (number, word, short));
            assert_eq!((Kind::of_word(word), Kind::of_word(&short.to_uppercase())), (Some(kind), Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        assert_eq!((Kind::of_number(7), Kind::of_number(-1)), (Kind::Outgoing, Kind::Outgoing));
        assert_eq!(Kind::of_word("answered elsewhere"), None);
    }
}
