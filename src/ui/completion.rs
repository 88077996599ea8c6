//! Numbers that what is typed may become: of contacts, and of calls that were. One that is chosen stands in the field,
//! so that nothing is ever dialled that is not shown there.

use super::dial_field::DialField;
use super::past::Recent;
use super::people::{Person, Wanted};
use crate::text::fold::{digits, fold};

/// The most that are offered.
pub const MOST: usize = 5;

/// A number that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// As it is dialled.
    pub number: String,
    /// Whose it is; empty = not known.
    pub name: String,
}

/// What is offered for what is typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    /// What was typed.
    typed: String,
    list: Vec<Match>,
    chosen: Option<usize>,
}

impl Matches {
    /// Those offered, the best first.
    pub fn list(&self) -> &[Match] {
        &self.list
    }

    /// The one that stands in the field.
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Follows the field: true if other numbers are offered now.
    pub fn follow(&mut self, field: &DialField, people: &[Person], recent: &[Recent]) -> bool {
        let text = field.text();
        let shown = self.chosen.and_then(|at| self.list.get(at));
        if shown.is_some_and(|shown| shown.number == text) || shown.is_none() && self.typed == text {
            return false;
        }
        // Up and Down go through what was dialled then.
        let list = if field.is_recalled() { Vec::new() } else { matches(&text, people, recent) };
        *self = Matches { list, typed: text, chosen: None };
        true
    }

    /// What is typed is looked up anew the next time.
    pub fn forget(&mut self) {
        if self.chosen.is_none() {
            self.typed.clear();
        }
    }

    /// Puts the next one, or the one before, into the field; before the first stands what was typed. False if there is
    /// none to go to.
    pub fn step(&mut self, field: &mut DialField, down: bool) -> bool {
        let next = match (self.chosen, down) {
            (None, true) => Some(0),
            (None, false) => return false,
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        match next.map(|at| (at, self.list.get(at))) {
            Some((at, Some(shown))) => {
                field.set(&shown.number);
                self.chosen = Some(at);
            }
            Some((_, None)) => return self.chosen.is_some(),
            None => {
                field.set(&self.typed);
                self.chosen = None;
            }
        }
        true
    }

    /// Puts this one into the field.
    pub fn choose(&mut self, field: &mut DialField, at: usize) {
        if let Some(shown) = self.list.get(at) {
            field.set(&shown.number);
            self.chosen = Some(at);
        }
    }
}

/// The best of those that begin with what is typed, have a word that does, or hold it; contacts before calls.
fn matches(typed: &str, people: &[Person], recent: &[Recent]) -> Vec<Match> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Vec::new();
    }
    let (wanted, folded, number) = (Wanted::new(typed), fold(typed), digits(typed));
    let rank = |name: &str, numbers: &str| {
        let begins = !number.is_empty() && digits(numbers).starts_with(&number) || fold(numbers).starts_with(&folded);
        let word = name.split(' ').any(|word| word.starts_with(&folded)) || name.starts_with(&folded);
        if begins { 0 } else { u8::from(!word) + 1 }
    };
    let mut found: Vec<(u8, Match)> = Vec::new();
    for person in people.iter().filter(|person| person.is_called_by(&wanted)) {
        let contact = &person.contact;
        // The number that is meant, if a number is typed; else the first one.
        let meant = contact.numbers().find(|theirs| !number.is_empty() && digits(theirs).contains(&number));
        let theirs = meant.unwrap_or(&contact.number);
        let offered = Match { number: theirs.to_owned(), name: contact.name.clone() };
        found.push((rank(person.folded_name(), theirs), offered));
    }
    for past in recent {
        let name = fold(&past.name);
        let held = !number.is_empty() && digits(&past.number).contains(&number);
        if held || name.contains(&folded) || fold(&past.number).contains(&folded) {
            let offered = Match { number: past.number.clone(), name: past.name.clone() };
            found.push((rank(&name, &past.number), offered));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let mut best: Vec<Match> = Vec::new();
    for (_, offered) in found {
        if best.len() < MOST && !best.iter().any(|known| known.number == offered.number) {
            best.push(offered);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Contact;
    use crate::ui::people::People;

    fn people() -> People {
        let contact = |name: &str, number: &str, mobile: &str| Contact {
            name: name.into(),
            number: number.into(),
            mobile: mobile.into(),
            comment: "a comment completes nothing".into(),
            ..Contact::default()
        };
        let mut people = People::default();
        people.take(vec![
            contact("Ann Bell", "201", "+49 170 22"),
            contact("Bélà", "1202", ""),
            contact("Anton", "sip:anton@far.example", ""),
        ]);
        people
    }

    fn offered(typed: &str) -> Vec<String> {
        let recent = [("202", "Bob"), ("201", "Ann B."), ("5550", "")]
            .map(|(number, name)| Recent { number: number.into(), name: name.into() });
        let found = matches(typed, people().list(), &recent);
        found.into_iter().map(|offered| format!("{} {}", offered.name, offered.number).trim().to_owned()).collect()
    }

    #[test]
    fn what_begins_so_comes_first() {
        let rows: [(&str, &[&str]); 10] = [
            ("", &[]),
            ("2", &["Ann Bell 201", "Bob 202", "Bélà 1202"]),
            ("202", &["Bob 202", "Bélà 1202"]),
            ("be", &["Ann Bell 201", "Bélà 1202"]),
            ("AN", &["Ann Bell 201", "Anton sip:anton@far.example"]),
            ("anton@", &["Anton sip:anton@far.example"]),
            ("017022", &[]),
            ("170", &["Ann Bell +49 170 22"]),
            ("555", &["5550"]),
            ("comp", &[]),
        ];
        for (typed, expected) in rows {
            assert_eq!(offered(typed), expected, "{typed}");
        }
    }

    #[test]
    fn the_chosen_one_stands_in_the_field() {
        let (mut field, mut matches, people) = (DialField::default(), Matches::default(), people());
        field.set("an");
        assert!(matches.follow(&field, people.list(), &[]));
        assert!(!matches.follow(&field, people.list(), &[]));
        assert!(!matches.step(&mut field, false), "there is nothing above");
        let shown = |down, field: &mut DialField, matches: &mut Matches| {
            assert!(matches.step(field, down));
            assert!(!matches.follow(field, people.list(), &[]));
            field.text()
        };
        assert_eq!(shown(true, &mut field, &mut matches), "201");
        assert_eq!(shown(true, &mut field, &mut matches), "sip:anton@far.example");
        assert_eq!(shown(true, &mut field, &mut matches), "sip:anton@far.example", "it is the last");
        assert_eq!(shown(false, &mut field, &mut matches), "201");
        assert_eq!(shown(false, &mut field, &mut matches), "an");
        matches.step(&mut field, true);
        field.insert('9');
        assert!(matches.follow(&field, people.list(), &[]));
        assert_eq!((matches.list().len(), matches.chosen()), (0, None));
    }
}
