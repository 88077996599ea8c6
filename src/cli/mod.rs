//! argv → verb or interface: paths, exit codes, what people read. No phone logic.

pub mod args;
pub mod call;
pub mod call_log;
mod config_args;
pub mod config_verb;
pub mod daemon;
pub mod demo;
pub mod exit;
mod help;
mod history;
pub mod ini_files;
pub mod options;
mod out;
pub mod password;
pub mod paths;
pub mod people;
pub mod phone;
mod platform;
mod prompt;
mod rewrite;
pub mod run;
pub mod screen;
pub mod session;
pub mod signals;
mod sound_test;
pub mod verbs;
pub mod words;
