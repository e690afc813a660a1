//! Server, supporter and customer together.

use std::fs::{self, File, TryLockError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::binaries::{self, Binaries};
use crate::customer::Customer;
use crate::desk::DeskOptions;
use crate::picture::{Picture, Rect};
use crate::server::Server;
use crate::supporter::{Supporter, Viewer};
use crate::wait;

/// The supporter's account on every stage.
pub const SUPPORTER: &str = "Ana";
/// Its password.
pub const PASSWORD: &str = "correct horse battery";

/// How far a pointer's picture reaches from its place.
const POINTER: i32 = 40;

/// What a scene is made of.
#[derive(Clone, Debug)]
pub struct SceneOptions {
    /// The programs.
    pub binaries: Binaries,
    /// The supporter's desk.
    pub supporter: DeskOptions,
    /// The customer's desk.
    pub customer: DeskOptions,
    /// Where the server listens.
    pub listen: &'static str,
    /// The process whose network the server uses, where that is not this machine's.
    pub network: Option<u32>,
}

impl SceneOptions {
    /// Both desks as usual, the programs of this build.
    pub fn usual() -> Result<Self> {
        let customer = DeskOptions {
            width: 1024,
            height: 700,
            ..DeskOptions::default()
        };
        Ok(Self {
            binaries: Binaries::beside_me()?,
            supporter: DeskOptions::default(),
            customer,
            listen: "127.0.0.1:0",
            network: None,
        })
    }
}

/// A server with one account, and two people.
#[derive(Debug)]
pub struct Scene {
    /// The customer.
    pub customer: Customer,
    /// The supporter.
    pub supporter: Supporter,
    /// The server.
    pub server: Server,
    /// Dropped last: until then another run of the same test keeps its hands off our folders.
    _mine: File,
}

/// How long another run of the same test is waited for.
const OTHER_RUN: Duration = Duration::from_mins(5);

/// Waits until no other run of this test uses its folders, and keeps them.
fn claim(test: &str) -> Result<File> {
    let folder = binaries::target().join("e2e");
    fs::create_dir_all(&folder)?;
    let file = File::create(folder.join(format!("{test}.lock")))?;
    wait::until(
        &format!("another run of {test} to end"),
        OTHER_RUN,
        || match file.try_lock() {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        },
    )?;
    Ok(file)
}

impl Scene {
    /// Sets it up, with nothing opened yet.
    pub fn start(test: &str) -> Result<Self> {
        Self::start_with(test, &SceneOptions::usual()?)
    }

    /// Sets it up to order.
    pub fn start_with(test: &str, options: &SceneOptions) -> Result<Self> {
        let mine = claim(test)?;
        let server = Server::start_in(test, &options.binaries, options.network, options.listen)
            .context("starting the server")?;
        server.add_user(SUPPORTER, PASSWORD)?;
        let supporter = Supporter::start(test, &options.binaries, options.supporter)?;
        let customer = Customer::start(test, &options.binaries, options.customer)?;
        Ok(Self {
            customer,
            supporter,
            server,
            _mine: mine,
        })
    }

    /// Another supporter at a desk of his own, signed in on the command line.
    pub fn colleague(&self, test: &str, name: &str) -> Result<Supporter> {
        let options = SceneOptions::usual()?;
        self.colleague_with(test, name, &options.binaries, options.supporter)
    }

    /// The same, at a desk of this kind.
    pub fn colleague_with(
        &self,
        test: &str,
        name: &str,
        binaries: &Binaries,
        options: DeskOptions,
    ) -> Result<Supporter> {
        self.server.add_user(name, PASSWORD)?;
        let colleague = Supporter::start_at(test, name, binaries, options)?;
        colleague.login(self.server.name(), name, PASSWORD)?;
        Ok(colleague)
    }

    /// Signs the supporter in on the command line.
    pub fn login(&self) -> Result<()> {
        self.supporter
            .login(self.server.name(), SUPPORTER, PASSWORD)
    }

    /// Makes a case and lets the customer join it by code. Gives the code.
    pub fn waiting_customer(&mut self, name: &str) -> Result<String> {
        let case = self.supporter.new_case_by_command(name)?;
        let code = case
            .get("code")
            .and_then(serde_json::Value::as_str)
            .context("the new case's code")?
            .to_owned();
        let server = self.server.name().to_owned();
        self.customer.join(&code, &server)?;
        Ok(code)
    }

    /// A running session with a viewer at 1:1 from the top left corner, from sign-in to first picture.
    pub fn session(&mut self, grant: &str) -> Result<(String, Viewer)> {
        self.login()?;
        let code = self.waiting_customer("Emma")?;
        let viewer = self.viewer(&code, grant)?;
        Ok((code, viewer))
    }

    /// Connects to a waiting customer, who answers with `grant`, and waits for the first picture.
    pub fn viewer(&mut self, code: &str, grant: &str) -> Result<Viewer> {
        let viewer = self.supporter.connect(code, &["--fullscreen"])?;
        self.customer.wait_question(SUPPORTER)?;
        self.customer.answer(grant)?;
        let shown = if grant == "Allow" {
            "Full control"
        } else {
            "View only"
        };
        self.customer.wait_banner(SUPPORTER, shown)?;
        self.wait_first_picture()?;
        Ok(viewer)
    }

    /// Waits until the viewer shows the customer's screen at all.
    pub fn wait_first_picture(&self) -> Result<()> {
        self.wait_same_pixels("first-picture").map(drop)
    }

    /// Waits until the top left of the supporter's screen shows exactly the pixels of the customer's screen.
    ///
    /// The X server leaves its pointer out of what it tells; the viewer paints the customer's pointer, and under the
    /// supporter's own while that controls it. So the places of both pointers are left out.
    pub fn wait_same_pixels(&self, step: &str) -> Result<Picture> {
        self.wait_same_pixels_at(&self.supporter, step)
    }

    /// The same at this supporter's desk.
    pub fn wait_same_pixels_at(&self, supporter: &Supporter, step: &str) -> Result<Picture> {
        self.same(supporter, step, self.whole())
    }

    /// Whether that is so now.
    pub fn shows_same_pixels_at(&self, supporter: &Supporter) -> Result<bool> {
        let (_, wrong) = self.compare(supporter, self.whole())?;
        Ok(wrong.is_empty())
    }

    fn whole(&self) -> Rect {
        let theirs = self.customer.desk().display();
        Rect {
            x: 0,
            y: 0,
            width: theirs.width().into(),
            height: theirs.height().into(),
        }
    }

    /// What this part of the customer's screen shows, and where the top left of the supporter's differs.
    fn compare(&self, supporter: &Supporter, part: Rect) -> Result<(Picture, Vec<(usize, usize)>)> {
        let (ours, theirs) = (supporter.desk().display(), self.customer.desk().display());
        let (x, y) = theirs.pointer()?;
        let (real, shown) = (theirs.part(part)?, ours.part(Rect { x: 0, y: 0, ..part })?);
        let (our_x, our_y) = ours.pointer()?;
        let masks = [
            Rect::around(x - part.x, y - part.y, POINTER),
            Rect::around(our_x, our_y, POINTER),
        ];
        let wrong = real.differences(&shown, &masks);
        Ok((real, wrong))
    }

    /// As [`wait_same_pixels`](Self::wait_same_pixels), where only this part of the customer's screen is shared.
    pub fn wait_same_part(&self, step: &str, part: Rect) -> Result<Picture> {
        self.same(&self.supporter, step, part)
    }

    fn same(&self, supporter: &Supporter, step: &str, part: Rect) -> Result<Picture> {
        let (ours, theirs) = (supporter.desk().display(), self.customer.desk().display());
        ensure!(
            i32::from(ours.width()) >= part.width && i32::from(ours.height()) >= part.height,
            "the customer's screen does not fit"
        );
        let corner = Rect { x: 0, y: 0, ..part };
        let mut wrong = Vec::new();
        let result = wait::until("the same pixels on both screens", wait::STEP, || {
            let (real, now) = self.compare(supporter, part)?;
            wrong = now;
            Ok(wrong.is_empty().then_some(real))
        });
        result.with_context(|| {
            let folder = supporter.desk().logs();
            let (real, shown) = (
                folder.join(format!("{step}-customer.png")),
                folder.join(format!("{step}-viewer.png")),
            );
            let saved = theirs
                .part(part)
                .and_then(|it| it.save(&real))
                .and_then(|()| ours.part(corner)?.save(&shown));
            let place = wrong.first().copied().unwrap_or_default();
            let where_saved = if saved.is_ok() {
                folder.display().to_string()
            } else {
                "nowhere".to_owned()
            };
            let pointers = (theirs.pointer().ok(), ours.pointer().ok());
            format!(
                "{step}: {} pixels differ, the first at {place:?}; customer's and supporter's pointer {pointers:?}; \
                 pictures in {where_saved}",
                wrong.len()
            )
        })
    }
}
