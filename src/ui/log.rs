//! What happened since the interface was opened, in plain words with the time on the wall: kept, filtered, gone through.

mod about;

pub use about::About;

use super::editor::Editor;
use super::past::PastCall;
use super::view::words;
use super::wall::Wall;
use crate::control::{AccountInfo, CallInfo, EndedBy, Event, Grade, Kind, Party, RegistrationState, causes};
use crate::text::local::decimal;
use crate::text::say;
use crate::text::words::retold;
use std::borrow::Cow;
use std::collections::VecDeque;

/// Entries that are kept.
pub const MOST_ENTRIES: usize = 2_000;
/// Longest text that is searched for, in characters.
pub const MAX_SEARCH: usize = 60;
/// Longest text of an entry, in characters.
const MOST_TEXT: usize = 400;

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Of interest to whoever looks for something.
    Detail,
    /// As it should be.
    #[default]
    Note,
    /// Odd.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// Those that are shown from this one on, in words.
    pub fn words(self) -> String {
        match self {
            Level::Detail => say!("log-everything"),
            Level::Note => say!("log-events"),
            Level::Warning => say!("log-warnings-and-errors"),
            Level::Error => say!("log-errors"),
        }
    }

    /// The one that Tab chooses next.
    pub fn next(self) -> Level {
        match self {
            Level::Detail => Level::Note,
            Level::Note => Level::Warning,
            Level::Warning => Level::Error,
            Level::Error => Level::Detail,
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, as people here have it: `2026-01-02 04:04:05`.
    pub at: String,
    /// How much it matters.
    pub level: Level,
    /// What it is about.
    pub about: About,
    /// What happened.
    pub text: String,
    /// What next.
    pub hint: Option<String>,
}

impl Entry {
    /// In a line, for whoever copies it.
    pub fn line(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{} {}: {}{hint}", self.at, self.about.told(), self.text)
    }

    fn fits(&self, least: Level, wanted: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(wanted);
        self.level >= least
            && (wanted.is_empty()
                || has(&self.text)
                || has(&self.about.told())
                || has(&self.at)
                || self.hint.as_deref().is_some_and(has))
    }
}

/// What is kept, and how it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Entries that had to make room.
    pub dropped: u64,
    /// What is searched for.
    pub search: Editor,
    /// The search takes the keys.
    pub searches: bool,
    /// From which level on entries are shown.
    pub least: Level,
    /// The chosen one among those that are shown.
    pub row: usize,
    /// It stays the chosen one as others come.
    pub holds: bool,
    /// Those that are shown, by their places.
    shown: Vec<usize>,
    /// The call whose sound was told to be bad.
    poor: Option<String>,
    has_past: bool,
}

impl Log {
    /// Something happened. True if it is among those that are shown.
    pub fn add(&mut self, wall: &Wall, level: Level, about: About, text: &str, hint: Option<String>) -> bool {
        let text = crate::text::elided(&retold(text), MOST_TEXT);
        let hint = hint.map(|hint| retold(&hint).into_owned());
        let entry = Entry { at: wall.local.clone(), level, about, text, hint };
        let is_shown = entry.fits(self.least, &self.search.text().to_lowercase());
        self.entries.push_back(entry);
        if self.entries.len() > MOST_ENTRIES {
            self.entries.pop_front();
            self.dropped += 1;
            let gone = self.shown.first() == Some(&0);
            self.shown.retain(|at| *at > 0);
            self.shown.iter_mut().for_each(|at| *at -= 1);
            self.row = self.row.saturating_sub(usize::from(gone && self.holds));
        }
        if is_shown {
            self.shown.push(self.entries.len() - 1);
            if !self.holds {
                self.row = self.shown.len() - 1;
            }
        }
        is_shown
    }

    /// Calls that were before the interface was opened, the latest first; taken once.
    pub fn take_past(&mut self, calls: &[PastCall]) {
        if std::mem::replace(&mut self.has_past, true) {
            return;
        }
        let room = MOST_ENTRIES.saturating_sub(self.entries.len());
        for past in calls.iter().take(room) {
            self.entries.push_front(of_past(past));
        }
        self.select();
    }

    /// Entries that are shown, the oldest first.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// None is shown.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// All that is kept.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The one that is shown at this place.
    pub fn get(&self, row: usize) -> Option<&Entry> {
        self.entries.get(*self.shown.get(row)?)
    }

    /// Those that are shown, from this place on.
    pub fn from(&self, row: usize) -> impl Iterator<Item = &Entry> {
        self.shown.iter().skip(row).filter_map(|at| self.entries.get(*at))
    }

    /// Chooses one; the last one makes way for those to come.
    pub fn choose(&mut self, row: usize) {
        let last = self.shown.len().saturating_sub(1);
        self.row = row.min(last);
        self.holds = self.row < last;
    }

