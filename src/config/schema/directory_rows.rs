//! The keys of the directories that feed the contacts, beside MicroSIP's own.

use super::super::directory::{LDAP_ATTRIBUTES, LDAP_FILTER};
use super::super::{Secret, Settings};
use super::field::*;
use super::{Kind, Row, tuiphone};
use crate::config::value::flag;

/// Those of `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    tuiphone(
        "directoryPlainText",
        Kind::Flag,
        "0",
        "1 = passwords may go to directories over http and ldap, where everybody on the way reads them",
        |s| digit(s.directories.plain_text),
        |s, v| set(&mut s.directories.plain_text, flag(v)),
    ),
    tuiphone(
        "cardDavUrl",
        Kind::Text,
        "",
        "address book that contacts come from, by CardDAV (builds with the feature carddav)",
        |s| s.directories.card_dav.url.clone(),
        |s, v| web(&mut s.directories.card_dav.url, v),
    ),
    tuiphone(
        "cardDavUsername",
        Kind::Text,
        "",
        "user of the address book",
        |s| s.directories.card_dav.username.clone(),
        |s, v| set(&mut s.directories.card_dav.username, v.to_owned()),
    ),
    tuiphone(
        "cardDavPassword",
        Kind::Secret,
        "",
        "its password; it goes over https alone",
        |s| s.directories.card_dav.password.reveal().to_owned(),
        |s, v| set(&mut s.directories.card_dav.password, Secret::new(v)),
    ),
    tuiphone(
        "cardDavPasswordCommand",
        Kind::Text,
        "",
        "program that prints it, run without a shell",
        |s| s.directories.card_dav.password_command.clone(),
        |s, v| set(&mut s.directories.card_dav.password_command, v.to_owned()),
    ),
    tuiphone(
        "ldapUrl",
        Kind::Text,
        "",
        "ldaps://HOST or ldap://HOST, which is made secret before anything is said; contacts come from there (builds \
         with the feature ldap)",
        |s| s.directories.ldap.url.clone(),
        ldap_url,
    ),
    tuiphone(
        "ldapBase",
        Kind::Text,
        "",
        "entry below which people are looked for",
        |s| s.directories.ldap.base.clone(),
        |s, v| set(&mut s.directories.ldap.base, v.to_owned()),
    ),
    tuiphone(
        "ldapFilter",
        Kind::Text,
        LDAP_FILTER,
        "which entries are people",
        |s| s.directories.ldap.filter.clone(),
        |s, v| set(&mut s.directories.ldap.filter, v.to_owned()),
    ),
    tuiphone(
        "ldapAttributes",
        Kind::Text,
        LDAP_ATTRIBUTES,
        "what of an entry is what: attributes of Contacts.xml and of the server",
        |s| s.directories.ldap.attributes.clone(),
        |s, v| set(&mut s.directories.ldap.attributes, v.to_owned()),
    ),
    tuiphone(
        "ldapUsername",
        Kind::Text,
        "",
        "entry (DN) that asks; empty = nobody in particular",
        |s| s.directories.ldap.username.clone(),
        |s, v| set(&mut s.directories.ldap.username, v.to_owned()),
    ),
    tuiphone(
        "ldapPassword",
        Kind::Secret,
        "",
        "its password; it goes over TLS alone",
        |s| s.directories.ldap.password.reveal().to_owned(),
        |s, v| set(&mut s.directories.ldap.password, Secret::new(v)),
    ),
    tuiphone(
        "ldapPasswordCommand",
        Kind::Text,
        "",
        "program that prints it, run without a shell",
        |s| s.directories.ldap.password_command.clone(),
        |s, v| set(&mut s.directories.ldap.password_command, v.to_owned()),
    ),
];

/// An address of the web, or none.
pub(super) fn web(field: &mut String, value: &str) -> Option<String> {
    address(field, value, &["https://", "http://"])
}

fn ldap_url(s: &mut Settings, value: &str) -> Option<String> {
    address(&mut s.directories.ldap.url, value, &["ldaps://", "ldap://"])
}

fn address(field: &mut String, value: &str, schemes: &[&str]) -> Option<String> {
    let is_one = |scheme: &&str| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_odd = !value.is_empty() && !schemes.iter().any(is_one);
    *field = if is_odd { String::new() } else { value.to_owned() };
    // Why not the value: it may hold a password.
    is_odd.then(|| format!("it does not begin with {}; nothing is asked", schemes.join(" or ")))
}
