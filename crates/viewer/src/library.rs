//! The recordings on this machine: listed, shown where they lie, deleted and exported, each by a thread of its own, so
//! that no window waits for the disk.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aldis_platform::folder;
use aldis_record::{FilmError, Listed, Player, Shelf, film, shelf};
use parking_lot::Mutex;

/// The recordings on this machine.
pub struct Library {
    inner: Arc<Inner>,
}

/// What the window shows of them.
#[derive(Clone, Debug, Default)]
pub struct Shelved {
    /// The newest first; `None` until they have been looked through.
    pub list: Option<Arc<Vec<Listed>>>,
    /// The export that runs, or has run last.
    pub export: Option<Export>,
    /// What did not work last, until something else is asked for.
    pub trouble: Option<Trouble>,
}

/// What did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The system's words.
    System(String),
    /// The system shows no folders; this is the recording's.
    NotShown(PathBuf),
}

/// A video that is being made.
#[derive(Clone, Debug, PartialEq)]
pub enum Export {
    /// So much of it is done, from 0 to 1.
    Running {
        /// The recording.
        from: PathBuf,
        /// How much.
        share: f32,
    },
    /// It is here.
    Done(PathBuf),
    /// It is not; why.
    Failed(String),
}

struct Inner {
    shelf: Shelf,
    view: Mutex<Shelved>,
    cancel: AtomicBool,
    changed: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

impl Library {
    /// A library of this shelf; `changed` is called when there is something new to paint.
    pub fn new(shelf: Shelf, changed: impl Fn() + Send + Sync + 'static) -> Self {
        let inner = Inner {
            shelf,
            view: Mutex::default(),
            cancel: AtomicBool::new(false),
            changed: Box::new(changed),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What to paint.
    pub fn view(&self) -> Shelved {
        self.inner.view.lock().clone()
    }

    /// Looks the folder through again.
    pub fn refresh(&self) {
        self.work(Inner::list);
    }

    /// Removes a recording for good.
    pub fn delete(&self, path: PathBuf) {
        self.work(move |inner| {
            let refused = shelf::delete(&path).err();
            inner.view.lock().trouble = refused.map(|error| Trouble::System(error.to_string()));
            inner.list();
        });
    }

    /// Has the system's file manager show where a recording lies.
    pub fn show_folder(&self, path: PathBuf) {
        self.inner.view.lock().trouble = None;
        self.work(move |inner| {
            let Err(error) = folder::show(&path) else {
                return;
            };
            tracing::info!(%error, "a recording's folder is not shown");
            let folder = path.parent().unwrap_or(&path).to_owned();
            inner.view.lock().trouble = Some(Trouble::NotShown(folder));
            (inner.changed)();
        });
    }

    /// Makes a video of a recording, unless one is being made.
    pub fn export(&self, from: PathBuf, to: PathBuf) {
        let mut view = self.inner.view.lock();
        if matches!(view.export, Some(Export::Running { .. })) {
            return;
        }
        let share = 0.0;
        view.export = Some(Export::Running {
            from: from.clone(),
            share,
        });
        drop(view);
        self.inner.cancel.store(false, Ordering::SeqCst);
        self.work(move |inner| inner.make(&from, to));
    }

    /// Gives the running export up, or forgets the last one.
    pub fn end_export(&self) {
        self.inner.cancel.store(true, Ordering::SeqCst);
        let mut view = self.inner.view.lock();
        view.export
            .take_if(|export| !matches!(export, Export::Running { .. }));
    }

    fn work(&self, work: impl FnOnce(&Inner) + Send + 'static) {
        let inner = Arc::clone(&self.inner);
        let thread = std::thread::Builder::new().name("recordings".to_owned());
        if let Err(error) = thread.spawn(move || work(&inner)) {
            self.inner.view.lock().trouble = Some(Trouble::System(error.to_string()));
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        self.inner.cancel.store(true, Ordering::SeqCst);
    }
}

impl Inner {
    fn list(&self) {
        let list = self.shelf.list();
        self.view.lock().list = Some(Arc::new(list));
        (self.changed)();
    }

    fn make(&self, from: &PathBuf, to: PathBuf) {
        let mut shown = 0.0;
        let mut progress = |share: f32| {
            // More often nobody sees it.
            if share - shown >= 0.005 {
                shown = share;
                let from = from.clone();
                self.view.lock().export = Some(Export::Running { from, share });
                (self.changed)();
            }
            !self.cancel.load(Ordering::SeqCst)
        };
        let made = File::open(from)
            .map_err(|error| error.to_string())
            .and_then(|file| Player::open(file).map_err(|error| error.to_string()))
            .and_then(
                |mut player| match film::export(&mut player, &to, &mut progress) {
                    Ok(()) => Ok(Some(Export::Done(to))),
                    Err(FilmError::Cancelled) => Ok(None),
                    Err(error) => Err(error.to_string()),
                },
            );
        self.view.lock().export = made.unwrap_or_else(|error| Some(Export::Failed(error)));
        (self.changed)();
    }
}
