//! What entries of the log are about, each in a word.

use crate::text::words;
use std::borrow::Cow;

macro_rules! abouts {
    ($($variant:ident = $word:literal,)*) => {
        /// What an entry is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum About { $($variant,)* }

        impl About {
            /// Each of them.
            pub const ALL: &'static [About] = &[$(About::$variant,)*];

            /// The word, in English.
            pub fn word(self) -> &'static str { match self { $(About::$variant => $word,)* } }
        }
    };
}

abouts! {
    Account = "account",
    Call = "call",
    Contacts = "contacts",
    Device = "device",
    Error = "error",
    Hook = "hook",
    Light = "light",
    Message = "message",
    Phone = "phone",
    Playing = "playing",
    Quality = "quality",
    Recording = "recording",
    Refused = "refused",
    Settings = "settings",
    Sound = "sound",
    Voicemail = "voicemail",
}

impl About {
    /// The word, in the language of the interface.
    pub fn told(self) -> Cow<'static, str> {
        words::of("about", self.word(), self.word())
    }
}
