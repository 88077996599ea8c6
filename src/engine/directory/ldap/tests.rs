//! Servers of our own on loopback: one that hands out pages, and those that refuse, lie and cut.

use super::*;
use crate::config::Secret;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short").to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}

/// The same number of a request in its answer, an operation, a page to go on with.
fn reply(id: u8, operation: &[u8], next: Option<&str>) -> Vec<u8> {
    let control = next.map(|cookie| {
        let value = element(0x30, &[&[0x02, 1, 0][..], &element(0x04, cookie.as_bytes())].concat());
        element(0xa0, &element(0x30, &[element(0x04, b"1.2.840.113556.1.4.319"), element(0x04, &value)].concat()))
    });
    element(0x30, &[&[0x02, 1, id][..], operation, &control.unwrap_or_default()].concat())
}

fn outcome(tag: u8, code: u8) -> Vec<u8> {
    element(tag, &[&[0x0a, 1, code][..], &element(0x04, b""), &element(0x04, b"so it is")].concat())
}

fn person(name: &str, number: &str) -> Vec<u8> {
    let attribute = |name: &str, value: &str| {
        element(0x30, &[element(0x04, name.as_bytes()), element(0x31, &element(0x04, value.as_bytes()))].concat())
    };
    let attributes = [attribute("cn", name), attribute("telephoneNumber", number)].concat();
    element(0x64, &[element(0x04, b"cn=x"), element(0x30, &attributes)].concat())
}

/// What a server does.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Good,
    RefusesTls,
    SpeaksBeforeTls,
    Stops,
    Boasts,
}

type Heard = Arc<Mutex<Vec<u8>>>;

/// Answers until its peer leaves; what it hears goes to `heard`. With StartTLS granted it hands the connection back.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, manner: Manner, heard: &Heard) -> bool {
    let mut come = Vec::new();
    loop {
        let Some(length) = ldap::frame(&come).expect("a message") else {
            match stream.read_u8().await {
                Ok(byte) => come.push(byte),
                Err(_) => return false,
            }
            continue;
        };
        let message: Vec<u8> = come.drain(..length).collect();
        heard.lock().expect("alone").extend_from_slice(&message);
        let text = String::from_utf8_lossy(&message).into_owned();
        // Past the length of the whole: the number of the request, the tag of its operation.
        let body = message.get(if message.get(1) == Some(&0x84) { 6.. } else { 2.. }).expect("a body");
        let (id, operation) = (*body.get(2).expect("a number"), *body.get(3).expect("an operation"));
        let said = match (operation, manner) {
            (0x77, Manner::RefusesTls) => reply(id, &outcome(0x78, 2), None),
            (0x77, Manner::SpeaksBeforeTls) => {
                [reply(id, &outcome(0x78, 0), None), reply(id, &person("Eve", "666"), None)].concat()
            }
            (0x77, _) => {
                stream.write_all(&reply(id, &outcome(0x78, 0), None)).await.expect("sent");
                return true;
            }
            (0x60, _) => reply(id, &outcome(0x61, if text.contains("right") { 0 } else { 49 }), None),
            (0x63, Manner::Stops) => reply(id, &person("Ann", "1"), None),
            (0x63, Manner::Boasts) => vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02],
            (0x63, _) if text.contains("second page") => {
                [reply(id, &person("Cid", "3"), None), reply(id, &outcome(0x65, 0), Some(""))].concat()
            }
            (0x63, _) => [
                reply(id, &person("Ann", "1"), None),
                reply(99, &person("Eve", "666"), None),
                reply(id, &element(0x73, b"ldap://elsewhere"), None),
                reply(id, &person("Bob", "2"), None),
                reply(id, &outcome(0x65, 0), Some("second page")),
            ]
            .concat(),
            _ => return false,
        };
        stream.write_all(&said).await.expect("sent");
        if operation == 0x63 && manner == Manner::Stops {
            return false;
        }
    }
}

