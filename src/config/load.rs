//! Documents → settings and accounts.

use super::ini::{Document, Item};
use super::layers::Layers;
use super::rtp_ports::RtpPorts;
use super::schema::{Row, Section, hook_rows};
use super::view::{View, fill};
use super::warning::Warning;
use super::{Account, AccountId, Dialled, MAX_DIALLED, MAX_SHORTCUTS, Secret, Settings, Shortcut};

/// Accounts read at most; the rest is left out with a warning.
pub const MAX_ACCOUNTS: u32 = 100;

/// What the configuration says, defaults applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// `[Settings]` and `[tuiphone]`.
    pub settings: Settings,
    /// Every account that exists, in order of its number; the Local account (0) comes last, if it is in use.
    pub accounts: Vec<Account>,
    /// The account calls go out by unless told otherwise; 0 = Local.
    pub selected: AccountId,
    /// What holds for every account, one that stands in no file as well: the keys of `[tuiphone]`, and how digits go.
    pub common: Account,
    /// What was odd, in reading order.
    pub warnings: Vec<Warning>,
}

/// Reads the main document, key by key overruled by the overlays, the last of them strongest
/// (`override.ini`, then what the command line set).
pub fn load(main: &Document, overlays: &[Document]) -> Loaded {
    let layers = Layers::new(main, overlays);
    let mut warnings: Vec<Warning> = layers.documents().enumerate().flat_map(too_long).collect();
    let mut settings = Settings::default();
    for (section, name) in [(Section::Settings, "Settings"), (Section::Tuiphone, "tuiphone")] {
        let view = View::of(&layers, name);
        fill(section, &view, &mut warnings, |row, value| row.read_settings(&mut settings, value));
        let locked = Row::of(section).filter(|row| layers.locked(name, row.key).is_some());
        settings.locked.extend(locked.map(|row| row.key));
    }
    // Why there too: files written for other programs have these keys beside MicroSIP's.
    let (beside, own) = (View::of(&layers, "Settings"), View::of(&layers, "tuiphone"));
    for row in hook_rows::OWN_ROWS.iter().filter(|row| own.get(row.key).is_none()) {
        if let Some(found) = beside.get(row.key)
            && let Some(complaint) = row.read_settings(&mut settings, &found.value)
        {
            warnings.push(beside.complaint(row.key, complaint));
        }
    }
    if let Some((key, message)) = RtpPorts::complaint(settings.rtp_port_min, settings.rtp_port_max) {
        warnings.push(beside.warning(key, message));
    }
    settings.dialled = dialled(&View::of(&layers, "Dialed"));
    settings.shortcuts = shortcuts(&View::of(&layers, "Shortcuts"), &mut warnings);
    let mut accounts = numbered_accounts(&layers, &settings, &mut warnings);
    if accounts.is_empty() {
        accounts.extend(unnumbered_account(&layers, &settings, &mut warnings));
    }
    let selected = select(&settings, &accounts);
    if settings.enable_local_account || selected == AccountId(0) {
        accounts.push(local_account(&layers, &settings, &mut warnings));
    }
    accounts.iter_mut().for_each(|account| account.dtmf_method = settings.dtmf_method);
    let common = common_account(&layers, &settings);
    Loaded { settings, accounts, selected, common, warnings }
}

/// The lines of a document that are too long to be read.
fn too_long((layer, document): (usize, &Document)) -> impl Iterator<Item = Warning> {
    document.items().filter_map(move |(line, item)| {
        let Item::Long(bytes) = item else { return None };
        let message = format!("not read: {bytes} bytes that no line of this file can mean");
        Some(Warning {
            layer,
            line: Some(line),
            section: String::new(),
            key: String::new(),
            message,
            is_of_value: false,
        })
    })
}

/// The keys 0 to 9, whichever there are.
fn dialled(view: &View<'_>) -> Dialled {
    let keys = (0..MAX_DIALLED).map(|n| n.to_string());
    let found: Vec<_> = keys.filter_map(|key| view.get(&key)).map(|found| found.value).collect();
    Dialled::of(found.iter().map(AsRef::as_ref))
}

