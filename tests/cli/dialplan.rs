//! `dialplan` and the rules of numbers: the way from what is typed to what is called, told and checked.

use super::config::Desk;

#[test]
fn the_way_of_a_number_is_told_rule_by_rule_and_nothing_is_called() {
    let ini = "[Settings]\naccountId=1\n[Account1]\ndomain=pbx.example.net\nusername=u\ndialingPrefix=0\n\
               dialPlan=1xx|<0:9>xxxxxxx|<00:+>x.\n[Account2]\nlabel=Desk\ndomain=d\nusername=v\ndialPlan=9,<\\d+>\n\
               [tuiphone1]\nrewrite1=^ext\\.? => 1\n";
    let desk = Desk::with(ini.as_bytes());
    let told = desk.config(&["dialplan", "555-12 34,7#"]);
    assert_eq!((told.code, told.stderr.as_str()), (0, ""), "{told:?}");
    let rows: Vec<&str> = told.stdout.lines().map(str::trim_end).collect();
    assert_eq!(
        rows,
        [
            "typed        555-12 34,7#",
            "keyed later  7#",
            "cleaned      5551234",
            "with prefix  05551234   by 0",
            "dial plan    95551234   by <0:9>xxxxxxx",
            "called       sip:95551234@pbx.example.net",
        ]
    );
    let told = desk.config(&["dialplan", "ext.23", "--json"]).json();
    let step = |step: &str, rule: Option<&str>, result: &str| serde_json::json!({"step": step, "rule": rule, "result": result});
    let steps = [
        step("rewrite", Some("^ext\\.? => 1"), "123"),
        step("plan", Some("1xx"), "123"),
        step("address", None, "sip:123@pbx.example.net"),
    ];
    assert_eq!(
        (&told["ok"], &told["rule"], &told["uri"]),
        (&true.into(), &"1xx".into(), &"sip:123@pbx.example.net".into())
    );
    assert_eq!(told["steps"], serde_json::Value::from(steps.to_vec()), "{told}");
    let refused = desk.config(&["dialplan", "234", "--json"]);
    let json = refused.json();
    assert_eq!(
        (refused.code, &json["ok"], &json["error"]["kind"]),
        (2, &false.into(), &"bad_number".into()),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("has no rule for \"234\""), "{refused:?}");
    let other = desk.config(&["dialplan", "%2B234", "-a", "Desk", "--json"]).json();
    assert_eq!(
        (&other["account"], &other["uri"], &other["rule"]),
        (&"v@d".into(), &"sip:+234@d".into(), &serde_json::Value::Null)
    );
    let other = desk.config(&["dialplan", "234", "-a", "2", "--json"]).json();
    assert_eq!((&other["uri"], &other["rule"]), (&"sip:9234@d".into(), &"9,<\\d+>".into()));
    assert_eq!(desk.config(&["dialplan", "1", "-a", "7"]).code, 5);
    assert_eq!(desk.config(&["dialplan"]).code, 2);
}

/// What `[tuiphone]` says of every account holds for one of `--user` and `--domain`, too.
#[test]
fn a_session_account_dials_by_the_rules_for_all() {
    let ini = "[Account1]\ndomain=d\nusername=u\ndialingPrefix=0\n[tuiphone]\nrewrite1=^ext => 1\n[tuiphone1]\n\
               rewrite1=\n";
    let desk = Desk::with(ini.as_bytes());
    let session = ["--user", "101@pbx.example.net", "--json"];
    for (words, uri) in [
        (&["dialplan", "ext234"][..], "sip:1234@pbx.example.net"),
        (&["dialplan", "ext234", "--dialplan", "9,<.*>"], "sip:91234@pbx.example.net"),
    ] {
        let told = desk.config(&[words, &session].concat()).json();
        assert_eq!(told["uri"], uri, "{words:?}: {told}");
    }
    let own = desk.config(&["dialplan", "ext234", "--json"]).json();
    assert_eq!(own["uri"], "sip:ext234@d", "{own}");
}

#[test]
fn a_plan_or_rule_that_cannot_be_read_is_told_with_its_line_and_never_set() {
    let desk = Desk::with(b"[Account1]\ndomain=d\nusername=u\ndialPlan=9,<(>\n[tuiphone]\nrewrite1=x\n");
    let checked = desk.config(&["check"]);
    assert_eq!(checked.code, 3);
    assert!(checked.stdout.contains("line 4: [Account1] dialPlan: the expression ( cannot be used"), "{checked:?}");
    assert!(checked.stdout.contains("line 6: [tuiphone] rewrite1: it is no EXPRESSION => REPLACEMENT"), "{checked:?}");
    let before = desk.bytes();
    let refused = desk.config(&["set", "Account1.dialPlan=9,<x{1000}{1000}>"]);
    assert_eq!((refused.code, desk.bytes() == before), (3, true), "{refused:?}");
    assert!(refused.stderr.contains("cannot set Account1.dialPlan: the expression"), "{refused:?}");
    assert_eq!(desk.config(&["set", "Account1.dialPlan=9,<\\d{7}>", "tuiphone.rewrite1=^00 => +"]).code, 0);
}
