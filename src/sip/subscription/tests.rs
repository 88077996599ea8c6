use super::*;
use rand::SeedableRng;

const T1_64: Duration = Duration::from_secs(32);
const SECOND: Duration = Duration::from_secs(1);

struct Stage {
    machine: Subscription,
    now: Instant,
    rng: StdRng,
    notify_cseq: u32,
}

#[allow(clippy::disallowed_methods)] // A moment to count from.
fn stage() -> Stage {
    let subject =
        Subject { uri: "sip:bob@example.net".into(), from: "<sip:al@example.net>".into(), package: Package::Dialog };
    let mut rng = StdRng::seed_from_u64(1);
    Stage { machine: Subscription::new(subject, T1_64, &mut rng), now: Instant::now(), rng, notify_cseq: 0 }
}

impl Stage {
    fn answer(&mut self, sent: &Request, status: u16, headers: &[(HeaderName, &str)]) -> Verdict {
        let mut response = Response::to_request(sent, StatusCode(status), Some("one"));
        response.headers.push(HeaderName::Contact, "<sip:notifier@192.0.2.1>");
        headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
        self.machine.receive(sent, &response, self.now, &mut self.rng)
    }

    /// A NOTIFY from the fork with this tag.
    fn notify_from(&mut self, tag: &str, state: &str) -> Request {
        self.notify_cseq += 1;
        let mut notify = Request::new(Method::Notify, "sip:al@192.0.2.9");
        for (name, value) in [
            (HeaderName::From, format!("<sip:bob@example.net>;tag={tag}")),
            (HeaderName::To, format!("<sip:al@example.net>;tag={}", self.machine.from_tag)),
            (HeaderName::CallId, self.machine.call_id.clone()),
            (HeaderName::CSeq, format!("{} NOTIFY", self.notify_cseq)),
            (HeaderName::Contact, format!("<sip:{tag}@192.0.2.1>")),
            (HeaderName::Event, "dialog".to_owned()),
            (HeaderName::SubscriptionState, state.to_owned()),
        ] {
            notify.headers.push(name, value);
        }
        notify
    }

    fn take(&mut self, notify: &Request) -> Result<(), StatusCode> {
        if !self.machine.owns(notify) {
            return Err(StatusCode(481));
        }
        self.machine.notified(notify, self.now, &mut self.rng)
    }

    fn notified(&mut self, state: &str) -> Result<(), StatusCode> {
        let notify = self.notify_from("one", state);
        self.take(&notify)
    }

    fn active(&mut self) -> Request {
        let sent = self.machine.subscribe(self.now).expect("at rest");
        self.answer(&sent, 200, &[(HeaderName::Expires, "3600")]);
        self.notified("active;expires=3600").unwrap();
        sent
    }

    /// Lets time pass; what is sent meanwhile, and after how long.
    fn wait(&mut self, time: Duration) -> Vec<(Duration, Request)> {
        let (start, end) = (self.now, self.now + time);
        let mut sent = Vec::new();
        while let Some(at) = self.machine.next_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            let request = self.machine.handle_timeout(self.now, &mut self.rng);
            sent.extend(request.map(|request| (self.now - start, request)));
        }
        self.now = end;
        sent
    }
}

fn text(request: &Request, name: HeaderName) -> String {
    request.headers.text(&name).unwrap_or_default()
}

#[test]
fn a_subscribe_says_what_it_wants() {
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    assert_eq!((sent.method.clone(), sent.uri.as_str()), (Method::Subscribe, "sip:bob@example.net"));
    assert_eq!(text(&sent, HeaderName::Event), "dialog");
    assert_eq!(text(&sent, HeaderName::Accept), "application/dialog-info+xml");
    assert_eq!(text(&sent, HeaderName::Expires), "3600");
    assert_eq!(stage.machine.subscribe(stage.now), None, "once");
}

//= RFC 6665 §4.1.2.4
#[test]
fn a_notify_before_the_2xx_founds_the_dialog() {
    for (before, expected) in [("active", State::Active), ("pending;expires=600", State::Pending)] {
        let mut stage = stage();
        let sent = stage.machine.subscribe(stage.now).expect("at rest");
        assert_eq!(stage.notified(before), Ok(()));
        assert_eq!(stage.machine.state(), expected);
        assert_eq!(stage.answer(&sent, 202, &[(HeaderName::Expires, "3600")]), Verdict::Waiting);
        assert_eq!(stage.machine.state(), expected);
        assert!(stage.wait(T1_64 * 2).is_empty(), "timer N is stopped");
    }
}

