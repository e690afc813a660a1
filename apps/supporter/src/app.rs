//! The window's owner: it paints the engine's view and tells the engine what was pressed.

use std::sync::Arc;

use aldis_platform::keyboard::KeyboardGrab;
use aldis_platform::wheel::Wheel;
use aldis_present::Handles;
use aldis_trust::ServerName;
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Language, Texts, theme};
use aldis_viewer::{Command, Desk, Over, Session, SessionStage, SignalError, View, Viewer, Wish};
use aldis_wire::peer::{EndReason, Grant, Recording};
use aldis_wire::signal::Token;
use aldis_wire::{Code, KeyHash};
use egui::{
    CentralPanel, Color32, Context, Event, Key, Margin, Modifiers, Panel, RawInput, Rect, Ui,
    ViewportCommand, Visuals,
};
use raw_window_handle::HasDisplayHandle;

use crate::Look;
use crate::attention::Attention;
use crate::export;
use crate::ground::Ground;
use crate::in_vain::InVain;
use crate::pages::{self, Act, Entry, Queue};
use crate::remote::{Happened, Remote, Scale};
use crate::settings::{self, Settings, SignIn};
use crate::shelves::Shelves;
use crate::typing::{Chord, RELEASE_CHORD};
use crate::window::ViewerOnly;

/// How long to wait before a server that was not there at the start is tried again, in seconds.
const RETRY: f64 = 3.0;

/// The window.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the window"
)]
pub(crate) struct App {
    viewer: Arc<Viewer>,
    view: View,
    texts: Texts,
    settings: Settings,
    /// The sign-in on the disk.
    remembered: Option<(ServerName, Token)>,
    entry: Entry,
    queue: Queue,
    remote: Remote,
    scale: Scale,
    /// The session is shown, not the queue.
    in_session: bool,
    fullscreen: bool,
    /// The toolbar of a full screen was asked for.
    toolbar: bool,
    in_vain: InVain,
    /// The colleague who is being invited.
    invited: String,
    /// The chat is shown beside the session.
    chat: bool,
    attention: Attention,
    ground: Ground,
    wants_grab: bool,
    grab: Option<KeyboardGrab>,
    wheel: Option<Wheel>,
    /// The refusals that were read.
    read_refusals: u64,
    created: Option<Code>,
    /// What was said of the recording and read.
    read_recording: String,
    shelf: Shelves,
    /// What is typed about the organisation, and whether its page is shown.
    organisation: pages::Organisation,
    in_organisation: bool,
    /// Whether he was led there, as nothing works before there is one.
    led_to_organisation: bool,
    /// The key that this app is known by.
    key: KeyHash,
    retry_at: Option<f64>,
    only: Option<ViewerOnly>,
    /// What `only` asks for is still to be asked.
    to_ask: Option<Command>,
}

