//! What calls a supporter who looks elsewhere, and what tells colleagues that he is not there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aldis_platform::idle::Idle;
use aldis_platform::launcher::Launcher;
use aldis_platform::notice::{Notice, Notifier};
use aldis_ui::{Texts, icon};
use aldis_viewer::{Command, News, Service, Wish};
use aldis_wire::Code;
use aldis_wire::signal::{Availability, Case, Desk};
use egui::{Context, UserAttentionType, ViewportCommand};

use crate::settings::Settings;

/// After this long without a touch a supporter is away: 10 minutes.
const AWAY: Duration = Duration::from_mins(10);

/// How often that is looked at, in seconds.
const LOOK: f64 = 15.0;

/// By this docks know which of their icons is ours.
const DESKTOP_FILE: &str = "aldis.desktop";

/// What was noticed, and what is still to be.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    notifier: Option<Notifier>,
    launcher: Option<Launcher>,
    /// The last news that were shown.
    seen: Option<u64>,
    counted: Option<Counted>,
    /// How many wait, as the title says.
    titled: Option<usize>,
    /// How many wait, as the icon says.
    badged: Option<usize>,
    idle: Option<Idle>,
    looked: Option<f64>,
    /// He is away because nobody touched anything.
    by_idle: bool,
}

impl Attention {
    /// Nobody is signed in, so nobody waits for him.
    pub(crate) fn rest(&mut self, ctx: &Context, settings: &Settings) {
        self.show_count(ctx, 0, settings);
    }

    /// Shows what is new; gives what is to be sent.
    pub(crate) fn follow(
        &mut self,
        ctx: &Context,
        service: &Service,
        settings: &Settings,
        texts: Texts,
    ) -> Option<Command> {
        self.show_news(ctx, service, settings, texts);
        let counted = self.counted.take().filter(|counted| counted.is_of(service));
        let counted = counted.unwrap_or_else(|| Counted::new(service));
        self.show_count(ctx, counted.waiting, settings);
        self.counted = Some(counted);
        self.watch_idle(ctx, service)
    }

    fn show_news(&mut self, ctx: &Context, service: &Service, settings: &Settings, texts: Texts) {
        let last = service.news.back().map_or(0, |(number, _)| *number);
        // What came before this window looked is no news.
        let seen = *self.seen.get_or_insert(last);
        // Who signs in anew begins to count anew.
        let seen = if last < seen { 0 } else { seen };
        self.seen = Some(last);
        let here = ctx.input(|input| input.focused);
        for (_, news) in service.news.iter().filter(|(number, _)| *number > seen) {
            if !here {
                let attention = UserAttentionType::Informational;
                ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
            }
            // Whoever looks at the chat need not be told what it says.
            let waits = matches!(news, News::Waiting(_));
            if settings.notify && (waits || !here) {
                self.notify(notice(news, service, texts, settings.sound));
            }
        }
    }

    fn notify(&mut self, notice: Notice) {
        if self.notifier.is_none() {
            self.notifier = Notifier::start("Aldis")
                .inspect_err(|error| tracing::warn!(%error, "there are no notices"))
                .ok();
        }
        if let Some(notifier) = &self.notifier {
            notifier.show(notice);
        }
    }

    /// The title and the icon, and with them the task bar, say how many wait.
    fn show_count(&mut self, ctx: &Context, count: usize, settings: &Settings) {
        if self.titled.replace(count) != Some(count) {
            let title = if count == 0 {
                "Aldis".to_owned()
            } else {
                format!("({count}) Aldis")
            };
            ctx.send_viewport_cmd(ViewportCommand::Title(title));
        }
        let badge = if settings.notify { count } else { 0 };
        if self.badged.replace(badge) != Some(badge) {
            let icon = Some(Arc::new(icon::icon(badge)));
            ctx.send_viewport_cmd(ViewportCommand::Icon(icon));
            self.tell_docks(badge);
        }
    }

    fn tell_docks(&mut self, count: usize) {
        if self.launcher.is_none() && count > 0 {
            self.launcher = Launcher::start(DESKTOP_FILE)
                .inspect_err(|error| tracing::warn!(%error, "docks are told no number"))
                .ok();
        }
        if let Some(launcher) = &self.launcher {
            launcher.show(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    /// Who touches nothing for long is away, and back with the first touch.
    fn watch_idle(&mut self, ctx: &Context, service: &Service) -> Option<Command> {
        let now = ctx.input(|input| input.time);
        if self.looked.is_some_and(|looked| now - looked < LOOK) {
            return None;
        }
        if self.looked.replace(now).is_none() {
            self.idle = Idle::open();
        }
        ctx.request_repaint_after(Duration::from_secs_f64(LOOK));
        let idle = self.idle.as_ref()?.time()?;
        let availability = service.desk.availability;
        if idle >= AWAY && availability == Availability::Available {
            self.by_idle = true;
            return Some(Command::Desk(Wish::SetAvailability(Availability::Away)));
        }
        if idle < AWAY && std::mem::take(&mut self.by_idle) && availability == Availability::Away {
            return Some(Command::Desk(Wish::SetAvailability(
                Availability::Available,
            )));
        }
        None
    }
}

/// How many customers wait, counted anew when the cases change and not for every frame.
#[derive(Debug)]
struct Counted {
    /// What was counted, held so that nothing later can have the same address.
    cases: Arc<BTreeMap<Code, Arc<Case>>>,
    desk: Arc<Desk>,
    /// For this supporter or for anybody.
    waiting: usize,
}

impl Counted {
    fn new(service: &Service) -> Self {
        let waits = |case: &&Arc<Case>| {
            let mine = case
                .assignee
                .as_deref()
                .is_none_or(|name| name == service.desk.me);
            case.customer_online && case.waiting_since.is_some() && mine
        };
        Self {
            cases: Arc::clone(&service.cases),
            desk: Arc::clone(&service.desk),
            waiting: service.cases.values().filter(waits).count(),
        }
    }

    fn is_of(&self, service: &Service) -> bool {
        Arc::ptr_eq(&self.cases, &service.cases) && Arc::ptr_eq(&self.desk, &service.desk)
    }
}

fn notice(news: &News, service: &Service, texts: Texts, sound: bool) -> Notice {
    let (code, text) = match news {
        News::Waiting(code) => (*code, String::new()),
        News::Message { code, text } => (*code, text.clone()),
    };
    let case = service.cases.get(&code);
    let name = case.map(|case| case.customer.clone()).unwrap_or_default();
    let name = if name.is_empty() {
        code.to_string()
    } else {
        name
    };
    let title = match news {
        News::Waiting(_) => texts.with("notification-waits", [("name", name.into())]),
        News::Message { .. } => name,
    };
    let text = match news {
        News::Waiting(_) => {
            let description = case.map(|case| case.facts.description.clone());
            format!("{code}  {}", description.unwrap_or_default())
                .trim_end()
                .to_owned()
        }
        News::Message { .. } => text,
    };
    Notice { title, text, sound }
}
