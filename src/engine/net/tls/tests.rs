//! A server of our own authority: who is let in, and what people read when somebody is not.

use super::*;
use crate::engine::net::streams::{News, Streams};
use crate::engine::net::wire::Target;
use crate::sip::flow::Transport;
use crate::ua::port::Identity;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::WebPkiClientVerifier;

/// An authority with a folder for what it issues.
struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

struct Issued {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("signed");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        let der = certificate.der().clone();
        Authority { folder, issuer: Issuer::new(params, key), certificate: der }
    }

    /// A certificate for these names, valid from and to these years; also in `FILE.pem`, key included.
    fn issue(&self, file: &str, names: &[&str], (from, to): (i32, i32)) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let (uris, hosts): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| name.contains(':'));
        let mut params = CertificateParams::new(hosts).expect("names");
        let uris = uris.into_iter().map(|uri| SanType::URI(uri.try_into().expect("ASCII")));
        params.subject_alt_names.extend(uris);
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        std::fs::write(self.file(file), certificate.pem() + &key.serialize_pem()).expect("written");
        Issued {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(format!("{name}.pem")).display().to_string()
    }

    /// Trust in this authority alone.
    fn trusted(&self) -> TlsSettings {
        TlsSettings { ca_file: self.file("ca"), ..TlsSettings::default() }
    }
}

fn fingerprint(issued: &Issued) -> String {
    print_fingerprint(&Sha256::digest(issued.chain.first().expect("one")).into())
}

/// What a client with these settings gets from a server that shows this certificate and, with `clients`, asks for one
/// of that authority: an echo, or words.
fn meet(issued: &Issued, clients: Option<&Authority>, name: &str, settings: &TlsSettings) -> Result<(), String> {
    meet_as(Names::Sip, issued, clients, name, settings)
}

fn meet_as(
    names: Names,
    issued: &Issued,
    clients: Option<&Authority>,
    name: &str,
    settings: &TlsSettings,
) -> Result<(), String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let config = builder.with_single_cert(issued.chain.clone(), issued.key.clone_key()).expect("a server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("connected");
            let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
            let mut byte = [0];
            if stream.read_exact(&mut byte).await.is_ok() {
                let _ = stream.write_all(&byte).await;
            }
        });
        let stream = TcpStream::connect(address).await.expect("it listens");
        let mut stream = secure(stream, name, settings, names).await?;
        let mut byte = [7];
        let echo = async {
            stream.write_all(&byte).await?;
            stream.flush().await?;
            stream.read_exact(&mut byte).await
        };
        echo.await.map_err(|error| words(&error, name, None))?;
        let _ = server.await;
        Ok(())
    })
}

//= RFC 5922 §7.1, §7.2
#[test]
fn a_certificate_vouches_for_its_sip_domains_or_its_hosts_and_never_by_a_wildcard() {
    let ours = Authority::new();
    let (domain, host) = ("example.net", "a.example.net");
    for (row, (names, asked, kind, taken)) in [
        (&["a.example.net"][..], host, Names::Sip, true),
        (&["sip:example.net", "a.example.net"], domain, Names::Sip, true),
        (&["sip:example.net", "a.example.net"], "EXAMPLE.net", Names::Sip, true),
        // With a domain named, its hosts are no identities.
        (&["sip:example.net", "a.example.net"], host, Names::Sip, false),
        (&["sip:example.net", "*.example.net"], domain, Names::Sip, true),
        // Of a user, or of another scheme: not the domain's.
        (&["sip:al@example.net", "a.example.net"], domain, Names::Sip, false),
        (&["https://example.net", "a.example.net"], host, Names::Sip, true),
        (&["*.example.net"], host, Names::Sip, false),
        (&["*.example.net"], host, Names::Web, true),
        (&["sip:example.net", "b.example.net"], domain, Names::Web, false),
    ]
    .into_iter()
    .enumerate()
    {
        let issued = ours.issue("san", names, (2000, 4000));
        let result = meet_as(kind, &issued, None, asked, &ours.trusted());
        assert_eq!(result.is_ok(), taken, "row {row}: {result:?}");
    }
    let wild = ours.issue("wild", &["*.example.net"], (2000, 4000));
    let words = meet(&wild, None, host, &ours.trusted()).expect_err("a wildcard");
    let ways = format!("tlsWildcard=1 or tlsFingerprint={}", fingerprint(&wild));
    let next = format!("SIP takes no wildcard (RFC 5922); to trust it, set {ways}");
    assert_eq!(words, format!("the certificate is one of *.example.net, not of {host}; {next}"));
}