    /// Finds anew which are shown: what is searched for, or the level, has changed.
    pub fn select(&mut self) {
        let wanted = self.search.text().to_lowercase();
        let fits = |entry: &Entry| entry.fits(self.least, &wanted);
        self.shown = self.entries.iter().enumerate().filter(|(_, entry)| fits(entry)).map(|(at, _)| at).collect();
        self.row = self.shown.len().saturating_sub(1);
        self.holds = false;
    }

    /// An event in words, if it is one to write down. True if it is among those that are shown.
    pub fn take(&mut self, wall: &Wall, event: &Event) -> bool {
        if let Event::CallQuality { call } = event {
            return self.quality(wall, call);
        }
        match told(event) {
            Some((level, about, text, hint)) => self.add(wall, level, about, &text, hint),
            None => false,
        }
    }

    /// How a call sounds is written down when it turns bad, and when it is good again.
    fn quality(&mut self, wall: &Wall, call: &CallInfo) -> bool {
        let Some(media) = &call.media else { return false };
        let is_bad = |grade: Option<Grade>| matches!(grade, Some(Grade::Poor | Grade::Bad));
        let bad = is_bad(media.grade_rx) || is_bad(media.grade_tx);
        let told = self.poor.as_ref() == Some(&call.id);
        if bad == told {
            return false;
        }
        self.poor = bad.then(|| call.id.clone());
        let mos = |mos: Option<f64>| mos.map_or(say!("log-not-known"), |mos| decimal(mos, 1));
        let (who, here, there) = (words::who(call), mos(media.mos_rx), mos(media.mos_tx));
        let mut text = say!("log-quality", who, here, there);
        text.extend(media.cause_rx.iter().map(|why| say!("log-quality-from-them", why = retold(why))));
        text.extend(media.cause_tx.iter().map(|why| say!("log-quality-from-you", why = retold(why))));
        let level = if bad { Level::Warning } else { Level::Note };
        self.add(wall, level, About::Quality, &text, None)
    }
}

type Words = (Level, About, String, Option<String>);

