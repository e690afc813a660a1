//! What calls a supporter who looks elsewhere, and what tells colleagues that he is not there.

use std::time::Duration;

use aldis_platform::idle::Idle;
use aldis_platform::notice::{Notice, Notifier};
use aldis_ui::Texts;
use aldis_viewer::{Command, News, Service, Wish};
use aldis_wire::signal::Availability;
use egui::{Context, UserAttentionType, ViewportCommand};

use crate::settings::Settings;

/// After this long without a touch a supporter is away: 10 minutes.
const AWAY: Duration = Duration::from_mins(10);

/// How often that is looked at, in seconds.
const LOOK: f64 = 15.0;

/// What was noticed, and what is still to be.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    notifier: Option<Notifier>,
    /// The last news that were shown.
    seen: Option<u64>,
    /// How many wait, as the title says.
    shown: Option<usize>,
    idle: Option<Idle>,
    looked: Option<f64>,
    /// He is away because nobody touched anything.
    by_idle: bool,
}

impl Attention {
    /// Shows what is new; gives what is to be sent.
    pub(crate) fn follow(
        &mut self,
        ctx: &Context,
        service: &Service,
        settings: &Settings,
        texts: Texts,
    ) -> Option<Command> {
        self.show_news(ctx, service, settings, texts);
        self.show_count(ctx, service);
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

    /// The title, and with it the task bar, says how many wait.
    fn show_count(&mut self, ctx: &Context, service: &Service) {
        let waits = |case: &&std::sync::Arc<aldis_wire::signal::Case>| {
            let mine = case
                .assignee
                .as_deref()
                .is_none_or(|name| name == service.desk.me);
            case.customer_online && case.waiting_since.is_some() && mine
        };
        let count = service.cases.values().filter(waits).count();
        if self.shown == Some(count) {
            return;
        }
        self.shown = Some(count);
        let title = if count == 0 {
            "Aldis".to_owned()
        } else {
            format!("({count}) Aldis")
        };
        ctx.send_viewport_cmd(ViewportCommand::Title(title));
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
