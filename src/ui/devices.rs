//! The sound devices as the interface has them: those of the machine, the wanted ones, which row is chosen. Plain data.

use crate::control::{SettingInfo, SoundCard, SoundDevice};

/// A place sound goes to or comes from, and something that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Microphone, speaker, ring.
    pub device: SoundDevice,
    /// As the phone takes it: `default`, or the name of a card.
    pub name: String,
    /// It is the system's own choice.
    pub is_systems: bool,
    /// It is the one that is wanted.
    pub is_wanted: bool,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Devices {
    cards: Vec<SoundCard>,
    /// What the settings want: microphone, speaker, ring; empty = the system's.
    wanted: [String; 3],
    /// The chosen row.
    pub row: usize,
    /// The list has come.
    pub known: bool,
    /// Why there is none.
    pub trouble: Option<String>,
}

impl Devices {
    /// Takes the cards in.
    pub fn take(&mut self, cards: Vec<SoundCard>) {
        self.cards = cards;
        self.known = true;
        self.trouble = None;
        self.row = self.row.min(self.rows().len().saturating_sub(1));
    }

    /// Takes from the settings what is wanted.
    pub fn take_wanted(&mut self, settings: &[SettingInfo]) {
        let keys = ["audioInputDevice", "audioOutputDevice", "audioRingDevice"];
        self.wanted = keys.map(|key| {
            let info = settings.iter().find(|info| info.section == "Settings" && info.key == key);
            info.and_then(|info| info.value.clone()).unwrap_or_default()
        });
    }

    /// No card was found.
    pub fn is_bare(&self) -> bool {
        self.cards.is_empty()
    }

    /// For each place the system's choice, then the cards that can be there.
    pub fn rows(&self) -> Vec<Row> {
        let place = |(device, wanted): (SoundDevice, &String)| {
            let word = if device == SoundDevice::Input { "input" } else { "output" };
            let cards = self.cards.iter().filter(move |card| card.direction == word);
            let is_there = cards.clone().any(|card| card.name == *wanted);
            // One that is not plugged in now is shown all the same: it is what is wanted.
            let gone = Some(wanted.clone()).filter(|name| !name.is_empty() && !is_there);
            let names: Vec<String> = cards.map(|card| card.name.clone()).chain(gone).collect();
            let wanted = wanted.clone();
            let systems = Row { device, name: "default".to_owned(), is_systems: true, is_wanted: wanted.is_empty() };
            let own = names.into_iter().map(move |name| {
                let is_wanted = name == wanted;
                Row { device, name, is_systems: false, is_wanted }
            });
            std::iter::once(systems).chain(own).collect::<Vec<_>>()
        };
        SoundDevice::ALL.into_iter().zip(&self.wanted).flat_map(place).collect()
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<Row> {
        self.rows().into_iter().nth(self.row)
    }

    /// This card has it wanted from now on.
    pub fn want(&mut self, device: SoundDevice, name: &str) {
        let name = if name == "default" { "" } else { name };
        if let Some(wanted) =
            SoundDevice::ALL.iter().position(|one| *one == device).and_then(|at| self.wanted.get_mut(at))
        {
            *wanted = name.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_the_systems_choice_the_cards_and_what_is_wanted() {
        let card = |direction: &str, name: &str| SoundCard {
            direction: direction.into(),
            name: name.into(),
            ..SoundCard::default()
        };
        let mut devices = Devices::default();
        assert_eq!(devices.rows().len(), 3);
        devices.take(vec![card("input", "Headset"), card("output", "Headset"), card("output", "HDMI")]);
        let setting = |key: &str, value: &str| SettingInfo {
            section: "Settings".into(),
            key: key.into(),
            value: Some(value.into()),
            ..SettingInfo::default()
        };
        devices.take_wanted(&[setting("audioInputDevice", "Headset"), setting("audioRingDevice", "Gone")]);
        let told = |devices: &Devices| -> Vec<String> {
            let rows = devices.rows().into_iter();
            rows.map(|row| format!("{} {}{}", row.device.word(), row.name, if row.is_wanted { "!" } else { "" }))
                .collect()
        };
        let all = [
            "input default",
            "input Headset!",
            "output default!",
            "output Headset",
            "output HDMI",
            "ring default",
            "ring Headset",
            "ring HDMI",
            "ring Gone!",
        ];
        assert_eq!(told(&devices), all);
        devices.want(SoundDevice::Input, "default");
        assert_eq!(told(&devices).first().map(String::as_str), Some("input default!"));
    }
}