fn told(event: &Event) -> Option<Words> {
    use Level::{Detail, Error, Note, Warning};
    let plain = |level, about, text: String| Some((level, about, text, None));
    let of = |call: &CallInfo, text: String| format!("{}: {text}", words::who(call));
    match event {
        Event::Registration { account, changed } => registration(account, *changed),
        Event::CallIncoming { call } => {
            let (who, number) = (words::who(call), words::number(call));
            plain(
                Note,
                About::Call,
                match words::via(call) {
                    Some(via) => say!("log-incoming-via", who, number, via),
                    None => say!("log-incoming", who, number),
                },
            )
        }
        Event::CallOutgoing { call } => plain(Note, About::Call, say!("log-calling", who = words::who(call))),
        Event::CallDialling { call } => plain(Detail, About::Call, of(call, say!("log-dialled"))),
        Event::CallRinging { call } => plain(Detail, About::Call, of(call, say!("log-rings"))),
        Event::CallEarlyMedia { call } => plain(Detail, About::Call, of(call, say!("log-early-sound"))),
        Event::CallAnswered { call } => plain(Note, About::Call, of(call, say!("log-answered"))),
        Event::CallHeld { call } if call.remote_hold => plain(Note, About::Call, of(call, say!("log-held-there"))),
        Event::CallHeld { call } => plain(Note, About::Call, of(call, say!("log-held"))),
        Event::CallResumed { call } => plain(Note, About::Call, of(call, say!("log-resumed"))),
        Event::CallConference { call } if call.conference => {
            plain(Note, About::Call, of(call, say!("log-conference-joined")))
        }
        Event::CallConference { call } => plain(Note, About::Call, of(call, say!("log-conference-left"))),
        Event::CallRenamed { call } => plain(Detail, About::Call, say!("log-renamed", who = words::who(call))),
        Event::CallTransferred { call } => plain(Note, About::Call, of(call, words::outcome(call))),
        Event::CallParked { call } => plain(Note, About::Call, of(call, words::outcome(call))),
        Event::CallAsked { ask } => plain(Note, About::Call, words::ask(ask).trim().to_owned()),
        Event::CallRecording { call } => plain(Note, About::Recording, of(call, words::recording(call)?)),
        Event::CallPlaying { call } => plain(Note, About::Playing, of(call, words::playing(call)?)),
        Event::CallPath { call } => {
            let ice = call.media.as_ref().and_then(|media| media.ice.as_ref())?;
            plain(Detail, About::Sound, of(call, say!("log-ice", ice = words::ice(ice))))
        }
        Event::CallSecured { call } => {
            let (text, is_good) = words::protection(call.media.as_ref()?)?;
            plain(if is_good == Some(false) { Error } else { Detail }, About::Sound, of(call, text))
        }
        Event::CallDtmf { call, digit, .. } => plain(Note, About::Call, of(call, say!("log-digit", digit))),
        Event::CallMediaLost { call, way, reason } => plain(Error, About::Sound, of(call, words::silent(*way, reason))),
        Event::CallMediaReturned { call, .. } => plain(Note, About::Sound, of(call, say!("log-sound-again"))),
        Event::CallEnded { call } => plain(ended_level(call), About::Call, of(call, ended(call))),
        Event::Message { message } => {
            let who = name(&message.remote);
            match (message.outgoing, message.delivered) {
                (false, _) => plain(Note, About::Message, say!("log-message-came", who)),
                (true, Some(false)) => {
                    let why = message.reason.as_deref().map_or_else(|| say!("log-no-answer").into(), retold);
                    plain(Error, About::Message, say!("log-message-undelivered", who, why))
                }
                (true, _) => plain(Detail, About::Message, say!("log-message-delivered", who)),
            }
        }
        Event::Mwi { account, voicemail } => {
            plain(Note, About::Voicemail, format!("{account}: {}", words::waiting(voicemail)))
        }
        Event::Presence { light } => {
            let (name, state) = (light.called(), words::light(light.state));
            plain(
                Detail,
                About::Light,
                match words::light_detail(light) {
                    Some(detail) => say!("log-light-detail", name, state, detail),
                    None => say!("log-light", name, state),
                },
            )
        }
        Event::Voice { voice } => plain(
            Detail,
            About::Sound,
            say!("log-voice", how = words::voice(voice).unwrap_or_else(|| say!("log-voice-as-it-is"))),
        ),
        Event::WrapUp { for_s: 0 } => plain(Note, About::Phone, say!("log-pause-over")),
        Event::WrapUp { for_s } => plain(Note, About::Phone, say!("log-pause", seconds = *for_s)),
        Event::TalkingMuted => plain(Warning, About::Sound, say!("log-talking-muted")),
        Event::Device { message } => plain(Note, About::Device, message.clone()),
        Event::Directory { message } => plain(Note, About::Contacts, message.clone()),
        Event::Hook { hook, message, .. } => plain(Note, About::Hook, format!("{hook}: {}", retold(message))),
        Event::Config { message, changed, needs_restart } => {
            let keys = if changed.is_empty() { String::new() } else { format!(": {}", changed.join(", ")) };
            let hint = (!needs_restart.is_empty())
                .then(|| say!("log-counts-from-next-start", keys = needs_restart.join(", ")));
            Some((Note, About::Settings, format!("{}{keys}", retold(message)), hint))
        }
        Event::Error { message, hint } => Some((Error, About::Error, message.clone(), hint.clone())),
        Event::Exited => plain(Error, About::Phone, say!("log-phone-ended")),
        Event::CallQuality { .. } | Event::Composing { .. } | Event::Notification { .. } => None,
    }
}

/// A refresh is nothing to write down.
fn registration(account: &AccountInfo, changed: bool) -> Option<Words> {
    let aor = &account.aor;
    match account.state {
        RegistrationState::Failed => {
            let reason = account.reason.clone().unwrap_or_else(|| say!("log-no-answer"));
            let cause = match account.status {
                Some(status @ 300..) => causes::of_register(status),
                _ => causes::of_silence(&reason, &account.transport),
            };
            let why = words::answer(account.status, &reason);
            let text = say!("log-not-registered", aor, why, cause = cause.why_told());
            Some((Level::Error, About::Account, text, cause.next_told().map(Cow::into_owned)))
        }
        RegistrationState::Registered if !changed => None,
        RegistrationState::Registered => {
            Some((Level::Note, About::Account, say!("log-registered", aor, transport = &account.transport), None))
        }
        RegistrationState::Registering => Some((Level::Detail, About::Account, say!("log-registering", aor), None)),
        RegistrationState::Off => changed.then(|| (Level::Note, About::Account, say!("log-account-off", aor), None)),
    }
}

fn ended(call: &CallInfo) -> String {
    let mos = call.media.as_ref().and_then(|media| media.mos_rx_mean).filter(|_| call.answered_after.is_some());
    let mos = mos.map(|mos| format!(", {} ({})", words::grade(Grade::of(mos)), decimal(mos, 1))).unwrap_or_default();
    let reason =
        call.reason.as_ref().filter(|_| call.answered_after.is_some() && call.ended_by == Some(EndedBy::Network));
    let reason = reason.map(|reason| format!(", {}", causes::told(reason))).unwrap_or_default();
    format!("{}{mos}{reason}", words::outcome(call))
}

