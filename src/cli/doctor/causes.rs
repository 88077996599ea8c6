//! What lies behind the answers of servers, most of the time, in words.

/// A status, why a server says so, and what to do about it.
type Row = (&'static [u16], &'static str, &'static str);

/// To a REGISTER.
const REGISTER: &[Row] = &[
    (
        &[401, 407],
        "the server does not take the password, or not of this user: a typo, a password of the web portal instead of the \
         device's, or another user name for authentication (authID)",
        "enter it anew: tuiphone password; authID if the provider names one",
    ),
    (&[402], "the provider wants money first", "look at the balance of the account"),
    (
        &[403],
        "the server knows who asks and says no: the user or domain is not one of its own, the account is barred, its number \
         of phones is used up, or the address is blocked after wrong passwords",
        "compare username, domain and authID with the provider's; after many tries wait, or ask to be unblocked",
    ),
    (
        &[404, 410, 604],
        "there is no such user at this domain: a typo in username or domain, or the wrong server",
        "compare username, domain and server with the provider's",
    ),
    (&[405, 501], "this server is no registrar", "name the registrar in server, and this one in proxy"),
    (
        &[406, 415, 420, 421, 494],
        "the server wants an extension that the phone does not use here",
        "tuiphone trace --last 20 --method REGISTER shows which one",
    ),
    (
        &[408, 504],
        "a server on the way heard us, and got no answer from the one behind it",
        "wait and try again; if it stays so, ask the provider",
    ),
    (&[423], "the server wants longer registrations", "raise registerRefresh"),
    (
        &[480, 500, 503],
        "the server is overloaded, restarts, or has lost what stands behind it",
        "wait and try again; another server of the provider may do as proxy",
    ),
    (
        &[488, 606],
        "the server does not take what the phone offers: codecs, encryption or transport",
        "compare SRTP, transport and audioCodecs with what the provider wants",
    ),
    (&[301, 302, 305], "the registrar is elsewhere", "set server to the address it names"),
];

/// The likely cause of this answer to a REGISTER, and what to do about it.
pub(super) fn of_register(status: u16) -> (&'static str, &'static str) {
    let row = REGISTER.iter().find(|(statuses, ..)| statuses.contains(&status));
    row.map(|(_, cause, next)| (*cause, *next)).unwrap_or(match status {
        500..600 => ("the server has a fault of its own", "wait and try again; if it stays so, ask the provider"),
        _ => {
            ("the server refuses for a reason of its own", "tuiphone trace --last 20 --method REGISTER shows its words")
        }
    })
}

/// Why nobody answered, by the phone's own words for it.
pub(super) fn of_silence(reason: &str, transport: &str) -> (&'static str, &'static str) {
    let says = |words: &[&str]| words.iter().any(|word| reason.to_ascii_lowercase().contains(word));
    if says(&["cannot find", "no address", "lookup", "resolver", "not known"]) {
        return ("the name of the server leads nowhere: a typo, or no way to a name server", "the check dns says more");
    }
    if says(&["certificate", "tls"]) {
        return ("the server does not prove who it is", "the check tls says more");
    }
    if says(&["refused"]) {
        return (
            "nobody listens there: a wrong port or transport, or the server is down",
            "compare port and transport with the provider's; 5060 is udp and tcp, 5061 tls",
        );
    }
    if says(&["unreachable", "no route", "network"]) {
        return (
            "there is no way to the server: no network, or a VPN that is off",
            "look at the network of this machine",
        );
    }
    match transport {
        "udp" => (
            "nothing comes back: a firewall drops UDP, a SIP ALG in the router swallows it, or address and port are wrong",
            "try transport=tcp or tls; turn the SIP ALG of the router off",
        ),
        _ => ("nothing comes back: a firewall, or address and port are wrong", "try another transport"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_causes() {
        for (status, part) in [
            (401, "does not take the password"),
            (403, "knows who asks and says no"),
            (404, "no such user"),
            (408, "got no answer from the one behind"),
            (488, "codecs, encryption"),
            (503, "overloaded"),
            (599, "a fault of its own"),
            (499, "a reason of its own"),
        ] {
            let (cause, next) = of_register(status);
            assert!(cause.contains(part) && !next.is_empty(), "{status}: {cause}");
        }
    }

    #[test]
    fn no_status_has_two_rows() {
        let mut all: Vec<u16> = REGISTER.iter().flat_map(|(statuses, ..)| statuses.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn silence_has_causes() {
        for (reason, transport, part) in [
            ("cannot find pbx (udp): it has no address", "udp", "leads nowhere"),
            ("cannot connect to 192.0.2.1:5060 (tcp): connection refused", "tcp", "nobody listens"),
            ("the certificate of pbx has expired", "tls", "prove"),
            ("no answer", "udp", "SIP ALG"),
            ("no answer", "tcp", "a firewall, or"),
            ("network is unreachable", "udp", "no way to the server"),
        ] {
            assert!(of_silence(reason, transport).0.contains(part), "{reason}");
        }
    }
}
