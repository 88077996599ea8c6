//! The themes to choose from: what there is, which one is worn, which one is tried. Plain data.

use super::theme::Theme;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the setting calls it.
    pub name: String,
    /// It is a file of one's own.
    pub is_own: bool,
    /// As this terminal shows it.
    pub theme: Theme,
    /// What is wrong with it: file, line, words.
    pub trouble: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Themes {
    list: Vec<Choice>,
    row: usize,
    /// The name of the one that is worn; empty = the first.
    pub worn: String,
    /// What was said of a fault in its file, as long as it is there.
    pub complaint: Option<String>,
}

impl Themes {
    /// They have come: the one that is tried stays, at first the one that is worn.
    pub fn take(&mut self, list: Vec<Choice>) {
        let tried = self.tried().map_or_else(|| self.worn.clone(), |one| one.name.clone());
        self.list = list;
        self.row = self.row_of(&tried);
    }

    /// The one that is worn is tried first. Those known from before can be chosen from until they come anew.
    pub fn begin(&mut self) {
        self.row = self.row_of(&self.worn);
    }

    fn row_of(&self, name: &str) -> usize {
        self.list.iter().position(|one| one.name.eq_ignore_ascii_case(name)).unwrap_or(0)
    }

    /// All of them.
    pub fn list(&self) -> &[Choice] {
        &self.list
    }

    /// The one that is tried.
    pub fn tried(&self) -> Option<&Choice> {
        self.list.get(self.row)
    }

    /// Its place.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Tries another one.
    pub fn choose(&mut self, row: usize) {
        self.row = row.min(self.list.len().saturating_sub(1));
    }

    /// This one is worn.
    pub fn is_worn(&self, at: usize) -> bool {
        let is = |one: &Choice| one.name.eq_ignore_ascii_case(&self.worn) || at == 0 && self.worn.is_empty();
        self.list.get(at).is_some_and(is)
    }
}
