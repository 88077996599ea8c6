//! The ladder: whose messages, which one, why it failed, copies and files.

use crate::pictures::picture;
use crate::stage::{Stage, call, ended};
use tuiphone::control::trace::export::Form;
use tuiphone::control::{
    AccountInfo, CallState, Command, Event, RegistrationState, SoundPath, SoundWay, TraceLine, Traced, Way,
};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Msg};

const OFFER: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 96 8 0 101\n\
                     a=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000\na=sendrecv\n";
const ANSWER: &str = "v=0\no=- 9 9 IN IP4 192.0.2.9\nc=IN IP4 192.0.2.9\nm=audio 16384 RTP/AVP 8 101\n\
                      a=rtpmap:101 telephone-event/8000\na=sendrecv\n";

/// Messages one after another.
struct Wire {
    n: u64,
    at_ms: u64,
    call: Option<&'static str>,
    id: String,
    remote: &'static str,
}

impl Wire {
    fn of(call: Option<&'static str>, id: &str) -> Wire {
        Wire { n: 0, at_ms: 0, call, id: id.to_owned(), remote: "192.0.2.9:5060" }
    }

    /// The next message, so many milliseconds after the one before.
    fn next(&mut self, way: Way, after_ms: u64, start: &str, sequence: &str, more: &str, body: &str) -> Msg {
        self.n += 1;
        self.at_ms += after_ms;
        let ms = self.at_ms;
        let (minutes, seconds) = (ms / 60_000 % 60, ms / 1_000 % 60);
        let id = &self.id;
        let mut text = format!(
            "{start}\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{}\nFrom: <sip:101@pbx.example.net>;tag=a\n\
             To: <sip:101@pbx.example.net>\nCall-ID: {id}\nCSeq: {sequence}\n{more}",
            sequence.replace(' ', "")
        );
        if !body.is_empty() {
            text += "Content-Type: application/sdp\n";
        }
        let status = start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Msg::Traced(Box::new(TraceLine::Sip(Traced {
            n: self.n,
            time: format!("2026-01-01T12:{minutes:02}:{seconds:02}.{:03}000Z", ms % 1_000),
            way,
            transport: "udp".into(),
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: self.remote.parse().unwrap(),
            bytes: text.len() + body.len(),
            call: self.call.map(str::to_owned),
            sip_call_id: Some(self.id.clone()),
            method: sequence.split(' ').nth(1).unwrap_or_default().to_owned(),
            status,
            start: start.to_owned(),
            content: (!body.is_empty()).then(|| "application/sdp".to_owned()),
            text: format!("{text}\n{body}"),
            data: None,
        })))
    }
}

/// Any message at all, made safe to show as the phone does.
pub fn any(sent: bool, start: &str, text: &str) -> Msg {
    let safe = |text: &str| tuiphone::text::elided(text, 4_096);
    let mut wire = Wire::of(sent.then_some("c1"), &safe(start).chars().take(2).collect::<String>());
    wire.n = text.len() as u64;
    let (way, method) = if sent { (Way::Sent, "1 INVITE") } else { (Way::Received, "2 OPTIONS") };
    wire.next(way, text.len() as u64, &safe(start), method, &(safe(text) + "\n"), if sent { text } else { "" })
}

