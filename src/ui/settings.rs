//! The settings as the interface has them: every key with its value in force, what is searched for, what is being edited,
//! and how the last changes are taken back. Plain data.

use super::editor::Editor;
use super::people::Wanted;
use crate::control::verb::Request;
use crate::control::{Secret, SettingAsk, SettingInfo};
use crate::text::words::retold;
use crate::text::{fold::fold, say, words};
use std::borrow::Cow;

/// Longest value, in characters.
pub const MAX_CHARS: usize = 1_000;
/// Changes that can be taken back.
const MOST_UNDONE: usize = 50;

/// What a value is typed or chosen with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A text or a number.
    Text(Editor),
    /// A text that is not shown.
    Hidden(Editor),
    /// One of these words.
    Choice(Vec<String>, usize),
}

/// A key that is being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// `Settings.DND`.
    pub name: String,
    /// Where it is typed.
    pub field: Field,
    /// Why it is not saved.
    pub complaint: Option<String>,
}

/// A line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The section of those below.
    Heading(&'a SettingInfo),
    /// A key, and which of those found it is.
    Key(usize, &'a SettingInfo),
}

/// A change that was asked for: the key, and what the file said before.
type Change = (String, Option<String>);

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    list: Vec<(SettingInfo, String)>,
    found: Vec<usize>,
    row: usize,
    /// What is searched for.
    pub search: Editor,
    /// Letters go into the search.
    pub searching: bool,
    /// Only those that are not as they come.
    pub only_changed: bool,
    /// What is being edited.
    pub edit: Option<Edit>,
    /// The list has come.
    pub known: bool,
    /// Why there is none.
    pub trouble: Option<String>,
    asked: Option<Change>,
    undone: Vec<Change>,
    /// Keys whose change was asked for here and is still to be told of.
    own: Vec<String>,
}

impl Settings {
    /// Takes the list in; the chosen key stays chosen.
    pub fn take(&mut self, settings: Vec<SettingInfo>) {
        let chosen = self.chosen().map(SettingInfo::name);
        let words = |info: &SettingInfo| {
            let value = info.value.as_deref().unwrap_or_default();
            let kept = kept(info).unwrap_or_default();
            fold(&[info.name().as_str(), &*doc(info), value, &*kept].join("\n"))
        };
        self.list = settings.into_iter().map(|info| (info.clone(), words(&info))).collect();
        self.known = true;
        self.trouble = None;
        self.find();
        if let Some(name) = chosen {
            self.choose_named(&name);
        }
    }

    /// Finds those with what is searched for in name, value or help.
    pub fn find(&mut self) {
        let wanted = Wanted::new(&self.search.text());
        let fits =
            |(info, words): &(SettingInfo, String)| (!self.only_changed || is_changed(info)) && wanted.fits(words, "");
        self.found = self.list.iter().enumerate().filter(|(_, one)| fits(one)).map(|(at, _)| at).collect();
        self.row = self.row.min(self.found.len().saturating_sub(1));
    }

    /// How many there are, and how many of them are found.
    pub fn count(&self) -> (usize, usize) {
        (self.list.len(), self.found.len())
    }

    /// Which of those found is chosen.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Chooses another one of those found.
    pub fn choose(&mut self, row: usize) {
        self.row = row.min(self.found.len().saturating_sub(1));
    }

    fn choose_named(&mut self, name: &str) {
        let is = |at: &usize| self.list.get(*at).is_some_and(|(info, _)| info.name() == name);
        self.row = self.found.iter().position(is).unwrap_or(self.row);
    }

    /// The chosen one.
    pub fn chosen(&self) -> Option<&SettingInfo> {
        self.found.get(self.row).and_then(|at| self.list.get(*at)).map(|(info, _)| info)
    }

