//! One `[AccountN]` section as the phone uses it.

use super::{DialPlan, RewriteRules, Secret, Server};
use crate::config::DtmfMethod;
use std::net::IpAddr;

/// The number of an account: N of `[AccountN]`; 0 is the Local account (calls by address, never registered).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub u32);

/// How a server under TLS is to prove itself, and we to it. Files are PEM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlsSettings {
    /// The server's certificate must be vouched for, under the server's name; otherwise any is taken.
    pub verify: bool,
    /// `*.example.net` in a certificate stands for one label more (RFC 6125 §6.4.3); RFC 5922 takes no wildcard.
    pub wildcard: bool,
    /// File of the authorities trusted instead of the system's; empty = the system's.
    pub ca_file: String,
    /// SHA-256 of the one certificate that is taken, in hex; empty = whatever `verify` takes.
    pub fingerprint: String,
    /// File of our own certificate and its chain; empty = we show none.
    pub client_cert: String,
    /// File of its key; empty = the key is in `client_cert`.
    pub client_key: String,
}

impl Default for TlsSettings {
    fn default() -> TlsSettings {
        TlsSettings {
            verify: true,
            wildcard: false,
            ca_file: String::new(),
            fingerprint: String::new(),
            client_cert: String::new(),
            client_key: String::new(),
        }
    }
}

impl TlsSettings {
    /// The peer may be anybody.
    pub fn is_open(&self) -> bool {
        !self.verify && self.fingerprint.is_empty()
    }
}

/// Whether the called learns who calls (`hideCID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HideCallerId {
    /// Empty: it does.
    #[default]
    No,
    /// `soft`: the network is asked to keep it to itself.
    Soft,
    /// `hard`: the request does not tell it either.
    Hard,
}

/// Where the address is used that the registrar sees us at (`allowRewrite`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rewrite {
    /// `0`, or empty: nowhere.
    Nothing,
    /// `auto`, or no such key: it is registered. Sound may do without: far ends look where it comes from, and phones of one home reach
    /// each other by their own addresses alone.
    #[default]
    Contact,
    /// `1`: it is registered, and told in descriptions of sound.
    Everything,
}

/// What is asked of the encryption of sound (`SRTP`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpMode {
    /// Empty: none.
    #[default]
    Off,
    /// `optional`: where the far end can.
    Optional,
    /// `mandatory`: with keys in the description, or no call.
    Mandatory,
    /// `dtls-sdes`: by DTLS, else with keys in the description, or no call.
    DtlsSdes,
    /// `dtls`: by DTLS, or no call.
    Dtls,
}

/// How TURN servers are spoken to (`turnTransport`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum TurnTransport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

/// Servers that lend an address where nobody reaches our own (TURN, RFC 8656), and the account there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TurnSettings {
    /// The servers, the best first (`turnServer`).
    pub servers: Vec<Server>,
    /// The user there (`turnUsername`).
    pub username: String,
    /// Its password (`turnPassword`).
    pub password: Secret,
    /// How they are spoken to.
    pub transport: TurnTransport,
    /// No address of ours is told to far ends: all sound goes through a server (`turnOnly`).
    pub only: bool,
}

/// One account, defaults applied, values trimmed, nothing validated away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Shown name; may be empty.
    pub label: String,
    /// Registrar `host[:port]`; empty = never registers (calls still possible).
    pub server: String,
    /// Outbound proxies `host[:port]`, first one first (microsip.ini separates them by spaces).
    pub proxies: Vec<String>,
    /// AOR domain.
    pub domain: String,
    /// AOR user.
    pub username: String,
    /// The password; empty = none known.
    pub password: Secret,
    /// The file holds a password that only MicroSIP can read; `password` is empty until somebody gives it.
    pub password_sealed: bool,
    /// No challenge for MD5 is answered (`refuseMd5`).
    pub refuse_md5: bool,
    /// Digest user; empty = `username`.
    pub auth_id: String,
    /// From display name.
    pub display_name: String,
    /// Prepended to PSTN-like numbers of more than three digits.
    pub dialing_prefix: String,
    /// Which numbers may be called, and how they are dialled.
    pub dial_plan: DialPlan,
    /// Rules that numbers are rewritten by before anything else (`[tuiphone] rewrite1`…).
    pub rewrite_rules: RewriteRules,
    /// Hide the caller id.
    pub hide_caller_id: HideCallerId,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`; empty = UDP+TCP.
    pub transport: String,
    /// What is asked of the encryption of its calls' sound.
    pub srtp: SrtpMode,
    /// The address peers are told instead of our own (`publicAddr`); `None` = our own, or the one seen by the registrar.
    pub public_address: Option<IpAddr>,
    /// What becomes of the address the registrar sees (`allowRewrite`).
    pub rewrite: Rewrite,
    /// The way to the far end is looked for by ICE (`ICE`).
    pub ice: bool,
    /// Who lends an address to its calls; used with ICE alone.
    pub turn: TurnSettings,
    /// For `tls` and `wss`.
    pub tls: TlsSettings,
    /// Path of the server's WebSocket, `/ws`; empty = `/`.
    pub web_socket_path: String,
    /// Requested registration lifetime in seconds.
    pub register_refresh_s: u32,
    /// NAT keep-alive interval in seconds.
    pub keep_alive_s: u32,
    /// How often the server is asked whether it still answers, in seconds (`[tuiphone] probe`); 0 = never.
    pub probe_s: u32,
    /// Number to call for one's voicemail; not empty = its lamp is asked for.
    pub voicemail_number: String,
    /// Tell the server whether we are free (PUBLISH).
    pub publish: bool,
    /// No session timers on its calls (`disableSessionTimer`).
    pub disable_session_timer: bool,
    /// DTMF method used on this account's calls.
    pub dtmf_method: DtmfMethod,
}

impl Account {
    /// An account with every default and nothing else.
    pub fn new(id: AccountId) -> Account {
        Account {
            id,
            label: String::new(),
            server: String::new(),
            proxies: Vec::new(),
            domain: String::new(),
            username: String::new(),
            password: Secret::default(),
            password_sealed: false,
            refuse_md5: false,
            auth_id: String::new(),
            display_name: String::new(),
            dialing_prefix: String::new(),
            dial_plan: DialPlan::default(),
            rewrite_rules: RewriteRules::default(),
            hide_caller_id: HideCallerId::No,
            transport: "udp".to_owned(),
            srtp: SrtpMode::Off,
            public_address: None,
            rewrite: Rewrite::Contact,
            ice: false,
            turn: TurnSettings::default(),
            tls: TlsSettings::default(),
            web_socket_path: String::new(),
            register_refresh_s: 300,
            keep_alive_s: 15,
            probe_s: 0,
            voicemail_number: String::new(),
            publish: false,
            disable_session_timer: false,
            dtmf_method: DtmfMethod::Auto,
        }
    }

    /// The digest user name.
    pub fn auth_user(&self) -> &str {
        if self.auth_id.is_empty() { &self.username } else { &self.auth_id }
    }

    /// `user@domain`, the form status reports show; the domain alone without a user.
    pub fn aor(&self) -> String {
        if self.username.is_empty() { self.domain.clone() } else { format!("{}@{}", self.username, self.domain) }
    }
}
