//! A client of HTTP for what is fetched now and then: one connection a request, bounded in bytes and in time, redirected
//! a few times and never out of secrecy, with credentials for the server that was meant alone.

mod proxy;
mod url;

pub use proxy::Proxies;
pub use url::{Url, escaped};

use super::servers;
use super::stream::Duplex;
use crate::config::Secret;
use crate::text::sanitise;
use base64ct::{Base64, Encoding};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    LOCATION, PROXY_AUTHORIZATION, USER_AGENT,
};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Redirections that are followed.
const MAX_REDIRECTS: usize = 5;

/// Bytes of an answer's head.
const MAX_HEAD: usize = 64 * 1024;

/// What is wanted.
pub struct Fetch {
    /// Of whom.
    pub url: Url,
    /// `GET` and others.
    pub method: Method,
    /// Beside those every request has.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// What goes along.
    pub body: String,
    /// User and password of the server; they go nowhere else.
    pub credentials: Option<(String, Secret)>,
    /// They may go in the open.
    pub plain_credentials: bool,
    /// Those that servers are reached through.
    pub proxies: Proxies,
}

impl Fetch {
    /// What is at an address; the user in it is the one who asks.
    pub fn get(url: Url) -> Fetch {
        let credentials = url.credentials();
        Fetch {
            url,
            method: Method::GET,
            headers: Vec::new(),
            body: String::new(),
            credentials,
            plain_credentials: false,
            proxies: Proxies::of(|name| std::env::var(name).ok()),
        }
    }
}

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// For one address to be connected to.
    pub connect: Duration,
    /// For all of it, redirections too.
    pub whole: Duration,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Who gave it in the end.
    pub url: Url,
    /// 200 and others.
    pub status: u16,
    /// What it calls the body.
    pub media_type: String,
    /// Seconds for which it stays true.
    pub max_age_s: Option<u64>,
    /// All of it, or what came before it ended too soon.
    pub body: Vec<u8>,
    /// Why it ended too soon.
    pub cut: Option<String>,
}

impl Fetched {
    /// In words why it is no good; `None` if it is.
    pub fn refusal(&self) -> Option<String> {
        Some(match self.status {
            200..=299 => return None,
            401 | 403 => format!("the server refuses it ({}): is the password right?", self.status),
            404 | 410 => format!("there is nothing of that name ({})", self.status),
            status => format!("the server answered {status}"),
        })
    }
}

/// Asks, and follows where it is sent on to. A server under TLS is vouched for by the authorities of `ca_file`; empty =
/// the system's.
///
/// # Errors
/// Why there is no answer, in words that follow the address.
pub async fn fetch(wanted: &Fetch, ca_file: &str, bounds: Bounds) -> Result<Fetched, String> {
    if wanted.credentials.is_some() && !wanted.url.is_secure() && !wanted.plain_credentials {
        return Err("a password would go in the open; take https, or set directoryPlainText=1".to_owned());
    }
    let all = async {
        let (mut url, mut method) = (wanted.url.clone(), wanted.method.clone());
        for _ in 0..=MAX_REDIRECTS {
            let (response, _connection) = ask(wanted, &url, &method, ca_file, bounds).await?;
            let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
            match (response.status().as_u16(), location) {
                (status @ (301 | 302 | 303 | 307 | 308), Some(location)) => {
                    url = url.redirected(&location)?;
                    if status == 303 {
                        method = Method::GET;
                    }
                }
                _ => return read(response, url, bounds).await,
            }
        }
        Err(format!("it redirects more than {MAX_REDIRECTS} times"))
    };
    match timeout(bounds.whole, all).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no whole answer in {} s", bounds.whole.as_secs())),
    }
}

/// Asks once, and follows nowhere: what is sent is for the one who was meant.
///
/// # Errors
/// Why there is no answer, in words that follow the address.
pub async fn send(wanted: &Fetch, ca_file: &str, bounds: Bounds) -> Result<Fetched, String> {
    let whole = async {
        let (response, _connection) = ask(wanted, &wanted.url, &wanted.method, ca_file, bounds).await?;
        read(response, wanted.url.clone(), bounds).await
    };
    let late = |_| Err(format!("no whole answer in {} s", bounds.whole.as_secs()));
    timeout(bounds.whole, whole).await.unwrap_or_else(late)
}

