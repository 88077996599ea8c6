//! The switchboard as the interface has it: who of those watched is found, who is chosen, and since when each does what
//! it does. Plain data.

use super::editor::Editor;
use super::people::Wanted;
use crate::control::{CallInfo, LightInfo, LightState};
use crate::text::fold::{digits, fold};
use std::time::{Duration, Instant};

/// How often the minutes that are shown move on.
const MINUTE: Duration = Duration::from_secs(60);

/// A light as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    uri: String,
    account: String,
    state: LightState,
    /// When it began to do what it does; `None` = before anybody looked.
    since: Option<Instant>,
    /// Name and number, folded.
    words: String,
    /// The number without what only people need.
    number: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Switchboard {
    /// A place for each light of the status, in its order.
    seen: Vec<Seen>,
    /// Places of those found, in that order.
    found: Vec<usize>,
    /// The chosen one of those found.
    row: usize,
    /// What is searched for.
    pub search: Editor,
    /// Letters go into the search.
    pub searching: bool,
    /// It is asked what is to become of the call that is up.
    pub asking: bool,
    /// When the minutes shown were told last.
    minute: Option<Instant>,
}

impl Switchboard {
    /// Takes in what the lights show now; whoever is chosen stays chosen.
    pub fn take(&mut self, lights: &[LightInfo], now: Instant) {
        let chosen = self.place().and_then(|at| self.seen.get(at)).map(|seen| (seen.uri.clone(), seen.account.clone()));
        let old = std::mem::take(&mut self.seen);
        let is = |seen: &&Seen, light: &LightInfo| seen.uri == light.uri && seen.account == light.account;
        let see = |(at, light): (usize, &LightInfo)| {
            let same_place = old.get(at).filter(|seen| is(seen, light));
            let before = same_place.or_else(|| old.iter().find(|seen| is(seen, light)));
            let since = match before {
                Some(before) if before.state == light.state => before.since,
                // What a light shows first, it has shown for nobody knows how long.
                Some(before) if before.state == LightState::Unknown => None,
                Some(_) => Some(now),
                None => None,
            };
            Seen {
                uri: light.uri.clone(),
                account: light.account.clone(),
                state: light.state,
                since,
                words: fold(&format!("{}\n{}\n{}", light.called(), light.target, user(&light.uri))),
                number: digits(&light.target),
            }
        };
        self.seen = lights.iter().enumerate().map(see).collect();
        self.find();
        if let Some((uri, account)) = chosen {
            let stays = |at: &usize| self.seen.get(*at).is_some_and(|seen| seen.uri == uri && seen.account == account);
            self.row = self.found.iter().position(stays).unwrap_or(self.row);
        }
        self.row = self.row.min(self.found.len().saturating_sub(1));
    }

    /// Finds those whose name or number has what is searched for.
    pub fn find(&mut self) {
        let wanted = Wanted::new(&self.search.text());
        let fits = |seen: &Seen| wanted.fits(&seen.words, &seen.number);
        self.found = self.seen.iter().enumerate().filter(|(_, seen)| fits(seen)).map(|(at, _)| at).collect();
        self.row = self.row.min(self.found.len().saturating_sub(1));
    }

    /// Places in the status of those found, from this one of them on.
    pub fn found_from(&self, first: usize) -> impl Iterator<Item = usize> {
        self.found.iter().skip(first).copied()
    }

    /// How many are found.
    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// Which of those found is chosen.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Chooses another one of those found.
    pub fn choose(&mut self, row: usize) {
        self.row = row.min(self.found.len().saturating_sub(1));
    }

    /// Chooses the light at this place of the status.
    pub fn choose_light(&mut self, place: usize) {
        if let Some(row) = self.found.iter().position(|at| *at == place) {
            self.row = row;
        }
    }

    /// The chosen one's place in the status.
    pub fn place(&self) -> Option<usize> {
        self.found.get(self.row).copied()
    }

    /// For how long the light at this place of the status has done what it does, if its beginning was seen.
    pub fn lasts(&self, place: usize, now: Instant) -> Option<Duration> {
        let since = self.seen.get(place)?.since?;
        Some(now.saturating_duration_since(since))
    }

    /// When the minutes shown are to move on; `None` while none are shown.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let talks = |seen: &Seen| seen.since.is_some() && is_on_the_phone(seen.state);
        self.seen.iter().any(talks).then(|| self.minute.unwrap_or(now) + MINUTE)
    }

    /// The time that `next_wake` named has come: draw.
    pub fn tick(&mut self, now: Instant) -> bool {
        let is_due = self.minute.is_none_or(|minute| now >= minute + MINUTE);
        if is_due {
            self.minute = Some(now);
        }
        is_due
    }
}

/// It is called, talks or has its call on hold.
pub fn is_on_the_phone(state: LightState) -> bool {
    matches!(state, LightState::Ringing | LightState::Busy | LightState::Held)
}

/// The call is one with whoever this light is of.
pub fn is_with(call: &CallInfo, light: &LightInfo) -> bool {
    [&call.remote.user, &call.remote.uri, &call.number].into_iter().any(|text| names(text, light))
}

fn names(text: &str, light: &LightInfo) -> bool {
    !text.is_empty() && (text == light.target || text == light.uri || text == user(&light.uri))
}

/// The user of an address.
fn user(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split(['@', ';']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(target: &str, state: LightState) -> LightInfo {
        LightInfo { target: target.into(), uri: format!("sip:{target}@h"), state, ..LightInfo::default() }
    }

    #[allow(clippy::disallowed_methods)]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn whoever_is_chosen_stays_chosen_wherever_it_stands() {
        let mut board = Switchboard::default();
        let start = now();
        board.take(&["1", "2", "3"].map(|target| light(target, LightState::Idle)), start);
        board.choose(1);
        board.take(&["9", "3", "2"].map(|target| light(target, LightState::Idle)), start);
        assert_eq!((board.row(), board.place()), (2, Some(2)));
        board.search.set("3", 9);
        board.find();
        assert_eq!((board.found(), board.place()), (1, Some(1)));
        board.take(&[light("9", LightState::Idle)], start);
        assert_eq!((board.found(), board.row(), board.place()), (0, 0, None));
    }

    #[test]
    fn only_a_change_that_was_seen_has_a_beginning() {
        use LightState::{Busy, Idle, Ringing, Unknown};
        let start = now();
        let later = |seconds: u64| start + Duration::from_secs(seconds);
        for (states, expected) in [
            (&[Busy, Busy][..], None),
            (&[Unknown, Busy], None),
            (&[Idle, Busy], Some(60)),
            (&[Idle, Ringing, Busy], Some(60)),
            (&[Idle, Busy, Busy], Some(120)),
        ] {
            let mut board = Switchboard::default();
            for (minute, state) in (0..).zip(states) {
                board.take(&[light("2", *state)], later(60 * minute));
            }
            let end = later(60 * states.len() as u64);
            assert_eq!(board.lasts(0, end), expected.map(Duration::from_secs), "{states:?}");
            assert_eq!(board.next_wake(end).is_some(), expected.is_some(), "{states:?}");
        }
    }

    #[test]
    fn a_light_goes_by_number_address_and_user() {
        let light = LightInfo { target: "Bob".into(), uri: "sip:102@h;transport=tcp".into(), ..LightInfo::default() };
        for (text, expected) in
            [("Bob", true), ("sip:102@h;transport=tcp", true), ("102", true), ("", false), ("10", false)]
        {
            assert_eq!(names(text, &light), expected, "{text}");
        }
    }
}
