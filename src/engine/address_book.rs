//! The file of contacts beside the ini file: read, changed and written whole, whoever else writes it too. All of this
//! waits for the disk: it belongs on a thread that may.

use super::files::{self, replace};
use crate::contacts::xml::Document;
use crate::contacts::{self, Book, Contact, ContactsError, FIELDS, Format, MAX_BYTES, Taken, same_number};
use crate::text::plain_error;
use crate::ua::command::CommandError;
use crate::ua::outcome::ExitCode;
use serde_json::{Map, Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The file's name: MicroSIP's.
pub const FILE_NAME: &str = "Contacts.xml";

/// How often a change begins anew because somebody else wrote at the same moment.
const ATTEMPTS: usize = 5;

/// What is asked of the contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactsAsk {
    /// Those that a text finds; without one all.
    List {
        /// Part of a name or a number.
        search: Option<String>,
    },
    /// One more, or something new of one that is there: known by the number.
    Add {
        /// The number.
        number: String,
        /// Attributes of Contacts.xml and their values.
        parts: Vec<(String, String)>,
    },
    /// Something else of one that is there.
    Edit {
        /// The one's number, name or id.
        who: String,
        /// The one's name, where several have the number.
        called: Option<String>,
        /// Attributes of Contacts.xml and their values; an empty one is taken away.
        parts: Vec<(String, String)>,
    },
    /// Away with whoever has this number, name or id.
    Remove {
        /// The one.
        who: String,
        /// The one's name, where several have the number.
        called: Option<String>,
    },
    /// Those of a file join.
    Import {
        /// Contacts.xml, CSV or vCard.
        file: PathBuf,
    },
    /// What the directories have now.
    Refresh,
    /// All of them into a file, its kind told by its name.
    Export {
        /// `.xml`, `.csv` or `.vcf`.
        file: PathBuf,
        /// One that is there is replaced.
        force: bool,
    },
}

/// The file.
#[derive(Debug, Clone)]
pub struct AddressBook {
    file: Arc<Path>,
    is_ours: bool,
    /// The directories of the settings feed it.
    is_fed: bool,
    /// Who is in it while there is no file: those of the ini file of an old MicroSIP.
    old: Arc<[Contact]>,
    /// What the file was like when its book was last handed out; nobody changes it meanwhile.
    seen: Arc<Mutex<Option<Stamp>>>,
}

/// Tells a file from what it was: its time and its length; `None` = there is none.
type Stamp = Option<(SystemTime, u64)>;

type Fields = Map<String, Value>;

impl AddressBook {
    /// Of this file, there or not; one that is not ours is only read.
    pub fn new(file: PathBuf, is_ours: bool) -> AddressBook {
        AddressBook { file: file.into(), is_ours, is_fed: false, old: [].into(), seen: Arc::default() }
    }

    /// The same file, fed by the directories of the settings.
    pub fn fed(self) -> AddressBook {
        AddressBook { is_fed: true, ..self }
    }

    /// The same file; until it is there, these are its contacts.
    pub fn after(self, old: Vec<Contact>) -> AddressBook {
        AddressBook { old: old.into(), ..self }
    }