//= RFC 6125 §6.4.3
#[test]
fn a_wildcard_stands_for_one_label_where_the_settings_take_it() {
    let ours = Authority::new();
    for (row, (names, asked, taken)) in [
        (&["*.example.net"][..], "pbx.example.net", true),
        (&["*.example.net"], "PBX.Example.net", true),
        (&["*.example.net"], "example.net", false),
        (&["*.example.net"], "a.pbx.example.net", false),
        (&["*.example.net"], "pbx.example.org", false),
        (&["p*.example.net"], "pbx.example.net", false),
        (&["*.net"], "example.net", false),
        // With a domain named, its hosts are no identities.
        (&["sip:example.net", "*.example.net"], "pbx.example.net", false),
    ]
    .into_iter()
    .enumerate()
    {
        let issued = ours.issue("wild", names, (2000, 4000));
        let settings = TlsSettings { wildcard: true, ..ours.trusted() };
        let result = meet(&issued, None, asked, &settings);
        assert_eq!(result.is_ok(), taken, "row {row}: {result:?}");
    }
}

//= RFC 3261 §26.3.1, RFC 5922 §7
#[test]
fn a_server_is_taken_for_its_name_and_its_authority() {
    let (ours, other) = (Authority::new(), Authority::new());
    let good = ours.issue("good", &["sip.example.net", "10.1.2.3"], (2000, 4000));
    let expired = ours.issue("expired", &["sip.example.net"], (2000, 2001));
    let early = ours.issue("early", &["sip.example.net"], (3999, 4000));
    let pin = |issued| TlsSettings { fingerprint: fingerprint(issued), ..TlsSettings::default() };
    let open = TlsSettings { verify: false, ..TlsSettings::default() };
    let rows: [(&Issued, &str, TlsSettings, Result<(), &str>); 11] = [
        (&good, "sip.example.net", ours.trusted(), Ok(())),
        (&good, "SIP.example.NET", ours.trusted(), Ok(())),
        (&good, "10.1.2.3", ours.trusted(), Ok(())),
        (&good, "pbx.example.net", ours.trusted(), Err("is one of sip.example.net, not of pbx.example.net")),
        (&good, "sip.example.net", other.trusted(), Err("no known authority vouches for the certificate")),
        (&good, "sip.example.net", TlsSettings::default(), Err("tlsFingerprint=")),
        (&expired, "sip.example.net", ours.trusted(), Err("the certificate of sip.example.net has expired")),
        (&early, "sip.example.net", ours.trusted(), Err("is not valid yet; is this machine's clock wrong?")),
        (&expired, "whatever.example", pin(&expired), Ok(())),
        (&good, "sip.example.net", pin(&expired), Err("another one than tlsFingerprint says")),
        (&expired, "whatever.example", open, Ok(())),
    ];
    for (issued, name, settings, expected) in rows {
        let got = meet(issued, None, name, &settings);
        match expected {
            Ok(()) => assert_eq!(got, Ok(()), "{name} {settings:?}"),
            Err(part) => {
                let words = got.expect_err(part);
                assert!(words.contains(part) && !words.contains('\n'), "{words}");
            }
        }
    }
    // The fingerprint in the words is the one that lets it in.
    let words = meet(&good, None, "sip.example.net", &other.trusted()).expect_err("a stranger");
    assert!(words.contains(&fingerprint(&good)), "{words}");
}

#[test]
fn we_show_our_own_certificate_where_one_is_asked_for() {
    let ours = Authority::new();
    let server = ours.issue("server", &["sip.example.net"], (2000, 4000));
    ours.issue("phone", &["phone"], (2000, 4000));
    let shown = TlsSettings { client_cert: ours.file("phone"), ..ours.trusted() };
    assert_eq!(meet(&server, Some(&ours), "sip.example.net", &shown), Ok(()));
    let words = meet(&server, Some(&ours), "sip.example.net", &ours.trusted()).expect_err("it asks for one");
    assert!(words.contains("CertificateRequired"), "{words}");
}

