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

//= RFC 3261 §10.2.4
#[test]
fn refreshes_well_before_the_granted_lifetime_ends() {
    // (Contact of the answer, Expires of the answer, seconds believed)
    for (contact, expires, believed) in [
        ("<sip:me@h>;expires=120, <sip:you@h>;expires=9", "300", 120),
        ("<sip:you@h>;expires=9", "60", 60),
        ("<sip:me@h>;expires=0", "300", 30),
        ("<sip:me@h>;expires=4294967295", "300", 86_400),
    ] {
        let (mut machine, now) = (registration(), start());
        let request = machine.register().expect("nothing is under way");
        let ok = answer(&request, 200, &[(HeaderName::Contact, contact), (HeaderName::Expires, expires)]);
        assert_eq!(receive(&mut machine, &ok, now), Verdict::Registered, "{contact}");
        let life = Duration::from_secs(believed);
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
        let base = Duration::from_secs(5 * (1 << n.min(7))).min(Duration::from_secs(600));
        assert!(*wait >= base && *wait < base * 3 / 2, "try {n}: {wait:?}");
    }
    machine.fail(Some(Duration::from_secs(3000)), now, &mut rng);
    assert!(machine.next_timeout().is_some_and(|due| due - now >= Duration::from_secs(3000)));
    machine.give_up();
    assert_eq!((machine.state(), machine.next_timeout()), (State::Failed, None));
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