/// A call that is asked for a password, rings, is answered, held by us, and whose server is asked now and then.
pub fn talk() -> Vec<Msg> {
    use Way::{Received, Sent};
    let mut wire = Wire::of(Some("c1"), "c1@host");
    let invite = "INVITE sip:600@pbx.example.net SIP/2.0";
    let ack = "ACK sip:600@pbx.example.net SIP/2.0";
    let mut told = vec![
        wire.next(Sent, 0, invite, "1 INVITE", "", OFFER),
        wire.next(Sent, 500, invite, "1 INVITE", "", OFFER),
        wire.next(Received, 12, "SIP/2.0 407 Proxy Authentication Required", "1 INVITE", "", ""),
        wire.next(Sent, 1, ack, "1 ACK", "", ""),
        wire.next(Sent, 2, invite, "2 INVITE", "Proxy-Authorization: <hidden>\n", OFFER),
        wire.next(Received, 9, "SIP/2.0 100 Trying", "2 INVITE", "", ""),
        wire.next(Received, 120, "SIP/2.0 180 Ringing", "2 INVITE", "", ""),
        wire.next(Received, 2_400, "SIP/2.0 200 OK", "2 INVITE", "", ANSWER),
        wire.next(Sent, 3, ack, "2 ACK", "", ""),
    ];
    for n in 1..=3 {
        let sequence = format!("{n} OPTIONS");
        told.push(wire.next(Received, 20_000, "OPTIONS sip:101@192.0.2.1 SIP/2.0", &sequence, "", ""));
        told.push(wire.next(Sent, 1, "SIP/2.0 200 OK", &sequence, "", ""));
    }
    told.push(wire.next(Sent, 900, invite, "3 INVITE", "", &OFFER.replace("sendrecv", "sendonly")));
    told.push(wire.next(Received, 14, "SIP/2.0 200 OK", "3 INVITE", "", &ANSWER.replace("sendrecv", "recvonly")));
    told.push(wire.next(Sent, 1, ack, "3 ACK", "", ""));
    told
}

/// The ladder of that call.
pub fn open(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.calls(vec![call("c1", CallState::Held, "600", "Echo")]);
    stage.keys("L");
    talk().into_iter().for_each(|msg| drop(stage.msg(msg)));
    stage
}

/// A call that is refused.
pub fn refused(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.keys("L");
    let mut wire = Wire::of(Some("c1"), "c1@host");
    stage.msg(wire.next(Way::Sent, 0, "INVITE sip:600@pbx.example.net SIP/2.0", "1 INVITE", "", OFFER));
    let more = "Warning: 304 pbx \"Media type not available\"\nReason: Q.850;cause=88\n";
    stage.msg(wire.next(Way::Received, 30, "SIP/2.0 488 Not Acceptable Here", "1 INVITE", more, ""));
    stage.msg(wire.next(Way::Sent, 1, "ACK sip:600@pbx.example.net SIP/2.0", "1 ACK", "", ""));
    let info = ended(call("c1", CallState::Calling, "600", ""), 488, "Not Acceptable Here", "no_common_codec");
    stage.event(Event::CallEnded { call: info });
    stage
}

#[test]
fn a_call_is_a_ladder() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        picture(&format!("ladder_{columns}x{rows}"), &open(columns, rows));
    }
    let mut ascii = open(80, 24);
    ascii.glyphs = ASCII;
    picture("ladder_ascii", &ascii);
}

#[test]
fn a_message_is_read_with_what_is_new_in_its_sound() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = open(columns, rows);
        stage.keys("Up Up Enter");
        picture(&format!("ladder_message_{columns}x{rows}"), &stage);
    }
    let mut stage = open(120, 40);
    stage.keys("Up");
    assert!(stage.screen().contains("of the offer it takes PCMA"), "{}", stage.screen());
}

#[test]
fn why_it_failed_is_told_in_words() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = refused(columns, rows);
        stage.keys("w");
        picture(&format!("ladder_why_{columns}x{rows}"), &stage);
    }
}

#[test]
fn nothing_is_asked_for_until_it_opens_nor_after_it_closes() {
    let mut stage = Stage::new(80, 24);
    let traces = |actions: Vec<Action>| {
        actions.into_iter().filter(|action| matches!(action, Action::Trace(_))).collect::<Vec<_>>()
    };
    let [first, ..] = &talk()[..] else { panic!("no message") };
    assert!(stage.msg(first.clone()).is_empty(), "nobody looks");
    assert_eq!(traces(stage.key("L")), [Action::Trace(true)]);
    assert!(traces(stage.msg(first.clone())).is_empty());
    assert_eq!(traces(stage.key("Esc")), [Action::Trace(false)]);
    assert_eq!(traces(stage.key("L")), [Action::Trace(true)]);
    assert!(!stage.screen().contains("INVITE"), "it begins anew\n{}", stage.screen());
    assert_eq!(traces(stage.key("c")), [Action::Trace(false)], "another view takes its place");
}

