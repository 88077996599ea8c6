use super::*;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};

fn request() -> Request {
    Request::new(Method::Register, "sip:example.com")
}

fn challenged(headers: &[(HeaderName, &str)]) -> Response {
    let mut response = Response::to_request(&request(), StatusCode(401), None);
    for (name, value) in headers {
        response.headers.push(name.clone(), *value);
    }
    response
}

fn www(value: &str) -> Response {
    challenged(&[(HeaderName::WwwAuthenticate, value)])
}

fn authorised(auth: &mut Authenticator) -> Request {
    let mut request = request();
    auth.authorise(&mut request, "bob", "zanzibar", || "cn".to_owned());
    request
}

/// RFC 7616 §3.9.1 and RFC 2617 §3.5.
#[test]
fn published_vectors() {
    let rows = [
        (
            "MD5",
            "http-auth@example.org",
            "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "Circle of Life",
            "8ca523f5e9506fed4657c9700eebdbec",
        ),
        (
            "SHA-256",
            "http-auth@example.org",
            "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "Circle of Life",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (
            "MD5",
            "testrealm@host.com",
            "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            "0a4f113b",
            "Circle Of Life",
            "6629fae49393a05397450978507c4ef1",
        ),
    ];
    for (algorithm, realm, nonce, cnonce, password, expected) in rows {
        let value =
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth,auth-int\"");
        let challenge = Challenge::list(&www(&value).headers, false).remove(0);
        let what = (&Method::Other("GET".to_owned()), "/dir/index.html", &b""[..]);
        let answer = Credentials::answer(&challenge, ("Mufasa", password), what, (cnonce.to_owned(), 1));
        assert_eq!(answer.response, expected, "{algorithm} {realm}");
        assert!(answer.to_string().contains("nc=00000001"), "{answer}");
    }
}

#[test]
fn every_algorithm_and_quality_verifies_and_only_with_the_right_parts() {
    for algorithm in ["MD5", "MD5-sess", "SHA-256", "sha-256-SESS", "SHA-512-256", "SHA-512-256-sess"] {
        for qop in ["", ", qop=\"auth\"", ", qop=\"auth-int\"", ", qop=\"token, auth-int\""] {
            let mut auth = Authenticator::new();
            let value = format!("Digest realm=\"a\\\"b\", nonce=\"n\", algorithm={algorithm}{qop}");
            auth.challenged(&request(), &www(&value)).unwrap();
            let request = authorised(&mut auth);
            let credentials = Credentials::list(&request.headers, false).remove(0);
            assert_eq!(credentials.realm, "a\"b");
            assert!(verify(&credentials, "zanzibar", &request.method, &request.body), "{value}");
            assert!(!verify(&credentials, "Zanzibar", &request.method, &request.body), "{value}");
            assert!(!verify(&credentials, "zanzibar", &Method::Invite, &request.body), "{value}");
            let covers_body = !verify(&credentials, "zanzibar", &request.method, b"x");
            assert_eq!(covers_body, qop.contains("auth-int"), "{value}");
        }
    }
}

const WHO: (&str, &str) = ("bob", "zanzibar");

fn ok(headers: &[(HeaderName, &str)]) -> Response {
    let mut response = Response::to_request(&request(), StatusCode(200), None);
    headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
    response
}

/// RFC 7616 §3.9.2 as its erratum 4897 puts it right.
//= RFC 7616 §3.4.4
#[test]
fn the_published_sha_512_256_vector() {
    let value = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
    let challenge = Challenge::list(&www(value).headers, false).remove(0);
    let what = (&Method::Other("GET".to_owned()), "/doe.json", &b""[..]);
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v".to_owned();
    let answer = Credentials::answer(&challenge, ("Jäsøn Doe", "Secret, or not?"), what, (cnonce, 1));
    assert_eq!(answer.response, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    let printed = answer.to_string();
    let hashed = "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"";
    assert!(printed.contains(hashed) && printed.contains(", userhash=true"), "{printed}");
}

/// Not published: computed with Python's hashlib over the values of RFC 7616 §3.9.1.
#[test]
fn session_and_sha_512_256_vectors() {
    let rows = [
        ("MD5-sess", "e783283f46242139c486a698fec7211d"),
        ("SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
        ("SHA-512-256", "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0"),
        ("SHA-512-256-sess", "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"),
    ];
    for (algorithm, expected) in rows {
        let value = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
        );
        let challenge = Challenge::list(&www(&value).headers, false).remove(0);
        let what = (&Method::Other("GET".to_owned()), "/dir/index.html", &b""[..]);
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned();
        let answer = Credentials::answer(&challenge, ("Mufasa", "Circle of Life"), what, (cnonce, 1));
        assert_eq!(answer.response, expected, "{algorithm}");
    }
}

#[test]
fn a_session_hash_without_qop_shows_its_cnonce() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess")).unwrap();
    let value = authorised(&mut auth).headers.text(&HeaderName::Authorization).unwrap();
    assert!(value.contains("cnonce=\"cn\"") && !value.contains("nc="), "{value}");
}

