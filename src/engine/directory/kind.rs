//! The kinds of places that contacts come from: how each is set up, and asked.

use super::address::Template;
#[cfg(feature = "carddav")]
use super::card_dav;
#[cfg(feature = "ldap")]
use super::ldap;
use super::{BOUNDS, wall};
#[cfg(feature = "carddav")]
use crate::config::CardDavSettings;
#[cfg(feature = "ldap")]
use crate::config::LdapSettings;
use crate::config::{Account, DirectorySettings};
use crate::contacts::Problem;
use crate::contacts::directory::{self, Answer};
use crate::engine::net::http::{Fetch, fetch};
use std::time::SystemTime;

/// A place that contacts come from.
pub(super) enum Kind {
    Users(Template),
    #[cfg(feature = "carddav")]
    CardDav(card_dav::CardDav),
    #[cfg(feature = "ldap")]
    Ldap(Box<ldap::Ldap>),
}

impl Kind {
    /// What the settings call it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Users(_) => "usersDirectory",
            #[cfg(feature = "carddav")]
            Kind::CardDav(_) => "cardDav",
            #[cfg(feature = "ldap")]
            Kind::Ldap(_) => "ldap",
        }
    }

    /// What people may see of its address.
    pub fn shown(&self) -> String {
        match self {
            Kind::Users(template) => template.shown().to_owned(),
            #[cfg(feature = "carddav")]
            Kind::CardDav(book) => book.shown(),
            #[cfg(feature = "ldap")]
            Kind::Ldap(server) => server.shown().to_owned(),
        }
    }

    /// It is asked in the name of an account that is registered.
    pub fn needs_account(&self) -> bool {
        match self {
            Kind::Users(template) => template.has_blanks(),
            #[cfg(feature = "carddav")]
            Kind::CardDav(_) => false,
            #[cfg(feature = "ldap")]
            Kind::Ldap(_) => false,
        }
    }

    /// Asks it.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn load(&self, asker: Asker<'_>) -> Result<Loaded, String> {
        let Asker { account, ca_file, plain_text, sequence } = asker;
        match self {
            Kind::Users(template) => {
                let url = template.filled(account, (sequence, unix_time_s()), plain_text)?;
                let wanted = Fetch { plain_credentials: plain_text, ..Fetch::get(url) };
                let fetched = fetch(&wanted, ca_file, BOUNDS).await?;
                if let Some(why) = fetched.refusal() {
                    return Err(why);
                }
                let (body, media_type, cut) = (fetched.body, fetched.media_type, fetched.cut);
                let read = tokio::task::spawn_blocking(move || directory::read(&body, &media_type)).await;
                let mut answer = read.map_err(|_| "it cannot be read".to_owned())?.map_err(|why| why.to_string())?;
                if let Some(why) = cut {
                    answer.is_whole = false;
                    answer.problems.push(Problem { line: None, message: why });
                }
                Ok(Loaded::New { answer, max_age_s: fetched.max_age_s })
            }
            #[cfg(feature = "carddav")]
            Kind::CardDav(book) => book.load(ca_file, plain_text).await,
            #[cfg(feature = "ldap")]
            Kind::Ldap(server) => {
                let mut answer = server.load(ca_file, plain_text).await?;
                answer.refresh_s = Some(ldap::REFRESH_S);
                Ok(Loaded::New { answer, max_age_s: None })
            }
        }
    }
}

/// Who asks a directory, and how.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The account in whose name, if one is registered.
    pub account: Option<&'a Account>,
    /// Authorities of one's own; empty = the system's.
    pub ca_file: &'a str,
    /// Passwords may go in the open.
    pub plain_text: bool,
    /// How often it was asked before.
    pub sequence: u64,
}

/// Settings of a directory: of two that are equal one goes on as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MadeOf {
    Users(String),
    #[cfg(feature = "carddav")]
    CardDav(CardDavSettings),
    #[cfg(feature = "ldap")]
    Ldap(Box<LdapSettings>),
}

/// What came of asking a directory.
#[derive(Debug)]
pub(super) enum Loaded {
    New {
        answer: Answer,
        /// For how long a cache may keep it.
        max_age_s: Option<u64>,
    },
    /// It is as it was when it was asked last.
    #[cfg(feature = "carddav")]
    Same { refresh_s: u64 },
}

/// The directories of the settings, and what is wrong with others.
pub(super) fn kinds(settings: &DirectorySettings) -> (Vec<(MadeOf, Kind)>, Vec<String>) {
    let (mut kinds, mut wrong) = (Vec::new(), Vec::new());
    if !settings.users.is_empty() {
        match Template::parse(&settings.users) {
            Ok(template) => kinds.push((MadeOf::Users(settings.users.clone()), Kind::Users(template))),
            Err(why) => wrong.push(format!("usersDirectory: {why}; nothing is asked")),
        }
    }
    if !settings.card_dav.url.is_empty() {
        #[cfg(feature = "carddav")]
        match card_dav::CardDav::new(&settings.card_dav) {
            Ok(book) => kinds.push((MadeOf::CardDav(settings.card_dav.clone()), Kind::CardDav(book))),
            Err(why) => wrong.push(format!("{why}; nothing is asked")),
        }
        #[cfg(not(feature = "carddav"))]
        wrong.push("cardDavUrl: this build of tuiphone has no CardDAV; take one with the feature carddav".to_owned());
    }
    if !settings.ldap.url.is_empty() {
        #[cfg(feature = "ldap")]
        match ldap::Ldap::new(&settings.ldap) {
            Ok(server) => {
                let made_of = MadeOf::Ldap(Box::new(settings.ldap.clone()));
                kinds.push((made_of, Kind::Ldap(Box::new(server))));
            }
            Err(why) => wrong.push(format!("{why}; nothing is asked")),
        }
        #[cfg(not(feature = "ldap"))]
        wrong.push("ldapUrl: this build of tuiphone has no LDAP; take one with the feature ldap".to_owned());
    }
    (kinds, wrong)
}

fn unix_time_s() -> u64 {
    wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
