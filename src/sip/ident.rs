//! Identifiers nobody can guess: branches, tags, Call-IDs, cnonces. Chance is the caller's generator.

use rand::Rng;

/// The cookie every RFC 3261 branch begins with (§8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// A fresh Via branch, 96 bits of chance.
pub fn branch(rng: &mut impl Rng) -> String {
    format!("{MAGIC_COOKIE}{}", token(rng))
}

/// A fresh From or To tag, 96 bits.
pub fn tag(rng: &mut impl Rng) -> String {
    token(rng)
}

/// A fresh Call-ID, `hex@host`; without the `@` where `host` is empty.
pub fn call_id(rng: &mut impl Rng, host: &str) -> String {
    let unique = token(rng);
    if host.is_empty() { unique } else { format!("{unique}@{host}") }
}

/// A fresh cnonce or nonce, 96 bits.
pub fn nonce(rng: &mut impl Rng) -> String {
    token(rng)
}

/// A random UUID (RFC 9562 version 4), `xxxxxxxx-xxxx-4xxx-…`, for `+sip.instance`.
pub fn uuid(rng: &mut impl Rng) -> String {
    let bits = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let mut parts = [8, 4, 4, 4, 12].iter().scan(hex.as_str(), |rest, len| {
        let (part, tail) = rest.split_at_checked(*len)?;
        *rest = tail;
        Some(part)
    });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |uuid, part| uuid + "-" + part)
}

/// A random first CSeq number below 2^24: room to grow before 2^31 (RFC 3261 §8.1.1.5).
pub fn cseq(rng: &mut impl Rng) -> u32 {
    rng.next_u32() >> 8
}

fn token(rng: &mut impl Rng) -> String {
    format!("{:016x}{:08x}", rng.next_u64(), rng.next_u32())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn identifiers_have_their_form_and_differ() {
        let mut rng = StdRng::seed_from_u64(7);
        assert!(branch(&mut rng).starts_with("z9hG4bK"));
        assert_eq!(tag(&mut rng).len(), 24);
        assert_ne!(tag(&mut rng), tag(&mut rng));
        assert!(call_id(&mut rng, "192.0.2.1").ends_with("@192.0.2.1"));
        assert!(!call_id(&mut rng, "").contains('@'));
        assert!(cseq(&mut rng) < 1 << 24);
    }

    #[test]
    fn a_uuid_is_version_four() {
        let id = uuid(&mut StdRng::seed_from_u64(1));
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.chars().nth(14), Some('4'));
        assert!(matches!(id.chars().nth(19), Some('8' | '9' | 'a' | 'b')), "{id}");
    }
}
