//! baresip's `accounts` and `contacts`: an address a line, parameters behind it.

use super::{Found, address, codec, contact, fresh, lines, secret};
use crate::config::{Account, Server, SrtpMode};
use crate::sip::header::NameAddr;
use crate::text::sanitise;

/// `Name <sip:user@domain;transport=tls>;auth_user=…;auth_pass=…;outbound="sip:…";regint=3600;mediaenc=…`
pub(super) fn accounts(text: &str) -> Found {
    let mut found = Found::default();
    for (number, line) in lines(text) {
        match Some(line).filter(|line| line.contains('<')).and_then(address::parse) {
            Some(parsed) => account(&parsed, &mut found),
            // The line may have a password: it is not told.
            None => found.note(format!("line {number} is not read: it is no account")),
        }
    }
    found
}

/// `"Name" <sip:user@host>;presence=p2p`
pub(super) fn contacts(text: &str) -> Found {
    let mut found = Found::default();
    for (number, line) in lines(text) {
        let parsed = address::parse(line).filter(|address| address.uri.user().is_some());
        let Some(parsed) = parsed else {
            found.note(format!("line {number} is not read: it is no contact"));
            continue;
        };
        if found.contacts.len() == crate::contacts::MAX_CONTACTS {
            found.note(format!("line {number} and what follows is left out: there are too many contacts"));
            break;
        }
        let new = contact(parsed.display_name.as_deref().unwrap_or_default(), &address::number(&parsed.uri));
        found.contacts.extend(new.map(|mut contact| {
            contact.presence = parsed.params.value("presence").is_some_and(|value| value == "p2p");
            contact
        }));
    }
    found
}

fn account(parsed: &NameAddr, found: &mut Found) {
    let mut account = fresh();
    let uri = &parsed.uri;
    account.username = uri.user_decoded().unwrap_or_default();
    account.domain = address::host_port(uri);
    account.display_name = parsed.display_name.clone().unwrap_or_default();
    account.transport = address::transport(uri).unwrap_or("udp").to_owned();
    let param = |name: &str| parsed.params.value(name).map(|value| value.trim().to_owned()).unwrap_or_default();
    let number = |name: &str| param(name).parse::<u32>().ok();
    account.auth_id = Some(param("auth_user")).filter(|user| *user != account.username).unwrap_or_default();
    let in_address = uri.as_str().split_once('@').and_then(|(user, _)| user.splitn(3, ':').nth(2));
    let given = param("auth_pass");
    account.password = secret(if given.is_empty() { in_address.unwrap_or_default() } else { &given });
    for name in ["outbound", "outbound1", "outbound2"] {
        address::add_proxy(&mut account, &param(name));
    }
    // Without it baresip registers for an hour; 0 = it does not.
    account.register_refresh_s = number("regint").unwrap_or(3600);
    if account.register_refresh_s > 0 {
        account.server.clone_from(&account.domain);
    } else {
        account.register_refresh_s = fresh().register_refresh_s;
    }
    account.publish = number("pubint").is_some_and(|seconds| seconds > 0);
    let aor = sanitise(&account.aor());
    encryption(&param("mediaenc"), &aor, &mut account, found);
    nat(&param("medianat"), &param("stunserver"), &param("stunuser"), &param("stunpass"), &mut account, found);
    let codecs = param("audio_codecs");
    let ids = codec::ids(codecs.split(',').map(|name| {
        let mut parts = name.split('/');
        (parts.next().unwrap_or_default().to_owned(), parts.next().and_then(|rate| rate.parse().ok()).unwrap_or(0))
    }));
    if !ids.is_empty() {
        found.setting("audioCodecs", ids);
    }
    match param("dtmfmode").as_str() {
        "info" => found.setting("DTMFMethod", "3"),
        "rtpevent" => found.setting("DTMFMethod", "2"),
        _ => {}
    }
    if param("answermode").starts_with("auto") {
        found.note(format!("{aor} answers by itself in baresip; here autoAnswer=all does that"));
    }
    found.account(account);
}

fn encryption(word: &str, aor: &str, account: &mut Account, found: &mut Found) {
    account.srtp = match word {
        "srtp" => SrtpMode::Optional,
        "srtp-mand" | "srtp-mandf" => SrtpMode::Mandatory,
        "dtls_srtp" | "dtls_srtpf" | "srtp-dtls" => SrtpMode::Dtls,
        "" => SrtpMode::Off,
        other => {
            found.note(format!("{aor}: mediaenc={} is not known here; SRTP is off", sanitise(other)));
            SrtpMode::Off
        }
    };
}

