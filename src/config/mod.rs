//! Text ↔ settings and accounts: the lossless `microsip.ini` document and the one table of its keys. Opens no file.

mod account;
mod secret;
mod settings;

pub use account::{Account, AccountId};
pub use secret::Secret;
pub use settings::{AutoAnswer, DtmfMethod, Settings};
