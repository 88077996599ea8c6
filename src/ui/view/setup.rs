//! The questions of the first run: one panel, of which what matters least makes way where there is little room.

use super::{Look, dial_field, meters, underline, words};
use crate::text::say;
use crate::ui::editor::{Editor, Motion};
use crate::ui::glyphs::Glyphs;
use crate::ui::setup::answers::{MAX_CHARS, Question};
use crate::ui::setup::model::{Pick, Setup, Step};
use crate::ui::theme::{Role, Theme};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::time::Instant;
use unicode_width::UnicodeWidthStr;

/// The widest panel, and the least that has a frame.
const WIDEST: u16 = 76;
const FRAMED: (u16, u16) = (36, 9);
/// Rows the panel is given a place for, so that its top stays where it is from question to question.
const USUAL: u16 = 17;
/// Cells of the name of a field.
const LABEL: u16 = 11;
/// Columns below which names take no more room than they need.
const NARROW: u16 = 30;

/// What a click needs to know of the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Rows of the screen, and the line one may choose there.
    picks: Vec<(u16, usize)>,
}

impl Drawn {
    /// The line at this row of the screen.
    pub fn pick_at(&self, row: u16) -> Option<usize> {
        self.picks.iter().find(|(y, _)| *y == row).map(|(_, pick)| *pick)
    }
}

/// How early a row makes way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Must,
    Help,
    Extra,
    Blank,
}

