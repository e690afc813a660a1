//! What the store has acknowledged outlives a power cut and a full disk.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use aldis_desk::{Command, carry_out};
use aldis_powercut::Disk;
use aldis_store::{Store, StoreError};
use aldis_wire::Code;
use aldis_wire::signal::{Availability, Doer, Draft, Facts, Origin, Refusal};
use rusqlite::Connection;

/// How often the power goes.
const CUTS: u32 = 40;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        // A linear congruential generator with the constants of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    /// How much of a change survives: nothing, all, or a part.
    fn survives(&mut self, length: usize) -> usize {
        match self.roll(3) {
            0 => 0,
            1 => length,
            _ => self.roll(length + 1),
        }
    }
}

/// Does something to a case as a customer; gives how many messages it has then.
fn command(store: &Store, number: u32, command: Command) -> Result<u32, StoreError> {
    let kept = store.run_blocking(move |transaction| {
        let code = Code::from_number(number).unwrap();
        let available = |_: &str| Availability::Available;
        carry_out(
            transaction,
            &available,
            code,
            &command,
            &Doer::Customer,
            1_000,
        )
    })?;
    match kept {
        Ok(done) => Ok(done.case.messages),
        Err(refusal) => panic!("{refusal}"),
    }
}

fn create() -> Command {
    Command::Create {
        draft: Box::new(Draft {
            place: None,
            customer: "Ana".to_owned(),
            facts: Facts::default(),
            to_queue: true,
            by_script: false,
        }),
        origin: Origin::CustomerApp,
    }
}

/// Every case that is kept, with its messages, after a check of the whole file.
fn kept(folder: &Path) -> BTreeMap<u32, u32> {
    let store = Store::open(folder).unwrap();
    let history = store.run_blocking(|transaction| transaction.verify_history());
    assert!(history.unwrap().is_ok(), "the history holds");
    let cases = store
        .run_blocking(|transaction| transaction.open_cases(0))
        .unwrap();
    for case in &cases {
        let (code, expected) = (case.code, case.messages as usize);
        let said = store.run_blocking(move |transaction| transaction.messages(code, 0, 10_000));
        assert_eq!(said.unwrap().len(), expected);
    }
    let file = Connection::open(folder.join("aldis.sqlite")).unwrap();
    let check: String = file
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    cases
        .iter()
        .map(|case| (case.code.number(), case.messages))
        .collect()
}

#[test]
fn no_acknowledged_change_is_lost_when_the_power_goes() {
    let (disk, _turn) = Disk::install();
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(1);
    let mut acknowledged: BTreeMap<u32, u32> = BTreeMap::new();
    let mut next = 0;
    for _ in 0..CUTS {
        let before = kept(folder.path());
        for (number, messages) in &acknowledged {
            let found = before.get(number).copied();
            assert!(
                found >= Some(*messages),
                "{number}: {found:?} of {messages} messages"
            );
        }
        // What was on its way when the power went is there or not; no more than that one.
        assert!(
            before.len() <= acknowledged.len() + 1,
            "nothing is there twice"
        );
        acknowledged = before;
        let store = Store::open(folder.path()).unwrap();
        // Most cuts hit the log, some the moment when it is written back.
        let steps = if dice.roll(4) == 0 { 6_000 } else { 400 };
        disk.cut_after(dice.roll(steps) as u64);
        loop {
            let done = if dice.roll(3) == 0 || acknowledged.is_empty() {
                next += 1;
                command(&store, next, create()).map(|messages| (next, messages))
            } else {
                let numbers: Vec<u32> = acknowledged.keys().copied().collect();
                let number = numbers[dice.roll(numbers.len())];
                let say = Command::Say("hello ".repeat(dice.roll(200) + 1));
                command(&store, number, say).map(|messages| (number, messages))
            };
            match done {
                Ok((number, messages)) => acknowledged.insert(number, messages),
                Err(_no_power) => break,
            };
        }
        drop(store);
        disk.restore(|length| dice.survives(length)).unwrap();
    }
    assert!(acknowledged.len() > 100, "enough was at stake");
}

