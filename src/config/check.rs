//! What is odd in a configuration, place by place: what is not read, not used, or hardly meant so.

use super::ini::{Document, Item};
use super::layers::Layers;
use super::load::{MAX_ACCOUNTS, load};
use super::schema::{Kind, Known, Place, Row, Section, beyond_microsip, nearest_section, section_of};
use super::warning::Warning;
use super::{Account, DialPlan};
use std::collections::{HashMap, HashSet};

/// Findings told at most: a file of nonsense is told of, not repeated.
const MOST: usize = 1000;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A value that is not taken as written, or leads nowhere.
    Value,
    /// A section or key that nobody knows.
    Unknown,
    /// A key that MicroSIP knows and this phone does not use.
    Unused,
    /// A section, key or line that is not read: another one counts.
    Unread,
    /// A rule of a dial plan that hardly means what it says.
    DialPlan,
    /// A value that MicroSIP reads a part of.
    TooLong,
    /// A value by which something goes over the network unencrypted.
    Open,
}

impl Fault {
    /// The word of the JSON form.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Value => "value",
            Fault::Unknown => "unknown",
            Fault::Unused => "unused",
            Fault::Unread => "unread",
            Fault::DialPlan => "dial_plan",
            Fault::TooLong => "too_long",
            Fault::Open => "in_the_open",
        }
    }

    /// It is good to know, and nothing is wrong.
    pub fn is_note(self) -> bool {
        matches!(self, Fault::Unused | Fault::TooLong | Fault::Open)
    }
}

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub fault: Fault,
    /// Where, and in words what.
    pub warning: Warning,
}

/// Everything odd in the ini file and the documents that overrule it, file by file and line by line.
pub fn check(main: &Document, overlays: &[Document]) -> Vec<Finding> {
    let layers = Layers::new(main, overlays);
    let loaded = load(main, overlays);
    let is_open = |warning: &Warning| warning.key == "webhook" && loaded.settings.webhook.is_in_the_open();
    let fault = |warning: &Warning| if is_open(warning) { Fault::Open } else { Fault::Value };
    let mut findings: Vec<Finding> =
        loaded.warnings.iter().map(|warning| Finding { fault: fault(warning), warning: warning.clone() }).collect();
    for (layer, document) in layers.documents().enumerate() {
        document_faults(layer, document, &loaded.settings.account_id, &mut findings);
    }
    for account in &loaded.accounts {
        account_faults(account, &layers, &mut findings);
    }
    selection_faults(&layers, &loaded.accounts, &mut findings);
    findings.sort_by_key(|finding| (finding.warning.layer, finding.warning.line));
    findings.dedup_by(|later, earlier| {
        let place = |finding: &Finding| (finding.warning.layer, finding.warning.line, finding.warning.message.clone());
        place(later) == place(earlier)
    });
    if findings.len() > MOST {
        let more = findings.split_off(MOST).len();
        let message = format!("and {more} more of the kind");
        let warning =
            Warning { layer: 0, line: None, section: String::new(), key: String::new(), message, is_of_value: false };
        findings.push(Finding { fault: Fault::Unknown, warning });
    }
    findings
}

/// What of a document is too long for MicroSIP, in words.
pub fn too_long_for_microsip(document: &Document) -> Vec<String> {
    let all = document.sections().flat_map(|section| document.entries(section).map(move |pair| (section, pair)));
    let told = all.filter_map(|(section, (key, value))| {
        beyond_microsip(section, key, value).map(|words| format!("{section}.{key} has {words}"))
    });
    told.collect()
}