/// What stands in a row.
enum Part {
    Text(Line<'static>),
    /// A line one types into, with its name; the cursor is here or not.
    Field(String, Editor, bool),
    /// A level with its name, in dBFS.
    Level(String, f32),
    /// A line one may choose, by its number.
    Pick(usize, String, Option<(Editor, bool)>),
}

struct Row {
    weight: Weight,
    /// The rows of one sentence go together.
    sentence: usize,
    part: Part,
}

/// Draws the questions.
pub fn view(setup: &Setup, theme: &Theme, glyphs: &Glyphs, now: Instant, frame: &mut Frame) -> Drawn {
    let look = Look { theme, glyphs, now };
    let area = frame.area();
    let buf = frame.buffer_mut();
    buf.set_style(area, look.style(Role::Text));
    if area.height == 0 {
        return Drawn::default();
    }
    let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
    keys(setup, look, footer, buf);
    let body = Rect { height: area.height - 1, ..area };
    let is_framed = body.width >= FRAMED.0 && body.height >= FRAMED.1;
    let width = if is_framed { body.width.min(WIDEST) } else { body.width };
    let room = if is_framed { width.saturating_sub(6) } else { width.saturating_sub(1) };
    let mut rows = rows(setup, look, room);
    let inner = if is_framed {
        let height = (rows.len() as u16 + 4).min(body.height);
        let top = (body.height - height.max(USUAL.min(body.height))) / 3;
        let panel = Rect { x: body.x + (body.width - width) / 2, y: body.y + top, width, height };
        let inside = look.panel(buf, panel, &say!("setup-title"), true);
        let pad = u16::from(inside.height >= rows.len() as u16 + 2);
        Rect { x: inside.x + 2, y: inside.y + pad, width: room, height: inside.height - pad }
    } else {
        Rect { x: body.x + 1, width: room, ..body }
    };
    fit(&mut rows, usize::from(inner.height), setup.row);
    let mut drawn = Drawn::default();
    let mut cursor = None;
    for (y, row) in (inner.y..inner.bottom()).zip(rows) {
        let area = Rect { y, height: 1, ..inner };
        if let Part::Pick(at, ..) = row.part {
            drawn.picks.push((y, at));
        }
        cursor = cursor.or(part(setup, look, row.part, area, buf));
    }
    underline::of_words_only(buf);
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
    drawn
}

/// Leaves out what matters least until the rest has room: whole sentences first, then lines far from the chosen one, then
/// the ends of texts.
fn fit(rows: &mut Vec<Row>, room: usize, chosen: usize) {
    for weight in [Weight::Blank, Weight::Extra, Weight::Help] {
        while rows.len() > room
            && let Some(sentence) = rows.iter().rev().find(|row| row.weight == weight).map(|row| row.sentence)
        {
            rows.retain(|row| row.sentence != sentence);
        }
    }
    let away = |row: &Row| match row.part {
        Part::Pick(at, ..) => at.abs_diff(chosen),
        _ => 0,
    };
    while rows.len() > room
        && let Some(far) = rows.iter().map(away).max().filter(|far| *far > 0)
        && let Some(at) = rows.iter().rposition(|row| away(row) == far)
    {
        rows.remove(at);
    }
    while rows.len() > room
        && let Some(at) = rows.iter().rposition(|row| matches!(row.part, Part::Text(_)))
    {
        rows.remove(at);
    }
}

fn part(setup: &Setup, look: Look, part: Part, area: Rect, buf: &mut Buffer) -> Option<Position> {
    match part {
        Part::Text(line) => {
            look.row(buf, area, 0, line, Line::default());
            None
        }
        Part::Level(name, dbfs) => {
            let name = if area.width < NARROW { say!("meters-mic") } else { name };
            meters::one(look, &name, dbfs, area, buf);
            None
        }
        Part::Field(name, line, is_open) => {
            let role = if is_open { Role::Title } else { Role::Dim };
            let width = if area.width < NARROW { name.width() as u16 + 1 } else { LABEL };
            let width = width.min(area.width);
            let label = look.span(role, words::pad(&name, usize::from(width)));
            buf.set_span(area.x, area.y, &label, width);
            typed(look, &line, is_open, Rect { x: area.x + width, width: area.width - width, ..area }, buf)
        }
        Part::Pick(at, text, field) => {
            let chosen = at == setup.row;
            let (mark, role) = if chosen { (look.glyphs.selected, Role::Strong) } else { (" ", Role::Text) };
            let mut spans = vec![look.span(Role::Key, format!("{mark} ")), look.span(role, text)];
            let used = spans.iter().map(|span| span.content.width() as u16).sum::<u16>().min(area.width);
            match field {
                None => {
                    look.row(buf, area, 0, Line::from(spans), Line::default());
                    None
                }
                Some((line, is_open)) => {
                    let text = spans.pop().unwrap_or_default();
                    look.row(buf, area, 0, Line::from(vec![spans.remove(0), text]), Line::default());
                    let room = Rect { x: area.x + used, width: area.width - used, ..area };
                    typed(look, &line, is_open && chosen, room, buf)
                }
            }
        }
    }
}

fn typed(look: Look, line: &Editor, is_open: bool, area: Rect, buf: &mut Buffer) -> Option<Position> {
    dial_field::line(look, line, area, buf).filter(|_| is_open)
}

fn rows(setup: &Setup, look: Look, width: u16) -> Vec<Row> {
    let mut rows = Rows { rows: Vec::new(), sentences: 0, look, width: usize::from(width).max(1) };
    if let Some(now) = question(setup) {
        rows.progress(setup, now);
        rows.blank();
    }
    match &setup.step {
        Step::Start => {
            rows.text(Weight::Must, Role::Strong, &say!("setup-welcome"));
            rows.text(Weight::Help, Role::Dim, &say!("setup-nothing-written"));
            rows.blank();
            if let Some(offer) = &setup.offer {
                rows.text(Weight::Help, Role::Text, &say!("setup-found", what = &offer.words));
                rows.blank();
            }
            rows.picks(setup);
        }
        Step::Ask(question) => {
            rows.text(Weight::Must, Role::Strong, &question.asks());
            rows.text(Weight::Help, Role::Dim, &question.help(setup.preset()));
            rows.blank();
            match question {
                Question::Server => {
                    rows.field(Question::Server.name(), &setup.server, true);
                    let name = format!("< {} >", setup.preset().called());
                    rows.fact(Weight::Extra, &say!("setup-exchange"), &name);
                }
                Question::User => {
                    rows.field(Question::User.name(), &setup.user, !setup.in_login);
                    rows.field(say!("setup-login"), &setup.login, setup.in_login);
                    rows.text(Weight::Extra, Role::Dim, &say!("setup-login-help"));
                }
                Question::Password => rows.field(Question::Password.name(), &masked(&setup.password), true),
                Question::Transport => rows.picks(setup),
                Question::Sound => {
                    if let Some(transport) = setup.registered {
                        let words = say!("setup-registered", way = transport.word().to_uppercase());
                        rows.push(
                            Weight::Help,
                            Part::Text(Line::from(vec![
                                look.span(Role::Good, format!("{} {words}", look.glyphs.registered)),
                            ])),
                        );
                    }
                    rows.push(Weight::Must, Part::Level(say!("setup-microphone"), setup.levels.mic_dbfs));
                    rows.push(Weight::Extra, Part::Level(say!("setup-speaker"), setup.levels.speaker_dbfs));
                    rows.blank();
                    rows.picks(setup);
                    if let Some(words) = &setup.sound {
                        rows.text(Weight::Help, Role::Pending, words);
                    }
                }
            }
        }
        Step::Trying => {
            let server = setup.answers().map(|answers| answers.server).unwrap_or_default();
            let words = match setup.trying.map(|it| it.word().to_uppercase()) {
                Some(way) => say!("setup-asking-over", server, way),
                None => say!("setup-asking", server),
            };
            let words = format!("{} {words}", look.glyphs.registering);
            rows.text(Weight::Must, Role::Pending, &words);
            rows.text(Weight::Help, Role::Dim, &say!("setup-takes-a-moment"));
        }
        Step::Refused(refusal) => {
            rows.text(Weight::Must, Role::Bad, &format!("{} {}", look.glyphs.failed, refusal.said));
            rows.text(Weight::Must, Role::Text, &refusal.means);
            rows.blank();
            rows.picks(setup);
        }
        Step::Save => {
            let who = setup.whose();
            let ready = setup.registered.is_some();
            let words = if ready { say!("setup-ready", who) } else { say!("setup-kept", who) };
            rows.text(Weight::Must, Role::Strong, &words);
            rows.text(Weight::Help, Role::Dim, &say!("setup-written-to", file = &setup.file));
            rows.blank();
            rows.text(Weight::Help, Role::Text, &say!("setup-keep-where"));
            rows.picks(setup);
            if setup.saving {
                rows.text(Weight::Help, Role::Pending, &say!("setup-writing"));
            }
        }
    }
    if let Some(notice) = &setup.notice {
        rows.blank();
        rows.text(Weight::Must, Role::Bad, notice);
    }
    rows.rows
}

/// The question that is open, or was last; `None` before the first.
fn question(setup: &Setup) -> Option<Question> {
    match setup.step {
        Step::Start => None,
        Step::Ask(question) => Some(question),
        Step::Trying | Step::Refused(_) => Some(Question::Transport),
        Step::Save => Some(Question::Sound),
    }
}

/// As many stars as there are characters, the cursor where it is.
fn masked(line: &Editor) -> Editor {
    let mut stars = Editor::default();
    stars.set(&"*".repeat(line.text().chars().count()), MAX_CHARS);
    line.after_cursor().chars().for_each(|_| stars.motion(Motion::Left));
    stars
}

struct Rows<'a> {
    rows: Vec<Row>,
    sentences: usize,
    look: Look<'a>,
    width: usize,
}