#[test]
fn the_strongest_known_challenge_of_one_or_many_lines_is_answered() {
    let md5 = "Digest realm=\"r\", nonce=\"m\", algorithm=MD5";
    let sha = "Digest realm=\"r\", nonce=\"s\", algorithm=SHA-256, qop=\"auth\"";
    let alien = "Digest realm=\"r\", nonce=\"a\", algorithm=AKAv1-MD5";
    let basic = "Basic realm=\"r\"";
    let w = HeaderName::WwwAuthenticate;
    for response in [
        challenged(&[(w.clone(), md5), (w.clone(), sha), (w.clone(), alien), (w.clone(), basic)]),
        www(&format!("{basic}, {md5}, {alien}, {sha}")),
        www(&format!("{sha},{md5}")),
    ] {
        let mut auth = Authenticator::new();
        auth.challenged(&request(), &response).unwrap();
        let sent = Credentials::list(&authorised(&mut auth).headers, false);
        assert_eq!(sent.iter().map(|c| c.nonce.as_str()).collect::<Vec<_>>(), ["s"]);
    }
    for hopeless in [basic, alien, "Digest realm=\"r\"", "Digest nonce=\"r\", qop=\"x\"", ""] {
        let refused = Authenticator::new().challenged(&request(), &www(hopeless));
        assert_eq!(refused, Err(AuthError::NoChallenge), "{hopeless}");
    }
}

#[test]
fn proxy_and_server_are_answered_together() {
    let mut auth = Authenticator::new();
    let proxy = challenged(&[(HeaderName::ProxyAuthenticate, "Digest realm=\"p\", nonce=\"1\"")]);
    auth.challenged(&request(), &proxy).unwrap();
    let second = authorised(&mut auth);
    auth.challenged(&second, &www("Digest realm=\"p\", nonce=\"2\"")).unwrap();
    let third = authorised(&mut auth);
    assert_eq!(Credentials::list(&third.headers, true).len(), 1);
    assert_eq!(Credentials::list(&third.headers, false).len(), 1);
}

//= RFC 3261 §22.2: what a far end behind a proxy would see is for whoever asked alone; what the proxy takes out is for all.
#[test]
fn the_answer_to_a_server_is_shown_to_no_other() {
    let to = |user: &str| {
        let mut request = request();
        request.headers.push(HeaderName::To, format!("<sip:{user}@example.com>"));
        request
    };
    let mut auth = Authenticator::new();
    auth.challenged(&to("own"), &www("Digest realm=\"r\", nonce=\"1\"")).unwrap();
    let asks = challenged(&[(HeaderName::ProxyAuthenticate, "Digest realm=\"r\", nonce=\"2\"")]);
    auth.challenged(&to("own"), &asks).unwrap();
    let shown = |auth: &mut Authenticator, user: &str| {
        let mut request = to(user);
        auth.authorise(&mut request, "bob", "zanzibar", || "cn".to_owned());
        [false, true].map(|proxy| Credentials::list(&request.headers, proxy).len())
    };
    assert_eq!((shown(&mut auth, "own"), shown(&mut auth, "other")), ([1, 1], [0, 1]));
    auth.challenged(&to("other"), &www("Digest realm=\"r\", nonce=\"3\"")).unwrap();
    assert_eq!((shown(&mut auth, "own"), shown(&mut auth, "other")), ([1, 1], [1, 1]));
}

#[test]
fn a_wrong_password_is_tried_once_whatever_the_nonce() {
    for second_nonce in ["1", "2"] {
        let mut auth = Authenticator::new();
        auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"1\"")).unwrap();
        let sent = authorised(&mut auth);
        let again = www(&format!("Digest realm=\"r\", nonce=\"{second_nonce}\""));
        assert_eq!(auth.challenged(&sent, &again), Err(AuthError::Refused { realm: "r".to_owned() }));
    }
}

