//! Text ↔ settings and accounts: the lossless `microsip.ini` document and the one table of its keys. Opens no file.

mod account;
pub mod dial;
mod dial_plan;
pub mod ini;
mod load;
pub mod schema;
mod secret;
mod settings;
mod value;

pub use account::{Account, AccountId, HideCallerId, TlsSettings};
pub use dial::{DialError, DialTarget, dial};
pub use ini::Document;
pub use load::{Loaded, Warning, load};
pub use secret::Secret;
pub use settings::{
    AutoAnswer, AutoAnswerCalls, CallEndpoint, DenyIncoming, DtmfMethod, EchoCanceller, FollowRedirects, Forwarding,
    NoiseSuppression, Settings,
};
