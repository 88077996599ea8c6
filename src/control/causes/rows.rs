//! The rows: statuses, what lies behind them most of the time, and what to do about it.

use super::Cause;

const fn row(name: &'static str, statuses: &'static [u16], why: &'static str, next: &'static str) -> Cause {
    Cause { name, statuses, why, next }
}

/// To a REGISTER.
pub(super) static REGISTER: &[Cause] = &[
    row(
        "register-password",
        &[401, 407],
        "the server does not take the password, or not of this user: a typo, a password of the web portal instead of the \
         device's, or another user name for authentication (authID)",
        "enter it anew: tuiphone password; set authID if the provider names one",
    ),
    row(
        "register-payment",
        &[402],
        "the provider asks for payment first: the credit may be used up",
        "look at the balance of the account",
    ),
    row(
        "register-forbidden",
        &[403],
        "the server knows who asks and says no: a user or domain that is not its own, an account that is barred, too many \
         phones registered, or an address that is blocked after wrong passwords",
        "compare username, domain and authID with the provider's; after many tries wait, or ask to be unblocked",
    ),
    row(
        "register-unknown",
        &[404, 410, 604],
        "there is no such user at this domain: a typo in username or domain, or the wrong server",
        "compare username, domain and server with the provider's",
    ),
    row(
        "register-elsewhere",
        &[405, 501],
        "this server answers, but registers no phones",
        "set server to the registrar that the provider names; this one may belong in proxy",
    ),
    row(
        "register-extension",
        &[406, 415, 420, 421, 494],
        "the server and the phone do not agree on an extension of SIP",
        "tuiphone trace --last 20 --method REGISTER shows which one",
    ),
    row(
        "register-behind",
        &[408, 504],
        "a server on the way heard us, and got no answer from the one behind it",
        "wait and try again; if it stays so, ask the provider",
    ),
    row(
        "register-longer",
        &[423],
        "the server wants registrations to last longer",
        "raise registerRefresh to the seconds it asks for",
    ),
    row(
        "register-outbound",
        &[439],
        "the first server on the way cannot keep the phone's connections for the registrar (outbound)",
        "register without that server: take it out of proxy, or ask the provider for another one",
    ),
    row(
        "register-overload",
        &[480, 500, 503],
        "the server is overloaded, restarts, or has lost what stands behind it",
        "wait and try again; another server of the provider may do as proxy",
    ),
    row(
        "register-media",
        &[488, 606],
        "the server does not take what the phone offers: codecs, encryption or transport",
        "compare SRTP, transport and audioCodecs with what the provider wants",
    ),
    row(
        "register-moved",
        &[300, 301, 302, 305],
        "phones of this user are to register with another server",
        "set server to the address that the answer names (Contact)",
    ),
];

/// To a REGISTER, where no row has the status.
pub(super) static REGISTER_FAULT: Cause = row(
    "register-fault",
    &[],
    "the server has a fault of its own",
    "wait and try again; if it stays so, ask the provider",
);
pub(super) static REGISTER_OTHER: Cause = row(
    "register-other",
    &[],
    "the server refuses for a reason of its own",
    "tuiphone trace --last 20 --method REGISTER shows its words",
);

