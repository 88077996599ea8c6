use super::*;
use crate::sip::message::StatusCode;
use rand::SeedableRng;
use rand::rngs::StdRng;

fn registration() -> Registration {
    let binding = Binding {
        registrar: "sip:example.net".into(),
        address: "<sip:bob@example.net>".into(),
        from_tag: "t".into(),
        call_id: "c".into(),
        expires_s: 300,
    };
    Registration::new(binding, 0)
}

fn answer(request: &Request, status: u16, headers: &[(HeaderName, &str)]) -> Response {
    let mut response = Response::to_request(request, StatusCode(status), Some("r"));
    headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
    response
}

fn receive(machine: &mut Registration, response: &Response, now: Instant) -> Verdict {
    machine.receive(response, |c| c.uri.user() == Some("me"), now, &mut StdRng::seed_from_u64(1))
}

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn refreshes_well_before_the_granted_lifetime_ends() {
    for (contact, granted) in [("<sip:me@h>;expires=120", 120), ("<sip:me@h>;expires=0", 10)] {
        let (mut machine, now) = (registration(), start());
        let request = machine.register().expect("nothing is under way");
        let ok = answer(&request, 200, &[(HeaderName::Contact, contact)]);
        assert_eq!(receive(&mut machine, &ok, now), Verdict::Registered, "{contact}");
        let life = Duration::from_secs(granted);
        assert_eq!(machine.state(), State::Registered { until: now + life }, "{contact}");
        let due = machine.next_timeout().map(|due| due - now);
        assert!(due >= Some(life * 3 / 4) && due < Some(life * 9 / 10), "{contact}: {due:?}");
    }
}

//= RFC 3261 §10.2.8
#[test]
fn asks_again_with_min_expires_within_reason() {
    for (least, verdict) in
        [("1800", Verdict::Again), ("4294967295", Verdict::Failed), ("10", Verdict::Failed), ("x", Verdict::Failed)]
    {
        let (mut machine, now) = (registration(), start());
        let request = machine.register().expect("nothing is under way");
        let brief = answer(&request, 423, &[(HeaderName::MinExpires, least)]);
        assert_eq!(receive(&mut machine, &brief, now), verdict, "{least}");
    }
    let (mut machine, now) = (registration(), start());
    let mut request = machine.register().expect("nothing is under way");
    for (round, least) in ["400", "500", "600"].iter().enumerate() {
        let brief = answer(&request, 423, &[(HeaderName::MinExpires, least)]);
        let verdict = receive(&mut machine, &brief, now);
        assert_eq!(verdict == Verdict::Again, round < 2);
        request = machine.again();
    }
}

//= RFC 5626 §4.5
#[test]
fn retries_have_a_floor_grow_and_are_capped() {
    let (mut machine, now) = (registration(), start());
    let mut rng = StdRng::seed_from_u64(2);
    let mut waits = Vec::new();
    for _ in 0..12 {
        machine.register();
        machine.fail(None, now, &mut rng);
        waits.extend(machine.next_timeout().map(|due| due - now));
    }
    assert_eq!(waits.len(), 12);
    for (n, wait) in waits.iter().enumerate() {
        let most = Duration::from_secs(10 * (1 << n.min(7))).min(Duration::from_secs(600));
        assert!(*wait >= most / 2 && *wait <= most, "try {n}: {wait:?}");
    }
    machine.give_up();
    assert_eq!((machine.state(), machine.next_timeout()), (State::Failed, None));
}

//= RFC 3261 §20.33
#[test]
fn retry_after_is_a_floor_within_reason() {
    for (retry_after, least, most) in [
        ("120", 120, 132),
        ("120 (at lunch);duration=60", 120, 132),
        ("0", 5, 10),
        ("4294967295", 3600, 3960),
        ("99999999999999999999", 3600, 3960),
        ("-1", 5, 10),
        ("soon", 5, 10),
    ] {
        let (mut machine, now) = (registration(), start());
        let request = machine.register().expect("nothing is under way");
        let busy = answer(&request, 503, &[(HeaderName::RetryAfter, retry_after)]);
        assert_eq!(receive(&mut machine, &busy, now), Verdict::Failed);
        let wait = machine.next_timeout().map(|due| (due - now).as_secs_f64()).expect("it is tried again");
        assert!((f64::from(least)..=f64::from(most)).contains(&wait), "{retry_after}: {wait}");
    }
}

//= RFC 3261 §21.4.4
#[test]
fn what_is_forbidden_is_not_asked_for_again() {
    let (mut machine, now) = (registration(), start());
    let request = machine.register().expect("nothing is under way");
    assert_eq!(receive(&mut machine, &answer(&request, 403, &[]), now), Verdict::Failed);
    assert_eq!((machine.state(), machine.next_timeout()), (State::Failed, None));
    let again = machine.register().expect("the user may ask");
    receive(&mut machine, &answer(&again, 200, &[]), now);
    let refresh = machine.register().expect("nothing is under way");
    receive(&mut machine, &answer(&refresh, 403, &[]), now);
    assert!(machine.unregister().is_some(), "what was bound before may still be");
}