#[test]
fn help_and_palette_lie_over_it_while_messages_go_on_coming() {
    for over in ["?", ":"] {
        let mut stage = open(120, 40);
        stage.keys("Home");
        let traces = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::Trace(_)));
        assert!(!traces(&stage.key(over)), "it is open still");
        let mut wire = Wire::of(Some("c1"), "c1@host");
        wire.n = 900;
        stage.msg(wire.next(Way::Received, 99_000, "BYE sip:101@192.0.2.1 SIP/2.0", "4 BYE", "", ""));
        assert!(!traces(&stage.key("Esc")));
        let screen = stage.screen();
        assert!(screen.contains("BYE") && screen.contains("407 Proxy") && stage.model.ladder.row == 0, "{screen}");
    }
    let mut stage = open(120, 40);
    stage.keys(":");
    let last = "history".chars().map(|c| stage.key(&c.to_string())).last();
    assert!(last.is_some() && stage.key("Enter").contains(&Action::Trace(false)), "the palette leads elsewhere");
}

#[test]
fn messages_are_searched_and_gone_through() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        let mut stage = open(columns, rows);
        stage.keys("Home / a c k");
        picture(&format!("ladder_search_{columns}x{rows}"), &stage);
    }
    let mut stage = open(120, 40);
    stage.keys("Home / A C K Enter");
    for (key, told) in [("n", " 2 of 3 "), ("n", " 3 of 3 "), ("n", " 1 of 3 "), ("N", " 3 of 3 ")] {
        stage.keys(key);
        assert!(stage.screen().contains(told), "{key} {told}\n{}", stage.screen());
    }
    stage.keys("Enter n");
    assert!(stage.model.ladder.chosen_message().is_some_and(|kept| kept.told.method == "ACK"));
    stage.keys("Esc Esc");
    assert!(matches!(stage.model.mode, Mode::Ladder(_)) && !stage.screen().contains("find:"), "{}", stage.screen());
    assert_eq!(stage.keys("n"), [], "nobody is called again");
    assert!(stage.screen().contains("nothing is searched for yet"), "{}", stage.screen());
    stage.keys("/ x y z");
    stage.msg(Msg::Paste("Proxy-Authorization\n".into()));
    assert!(stage.screen().contains(" 1 of 1 "), "{}", stage.screen());
    stage.keys("Esc Esc");
    assert_eq!(stage.model.mode, Mode::Phone);
}

#[test]
fn times_are_those_of_the_clock_on_the_wall() {
    let mut stage = Stage::new(120, 40);
    stage.model.wall.set(1_767_268_800_000_000, |second| Some(format!("2026-01-01 21:30:{:02}", second % 60)));
    stage.keys("L");
    talk().into_iter().for_each(|msg| drop(stage.msg(msg)));
    stage.keys("Home Down Down");
    let screen = stage.screen();
    assert!(screen.contains(" 21:30:00 ") && screen.contains("21:30:00.513 (+0.513) udp"), "{screen}");
}

#[test]
fn an_empty_ladder_says_what_to_do() {
    let mut stage = Stage::new(80, 24);
    stage.keys("L");
    picture("ladder_none", &stage);
    stage.status.accounts = vec![AccountInfo {
        state: RegistrationState::Failed,
        registered: false,
        status: None,
        reason: Some("cannot find pbx.example.net (udp): it has no address".into()),
        ..crate::stage::account()
    }];
    stage.tell();
    stage.keys("w");
    picture("ladder_why_account", &stage);
    stage.msg(Msg::TraceOver("300 messages came faster than they were read".into()));
    stage.keys("Esc");
    assert!(stage.screen().contains("no messages come: 300 messages"), "{}", stage.screen());
}