impl Rows<'_> {
    fn push(&mut self, weight: Weight, part: Part) {
        self.sentences += 1;
        self.rows.push(Row { weight, sentence: self.sentences, part });
    }

    fn blank(&mut self) {
        self.push(Weight::Blank, Part::Text(Line::default()));
    }

    fn text(&mut self, weight: Weight, role: Role, text: &str) {
        self.sentences += 1;
        for line in words::wrap(text, self.width) {
            let line = Line::from(self.look.span(role, line));
            self.rows.push(Row { weight, sentence: self.sentences, part: Part::Text(line) });
        }
    }

    fn field(&mut self, name: String, line: &Editor, is_open: bool) {
        self.push(Weight::Must, Part::Field(name, line.clone(), is_open));
    }

    fn fact(&mut self, weight: Weight, name: &str, text: &str) {
        let spans =
            vec![self.look.span(Role::Dim, words::pad(name, usize::from(LABEL))), self.look.span(Role::Text, text)];
        self.push(weight, Part::Text(Line::from(spans)));
    }

    /// Which question it is, by a sign and a word each; where there is little room by its number.
    fn progress(&mut self, setup: &Setup, now: Question) {
        let look = self.look;
        let mut spans = Vec::new();
        for question in Question::ALL {
            let is_done = question.number() < now.number() || setup.step == Step::Save;
            let (glyph, role) = match question == now && !is_done {
                true => (look.glyphs.selected, Role::Title),
                false if is_done => (look.glyphs.registered, Role::Good),
                false => (look.glyphs.off, Role::Dim),
            };
            let word_role = if question == now && !is_done { Role::Strong } else { Role::Dim };
            spans.push(look.span(role, format!("{glyph} ")));
            spans.push(look.span(word_role, format!("{}  ", question.name())));
        }
        let line = Line::from(spans);
        let line = match line.width() <= self.width {
            true => line,
            false => Line::from(look.span(
                Role::Title,
                say!("setup-progress", number = now.number(), count = Question::ALL.len(), name = now.name()),
            )),
        };
        self.push(Weight::Extra, Part::Text(line));
    }

    fn picks(&mut self, setup: &Setup) {
        for (at, pick) in setup.picks().into_iter().enumerate() {
            let field = (pick == Pick::Echo && !setup.in_call).then(|| (setup.echo.clone(), true));
            self.push(Weight::Must, Part::Pick(at, label(setup, pick), field));
        }
    }
}

