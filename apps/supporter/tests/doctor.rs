//! What `aldis doctor` says, beside a server of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};

use aldis_rendezvous::Server;
use aldis_trust::{Fingerprint, ServerName};

#[test]
fn a_server_on_this_machine_is_reached_directly() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let server = runtime.block_on(async {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Server::start(folder.path(), any).unwrap()
    });
    let name = server.name().clone();
    runtime.spawn(server.run(std::future::pending()));

    let done = doctor(&name);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}");
    for line in [
        "Name: 127.0.0.1 is 127.0.0.1.".to_owned(),
        format!("UDP to 127.0.0.1:{}: answers after ", name.port),
        format!("TCP to port {}: answers after ", name.port),
        "Sessions from here come up directly, because ".to_owned(),
    ] {
        let there = said.lines().filter(|it| it.starts_with(&line));
        assert_eq!(there.count(), 1, "{line:?} in\n{said}");
    }

    // The same place under another key.
    let other = ServerName {
        fingerprint: Fingerprint([7; 32]),
        ..name
    };
    let done = doctor(&other);
    assert_eq!(done.status.code(), Some(1));
    let (said, refused) = (
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    );
    assert!(said.contains("ANOTHER KEY"), "{said}");
    assert!(refused.starts_with("aldis: sessions from here do not come up at all"));
    assert_eq!(refused.lines().count(), 1);
}

#[test]
fn where_nobody_answers_it_says_so_and_ends_with_1() {
    let nobody = ServerName {
        host: "127.0.0.1".to_owned(),
        port: 9,
        fingerprint: Fingerprint([7; 32]),
        organisation: None,
    };
    let done = doctor(&nobody);
    assert_eq!(done.status.code(), Some(1));
    let refused = String::from_utf8(done.stderr).unwrap();
    assert!(refused.contains("the server does not answer"), "{refused}");
}

fn doctor(server: &ServerName) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aldis"))
        .args(["doctor", "--server", &server.to_string()])
        .env_remove("ALL_PROXY")
        .env_remove("HTTPS_PROXY")
        .output()
        .expect("the program starts")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}