#[test]
fn a_call_that_was_never_sent_is_explained() {
    let mut stage = Stage::new(120, 24);
    let reason = "cannot find nowhere.example (udp): it has no address";
    let mut info = ended(call("c1", CallState::Calling, "9", ""), 0, reason, "unreachable");
    info.status = None;
    stage.event(Event::CallEnded { call: info });
    assert!(stage.screen().contains("L w tells why"), "{}", stage.screen());
    stage.keys("L w");
    let screen = stage.screen();
    assert!(screen.contains("the call failed: cannot find") && screen.contains("leads nowhere"), "{screen}");
}

#[test]
fn one_goes_from_call_to_account_to_the_rest_and_to_all() {
    let mut stage = open(120, 24);
    let mut wire = Wire::of(None, "reg@host");
    wire.n = 100;
    stage.msg(wire.next(Way::Sent, 100_000, "REGISTER sip:pbx.example.net SIP/2.0", "1 REGISTER", "", ""));
    stage.msg(wire.next(Way::Received, 9, "SIP/2.0 200 OK", "1 REGISTER", "", ""));
    let mut wire = Wire::of(None, "notify@host");
    (wire.n, wire.remote) = (200, "198.51.100.7:5080");
    stage.msg(wire.next(Way::Received, 100_000, "NOTIFY sip:101@192.0.2.1 SIP/2.0", "1 NOTIFY", "", ""));
    for (key, heading) in [
        ("Tab", "Ladder: 101@pbx.example.net, registered (2 of 4)"),
        ("Right", "Ladder: neither calls nor registrations (3 of 4)"),
        ("Tab", "Ladder: all messages (4 of 4)"),
        ("Tab", "Ladder: Echo, on hold (1 of 4)"),
        ("Left", "Ladder: all messages (4 of 4)"),
    ] {
        stage.keys(key);
        assert!(stage.screen().contains(heading), "{key}\n{}", stage.screen());
    }
    picture("ladder_all_120x24", &stage);
}

#[test]
fn repetitions_are_counted_and_keep_alives_folded() {
    let mut stage = open(120, 40);
    let screen = stage.screen();
    assert!(screen.contains("INVITE (SDP) ×2") && screen.contains("3 keep-alives"), "{screen}");
    assert!(!screen.contains("OPTIONS (") && !screen.contains(" OPTIONS "), "{screen}");
    stage.keys("z");
    let screen = stage.screen();
    assert_eq!(screen.matches(" OPTIONS ").count(), 3, "{screen}");
    stage.keys("z Home");
    assert!(stage.screen().contains("3 keep-alives"));
}

#[test]
fn it_is_copied_and_kept() {
    let mut stage = open(80, 24);
    stage.keys("Home");
    let copied = |actions: Vec<Action>| {
        actions.into_iter().find_map(|action| if let Action::Copy(text) = action { Some(text) } else { None }).unwrap()
    };
    let one = copied(stage.key("y"));
    assert!(one.starts_with("2026-01-01T12:00:00.000000Z -> udp 192.0.2.9:5060") && one.contains("m=audio"), "{one}");
    let all = copied(stage.key("Y"));
    assert!(all.contains("|<---") && all.matches("INVITE sip:600").count() == 4, "{all}");
    for (key, form, begins) in
        [("m", Form::Mermaid, "sequenceDiagram"), ("t", Form::Text, "        "), ("p", Form::Pcapng, "\n\r\r\n")]
    {
        stage.keys("x");
        assert!(stage.screen().contains("keep it as"), "{}", stage.screen());
        let actions = stage.key(key);
        let kept = actions.iter().find_map(|action| if let Action::Keep(kept) = action { Some(kept) } else { None });
        let kept = kept.unwrap_or_else(|| panic!("{actions:?}"));
        assert_eq!((kept.form, kept.name.as_str()), (form, "ladder-c1-20260101-120000"));
        assert!(kept.bytes.starts_with(begins.as_bytes()), "{key}");
    }
    stage.keys("x Esc");
    assert!(stage.screen().contains("nothing kept") && matches!(stage.model.mode, Mode::Ladder(_)));
    stage.msg(Msg::Kept(Ok("/home/me/.local/share/tuiphone/traces/ladder-c1.txt".into())));
    assert!(stage.screen().contains("kept in /home/me"), "{}", stage.screen());
}

