//! New settings while the phone runs, at a scripted registrar on port 5999: who is told what, and what goes on.

use super::following::{following_with, within};
use super::incoming::{HOME, rung};
use super::registering::{SERVER, challenge};
use super::*;
use crate::config::{DialPlan, DtmfMethod, Rewrite};
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::command::Reloaded;
use crate::ua::snapshot::{CallState, RegistrationState};

fn configure(world: &mut World, settings: Settings, accounts: Vec<Account>) -> Reloaded {
    let now = world.now;
    let new = Box::new(AgentConfig::new(settings, accounts));
    world.phones[0].agent.handle(Input::Configured(RequestId(9), new), now);
    world.settle();
    match world.phones[0].replies.pop() {
        Some(Ok(Reply::Reloaded(told))) => *told,
        other => panic!("{other:?}"),
    }
}

fn expires(request: &Request) -> String {
    request.headers.text(&HeaderName::Expires).unwrap_or_default()
}

/// Who asks for what: `101 300`, `102 0`.
fn wish(request: &Request) -> String {
    let from = request.headers.text(&HeaderName::From).unwrap_or_default();
    let user = from.split(['@', ':']).nth(1).unwrap_or_default().to_owned();
    format!("{user} {}", expires(request))
}

/// The server says yes to a request.
fn grant(world: &mut World, request: &Request) {
    let mut ok = Response::to_request(request, StatusCode(200), Some("srv"));
    let contact = request.headers.text(&HeaderName::Contact).filter(|_| expires(request) != "0");
    contact.into_iter().for_each(|contact| ok.headers.push(HeaderName::Contact, format!("{contact};expires=300")));
    world.send(SERVER, 0, ok.to_bytes());
}

fn grant_from(world: &mut World, first: usize) {
    let requests: Vec<Request> = world.requests("REGISTER").into_iter().skip(first).collect();
    requests.iter().for_each(|request| grant(world, request));
}

fn two() -> Vec<Account> {
    vec![account("101"), Account { id: AccountId(2), ..account("102") }]
}

/// A phone with two registered accounts.
fn world_of_two() -> World {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), two()), 5070);
    world.run(Duration::ZERO);
    grant_from(&mut world, 0);
    assert_eq!(states(&world), [(1, RegistrationState::Registered), (2, RegistrationState::Registered)]);
    world
}

fn states(world: &World) -> Vec<(u32, RegistrationState)> {
    world.phones[0].agent.status(world.now).accounts.iter().map(|account| (account.id, account.state)).collect()
}