async fn server(manner: Manner) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, heard) = (listener.local_addr().expect("an address").port(), Heard::default());
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            answer(&mut stream, manner, &told).await;
        }
    });
    (port, heard)
}

fn client(port: u16, password: &str) -> Ldap {
    let settings = LdapSettings {
        url: format!("ldap://127.0.0.1:{port}/ignored"),
        base: "dc=example,dc=net".to_owned(),
        username: "cn=phone".to_owned(),
        password: Secret::new(password),
        ..LdapSettings::default()
    };
    Ldap::new(&settings).expect("settings")
}

#[tokio::test]
async fn people_come_in_pages_and_nobody_elses_answers_count() {
    let (port, heard) = server(Manner::Good).await;
    let answer = client(port, "right").load("", true).await.expect("an answer");
    let people: Vec<_> = answer.contacts.iter().map(|c| (c.name.as_str(), c.number.as_str())).collect();
    assert_eq!(people, [("Ann", "1"), ("Bob", "2"), ("Cid", "3")]);
    assert!(answer.is_whole && answer.contacts.iter().all(|contact| contact.directory));
    let refused = client(port, "wrong").load("", true).await;
    assert_eq!(refused, Err("the server refuses ldapUsername or its password".to_owned()));
    assert!(String::from_utf8_lossy(&heard.lock().expect("alone")).contains("dc=example,dc=net"));
}

#[tokio::test]
async fn no_password_is_said_in_the_open() {
    for (manner, why) in [
        (Manner::RefusesTls, "it does not make the connection secret (the server answered 2: so it is); take ldaps://"),
        (Manner::SpeaksBeforeTls, "somebody speaks in the open where the server should speak in secret"),
    ] {
        let (port, heard) = server(manner).await;
        let said = client(port, "right").load("", false).await;
        #[cfg(feature = "tls")]
        assert_eq!(said, Err(why.to_owned()));
        #[cfg(not(feature = "tls"))]
        assert!(said.is_err() && !why.is_empty());
        assert!(!String::from_utf8_lossy(&heard.lock().expect("alone")).contains("right"));
    }
}

#[tokio::test]
async fn servers_that_stop_and_boast() {
    for (manner, why) in [
        (Manner::Stops, "the connection ended within the answer"),
        (Manner::Boasts, "a message of 2147483647 bytes, more than an entry may have"),
    ] {
        let (port, _) = server(manner).await;
        assert_eq!(client(port, "right").load("", true).await, Err(why.to_owned()));
    }
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = other.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = other.accept().await.expect("somebody");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("sent");
        std::future::pending::<()>().await;
    });
    assert_eq!(client(port, "right").load("", true).await, Err("it does not answer as LDAP does".to_owned()));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_connection_made_secret_is_with_who_it_should_be() {
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::{ServerConfig, crypto::ring};
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, own.cert.pem()).expect("written");
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = config.with_single_cert(vec![own.cert.der().clone()], key).expect("a certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (open, secret) = (Heard::default(), Heard::default());
    let (told, told_in_secret) = (Arc::clone(&open), Arc::clone(&secret));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if answer(&mut stream, Manner::Good, &told).await
                && let Ok(mut stream) = acceptor.accept(stream).await
            {
                answer(&mut stream, Manner::Good, &told_in_secret).await;
            }
        }
    });
    let stranger = client(port, "right").load("", false).await;
    assert!(stranger.as_ref().is_err_and(|why| why.starts_with("no known authority vouches")), "{stranger:?}");
    assert!(secret.lock().expect("alone").is_empty());
    let answer = client(port, "right").load(&ca_file.display().to_string(), false).await.expect("an answer");
    assert_eq!(answer.contacts.len(), 3);
    let heard = |heard: &Heard| String::from_utf8_lossy(&heard.lock().expect("alone")).contains("right");
    assert_eq!((heard(&open), heard(&secret)), (false, true));
}
