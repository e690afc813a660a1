//! The window's owner: it paints the engine's view and tells the engine what was pressed.

use std::sync::{Arc, Mutex, PoisonError};

use aldis_host::{Command, Host, Stage, View};
use aldis_platform::hotkey::{Hotkey, STOP_KEYS};
use aldis_trust::{CaseLink, ServerName};
use aldis_ui::avatar::Avatar;
use aldis_ui::{Language, Texts, theme};
use aldis_wire::Code;
use aldis_wire::peer::MAX_SEATS;
use egui::{CentralPanel, Context, Frame, Margin, Ui};

use crate::Arguments;
use crate::pages::{self, Act};
use crate::settings::{self, Met, Settings};
use crate::window::{self, Form};

/// The window.
pub(crate) struct App {
    host: Option<Host>,
    left: Arc<Mutex<Option<Host>>>,
    view: View,
    texts: Texts,
    settings: Settings,
    entry: pages::Entry,
    words: pages::Words,
    /// The digits that are being typed.
    digits: String,
    /// The person pressed the SOS button.
    sos: bool,
    /// The chat is shown beside the session.
    chat: bool,
    /// The last message that was seen.
    seen: u32,
    /// The pictures of those who are shown, in their order.
    avatars: [Avatar; MAX_SEATS],
    form: Option<Form>,
    /// The form is asked for once more: a system may size a window by the frame that it had.
    form_again: bool,
    hotkey: Option<Hotkey>,
}

impl App {
    pub(crate) fn new(
        ctx: &Context,
        runtime: &tokio::runtime::Handle,
        arguments: Arguments,
        left: Arc<Mutex<Option<Host>>>,
    ) -> Result<Self, aldis_host::StartError> {
        let mut settings = Settings::load();
        settings.appearance = arguments.theme.unwrap_or(settings.appearance);
        theme::apply(ctx, settings.appearance);
        let language = arguments.language.or(settings.language);
        let repaint = ctx.clone();
        let host = Host::start(runtime, move || repaint.request_repaint())?;
        let Arguments {
            server,
            code,
            link,
            sos,
            language: _,
            theme: _,
        } = arguments;
        let (server, code) = match link {
            Some(link) => (Some(link.server), Some(link.code)),
            None => (server, code),
        };
        let server = server.or_else(|| settings.server.parse().ok());
        let mut app = Self {
            host: Some(host),
            left,
            view: View::default(),
            texts: Texts::new(language.unwrap_or_else(Language::of_system)),
            entry: pages::Entry {
                name: whoami::realname()
                    .ok()
                    .filter(|name| !name.trim().is_empty())
                    .or_else(|| whoami::username().ok())
                    .unwrap_or_default(),
                code: code.map(|code| code.to_string()).unwrap_or_default(),
                server: server.as_ref().map(ToString::to_string).unwrap_or_default(),
                problem: None,
                withdrawn: false,
            },
            words: pages::Words::default(),
            digits: String::new(),
            sos,
            chat: false,
            seen: 0,
            settings,
            avatars: Default::default(),
            form: None,
            form_again: false,
            hotkey: None,
        };
        if let (Some(server), Some(code)) = (server, code) {
            app.join(server, Some(code));
        }
        Ok(app)
    }

    /// Joins with what was typed, or says what is wrong with it.
    fn get_help(&mut self) {
        self.entry.problem = None;
        self.entry.withdrawn = false;
        let typed = self.entry.code.trim().to_owned();
        let wrong = if typed.contains("://") {
            match typed.parse::<CaseLink>() {
                Ok(link) => return self.join(link.server, Some(link.code)),
                Err(_) => "error-link",
            }
        } else {
            match (
                typed.is_empty(),
                typed.parse::<Code>(),
                self.entry.server.parse::<ServerName>(),
            ) {
                (false, Err(_), _) => "error-code",
                (_, _, Err(_)) => "error-server-name",
                (true, _, Ok(_)) if self.entry.name.trim().is_empty() => "error-bad-text",
                (_, code, Ok(server)) => return self.join(server, code.ok()),
            }
        };
        self.entry.problem = Some(self.texts.get(wrong).into_owned());
    }

    fn join(&mut self, server: ServerName, code: Option<Code>) {
        self.settings.server = server.to_string();
        self.settings.save();
        let secret = settings::rejoin_secret(&server);
        let name = self.entry.name.trim().to_owned();
        self.send(Command::Join {
            server,
            code,
            name,
            secret,
            source: Box::new(settings::source()),
            sos: self.sos,
            met: self.settings.met.iter().filter_map(Met::known).collect(),
        });
    }

    fn send(&self, command: Command) {
        if let Some(host) = &self.host {
            host.send(command);
        }
    }

    fn act(&mut self, act: Act, ctx: &Context) {
        match act {
            Act::GetHelp => self.get_help(),
            Act::Digits => {
                let typed = std::mem::take(&mut self.digits);
                self.send(Command::Digits(typed));
            }
            Act::Choose(choice) => self.send(Command::Choose(choice)),
            Act::StopControl => self.send(Command::StopControl),
            Act::StopRecording => self.send(Command::StopRecording),
            Act::EndOne(seat) => self.send(Command::EndOne(seat)),
            Act::End => self.send(Command::End),
            Act::Leave => {
                self.entry.code.clear();
                self.send(Command::Leave);
            }
            Act::Withdraw => {
                self.send(Command::Withdraw);
                self.send(Command::Leave);
                self.entry.code.clear();
                self.entry.withdrawn = true;
            }
            Act::Describe(text) => self.send(Command::Describe(text)),
            Act::Say(text) => self.send(Command::Say(text)),
            Act::Writing => self.send(Command::Writing),
            Act::ToggleChat => self.chat = !self.chat,
            Act::Close => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Act::Language(language) => {
                self.texts = Texts::new(language);
                self.settings.language = Some(language);
                self.settings.save();
                self.form = None;
            }
            Act::Appearance(appearance) => {
                theme::set(ctx, appearance);
                self.settings.appearance = appearance;
                self.settings.save();
            }
        }
    }

