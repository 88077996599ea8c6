//! The verb of settings: its words, the line that asks a phone behind a socket, and its answer.

use super::values::Values;
use super::verb::{Param, ParamKind, Request, VerbRow};
use crate::engine::setting::{SettingAsk, SettingTold};
use crate::ua::command::Secret;
use serde_json::{Map, Value, json};

/// The row.
pub(super) const SETTING: VerbRow = VerbRow {
    name: "setting",
    aliases: &[],
    params: &[
        Param { name: "action", kind: ParamKind::Optional, doc: "list, set or unset; list unless said" },
        Param { name: "name", kind: ParamKind::Optional, doc: "set, unset: SECTION.KEY, such as Settings.DND" },
        Param { name: "value", kind: ParamKind::Optional, doc: "set: the value; nothing = an empty one" },
    ],
    doc: "Show the settings of the running phone, or change one in its file, which it takes at once; config does so where \
          none runs",
    examples: &[
        ("tuiphone setting", "Every key that is not as it comes"),
        ("tuiphone setting set Settings.volumeOutput 80", "Another value, at once"),
        ("tuiphone setting unset Settings.volumeOutput", "As it comes"),
    ],
    key: None,
    make: |v| Ok(Request::Settings(ask(v)?)),
};

fn ask(v: &Values) -> Result<SettingAsk, String> {
    let action = v.text("action").unwrap_or_else(|| "list".to_owned()).to_ascii_lowercase();
    let name = || v.need("name");
    let (ask, most) = match action.as_str() {
        "list" => (SettingAsk::List, 0),
        "set" => {
            let value = Secret::new(v.given("value").unwrap_or_default());
            (SettingAsk::Set { name: name()?, value }, 2)
        }
        "unset" => (SettingAsk::Unset { name: name()? }, 1),
        other => return Err(format!("'{other}' is none of list, set, unset")),
    };
    let given = ["name", "value"].iter().filter(|name| v.given(name).is_some()).count();
    if given > most {
        return Err(format!("setting {action} takes fewer words"));
    }
    Ok(ask)
}

/// The JSON line that parses back to it.
pub(super) fn line(ask: &SettingAsk) -> String {
    let line = match ask {
        SettingAsk::List => json!({"verb": "setting", "action": "list"}),
        SettingAsk::Set { name, value } => {
            json!({"verb": "setting", "action": "set", "name": name, "value": value.reveal()})
        }
        SettingAsk::Unset { name } => json!({"verb": "setting", "action": "unset", "name": name}),
    };
    line.to_string()
}

/// The fields of the answer.
pub(super) fn fields(told: &SettingTold) -> Map<String, Value> {
    let (name, value) = match told {
        SettingTold::List(settings) => ("settings", json!(settings)),
        SettingTold::Changed(changed) => ("setting", json!(changed)),
    };
    Map::from_iter([(name.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::spelling;

    fn asked(line: &str) -> Result<SettingAsk, String> {
        match spelling::parse(line).request {
            Ok(Request::Settings(ask)) => Ok(ask),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why.message),
        }
    }

    #[test]
    fn every_question_survives_its_line_and_no_value_is_shown() {
        let set = |value: &str| SettingAsk::Set { name: "Account1.label".into(), value: Secret::new(value) };
        for ask in [SettingAsk::List, set("a \"b\""), set(""), SettingAsk::Unset { name: "Settings.DND".into() }] {
            assert_eq!(asked(&line(&ask)), Ok(ask));
        }
        assert!(!format!("{:?}", set("hunter2")).contains("hunter2"));
    }

    #[test]
    fn words_ask_too() {
        assert_eq!(asked("setting"), Ok(SettingAsk::List));
        let set = SettingAsk::Set { name: "Settings.DND".into(), value: Secret::new("1") };
        assert_eq!(asked("setting set Settings.DND 1"), Ok(set));
        for (line, why) in [
            ("setting set", "no name given"),
            ("setting unset", "no name given"),
            ("setting shout", "'shout' is none of list, set, unset"),
            ("setting unset Settings.DND 1", "setting unset takes fewer words"),
            ("setting list Settings.DND", "setting list takes fewer words"),
        ] {
            let said = asked(line).unwrap_err();
            assert!(said.starts_with(why), "{line}: {said}");
        }
    }
}
