//! The service manager that has started this phone, such as systemd: what it is told, and the socket it hands over.

use super::paths::Environment;
use super::{out, platform};
use crate::control::socket::{Server, SocketError};
use crate::text::plain_error;
use std::ffi::OsString;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// What it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The phone takes requests.
    Ready,
    /// It does not hang.
    Alive,
    /// It lets go of calls and registrations.
    Stopping,
}

impl Moment {
    /// As sd_notify(3) has it.
    fn words(self) -> &'static str {
        match self {
            Moment::Ready => "READY=1\nSTATUS=takes requests",
            Moment::Alive => "WATCHDOG=1",
            Moment::Stopping => "STOPPING=1\nSTATUS=ends calls and un-registers",
        }
    }
}

/// The manager, as the environment tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manager {
    /// `NOTIFY_SOCKET`; `None` = it is not to be told.
    address: Option<OsString>,
    /// How often it wants to hear that the phone lives.
    alive_every: Option<Duration>,
    /// It hands over a socket.
    hands_over: bool,
}

impl Manager {
    /// The manager of this process; it is told of nothing unless `notify`.
    pub fn of(environment: &Environment, notify: bool) -> Manager {
        Manager::of_process(environment, notify, std::process::id())
    }

    fn of_process(environment: &Environment, notify: bool, process: u32) -> Manager {
        let number = |name: &str| environment.vars.get(name)?.to_str()?.parse::<u64>().ok();
        let is_meant = |name: &str| number(name).is_none_or(|meant| meant == u64::from(process));
        let alive_every = number("WATCHDOG_USEC").filter(|_| notify && is_meant("WATCHDOG_PID"));
        Manager {
            address: environment.vars.get("NOTIFY_SOCKET").filter(|it| notify && !it.is_empty()).cloned(),
            // Half of it, as sd_watchdog_enabled(3) advises.
            alive_every: alive_every.filter(|it| *it > 1).map(|it| Duration::from_micros(it / 2)),
            hands_over: number("LISTEN_PID") == Some(u64::from(process)) && number("LISTEN_FDS") > Some(0),
        }
    }

    /// Tells it. Where it cannot be told, that is said, and the phone goes on.
    pub fn tell(&self, moment: Moment) {
        let Some(address) = &self.address else { return };
        if let Err(why) = platform::tell_manager(address, moment.words()) {
            out::talk(&format!("tuiphone: the service manager cannot be told: {}", plain_error(&why)));
        }
    }

    /// The control socket it has opened; `None` where it has not. To be asked once.
    #[cfg(unix)]
    pub fn listener(&self) -> Option<Result<Server, SocketError>> {
        let failed = |source| SocketError::Io { path: "of the service manager".into(), source };
        self.hands_over.then(|| Server::adopt(platform::handed_listener().map_err(failed)?))
    }

    /// There are none.
    #[cfg(not(unix))]
    pub fn listener(&self) -> Option<Result<Server, SocketError>> {
        None
    }

    /// When it wants to hear that the phone lives.
    pub fn watchdog(&self) -> Watchdog {
        Watchdog(self.alive_every.map(|period| {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        }))
    }
}

/// The times at which a manager wants to hear that the phone lives.
#[derive(Debug)]
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The next one; never, where it does not want to.
    pub async fn due(&mut self) {
        match &mut self.0 {
            Some(ticks) => {
                ticks.tick().await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(vars: &[(&str, &str)], notify: bool) -> Manager {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        Manager::of_process(&Environment { vars, ..Environment::default() }, notify, 7)
    }

    #[test]
    fn what_the_environment_says_counts_for_whom_it_is_meant() {
        let address = || Some(OsString::from("@x"));
        let every = |us| Some(Duration::from_micros(us));
        for (vars, notify, expected) in [
            (&[("NOTIFY_SOCKET", "@x")][..], true, Manager { address: address(), ..Manager::default() }),
            (&[("NOTIFY_SOCKET", "@x"), ("WATCHDOG_USEC", "100")], false, Manager::default()),
            (&[("NOTIFY_SOCKET", "")], true, Manager::default()),
            (
                &[("NOTIFY_SOCKET", "@x"), ("WATCHDOG_USEC", "100"), ("WATCHDOG_PID", "7")],
                true,
                Manager { address: address(), alive_every: every(50), hands_over: false },
            ),
            (
                &[("NOTIFY_SOCKET", "@x"), ("WATCHDOG_USEC", "100"), ("WATCHDOG_PID", "8")],
                true,
                Manager { address: address(), ..Manager::default() },
            ),
            (&[("WATCHDOG_USEC", "0")], true, Manager::default()),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "1")], false, Manager { hands_over: true, ..Manager::default() }),
            (&[("LISTEN_PID", "8"), ("LISTEN_FDS", "1")], false, Manager::default()),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "0")], false, Manager::default()),
            (&[("LISTEN_FDS", "1")], false, Manager::default()),
            (&[("LISTEN_PID", "x"), ("LISTEN_FDS", "x")], true, Manager::default()),
        ] {
            assert_eq!(manager(vars, notify), expected, "{vars:?}");
        }
    }
}
