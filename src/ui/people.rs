//! Contacts as the interface has them: the list, what is searched for in it, who is chosen, and the form. Plain data.

use super::editor::Editor;
use super::form::Form;
use crate::control::{Contact, LightInfo};
use crate::text::fold::{digits, fold};

/// Longest search, in characters.
pub const MAX_SEARCH: usize = 60;

/// Somebody, ready to be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// All that is known of them.
    pub contact: Contact,
    /// Every word of it, folded, a line each; name and numbers come first.
    folded: String,
    /// Their numbers without what only people need.
    numbers: String,
}

impl Person {
    fn new(contact: Contact) -> Person {
        let c = &contact;
        let words = [
            &c.name,
            &c.number,
            &c.phone,
            &c.mobile,
            &c.first_name,
            &c.last_name,
            &c.email,
            &c.comment,
            &c.city,
            &c.id,
        ];
        let folded = words.map(|word| fold(word)).join("\n");
        let numbers = contact.numbers().map(digits).collect::<Vec<_>>().join("\n");
        Person { contact, folded, numbers }
    }

    /// Their name, folded.
    pub fn folded_name(&self) -> &str {
        self.folded.lines().next().unwrap_or_default()
    }

    /// Every word is part of their name or of a number, or all of it is part of a number.
    pub fn is_called_by(&self, wanted: &Wanted) -> bool {
        // The name and the three numbers come first.
        let end = self.folded.match_indices('\n').nth(3).map_or(self.folded.len(), |(at, _)| at);
        wanted.fits(self.folded.get(..end).unwrap_or_default(), &self.numbers)
    }

    /// They are found: every word is part of something, or all of it is part of a number.
    pub fn is_found_by(&self, wanted: &Wanted) -> bool {
        wanted.fits(&self.folded, &self.numbers)
    }
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    words: Vec<String>,
    digits: String,
}

impl Wanted {
    /// By these words.
    pub fn new(text: &str) -> Wanted {
        Wanted { words: fold(text).split_whitespace().map(str::to_owned).collect(), digits: digits(text) }
    }

    /// Every word is in this folded text, or all of it in the number.
    pub fn fits(&self, folded: &str, number: &str) -> bool {
        self.words.iter().all(|word| folded.contains(word)) || !self.digits.is_empty() && number.contains(&self.digits)
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    list: Vec<Person>,
    /// Places in `list` of those found, in its order.
    found: Vec<usize>,
    /// What is searched for.
    pub search: Editor,
    /// The chosen one of those found.
    pub row: usize,
    /// The chosen number in the details.
    pub number: usize,
    /// Where somebody is written down, while the form is open.
    pub form: Option<Form>,
    /// Number and name of the one to choose when the list comes.
    pub wish: Option<(String, String)>,
    /// The list has come.
    pub known: bool,
    /// Why there is none, or that a part of it could not be read.
    pub trouble: Option<String>,
}

impl People {
    /// Everybody, those with a star first, then by name.
    pub fn list(&self) -> &[Person] {
        &self.list
    }

    /// How many are found.
    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// Those found from this row on.
    pub fn rows(&self, from: usize) -> impl Iterator<Item = &Person> {
        self.found.iter().skip(from).filter_map(|at| self.list.get(*at))
    }

    /// The chosen one.
    pub fn chosen(&self) -> Option<&Contact> {
        self.rows(self.row).next().map(|person| &person.contact)
    }

    /// Somebody with exactly this number.
    pub fn with_number(&self, number: &str) -> Option<&Contact> {
        self.list.iter().map(|person| &person.contact).find(|contact| contact.number == number)
    }

    /// Takes the list in; whoever is chosen stays chosen.
    pub fn take(&mut self, contacts: Vec<Contact>) {
        let chosen = self.chosen().map(|contact| (contact.number.clone(), contact.name.clone()));
        self.list = contacts.into_iter().map(Person::new).collect();
        self.list.sort_by(|a, b| (!a.contact.starred, a.folded_name()).cmp(&(!b.contact.starred, b.folded_name())));
        self.known = true;
        self.search();
        if let Some((number, name)) = self.wish.take().or(chosen) {
            self.choose(&number, &name);
        }
    }

