//! Messages that cross on their way: the call flows of RFC 5407, seen from either side.

use super::super::{Effect, Exchange};
use super::Scene;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::transaction::Failure;

const RELIABLE: (HeaderName, &str) = (HeaderName::Supported, "100rel");
const BODY: &[u8] = b"description";

/// What the session wishes, a word or two each: `200 BYE`, `ACK`, `end Local`.
fn words(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Request(_, request) => request.method.to_string(),
        Effect::Ack(_) => "ACK".to_owned(),
        Effect::Cancel => "CANCEL".to_owned(),
        Effect::Respond(_, response) => {
            let cseq = response.headers.cseq().ok().flatten().map(|cseq| cseq.method.to_string());
            format!("{} {}", response.status.0, cseq.unwrap_or_default())
        }
        Effect::Ended(how) => format!("end {}", format!("{how:?}").split(['(', ' ']).next().unwrap_or_default()),
        other => format!("{other:?}").to_lowercase().split(['(', ' ']).next().unwrap_or_default().to_owned(),
    };
    effects.iter().map(word).collect()
}

fn accepted(body: &[u8]) -> Scene {
    let mut scene = Scene::callee(&[], body);
    scene.session.accept(BODY.to_vec(), scene.now);
    scene.effects();
    scene
}

fn ringing_reliably() -> Scene {
    let mut scene = Scene::callee(&[RELIABLE], BODY);
    scene.session.ring(StatusCode(183), BODY.to_vec(), scene.now);
    scene.effects();
    scene
}

fn connected() -> Scene {
    let mut scene = Scene::caller(BODY);
    scene.answered(200, "one", &[], BODY);
    scene
}

/// In a call whose change of ours is under way; the re-INVITE.
fn changing() -> (Scene, Request) {
    let mut scene = connected();
    scene.session.modify(BODY.to_vec());
    let effects = scene.effects();
    let [Effect::Request(Exchange::Modify, invite)] = effects.as_slice() else { panic!("{effects:?}") };
    (scene, invite.clone())
}

//= RFC 3261 §8.1.3.1, §12.2.1.2
#[test]
fn a_cut_path_leaves_the_call_and_silence_ends_it() {
    let (mut scene, _) = changing();
    for again in 1..=6 {
        let now = scene.now;
        scene.session.failed(Exchange::Modify, Failure::Transport, now);
        assert_eq!(words(&scene.effects()), ["collided"], "{again}");
        assert!(!scene.session.can_modify());
        scene.wait(4000);
        scene.session.modify(BODY.to_vec());
        assert_eq!(words(&scene.effects()), ["INVITE"], "{again}");
    }
    let now = scene.now;
    scene.session.failed(Exchange::Modify, Failure::Transport, now);
    assert_eq!(words(&scene.effects()), ["BYE", "end Failed"]);
    let (mut scene, _) = changing();
    let now = scene.now;
    scene.session.failed(Exchange::Modify, Failure::Timeout, now);
    assert_eq!(words(&scene.effects()), ["BYE", "end Failed"]);
    let mut scene = connected();
    let now = scene.now;
    scene.session.failed(Exchange::Update, Failure::Transport, now);
    assert_eq!(words(&scene.effects()), [""; 0]);
}

fn hung_up(mut scene: Scene) -> Scene {
    scene.session.close();
    scene.effects();
    scene
}

fn cancel(scene: &mut Scene) -> Vec<Effect> {
    let cancel = Request { method: Method::Cancel, ..scene.invite.clone() };
    scene.session.cancelled(cancel);
    scene.effects()
}

fn rack(scene: &mut Scene, rseq: &str) -> Vec<Effect> {
    let rack = format!("{rseq} 1 INVITE");
    scene.asked(Method::Prack, &[(HeaderName::RAck, &rack)], b"")
}

