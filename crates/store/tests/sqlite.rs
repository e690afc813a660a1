//! SQLite as a keeper of the desk's records, and what is its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod contract;

use aldis_desk::Records;
use aldis_store::{Account, Failure, OpenError, Store};
use aldis_wire::Code;
use aldis_wire::signal::{Doer, Entry, Event, Role};
use tempfile::TempDir;

/// A database file of its own.
struct Sqlite {
    folder: TempDir,
    store: Store,
}

impl Sqlite {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for name in ["eva", "tom"] {
            let account = account(name);
            store
                .run_blocking(move |transaction| transaction.add_account(&account, 1))
                .unwrap();
        }
        Self { folder, store }
    }
}

impl contract::Keeper for Sqlite {
    type Failure = Failure;

    fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Records<Failure = Failure>) -> Result<T, Failure> + Send + 'static,
    ) -> Option<T> {
        self.store
            .run_blocking(move |transaction| work(transaction))
            .ok()
    }

    fn reopen(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        Self { folder, store }
    }

    fn failure() -> Failure {
        Failure::InvalidQuery
    }

    fn verify(&self) -> Option<u64> {
        let head = self
            .store
            .run_blocking(|transaction| transaction.verify_history());
        head.unwrap().ok().map(|(number, _)| number)
    }
}

#[test]
fn sqlite_keeps_the_contract() {
    contract::holds(Sqlite::open);
}

/// An account that works on cases.
fn account(name: &str) -> Account {
    Account {
        name: name.to_owned(),
        password: "old".to_owned(),
        role: Role::Technician,
        picture: Vec::new(),
        may_release: true,
        busy_at: 3,
        skills: Vec::new(),
        companies: Vec::new(),
    }
}

#[test]
fn cases_of_one_moment_are_all_found_page_by_page() {
    let keeper = Sqlite::open();
    for number in 1..=5 {
        contract::create(&keeper, number, "", 7).unwrap();
    }
    let (mut found, mut after) = (Vec::new(), (8, Code::from_number(0).unwrap()));
    loop {
        let page = keeper
            .store
            .run_blocking(move |transaction| transaction.find_cases("contoso", after, 2))
            .unwrap();
        let Some(last) = page.last() else { break };
        after = (last.created_at, last.code);
        found.extend(page.iter().map(|case| case.code.number()));
    }
    assert_eq!(found, [1, 2, 3, 4, 5]);
}

#[test]
fn the_cases_that_ended_last_come_first_closed_or_expired() {
    let keeper = Sqlite::open();
    for number in 1..=6 {
        contract::create(&keeper, number, "", u64::from(number)).unwrap();
    }
    let ended = |most, now| -> Vec<u32> {
        let ended = keeper.store.run_blocking(move |transaction| {
            // 2 was closed long after 5, and 4 is open for ever.
            for (number, closed_at, expires_at) in [
                (2, Some(90), 10),
                (5, Some(40), 99),
                (1, None, 60),
                (3, None, 30),
                (4, None, 999),
            ] {
                let code = Code::from_number(number).ok_or_else(contract_failure)?;
                let mut case = transaction.case(code)?.ok_or_else(contract_failure)?;
                (case.closed_at, case.expires_at) = (closed_at, expires_at);
                transaction.keep_case(&case)?;
            }
            transaction.ended_cases(now, most)
        });
        let ended = ended.unwrap();
        ended.iter().map(|case| case.code.number()).collect()
    };
    assert_eq!(ended(10, 100), [2, 1, 5, 3]);
    assert_eq!(ended(3, 100), [2, 1, 5]);
    assert_eq!(ended(10, 35), [2, 5, 3]);
}

fn contract_failure() -> Failure {
    Failure::InvalidQuery
}

#[test]
fn a_history_that_was_tampered_with_is_found_out() {
    let keeper = Sqlite::open();
    for number in 1..=5_u32 {
        let entry = Entry {
            number: 0,
            code: Code::from_number(number).unwrap(),
            at: 5,
            by: Doer::Supporter("eva".to_owned()),
            event: Event::Described,
        };
        keeper
            .store
            .run_blocking(move |transaction| transaction.record_entry(entry))
            .unwrap();
    }
    let path = keeper.folder.path().join("aldis.sqlite");
    let thief = rusqlite::Connection::open(path).unwrap();
    for sql in ["UPDATE history SET at = 6", "DELETE FROM history"] {
        assert!(thief.execute(sql, []).is_err(), "{sql}");
    }
    // Whoever has the file can take the guard away, and cannot make the chain hold.
    thief
        .execute_batch("DROP TRIGGER history_stays; UPDATE history SET at = 6 WHERE number = 3;")
        .unwrap();
    let found = keeper
        .store
        .run_blocking(|transaction| transaction.verify_history());
    assert_eq!(found.unwrap().unwrap_err().number, 3);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut account = account("eva");
    let first = account.clone();
    let added = store
        .run(
            move |transaction| {
                assert!(transaction.add_account(&first, 1)?);
                transaction.add_token(&[1; 32], "eva", 1)?;
                transaction.add_account(&first, 2)
            },
            |added| added,
        )
        .await
        .unwrap();
    assert!(!added, "the name is taken");
    let known = |store: Store| async move {
        store
            .run(
                |transaction| transaction.use_token(&[1; 32], 0, 5),
                |known| known,
            )
            .await
            .unwrap()
    };
    assert_eq!(known(store.clone()).await, Some(account.clone()));
    account.password = "new".to_owned();
    store
        .run(
            move |transaction| transaction.set_account(&account),
            |()| (),
        )
        .await
        .unwrap();
    assert_eq!(known(store).await, None);
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aldis.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert!(matches!(
        Store::open(folder.path()),
        Err(OpenError::Newer { found: 99, .. })
    ));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(
        Store::open(&file),
        Err(OpenError::Unwritable { .. })
    ));
}
