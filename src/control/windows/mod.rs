//! What is Windows' own: who may reach the phone, MicroSIP's window, its DDE server, and messages to others' windows.
#![allow(unsafe_code)]

mod dde;
mod post;
pub mod rights;
mod window;

pub use window::Messages;
