//! DTLS-SRTP with OpenSSL: the same keys on both sides, whoever begins, and none for a wrong certificate.

use crate::kamailio::write_certificates;
use crate::support::{PATIENCE, Process, beside_others, free_port, have, until, until_listens};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use tuiphone::rtp::dtls::{Association, Certificate, Effect, Event, Expected, Failure, Keys, Path as Way, Role};
use tuiphone::rtp::srtp::{MasterKey, Suite};

/// OpenSSL's names of the profiles, and the suites they are.
const PROFILES: [(&str, Suite); 3] = [
    ("SRTP_AES128_CM_SHA1_80", Suite::Aes128CmSha1_80),
    ("SRTP_AEAD_AES_128_GCM", Suite::Aes128Gcm),
    ("SRTP_AEAD_AES_256_GCM", Suite::Aes256Gcm),
];

/// What OpenSSL says the fingerprint of the certificate in this folder is, by this hash.
fn fingerprint(folder: &Path, hash: &str) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-fingerprint", hash, "-in"]).arg(folder.join("certificate.pem"));
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let digits = said.trim().split_once('=').unwrap().1.to_owned();
    digits.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// OpenSSL as the other end, with a certificate of its own.
fn peer(role: Role, port: u16, (profile, suite): (&str, Suite), folder: &Path) -> Process {
    let mut command = Command::new("openssl");
    match role {
        // Ours is the client: OpenSSL waits.
        Role::Client => command.args(["s_server", "-accept", &port.to_string(), "-Verify", "1", "-naccept", "1"]),
        Role::Server => command.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]),
    };
    let length = (2 * suite.key_and_salt()).to_string();
    command.args(["-dtls1_2", "-use_srtp", profile, "-keymatexport", "EXTRACTOR-dtls_srtp"]);
    command.args(["-keymatexportlen", &length, "-cert"]).arg(folder.join("certificate.pem"));
    command.arg("-key").arg(folder.join("key.pem"));
    Process::listening("openssl", &mut command, folder)
}

/// The keys of client and server as OpenSSL exported them.
fn exported(said: &str, suite: Suite) -> Option<[MasterKey; 2]> {
    let hex = said.split_once("Keying material: ")?.1.lines().next()?.trim();
    let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(|pair| byte(pair).unwrap()).collect();
    let (keys, salts) = bytes.split_at(2 * suite.key());
    let of = |at: usize| {
        let key = keys.chunks(suite.key()).nth(at)?;
        let salt = salts.chunks(suite.salt()).nth(at)?;
        MasterKey::new(suite, &[key, salt].concat()).ok()
    };
    Some([of(0)?, of(1)?])
}

fn byte(pair: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
}

/// Our end on a socket, until it has keys or failed; it goes on answering for a moment afterwards.
fn shake(role: Role, socket: &UdpSocket, to: SocketAddr, expected: Expected) -> Result<Keys, Failure> {
    let ours = Certificate::generate(&mut StdRng::seed_from_u64(1), SystemTime::now()).unwrap();
    let (mut machine, mut effects) = Association::new(role, ours, expected, Way::Validated(to), Instant::now())?;
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let limit = Instant::now() + Duration::from_secs(30);
    let mut bytes = [0; 4_000];
    let mut outcome = None;
    while Instant::now() < limit {
        for effect in effects.drain(..) {
            match effect {
                Effect::Transmit { to, datagram } => drop(socket.send_to(&datagram, to)),
                Effect::Keys(keys) => outcome = Some(Ok(keys)),
                Effect::Failed(why) => outcome = Some(Err(why)),
                Effect::Closed => {}
            }
        }
        if let Some(outcome) = outcome {
            return outcome;
        }
        if let Ok((count, from)) = socket.recv_from(&mut bytes) {
            effects = machine.handle(Event::Datagram { from, bytes: &bytes[..count] }, Instant::now());
        } else if machine.wake_at().is_some_and(|wake| wake <= Instant::now()) {
            effects = machine.handle(Event::Timeout, Instant::now());
        }
    }
    Err(Failure::Timeout)
}

/// One handshake with OpenSSL; what it came to, and what OpenSSL has said.
fn handshake(role: Role, profile: (&str, Suite), wrong: bool) -> (Result<Keys, Failure>, Process, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let mut fingerprints = [("sha-256", "-sha256"), ("sha-1", "-sha1"), ("sha-512", "-sha512")]
        .map(|(name, option)| (name, fingerprint(folder.path(), option)));
    if wrong {
        fingerprints[0].1[31] ^= 1;
    }
    let expected = Expected::new(fingerprints.iter().map(|(name, value)| (*name, value.as_slice()))).unwrap();
    let port = free_port();
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let (socket, process, to) = match role {
        Role::Client => {
            let process = peer(role, port, profile, folder.path());
            until_listens("openssl", port);
            (UdpSocket::bind(at(0)).unwrap(), process, at(port))
        }
        Role::Server => {
            let socket = UdpSocket::bind(at(port)).unwrap();
            let process = peer(role, port, profile, folder.path());
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let from = socket.peek_from(&mut [0; 16]).unwrap().1;
            (socket, process, from)
        }
    };
    (shake(role, &socket, to, expected), process, folder)
}

#[test]
fn openssl_has_the_same_keys() {
    let _place = beside_others();
    if !have(&["openssl"]) {
        return;
    }
    for role in [Role::Client, Role::Server] {
        for profile in PROFILES {
            let (outcome, mut process, _folder) = handshake(role, profile, false);
            let keys = outcome.unwrap_or_else(|why| panic!("{role:?} {profile:?}: {why}\n{}", process.said()));
            process.until_says("Keying material: ");
            until("all of it", PATIENCE, || exported(&process.said(), profile.1).is_some());
            let [client, server] = exported(&process.said(), profile.1).unwrap();
            let (ours, theirs) = if role == Role::Client { (client, server) } else { (server, client) };
            assert!(keys.local == ours && keys.remote == theirs, "{role:?} {profile:?}: other keys");
        }
    }
}

#[test]
fn openssl_with_another_certificate_than_announced_gets_no_keys() {
    let _place = beside_others();
    if !have(&["openssl"]) {
        return;
    }
    for role in [Role::Client, Role::Server] {
        let (outcome, process, _folder) = handshake(role, PROFILES[0], true);
        assert_eq!(outcome.err(), Some(Failure::Certificate), "{role:?}: {}", process.said());
    }
}
