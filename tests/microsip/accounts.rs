//! Sections 5.1, 5.3, 5.4 and 13.3: which accounts a file has, which of them is used, and what their passwords are. A row
//! a fact.

use tuiphone::config::{Document, Loaded, load};

fn read(text: &str) -> Loaded {
    load(&Document::parse(text.as_bytes()).expect("an ini file"), &[])
}

fn told(loaded: &Loaded) -> Vec<String> {
    let one = |account: &tuiphone::config::Account| {
        let mark = if account.id == loaded.selected { "*" } else { "" };
        format!("{mark}{} {}", account.id.0, account.aor())
    };
    loaded.accounts.iter().map(one).collect()
}

const ONE: &str = "[Account1]\ndomain=d\nusername=u\n";
const TWO: &str = "[Account2]\ndomain=e\nusername=v\n";

#[test]
fn accounts_are_those_microsip_would_have() {
    let own = "[Account]\nAccount=101@pbx.example.net ; mine\nProxy=sips:proxy.example.net:5071;lr\nAuthID=a1\nPassword=p;w\n";
    for (fact, text, expected) in [
        ("none", String::new(), &["*0 "][..]),
        ("one", ONE.to_owned(), &["*1 u@d"]),
        ("in any order", format!("{TWO}{ONE}"), &["*1 u@d", "2 v@e"]),
        ("a section that is missing ends the count", format!("{ONE}[Account3]\ndomain=f\n"), &["*1 u@d"]),
        (
            "so does an empty domain",
            format!("{ONE}[Account2]\nusername=v\ndomain=\n[Account3]\ndomain=f\n"),
            &["*1 u@d"],
        ),
        ("without the first there is none", TWO.to_owned(), &["*0 "]),
        ("accountId chooses", format!("[Settings]\naccountId=2\n{ONE}{TWO}"), &["1 u@d", "*2 v@e"]),
        ("where it is missing, the first", format!("[Settings]\n{ONE}{TWO}"), &["*1 u@d", "2 v@e"]),
        ("and where it is empty", format!("[Settings]\naccountId=\n{ONE}"), &["*1 u@d"]),
        ("0 without a Local account tries 1", format!("[Settings]\naccountId=0\n{ONE}"), &["*1 u@d"]),
        ("0 with one is Local", format!("[Settings]\naccountId=0\nenableLocalAccount=1\n{ONE}"), &["1 u@d", "*0 "]),
        ("one that does not load is Local", format!("[Settings]\naccountId=7\n{ONE}"), &["1 u@d", "*0 "]),
        (
            "Local may be kept beside",
            format!("[Settings]\naccountId=1\nenableLocalAccount=1\n{ONE}"),
            &["*1 u@d", "0 "],
        ),
        ("[Account0] alone is no account", "[Account0]\nusername=me\n".to_owned(), &["*0 me@"]),
        // Section 5.4.
        ("the oldest keep it in [Settings]", "[Settings]\nserver=s\ndomain=d\nusername=u\n".to_owned(), &["*1 u@d"]),
        ("if accountId is empty", "[Settings]\naccountId=\ndomain=d\nusername=u\n".to_owned(), &["*1 u@d"]),
        ("not if it says anything", "[Settings]\naccountId=1\ndomain=d\nusername=u\n".to_owned(), &["*0 "]),
        ("nor without a domain", "[Settings]\nserver=s\nusername=u\n".to_owned(), &["*0 "]),
        ("a numbered one comes before it", format!("[Settings]\ndomain=x\nusername=y\n{ONE}"), &["*1 u@d"]),
        // Section 13.3.
        ("[Account] is the first", own.to_owned(), &["*1 101@pbx.example.net"]),
        ("whose Domain counts more", format!("{own}Domain=d\n"), &["*1 101@d"]),
        ("and whose Username", format!("{own}Username=102\n"), &["*1 102@pbx.example.net"]),
        ("but not beside [Account1]", format!("{own}{ONE}"), &["*1 u@d"]),
    ] {
        assert_eq!(told(&read(&text)), expected, "{fact}");
    }
    let one = read(own).accounts.remove(0);
    assert_eq!((one.server.as_str(), one.auth_user(), one.password.reveal()), ("pbx.example.net", "a1", "p;w"));
    assert_eq!(one.proxies, ["proxy.example.net:5071"], "without scheme and parameters");
    let local = read("[Settings]\nenableLocalAccount=1\n[Account0]\nserver=s\n").accounts.remove(0);
    assert_eq!((local.label.as_str(), local.server.as_str()), ("Local (call by IP address)", ""), "it never registers");
    let named = read("[Account0]\nlabel=Direct\n").accounts.remove(0);
    assert_eq!(named.label, "Direct");
}

#[test]
fn the_oldest_files_have_every_key_of_their_account_in_settings() {
    let text = "[Settings]\nserver=s\nproxy=p\nSRTP=optional\ntransport=tcp\npublicAddr=192.0.2.7\npublish=1\nICE=1\n\
                allowRewrite=1\ndomain=d\nauthID=a\nusername=u\npassword=p ; w\ndisplayName=Ann\npasswordSize=3\nid=7\n";
    let account = read(text).accounts.remove(0);
    let texts = [account.server, account.proxies.join(" "), account.transport, account.auth_id, account.display_name];
    assert_eq!(texts, ["s", "p", "tcp", "a", "Ann"]);
    assert_eq!((account.password.reveal(), account.publish, account.ice), ("p ; w", true, true));
    assert_eq!(account.public_address.map(|ip| ip.to_string()).as_deref(), Some("192.0.2.7"));
}

#[test]
fn a_password_of_microsips_shape_is_known_for_what_it_is() {
    // So many characters are so many digits of its cipher.
    for (characters, digits) in [(1, 16), (2, 32), (5, 32), (6, 48), (9, 48), (10, 64), (13, 64), (14, 80)] {
        assert_eq!(16 * ((4 + 2 * characters) / 8 + 1), digits);
        let text = format!("[Account1]\ndomain=d\npassword={}\n", "5a".repeat(digits / 2));
        let account = read(&text).accounts.remove(0);
        assert!(account.password_sealed && account.password.is_empty(), "{digits}");
        let plain = read(&format!("{text}[tuiphone]\npasswordPlain=1\n")).accounts.remove(0);
        assert_eq!((plain.password_sealed, plain.password.reveal().len()), (false, digits));
        for other in [digits - 1, digits + 1, digits + 8] {
            let text = format!("[Account1]\ndomain=d\npassword={}\n", "a".repeat(other));
            let account = read(&text).accounts.remove(0);
            assert_eq!((account.password_sealed, account.password.reveal().len()), (false, other));
        }
    }
    for plain in ["abc", "hunter2", "5A5A5A5A5A5A5A5A", "5a5a5a5a5a5a5a5g", " 5a5a5a5a5a5a5a5a5"] {
        let account = read(&format!("[Account1]\ndomain=d\npassword={plain}\n")).accounts.remove(0);
        assert_eq!((account.password_sealed, account.password.reveal()), (false, plain.trim()));
    }
}