/// To a call, or to anything else within one.
pub(super) static CALL: &[Cause] = &[
    row(
        "call-elsewhere",
        &[300, 301, 302, 305],
        "whoever was called is to be called at another address",
        "call the address that the answer names (Contact)",
    ),
    row(
        "call-alternative",
        &[380],
        "the call is not put through like this; another service is to be used instead",
        "the body of the answer says which",
    ),
    row(
        "call-unreadable",
        &[400],
        "the server could not read the request: often a SIP ALG in the router that rewrites what passes through it",
        "turn the SIP ALG of the router off, or use transport=tls; the words of the answer may say what is odd",
    ),
    row(
        "call-password",
        &[401, 407],
        "the server does not take the password, or not of this user",
        "enter it anew: tuiphone password; set authID if the provider names one",
    ),
    row(
        "call-payment",
        &[402],
        "the provider asks for payment first: the credit may be used up",
        "look at the balance of the account",
    ),
    row(
        "call-forbidden",
        &[403],
        "the server knows who calls and says no: the number is barred, the account may not call there, or the caller's \
         number is not its own",
        "compare what this account may call; on Asterisk look at the context and the dial plan of this endpoint",
    ),
    row(
        "call-unknown",
        &[404, 410, 604],
        "the server knows no such number",
        "look at the number and its prefix (dialPlan, dialingPrefix); on Asterisk: is the extension in this context?",
    ),
    row(
        "call-scheme",
        &[416],
        "the server does not know this kind of address",
        "call the number alone, or sip: and the address",
    ),
    row(
        "call-ambiguous",
        &[485],
        "the address may mean several people",
        "call one of those that the answer names (Contact)",
    ),
    row("call-method", &[405, 501], "the other side does not know this kind of request, or does not allow it here", ""),
    row(
        "call-media",
        &[406, 415, 488, 606],
        "the two have no codec or no encryption in common: what one offers the other does not take",
        "compare the SDP of offer and answer with audioCodecs and SRTP here, and with allow= and media_encryption= there",
    ),
    row(
        "call-behind",
        &[408, 504],
        "whoever was asked behind the server gave no answer in time",
        "is the far end registered and reachable? try again",
    ),
    row("call-large", &[413, 513], "the request was too large for the server", "name fewer codecs in audioCodecs"),
    row(
        "call-extension",
        &[420, 421, 494],
        "an extension of SIP is asked for that the other side does not have",
        "the headers Require, Unsupported and Security-Server name it",
    ),
    row(
        "call-precondition",
        &[580],
        "one side insists on a quality of line that cannot be had now (preconditions)",
        "try again; if it stays so, ask the provider",
    ),
    row(
        "call-interval",
        &[422],
        "the server wants to be asked less often whether the call is still up (session timer)",
        "the phone tries again by itself",
    ),
    row("call-longer", &[423], "the server wants this to be renewed less often", "the phone tries again by itself"),
    row("call-flow", &[430], "the far end's phone has lost the connection to its server", "try again in a while"),
    row(
        "call-anonymous",
        &[433],
        "who is called takes no calls from callers without a number",
        "call with your number shown",
    ),
    row(
        "call-identity",
        &[428, 436, 437, 438],
        "the number of the caller could not be proven",
        "ask the provider: it is to sign the numbers of its callers (STIR)",
    ),
    row(
        "call-nobody",
        &[480],
        "nobody is there to answer: not registered, do not disturb, or it rang too long",
        "is the phone of the far end registered at its server? try again later",
    ),
    row(
        "call-gone",
        &[481],
        "the other side does not know this call any more: it was restarted, or it has ended it already",
        "call again",
    ),
    row(
        "call-circle",
        &[440, 482, 483],
        "the call went round in circles between servers",
        "look for a forwarding that leads back, there and in the dial plan",
    ),
    row("call-incomplete", &[484], "the number is not complete", "dial all of it, with its prefix"),
    row("call-busy", &[486, 600], "the far end is busy, or does not want to be disturbed", "try again later"),
    row("call-given-up", &[487], "the call was given up before anybody answered", ""),
    row(
        "call-event",
        &[489],
        "the server does not tell of this (Event in the request)",
        "if it is a light, take its name out of watch",
    ),
    row("call-glare", &[491], "both sides changed the call at the same moment", "the phone tries again by itself"),
    row("call-body", &[493], "the far end cannot read an encrypted body", ""),
    row(
        "call-overload",
        &[502, 503],
        "the server cannot go on: it is overloaded, restarts, or its line to the next network is down",
        "wait and try again; on Asterisk look at the trunk's registration and at congestion in its log",
    ),
    row("call-version", &[505], "the other side speaks another version of SIP", ""),
    row("call-declined", &[603], "who was called rejected the call", ""),
    row(
        "call-unwanted",
        &[607, 608],
        "the call was rejected as unwanted: the far end, or its network, blocks this caller",
        "ask the provider how the number is unblocked",
    ),
];

/// To a call, where no row has the status.
pub(super) static CALL_FAULT: Cause =
    row("call-fault", &[], "the server has a fault of its own", "its log says more; wait and try again");
pub(super) static CALL_OTHER: Cause =
    row("call-other", &[], "the other side refuses for a reason of its own", "the words of the answer may tell");

/// What this phone answers itself.
pub(super) static OWN: &[Cause] = &[
    row(
        "own-stranger",
        &[401, 403, 404],
        "the request did not come by the way of the registrar, or was for nobody here",
        "acceptFrom names who else may call",
    ),
    row("own-no-answer", &[480], "nobody answered here in time", "autoAnswer, forwarding or voicemail may do so"),
    row("own-gone", &[481], "this phone knows no such call any more: it has ended, or the phone was restarted", ""),
    row(
        "own-busy",
        &[486],
        "this phone was busy: do not disturb, a pause after a talk, or every line taken",
        "look at dnd and callWaiting",
    ),
    row(
        "own-media",
        &[488],
        "this phone takes none of what was offered: no codec, or no encryption in common",
        "compare the SDP of the offer with audioCodecs and SRTP",
    ),
    row("own-declined", &[603], "the call was rejected here", ""),
];