impl App {
    pub(crate) fn new(
        ctx: &Context,
        display: &dyn HasDisplayHandle,
        (viewer, key): (Arc<Viewer>, KeyHash),
        look: Look,
        remembered: Option<(ServerName, Token)>,
        only: Option<ViewerOnly>,
    ) -> Self {
        let display = display.display_handle().ok();
        let wheel = display.map(|display| Wheel::new(display.as_raw()));
        let mut settings = Settings::load();
        settings.appearance = look.theme.unwrap_or(settings.appearance);
        theme::apply(ctx, settings.appearance);
        // Ctrl and plus belong to the customer's computer.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let language = look.language.or(settings.language);
        let (server, name) = (settings.server.clone(), settings.name.clone());
        let shelf = Shelves::new(ctx, &settings);
        let fullscreen = only.as_ref().is_some_and(|only| only.fullscreen);
        let mut app = Self {
            viewer,
            view: View::default(),
            texts: Texts::new(language.unwrap_or_else(Language::of_system)),
            settings,
            remembered,
            entry: Entry {
                server,
                name,
                ..Entry::default()
            },
            queue: Queue::default(),
            remote: Remote::default(),
            scale: if fullscreen {
                Scale::Corner
            } else {
                Scale::Fit
            },
            in_session: only.is_some(),
            fullscreen,
            toolbar: false,
            in_vain: InVain::default(),
            invited: String::new(),
            chat: false,
            attention: Attention::default(),
            ground: Ground::default(),
            wants_grab: false,
            grab: None,
            wheel,
            read_refusals: 0,
            created: None,
            read_recording: String::new(),
            shelf,
            organisation: pages::Organisation::default(),
            in_organisation: false,
            led_to_organisation: false,
            key,
            retry_at: None,
            to_ask: only.as_ref().map(|only| Command::Connect {
                code: only.target.code,
                view_only: only.view_only,
            }),
            only,
        };
        app.viewer.send(Command::StartAs(app.settings.availability));
        app.viewer.send(Command::Look(app.settings.look));
        app.tell_shelf();
        match settings::office() {
            Ok(folder) => app.viewer.send(Command::Office(folder)),
            Err(error) => tracing::warn!(%error, "no keys can be kept"),
        }
        app.resume();
        // A window that is only the viewer types from the start, as one that was connected by a button.
        app.remote.take_focus();
        app
    }

    /// Tells the engine where recordings go, and how much they may take.
    fn tell_shelf(&self) {
        match settings::shelf(&self.settings) {
            Ok(shelf) => self.viewer.send(Command::Shelf(shelf)),
            Err(error) => tracing::warn!(%error, "nothing can be recorded"),
        }
    }

    fn resume(&self) {
        if let Some((server, token)) = self.remembered.clone() {
            self.viewer.send(Command::Resume { server, token });
        }
    }

    /// Keeps the disk in step with the sign-in, and a start without a server trying.
    fn follow_sign_in(&mut self, ctx: &Context) {
        match &self.view.desk {
            Desk::SignedIn {
                supporter,
                server,
                token,
                ..
            } => {
                self.retry_at = None;
                let known = Some((server.clone(), *token));
                if self.remembered != known {
                    if let Err(error) = SignIn::save(server, *token) {
                        tracing::warn!(%error, "the sign-in is not remembered");
                    }
                    self.settings.server = server.to_string();
                    self.settings.name.clone_from(&supporter.name);
                    self.settings.save();
                    self.remembered = known;
                }
                self.entry.password.clear();
                self.entry.server.clone_from(&self.settings.server);
            }
            Desk::Refused(SignalError::Refused(_)) if self.remembered.take().is_some() => {
                SignIn::forget();
            }
            Desk::Refused(_) if self.remembered.is_some() => {
                let now = ctx.input(|input| input.time);
                match self.retry_at {
                    Some(at) if now >= at => {
                        self.retry_at = None;
                        self.resume();
                    }
                    Some(_) => {}
                    None => self.retry_at = Some(now + RETRY),
                }
                ctx.request_repaint_after(std::time::Duration::from_millis(500));
            }
            _ => {}
        }
    }

    fn follow_session(&mut self, ctx: &Context) {
        let online = matches!(self.view.desk, Desk::SignedIn { online: true, .. });
        if online && let Some(ask) = self.to_ask.take() {
            self.viewer.send(ask);
        }
        let stage = self.view.session.as_ref().map(|session| &session.stage);
        if matches!(
            stage,
            Some(SessionStage::Over(Over::Ended(EndReason::Supporter)))
        ) {
            if self.only.is_some() {
                ctx.send_viewport_cmd(ViewportCommand::Close);
            } else {
                self.viewer.send(Command::DismissSession);
                self.in_session = false;
            }
        }
        if !matches!(stage, Some(SessionStage::Live { .. })) {
            self.wants_grab = false;
        }
        if self.view.service.created != self.created {
            self.created = self.view.service.created;
            if let Some(code) = self.created {
                self.queue.select(code);
            }
        }
    }

