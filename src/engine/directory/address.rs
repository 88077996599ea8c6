//! The address of `usersDirectory`, with the blanks that the account fills.

use crate::config::{Account, Secret};
use crate::engine::net::http::{Url, escaped};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

/// The blanks with a name.
const NAMES: [&str; 8] =
    ["{time}", "{version}", "{label}", "{server}", "{domain}", "{username}", "{password}", "{md5_password}"];

/// An address as the settings have it.
pub(super) struct Template {
    text: Secret,
    shown: String,
}

/// What a blank is filled with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    /// The number in the row of `%s`, from 0.
    Positional(usize),
    Named(&'static str),
}

impl Template {
    /// Takes an address.
    ///
    /// # Errors
    /// It is none, in words.
    pub fn parse(text: &str) -> Result<Template, String> {
        let template = Template { text: Secret::new(text.trim()), shown: String::new() };
        // With anything in its blanks it must be an address.
        let example = template.fill(|_| "x".to_owned());
        let shown = Url::parse(&example)?.shown();
        Ok(Template { shown, ..template })
    }

    /// What people may see of it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// It is asked for in the account's name, which must be known to be good first.
    pub fn has_blanks(&self) -> bool {
        !self.blanks().is_empty()
    }

    /// The password of the account is in it.
    pub fn tells_password(&self) -> bool {
        self.blanks().iter().any(|(_, _, blank)| is_password(*blank))
    }

    /// The address to ask for the `sequence`th time, from 0, at a time of the wall's clock.
    ///
    /// # Errors
    /// What is filled in makes no address of it, or would send the password in the open.
    pub fn filled(
        &self,
        account: Option<&Account>,
        (sequence, time_s): (u64, u64),
        plain_text: bool,
    ) -> Result<Url, String> {
        let no_account = || "it is asked for in the name of an account, and none is registered".to_owned();
        let account = match account {
            None if self.has_blanks() => return Err(no_account()),
            account => account,
        };
        let with = |blank| account.map(|account| value(account, blank, time_s)).unwrap_or_default();
        let mut text = Zeroizing::new(self.fill(|blank| escaped(&with(blank))));
        if let Some(at) = text.find('#') {
            text.truncate(at);
        }
        let separator = if text.contains('?') { '&' } else { '?' };
        text.push_str(&format!("{separator}sequence={sequence}"));
        let url = Url::parse(&text)?;
        if self.tells_password() && !url.is_secure() && !plain_text {
            return Err("the password would go in the open; take https, or set directoryPlainText=1".to_owned());
        }
        Ok(url)
    }

    /// Where the blanks are, from the first on.
    fn blanks(&self) -> Vec<(usize, usize, Blank)> {
        let text = self.text.reveal();
        let named = NAMES.iter().flat_map(|name| {
            text.match_indices(name).map(|(at, found)| (at, at + found.len(), Blank::Named(name))).collect::<Vec<_>>()
        });
        let positional = text.match_indices("%s").take(3).enumerate();
        let positional = positional.map(|(number, (at, found))| (at, at + found.len(), Blank::Positional(number)));
        let mut all: Vec<_> = named.chain(positional).collect();
        all.sort_unstable_by_key(|(at, _, _)| *at);
        all
    }

    fn fill(&self, with: impl Fn(Blank) -> String) -> String {
        let text = self.text.reveal();
        let (mut out, mut done) = (String::new(), 0);
        for (from, to, blank) in self.blanks() {
            out += text.get(done..from).unwrap_or_default();
            out += &with(blank);
            done = to;
        }
        out + text.get(done..).unwrap_or_default()
    }
}

fn is_password(blank: Blank) -> bool {
    matches!(blank, Blank::Positional(1) | Blank::Named("{password}" | "{md5_password}"))
}

fn value(account: &Account, blank: Blank, time_s: u64) -> String {
    let password = account.password.reveal();
    match blank {
        Blank::Positional(0) | Blank::Named("{username}") => account.username.clone(),
        Blank::Positional(1) | Blank::Named("{password}") => password.to_owned(),
        Blank::Positional(_) | Blank::Named("{server}") => account.server.clone(),
        Blank::Named("{time}") => time_s.to_string(),
        Blank::Named("{version}") => env!("CARGO_PKG_VERSION").to_owned(),
        Blank::Named("{label}") => account.label.clone(),
        Blank::Named("{domain}") => account.domain.clone(),
        Blank::Named("{md5_password}") => Md5::digest(password).iter().map(|byte| format!("{byte:02x}")).collect(),
        Blank::Named(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    fn account() -> Account {
        Account {
            label: "Desk & Co".to_owned(),
            server: "pbx.example.net:5061".to_owned(),
            domain: "example.net".to_owned(),
            username: "1/1".to_owned(),
            password: Secret::new("p&ss {time}%s"),
            ..Account::new(AccountId(1))
        }
    }

    #[test]
    fn blanks_are_filled_and_escaped() {
        for (text, filled) in [
            ("https://h/d", "/d?sequence=7"),
            ("https://h/d?a=b#c", "/d?a=b&sequence=7"),
            ("https://h", "/?sequence=7"),
            (
                "https://h/?u=%s&p=%s&s=%s&x=%%s",
                "/?u=1%2F1&p=p%26ss%20%7Btime%7D%25s&s=pbx.example.net%3A5061&x=%%s&sequence=7",
            ),
            (
                "https://h/?q={label}&d={domain}&u={username}&t={time}",
                "/?q=Desk%20%26%20Co&d=example.net&u=1%2F1&t=12&sequence=7",
            ),
            (
                "https://h/{server}/{md5_password}",
                "/pbx.example.net%3A5061/3ac8b9dbb38be57eb4f4fe12de4ba5c4?sequence=7",
            ),
            ("https://h/%20%2F{version}", concat!("/%20%2F", env!("CARGO_PKG_VERSION"), "?sequence=7")),
        ] {
            let url = Template::parse(text).unwrap().filled(Some(&account()), (7, 12), false).unwrap();
            let md5 =
                Md5::digest(account().password.reveal()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            assert_eq!(url.target(), filled.replace("3ac8b9dbb38be57eb4f4fe12de4ba5c4", &md5), "{text}");
        }
        for text in ["", "pbx", "ftp://h/%s"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_goes_in_the_open_or_is_shown() {
        for (text, tells) in [
            ("http://h/?u=%s", false),
            ("http://h/?u={username}&s={server}", false),
            ("http://h/?u=%s&p=%s", true),
            ("http://h/{password}", true),
            ("http://h/{md5_password}", true),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.filled(Some(&account()), (0, 0), false).is_err(), tells, "{text}");
            assert!(template.filled(Some(&account()), (0, 0), true).is_ok(), "{text}");
            assert!(template.has_blanks() && template.filled(None, (0, 0), true).is_err());
        }
        let secret = Template::parse("https://u:secret@h/d?key=secret").unwrap();
        assert_eq!((secret.shown(), secret.has_blanks()), ("https://h/d", false));
        assert!(secret.filled(None, (0, 0), false).is_ok());
    }
}