//= RFC 6665 §4.1.2.4
#[test]
fn without_a_notify_there_is_no_subscription() {
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    stage.answer(&sent, 200, &[]);
    assert!(stage.wait(T1_64 - SECOND).is_empty());
    assert_eq!(stage.machine.state(), State::Subscribing);
    stage.wait(SECOND);
    assert_eq!((stage.machine.state(), stage.machine.why()), (State::Waiting, Some("no notification came")));
    let again = stage.wait(10 * SECOND);
    assert_eq!(again.len(), 1);
    let (_, again) = again.first().unwrap();
    assert_ne!(text(again, HeaderName::CallId), text(&sent, HeaderName::CallId));
    assert!(!text(again, HeaderName::To).contains("tag"), "outside the dialog");
}

#[test]
fn refreshes_before_the_end_within_the_dialog() {
    // (Expires of the 2xx, expires of the NOTIFY, seconds believed)
    for (granted, told, believed) in [
        ("3600", "active", 3600),
        ("3600", "active;expires=600", 600),
        ("600", "active;expires=3600", 3600),
        ("3600", "active;expires=3590", 3600),
        ("1", "active", 10),
        ("4294967295", "active;expires=4294967295", 86_400),
        ("x", "active;expires=x", 3600),
    ] {
        let mut stage = stage();
        let sent = stage.machine.subscribe(stage.now).expect("at rest");
        stage.answer(&sent, 200, &[(HeaderName::Expires, granted)]);
        stage.notified(told).unwrap();
        let life = Duration::from_secs(believed);
        let refresh = stage.wait(life - SECOND);
        let (after, refresh) = refresh.first().expect(told);
        assert!(*after >= life * 3 / 4 && *after < life * 9 / 10, "{granted} {told}: {after:?}");
        assert_eq!(text(refresh, HeaderName::To), "<sip:bob@example.net>;tag=one");
        assert_eq!(refresh.uri, "sip:one@192.0.2.1");
        let number = |request: &Request| request.headers.cseq().unwrap().unwrap().number;
        assert_eq!(number(refresh), number(&sent) + 1);
    }
}

#[test]
fn an_unanswered_refresh_is_tried_again_and_the_end_is_the_end() {
    let mut stage = stage();
    stage.active();
    let mut tries = 0;
    while stage.machine.state() == State::Active && tries < 50 {
        for (_, _) in stage.wait(10 * SECOND) {
            tries += 1;
            stage.machine.unanswered("no answer", stage.now, &mut stage.rng);
        }
    }
    assert!((2..20).contains(&tries), "{tries}");
    assert_eq!((stage.machine.state(), stage.machine.why()), (State::Waiting, Some("it ran out")));
}

//= RFC 6665 §4.1.2.2
#[test]
fn what_refusals_come_to() {
    // (status, of a first SUBSCRIBE, of a refresh)
    for (status, first, refresh) in [
        (489, State::Stopped, State::Waiting),
        (403, State::Stopped, State::Waiting),
        (404, State::Stopped, State::Waiting),
        (603, State::Stopped, State::Waiting),
        (481, State::Waiting, State::Waiting),
        (480, State::Waiting, State::Waiting),
        (408, State::Waiting, State::Active),
        (503, State::Waiting, State::Active),
    ] {
        let mut stage = stage();
        let sent = stage.machine.subscribe(stage.now).expect("at rest");
        assert_eq!(stage.answer(&sent, status, &[]), Verdict::Failed, "{status}");
        assert_eq!(stage.machine.state(), first, "{status}");
        assert!(stage.machine.why().is_some_and(|why| why.starts_with(&status.to_string())));
        assert_eq!(stage.machine.next_timeout().is_none(), first == State::Stopped, "{status}");

        let mut stage = self::stage();
        stage.active();
        let (_, sent) = stage.wait(3300 * SECOND).remove(0);
        stage.answer(&sent, status, &[]);
        assert_eq!(stage.machine.state(), refresh, "{status} to a refresh");
    }
}

