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

/// To a call, or to anything else within one.
const CALL: &[Row] = &[
    (
        &[300, 301, 302, 305],
        "who was called sent the call on to another address",
        "call the address that its Contact names",
    ),
    (&[380], "another service is to be used", "the words of the answer say which"),
    (
        &[400],
        "the server could not read the request: often a SIP ALG that rewrites what passes through it",
        "look at the request for what is odd; use transport=tls, or turn the SIP ALG of the router off",
    ),
    (
        &[401, 407],
        "the server does not take the password, or not of this user",
        "enter it anew: tuiphone password; authID if the provider names one",
    ),
    (&[402], "the provider wants money first", "look at the balance of the account"),
    (
        &[403],
        "the server knows who calls and says no: the number is barred, the account may not call there, or the caller's \
         number is not its own",
        "compare what this account may call; on Asterisk look at the context and the dial plan of this endpoint",
    ),
    (
        &[404, 410, 416, 485, 604],
        "the server knows no such number",
        "look at the number and its prefix (dialPlan, dialingPrefix); on Asterisk: is the extension in this context?",
    ),
    (&[405, 501], "the far end does not know this kind of request", "nothing to be done on this side"),
    (
        &[406, 415, 488, 606],
        "the two have no codec or no encryption in common: what one offers the other does not take",
        "compare the SDP of offer and answer with audioCodecs and SRTP here, and with allow= and media_encryption= there",
    ),
    (
        &[408, 504],
        "whoever was asked behind the server gave no answer in time",
        "is the far end registered and reachable? try again",
    ),
    (&[413, 513], "the request was too large for the server", "name fewer codecs in audioCodecs"),
    (
        &[420, 421, 494, 580],
        "an extension is asked for that the other side does not have",
        "the headers Require, Unsupported and Security-Server name it",
    ),
    (&[422], "the server wants longer sessions", "the phone tries again by itself"),
    (&[423], "the server wants longer registrations", "raise registerRefresh"),
    (&[433], "who is called takes no calls from callers without a number", "call with your number shown"),
    (&[436, 437, 438, 428], "the number of the caller could not be proven", "ask the provider (STIR)"),
    (
        &[480],
        "nobody is there to answer: not registered, do not disturb, or it rang too long",
        "is the phone of the far end registered at its server?",
    ),
    (
        &[481],
        "the other side does not know this call any more: it was restarted, or it has ended it already",
        "call again",
    ),
    (&[482, 483], "the call went round in circles between servers", "look for a forwarding loop in the dial plan"),
    (&[484], "the number is not complete", "dial all of it"),
    (&[486, 600], "the far end is busy, or does not want to be disturbed", "try again later"),
    (&[487], "the call was given up before anybody answered", "nothing is wrong"),
    (&[489], "the server has no such subscription", "take the name out of watch"),
    (&[491], "both sides changed the call at the same moment", "the phone tries again by itself"),
    (&[493], "the far end cannot read an encrypted body", "nothing to be done on this side"),
    (
        &[502, 503],
        "the server cannot go on: it is overloaded, restarts, or its line to the next network is down",
        "wait and try again; on Asterisk look at the trunk's registration and at congestion in its log",
    ),
    (&[505], "the other side speaks another SIP", "nothing to be done on this side"),
    (&[603], "who was called rejected the call", "nothing is wrong"),
    (&[607, 608], "the call was rejected as unwanted", "the far end, or its network, blocks this caller"),
];

/// Why a network released a call (Q.850 §2.2.7), in words.
const RELEASE: &[(u16, &str)] = &[
    (1, "no such number"),
    (2, "no way to the network of this number"),
    (3, "no way to this number"),
    (16, "it was hung up, as usual"),
    (17, "busy"),
    (18, "the far end did not react"),
    (19, "it rang, and nobody answered"),
    (20, "the far end is not in reach"),
    (21, "the call was rejected"),
    (22, "the number has changed"),
    (26, "another phone took it"),
    (27, "the far end's line is out of order"),
    (28, "the number is not complete"),
    (31, "no reason given"),
    (34, "every line is taken"),
    (38, "the network is out of order"),
    (41, "a fault of the network that passes"),
    (42, "the switch is overloaded"),
    (47, "something that is needed is not there"),
    (57, "this is not allowed to the caller"),
    (58, "this is not available now"),
    (65, "this kind of call is not known there"),
    (79, "this service is not known there"),
    (88, "the far end is of another kind"),
    (102, "a timer ran out: nothing came any more"),
    (111, "a protocol error"),
    (127, "something between two networks, not told"),
];

/// The likely cause of this answer to an INVITE or another request, and what to do about it.
pub fn of_call(status: u16) -> (&'static str, &'static str) {
    let row = CALL.iter().find(|(statuses, ..)| statuses.contains(&status));
    row.map(|(_, cause, next)| (*cause, *next)).unwrap_or(match status {
        500..600 => ("the server has a fault of its own", "its log says more; wait and try again"),
        _ => ("the other side refuses for a reason of its own", "the words of the answer may tell"),
    })
}

/// What a cause of Q.850 means.
pub fn of_release(cause: u16) -> Option<&'static str> {
    RELEASE.iter().find(|(known, _)| *known == cause).map(|(_, words)| *words)
}

/// The likely cause of this answer to a REGISTER, and what to do about it.
pub fn of_register(status: u16) -> (&'static str, &'static str) {
    let row = REGISTER.iter().find(|(statuses, ..)| statuses.contains(&status));
    row.map(|(_, cause, next)| (*cause, *next)).unwrap_or(match status {
        500..600 => ("the server has a fault of its own", "wait and try again; if it stays so, ask the provider"),
        _ => {
            ("the server refuses for a reason of its own", "tuiphone trace --last 20 --method REGISTER shows its words")
        }
    })
}

/// Why nobody answered, by the phone's own words for it.
pub fn of_silence(reason: &str, transport: &str) -> (&'static str, &'static str) {
    let says = |words: &[&str]| words.iter().any(|word| reason.to_ascii_lowercase().contains(word));
    if says(&["cannot find", "no address", "lookup", "resolver", "not known"]) {
        return (
            "the name of the server leads nowhere: a typo, or no way to a name server",
            "look at the name; tuiphone doctor asks the name servers",
        );
    }
    if says(&["certificate", "tls"]) {
        return (
            "the server does not prove who it is",
            "tuiphone doctor shows its certificate, and what is wrong with it",
        );
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
        for table in [REGISTER, CALL] {
            let mut all: Vec<u16> = table.iter().flat_map(|(statuses, ..)| statuses.iter().copied()).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }

    #[test]
    fn refusals_of_calls_have_causes() {
        for (status, part) in [
            (404, "no such number"),
            (488, "no codec"),
            (486, "busy"),
            (503, "overloaded"),
            (599, "a fault of its own"),
            (499, "a reason of its own"),
        ] {
            let (cause, next) = of_call(status);
            assert!(cause.contains(part) && !next.is_empty(), "{status}: {cause}");
        }
        assert_eq!((of_release(17), of_release(999)), (Some("busy"), None));
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
