//! What a phone meets that registers: the server's answer, the NAT before it, who rewrites what it sends; and how large its
//! calls are.

use super::Patient;
use super::finding::Finding;
use crate::audio::Spec;
use crate::cli::options::Options;
use crate::cli::phone;
use crate::cli::signals::Interrupts;
use crate::config::hook::Hooks;
use crate::config::{Account, DialPlan, RewriteRules};
use crate::control::causes::{self, Cause};
use crate::control::link::Link;
use crate::control::{AccountInfo, Command, CommandError, ExitCode, RegistrationState, Status};
use std::time::Duration;

/// How long everything here may take; whatever is known then is told.
const PATIENCE: Duration = Duration::from_secs(12);
/// How often it is looked.
const PERIOD: Duration = Duration::from_millis(50);
/// Larger requests leave UDP (RFC 3261 §18.1.1), bytes.
const LARGEST: usize = 1_300;
/// What an answer to a challenge adds, beside the names in it, bytes.
const CREDENTIALS: usize = 260;

const TRIED: &str = "register";

/// Registers every account, or asks the phone that has.
pub(super) async fn registrations(patient: &Patient) -> Vec<Finding> {
    let skip = |why: &str| ["registration", "nat", "alg"].map(|name| Finding::skip(name, TRIED, "", why)).to_vec();
    let accounts = patient.accounts();
    if accounts.iter().all(|account| account.server.is_empty()) && !patient.runs() {
        return skip("no account registers; tuiphone config set Account1.server=…, or --user and --domain");
    }
    let status = match patient.runs() {
        true => settled(&Link::Socket(patient.socket.clone())).await,
        false => tried(patient).await,
    };
    let status = match status {
        Ok(status) => status,
        Err(error) => return vec![Finding::of_error("registration", TRIED, "", &error)],
    };
    let is_meant = |info: &&AccountInfo| patient.runs() || accounts.iter().any(|account| account.id.0 == info.id);
    let infos: Vec<&AccountInfo> = status.accounts.iter().filter(is_meant).collect();
    let infos: Vec<&AccountInfo> = infos.into_iter().filter(|info| patient.is_chosen(info)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for info in &infos {
        let known = accounts.iter().find(|account| account.id.0 == info.id && !patient.runs());
        findings.push(registration(info, known.is_some_and(|account| account.password.is_empty())));
    }
    findings.extend(infos.iter().filter_map(|info| rewriting(info)));
    findings.push(nat(&status, &infos));
    findings
}

/// A phone of our own, for as long as it takes.
async fn tried(patient: &Patient) -> Result<Status, CommandError> {
    let mut loaded = patient.session.as_ref().map_err(Clone::clone)?.loaded.clone();
    // Nothing is set off by what is only tried.
    loaded.settings.hooks = Hooks::default();
    let config = phone::engine_config(&silent(&patient.options), loaded)?;
    let mut phone = phone::start_with(&Options { log: None, ..patient.options.clone() }, config)?;
    let status = settled(&Link::Local(phone.handle.clone())).await;
    phone.stop(&mut Interrupts::listen()).await;
    status
}

/// The phone as it stands once every account has its answer and the way out is known, or time is up.
async fn settled(link: &Link) -> Result<Status, CommandError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let status = link.status().await?;
        let waits = status.accounts.iter().any(|it| it.state == RegistrationState::Registering)
            || status.nat.as_ref().is_some_and(|nat| nat.words == "asked for");
        if !waits || tokio::time::Instant::now() > deadline {
            return Ok(status);
        }
        tokio::time::sleep(PERIOD).await;
    }
}

fn silent(options: &Options) -> Options {
    let null = Some(Spec::Null);
    Options { audio_in: null.clone(), audio_out: null.clone(), audio_ring: null, log: None, ..options.clone() }
}

fn registration(info: &AccountInfo, lacks_password: bool) -> Finding {
    let on = format!("{} ({})", info.aor, info.transport);
    let reason = info.reason.clone().unwrap_or_default();
    let name = "registration";
    match (info.state, info.status) {
        (RegistrationState::Registered, _) => {
            let left = info.expires_in.map(|seconds| format!(", {seconds} s left")).unwrap_or_default();
            Finding::ok(name, TRIED, on, format!("registered{left}"))
        }
        (RegistrationState::Off, None) if info.reason.is_none() => {
            Finding::skip(name, TRIED, on, "this account never registers, or was un-registered")
        }
        (_, Some(status @ 300..)) => {
            let (cause, next) = match (status, lacks_password) {
                (401 | 407, true) => {
                    ("no password is known", "tuiphone password keeps one; --password - takes one for once")
                }
                _ => english(causes::of_register(status)),
            };
            let said = if reason.contains(&status.to_string()) { reason } else { format!("{status} {reason}") };
            let finding = Finding::ok(name, TRIED, on, said).fail(ExitCode::of_status(status, false));
            finding.because(cause).then(next)
        }
        (state, _) => {
            let reason = if reason.is_empty() { "no answer yet".to_owned() } else { reason };
            let (cause, next) = english(causes::of_silence(&reason, &info.transport));
            let code = if state == RegistrationState::Off { ExitCode::Config } else { ExitCode::Unreachable };
            Finding::ok(name, TRIED, on, reason).fail(code).because(cause).then(next)
        }
    }
}

