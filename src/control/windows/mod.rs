//! What is Windows' own: who may reach the phone, MicroSIP's window, and its DDE server.
#![allow(unsafe_code)]

mod dde;
pub mod rights;
mod window;

pub use window::Messages;
