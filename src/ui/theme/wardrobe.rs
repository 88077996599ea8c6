//! Where themes come from while the interface runs. The files are the affair of whoever opens it.

use super::Looks;
use std::fmt::Debug;
use tokio::sync::mpsc;

/// A theme as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garment {
    /// Its looks, as far as they could be read.
    pub looks: Looks,
    /// What is wrong with it: file, line, words.
    pub trouble: Option<String>,
}

/// All the themes there are.
pub trait Wardrobe: Debug + Send + Sync {
    /// Their names in order, and whether a file of one's own is behind each.
    fn names(&self) -> Vec<(String, bool)>;

    /// The one of this name; an empty one means the first.
    fn read(&self, name: &str) -> Garment;

    /// Tells from now on whenever a file was written that this theme is made of. `None` where the system does not tell.
    fn watch(&self, name: &str) -> Option<mpsc::Receiver<()>>;
}