#[test]
fn only_accounts_whose_own_keys_changed_speak_to_their_server() {
    type Change = fn(&mut Settings, &mut Vec<Account>);
    let rows: [(Change, &[&str], &[&str]); 22] = [
        (|_, _| {}, &[], &[]),
        (|s, _| s.dnd = true, &["Settings.DND"], &[]),
        (|s, _| s.audio_codecs.truncate(1), &["Settings.audioCodecs"], &[]),
        (|s, _| s.source_port = 5099, &["Settings.sourcePort"], &[]),
        (
            |s, a| (s.dtmf_method, a[0].dtmf_method) = (DtmfMethod::Info, DtmfMethod::Info),
            &["Settings.DTMFMethod"],
            &[],
        ),
        (|_, a| a[0].label = "Desk".into(), &["Account1.label"], &[]),
        (|_, a| a[0].display_name = "Ann".into(), &["Account1.displayName"], &[]),
        (|_, a| a[0].dial_plan = DialPlan::parse("xxx").expect("a plan"), &["Account1.dialPlan"], &[]),
        (|_, a| a[0].keep_alive_s = 30, &["Account1.keepAlive"], &[]),
        (|_, a| a[0].ice = true, &["Account1.ICE"], &[]),
        (|_, a| a[0].password = Secret::new("other"), &["Account1.password"], &["101 300"]),
        (|_, a| a[0].auth_id = "x".into(), &["Account1.authID"], &["101 300"]),
        (|_, a| a[0].register_refresh_s = 600, &["Account1.registerRefresh"], &["101 600"]),
        (|_, a| a[0].rewrite = Rewrite::Nothing, &["Account1.allowRewrite"], &["101 300"]),
        (|_, a| a[1].proxies = vec!["127.0.0.1:5998".into()], &["Account2.proxy"], &["102 300"]),
        (|_, a| a[1].transport = "tcp".into(), &["Account2.transport"], &["102 300"]),
        (|_, a| a[1].username = "103".into(), &["Account2.username"], &["102 0", "103 300"]),
        (|_, a| a[1].server = "127.0.0.1:5998".into(), &["Account2.server"], &["102 0", "102 300"]),
        (|_, a| a[1].server = String::new(), &["Account2.server"], &["102 0"]),
        (|_, a| drop(a.pop()), &["Account2"], &["102 0"]),
        (|_, a| a.push(Account { id: AccountId(3), ..account("103") }), &["Account3"], &["103 300"]),
        // The first is taken out, and the second has its number from now on.
        (
            |_, a| {
                a.remove(0);
                a[0].id = AccountId(1);
            },
            &["Account1.username", "Account2"],
            &["101 0"],
        ),
    ];
    for (change, changed, wishes) in rows {
        let mut world = world_of_two();
        let (log, sent, events) = (world.log.len(), world.requests("REGISTER").len(), world.phones[0].events.len());
        let (mut settings, mut accounts) = (Settings::default(), two());
        change(&mut settings, &mut accounts);
        let told = configure(&mut world, settings, accounts);
        assert_eq!(told.changed, changed);
        let restart: &[&str] = if changed == ["Settings.sourcePort"] { changed } else { &[] };
        assert_eq!(told.needs_restart, restart, "{changed:?}");
        let asked: Vec<String> = world.requests("REGISTER").iter().skip(sent).map(wish).collect();
        assert_eq!(asked, wishes, "{changed:?}");
        assert_eq!(world.log.len() - log, wishes.len(), "nothing else: {:?}", &world.log[log..]);
        assert_eq!(told.registering.len(), wishes.iter().filter(|wish| !wish.ends_with(" 0")).count(), "{changed:?}");
        let names = world.names(0).split_off(events);
        assert_eq!(names.contains(&"config".to_owned()), !changed.is_empty(), "{changed:?}: {names:?}");
        // With the answers all is as it was, and nobody who left is there any more.
        grant_from(&mut world, sent);
        let numbers: Vec<u32> = world.phones[0].agent.lines.iter().map(|line| line.account.id.0).collect();
        assert!(numbers.iter().all(|number| *number <= 3), "{changed:?}: {numbers:?}");
        let (states, log) = (states(&world), world.log.len());
        let calm = |(_, state): &(u32, RegistrationState)| {
            matches!(state, RegistrationState::Registered | RegistrationState::Off)
        };
        assert!(states.iter().all(calm), "{changed:?}: {states:?}");
        world.run(Duration::from_secs(3));
        assert_eq!(world.log.len(), log, "{changed:?}: {:?}", &world.log[log..]);
    }
}

#[test]
fn what_is_configured_anew_binds_the_same_contact_and_a_new_account_another() {
    let user = |request: &Request| {
        let contacts = request.headers.contacts().expect("readable");
        contacts.first().and_then(|contact| contact.uri.user().map(str::to_owned))
    };
    let mut world = world_of_two();
    let first = user(&world.requests("REGISTER")[0]);
    let mut accounts = two();
    accounts[0].transport = "tcp".into();
    configure(&mut world, Settings::default(), accounts.clone());
    let anew = world.last_request();
    //= RFC 3261 §10.2.2: what stood before is removed by the same request
    let contacts = anew.headers.elements(&HeaderName::Contact).count();
    assert_eq!((user(&anew), contacts), (first.clone(), 2));
    grant_from(&mut world, 2);
    accounts[0].domain = "other.example".into();
    configure(&mut world, Settings::default(), accounts);
    let [leaving, joining] = &world.requests("REGISTER")[3..] else { panic!("{:?}", world.log) };
    assert_eq!((user(leaving), user(joining) == first), (first, false));
    let plain = leaving.headers.text(&HeaderName::Contact).unwrap_or_default();
    assert!(!plain.contains("sip.instance"), "a registrar that goes by it would remove the new one: {plain}");
}