fn ended_level(call: &CallInfo) -> Level {
    let answered = call.answered_after.is_some() || words::is_taken_elsewhere(call);
    match (answered, call.ended_by) {
        (true, Some(EndedBy::Network)) => Level::Error,
        (true, _) => Level::Note,
        (false, Some(EndedBy::Local)) if !call.failed_here() => Level::Note,
        (false, _) => Level::Warning,
    }
}

fn name(party: &Party) -> &str {
    let name = party.name.as_deref().filter(|name| !name.trim().is_empty());
    name.unwrap_or(if party.user.is_empty() { &party.uri } else { &party.user })
}

/// A call that was, as an entry.
fn of_past(past: &PastCall) -> Entry {
    let call = &past.call;
    let who = if call.name.trim().is_empty() { &call.number } else { &call.name };
    let text = match (call.kind, call.duration_s) {
        (Kind::Missed, _) => say!("log-missed", who),
        (Kind::AnsweredElsewhere, _) => say!("log-answered-elsewhere", who),
        (Kind::Outgoing, 0) => say!("log-called-ended", who, ended = call.ended()),
        (Kind::Incoming, 0) => say!("log-came-ended", who, ended = call.ended()),
        (Kind::Outgoing, seconds) => say!("log-called-talked", who, seconds = clock(seconds)),
        (Kind::Incoming, seconds) => say!("log-came-talked", who, seconds = clock(seconds)),
    };
    let level = if call.kind == Kind::Missed { Level::Warning } else { Level::Note };
    Entry { at: past.local.clone(), level, about: About::Call, text: crate::text::elided(&text, MOST_TEXT), hint: None }
}

fn clock(seconds: u32) -> String {
    words::clock(std::time::Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Wall {
        let mut wall = Wall::default();
        wall.set(second * 1_000_000, |second| Some(format!("2026-01-02 00:00:{second:02}")));
        wall
    }

    fn shown(log: &Log) -> Vec<&str> {
        log.from(0).map(|entry| entry.text.as_str()).collect()
    }

    #[test]
    fn it_is_bounded_and_the_place_one_holds_stays() {
        let mut log = Log::default();
        for n in 0..MOST_ENTRIES + 5 {
            log.add(&at(1), Level::Note, About::Phone, &format!("entry {n}"), None);
        }
        assert_eq!((log.count(), log.dropped, log.row), (MOST_ENTRIES, 5, MOST_ENTRIES - 1));
        assert_eq!(log.get(0).map(|entry| entry.text.as_str()), Some("entry 5"));
        log.choose(10);
        log.add(&at(2), Level::Note, About::Phone, "one more", None);
        assert_eq!((log.row, log.get(log.row).map(|entry| entry.text.as_str())), (9, Some("entry 15")));
    }

    #[test]
    fn levels_and_words_choose_what_is_shown() {
        let mut log = Log::default();
        for (level, text) in [(Level::Detail, "ringing"), (Level::Note, "Talking"), (Level::Error, "failed talk")] {
            log.add(&at(1), level, About::Call, text, None);
        }
        assert_eq!(shown(&log), ["Talking", "failed talk"]);
        for (least, wanted, expected) in [
            (Level::Detail, "", &["ringing", "Talking", "failed talk"][..]),
            (Level::Detail, "TALK", &["Talking", "failed talk"]),
            (Level::Error, "talk", &["failed talk"]),
            (Level::Error, "CALL", &["failed talk"]),
            (Level::Warning, "nobody", &[]),
        ] {
            log.least = least;
            log.search.set(wanted, MAX_SEARCH);
            log.select();
            assert_eq!(shown(&log), expected, "{least:?} {wanted}");
        }
    }

    #[test]
    fn every_level_is_reached() {
        let all: Vec<Level> = std::iter::successors(Some(Level::Note), |level| Some(level.next())).take(4).collect();
        assert_eq!(all, [Level::Note, Level::Warning, Level::Error, Level::Detail]);
    }

    #[test]
    fn a_refused_registration_tells_why_and_a_refresh_tells_nothing() {
        let account = |state, status| AccountInfo {
            aor: "1@pbx".into(),
            state,
            status,
            reason: Some("Forbidden".into()),
            transport: "udp".into(),
            ..AccountInfo::default()
        };
        let mut log = Log::default();
        let refused = account(RegistrationState::Failed, Some(403));
        assert!(log.take(&at(1), &Event::Registration { account: refused, changed: true }));
        let entry = log.get(0).cloned().unwrap();
        assert!(
            entry.level == Level::Error && entry.text.contains("403 Forbidden; likely the server knows"),
            "{entry:?}"
        );
        assert!(entry.hint.is_some());
        let refreshed = account(RegistrationState::Registered, Some(200));
        assert!(!log.take(&at(2), &Event::Registration { account: refreshed, changed: false }));
        assert_eq!(log.count(), 1);
    }
}