/// Line by line: what is not read, not known, not used.
fn document_faults(layer: usize, document: &Document, selected: &Option<u32>, findings: &mut Vec<Finding>) {
    let mut headers: HashMap<String, usize> = HashMap::new();
    let mut keys: HashMap<String, usize> = HashMap::new();
    let (mut section, mut place, mut is_read) = (String::new(), None, false);
    for (line, item) in document.items() {
        // A section may be any number of lines long: what is one too many is counted by `check`.
        if findings.len() > 2 * MOST {
            return;
        }
        let mut tell = |fault, section: &str, key: &str, message: String| {
            let (section, key) = (section.to_owned(), key.to_owned());
            findings.push(Finding {
                fault,
                warning: Warning { layer, line: Some(line), section, key, message, is_of_value: false },
            });
        };
        match item {
            Item::Section(name) => {
                keys.clear();
                section = name.to_owned();
                place = Place::of(name);
                let first = *headers.entry(name.to_lowercase()).or_insert(line);
                is_read = first == line;
                if !is_read {
                    tell(Fault::Unread, name, "", format!("not read: [{name}] of line {first} counts"));
                } else if place.is_none() {
                    let meant =
                        nearest_section(name).map(|it| format!("; [{it}] is probably meant")).unwrap_or_default();
                    tell(Fault::Unknown, name, "", format!("no such section is known{meant}"));
                }
            }
            Item::Pair(..) if section.is_empty() => {
                tell(Fault::Unread, "", "", "not read: it stands before the first section".to_owned());
            }
            Item::Pair(key, value) if is_read => {
                let first = *keys.entry(key.to_lowercase()).or_insert(line);
                if first != line {
                    tell(Fault::Unread, &section, key, format!("not read: line {first} counts"));
                } else if let Some(place) = &place {
                    let is_old = layer == 0 && selected.is_none() && place.name == "Settings";
                    for (fault, message) in pair_faults(place, key, value, is_old) {
                        tell(fault, &section, key, message);
                    }
                }
            }
            Item::Pair(..) => {}
            Item::Odd => tell(Fault::Unread, &section, "", "not read: it is no key=value".to_owned()),
            // `load` tells of it.
            Item::Long(_) => {}
        }
    }
}

/// What is odd about one key and its value. `is_old`: MicroSIP's oldest files keep the account in `[Settings]`.
fn pair_faults(place: &Place, key: &str, value: &str, is_old: bool) -> Vec<(Fault, String)> {
    let too_long = beyond_microsip(&place.name, key, value).map(|words| (Fault::TooLong, words));
    let row = match place.known(key) {
        Known::Entry => return too_long.into_iter().collect(),
        Known::Kept(kept) => return vec![(Fault::Unused, format!("kept, not used: {}", kept.why))],
        Known::Unknown => {
            let elsewhere = section_of(key);
            if is_old && elsewhere == Some(Section::Account) {
                return Vec::new();
            }
            let known = match (elsewhere, place.nearest(key)) {
                (Some(other), _) => format!("; it is read under {}", heading(other)),
                (None, Some(near)) => format!("; {near} is probably meant"),
                (None, None) => String::new(),
            };
            return vec![(Fault::Unknown, format!("no such key is known{known}"))];
        }
        Known::Read(row) => row,
    };
    let mut faults = Vec::from_iter(too_long);
    let is_comment = value.contains(" ;") && place.name != "Account" && row.kind != Kind::Secret;
    if is_comment && !matches!(row.kind, Kind::List) {
        faults.push((
            Fault::Value,
            "what follows the ` ;` is part of the value: comments have a line of their own".into(),
        ));
    }
    if let Some(why) = unfit(row, value).filter(|_| !is_comment) {
        let instead = match row.kind {
            Kind::Number => "what its first digits say is used, or 0".to_owned(),
            kind => format!("it is taken as {}", kind.plain(value)),
        };
        faults.push((Fault::Value, format!("{why}; {instead}")));
    }
    if row.key == "dialPlan" {
        faults.extend(DialPlan::kept(value).oddities().into_iter().map(|odd| (Fault::DialPlan, odd)));
    }
    faults
}

/// Why a value is no flag, or no number, where the key wants one; nothing where it is.
pub fn unfit(row: &Row, value: &str) -> Option<String> {
    let is_flag = matches!(row.kind, Kind::Flag | Kind::Strict | Kind::UnlessZero);
    let is_number = row.kind == Kind::Number;
    if value.is_empty() {
        None
    } else if is_flag && !matches!(value, "0" | "1") {
        Some(format!("{value:?} is neither 0 nor 1"))
    } else if is_number && value.trim_start_matches(['+', '-']).parse::<u64>().is_err() {
        Some(format!("{value:?} is no number"))
    } else {
        None
    }
}

/// What an account that is read lacks.
fn account_faults(account: &Account, layers: &Layers<'_>, findings: &mut Vec<Finding>) {
    let section = Section::Account.name(account.id.0);
    let at = layers.find(&section, "server");
    let place = at.as_ref().map_or((0, None), |found| (found.layer, found.line));
    if !account.server.is_empty() && account.username.is_empty() {
        let message = "without a username nothing can be registered here".to_owned();
        let warning =
            Warning { layer: place.0, line: place.1, section, key: "server".to_owned(), message, is_of_value: false };
        findings.push(Finding { fault: Fault::Value, warning });
    }
}

