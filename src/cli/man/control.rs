//! tuiphone-control(7): how programs talk to a phone that runs.

use super::roff::Roff;
use super::{DATE, Page};
use crate::control::ExitCode;
use crate::control::kind::KINDS;
use crate::control::schema::{self, LineRow};
use crate::control::spelling::MAX_LINE;
use crate::control::spelling::table::SPELLINGS;
use crate::control::verb::{Param, ParamKind, VERBS, VerbRow};

const _: () = assert!(MAX_LINE == 64 * 1024, "the page says so");

/// tuiphone-control(7).
pub(super) fn page() -> Page {
    let mut page = Roff::new("tuiphone-control", 7, DATE, "Miscellaneous");
    page.section("NAME");
    page.name("tuiphone-control", "how programs talk to a phone that runs");
    page.section("DESCRIPTION");
    page.paragraph(
        "A phone listens on a socket of the file system that its owner alone may open; on Windows it is a named pipe. Its \
         place is $XDG_RUNTIME_DIR/tuiphone/PROFILE.sock, unless --socket or TUIPHONE_SOCKET says otherwise. A request \
         is a line, and so is its reply, in the order of the requests. The connection stays for as many as there are. A \
         line has 64 KiB at most and is UTF-8; one that cannot be read gets an error. Who does not read what it is sent \
         is dropped.",
    );
    page.section("EXAMPLES");
    page.verbatim(&[
        r#"{"verb":"call","number":"600","id":7}"#,
        r#"{"v":1,"id":7,"verb":"call","ok":true,"call":{"id":"c1", ...}}"#,
        "hangup c1",
        r#"{"v":1,"verb":"hangup","ok":true}"#,
        "hangup",
        r#"{"v":1,"verb":"hangup","ok":false,"error":{"code":5,"kind":"no_call","message":"...","hint":null}}"#,
    ]);
    page.section("REQUESTS");
    page.paragraph(
        "JSON, as above: what stands in the table of verbs as a parameter is a key. The words of the command line: call \
         600 --account 2. An action: action=call&number=600, action:dial?number=600. DDE text: [Dial(600)]. And MicroSIP's \
         words, below. A number alone is dialled.",
    );
    page.section("REPLIES");
    page.paragraph(
        "Every reply has v, the version of these shapes, which is 1; id, if the request had one; verb; ok. Where ok is \
         false there is error: its code is an exit code, its kind a word for scripts, its message a sentence, its hint \
         what to do. A request with another v is refused (kind version). Keys may be added to all of this, and none \
         is taken away. tuiphone schema prints the shape of each reply, and of events and requests.",
    );
    page.section("VERBS");
    for row in VERBS {
        page.term(&row.usage(), &about(row));
    }
    page.section("EVENTS");
    page.paragraph(
        "After watch the connection carries events too, a line each, between the replies: v, time (ISO 8601, UTC), event, \
         and what is named here. A program of call --exec reads the same lines on its fd 3, up to the end of its call, and \
         writes requests to its fd 4; a webhook has them as its body; decideIncoming is asked by a call_incoming.",
    );
    schema::events().iter().for_each(|event| line(&mut page, event));
    page.section("FEED");
    page.paragraph(
        "After attach, and after trace of what comes, the connection carries these lines instead, and takes no more \
         requests: v, feed, and what is named here. A trace has sip and rtp alone, attach the others.",
    );
    schema::feeds().iter().for_each(|row| line(&mut page, row));
    page.section("SOUND");
    page.paragraph(
        "After sound the connection carries the sound of the call both ways, s16le mono at the rate that was asked for, to the \
         end of the call. What is said should not run ahead of what is heard. Where the connection ends first, so does the call.",
    );
    page.section("ERRORS");
    page.paragraph("The code of an error, and the kind it has unless one of the narrower words below fits.");
    for code in ExitCode::ALL.iter().filter(|code| **code != ExitCode::Ok) {
        page.term(&format!("{} {}", code.code(), code.kind()), &format!("{}.", code.meaning()));
    }
    for (kind, meaning) in KINDS {
        page.term(kind, &format!("{meaning}."));
    }
    page.section("SCHEMAS");
    page.paragraph(
        "Of each there is a JSON Schema: tuiphone schema NAME. Where ok is false, an answer is an error. Over HTTP \
         /v1/openapi.json has those of what a phone says.",
    );
    for (name, doc) in schema::names() {
        page.term(name, &format!("{doc}."));
    }
    page.section("SPELLINGS");
    page.paragraph("MicroSIP's words, and others that are no verb's name.");
    for row in SPELLINGS {
        let forms: Vec<String> = row.forms.iter().map(|form| row.written(*form)).collect();
        page.term(&forms.join("  "), &format!("{}.", row.doc));
    }
    page.section("SEE ALSO");
    page.paragraph("tuiphone(1), tuiphone-schema(1), tuiphone-watch(1), tuiphone(5)");
    Page::new("tuiphone-control", 7, page)
}

fn line(page: &mut Roff, row: &LineRow) {
    let keys = if row.keys.is_empty() { String::new() } else { format!(" Keys: {}.", row.keys.join(", ")) };
    page.term(&row.name, &format!("{}.{keys}", row.doc.trim_end_matches('.')));
}

fn about(row: &VerbRow) -> String {
    let others = if row.aliases.is_empty() { String::new() } else { format!(" Also: {}.", row.aliases.join(", ")) };
    let params: Vec<String> = row.params.iter().map(param).collect();
    let params = if params.is_empty() { String::new() } else { format!(" {}.", params.join("; ")) };
    format!("{}.{others}{params}", row.doc)
}

fn param(param: &Param) -> String {
    let flag = if param.kind == ParamKind::Flag { " (true)" } else { "" };
    format!("{}{flag}: {}", param.name, param.doc)
}
