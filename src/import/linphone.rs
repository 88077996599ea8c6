//! `linphonerc`: `[proxy_N]` and `[auth_info_N]` are accounts, `[friend_N]` contacts, `[call_log_N]` calls.

use super::{Found, Password, address, codec, contact, fresh, secret};
use crate::config::{Account, Document, Server, SrtpMode};
use crate::history::{Kind, Record};
use crate::sip::header::NameAddr;
use crate::text::sanitise;

/// Most sections of a kind that are read.
const MOST: usize = 10_000;

pub(super) fn read(document: &Document) -> Found {
    let mut found = Found::default();
    let sip = Section { document, name: "sip".to_owned() };
    let srtp = encryption(&sip, &mut found);
    for section in numbered(document, "proxy") {
        account(&section, srtp, &mut found);
    }
    if sip.text("verify_server_certs") == "0" {
        found.note("certificates of servers are verified here; [tuiphone] tlsVerify=0 turns that off");
    }
    if (sip.text("use_info"), sip.text("use_rfc2833")) == ("1", "0") {
        found.setting("DTMFMethod", "3");
    }
    let codecs = numbered(document, "audio_codec").filter(|section| section.text("enabled") == "1");
    let ids = codec::ids(
        codecs.map(|section| (section.text("mime").to_owned(), section.text("rate").parse().unwrap_or_default())),
    );
    if !ids.is_empty() {
        found.setting("audioCodecs", ids);
    }
    for section in numbered(document, "friend") {
        if let Some(address) = address::parse(section.text("url")).filter(|address| address.uri.user().is_some()) {
            let name = address.display_name.as_deref().unwrap_or_default();
            let new = contact(name, &address::number(&address.uri));
            found.contacts.extend(new.map(|mut contact| {
                contact.presence = section.text("subscribe") == "1";
                contact
            }));
        }
    }
    found.calls = numbered(document, "call_log").filter_map(|section| call(&section)).collect();
    found
}

/// A section of the file.
struct Section<'a> {
    document: &'a Document,
    name: String,
}

impl<'a> Section<'a> {
    fn text(&self, key: &str) -> &'a str {
        self.document.get(&self.name, key).unwrap_or_default()
    }
}

/// `[word_0]`, `[word_1]` … up to the first that is missing.
fn numbered<'a>(document: &'a Document, word: &'a str) -> impl Iterator<Item = Section<'a>> {
    let sections = (0..MOST).map(move |number| Section { document, name: format!("{word}_{number}") });
    sections.take_while(|section| section.document.has_section(&section.name))
}

fn encryption(sip: &Section<'_>, found: &mut Found) -> SrtpMode {
    match (sip.text("media_encryption"), sip.text("media_encryption_mandatory")) {
        ("srtp", "1") => SrtpMode::Mandatory,
        ("srtp", _) => SrtpMode::Optional,
        ("dtls", _) => SrtpMode::Dtls,
        ("zrtp", _) => {
            found.note("this phone has no ZRTP; SRTP is off");
            SrtpMode::Off
        }
        _ => SrtpMode::Off,
    }
}

fn account(section: &Section<'_>, srtp: SrtpMode, found: &mut Found) {
    let Some(identity) = address::parse(section.text("reg_identity")) else {
        found.note(format!("[{}] is not read: it has no reg_identity", section.name));
        return;
    };
    let mut account = fresh();
    account.username = identity.uri.user_decoded().unwrap_or_default();
    account.domain = address::host_port(&identity.uri);
    account.display_name = identity.display_name.unwrap_or_default();
    account.srtp = srtp;
    let proxy = address::parse(section.text("reg_proxy"));
    if let Some(proxy) = &proxy {
        account.transport = address::transport(&proxy.uri).unwrap_or("udp").to_owned();
    }
    for route in NameAddr::parse_list(section.text("reg_route").as_bytes()).unwrap_or_default() {
        address::add_proxy(&mut account, &route.uri.to_string());
    }
    let server = proxy.map_or_else(|| account.domain.clone(), |proxy| address::host_port(&proxy.uri));
    // A route to the registrar itself is none.
    account.proxies.retain(|route| *route != server);
    if section.text("reg_sendregister") != "0" {
        account.server = server;
    } else if account.proxies.is_empty() && server != account.domain {
        account.proxies.push(server);
    }
    if let Ok(seconds @ 1..) = section.text("reg_expires").parse() {
        account.register_refresh_s = seconds;
    }
    account.publish = section.text("publish") == "1";
    account.dialing_prefix = section.text("dial_prefix").to_owned();
    nat(section, &mut account, found);
    let password = credentials(section.document, &mut account);
    let before = found.accounts.len();
    found.account(account);
    if let (Some(new), Some(password)) = (found.accounts.get_mut(before), password) {
        new.password = password;
    }
}

