//! Whose number it is that calls, in whatever format either side writes it.

use super::Contact;
use std::collections::HashMap;

/// A number this short is an extension: it is nobody's but when it is equal.
const MIN_SUFFIX: usize = 4;
/// Most characters a caller's number may have before a contact's: a trunk prefix or a country's code.
const MAX_EXTRA: usize = 3;
/// Digits two numbers share at least where one is national and the other is not.
const MIN_NATIONAL: usize = 6;

/// Contacts, ready to be looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    contacts: Vec<Contact>,
    /// By the whole user, in lower case.
    exact: HashMap<String, Vec<usize>>,
    /// By the last digits of a number.
    endings: HashMap<String, Vec<(usize, Number)>>,
}

/// A number as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    /// Without what only people need.
    plain: String,
    /// Without the signs of a country or a trunk before it.
    national: String,
    is_international: bool,
    has_trunk: bool,
}

impl Book {
    /// A book of these contacts.
    pub fn new(contacts: Vec<Contact>) -> Book {
        let mut book = Book { contacts, ..Book::default() };
        for (index, contact) in book.contacts.iter().enumerate() {
            for number in contact.numbers() {
                let (user, _) = address(number);
                book.exact.entry(user.to_lowercase()).or_default().push(index);
                let Some(number) = Number::of(user) else { continue };
                if let Some(ending) = ending(&number.plain) {
                    book.endings.entry(ending).or_default().push((index, number));
                }
            }
        }
        book
    }

    /// Everybody, in the order given.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// Who is called so: somebody with exactly this user, else whose number this one ends with (MicroSIP's rule), else
    /// who has it in another format; of several the longest number counts, then the first.
    pub fn find(&self, user: &str, host: &str) -> Option<&Contact> {
        let user = address(user).0;
        if user.is_empty() {
            return None;
        }
        let equal = self.exact.get(&user.to_lowercase()).into_iter().flatten().filter_map(|at| self.contacts.get(*at));
        let mut equal = equal.filter(|contact| contact.numbers().any(|number| is_at(number, user, host)));
        equal.next().or_else(|| self.find_number(user))
    }

    fn find_number(&self, user: &str) -> Option<&Contact> {
        let caller = Number::of(user)?;
        let alike = self.endings.get(&ending(&caller.plain)?)?;
        let fitting = alike.iter().filter(|(_, number)| number.is_suffix_of(&caller) || number.is_same_abroad(&caller));
        // The first of equally long ones.
        let best = fitting.rev().max_by_key(|(_, number)| number.plain.len());
        best.and_then(|(at, _)| self.contacts.get(*at))
    }
}

impl Number {
    fn of(user: &str) -> Option<Number> {
        let plain: String = user.chars().filter(|c| !" -().\u{a0}/".contains(*c)).collect();
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte)) {
            return None;
        }
        let is_international = plain.starts_with('+') || plain.starts_with("00");
        let national = digits.trim_start_matches('0').to_owned();
        let has_trunk = !is_international && digits.starts_with('0');
        Some(Number { national, is_international, has_trunk, plain })
    }

    /// The caller has this number and at most a few characters before it.
    fn is_suffix_of(&self, caller: &Number) -> bool {
        let extra = caller.plain.strip_suffix(self.plain.as_str());
        self.plain.len() >= MIN_SUFFIX && extra.is_some_and(|extra| extra.chars().count() <= MAX_EXTRA)
    }

    /// One of the two is written with its country's code, the other with a trunk's zero or as it is, or both with
    /// different signs for abroad.
    fn is_same_abroad(&self, other: &Number) -> bool {
        let (abroad, home) = if self.is_international { (self, other) } else { (other, self) };
        if home.national.len() < MIN_NATIONAL || !abroad.is_international {
            return false;
        }
        let country = abroad.national.strip_suffix(home.national.as_str());
        match country {
            Some("") => home.is_international || !home.has_trunk,
            Some(code) => !home.is_international && code.len() <= MAX_EXTRA,
            None => false,
        }
    }
}

/// The last digits, if there are enough of them.
fn ending(plain: &str) -> Option<String> {
    plain.get(plain.len().checked_sub(MIN_SUFFIX)?..).map(str::to_owned)
}

/// Both lead to the same: equal but for what only people need.
pub fn same_number(a: &str, b: &str) -> bool {
    key(a) == key(b)
}

