//! tuiphone: a softphone that lives in a terminal.
//!
//! One crate, a room per concern; arrows go down only (`tests/architecture.rs` keeps them):
//!
//! ```text
//!  6 cli      argv → verb or TUI; paths, exit codes
//!  5 ui       Model · update · view; theme, keymap                          ─▶ control
//!  5 demo     a registrar and far ends on loopback, made of our own parts   ─▶ engine ua media audio sip sdp config
//!  4 control  the one verb table, its spellings, JSON, the local socket     ─▶ engine ua
//!  3 engine   tokio: sockets, DNS, timers, files; the media thread          ─▶ ua media audio config history sip sdp rtp contacts
//!  2 ua       the phone as a pure machine                                   ─▶ sip sdp nat config contacts (media: words)
//!  1 import   other softphones' files → accounts, settings, contacts, calls    ─▶ config contacts history sip
//!  1 media    samples: jitter buffer, codecs, mixer, resampler, levels      ─▶ rtp sdp nat
//!  1 audio    devices: cpal, null, file, loop, tone, pipe; supervisor
//!  0 config · contacts · history · sip · sdp · rtp · nat · text   pure, name nothing
//! ```
//!
//! Rooms 0–2 and `media` own no socket, clock, thread, file or source of chance: time is an argument,
//! chance is a generator handed in, and every effect is a value.

pub mod audio;
pub mod cli;
pub mod config;
pub mod contacts;
pub mod control;
pub mod demo;
pub mod engine;
pub mod history;
pub mod import;
pub mod media;
pub mod nat;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod text;
pub mod ua;
pub mod ui;
