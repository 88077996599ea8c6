//! tuiphone-control(7): how programs talk to a phone that runs.

use super::roff::Roff;
use super::{DATE, Page};
use crate::cli::schema;
use crate::control::ExitCode;
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
         and what is named here. After attach it carries state, events and levels instead, and takes no more requests.",
    );
    for event in schema::events() {
        let keys = if event.keys.is_empty() { String::new() } else { format!(" Keys: {}.", event.keys.join(", ")) };
        page.term(&event.name, &format!("{}.{keys}", event.doc.trim_end_matches('.')));
    }
    page.section("ERRORS");
    page.paragraph("The code of an error, and the kind it has unless a narrower word is known (no_call, locked).");
    for code in ExitCode::ALL.iter().filter(|code| **code != ExitCode::Ok) {
        page.term(&format!("{} {}", code.code(), code.kind()), &format!("{}.", code.meaning()));
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
