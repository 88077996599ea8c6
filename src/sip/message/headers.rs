//! The header list: wire order, raw values, one table of names and compact forms.

use std::fmt;

macro_rules! header_names {
    ($($variant:ident $name:literal $($compact:literal)?;)*) => {
        /// A header's name; the set is open. Compact forms read as the full name (RFC 3261 §7.3.3).
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum HeaderName { $($variant,)* /// Any other name, as it came.
            Other(String) }

        impl HeaderName {
            /// The name of a token, in any letter case, full or compact.
            pub fn from_token(token: &str) -> HeaderName {
                $(if token.eq_ignore_ascii_case($name) $(|| token.eq_ignore_ascii_case($compact))? { return HeaderName::$variant; })*
                HeaderName::Other(token.to_owned())
            }

            /// The full name as we print it.
            pub fn as_str(&self) -> &str {
                match self { $(HeaderName::$variant => $name,)* HeaderName::Other(name) => name }
            }
        }
    };
}

header_names! {
    Via "Via" "v";
    Route "Route";
    RecordRoute "Record-Route";
    MaxForwards "Max-Forwards";
    From "From" "f";
    To "To" "t";
    CallId "Call-ID" "i";
    CSeq "CSeq";
    Contact "Contact" "m";
    ContentLength "Content-Length" "l";
    ContentType "Content-Type" "c";
    ContentEncoding "Content-Encoding" "e";
    ContentDisposition "Content-Disposition";
    Expires "Expires";
    MinExpires "Min-Expires";
    Authorization "Authorization";
    ProxyAuthorization "Proxy-Authorization";
    WwwAuthenticate "WWW-Authenticate";
    ProxyAuthenticate "Proxy-Authenticate";
    AuthenticationInfo "Authentication-Info";
    ProxyAuthenticationInfo "Proxy-Authentication-Info";
    Allow "Allow";
    AllowEvents "Allow-Events" "u";
    Accept "Accept";
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    Supported "Supported" "k";
    Require "Require";
    ProxyRequire "Proxy-Require";
    Unsupported "Unsupported";
    UserAgent "User-Agent";
    Server "Server";
    RetryAfter "Retry-After";
    Warning "Warning";
    Reason "Reason";
    Subject "Subject" "s";
    Date "Date";
    Timestamp "Timestamp";
    Priority "Priority";
    Organization "Organization";
    AlertInfo "Alert-Info";
    CallInfo "Call-Info";
    ErrorInfo "Error-Info";
    InReplyTo "In-Reply-To";
    MimeVersion "MIME-Version";
    ReplyTo "Reply-To";
    Event "Event" "o";
    SubscriptionState "Subscription-State";
    ReferTo "Refer-To" "r";
    ReferredBy "Referred-By" "b";
    ReferSub "Refer-Sub";
    Replaces "Replaces";
    SessionExpires "Session-Expires" "x";
    MinSe "Min-SE";
    RSeq "RSeq";
    RAck "RAck";
    Path "Path";
    FlowTimer "Flow-Timer";
    ServiceRoute "Service-Route";
    Privacy "Privacy";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    RemotePartyId "Remote-Party-ID";
    Diversion "Diversion";
    HistoryInfo "History-Info";
    AnswerMode "Answer-Mode";
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Headers in wire order. A value is the raw bytes between the colon and the end of the line, outer blanks
/// trimmed, folding undone; it need not be UTF-8 and is echoed as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, Vec<u8>)>);

impl Headers {
    /// No headers.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// No headers, with room for `lines`.
    pub fn with_capacity(lines: usize) -> Headers {
        Headers(Vec::with_capacity(lines))
    }

    /// Appends a header line.
    pub fn push(&mut self, name: HeaderName, value: impl Into<Vec<u8>>) {
        self.0.push((name, value.into()));
    }

    /// Puts a header line before all others of its name (a Via on top), at the head of the list if there is none.
    pub fn push_front(&mut self, name: HeaderName, value: impl Into<Vec<u8>>) {
        let at = self.0.iter().position(|(n, _)| *n == name).unwrap_or(0);
        self.0.insert(at, (name, value.into()));
    }

    /// Replaces every line of this name by one, in the place of the first; appends if there was none.
    pub fn set(&mut self, name: HeaderName, value: impl Into<Vec<u8>>) {
        match self.0.iter().position(|(n, _)| *n == name) {
            None => self.push(name, value),
            Some(first) => {
                let mut index = 0;
                self.0.retain(|(n, _)| {
                    let keep = index <= first || *n != name;
                    index += 1;
                    keep
                });
                if let Some(slot) = self.0.get_mut(first) {
                    slot.1 = value.into();
                }
            }
        }
    }

    /// Removes every line of this name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(n, _)| n != name);
    }

    /// Removes the first line of this name and returns its value.
    pub fn remove_first(&mut self, name: &HeaderName) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// The first value of this name.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// The first value of this name, lossily decoded.
    pub fn text(&self, name: &HeaderName) -> Option<String> {
        self.get(name).map(|v| String::from_utf8_lossy(v).into_owned())
    }

    /// Every line's value of this name, in order; a line may hold several comma-separated elements.
    pub fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// All lines in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        self.0.iter().map(|(n, v)| (n, v.as_slice()))
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without a line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
