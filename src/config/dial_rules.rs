//! Which numbers may be dialled where no person looks on: by a link that dials at once, by a caller over HTTP. Codes of
//! the exchange and premium numbers cost money or turn calls elsewhere, so they wait for a word of the owner.

use super::dial::{MAX_TYPED, dial};
use super::{Account, AccountId};

/// The word of `denyDial` that stands for [`PREMIUM`].
const PREMIUM_WORD: &str = "premium";

/// Most patterns of a list.
const MAX_PATTERNS: usize = 256;

/// Numbers that cost more than a call: as they are dialled within a country, with its code, and those of no country.
const PREMIUM: &[&str] = &[
    "0900.",
    "0137.",
    "118xx",
    "118xxx",
    // What is dialled beyond the number is not looked at there.
    "1900xxxxxxx.",
    "900xxxxxxx",
    "+1900.",
    "+3138.",
    "+3190.",
    "+3290.",
    "+3389.",
    "+34803.",
    "+34806.",
    "+34807.",
    "+3690.",
    "+3989.",
    "+4190.",
    "+420900.",
    "+420906.",
    "+420909.",
    "+43900.",
    "+43901.",
    "+4393.",
    "+4487.",
    "+449.",
    "+4590.",
    "+46900.",
    "+46939.",
    "+46944.",
    "+4782.",
    "+4870.",
    "+49118.",
    "+49137.",
    "+49900.",
    "+61190.",
    "+64900.",
    // Satellites and networks of no country, and E.164's own premium code.
    "+870.",
    "+878.",
    "+881.",
    "+882.",
    "+883.",
    "+979.",
];

/// `[tuiphone] allowDial` and `denyDial`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialRules {
    allow: Vec<String>,
    deny: Vec<String>,
}

/// Why a number is not dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialRefusal {
    /// It has a star or a hash.
    #[error("{0} is a code of the exchange")]
    Code(String),
    /// `premium` of `denyDial` has it.
    #[error("{0} is a premium number")]
    Premium(String),
    /// Another pattern of `denyDial` has it.
    #[error("denyDial rules {0} out")]
    Denied(String),
}

impl DialRefusal {
    /// The number as it would be dialled.
    pub fn number(&self) -> &str {
        let (DialRefusal::Code(number) | DialRefusal::Premium(number) | DialRefusal::Denied(number)) = self;
        number
    }
}

impl Default for DialRules {
    fn default() -> DialRules {
        DialRules { allow: Vec::new(), deny: vec![PREMIUM_WORD.to_owned()] }
    }
}

impl DialRules {
    /// `allowDial` as a file has it.
    pub fn allow_text(&self) -> String {
        self.allow.join(" ")
    }

    /// `denyDial` as a file has it.
    pub fn deny_text(&self) -> String {
        self.deny.join(" ")
    }

    /// Takes the value of `allowDial`; what is odd about it.
    pub fn set_allow(&mut self, value: &str) -> Option<String> {
        let (patterns, complaint) = patterns(value, |_| false);
        self.allow = patterns;
        complaint
    }

    /// Takes the value of `denyDial`; what is odd about it.
    pub fn set_deny(&mut self, value: &str) -> Option<String> {
        let (patterns, complaint) = patterns(value, |word| word == PREMIUM_WORD);
        self.deny = patterns;
        complaint
    }

    /// Why nobody but a person dials what is typed on these accounts; `None` = anybody may. Looked at is the number as it
    /// stands in the address, and what each account makes of it.
    pub fn refuses<'a>(&self, typed: &str, accounts: impl IntoIterator<Item = &'a Account>) -> Option<DialRefusal> {
        let plain = Account { domain: "host.invalid".to_owned(), ..Account::new(AccountId(1)) };
        let whole = || typed.chars().take(MAX_TYPED).collect();
        let meant = dial(typed, &plain).map_or_else(|_| Some(whole()), |target| user(&target.uri));
        let made = accounts.into_iter().filter_map(|account| user(&dial(typed, account).ok()?.uri));
        let mut numbers: Vec<String> = meant.into_iter().chain(made).map(|number| digits(&number)).collect();
        numbers.dedup();
        numbers.iter().find_map(|number| self.refuses_number(number))
    }

    fn refuses_number(&self, number: &str) -> Option<DialRefusal> {
        let allowed = |pattern: &String| fits_either(pattern, number, &["00"]);
        if self.allow.iter().any(allowed) {
            return None;
        }
        if number.contains(['*', '#']) {
            return Some(DialRefusal::Code(number.to_owned()));
        }
        let denied = |pattern: &String| pattern != PREMIUM_WORD && fits_either(pattern, number, &["00", "011"]);
        if self.deny.iter().any(denied) {
            return Some(DialRefusal::Denied(number.to_owned()));
        }
        let counts = self.deny.iter().any(|word| word == PREMIUM_WORD);
        (counts && is_premium(number)).then(|| DialRefusal::Premium(number.to_owned()))
    }
}

