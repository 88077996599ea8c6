//! MicroSIP's own words, and every other spelling that is no verb's name: a row each. The parser of lines, the command
//! line and the page `help microsip` read it.

use crate::control::verb;

/// Where a spelling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `/answer`, `/dtmf:12`: MicroSIP's command line.
    Slash,
    /// `msip:hold`, `msip:transfer_600`.
    Msip,
    /// `hangupincoming`, `dtmf:12`: a word of a line; the name of a verb in JSON.
    Word,
    /// `[VolumeUp]`, `[SetVolume(40)]`: DDE text.
    Dde,
    /// `action=dial&number=600`, `action:dial?number=600`.
    Action,
    /// `tel:600`: what links begin with.
    Scheme,
}

/// What a spelling stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A verb of the table: parameters it sets, and the one that what stands behind the mark becomes.
    Verb {
        /// The verb's name.
        verb: &'static str,
        /// Parameters and their values.
        sets: &'static [(&'static str, &'static str)],
        /// The parameter that is given.
        value: Option<&'static str>,
    },
    /// An option of the command line; true for one that takes what stands behind the mark.
    Option(&'static str, bool),
    /// Words of the command line, for what no running phone can do.
    Words(&'static [&'static str]),
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelling {
    /// Where it is understood.
    pub forms: &'static [Form],
    /// The word, in lower case, without what marks its form.
    pub name: &'static str,
    /// What it stands for.
    pub means: Means,
    /// One line for people.
    pub doc: &'static str,
}

const fn row(forms: &'static [Form], name: &'static str, means: Means, doc: &'static str) -> Spelling {
    Spelling { forms, name, means, doc }
}
const fn verb(verb: &'static str) -> Means {
    Means::Verb { verb, sets: &[], value: None }
}
const fn set(verb: &'static str, sets: &'static [(&'static str, &'static str)]) -> Means {
    Means::Verb { verb, sets, value: None }
}
const fn given(verb: &'static str, value: &'static str) -> Means {
    Means::Verb { verb, sets: &[], value: Some(value) }
}

const SLASH: &[Form] = &[Form::Slash];
const MSIP: &[Form] = &[Form::Msip];
const DDE: &[Form] = &[Form::Dde];
const SCHEME: &[Form] = &[Form::Scheme];
const EVERYWHERE: &[Form] = &[Form::Slash, Form::Msip, Form::Word, Form::Dde, Form::Action];

