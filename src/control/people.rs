//! The verb of contacts: its words, and the line that asks a phone behind a socket.

use super::values::Values;
use super::verb::{Param, ParamKind, Request, VerbRow};
use crate::engine::address_book::ContactsAsk;
use serde_json::{Map, Value, json};

const fn optional(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Optional, doc }
}
const fn option(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Option, doc }
}

/// Options of `add` and `edit`, each an attribute of Contacts.xml.
const PARTS: [&str; 13] = [
    "name",
    "phone",
    "mobile",
    "email",
    "comment",
    "presence",
    "starred",
    "firstname",
    "lastname",
    "address",
    "city",
    "state",
    "zip",
];

/// The row.
pub(super) const CONTACTS: VerbRow = VerbRow {
    name: "contacts",
    aliases: &[],
    params: &[
        optional("action", "list, search, add, edit, rm, refresh, import or export; list unless said"),
        optional(
            "what",
            "search: part of a name or number; add: the number; edit, rm: number, name or id; else the file",
        ),
        optional("name", "add, edit: the name"),
        option("number", "edit: the new number"),
        option("called", "edit, rm: the one's name as it is, where several have the number"),
        option("phone", "add, edit: the number at home"),
        option("mobile", "add, edit: the mobile number"),
        option("email", "add, edit: the e-mail address"),
        option("comment", "add, edit: what is worth knowing"),
        option("presence", "add, edit: on = a light shows whether they are free"),
        option("starred", "add, edit: on = stands before the others"),
        option("firstname", "add, edit: the first name"),
        option("lastname", "add, edit: the last name"),
        option("address", "add, edit: street and house"),
        option("city", "add, edit: the city"),
        option("state", "add, edit: the state"),
        option("zip", "add, edit: the postal code"),
        Param { name: "force", kind: ParamKind::Flag, doc: "export: replace the file" },
    ],
    doc: "List, find and change contacts, as Contacts.xml beside the ini file has them; refresh those of a directory; import \
          and export .csv, .vcf, .xml",
    examples: &[
        ("tuiphone contacts", "Everybody"),
        ("tuiphone contacts add 7001 \"Ann Bell\" --presence on", "A new one, with a light"),
        ("tuiphone contacts search ann", "Find some"),
        ("tuiphone contacts edit \"Ann Bell\" --mobile 01701234", "Change one"),
        ("tuiphone contacts export people.vcf", "Take them elsewhere"),
        ("tuiphone contacts rm \"Ann Bell\"", "Remove one"),
    ],
    key: Some("F10"),
    make: |v| Ok(Request::Contacts(ask(v)?)),
};

fn ask(v: &Values) -> Result<ContactsAsk, String> {
    let action = v.text("action").unwrap_or_else(|| "list".to_owned()).to_ascii_lowercase();
    let what = |of: &str| v.text("what").ok_or_else(|| format!("no {of} given"));
    let ask = match action.as_str() {
        "list" => ContactsAsk::List { search: v.text("what") },
        "search" | "find" => ContactsAsk::List { search: Some(what("text to search for")?) },
        "add" => ContactsAsk::Add { number: what("number")?, parts: parts(v)? },
        "edit" | "change" => ContactsAsk::Edit {
            who: what("number or name")?,
            called: v.text("called"),
            parts: v.given("number").map(|number| ("number".to_owned(), number)).into_iter().chain(parts(v)?).collect(),
        },
        "rm" | "remove" | "delete" => ContactsAsk::Remove { who: what("number or name")?, called: v.text("called") },
        "refresh" => ContactsAsk::Refresh,
        "import" => ContactsAsk::Import { file: what("file")?.into() },
        "export" => ContactsAsk::Export { file: what("file")?.into(), force: v.flag("force") },
        other => return Err(format!("'{other}' is none of list, search, add, edit, rm, refresh, import, export")),
    };
    let takes_parts = matches!(ask, ContactsAsk::Add { .. } | ContactsAsk::Edit { .. });
    let is_one = matches!(ask, ContactsAsk::Edit { .. } | ContactsAsk::Remove { .. });
    let is_edit = matches!(ask, ContactsAsk::Edit { .. });
    match PARTS.iter().find(|name| !takes_parts && v.given(name).is_some()) {
        Some(name) => Err(format!("only add and edit take a {name}")),
        None if v.flag("force") && !matches!(ask, ContactsAsk::Export { .. }) => {
            Err("only export takes --force".into())
        }
        None if v.given("called").is_some() && !is_one => Err("only edit and rm take --called".into()),
        None if v.given("number").is_some() && !is_edit => Err("only edit takes --number".into()),
        None => match ask {
            ContactsAsk::Edit { parts, .. } if parts.is_empty() => Err("nothing to change is given".into()),
            ask => Ok(ask),
        },
    }
}