/// The name and password of whoever has this user name, best in this domain; what is special about the password.
fn credentials(document: &Document, account: &mut Account) -> Option<Password> {
    let host = account.domain.split(':').next().unwrap_or_default().to_owned();
    let is_here = |section: &Section<'_>| {
        ["domain", "realm"].into_iter().any(|key| section.text(key).eq_ignore_ascii_case(&host))
    };
    let user = account.username.clone();
    let mut known =
        numbered(document, "auth_info").filter(|section| section.text("username") == user).collect::<Vec<_>>();
    known.sort_by_key(|section| !is_here(section));
    let section = known.first()?;
    let id = section.text("userid");
    if id != account.username {
        account.auth_id = id.to_owned();
    }
    account.password = secret(section.text("passwd"));
    (account.password.is_empty() && !section.text("ha1").is_empty()).then_some(Password::Hashed)
}

/// `[nat_policy_N]` by its name, else the policy of the whole phone.
fn nat(section: &Section<'_>, account: &mut Account, found: &mut Found) {
    let document = section.document;
    let net = Section { document, name: "net".to_owned() };
    let wanted = [section.text("nat_policy_ref"), net.text("nat_policy_ref")].into_iter().find(|name| !name.is_empty());
    let Some(wanted) = wanted else { return };
    let Some(policy) = numbered(document, "nat_policy").find(|policy| policy.text("ref") == wanted) else { return };
    let protocols: Vec<&str> = policy.text("protocols").split(',').map(str::trim).collect();
    account.ice = protocols.contains(&"ice");
    if let (true, Some(server)) = (protocols.contains(&"turn"), Server::parse(policy.text("stun_server"))) {
        account.ice = true;
        account.turn.servers = vec![server];
        account.turn.username = policy.text("stun_server_username").to_owned();
    } else if let (true, Some(server)) = (protocols.contains(&"stun"), Server::parse(policy.text("stun_server"))) {
        // One for all accounts here: that of the first.
        if !found.settings.iter().any(|setting| setting.key == "STUN") {
            found.setting("STUN", server.to_string());
            found.setting("enableSTUN", "1");
        }
    }
}