#[test]
fn a_call_goes_on_while_its_account_leaves() {
    let mut world = super::incoming::registered(Settings::default());
    assert_eq!(rung(&mut world, HOME, "", "one"), 180);
    let told = configure(&mut world, Settings { single_mode: false, ..Settings::default() }, Vec::new());
    assert_eq!(told.changed, ["Account1"]);
    let leaving = world.requests("REGISTER").pop().expect("it leaves");
    assert_eq!(expires(&leaving), "0");
    grant(&mut world, &leaving);
    assert_eq!(states(&world), [], "it is not shown any more");
    let call = |world: &World| world.phones[0].agent.status(world.now).calls.first().map(|call| call.state);
    assert_eq!(call(&world), Some(CallState::Incoming));
    world.command(0, Command::Answer { call: None }).expect("it rings");
    assert_eq!((world.last_response().status.0, call(&world)), (200, Some(CallState::Connected)));
    assert!(world.phones[0].agent.lines.iter().any(|line| line.leaving), "as long as the call");
    // Nobody new rings at the old name.
    assert_eq!(rung(&mut world, HOME, "", "two"), 404);
    world.command(0, Command::Hangup { which: Default::default() }).expect("connected");
    world.run(Duration::from_secs(40));
    assert_eq!(call(&world), None);
    assert!(!world.phones[0].agent.lines.iter().any(|line| line.leaving), "it is let go");
}

#[test]
fn new_settings_in_the_middle_of_a_register_leave_one_binding_or_none() {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account("101")]), 5070);
    world.run(Duration::ZERO);
    let first = world.last_request();
    let other = Account { password: Secret::new("other"), ..account("101") };
    configure(&mut world, Settings::default(), vec![other]);
    configure(&mut world, Settings::default(), vec![account("101")]);
    let sent = world.requests("REGISTER");
    let numbers: Vec<_> = sent.iter().map(|it| it.headers.cseq().ok().flatten().map(|cseq| cseq.number)).collect();
    assert_eq!(sent.len(), 3, "{:?}", world.log);
    assert!(numbers.is_sorted());
    // The answer to one that nobody waits for changes nothing.
    grant(&mut world, &first);
    assert_eq!(states(&world), [(1, RegistrationState::Registering)]);
    grant(&mut world, &sent[2]);
    assert_eq!(states(&world), [(1, RegistrationState::Registered)]);

    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account("101")]), 5070);
    world.run(Duration::ZERO);
    configure(&mut world, Settings::default(), Vec::new());
    assert_eq!(world.requests("REGISTER").len(), 1, "one at a time");
    grant_from(&mut world, 0);
    //= RFC 3261 §10.2: the next one waits for the answer to the one before
    assert_eq!(world.requests("REGISTER").iter().map(expires).collect::<Vec<_>>(), ["300", "0"]);
    grant_from(&mut world, 1);
    assert_eq!(world.phones[0].agent.lines.len(), 1, "only Local is left");
}

#[test]
fn what_was_refused_for_good_is_asked_for_with_a_new_password() {
    let mut world = super::registering::phone();
    for nonce in ["n1", "n2"] {
        super::registering::answer(&mut world, 401, &[(HeaderName::WwwAuthenticate, &challenge(nonce))]);
    }
    assert_eq!(states(&world), [(1, RegistrationState::Failed)]);
    world.run(Duration::from_secs(3600));
    let right = Account { password: Secret::new("right"), ..account("101") };
    let told = configure(&mut world, Settings::default(), vec![right.clone()]);
    assert_eq!(told.registering, [1]);
    grant_from(&mut world, 2);
    assert_eq!(states(&world), [(1, RegistrationState::Registered)]);
    // Who was taken off by hand stays off.
    world.command(0, Command::Unregister { account: None }).expect("registered");
    grant_from(&mut world, 3);
    let told = configure(&mut world, Settings::default(), vec![Account { auth_id: "x".into(), ..right }]);
    assert_eq!((told.registering, states(&world)), (vec![], vec![(1, RegistrationState::Off)]));
}

/// A password that somebody gave the account since is its password, whatever else the file says anew.
#[test]
fn a_password_that_was_given_stays() {
    let mut world = world_of_two();
    let given = Command::Password { account: Some("1".to_owned()), password: Secret::new("given") };
    world.command(0, given).expect("there is one");
    let password = |world: &World| {
        let line = world.phones[0].agent.lines.iter().find(|line| line.account.id == AccountId(1)).expect("it stays");
        line.account.password.reveal().to_owned()
    };
    let labelled = |label: &str, password: &str| {
        let mut accounts = two();
        (accounts[0].label, accounts[0].password) = (label.into(), Secret::new(password));
        accounts
    };
    for (label, said, expected) in [("", "secret", "given"), ("Desk", "secret", "given"), ("Desk", "other", "other")] {
        configure(&mut world, Settings::default(), labelled(label, said));
        assert_eq!(password(&world), expected, "{label} {said}");
    }
}