//= RFC 5626 §4.2.1
#[test]
fn a_first_hop_that_cannot_keep_paths_apart_is_registered_over_all_the_same() {
    let (mut machine, now) = (registration(), start());
    let request = machine.register().expect("nothing is under way");
    assert!(machine.offers_outbound());
    assert_eq!(receive(&mut machine, &answer(&request, 439, &[]), now), Verdict::Again);
    assert!(!machine.offers_outbound());
    let again = machine.again();
    assert_eq!(receive(&mut machine, &answer(&again, 439, &[]), now), Verdict::Failed);
}

#[test]
fn unregisters_with_expires_zero_and_rising_cseq() {
    let (mut machine, now) = (registration(), start());
    let first = machine.register().expect("nothing is under way");
    receive(&mut machine, &answer(&first, 200, &[]), now);
    let last = machine.unregister().expect("registered");
    assert_eq!(last.headers.get(&HeaderName::Expires), Some(&b"0"[..]));
    assert_eq!(last.headers.get(&HeaderName::CSeq), Some(&b"2 REGISTER"[..]));
    assert_eq!(last.headers.get(&HeaderName::CallId), first.headers.get(&HeaderName::CallId));
    assert_eq!(receive(&mut machine, &answer(&last, 200, &[]), now), Verdict::Unregistered);
    assert_eq!((machine.state(), machine.next_timeout()), (State::Off, None));
}

//= RFC 3261 §10.2.2
#[test]
fn every_binding_goes_at_once_if_asked() {
    let (mut machine, now) = (registration(), start());
    let request = machine.unregister_all().expect("nothing is under way");
    let header = |request: &Request, name| request.headers.get(&name).map(<[u8]>::to_vec);
    assert_eq!(header(&request, HeaderName::Contact), Some(b"*".to_vec()));
    assert_eq!(header(&request, HeaderName::Expires), Some(b"0".to_vec()));
    assert_eq!(receive(&mut machine, &answer(&request, 401, &[]), now), Verdict::Challenged);
    let again = machine.again();
    assert_eq!(header(&again, HeaderName::Contact), Some(b"*".to_vec()));
    assert_eq!(receive(&mut machine, &answer(&again, 200, &[]), now), Verdict::Unregistered);
    let fresh = machine.register().expect("nothing is under way");
    assert_eq!(header(&fresh, HeaderName::Contact), None, "a star never goes with a lifetime");
}

//= RFC 3261 §10.2
#[test]
fn a_change_of_mind_waits_for_the_answer_under_way() {
    let (mut machine, now) = (registration(), start());
    let first = machine.register().expect("nothing is under way");
    assert_eq!((machine.unregister(), machine.state()), (None, State::Unregistering));
    assert_eq!(receive(&mut machine, &answer(&first, 200, &[]), now), Verdict::Again);
    let leave = machine.again();
    assert_eq!(leave.headers.get(&HeaderName::Expires), Some(&b"0"[..]));
    // The old answer once more means nothing; a new wish waits again.
    assert_eq!(receive(&mut machine, &answer(&first, 200, &[]), now), Verdict::Waiting);
    assert_eq!(machine.register(), None);
    assert_eq!(receive(&mut machine, &answer(&leave, 200, &[]), now), Verdict::Again);
    let back = machine.again();
    assert_eq!(receive(&mut machine, &answer(&back, 200, &[]), now), Verdict::Registered);
}

/// A refresh that failed takes nothing back: the binding before it may still stand.
#[test]
fn leaving_after_a_failed_refresh_gives_the_binding_back() {
    let (mut machine, now) = (registration(), start());
    let first = machine.register().expect("nothing is under way");
    receive(&mut machine, &answer(&first, 200, &[]), now);
    machine.register().expect("nothing is under way");
    machine.fail(None, now, &mut StdRng::seed_from_u64(3));
    assert_eq!(machine.state(), State::Failed);
    let leave = machine.unregister().expect("there may be a binding");
    assert_eq!(leave.headers.get(&HeaderName::Expires), Some(&b"0"[..]));
    machine.fail(None, now, &mut StdRng::seed_from_u64(3));
    assert_eq!((machine.state(), machine.unregister()), (State::Off, None));
}

#[test]
fn leaving_before_a_binding_asks_for_nothing() {
    for status in [401, 403, 503] {
        let (mut machine, now) = (registration(), start());
        let first = machine.register().expect("nothing is under way");
        assert_eq!(machine.unregister(), None);
        receive(&mut machine, &answer(&first, status, &[]), now);
        assert_eq!((machine.state(), machine.next_timeout()), (State::Off, None), "{status}");
    }
}