/// Where nobody answered: what stood in the way.
pub(super) static NO_NAME: Cause = row(
    "silence-name",
    &[],
    "the name of the server leads nowhere: a typo, or no way to a name server",
    "look at the name; tuiphone doctor asks the name servers",
);
pub(super) static NO_TLS: Cause = row(
    "silence-plain",
    &[],
    "there is a server, but it does not speak TLS on this port",
    "compare port and transport with the provider's; 5061 is tls, as a rule",
);
pub(super) static NO_PROOF: Cause = row(
    "silence-proof",
    &[],
    "the server does not prove who it is",
    "tuiphone doctor shows its certificate, and what is wrong with it",
);
pub(super) static NO_HANDSHAKE: Cause = row(
    "silence-handshake",
    &[],
    "the two do not agree on how to encrypt: another version of TLS, or the server wants a certificate of the phone's",
    "tuiphone doctor shows what the server has; tlsClientCert names a certificate of the phone's",
);
pub(super) static NOBODY_LISTENS: Cause = row(
    "silence-refused",
    &[],
    "nobody listens there: a wrong port or transport, or the server is down",
    "compare port and transport with the provider's; 5060 is udp and tcp, 5061 tls",
);
pub(super) static NO_WAY: Cause = row(
    "silence-no-way",
    &[],
    "there is no way to the server: no network, or a VPN that is off",
    "look at the network of this machine",
);
pub(super) static SILENT_UDP: Cause = row(
    "silence-udp",
    &[],
    "nothing comes back: a firewall drops UDP, a SIP ALG in the router swallows it, or address and port are wrong",
    "try transport=tcp or tls; turn the SIP ALG of the router off",
);
pub(super) static SILENT: Cause =
    row("silence", &[], "nothing comes back: a firewall, or address and port are wrong", "try another transport");

/// A password is asked for, and none went.
pub static NO_PASSWORD: Cause = row(
    "no-password",
    &[],
    "the server asks for a password, and none was sent: none is known, or it is asked for by a server that is not the \
     account's own, or in a way that this phone does not know",
    "tuiphone password keeps one; is the domain that of the realm in the answer?",
);
/// Our ACK does not arrive.
pub static ACK_LOST: Cause = row(
    "ack-lost",
    &[],
    "the ACK goes to the address of its Contact, or along its Record-Route, and one of them is wrong there: a server \
     behind a NAT that names its inner address, as a rule",
    "look at Contact and Record-Route of the 200 OK; on Asterisk: external_signaling_address and local_net",
);
/// Our 200 OK stays without an ACK.
pub static OK_LOST: Cause = row(
    "ok-lost",
    &[],
    "the 200 OK or its ACK is lost: our Contact cannot be reached from there (NAT, a SIP ALG), or the way is one way only",
    "look at our Contact in the 200 OK; use transport=tls or tcp, or turn the SIP ALG of the router off",
);
/// Nothing is heard, and the far end names an address of its own network.
pub static INNER_ADDRESS: Cause = row(
    "sound-inner-address",
    &[],
    "it names an address of its own network, which nobody outside reaches",
    "on Asterisk: external_media_address and local_net on the transport, rtp_symmetric=yes for the endpoint",
);
/// Nothing is heard here.
pub static SOUND_IN: Cause = row(
    "sound-in",
    &[],
    "its RTP does not arrive: a firewall or NAT between, or the far end sends none",
    "open the RTP ports on the way; try STUN or ICE; is the far end muted or on hold?",
);
/// Nothing is heard there.
pub static SOUND_OUT: Cause = row(
    "sound-out",
    &[],
    "our RTP does not arrive there: a firewall or NAT between, or it waits for sound elsewhere",
    "open the RTP ports on the way; on Asterisk rtp_symmetric=yes and force_rport=yes",
);
/// A BYE or CANCEL names a reason.
pub static ENDED_EARLY: Cause = row(
    "ended-early",
    &[],
    "a call that ends like this was ended by a timer, a network or a server, not by a person",
    "the reason names who; its log says more",
);

/// All that stand alone.
pub(super) static ALONE: &[&Cause] = &[
    &REGISTER_FAULT,
    &REGISTER_OTHER,
    &CALL_FAULT,
    &CALL_OTHER,
    &NO_NAME,
    &NO_TLS,
    &NO_PROOF,
    &NO_HANDSHAKE,
    &NOBODY_LISTENS,
    &NO_WAY,
    &SILENT_UDP,
    &SILENT,
    &NO_PASSWORD,
    &ACK_LOST,
    &OK_LOST,
    &INNER_ADDRESS,
    &SOUND_IN,
    &SOUND_OUT,
    &ENDED_EARLY,
];