type Row = (&'static str, fn() -> Vec<Effect>, &'static [&'static str]);

const ROWS: &[Row] = &[
    ("§3.1.2: CANCEL after the 200", || cancel(&mut accepted(BODY)), &[]),
    (
        "§3.1.2: the 200 after the CANCEL",
        || {
            let mut scene = Scene::caller(BODY);
            scene.answered(180, "one", &[], b"");
            hung_up(scene).answered(200, "one", &[], BODY)
        },
        &["ACK", "BYE", "end Local"],
    ),
    (
        "§3.1.4: a re-INVITE before the ACK, the 200 bore the answer",
        || accepted(BODY).asked(Method::Invite, &[], BODY),
        &["offered"],
    ),
    (
        "§3.1.5: a re-INVITE before the ACK, the 200 bore our offer",
        || accepted(b"").asked(Method::Invite, &[], BODY),
        &["491 INVITE"],
    ),
    ("§3.1.6: BYE before the ACK", || accepted(BODY).asked(Method::Bye, &[], b""), &["200 BYE", "end Bye"]),
    (
        "§3.1.6: and the ACK after it",
        || {
            let mut scene = accepted(BODY);
            scene.asked(Method::Bye, &[], b"");
            scene.asked(Method::Ack, &[], b"")
        },
        &[],
    ),
    ("§3.2.1: BYE crosses BYE", || hung_up(connected()).asked(Method::Bye, &[], b""), &["200 BYE", "end Local"]),
    ("§3.2.2: a re-INVITE crosses our BYE", || hung_up(connected()).asked(Method::Invite, &[], BODY), &["481 INVITE"]),
    (
        "§3.2.3: the 200 to our re-INVITE after our BYE",
        || {
            let (scene, invite) = changing();
            let ok = Response::to_request(&invite, StatusCode(200), None);
            hung_up(scene).replied(Exchange::Modify, ok, &[], BODY)
        },
        &["ACK"],
    ),
    (
        "§3.2.3: the 200 to our re-INVITE after the peer's BYE",
        || {
            let (mut scene, invite) = changing();
            scene.asked(Method::Bye, &[], b"");
            let ok = Response::to_request(&invite, StatusCode(200), None);
            scene.replied(Exchange::Modify, ok, &[], BODY)
        },
        &["ACK"],
    ),
    (
        "§3.2.4: hung up before the ACK",
        || {
            let mut scene = accepted(BODY);
            scene.session.close();
            scene.effects()
        },
        &[],
    ),
    ("§3.2.4: then the ACK", || hung_up(accepted(BODY)).asked(Method::Ack, &[], b""), &["confirmed", "BYE"]),
    ("§3.3.1: re-INVITEs cross", || changing().0.asked(Method::Invite, &[], BODY), &["491 INVITE"]),
    ("§3.3.2: an UPDATE crosses our re-INVITE", || changing().0.asked(Method::Update, &[], BODY), &["491 UPDATE"]),
    (
        "§3.3.2: a re-INVITE crosses an offer of theirs",
        || {
            let mut scene = connected();
            scene.asked(Method::Update, &[], BODY);
            scene.asked(Method::Invite, &[], BODY)
        },
        &["500 INVITE"],
    ),
    (
        "§3.3.3: a REFER crosses our re-INVITE",
        || changing().0.asked(Method::Refer, &[(HeaderName::ReferTo, "<sip:c@h>")], b""),
        &["other"],
    ),
    ("CANCEL before the PRACK", || cancel(&mut ringing_reliably()), &["487 INVITE", "end Cancelled"]),
    (
        "and the PRACK after it",
        || {
            let mut scene = ringing_reliably();
            cancel(&mut scene);
            rack(&mut scene, "1")
        },
        &["481 PRACK"],
    ),
    (
        "BYE before the PRACK",
        || ringing_reliably().asked(Method::Bye, &[], b""),
        &["200 BYE", "487 INVITE", "end Cancelled"],
    ),
    (
        "a reliable 183 after the 200",
        || connected().answered(183, "one", &[(HeaderName::Require, "100rel"), (HeaderName::RSeq, "1")], b""),
        &[],
    ),
    ("the 200 of another fork after our BYE", || hung_up(connected()).answered(200, "two", &[], BODY), &["ACK", "BYE"]),
];

//= RFC 5407 §3
#[test]
fn whatever_crosses_is_answered_and_nothing_is_left_open() {
    for (what, flow, expect) in ROWS {
        assert_eq!(words(&flow()), *expect, "{what}");
    }
}

//= RFC 5407 §3.1.4, RFC 3261 §13.2.2.4
#[test]
fn each_ack_is_for_the_invite_of_its_number() {
    let mut scene = accepted(BODY);
    scene.asked(Method::Invite, &[], BODY);
    scene.session.answer_offer(BODY.to_vec(), scene.now);
    assert_eq!(words(&scene.effects()), ["200 INVITE"]);
    // The ACK to the second alone: the first 200 is still sent again.
    assert_eq!(scene.asked(Method::Ack, &[], b""), []);
    assert!(!scene.session.is_confirmed());
    assert_eq!(words(&scene.at(500)), ["200 INVITE"]);
    let first = [(HeaderName::CSeq, "1 ACK")];
    assert_eq!(words(&scene.asked(Method::Ack, &first, b"")), ["confirmed"]);
    assert_eq!(scene.run(40_000), [] as [u128; 0], "both are acknowledged");
}

//= RFC 3262 §4, §5
#[test]
fn a_reliable_answer_to_our_change_is_acknowledged_and_counts() {
    let (mut scene, invite) = changing();
    let reliable = |rseq| [(HeaderName::Require, "100rel"), (HeaderName::RSeq, rseq)];
    let mut replied = |status, headers: &[(HeaderName, &str)], body: &[u8]| {
        let response = Response::to_request(&invite, StatusCode(status), None);
        scene.replied(Exchange::Modify, response, headers, body)
    };
    let effects = replied(183, &reliable("5"), b"answer");
    let [Effect::Request(Exchange::Prack, prack)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(prack.headers.text(&HeaderName::RAck).as_deref(), Some("5 2 INVITE"));
    assert_eq!(replied(183, &reliable("5"), b"answer"), [], "once");
    assert_eq!(replied(183, &reliable("7"), b"other"), [], "in order");
    assert_eq!(words(&replied(180, &reliable("6"), b"")), ["PRACK"]);
    assert_eq!(replied(180, &[], b""), [], "what is not reliable is not acknowledged");
    let effects = replied(200, &[], b"");
    assert_eq!(words(&effects), ["ACK", "modified"]);
    assert_eq!(effects.last(), Some(&Effect::Modified(b"answer".to_vec())));
}

//= RFC 3261 §14.1, §14.2
#[test]
fn a_change_that_meets_another_waits_by_the_rules() {
    let after = |seconds| [(HeaderName::RetryAfter, seconds)];
    for (is_caller, status, headers, waits) in [
        (true, 491, &[][..], Some(2_100..=4_000)),
        (false, 491, &[], Some(0..=2_000)),
        (true, 500, &after("3"), Some(3_000..=3_000)),
        (false, 500, &after("0"), Some(0..=0)),
        (true, 500, &after("11"), None),
        (true, 500, &[], None),
        (true, 488, &after("3"), None),
    ] {
        let mut scene = if is_caller { connected() } else { accepted(BODY) };
        if !is_caller {
            scene.asked(Method::Ack, &[], b"");
        }
        // So many in a row, and no more.
        for round in 0..=6 {
            scene.session.modify(BODY.to_vec());
            let effects = scene.effects();
            let [Effect::Request(Exchange::Modify, invite)] = effects.as_slice() else { panic!("{effects:?}") };
            let response = Response::to_request(invite, StatusCode(status), None);
            let effects = scene.replied(Exchange::Modify, response, headers, b"");
            let Some(waits) = waits.clone().filter(|_| round < 6) else {
                assert_eq!(words(&effects), ["modifyrefused"], "{status} {round}");
                break;
            };
            assert_eq!(words(&effects), ["collided"], "{status} {round}");
            let wait = scene.session.next_timeout().map_or(0, |at| (at - scene.now).as_millis());
            assert!(waits.contains(&wait), "{status}: {wait} ms");
            assert!(!scene.session.can_modify(), "not before");
            scene.wait(wait);
            assert!(scene.session.can_modify(), "{status} {round}");
        }
    }
}