/// Findings are for scripts too, and so in English.
fn english(cause: &'static Cause) -> (&'static str, &'static str) {
    (cause.why, cause.next)
}

/// What we wrote, against what the server saw of it.
fn rewriting(info: &AccountInfo) -> Option<Finding> {
    let (name, tried, on) = ("alg", "compare what was sent with what came back for", info.aor.clone());
    match (&info.rewritten, info.state, info.tls.is_some()) {
        (Some(words), ..) => Some(
            Finding::ok(name, tried, on, words.clone())
                .warn()
                .because("a SIP ALG in the router, as a rule; it breaks calls sooner or later")
                .then("turn the SIP ALG of the router off, or use transport=tls"),
        ),
        (None, RegistrationState::Registered, true) => {
            Some(Finding::ok(name, tried, on, "encrypted: nobody on the way can rewrite it"))
        }
        (None, RegistrationState::Registered, false) => {
            Some(Finding::ok(name, tried, on, "it came back as it was sent"))
        }
        _ => None,
    }
}

fn nat(status: &Status, infos: &[&AccountInfo]) -> Finding {
    let name = "nat";
    let seen: Vec<String> =
        infos.iter().filter_map(|info| Some(format!("{} sees us at {}", info.aor, info.public.as_ref()?))).collect();
    let seen = if seen.is_empty() { String::new() } else { format!("; the server of {}", seen.join(", that of ")) };
    match &status.nat {
        Some(nat) => {
            let at = nat.address.as_ref().map(|at| format!(", seen at {at}")).unwrap_or_default();
            let finding =
                Finding::ok(name, "ask", "the STUN servers of the settings", format!("{}{at}{seen}", nat.words));
            match (&nat.address, nat.symmetric) {
                (_, true) => {
                    finding.warn().then("set turnServer and ICE=1 for calls to far ends that are behind such a NAT too")
                }
                (None, _) => finding.warn().because("UDP is blocked, or the servers are gone").then("look at STUN="),
                _ => finding,
            }
        }
        None if seen.is_empty() => {
            Finding::skip(name, "ask", "", "no STUN server is set, and no registrar sees another address")
        }
        None => Finding::ok(
            name,
            "ask",
            "the registrar",
            format!("there is a NAT{seen}: its mapping is kept open by keep-alives"),
        ),
    }
}

/// The size of a call's first request, against what a datagram should carry.
pub(super) async fn sizes(patient: &Patient) -> Vec<Finding> {
    let (name, tried) = ("mtu", "measure an INVITE of");
    let accounts = patient.accounts();
    let Some(account) = accounts.iter().find(|account| !account.server.is_empty()).or(accounts.first()) else {
        return vec![Finding::skip(name, tried, "", "there is no account")];
    };
    let on = account.aor();
    if !matches!(account.transport.as_str(), "" | "udp") {
        let why = format!("it goes over {}, in pieces of any size", account.transport);
        return vec![Finding::skip(name, tried, on, why)];
    }
    let measured = tokio::time::timeout(PATIENCE, measure(patient, account)).await;
    let size = match measured {
        Ok(Ok(size)) => size,
        Ok(Err(error)) => return vec![Finding::skip(name, tried, on, error.message)],
        Err(_) => return vec![Finding::skip(name, tried, on, "none was sent in time")],
    };
    let whole = size + CREDENTIALS + account.auth_user().len() + 2 * account.domain.len();
    let found = format!("{size} bytes, about {whole} with credentials; a datagram should carry {LARGEST} at most");
    let finding = Finding::ok(name, tried, on, found);
    vec![match whole > LARGEST {
        false => finding,
        true => finding
            .warn()
            .because("larger ones go by TCP, and in fragments where the server has none: routers lose those")
            .then("offer fewer codecs (audioCodecs), or use transport=tcp or tls"),
    }]
}

