//! The past: the calls that were, how they are kept, searched, brought over from MicroSIP and written out.

mod ask;
#[cfg(feature = "history")]
pub mod call_log_table;
pub mod calls_section;
mod export;
mod kind;
mod record;
#[cfg(feature = "history")]
mod store;

pub use ask::{Found, HistoryAsk, PAGE, Query};
pub use export::Form;
pub use kind::Kind;
pub use record::Record;
#[cfg(feature = "history")]
pub use store::{Store, StoreError};
