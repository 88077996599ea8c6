//! What the agent wants, carried out: messages sent, names looked up, sound set, files kept, everybody told.

use super::{Signalling, able, now};
use crate::audio::Spec;
use crate::engine::keeping;
use crate::engine::media::MediaConfig;
use crate::engine::net::PING;
use crate::engine::net::paths::Wanted;
use crate::engine::reloading::note_kept;
use crate::engine::trace::message::Way;
use crate::media::command::MediaCommand;
use crate::sip::flow::Flow;
use crate::sip::locate::{self, Step, Target};
use crate::ua::command::SoundDevice;
use crate::ua::event::Event;
use crate::ua::port::{Input, Output};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

impl Signalling {
    /// Everything the agent wants done by now: first what the network waits for, then what else, in order.
    pub(super) fn drain(&mut self) {
        let mut waiting = VecDeque::new();
        loop {
            while let Some(output) = self.agent.poll_output() {
                match output {
                    Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
                    other => waiting.push_back(other),
                }
            }
            self.trace_seen();
            let Some(output) = waiting.pop_front() else { return };
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            Output::KeepAlive { flow, owes } => {
                if owes {
                    self.paths.expect_pongs(&flow);
                }
                self.transmit(flow, PING.to_vec());
            }
            Output::Resolve { query, target, identity, avoid } => {
                self.resolve(target, Wanted { asker: query.0, identity, avoid });
            }
            Output::Media(command) => self.send_media(command),
            Output::Event(event) => {
                self.over |= event == Event::Exited;
                self.event(event);
            }
            Output::Decide { call, info } => self.decisions.ask(call, *info, self.agent.settings()),
            Output::Device(device, name) => self.use_device(device, &name),
            Output::Keep(changes) => {
                if let Some((keeper, _)) = &self.keeper {
                    note_kept(&changes, &mut self.read, &mut self.touched);
                    let _ = keeper.send(keeping::Job::Keep(changes));
                }
            }
            Output::Dialled { numbers, last } => {
                self.dirty = true;
                if let Some((keeper, _)) = &self.keeper {
                    let keep = self.agent.settings().keep_dialled;
                    let _ = keeper.send(keeping::Job::Dialled(keeping::Memory { numbers, last, keep }));
                }
            }
            Output::Reply(request, result) => {
                self.dirty = true;
                if let Some(reply) = self.replies.remove(&request) {
                    let _ = reply.send(result);
                }
            }
        }
    }

    /// A message came.
    pub(super) fn arrived(&mut self, flow: Flow, bytes: &[u8]) {
        self.saw(Way::Received, flow, bytes);
        self.agent.handle(Input::Datagram { bytes, flow }, now());
    }

    fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        self.saw(Way::Sent, flow, &bytes);
        if let Err(error) = self.paths.send(flow, bytes) {
            self.agent.handle(Input::TransportFailed { flow, error }, now());
        }
    }

    fn resolve(&mut self, target: Target, wanted: Wanted) {
        let able = able(&target);
        if let Step::Found(candidates) = locate::locate(target.clone(), &able) {
            return self.paths.find(wanted, Ok(candidates));
        }
        let answers = self.answers.0.clone();
        let dns = self.dns.clone();
        let mut rng = StdRng::from_rng(&mut self.rng);
        tokio::spawn(async move {
            let words = format!("cannot find {target}");
            let found = dns.locate(target, &able, &mut rng).await;
            let _ = answers.send((wanted, found.map_err(|why| format!("{words}: {why}"))));
        });
    }

    /// Sound goes over this card from now on.
    fn use_device(&mut self, device: SoundDevice, name: &str) {
        let spec = if name.is_empty() { Spec::Default } else { Spec::Device(name.to_owned()) };
        let media = &mut self.media_config;
        match device {
            SoundDevice::Input => media.input = spec,
            SoundDevice::Output => media.output = spec,
            SoundDevice::Ring => media.ring = spec,
        }
        let media = self.media_config.clone();
        self.configure_media(media);
    }

    /// The sound obeys this from now on.
    pub(in crate::engine) fn configure_media(&mut self, media: MediaConfig) {
        (self.audio.input, self.audio.output) = (media.input.to_string(), media.output.to_string());
        self.media_config = media.clone();
        if let Err(gone) = self.media.configure(media) {
            self.event(Event::Error { message: gone.to_string(), hint: None });
        }
    }

    fn send_media(&mut self, command: MediaCommand) {
        if let Err(gone) = self.media.send(command) {
            self.event(Event::Error { message: gone.to_string(), hint: None });
        }
    }

    /// Something happened: everybody who listens is told.
    pub(in crate::engine) fn event(&mut self, event: Event) {
        self.dirty = true;
        self.tap.note(&event);
        if let Some(hooks) = &self.hooks {
            hooks.note(&event);
        }
        if let Some(library) = &self.library {
            library.saw(&event);
        }
        let _ = self.ends.events.send(Arc::new(event));
    }

    fn saw(&mut self, way: Way, flow: Flow, bytes: &[u8]) {
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
        self.seen.push(Seen { way, flow, bytes: bytes.to_vec(), at: SystemTime::now() });
    }

    /// Writes down what went and came, once nobody waits for it.
    fn trace_seen(&mut self) {
        for Seen { way, flow, bytes, at } in self.seen.drain(..) {
            if let Some(trace) = &mut self.trace {
                trace.message(way == Way::Sent, &flow, &bytes, at);
            }
            self.tap.saw(way, &flow, &bytes, at);
        }
    }
}

/// A message that is still to be traced.
pub(super) struct Seen {
    way: Way,
    flow: Flow,
    bytes: Vec<u8>,
    at: SystemTime,
}
