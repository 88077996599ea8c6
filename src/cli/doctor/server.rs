//! The way to the servers: names and certificates.

use super::Patient;
use super::finding::Finding;
use crate::cli::phone;
use crate::config::{Account, Settings};
use crate::control::ExitCode;
use crate::engine::examine::{self, Shown, Stop, Way};
use futures_util::future::join_all;
use std::time::{Duration, SystemTime};

/// A certificate that is good for less is worth a word.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Looks up the server of every account, and at what it shows.
pub(super) async fn ways(patient: &Patient) -> Vec<Finding> {
    let Some(settings) = patient.settings() else { return Vec::new() };
    let all = patient.accounts().into_iter().map(|account| of_account(account, settings));
    let findings: Vec<Finding> = join_all(all).await.into_iter().flatten().collect();
    match findings.is_empty() {
        true => vec![Finding::skip("dns", "look up", "", "no account has a server")],
        false => findings,
    }
}

async fn of_account(account: &Account, settings: &Settings) -> Vec<Finding> {
    let Ok(seed) = phone::seed() else { return Vec::new() };
    let Some(way) = examine::way(account, settings, seed).await else { return Vec::new() };
    let mut findings = vec![name(account, &way)];
    let secure = way.found.as_ref().ok().and_then(|stops| stops.iter().find(|stop| stop.is_secure));
    if let Some(stop) = secure {
        let (chain, verdict) = examine::certificates(account, &way.host, *stop).await;
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = SystemTime::now();
        findings.push(certificate(account, *stop, &chain, verdict, now));
    }
    findings
}

fn name(account: &Account, way: &Way) -> Finding {
    let on = format!("{} for {}", way.target, account.aor());
    let steps = way.steps.join("; ");
    match &way.found {
        Ok(stops) => {
            let stops: Vec<String> = stops.iter().map(|stop| format!("{} {}", stop.transport, stop.address)).collect();
            let steps = if steps.is_empty() { steps } else { format!(" ({steps})") };
            Finding::ok("dns", "look up", on, format!("{}{steps}", stops.join(", ")))
        }
        Err(why) => {
            let steps = if steps.is_empty() { steps } else { format!(" ({steps})") };
            Finding::ok("dns", "look up", on, format!("{why}{steps}"))
                .fail(ExitCode::Unreachable)
                .because("a typo in the name, or no way to a name server")
                .then("compare server and proxy with the provider's; getent hosts NAME asks the system")
        }
    }
}

fn certificate(
    account: &Account,
    stop: Stop,
    chain: &[Shown],
    verdict: Result<(), String>,
    now: SystemTime,
) -> Finding {
    let (name, tried) = ("tls", "shake hands with");
    let on = format!("{} for {}", stop.address, account.aor());
    let shown = chain.first().map(|first| {
        let until = humantime::format_rfc3339_seconds(first.until).to_string();
        let day = until.split('T').next().unwrap_or_default().to_owned();
        let others = match chain.len() {
            0 | 1 => String::new(),
            count => format!(", {} more in its chain", count - 1),
        };
        format!("{} by {}, good until {day}{others}", first.subject, first.issuer)
    });
    let shown = shown.unwrap_or_else(|| "no certificate".to_owned());
    if let Err(why) = verdict {
        let (cause, next) = why.split_once("; ").map_or((why.as_str(), None), |(cause, next)| (cause, Some(next)));
        let finding = Finding::ok(name, tried, on, shown).fail(ExitCode::Unreachable).because(cause);
        return Finding { next: next.map(str::to_owned), ..finding };
    }
    let finding = Finding::ok(name, tried, on, shown);
    let left = chain.iter().map(|it| it.until).min().map(|until| until.duration_since(now).unwrap_or_default());
    if account.tls.is_open() {
        return finding
            .warn()
            .because("tlsVerify=0: anybody on the way may be the server, and learn what the account does")
            .then("set tlsCaFile or tlsFingerprint, and tlsVerify=1");
    }
    match left.filter(|left| *left < SOON) {
        Some(left) => {
            let cause = format!("a certificate of it expires in {} days", left.as_secs() / 86_400);
            finding.warn().because(cause).then("its owner must renew it")
        }
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use crate::config::AccountId;
    use std::time::UNIX_EPOCH;

    #[test]
    fn certificates_are_judged() {
        let stop = Stop { address: ([192, 0, 2, 1], 5061).into(), transport: "tls", is_secure: true };
        let now = UNIX_EPOCH + 100 * SOON;
        let one = |days: u64| Shown {
            subject: "CN=pbx".into(),
            issuer: "CN=ca".into(),
            until: now + Duration::from_secs(days * 86_400),
        };
        let open = || {
            let mut account = Account::new(AccountId(1));
            account.tls.verify = false;
            account
        };
        let sure = || Account::new(AccountId(1));
        for (account, chain, verdict, expected, part) in [
            (sure(), vec![one(90), one(900)], Ok(()), Verdict::Ok, "1 more in its chain"),
            (sure(), vec![one(3)], Ok(()), Verdict::Warn, "expires in 3 days"),
            (open(), vec![one(90)], Ok(()), Verdict::Warn, "tlsVerify=0"),
            (sure(), vec![one(90)], Err("it is not of pbx; ask for it by name"), Verdict::Fail, "not of pbx"),
            (sure(), Vec::new(), Err("it does not speak TLS"), Verdict::Fail, "no certificate"),
        ] {
            let finding = certificate(&account, stop, &chain, verdict.map_err(str::to_owned), now);
            assert!(finding.verdict == expected && finding.text().contains(part), "{finding:?}");
        }
    }

    #[test]
    fn names_are_told_with_what_was_asked() {
        let stop = Stop { address: ([192, 0, 2, 1], 5060).into(), transport: "udp", is_secure: false };
        let way = |found| Way { host: "a".into(), target: "a".into(), steps: vec!["SRV a: none".into()], found };
        let mut account = Account::new(AccountId(1));
        (account.username, account.domain) = ("100".into(), "demo".into());
        let well = name(&account, &way(Ok(vec![stop])));
        assert_eq!(well.text(), "ok    dns           look up a for 100@demo: udp 192.0.2.1:5060 (SRV a: none)");
        let ill = name(&account, &way(Err("it has no address".into())));
        assert_eq!((ill.verdict, ill.code), (Verdict::Fail, ExitCode::Unreachable));
    }
}
