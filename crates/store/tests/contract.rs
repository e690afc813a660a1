//! What any keeper of cases must do, on a real database file.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use aldis_desk::{Case, Command, decide};
use aldis_store::{Account, OpenError, Store};
use aldis_wire::Code;

fn code(number: u32) -> Code {
    Code::from_number(number).unwrap()
}

async fn run(store: &Store, code: Code, command: Command, now: u64) -> Case {
    store
        .run(
            move |transaction| {
                let mut case = transaction.case(code)?;
                for change in decide(case.as_ref(), &command, now).unwrap() {
                    transaction.apply(code, &change)?;
                    match (&mut case, change) {
                        (Some(case), change) => case.apply(&change),
                        (None, aldis_desk::Change::Created(new)) => case = Some(new),
                        (None, other) => panic!("{other:?}"),
                    }
                }
                Ok(case.unwrap())
            },
            |case| case,
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again_and_equals_what_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let code = code(12_345_678);
    let mut last = None;
    {
        let store = Store::open(folder.path()).unwrap();
        let commands = [
            Command::Create {
                code,
                customer: "Ana".to_owned(),
                by: Some("eva".to_owned()),
            },
            Command::Join {
                name: String::new(),
                claim: [7; 32],
            },
            Command::Ask {
                by: "eva".to_owned(),
            },
            Command::StartSession {
                id: [1; 16],
                supporter: "eva".to_owned(),
            },
            Command::EndSession { id: [1; 16] },
            Command::Reconcile {
                running: vec![[1; 16]],
            },
            Command::Invite {
                by: "eva".to_owned(),
                to: "tom".to_owned(),
            },
            Command::StartSession {
                id: [2; 16],
                supporter: "tom".to_owned(),
            },
            Command::Uninvite { id: [2; 16] },
            Command::Invite {
                by: "eva".to_owned(),
                to: "cy".to_owned(),
            },
            Command::EndSession { id: [1; 16] },
            Command::Assign {
                to: "tom".to_owned(),
            },
            Command::Release {
                by: "tom".to_owned(),
            },
            Command::Close {
                by: "eva".to_owned(),
            },
        ];
        for (now, command) in (100..).zip(commands) {
            last = Some(run(&store, code, command, now).await);
        }
    }
    let store = Store::open(folder.path()).unwrap();
    let kept = store
        .run(move |transaction| transaction.case(code), |case| case)
        .await
        .unwrap();
    assert_eq!(kept, last);
}

#[tokio::test]
async fn a_failed_job_leaves_nothing_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let create = |number| {
        let created = Command::Create {
            code: code(number),
            customer: String::new(),
            by: None,
        };
        decide(None, &created, 5).unwrap().remove(0)
    };
    let (good, bad) = (create(1), create(2));
    let jobs = (
        store.run(
            move |transaction| transaction.apply(code(1), &good),
            |()| (),
        ),
        store.run(
            move |transaction| {
                transaction.apply(code(2), &bad)?;
                Err::<(), _>(rusqlite::Error::InvalidQuery)
            },
            |()| (),
        ),
    );
    let (good, bad) = tokio::join!(jobs.0, jobs.1);
    assert!(good.is_ok() && bad.is_err());
    let cases = store
        .run(|transaction| transaction.newest_cases(10), |cases| cases)
        .await
        .unwrap();
    assert_eq!(
        cases.iter().map(|case| case.code).collect::<Vec<_>>(),
        [code(1)]
    );
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut account = Account {
        name: "eva".to_owned(),
        password: "old".to_owned(),
        role: "technician".to_owned(),
        picture: Vec::new(),
    };
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
