use super::*;
use crate::history::{Kind, Query};
use std::sync::{Arc, Mutex};

struct House {
    folder: tempfile::TempDir,
    said: Arc<Mutex<Vec<String>>>,
}

impl House {
    fn new() -> House {
        House { folder: tempfile::tempdir().unwrap(), said: Arc::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("history/calls.db")
    }

    fn keeper(&self) -> Keeper {
        let said = self.said.clone();
        let complain = Box::new(move |message| said.lock().unwrap().push(message));
        Keeper::new(Shelf { file: self.file(), most: 3 }, complain)
    }

    fn said(&self) -> usize {
        self.said.lock().unwrap().len()
    }
}

fn call(number: &str, started_ms: i64) -> Record {
    Record { started_ms, number: number.into(), sip_call_id: number.into(), ..Record::default() }
}

fn numbers(keeper: &mut Keeper) -> Vec<String> {
    match keeper.answer(HistoryAsk::List(Query::default())).unwrap() {
        Found::Records(calls, _) => calls.into_iter().map(|call| call.number).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_only_asks_makes_no_file() {
    let house = House::new();
    assert!(numbers(&mut house.keeper()).is_empty());
    assert!(!house.file().exists());
    house.keeper().keep(call("1", 1));
    assert_eq!(numbers(&mut house.keeper()), ["1"]);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let mut keeper = house.keeper();
    keeper.keep(call("1", 1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(house.file().parent().unwrap()), 0o700);
    let files: Vec<_> = fs::read_dir(house.file().parent().unwrap()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(files.len() > 1, "the log of changes stands beside it: {files:?}");
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{}", file.display()));
}

#[test]
fn a_damaged_file_is_put_aside_and_said_once() {
    let house = House::new();
    let rubbish = "this is no database ".repeat(100);
    fs::create_dir(house.file().parent().unwrap()).unwrap();
    fs::write(house.file(), &rubbish).unwrap();
    let mut keeper = house.keeper();
    keeper.keep(call("1", 1));
    keeper.keep(call("2", 2));
    assert_eq!((numbers(&mut keeper), house.said()), (vec!["2".to_owned(), "1".to_owned()], 1));
    assert_eq!(fs::read_to_string(house.folder.path().join("history/calls.db.damaged-1")).unwrap(), rubbish);
}

#[test]
fn what_cannot_be_kept_waits_for_room_and_is_said_once() {
    let house = House::new();
    // A file where the folder belongs.
    let block = || fs::write(house.file().parent().unwrap(), "").unwrap();
    let clear = || fs::remove_file(house.file().parent().unwrap()).unwrap();
    block();
    let mut keeper = house.keeper();
    for (number, info) in [("1", "begun"), ("1", "ended"), ("2", "begun")] {
        keeper.keep(Record { info: info.into(), ..call(number, 1) });
    }
    assert_eq!((house.said(), keeper.waiting.len()), (1, 2), "of each call what was known last");
    clear();
    assert_eq!((numbers(&mut keeper), house.said()), (vec!["2".to_owned(), "1".to_owned()], 1));
    fs::remove_dir_all(house.file().parent().unwrap()).unwrap();
    keeper.store = None;
    block();
    (0..=MOST_WAITING as i64).for_each(|at| keeper.keep(call(&at.to_string(), at)));
    assert_eq!((house.said(), keeper.waiting.len(), &*keeper.waiting[0].number), (2, MOST_WAITING, "1"));
    // What is to be forgotten does not come back.
    keeper.answer(HistoryAsk::Clear).unwrap();
    clear();
    keeper.keep(call("3", 3));
    assert_eq!(numbers(&mut keeper), ["3"]);
}

#[test]
fn a_newer_file_is_refused_and_stays() {
    let house = House::new();
    house.keeper().keep(call("1", 1));
    Connection::open(house.file()).unwrap().execute_batch("PRAGMA user_version=99").unwrap();
    let mut keeper = house.keeper();
    let error = keeper.answer(HistoryAsk::Clear).unwrap_err();
    assert!(error.message.contains("newer") && error.code == ExitCode::Config, "{error:?}");
    keeper.keep(call("2", 2));
    assert_eq!((house.said(), fs::read_dir(house.file().parent().unwrap()).unwrap().count() > 0), (1, true));
    assert!(house.file().exists());
}

#[test]
fn only_so_many_are_kept() {
    let house = House::new();
    (1..=5).for_each(|at| house.keeper().keep(call(&at.to_string(), at)));
    assert_eq!(numbers(&mut house.keeper()), ["5", "4", "3"]);
    let shelf = Shelf { file: house.file(), most: 2 };
    assert_eq!(join(&shelf, &[call("6", 6), call("1", 1)], true), Ok(2));
    assert_eq!(numbers(&mut house.keeper()), ["6", "5"], "of those that join too");
}

#[test]
fn microsips_calls_are_brought_over_once() {
    let house = House::new();
    let ini = house.folder.path().join("microsip.ini");
    fs::write(&ini, "[Settings]\r\ncallsLastKey=2\r\n[Calls]\r\n0=100;Ann;2;1700000000;0;Missed Call\r\n1=null\r\n2=200;;0;1700000100;9;\r\n").unwrap();
    let db = house.folder.path().join("any name");
    Connection::open(&db)
        .unwrap()
        .execute_batch(
            "CREATE TABLE call_log(id, callId UNIQUE, number, name, type, time, duration, info);
             INSERT INTO call_log VALUES (1, 'x', '300', 'Cy', 1, 1700000200, 5, 'Call Ended')",
        )
        .unwrap();
    let mut keeper = Keeper { shelf: Shelf { file: house.file(), most: 100 }, ..house.keeper() };
    let mut import = |path: &Path| keeper.answer(HistoryAsk::Import(path.display().to_string()));
    assert_eq!(import(&ini), Ok(Found::Imported { new: 2, known: 0 }));
    assert_eq!(import(&ini), Ok(Found::Imported { new: 0, known: 2 }));
    assert_eq!(import(&db), Ok(Found::Imported { new: 1, known: 0 }));
    for (text, why) in [("[Settings]\n", "no section [Calls]"), ("SQLite format 3\0rubbish", "damaged")] {
        let wrong = house.folder.path().join("wrong");
        fs::write(&wrong, text).unwrap();
        let error = import(&wrong).unwrap_err();
        assert!(error.message.contains(why), "{error:?}");
    }
    assert!(import(&house.folder.path().join("none")).unwrap_err().message.contains("no such file"));
    assert!(import(house.folder.path()).unwrap_err().message.contains("it is a folder"));
    assert_eq!(numbers(&mut keeper), ["300", "200", "100"]);
    let missed = HistoryAsk::List(Query { kinds: vec![Kind::Missed], ..Query::default() });
    assert!(
        matches!(keeper.answer(missed), Ok(Found::Records(calls, false)) if calls.len() == 1 && calls[0].name == "Ann")
    );
}

#[test]
fn calls_join_once_and_to_count_them_makes_no_file() {
    let house = House::new();
    let shelf = Shelf { file: house.file(), most: 100 };
    let calls = [call("1", 5), call("2", 6)];
    assert_eq!((join(&shelf, &calls, false), house.file().exists()), (Ok(2), false));
    house.keeper().keep(Record { info: "ours".into(), ..call("2", 6) });
    assert_eq!((join(&shelf, &calls, false), join(&shelf, &calls, true)), (Ok(1), Ok(1)));
    assert_eq!((join(&shelf, &calls, false), join(&shelf, &calls, true)), (Ok(0), Ok(0)));
    assert_eq!(numbers(&mut house.keeper()), ["2", "1"]);
    fs::write(house.file(), "no database ".repeat(1_000)).unwrap();
    assert!(join(&shelf, &calls, true).unwrap_err().contains("calls.db: it is damaged"));
}
