use super::*;

#[test]
fn files_are_told_by_name_and_by_what_they_say() {
    use Source::{Baresip, Linphone, MicroSip, Twinkle};
    for (name, text, from, form) in [
        ("MicroSIP.ini", "", None, Some(Form::MicroSipIni)),
        ("desk.ini", "[Settings]\nx=1\n", None, Some(Form::MicroSipIni)),
        ("desk.ini", "; mine\n[Account2]\n", None, Some(Form::MicroSipIni)),
        ("a", "SQLite format 3\0...", None, Some(Form::CallLog)),
        ("accounts", "#\n\"A\" <sip:a@b>;regint=0\n", None, Some(Form::BaresipAccounts)),
        ("contacts", "<sip:a@b>\n", None, Some(Form::BaresipContacts)),
        ("work.cfg", "# USER\nuser_name=1\n", None, Some(Form::TwinkleProfile)),
        ("twinkle.ab", "", None, Some(Form::TwinkleAddressBook)),
        (".linphonerc", "", None, Some(Form::LinphoneRc)),
        ("x", "[sip]\nsip_port=1\n[proxy_0]\n", None, Some(Form::LinphoneRc)),
        ("notes.txt", "hello\n", None, None),
        ("notes.txt", "hello\n", Some(Baresip), Some(Form::BaresipAccounts)),
        ("microsip.ini", "[proxy_0]\n", Some(Linphone), Some(Form::LinphoneRc)),
        ("Contacts.xml", "<contacts/>", Some(MicroSip), Some(Form::ContactsXml)),
        ("my.ab", "", Some(Twinkle), Some(Form::TwinkleAddressBook)),
    ] {
        assert_eq!(Form::of(name, text.as_bytes(), from), form, "{name} {text:?}");
    }
    assert!(Source::ALL.iter().all(|source| Source::of_word(source.word()) == Some(*source)));
}

#[test]
fn what_is_too_long_is_refused_and_what_is_odd_is_bounded() {
    let long = vec![b'x'; MAX_TEXT_BYTES + 1];
    for form in [Form::BaresipAccounts, Form::TwinkleProfile, Form::TwinkleAddressBook, Form::LinphoneRc] {
        assert_eq!(read(form, &long, false), Err(ImportError::TooLong(MAX_TEXT_BYTES)), "{form:?}");
    }
    let odd = "nonsense\n".repeat(10_000);
    let found = read(Form::BaresipContacts, odd.as_bytes(), false).unwrap();
    assert_eq!((found.notes.len(), found.contacts.len()), (MAX_NOTES + 1, 0));
    let broken = read(Form::BaresipAccounts, b"<sip:a%0ab@d>;auth_pass=x\n<sip:1@d>\n", false).unwrap();
    assert_eq!(
        (broken.accounts.len(), broken.notes.as_slice()),
        (1, &["a b@d is left out: it holds what no line of an ini file can".to_owned()][..])
    );
    let line = format!("<sip:u@d>;x={}\n", "y".repeat(MAX_LINE_BYTES));
    assert_eq!(read(Form::BaresipAccounts, line.as_bytes(), false).unwrap(), Found::default());
}

mod fuzz {
    use super::*;
    use proptest::prelude::*;

    const FORMS: [Form; 7] = [
        Form::MicroSipIni,
        Form::ContactsXml,
        Form::BaresipAccounts,
        Form::BaresipContacts,
        Form::TwinkleProfile,
        Form::TwinkleAddressBook,
        Form::LinphoneRc,
    ];

    /// Pieces that the readers look for, and rubbish between them.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(vec![
                "<sip:",
                "a@b",
                ">",
                ";auth_pass=",
                "\"",
                "\\",
                "|",
                "\n",
                "=",
                "[proxy_0]\n",
                "reg_identity=",
                "sips:",
                "[Account1]\n",
                "domain=",
                "user_name=",
                "user_domain=",
                "[Contacts]\n0=",
                ";",
                ":",
                "@",
                "regint=",
                ",",
            ])
            .prop_map(str::to_owned),
            "\\PC{0,6}",
        ]
    }

    proptest! {
        #[test]
        fn nothing_ends_a_reader(pieces in proptest::collection::vec(piece(), 0..40), bytes in any::<Vec<u8>>()) {
            let text = pieces.concat();
            for form in FORMS {
                if let Ok(found) = read(form, text.as_bytes(), false) {
                    let mut main = Document::default();
                    let plan = Plan::new([found], &main, &[]).map_err(TestCaseError::fail)?;
                    let _ = plan.write(&mut main, true);
                }
                let _ = read(form, &bytes, true);
                let _ = Form::of("x", &bytes, None);
            }
        }
    }
}
