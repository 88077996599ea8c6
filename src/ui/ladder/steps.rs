//! From messages to steps: whose they are, which are repetitions, what is folded.

use super::{Kept, Note};
use crate::control::trace::words::headers;
use crate::control::{AccountInfo, CallInfo, RegistrationState, Traced};
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

/// Whose messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Talk {
    /// A call's, by its Call-ID.
    Call(String),
    /// The registrations of an account, by its address.
    Account(String),
    /// Those of neither: lights, messages, keep-alives.
    Rest,
    /// All.
    All,
}

/// A row of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A message, by its place, and how often it went.
    Message {
        /// Its place among those that are kept.
        at: usize,
        /// It went so often.
        times: usize,
    },
    /// Keep-alives that were answered, one after another.
    Fold {
        /// The place of the first.
        at: usize,
        /// Questions.
        count: usize,
    },
    /// Something that happened beside the messages.
    Note(Note),
}

impl Talk {
    /// The message is one of its.
    pub fn takes(&self, told: &Traced, aors: &HashMap<&str, String>) -> bool {
        let id = told.sip_call_id.as_deref().unwrap_or_default();
        match self {
            Talk::All => true,
            Talk::Call(call) => call == id,
            Talk::Account(aor) => aors.get(id).is_some_and(|known| known == aor),
            Talk::Rest => !is_of_call(told) && !aors.contains_key(id),
        }
    }
}

/// Addresses that are registered, by the Call-ID of the registration.
pub(super) fn aors(kept: &VecDeque<Kept>) -> HashMap<&str, String> {
    let of = |kept: &'_ Kept| kept.told.method == "REGISTER";
    let mut found: HashMap<&str, String> = HashMap::new();
    for told in kept.iter().filter(|kept| of(kept)).map(|kept| &kept.told) {
        if let (Some(id), Some(to)) = (&told.sip_call_id, headers(told, &["To", "t"]).next()) {
            found.entry(id).or_insert_with(|| address(to).to_owned());
        }
    }
    found
}

/// `user@host` of a From or To.
fn address(value: &str) -> &str {
    let uri = value.rsplit_once('<').map_or(value, |(_, uri)| uri);
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split(['>', ';', '?']).next().unwrap_or(rest).trim()
}

fn is_of_call(told: &Traced) -> bool {
    told.call.is_some() || matches!(told.method.as_str(), "INVITE" | "ACK" | "BYE" | "CANCEL" | "PRACK" | "UPDATE")
}

/// Whose messages there are: calls, the latest first; accounts, those that failed first; the rest; all.
pub(super) fn talks(kept: &VecDeque<Kept>, accounts: &[AccountInfo], ended: &VecDeque<CallInfo>) -> Vec<Talk> {
    let aors = aors(kept);
    let (mut calls, mut registered, mut rest) = (Vec::new(), Vec::new(), false);
    for told in kept.iter().rev().map(|kept| &kept.told) {
        let Some(id) = told.sip_call_id.as_deref() else { continue };
        match aors.get(id) {
            Some(aor) => push(&mut registered, Talk::Account(aor.clone())),
            None if is_of_call(told) => push(&mut calls, Talk::Call(id.to_owned())),
            None => rest = true,
        }
    }
    // Those that fail before anything is sent have no messages.
    let failed = ended.iter().filter(|call| call.answered_after.is_none() && !call.sip_call_id.is_empty());
    failed.for_each(|call| push(&mut calls, Talk::Call(call.sip_call_id.clone())));
    let known = |failed: bool| {
        let of = move |account: &&AccountInfo| (account.state == RegistrationState::Failed) == failed;
        accounts.iter().filter(|account| !account.direct).filter(of).map(|account| Talk::Account(account.aor.clone()))
    };
    let mut talks = calls;
    known(true).chain(registered).chain(known(false)).for_each(|talk| push(&mut talks, talk));
    talks.extend(rest.then_some(Talk::Rest));
    talks.extend((talks.len() > 1 && !kept.is_empty()).then_some(Talk::All));
    talks
}