fn is_premium(number: &str) -> bool {
    let is = |number: &str| PREMIUM.iter().any(|pattern| fits_either(pattern, number, &["00", "011"]));
    // Behind many exchanges a digit comes first that asks for an outside line.
    is(number) || number.strip_prefix(['0', '9']).is_some_and(is)
}

/// The patterns among these words, and what is said of the others.
fn patterns(value: &str, is_word: impl Fn(&str) -> bool) -> (Vec<String>, Option<String>) {
    let words = value.split([' ', '\t', ',']).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
    let (mut good, odd): (Vec<String>, Vec<String>) = words.partition(|word| is_word(word) || is_pattern(word));
    let complaint = match odd.first() {
        Some(odd) => Some(format!(
            "\"{}\" is no pattern of numbers: digits, * # +, x = a digit, and a dot at the end = whatever follows",
            crate::text::sanitise(odd)
        )),
        None => (good.len() > MAX_PATTERNS).then(|| format!("only the first {MAX_PATTERNS} patterns count")),
    };
    good.truncate(MAX_PATTERNS);
    (good, complaint)
}

fn is_pattern(word: &str) -> bool {
    let body = word.strip_suffix('.').unwrap_or(word);
    body.chars().all(|c| c.is_ascii_digit() || "*#+x".contains(c))
}

/// It fits as it is written, or with what is dialled before the code of a country read as `+` on both sides.
fn fits_either(pattern: &str, number: &str, abroad: &[&str]) -> bool {
    let plus = |text: &str| {
        let rest = abroad.iter().find_map(|prefix| text.strip_prefix(prefix));
        rest.map_or_else(|| text.to_owned(), |rest| format!("+{rest}"))
    };
    fits(pattern, number) || fits(&plus(pattern), &plus(number))
}

fn fits(pattern: &str, number: &str) -> bool {
    let (body, is_open) = pattern.strip_suffix('.').map_or((pattern, false), |body| (body, true));
    let mut rest = number.chars();
    let alike = body.chars().all(|want| match (want, rest.next()) {
        ('x', Some(c)) => c.is_ascii_digit(),
        (want, Some(c)) => c == want,
        (_, None) => false,
    });
    alike && (is_open || rest.next().is_none())
}

/// The user of an address, its escapes undone.
fn user(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once(':')?;
    let (user, _) = rest.rsplit_once('@')?;
    Some(super::dial::unescape(user))
}

