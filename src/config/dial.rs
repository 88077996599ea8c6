//! What a person typed → the URI to call: rewriting, number clean-up, dialling prefix, dial plan, DTMF suffix; and each
//! step of that, to be shown.

mod step;

use super::dial_plan::Planned;
use super::{Account, AccountId};
use std::net::IpAddr;
use step::Steps;
pub use step::{Stage, Step, Way};

/// The longest text that is dialled, in characters.
pub const MAX_TYPED: usize = 1024;

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialTarget {
    /// The Request-URI, `sip:100@pbx.example.net`; no headers in it.
    pub uri: String,
    /// Headers the address asked for (`?X-Queue=7`), decoded; only harmless names.
    pub headers: Vec<(String, String)>,
    /// Digits to send after the answer, each `,` a pause of a second; the first one is a pause.
    pub dtmf: String,
}

/// Why nothing can be dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nothing typed, or nothing left after the clean-up.
    #[error("there is no number to call")]
    Empty,
    /// More than [`MAX_TYPED`] characters.
    #[error("the number is longer than {MAX_TYPED} characters")]
    TooLong,
    /// A character that no address has.
    #[error("an address cannot contain {0:?}")]
    BadCharacter(char),
    /// Not a host name or an IP address.
    #[error("{0:?} is not a host")]
    BadHost(String),
    /// Neither sip, sips nor tel.
    #[error("addresses of the kind {0:?} cannot be called; sip:, sips: and tel: can")]
    BadScheme(String),
    /// A `?Header=` or `;method=` that would do more than call.
    #[error("an address may not set {0:?}")]
    Forbidden(String),
    /// What follows the comma is no DTMF.
    #[error("{0:?} are no DTMF digits")]
    BadDigits(String),
    /// No rule of the account's dial plan matches.
    #[error("the dial plan {plan:?} has no rule for {number:?}")]
    NotInPlan {
        /// The plan.
        plan: String,
        /// The number, cleaned and prefixed.
        number: String,
    },
    /// The account's dial plan cannot be read.
    #[error("the dial plan {plan:?} cannot be read: {why}")]
    BadPlan {
        /// The plan.
        plan: String,
        /// What is wrong with it.
        why: String,
    },
    /// A bare number, and an account without a domain.
    #[error("{0:?} needs a host, as no account gives one; dial {0}@HOST")]
    NoDomain(String),
}

/// Headers an address may set; anything that begins `X-` too.
const HARMLESS_HEADERS: &[&str] = &["Subject", "Priority", "User-to-User"];

/// The target of `typed` on this account.
pub fn dial(typed: &str, account: &Account) -> Result<DialTarget, DialError> {
    way(typed, account).outcome
}

/// The way of `typed` on this account, step by step.
pub fn way(typed: &str, account: &Account) -> Way {
    Way::new(|steps| follow(typed, account, steps))
}

fn follow(typed: &str, account: &Account, steps: &mut Steps) -> Result<DialTarget, DialError> {
    let typed = typed.trim();
    if typed.chars().count() > MAX_TYPED {
        return Err(DialError::TooLong);
    }
    if let Some(control) = typed.chars().find(|c| c.is_control()) {
        return Err(DialError::BadCharacter(control));
    }
    let (address, suffix) = split_dtmf(typed);
    let dtmf = post_dial(suffix)?;
    if let Some(digits) = dtmf.strip_prefix(',') {
        steps.take(Stage::Digits, None, digits);
    }
    let (uri, headers) = match enclosed(address) {
        Some(uri) if !is_tel(uri) => {
            steps.take(Stage::Complete, None, uri);
            complete(uri)?
        }
        Some(uri) => transform(uri, account, steps)?,
        None => transform(address, account, steps)?,
    };
    let headers = parse_headers(headers)?;
    steps.take(Stage::Address, None, &uri);
    Ok(DialTarget { uri, headers, dtmf })
}

/// A command line's number: `%20` and `%2B` are decoded, nothing else.
pub fn decode_argument(text: &str) -> String {
    text.replace("%20", " ").replace("%2B", "+").replace("%2b", "+")
}

/// True if the Local account should carry this call although `account` is selected: the host is `localhost` or an
/// IP address that is not the account's own domain.
pub fn is_direct(typed: &str, account: &Account) -> bool {
    let (address, _) = split_dtmf(typed.trim());
    let (_, address) = scheme(enclosed(address).unwrap_or(address));
    let (address, _, _) = split_tail(address);
    let host = address.rsplit_once('@').map_or(address, |(_, host)| host);
    let name = host_name(host);
    (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()) && name != host_name(&account.domain)
}