fn parts(v: &Values) -> Result<Vec<(String, String)>, String> {
    let mut parts = Vec::new();
    for name in PARTS {
        let Some(value) = v.given(name) else { continue };
        let is_flag = matches!(name, "presence" | "starred");
        let value = if is_flag { (if v.switch(name)? { "1" } else { "0" }).to_owned() } else { value };
        parts.push((name.to_owned(), value));
    }
    Ok(parts)
}

/// The JSON line that parses back to it.
pub(super) fn line(ask: &ContactsAsk) -> String {
    let line = |action: &str, what: &str| {
        let mut line = Map::new();
        line.insert("verb".into(), "contacts".into());
        line.insert("action".into(), action.into());
        line.insert("what".into(), what.into());
        line
    };
    let line = match ask {
        ContactsAsk::List { search: None } => line("list", ""),
        ContactsAsk::List { search: Some(text) } => line("search", text),
        ContactsAsk::Edit { who, called, parts } => {
            let mut line = line("edit", who);
            line.insert("called".into(), json!(called));
            line.extend(parts.iter().map(|(name, value)| (name.clone(), json!(value))));
            line
        }
        ContactsAsk::Remove { who, called } => {
            let mut line = line("rm", who);
            line.insert("called".into(), json!(called));
            line
        }
        ContactsAsk::Refresh => line("refresh", ""),
        ContactsAsk::Import { file } => line("import", &file.to_string_lossy()),
        ContactsAsk::Export { file, force } => {
            let mut line = line("export", &file.to_string_lossy());
            line.insert("force".into(), (*force).into());
            line
        }
        ContactsAsk::Add { number, parts } => {
            let mut line = line("add", number);
            line.extend(parts.iter().map(|(name, value)| (name.clone(), json!(value))));
            line
        }
    };
    Value::Object(line).to_string()
}

/// What a reply says beside its frame.
pub(super) fn fields(reply: Value) -> Map<String, Value> {
    let Value::Object(mut fields) = reply else { return Map::new() };
    for frame in ["v", "id", "verb", "ok"] {
        fields.shift_remove(frame);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::spelling;

    fn asked(line: &str) -> Result<ContactsAsk, String> {
        match spelling::parse(line).request {
            Ok(Request::Contacts(ask)) => Ok(ask),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why.message),
        }
    }

    #[test]
    fn every_question_survives_its_line() {
        let parts = vec![("name".to_owned(), "Zoë \"Z\"".to_owned()), ("starred".to_owned(), "0".to_owned())];
        for ask in [
            ContactsAsk::List { search: None },
            ContactsAsk::List { search: Some("a b".into()) },
            ContactsAsk::Add { number: "+49".into(), parts },
            ContactsAsk::Add { number: "1".into(), parts: Vec::new() },
            ContactsAsk::Remove { who: "Ann".into(), called: None },
            ContactsAsk::Remove { who: "100".into(), called: Some("Ann".into()) },
            ContactsAsk::Edit {
                who: "100".into(),
                called: Some("Ann".into()),
                parts: vec![("number".into(), "101".into()), ("email".into(), String::new())],
            },
            ContactsAsk::Refresh,
            ContactsAsk::Import { file: "/a b.csv".into() },
            ContactsAsk::Export { file: "/x.vcf".into(), force: true },
            ContactsAsk::Export { file: "/x.vcf".into(), force: false },
        ] {
            assert_eq!(asked(&line(&ask)), Ok(ask));
        }
    }

    #[test]
    fn words_ask_too() {
        assert_eq!(asked("contacts"), Ok(ContactsAsk::List { search: None }));
        assert_eq!(asked("contacts RM 100"), Ok(ContactsAsk::Remove { who: "100".into(), called: None }));
        let parts = vec![("name".to_owned(), "Ann".to_owned()), ("presence".to_owned(), "1".to_owned())];
        assert_eq!(asked("contacts add 100 Ann --presence on"), Ok(ContactsAsk::Add { number: "100".into(), parts }));
        for (line, why) in [
            ("contacts add", "no number given"),
            ("contacts import", "no file given"),
            ("contacts shout", "'shout' is none of list"),
            ("contacts list --mobile 1", "only add and edit take a mobile"),
            ("contacts edit 100", "nothing to change is given"),
            ("contacts add 1 --number 2", "only edit takes --number"),
            ("contacts list --called Ann", "only edit and rm take --called"),
            ("contacts list --force", "only export takes --force"),
            ("contacts add 1 --starred maybe", "'maybe' is neither on nor off"),
        ] {
            let said = asked(line).unwrap_err();
            assert!(said.starts_with(why), "{line}: {said}");
        }
    }
}