/// Without what only makes it easier to read, and without what an address hangs on it.
fn digits(number: &str) -> String {
    let number = number.split(';').next().unwrap_or_default();
    number.chars().filter(|c| !c.is_whitespace() && !".-()/".contains(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(prefix: &str) -> Account {
        let domain = "pbx.example.net".to_owned();
        Account { domain, dialing_prefix: prefix.to_owned(), ..Account::new(AccountId(2)) }
    }

    fn refusal(rules: &DialRules, typed: &str, prefix: &str) -> &'static str {
        match rules.refuses(typed, [&account(prefix)]) {
            None => "",
            Some(DialRefusal::Code(_)) => "code",
            Some(DialRefusal::Premium(_)) => "premium",
            Some(DialRefusal::Denied(_)) => "denied",
        }
    }

    #[test]
    fn codes_and_premium_numbers_wait_for_a_person() {
        let rules = DialRules::default();
        for (typed, expected) in [
            ("600", ""),
            ("bob", ""),
            ("sip:bob@example.net", ""),
            ("sip:192.0.2.1", ""),
            ("+4930123456", ""),
            ("004930123456", ""),
            ("+14155550100", ""),
            ("0013475550100", ""),
            ("0019075550100", ""),
            ("118", ""),
            ("*97", "code"),
            ("*21*0900#", "code"),
            ("#31#600", "code"),
            ("600#", "code"),
            ("sip:%2A21%2A600@pbx.example.net", "code"),
            ("sip:%2a21@other.example", "code"),
            ("<sip:*21@pbx.example.net>", "code"),
            ("tel:*21%23", "code"),
            ("0900 123456", "premium"),
            ("0(900)-12.34", "premium"),
            ("tel:0-900-123456", "premium"),
            ("sip:0900123456@pbx.example.net;user=phone", "premium"),
            ("sip:0900123456;phone-context=x@pbx.example.net", "premium"),
            ("<sip:%30900123456@pbx.example.net>", "premium"),
            ("+49 900 1234567", "premium"),
            ("0049900123", "premium"),
            ("01149900123", "premium"),
            ("0 0900 123456", "premium"),
            ("9 1 900 555 0100", "premium"),
            ("900 555 0100", "premium"),
            ("1 900 555 0100 99", "premium"),
            ("9 00 44 20 7946 0958", ""),
            ("11833", "premium"),
            ("+449098790000", "premium"),
            ("+881612345678", "premium"),
            ("00881612345678", "premium"),
            ("+979123456789", "premium"),
        ] {
            assert_eq!(refusal(&rules, typed, ""), expected, "{typed}");
        }
    }

    #[test]
    fn the_owner_says_what_goes() {
        for (allow, deny, typed, expected) in [
            ("*97", "premium", "*97", ""),
            ("*97", "premium", "*977", "code"),
            ("*97", "premium", "190097", ""),
            ("*21*6xx#", "premium", "*21*601#", ""),
            ("*21*6xx#", "premium", "*21*901#", "code"),
            ("0900.", "premium", "0900123456", ""),
            ("00881.", "premium", "+881612345678", ""),
            ("+881.", "premium", "00881612345678", ""),
            ("0114.", "premium", "+449098790000", "premium"),
            ("", "", "0900123456", ""),
            ("", "", "*97", "code"),
            ("", "00. +.", "0900123456", ""),
            ("", "00.", "+4930123456", "denied"),
            ("", "+.", "004930123456", "denied"),
            ("", "+.", "01144123", "denied"),
            ("6xx", ".", "600", ""),
            ("6xx", ".", "6000", "denied"),
            ("6xx", ".", "bob", "denied"),
            (".", ".", "*21#", ""),
        ] {
            let mut rules = DialRules::default();
            assert_eq!((rules.set_allow(allow), rules.set_deny(deny)), (None, None), "{allow} {deny}");
            assert_eq!(refusal(&rules, typed, ""), expected, "allow {allow}, deny {deny}: {typed}");
        }
    }

    #[test]
    fn what_an_account_puts_before_it_counts_too() {
        let rules = DialRules::default();
        assert_eq!(refusal(&rules, "6001", "*67"), "code");
        assert_eq!(refusal(&rules, "900123456", "0"), "premium");
        assert_eq!(refusal(&rules, "0900123456", "99"), "premium", "and hides nothing");
        let refused = rules.refuses("0900 12", []).expect("refused without an account too");
        assert_eq!((refused.number(), refused.to_string().as_str()), ("090012", "090012 is a premium number"));
    }

    #[test]
    fn what_is_no_pattern_is_told_and_left_out() {
        let mut rules = DialRules::default();
        let told = rules.set_deny("0900., bob Premium 0.9").expect("told");
        assert!(told.starts_with("\"bob\" is no pattern"), "{told}");
        assert_eq!(rules.deny_text(), "0900. premium");
        assert!(rules.set_allow("premium").is_some(), "no word there");
        assert!(rules.set_allow(&"1 ".repeat(MAX_PATTERNS + 1)).is_some_and(|told| told.contains("first 256")));
    }
}