//= RFC 6665 §4.2.1.1
#[test]
fn asks_again_with_min_expires_within_reason() {
    for (least, verdict) in [("7200", Verdict::Again), ("4294967295", Verdict::Failed), ("10", Verdict::Failed)] {
        let mut stage = stage();
        let sent = stage.machine.subscribe(stage.now).expect("at rest");
        assert_eq!(stage.answer(&sent, 423, &[(HeaderName::MinExpires, least)]), verdict, "{least}");
    }
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    stage.answer(&sent, 423, &[(HeaderName::MinExpires, "7200")]);
    let again = stage.machine.again(stage.now);
    assert_eq!(text(&again, HeaderName::Expires), "7200");
    assert_eq!(text(&again, HeaderName::CallId), text(&sent, HeaderName::CallId));
}

//= RFC 6665 §4.1.3
#[test]
fn every_reason_of_an_end_has_its_consequence() {
    // (Subscription-State, tried again, at least after)
    for (state, again, least) in [
        ("terminated;reason=deactivated", true, 4),
        ("terminated;reason=deactivated;retry-after=3000", true, 4),
        ("terminated;reason=probation", true, 4),
        ("terminated;reason=probation;retry-after=900", true, 900),
        ("terminated;reason=giveup;retry-after=60", true, 60),
        ("terminated;reason=timeout", true, 4),
        ("terminated;reason=rejected", false, 0),
        ("terminated;reason=noresource;retry-after=5", false, 0),
        ("TERMINATED;reason=Invariant", false, 0),
        ("terminated", true, 4),
        ("terminated;reason=whim;retry-after=4294967295", true, 86_400),
    ] {
        let mut stage = stage();
        stage.active();
        assert_eq!(stage.notified(state), Ok(()), "{state}");
        assert_eq!(stage.machine.state(), if again { State::Waiting } else { State::Stopped }, "{state}");
        let wait = stage.machine.next_timeout().map(|at| at - stage.now);
        let bounds = Duration::from_secs(least)..=Duration::from_secs((least * 11 / 10).max(8));
        assert_eq!(wait.is_some_and(|wait| bounds.contains(&wait)), again, "{state}: {wait:?}");
    }
}

#[test]
fn a_notifier_that_ends_every_subscription_is_asked_ever_more_patiently() {
    let mut stage = stage();
    let mut sent = stage.machine.subscribe(stage.now).expect("at rest");
    let mut waits = Vec::new();
    for _ in 0..12 {
        stage.answer(&sent, 200, &[]);
        stage.notify_cseq = 0;
        stage.notified("terminated;reason=deactivated").unwrap();
        let at = stage.machine.next_timeout().expect("another try");
        waits.push(at - stage.now);
        sent = stage.wait(at - stage.now).remove(0).1;
    }
    for (n, wait) in waits.iter().enumerate() {
        let most = (8 * SECOND * (1 << n.min(7))).min(600 * SECOND);
        assert!(*wait >= most / 2 && *wait < most, "try {n}: {wait:?}");
    }
}

//= RFC 6665 §4.1.4
#[test]
fn of_forked_subscriptions_the_first_to_notify_stays() {
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    let other = stage.notify_from("two", "active");
    assert_eq!(stage.take(&other), Ok(()), "two is first, though one answers the SUBSCRIBE");
    stage.answer(&sent, 200, &[(HeaderName::Expires, "3600")]);
    assert_eq!(stage.notified("active"), Err(StatusCode(481)));
    let again = stage.notify_from("two", "active");
    assert_eq!(stage.take(&again), Ok(()));
    let (_, refresh) = stage.wait(3500 * SECOND).remove(0);
    assert_eq!(refresh.uri, "sip:two@192.0.2.1");
}

#[test]
fn notifies_that_are_not_ours_or_not_in_order() {
    let mut stage = stage();
    stage.active();
    let mut foreign = stage.notify_from("one", "active");
    foreign.headers.set(HeaderName::CallId, "guessed");
    assert_eq!(stage.take(&foreign), Err(StatusCode(481)));
    let mut tag = stage.notify_from("one", "active");
    tag.headers.set(HeaderName::To, "<sip:al@example.net>;tag=guessed");
    assert_eq!(stage.take(&tag), Err(StatusCode(481)));
    let mut event = stage.notify_from("one", "active");
    event.headers.set(HeaderName::Event, "presence");
    assert_eq!(stage.take(&event), Err(StatusCode(481)));
    let mut silent = stage.notify_from("one", "active");
    silent.headers.remove(&HeaderName::SubscriptionState);
    assert_eq!(stage.take(&silent), Err(StatusCode(400)));
    let mut old = stage.notify_from("one", "terminated");
    old.headers.set(HeaderName::CSeq, "0 NOTIFY");
    assert_eq!(stage.take(&old), Err(StatusCode(500)));
    assert_eq!(stage.machine.state(), State::Active);
    let mut homeless = self::stage();
    homeless.machine.subscribe(homeless.now);
    let mut notify = homeless.notify_from("one", "active");
    notify.headers.remove(&HeaderName::Contact);
    assert_eq!(homeless.take(&notify), Err(StatusCode(400)), "no Contact, no dialog");
}