/// What equal numbers have in common.
pub(super) fn key(number: &str) -> String {
    let (user, host) = address(number);
    match (Number::of(user), host) {
        (Some(number), "") => number.plain,
        _ => format!("{user}@{host}").to_lowercase(),
    }
}

/// The digits alone.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// User and host of what a contact has as its number, or of what is looked for.
fn address(number: &str) -> (&str, &str) {
    let number = number.trim().trim_start_matches('<');
    let number = number.split(['>', ';', '?']).next().unwrap_or_default();
    let scheme = ["sip:", "sips:", "tel:"].into_iter();
    let has = |scheme: &&str| number.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let number = scheme.clone().find(has).and_then(|scheme| number.get(scheme.len()..)).unwrap_or(number);
    let (user, host) = number.rsplit_once('@').unwrap_or((number, ""));
    // Digits for after the answer follow the first comma, as where it is dialled.
    let user = match user.split_once(',') {
        Some((before, after)) if !before.is_empty() && !after.is_empty() => before,
        _ => user,
    };
    let host = host.split(',').next().unwrap_or_default();
    (user.trim(), host.split(':').next().unwrap_or_default())
}

/// This number of a contact is the user's: of a name with a host, only the one there.
fn is_at(number: &str, user: &str, host: &str) -> bool {
    let (own, own_host) = address(number);
    let names_a_place = !own_host.is_empty() && Number::of(own).is_none();
    own.eq_ignore_ascii_case(user) && (!names_a_place || host.is_empty() || own_host.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(numbers: &[&str]) -> Book {
        let contact =
            |number: &&str| Contact { name: format!("<{number}>"), number: (*number).to_owned(), ..Contact::default() };
        Book::new(numbers.iter().map(contact).collect())
    }

    #[test]
    fn who_calls() {
        // The contact's number, the caller, and whether that is he.
        for (number, caller, known) in [
            ("100", "100", true),
            ("100", "1100", false),
            ("100", "9100", false),
            ("5550123", "5550123", true),
            ("5550123", "905550123", true),
            ("5550123", "+15550123", true),
            ("5550123", "0015550123", true),
            ("5550123", "12345550123", false),
            ("1234", "0001234", true),
            ("1234", "00001234", false),
            ("+49 30 1234567", "+49301234567", true),
            ("+49 30 1234567", "0049301234567", true),
            ("0049 30 1234567", "+49301234567", true),
            ("+49 (30) 123-45.67", "0301234567", true),
            ("(030) 1234567", "+49301234567", true),
            ("030 1234567", "0301234567", true),
            ("+49301234567", "49301234567", true),
            ("+49301234567", "+43301234567", false),
            ("+4930123", "030123", false),
            ("tel:+49-30-1234567", "+49301234567", true),
            ("sip:5550123@pbx.example.net", "5550123", true),
            ("5550123,1234#", "5550123", true),
            ("sip:ops@example.net", "ops", true),
            ("sip:Ops@Example.net;transport=tls", "ops", true),
            ("sip:ops@other.org", "ops", false),
            ("ops", "devops", false),
            ("", "100", false),
        ] {
            assert_eq!(book(&[number]).find(caller, "example.net").is_some(), known, "{number} {caller}");
        }
        assert!(book(&["100"]).find("", "h").is_none());
    }

    #[test]
    fn of_several_the_equal_one_then_the_longest() {
        let found =
            |numbers: &[&str], caller: &str| book(numbers).find(caller, "h").map(|contact| contact.name.clone());
        assert_eq!(found(&["0123", "90123", "90123"], "90123").as_deref(), Some("<90123>"));
        assert_eq!(found(&["5012", "95012", "095012"], "1095012").as_deref(), Some("<095012>"));
        let two = Book::new(vec![
            Contact { name: "first".into(), number: "55501".into(), ..Contact::default() },
            Contact { name: "second".into(), number: "1".into(), mobile: "555-01".into(), ..Contact::default() },
        ]);
        assert_eq!(two.find("055501", "h").unwrap().name, "first");
        assert_eq!(two.find("1", "h").unwrap().name, "second");
    }

    #[test]
    fn what_is_the_same_number() {
        assert!(same_number("+49 30-1", "+49301") && same_number("SIP:a@B", "a@b") && same_number("(1) 2", "12"));
        assert!(!same_number("100", "0100") && !same_number("a@b", "a@c"));
    }
}
