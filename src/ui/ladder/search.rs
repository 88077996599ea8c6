//! Which steps of the ladder have what is searched for: in their first line, a header, a body, a note.

use super::{Ladder, Step};

/// Longest text that is searched for, in characters.
pub const MAX_SEARCH: usize = 60;

impl Ladder {
    /// Another text is searched for: the first step that has it is chosen, from the chosen one on.
    pub fn search_anew(&mut self) {
        self.find();
        let next = self.found.iter().find(|row| **row >= self.row).or(self.found.first());
        if let Some(row) = next.copied() {
            self.choose(row);
        }
    }

    /// Chooses the next step that has it, or the one before; the last one is followed by the first. False: none has it.
    pub fn search_on(&mut self, forward: bool) -> bool {
        let next = match forward {
            true => self.found.iter().find(|row| **row > self.row).or(self.found.first()),
            false => self.found.iter().rev().find(|row| **row < self.row).or(self.found.last()),
        };
        let next = next.copied();
        next.into_iter().for_each(|row| self.choose(row));
        next.is_some()
    }

    /// Nothing is searched for any more.
    pub fn stop_search(&mut self) {
        self.search.clear();
        self.searches = false;
        self.found.clear();
    }

    /// The step at this row has it.
    pub fn is_found(&self, row: usize) -> bool {
        self.found.binary_search(&row).is_ok()
    }

    /// How many have it, and which of them is chosen, from one on.
    pub fn found(&self) -> (usize, Option<usize>) {
        (self.found.len(), self.found.binary_search(&self.row).ok().map(|at| at + 1))
    }

    /// Finds them.
    pub(super) fn find(&mut self) {
        let wanted = self.search.text().trim().to_lowercase();
        let has = |step: &Step| match step {
            Step::Note(note) => note.text.to_lowercase().contains(&wanted),
            step => self.message(step).is_some_and(|kept| kept.told.text.to_lowercase().contains(&wanted)),
        };
        let all = self.steps.iter().enumerate().filter(|_| !wanted.is_empty());
        self.found = all.filter(|(_, step)| has(step)).map(|(row, _)| row).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    #[test]
    fn steps_are_found_one_after_another_and_those_to_come_too() {
        let mut ladder = Ladder::default();
        let came = |ladder: &mut Ladder, n: u64, text: &str| {
            let mut told = message(n, 1);
            told.text = format!("INFO sip:a SIP/2.0\nCSeq: {n} INFO\nVia: z;branch={n}\n{text}\n");
            ladder.take(told);
            ladder.refresh(&[]);
        };
        for (n, text) in [(1, "Subject: Hello"), (2, ""), (3, "User-Agent: hello/1"), (4, "")] {
            came(&mut ladder, n, text);
        }
        ladder.choose(0);
        ladder.search.set("HELLO", MAX_SEARCH);
        ladder.search_anew();
        assert_eq!((ladder.row, ladder.found()), (0, (2, Some(1))));
        let rows: Vec<usize> = [true, true, false, false].map(|on| (ladder.search_on(on), ladder.row).1).into();
        assert_eq!(rows, [2, 0, 2, 0]);
        came(&mut ladder, 5, "X: hello");
        assert_eq!((ladder.row, ladder.found(), ladder.is_found(4)), (0, (3, Some(1)), true));
        ladder.search.set("nowhere", MAX_SEARCH);
        ladder.search_anew();
        assert!(!ladder.search_on(true) && ladder.found() == (0, None) && ladder.row == 0);
        ladder.stop_search();
        assert!(ladder.search.is_empty() && !ladder.is_found(0));
    }
}
