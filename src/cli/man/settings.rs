//! tuiphone(5): every key of microsip.ini.

use super::roff::Roff;
use super::{DATE, Page};
use crate::cli::settings_page::{self, SECTIONS};
use crate::config::schema::{self, Row};

/// tuiphone(5).
pub(super) fn page() -> Page {
    let mut page = Roff::new("tuiphone", 5, DATE, "File Formats");
    page.section("NAME");
    page.name("tuiphone", "the keys of microsip.ini");
    page.section("DESCRIPTION");
    page.paragraph(
        "The settings and accounts of tuiphone stand in an ini file that MicroSIP reads as well. The file is the one that \
         --ini or TUIPHONE_INI names, else the first microsip.ini there is of these folders: the working directory, the \
         program's, ~/.config/tuiphone, MicroSIP's own. What stands in override.ini beside it goes before.",
    );
    page.paragraph(settings_page::ABOUT);
    page.section("EXAMPLES");
    page.verbatim(&["[Settings]", "accountId=1", "", "[Account1]", "server=pbx.example.net", "domain=pbx.example.net"]);
    page.verbatim(&["username=101", "SRTP=optional", "", "[tuiphone]", "watch=102 103"]);
    for (section, heading, about) in SECTIONS {
        page.section(heading);
        page.paragraph(&capital(&format!("{about}.")));
        for row in Row::of(section) {
            page.term(row.key, &format!("{} ({}).", row.doc.trim_end_matches('.'), settings_page::form(row)));
        }
    }
    page.section("KEPT, NOT USED");
    page.paragraph(settings_page::ABOUT_KEPT);
    for kept in schema::all_kept() {
        let keys = kept.keys.join(" ");
        page.term(&format!("{} {keys}", settings_page::heading(kept.section)), &format!("{}.", kept.why));
    }
    page.section("SEE ALSO");
    page.paragraph("tuiphone(1), tuiphone-config(1), tuiphone-import(1)");
    Page::new("tuiphone", 5, page)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