fn call(section: &Section<'_>) -> Option<Record> {
    let is_outgoing = section.text("dir") == "0";
    let far = address::parse(section.text(if is_outgoing { "to" } else { "from" }))?;
    let own = address::parse(section.text(if is_outgoing { "from" } else { "to" }));
    let kind = match (is_outgoing, section.text("status")) {
        (true, _) => Kind::Outgoing,
        (false, "2") => Kind::Missed,
        (false, _) => Kind::Incoming,
    };
    let time: i64 = section.text("start_date_time").parse().ok()?;
    let id = section.text("call_id");
    let aor = |address: &NameAddr| address::number(&address.uri).trim_start_matches("sip:").to_owned();
    Some(Record {
        kind,
        started_ms: Record::milliseconds(time),
        number: sanitise(&aor(&far)),
        name: sanitise(far.display_name.as_deref().unwrap_or_default()),
        account: own.map(|own| sanitise(&aor(&own))).unwrap_or_default(),
        // In seconds; older files have fractions.
        duration_s: section.text("duration").split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0),
        outcome: "imported".into(),
        sip_call_id: if id.is_empty() { format!("linphone-{time}") } else { sanitise(id) },
        ..Record::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RC: &str = "[sip]\ndefault_proxy=0\nmedia_encryption=srtp\nmedia_encryption_mandatory=1\nuse_info=1\nuse_rfc2833=0\n\
        verify_server_certs=0\n[proxy_0]\nreg_proxy=<sip:sip.example.org;transport=tls>\n\
        reg_route=<sip:sip.example.org;transport=tls>\nreg_identity=\"Pau L.\" <sip:pauline@sip.example.org>\n\
        reg_expires=1200\nreg_sendregister=1\npublish=1\nnat_policy_ref=abc\n[proxy_1]\n\
        reg_proxy=sip:pbx.example.net:5070\nreg_route=<sip:edge.example.net;lr>\nreg_identity=sip:101@pbx.example.net\n\
        reg_sendregister=0\n[proxy_2]\nreg_proxy=x\n[auth_info_0]\nusername=101\nha1=0123456789abcdef0123456789abcdef\n\
        realm=\"pbx.example.net\"\nalgorithm=MD5\n[auth_info_1]\nusername=pauline\nuserid=p7\npasswd=wrong\nrealm=other.org\n\
        [auth_info_2]\nusername=pauline\nuserid=pauline\npasswd=se;cret\ndomain=sip.example.org\n\
        [nat_policy_0]\nref=abc\nprotocols=stun,ice\nstun_server=stun.example.org\n\
        [audio_codec_0]\nmime=opus\nrate=48000\nenabled=1\n[audio_codec_1]\nmime=speex\nrate=16000\nenabled=1\n\
        [audio_codec_2]\nmime=PCMU\nrate=8000\nenabled=0\n[friend_0]\nurl=\"Echo test\" <sip:600@pbx.example.net>\n\
        pol=accept\nsubscribe=1\n[friend_1]\nurl=nonsense\n[call_log_0]\ndir=1\nstatus=2\n\
        from=\"Bob\" <sip:bob@h.example.net>\nto=<sip:101@pbx.example.net>\nstart_date_time=1700000000\nduration=0\ncall_id=77\n";

    #[test]
    fn accounts_and_their_credentials() {
        let found = read(&Document::parse(RC.as_bytes()).unwrap());
        let [one, two] = found.accounts.as_slice() else { panic!("{found:?}") };
        let account = &one.account;
        assert_eq!((account.aor().as_str(), account.server.as_str()), ("pauline@sip.example.org", "sip.example.org"));
        assert_eq!((account.transport.as_str(), account.proxies.len(), account.ice), ("tls", 0, true));
        assert_eq!(
            (account.display_name.as_str(), account.register_refresh_s, account.publish),
            ("Pau L.", 1200, true)
        );
        assert_eq!(
            (account.auth_user(), account.password.reveal(), one.password),
            ("pauline", "se;cret", Password::Plain)
        );
        assert_eq!(account.srtp, SrtpMode::Mandatory);
        let account = &two.account;
        assert_eq!((account.aor().as_str(), account.server.as_str()), ("101@pbx.example.net", ""));
        assert_eq!((account.proxies.join(" ").as_str(), two.password), ("edge.example.net", Password::Hashed));
        assert!(account.password.is_empty());
        assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
        assert!(!format!("{found:?}").contains("se;cret"));
    }

    #[test]
    fn settings_contacts_and_calls() {
        let found = read(&Document::parse(RC.as_bytes()).unwrap());
        let set: Vec<String> = found.settings.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
        assert_eq!(
            set,
            ["STUN=stun.example.org", "enableSTUN=1", "DTMFMethod=3", "audioCodecs=opus/48000/2 speex/16000/1"]
        );
        let [friend] = found.contacts.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (friend.name.as_str(), friend.number.as_str(), friend.presence),
            ("Echo test", "sip:600@pbx.example.net", true)
        );
        let [call] = found.calls.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (call.kind, call.number.as_str(), call.started_s()),
            (Kind::Missed, "bob@h.example.net", 1_700_000_000)
        );
        assert_eq!(
            (call.name.as_str(), call.account.as_str(), call.sip_call_id.as_str()),
            ("Bob", "101@pbx.example.net", "77")
        );
    }
}