/// How many rows a connection acknowledges before the power goes, and how many are left of them.
fn rows(disk: &Disk, synchronous: &str) -> (i64, i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let open = || {
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection
            .pragma_update(None, "synchronous", synchronous)
            .unwrap();
        connection
    };
    let connection = open();
    connection
        .execute_batch("CREATE TABLE rows (number INTEGER)")
        .unwrap();
    disk.cut_after(100);
    let mut acknowledged = 0;
    while connection
        .execute("INSERT INTO rows VALUES (?1)", [acknowledged])
        .is_ok()
    {
        acknowledged += 1;
    }
    drop(connection);
    disk.restore(|_| 0).unwrap();
    let count = "SELECT count(*) FROM rows";
    let left = open().query_row(count, [], |row| row.get(0)).unwrap_or(0);
    disk.restore(|_| 0).unwrap();
    (acknowledged, left)
}

#[test]
fn the_power_cut_does_lose_what_is_not_synced() {
    let (disk, _turn) = Disk::install();
    let (acknowledged, left) = rows(disk, "NORMAL");
    assert!(
        left < acknowledged,
        "{left} of {acknowledged} are left: the test cannot fail"
    );
    let (acknowledged, left) = rows(disk, "FULL");
    assert!(
        acknowledged > 5 && left >= acknowledged,
        "{left} of {acknowledged}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_changes_loses_none_and_goes_on_by_itself() {
    let (disk, _turn) = Disk::install();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let write = |number: u32| {
        let store = store.clone();
        async move {
            let work = move |transaction: &aldis_store::Transaction<'_>| {
                let code = Code::from_number(number).unwrap();
                let available = |_: &str| Availability::Available;
                carry_out(
                    transaction,
                    &available,
                    code,
                    &create(),
                    &Doer::Customer,
                    1_000,
                )
            };
            store.run(work, |done| done.is_ok()).await
        }
    };
    assert_eq!(write(1).await, Ok(true));
    let mut next = 1;
    for room in [0, 5_000, 20_000, 100_000] {
        disk.set_room(Some(room));
        let mut writes = tokio::task::JoinSet::new();
        let first = next + 1;
        for _ in 0..200 {
            next += 1;
            let (write, number) = (write(next), next);
            writes.spawn(async move { (number, write.await) });
        }
        let mut outcomes = BTreeMap::new();
        while let Some(outcome) = writes.join_next().await {
            let (number, outcome) = outcome.unwrap();
            // Reading goes on meanwhile.
            let code = Code::from_number(1).unwrap();
            let read = store.read(move |transaction| transaction.case(code)).await;
            assert!(read.unwrap().is_some());
            outcomes.insert(number, outcome);
        }
        assert!(
            outcomes
                .values()
                .any(|outcome| *outcome == Err(StoreError::Full))
        );
        disk.set_room(None);
        for number in first..=next {
            let code = Code::from_number(number).unwrap();
            let found = store
                .read(move |transaction| transaction.case(code))
                .await
                .unwrap();
            let outcome = &outcomes[&number];
            assert_eq!(
                found.is_some(),
                *outcome == Ok(true),
                "{number}: {outcome:?}"
            );
        }
        next += 1;
        assert_eq!(write(next).await, Ok(true), "there is room again");
    }
    let history = store.read(|transaction| transaction.verify_history()).await;
    assert!(history.unwrap().is_ok());
    let busy = store.run(
        |transaction| {
            let available = |_: &str| Availability::Available;
            let code = Code::from_number(1).unwrap();
            carry_out(
                transaction,
                &available,
                code,
                &create(),
                &Doer::Customer,
                1_000,
            )
        },
        |outcome| outcome,
    );
    assert_eq!(busy.await.unwrap(), Err(Refusal::Busy));
}
