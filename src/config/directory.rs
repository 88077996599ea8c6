//! Where contacts come from beside their file.

use super::Secret;

/// The directories that feed the contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectorySettings {
    /// Address of MicroSIP's kind of directory, with blanks (`usersDirectory`); empty = none.
    pub users: String,
    /// Passwords may go to directories in the open (`[tuiphone] directoryPlainText`).
    pub plain_text: bool,
    /// An address book of CardDAV (`[tuiphone] cardDavUrl` and its like).
    pub card_dav: CardDavSettings,
    /// A server of LDAP (`[tuiphone] ldapUrl` and its like).
    pub ldap: LdapSettings,
}

/// An address book of CardDAV.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardDavSettings {
    /// Address of the address book; empty = none.
    pub url: String,
    /// Who asks; empty = nobody in particular.
    pub username: String,
    /// Their password.
    pub password: Secret,
    /// A command that prints it; empty = none.
    pub password_command: String,
}

/// A server of LDAP, and what is looked for there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapSettings {
    /// `ldap://HOST` or `ldaps://HOST`; empty = none.
    pub url: String,
    /// The entry below which people are.
    pub base: String,
    /// Which of the entries are people.
    pub filter: String,
    /// What of an entry is what: attributes of Contacts.xml and of the server, `name=cn number=telephoneNumber`.
    pub attributes: String,
    /// The entry that asks; empty = nobody in particular.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// A command that prints it; empty = none.
    pub password_command: String,
}

/// Entries with a number.
pub(super) const LDAP_FILTER: &str = "(|(telephoneNumber=*)(mobile=*))";

/// Those of inetOrgPerson (RFC 2798).
pub(super) const LDAP_ATTRIBUTES: &str = "name=cn firstname=givenName lastname=sn number=telephoneNumber phone=homePhone mobile=mobile \
                               email=mail address=street city=l state=st zip=postalCode id=entryUUID";

impl Default for LdapSettings {
    fn default() -> LdapSettings {
        LdapSettings {
            url: String::new(),
            base: String::new(),
            filter: LDAP_FILTER.to_owned(),
            attributes: LDAP_ATTRIBUTES.to_owned(),
            username: String::new(),
            password: Secret::default(),
            password_command: String::new(),
        }
    }
}
