//! What is written and what is meant.

use crate::carriers::{dial, message, program, quoted, socket};
use tuiphone::cli::args;
use tuiphone::cli::options::{Job, Links};
use tuiphone::control::spelling;
use tuiphone::control::spelling::table::{Form, Means, SPELLINGS};
use tuiphone::control::verb::{Request, VERBS};
use tuiphone::control::{
    Command, FaceAsk, HangupWhich, Press, Secret, SoundDevice, SoundPath, TransferTo, VolumeChange,
};

/// Everywhere, on the socket and in messages alone, or only where a line is one string.
#[derive(Clone, Copy, PartialEq)]
enum On {
    All,
    Lines,
    MicroSip,
}

fn command(command: Command) -> Option<Request> {
    Some(Request::Command(command))
}

fn hangup(which: HangupWhich) -> Option<Request> {
    command(Command::Hangup { which })
}

fn volume(path: SoundPath, change: VolumeChange) -> Option<Request> {
    command(Command::Volume { path, change })
}

fn device(device: SoundDevice, name: &str) -> Option<Request> {
    command(Command::Device { device, name: name.into() })
}

fn number(target: &str) -> Option<Request> {
    Some(dial(target, None))
}

fn text(target: &str, text: &str) -> Option<Request> {
    command(Command::Message { target: target.into(), text: text.into(), account: None })
}

fn digits(digits: &str) -> Option<Request> {
    command(Command::Dtmf { call: None, digits: digits.into(), press: Press::Tap, via: None })
}

fn transfer(to: &str) -> Option<Request> {
    command(Command::Transfer { call: None, to: TransferTo::Number(to.into()) })
}

