//! Where the pure rooms meet the world: sockets, DNS, timers, files, the media thread.

pub mod media;
