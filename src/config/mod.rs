//! Text ↔ settings and accounts: the lossless `microsip.ini` document and the one table of its keys. Opens no file.

mod account;
mod change;
mod check;
mod choices;
pub mod command_line;
pub mod dial;
mod dial_plan;
mod dial_rules;
mod dialled;
mod directory;
pub mod hook;
pub mod ini;
mod interface;
mod layers;
mod load;
mod mqtt;
mod outside;
mod pattern;
mod rewrite_rule;
mod rtp_ports;
pub mod schema;
mod secret;
mod server;
mod settings;
mod shortcut;
mod value;
mod view;
mod warning;

pub use account::{Account, AccountId, HideCallerId, Rewrite, SrtpMode, TlsSettings, TurnSettings, TurnTransport};
pub use change::{Change, changes, renewed};
pub use check::{Fault, Finding, check, too_long_for_microsip, unfit};
pub use choices::{
    AudioLatency, AutoAnswer, AutoAnswerCalls, CallEndpoint, DenyIncoming, DtmfMethod, EchoCanceller, FollowRedirects,
    Forwarding, NoiseSuppression,
};
pub use dial::{DialError, DialTarget, dial};
pub use dial_plan::{DialPlan, DialPlanError};
pub use dial_rules::{DialRefusal, DialRules};
pub use dialled::{Dialled, KeepDialled, MAX_DIALLED};
pub use directory::{CardDavSettings, DirectorySettings, LdapSettings};
pub use ini::Document;
pub use interface::Interface;
pub use layers::{Found, Layers};
pub use load::{Loaded, MAX_ACCOUNTS, load};
pub use mqtt::{Broker, Mqtt};
pub use outside::{Decider, Webhook};
pub use pattern::PatternError;
pub use rewrite_rule::RewriteRules;
pub use rtp_ports::RtpPorts;
pub use secret::{PASSWORD_VARIABLE, SECRET_VARIABLES, Secret, TOKEN_VARIABLE};
pub use server::Server;
pub use settings::Settings;
pub use shortcut::{MAX_SHORTCUTS, Shortcut, ShortcutAct};
pub use warning::Warning;