/// Every spelling that is no verb's name.
pub static SPELLINGS: &[Spelling] = &[
    row(SLASH, "i", Means::Option("ini", true), "Use this microsip.ini: which phone is meant"),
    row(&[Form::Slash, Form::Msip], "answer", verb("answer"), "Answer the first ringing call"),
    row(&[Form::Slash, Form::Msip], "hangupall", verb("hangupall"), "End every call except ringing incoming ones"),
    row(EVERYWHERE, "hangupincoming", set("hangup", &[("incoming", "true")]), "End ringing incoming calls"),
    row(EVERYWHERE, "hangupcalling", set("hangup", &[("calling", "true")]), "End own calls not answered yet"),
    row(
        &[Form::Slash, Form::Msip, Form::Word],
        "transfer",
        given("transfer", "number"),
        "Hand the call over to this number",
    ),
    row(
        &[Form::Slash, Form::Word],
        "dtmf",
        given("dtmf", "digits"),
        "Send digits; with a ? behind them they are put in the field and wait",
    ),
    row(SLASH, "account", Means::Option("account", true), "Choose the account; with a number only for that call"),
    row(
        SLASH,
        "password",
        Means::Option("password", true),
        "Its password, until the phone ends; others can read it: --password - is better",
    ),
    row(SLASH, "minimized", set("show", &[("how", "minimized")]), "Start in the background and say so"),
    row(SLASH, "hidden", set("show", &[("how", "hidden")]), "Start in the background and say nothing"),
    row(SLASH, "hide", verb("hide"), "Close the interface; the phone goes on"),
    row(SLASH, "reload", verb("reload"), "Read the settings again"),
    row(SLASH, "exit", verb("exit"), "End all calls, un-register and stop the phone"),
    row(SLASH, "reset", Means::Words(&["reset"]), "Move settings, contacts and history to a backup folder; asks first"),
    row(SLASH, "resetnoask", Means::Words(&["reset", "--yes"]), "The same, unasked"),
    row(SLASH, "?", Means::Option("help", false), "Print the help"),
    row(MSIP, "minimize", verb("hide"), "Close the interface; the phone goes on"),
    row(MSIP, "hold", set("hold", &[("toggle", "true")]), "Put the call on hold, or take it back"),
    row(MSIP, "micmute", set("mute", &[("path", "mic")]), "Mute the microphone"),
    row(MSIP, "micunmute", set("unmute", &[("path", "mic")]), "Open the microphone again"),
    row(MSIP, "micmuteclick", set("mute", &[("path", "mic"), ("toggle", "true")]), "Mute the microphone, or open it"),
    row(MSIP, "speakmute", set("mute", &[("path", "speaker")]), "Mute the speaker"),
    row(MSIP, "speakunmute", set("unmute", &[("path", "speaker")]), "Open the speaker again"),
    row(
        MSIP,
        "speakmuteclick",
        set("mute", &[("path", "speaker"), ("toggle", "true")]),
        "Mute the speaker, or open it",
    ),
    row(MSIP, "micup", set("volume", &[("path", "mic"), ("level", "+5")]), "Microphone louder by 5"),
    row(MSIP, "micdown", set("volume", &[("path", "mic"), ("level", "-5")]), "Microphone quieter by 5"),
    row(MSIP, "speakup", set("volume", &[("path", "speaker"), ("level", "+5")]), "Speaker louder by 5"),
    row(MSIP, "speakdown", set("volume", &[("path", "speaker"), ("level", "-5")]), "Speaker quieter by 5"),
    row(
        DDE,
        "setvolume",
        Means::Verb { verb: "volume", sets: &[("path", "speaker")], value: Some("level") },
        "Set the speaker's volume",
    ),
    row(
        DDE,
        "setmicvolume",
        Means::Verb { verb: "volume", sets: &[("path", "mic")], value: Some("level") },
        "Set the microphone's volume",
    ),
    row(DDE, "volumeup", set("volume", &[("path", "speaker"), ("level", "+5")]), "Speaker louder by 5"),
    row(DDE, "volumedown", set("volume", &[("path", "speaker"), ("level", "-5")]), "Speaker quieter by 5"),
    row(SCHEME, "sip", given("call", "number"), "Dial a SIP address or number"),
    row(SCHEME, "sips", given("call", "number"), "Dial a SIP address, over TLS all the way"),
    row(SCHEME, "tel", given("call", "number"), "Dial a telephone number"),
    row(SCHEME, "callto", given("call", "number"), "Dial"),
    row(SCHEME, "dial", given("call", "number"), "Dial"),
    row(SCHEME, "dialpad", given("call", "number"), "Dial"),
    row(SCHEME, "msip", given("call", "number"), "Dial what is none of its words"),
];

impl Spelling {
    /// It is given something behind its mark.
    pub fn takes_value(&self) -> bool {
        matches!(self.means, Means::Verb { value: Some(_), .. } | Means::Option(_, true))
    }

