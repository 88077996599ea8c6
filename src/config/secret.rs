//! A password that cannot be printed by accident.

use std::fmt;
use zeroize::Zeroizing;

/// The environment variable that may hold a password.
pub const PASSWORD_VARIABLE: &str = "TUIPHONE_PASSWORD";

/// The one that may hold the token of `serve --http`.
pub const TOKEN_VARIABLE: &str = "TUIPHONE_HTTP_TOKEN";

/// All that may hold a secret of the phone's: no program that it starts gets them.
pub const SECRET_VARIABLES: [&str; 2] = [PASSWORD_VARIABLE, TOKEN_VARIABLE];

/// A secret text: no `Display`, a `Debug` that shows nothing, wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over the text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself; for the digest and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True for an empty secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Account, AccountId};

    #[test]
    fn nothing_that_is_printed_shows_it() {
        let password = Secret::new("hunter2");
        let account = Account { password: password.clone(), ..Account::new(AccountId(1)) };
        let shown = format!("{password:?} {account:#?}");
        assert!(!shown.contains("hunter2") && shown.starts_with("Secret(…) "), "{shown}");
    }
}