#[test]
fn a_proven_nonce_is_reused_counted_and_may_run_out() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"1\", qop=\"auth\"")).unwrap();
    let first = authorised(&mut auth);
    auth.accepted(&first, &ok(&[]), WHO);
    let mut later = first;
    for _ in 0..9 {
        later = authorised(&mut auth);
    }
    assert!(later.headers.text(&HeaderName::Authorization).is_some_and(|v| v.contains("nc=0000000a")));
    // A server that does not say stale: the nonce was good before, so this is no wrong password.
    auth.challenged(&later, &www("Digest realm=\"r\", nonce=\"2\", qop=\"auth\"")).unwrap();
    let fresh = authorised(&mut auth);
    assert!(fresh.headers.text(&HeaderName::Authorization).is_some_and(|v| v.contains("nc=00000001")));
}

#[test]
fn what_stands_behind_a_list_without_quotes_is_read() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest qop=auth,auth-int, realm=\"r\", nonce=\"1\"")).unwrap();
    let sent = Credentials::list(&authorised(&mut auth).headers, false).remove(0);
    assert_eq!((sent.realm.as_str(), sent.qop), ("r", Some((Qop::Auth, 1))));
}

//= RFC 7616 §3.4: what stands between the quotes, backslashes and all
#[test]
fn nonce_and_opaque_are_hashed_and_sent_back_as_written() {
    for (written, shown) in
        [(r#""a\bc""#, r#""a\bc""#), (r#""a\"c""#, r#""a\"c""#), (r#""a\\c""#, r#""a\\c""#), ("abc", r#""abc""#)]
    {
        let mut auth = Authenticator::new();
        auth.challenged(&request(), &www(&format!("Digest realm=\"r\", opaque={written}, nonce={written}"))).unwrap();
        let sent = authorised(&mut auth).headers.text(&HeaderName::Authorization).unwrap();
        for name in ["nonce", "opaque"] {
            assert!(sent.contains(&format!("{name}={shown}")), "{written}: {sent}");
        }
        let hash = |text: &str| Hash::Md5.hex(text.as_bytes());
        let (secret, action) = (hash("bob:r:zanzibar"), hash("REGISTER:sip:example.com"));
        let response = hash(&format!("{secret}:{}:{action}", shown.trim_matches('"')));
        assert!(sent.contains(&response), "{written}: {sent}");
    }
}

#[test]
fn stale_for_ever_ends() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"0\"")).unwrap();
    let tries = (1..100).take_while(|n| {
        let sent = authorised(&mut auth);
        auth.challenged(&sent, &www(&format!("Digest realm=\"r\", nonce=\"{n}\", stale=TRUE"))).is_ok()
    });
    assert_eq!(tries.count(), 4);
}

#[test]
fn a_new_realm_each_time_ends_too() {
    let mut auth = Authenticator::new();
    let mut rounds = |provisional: bool| {
        let answered = (0..100).take_while(|n| {
            let sent = authorised(&mut auth);
            if provisional {
                auth.accepted(&sent, &Response::to_request(&sent, StatusCode(100), None), WHO);
            }
            auth.challenged(&sent, &www(&format!("Digest realm=\"r{n}\", nonce=\"0\""))).is_ok()
        });
        answered.count()
    };
    assert_eq!([rounds(false), rounds(true)], [12, 12], "the next request has its own rounds");
    for n in 0..100 {
        let sent = authorised(&mut auth);
        let challenge = www(&format!("Digest realm=\"s{n}\", nonce=\"0\""));
        assert_eq!(auth.challenged(&sent, &challenge), Ok(()), "{n}");
        auth.accepted(&authorised(&mut auth.clone()), &ok(&[]), WHO);
    }
}

/// Refreshed together with a nonce that its server has forgotten, each gets a new one.
#[test]
fn requests_under_way_together_are_counted_each_for_itself() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"0\"")).unwrap();
    auth.accepted(&authorised(&mut auth.clone()), &ok(&[]), WHO);
    let together = (1..=40).map(|n| {
        let mut sent = authorised(&mut auth);
        sent.headers.set(HeaderName::CallId, format!("light-{n}"));
        sent
    });
    for (n, sent) in together.collect::<Vec<_>>().iter().enumerate() {
        let challenge = www(&format!("Digest realm=\"r\", nonce=\"n{n}\", stale=TRUE"));
        assert_eq!(auth.challenged(sent, &challenge), Ok(()), "{n}");
    }
}

#[test]
fn the_registrars_challenge_reads_back() {
    let value = challenge_header("tui", "n\"1", Algorithm::SHA256, true);
    let challenge = Challenge::list(&www(&value).headers, false).remove(0);
    assert_eq!(challenge.algorithm, Algorithm::SHA256);
    assert_eq!((challenge.nonce.as_str(), challenge.stale, challenge.qop), ("n\\\"1", true, Some(Qop::Auth)));
}

