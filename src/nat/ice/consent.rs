//! Consent: the peer says every few seconds that it wants what is sent to it (RFC 7675).

use super::agent::{Agent, Selected};
use super::{Event, Output, Role};
use crate::nat::stun::{Class, Integrity, Key, Message, TransactionId};
use rand::{Rng, RngExt};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

//= RFC 7675 §5.1: asked each 5 s, by chance 20 % sooner or later; over after 30 s without an answer
const ASKED: Duration = Duration::from_secs(5);
const LASTS: Duration = Duration::from_secs(30);
/// The component of the sound.
const SOUND: u8 = 1;
/// Most questions that are open; as many as are asked while it lasts.
const MAX_OPEN: usize = 8;
/// Who has stopped to send is asked after this, whether it is silent or gone.
const SILENCE: Duration = Duration::from_millis(1_500);
/// Who has not answered is asked again after this, by who is to find another way.
const AGAIN: Duration = Duration::from_millis(500);
/// Nothing came for this long, whatever was asked: another way is to be found. What there is may be sent until consent
/// is over.
const DOUBT: Duration = Duration::from_millis(3_500);

/// The consent of one pair.
#[derive(Debug)]
pub(super) struct Consent {
    username: String,
    key: Key,
    asked: Vec<TransactionId>,
    next: Instant,
    ends: Instant,
    /// The last that came, if nothing was asked since.
    heard: Option<Instant>,
    /// The first question since which nothing came.
    doubted: Option<Instant>,
    /// That nothing comes was told.
    is_told: bool,
}

impl Consent {
    /// Given just now. Name and key stay those of the session of checks that found the pair.
    pub fn new(username: String, key: Key, now: Instant, rng: &mut impl Rng) -> Consent {
        let (next, ends) = (now + pause(rng), now + LASTS);
        Consent { username, key, asked: Vec::new(), next, ends, heard: None, doubted: None, is_told: false }
    }

    /// When it must be asked for, or is over.
    pub fn next_timeout(&self) -> Instant {
        let doubts = [self.silence_ends(), self.doubt_ends()];
        doubts.into_iter().flatten().fold(self.next.min(self.ends), Instant::min)
    }

    fn silence_ends(&self) -> Option<Instant> {
        self.heard.map(|heard| heard + SILENCE)
    }

    fn doubt_ends(&self) -> Option<Instant> {
        self.doubted.filter(|_| !self.is_told).map(|doubted| doubted + DOUBT)
    }

    /// The peer is there; true where that was doubted.
    fn is_back(&mut self) -> bool {
        self.doubted = None;
        std::mem::take(&mut self.is_told)
    }
}

fn pause(rng: &mut impl Rng) -> Duration {
    ASKED.mul_f64(rng.random_range(0.8..1.2))
}

impl Agent {
    /// Media came on the pair in use; true where it was doubted that any would.
    pub fn heard(&mut self, component: u8, from: SocketAddr, now: Instant) -> bool {
        let finds = self.role == Role::Controlling && component == SOUND;
        let is_it = |selected: &&mut Selected| (selected.component, selected.remote) == (component, from);
        let pair = self.selected.iter_mut().filter(|_| finds).find(is_it);
        let Some(consent) = pair.and_then(|selected| selected.consent.as_mut()) else { return false };
        consent.heard = Some(now);
        let is_back = consent.is_back();
        self.outputs.extend(is_back.then_some(Output::Event(Event::Answered { component })));
        is_back
    }

    /// Asks where it is time, and stops sending where it is over.
    pub(super) fn consent_timeout(&mut self, now: Instant) {
        let mut questions = Vec::new();
        for selected in &mut self.selected {
            let component = selected.component;
            let Some(consent) = selected.consent.as_mut() else { continue };
            if consent.doubt_ends().is_some_and(|at| at <= now) {
                consent.is_told = true;
                let news = Output::Event(Event::Unanswered { component });
                self.outputs.extend(Some(news).filter(|_| selected.is_current));
            }
            if consent.next > now && consent.silence_ends().is_none_or(|at| at > now) {
                continue;
            }
            // Who controls finds another way. Reports come seldom: that they do not is no sign.
            let finds = self.role == Role::Controlling && component == SOUND && selected.is_current;
            if finds && !consent.is_told {
                consent.doubted.get_or_insert(now);
                consent.next = now + AGAIN;
            } else {
                consent.next = now + pause(&mut self.rng);
            }
            consent.heard = None;
            let id = TransactionId::new(&mut self.rng);
            consent.asked.truncate(MAX_OPEN - 1);
            consent.asked.insert(0, id);
            let (base, remote) = (selected.base, selected.remote);
            questions.push((component, base, remote, id, consent.username.clone(), consent.key.clone()));
        }
        for (component, base, remote, id, username, key) in questions {
            let bytes = self.binding(id, &username, base, component).sign(&key).finish();
            self.transmit(base, remote, bytes, now);
        }
        let is_over = |consent: &Consent| consent.ends <= now;
        let is_lost = |selected: &mut Selected| selected.consent.as_ref().is_some_and(is_over);
        for Selected { component, base, remote, is_current, .. } in self.selected.extract_if(.., is_lost) {
            // While checks go on nothing is lost.
            if is_current {
                self.checklist.lose(component, (base, remote));
                self.outputs.push_back(Output::Event(Event::ConsentLost { component }));
            }
        }
    }

    /// An answer to such a question; false if it is none.
    pub(super) fn consented(
        &mut self,
        base: SocketAddr,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) -> bool {
        let pair = self.selected.iter_mut().find(|selected| (selected.base, selected.remote) == (base, from));
        let pair = pair.and_then(|selected| Some((selected.component, selected.consent.as_mut()?)));
        let Some((component, consent)) = pair else { return false };
        if !consent.asked.contains(&message.id) {
            return false;
        }
        //= RFC 7675 §5.1: only what the peer signed is consent
        if message.class == Class::Success && message.integrity(&consent.key) == Integrity::Good {
            consent.ends = now + LASTS;
            consent.next = now + pause(&mut self.rng);
            consent.asked.clear();
            if consent.is_back() {
                self.outputs.push_back(Output::Event(Event::Answered { component }));
            }
        }
        true
    }
}
