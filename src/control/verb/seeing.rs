//! The verb that shows what goes over the wire.

use super::{Request, TraceForm, Values, VerbRow, flag, option};
use crate::control::{TraceAsk, TraceDepth};

pub(super) const TRACE: VerbRow = VerbRow {
    name: "trace",
    aliases: &[],
    params: &[
        option("last", "So many of the last messages; with --follow those to come as well"),
        flag("follow", "Those to come, as without --last"),
        option("call", "Only those of this call: its id, such as c1, or its Call-ID"),
        option("method", "Only those of this method, such as INVITE, and the answers to them"),
        option("account", "Only those of this account"),
        flag("body", "With their bodies, as without --no-body"),
        flag("no-body", "Without their bodies"),
        flag("rtp", "The headers of packets of sound too, and reports about it"),
        flag("audio", "Packets of sound as a whole: what is said can be heard from them"),
        flag("data", "In JSON each message byte for byte too, in base64"),
        flag("short", "A line each"),
        flag("ladder", "Arrows between the phone and its peers"),
        flag("mermaid", "The same as a diagram for Mermaid"),
        option("pcap", "Into this file, for Wireshark; - = standard output"),
    ],
    doc: "Show SIP messages as they come and go, without secrets",
    examples: &[
        ("tuiphone trace", "Every message as it comes and goes"),
        ("tuiphone trace --last 200 --call c1 --ladder", "What a call was made of"),
        ("tuiphone trace --last 20 --method REGISTER --short", "A line each"),
        ("tuiphone trace --rtp --pcap call.pcapng", "For Wireshark, TLS or not"),
    ],
    key: None,
    make: trace,
};

fn trace(v: &Values) -> Result<Request, String> {
    let last = v.number("last", 1, u16::MAX)?.map(usize::from);
    let pcap = v.text("pcap");
    let forms = [
        (v.flag("short"), TraceForm::Short),
        (v.flag("ladder"), TraceForm::Ladder),
        (v.flag("mermaid"), TraceForm::Mermaid),
        (pcap.is_some(), TraceForm::Pcap(pcap.unwrap_or_default())),
    ];
    let mut forms = forms.into_iter().filter(|(is_meant, _)| *is_meant).map(|(_, form)| form);
    let form = forms.next().unwrap_or_default();
    if forms.next().is_some() {
        return Err("a trace is written in one form at a time".into());
    }
    let sound = match (v.flag("rtp"), v.flag("audio")) {
        (_, true) => Some(TraceDepth::Whole),
        (true, false) => Some(TraceDepth::Header),
        (false, false) => None,
    };
    let follow = v.flag("follow") || last.is_none();
    if sound.is_some() && !follow {
        return Err("packets of sound are not remembered: --rtp and --audio go with --follow".into());
    }
    if sound.is_some() && matches!(form, TraceForm::Ladder | TraceForm::Mermaid) {
        return Err("packets of sound are too many for a diagram".into());
    }
    if v.flag("body") && v.flag("no-body") {
        return Err("either --body or --no-body".into());
    }
    let data = v.flag("data") || matches!(form, TraceForm::Pcap(_));
    let (call, method, account) = (v.text("call"), v.text("method"), v.text("account"));
    let ask = TraceAsk { last, follow, call, method, account, no_body: v.flag("no-body"), data, sound };
    Ok(Request::Trace { ask, form })
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn parse(line: &str) -> Result<(TraceAsk, TraceForm), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match find("trace").expect("a verb").parse_words(&words)? {
            Request::Trace { ask, form } => Ok((ask, form)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_become_a_trace() {
        let live = TraceAsk { follow: true, ..TraceAsk::default() };
        let last = TraceAsk { last: Some(20), ..TraceAsk::default() };
        let some = |text: &str| Some(text.to_owned());
        for (line, ask, form) in [
            ("", live.clone(), TraceForm::Full),
            ("--last 20", last.clone(), TraceForm::Full),
            ("--last 20 --follow --short", TraceAsk { follow: true, ..last.clone() }, TraceForm::Short),
            ("--last=20 --ladder", last.clone(), TraceForm::Ladder),
            ("--mermaid --no-body", TraceAsk { no_body: true, ..live.clone() }, TraceForm::Mermaid),
            (
                "--call c1 --method INVITE --account 2",
                TraceAsk { call: some("c1"), method: some("INVITE"), account: some("2"), ..live.clone() },
                TraceForm::Full,
            ),
            (
                "--rtp --pcap x.pcapng",
                TraceAsk { sound: Some(TraceDepth::Header), data: true, ..live.clone() },
                TraceForm::Pcap("x.pcapng".into()),
            ),
            ("--audio", TraceAsk { sound: Some(TraceDepth::Whole), ..live }, TraceForm::Full),
        ] {
            assert_eq!(parse(line), Ok((ask, form)), "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (line, why) in [
            ("--short --ladder", "one form at a time"),
            ("--body --no-body", "either --body or --no-body"),
            ("--last 5 --rtp", "go with --follow"),
            ("--rtp --ladder", "too many for a diagram"),
            ("--last 0", "last is a number from 1"),
            ("c1", "one word too many"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