/// Not published: computed with Python's hashlib over the values of RFC 7616 §3.9.1.
//= RFC 7616 §3.5
#[test]
fn a_server_proves_that_it_knows_the_password() {
    let value = "Digest realm=\"http-auth@example.org\", qop=\"auth\", algorithm=SHA-256, \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"";
    let challenge = Challenge::list(&www(value).headers, false).remove(0);
    let what = (&Method::Other("GET".to_owned()), "/dir/index.html", &b""[..]);
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned();
    let who = ("Mufasa", "Circle of Life");
    let answer = Credentials::answer(&challenge, who, what, (cnonce, 1));
    assert_eq!(answer.rspauth(who, b""), "86d3b25618d41854ca5039a5d7e53ff6355d5134a9b1fb088a78ac3c462195a0");
}

//= RFC 7616 §3.5
#[test]
fn the_next_nonce_is_used_unless_its_server_does_not_know_the_password() {
    let nonce_after = |info: &dyn Fn(&Credentials) -> String| {
        let mut auth = Authenticator::new();
        auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"1\", qop=\"auth\"")).unwrap();
        let first = authorised(&mut auth);
        let info = info(&Credentials::list(&first.headers, false).remove(0));
        auth.accepted(&first, &ok(&[(HeaderName::AuthenticationInfo, &info)]), WHO);
        let sent = Credentials::list(&authorised(&mut auth).headers, false).remove(0);
        (sent.nonce, sent.qop.map(|(_, count)| count))
    };
    let (next, same) = (("2".to_owned(), Some(1)), ("1".to_owned(), Some(2)));
    assert_eq!(nonce_after(&|_| "nextnonce=\"2\"".into()), next);
    assert_eq!(nonce_after(&|sent| format!("rspauth=\"{}\", nextnonce=\"2\"", sent.rspauth(WHO, b""))), next);
    assert_eq!(nonce_after(&|_| "nextnonce=\"2\", rspauth=\"00\"".into()), same);
    for rubbish in ["", "nextnonce=\"\"", "nextnonce=\"1\"", "2", "=,;\"", "nextnonce"] {
        assert_eq!(nonce_after(&|_| rubbish.into()), same, "{rubbish}");
    }
}

/// The server's answer to requests that crossed: the newer challenge stands.
#[test]
fn the_next_nonce_of_an_older_answer_is_no_news() {
    let mut auth = Authenticator::new();
    auth.challenged(&request(), &www("Digest realm=\"r\", nonce=\"1\", qop=\"auth\"")).unwrap();
    let first = authorised(&mut auth);
    auth.challenged(&first, &www("Digest realm=\"r\", nonce=\"3\", qop=\"auth\", stale=true")).unwrap();
    auth.accepted(&first, &ok(&[(HeaderName::AuthenticationInfo, "nextnonce=\"2\"")]), WHO);
    assert_eq!(Credentials::list(&authorised(&mut auth).headers, false).remove(0).nonce, "3");
}

//= RFC 8760 §2.4
#[test]
fn whoever_rules_md5_out_is_not_talked_into_it() {
    let md5 = "Digest realm=\"r\", nonce=\"1\"";
    let sha = "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256";
    let weak = Err(AuthError::Weak { realm: "r".to_owned() });
    assert_eq!(Authenticator::without_md5().challenged(&request(), &www(md5)), weak);
    assert_eq!(Authenticator::without_md5().challenged(&request(), &www(&format!("{md5}, algorithm=MD5-sess"))), weak);
    let mut auth = Authenticator::without_md5();
    auth.challenged(&request(), &www(&format!("{md5}, {sha}"))).unwrap();
    assert_eq!(Credentials::list(&authorised(&mut auth).headers, false).remove(0).nonce, "2");
}

/// A password that counted until now, and is another by the time it is asked for again.
//= RFC 3261 §22.2
#[test]
fn the_nonce_of_an_answer_just_refused_is_not_tried_again_though_it_counted_before() {
    for stale in ["", ", stale=true"] {
        let challenge = www(&format!("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"{stale}"));
        let mut auth = Authenticator::new();
        auth.challenged(&request(), &challenge).unwrap();
        let first = authorised(&mut auth);
        auth.accepted(&first, &ok(&[]), WHO);
        assert!(auth.is_proven("r"));
        let second = authorised(&mut auth);
        assert_eq!(auth.challenged(&second, &challenge), Err(AuthError::Refused { realm: "r".to_owned() }));
    }
}
