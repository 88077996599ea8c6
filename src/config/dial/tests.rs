//! Numbers as people type them.

use super::*;
use crate::config::DialPlan;
use proptest::prelude::*;

fn account(settings: &[(&str, &str)]) -> Account {
    let mut account = Account { domain: "pbx.example.net".to_owned(), ..Account::new(AccountId(1)) };
    for &(key, value) in settings {
        match key {
            "dialingPrefix" => account.dialing_prefix = value.to_owned(),
            "dialPlan" => account.dial_plan = DialPlan::kept(value),
            "rewrite1" | "rewrite2" => {
                let place = if key == "rewrite1" { 1 } else { 2 };
                assert_eq!(account.rewrite_rules.set(place, value), None);
            }
            "transport" => account.transport = value.to_owned(),
            "domain" => account.domain = value.to_owned(),
            other => panic!("{other}"),
        }
    }
    account
}

fn uri(typed: &str, settings: &[(&str, &str)]) -> Result<String, DialError> {
    dial(typed, &account(settings)).map(|target| target.uri)
}

#[test]
fn numbers_become_addresses() {
    let plan = "[2-9]xx|*xx|+x.";
    for (settings, typed, expected) in [
        (&[][..], "100", "sip:100@pbx.example.net"),
        (&[], "(555) 010-0.1", "sip:55501001@pbx.example.net"),
        (&[], "bob.smith", "sip:bob.smith@pbx.example.net"),
        (&[], "+1 (555) 010", "sip:+1555010@pbx.example.net"),
        (&[], "sip:carol@other.org", "sip:carol@other.org"),
        (&[], "SIPS:carol@other.org:5061", "sips:carol@other.org:5061"),
        (&[], "carol@other.org", "sip:carol@other.org"),
        (&[], "callto://5550123/", "sip:5550123@pbx.example.net"),
        (&[], "tel:+49-12", "sip:+4912@pbx.example.net;user=phone"),
        (&[], "TEL:+49-(12);phone-context=x", "sip:+4912;phone-context=x@pbx.example.net;user=phone"),
        (&[], "dial:100", "sip:100@pbx.example.net"),
        (&[], "*97", "sip:*97@pbx.example.net"),
        (&[], "123#", "sip:123%23@pbx.example.net"),
        (&[], "müller", "sip:m%C3%BCller@pbx.example.net"),
        (&[], "800,", "sip:800,@pbx.example.net"),
        (&[], "100;user=phone", "sip:100@pbx.example.net;user=phone"),
        (&[], "\"Smith, Bob\" <sip:bob@other.org>", "sip:bob@other.org"),
        (&[], "<sip:bob@[2001:db8::1]:5070;lr>", "sip:bob@[2001:db8::1]:5070;lr"),
        (&[], "<tel:+49-12;phone-context=x>", "sip:+4912;phone-context=x@pbx.example.net;user=phone"),
        (&[("transport", "tls")], "100", "sip:100@pbx.example.net;transport=tls"),
        (&[("transport", "tls")], "100?X-A=1", "sip:100@pbx.example.net;transport=tls"),
        (&[("transport", "tcp")], "carol@other.org;transport=udp", "sip:carol@other.org;transport=udp"),
        (&[("transport", "tls")], "sips:carol@other.org", "sips:carol@other.org"),
        (&[("transport", "tcp")], "<sip:carol@other.org>", "sip:carol@other.org"),
        (&[("transport", "")], "100", "sip:100@pbx.example.net"),
        (&[("domain", "pbx.example.net:5071")], "100", "sip:100@pbx.example.net:5071"),
        (&[("dialingPrefix", "0")], "100", "sip:100@pbx.example.net"),
        (&[("dialingPrefix", "0")], "5550123", "sip:05550123@pbx.example.net"),
        (&[("dialingPrefix", "00")], "+49123456", "sip:0049123456@pbx.example.net"),
        (&[("dialingPrefix", "0")], "operator", "sip:operator@pbx.example.net"),
        (&[("dialPlan", "<:9>xxxxxxx")], "5551234", "sip:95551234@pbx.example.net"),
        (&[("dialPlan", "<:9>xxxxxxx"), ("dialingPrefix", "1")], "555-123", "sip:91555123@pbx.example.net"),
        (&[("dialPlan", plan)], "234", "sip:234@pbx.example.net"),
        (&[("dialPlan", plan)], "<sip:100@other.org>", "sip:100@other.org"),
        (&[("dialPlan", plan)], "*72", "sip:*72@pbx.example.net"),
        (&[("dialPlan", plan)], "+4912", "sip:+4912@pbx.example.net"),
        (&[("dialPlan", "<8:+7>xxxxxxxxxx")], "89161234567", "sip:+79161234567@pbx.example.net"),
        (&[("dialPlan", "x.<#:>")], "123#", "sip:123@pbx.example.net"),
        (&[("dialPlan", "xxxx")], "bobb", "sip:bobb@pbx.example.net"),
        (&[("dialPlan", "9,<.*>")], "(555) 12-34", "sip:95551234@pbx.example.net"),
        (&[("dialPlan", r"9,<\d{7}>")], "5551234", "sip:95551234@pbx.example.net"),
        (&[("dialPlan", r"9,<\d{7}>")], "100", "sip:100@pbx.example.net"),
        (&[("dialPlan", "9,<.*>")], "carol@other.org", "sip:carol@other.org"),
        (&[("dialPlan", "9,<.*>"), ("dialingPrefix", "0")], "+4930", "sip:904930@pbx.example.net"),
        (
            &[("rewrite1", r"^(?:\+7|8)?(\d{10})$ => 8$1"), ("rewrite2", "^8 => 98")],
            "9161234567",
            "sip:989161234567@pbx.example.net",
        ),
        (&[("rewrite1", r"[^\d+]+ =>")], "call me: 555 01-02", "sip:5550102@pbx.example.net"),
        (&[("rewrite1", r"[^\d+]+ =>")], "carol@other.org", "sip:carol@other.org"),
        (&[("rewrite1", r"[^\d+]+ =>")], "<sip:carol@other.org>", "sip:carol@other.org"),
        (&[("rewrite1", "^boss$ => 100@other.org"), ("dialingPrefix", "0")], "boss", "sip:100@other.org"),
    ] {
        assert_eq!(uri(typed, settings).as_deref(), Ok(expected), "{typed} with {settings:?}");
    }
}

