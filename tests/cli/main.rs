//! The program as people and scripts meet it: the real binary beside the built-in exchange, on loopback, without a card.

#![allow(missing_docs)]
#![allow(clippy::disallowed_methods)] // These tests wait on the real clock, within bounds.

mod audiosocket;
mod call;
mod completions;
mod config;
mod contacts;
mod daemon;
mod decide;
mod desktop;
mod dialplan;
mod digits;
mod directory;
mod doctor;
mod dtls;
mod encrypted;
mod errors;
mod examples;
mod exec;
mod far_end;
mod far_ends;
mod far_side;
mod files;
mod flood;
mod history;
mod hooks;
mod hostile_dtls;
mod hostile_ice;
mod hostile_sound;
#[cfg(feature = "http")]
mod http;
mod ice;
mod import;
mod import_files;
mod incoming;
mod keymap;
mod killed;
mod languages;
mod man;
mod message;
mod nat;
mod options;
mod password;
mod ping;
mod pipes;
mod probe;
mod prompt;
mod registering;
mod reload;
mod schema;
#[cfg(target_os = "linux")]
mod service;
mod setup;
mod shortcuts;
mod skew;
mod soak;
mod socket;
mod sound;
mod support;
mod tcp;
mod theft;
mod theme;
mod trace;
mod verbs;
mod webhook;
mod words;
