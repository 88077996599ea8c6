//! A phone made of words, a screen in memory, and keys to press.

use crossterm::event::{Event, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::time::{Duration, Instant};
use tuiphone::control::feed::Feed;
use tuiphone::control::{
    AccountInfo, AskInfo, CallDirection, CallInfo, CallState, Command, EndedBy, Event as News, Levels, LightInfo,
    LightState, MediaInfo, MessageInfo, Party, PhoneState, RegistrationState, ShortcutInfo, Status,
};
use tuiphone::ui::glyphs::{Glyphs, UNICODE};
use tuiphone::ui::keymap::Key;
use tuiphone::ui::model::Model;
use tuiphone::ui::msg::{Action, Msg};
use tuiphone::ui::theme::Theme;
use tuiphone::ui::update::update;
use tuiphone::ui::view::view;

/// An interface with its clock in hand.
#[derive(Clone)]
pub struct Stage {
    pub model: Model,
    pub status: Status,
    pub now: Instant,
    pub glyphs: Glyphs,
    pub theme: Theme,
}

impl Stage {
    /// A phone with one registered account, at rest.
    #[allow(clippy::disallowed_methods)]
    pub fn new(columns: u16, rows: u16) -> Stage {
        let mut stage = Stage {
            model: Model::new((columns, rows), true, Vec::new()),
            status: Status { v: 1, volume: 80, volume_mic: 100, accounts: vec![account()], ..Status::default() },
            now: Instant::now(),
            glyphs: UNICODE,
            theme: Theme::default(),
        };
        stage.tell();
        stage
    }

    /// The phone tells its status.
    pub fn tell(&mut self) -> Vec<Action> {
        self.msg(Msg::Feed(Feed::Status(Box::new(self.status.clone()))))
    }

    /// The phone has these calls now.
    pub fn calls(&mut self, calls: Vec<CallInfo>) -> Vec<Action> {
        self.status.state = if calls.is_empty() { PhoneState::Idle } else { PhoneState::Connected };
        self.status.calls = calls;
        self.tell()
    }

    /// Something happens.
    pub fn event(&mut self, event: News) -> Vec<Action> {
        self.msg(Msg::Feed(Feed::Event(Box::new(event))))
    }

    /// A tenth of a second of sound: what came of its end.
    pub fn tenth(&mut self, mic_dbfs: f32, speaker_dbfs: f32) -> Vec<Action> {
        self.now += Duration::from_millis(100);
        self.levels(mic_dbfs, speaker_dbfs)
    }

    /// Sound moves.
    pub fn levels(&mut self, mic_dbfs: f32, speaker_dbfs: f32) -> Vec<Action> {
        self.msg(Msg::Feed(Feed::Levels(Levels { mic_dbfs, speaker_dbfs })))
    }

    /// A message goes in.
    pub fn msg(&mut self, msg: Msg) -> Vec<Action> {
        update(&mut self.model, msg, self.now)
    }

    /// Keys are pressed, written as in the keymap with blanks between; the commands that came of them.
    pub fn keys(&mut self, keys: &str) -> Vec<Command> {
        let actions = keys.split_whitespace().flat_map(|key| self.key(key)).collect();
        commands(actions)
    }

    /// One key is pressed.
    pub fn key(&mut self, key: &str) -> Vec<Action> {
        let key = Key::parse(key).unwrap();
        self.msg(Msg::of_terminal(Event::Key(KeyEvent::new(key.code, key.modifiers))))
    }

    /// The left button goes down on the first cell of this text.
    pub fn click(&mut self, text: &str) -> Vec<Action> {
        let screen = self.screen();
        let at = screen.lines().zip(0u16..).find_map(|(line, row)| {
            let before = line.find(text)?;
            Some((line[..before].chars().count() as u16, row))
        });
        let (column, row) = at.unwrap_or_else(|| panic!("no {text:?} on\n{screen}"));
        let kind = MouseEventKind::Down(MouseButton::Left);
        let modifiers = crossterm::event::KeyModifiers::NONE;
        self.msg(Msg::Mouse(MouseEvent { kind, column, row, modifiers }))
    }

    /// Time passes.
    pub fn pass(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
    }

    /// The screen, cell by cell.
    pub fn cells(&self) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, &self.theme, &self.glyphs, self.now, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as it is drawn, before a terminal leaves out what wide characters lie over.
    pub fn drawn(&self) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut drawn = Buffer::default();
        terminal
            .draw(|frame| {
                view(&self.model, &self.theme, &self.glyphs, self.now, frame);
                drawn = frame.buffer_mut().clone();
            })
            .unwrap();
        drawn
    }

    /// The screen as lines of text without blanks at their ends.
    pub fn screen(&self) -> String {
        let (columns, rows) = self.model.size;
        let buffer = self.cells();
        let mut screen = String::new();
        for row in 0..rows {
            let line: String = (0..columns).map(|column| buffer[(column, row)].symbol()).collect();
            screen.push_str(line.trim_end());
            screen.push('\n');
        }
        screen
    }
}

/// What was asked of the phone.
pub fn commands(actions: Vec<Action>) -> Vec<Command> {
    actions
        .into_iter()
        .filter_map(|action| if let Action::Send(command) = action { Some(command) } else { None })
        .collect()
}

/// A registered account.
pub fn account() -> AccountInfo {
    AccountInfo {
        id: 1,
        label: "Office".into(),
        aor: "101@pbx.example.net".into(),
        state: RegistrationState::Registered,
        registered: true,
        status: Some(200),
        reason: Some("OK".into()),
        expires_in: Some(287),
        transport: "udp".into(),
        tls: None,
        selected: true,
        ..AccountInfo::default()
    }
}