    fn act(&mut self, act: Act, ctx: &Context) {
        match act {
            Act::Engine(command) => {
                if self.in_session {
                    self.remote.take_focus();
                }
                self.viewer.send(command);
            }
            Act::SignIn => self.sign_in(),
            Act::ShowOrganisation(shown) => self.in_organisation = shown,
            Act::SignOut => {
                SignIn::forget();
                self.remembered = None;
                self.viewer.send(Command::SignOut);
            }
            Act::Desk(wish) => {
                if let Wish::SetAvailability(availability) = &wish {
                    self.settings.availability = *availability;
                    self.settings.save();
                }
                self.viewer.send(Command::Desk(wish));
            }
            Act::ExportChat { code, text } => {
                self.queue.exported = Some(export::save(code, &text));
            }
            Act::Notify(notify) => self.remember(|settings| settings.notify = notify),
            Act::Sound(sound) => self.remember(|settings| settings.sound = sound),
            Act::Quota(bytes) => {
                self.remember(|settings| settings.recordings_quota = bytes);
                self.tell_shelf();
            }
            Act::Copy(text) => {
                ctx.copy_text(text.clone());
                self.queue.copied = Some(text);
            }
            Act::Connect { code, view_only } => {
                self.in_session = true;
                self.remote = Remote::default();
                self.remote.take_focus();
                self.viewer.send(Command::Connect { code, view_only });
            }
            Act::ShowQueue => self.in_session = false,
            Act::ShowSession => {
                self.in_session = true;
                self.remote.take_focus();
            }
            Act::Dismiss if self.only.is_some() => ctx.send_viewport_cmd(ViewportCommand::Close),
            Act::Dismiss => {
                self.in_session = false;
                self.viewer.send(Command::DismissSession);
            }
            Act::Look(look) => {
                self.remember(|settings| settings.look = look);
                self.viewer.send(Command::Look(look));
            }
            Act::ToggleScale => {
                let one_to_one = if self.fullscreen {
                    Scale::Corner
                } else {
                    Scale::Actual
                };
                self.scale = if self.scale == Scale::Fit {
                    one_to_one
                } else {
                    Scale::Fit
                };
                self.remote.take_focus();
            }
            Act::ToggleFullscreen => {
                self.fullscreen = !self.fullscreen;
                self.toolbar = false;
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.fullscreen));
                self.remote.take_focus();
            }
            Act::ToggleChat => self.chat = !self.chat,
            Act::ToggleGrab => {
                self.wants_grab = !self.wants_grab;
                self.remote.take_focus();
            }
            Act::EndSession => self.viewer.send(Command::EndSession),
            Act::DismissRecording(words) => self.read_recording = words,
            Act::Shelve(shelve) => self.shelf.act(shelve, ctx),
            Act::DismissRefusal => {
                self.read_refusals = self.view.refused.as_ref().map_or(0, |(number, _)| *number);
            }
            Act::Language(language) => {
                self.texts = Texts::new(language);
                self.remember(|settings| settings.language = Some(language));
            }
            Act::Appearance(appearance) => {
                theme::set(ctx, appearance);
                self.remember(|settings| settings.appearance = appearance);
            }
        }
    }

    /// Changes what is remembered between two runs.
    fn remember(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.settings.save();
    }

    fn sign_in(&mut self) {
        self.entry.problem = None;
        self.remembered = None;
        if let Ok(invitation) = self.entry.server.parse() {
            self.viewer.send(Command::UseInvitation {
                invitation,
                name: self.entry.name.trim().to_owned(),
                password: self.entry.password.clone(),
            });
            return;
        }
        match self.entry.server.parse() {
            Ok(server) => {
                let name = self.entry.name.trim().to_owned();
                let password = self.entry.password.clone();
                self.viewer.send(Command::SignIn {
                    server,
                    name,
                    password,
                });
            }
            Err(_) => {
                self.entry.problem = Some(self.texts.get("error-server-name").into_owned());
            }
        }
    }

    fn refusal(&self) -> Option<String> {
        let (number, refusal) = self.view.refused.as_ref()?;
        (*number > self.read_refusals).then(|| self.texts.refusal(refusal))
    }

    fn session_page(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        window: &dyn Handles,
    ) -> Option<Act> {
        let control = match &session.stage {
            SessionStage::Live { grant, .. } => *grant == Grant::Control,
            SessionStage::Over(over) => return pages::over(ui, self.texts, session, over),
            // What was seen last stays, and nothing is done with it.
            SessionStage::Returning if session.link.is_some() => false,
            _ => return pages::waiting(ui, self.texts, session),
        };
        let mut act = None;
        if !self.fullscreen || self.toolbar {
            act = self.top(ui, session);
        }
        let tokens = theme::tokens(ui);
        if self.chat && (!self.fullscreen || self.toolbar) {
            let look = egui::Frame::new()
                .fill(tokens.raised)
                .inner_margin(Margin::same(12));
            let side = Panel::right("session-chat").exact_size(320.0).frame(look);
            let now = self.server_now();
            let code = session.code;
            let said = side.show(ui, |ui| {
                pages::chat(ui, self.texts, now, &self.view, &mut self.queue, code)
            });
            act = act.or(said.inner);
        }
        let scale = self.scale;
        let canvas = CentralPanel::default()
            .frame(egui::Frame::NONE)
            .show(ui, |ui| {
                self.remote.show(ui, self.texts, session, scale, control)
            });
        let happened = canvas.inner;
        if session.stage == SessionStage::Returning {
            pages::away(ui, canvas.response.rect, self.texts);
        } else if let Some(why) = &session.no_picture {
            pages::no_picture(ui, canvas.response.rect, self.texts, why);
        }
        // Without a connection nobody has forbidden anything.
        if control || session.stage == SessionStage::Returning {
            self.in_vain = InVain::default();
        } else {
            self.in_vain.note(ui, happened.unheard);
        }
        let said = self.word(ui, canvas.response.rect, session);
        act = act.or(said);
        self.pass_on(ui, happened, window);
        act
    }

    /// The toolbar, and under it whatever the supporter should know.
    fn top(&mut self, ui: &mut Ui, session: &Session) -> Option<Act> {
        let texts = self.texts;
        let tokens = theme::tokens(ui);
        let case = self
            .view
            .service
            .cases
            .get(&session.code)
            .map(|case| &**case);
        let customer = case.map(|case| case.customer.clone());
        let customer = customer
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| texts.get("the-customers-computer").into_owned());
        let bar = pages::Bar {
            texts,
            session,
            case,
            customer: &customer,
            scale: self.scale,
            fullscreen: self.fullscreen,
            grabbed: self.grab.is_some(),
            queue: self.only.is_none(),
            chat: self.chat,
            look: self.settings.look,
            unread: case.map_or(0, |case| self.view.service.unread(case)),
            ahead: self.view.server_ahead,
            router: self.view.router,
            proven: match &self.view.standing.proven {
                Some(Ok(proven)) => Some(proven),
                Some(Err(_)) | None => None,
            },
        };
        let look = egui::Frame::new()
            .fill(tokens.raised)
            .inner_margin(Margin::symmetric(12, 6));
        Panel::top("toolbar")
            .frame(look)
            .show(ui, |ui| {
                let mut act = pages::toolbar(ui, bar, &mut self.invited);
                act = pages::people(ui, texts, session).or(act);
                if let Some(why) = &session.no_hands {
                    widgets::notice(ui, Tone::Bad, &texts.no_hands(why));
                } else if let Some(name) = &session.joining {
                    let name = [("name", name.as_str().into())];
                    widgets::notice(ui, Tone::Warn, &texts.with("seat-joining", name));
                } else if session.ignored > 0 {
                    widgets::notice(ui, Tone::Warn, &pages::watching(texts, session));
                } else if self.grab.is_some() {
                    let keys = [("keys", RELEASE_CHORD.into())];
                    widgets::quiet(ui, texts.with("keyboard-grabbed", keys));
                }
                act
            })
            .inner
    }

    /// What is to be said of the moment, over the customer's screen: beside the toolbar it would move and scale all
    /// that the supporter is looking at.
    fn word(&mut self, ui: &Ui, canvas: Rect, session: &Session) -> Option<Act> {
        let texts = self.texts;
        let recording = pages::recording_notice(texts, session);
        if recording.is_none() {
            self.read_recording.clear();
        }
        let in_vain = self.in_vain.is_said();
        if self.fullscreen && !self.toolbar {
            // What was asked for in the toolbar is answered there.
            if in_vain {
                Self::say(ui, canvas, Tone::Warn, &pages::watching(texts, session));
            }
            return None;
        }
        if let Some((tone, words)) = recording.filter(|(_, words)| *words != self.read_recording) {
            if session.recording.told == Recording::Asked {
                Self::say(ui, canvas, tone, &words);
                return None;
            }
            let put_away = |ui: &mut Ui| pages::dismissible(ui, texts, tone, &words);
            let read = pages::over_the_canvas(ui, canvas, put_away);
            return read.then_some(Act::DismissRecording(words));
        }
        if let Some(refusal) = self.refusal() {
            let put_away = |ui: &mut Ui| pages::dismissible(ui, texts, Tone::Bad, &refusal);
            let read = pages::over_the_canvas(ui, canvas, put_away);
            return read.then_some(Act::DismissRefusal);
        }
        if in_vain {
            Self::say(ui, canvas, Tone::Warn, &pages::watching(texts, session));
        }
        None
    }

    fn say(ui: &Ui, canvas: Rect, tone: Tone, words: &str) {
        pages::over_the_canvas(ui, canvas, |ui| widgets::notice(ui, tone, words));
    }

    /// Sends what happened on the canvas, and holds the keyboard while it is wanted there.
    fn pass_on(&mut self, ui: &Ui, happened: Happened, window: &dyn Handles) {
        for input in happened.inputs {
            self.viewer.send(Command::Input(input));
        }
        match happened.chord {
            Some(Chord::ReleaseKeyboard) => self.wants_grab = false,
            Some(Chord::ToggleToolbar) => self.toolbar = !self.toolbar,
            None => {}
        }
        if !(self.wants_grab && happened.focused) {
            self.grab = None;
        } else if self.grab.is_none() {
            let (Ok(window), Ok(display)) = (window.window_handle(), window.display_handle())
            else {
                return;
            };
            self.grab = KeyboardGrab::new(window.as_raw(), display.as_raw())
                .inspect_err(|error| {
                    tracing::warn!(%error, "the keyboard is not grabbed");
                    self.wants_grab = false;
                })
                .ok();
            ui.ctx().request_repaint();
        }
    }

    /// Copy and paste in our own fields; in the viewer these keys are the customer's.
    fn clipboard_keys(ctx: &Context) {
        let pressed: Vec<Key> = ctx.input(|input| {
            let of = |event: &Event| match event {
                Event::Key {
                    key,
                    pressed: true,
                    modifiers,
                    ..
                } if modifiers.matches_logically(Modifiers::COMMAND) => Some(*key),
                _ => None,
            };
            input.events.iter().filter_map(of).collect()
        });
        for key in pressed {
            match key {
                Key::C => ctx.send_viewport_cmd(ViewportCommand::RequestCopy),
                Key::X => ctx.send_viewport_cmd(ViewportCommand::RequestCut),
                Key::V => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
                _ => {}
            }
        }
    }

    fn server_now(&self) -> u64 {
        aldis_ui::time::now().saturating_add_signed(self.view.server_ahead)
    }
}