#[test]
fn a_proxy_that_marks_the_subscribe_alone_is_still_visited() {
    for notify_first in [true, false] {
        let mut stage = stage();
        let sent = stage.machine.subscribe(stage.now).expect("at rest");
        let marked = [(HeaderName::RecordRoute, "<sip:proxy;lr>"), (HeaderName::Expires, "3600")];
        if notify_first {
            stage.notified("active").unwrap();
            stage.answer(&sent, 200, &marked);
        } else {
            stage.answer(&sent, 200, &marked);
            stage.notified("active").unwrap();
        }
        assert_eq!(stage.machine.next_hop().map(Uri::as_str), Some("sip:proxy;lr"), "{notify_first}");
    }
}

//= RFC 6665 §4.1.2.3
#[test]
fn leaves_within_the_dialog_and_waits_for_the_last_notify() {
    let mut stage = stage();
    stage.active();
    let leave = stage.machine.unsubscribe(stage.now).expect("active");
    assert_eq!(text(&leave, HeaderName::Expires), "0");
    assert!(text(&leave, HeaderName::To).contains("tag=one"));
    stage.answer(&leave, 200, &[]);
    assert_eq!(stage.machine.state(), State::Unsubscribing);
    assert_eq!(stage.notified("terminated;reason=timeout"), Ok(()));
    assert_eq!((stage.machine.state(), stage.machine.next_timeout()), (State::Off, None));
    // Without that NOTIFY it is over after timer N.
    let mut stage = self::stage();
    stage.active();
    let leave = stage.machine.unsubscribe(stage.now).expect("active");
    stage.answer(&leave, 200, &[]);
    assert!(stage.wait(T1_64).is_empty());
    assert_eq!((stage.machine.state(), stage.machine.next_timeout()), (State::Off, None));
}

#[test]
fn a_change_of_mind_waits_for_the_answer_under_way() {
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    assert_eq!(stage.machine.unsubscribe(stage.now), None);
    assert_eq!(stage.answer(&sent, 200, &[]), Verdict::Again);
    let leave = stage.machine.again(stage.now);
    assert_eq!(text(&leave, HeaderName::Expires), "0");
    // Wanted again while the leave is under way.
    assert_eq!(stage.machine.subscribe(stage.now), None);
    assert_eq!(stage.answer(&leave, 200, &[]), Verdict::Again);
    assert_eq!(text(&stage.machine.again(stage.now), HeaderName::Expires), "3600");
    // Refused while nobody wants it: nothing is left.
    let mut stage = self::stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    stage.machine.unsubscribe(stage.now);
    stage.answer(&sent, 503, &[]);
    assert_eq!((stage.machine.state(), stage.machine.next_timeout()), (State::Off, None));
}

#[test]
fn a_challenge_is_answered_with_the_next_number_or_ends_it() {
    let mut stage = stage();
    let sent = stage.machine.subscribe(stage.now).expect("at rest");
    assert_eq!(stage.answer(&sent, 401, &[]), Verdict::Challenged);
    let again = stage.machine.again(stage.now);
    let number = |request: &Request| request.headers.cseq().unwrap().unwrap().number;
    assert_eq!(number(&again), number(&sent) + 1);
    assert_eq!(stage.answer(&sent, 200, &[]), Verdict::Waiting, "the first one has had its answer");
    assert_eq!(stage.answer(&again, 407, &[]), Verdict::Challenged);
    stage.machine.stop("407: wrong password?".into());
    assert_eq!((stage.machine.state(), stage.machine.next_timeout()), (State::Stopped, None));
    assert!(stage.machine.subscribe(stage.now).is_some(), "asked for once more, it tries once more");
}

#[test]
fn a_missed_document_is_asked_for_soon_but_not_at_once() {
    let mut stage = stage();
    stage.active();
    stage.machine.refresh_soon(stage.now);
    stage.machine.refresh_soon(stage.now);
    let sent = stage.wait(60 * SECOND);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent.first().map(|(after, _)| *after), Some(5 * SECOND));
}
