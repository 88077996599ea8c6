//! The lights of others: what a watched phone tells of its calls or its presence, and how that is shown.

use super::agent::Agent;
use super::call::party;
use super::event::Event;
use super::port::Output;
use super::snapshot::{LightInfo, LightState, Party};
use super::subscriptions::Watch;
use crate::config::AccountId;
use crate::sip::event::dialog_info::{Applied, DialogInfo, DialogTable, WatchedDialog};
use crate::sip::event::pidf::{Availability, Presence};
use crate::sip::event::{DocumentError, Package};
use crate::sip::header::NameAddr;
use crate::text::sanitise;

/// Somebody who is watched.
#[derive(Debug, Default)]
pub(super) struct Light {
    /// As given.
    pub target: String,
    /// A notifier that knows no dialogs is asked for presence.
    pub falls_back: bool,
    dialogs: DialogTable,
    state: LightState,
    remote: Option<Party>,
    note: Option<String>,
}

/// Somebody watched who is being called.
pub(super) struct Ringing<'a> {
    pub account: AccountId,
    /// As given.
    pub number: &'a str,
    /// The address that is asked.
    pub uri: &'a str,
    /// The call, if it is told.
    pub dialog: Option<&'a WatchedDialog>,
}

impl Light {
    /// Of somebody of whom nothing is known yet.
    pub fn new(target: String, falls_back: bool) -> Light {
        Light { target, falls_back, ..Light::default() }
    }

    /// Takes in a document; true if one before it was missed.
    pub fn take(&mut self, package: Package, body: &[u8]) -> Result<bool, DocumentError> {
        if package != Package::Dialog {
            let presence = Presence::parse(body)?;
            self.state = light_state(presence.availability());
            self.note = presence.note.as_deref().map(sanitise);
            return Ok(false);
        }
        let applied = self.dialogs.apply(DialogInfo::parse(body)?);
        self.state = light_state(self.dialogs.availability());
        self.remote = self.dialogs.foremost().and_then(|dialog| {
            let named = NameAddr::new(dialog.remote_identity.clone()?);
            Some(party(&named.with_display_name(dialog.remote_name.as_deref().unwrap_or_default())))
        });
        Ok(applied == Applied::Gap)
    }

    /// What others see of it.
    pub fn shown(&self) -> (LightState, Option<Party>, Option<String>) {
        (self.state, self.remote.clone(), self.note.clone())
    }
}

impl Agent {
    /// Those watched who are being called.
    pub(super) fn ringing(&self) -> impl Iterator<Item = Ringing<'_>> {
        let lights = self.watches.iter().filter_map(|watch| Some((watch, watch.light.as_ref()?)));
        lights.filter(|(_, light)| light.state == LightState::Ringing).map(|(watch, light)| Ringing {
            account: watch.account,
            number: &light.target,
            uri: &watch.machine.subject().uri,
            dialog: light.dialogs.foremost(),
        })
    }

    pub(super) fn tell_light(&mut self, id: u32) {
        let light = self.watches.iter().find(|watch| watch.id == id).and_then(|watch| self.light_info(watch));
        if let Some(light) = light {
            self.slot_told(&light);
            self.outputs.push_back(Output::Event(Event::Presence { light }));
        }
    }

    /// What the light of this target shows, as it was given.
    pub(super) fn light_of(&self, target: &str) -> Option<LightState> {
        let mut lights = self.watches.iter().filter_map(|watch| watch.light.as_ref());
        lights.find(|light| light.target == target).map(|light| light.state)
    }

    /// Every light.
    pub(super) fn lights(&self) -> Vec<LightInfo> {
        self.watches.iter().filter_map(|watch| self.light_info(watch)).collect()
    }

    fn light_info(&self, watch: &Watch) -> Option<LightInfo> {
        let light = watch.light.as_ref()?;
        let subject = watch.machine.subject();
        Some(LightInfo {
            target: light.target.clone(),
            name: self.name_of(&light.target, ""),
            uri: sanitise(&subject.uri),
            account: self.account(watch.account).map(|line| line.account.aor()).unwrap_or_default(),
            package: subject.package.token().to_owned(),
            state: light.state,
            remote: light.remote.clone(),
            note: light.note.clone(),
            reason: watch.machine.why().map(sanitise),
        })
    }
}

fn light_state(availability: Availability) -> LightState {
    match availability {
        Availability::Unknown => LightState::Unknown,
        Availability::Offline => LightState::Offline,
        Availability::Idle => LightState::Idle,
        Availability::Ringing => LightState::Ringing,
        Availability::Busy => LightState::Busy,
        Availability::Held => LightState::Held,
        Availability::Away => LightState::Away,
    }
}
