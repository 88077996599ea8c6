//! An address book of CardDAV, asked whole.

use super::{BOUNDS, Loaded};
use crate::config::{CardDavSettings, Secret};
use crate::contacts::directory::card_dav;
use crate::engine::net::http::{Fetch, Url, fetch};
use hyper::Method;

/// Seconds from one look to the next: such a server says nothing of it.
const REFRESH_S: u64 = 900;

/// An address book.
pub(super) struct CardDav {
    url: Url,
    credentials: Option<(String, Secret)>,
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
        Ok(CardDav { url, credentials })
    }

    /// What people may see of it.
    pub fn shown(&self) -> String {
        self.url.shown()
    }

    /// Asks for everybody.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn load(&self, ca_file: &str, plain_text: bool) -> Result<Loaded, String> {
        let wanted = Fetch {
            //= RFC 6352 §8.6
            method: Method::from_bytes(b"REPORT").map_err(|why| why.to_string())?,
            headers: vec![("content-type", "application/xml; charset=utf-8"), ("depth", "1")],
            body: card_dav::QUERY.to_owned(),
            credentials: self.credentials.clone(),
            plain_credentials: plain_text,
            ..Fetch::get(self.url.clone())
        };
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
        Ok((answer, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// One answer; what was asked.
    async fn ask(status: &str, body: &str) -> (Result<Loaded, String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody");
            let mut heard = Vec::new();
            while !heard.ends_with(card_dav::QUERY.as_bytes()) {
                heard.push(stream.read_u8().await.expect("a whole request"));
            }
            stream.write_all(answer.as_bytes()).await.expect("sent");
            String::from_utf8(heard).expect("text")
        });
        let settings = CardDavSettings {
            url: format!("http://127.0.0.1:{port}/ann/book/"),
            username: "ann".to_owned(),
            password: Secret::new("pw"),
            ..CardDavSettings::default()
        };
        let book = CardDav::new(&settings).expect("settings");
        let closed = book.load("", false).await;
        assert!(closed.is_err_and(|why| why.contains("in the open")), "no password over http");
        (book.load("", true).await, server.await.expect("a request"))
    }

    //= RFC 6352 §8.6
    #[tokio::test]
    async fn a_book_is_asked_whole() {
        let card = "BEGIN:VCARD\nFN:Ann\nTEL:1\nEND:VCARD";
        let body = format!(
            "<multistatus xmlns='DAV:'><response><propstat><prop><address-data>{card}</address-data></prop></propstat></response></multistatus>"
        );
        let (loaded, asked) = ask("207 Multi-Status", &body).await;
        let (answer, _) = loaded.expect("an answer");
        assert_eq!((answer.contacts.len(), answer.is_whole, answer.refresh_s), (1, true, Some(REFRESH_S)));
        assert!(asked.starts_with("REPORT /ann/book/ HTTP/1.1\r\n"), "{asked}");
        for header in
            ["depth: 1\r\n", "content-type: application/xml; charset=utf-8\r\n", "authorization: Basic YW5uOnB3\r\n"]
        {
            assert!(asked.contains(header), "{header} {asked}");
        }
        let (refused, _) = ask("401 Unauthorized", "").await;
        assert_eq!(refused, Err("the server refuses it (401): is the password right?".to_owned()));
        let (other, _) = ask("200 OK", "<html/>").await;
        assert!(other.is_err_and(|why| why.starts_with("it is no address book of CardDAV")));
    }
}
