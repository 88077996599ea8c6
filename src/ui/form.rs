//! The form somebody is written down in: the table of its fields, and what is typed into them.

use super::editor::Editor;
use crate::control::{Contact, ContactsAsk};

/// Longest text of a field, in characters.
pub const MAX_CHARS: usize = 250;

/// A part of a contact on the screen.
#[derive(Debug, Clone, Copy)]
pub struct FormField {
    /// The attribute of Contacts.xml, and the option of the verb.
    pub attribute: &'static str,
    /// What stands before it.
    pub label: &'static str,
    /// What it holds.
    pub part: Part,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// A text.
    Text(fn(&Contact) -> &str),
    /// A number that can be called.
    Number(fn(&Contact) -> &str),
    /// Yes or no.
    Flag(fn(&Contact) -> bool),
}

/// Every field, in the order of the form.
pub const FIELDS: [FormField; 14] = [
    FormField { attribute: "name", label: "name", part: Part::Text(|c| &c.name) },
    FormField { attribute: "number", label: "number", part: Part::Number(|c| &c.number) },
    FormField { attribute: "mobile", label: "mobile", part: Part::Number(|c| &c.mobile) },
    FormField { attribute: "phone", label: "home", part: Part::Number(|c| &c.phone) },
    FormField { attribute: "email", label: "e-mail", part: Part::Text(|c| &c.email) },
    FormField { attribute: "comment", label: "comment", part: Part::Text(|c| &c.comment) },
    FormField { attribute: "starred", label: "star", part: Part::Flag(|c| c.starred) },
    FormField { attribute: "presence", label: "light", part: Part::Flag(|c| c.presence) },
    FormField { attribute: "firstname", label: "first name", part: Part::Text(|c| &c.first_name) },
    FormField { attribute: "lastname", label: "last name", part: Part::Text(|c| &c.last_name) },
    FormField { attribute: "address", label: "address", part: Part::Text(|c| &c.address) },
    FormField { attribute: "zip", label: "post code", part: Part::Text(|c| &c.zip) },
    FormField { attribute: "city", label: "city", part: Part::Text(|c| &c.city) },
    FormField { attribute: "state", label: "state", part: Part::Text(|c| &c.state) },
];

/// What is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A text.
    Text(Editor),
    /// Yes or no.
    Flag(bool),
}

impl Typed {
    /// As the verb takes it.
    fn value(&self) -> String {
        match self {
            Typed::Text(line) => line.text().trim().to_owned(),
            Typed::Flag(on) => if *on { "1" } else { "0" }.to_owned(),
        }
    }
}

/// An open form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Who is changed; `None` = somebody new.
    pub old: Option<Contact>,
    /// What is typed, a place for each of [`FIELDS`].
    pub typed: Vec<Typed>,
    /// What it was when the form was opened.
    first: Vec<String>,
    /// The field the keys go to.
    pub row: usize,
    /// It was asked to leave without saving.
    pub leaving: bool,
    /// It leads back to the history.
    pub from_history: bool,
}

impl Form {
    /// The form of somebody who is there.
    pub fn edit(contact: &Contact) -> Form {
        let typed = typed(contact);
        let first = typed.iter().map(Typed::value).collect();
        Form { old: Some(contact.clone()), typed, first, row: 0, leaving: false, from_history: false }
    }

    /// The form of somebody new, with what is known already.
    pub fn new(name: &str, number: &str) -> Form {
        let known = Contact { name: name.to_owned(), number: number.to_owned(), ..Contact::default() };
        let first = typed(&Contact::default()).iter().map(Typed::value).collect();
        Form { old: None, typed: typed(&known), first, row: 0, leaving: false, from_history: false }
    }

    /// Something is typed that is not saved.
    pub fn is_changed(&self) -> bool {
        !self.changes().is_empty()
    }

    /// What is typed into the field of this attribute.
    pub fn value(&self, attribute: &str) -> String {
        let at = FIELDS.iter().position(|field| field.attribute == attribute);
        at.and_then(|at| self.typed.get(at)).map(Typed::value).unwrap_or_default()
    }

    /// What saving asks of the phone; `None` if nothing is to be saved.
    pub fn ask(&self) -> Option<ContactsAsk> {
        let mut parts = self.changes();
        if parts.is_empty() {
            return None;
        }
        Some(match &self.old {
            Some(old) => ContactsAsk::Edit { who: old.number.clone(), called: Some(old.name.clone()), parts },
            None => {
                parts.retain(|(attribute, _)| attribute != "number");
                ContactsAsk::Add { number: self.any_number(), parts }
            }
        })
    }

    /// The first number that is typed; empty = none.
    pub fn any_number(&self) -> String {
        let numbers = ["number", "phone", "mobile"].map(|attribute| self.value(attribute));
        numbers.into_iter().find(|number| !number.is_empty()).unwrap_or_default()
    }

    fn changes(&self) -> Vec<(String, String)> {
        let now = self.typed.iter().map(Typed::value);
        let changed = FIELDS.iter().zip(now).zip(&self.first).filter(|((_, now), first)| now != *first);
        changed.map(|((field, now), _)| (field.attribute.to_owned(), now)).collect()
    }
}

fn typed(contact: &Contact) -> Vec<Typed> {
    let text = |text: &str| {
        let mut line = Editor::default();
        line.set(&text.replace('\n', " / "), MAX_CHARS);
        Typed::Text(line)
    };
    let typed = |field: &FormField| match field.part {
        Part::Text(get) | Part::Number(get) => text(get(contact)),
        Part::Flag(get) => Typed::Flag(get(contact)),
    };
    FIELDS.iter().map(typed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(form: &mut Form, attribute: &str, text: &str) {
        let at = FIELDS.iter().position(|field| field.attribute == attribute).unwrap();
        match &mut form.typed[at] {
            Typed::Text(line) => line.set(text, MAX_CHARS),
            Typed::Flag(on) => *on = text == "1",
        }
    }

    #[test]
    fn only_what_was_changed_is_saved() {
        let two_lines =
            Contact { name: "Ann".into(), number: "1".into(), comment: "a\nb".into(), ..Contact::default() };
        let mut form = Form::edit(&two_lines);
        assert_eq!((form.is_changed(), form.ask()), (false, None));
        write(&mut form, "email", " a@b ");
        write(&mut form, "starred", "1");
        let parts = vec![("email".to_owned(), "a@b".to_owned()), ("starred".to_owned(), "1".to_owned())];
        assert_eq!(form.ask(), Some(ContactsAsk::Edit { who: "1".into(), called: Some("Ann".into()), parts }));
    }

    #[test]
    fn somebody_new_is_added_by_the_first_number() {
        let mut form = Form::new("Bob", "");
        assert!(form.is_changed() && form.any_number().is_empty());
        write(&mut form, "mobile", "0170");
        let parts = vec![("name".to_owned(), "Bob".to_owned()), ("mobile".to_owned(), "0170".to_owned())];
        assert_eq!(form.ask(), Some(ContactsAsk::Add { number: "0170".into(), parts }));
        assert!(!Form::new("", "").is_changed());
    }
}
