//! A disk that is full, and has room again: the phone's whole profile lies on it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::held::{Row, many};
use crate::phones::{hang_up, have, kept, talk};
use crate::space::may_make_networks;
use crate::support::{House, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

/// A small disk in the place of a folder; gone when dropped.
struct Disk<'a>(&'a Path);

impl Disk<'_> {
    fn mount(folder: &Path) -> Disk<'_> {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder).status();
        assert!(done.is_ok_and(|status| status.success()), "no disk at {}", folder.display());
        Disk(folder)
    }

    /// Leaves not a byte of room.
    fn fill(&self) {
        let mut file = File::create(self.0.join("ballast")).expect("made");
        for length in [65_536, 4_096, 1] {
            while file.write_all(&vec![b'x'; length]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("removed");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_ends_no_call_and_costs_no_row() {
    // Whoever may make networks may mount as well: both take CAP_SYS_ADMIN.
    if !may_make_networks() || !have("mount") {
        return;
    }
    let (turns, calls) = (many(1, 10), many(2, 10));
    let house = House::open();
    let disk = Disk::mount(house.folder.path());
    house.write_ini(&house.password);
    let phone = house.daemon();
    let mut complaints = 0;
    let (before, after) = over_and_over(&phone, turns, |turn| {
        disk.fill();
        let ini = std::fs::read(house.ini()).expect("read");
        for _ in 0..calls {
            hang_up(talk(&phone, "600"));
        }
        // The history may have given up what it had beside its file.
        disk.fill();
        let mut wire = phone.connect();
        wire.ask("watch");
        assert_eq!(wire.ask(if turn % 2 == 0 { "dnd on" } else { "dnd off" })["ok"], true, "it holds until the end");
        let told = wire.await_event("error");
        assert!(told.to_string().contains("cannot keep DND in"), "{told}");
        assert_eq!(std::fs::read(house.ini()).expect("read"), ini, "turn {turn}: not a byte is lost");
        disk.make_room();
        hang_up(talk(&phone, "600"));
        let expected = calls_in_vain() + (turn + 1) * (calls + 1);
        assert!(until(|| kept(&house) == expected), "turn {turn}: {} of {expected} rows", kept(&house));
        let told = phone.lines.try_iter().filter(|line| line.contains("the history of calls is not kept")).count();
        assert!(told <= calls, "turn {turn}: said {told} times");
        complaints += told;
        let mark = if turn % 2 == 0 { "DND=1" } else { "DND=0" };
        wire.ask(if turn % 2 == 0 { "dnd off" } else { "dnd on" });
        wire.ask(if turn % 2 == 0 { "dnd on" } else { "dnd off" });
        assert!(until(|| std::fs::read_to_string(house.ini()).is_ok_and(|text| text.contains(mark))));
    });
    // A turn may find room that the history has beside its file.
    assert!(complaints > 0, "the disk was never full for the history");
    let history = (calls_in_vain() + (warming() + turns) * (calls + 1), kept(&house));
    Row { phase: "disk full, and room again", count: turns, before, after, history }.holds();
}
