use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aldis_capture::{CaptureError, Changes, Monitor, Source, Waker};
use aldis_screen::decode::Decoder;
use aldis_screen::{Frame, Region};
use aldis_wire::SessionId;
use aldis_wire::peer::{NoPicture, ScreenPart, ToViewer};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Ends, Open, Screen};
use crate::hands::Place;
use crate::peer::{PeerNews, Told};

/// Nothing here takes nearly as long.
const LIMIT: Duration = Duration::from_secs(20);

/// What a screen does the next time that it is opened.
#[derive(Clone, Copy, Debug)]
enum Story {
    /// It shows this grey.
    Shows(u8),
    /// It shows a picture, and never answers again.
    HangsAfter(u8),
    /// It shows a picture, and is gone.
    GoneAfter(u8),
    /// It cannot be opened now.
    Locked,
    /// It cannot be opened at all.
    Refused,
}

/// A screen that does as told.
#[derive(Debug)]
struct Fake {
    story: Story,
    monitors: Vec<Monitor>,
    grabbed: bool,
    wake: SyncSender<()>,
    woken: Receiver<()>,
    /// Says when a thread that hung has been let go.
    hangs: Arc<AtomicBool>,
}

impl Source for Fake {
    fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    fn shared(&self) -> u32 {
        7
    }

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        Err(CaptureError::UnknownMonitor(id))
    }

    fn waker(&self) -> Waker {
        let wake = self.wake.clone();
        // A full channel ends the wait as well, and one that is closed has nobody to wake.
        Waker::new(move || wake.try_send(()).unwrap_or_default())
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<Changes, CaptureError> {
        let mut changes = Changes::default();
        match self.story {
            Story::HangsAfter(_) if self.grabbed => loop {
                std::thread::park();
                if !self.hangs.load(Ordering::SeqCst) {
                    return Ok(changes);
                }
            },
            Story::GoneAfter(_) if self.grabbed => return Err(CaptureError::Lost),
            _ => {}
        }
        let woken = limit.map_or_else(
            || self.woken.recv().is_ok(),
            |limit| self.woken.recv_timeout(limit).is_ok(),
        );
        changes.woken = woken;
        Ok(changes)
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let (Story::Shows(grey) | Story::HangsAfter(grey) | Story::GoneAfter(grey)) = self.story
        else {
            return Err(CaptureError::Lost);
        };
        *frame = Frame::new(64, 64)?;
        for pixel in frame.data_mut().as_chunks_mut::<4>().0 {
            *pixel = [grey, grey, grey, 255];
        }
        damage.add(frame.bounds());
        self.grabbed = true;
        Ok(())
    }
}

/// A supporter who looks at such screens, one after the other.
struct Scene {
    screen: Screen,
    parts: mpsc::Receiver<ScreenPart>,
    control: mpsc::Receiver<ToViewer>,
    told: mpsc::Receiver<Told>,
    decoder: Decoder,
    hangs: Arc<AtomicBool>,
}

impl Scene {
    fn new(stories: &[Story]) -> Self {
        let stories = Mutex::new(VecDeque::from(stories.to_vec()));
        let hangs = Arc::new(AtomicBool::new(true));
        let holds = Arc::clone(&hangs);
        let open: Open = Arc::new(move || {
            let story = stories.lock().unwrap().pop_front();
            let story = match story.expect("no screen is opened once too often") {
                Story::Locked => return Err(CaptureError::Locked),
                Story::Refused => return Err(CaptureError::Refused),
                story => story,
            };
            let (wake, woken) = sync_channel(1);
            Ok(Box::new(Fake {
                story,
                monitors: vec![Monitor {
                    id: 7,
                    name: "DP-7".to_owned(),
                    x: 0,
                    y: 0,
                    width: 64,
                    height: 64,
                    primary: true,
                }],
                grabbed: false,
                wake,
                woken,
                hangs: Arc::clone(&holds),
            }))
        });
        let (control, telling) = mpsc::channel(64);
        let (news, told) = mpsc::channel(64);
        let ends = Ends {
            control,
            place: Place::default(),
            news: (SessionId::from([1; 16]), news),
        };
        let (screen, parts) = Screen::start(open, ends);
        Self {
            screen,
            parts,
            control: telling,
            told,
            decoder: Decoder::new(),
            hangs,
        }
    }

    /// Looks at updates until the screen shows this grey.
    async fn sees(&mut self, grey: u8) {
        let shown = async {
            loop {
                let part = self.parts.recv().await.expect("parts come");
                self.decoder.decode(&part, &mut Region::new()).unwrap();
                if part.last {
                    self.screen.shown(part.sequence);
                    if self.decoder.frame().data()[..3] == [grey; 3] {
                        return;
                    }
                }
            }
        };
        let shown = timeout(LIMIT, shown).await;
        shown.unwrap_or_else(|_| panic!("the grey {grey} is not seen"));
    }

    /// Hears this, among what else is told.
    async fn hears(&mut self, why: Option<NoPicture>) {
        let wanted = ToViewer::NoPicture(why);
        let heard =
            async { while self.control.recv().await.expect("there is more to hear") != wanted {} };
        let heard = timeout(LIMIT, heard).await;
        heard.unwrap_or_else(|_| panic!("{wanted:?} is not heard"));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.hangs.store(false, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_screen_that_hangs_is_opened_anew() {
    let mut scene = Scene::new(&[
        Story::HangsAfter(10),
        Story::HangsAfter(20),
        Story::Shows(30),
    ]);
    scene.sees(10).await;
    scene.hears(Some(NoPicture::Stuck)).await;
    scene.sees(20).await;
    scene.hears(None).await;
    scene.hears(Some(NoPicture::Stuck)).await;
    scene.sees(30).await;
    scene.hears(None).await;
}

#[tokio::test]
async fn a_screen_that_was_gone_or_locked_is_seen_again() {
    let mut scene = Scene::new(&[Story::GoneAfter(10), Story::Locked, Story::Shows(20)]);
    scene.sees(10).await;
    let lost = CaptureError::Lost.to_string();
    scene.hears(Some(NoPicture::Failed(lost))).await;
    scene.hears(Some(NoPicture::Locked)).await;
    scene.sees(20).await;
    scene.hears(None).await;
}

#[tokio::test]
async fn what_somebody_must_change_first_is_said_and_not_tried_again() {
    let mut scene = Scene::new(&[Story::Refused]);
    let sentence = CaptureError::Refused.to_string();
    scene.hears(Some(NoPicture::Failed(sentence.clone()))).await;
    let told = timeout(LIMIT, scene.told.recv()).await.unwrap();
    let Some((_, PeerNews::NoScreen(told))) = told else {
        panic!("nobody told the engine");
    };
    assert_eq!(told, sentence);
    let ended = timeout(LIMIT, scene.told.recv()).await.unwrap();
    assert!(ended.is_none(), "nothing is tried again");
}