/// Calls a hole on this machine; the bytes that come there.
async fn measure(patient: &Patient, account: &Account) -> Result<usize, CommandError> {
    let failed = |why: std::io::Error| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("no INVITE can be sent here: {}", crate::text::plain_error(&why)),
        hint: None,
    };
    let hole = tokio::net::UdpSocket::bind("127.0.0.1:0").await.map_err(failed)?;
    let port = hole.local_addr().map_err(failed)?.port();
    let mut loaded = patient.session.as_ref().map_err(Clone::clone)?.loaded.clone();
    loaded.settings.hooks = Hooks::default();
    loaded.settings.enable_stun = false;
    for account in &mut loaded.accounts {
        account.server.clear();
        account.proxies.clear();
        account.transport = "udp".to_owned();
        (account.dial_plan, account.rewrite_rules) = (DialPlan::default(), RewriteRules::default());
    }
    let options = Options { session: None, debug: None, port: Some(0), stun: None, ..silent(&patient.options) };
    if let Some(session) = &patient.options.session {
        let made = phone::session_account(session, Account { id: account.id, ..loaded.common.clone() });
        loaded.accounts.push(Account { server: String::new(), proxies: Vec::new(), transport: "udp".into(), ..made });
    }
    let mut config = phone::engine_config(&options, loaded)?;
    config.agent.register = false;
    let mut phone = phone::start_with(&options, config)?;
    let dial =
        Command::Dial { target: format!("sip:doctor@127.0.0.1:{port}"), account: Some(account.id.0.to_string()) };
    let mut buffer = vec![0; 65_536];
    let size = async {
        phone.handle.request(dial).await?;
        loop {
            let length = hole.recv(&mut buffer).await.map_err(failed)?;
            if buffer.starts_with(b"INVITE ") {
                return Ok(length);
            }
        }
    };
    let size = tokio::time::timeout(PATIENCE / 2, size).await;
    phone.stop(&mut Interrupts::listen()).await;
    size.unwrap_or_else(|_| Err(failed(std::io::ErrorKind::TimedOut.into())))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use crate::control::TlsTrust;

    fn info(state: RegistrationState, status: Option<u16>, reason: &str) -> AccountInfo {
        let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        let registered = state == RegistrationState::Registered;
        AccountInfo {
            aor: "100@demo".into(),
            transport: "udp".into(),
            state,
            status,
            reason,
            registered,
            ..AccountInfo::default()
        }
    }

    #[test]
    fn every_answer_has_its_cause() {
        use RegistrationState::{Failed, Off, Registered, Registering};
        for (state, status, reason, lacks, verdict, code, part) in [
            (Registered, Some(200), "OK", false, Verdict::Ok, ExitCode::Ok, "registered"),
            (Failed, Some(401), "Unauthorized", false, Verdict::Fail, ExitCode::Refused, "does not take the password"),
            (Failed, Some(407), "Proxy", true, Verdict::Fail, ExitCode::Refused, "no password is known"),
            (Failed, Some(403), "Forbidden", false, Verdict::Fail, ExitCode::Refused, "says no"),
            (Failed, Some(404), "Not Found", false, Verdict::Fail, ExitCode::NoSuchNumber, "no such user"),
            (Failed, Some(408), "Request Timeout", false, Verdict::Fail, ExitCode::Unreachable, "got no answer"),
            (Failed, Some(488), "Not Here", false, Verdict::Fail, ExitCode::NoCommonCodec, "codecs"),
            (Failed, None, "connection refused", false, Verdict::Fail, ExitCode::Unreachable, "nobody listens"),
            (Registering, None, "", false, Verdict::Fail, ExitCode::Unreachable, "SIP ALG"),
            (Off, None, "", false, Verdict::Skip, ExitCode::Ok, "never registers"),
        ] {
            let finding = registration(&info(state, status, reason), lacks);
            assert_eq!((finding.verdict, finding.code), (verdict, code), "{finding:?}");
            assert!(finding.text().contains(part), "{finding:?}");
        }
        let named = registration(&info(Failed, Some(401), "401 Unauthorized from 192.0.2.1:5060"), false).text();
        assert!(named.contains(": 401 Unauthorized from"), "{named}");
    }

    #[test]
    fn who_rewrites_is_named() {
        let well = info(RegistrationState::Registered, Some(200), "OK");
        let secure = AccountInfo { tls: Some(TlsTrust::Verified), ..well.clone() };
        let ill = AccountInfo { rewritten: Some("our Via of a came back as b".into()), ..well.clone() };
        for (info, verdict, part) in [
            (&well, Verdict::Ok, "as it was sent"),
            (&secure, Verdict::Ok, "encrypted"),
            (&ill, Verdict::Warn, "our Via of a came back as b"),
        ] {
            let finding = rewriting(info).unwrap();
            assert!(finding.verdict == verdict && finding.text().contains(part), "{finding:?}");
        }
        assert_eq!(rewriting(&info(RegistrationState::Failed, Some(401), "")), None);
    }

    #[test]
    fn the_way_out_in_words() {
        let nat_info = |address: Option<&str>, symmetric| crate::ua::snapshot::NatInfo {
            address: address.map(str::to_owned),
            symmetric,
            words: "words".into(),
        };
        let seen =
            AccountInfo { public: Some("198.51.100.1:1".into()), ..info(RegistrationState::Registered, None, "") };
        for (nat_info, infos, verdict, part) in [
            (None, vec![], Verdict::Skip, "no STUN server is set"),
            (None, vec![&seen], Verdict::Ok, "100@demo sees us at 198.51.100.1:1"),
            (Some(nat_info(Some("198.51.100.1:2"), false)), vec![], Verdict::Ok, "words, seen at 198.51.100.1:2"),
            (Some(nat_info(Some("198.51.100.1:2"), true)), vec![], Verdict::Warn, "turnServer"),
            (Some(nat_info(None, false)), vec![], Verdict::Warn, "UDP is blocked"),
        ] {
            let finding = nat(&Status { nat: nat_info, ..Status::default() }, &infos);
            assert!(finding.verdict == verdict && finding.text().contains(part), "{finding:?}");
        }
    }
}