impl aldis_present::App for App {
    fn hear(&mut self, ctx: &Context, input: &mut RawInput) {
        if self.wheel.as_mut().is_some_and(Wheel::tells_twice) {
            for event in &mut input.events {
                if let Event::MouseWheel { delta, .. } = event {
                    *delta *= 0.5;
                }
            }
        }
        for input in self.remote.hear(ctx, input) {
            self.viewer.send(Command::Input(input));
        }
    }

    fn logic(&mut self, ctx: &Context) {
        self.view = self.viewer.view();
        if self.view.standing.may_found() && !self.led_to_organisation {
            self.led_to_organisation = true;
            self.in_organisation = true;
        }
        self.follow_sign_in(ctx);
        self.follow_session(ctx);
        if self.only.is_none() && matches!(self.view.desk, Desk::SignedIn { online: true, .. }) {
            let (service, settings) = (&self.view.service, &self.settings);
            let command = self.attention.follow(ctx, service, settings, self.texts);
            if let Some(command) = command {
                self.viewer.send(command);
            }
        } else if self.only.is_none() && !matches!(self.view.desk, Desk::SignedIn { .. }) {
            self.attention.rest(ctx, &self.settings);
        }
    }

    fn ground(&self, visuals: &Visuals) -> Color32 {
        self.ground
            .clear(self.page_colour(theme::tokens_of(visuals)))
    }

