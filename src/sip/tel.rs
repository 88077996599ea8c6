//! Telephone numbers as URIs (RFC 3966): read, compared, and made a SIP address of (RFC 3261 §19.1.6).

use super::uri::{Host, Uri, escape_user};

/// A number without the separators that only help the eye.
pub fn without_separators(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect()
}

impl Uri {
    /// The SIP address of a `tel:` URI at this domain, `;user=phone`; `None` for other schemes.
    pub fn tel_at(&self, domain: &Host) -> Option<Uri> {
        let number = without_separators(self.user().filter(|_| self.is_tel())?);
        let mut params: Vec<String> = self
            .params()
            .map(|(name, value)| match value {
                Some(value) => format!("{}={value}", name.to_ascii_lowercase()),
                None => name.to_ascii_lowercase(),
            })
            .collect();
        //= RFC 3261 §19.1.6: parameters belong to the user then, in one order, so that equal numbers stay equal
        params.sort();
        let user = std::iter::once(number).chain(params).collect::<Vec<_>>().join(";");
        Uri::parse(&format!("sip:{}@{domain};user=phone", escape_user(&user))).ok()
    }
}

/// Equality as RFC 3966 §4 defines it.
pub(super) fn equivalent(a: &Uri, b: &Uri) -> bool {
    let number = |uri: &Uri| uri.user().map(without_separators).unwrap_or_default().to_ascii_lowercase();
    //= RFC 3966 §4: separators and letter case do not count, the order of parameters neither
    let params = |uri: &Uri| {
        let value = |name: &str, value: &str| match name {
            "phone-context" | "ext" => without_separators_unless_name(value),
            _ => value.to_owned(),
        };
        let mut params: Vec<(String, Option<String>)> = uri
            .params()
            .map(|(name, v)| (name.to_ascii_lowercase(), v.map(str::to_ascii_lowercase)))
            .map(|(name, v)| (name.clone(), v.map(|v| value(&name, &v))))
            .collect();
        params.sort();
        params
    };
    number(a) == number(b) && params(a) == params(b)
}

/// A context is a prefix (`+49-30`) or a domain, whose dots count.
fn without_separators_unless_name(value: &str) -> String {
    let is_number = value.bytes().all(|b| b.is_ascii_digit() || b"+-.()*#".contains(&b));
    if is_number { without_separators(value) } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    //= RFC 3966 §4
    #[test]
    fn numbers_are_equal_whatever_they_look_like() {
        for (same, a, b) in [
            (true, "tel:+1-201-555-0123", "TEL:+1(201)555.0123"),
            (true, "tel:7042;phone-context=example.com", "tel:70-42;Phone-Context=EXAMPLE.com"),
            (true, "tel:1;ext=5;isub=7", "tel:1;isub=7;ext=5"),
            (true, "tel:1;phone-context=+49-30", "tel:1;phone-context=+4930"),
            (false, "tel:+12015550123", "tel:12015550123"),
            (false, "tel:7042;phone-context=example.com", "tel:7042"),
            (false, "tel:7042;phone-context=example.com", "tel:7042;phone-context=examplecom"),
            (false, "tel:+1", "sip:+1@a"),
        ] {
            assert_eq!(uri(a).equivalent(&uri(b)), same, "{a} {b}");
            assert_eq!(uri(b).equivalent(&uri(a)), same, "{b} {a}");
        }
    }

    //= RFC 3261 §19.1.6
    #[test]
    fn a_number_becomes_an_address_of_the_domain() {
        let domain = Host::parse("pbx.example.net").unwrap();
        for (tel, sip) in [
            ("tel:+358-555-1234567", Some("sip:+3585551234567@pbx.example.net;user=phone")),
            (
                "tel:+358-555-1234567;POSTD=pp22;ext=1",
                Some("sip:+3585551234567;ext=1;postd=pp22@pbx.example.net;user=phone"),
            ),
            ("tel:7042;phone-context=+49", Some("sip:7042;phone-context=+49@pbx.example.net;user=phone")),
            ("sip:7042@a", None),
            ("tel:", None),
        ] {
            let made = uri(tel).tel_at(&domain);
            assert_eq!(made.as_ref().map(Uri::as_str), sip, "{tel}");
        }
        assert_eq!(uri("tel:+1-(2)").user_decoded().as_deref(), Some("+12"));
    }
}
