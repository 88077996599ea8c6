//! `contacts`, with a phone that runs and without: the file beside the ini file, and the names it lends.

use crate::support::House;
use serde_json::Value;

const FIXTURE: &str = include_str!("../fixtures/ini/Contacts-SYNTHETIC-3.22-all-attributes.xml");

#[test]
fn the_file_is_microsips_and_keeps_its_bytes() {
    let house = House::open();
    let file = house.ini().with_file_name("Contacts.xml");
    std::fs::write(&file, FIXTURE).expect("written");
    // Without a phone, then with one.
    for runs in [false, true] {
        let _daemon = runs.then(|| house.daemon());
        let list = house.run(&["contacts", "--json"]);
        let names: Vec<Value> =
            list.json()["contacts"].as_array().expect("a list").iter().map(|c| c["name"].clone()).collect();
        assert_eq!((list.code, names), (0, vec!["Zoë & Co".into(), "Ops".into()]));
        let found = house.run(&["contacts", "search", "5550-111"]);
        assert_eq!(found.stdout, "* Zoë & Co  5550111, mobile 5550222  (Online)\n", "{found:?}");
        let added = house.run(&["contacts", "add", "7001", "Ann Bell", "--starred", "on", "--json"]);
        assert_eq!(
            (added.code, &added.json()["added"], &added.json()["contact"]["starred"]),
            (0, &true.into(), &true.into())
        );
        assert!(
            std::fs::read_to_string(&file)
                .expect("read")
                .starts_with(FIXTURE.trim_end().trim_end_matches("</contacts>"))
        );
        assert_eq!(house.run(&["contacts", "rm", "ann bell"]).code, 0);
        assert_eq!(std::fs::read_to_string(&file).expect("read"), FIXTURE);
        let nobody = house.run(&["contacts", "rm", "nobody"]);
        assert_eq!((nobody.code, nobody.stderr.contains("there is no contact \"nobody\"")), (5, true), "{nobody:?}");
        assert_eq!(house.run(&["contacts", "shout"]).code, 2);
    }
}

#[test]
fn tables_and_cards_go_out_and_come_in() {
    let house = House::open();
    let folder = house.ini().parent().expect("a folder").to_owned();
    std::fs::write(folder.join("in.csv"), "Given Name;Family Name;Phone 1 - Value\nZo\u{eb};Ex;0170 1\n;;\n")
        .expect("written");
    let table = folder.join("in.csv").display().to_string();
    let daemon = house.daemon();
    for expected in ["1 added, 0 changed, 0 known already", "0 added, 0 changed, 1 known already"] {
        let done = house.run(&["contacts", "import", &table]);
        assert_eq!(
            (done.code, done.stdout.trim()),
            (0, format!("{expected}, 1 without a number left out").as_str()),
            "{done:?}"
        );
    }
    let cards = folder.join("out.vcf").display().to_string();
    assert_eq!(house.run(&["contacts", "export", &cards]).stdout, format!("1 written to {cards}\n"));
    assert_eq!(house.run(&["contacts", "export", &cards]).code, 1, "it is there already");
    assert_eq!(house.run(&["contacts", "export", &cards, "--force"]).code, 0);
    assert!(std::fs::read_to_string(&cards).expect("read").contains("\r\nFN:Zoë Ex\r\n"));
    std::fs::write(folder.join("bad.csv"), "a,b\n1,2\n").expect("written");
    let bad = house.run(&["contacts", "import", &folder.join("bad.csv").display().to_string()]);
    assert_eq!((bad.code, bad.stderr.contains("bad.csv: line 1 names neither Name nor Number")), (1, true), "{bad:?}");
    // What is said on the socket is what the command line says.
    let reply = daemon.connect().ask("contacts search zoë");
    assert_eq!(
        (&reply["ok"], &reply["verb"], &reply["contacts"][0]["mobile"]),
        (&true.into(), &"contacts".into(), &"0170 1".into())
    );
}