/// A number or address, made whole as MicroSIP does. The second part are the headers.
fn transform<'a>(address: &'a str, account: &Account, steps: &mut Steps) -> Result<(String, &'a str), DialError> {
    let (scheme, address) = scheme(address);
    let secure = scheme.eq_ignore_ascii_case("sips");
    let (number, parameters, headers) = split_tail(address);
    check_parameters(parameters)?;
    //= RFC 3261 §19.1.6: a telephone number is a user of the own domain, with its parameters
    let (of_number, parameters) = if is_tel(scheme) { (parameters, ";user=phone") } else { ("", parameters) };
    let number = if account.id == AccountId(0) {
        steps.take(Stage::Direct, None, number);
        number.to_owned()
    } else {
        rewrite(number, account, steps)?
    };
    if number.is_empty() {
        return Err(DialError::Empty);
    }
    let (user, host) = match number.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None if account.id == AccountId(0) && !number.bytes().all(|b| b.is_ascii_digit()) => (None, number.as_str()),
        None if account.domain.is_empty() || account.id == AccountId(0) => return Err(DialError::NoDomain(number)),
        None => (Some(number.as_str()), account.domain.as_str()),
    };
    //= RFC 3261 §25.1: a user has a character at least, and a colon begins its password
    if user.is_some_and(|user| user.split(':').next().is_none_or(str::is_empty)) {
        return Err(DialError::Empty);
    }
    let mut uri = String::from(if secure { "sips:" } else { "sip:" });
    if let Some(user) = user {
        escape(user, &mut uri);
        escape(of_number, &mut uri);
        uri.push('@');
    }
    uri += check_host(host)?;
    uri += parameters;
    if !secure && matches!(account.transport.as_str(), "tcp" | "tls") && !has_parameter(parameters, "transport") {
        uri = format!("{uri};transport={}", account.transport);
    }
    Ok((uri, headers))
}

/// A URI that stood between `<` and `>`: taken as it is.
fn complete(uri: &str) -> Result<(String, &str), DialError> {
    let (name, rest) = uri.split_once(':').ok_or_else(|| DialError::BadScheme(uri.to_owned()))?;
    if !["sip", "sips"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Err(DialError::BadScheme(name.to_owned()));
    }
    let (address, parameters, headers) = split_tail(rest);
    check_parameters(parameters)?;
    if let Some(odd) = address.chars().find(|&c| c == ' ' || c == '"' || c == '<' || !c.is_ascii()) {
        return Err(DialError::BadCharacter(odd));
    }
    check_host(address.rsplit_once('@').map_or(address, |(_, host)| host))?;
    Ok((format!("{name}:{address}{parameters}"), headers))
}

/// Rules of the person's own, clean-up, prefix and plan.
fn rewrite(number: &str, account: &Account, steps: &mut Steps) -> Result<String, DialError> {
    let mut number = number.to_owned();
    // Why: what is meant for numbers would spoil the host of an address.
    if !number.contains('@') {
        for (rule, made) in account.rewrite_rules.apply(&number, MAX_TYPED) {
            steps.take(Stage::Rewrite, Some(rule), &made);
            number = made;
        }
        if number.len() > MAX_TYPED {
            return Err(DialError::TooLong);
        }
    }
    let of_number = |c: char| c.is_ascii_digit() || "*#.-()/ ".contains(c);
    if !number.contains('@') && (number.starts_with('+') || number.chars().all(of_number)) {
        let before = number.len();
        number.retain(|c| !".-()/ ".contains(c));
        if number.len() < before {
            steps.take(Stage::Cleaned, None, &number);
        }
        let prefix = &account.dialing_prefix;
        if !prefix.is_empty() && number.chars().count() > 3 {
            let rest = number.strip_prefix('+').unwrap_or(&number);
            number = format!("{prefix}{rest}");
            steps.take(Stage::Prefix, Some(prefix), &number);
        }
    }
    if number.is_empty() {
        return Ok(number);
    }
    let plan = account.dial_plan.text();
    match account.dial_plan.apply(&number) {
        Planned::Unchanged => Ok(number),
        Planned::By(rule, dialled) => {
            steps.take(Stage::Plan, Some(rule), &dialled);
            Ok(dialled)
        }
        Planned::Refused => Err(DialError::NotInPlan { plan: plan.to_owned(), number }),
        Planned::Broken(why) => Err(DialError::BadPlan { plan: plan.to_owned(), why: why.to_string() }),
    }
}