#[test]
fn files_that_are_no_certificates_are_named_with_their_key() {
    let ours = Authority::new();
    let server = ours.issue("server", &["sip.example.net"], (2000, 4000));
    std::fs::write(ours.file("empty"), "nothing\n").expect("written");
    let (missing, empty) = (ours.file("missing"), ours.file("empty"));
    let rows = [
        (
            TlsSettings { ca_file: missing.clone(), ..TlsSettings::default() },
            format!("tlsCaFile {missing}: no such file"),
        ),
        (
            TlsSettings { ca_file: empty.clone(), ..TlsSettings::default() },
            format!("tlsCaFile {empty}: no certificate"),
        ),
        (TlsSettings { client_cert: missing.clone(), ..ours.trusted() }, format!("tlsClientCert {missing}: no such")),
        (TlsSettings { client_cert: ours.file("ca"), ..ours.trusted() }, format!("tlsClientKey {}", ours.file("ca"))),
        (TlsSettings { fingerprint: "12:34".into(), ..ours.trusted() }, "64 hex digits: 12:34".to_owned()),
    ];
    for (settings, part) in rows {
        let words = meet(&server, None, "sip.example.net", &settings).expect_err(&part);
        assert!(words.contains(&part), "{words}");
    }
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("connected");
            let _ = stream.write_all(b"SIP/2.0 400 Bad Request\r\n\r\n").await;
            let _ = stream.read(&mut [0; 1024]).await;
        });
        let stream = TcpStream::connect(address).await.expect("it listens");
        let open = TlsSettings { verify: false, ..TlsSettings::default() };
        let words = secure(stream, "sip.example.net", &open, Names::Sip).await.map(|_| ()).expect_err("no TLS");
        assert_eq!(words, "sip.example.net does not speak TLS on this port");
    });
}

/// How many connections these targets of one address come to.
fn connections(identities: &[(&str, bool)]) -> usize {
    let issued = Authority::new().issue("server", &["a.example"], (2000, 4000));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(issued.chain.clone(), issued.key.clone_key())
        });
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a server")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(acceptor.accept(stream).await);
            }
        });
        let mut streams = Streams::deaf();
        let mut flows = std::collections::BTreeSet::new();
        for (n, (name, verify)) in identities.iter().enumerate() {
            let pinned = if *verify { fingerprint(&issued) } else { String::new() };
            let tls = TlsSettings { verify: *verify, fingerprint: pinned, ..TlsSettings::default() };
            let identity = Identity { name: (*name).to_owned(), tls, web_socket_path: String::new() };
            let target =
                Target { transport: Transport::Tls, addresses: vec![address], identity: Some(Box::new(identity)) };
            streams.open(n as u64, target);
            let News::Opened(_, Ok(flow)) = streams.next().await else { panic!("{name} is not reached") };
            flows.insert(flow.local);
        }
        flows.len()
    })
}

/// What was proven to be one host is not taken for another at the same address, nor what was not proven for anything.
//= RFC 5922 §7.1
#[test]
fn a_connection_is_found_again_by_name_and_settings() {
    assert_eq!(connections(&[("a.example", true), ("a.example", true), ("A.Example", true)]), 1);
    assert_eq!(connections(&[("a.example", true), ("b.example", true)]), 2);
    assert_eq!(connections(&[("a.example", false), ("a.example", true)]), 2);
    // The proxy's own address, as it puts it into Record-Route.
    assert_eq!(connections(&[("a.example", true), ("127.0.0.1", true)]), 1);
    assert_eq!(connections(&[("a.example", false), ("127.0.0.1", true)]), 2);
}

#[test]
fn what_a_server_shows_is_told_whether_it_is_taken_or_not() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let issued = ours.issue("shown", &["pbx.example.net"], (2000, 4000));
    let old = ours.issue("old", &["pbx.example.net"], (2000, 2001));
    let open = TlsSettings { verify: false, ..TlsSettings::default() };
    for (shown, settings, words) in [
        (&issued, ours.trusted(), None),
        (&issued, open, None),
        (&issued, theirs.trusted(), Some("no known authority")),
        (&old, ours.trusted(), Some("has expired")),
    ] {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        let config = builder.with_single_cert(shown.chain.clone(), shown.key.clone_key()).expect("a server");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (chain, verdict) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("its address");
            tokio::spawn(async move {
                let (stream, _) = listener.accept().await.expect("connected");
                let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
            });
            let stream = TcpStream::connect(address).await.expect("it listens");
            look(stream, "pbx.example.net", &settings, Names::Sip).await
        });
        assert_eq!(chain, [shown.chain[0].to_vec()]);
        match (&verdict, words) {
            (Ok(()), None) => {}
            (Err(why), Some(words)) => assert!(why.contains(words), "{why}"),
            _ => panic!("{verdict:?} {words:?}"),
        }
    }
}
