//! Twinkle's profiles, `key=value` a line, and its address book, five fields a line.

use super::{Found, address, codec, fresh, lines, secret};
use crate::contacts::{Contact, MAX_CONTACTS};
use crate::text::sanitise;
use std::collections::HashMap;

/// Keys of programs that a profile runs.
const SCRIPTS: &str = "script_";

/// A profile: one account, and what is set with it.
pub(super) fn profile(text: &str) -> Found {
    let mut found = Found::default();
    let mut values: HashMap<&str, &str> = HashMap::new();
    for (_, line) in lines(text) {
        if let Some((key, value)) = line.split_once('=') {
            values.entry(key.trim()).or_insert(value.trim());
        }
    }
    let text = |key: &str| values.get(key).copied().unwrap_or_default();
    let yes = |key: &str| matches!(text(key), "yes" | "true" | "1");
    let mut account = fresh();
    account.username = text("user_name").to_owned();
    account.domain = text("user_domain").to_owned();
    account.display_name = text("user_display").to_owned();
    account.auth_id = Some(text("auth_name")).filter(|name| *name != account.username).unwrap_or_default().to_owned();
    account.password = secret(text("auth_pass"));
    account.transport = match text("sip_transport") {
        known @ ("udp" | "tcp" | "tls") => known.to_owned(),
        // By size, as RFC 3261 has it.
        _ => String::new(),
    };
    address::add_proxy(&mut account, text("outbound_proxy"));
    if text("register_at_startup") != "no" {
        let registrar = address::parse(text("registrar")).map(|address| address::host_port(&address.uri));
        account.server = registrar.unwrap_or_else(|| account.domain.clone());
    }
    if let Ok(seconds @ 1..) = text("registration_time").parse() {
        account.register_refresh_s = seconds;
    }
    account.public_address = text("nat_public_ip").parse().ok();
    if let (true, Ok(seconds @ 1..)) = (yes("enable_nat_keepalive"), text("timer_nat_keepalive").parse()) {
        account.keep_alive_s = seconds;
    }
    account.voicemail_number = text("mwi_vm_address").to_owned();
    account.publish = yes("pres_publish_startup");
    settings(&text, &mut found);
    let aor = sanitise(&account.aor());
    if yes("zrtp_enabled") {
        found.note(format!("{aor}: this phone has no ZRTP; SRTP is off"));
    }
    if values.iter().any(|(key, value)| key.starts_with(SCRIPTS) && !value.is_empty()) {
        found.note(format!("{aor}: scripts are not brought over; the keys cmd… run programs here"));
    }
    if !text("number_conversion").is_empty() {
        found.note(format!("{aor}: number_conversion is not brought over; dialPlan rewrites numbers here"));
    }
    found.account(account);
    found
}

fn settings<'a>(text: &impl Fn(&str) -> &'a str, found: &mut Found) {
    let codecs = codec::ids(text("codecs").split(',').map(|name| (name.to_owned(), 0)));
    if !codecs.is_empty() {
        found.setting("audioCodecs", codecs);
    }
    match text("dtmf_transport") {
        "inband" => found.setting("DTMFMethod", "1"),
        "rfc2833" => found.setting("DTMFMethod", "2"),
        "info" => found.setting("DTMFMethod", "3"),
        _ => {}
    }
    if let Some(server) = crate::config::Server::parse(text("stun_server")) {
        found.setting("STUN", server.to_string());
        found.setting("enableSTUN", "1");
    }
}

