//! kamailio as registrar and proxy with digest: every outcome a script tells by the exit code, for MD5 and SHA-256.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::sipp::{FarEnd, Scenario};
use crate::support::{PATIENCE, Phone, Process, beside_others, free_port, have, skipped, until, which};

/// A registrar and proxy on a free port. User N has the password `secret of N`.
pub struct Kamailio {
    process: Process,
    /// Where it listens: UDP, TCP, WebSocket.
    pub port: u16,
    /// Where it listens under TLS: SIP and WebSocket.
    pub secure_port: u16,
    folder: TempDir,
}

impl Kamailio {
    /// Starts it; `numbers` leads each number to a port of 127.0.0.1, or to several at once.
    pub fn start(algorithm: &str, numbers: &[(&str, u16)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, secure_port) = (free_port(), free_port());
        write_certificates(folder.path());
        let config = folder.path().join("kamailio.cfg");
        std::fs::write(&config, configuration(folder.path(), (port, secure_port), algorithm, numbers)).unwrap();
        let process = run(folder.path());
        until("kamailio answers", PATIENCE, || answers(port));
        Self { process, port, secure_port, folder }
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.process.terminate();
        self.process.ended(PATIENCE);
    }

    /// Starts it again where it was; it has forgotten everything.
    pub fn again(&mut self) {
        self.process = run(self.folder.path());
        until("kamailio answers again", PATIENCE, || answers(self.port));
    }

    /// `127.0.0.1:PORT`.
    pub fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The same under TLS.
    pub fn secure_server(&self) -> String {
        format!("127.0.0.1:{}", self.secure_port)
    }

    /// A phone with the right password.
    pub fn phone(&self, user: &str) -> Phone {
        self.phone_with(user, "audioCodecs=PCMU/8000/1 opus/48000/2")
    }

    /// The same, with further lines of `[Settings]`.
    pub fn phone_with(&self, user: &str, settings: &str) -> Phone {
        Phone::new(user, &format!("secret of {user}"), &self.server(), settings)
    }

    /// A phone that speaks another transport than UDP.
    pub fn phone_over(&self, transport: &str, user: &str, settings: &str) -> Phone {
        let phone = self.phone_with(user, settings);
        let secure = matches!(transport, "tls" | "wss");
        let server = if secure { self.secure_server() } else { self.server() };
        phone.edit(|ini| {
            let ini = ini.replace("transport=udp", &format!("transport={transport}")).replace(&self.server(), &server);
            format!("{ini}[tuiphone]\ntlsCaFile={}\nwebSocketPath=/sip\n", self.certificate().display())
        });
        phone
    }

    /// The certificate it shows, for 127.0.0.1.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// What it has logged: a line for each request, and for each contact saved.
    pub fn said(&self) -> String {
        self.process.said()
    }
}

fn run(folder: &Path) -> Process {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=3", "180"]).arg(which("kamailio").unwrap());
    command.args(["-DD", "-E", "-m", "64", "-M", "4", "-f"]).arg(folder.join("kamailio.cfg"));
    command.arg("-Y").arg(folder).arg("-P").arg(folder.join("pid"));
    Process::start("kamailio", &mut command, folder)
}

/// Whether an OPTIONS to the proxy itself is answered.
fn answers(port: u16) -> bool {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let own = socket.local_addr().unwrap();
    let ask = format!(
        "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{0}\r\nMax-Forwards: 1\r\n\
         From: <sip:probe@{own}>;tag={0}\r\nTo: <sip:127.0.0.1:{port}>\r\nCall-ID: {0}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n",
        own.port()
    );
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut reply = [0; 2048];
    socket.send_to(ask.as_bytes(), ("127.0.0.1", port)).is_ok() && socket.recv(&mut reply).is_ok()
}

fn modules() -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let found = folders.iter().map(|f| Path::new(f).join("kamailio/modules")).find(|p| p.is_dir());
    found.expect("kamailio's modules")
}

/// A key and its certificate for 127.0.0.1.
pub fn write_certificates(folder: &Path) {
    write_certificates_of(Ipv4Addr::LOCALHOST.into(), folder);
}

