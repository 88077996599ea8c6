//! Servers of our own on loopback: good ones, and those that lie, hang, flood and lead astray.

use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Longest wait where an answer comes.
const LONG: Duration = Duration::from_secs(30);
const BOUNDS: Bounds = Bounds { bytes: 1 << 20, connect: LONG, whole: LONG };

/// What a server does with a request: the bytes it sends, and what it does then.
type Reply = (Vec<u8>, Then);

#[derive(Clone, Copy)]
enum Then {
    Closes,
    Hangs,
    /// Repeats its last byte for ever.
    Floods,
}

/// Requests that came, head and body.
type Heard = Arc<Mutex<Vec<String>>>;

/// A server that answers every request by its path; the port, and what it hears.
async fn server(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, heard) = (listener.local_addr().expect("an address").port(), Heard::default());
    let (reply, told) = (Arc::new(reply), Arc::clone(&heard));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&reply), Arc::clone(&told)));
        }
    });
    (port, heard)
}

async fn serve(mut stream: impl Duplex, reply: Arc<impl Fn(&str) -> Reply>, heard: Heard) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).expect("text");
    heard.lock().expect("alone").push(head.clone());
    let (bytes, then) = reply(head.split(' ').nth(1).expect("a path"));
    if stream.write_all(&bytes).await.is_err() {
        return;
    }
    match then {
        Then::Closes => drop(stream.shutdown().await),
        Then::Hangs => std::future::pending().await,
        Then::Floods => while stream.write_all(&[b'x'; 8192]).await.is_ok() {},
    }
}

fn text(head: &str, body: &str) -> Reply {
    (format!("HTTP/1.1 {head}\r\n\r\n{body}").into_bytes(), Then::Closes)
}

fn wanted(port: u16, path: &str) -> Fetch {
    Fetch::get(Url::parse(&format!("http://127.0.0.1:{port}{path}")).expect("an address"))
}

async fn get(port: u16, path: &str) -> Result<Fetched, String> {
    fetch(&wanted(port, path), "", BOUNDS).await
}