#[test]
fn a_call_has_the_name_of_the_contact() {
    let house = House::open();
    let daemon = house.daemon();
    let mut watcher = daemon.connect();
    watcher.ask("watch");
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("{\"verb\":\"contacts\",\"action\":\"add\",\"what\":\"600\",\"name\":\"Echo\"}")["ok"], true);
    assert_eq!(wire.ask("call 600")["call"]["remote"]["name"], "Echo");
    assert_eq!(watcher.await_event("call_answered")["call"]["remote"]["name"], "Echo");
    assert_eq!(house.run(&["status", "--json"]).json()["calls"][0]["remote"]["name"], "Echo");
    wire.ask("hangup --all");
    assert_eq!(watcher.await_event("call_ended")["call"]["remote"]["name"], "Echo");
}

#[test]
fn contacts_of_an_old_microsip_move_into_their_file() {
    let house = House::open();
    let file = house.ini().with_file_name("Contacts.xml");
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let text = text + "[Contacts]\r\n0=600;Echo;1;0\r\n1=;nobody\r\n2=602;Bob \"B\";0;1\r\n";
    std::fs::write(house.ini(), &text).expect("written");
    let names = || house.run(&["contacts"]).stdout;
    assert_eq!(names(), "  Bob \"B\"  602\n  Echo  600\n");
    assert!(!file.exists(), "who only looks makes no file");
    let mut daemon = house.daemon();
    // The light of one who was moved: the phone knows them by then.
    daemon.await_line("Echo is free");
    let moved = std::fs::read_to_string(&file).expect("read");
    assert!(moved.contains("<contact name=\"Echo\" number=\"600\" "), "{moved}");
    assert!(moved.contains(" presence=\"1\" starred=\"0\" directory=\"0\"/>"), "{moved}");
    assert_eq!(daemon.connect().ask("call 600")["call"]["remote"]["name"], "Echo");
    assert_eq!(house.run(&["contacts", "rm", "Echo"]).code, 0);
    assert_eq!(daemon.terminate(), 0);
    // The file is there now: whoever is away stays away.
    let _daemon = house.daemon();
    assert_eq!(names(), "  Bob \"B\"  602\n");
    assert_eq!(std::fs::read_to_string(house.ini()).expect("read"), text, "the ini stays as it is");
}

#[test]
fn what_is_broken_is_told_with_its_file_and_line() {
    let house = House::open();
    let folder = house.ini().parent().expect("a folder").to_owned();
    let (row, deep) = ("<contact name='Ann' number='1'/>\n", "<a>".repeat(40) + &"</a>".repeat(40));
    for (name, text, added, line) in [
        ("a.xml", format!("<contacts>\n{row}<contact name='&x;' number='2'/>\n</contacts>\n"), 1, 3),
        ("b.xml", format!("<contacts>\n{row}<contact number='2'>{deep}</contact>\n</contacts>\n"), 1, 3),
        ("c.xml", format!("<contacts>\n{row}<contact number='2"), 1, 3),
        ("d.xml", format!("<!DOCTYPE c [<!ENTITY x 'y'>]>\n<contacts>\n{row}</contacts>\n"), 1, 1),
        ("e.csv", "Name,Number\nAnn,1\n\"Bob,2\nCid,3\n".to_owned(), 3, 3),
        ("f.vcf", "BEGIN:VCARD\nFN:Ann\nTEL:1\nEND:VCARD\nBEGIN:VCARD\nTEL:2\n".to_owned(), 1, 5),
    ] {
        let house = House::open();
        let file = folder.join(name);
        std::fs::write(&file, text).expect("written");
        let done = house.run(&["contacts", "import", &file.display().to_string()]);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stdout.starts_with(&format!("{added} added")), "{name}: {done:?}");
        assert!(done.stderr.contains(&format!("{}: line {line}: ", file.display())), "{name}: {done:?}");
    }
}
