//! What a phone tells of its contacts, its past and its settings, as values: for faces that draw it.

use super::link::Link;
use super::verb::Request;
use super::{CommandError, Contact, ExitCode, Record, SettingChanged, SettingInfo};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An answer about contacts or calls that were.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Contacts, and how much of their file could not be read.
    Contacts(Vec<Contact>, usize),
    /// Calls, the latest first, and whether there are older ones that fit.
    Calls(Vec<Record>, bool),
    /// Every setting.
    Settings(Vec<SettingInfo>),
    /// What came of another value of one.
    Setting(SettingChanged),
    /// The sound cards.
    Cards(Vec<SoundCard>),
    /// The codecs that are offered, the preferred first.
    Codecs(Vec<String>),
    /// It is done.
    Done,
}

/// A sound card, one way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct SoundCard {
    /// `input`, `output`.
    pub direction: String,
    /// What it is called; the phone takes this name.
    pub name: String,
    /// The system chooses it unless somebody does.
    #[serde(rename = "default")]
    pub is_default: bool,
}

/// A codec, as far as its place goes.
#[derive(Debug, Deserialize)]
struct Codec {
    id: String,
    place: Option<usize>,
}

impl Told {
    /// Reads the fields of a reply.
    fn read(mut fields: Map<String, Value>) -> Result<Told, CommandError> {
        if let Some(contacts) = fields.remove("contacts") {
            let problems = fields.get("problems").and_then(Value::as_array).map_or(0, Vec::len);
            return Ok(Told::Contacts(list(contacts)?, problems));
        }
        if let Some(settings) = fields.remove("settings") {
            return Ok(Told::Settings(list(settings)?));
        }
        if let Some(setting) = fields.remove("setting") {
            return Ok(Told::Setting(list(setting)?));
        }
        if let Some(cards) = fields.remove("devices") {
            return Ok(Told::Cards(list(cards)?));
        }
        if let Some(codecs) = fields.remove("codecs") {
            let mut codecs: Vec<Codec> = list(codecs)?;
            codecs.retain(|codec| codec.place.is_some());
            codecs.sort_by_key(|codec| codec.place);
            return Ok(Told::Codecs(codecs.into_iter().map(|codec| codec.id).collect()));
        }
        match fields.remove("history") {
            Some(calls) => Ok(Told::Calls(list(calls)?, fields.get("more") == Some(&Value::Bool(true)))),
            None => Ok(Told::Done),
        }
    }
}

impl Link {
    /// Asks about contacts, calls that were or settings, or changes them.
    ///
    /// # Errors
    /// The phone's refusal, or `NoDaemon`.
    pub async fn told(&self, request: &Request) -> Result<Told, CommandError> {
        Told::read(self.fields(request).await?)
    }
}

fn list<T: DeserializeOwned>(value: Value) -> Result<T, CommandError> {
    serde_json::from_value(value).map_err(|why| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("the phone's list could not be read: {why}"),
        hint: Some("is another version of tuiphone running? restart it: tuiphone exit".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Found, SettingTold, json};

    #[test]
    fn lists_survive_their_fields() {
        let call = Record { id: 7, number: "600".into(), ..Record::default() };
        let fields = json::history_fields(&Found::Records(vec![call.clone()], true));
        assert_eq!(Told::read(fields), Ok(Told::Calls(vec![call], true)));
        let contact = Contact { name: "Ann".into(), number: "1".into(), starred: true, ..Contact::default() };
        let fields = serde_json::json!({"contacts": [contact], "problems": [{}], "file": "x"});
        let Value::Object(fields) = fields else { panic!() };
        assert_eq!(Told::read(fields), Ok(Told::Contacts(vec![contact], 1)));
        assert_eq!(Told::read(Map::new()), Ok(Told::Done));
        let fields = crate::control::link::codecs(&["PCMU/8000/1".to_owned(), "opus/48000/2".to_owned()]);
        assert_eq!(Told::read(fields), Ok(Told::Codecs(vec!["PCMU/8000/1".into(), "opus/48000/2".into()])));
        let cards =
            serde_json::json!({"devices": [{"direction": "input", "name": "USB", "default": true, "aec": "on"}]});
        let Value::Object(cards) = cards else { panic!() };
        let card = SoundCard { direction: "input".into(), name: "USB".into(), is_default: true };
        assert_eq!(Told::read(cards), Ok(Told::Cards(vec![card])));
        let info = SettingInfo { key: "DND".into(), value: Some("1".into()), ..SettingInfo::default() };
        let fields = crate::control::setting::fields(&SettingTold::List(vec![info.clone()]));
        assert_eq!(Told::read(fields), Ok(Told::Settings(vec![info])));
        let changed = SettingChanged { name: "Settings.DND".into(), changed: true, ..SettingChanged::default() };
        let fields = crate::control::setting::fields(&SettingTold::Changed(changed.clone()));
        assert_eq!(Told::read(fields), Ok(Told::Setting(changed)));
        let wrong = Map::from_iter([("history".to_owned(), Value::Bool(true))]);
        assert!(Told::read(wrong).is_err_and(|why| why.message.contains("could not be read")));
    }
}
