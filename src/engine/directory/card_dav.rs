//! An address book of CardDAV: asked for its state, and whole where that is another one.

use super::{BOUNDS, Loaded};
use crate::config::{CardDavSettings, Secret};
use crate::contacts::directory::card_dav;
use crate::engine::net::http::{Fetch, Url, fetch};
use hyper::Method;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seconds from one look to the next: such a server says nothing of it.
const REFRESH_S: u64 = 900;

/// An address book.
pub(super) struct CardDav {
    url: Url,
    credentials: Option<(String, Secret)>,
    /// The state it was in when it was fetched, if it tells of that.
    state: Mutex<Option<String>>,
}

impl CardDav {
    /// Of these settings.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn new(settings: &CardDavSettings) -> Result<CardDav, String> {
        let url = Url::parse(&settings.url).map_err(|why| format!("cardDavUrl: {why}"))?;
        let named = (!settings.username.is_empty()).then(|| (settings.username.clone(), settings.password.clone()));
        let credentials = named.or_else(|| url.credentials());
        Ok(CardDav { url, credentials, state: Mutex::default() })
    }

    /// What people may see of it.
    pub fn shown(&self) -> String {
        self.url.shown()
    }

    /// Asks for everybody, unless the book is still in the state it was fetched in.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn load(&self, ca_file: &str, plain_text: bool) -> Result<Loaded, String> {
        // Asked before the cards: what changes in between is fetched the next time.
        let state = self.wanted(b"PROPFIND", "0", card_dav::STATE, plain_text)?;
        let state = fetch(&state, ca_file, BOUNDS).await?;
        // A server that cannot tell is asked for the cards every time.
        let state = card_dav::state(&state.body).filter(|_| state.refusal().is_none() && state.cut.is_none());
        if state.is_some() && state == *self.known() {
            return Ok(Loaded::Same { refresh_s: REFRESH_S });
        }
        //= RFC 6352 §8.6
        let wanted = self.wanted(b"REPORT", "1", card_dav::QUERY, plain_text)?;
        let fetched = fetch(&wanted, ca_file, BOUNDS).await?;
        if let Some(why) = fetched.refusal() {
            return Err(why);
        }
        if let Some(why) = fetched.cut {
            return Err(why);
        }
        let read = tokio::task::spawn_blocking(move || card_dav::read(&fetched.body)).await;
        let answer = read.map_err(|_| "it cannot be read".to_owned())?;
        let mut answer = answer.map_err(|why| format!("it is no address book of CardDAV: {why}"))?;
        answer.refresh_s = Some(REFRESH_S);
        *self.known() = state.filter(|_| answer.is_whole);
        Ok(Loaded::New { answer, max_age_s: None })
    }

    fn known(&self) -> MutexGuard<'_, Option<String>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wanted(&self, method: &[u8], depth: &'static str, body: &str, plain_text: bool) -> Result<Fetch, String> {
        Ok(Fetch {
            method: Method::from_bytes(method).map_err(|why| why.to_string())?,
            headers: vec![("content-type", "application/xml; charset=utf-8".into()), ("depth", depth.into())],
            body: body.to_owned(),
            credentials: self.credentials.clone(),
            plain_credentials: plain_text,
            ..Fetch::get(self.url.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    /// A server that answers a PROPFIND and a REPORT so, as often as it is asked; what it was asked.
    struct Server {
        port: u16,
        asked: Arc<Mutex<Vec<String>>>,
        at_work: JoinHandle<()>,
    }

    impl Server {
        async fn open(answers: impl Fn(&str) -> (String, String) + Send + 'static) -> Server {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let asked: Arc<Mutex<Vec<String>>> = Arc::default();
            let heard = Arc::clone(&asked);
            let at_work = tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut request = Vec::new();
                    let whole = |request: &[u8]| {
                        [card_dav::QUERY, card_dav::STATE].iter().any(|body| request.ends_with(body.as_bytes()))
                    };
                    while !whole(&request) {
                        let Ok(byte) = stream.read_u8().await else { break };
                        request.push(byte);
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let (status, body) = answers(request.split(' ').next().unwrap_or_default());
                    heard.lock().expect("alone").push(request);
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
            Server { port, asked, at_work }
        }

        fn book(&self) -> CardDav {
            let settings = CardDavSettings {
                url: format!("http://127.0.0.1:{}/ann/book/", self.port),
                username: "ann".to_owned(),
                password: Secret::new("pw"),
                ..CardDavSettings::default()
            };
            CardDav::new(&settings).expect("settings")
        }

        /// The methods of the requests, and none of them from here on.
        fn methods(&self) -> Vec<String> {
            let asked = std::mem::take(&mut *self.asked.lock().expect("alone"));
            asked.iter().map(|request| request.split(' ').next().unwrap_or_default().to_owned()).collect()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.at_work.abort();
        }
    }

    fn cards() -> (String, String) {
        let card = "BEGIN:VCARD\nFN:Ann\nTEL:1\nEND:VCARD";
        let body = format!(
            "<multistatus xmlns='DAV:'><response><propstat><prop><address-data>{card}</address-data></prop></propstat></response></multistatus>"
        );
        ("207 Multi-Status".to_owned(), body)
    }

    fn state(token: &str) -> (String, String) {
        let body = format!(
            "<multistatus xmlns='DAV:'><response><propstat><prop><sync-token>{token}</sync-token></prop></propstat></response></multistatus>"
        );
        ("207 Multi-Status".to_owned(), body)
    }

    //= RFC 6352 §8.6
    #[tokio::test]
    async fn a_book_is_asked_whole() {
        let server = Server::open(|method| if method == "REPORT" { cards() } else { state("1") }).await;
        let closed = server.book().load("", false).await;
        assert!(closed.is_err_and(|why| why.contains("in the open")), "no password over http");
        let loaded = server.book().load("", true).await.expect("an answer");
        let Loaded::New { answer, .. } = loaded else { panic!("{loaded:?}") };
        assert_eq!((answer.contacts.len(), answer.is_whole, answer.refresh_s), (1, true, Some(REFRESH_S)));
        let asked = server.asked.lock().expect("alone").clone();
        for (request, depth) in asked.iter().zip(["depth: 0\r\n", "depth: 1\r\n"]) {
            for header in [
                " /ann/book/ HTTP/1.1\r\n",
                depth,
                "content-type: application/xml; charset=utf-8\r\n",
                "authorization: Basic YW5uOnB3\r\n",
            ] {
                assert!(request.contains(header), "{header} {request}");
            }
        }
        assert_eq!(server.methods(), ["PROPFIND", "REPORT"]);
    }

    //= RFC 6578 §3.1
    #[tokio::test]
    async fn a_book_that_is_as_before_is_not_fetched_again() {
        // What the server tells of its state, what is known; what is asked then.
        for (told, known, asked) in [
            (state("1"), Some("sync-token 1"), &["PROPFIND"][..]),
            (state("2"), Some("sync-token 1"), &["PROPFIND", "REPORT"]),
            (state("1"), None, &["PROPFIND", "REPORT"]),
            (state(""), None, &["PROPFIND", "REPORT"]),
            (("405 Method Not Allowed".to_owned(), String::new()), Some("sync-token 1"), &["PROPFIND", "REPORT"]),
            (("500 Oh".to_owned(), state("1").1), Some("sync-token 1"), &["PROPFIND", "REPORT"]),
        ] {
            let words = format!("{told:?} {known:?}");
            let server = Server::open(move |method| if method == "REPORT" { cards() } else { told.clone() }).await;
            let book = server.book();
            *book.known() = known.map(str::to_owned);
            let loaded = book.load("", true).await.expect("an answer");
            let is_same = matches!(loaded, Loaded::Same { refresh_s: REFRESH_S });
            let tells = words.contains("207") && !words.contains("<sync-token></sync-token>");
            assert_eq!(book.known().is_some(), tells, "{words}");
            assert_eq!(
                (server.methods(), is_same),
                (asked.iter().map(|it| (*it).to_owned()).collect(), asked.len() == 1),
                "{words}"
            );
        }
    }

    #[tokio::test]
    async fn a_book_that_cannot_be_had_says_why() {
        for (status, body, why) in [
            ("401 Unauthorized", "", "the server refuses it (401): is the password right?"),
            ("404 Not Found", "", "there is nothing of that name (404)"),
            ("200 OK", "<html/>", "it is no address book of CardDAV"),
        ] {
            let (status, body) = (status.to_owned(), body.to_owned());
            let server = Server::open(move |_| (status.clone(), body.clone())).await;
            let said = server.book().load("", true).await.expect_err("a refusal");
            assert!(said.starts_with(why), "{said}");
        }
    }
}
