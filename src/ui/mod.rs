//! The terminal interface: a pure [`model`], [`update`] and [`view`], and a thin shell ([`run`], [`term`]) around them.
//!
//! ```text
//!  keys, mouse, paste, size ─┐                                  ┌─▶ Action::Send ─▶ Link::request ─▶ Msg::Reply ─┐
//!  Link::feed ───────────────┼─▶ Msg ─▶ update(&mut Model) ─────┼─▶ Action::Draw ─▶ view(&Model) ─▶ terminal     │
//!  a timer, if one is needed ┘            ▲                     └─▶ Bell, Suspend, Quit                          │
//!                                         └──────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Nothing here knows SIP: what the phone can do comes from the verb table, what it is doing from `Status`.

pub mod asking;
pub mod completion;
pub mod devices;
pub mod dial_field;
pub mod dressing;
pub mod editor;
pub mod enabled;
mod following;
pub mod form;
pub mod glyphs;
pub mod host;
pub mod input;
pub mod keymap;
pub mod ladder;
pub mod layered;
pub mod line;
pub mod log;
pub mod model;
pub mod msg;
pub mod osc;
pub mod palette;
pub mod past;
pub mod pen;
pub mod people;
pub mod quality;
pub mod registrations;
pub mod run;
pub mod settings;
pub mod setup;
pub mod sheet;
pub mod switchboard;
pub mod term;
pub mod theme;
pub mod themes;
pub mod threads;
pub mod tips;
pub mod update;
pub mod view;
pub mod wall;
pub mod waves;