#[tokio::test]
async fn answers_of_every_form() {
    let (port, heard) = server(|path| match path {
        "/length" => text(
            "200 OK\r\nContent-Type: text/csv\r\nContent-Length: 3\r\nCache-Control: private, Max-Age=\"90\"",
            "abc",
        ),
        "/chunks" => text("200 OK\r\nTransfer-Encoding: chunked", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        "/old" => (b"HTTP/1.0 200 OK\r\n\r\nabc".to_vec(), Then::Closes),
        "/kept" => (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc".to_vec(), Then::Hangs),
        "/more" => text("200 OK\r\nContent-Length: 3", "abcdef"),
        _ => text("404 Not Found\r\nContent-Length: 0", ""),
    })
    .await;
    for path in ["/length", "/chunks", "/old", "/kept", "/more"] {
        let answer = get(port, path).await.expect(path);
        assert_eq!((answer.status, answer.body.as_slice(), &answer.cut), (200, &b"abc"[..], &None), "{path}");
        assert_eq!(answer.refusal(), None);
        if path == "/length" {
            assert_eq!((answer.media_type.as_str(), answer.max_age_s), ("text/csv", Some(90)));
        }
    }
    let missing = get(port, "/none?secret").await.expect("an answer");
    assert_eq!(missing.refusal().as_deref(), Some("there is nothing of that name (404)"));
    let request = heard.lock().expect("alone").first().cloned().expect("a request");
    assert!(request.starts_with("GET /length HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("host: 127.0.0.1:{port}\r\n")) && !request.contains("authorization"),
        "{request}"
    );
}

#[tokio::test]
async fn servers_that_lie_hang_and_flood() {
    let (port, _) = server(|path| match path {
        "/short" => text("200 OK\r\nContent-Length: 10", "abc"),
        "/half" => text("200 OK\r\nTransfer-Encoding: chunked", "5\r\nab"),
        "/huge" => text("200 OK\r\nContent-Length: 104857600", "abc"),
        "/flood" => (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Then::Floods),
        "/head" => (format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(200_000)).into_bytes(), Then::Hangs),
        "/other" => (b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec(), Then::Closes),
        "/packed" => text("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3", "abc"),
        _ => (Vec::new(), Then::Closes),
    })
    .await;
    for path in ["/short", "/half"] {
        let answer = get(port, path).await.expect(path);
        assert!(answer.cut.as_deref().is_some_and(|why| why.contains("ended within")), "{path}: {answer:?}");
        assert!(b"abc".starts_with(&answer.body), "{path}");
    }
    for (path, why) in [
        ("/huge", "it is longer than 1 MB"),
        ("/flood", "it is longer than 1 MB"),
        ("/head", "it does not answer as HTTP does"),
        ("/other", "it does not answer as HTTP does"),
        ("/packed", "it is packed (gzip), which was not asked for"),
        ("/nothing", "the connection ended within the answer"),
    ] {
        assert_eq!(get(port, path).await, Err(why.to_owned()), "{path}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let refused = get(gone, "/").await.expect_err("nobody is there");
    assert!(refused.starts_with(&format!("cannot connect to 127.0.0.1 port {gone}: connection refused")), "{refused}");
}

/// Neither silence nor a trickle lasts longer than the bound.
#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let (port, _) = server(|path| match path {
        "/silent" => (Vec::new(), Then::Hangs),
        _ => (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec(), Then::Hangs),
    })
    .await;
    let bounds = Bounds { whole: Duration::from_millis(300), ..BOUNDS };
    for path in ["/silent", "/slow"] {
        let why = fetch(&wanted(port, path), "", bounds).await.expect_err(path);
        assert!(why.starts_with("no whole answer in "), "{path}: {why}");
    }
}

#[tokio::test]
async fn redirections_are_followed_a_few_times() {
    let (other, heard_there) = server(|_| text("200 OK\r\nContent-Length: 2", "ok")).await;
    let (port, heard) = server(move |path| match path {
        "/a/one" => text("301 Moved\r\nLocation: two\r\nContent-Length: 0", ""),
        "/a/two" => text(&format!("307 Moved\r\nLocation: http://127.0.0.1:{other}/three\r\nContent-Length: 0"), ""),
        "/away" => text("302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0", ""),
        "/none" => text("302 Found\r\nContent-Length: 0", ""),
        _ => text("302 Found\r\nLocation: /circle\r\nContent-Length: 0", ""),
    })
    .await;
    let mut wanted = wanted(port, "/a/one");
    wanted.credentials = Some(("ann".to_owned(), Secret::new("pw")));
    let open = fetch(&wanted, "", BOUNDS).await;
    assert!(open.is_err_and(|why| why.contains("in the open")) && heard.lock().expect("alone").is_empty());
    wanted.plain_credentials = true;
    let answer = fetch(&wanted, "", BOUNDS).await.expect("an answer");
    assert_eq!((answer.body.as_slice(), answer.url.port()), (&b"ok"[..], other));
    let told = |heard: &Heard| {
        heard
            .lock()
            .expect("alone")
            .iter()
            .filter(|request| request.contains("authorization: Basic YW5uOnB3\r\n"))
            .count()
    };
    assert_eq!((told(&heard), told(&heard_there)), (2, 0), "the password is for the server that was meant");
    assert_eq!(get(port, "/circle").await, Err("it redirects more than 5 times".to_owned()));
    assert_eq!(heard.lock().expect("alone").len(), 2 + 6);
    assert!(get(port, "/away").await.is_err_and(|why| why.ends_with("which is no address")));
    assert_eq!(get(port, "/none").await.expect("an answer").refusal().as_deref(), Some("the server answered 302"));
}

/// A proxy is told the whole address, and of a server under TLS its name alone.
#[tokio::test]
async fn servers_are_reached_through_a_proxy() {
    let (port, heard) = server(|path| match path {
        "http://dir.example.net/d?q" => text("200 OK\r\nContent-Length: 2", "ok"),
        _ => text("403 Forbidden\r\nContent-Length: 0", ""),
    })
    .await;
    let proxies = Proxies::of(|name| name.starts_with("http").then(|| format!("http://u:p@127.0.0.1:{port}")));
    let through = |url: &str| {
        let mut wanted = Fetch::get(Url::parse(url).expect("an address"));
        wanted.proxies = proxies.clone();
        wanted
    };
    let answer = fetch(&through("http://dir.example.net/d?q"), "", BOUNDS).await.expect("an answer");
    assert_eq!(answer.body, b"ok");
    #[cfg(feature = "tls")]
    {
        let refused = fetch(&through("https://ann:pw@dir.example.net/d?secret"), "", BOUNDS).await;
        assert_eq!(refused, Err("the proxy does not connect (403)".to_owned()));
        let heard = heard.lock().expect("alone");
        let last = heard.last().expect("a request");
        assert!(last.starts_with("CONNECT dir.example.net:443 HTTP/1.1\r\n") && !last.contains("secret"), "{last}");
    }
    let heard = heard.lock().expect("alone");
    assert!(heard.iter().all(|head| head.to_lowercase().contains("proxy-authorization: basic dtpw\r\n")), "{heard:?}");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_server_under_tls_proves_itself_and_leads_nowhere_open() {
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
    let reply = Arc::new(|path: &str| match path {
        "/down" => text("302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0", ""),
        _ => text("200 OK\r\nContent-Length: 2", "ok"),
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, Arc::clone(&reply), Heard::default()).await;
            }
        }
    });
    let wanted =
        |path: &str| Fetch::get(Url::parse(&format!("https://ann:pw@127.0.0.1:{port}{path}")).expect("an address"));
    let trusted = ca_file.display().to_string();
    let stranger = fetch(&wanted("/"), "", BOUNDS).await.expect_err("nobody vouches for it");
    assert_eq!(stranger, "no known authority vouches for the certificate of 127.0.0.1; to trust it, set tlsCaFile");
    assert_eq!(fetch(&wanted("/"), &trusted, BOUNDS).await.map(|answer| answer.body), Ok(b"ok".to_vec()));
    let down = fetch(&wanted("/down"), &trusted, BOUNDS).await;
    assert_eq!(down, Err("it redirects from https to http://127.0.0.1/: nothing secret goes there".to_owned()));
}