    /// Makes the file of those who were kept elsewhere before, unless it is there; how many they are.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn migrate(&self) -> Result<usize, CommandError> {
        if self.old.is_empty() || !self.is_ours || self.file.exists() {
            return Ok(0);
        }
        self.change(|_| Ok(Fields::new()))?;
        Ok(self.old.len())
    }

    pub(super) fn is_fed(&self) -> bool {
        self.is_fed
    }

    /// The contacts, if the file is another than last time. What is wrong with it is said by `list`.
    pub fn fresh(&self) -> Option<Book> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.file);
        if *seen == Some(stamp) {
            return None;
        }
        let is_first = seen.replace(stamp).is_none();
        let document = self.read().ok()?.1;
        let book = Book::new(document.read().contacts);
        Some(book).filter(|book| !is_first || !book.contacts().is_empty())
    }

    /// Does what is asked; the fields of the reply.
    ///
    /// # Errors
    /// Nobody there of whom that is true, a file that cannot be read or written, or one that is broken.
    pub fn obey(&self, ask: &ContactsAsk) -> Result<Fields, CommandError> {
        match ask {
            ContactsAsk::List { search } => self.list(search.as_deref()),
            ContactsAsk::Add { number, parts } => self.add(number, parts),
            ContactsAsk::Edit { who, called, parts } => self.edit(who, called.as_deref(), parts),
            ContactsAsk::Remove { who, called } => self.remove(who, called.as_deref()),
            ContactsAsk::Import { file } => self.import(file),
            ContactsAsk::Export { file, force } => self.export(file, *force),
            ContactsAsk::Refresh => {
                let hint = Some("start one: tuiphone daemon".to_owned());
                let message = "directories are asked by a phone that runs".to_owned();
                Err(CommandError { hint, ..refusal(ExitCode::NoDaemon, message) })
            }
        }
    }

    /// Adds those of these contacts that are not there; how many. Without `writes` they are only counted.
    ///
    /// # Errors
    /// A file that cannot be read or written, is broken or not ours.
    pub fn join(&self, contacts: &[Contact], writes: bool) -> Result<usize, CommandError> {
        if contacts.is_empty() {
            return Ok(0);
        }
        if !writes {
            return Ok(self.read()?.1.add_strangers(contacts.to_vec()));
        }
        let told = self.change(|document| {
            let added = document.add_strangers(contacts.to_vec());
            Ok(fields(json!({ "added": added })))
        })?;
        Ok(told.get("added").and_then(Value::as_u64).and_then(|added| usize::try_from(added).ok()).unwrap_or_default())
    }

    fn list(&self, search: Option<&str>) -> Result<Fields, CommandError> {
        let read = self.read()?.1.read();
        let mut contacts = read.contacts;
        contacts.retain(|contact| search.is_none_or(|text| contact.is_found_by(text)));
        contacts.sort_by_cached_key(|contact| (!contact.starred, contact.name.to_lowercase()));
        Ok(fields(json!({
            "contacts": contacts, "problems": read.problems, "file": shown(&self.file),
        })))
    }

    fn add(&self, number: &str, parts: &[(String, String)]) -> Result<Fields, CommandError> {
        let mut new = Contact::default();
        put(&mut new, parts);
        FIELDS.iter().filter(|field| field.attribute == "number").for_each(|field| field.set(&mut new, number));
        let Some(new) = new.completed() else {
            return Err(refusal(ExitCode::Usage, "there is no number to add".to_owned()));
        };
        self.change(|document| {
            let is_known = |contact: &Contact| same_number(&contact.number, &new.number);
            let added = !document.contacts().any(is_known);
            if added {
                document.add(&new);
            } else {
                document.change_if(is_known, |contact| put(contact, parts));
            }
            let contact = document.contacts().find(|contact| is_known(contact));
            Ok(fields(json!({"contact": contact, "added": added})))
        })
    }

    fn edit(&self, who: &str, called: Option<&str>, parts: &[(String, String)]) -> Result<Fields, CommandError> {
        self.change(|document| {
            let old = the_one(document, who, called)?;
            let mut new = old.clone();
            put(&mut new, parts);
            let Some(new) = new.completed() else {
                return Err(refusal(ExitCode::Usage, format!("{:?} would have no number", old.name)));
            };
            document.change_if(|contact| *contact == old, |contact| contact.clone_from(&new));
            Ok(fields(json!({"contact": new, "added": false})))
        })
    }

    fn remove(&self, who: &str, called: Option<&str>) -> Result<Fields, CommandError> {
        self.change(|document| {
            let old = the_one(document, who, called)?;
            document.remove_if(|contact| *contact == old);
            Ok(fields(json!({"removed": [old]})))
        })
    }

    fn import(&self, file: &Path) -> Result<Fields, CommandError> {
        let bytes = bounded(file).map_err(|why| unreadable(file, &why))?;
        let read = contacts::read(&bytes).map_err(|why| broken(file, &why))?;
        self.change(|document| {
            let merged = document.merge(read.contacts.clone());
            let mut told = fields(json!(merged));
            told.insert("without_number".into(), read.without_number.into());
            told.insert("problems".into(), json!(read.problems));
            told.insert("file".into(), shown(file).into());
            Ok(told)
        })
    }

    fn export(&self, file: &Path, force: bool) -> Result<Fields, CommandError> {
        let Some(format) = Format::of_name(file) else {
            let message = format!("{} tells no kind of file", shown(file));
            let hint = Some("end its name with .csv, .vcf or .xml".to_owned());
            return Err(CommandError { hint, ..refusal(ExitCode::Usage, message) });
        };
        if !force && file.exists() {
            let hint = Some("--force replaces it".to_owned());
            return Err(CommandError {
                hint,
                ..refusal(ExitCode::Unexpected, format!("{} is there already", shown(file)))
            });
        }
        let contacts = self.read()?.1.read().contacts;
        replace(file, format.write(&contacts).as_bytes()).map_err(|why| unwritable(file, &why))?;
        Ok(fields(json!({"exported": contacts.len(), "file": shown(file)})))
    }

    /// The directories have these now; how many came, changed and went.
    pub(super) fn replace_directory(&self, theirs: &[Contact], is_whole: bool) -> Result<Taken, CommandError> {
        let mut taken = Taken::default();
        self.change(|document| {
            taken = document.replace_directory(theirs.to_vec(), is_whole);
            Ok(Fields::new())
        })?;
        Ok(taken)
    }

    /// The bytes of the file, and what they say; a file that is not there has those who were kept elsewhere.
    fn read(&self) -> Result<(Vec<u8>, Document), CommandError> {
        let bytes = match bounded(&self.file) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                let mut document = Document::default();
                self.old.iter().for_each(|contact| document.add(contact));
                return Ok((Vec::new(), document));
            }
            bytes => bytes.map_err(|why| unreadable(&self.file, &why))?,
        };
        let document = Document::parse(&bytes).map_err(|why| broken(&self.file, &why))?;
        Ok((bytes, document))
    }

    /// Changes the file as it is now: what others have written there meanwhile stays.
    fn change(
        &self,
        mut change: impl FnMut(&mut Document) -> Result<Fields, CommandError>,
    ) -> Result<Fields, CommandError> {
        if !self.is_ours {
            let hint = Some("put a microsip.ini of your own in its place: tuiphone config path tells where".to_owned());
            let message = format!("{} is MicroSIP's and is only read", shown(&self.file));
            return Err(CommandError { hint, ..refusal(ExitCode::Config, message) });
        }
        // One at a time in this process; another one is noticed by what it has written.
        let _turn = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            let (before, mut document) = self.read()?;
            document.writable().map_err(|why| broken(&self.file, &why))?;
            let told = change(&mut document)?;
            let after = document.to_bytes();
            if after == before || before.is_empty() && document.contacts().next().is_none() {
                return Ok(told);
            }
            if bounded(&self.file).unwrap_or_default() != before {
                continue;
            }
            return self.write(&after).map(|()| told).map_err(|why| unwritable(&self.file, &why));
        }
        Err(refusal(ExitCode::Unexpected, format!("others keep changing {}", shown(&self.file))))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        // Through a link: what it points at is replaced, the link stays.
        let file = self.file.canonicalize().unwrap_or_else(|_| self.file.to_path_buf());
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        replace(&file, bytes)
    }
}