    /// Those found, each section under its heading.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = Vec::with_capacity(self.found.len() + 8);
        let mut section: Option<(&str, bool)> = None;
        let found = self.found.iter().filter_map(|at| self.list.get(*at));
        for (row, (info, _)) in found.enumerate() {
            let own = (info.section.as_str(), info.kept.is_some());
            if section != Some(own) {
                section = Some(own);
                lines.push(Line::Heading(info));
            }
            lines.push(Line::Key(row, info));
        }
        lines
    }

    /// Opens the chosen one for editing; the request, if a switch is turned at once.
    ///
    /// # Errors
    /// It cannot be changed, and why.
    pub fn begin(&mut self) -> Result<Option<Request>, String> {
        let Some(info) = self.chosen().cloned() else { return Err(say!("settings-none-chosen")) };
        if let Some(why) = kept(&info) {
            return Err(say!("settings-unused", key = &info.key, why = &*why));
        }
        if let Some(why) = &info.locked {
            return Err(format!("{}: {why}", info.key));
        }
        let value = info.value.clone().unwrap_or_default();
        let typed = |text: &str| {
            let mut line = Editor::default();
            line.set(text, MAX_CHARS);
            line
        };
        let field = match info.kind.as_str() {
            "flag" => {
                let turned = if is_on(&value) { "0" } else { "1" };
                return Ok(Some(self.set(&info, turned)));
            }
            "word" => {
                let at = info.words.iter().position(|word| word.eq_ignore_ascii_case(&value)).unwrap_or(0);
                Field::Choice(info.words.clone(), at)
            }
            "secret" => Field::Hidden(Editor::default()),
            // What is hidden in part cannot be typed on.
            _ if info.masked => Field::Text(Editor::default()),
            _ => Field::Text(typed(&value)),
        };
        self.edit = Some(Edit { name: info.name(), field, complaint: None });
        Ok(None)
    }

    /// Saves what is being edited; nothing if it is as it was, or cannot be a value.
    pub fn save(&mut self) -> Option<Request> {
        let edit = self.edit.as_ref()?;
        let info = self.list.iter().map(|(info, _)| info).find(|info| info.name() == edit.name)?.clone();
        let value = match &edit.field {
            Field::Text(line) | Field::Hidden(line) => line.text().trim().to_owned(),
            Field::Choice(words, at) => words.get(*at).cloned().unwrap_or_default(),
        };
        let complaint = match &edit.field {
            Field::Hidden(_) if value.is_empty() => Some(say!("settings-nothing-typed")),
            Field::Text(_) if info.kind == "number" && !value.is_empty() && value.parse::<i64>().is_err() => {
                Some(say!("settings-no-number", value = &value))
            }
            _ => None,
        };
        if complaint.is_some() {
            self.complain(complaint);
            return None;
        }
        if info.value.as_deref() == Some(value.as_str()) && !info.masked {
            self.edit = None;
            return None;
        }
        Some(self.set(&info, &value))
    }

    /// Why this key cannot be changed, if it cannot.
    pub fn locked(&self, section: &str, key: &str) -> Option<String> {
        let info = self.list.iter().map(|(info, _)| info).find(|info| info.section == section && info.key == key)?;
        info.locked.as_ref().map(|why| format!("{key}: {why}"))
    }

    /// Takes the chosen one's line out of the file.
    ///
    /// # Errors
    /// There is none, or it cannot be changed, and why.
    pub fn unset(&mut self) -> Result<Request, String> {
        let Some(info) = self.chosen().cloned() else { return Err(say!("settings-none-chosen")) };
        match &info.locked {
            Some(why) => Err(format!("{}: {why}", info.key)),
            None if info.origin != "file" || info.inherited => Err(say!("settings-as-it-comes", key = &info.key)),
            None => {
                self.asked = Some((info.name(), before(&info)));
                Ok(Request::Settings(SettingAsk::Unset { name: info.name() }))
            }
        }
    }

    /// A change can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Takes the last change back.
    pub fn undo(&mut self) -> Option<Request> {
        let (name, value) = self.undone.pop()?;
        self.asked = None;
        Some(Request::Settings(match value {
            Some(value) => SettingAsk::Set { name, value: Secret::new(value) },
            None => SettingAsk::Unset { name },
        }))
    }

    /// A change is asked for from here: that the phone tells of it is no news then.
    pub fn asks(&mut self, name: &str) {
        if !self.own.iter().any(|own| own == name) {
            self.own.push(name.to_owned());
        }
    }

    /// Nothing will be told of it.
    pub fn stays(&mut self, name: &str) {
        self.own.retain(|own| own != name);
    }

    /// The phone tells that these have changed: true if each was asked for here.
    pub fn is_own(&mut self, changed: &[String]) -> bool {
        let is_own = !changed.is_empty() && changed.iter().all(|name| self.own.contains(name));
        self.own.retain(|own| !changed.contains(own));
        is_own
    }

    /// A change has come into the file.
    pub fn saved(&mut self, name: &str, changed: bool) {
        self.edit = None;
        if let Some(change) = self.asked.take_if(|(asked, _)| asked.eq_ignore_ascii_case(name)).filter(|_| changed) {
            self.undone.push(change);
            if self.undone.len() > MOST_UNDONE {
                self.undone.remove(0);
            }
        }
    }

    /// It has not: what is typed stays.
    pub fn refused(&mut self, why: &str) {
        self.asked = None;
        self.complain(Some(retold(why).into_owned()));
    }

    fn complain(&mut self, complaint: Option<String>) {
        if let Some(edit) = &mut self.edit {
            edit.complaint = complaint;
        }
    }

    fn set(&mut self, info: &SettingInfo, value: &str) -> Request {
        // A secret is not kept about, to be taken back.
        self.asked = (info.kind != "secret" && !info.masked).then(|| (info.name(), before(info)));
        Request::Settings(SettingAsk::Set { name: info.name(), value: Secret::new(value) })
    }
}