/// The keys 0 to 7, up to the first that is missing.
fn shortcuts(view: &View<'_>, warnings: &mut Vec<Warning>) -> Vec<Shortcut> {
    let keys = (0..MAX_SHORTCUTS).map(|n| n.to_string());
    let found = keys.map_while(|key| Some((view.get(&key)?.value, key)));
    let read = found.map(|(value, key)| {
        let (shortcut, complaint) = Shortcut::parse(&value);
        warnings.extend(complaint.map(|complaint| view.complaint(&key, complaint)));
        shortcut
    });
    read.collect()
}

/// `[Account1]`, `[Account2]` … up to the first that is missing or has no domain.
fn numbered_accounts(layers: &Layers<'_>, settings: &Settings, warnings: &mut Vec<Warning>) -> Vec<Account> {
    let mut accounts = Vec::new();
    for number in 1..=MAX_ACCOUNTS {
        let view = View::of(layers, format!("Account{number}"));
        if view.text("domain").is_empty() {
            if view.exists() && view.get("username").is_some_and(|found| !found.value.is_empty()) {
                warnings.push(view.warning("", "it has no domain, so it is no account".to_owned()));
            }
            let next = View::of(layers, format!("Account{}", number + 1));
            if !next.text("domain").is_empty() {
                warnings.push(next.warning("", format!("not read: the numbers stop before [Account{number}]")));
            }
            return accounts;
        }
        accounts.push(read_account(AccountId(number), &view, settings, warnings));
    }
    let next = View::of(layers, format!("Account{}", MAX_ACCOUNTS + 1));
    if next.exists() {
        warnings.push(next.warning("", format!("not read: {MAX_ACCOUNTS} accounts are the most")));
    }
    accounts
}

/// The account of a file without `[Account1]`: very old files keep it in `[Settings]`, hand-written ones in `[Account]`.
fn unnumbered_account(layers: &Layers<'_>, settings: &Settings, warnings: &mut Vec<Warning>) -> Option<Account> {
    let old = View::of(layers, "Settings");
    if settings.account_id.is_none() && !old.text("domain").is_empty() {
        return Some(read_account(AccountId(1), &old, settings, warnings));
    }
    let view = View { comments: true, ..View::of(layers, "Account") };
    if View::of(layers, "Account1").exists() || !view.exists() {
        return None;
    }
    let mut account = read_account(AccountId(1), &view, settings, warnings);
    let address = view.text("Account");
    let (user, domain) = bare_host(&address).rsplit_once('@').unwrap_or((bare_host(&address), ""));
    if account.username.is_empty() {
        account.username = user.to_owned();
    }
    if account.domain.is_empty() {
        account.domain = domain.to_owned();
    }
    if account.domain.is_empty() {
        warnings
            .push(view.warning("", "it has neither Domain nor Account=user@domain, so it is no account".to_owned()));
        return None;
    }
    account.proxies.iter_mut().for_each(|proxy| *proxy = bare_host(proxy).to_owned());
    if account.server.is_empty() {
        account.server = account.domain.clone();
    }
    Some(account)
}

fn local_account(layers: &Layers<'_>, settings: &Settings, warnings: &mut Vec<Warning>) -> Account {
    let mut account = read_account(AccountId(0), &View::of(layers, "Account0"), settings, warnings);
    if account.label.is_empty() {
        account.label = "Local (call by IP address)".to_owned();
    }
    account.server.clear();
    account
}

/// An account with nothing of its own. What is odd in its keys is told with those that have.
fn common_account(layers: &Layers<'_>, settings: &Settings) -> Account {
    let mut account = Account { dtmf_method: settings.dtmf_method, ..Account::new(AccountId(0)) };
    let all = View::of(layers, "tuiphone");
    fill(Section::TuiphoneAccount, &all, &mut Vec::new(), |row, value| row.read_account(&mut account, value));
    account
}