/// A call to or from a number, with a name if there is one.
pub fn call(id: &str, state: CallState, user: &str, name: &str) -> CallInfo {
    let incoming = state == CallState::Incoming;
    let talks = matches!(state, CallState::Connected | CallState::Held);
    CallInfo {
        id: id.into(),
        sip_call_id: format!("{id}@host"),
        direction: if incoming { CallDirection::Incoming } else { CallDirection::Outgoing },
        state,
        account: "101@pbx.example.net".into(),
        remote: Party {
            uri: format!("sip:{user}@pbx.example.net"),
            user: user.into(),
            name: (!name.is_empty()).then(|| name.into()),
        },
        number: user.into(),
        anonymous: false,
        via: None,
        alert: None,
        rings: incoming,
        ignored: false,
        offers_video: false,
        auto_answered: false,
        status: match state {
            CallState::Calling => None,
            CallState::Ringing | CallState::Incoming => Some(180),
            CallState::EarlyMedia => Some(183),
            _ => Some(200),
        },
        reason: match state {
            CallState::Calling => None,
            CallState::Ringing | CallState::Incoming => Some("Ringing".into()),
            CallState::EarlyMedia => Some("Session Progress".into()),
            _ => Some("OK".into()),
        },
        ended_by: None,
        outcome: None,
        started_at: "2026-01-01T12:00:00Z".into(),
        dialled_after: (!incoming).then_some(0.01),
        ringing_after: talks.then_some(0.04),
        answered_after: talks.then_some(0.31),
        duration: if talks { 12.0 } else { 0.0 },
        remote_hold: false,
        conference: false,
        recording: None,
        playing: None,
        transfer: None,
        referred_by: None,
        takes_over: None,
        picks_up: None,
        media: talks.then(|| MediaInfo {
            codec: "opus".into(),
            clock_rate: 48_000,
            ptime_ms: 20,
            tx_packets: 600,
            rx_packets: 597,
            rx_lost: 3,
            jitter_ms: 1.2,
            rtt_ms: Some(0.4),
            playout_delay_ms: 42.0,
            mos_rx: Some(4.3),
            mos_tx: Some(4.4),
            ..MediaInfo::default()
        }),
    }
}

/// Somebody who is watched.
pub fn light(target: &str, state: LightState) -> LightInfo {
    LightInfo {
        target: target.into(),
        uri: format!("sip:{target}@pbx.example.net"),
        account: "101@pbx.example.net".into(),
        package: "dialog".into(),
        state,
        ..LightInfo::default()
    }
}

/// Some that call, and one of each other kind; two with lights.
pub fn shortcuts() -> Vec<ShortcutInfo> {
    let rows = [
        ("Bob", "102", "call", Some(LightState::Busy)),
        ("Reception and its long name", "103", "call", Some(LightState::Ringing)),
        ("Night service", "*78", "call", None),
        ("Door", "1#", "dtmf", None),
        ("Boss", "104", "callOrAT", None),
        ("Write to the hotline", "105", "message", None),
        ("106", "106", "transfer", None),
    ];
    let info = |(n, (label, number, act, light)): (u8, (&str, &str, &str, Option<LightState>))| ShortcutInfo {
        n,
        label: label.into(),
        number: number.into(),
        act: act.into(),
        light,
        ..ShortcutInfo::default()
    };
    (1..).zip(rows).map(info).collect()
}

/// One in every state, the talking ones with somebody.
pub fn lights() -> Vec<LightInfo> {
    let alice = Party { uri: "sip:201@pbx.example.net".into(), user: "201".into(), name: Some("Alice Smith".into()) };
    vec![
        light("102", LightState::Idle),
        LightInfo { remote: Some(alice.clone()), ..light("103", LightState::Ringing) },
        LightInfo { remote: Some(Party { name: None, ..alice }), ..light("104", LightState::Busy) },
        LightInfo { note: Some("lunch".into()), package: "presence".into(), ..light("105", LightState::Away) },
        light("106", LightState::Offline),
        LightInfo { reason: Some("404 Not Found".into()), ..light("park1", LightState::Unknown) },
        light("park2", LightState::Idle),
    ]
}

/// A message from somebody, or with a fate one of ours to them.
pub fn message(id: &str, user: &str, name: &str, text: &str, status: Option<u16>) -> MessageInfo {
    MessageInfo {
        id: id.into(),
        outgoing: status.is_some(),
        account: "101@pbx.example.net".into(),
        remote: Party {
            uri: format!("sip:{user}@pbx.example.net"),
            user: user.into(),
            name: (!name.is_empty()).then(|| name.into()),
        },
        text: text.into(),
        at: "2026-01-01T12:00:00Z".into(),
        read: status.is_some(),
        delivered: status.map(|status| status < 300),
        status,
        reason: status.map(|status| if status < 300 { "OK" } else { "Temporarily Unavailable" }.into()),
    }
}

/// The same call, ended by the far side this way.
pub fn ended(mut call: CallInfo, status: u16, reason: &str, outcome: &str) -> CallInfo {
    call.state = CallState::Ended;
    call.status = Some(status);
    call.reason = Some(reason.into());
    call.outcome = Some(outcome.into());
    call.ended_by = Some(EndedBy::Remote);
    call
}

/// Somebody who asks for a call.
pub fn asking() -> AskInfo {
    let party = |user: &str, name: Option<&str>| Party {
        uri: format!("sip:{user}@pbx.example.net"),
        user: user.into(),
        name: name.map(str::to_owned),
    };
    let (from, to) = (party("crm", Some("Customer desk")), party("0301234567", None));
    AskInfo { id: "r1".into(), account: "101@pbx.example.net".into(), from, to, expires_in: 60 }
}