/// A fact, its spellings, what they mean.
type Row = (On, &'static str, &'static [&'static str], Option<Request>);

fn rows() -> Vec<Row> {
    use On::{All, Lines, MicroSip};
    use SoundPath::{Mic, Speaker};
    let answer = command(Command::Answer { call: None });
    let reject = |code| command(Command::Reject { call: None, code });
    let mute = |path| command(Command::Mute { path });
    let unmute = |path| command(Command::Unmute { path });
    let toggle = |path| command(Command::ToggleMute { path });
    let face = |ask| Some(Request::Face(ask));
    let with = |account: &str| Some(dial("100", Some(account.into())));
    let password = |account: Option<&str>| {
        command(Command::Password { account: account.map(str::to_owned), password: Secret::new("pw") })
    };
    vec![
        (
            All,
            "§13.5 dial",
            &[
                "600",
                "call 600",
                "dial 600",
                "[Dial(600)]",
                "[CallTo(600)]",
                "action=call&number=600",
                "action:dial?number=600",
                "msip:600",
            ],
            number("600"),
        ),
        (Lines, "§13.5 dial", &[r#"{"cmd":"dial","number":"600"}"#], number("600")),
        (
            All,
            "§13.1 sip:",
            &["sip:bob@example.net", "call sip:bob@example.net", "[Dial(sip:bob@example.net)]"],
            number("sip:bob@example.net"),
        ),
        (All, "§13.1 sips:", &["sips:bob@example.net"], number("sips:bob@example.net")),
        (All, "§16 callto://", &["callto://5550123/"], number("callto://5550123/")),
        (All, "§16 %2B", &["tel:%2B4912"], number("tel:+4912")),
        (All, "§8.6 digits behind the answer", &["800,1234#,5", "[Dial(800,1234#,5)]"], number("800,1234#,5")),
        (
            All,
            "§13.1 answer",
            &["/answer", "answer", "msip:answer", "[Answer]", "action=answer", "action:answer", "command 1002"],
            answer.clone(),
        ),
        (All, "§16 /ANSWER", &["/ANSWER", "[ANSWER]"], answer),
        (
            All,
            "§13.5 hang up",
            &["hangup", "[Hangup]", "action=hangup", "action:hangup", "command 1001"],
            hangup(HangupWhich::Current),
        ),
        (
            All,
            "§13.1 hangup id",
            &["hangup c2", "[Hangup(c2)]", "action=hangup&call=c2"],
            hangup(HangupWhich::Call("c2".into())),
        ),
        (All, "§13.1 hangup number", &["hangup 201"], hangup(HangupWhich::Call("201".into()))),
        (
            All,
            "§8.2 /hangupall",
            &["/hangupall", "msip:hangupall", "hangupall", "action=hangupall"],
            hangup(HangupWhich::AllButRinging),
        ),
        (All, "§13.5 --all", &["hangup --all"], hangup(HangupWhich::All)),
        (
            All,
            "§8.2 /hangupincoming",
            &["/hangupincoming", "hangupincoming", "hangup --incoming", "[HangupIncoming]"],
            hangup(HangupWhich::Incoming),
        ),
        (
            All,
            "§8.2 /hangupcalling",
            &["/hangupcalling", "hangupcalling", "hangup --calling", "action:hangupcalling"],
            hangup(HangupWhich::Calling),
        ),
        (All, "§13.5 reject", &["reject", "decline", "[Reject]", "action=reject"], reject(None)),
        (All, "§13.2 [Reject(603)]", &["[Reject(603)]", "reject --code 603"], reject(Some(603))),
        (All, "§13.5 hold", &["hold", "[Hold]", "action:hold"], command(Command::Hold { call: None })),
        (All, "§8.2 msip:hold", &["msip:hold", "hold --toggle"], command(Command::ToggleHold { call: None })),
        (All, "§13.2 unhold", &["resume", "unhold", "action:unhold"], command(Command::Resume { call: None })),
        (
            All,
            "§13.5 transfer",
            &["/transfer:200", "transfer 200", "msip:transfer_200", "[Transfer(200)]", "transfer:200"],
            transfer("200"),
        ),
        (
            All,
            "§13.5 dtmf",
            &["/dtmf:12#", "dtmf 12#", "dtmf:12#", "[SendDTMF(12#)]", "action:dtmf?digits=12#"],
            digits("12#"),
        ),
        (All, "§8.2 /dtmf:…?", &["/dtmf:12?", "dtmf:12?"], face(FaceAsk::Digits { digits: "12".into() })),
        (All, "§8.2 msip:micmute", &["msip:micmute", "mute", "mute mic", "[Mute]", "action:mute"], mute(Mic)),
        (All, "§8.2 msip:micunmute", &["msip:micunmute", "unmute mic", "action:unmute"], unmute(Mic)),
        (All, "§8.2 msip:speakmute", &["msip:speakmute", "mute speaker", "volume mute"], mute(Speaker)),
        (All, "§8.2 msip:speakunmute", &["msip:speakunmute", "volume unmute"], unmute(Speaker)),
        (All, "§8.2 msip:micmuteclick", &["msip:micmuteclick", "mute --toggle"], toggle(Mic)),
        (All, "§8.2 msip:speakmuteclick", &["msip:speakmuteclick"], toggle(Speaker)),
        (All, "§8.2 msip:micup", &["msip:micup", "volume mic +5"], volume(Mic, VolumeChange::By(5))),
        (All, "§8.2 msip:micdown", &["msip:micdown"], volume(Mic, VolumeChange::By(-5))),
        (All, "§8.2 msip:speakup", &["msip:speakup", "[VolumeUp]", "volume +5"], volume(Speaker, VolumeChange::By(5))),
        (
            All,
            "§8.2 msip:speakdown",
            &["msip:speakdown", "[VolumeDown]", "volume -5"],
            volume(Speaker, VolumeChange::By(-5)),
        ),
        (
            All,
            "§13.1 volume",
            &["volume 80", "[SetVolume(80)]", "action:volume?level=80"],
            volume(Speaker, VolumeChange::To(80)),
        ),
        (
            All,
            "§13.2 SetDevice",
            &["[SetDevice(output,Headset)]", "device output Headset", "action:setdevice?kind=output&name=Headset"],
            device(SoundDevice::Output, "Headset"),
        ),
        (
            All,
            "§13.2 SetDevice",
            &["[SetDevice(Mic, USB Headset (2), Box)]", "device input USB Headset (2), Box"],
            device(SoundDevice::Input, "USB Headset (2), Box"),
        ),
        (All, "§13.2 SetDevice", &["[SetDevice(ring,default)]"], device(SoundDevice::Ring, "")),
        (All, "§13.1 volume mic", &["volume mic 80", "[SetMicVolume(80)]"], volume(Mic, VolumeChange::To(80))),
        (All, "§13.5 show", &["show", "restore", "show normal", "action:show"], face(FaceAsk::Show)),
        (
            All,
            "§13.5 hide",
            &["hide", "/hide", "minimize", "msip:minimize", "action:hide", "[Hide]"],
            face(FaceAsk::Hide),
        ),
        (All, "§8.2 /minimized", &["/minimized", "show minimized"], Some(Request::Background { silent: false })),
        (All, "§13.4 /hidden", &["/hidden", "show hidden"], Some(Request::Background { silent: true })),
        (All, "§13.1 call alone", &["call", "[Call]"], face(FaceAsk::Fill { number: String::new() })),
        (
            All,
            "§13.5 account",
            &["/account:2", "account 2", "action:account?account=2"],
            command(Command::SelectAccount { account: "2".into() }),
        ),
        (All, "§16 /account:2 100", &["/account:2 100", "100 /account:2", "/account:2 call 100"], with("2")),
        (All, "§8.2 /account: /password:", &["/account:2 /password:pw"], password(Some("2"))),
        (All, "§8.2 /password:", &["/password:pw"], password(None)),
        (All, "§13.5 exit", &["/exit", "exit", "quit", "[Close]", "action=exit"], command(Command::Exit)),
        (All, "§13.5 status", &["status", "[Status]", "action=status"], Some(Request::Status { format: None })),
        (All, "§13.2 ready", &["ready", "action=ready"], Some(Request::Ready)),
        (All, "§13.2 subscribe", &["subscribe", "watch"], Some(Request::Watch { name: None })),
        (All, "§13.1 message", &["message 100 hello there"], text("100", "hello there")),
        (
            All,
            "links",
            &["url tel:+49-40-1", "action:url?uri=tel:+49-40-1"],
            face(FaceAsk::Fill { number: "+49-40-1".into() }),
        ),
        (MicroSip, "§8.4 message", &["100 hello there"], text("100", "hello there")),
        (MicroSip, "§8.3 a user called bob", &["bob"], number("bob")),
    ]
}

#[test]
fn every_spelling_means_the_same_on_every_carrier() {
    for (on, fact, spellings, meant) in rows() {
        for line in spellings {
            let told = [
                ("socket", socket(line), on != On::MicroSip),
                ("message", message(line), true),
                ("quoted message", message(&format!("\"{line}\"")), !line.starts_with('{')),
                ("tuiphone", program("tuiphone", line), on == On::All),
                ("microsip", program("/opt/MicroSIP.exe", line), on != On::Lines),
                ("microsip, quoted", quoted("microsip", line), on == On::MicroSip),
            ];
            for (carrier, given, _) in told.into_iter().filter(|(.., counts)| *counts) {
                assert_eq!(given, meant, "{fact}: {line} on {carrier}");
            }
        }
    }
}

#[test]
fn a_scheme_alone_keeps_its_number() {
    for (line, target) in [("sip:600", "sip:600"), ("SIP:600", "SIP:600"), ("dialpad:600", "dialpad:600")] {
        assert_eq!((socket(line), program("tuiphone", line)), (number(target), number(target)), "{line}");
    }
    assert_eq!(program("tuiphone", "-- answer"), number("answer"), "§13.1: a user who is called like a verb");
    assert_eq!(program("tuiphone", "call answer"), number("answer"));
    assert_eq!(socket("sip:answer"), number("sip:answer"));
}

/// §13.1: what nobody knows is refused, and dialled only where the settings say so.
#[test]
fn what_nobody_knows_is_not_dialled() {
    for line in ["/dnd", "/call:1", "/hangup", "--nonsense", "--call2 1", "/transfer", "/answer:1"] {
        assert_eq!((socket(line), message(line)), (None, None), "{line}");
        for name in ["tuiphone", "microsip"] {
            assert_eq!(program(name, line), None, "{line}");
        }
    }
    for line in ["bob", "100 hello"] {
        assert_eq!((socket(line), program("tuiphone", line)), (None, None), "{line}");
    }
    // Nor is what has a control character obeyed, wherever it stands.
    for line in ["6\u{7}00", "call 6\t00", "message 100 a\u{1b}[2Jb", "[Dial(600\r)]", "dtmf\u{85}1"] {
        let told = [spelling::parse(line), spelling::microsip_line(line, true)].map(|read| read.request.ok());
        assert_eq!(told, [None, None], "{line:?}");
    }
    assert_eq!(spelling::microsip_line("/dnd", true).request.ok(), number("/dnd"));
    assert_eq!(spelling::microsip_line("--call2 1", true).request.ok(), text("--call2", "1"));
    let refusal = args::read(["tuiphone", "--nonsense"].map(Into::into));
    assert!(matches!(refusal, Err(args::Refusal::Unknown(_))), "{refusal:?}");
    let refusal = args::read(["tuiphone", "volume", "300"].map(Into::into));
    assert!(matches!(refusal, Err(args::Refusal::Usage(_))), "{refusal:?}");
}

/// §13.1, §13.2: what only the command line has.
#[test]
fn the_command_line_has_words_of_its_own() {
    let job = |line: &str| args::parse(std::iter::once("tuiphone").chain(line.split(' ')).map(Into::into)).unwrap().job;
    assert!(matches!(job("/reset"), Job::Reset { unasked: false }));
    assert!(matches!(job("/resetnoask"), Job::Reset { unasked: true }));
    assert!(matches!(job("url --install"), Job::Links(Links::Install)));
    assert!(matches!(job("url --uninstall"), Job::Links(Links::Uninstall)));
    assert!(matches!(job("/?"), Job::Print(_)));
    for line in
        ["dde [Hangup(c2)] --service MicroSIP --topic control", "dde --service=MicroSIP --topic=control Hangup(c2)"]
    {
        assert_eq!(program("tuiphone", line), hangup(HangupWhich::Call("c2".into())), "{line}");
    }
    for (line, silent) in [("--show minimized", false), ("--show hidden", true)] {
        assert_eq!(program("tuiphone", line), Some(Request::Background { silent }), "{line}");
    }
    assert_eq!(program("tuiphone", "--hide"), Some(Request::Face(FaceAsk::Hide)));
    let given = args::parse(["tuiphone", "--dialplan", "9,<.*>", "600"].map(Into::into)).unwrap();
    assert_eq!(given.options.dial_plan.as_deref(), Some("9,<.*>"));
    let given = args::parse(["tuiphone", "/i:work.ini", "/answer"].map(Into::into)).unwrap();
    assert_eq!(given.options.ini, Some("work.ini".into()));
}

/// Every row of the table is read on the socket in each of its forms, and so is every verb.
#[test]
fn the_table_and_the_reader_agree() {
    for row in SPELLINGS.iter().filter(|row| matches!(row.means, Means::Verb { .. })) {
        for form in row.forms {
            let line = row.written(*form).replace("DIGITS", "1").replace("NUMBER", "600").replace("(N)", "(50)");
            assert!(socket(&line).is_some(), "{line}");
            if *form != Form::Action {
                assert!(message(&line).is_some(), "{line}");
            }
        }
    }
    for verb in VERBS {
        for line in
            [format!("{{\"verb\":\"{}\"}}", verb.name), format!("action={}", verb.name), format!("[{}]", verb.name)]
        {
            let read = spelling::parse(&line);
            let why = read.request.err().map(|why| why.message).unwrap_or_default();
            assert!(!why.contains("no such verb"), "{line}: {why}");
        }
    }
}