    /// Chooses the one with this number and name; whoever has the number, if nobody has both.
    pub fn choose(&mut self, number: &str, name: &str) {
        let has = |person: &Person| person.contact.number == number;
        let both = self.rows(0).position(|person| has(person) && person.contact.name == name);
        if let Some(row) = both.or_else(|| self.rows(0).position(has)) {
            self.row = row;
        }
        self.row = self.row.min(self.found.len().saturating_sub(1));
    }

    /// Finds anew; the first one found is chosen if another text is searched for.
    pub fn search(&mut self) {
        let wanted = Wanted::new(&self.search.text());
        let found = self.list.iter().enumerate().filter(|(_, person)| person.is_found_by(&wanted));
        self.found = found.map(|(at, _)| at).collect();
        self.row = self.row.min(self.found.len().saturating_sub(1));
    }
}

/// The light of somebody, if one is to be had.
pub fn light<'a>(lights: &'a [LightInfo], contact: &Contact) -> Option<&'a LightInfo> {
    let user = |light: &LightInfo| -> Option<String> {
        let address = light.uri.split_once(':').map_or(light.uri.as_str(), |(_, rest)| rest);
        address.split(['@', ';']).next().map(str::to_owned)
    };
    let exact = lights.iter().find(|light| light.target == contact.number);
    exact.or_else(|| lights.iter().find(|light| user(light).as_deref() == Some(contact.number.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(name: &str, number: &str) -> Contact {
        Contact { name: name.into(), number: number.into(), ..Contact::default() }
    }

    fn people() -> People {
        let mut people = People::default();
        people.take(vec![
            contact("Zoë Groß", "+49 (40) 123-45"),
            Contact { starred: true, ..contact("Reception", "9") },
            Contact { email: "ann@far.example".into(), mobile: "0170 1".into(), ..contact("ann bell", "201") },
            contact("Ännchen", "202"),
        ]);
        people
    }

    fn found(text: &str) -> Vec<String> {
        let mut people = people();
        people.search.set(text, MAX_SEARCH);
        people.search();
        people.rows(0).map(|person| person.contact.name.clone()).collect()
    }

    #[test]
    fn everybody_is_found_by_parts_of_what_is_known() {
        let rows: [(&str, &[&str]); 10] = [
            ("", &["Reception", "ann bell", "Ännchen", "Zoë Groß"]),
            ("ANN", &["ann bell", "Ännchen"]),
            ("gross zoe", &["Zoë Groß"]),
            ("be ann", &["ann bell"]),
            ("far.ex", &["ann bell"]),
            ("20", &["ann bell", "Ännchen"]),
            ("4012345", &["Zoë Groß"]),
            ("40-12 345", &["Zoë Groß"]),
            ("01701", &["ann bell"]),
            ("nobody", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn whoever_is_chosen_stays_chosen_when_the_list_comes_anew() {
        let mut people = people();
        people.row = 2;
        let mut contacts: Vec<Contact> = people.list().iter().map(|person| person.contact.clone()).collect();
        contacts.push(contact("aaa", "1"));
        people.take(contacts.clone());
        assert_eq!(people.chosen().map(|c| c.name.as_str()), Some("Ännchen"));
        contacts.truncate(1);
        people.take(contacts);
        assert_eq!(people.chosen().map(|c| c.name.as_str()), Some("Reception"));
        people.take(Vec::new());
        assert_eq!(people.chosen(), None);
    }

    #[test]
    fn a_light_is_found_by_the_number_it_was_asked_for() {
        let light_of =
            |target: &str, uri: &str| LightInfo { target: target.into(), uri: uri.into(), ..LightInfo::default() };
        let lights = [light_of("x", "sip:202@h;transport=tcp"), light_of("201", "sip:201@h")];
        let mut ann = Contact { presence: true, ..contact("Ann", "201") };
        assert_eq!(light(&lights, &ann), Some(&lights[1]));
        ann.number = "202".into();
        assert_eq!(light(&lights, &ann), Some(&lights[0]));
        ann.number = "203".into();
        assert_eq!(light(&lights, &ann), None);
    }
}