fn read_account(id: AccountId, view: &View<'_>, settings: &Settings, warnings: &mut Vec<Warning>) -> Account {
    let mut account = Account::new(id);
    let own = View::of(view.layers, format!("tuiphone{}", id.0));
    let all = View::of(view.layers, "tuiphone");
    let views = [(Section::Account, view), (Section::TuiphoneAccount, &all), (Section::TuiphoneAccount, &own)];
    for (section, view) in views {
        fill(section, view, warnings, |row, value| row.read_account(&mut account, value));
    }
    for (key, is_given) in [("turnServer", !account.turn.servers.is_empty()), ("turnOnly", account.turn.only)] {
        if is_given && !account.ice {
            let view = if own.get(key).is_some() { &own } else { &all };
            let message = format!("not used by account {}: TURN servers are asked with ICE=1 alone", id.0);
            warnings.push(view.warning(key, message));
        }
    }
    if settings.password_plain && account.password_sealed {
        let secret = Row::of(Section::Account).find(|row| row.is_password()).map_or("", |row| row.key);
        account.password = Secret::new(view.text(secret));
        account.password_sealed = false;
        warnings.retain(|warning| warning.section != view.section || warning.key != secret);
    }
    account
}

/// The account calls go out by. Missing, or 0 without a Local account: the first. One that does not exist: Local.
fn select(settings: &Settings, accounts: &[Account]) -> AccountId {
    let wanted = match settings.account_id {
        Some(0) if settings.enable_local_account => 0,
        None | Some(0) => 1,
        Some(number) => number,
    };
    accounts.iter().map(|account| account.id).find(|id| id.0 == wanted).unwrap_or(AccountId(0))
}

