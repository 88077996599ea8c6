//! Typed reading of [`Headers`].

use super::number::{bounded, delta_seconds};
use super::split::{is_token, split};
use super::{
    CSeq, ContactList, HeaderError, MediaType, NameAddr, RAck, Replaces, SessionExpires, ValueError, Valued, Via,
};
use crate::sip::message::{HeaderName, Headers, Method};

type Read<T> = Result<T, HeaderError>;

impl Headers {
    /// The topmost Via element.
    pub fn via_top(&self) -> Read<Option<Via>> {
        let first = self.get(&HeaderName::Via).and_then(|line| split(line, b',').next());
        first.map(Via::parse).transpose().map_err(named(&HeaderName::Via))
    }

    /// Every Via element, topmost first.
    pub fn vias(&self) -> Read<Vec<Via>> {
        self.elements(&HeaderName::Via).map(Via::parse).collect::<Result<_, _>>().map_err(named(&HeaderName::Via))
    }

    /// From.
    pub fn from(&self) -> Read<Option<NameAddr>> {
        self.one(&HeaderName::From, NameAddr::parse)
    }

    /// To.
    pub fn to(&self) -> Read<Option<NameAddr>> {
        self.one(&HeaderName::To, NameAddr::parse)
    }

    /// Call-ID; compare byte for byte (RFC 3261 §20.8).
    pub fn call_id(&self) -> Read<Option<&str>> {
        let text = |value| match std::str::from_utf8(value) {
            Ok("") => Err(ValueError::Empty),
            Ok(text) => Ok(text),
            Err(_) => Err(ValueError::NotText),
        };
        self.once(&HeaderName::CallId)?.map(text).transpose().map_err(named(&HeaderName::CallId))
    }

    /// CSeq.
    pub fn cseq(&self) -> Read<Option<CSeq>> {
        self.one(&HeaderName::CSeq, CSeq::parse)
    }

    /// Every Contact element; an empty list if there is none.
    pub fn contacts(&self) -> Read<ContactList> {
        let name = &HeaderName::Contact;
        if self.all(name).any(|line| line.trim_ascii() == b"*") {
            //= RFC 3261 §20.10: `*` stands alone
            let alone = self.all(name).count() == 1;
            return if alone { Ok(ContactList::Star) } else { Err(named(name)(ValueError::Repeated)) };
        }
        self.addresses(name).map(ContactList::List)
    }

    /// Every Record-Route element in wire order.
    pub fn record_routes(&self) -> Read<Vec<NameAddr>> {
        self.addresses(&HeaderName::RecordRoute)
    }

    /// Every Route element in wire order.
    pub fn routes(&self) -> Read<Vec<NameAddr>> {
        self.addresses(&HeaderName::Route)
    }

    /// Every Service-Route element in wire order (RFC 3608).
    pub fn service_routes(&self) -> Read<Vec<NameAddr>> {
        self.addresses(&HeaderName::ServiceRoute)
    }

    /// Every element of a header of addresses (P-Asserted-Identity, Path, Diversion…), in wire order.
    pub fn addresses(&self, name: &HeaderName) -> Read<Vec<NameAddr>> {
        self.elements(name).map(NameAddr::parse).collect::<Result<_, _>>().map_err(named(name))
    }

    /// Refer-To (RFC 3515). A URI with `?headers` must stand in brackets (RFC 3261 §20).
    pub fn refer_to(&self) -> Read<Option<NameAddr>> {
        self.one(&HeaderName::ReferTo, NameAddr::parse)
    }

    /// Referred-By (RFC 3892).
    pub fn referred_by(&self) -> Read<Option<NameAddr>> {
        self.one(&HeaderName::ReferredBy, NameAddr::parse)
    }

    /// Replaces (RFC 3891).
    pub fn replaces(&self) -> Read<Option<Replaces>> {
        self.one(&HeaderName::Replaces, Replaces::parse)
    }

    /// Max-Forwards, 0..=255.
    pub fn max_forwards(&self) -> Read<Option<u8>> {
        let number = self.one(&HeaderName::MaxForwards, |v| bounded(v, 255))?;
        Ok(number.and_then(|n| u8::try_from(n).ok()))
    }

