//! `setup` where nobody can be asked.

use crate::support::{bare, finish};

#[test]
fn without_anybody_to_ask_it_says_what_to_set() {
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [&["setup", "--no-input"][..], &["setup"]] {
        let told = finish(bare(home.path(), arguments));
        assert_eq!(told.code, 3, "{told:?}");
        assert!(told.stdout.contains("tuiphone config set Settings.accountId=1"), "{told:?}");
        assert!(told.stderr.contains("nobody to ask"), "{told:?}");
    }
    let told = finish(bare(home.path(), &["setup", "--json"]));
    assert_eq!((told.code, told.json()["error"]["kind"].as_str()), (3, Some("config")));
    assert_eq!(std::fs::read_dir(home.path()).expect("a look").count(), 0, "nothing is written");
}