/// Of two accounts that are alike each stays what it is.
#[test]
fn accounts_that_are_alike_keep_their_numbers() {
    let alike = || vec![account("101"), Account { id: AccountId(2), label: "Desk".into(), ..account("101") }];
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), alike()), 5070);
    world.run(Duration::ZERO);
    grant_from(&mut world, 0);
    let contacts = |world: &World| {
        let lines = &world.phones[0].agent.lines;
        lines.iter().map(|line| (line.account.id, line.contact_user.clone())).collect::<Vec<_>>()
    };
    let before = contacts(&world);
    let told = configure(&mut world, Settings { dnd: true, ..Settings::default() }, alike());
    assert_eq!((told.changed, contacts(&world)), (vec!["Settings.DND".to_owned()], before));
}

#[test]
fn lights_come_and_go_one_by_one() {
    let watching = |list: &[&str]| Settings {
        watch: list.iter().map(|target| (*target).to_owned()).collect(),
        ..Settings::default()
    };
    let (mut world, sent) = following_with(watching(&["102", "103"]));
    assert_eq!(sent.len(), 2);
    for subscribe in &sent {
        let mut ok = Response::to_request(subscribe, StatusCode(200), Some("n"));
        ok.headers.push(HeaderName::Expires, "3600");
        ok.headers.push(HeaderName::Contact, format!("<sip:n@127.0.0.1:{SERVER}>"));
        world.send(SERVER, 0, ok.to_bytes());
        within(&mut world, subscribe, 1, "Event: dialog\r\n", "");
    }
    let log = world.log.len();
    let told = configure(&mut world, watching(&["103", "104"]), vec![account("101")]);
    assert_eq!((told.changed, told.registering), (vec!["tuiphone.watch".to_owned()], vec![]));
    let asked: Vec<String> = world
        .requests("SUBSCRIBE")
        .iter()
        .skip(2)
        .map(|it| {
            let to = it.headers.text(&HeaderName::To).unwrap_or_default();
            format!("{} {}", to.split(['@', ':']).nth(1).unwrap_or_default(), expires(it) == "0")
        })
        .collect();
    assert_eq!((asked, world.log.len() - log), (vec!["102 true".to_owned(), "104 false".to_owned()], 2));
    let lights: Vec<String> =
        world.phones[0].agent.status(world.now).lights.into_iter().map(|light| light.target).collect();
    assert_eq!(lights, ["103", "104"]);
}

#[test]
fn a_voicemail_number_is_asked_about_at_once_and_given_up_as_soon() {
    let mut world = world_of_two();
    let mut accounts = two();
    accounts[0].voicemail_number = "*97".into();
    configure(&mut world, Settings::default(), accounts);
    assert_eq!(world.requests("SUBSCRIBE").len(), 1);
    configure(&mut world, Settings::default(), two());
    assert!(world.phones[0].agent.watches.is_empty());
    assert_eq!(world.requests("REGISTER").len(), 2, "nobody registers because of it");
}

#[test]
fn volumes_and_voices_are_told_to_the_sound_if_they_changed() {
    let mut world = world_of_two();
    let before = world.phones[0].media.len();
    let settings = Settings { volume_output: 40, mic_amplification: true, ..Settings::default() };
    configure(&mut world, settings.clone(), two());
    let told = world.phones[0].media.split_off(before);
    let volume = MediaCommand::Volume { output: 40, input: 100 };
    assert!(told.len() == 2 && told[0] == volume && matches!(told[1], MediaCommand::Voice(_)), "{told:?}");
    configure(&mut world, settings, two());
    assert_eq!(world.phones[0].media.len(), before);
}

#[test]
fn a_phone_that_leaves_takes_no_settings() {
    let mut world = world_of_two();
    world.command(0, Command::Exit).expect("always");
    let (now, log) = (world.now, world.log.len());
    let new = Box::new(AgentConfig::new(Settings::default(), Vec::new()));
    world.phones[0].agent.handle(Input::Configured(RequestId(9), new), now);
    world.settle();
    assert!(matches!(world.phones[0].replies.last(), Some(Err(CommandError { kind: "no_daemon", .. }))));
    assert_eq!(world.log.len(), log);
}