/// Gives these parts to a contact.
fn put(contact: &mut Contact, parts: &[(String, String)]) {
    for field in &FIELDS {
        for (_, value) in parts.iter().filter(|(name, _)| name == field.attribute) {
            field.set(contact, value);
        }
    }
}

/// Whoever has this number, name or id; two that are alike in everything are one.
fn the_one(document: &Document, who: &str, called: Option<&str>) -> Result<Contact, CommandError> {
    let whole = who.trim().to_lowercase();
    let is_meant = |contact: &&Contact| {
        let fits =
            same_number(&contact.number, who) || contact.name.to_lowercase() == whole || contact.id == who.trim();
        fits && called.is_none_or(|name| contact.name == name)
    };
    let meant: Vec<&Contact> = document.contacts().filter(is_meant).collect();
    match meant.as_slice() {
        [] => {
            let hint = "tuiphone contacts search TEXT finds them; a number, a whole name or an id is meant";
            let message = format!("there is no contact {:?}", shown_text(who));
            Err(CommandError { hint: Some(hint.into()), ..refusal(ExitCode::NotFound, message) })
        }
        [first, others @ ..] if others.iter().all(|other| other == first) => Ok((*first).clone()),
        several => {
            let tell = |contact: &&Contact| format!("{} ({})", contact.name, contact.number);
            let who = shown_text(who);
            let all = several.iter().map(tell).collect::<Vec<_>>().join(", ");
            Err(CommandError {
                hint: Some("name one by its number, or add --called and its name".into()),
                ..refusal(ExitCode::NotFound, format!("{} contacts are called {who:?}: {all}", several.len()))
            })
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let about = fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// A file, or as much of it as is too much.
fn bounded(file: &Path) -> io::Result<Vec<u8>> {
    files::read(file, MAX_BYTES)
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

fn shown(file: &Path) -> String {
    shown_text(&file.to_string_lossy())
}

fn shown_text(text: &str) -> String {
    crate::text::sanitise(text)
}

fn refusal(code: ExitCode, message: String) -> CommandError {
    CommandError { code, kind: code.kind(), message, hint: None }
}

fn unreadable(file: &Path, why: &io::Error) -> CommandError {
    refusal(ExitCode::Unexpected, format!("cannot read {}: {}", shown(file), plain_error(why)))
}

fn unwritable(file: &Path, why: &io::Error) -> CommandError {
    refusal(ExitCode::Unexpected, format!("cannot write {}: {}", shown(file), plain_error(why)))
}

fn broken(file: &Path, why: &ContactsError) -> CommandError {
    refusal(ExitCode::Unexpected, format!("{}: {why}", shown(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "<?xml version=\"1.0\"?>\r\n<contacts>\r\n<!-- kept -->\r\n<contact number=\"100\" name=\"Ann\" x=\"1\"/>\r\n</contacts>\r\n";

    fn add(number: &str, parts: &[(&str, &str)]) -> ContactsAsk {
        let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ContactsAsk::Add { number: number.to_owned(), parts }
    }

    #[test]
    fn the_file_keeps_what_others_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/Contacts.xml");
        let book = AddressBook::new(file.clone(), true);
        let list = ContactsAsk::List { search: None };
        assert_eq!(book.obey(&list).unwrap()["contacts"], json!([]));
        assert!(!file.exists(), "to look makes no file");
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(&file, BEFORE).unwrap();
        assert_eq!(book.obey(&add("2", &[("name", "Bob"), ("starred", "1")])).unwrap()["added"], true);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(&BEFORE.replace("</contacts>\r\n", "<contact name=\"Bob\" number=\"2\" ")), "{text}");
        let listed = book.obey(&list).unwrap();
        let names: Vec<&Value> = listed["contacts"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["Bob", "Ann"], "starred ones first");
        assert_eq!(book.obey(&add("1-00", &[("presence", "1")])).unwrap()["added"], false);
        assert!(
            fs::read_to_string(&file)
                .unwrap()
                .contains("<contact number=\"100\" name=\"Ann\" x=\"1\" presence=\"1\"/>")
        );
        assert_eq!(
            book.obey(&ContactsAsk::Remove { who: "BOB".into(), called: None }).unwrap()["removed"][0]["number"],
            "2"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), BEFORE.replace("x=\"1\"", "x=\"1\" presence=\"1\""));
        let nobody = book.obey(&ContactsAsk::Remove { who: "Cid".into(), called: None }).unwrap_err();
        assert_eq!((nobody.code, nobody.message.as_str()), (ExitCode::NotFound, "there is no contact \"Cid\""));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn one_is_changed_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Contacts.xml");
        let two = BEFORE.replace("</contacts>", "<contact number=\"100\" name=\"Bob\" email=\"b@x\"/>\r\n</contacts>");
        fs::write(&file, &two).unwrap();
        let book = AddressBook::new(file.clone(), true);
        let edit = |who: &str, called: Option<&str>, parts: &[(&str, &str)]| {
            let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            book.obey(&ContactsAsk::Edit { who: who.into(), called: called.map(str::to_owned), parts })
        };
        let unclear = edit("100", None, &[("starred", "1")]).unwrap_err();
        assert_eq!(unclear.message, "2 contacts are called \"100\": Ann (100), Bob (100)");
        assert_eq!(fs::read_to_string(&file).unwrap(), two);
        edit("100", Some("Bob"), &[("number", "7"), ("email", ""), ("city", "Ulm")]).unwrap();
        let changed = two
            .replace("number=\"100\" name=\"Bob\" email=\"b@x\"", "number=\"7\" name=\"Bob\" email=\"\" city=\"Ulm\"");
        assert_eq!(fs::read_to_string(&file).unwrap(), changed);
        let empty = edit("7", None, &[("number", "")]).unwrap_err();
        assert_eq!((empty.code, empty.message.as_str()), (ExitCode::Usage, "\"Bob\" would have no number"));
        edit("7", None, &[("name", "")]).unwrap();
        book.obey(&ContactsAsk::Remove { who: "100".into(), called: Some("Ann".into()) }).unwrap();
        let left = book.obey(&ContactsAsk::List { search: None }).unwrap();
        assert_eq!((&left["contacts"][0]["name"], left["contacts"].as_array().map(Vec::len)), (&json!("7"), Some(1)));
    }

    #[test]
    fn a_broken_file_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Contacts.xml");
        let cut = BEFORE.split("</contacts>").next().unwrap();
        fs::write(&file, cut).unwrap();
        let book = AddressBook::new(file.clone(), true);
        let refused = book.obey(&add("2", &[])).unwrap_err();
        assert!(
            refused.message.contains("Contacts.xml: it is broken (line 4: it ends too soon)"),
            "{}",
            refused.message
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), cut);
        fs::write(&file, BEFORE).unwrap();
        let theirs = AddressBook::new(file.clone(), false);
        assert_eq!(theirs.obey(&add("2", &[])).map_err(|error| error.code), Err(ExitCode::Config));
        assert_eq!(theirs.fresh().unwrap().contacts().len(), 1);
        fs::write(&file, cut).unwrap();
        let list = book.obey(&ContactsAsk::List { search: Some("ann".into()) }).unwrap();
        assert_eq!(
            (list["contacts"][0]["number"].as_str(), list["problems"][0]["line"].as_u64()),
            (Some("100"), Some(4))
        );
    }

    #[test]
    fn what_goes_out_comes_in_once() {
        let folder = tempfile::tempdir().unwrap();
        let book = AddressBook::new(folder.path().join("a.xml"), true);
        book.obey(&add("+49 30 123456", &[("name", "Ann"), ("mobile", "7")])).unwrap();
        book.obey(&add("2", &[("comment", "a, b")])).unwrap();
        for name in ["x.csv", "x.vcf", "x.xml"] {
            let file = folder.path().join(name);
            let export = |force| ContactsAsk::Export { file: file.clone(), force };
            assert_eq!(book.obey(&export(false)).unwrap()["exported"], 2);
            assert!(book.obey(&export(false)).is_err() && book.obey(&export(true)).is_ok());
            let other = AddressBook::new(folder.path().join(format!("of-{name}.xml")), true);
            let import = ContactsAsk::Import { file };
            assert_eq!(other.obey(&import).unwrap()["added"], 2, "{name}");
            assert_eq!(other.obey(&import).unwrap()["same"], 2, "{name}");
            assert_eq!(other.fresh().unwrap().find("4930123456", "h").map(|c| c.name.as_str()), Some("Ann"));
        }
        let wrong = book.obey(&ContactsAsk::Export { file: folder.path().join("x.doc"), force: false }).unwrap_err();
        assert_eq!(wrong.code, ExitCode::Usage);
        let missing = book.obey(&ContactsAsk::Import { file: folder.path().join("none.csv") }).unwrap_err();
        assert!(missing.message.contains("none.csv: no such file"), "{}", missing.message);
    }

    #[test]
    fn a_book_is_handed_out_when_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Contacts.xml");
        let book = AddressBook::new(file.clone(), true);
        assert_eq!(book.fresh(), None, "no file, no book");
        book.obey(&add("2", &[])).unwrap();
        assert_eq!(book.fresh().map(|book| book.contacts().len()), Some(1));
        assert_eq!(book.fresh(), None);
        fs::remove_file(&file).unwrap();
        assert_eq!(book.fresh().map(|book| book.contacts().len()), Some(0));
    }
}