/// Accounts that are written and not reached, and a choice of one that is not there.
fn selection_faults(layers: &Layers<'_>, accounts: &[Account], findings: &mut Vec<Finding>) {
    let is_read = |number: u32| number == 0 || accounts.iter().any(|account| account.id.0 == number);
    let of_section = findings.iter().filter(|finding| finding.warning.key.is_empty());
    let told: HashSet<String> = of_section.map(|finding| finding.warning.section.to_lowercase()).collect();
    for (layer, document) in layers.documents().enumerate() {
        for section in document.sections() {
            let number =
                Place::of(section).filter(|place| place.sections == [Section::Account]).and_then(|it| it.account);
            let Some(number) = number.filter(|number| !is_read(*number)) else { continue };
            if told.contains(&section.to_lowercase()) || document.get(section, "domain").is_none_or(str::is_empty) {
                continue;
            }
            let message = match number {
                ..=MAX_ACCOUNTS => "not read: the numbers stop before it".to_owned(),
                _ => format!("not read: {MAX_ACCOUNTS} accounts are the most"),
            };
            let (line, section) = (document.line_of_section(section), section.to_owned());
            let warning = Warning { layer, line, section, key: String::new(), message, is_of_value: false };
            findings.push(Finding { fault: Fault::Unread, warning });
        }
    }
    let chosen = layers.find("Settings", "accountId");
    let number = chosen.as_ref().and_then(|found| found.value.trim().parse::<u32>().ok());
    if let (Some(found), Some(number)) = (chosen, number.filter(|number| !is_read(*number))) {
        let message = format!("there is no account {number}: calls go out by the Local account");
        let (section, key) = ("Settings".to_owned(), "accountId".to_owned());
        let warning = Warning { layer: found.layer, line: found.line, section, key, message, is_of_value: false };
        findings.push(Finding { fault: Fault::Value, warning });
    }
}

