//! What is no text of the interface, and what is found beside it.

use crate::stage::Stage;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tuiphone::control::verb::VERBS;
use tuiphone::ui::glyphs::UNICODE;
use tuiphone::ui::keymap::Keymap;
use tuiphone::ui::line::commands::WORDS;
use tuiphone::ui::model::Mode;
use tuiphone::ui::view::title::title;

/// Whoever is named has this name.
pub const NAME: &str = "名前";

/// Addresses, files and what a far end says of itself.
const SCENE: &str = "tuiphone pbx example net sip udp tcp tls opus PCMA host home config microsip ini opt override wav fritz box \
    softphone Alice Smith Echo park ringtone videoCodec Ringing Temporarily Unavailable";
/// Signs of units.
const UNITS: &str = "dBFS kHz";
/// Keys of the keyboard, and the letters on the keys of the pad.
const KEYS: &str = "Enter Esc Tab Space Ctrl Alt Shift Down Left Right Home End PgUp PgDn Backspace Delete Insert abc def ghi \
    jkl mno pqrs tuv wxyz";
/// What stands in SIP messages, and in what they are said to be.
const WIRE: &str = "SIP UDP INVITE ACK OPTIONS BYE CSeq Via From branch tag Call Content Type application sdp audio RTP AVP \
    rtpmap telephone event sendrecv sendonly recvonly Proxy Authentication Authorization Required hidden Trying \
    Not Acceptable Here Warning Media type not available Reason cause SDP TLS";

/// What the palette and the help list as it is typed.
pub fn is_typed(word: &str) -> bool {
    is_command(word) || is_key(word)
}

/// What SIP messages are made of.
pub fn is_of_wire(word: &str) -> bool {
    WIRE.split(' ').any(|known| known == word)
}

/// What of a view is data, by the view that is open.
pub fn is_of_view(stage: &Stage, word: &str) -> bool {
    match &stage.model.mode {
        Mode::Ladder(_) => is_of_wire(word),
        Mode::Palette | Mode::Help { .. } | Mode::Sheet => is_typed(word),
        Mode::Settings => is_key(word),
        // Packages of events, and an example.
        Mode::Switchboard => ["dialog", "presence", "set", "watch"].contains(&word),
        _ => false,
    }
}

/// What is no text of the interface.
fn is_data(word: &str) -> bool {
    [SCENE, KEYS, UNITS].iter().any(|known| known.split(' ').any(|known| known == word))
}

/// Words that are typed as they stand: commands, their options, the names of actions.
pub fn is_command(word: &str) -> bool {
    static TYPED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let verbs = VERBS.iter().map(|row| row.usage());
        let acts = Keymap::default().bindings().iter().map(|binding| binding.name.to_owned()).collect::<Vec<_>>();
        let parts =
            |text: String| text.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned).collect::<Vec<_>>();
        let lines = WORDS.iter().flat_map(|word| word.names.iter().chain([&word.takes])).map(|name| (*name).to_owned());
        verbs.chain(acts).chain(lines).flat_map(parts).collect()
    });
    TYPED.contains(word)
}

/// Keys of the settings and their sections.
pub fn is_key(word: &str) -> bool {
    tuiphone::config::schema::rows().any(|row| row.key == word || row.section.name(1).trim_end_matches('1') == word)
}

/// Words of three plain letters or more that are no data.
pub fn plain<'t>(text: &'t str, is_more: &dyn Fn(&str) -> bool) -> Vec<&'t str> {
    // A word that is cut off stands whole on a wider screen.
    let words = text.split(|c: char| !c.is_alphabetic() && c != '…').filter(|word| word.len() >= 3 && word.is_ascii());
    words.filter(|word| !is_data(word) && !is_more(word)).collect()
}

/// What was found, and where.
#[derive(Default)]
pub struct Found(BTreeSet<String>);

impl Found {
    /// Looks at a text.
    pub fn look(&mut self, view: &str, text: &str, is_more: &dyn Fn(&str) -> bool) {
        for line in text.lines() {
            for word in plain(line, is_more) {
                self.0.insert(format!("{word:?} in {view}: {}", line.trim()));
            }
        }
    }

    /// Looks at a screen, and at the title of its window.
    pub fn screen(&mut self, view: &str, stage: &Stage, is_more: &dyn Fn(&str) -> bool) {
        let view = format!("{view}, {}x{}", stage.model.size.0, stage.model.size.1);
        self.look(&view, &stage.screen(), is_more);
        self.look(&format!("title of {view}"), &title(&stage.model, &UNICODE), is_more);
    }

    /// Fails if anything was found.
    pub fn end(self) {
        let found: Vec<String> = self.0.into_iter().collect();
        assert!(found.is_empty(), "plain English:\n  {}\n", found.join("\n  "));
    }
}
