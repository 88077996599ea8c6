//! Says to a running phone what other programs say to MicroSIP, and prints what it answers.
//!
//! `messages copy KIND TEXT`: WM_COPYDATA, KIND 0 (UTF-8), 1 or 2 (UTF-16) · `messages command ID`: WM_COMMAND ·
//! `messages execute TEXT`, `messages request ITEM`: DDE · `messages rights PATH`: who may reach a file or a pipe ·
//! `messages listen SECONDS [hang] [named TEXT]`: is itself a window, and prints what it is sent ·
//! `messages arguments …`: prints its own arguments · `messages full PIPE SECONDS`: a pipe with no end to spare ·
//! `--class NAME`, `--title TEXT` before them: which window. Exit code: 0 = yes, 1 = no, 2 = nobody is there.

#[cfg(windows)]
mod listen;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    windows::main()
}

#[cfg(not(windows))]
fn main() {
    println!("messages is for Windows");
}