fn heading(section: Section) -> &'static str {
    match section {
        Section::Settings => "[Settings]",
        Section::Account => "[AccountN]",
        Section::Tuiphone | Section::TuiphoneAccount => "[tuiphone]",
        Section::Global => "[Global]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str]) -> Vec<String> {
        let documents: Vec<Document> = texts.iter().map(|text| Document::parse(text.as_bytes()).unwrap()).collect();
        let findings = check(&documents[0], &documents[1..]);
        let line = |it: &Finding| format!("{} {}: {}", it.warning.layer, it.fault.word(), it.warning);
        findings.iter().map(line).collect()
    }

    #[test]
    fn each_fault_is_told_with_its_line() {
        let account = "[Account1]\ndomain=d\nusername=u\n";
        for (text, expected) in [
            ("DND=1\n[Settings]\n", "0 unread: line 1: not read: it stands before the first section"),
            ("[Setings]\n", "0 unknown: line 1: [Setings]: no such section is known; [Settings] is probably meant"),
            ("[Fritz]\n", "0 unknown: line 1: [Fritz]: no such section is known"),
            ("[Settings]\n[A]\n", "0 unknown: line 2: [A]: no such section is known"),
            (
                "[Settings]\naudioCodec=PCMU/8000/1\n",
                "0 unknown: line 2: [Settings] audioCodec: no such key is known; audioCodecs is probably meant",
            ),
            (
                "[Settings]\naccountId=0\nwatch=102\n",
                "0 unknown: line 3: [Settings] watch: no such key is known; it is read under [tuiphone]",
            ),
            ("[Settings]\nxyzzy=1\n", "0 unknown: line 2: [Settings] xyzzy: no such key is known"),
            (
                "[Settings]\nvideoBitrate=256\n",
                "0 unused: line 2: [Settings] videoBitrate: kept, not used: calls are sound alone: video that is offered \
                 is declined",
            ),
            ("[Settings]\nDND=1\ndnd=0\n", "0 unread: line 3: [Settings] dnd: not read: line 2 counts"),
            ("[Settings]\n[settings]\n", "0 unread: line 2: [settings]: not read: [settings] of line 1 counts"),
            ("[Settings]\nodd line\n", "0 unread: line 2: [Settings]: not read: it is no key=value"),
            ("[Settings]\nDND=yes\n", "0 value: line 2: [Settings] DND: \"yes\" is neither 0 nor 1; it is taken as 0"),
            (
                "[Settings]\nvolumeRing=loud\n",
                "0 value: line 2: [Settings] volumeRing: \"loud\" is no number; what its first digits say is used, or 0",
            ),
            (
                "[Settings]\nuserAgent=x ; mine\n",
                "0 value: line 2: [Settings] userAgent: what follows the ` ;` is part of the value: comments have a line of \
                 their own",
            ),
            (
                "[Settings]\nautoAnswer=2\n",
                "0 value: line 2: [Settings] autoAnswer: \"2\" is not one of button, header, all; nothing is answered by itself",
            ),
            (
                "[tuiphone]\nwebhook=http://u:s3@example.net/s3\n",
                "0 in_the_open: line 2: [tuiphone] webhook: who calls and what is written goes over the network in the \
                 open; https:// hides it",
            ),
            (
                "[Settings]\nrtpPortMin=20000\nrtpPortMax=10000\n",
                "0 value: line 3: [Settings] rtpPortMax: not used: it is not above rtpPortMin; ports from 20000 on are",
            ),
            (
                "[Settings]\nrtpPortMin=20001\nrtpPortMax=20002\n",
                "0 value: line 3: [Settings] rtpPortMax: no even port with its neighbour is from 20001 to 20002: no call \
                 could be made",
            ),
            (
                "[Settings]\nrtpPortMax=10000\n",
                "0 value: line 2: [Settings] rtpPortMax: not used without rtpPortMin; any port is",
            ),
            (
                "[Settings]\naccountId=7\n[Account1]\ndomain=d\n",
                "0 value: line 2: [Settings] accountId: there is no account 7: calls go out by the Local account",
            ),
        ] {
            assert_eq!(told(&[text]), [expected], "{text}");
        }
        for (more, expected) in [
            ("server=s\nusername=\n", None),
            (
                "dialPlan=x{2}\n",
                Some(
                    "0 dial_plan: line 4: [Account1] dialPlan: in the rule x{2} the { is an ordinary character, no sign of a repetition or choice",
                ),
            ),
            ("password=a268c52c2c3a93f1\n", Some("0 value: line 4: [Account1] password: encrypted by MicroSIP")),
            ("[Account5]\ndomain=e\n", Some("0 unread: line 4: [Account5]: not read: the numbers stop before it")),
        ] {
            let told = told(&[&format!("{account}{more}")]);
            match expected {
                Some(expected) => assert!(told.iter().any(|line| line.starts_with(expected)), "{more}: {told:?}"),
                None => assert!(told.iter().all(|line| line.contains("not read")), "{more}: {told:?}"),
            }
        }
        let nobody = told(&["[Account1]\ndomain=d\nserver=s\n"]);
        assert_eq!(nobody, ["0 value: line 3: [Account1] server: without a username nothing can be registered here"]);
    }

    #[test]
    fn what_is_as_it_should_be_is_not_told() {
        let old = "[Settings]\nserver=s\ndomain=d\nusername=u\npassword=p\n";
        let present = "[Global]\n; a comment\n\n[Settings]\naccountId=1\nDND=\nsingleMode=1\nsourcePort=5060\n\
                       [Account1]\ndomain=d\nusername=u\npassword=p ;w\ndialPlan=[2-9]xx|*xx|+x.|<8:+7>x.\n\
                       [Shortcuts]\n0=a;1;call\n[Dialed]\n0=/x\n[tuiphone]\nwatch=102 103\n[tuiphone1]\nturnServer=a;b ;c\nICE=1\n";
        assert!(told(&[old]).is_empty(), "{:?}", told(&[old]));
        let told = told(&[present]);
        assert_eq!(told.len(), 2, "ICE stands in the wrong section, and so TURN is not used: {told:?}");
    }

    #[test]
    fn the_second_file_is_told_of_as_such_and_nonsense_is_not_repeated() {
        assert_eq!(
            told(&["[Settings]\n", "\n[Settings]\nx=1\n"]),
            ["1 unknown: line 3: [Settings] x: no such key is known"]
        );
        let many: String = (0..5000).map(|n| format!("[x{n}]\n")).collect();
        let findings = told(&[&many]);
        assert!(findings.len() == MOST + 1 && findings[MOST].contains("more of the kind"), "{}", findings.len());
    }

    #[test]
    fn no_password_is_told() {
        for text in [
            "[Account1]\ndomain=d\npassword=hunter2 ; or so\n",
            "[Account1]\ndomain=d\npassword=a268c52c2c3a93f1\n",
            "[tuiphone]\nturnPassword=hunter2\nturnServer=x\n",
        ] {
            let told = told(&[text]).join("\n");
            assert!(!told.contains("hunter2") && !told.contains("a268"), "{told}");
        }
    }
}