/// `stun:user:pass@host:port`, `turn:…`.
fn nat(how: &str, server: &str, user: &str, password: &str, account: &mut Account, found: &mut Found) {
    account.ice = how == "ice";
    let (credentials, host) = server.rsplit_once('@').unwrap_or(("", server));
    let scheme = credentials.split_once(':').map_or("", |(scheme, _)| scheme);
    let Some(parsed) = Server::parse(host) else { return };
    if how == "turn" || server.starts_with("turn") {
        // Only ICE finds its way through one.
        account.ice = true;
        let (named, word) =
            credentials.get(scheme.len() + 1..).and_then(|rest| rest.split_once(':')).unwrap_or_default();
        account.turn.username = if user.is_empty() { named } else { user }.to_owned();
        account.turn.password = secret(if password.is_empty() { word } else { password });
        account.turn.servers = vec![parsed];
    } else if !how.is_empty() {
        found.setting("STUN", parsed.to_string());
        found.setting("enableSTUN", "1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Password;

    fn one(line: &str) -> Account {
        let found = accounts(line);
        assert_eq!((found.accounts.len(), found.notes.as_slice()), (1, &[][..]), "{line}: {found:?}");
        found.accounts[0].account.clone()
    }

    #[test]
    fn an_account_is_a_line() {
        let account = one("\"Ann Lee\" <sip:101@pbx.example.net;transport=tls>;auth_user=a101;auth_pass=\"p;w\";\
                           outbound=\"sip:sbc.example.net:5071;transport=tls\";regint=600;mediaenc=srtp-mand;pubint=60");
        assert_eq!((account.aor().as_str(), account.server.as_str()), ("101@pbx.example.net", "pbx.example.net"));
        assert_eq!((account.auth_user(), account.password.reveal()), ("a101", "p;w"));
        assert_eq!((account.display_name.as_str(), account.transport.as_str()), ("Ann Lee", "tls"));
        assert_eq!(account.proxies, ["sbc.example.net:5071"]);
        assert_eq!((account.register_refresh_s, account.srtp, account.publish), (600, SrtpMode::Mandatory, true));
    }

    #[test]
    fn what_each_parameter_means() {
        let host = "<sip:u@h.example.net>";
        assert_eq!(one("<sip:u:secret@h.example.net:5070>").password.reveal(), "secret");
        let with_port = one("<sip:u:secret@h.example.net:5070>");
        assert_eq!(
            (with_port.domain.as_str(), with_port.server.as_str()),
            ("h.example.net:5070", "h.example.net:5070")
        );
        assert_eq!((one(host).register_refresh_s, one(host).transport.as_str()), (3600, "udp"));
        let silent = one(&format!("{host};regint=0"));
        assert_eq!((silent.server.as_str(), silent.register_refresh_s), ("", 300));
        assert_eq!(one(&format!("{host};auth_user=u")).auth_id, "");
        assert_eq!(one(&format!("{host};outbound=sip:p.example.net;transport=tcp")).proxies, ["p.example.net"]);
        assert_eq!(one(&format!("{host};mediaenc=dtls_srtp;medianat=ice")).srtp, SrtpMode::Dtls);
        let turn = one(&format!("{host};medianat=turn;stunserver=turn:bob:pw@t.example.net:3479"));
        assert_eq!((turn.ice, turn.turn.username.as_str(), turn.turn.password.reveal()), (true, "bob", "pw"));
        assert_eq!(turn.turn.servers[0].to_string(), "t.example.net:3479");
        let found = accounts(&format!(
            "{host};audio_codecs=opus/48000/2,pcma,nonsense,speex/16000;dtmfmode=info;medianat=stun;\
             stunserver=stun:s.example.net"
        ));
        let set: Vec<(&str, &str)> = found.settings.iter().map(|it| (it.key.as_str(), it.value.as_str())).collect();
        assert_eq!(
            set,
            [
                ("STUN", "s.example.net"),
                ("enableSTUN", "1"),
                ("audioCodecs", "opus/48000/2 PCMA/8000/1 speex/16000/1"),
                ("DTMFMethod", "3")
            ]
        );
        let odd = accounts(&format!("{host};mediaenc=zrtp;answermode=auto"));
        assert_eq!(odd.notes.len(), 2, "{odd:?}");
    }

    #[test]
    fn what_is_no_account_is_told_without_its_text() {
        let found =
            accounts("# <sip:c@d>;auth_pass=x\n\n  nonsense ;auth_pass=topsecret\n<sip:example.net>;auth_pass=y\n");
        assert_eq!(
            (found.accounts.len(), found.notes.as_slice()),
            (0, &["line 3 is not read: it is no account".to_owned()][..])
        );
        let many = "<sip:u@d>;auth_pass=x\n".repeat(150);
        let found = accounts(&many);
        assert_eq!((found.accounts.len(), found.accounts[0].password), (100, Password::Plain));
        assert!(
            found.notes.last().is_some_and(|note| note.contains("100 accounts are the most")),
            "{:?}",
            found.notes.last()
        );
    }

    #[test]
    fn contacts_have_names_and_lights() {
        let found = contacts(
            "\"Bob \\\"B\\\" Hill\" <sip:bob@h.example.net>;presence=p2p\n<sip:102@h.example.net>\n#x\n<sip:h>\nx\n",
        );
        let shown: Vec<(&str, &str, bool)> =
            found.contacts.iter().map(|it| (it.name.as_str(), it.number.as_str(), it.presence)).collect();
        assert_eq!(
            shown,
            [
                ("Bob \"B\" Hill", "sip:bob@h.example.net", true),
                ("sip:102@h.example.net", "sip:102@h.example.net", false)
            ]
        );
        assert_eq!(found.notes.len(), 2);
    }
}
