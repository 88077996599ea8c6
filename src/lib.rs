//! tuiphone: a softphone that lives in a terminal.
//!
//! # Architecture
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
//! chance is a generator handed in, and every effect is a value. So a test is a list of inputs and a list of outputs,
//! an hour of timers passes in a millisecond, and a fault seen once is replayed from its seed.
//!
//! ## Processes and threads
//!
//! A daemon has the accounts and the calls; interfaces and verbs are clients of its control socket, and come and go. In the
//! daemon one thread runs a tokio runtime for signalling and control; [`ua::agent::Agent`] belongs to its task alone. Another
//! has the RTP sockets and the sound, in steps of 10 ms, at real-time priority where that is allowed. The callbacks of a sound
//! server touch rings and atomics and nothing else. Files, name lookups and programs that calls set off have threads of their own.
//!
//! ## Three hot paths
//!
//! **A key → INVITE on the wire.** Nothing calls back up: an answer is a new input.
//!
//! ```text
//! crossterm's event → ui::update (the keymap says which act, the model which Action) → the client's line of JSON
//!  → control::socket: converse → control::link: Link::request → engine::handle: Handle::request
//!  → engine::signalling: Signalling::take → ua::agent: Agent::handle(Input::Command) → ua::commands: obey → ua::dial: dial
//!  → Output::Resolve … Input::Resolved → ua::dial: dial_path → Output::Media … Input::Media (the sound has its ports)
//!  → ua::dial: invite (sdp::offer_answer makes the offer) → sip::session: Session::connect
//!  → sip::transaction: Layer::request → InviteClient::new → effects: send, timers A and B
//!  → Output::Transmit → engine::signalling::outputs: transmit → the socket
//! ```
//!
//! A name to resolve and ports to bind leave as outputs and come back by the same door as a datagram.
//!
//! **RTP → loudspeaker.** On the media thread, which waits for nobody and takes no lock. The microphone takes the same stairs
//! the other way: ring → `tick_capture` → encoder → SRTP → socket.
//!
//! ```text
//! a socket is readable → engine::media::run: read_socket → media::wire: Wire::receive (STUN, DTLS or sound?)
//!  → media::stream: MediaStream::receive_rtp: SRTP, source, sequence → media::jitter_buffer: JitterBuffer::insert
//!  … every 10 ms, on an absolute clock …
//! engine::media::tick: tick → MediaStream::tick_play → JitterBuffer::pull → decoder, or concealment
//!  → media::mixer → engine::media::devices: write → resampled into the device's ring → audio::callback: give
//! ```
//!
//! **Incoming INVITE → screen.**
//!
//! ```text
//! the socket → engine::signalling: take → Agent::handle(Input::Datagram) → sip::message parses
//!  → sip::transaction: Layer::receive, which knows no such transaction: InviteServer::new, 100 on its way
//!  → ua::admission: invited (for whom? who may ring?) → sip::session, sdp::offer_answer reads the offer
//!  → Output::Media (ports), Output::Transmit (180), Output::Event(CallIncoming) → engine::handle (broadcast, watch)
//!  → control::feed: the event as JSON on each connection that listens → ui::update → ui::view → the terminal
//! ```
//!
//! ## One table, many faces
//!
//! A row of [`control::verb`] is a verb of the command line, of the socket, of HTTP, a key, an entry of the palette and a page of
//! the manual; a row of [`config::schema`] is read, written, shown in Settings and in `tuiphone(5)`; a row of [`ua::event`] feeds
//! `watch`, hooks, webhooks and MQTT; a row of [`ua::outcome`] is an exit code everywhere.

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
