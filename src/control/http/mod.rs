//! The verbs over HTTP/1.1, for programs that speak it better than a socket: `POST /v1/VERB`, `GET /v1/status`, events as
//! server-sent events, the description of it all as OpenAPI.
//!
//! Off unless asked for; then for this machine alone unless asked for more, and for nobody without the token. What a page
//! in a browser could send is refused (`gate`); nobody who talks may keep the others waiting (`serve`, `patient`).

mod answer;
mod crowd;
mod events;
mod gate;
mod openapi;
mod patient;
mod route;
mod serve;
#[cfg(test)]
mod tests;

pub use gate::{Gate, MIN_TOKEN, Token};
pub use serve::{serve, serve_one};