/// The first comma that is neither first nor last and not inside a quoted name splits off the digits.
fn split_dtmf(typed: &str) -> (&str, Option<&str>) {
    let from = typed.find('>').unwrap_or(0).max(1);
    let comma = typed.char_indices().find(|&(at, c)| c == ',' && at >= from && at + 1 < typed.len());
    match comma.and_then(|(at, _)| typed.split_at_checked(at)) {
        Some((address, rest)) => (address, rest.strip_prefix(',')),
        None => (typed, None),
    }
}

/// What is keyed after the answer, with the comma that led to it.
fn post_dial(suffix: Option<&str>) -> Result<String, DialError> {
    let Some(suffix) = suffix else { return Ok(String::new()) };
    let digits: String = suffix.chars().filter(|c| *c != ' ').collect();
    match digits.split(',').find(|part| !part.chars().all(|c| c.is_ascii_digit() || "*#ABCDabcd".contains(c))) {
        Some(bad) => Err(DialError::BadDigits(bad.to_owned())),
        None => Ok(format!(",{digits}")),
    }
}

fn enclosed(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once('<')?;
    Some(rest.split_once('>')?.0.trim())
}

/// The scheme of a typed address, and what is behind it without `//` and the `/` that ends it; no scheme is empty.
fn scheme(address: &str) -> (&str, &str) {
    let known = ["sip", "sips", "tel", "callto", "dial", "dialpad"];
    match address.split_once(':').filter(|(name, _)| known.iter().any(|known| name.eq_ignore_ascii_case(known))) {
        Some((name, rest)) => match rest.strip_prefix("//") {
            Some(rest) => (name, rest.strip_suffix('/').unwrap_or(rest)),
            None => (name, rest),
        },
        None => ("", address),
    }
}

/// A scheme, or an address with one, of telephone numbers.
fn is_tel(address: &str) -> bool {
    address.split(':').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel"))
}

/// `address`, `;parameters`, `headers` without `?`. In front of an `@`, `;` and `?` belong to the user.
fn split_tail(address: &str) -> (&str, &str, &str) {
    let before_headers = address.find('?').unwrap_or(address.len());
    let from = address.find('@').filter(|&at| at < before_headers).unwrap_or(0);
    let end = address
        .char_indices()
        .find(|&(at, c)| at >= from && matches!(c, ';' | '?'))
        .map_or(address.len(), |(at, _)| at);
    let (address, tail) = address.split_at_checked(end).unwrap_or((address, ""));
    let (parameters, headers) = tail.split_once('?').unwrap_or((tail, ""));
    (address.trim_end(), parameters, headers)
}

fn check_parameters(parameters: &str) -> Result<(), DialError> {
    match parameters.chars().find(|&c| c == ' ' || "\"<>@".contains(c) || !c.is_ascii()) {
        Some(odd) => Err(DialError::BadCharacter(odd)),
        None if has_parameter(parameters, "method") => Err(DialError::Forbidden("method".to_owned())),
        None => Ok(()),
    }
}

fn has_parameter(parameters: &str, name: &str) -> bool {
    parameters.split(';').any(|one| one.split_once('=').map_or(one, |(name, _)| name).eq_ignore_ascii_case(name))
}

fn check_host(host: &str) -> Result<&str, DialError> {
    let good = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
    if good { Ok(host) } else { Err(DialError::BadHost(host.to_owned())) }
}

/// Without port and brackets.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

//= RFC 3261 §25.1 user
/// What a user part cannot hold is escaped; escapes that are there already stay.
fn escape(user: &str, out: &mut String) {
    let bytes = user.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped =
            byte == b'%' && bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if escaped || byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            *out += &format!("%{byte:02X}");
        }
    }
}

//= RFC 3261 §19.1.5
/// Only headers that cannot redirect, impersonate or answer for the user are taken from an address.
fn parse_headers(text: &str) -> Result<Vec<(String, String)>, DialError> {
    text.split('&')
        .filter(|one| !one.is_empty())
        .map(|one| {
            let (name, value) = one.split_once('=').unwrap_or((one, ""));
            let own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            let token = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !token || !(own || HARMLESS_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))) {
                return Err(DialError::Forbidden(name.to_owned()));
            }
            let value = unescape(value);
            match value.chars().find(|c| c.is_control()) {
                Some(control) => Err(DialError::BadCharacter(control)),
                None => Ok((name.to_owned(), value)),
            }
        })
        .collect()
}

pub(super) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
