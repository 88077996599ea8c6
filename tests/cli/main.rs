//! The program as people and scripts meet it: the real binary beside the built-in exchange, on loopback, without a card.

#![allow(missing_docs)]

mod call;
mod daemon;
mod errors;
mod support;