/// Without `sip:` before and parameters behind.
fn bare_host(address: &str) -> &str {
    let scheme =
        address.split_once(':').filter(|(s, _)| s.eq_ignore_ascii_case("sip") || s.eq_ignore_ascii_case("sips"));
    let rest = scheme.map_or(address, |(_, rest)| rest);
    rest.split_once(';').map_or(rest, |(host, _)| host).trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DtmfMethod, TurnTransport};

    fn read(texts: &[&str]) -> Loaded {
        let documents: Vec<Document> = texts.iter().map(|text| Document::parse(text.as_bytes()).unwrap()).collect();
        load(&documents[0], &documents[1..])
    }

    fn ids(loaded: &Loaded) -> Vec<u32> {
        loaded.accounts.iter().map(|account| account.id.0).collect()
    }

    #[test]
    fn accounts_are_counted_from_one_without_a_gap() {
        let sections =
            |numbers: &[u32]| numbers.iter().map(|n| format!("[Account{n}]\ndomain=d{n}\n")).collect::<String>();
        for (text, expected, selected) in [
            (String::new(), vec![0], 0),
            (sections(&[1]), vec![1], 1),
            (sections(&[2, 1, 3]), vec![1, 2, 3], 1),
            (sections(&[1, 2, 4]), vec![1, 2], 1),
            (sections(&[2]), vec![0], 0),
            (sections(&[1]) + "[Account2]\ndomain=\nusername=u\n" + &sections(&[3]), vec![1], 1),
            ("[Settings]\naccountId=2\n".to_owned() + &sections(&[1, 2]), vec![1, 2], 2),
            ("[Settings]\naccountId=7\n".to_owned() + &sections(&[1]), vec![1, 0], 0),
            ("[Settings]\naccountId=0\n".to_owned() + &sections(&[1]), vec![1], 1),
            ("[Settings]\naccountId=0\nenableLocalAccount=1\n".to_owned() + &sections(&[1]), vec![1, 0], 0),
            ("[Settings]\naccountId=\n".to_owned() + &sections(&[1]), vec![1], 1),
        ] {
            let loaded = read(&[&text]);
            assert_eq!((ids(&loaded), loaded.selected), (expected, AccountId(selected)), "{text}");
        }
    }

    #[test]
    fn gaps_are_told_with_their_line() {
        let loaded = read(&["[Account1]\ndomain=a\n[Account3]\ndomain=c\n[Account2]\nusername=u\n"]);
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        assert_eq!(
            told,
            [
                "line 5: [Account2]: it has no domain, so it is no account",
                "line 3: [Account3]: not read: the numbers stop before [Account2]"
            ]
        );
        let loaded = read(&["[Settings]\n\nautoAnswer=2\n"]);
        assert_eq!(loaded.warnings.first().and_then(|warning| warning.line), Some(3));
    }

    #[test]
    fn lines_that_run_programs_may_stand_beside_microsips() {
        let loaded = read(&["[Settings]\nOnCallEnd=Exec,a\nonCallStart=Exec,b\nOnCallRing=Socket,x\n\
                             [tuiphone]\nOnCallStart=Exec,c\n"]);
        let hooks = &loaded.settings.hooks;
        let text = |key| hooks.text(key);
        assert_eq!((text("OnCallEnd").as_str(), text("OnCallStart").as_str()), ("Exec,a", "Exec,c"));
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        let why = "Socket needs a path and a line: Socket,/run/crm.sock,%number%; nothing is run";
        assert_eq!(told, [format!("line 4: [Settings] OnCallRing: {why}")]);
    }

    #[test]
    fn shortcuts_with_presence_want_a_light() {
        let loaded = read(&["[Shortcuts]\n0=Bob;102;call;;1\n1=Al;103;call;;0\n2=Eve; 104 ;dtmf;105;1;Back\n\
                             3=x\n4=none;;runBatch;;1\n6=after a gap;107;call;;1\n"]);
        let shortcuts = loaded.settings.shortcuts.iter();
        let told: Vec<_> = shortcuts.map(|it| (it.label.as_str(), it.number.as_str(), it.has_light)).collect();
        let none = ("", false);
        assert_eq!(
            told,
            [
                ("Bob", "102", true),
                ("Al", "103", false),
                ("Eve", "104", true),
                ("x", none.0, none.1),
                ("none", none.0, none.1)
            ]
        );
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        assert_eq!(told, ["line 6: [Shortcuts] 4: \"runBatch\" is nothing that a press can do here"]);
    }

    #[test]
    fn overlays_overrule_key_by_key() {
        let main = "[Settings]\nsourcePort=5060\nuserAgent=x\n[Account1]\ndomain=a\nusername=1\n";
        let loaded = read(&[main, "[settings]\nSourcePort=5070\n", "[Account1]\nusername=2\ntransport=bad\n"]);
        assert_eq!((loaded.settings.source_port, loaded.settings.user_agent.as_str()), (5070, "x"));
        assert_eq!(loaded.settings.locked, ["sourcePort"]);
        assert_eq!(loaded.accounts[0].aor(), "2@a");
        assert_eq!((loaded.warnings[0].layer, loaded.warnings[0].line), (2, Some(3)));
    }

    #[test]
    fn an_unnumbered_account_is_account_one() {
        let text = "[Account]\nAccount=sip:101@pbx.example.net ; my phone\nProxy=sip:proxy.example.net:5070;lr ; out\n\
                    AuthID=a101\nPassword=pa;ss ; word\nDisplayName=Ann\n";
        let loaded = read(&[text]);
        let account = &loaded.accounts[0];
        assert_eq!((account.id, account.aor().as_str()), (AccountId(1), "101@pbx.example.net"));
        assert_eq!((account.server.as_str(), account.auth_user()), ("pbx.example.net", "a101"));
        assert_eq!(
            (account.proxies.clone(), account.password.reveal()),
            (vec!["proxy.example.net:5070".to_owned()], "pa;ss")
        );
        assert_eq!(read(&[&(text.to_owned() + "Domain=d\n")]).accounts[0].aor(), "101@d");
        assert_eq!(ids(&read(&[&(text.to_owned() + "[Account1]\nlabel=x\n")])), [0]);
    }

    #[test]
    fn very_old_files_have_their_account_in_settings() {
        let loaded = read(&["[Settings]\nserver=s\ndomain=d\nusername=u\npassword=p ; w\n"]);
        let account = &loaded.accounts[0];
        assert_eq!((account.aor().as_str(), account.server.as_str(), account.password.reveal()), ("u@d", "s", "p ; w"));
        assert_eq!(ids(&read(&["[Settings]\naccountId=1\ndomain=d\n"])), [0]);
    }

    #[test]
    fn sealed_passwords_are_not_taken_for_passwords() {
        let text = "[Account1]\ndomain=d\npassword=a268c52c2c3a93f1\n";
        let loaded = read(&[text]);
        assert!(loaded.accounts[0].password_sealed && loaded.accounts[0].password.is_empty());
        assert_eq!((loaded.warnings.len(), loaded.warnings[0].line), (1, Some(3)));
        assert!(!loaded.warnings[0].to_string().contains("a268"));
        let loaded = read(&[text, "[tuiphone]\npasswordPlain=1\n"]);
        assert_eq!((loaded.accounts[0].password.reveal(), loaded.warnings.len()), ("a268c52c2c3a93f1", 0));
    }

    #[test]
    fn own_keys_of_accounts_stand_in_sections_of_our_own() {
        let accounts = "[Account1]\ndomain=a\ntlsVerify=0\n[Account2]\ndomain=b\n";
        let loaded = read(&[accounts, "[tuiphone]\ntlsCaFile=ca.pem\n[tuiphone2]\ntlsVerify=0\ntlsCaFile=\n"]);
        let [one, two] = [&loaded.accounts[0].tls, &loaded.accounts[1].tls];
        assert_eq!((one.verify, one.ca_file.as_str(), two.verify, two.ca_file.as_str()), (true, "ca.pem", false, ""));
        let weak = |files: &[&str]| read(files).accounts.iter().map(|account| account.refuse_md5).collect::<Vec<_>>();
        assert_eq!(weak(&[accounts, "[tuiphone2]\nrefuseMd5=1\n"]), [false, true]);
        assert_eq!(weak(&[accounts, "[tuiphone]\nrefuseMd5=1\n[tuiphone2]\nrefuseMd5=0\n"]), [true, false]);
        let mut document = Document::parse(accounts.as_bytes()).unwrap();
        for row in Row::of(Section::TuiphoneAccount) {
            row.write_account(&loaded.accounts[1], &mut document).unwrap();
        }
        assert_eq!(document.get("tuiphone2", "tlsVerify"), Some("0"));
    }

    #[test]
    fn rules_for_numbers_are_an_accounts_own_and_wrong_ones_are_told_with_their_line() {
        let loaded = read(&[
            "[Account1]\ndomain=a\ndialPlan=9,<(>\n[Account2]\ndomain=b\ndialPlan=9,<.*>\n[tuiphone]\n\
                             rewrite1=^00 => +\nrewrite2=[\nrewrite3=x => y\n[tuiphone2]\nrewrite1=\nrewrite3=x => z\n",
        ]);
        let [one, two] = [&loaded.accounts[0], &loaded.accounts[1]];
        let dialled = |typed, account| crate::config::dial(typed, account).map(|target| target.uri).ok();
        assert_eq!(dialled("00x", two).as_deref(), Some("sip:900z@b"));
        assert_eq!((one.rewrite_rules.text(1).as_str(), one.rewrite_rules.text(3).as_str()), ("^00 => +", "x => y"));
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        let plan = "line 3: [Account1] dialPlan: the expression ( cannot be used: ";
        let rule = "line 9: [tuiphone] rewrite2: it is no EXPRESSION => REPLACEMENT; nothing is rewritten by it";
        assert!(told[0].starts_with(plan) && told[0].ends_with("; no number can be called"), "{told:?}");
        assert_eq!(told[1..], [rule, rule]);
    }

    #[test]
    fn what_holds_for_every_account_holds_for_one_of_no_file_too() {
        let text = "[Settings]\nDTMFMethod=3\n[Account1]\ndomain=a\ndialPlan=1xx\n[tuiphone]\nrewrite1=^00 => +\n\
                    rewrite2=[\n[tuiphone1]\nrewrite1=\n";
        let loaded = read(&[text]);
        let Account { domain, dtmf_method, rewrite_rules, dial_plan, .. } = &loaded.common;
        assert_eq!((domain.as_str(), *dtmf_method, dial_plan.text()), ("", DtmfMethod::Info, ""));
        assert_eq!((rewrite_rules.text(1).as_str(), rewrite_rules.text(2).as_str()), ("^00 => +", "["));
        assert_eq!(loaded.warnings.len(), 1, "told once: {:?}", loaded.warnings);
    }

    #[test]
    fn servers_that_lend_addresses_are_an_accounts_own() {
        let accounts = "[Account1]\ndomain=a\nICE=1\n[Account2]\ndomain=b\nICE=2\n";
        let turn = "[tuiphone]\nturnServer=turn.example.net; turn:192.0.2.7:3479\nturnPassword=pw\n\
                    [tuiphone1]\nturnTransport=TLS\nturnOnly=1\n";
        let loaded = read(&[accounts, turn]);
        let [one, two] = [&loaded.accounts[0], &loaded.accounts[1]];
        assert_eq!((one.ice, two.ice), (true, false), "1 alone is yes, as MicroSIP reads it");
        let servers: Vec<String> = one.turn.servers.iter().map(ToString::to_string).collect();
        assert_eq!((servers.join(" "), one.turn.only), ("turn.example.net 192.0.2.7:3479".to_owned(), true));
        assert_eq!((one.turn.transport, two.turn.transport), (TurnTransport::Tls, TurnTransport::Udp));
        assert!(!format!("{loaded:?}").contains("pw"));
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        let why = "not used by account 2: TURN servers are asked with ICE=1 alone";
        assert_eq!(told, [format!("line 2: [tuiphone] turnServer: {why}")]);
    }

    #[test]
    fn stun_servers_are_asked_if_both_keys_say_so() {
        let asked = |text: &str| read(&[&format!("[Settings]\n{text}\n")]).settings.stun_servers();
        assert_eq!(asked("STUN=a, b:19302\nenableSTUN=1"), [("a".to_owned(), 3478), ("b".to_owned(), 19302)]);
        assert_eq!(asked("STUN=a"), []);
        assert_eq!(asked("STUN=a\nenableSTUN=2"), []);
        assert_eq!(asked("enableSTUN=1"), []);
    }

    #[test]
    fn what_a_hostile_file_has_in_order_is_used() {
        let accounts: String = (1..=10_000).map(|n| format!("[Account{n}]\ndomain=d{n}\nusername=u\n")).collect();
        let text = format!("[Settings]\nuserAgent={}\nsourcePort=5070\n{accounts}", "x".repeat(10 << 20));
        let document = Document::parse(text.as_bytes()).unwrap();
        let loaded = load(&document, &[]);
        assert_eq!((loaded.settings.source_port, loaded.settings.user_agent.as_str()), (5070, ""));
        let last = loaded.accounts.last().map(Account::aor);
        assert_eq!((loaded.accounts.len(), last.as_deref()), (100, Some("u@d100")));
        let told: Vec<String> = loaded.warnings.iter().map(Warning::to_string).collect();
        assert_eq!(
            told,
            [
                "line 2: not read: 10485771 bytes that no line of this file can mean",
                "line 304: [Account101]: not read: 100 accounts are the most"
            ]
        );
        assert!(document.to_bytes() == text.as_bytes());
    }

    #[test]
    fn samples_load() {
        macro_rules! sample {
            ($name:literal) => {
                load(&Document::parse(include_bytes!(concat!("../../tests/fixtures/ini/", $name))).unwrap(), &[])
            };
        }
        assert_eq!(ids(&sample!("02-2016-ansi-lf-no-account.ini")), [0]);
        assert_eq!(sample!("04-account-only-ansi-crlf.ini").selected, AccountId(1));
        let many = sample!("05-3.20-upgraded-to-3.21-utf16-multi-account.ini");
        assert_eq!(many.accounts.iter().filter(|account| account.id.0 > 0 && account.password_sealed).count(), 7);
        assert_eq!(ids(&sample!("06-3.21-template-ansi-lf-empty-account.ini")), [0]);
        let all = sample!("10-SYNTHETIC-3.22.16-all-keys-utf16.ini");
        assert_eq!((all.accounts[0].proxies.len(), all.accounts[0].transport.as_str()), (2, "tls"));
    }
}
