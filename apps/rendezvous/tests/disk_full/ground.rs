//! What a server stands on: a disk that a test can fill.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use aldis_powercut::{Disk, User};
use aldis_rendezvous::{Server, accounts};
use aldis_store::Store;
use aldis_trust::ServerName;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::program::{Program, Running};

/// A server whose disk can be filled, freed, and looked at after the server's end.
pub(crate) trait Ground {
    /// Starts the server, the first time or again, and gives its name.
    async fn start(&mut self) -> ServerName;
    /// The server ends without a goodbye.
    async fn stop(&mut self);
    /// Nothing more fits onto the disk.
    fn fill(&mut self);
    /// There is room again.
    fn free(&mut self);
    /// The data folder, to be opened while no server runs.
    fn data(&self) -> PathBuf;
    /// The server's own check of its data.
    async fn verify(&self);
}

/// A file system of a few MiB, seen by the server's process alone.
pub(crate) struct SmallDisk {
    /// Keeps the file system's namespace; ends with its input.
    holder: Child,
    program: Program,
    server: Option<Running>,
    /// Where it is mounted, as the server sees it.
    folder: TempDir,
    /// A copy of the data, where there is room.
    copy: TempDir,
}

impl SmallDisk {
    /// How large it is.
    const SIZE: &'static str = "size=16m";

    /// Mounts it, or tells why this machine does not let us.
    pub(crate) fn mount() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare");
        holder.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        holder.arg(Self::SIZE).arg(folder.path());
        holder.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = holder.spawn()?;
        let mut line = String::new();
        if let Some(out) = holder.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        if line.trim() != "mounted" {
            let ended = holder.wait()?;
            return Err(io::Error::other(format!("mounting it: {ended}")));
        }
        let id = holder.id().to_string();
        let enter = ["nsenter", "--preserve-credentials", "--user", "--mount"];
        let words = [&enter[..], &["--target", &id]].concat();
        let disk = Self {
            holder,
            program: Program::started_by(&words),
            server: None,
            folder,
            copy: tempfile::tempdir()?,
        };
        disk.program.add_user(disk.folder.path(), "eva");
        Ok(disk)
    }

    /// A place on the disk as this test sees it.
    fn here(&self, file: &str) -> PathBuf {
        let inside = self.folder.path().strip_prefix("/").unwrap();
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root).join(inside).join(file)
    }
}

impl Ground for SmallDisk {
    async fn start(&mut self) -> ServerName {
        let (server, name) = self.program.run(self.folder.path(), "127.0.0.1:0").await;
        self.server = Some(server);
        name
    }

    async fn stop(&mut self) {
        self.server.take().unwrap().kill();
    }

    fn fill(&mut self) {
        let mut ballast = File::create(self.here("ballast")).unwrap();
        let page = vec![0; 4096];
        let error = loop {
            if let Err(error) = ballast.write_all(&page) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    fn free(&mut self) {
        std::fs::remove_file(self.here("ballast")).unwrap();
    }

    fn data(&self) -> PathBuf {
        let copy = |file| std::fs::copy(self.here(file), self.copy.path().join(file));
        copy("aldis.sqlite").unwrap();
        // SQLite takes its log away when the last connection closes in order, which a program that
        // ends may come to or not.
        match copy("aldis.sqlite-wal") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => drop(copied.unwrap()),
        }
        self.copy.path().to_owned()
    }

    async fn verify(&self) {
        self.program.administer(&["verify"], self.folder.path(), "");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.server.take());
        drop(self.holder.stdin.take());
        self.holder.wait().ok();
    }
}

/// A disk under SQLite that a test has in its hand, and the server in this process.
pub(crate) struct TestDisk {
    server: JoinSet<()>,
    folder: Arc<TempDir>,
    disk: &'static Disk,
    _user: User,
}

impl TestDisk {
    pub(crate) async fn new() -> Self {
        let (disk, user) = Disk::install();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let data = Arc::clone(&folder);
        let add = tokio::task::spawn_blocking(move || {
            let store = Store::open(data.path()).unwrap();
            accounts::add(&store, "eva", "technician", crate::program::PASSWORD)
        });
        add.await.unwrap().unwrap();
        Self {
            server: JoinSet::new(),
            folder,
            disk,
            _user: user,
        }
    }
}

impl Ground for TestDisk {
    async fn start(&mut self) -> ServerName {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server::start(self.folder.path(), listen).unwrap();
        let name = server.name().clone();
        self.server.spawn(server.run(std::future::pending()));
        name
    }

    async fn stop(&mut self) {
        self.server.shutdown().await;
    }

    fn fill(&mut self) {
        self.disk.set_room(Some(0));
    }

    fn free(&mut self) {
        self.disk.set_room(None);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    async fn verify(&self) {}
}
