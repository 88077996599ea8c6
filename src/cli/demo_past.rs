//! Whom the demo knows, and who called before it was started: a folder of its own, gone when the demo ends.

use super::paths::IniPath;
use crate::config::Settings;
use crate::engine::address_book::{AddressBook, FILE_NAME};
use crate::engine::files::replace;
use crate::engine::handle::Handle;
use crate::engine::library::Shelf;
use crate::engine::{HistoryAsk, Kind};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Noon of the first day of 2026, in seconds since 1970: now, for a demo with a seed.
const FIXED_NOW_S: u64 = 1_767_268_800;

/// Who is known: name, number, star, what is worth knowing.
const PEOPLE: [(&str, &str, &str, &str); 8] = [
    ("Echo", "600", "1", "Repeats what it hears: speak, and hear yourself"),
    ("Announcement", "601", "0", "Says a few words to whoever calls"),
    ("Busy", "602", "0", "Is always on the phone"),
    ("Declines", "603", "0", "Takes no calls"),
    ("Never answers", "604", "0", "Rings for as long as one likes"),
    ("Digit reader", "605", "0", "Hears the digits you press"),
    ("Early media", "606", "0", "Is heard before it answers"),
    ("Calls you back", "700", "1", "Calls whoever has hung up"),
];

/// What was: minutes ago, kind, number, seconds of talk, how it ended.
const CALLS: [(u64, Kind, &str, u32, &str); 9] = [
    (17, Kind::Missed, "700", 0, "Missed Call"),
    (42, Kind::Outgoing, "600", 95, "Call Ended"),
    (61, Kind::Outgoing, "602", 0, "Busy Here"),
    (190, Kind::Incoming, "700", 12, "Call Ended"),
    (1_430, Kind::Outgoing, "601", 31, "Call Ended"),
    (1_447, Kind::AnsweredElsewhere, "700", 0, "Answered Elsewhere"),
    (2_950, Kind::Outgoing, "604", 0, "Request Terminated"),
    (4_320, Kind::Outgoing, "605", 204, "Call Ended"),
    (10_100, Kind::Incoming, "606", 3_671, "Call Ended"),
];

/// The folder.
pub struct DemoPast {
    folder: PathBuf,
    now_s: u64,
}

impl DemoPast {
    /// A new folder called by `name`; `is_fixed` = the past lies before a day that never changes.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: u64, is_fixed: bool) -> io::Result<DemoPast> {
        let folder = std::env::temp_dir().join(format!("tuiphone-demo-{}-{name:016x}", std::process::id()));
        fs::create_dir(&folder)?;
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = SystemTime::now();
        let now_s = if is_fixed { FIXED_NOW_S } else { now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() };
        Ok(DemoPast { folder, now_s })
    }

    /// The ini file, with this in it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn ini(&self, text: &str) -> io::Result<IniPath> {
        let path = self.folder.join("microsip.ini");
        replace(&path, text.as_bytes())?;
        Ok(IniPath { path, exists: true, trusted: true, ..IniPath::default() })
    }

    /// The contacts.
    pub fn contacts(&self) -> AddressBook {
        let person = |(name, number, star, comment): &(&str, &str, &str, &str)| {
            format!("<contact name=\"{name}\" number=\"{number}\" comment=\"{comment}\" starred=\"{star}\"/>\n")
        };
        let people: String = PEOPLE.iter().map(person).collect();
        let file = self.folder.join(FILE_NAME);
        // Without them the demo goes on, and the list says what is wrong.
        let _ = replace(&file, format!("<?xml version=\"1.0\"?>\n<contacts>\n{people}</contacts>\n").as_bytes());
        AddressBook::new(file, true)
    }

    /// Where the calls are kept.
    pub fn shelf(&self) -> Shelf {
        Shelf { file: self.folder.join("history.db"), most: Settings::default().history_size }
    }

    /// Brings the calls over as those of MicroSIP are.
    pub async fn tell(&self, phone: &Handle) {
        let file = self.folder.join("calls.ini");
        let written = replace(&file, self.calls().as_bytes());
        if written.is_ok() {
            // A build without a history has none here either.
            let _ = phone.history(HistoryAsk::Import(file.to_string_lossy().into_owned())).await;
        }
    }

    fn calls(&self) -> String {
        let line = |(at, call): (usize, &(u64, Kind, &str, u32, &str))| {
            let (minutes, kind, number, seconds, info) = call;
            let name = PEOPLE.iter().find(|person| person.1 == *number).map_or("", |person| person.0);
            let began_s = self.now_s.saturating_sub(minutes * 60);
            format!("{at}={number};{name};{};{began_s};{seconds};{info}\r\n", kind.number())
        };
        let calls: String = CALLS.iter().enumerate().map(line).collect();
        format!("[Settings]\r\ncallsLastKey={}\r\n[Calls]\r\n{calls}", CALLS.len() - 1)
    }
}

impl Drop for DemoPast {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