#[test]
fn what_cannot_be_called_says_why() {
    for (settings, typed, why) in [
        (&[][..], "", "there is no number to call"),
        (&[], " - ", "there is no number to call"),
        (&[], "sip:", "there is no number to call"),
        (&[], "sip::", "there is no number to call"),
        (&[], "@host", "there is no number to call"),
        (&[], ":secret@host", "there is no number to call"),
        (&[], "1\u{7}2", "an address cannot contain '\\u{7}'"),
        (&[], "bob@", "\"\" is not a host"),
        (&[], "bob@a b", "\"a b\" is not a host"),
        (&[], "<http://x>", "addresses of the kind \"http\" cannot be called; sip:, sips: and tel: can"),
        (&[], "bob@x;method=REFER", "an address may not set \"method\""),
        (&[], "bob@x?Route=evil", "an address may not set \"Route\""),
        (&[], "bob@x?X-A=%0D%0AVia: y", "an address cannot contain '\\r'"),
        (&[], "800,call me", "\"callme\" are no DTMF digits"),
        (&[("dialPlan", "[2-9]xx")], "134", "the dial plan \"[2-9]xx\" has no rule for \"134\""),
        (&[("dialPlan", "<:9>xxxxxxx")], "55512345", "the dial plan \"<:9>xxxxxxx\" has no rule for \"55512345\""),
        (&[("rewrite1", ".* =>")], "1", "there is no number to call"),
        (
            &[("rewrite1", "1 => 111111111"), ("rewrite2", "1 => 11111111111111111111")],
            &"1".repeat(100),
            "the number is longer than 1024 characters",
        ),
        (&[("domain", "")], "100", "\"100\" needs a host, as no account gives one; dial 100@HOST"),
    ] {
        assert_eq!(uri(typed, settings).map_err(|error| error.to_string()), Err(why.to_owned()), "{typed:?}");
    }
    assert_eq!(uri(&"1".repeat(MAX_TYPED + 1), &[]), Err(DialError::TooLong));
    let broken = uri("1", &[("dialPlan", "9,<(>")]).map_err(|error| error.to_string()).unwrap_err();
    assert!(
        broken.starts_with("the dial plan \"9,<(>\" cannot be read: the expression ( cannot be used: "),
        "{broken}"
    );
}