/// What the file says of a key itself.
fn before(info: &SettingInfo) -> Option<String> {
    info.value.clone().filter(|_| info.origin == "file" && !info.inherited)
}

/// It is not as it comes.
pub fn is_changed(info: &SettingInfo) -> bool {
    match (&info.default, &info.value) {
        _ if info.inherited => false,
        (_, None) => info.set,
        (Some(default), Some(value)) if info.kind == "flag" => is_on(default) != is_on(value),
        (Some(default), Some(value)) => default != value,
        (None, Some(_)) => info.origin != "default",
    }
}

/// A switch is on.
pub fn is_on(value: &str) -> bool {
    !matches!(value, "" | "0")
}

/// Asks for all of them.
pub fn ask() -> Request {
    Request::Settings(SettingAsk::List)
}

/// What a key is for, in the language that is spoken.
pub fn doc(info: &SettingInfo) -> Cow<'_, str> {
    let section = info.section.trim_end_matches(|c: char| c.is_ascii_digit());
    words::of("setting", &format!("{section}.{}", info.key), &info.doc)
}

/// Why a key of MicroSIP is kept and not used, in the language that is spoken.
pub fn kept(info: &SettingInfo) -> Option<Cow<'_, str>> {
    info.kept.as_deref().map(|why| words::of("kept", &info.key, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(section: &str, key: &str, kind: &str, value: &str) -> SettingInfo {
        SettingInfo {
            section: section.into(),
            key: key.into(),
            kind: kind.into(),
            value: (kind != "secret").then(|| value.into()),
            set: !value.is_empty(),
            default: Some(String::new()),
            origin: if value.is_empty() { "default" } else { "file" }.into(),
            doc: format!("what {key} is for"),
            ..SettingInfo::default()
        }
    }

    fn settings() -> Settings {
        let mut settings = Settings::default();
        let words = vec!["".to_owned(), "udp".to_owned(), "tcp".to_owned()];
        settings.take(vec![
            info("Settings", "DND", "flag", "1"),
            SettingInfo { locked: Some("locked by override.ini".into()), ..info("Settings", "FWD", "flag", "") },
            info("Settings", "sourcePort", "number", ""),
            SettingInfo { words, ..info("Account1", "transport", "word", "udp") },
            info("Account1", "password", "secret", "x"),
            SettingInfo { kept: Some("no video".into()), ..info("Settings", "videoCodec", "text", "") },
        ]);
        settings
    }

    fn asked(request: Option<Request>) -> Option<(String, Option<String>)> {
        match request? {
            Request::Settings(SettingAsk::Set { name, value }) => Some((name, Some(value.reveal().to_owned()))),
            Request::Settings(SettingAsk::Unset { name }) => Some((name, None)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_switch_turns_and_the_change_is_taken_back() {
        let mut settings = settings();
        let turned = asked(settings.begin().unwrap());
        assert_eq!(turned, Some(("Settings.DND".into(), Some("0".into()))));
        assert_eq!(settings.undo(), None, "nothing has come into the file yet");
        settings.begin().unwrap();
        settings.saved("Settings.DND", true);
        assert_eq!(asked(settings.undo()), Some(("Settings.DND".into(), Some("1".into()))));
        assert_eq!(settings.undo(), None);
        assert_eq!(asked(settings.unset().ok()), Some(("Settings.DND".into(), None)));
    }

    #[test]
    fn what_cannot_be_a_value_is_not_asked_for() {
        let mut settings = settings();
        settings.choose(2);
        settings.begin().unwrap();
        let type_in = |settings: &mut Settings, text: &str| match &mut settings.edit.as_mut().unwrap().field {
            Field::Text(line) | Field::Hidden(line) => line.set(text, MAX_CHARS),
            Field::Choice(..) => panic!(),
        };
        type_in(&mut settings, "five");
        assert_eq!(settings.save(), None);
        assert_eq!(settings.edit.as_ref().unwrap().complaint.as_deref(), Some("five is no whole number"));
        type_in(&mut settings, "5060");
        assert_eq!(asked(settings.save()), Some(("Settings.sourcePort".into(), Some("5060".into()))));
        settings.refused("no port");
        assert!(settings.edit.as_ref().unwrap().complaint.as_deref() == Some("no port") && settings.undo().is_none());
        settings.edit = None;
        settings.choose(3);
        settings.begin().unwrap();
        assert_eq!(settings.save(), None, "it is so already");
        settings.choose(4);
        settings.begin().unwrap();
        assert!(matches!(&settings.edit.as_ref().unwrap().field, Field::Hidden(line) if line.is_empty()));
        assert_eq!(settings.save(), None);
        type_in(&mut settings, "new");
        assert_eq!(asked(settings.save()), Some(("Account1.password".into(), Some("new".into()))));
        settings.saved("Account1.password", true);
        assert_eq!(settings.undo(), None, "the old one is not kept about");
    }

    #[test]
    fn locked_and_unused_keys_say_why() {
        let mut settings = settings();
        settings.choose(1);
        assert_eq!(settings.begin(), Err("FWD: locked by override.ini".into()));
        assert!(settings.unset().is_err());
        settings.choose(5);
        assert_eq!(settings.begin(), Err("videoCodec stays in the file, and is not used: no video".into()));
    }

    #[test]
    fn keys_are_found_by_name_help_and_change() {
        let mut settings = settings();
        let headings = settings.lines().iter().filter(|line| matches!(line, Line::Heading(_))).count();
        assert_eq!((settings.count(), headings), ((6, 6), 3));
        settings.search.set("transport is for", 99);
        settings.find();
        assert_eq!((settings.count().1, settings.chosen().map(|info| info.key.as_str())), (1, Some("transport")));
        settings.search.clear();
        settings.only_changed = true;
        settings.find();
        let keys: Vec<&str> = settings
            .lines()
            .iter()
            .filter_map(|line| if let Line::Key(_, info) = line { Some(info.key.as_str()) } else { None })
            .collect();
        assert_eq!(keys, ["DND", "transport", "password"]);
    }
}
