//! Settings as they may be shown: addresses and command lines without the passwords and tokens inside them.

/// What stands in the place of a secret.
pub const MASK: &str = "<hidden>";

/// Names of parameters that are secrets, or that end so: `access_token=…`, `md5_password=…`.
const SECRET_NAMES: &[&str] =
    &["password", "passwd", "passphrase", "pass", "pwd", "pw", "secret", "token", "key", "auth", "signature", "sig"];

/// Words before a secret: `Authorization: Bearer …`.
const SECRET_FOLLOWS: &[&str] = &["bearer", "basic"];

/// The text with every secret in it replaced by [`MASK`]: what stands before the `@` of an address with `://`, the values
/// of parameters that are called `password`, `token`, `key` and the like, and what an HTTP header proves. Blanks that are
/// yet to be filled, `{password}` and `%s`, are none.
pub fn masked(text: &str) -> String {
    let has_header = text.to_ascii_lowercase().contains("authorization");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| ends_word(c) || c == '=') {
        let (before, mark) = rest.split_at(at);
        let first = mark.chars().next().map_or(0, char::len_utf8);
        let (mark, behind) = mark.split_at(first);
        out += before;
        out += mark;
        rest = behind;
        if mark == "=" && names_secret(before) {
            rest =
                hide(behind, &mut out, |c| matches!(c, '&' | ';' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace());
        } else if mark == " " && has_header && SECRET_FOLLOWS.iter().any(|word| before.eq_ignore_ascii_case(word)) {
            rest = hide(behind, &mut out, |c| matches!(c, '"' | '\'') || c.is_whitespace());
        } else if before.is_empty() && out.ends_with("://") {
            let authority = behind.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace());
            let end = behind.get(..authority.unwrap_or(behind.len())).and_then(|authority| authority.rfind('@'));
            if let Some(end) = end {
                let (user, host) = behind.split_at(end);
                // Either side of the colon may be a blank and the other a secret.
                let sides = user.split(':').map(|side| if is_blank(side) { side } else { MASK });
                out += &sides.collect::<Vec<_>>().join(":");
                rest = host;
            }
        }
    }
    out + rest
}

/// Characters that end the name of a parameter, or a word before a secret.
fn ends_word(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    SECRET_NAMES.contains(&last) || last.ends_with("key") || last.ends_with("token") || last.ends_with("password")
}

/// Writes the mask for what reaches up to the end that `ends` tells; what follows it.
fn hide<'a>(text: &'a str, out: &mut String, ends: impl Fn(char) -> bool) -> &'a str {
    let (value, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    *out += if value.is_empty() || is_blank(value) { value } else { MASK };
    rest
}

/// It is filled in later.
fn is_blank(value: &str) -> bool {
    value == "%s"
        || value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|name| !name.contains('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_as_it_was() {
        for (text, shown) in [
            ("https://pbx.example.net/book?user=101&token=s3", "https://pbx.example.net/book?user=101&token=<hidden>"),
            ("https://ann:s3@pbx.example.net/book", "https://<hidden>:<hidden>@pbx.example.net/book"),
            ("https://s3@pbx.example.net", "https://<hidden>@pbx.example.net"),
            ("https://ann:s@3@pbx.example.net/x@y", "https://<hidden>:<hidden>@pbx.example.net/x@y"),
            ("https://{username}:{password}@h/", "https://{username}:{password}@h/"),
            ("https://{username}:s3@h/", "https://{username}:<hidden>@h/"),
            ("https://%s:%s@h/?s=%s", "https://%s:%s@h/?s=%s"),
            ("http://h/?Password=s3#top", "http://h/?Password=<hidden>#top"),
            ("http://h/?api_key=s3&apikey=s3&x=1", "http://h/?api_key=<hidden>&apikey=<hidden>&x=1"),
            ("http://h/?password={password}&md5_password=s3", "http://h/?password={password}&md5_password=<hidden>"),
            ("http://h/?token=&k=v", "http://h/?token=&k=v"),
            ("http://h/?accesstoken=s3&MyPassword=s3", "http://h/?accesstoken=<hidden>&MyPassword=<hidden>"),
            ("http://h/?monkeys=3&passenger=4", "http://h/?monkeys=3&passenger=4"),
            ("curl -H \"Authorization: Bearer s3\" http://h/", "curl -H \"Authorization: Bearer <hidden>\" http://h/"),
            ("log --auth=s3 'https://s3@h/' x", "log --auth=<hidden> 'https://<hidden>@h/' x"),
            ("Basic Phone; a=b", "Basic Phone; a=b"),
            ("*78,=", "*78,="),
            ("", ""),
            ("Ж=Ю://Я@Э token=ß", "Ж=Ю://<hidden>@Э token=<hidden>"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
            assert!(!shown.contains("s3"), "{shown}");
        }
    }
}