    fn ui(&mut self, ui: &mut Ui, window: &dyn Handles) {
        let colour = self.page_colour(theme::tokens(ui));
        let ground = std::mem::take(&mut self.ground);
        ground.show(ui, colour, |ui| self.page(ui, window));
        self.ground = ground;
    }

    fn on_exit(&mut self) {
        // The grab must go before the window that it is on.
        self.grab = None;
    }
}

impl App {
    /// The largest colour of the page that is shown.
    fn page_colour(&self, tokens: theme::Tokens) -> Color32 {
        let session = self.in_session && self.view.session.is_some();
        if !session && self.shows_queue() && !self.in_organisation {
            tokens.raised
        } else {
            tokens.ground
        }
    }

    /// Where no session is shown.
    fn shows_queue(&self) -> bool {
        matches!(self.view.desk, Desk::SignedIn { .. }) && self.only.is_none()
    }

    fn page(&mut self, ui: &mut Ui, window: &dyn Handles) {
        let ctx = ui.ctx().clone();
        let session = self.view.session.clone().filter(|_| self.in_session);
        let live = session
            .as_ref()
            .is_some_and(|session| matches!(session.stage, SessionStage::Live { .. }));
        if !live {
            Self::clipboard_keys(&ctx);
            for input in self.remote.let_go() {
                self.viewer.send(Command::Input(input));
            }
            self.grab = None;
        }
        // The customer's screen goes to the edges, also while its last picture waits for the next.
        let edges = session
            .as_ref()
            .is_some_and(|session| session.link.is_some());
        let page = egui::Frame::new().inner_margin(Margin::same(if edges { 0 } else { 24 }));
        let act = if let Some(session) = session {
            CentralPanel::default()
                .frame(page)
                .show(ui, |ui| self.session_page(ui, &session, window))
                .inner
        } else if self.shelf.is_open() && self.shows_queue() {
            let back = pages::session_strip(ui, self.texts, &self.view);
            let quota = self.settings.recordings_quota;
            self.shelf.show(ui, self.texts, quota).or(back)
        } else if self.in_organisation && self.shows_queue() {
            let about = pages::About {
                texts: self.texts,
                standing: &self.view.standing,
                key: self.key,
                now: self.server_now(),
            };
            let state = &mut self.organisation;
            CentralPanel::default()
                .frame(page)
                .show(ui, |ui| pages::organisation(ui, about, state))
                .inner
        } else if self.shows_queue() {
            let (now, refusal) = (self.server_now(), self.refusal());
            pages::queue(
                ui,
                self.texts,
                now,
                &self.view,
                &mut self.queue,
                &self.settings,
                refusal,
            )
        } else {
            let settings = &self.settings;
            CentralPanel::default()
                .frame(page)
                .show(ui, |ui| {
                    pages::sign_in(ui, self.texts, &self.view.desk, &mut self.entry, settings)
                })
                .inner
        };
        if let Some(act) = act {
            self.act(act, &ctx);
            ctx.request_repaint();
        }
    }
}
