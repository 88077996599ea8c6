//! Far ends for scripts: `demo --peer`.

use crate::support::{PATIENCE, bare, finish, finish_in, lines_of, signal};
use std::fs::{read_to_string, write};
use std::process::Stdio;

#[test]
fn far_ends_take_along_their_own_file_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("far.ini");
    let name = file.display().to_string();
    for taken in [false, true] {
        let mut child = bare(home.path(), &["demo", "--peer", &name]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = lines_of(child.stderr.take().expect("its stderr"));
        while !lines.recv_timeout(PATIENCE).expect("it is ready").contains("call them with") {}
        let called = finish(bare(home.path(), &["-i", &name, "--standalone", "call", "602"]));
        assert_eq!(called.code, 20, "{called:?}");
        let others = format!("{}; of another demo\n", read_to_string(&file).expect("its file"));
        if taken {
            write(&file, &others).expect("written");
        }
        signal(&child, "TERM");
        assert_eq!(finish_in(child).code, 0);
        assert_eq!(read_to_string(&file).ok(), taken.then_some(others));
    }
    let own = "[Settings]\n";
    write(&file, own).expect("written");
    let refused = finish(bare(home.path(), &["demo", "--peer", &name]));
    assert_eq!((refused.code, refused.stderr.contains("is there already")), (3, true), "{refused:?}");
    assert_eq!(read_to_string(&file).expect("it is kept"), own);
}
