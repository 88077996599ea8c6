//! Connections under TLS: who the peer must be, and plain words when it is not (RFC 3261 §26.3.1, RFC 5922).

use super::stream::Duplex;
use super::wire::Names;
use crate::config::TlsSettings;
use crate::text::{plain_error, sanitise};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

type Bytes32 = [u8; 32];

/// Certificates of a chain that are looked at.
const MOST_SHOWN: usize = 10;

/// Whether this build has TLS.
///
/// # Errors
/// Never here.
pub fn is_here() -> Result<(), String> {
    Ok(())
}

/// Makes a connection secret, with a peer that is who it should be.
///
/// # Errors
/// What is wrong and what to do about it, in words.
pub async fn secure(
    stream: TcpStream,
    name: &str,
    settings: &TlsSettings,
    names: Names,
) -> Result<Box<dyn Duplex>, String> {
    shake_hands(stream, name, settings, names, Arc::default()).await
}

/// What a peer shows, its own certificate first, in DER; and as of [`secure`], whether that would do.
pub async fn look(
    stream: TcpStream,
    name: &str,
    settings: &TlsSettings,
    names: Names,
) -> (Vec<Vec<u8>>, Result<(), String>) {
    let seen = Arc::new(Seen { chain: Some(Mutex::default()), ..Seen::default() });
    let shaken = shake_hands(stream, name, settings, names, Arc::clone(&seen)).await.map(drop);
    (seen.chain(), shaken)
}

async fn shake_hands(
    stream: TcpStream,
    name: &str,
    settings: &TlsSettings,
    names: Names,
    seen: Arc<Seen>,
) -> Result<Box<dyn Duplex>, String> {
    let server =
        ServerName::try_from(name.to_owned()).map_err(|_| format!("{name} is no name a certificate can have"))?;
    let settings = settings.clone();
    // Why apart: the files of a hundred authorities are read.
    let prepared = {
        let seen = Arc::clone(&seen);
        tokio::task::spawn_blocking(move || client(&settings, names, seen)).await
    };
    let config = prepared.map_err(|_| "the certificates could not be read".to_owned())??;
    let connector = TlsConnector::from(Arc::new(config));
    match connector.connect(server, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(words(&error, name, seen.get())),
    }
}

fn client(settings: &TlsSettings, names: Names, seen: Arc<Seen>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let (trust, wildcard) = (trust(settings, &provider)?, settings.wildcard);
    let judge = Judge { trust, names, wildcard, provider: Arc::clone(&provider), seen };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge));
    if settings.client_cert.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    let key_file = if settings.client_key.is_empty() { &settings.client_cert } else { &settings.client_key };
    let chain = certificates("tlsClientCert", &settings.client_cert)?;
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|error| unreadable("tlsClientKey", key_file, &error))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("tlsClientCert {}: {error}", settings.client_cert))
}

fn trust(settings: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Trust, String> {
    if !settings.fingerprint.is_empty() {
        let wrong = || format!("tlsFingerprint is not a SHA-256 in 64 hex digits: {}", sanitise(&settings.fingerprint));
        return Ok(Trust::Pinned(read_fingerprint(&settings.fingerprint).ok_or_else(wrong)?));
    }
    if !settings.verify {
        return Ok(Trust::Anyone);
    }
    let verifier: Arc<dyn ServerCertVerifier> = if settings.ca_file.is_empty() {
        let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
        Arc::new(system.map_err(|_| "this system has no list of authorities; name one with tlsCaFile".to_owned())?)
    } else {
        let mut roots = RootCertStore::empty();
        for certificate in certificates("tlsCaFile", &settings.ca_file)? {
            roots.add(certificate).map_err(|error| format!("tlsCaFile {}: {error}", settings.ca_file))?;
        }
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        built.map_err(|error| format!("tlsCaFile {}: {error}", settings.ca_file))?
    };
    Ok(Trust::Authorities(verifier))
}

fn certificates(key: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let list = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match list.map_err(|error| unreadable(key, file, &error))? {
        none if none.is_empty() => Err(format!("{key} {file}: no certificate in it (PEM is wanted)")),
        list => Ok(list),
    }
}

fn unreadable(key: &str, file: &str, error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => format!("{key} {file}: {}", plain_error(error)),
        other => format!("{key} {file}: {other} (PEM is wanted)"),
    }
}

/// 64 hex digits, with or without colons.
fn read_fingerprint(text: &str) -> Option<Bytes32> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .map(|c| c.to_digit(16))
        .map(|d| d.and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    bytes.try_into().ok().filter(|_| digits.len() == 64)
}

fn print_fingerprint(bytes: &Bytes32) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the peer showed.
#[derive(Debug, Default)]
struct Seen {
    /// The fingerprint of its certificate.
    fingerprint: Mutex<Option<Bytes32>>,
    /// All of its certificates, where somebody looks at them.
    chain: Option<Mutex<Vec<Vec<u8>>>>,
}

impl Seen {
    fn get(&self) -> Option<Bytes32> {
        *self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, bytes: Bytes32, own: &CertificateDer<'_>, others: &[CertificateDer<'_>]) {
        *self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        if let Some(chain) = &self.chain {
            let all = std::iter::once(own).chain(others).take(MOST_SHOWN).map(|der| der.to_vec());
            *chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        }
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        let chain = self.chain.as_ref().map(|chain| chain.lock().unwrap_or_else(PoisonError::into_inner).clone());
        chain.unwrap_or_default()
    }
}