fn push(talks: &mut Vec<Talk>, talk: Talk) {
    if !talks.contains(&talk) {
        talks.push(talk);
    }
}

/// What a repetition has in common with the message it repeats: its way, its first line, its CSeq and its branch.
pub(super) fn key(told: &Traced) -> u64 {
    let mut hasher = DefaultHasher::new();
    let branch = headers(told, &["Via", "v"]).next();
    let sequence = headers(told, &["CSeq"]).next();
    (told.way == crate::control::Way::Sent, told.remote, &told.start, sequence, branch, &told.sip_call_id)
        .hash(&mut hasher);
    // Its body too: a server that means something else by the same answer says so there.
    told.content.hash(&mut hasher);
    hasher.finish()
}

/// The steps of those messages that are shown, in the order of their times.
pub(super) fn steps(
    kept: &VecDeque<Kept>,
    notes: &VecDeque<Note>,
    talk: &Talk,
    is_shown: impl Fn(&Kept) -> bool,
    unfolded: bool,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut first: HashMap<u64, usize> = HashMap::new();
    for (at, message) in kept.iter().enumerate().filter(|(_, message)| is_shown(message)) {
        if let Some(Step::Message { times, .. }) = first.get(&message.key).and_then(|row| steps.get_mut(*row)) {
            *times += 1;
            continue;
        }
        first.insert(message.key, steps.len());
        steps.push(Step::Message { at, times: 1 });
    }
    if !unfolded {
        steps = folded(steps, kept);
    }
    let meant = notes.iter().filter(|note| matches!(talk, Talk::All) || *talk == Talk::Call(note.sip_call_id.clone()));
    for note in meant {
        let is_later = |step: &Step| match step {
            Step::Note(other) => other.at_us > note.at_us,
            Step::Message { at, .. } | Step::Fold { at, .. } => {
                kept.get(*at).is_some_and(|message| message.at_us > note.at_us)
            }
        };
        let place = steps.iter().position(is_later).unwrap_or(steps.len());
        steps.insert(place, Step::Note(note.clone()));
    }
    steps
}

/// Runs of keep-alives that were answered well, two and more, as one step.
fn folded(steps: Vec<Step>, kept: &VecDeque<Kept>) -> Vec<Step> {
    let is_quiet = |step: &Step| match step {
        Step::Message { at, times: 1 } => kept.get(*at).is_some_and(|message| {
            let told = &message.told;
            told.method == "OPTIONS" && told.status.is_none_or(|status| status < 300)
        }),
        _ => false,
    };
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    let mut run: Vec<Step> = Vec::new();
    for step in steps.into_iter().map(Some).chain([None]) {
        match step {
            Some(step) if is_quiet(&step) => run.push(step),
            step => {
                let asked = |step: &Step| match step {
                    Step::Message { at, .. } => kept.get(*at).is_some_and(|message| message.told.status.is_none()),
                    _ => false,
                };
                let count = run.iter().filter(|step| asked(step)).count();
                match run.first() {
                    Some(Step::Message { at, .. }) if count >= 2 => {
                        out.push(Step::Fold { at: *at, count });
                        run.clear();
                    }
                    _ => out.append(&mut run),
                }
                out.extend(step);
            }
        }
    }
    out
}

/// The far ends of these steps, in the order in which they appear.
pub(super) fn peers(kept: &VecDeque<Kept>, steps: &[Step]) -> Vec<String> {
    let mut peers: Vec<String> = Vec::new();
    for step in steps {
        let (Step::Message { at, .. } | Step::Fold { at, .. }) = step else { continue };
        let Some(message) = kept.get(*at) else { continue };
        let name = peer(&message.told);
        if !peers.contains(&name) {
            peers.push(name);
        }
    }
    peers
}

/// The far end of a message: its address and its transport.
pub fn peer(told: &Traced) -> String {
    format!("{} {}", told.remote, told.transport)
}