    /// How it is written in this form: `/dtmf:DIGITS`.
    pub fn written(&self, form: Form) -> String {
        let value = match self.means {
            Means::Verb { value: Some("level"), .. } => "N",
            Means::Verb { value: Some(name), .. } => name,
            Means::Option("ini", true) => "file",
            Means::Option("account", true) => "n",
            Means::Option(name, true) => name,
            Means::Verb { value: None, .. } | Means::Option(_, false) | Means::Words(_) => "",
        };
        let value = value.to_uppercase();
        let marked = |mark: &str| if value.is_empty() { String::new() } else { format!("{mark}{value}") };
        match form {
            Form::Slash => format!("/{}{}", self.name, marked(":")),
            Form::Msip => format!("msip:{}{}", self.name, marked("_")),
            Form::Word => format!("{}{}", self.name, marked(":")),
            Form::Dde if value.is_empty() => format!("[{}]", self.name),
            Form::Dde => format!("[{}({value})]", self.name),
            Form::Action => format!("action={}", self.name),
            Form::Scheme => format!("{}:{value}", self.name),
        }
    }
}

/// The row of a word in this form, in exactly these letters.
pub fn find(form: Form, name: &str) -> Option<&'static Spelling> {
    SPELLINGS.iter().find(|row| row.name == name && row.forms.contains(&form))
}

/// The page that lists them all: every row of this table, then every verb in its other forms.
pub fn page() -> String {
    let mut page = String::from(
        "MicroSIP's words, and what others say in their place. Each works on the command line, behind `microsip`, on the\n\
         control socket and in Windows messages, where it makes sense there.\n",
    );
    let mut section = |title: &str, rows: Vec<(String, &str)>| {
        page += &format!("\n{title}\n");
        for (written, doc) in rows {
            page += &format!("  {written:<40} {doc}\n");
        }
    };
    let of = |form: Form| -> Vec<(String, &str)> {
        let rows = SPELLINGS.iter().filter(|row| row.forms.first() == Some(&form));
        rows.map(|row| {
            let mut forms: Vec<String> = row.forms.iter().map(|form| row.written(*form)).collect();
            forms.truncate(2);
            (forms.join("  "), row.doc)
        })
        .collect()
    };
    section("Words with a slash", of(Form::Slash));
    section("msip: words", of(Form::Msip));
    section("DDE text, also as: tuiphone dde TEXT", of(Form::Dde));
    section("Numbers and links; a link given to `tuiphone url` is only put in the dial field", of(Form::Scheme));
    let verbs = verb::VERBS.iter().filter(|row| row.name != "attach").map(|row| {
        let names: Vec<&str> = std::iter::once(row.name).chain(row.aliases.iter().copied()).collect();
        (names.join(" "), row.doc)
    });
    section("Verbs: NAME ..., [Name(...)], action=NAME&..., action:NAME?..., {\"verb\":\"NAME\",...}", verbs.collect());
    page += "\nNUMBER alone dials. Where MicroSIP would dial a word it does not know, this is an error; to dial it all the\n\
             same: tuiphone -- WORD, or [tuiphone] compat_dial_unknown=1. NUMBER TEXT is a message only behind `microsip`\n\
             and in Windows messages; elsewhere: tuiphone message NUMBER TEXT.";
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_leads_somewhere_and_none_is_written_twice() {
        let mut written = std::collections::BTreeSet::new();
        for row in SPELLINGS {
            assert_eq!(row.name, row.name.to_lowercase());
            for form in row.forms {
                assert!(written.insert(row.written(*form)), "{} twice", row.written(*form));
            }
            if let Means::Verb { verb: name, sets, value } = row.means {
                let verb = verb::find(name).unwrap_or_else(|| panic!("{}: no verb {name}", row.name));
                for param in sets.iter().map(|(param, _)| *param).chain(value) {
                    assert!(verb.params.iter().any(|known| known.name == param), "{}: {name} has no {param}", row.name);
                }
            }
        }
    }

    #[test]
    fn the_page_has_every_row_and_every_verb() {
        let page = page();
        for row in SPELLINGS {
            assert!(page.contains(&row.written(row.forms[0])), "{}", row.name);
        }
        for verb in verb::VERBS.iter().filter(|verb| verb.name != "attach") {
            assert!(page.contains(verb.doc), "{}", verb.name);
        }
        assert!(page.lines().all(|line| !line.ends_with(' ')));
    }
}
