//! The interface, asserted as people see it: screens as pictures in `tests/screens/expected`, keys as rows, and a storm
//! of anything at any size. `UPDATE_SCREENS=1 cargo test --test screens` draws the pictures anew: look at them.

#![allow(clippy::unwrap_used)]

mod bytes;
mod hostile;
mod keymaps;
mod keys;
mod ladder;
mod lists;
mod log;
mod messages;
mod notices;
mod order;
mod palette;
mod pictures;
mod plain;
mod pseudo;
mod quality;
mod setup;
mod stage;
mod storm;
mod strays;
mod switchboard;
mod talk;
mod themes;
mod tips;
mod title;
mod views;
mod weather;