/// The same for another address.
pub fn write_certificates_of(ip: IpAddr, folder: &Path) {
    let made = rcgen::generate_simple_self_signed(vec![ip.to_string()]).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

fn configuration(folder: &Path, (port, secure_port): (u16, u16), algorithm: &str, numbers: &[(&str, u16)]) -> String {
    let mut routes = String::new();
    for (at, (number, to)) in numbers.iter().enumerate() {
        let earlier = numbers.iter().take(at).any(|(n, _)| n == number);
        if earlier {
            continue;
        }
        let forks = numbers.iter().skip(at + 1).filter(|(n, _)| n == number);
        let forks: String = forks.map(|(_, to)| format!(r#"append_branch("sip:{number}@127.0.0.1:{to}"); "#)).collect();
        writeln!(routes, r#"    if ($rU == "{number}") {{ {forks}$du = "sip:127.0.0.1:{to}"; t_relay(); exit; }}"#)
            .unwrap();
    }
    let mut load = String::new();
    for module in "corex tm sl rr pv maxfwd textops siputils usrloc registrar auth xlog".split(' ') {
        writeln!(load, r#"loadmodule "{module}.so""#).unwrap();
    }
    let (secure, web) = if has_secure_modules() { secure_part(folder, secure_port) } else { Default::default() };
    format!(
        r#"#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=off
rev_dns=off
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="{modules}/"
{load}{secure}
modparam("usrloc", "db_mode", 0)
modparam("auth", "algorithm", "{algorithm}")
modparam("rr", "enable_full_lr", 1)

request_route {{
{web}    xlog("L_NOTICE", "request $rm $ru from $fU auth=$aa\n");
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ if (is_gruu()) lookup("location"); {alias} t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    t_check_trans();
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("$fd", "secret of $fU", "0")) {{ www_challenge("$fd", "1"); exit; }}
        save("location");
        xlog("L_NOTICE", "saved $fU expires=$hdr(Expires)\n");
        exit;
    }}
    if ($fU != "sipp" && is_method("INVITE")) {{
        if (!pv_proxy_authenticate("$fd", "secret of $fU", "0")) {{ proxy_challenge("$fd", "1"); exit; }}
        consume_credentials();
    }}
    if (is_method("INVITE|SUBSCRIBE")) record_route();
{routes}    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"#,
        modules = modules().display(),
        alias = if web.is_empty() { "" } else { r#"if ($du == "") handle_ruri_alias();"# }
    )
}

/// Whether kamailio speaks TLS and WebSocket here.
pub fn has_secure_modules() -> bool {
    ["tls", "websocket"].iter().all(|name| modules().join(format!("{name}.so")).is_file())
        || skipped("not here: kamailio's modules tls and websocket")
}

/// TLS and WebSocket: what stands before the routes, and what begins them.
fn secure_part(folder: &Path, port: u16) -> (String, &'static str) {
    let before = format!(
        r#"enable_tls=yes
loadmodule "tls.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
loadmodule "nathelper.so"
listen=tls:127.0.0.1:{port}
tcp_accept_no_cl=yes
modparam("tls", "private_key", "{folder}/key.pem")
modparam("tls", "certificate", "{folder}/certificate.pem")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
event_route[xhttp:request] {{
    if ($hu == "/sip" && $hdr(Upgrade) =~ "websocket" && ws_handle_handshake()) exit;
    xhttp_reply("404", "Not Found", "", "");
}}
"#,
        folder = folder.display()
    );
    // baresip names a TLS port in its Contact, and has no certificate to take a connection there.
    let web = r#"    if ($proto == "ws" || $proto == "wss" || ($proto == "tls" && $ua =~ "baresip")) {
        force_rport();
        if (is_method("REGISTER")) fix_nated_register(); else add_contact_alias();
    }
"#;
    (before, web)
}

/// One call through the proxy to a far end, and what must be true of it.
fn call(algorithm: &str, scenario: Scenario, arguments: &[&str]) -> Option<crate::support::Outcome> {
    if !have(&["kamailio", "sipp"]) {
        return None;
    }
    let _machine = beside_others();
    let far = FarEnd::start(scenario);
    let proxy = Kamailio::start(algorithm, &[("600", far.port)]);
    let phone = proxy.phone("101");
    let arguments = [&["call", "600", "--audio-in", "tone:440", "--audio-out", "null"], arguments].concat();
    let outcome = phone.run(&arguments, Duration::from_secs(40));
    if outcome.code == Some(0) {
        far.finished();
        // Nothing stays behind at the registrar.
        until("un-register", PATIENCE, || proxy.said().matches("saved 101").count() >= 2);
    }
    assert!(proxy.said().contains(&format!("auth={algorithm}")), "{algorithm} asked\n{}", proxy.said());
    Some(outcome)
}

/// Exit 0 and a result that is true of an answered call with an echo.
fn answered(algorithm: &str) {
    let Some(outcome) = call(algorithm, Scenario::Answer, &["--duration", "5"]) else { return };
    outcome.ends(0);
    assert_eq!(outcome.text("/outcome"), "answered", "{}", outcome.told);
    assert_eq!(outcome.text("/call/direction"), "outgoing");
    assert_eq!(outcome.text("/call/ended_by"), "local");
    assert_eq!(outcome.text("/call/remote/user"), "600");
    assert_eq!(outcome.number("/call/status"), 200.0);
    let duration = outcome.number("/call/duration");
    assert!(duration > 4.9, "{duration} s\n{}", outcome.told);
    assert!(outcome.number("/call/ringing_after") <= outcome.number("/call/answered_after"));
    let (sent, heard) = (outcome.number("/call/media/tx_packets"), outcome.number("/call/media/rx_packets"));
    // Fifty a second, however long a busy machine has let it last.
    assert!((sent / duration - 50.0).abs() < 5.0, "{sent} packets sent in {duration} s\n{}", outcome.told);
    assert!(heard > sent * 0.9 && heard <= sent, "{heard} of {sent} came back\n{}", outcome.told);
    assert_eq!(outcome.text("/call/media/codec").to_ascii_lowercase(), "pcmu");
}

#[test]
fn an_answered_call_with_md5() {
    answered("MD5");
}

#[test]
fn an_answered_call_with_sha_256() {
    answered("SHA-256");
}

#[test]
fn an_answered_call_over_each_kind_of_connection() {
    if !have(&["kamailio", "sipp"]) || !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    for transport in ["tcp", "tls", "ws", "wss"] {
        answered_over(transport);
    }
}

fn answered_over(transport: &str) {
    let far = FarEnd::start(Scenario::Answer);
    let proxy = Kamailio::start("SHA-256", &[("600", far.port)]);
    let phone = proxy.phone_over(transport, "101", "audioCodecs=PCMU/8000/1");
    let call = ["call", "600", "--audio-in", "tone:440", "--audio-out", "null", "--duration", "2"];
    let outcome = phone.run(&call, Duration::from_secs(40));
    outcome.ends(0);
    far.finished();
    let sent = outcome.told.lines().filter(|line| line.contains(" -> ") || line.contains(" <- "));
    let others: Vec<&str> = sent.filter(|line| !line.contains(&format!(" {transport} 127.0.0.1"))).collect();
    assert!(others.is_empty(), "{others:?}\n{}", outcome.told);
}

#[test]
fn a_server_of_an_unknown_authority_is_11_and_the_way_out_is_told() {
    if !have(&["kamailio"]) || !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    let proxy = Kamailio::start("MD5", &[]);
    let phone = proxy.phone_over("tls", "101", "");
    phone.edit(|ini| ini.replace("tlsCaFile=", "tlsCaFileX="));
    let outcome = phone.run(&["call", "600"], Duration::from_secs(40));
    outcome.ends(11);
    let fingerprint = outcome.told.split("tlsFingerprint=").nth(1).expect("it is told").get(..64).expect("whole");
    phone.edit(|ini| format!("{ini}tlsFingerprint={fingerprint}\n"));
    phone.run(&["call", "4711"], Duration::from_secs(40)).ends(23);
}

#[test]
fn busy_is_20() {
    let Some(outcome) = call("MD5", Scenario::Refuse(486, "Busy Here"), &[]) else { return };
    outcome.ends(20);
    assert_eq!(outcome.number("/call/status"), 486.0);
}

#[test]
fn declined_is_22() {
    let Some(outcome) = call("MD5", Scenario::Refuse(603, "Decline"), &[]) else { return };
    outcome.ends(22);
    assert_eq!(outcome.number("/call/status"), 603.0);
}

#[test]
fn no_common_codec_is_24() {
    let Some(outcome) = call("MD5", Scenario::Refuse(488, "Not Acceptable Here"), &[]) else { return };
    outcome.ends(24);
}

#[test]
fn a_late_answer_is_an_answer() {
    let Some(outcome) = call("MD5", Scenario::Slow, &["--duration", "1"]) else { return };
    outcome.ends(0);
    assert!(outcome.number("/call/answered_after") > 2.5, "{}", outcome.told);
}

#[test]
fn early_media_is_heard_before_the_answer() {
    let Some(outcome) = call("MD5", Scenario::EarlyMedia, &["--duration", "1"]) else { return };
    outcome.ends(0);
    assert!(outcome.number("/call/media/rx_packets") > 0.0, "{}", outcome.told);
}

#[test]
fn the_far_end_hangs_up() {
    let Some(outcome) = call("MD5", Scenario::AnswerThenBye, &[]) else { return };
    outcome.ends(0);
    assert_eq!(outcome.text("/call/ended_by"), "remote", "{}", outcome.told);
}

#[test]
fn an_unknown_number_is_23() {
    if !have(&["kamailio"]) {
        return;
    }
    let _machine = beside_others();
    let proxy = Kamailio::start("SHA-256", &[]);
    let outcome = proxy.phone("101").run(&["call", "4711"], Duration::from_secs(40));
    outcome.ends(23);
    assert_eq!(outcome.number("/call/status"), 404.0);
}

#[test]
fn a_wrong_password_is_10() {
    if !have(&["kamailio"]) {
        return;
    }
    let _machine = beside_others();
    for algorithm in ["MD5", "SHA-256"] {
        let proxy = Kamailio::start(algorithm, &[]);
        let phone = Phone::new("101", "not the secret", &proxy.server(), "");
        phone.run(&["call", "600"], Duration::from_secs(40)).ends(10);
        assert!(!proxy.said().contains("saved 101"));
    }
}

#[test]
fn nobody_there_is_11() {
    let _machine = beside_others();
    let phone = Phone::new("101", "x", &format!("127.0.0.1:{}", free_port()), "");
    phone.run(&["call", "600"], Duration::from_secs(60)).ends(11);
}

/// A caller who gives up sends CANCEL, and the script learns that it was interrupted.
#[test]
fn ctrl_c_while_it_rings_cancels() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let far = FarEnd::start(Scenario::NeverAnswers);
    let proxy = Kamailio::start("MD5", &[("600", far.port)]);
    let phone = proxy.phone("101");
    let mut command = phone.command(&["call", "600", "--json", "--audio-in", "null", "--audio-out", "null"]);
    let mut process = Process::start("tuiphone", &mut command, &phone.file("run"));
    until("INVITE at the proxy", PATIENCE, || proxy.said().matches("request INVITE").count() >= 2);
    std::thread::sleep(Duration::from_millis(500));
    process.interrupt();
    assert_eq!(process.ended(PATIENCE).code(), Some(130), "{}", process.said());
    far.finished();
}

/// Where no phone runs there is no binding of our own to give back: every one of them goes.
#[test]
fn unregister_without_a_phone_is_ok() {
    if !have(&["kamailio"]) {
        return;
    }
    let _machine = beside_others();
    for algorithm in ["MD5", "SHA-256"] {
        let proxy = Kamailio::start(algorithm, &[]);
        let outcome = proxy.phone("101").run(&["unregister"], Duration::from_secs(40));
        outcome.ends(0);
        assert!(
            proxy.said().contains("saved 101 expires=0") && !proxy.said().contains("expires=3"),
            "{}",
            proxy.said()
        );
        assert_eq!((outcome.text("/accounts/0/state"), outcome.number("/accounts/0/status")), ("off", 200.0));
    }
}
