//! `config dialplan`: what becomes of a number, rule by rule. Nothing is called.

use super::ini_files::IniFiles;
use super::options::Options;
use super::{out, phone, session};
use crate::config::dial::{Stage, Step, Way, way};
use crate::config::{self, Account, AccountId, DialPlan};
use crate::control::{CommandError, ExitCode, json};
use crate::text::sanitise;
use serde_json::{Value, json};

/// Tells the way of a number by the account of `--account` or the session, else the selected one.
///
/// # Errors
/// There is no such account.
pub fn run(number: &str, files: &IniFiles, options: &Options) -> Result<ExitCode, CommandError> {
    let loaded = config::load(&files.main, &files.overlays);
    let common = Account { id: AccountId(1), ..loaded.common };
    let by_session = options.session.as_ref().map(|it| phone::session_account(it, common));
    let account = match (&by_session, &options.account) {
        (Some(account), _) => Some(account),
        (None, Some(name)) => match session::find_account(&loaded.accounts, name) {
            Some(account) => Some(account),
            None => return Err(session::no_account(&loaded.accounts, name)),
        },
        (None, None) => loaded.accounts.iter().find(|account| account.id == loaded.selected),
    };
    let mut account = account.cloned().ok_or_else(|| session::no_account(&loaded.accounts, "0"))?;
    if let Some(plan) = &options.dial_plan {
        account.dial_plan = DialPlan::kept(plan);
    }
    let way = way(number, &account);
    let refusal = way.outcome.as_ref().err().map(|why| CommandError {
        code: ExitCode::Usage,
        kind: "bad_number",
        message: format!("cannot call {}: {}", sanitise(number), sanitise(&why.to_string())),
        hint: None,
    });
    if options.json {
        out::json(&told(number, &account.aor(), &way, refusal.as_ref()));
    } else {
        out::line(&row("typed", number, None));
        way.steps.iter().for_each(|step| out::line(&row(words(step.stage), &step.result, step.rule.as_deref())));
        if let Ok(target) = &way.outcome {
            target
                .headers
                .iter()
                .for_each(|(name, value)| out::line(&row("header", &format!("{name}: {value}"), None)));
        }
    }
    Ok(match refusal {
        Some(refusal) => {
            out::error(&refusal);
            refusal.code
        }
        None => ExitCode::Ok,
    })
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Digits => "keyed later",
        Stage::Complete => "as it is",
        Stage::Direct => "by address",
        Stage::Rewrite => "rewritten",
        Stage::Cleaned => "cleaned",
        Stage::Prefix => "with prefix",
        Stage::Plan => "dial plan",
        Stage::Address => "called",
    }
}

fn row(what: &str, result: &str, rule: Option<&str>) -> String {
    let rule = rule.map(|rule| format!("   by {}", sanitise(rule))).unwrap_or_default();
    format!("{what:12} {}{rule}", sanitise(result))
}

fn told(number: &str, account: &str, way: &Way, refusal: Option<&CommandError>) -> Value {
    let step = |step: &Step| {
        let rule = step.rule.as_deref().map(sanitise);
        json!({ "step": step.stage.word(), "rule": rule, "result": sanitise(&step.result) })
    };
    let steps: Vec<Value> = way.steps.iter().map(step).collect();
    let rule = way.steps.iter().rfind(|step| step.stage == Stage::Plan).and_then(|step| step.rule.as_deref());
    let mut all = json!({
        "v": 1, "verb": "config", "ok": refusal.is_none(), "number": sanitise(number), "account": sanitise(account),
        "steps": steps, "rule": rule.map(sanitise),
    });
    let more = match (&way.outcome, refusal) {
        (Ok(target), _) => {
            let headers: Vec<Value> =
                target.headers.iter().map(|(name, value)| json!({ "name": name, "value": sanitise(value) })).collect();
            json!({ "uri": target.uri, "dtmf": target.dtmf.strip_prefix(',').unwrap_or_default(), "headers": headers })
        }
        (Err(_), Some(refusal)) => json!({ "error": json::error(refusal) }),
        (Err(_), None) => Value::Null,
    };
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}
