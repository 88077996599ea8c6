//! People of an LDAP server: connected to in secret, asked, never changed.

use super::BOUNDS;
use crate::config::{LdapSettings, Server};
use crate::contacts::directory::Answer;
use crate::contacts::directory::ldap::{self, Found, Outcome, Page, Reply, Search};
use crate::engine::net::servers;
use crate::engine::net::stream::Duplex;
use crate::text::{plain_error, sanitise};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Seconds from one look to the next: such a server says nothing of it.
pub(super) const REFRESH_S: u64 = 900;

/// Pages that are asked for; more have no room.
const MAX_PAGES: usize = 1000;

/// Bytes of all entries together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A server, and what is looked for there.
pub(super) struct Ldap {
    server: Server,
    /// TLS from the first byte.
    is_secure: bool,
    search: Search,
    settings: LdapSettings,
    shown: String,
}

impl Ldap {
    /// Of these settings.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn new(settings: &LdapSettings) -> Result<Ldap, String> {
        let (scheme, rest) = settings.url.split_once("://").unwrap_or_default();
        let is_secure = scheme.eq_ignore_ascii_case("ldaps");
        let place = rest.split(['/', '?']).next().unwrap_or_default();
        let server = Server::parse(place).ok_or("ldapUrl is no address such as ldaps://HOST")?;
        let search =
            Search::new(&settings.base, &settings.filter, &settings.attributes).map_err(|why| why.to_string())?;
        let shown = sanitise(&format!("{}://{server}", scheme.to_ascii_lowercase()));
        Ok(Ldap { server, is_secure, search, settings: settings.clone(), shown })
    }

    /// What people may see of it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Asks for everybody.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn load(&self, ca_file: &str, plain_text: bool) -> Result<Answer, String> {
        let all = async {
            let mut talk = Talk { stream: self.open(ca_file, plain_text).await?, come: Vec::new(), total: 0, id: 1 };
            if !self.settings.username.is_empty() {
                let request =
                    Zeroizing::new(ldap::bind(talk.id, &self.settings.username, self.settings.password.reveal()));
                let outcome = talk.ask(&request, |_| true).await?;
                outcome.refusal().map_or(Ok(()), Err)?;
            }
            let answer = self.search(&mut talk).await?;
            let _ = talk.stream.write_all(&ldap::unbind(talk.id)).await;
            Ok(answer)
        };
        let patience = BOUNDS.whole;
        timeout(patience, all).await.unwrap_or_else(|_| Err(format!("no whole answer in {} s", patience.as_secs())))
    }

    async fn search(&self, talk: &mut Talk<Box<dyn Duplex>>) -> Result<Answer, String> {
        let (mut found, mut page, mut has_room) = (Found::default(), Page::new(), true);
        let seconds = u32::try_from(BOUNDS.whole.as_secs()).unwrap_or(u32::MAX);
        for _ in 0..MAX_PAGES {
            let request = ldap::search(talk.id, &self.search, seconds, &page);
            let outcome = talk
                .ask(&request, |entry| {
                    has_room = has_room && found.take(&self.search, entry);
                    has_room
                })
                .await?;
            match outcome.refusal() {
                Some(why) if outcome.is_part() => return Ok(found.answer(Some(why))),
                Some(why) => return Err(why),
                None if outcome.next.is_empty() || !has_room => return Ok(found.answer(None)),
                None => page = outcome.next,
            }
        }
        Ok(found.answer(Some(format!("more than {MAX_PAGES} pages; the others are left out"))))
    }

    async fn open(&self, ca_file: &str, plain_text: bool) -> Result<Box<dyn Duplex>, String> {
        let is_plain = plain_text && !self.is_secure;
        if !is_plain {
            servers::has_tls()?;
        }
        let port = self.server.port.unwrap_or(if self.is_secure { 636 } else { 389 });
        let mut stream = servers::tcp(&self.server.host, port, BOUNDS.connect).await?;
        if is_plain {
            return Ok(Box::new(stream));
        }
        if !self.is_secure {
            //= RFC 4511 §4.14.1
            let mut talk = Talk { stream, come: Vec::new(), total: 0, id: 1 };
            let outcome = talk.ask(&ldap::start_tls(1), |_| true).await?;
            if let Some(why) = outcome.refusal() {
                return Err(format!("it does not make the connection secret ({why}); take ldaps://"));
            }
            // What comes in the open behind the answer was not said by whoever proves to be the server.
            if !talk.come.is_empty() {
                return Err("somebody speaks in the open where the server should speak in secret".to_owned());
            }
            stream = talk.stream;
        }
        servers::secure(stream, &self.server.host, ca_file).await
    }
}

/// A connection and what has come by it.
struct Talk<S> {
    stream: S,
    come: Vec<u8>,
    total: usize,
    /// The number of the next request.
    id: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    /// Asks, and takes entries in until the end of the answer, or until they are wanted no more.
    async fn ask(&mut self, request: &[u8], mut take: impl FnMut(&ldap::Entry) -> bool) -> Result<Outcome, String> {
        let plain = |error: std::io::Error| plain_error(&error);
        self.stream.write_all(request).await.map_err(plain)?;
        self.stream.flush().await.map_err(plain)?;
        let id = self.id;
        self.id += 1;
        loop {
            let (about, reply) = self.next().await?;
            match reply {
                // About no request: the server says farewell.
                Reply::Done(outcome) if about == 0 => {
                    return Err(format!("the server ends the connection: {}", outcome.text));
                }
                _ if about != id => {}
                Reply::Entry(entry) if !take(&entry) => {
                    return Ok(Outcome { code: 0, text: String::new(), next: Page::new() });
                }
                Reply::Done(outcome) => return Ok(outcome),
                Reply::Entry(_) | Reply::Other => {}
            }
        }
    }

    async fn next(&mut self) -> Result<(u32, Reply), String> {
        loop {
            if let Some(length) = ldap::frame(&self.come)? {
                let message: Vec<u8> = self.come.drain(..length).collect();
                return ldap::parse(&message).ok_or_else(|| "it does not answer as LDAP does".to_owned());
            }
            let mut chunk = [0; 4096];
            let length = self.stream.read(&mut chunk).await.map_err(|error| plain_error(&error))?;
            self.total += length;
            if length == 0 {
                return Err("the connection ended within the answer".to_owned());
            }
            if self.total > MAX_BYTES {
                return Err(format!("it is longer than {} MB", MAX_BYTES / 1024 / 1024));
            }
            self.come.extend_from_slice(chunk.get(..length).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests;