#[test]
fn every_step_is_told_with_the_rule_that_took_it() {
    let settings =
        [("rewrite1", "^00 => +"), ("rewrite2", "x =>"), ("dialingPrefix", "7"), ("dialPlan", "[2-6]xx|<7:8>x.")];
    for (typed, steps) in [
        (
            "00 (49) 30,12#",
            "digits 12#; rewrite ^00 => +: + (49) 30; cleaned +4930; prefix 7: 74930; plan <7:8>x.: 84930; \
             address sip:84930@pbx.example.net",
        ),
        ("234", "plan [2-6]xx: 234; address sip:234@pbx.example.net"),
        ("134", ""),
        ("5-0", "cleaned 50"),
        ("<sip:bob@other.org?Route=x>", "complete sip:bob@other.org?Route=x"),
        ("<sip:bob@other.org>", "complete sip:bob@other.org; address sip:bob@other.org"),
    ] {
        let way = way(typed, &account(&settings));
        let told = way.steps.iter().map(|step| {
            let rule = step.rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default();
            format!("{} {rule}{}", step.stage.word(), step.result)
        });
        assert_eq!(told.collect::<Vec<_>>().join("; "), steps, "{typed}");
        assert_eq!(way.outcome, dial(typed, &account(&settings)), "{typed}");
        assert_eq!(way.outcome.is_ok(), steps.contains("address"), "{typed}");
    }
    let local = way("sip:bob@192.0.2.1", &Account::new(AccountId(0)));
    assert_eq!(
        local.steps.first().map(|step| (step.stage, step.result.as_str())),
        Some((Stage::Direct, "bob@192.0.2.1"))
    );
}

#[test]
fn digits_after_a_comma_wait_for_the_answer() {
    for (typed, expected) in [
        ("800", ""),
        ("800,1234#,5", ",1234#,5"),
        ("800,1234#,,5", ",1234#,,5"),
        ("800, 12 34", ",1234"),
        (",800", ""),
        ("<sip:800@x>,12", ",12"),
    ] {
        assert_eq!(dial(typed, &account(&[])).unwrap().dtmf, expected, "{typed}");
    }
}

#[test]
fn harmless_headers_are_passed_on() {
    let target = dial("100?X-Queue=a%20b&subject=Hi", &account(&[])).unwrap();
    let expected = [("X-Queue", "a b"), ("subject", "Hi")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!((target.uri.as_str(), target.headers.as_slice()), ("sip:100@pbx.example.net", &expected[..]));
}

#[test]
fn the_local_account_takes_addresses_as_they_are() {
    let local = Account { dial_plan: DialPlan::kept("9xx"), ..Account::new(AccountId(0)) };
    for (typed, expected) in [
        ("192.0.2.1", Some("sip:192.0.2.1")),
        ("sip:bob@192.0.2.1:5070", Some("sip:bob@192.0.2.1:5070")),
        ("100@[2001:db8::1]", Some("sip:100@[2001:db8::1]")),
        ("100", None),
    ] {
        assert_eq!(dial(typed, &local).ok().map(|target| target.uri).as_deref(), expected, "{typed}");
    }
}

#[test]
fn addresses_by_number_go_out_directly() {
    for (typed, direct) in [
        ("100", false),
        ("100@192.0.2.1", true),
        ("sip:100@192.0.2.9:5060", false),
        ("<sip:100@[::1]>", true),
        ("x@localhost;lr,1", true),
        ("x@example.net", false),
    ] {
        assert_eq!(is_direct(typed, &account(&[("domain", "192.0.2.9")])), direct, "{typed}");
    }
}

#[test]
fn command_lines_may_escape_blank_and_plus() {
    assert_eq!(uri(&decode_argument("tel:%2B49%2012"), &[]).as_deref(), Ok("sip:+4912@pbx.example.net;user=phone"));
    assert_eq!(decode_argument("a%2bb%41"), "a+b%41");
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(36), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_dialled_is_one_clean_line(typed in "[ -~ä\r\n]{0,30}|<?sips?:[ -~ä]{0,12}@[a-z.]{1,8}[;?=a-zA-Z0-9-]{0,12}>?") {
        is_direct(&typed, &account(&[]));
        if let Ok(target) = dial(&typed, &account(&[])) {
            prop_assert!(target.uri.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b)), "{}", target.uri);
        }
    }
}