#[derive(Debug)]
enum Trust {
    /// Whoever an authority vouches for, under the name asked for.
    Authorities(Arc<dyn ServerCertVerifier>),
    /// The one certificate with this SHA-256.
    Pinned(Bytes32),
    /// Whoever answers (`tlsVerify=0`).
    Anyone,
}

#[derive(Debug)]
struct Judge {
    trust: Trust,
    names: Names,
    /// `tlsWildcard=1`.
    wildcard: bool,
    provider: Arc<CryptoProvider>,
    seen: Arc<Seen>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fingerprint: Bytes32 = Sha256::digest(certificate).into();
        self.seen.note(fingerprint, certificate, chain);
        match &self.trust {
            Trust::Authorities(verifier) => {
                let known = sip_names(certificate).filter(|_| self.names == Names::Sip);
                let (ServerName::DnsName(host), Some(names)) = (name, known) else {
                    return verifier.verify_server_cert(certificate, chain, name, ocsp, now);
                };
                // The chain under a name of its own, whether that is the one asked for is judged here.
                verifier.verify_server_cert(certificate, chain, names.own.as_ref().unwrap_or(name), ocsp, now)?;
                //= RFC 5922 §7.2: letter case aside, the whole name
                let is_it = |known: &String| {
                    let host = host.as_ref();
                    known.eq_ignore_ascii_case(host) || (self.wildcard && stands_for(known, host))
                };
                match names.sip.iter().any(is_it) {
                    true => Ok(ServerCertVerified::assertion()),
                    false => Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                        expected: name.to_owned(),
                        presented: names.sip,
                    })),
                }
            }
            Trust::Pinned(pinned) if *pinned != fingerprint => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            Trust::Pinned(_) | Trust::Anyone => Ok(ServerCertVerified::assertion()),
        }
    }

    // Whatever is trusted, the peer must hold the key of the certificate it shows.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The names in a certificate.
struct CertificateNames {
    /// Domains it vouches for in SIP.
    sip: Vec<String>,
    /// A host name that it is valid for.
    own: Option<ServerName<'static>>,
}

fn sip_names(certificate: &CertificateDer<'_>) -> Option<CertificateNames> {
    let entity = webpki::EndEntityCert::try_from(certificate).ok()?;
    let hosts: Vec<&str> = entity.valid_dns_names().collect();
    let own = hosts.first().and_then(|host| ServerName::try_from(host.replacen('*', "any", 1)).ok());
    //= RFC 5922 §7.1: the domains of its SIP URIs that name no user; only without any, its host names
    let of_uri = |uri: &str| {
        let (scheme, rest) = uri.split_once(':')?;
        let host = rest.split([':', ';', '?']).next()?;
        (scheme.eq_ignore_ascii_case("sip") && !rest.contains('@')).then(|| host.to_owned())
    };
    let uris: Vec<String> = entity.valid_uri_names().filter_map(of_uri).collect();
    let sip = if uris.is_empty() { hosts.iter().map(|&host| host.to_owned()).collect() } else { uris };
    Some(CertificateNames { sip, own })
}

/// `wild` is `*.` and a domain of two labels at least, `host` one label more.
fn stands_for(wild: &str, host: &str) -> bool {
    //= RFC 6125 §6.4.3: the wildcard is the whole left-most label, and stands for one
    let (Some(domain), Some((label, rest))) = (wild.strip_prefix("*."), host.split_once('.')) else { return false };
    !label.is_empty() && domain.contains('.') && !domain.contains('*') && rest.eq_ignore_ascii_case(domain)
}

/// What went wrong, and what next, in one line.
fn words(error: &io::Error, name: &str, seen: Option<Bytes32>) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let shown = seen.as_ref().map(print_fingerprint).unwrap_or_default();
    match tls {
        Some(Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!(
                    "the certificate of {name} has expired; its owner must renew it, or is this machine's clock wrong?"
                )
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate of {name} is not valid yet; is this machine's clock wrong?")
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let is_wild = presented.iter().any(|known| stands_for(&bare(known), name));
                let names: Vec<String> = presented.iter().take(4).map(|name| bare(name)).collect();
                let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                let next = match is_wild {
                    true => format!(
                        "SIP takes no wildcard (RFC 5922); to trust it, set tlsWildcard=1 or tlsFingerprint={shown}"
                    ),
                    false => "ask for the server by the name in it".to_owned(),
                };
                format!("the certificate is one of {names}, not of {name}; {next}")
            }
            CertificateError::NotValidForName => {
                format!("the certificate is not one of {name}; ask for the server by the name in it")
            }
            // A bad signature is that of an authority of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "no known authority vouches for the certificate of {name}; to trust it, set tlsCaFile or \
                 tlsFingerprint={shown}"
            ),
            CertificateError::Revoked => format!("the certificate of {name} has been revoked"),
            CertificateError::ApplicationVerificationFailure => {
                format!("the certificate of {name} is another one than tlsFingerprint says: {shown}")
            }
            other => format!("the certificate of {name} is not acceptable: {}", sanitise(&format!("{other:?}"))),
        },
        Some(Error::AlertReceived(alert)) => format!("{name} refused the TLS handshake: {alert:?}"),
        Some(Error::PeerIncompatible(_)) => format!("{name} speaks no TLS this phone accepts (1.2 or 1.3)"),
        Some(Error::InvalidMessage(_)) => format!("{name} does not speak TLS on this port"),
        Some(other) => format!("the TLS handshake with {name} failed: {}", sanitise(&other.to_string())),
        None => format!("the TLS handshake with {name} failed: {}", plain_error(error)),
    }
}

/// `DnsName("example.net")` without what is round it.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    sanitise(inner.trim_matches('"'))
}

#[cfg(test)]
mod tests;