    /// Holds the hot key exactly while there is something that it stops.
    fn hold_hotkey(&mut self) {
        let live = match &self.view.stage {
            Stage::Live { .. } => true,
            Stage::Asked { others, .. } => !others.is_empty(),
            _ => false,
        };
        if !live {
            self.hotkey = None;
        } else if self.hotkey.is_none()
            && let Some(host) = &self.host
        {
            self.hotkey = Hotkey::register(host.cutter())
                .inspect_err(|error| tracing::warn!(%error, "the hot key does not work"))
                .ok();
        }
    }
}

impl aldis_present::App for App {
    fn logic(&mut self, ctx: &Context) {
        let Some(host) = &self.host else { return };
        self.view = host.view();
        if !matches!(self.view.stage, Stage::Live { .. } | Stage::Asked { .. }) {
            self.chat = false;
        }
        if let Some(chat) = &self.view.chat {
            // The words "is writing" go away by themselves.
            if chat.typing(Host::now()).is_some() {
                ctx.request_repaint_after(std::time::Duration::from_secs(1));
            }
        }
        self.hold_hotkey();
        let met: Vec<_> = self.view.met.iter().map(Met::of).collect();
        if !met.is_empty() && self.settings.met != met {
            self.settings.met = met;
            self.settings.save();
        }
        let form = match self.view.stage {
            Stage::Live { .. } if self.chat => Form::BannerWithChat,
            Stage::Live { .. } => Form::Banner,
            Stage::Asked { .. } => Form::Urgent,
            Stage::Over { .. } => Form::Ended,
            _ => Form::Calm,
        };
        let new = self.form != Some(form);
        if new || std::mem::take(&mut self.form_again) {
            self.form = Some(form);
            self.form_again = new;
            window::apply(ctx, form, self.texts);
            ctx.request_repaint_after(std::time::Duration::from_millis(100));
        }
        if form == Form::Ended && ctx.input(|input| input.pointer.any_pressed()) {
            window::step_back(ctx);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _window: &dyn aldis_present::Handles) {
        let ctx = ui.ctx().clone();
        let texts = self.texts;
        let tokens = theme::tokens(ui);
        let last = self.view.chat.as_ref().map_or(0, aldis_host::Chat::last);
        if self.chat || !matches!(self.view.stage, Stage::Live { .. }) {
            self.seen = last;
        }
        let unread = last.saturating_sub(self.seen);
        let margin = if matches!(self.form, Some(Form::Banner | Form::BannerWithChat)) {
            Margin::symmetric(14, 8)
        } else {
            Margin::same(24)
        };
        let panel = Frame::new().fill(tokens.ground).inner_margin(margin);
        let act = CentralPanel::default()
            .frame(panel)
            .show(ui, |ui| match &self.view.stage {
                Stage::Start => {
                    let look = pages::Look {
                        language: texts.language(),
                        appearance: self.settings.appearance,
                    };
                    let notice = self.view.notice.as_ref();
                    pages::start(ui, texts, &mut self.entry, notice, look)
                }
                Stage::Joining => pages::joining(ui, texts),
                Stage::Waiting => pages::waiting(ui, texts, &self.view, &mut self.words),
                Stage::Asked {
                    supporter,
                    organisation,
                    is_new,
                    about,
                    recording,
                    view_only,
                    until,
                    others,
                } => {
                    let question = pages::Question {
                        supporter,
                        organisation,
                        is_new: *is_new,
                        view_only: *view_only,
                        left: until.saturating_sub(Host::now()),
                        others,
                        recording,
                        from_chat: self
                            .view
                            .case
                            .as_ref()
                            .is_some_and(|case| case.chatting.contains(&supporter.name)),
                    };
                    let [avatar, ..] = &mut self.avatars;
                    pages::question(ui, texts, avatar, &question, *about, &mut self.digits)
                }
                Stage::Connecting { supporter } => pages::connecting(ui, texts, supporter),
                Stage::Live { people, since_unix } => {
                    let keys = self.hotkey.is_some().then_some(STOP_KEYS);
                    let notice = self.view.notice.as_ref();
                    let live = pages::Live {
                        people,
                        since: *since_unix,
                        keys,
                        notice,
                        chat: self.chat,
                        unread,
                    };
                    let act = pages::banner(ui, texts, &mut self.avatars, &live);
                    if !self.chat {
                        return act;
                    }
                    ui.separator();
                    let said = pages::talk(ui, texts, &self.view, &mut self.words);
                    act.or(said)
                }
                Stage::Over {
                    supporters,
                    lasted,
                    reason,
                } => {
                    let over = pages::Over {
                        supporters,
                        lasted: *lasted,
                        reason: *reason,
                    };
                    pages::over(ui, texts, &self.view, &over)
                }
                Stage::Closed => pages::closed(ui, texts),
            });
        if let Some(act) = act.inner {
            self.act(act, &ctx);
        }
        if matches!(self.view.stage, Stage::Asked { .. }) {
            // The countdown; nothing else moves by itself.
            ctx.request_repaint_after(std::time::Duration::from_millis(500));
        }
    }

    fn on_exit(&mut self) {
        self.hotkey = None;
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = self.host.take();
    }
}
