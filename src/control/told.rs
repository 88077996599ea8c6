//! What a phone tells of its contacts, its past and its settings, as values: for faces that draw it.

use super::link::Link;
use super::verb::Request;
use super::{CommandError, Contact, ExitCode, Record, SettingChanged, SettingInfo};
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
    /// It is done.
    Done,
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