    /// Expires in seconds.
    pub fn expires(&self) -> Read<Option<u32>> {
        self.one(&HeaderName::Expires, delta_seconds)
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Read<Option<u32>> {
        self.one(&HeaderName::MinExpires, delta_seconds)
    }

    /// Retry-After in seconds; its comment and parameters are dropped.
    pub fn retry_after(&self) -> Read<Option<u32>> {
        self.one(&HeaderName::RetryAfter, |v| delta_seconds(v.split(|b| matches!(b, b'(' | b';')).next().unwrap_or(v)))
    }

    /// Session-Expires (RFC 4028).
    pub fn session_expires(&self) -> Read<Option<SessionExpires>> {
        self.one(&HeaderName::SessionExpires, SessionExpires::parse)
    }

    /// Min-SE in seconds (RFC 4028).
    pub fn min_se(&self) -> Read<Option<u32>> {
        self.one(&HeaderName::MinSe, |v| delta_seconds(v.split(|b| *b == b';').next().unwrap_or(v)))
    }

    /// RSeq (RFC 3262).
    pub fn rseq(&self) -> Read<Option<u32>> {
        let number = self.one(&HeaderName::RSeq, |v| bounded(v, u64::from(u32::MAX)))?;
        Ok(number.and_then(|n| u32::try_from(n).ok()))
    }

    /// RAck (RFC 3262).
    pub fn rack(&self) -> Read<Option<RAck>> {
        self.one(&HeaderName::RAck, RAck::parse)
    }

    /// Content-Length in bytes; equal repeats count as one.
    pub fn content_length(&self) -> Read<Option<usize>> {
        let number = self.one(&HeaderName::ContentLength, |v| bounded(v, u64::from(u32::MAX)))?;
        Ok(number.and_then(|n| usize::try_from(n).ok()))
    }

    /// Content-Type.
    pub fn content_type(&self) -> Read<Option<MediaType>> {
        self.one(&HeaderName::ContentType, MediaType::parse)
    }

    /// Event: the package and its parameters (RFC 6665).
    pub fn event(&self) -> Read<Option<Valued>> {
        self.one(&HeaderName::Event, Valued::parse)
    }

    /// Subscription-State (RFC 6665).
    pub fn subscription_state(&self) -> Read<Option<Valued>> {
        self.one(&HeaderName::SubscriptionState, Valued::parse)
    }

    /// The readable elements of Reason, `Q.850;cause=16;text="…"` (RFC 3326).
    pub fn reasons(&self) -> Vec<Valued> {
        self.elements(&HeaderName::Reason).filter_map(|v| Valued::parse(v).ok()).collect()
    }

    /// The methods of Allow.
    pub fn allows(&self) -> Vec<Method> {
        self.tokens(&HeaderName::Allow).map(Method::from_token).collect()
    }

    /// True if Supported or Require names this option tag.
    pub fn supports(&self, tag: &str) -> bool {
        let has = |name| self.tokens(name).any(|t| t.eq_ignore_ascii_case(tag));
        has(&HeaderName::Supported) || has(&HeaderName::Require)
    }

    /// True if Require names this option tag.
    pub fn requires(&self, tag: &str) -> bool {
        self.tokens(&HeaderName::Require).any(|t| t.eq_ignore_ascii_case(tag))
    }

    /// The tokens of a comma-separated header; what is no token is left out.
    pub fn tokens<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.elements(name).filter(|e| is_token(e)).filter_map(|e| std::str::from_utf8(e).ok())
    }

    /// The comma-separated elements of every line of this name, trimmed, in wire order.
    pub fn elements<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(|line| split(line, b','))
    }

    /// The only value of a header that may be there once. The same value twice is tolerated.
    fn once<'a>(&'a self, name: &'a HeaderName) -> Read<Option<&'a [u8]>> {
        let mut values = self.all(name);
        let first = values.next();
        if values.any(|other| Some(other) != first) {
            return Err(named(name)(ValueError::Repeated));
        }
        Ok(first)
    }

    fn one<T>(&self, name: &HeaderName, read: impl Fn(&[u8]) -> Result<T, ValueError>) -> Read<Option<T>> {
        self.once(name)?.map(read).transpose().map_err(named(name))
    }
}

fn named(name: &HeaderName) -> impl Fn(ValueError) -> HeaderError {
    let name = name.clone();
    move |problem| HeaderError { name: name.clone(), problem }
}