#[test]
fn a_call_is_answered_muted_and_keyed_while_its_messages_are_watched() {
    let mut stage = Stage::new(80, 24);
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    stage.keys("L");
    assert_eq!(stage.keys("m"), [Command::Mute { path: SoundPath::Mic }]);
    assert!(matches!(stage.keys("5")[..], [Command::Dtmf { .. }]));
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo"), call("c2", CallState::Incoming, "201", "Alice")]);
    assert!(stage.screen().contains("Alice"), "{}", stage.screen());
    assert!(matches!(&stage.keys("F2")[..], [Command::Answer { .. }]));
    assert!(matches!(stage.model.mode, Mode::Ladder(_)), "it is still there");
    stage.calls(vec![call("c1", CallState::Connected, "600", "Echo")]);
    assert!(matches!(&stage.keys("h")[..], [Command::Hangup { .. }]));
    assert!(matches!(stage.model.mode, Mode::Ladder(_)), "so the BYE is seen");
}

#[test]
fn what_is_no_message_stands_between_them() {
    let mut stage = open(80, 24);
    stage.model.wall.set(1_767_268_810_000_000, |_| None);
    let info = call("c1", CallState::Held, "600", "Echo");
    stage.event(Event::CallMediaLost { call: info, way: SoundWay::Rx, reason: "no packet for 5 s".into() });
    let screen = stage.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("no {text}\n{screen}"));
    assert!(at("200 OK (SDP)") < at("nothing is heard") && at("nothing is heard") < at("keep-alives"), "{screen}");
}

#[test]
fn nothing_foreign_breaks_the_screen() {
    let evil = "INVITE sip:\u{1b}]52;c;x\u{7}@h SIP/2.0";
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5), (1, 1)] {
        let mut stage = Stage::new(columns, rows);
        stage.keys("L");
        let mut wire = Wire::of(Some("c1"), "\u{202e}evil");
        for more in ["Subject: \u{1b}[2J\u{202e}\u{200b}\n".to_owned(), format!("Subject: {}\n", "日".repeat(4_000))] {
            // As the phone tells it: made safe to show.
            let safe = |text: &str| tuiphone::text::elided(text, 4_096);
            let more: String = more.lines().map(|line| safe(line) + "\n").collect();
            stage.msg(wire.next(Way::Received, 1, &safe(evil), &format!("{} INVITE", wire.n + 1), &more, OFFER));
        }
        for keys in ["", "Enter", "Down", "Esc", "w"] {
            stage.keys(keys);
            let screen = stage.screen();
            let is_bad = |c: char| c != '\n' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!screen.contains(is_bad), "{screen:?}");
        }
    }
}

/// Of a thousand messages only those are drawn that are seen, and one more is no work to speak of.
#[test]
fn a_thousand_messages_are_gone_through() {
    let mut stage = Stage::new(120, 40);
    stage.keys("L");
    let mut wire = Wire::of(Some("c1"), "c1@host");
    for n in 1..=1_000 {
        stage.msg(wire.next(Way::Sent, 20, "INFO sip:600@pbx.example.net SIP/2.0", &format!("{n} INFO"), "", ""));
    }
    assert!(stage.screen().contains("19.980"), "{}", stage.screen());
    stage.keys("Home");
    let screen = stage.screen();
    assert!(screen.contains(" 0.000") && !screen.contains("19.980"), "{screen}");
    stage.keys("End Up");
    assert!(stage.screen().contains("19.980"));
}

#[test]
fn a_step_is_clicked() {
    let mut stage = open(80, 24);
    stage.click("180 Ringing");
    assert!(stage.screen().contains("▌") && matches!(stage.model.mode, Mode::Ladder(_)));
    let row = stage.screen().lines().find(|line| line.contains('▌')).unwrap_or_default().to_owned();
    assert!(row.contains("180 Ringing"), "{row}");
    stage.click("180 Ringing");
    assert!(stage.screen().contains("Call-ID: c1@host"), "{}", stage.screen());
    stage.click("why");
    assert!(stage.screen().contains("Why:"), "{}", stage.screen());
}