/// The head of the answer, and the connection its body is still to come by.
async fn ask(
    wanted: &Fetch,
    url: &Url,
    method: &Method,
    ca_file: &str,
    bounds: Bounds,
) -> Result<(Response<Incoming>, JoinSet<()>), String> {
    let proxy = wanted.proxies.through(url)?;
    let pass = proxy.as_ref().and_then(Url::credentials).map(|(user, password)| basic(&user, &password));
    let stream = open(url, proxy.as_ref().map(|proxy| (proxy, pass.as_ref())), ca_file, bounds).await?;
    let mut client = http1::Builder::new();
    client.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.map_err(|why| words(&why))?;
    let mut at_work = JoinSet::new();
    at_work.spawn(async move { drop(connection.await) });
    let body = if *method == Method::GET { String::new() } else { wanted.body.clone() };
    let is_forwarded = proxy.is_some() && !url.is_secure();
    //= RFC 9112 §3.2.2
    let target =
        if is_forwarded { format!("http://{}{}", url.authority(), url.target()) } else { url.target().to_owned() };
    let mut request = Request::builder().method(method).uri(target).body(body).map_err(|why| why.to_string())?;
    *request.headers_mut() = headers(wanted, url)?;
    if let Some(pass) = pass.filter(|_| is_forwarded) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, sensitive(&pass)?);
    }
    let response = sender.send_request(request).await.map_err(|why| words(&why))?;
    Ok((response, at_work))
}

fn headers(wanted: &Fetch, url: &Url) -> Result<HeaderMap, String> {
    let odd = |_| "it is no address".to_owned();
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(url.authority()).map_err(odd)?);
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("tuiphone/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &wanted.headers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(odd)?);
    }
    // Whoever we are sent on to is somebody else.
    if let Some((user, password)) = wanted.credentials.as_ref().filter(|_| url.is_beside(&wanted.url)) {
        headers.insert(AUTHORIZATION, sensitive(&basic(user, password))?);
    }
    Ok(headers)
}

fn basic(user: &str, password: &Secret) -> Zeroizing<String> {
    let both = Zeroizing::new(format!("{user}:{}", password.reveal()));
    Zeroizing::new(format!("Basic {}", Base64::encode_string(both.as_bytes())))
}

fn sensitive(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| "it is no address".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

async fn open(
    url: &Url,
    proxy: Option<(&Url, Option<&Zeroizing<String>>)>,
    ca_file: &str,
    bounds: Bounds,
) -> Result<Box<dyn Duplex>, String> {
    if url.is_secure() {
        servers::has_tls()?;
    }
    let first = proxy.map_or(url, |(proxy, _)| proxy);
    let mut stream = servers::tcp(first.host(), first.port(), bounds.connect).await?;
    if !url.is_secure() {
        return Ok(Box::new(stream));
    }
    if let Some((_, pass)) = proxy {
        stream = proxy::tunnel(stream, url, pass.map(|pass| pass.as_str())).await?;
    }
    servers::secure(stream, url.host(), ca_file).await
}

async fn read(response: Response<Incoming>, url: Url, bounds: Bounds) -> Result<Fetched, String> {
    let too_long = || format!("it is longer than {} MB", bounds.bytes.div_ceil(1024 * 1024));
    let text = |name: HeaderName| {
        let value = response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.unwrap_or_default()
    };
    let (media_type, max_age_s, coding) = (text(CONTENT_TYPE), max_age_s(&text(CACHE_CONTROL)), text(CONTENT_ENCODING));
    if !matches!(coding.trim().to_ascii_lowercase().as_str(), "" | "identity") {
        return Err(format!("it is packed ({}), which was not asked for", sanitise(&coding)));
    }
    let status = response.status().as_u16();
    let mut incoming = response.into_body();
    let most = u64::try_from(bounds.bytes).unwrap_or(u64::MAX);
    if incoming.size_hint().lower() > most {
        return Err(too_long());
    }
    let (mut body, mut cut) = (Vec::new(), None);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) if body.len() + data.len() > bounds.bytes => return Err(too_long()),
            Ok(Ok(data)) => body.extend_from_slice(&data),
            Ok(Err(_trailers)) => {}
            Err(why) => {
                cut = Some(words(&why));
                break;
            }
        }
    }
    Ok(Fetched { url, status, media_type, max_age_s, body, cut })
}

//= RFC 9111 §5.2.2.1
fn max_age_s(cache_control: &str) -> Option<u64> {
    cache_control.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("max-age").then(|| value.parse().ok()).flatten()
    })
}

fn words(error: &hyper::Error) -> String {
    if error.is_parse() {
        return "it does not answer as HTTP does".to_owned();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_body_write_aborted() {
        return "the connection ended within the answer".to_owned();
    }
    let cause = std::error::Error::source(error);
    let is_cut = |cause: &io::Error| cause.kind() == io::ErrorKind::UnexpectedEof;
    match cause {
        Some(cause) if cause.downcast_ref().is_some_and(is_cut) => "the connection ended within the answer".to_owned(),
        Some(cause) => sanitise(&cause.to_string()),
        None => sanitise(&error.to_string()),
    }
}

#[cfg(test)]
mod tests;
