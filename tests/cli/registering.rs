//! `register` and `unregister` where no phone runs.

use crate::support::{House, closed};

#[test]
fn unregister_without_a_phone_removes_every_binding() {
    let house = House::open();
    let _other_phone = house.daemon();
    let trace = house.folder.path().join("trace");
    let trace_to = ["--standalone", "--debug", trace.to_str().expect("UTF-8")];
    let traced = |words: &[&str]| {
        let done = house.run(&[&trace_to, words].concat());
        let text = std::fs::read_to_string(&trace).expect("a trace");
        std::fs::remove_file(&trace).expect("there");
        (done, text)
    };
    let (done, sent) = traced(&["unregister", "--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let account = &done.json()["accounts"][0];
    assert_eq!((&account["state"], &account["status"]), (&"off".into(), &200.into()), "{done:?}");
    //= RFC 3261 §10.2.2: every binding at once, of whichever phone
    assert!(sent.contains("Contact: *\r\n") && sent.contains("Expires: 0\r\n"), "{sent}");
    assert!(!sent.contains("Contact: <"), "no binding is made and none is left: {sent}");
    let (done, sent) = traced(&["register"]);
    assert_eq!((done.code, sent.matches("200 OK").count()), (0, 2), "{sent}");
    let first_answer = sent.split("200 OK").nth(1).expect("an answer");
    assert_eq!(first_answer.split("\r\n\r\n").next().expect("its head").matches("Contact: ").count(), 1, "{sent}");
}

#[test]
fn an_unregistration_that_fails_says_why() {
    let mut house = House::open();
    house.write_ini("wrong");
    let done = house.run(&["unregister"]);
    assert_eq!(done.code, 10, "{done:?}");
    assert!(done.stdout.contains("cannot be un-registered: 40") && done.stdout.contains("password"), "{done:?}");
    assert_eq!(house.run(&["unregister", "9"]).code, 5);
    let (_kept, silent) = closed();
    house.server = silent.to_string();
    house.write_ini("any");
    let done = house.run(&["unregister"]);
    assert_eq!(done.code, 11, "{done:?}");
}
