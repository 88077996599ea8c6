//! An answer in JSON: an array of contacts, or an object round one.

use super::{Answer, put, put_numbers, seconds};
use crate::contacts::{Contact, FIELDS, Read};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Keys of an item beside the numbers: attributes of Contacts.xml, the directory's own mark left out.
fn keys() -> impl Iterator<Item = &'static str> {
    let others = ["number", "phone", "directory"];
    FIELDS.iter().map(|field| field.attribute).filter(move |key| !others.contains(key))
}

pub(super) fn read(text: &str) -> Answer {
    let (mut answer, mut read) = (Answer { is_whole: true, ..Answer::default() }, Read::default());
    let mut reader = serde_json::Deserializer::from_str(text);
    let outcome = Whole { answer: &mut answer, read: &mut read }.deserialize(&mut reader);
    let outcome = outcome.and_then(|()| reader.end());
    let mut answer = answer.with(read);
    match outcome {
        Err(why) if why.to_string().starts_with(FULL) => answer.is_whole = false,
        Err(why) => answer.broken(why.line(), &why.to_string()),
        Ok(()) => {}
    }
    answer
}

/// How an error begins that ends the reading where there is no room for more; it has been told already.
const FULL: &str = "too many";

/// What is being filled while the text is read: a break in it loses nothing that came before.
struct Whole<'a> {
    answer: &'a mut Answer,
    read: &'a mut Read,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of contacts, or an object with one as its items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        Items(self.read).visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            match key.as_str() {
                "refresh" => self.answer.refresh_s = seconds(&word(&members.next_value()?)),
                "silent" => self.answer.silent = is_yes(&members.next_value()?),
                "items" => members.next_value_seed(Items(self.read))?,
                "presence" => members.next_value_seed(Lights(self.answer))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Items<'a>(&'a mut Read);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(item) = items.next_element::<Value>()? {
            count += 1;
            match item {
                Value::Object(item) if !self.0.push(contact(&item), None) => return Err(A::Error::custom(FULL)),
                Value::Object(_) => {}
                other => self.0.problem(None, format!("item {count} is passed over: {} is no contact", kind(&other))),
            }
        }
        Ok(())
    }
}

struct Lights<'a>(&'a mut Answer);

impl<'de> DeserializeSeed<'de> for Lights<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Lights<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of who is there")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lights: A) -> Result<(), A::Error> {
        while let Some(light) = lights.next_element::<Value>()? {
            let part = |key: &str| light.get(key).map(word).unwrap_or_default();
            self.0.told(&part("number"), &part("status"), &part("info"));
        }
        Ok(())
    }
}

fn contact(item: &Map<String, Value>) -> Contact {
    let part = |key: &str| item.get(key).map(word).unwrap_or_default();
    let mut contact = Contact::default();
    let numbers = ["number", "phone", "telephone"].map(part);
    // Two of them at most: the third place is the mobile's, which has a key of its own.
    put_numbers(&mut contact, numbers.iter().map(String::as_str).filter(|number| !number.trim().is_empty()).take(2));
    for key in keys().filter(|key| item.contains_key(*key)) {
        put(&mut contact, key, &part(key));
    }
    contact
}

/// A scalar as text, flags as `0` and `1`.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(on) => u8::from(*on).to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn is_yes(value: &Value) -> bool {
    !matches!(word(value).as_str(), "" | "0" | "false")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