fn label(setup: &Setup, pick: Pick) -> String {
    match pick {
        Pick::Import => {
            let user = setup.offer.as_ref().map(|offer| offer.answers.user.as_str()).unwrap_or_default();
            say!("setup-import", user)
        }
        Pick::ByHand => say!("setup-by-hand"),
        Pick::Demo => say!("setup-demo"),
        Pick::Skip => say!("setup-skip"),
        Pick::Transport(transport) => transport.words(),
        Pick::Mend(question) => say!("setup-mend", question = question.number()),
        Pick::Again => say!("setup-again"),
        Pick::Anyway => say!("setup-anyway"),
        Pick::Microphone if setup.testing => say!("setup-speak"),
        Pick::Microphone => say!("setup-test"),
        Pick::Echo if setup.in_call => say!("setup-hang-up"),
        Pick::Echo => say!("setup-call-echo"),
        Pick::Next => say!("setup-go-on"),
        Pick::Keep(place) => setup.keeps.get(place).cloned().unwrap_or_default(),
    }
}

/// The keys that are valid now.
fn keys(setup: &Setup, look: Look, area: Rect, buf: &mut Buffer) {
    let keys: Vec<(&str, String)> = match &setup.step {
        Step::Start => vec![
            ("Enter", say!("setup-key-choose")),
            ("Up/Down", say!("setup-key-move")),
            ("Esc", say!("setup-key-leave")),
        ],
        Step::Ask(Question::Server) => {
            vec![
                ("Enter", say!("setup-key-next")),
                ("Esc", say!("setup-key-back")),
                ("Up/Down", say!("setup-key-exchange")),
                ("Ctrl-c", say!("setup-key-leave")),
            ]
        }
        Step::Ask(Question::User) => vec![
            ("Enter", say!("setup-key-next")),
            ("Esc", say!("setup-key-back")),
            ("Down", say!("setup-key-login")),
            ("Ctrl-c", say!("setup-key-leave")),
        ],
        Step::Ask(Question::Password) => vec![
            ("Enter", say!("setup-key-next")),
            ("Esc", say!("setup-key-back")),
            ("Ctrl-c", say!("setup-key-leave")),
        ],
        Step::Ask(Question::Transport) => {
            vec![
                ("Enter", say!("setup-key-register")),
                ("Esc", say!("setup-key-back")),
                ("Up/Down", say!("setup-key-move")),
                ("Ctrl-c", say!("setup-key-leave")),
            ]
        }
        Step::Ask(Question::Sound) => {
            vec![
                ("Enter", say!("setup-key-do")),
                ("Tab", say!("setup-key-next")),
                ("Esc", say!("setup-key-back")),
                ("Up/Down", say!("setup-key-move")),
                ("Ctrl-c", say!("setup-key-leave")),
            ]
        }
        Step::Trying => vec![("Esc", say!("setup-key-stop")), ("Ctrl-c", say!("setup-key-leave"))],
        Step::Refused(_) => vec![
            ("Enter", say!("setup-key-choose")),
            ("Esc", say!("setup-key-back")),
            ("Up/Down", say!("setup-key-move")),
            ("Ctrl-c", say!("setup-key-leave")),
        ],
        Step::Save => vec![
            ("Enter", say!("setup-key-write")),
            ("Esc", say!("setup-key-back")),
            ("Up/Down", say!("setup-key-move")),
        ],
    };
    let mut x = area.x;
    for (at, (key, word)) in keys.iter().enumerate() {
        let width = (key.width() + word.width() + 3) as u16;
        if at > 0 && x + width > area.right() + 1 {
            continue;
        }
        let line =
            Line::from(vec![Span::raw(" "), look.span(Role::Key, *key), Span::raw(" "), look.span(Role::Text, word)]);
        buf.set_line(x, area.y, &line, area.right().saturating_sub(x));
        x += width;
    }
}