/// `first name|infix|last name|address|remark`; the first line may name the fields. A `\` keeps the next character.
pub(super) fn address_book(text: &str) -> Found {
    let mut found = Found::default();
    for (number, line) in lines(text) {
        let fields = fields(line);
        let [first, infix, last, address, remark] = fields.as_slice() else {
            found.note(format!("line {number} is not read: it is no contact"));
            continue;
        };
        if address == "sip_address" {
            continue;
        }
        if found.contacts.len() == MAX_CONTACTS {
            found.note(format!("line {number} and what follows is left out: there are too many contacts"));
            break;
        }
        let name = [first, infix, last].map(|part| part.trim()).into_iter().filter(|part| !part.is_empty());
        let new = Contact {
            name: sanitise(&name.collect::<Vec<_>>().join(" ")),
            number: sanitise(address.trim()),
            first_name: sanitise(first.trim()),
            last_name: sanitise(format!("{} {}", infix.trim(), last.trim()).trim()),
            comment: sanitise(remark.trim()),
            ..Contact::default()
        };
        found.contacts.extend(new.completed());
    }
    found
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '|' {
            fields.push(String::new());
            continue;
        }
        let kept = if c == '\\' { chars.next() } else { Some(c) };
        fields.last_mut().into_iter().for_each(|field| field.extend(kept));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Password;

    const PROFILE: &str = "# USER\nuser_name=101\nuser_domain=pbx.example.net\nuser_display=Ann Lee\nuser_organization=\n\
        auth_realm=\nauth_name=a101\nauth_pass=se=cret\n\n# SIP SERVER\noutbound_proxy=sbc.example.net:5080\n\
        all_requests_to_proxy=no\nregistrar=reg.example.net\nregister_at_startup=yes\nregistration_time=1800\n\n\
        # RTP AUDIO\ncodecs=speex-wb,g711a,g711u,g726-32\nptime=20\ndtmf_transport=rfc2833\n\n# NAT\nstun_server=\n\
        sip_transport=auto\nenable_nat_keepalive=yes\ntimer_nat_keepalive=30\nnat_public_ip=\nmwi_vm_address=*97\n\
        script_incoming_call=/bin/x\nzrtp_enabled=yes\npres_publish_startup=yes\n";

    #[test]
    fn a_profile_is_an_account() {
        let found = profile(PROFILE);
        let account = &found.accounts[0].account;
        assert_eq!((account.aor().as_str(), account.server.as_str()), ("101@pbx.example.net", "reg.example.net"));
        assert_eq!((account.auth_user(), account.password.reveal()), ("a101", "se=cret"));
        assert_eq!(
            (account.display_name.as_str(), account.proxies.join(" ").as_str()),
            ("Ann Lee", "sbc.example.net:5080")
        );
        assert_eq!((account.register_refresh_s, account.keep_alive_s, account.transport.as_str()), (1800, 30, ""));
        assert_eq!((account.voicemail_number.as_str(), account.publish), ("*97", true));
        let set: Vec<String> = found.settings.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
        assert_eq!(set, ["audioCodecs=speex/16000/1 PCMA/8000/1 PCMU/8000/1", "DTMFMethod=2"]);
        assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
        assert!(!format!("{found:?}").contains("se=cret"));
    }

    #[test]
    fn what_a_profile_leaves_out() {
        let with = |more: &str| profile(&format!("user_name=1\nuser_domain=d\n{more}"));
        let account = |more: &str| with(more).accounts[0].account.clone();
        assert_eq!(account("").server, "d", "without a registrar it is the domain's");
        assert_eq!(account("register_at_startup=no\nregistrar=r\n").server, "");
        assert_eq!(account("sip_transport=tcp\n").transport, "tcp");
        assert_eq!(with("").accounts[0].password, Password::None);
        assert_eq!(with("stun_server=s.example.net:3479\n").settings[0].value, "s.example.net:3479");
        assert!(profile("user_domain=d\nauth_pass=x\n").accounts.is_empty());
    }

    #[test]
    fn the_address_book_has_five_fields() {
        let found = address_book(
            "first_name|infix_name|last_name|sip_address|remark\nBob|van|Dyk|sip:bob@h.example.net|at \\| home\n\
             ||Zoë|5550123|\nonly|three|fields\nAnn||Lee||no number\n",
        );
        let shown: Vec<(&str, &str, &str)> =
            found.contacts.iter().map(|it| (it.name.as_str(), it.number.as_str(), it.comment.as_str())).collect();
        assert_eq!(shown, [("Bob van Dyk", "sip:bob@h.example.net", "at | home"), ("Zoë", "5550123", "")]);
        assert_eq!(found.contacts[0].last_name, "van Dyk");
        assert_eq!(found.notes, ["line 4 is not read: it is no contact"]);
    }
}
