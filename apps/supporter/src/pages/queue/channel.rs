//! The form of a channel's set-up.

use aldis_ui::widgets;
use aldis_wire::signal::{Assignment, Channel, ChannelId, ChannelSetup, DEFAULT_EXPIRY, Member};
use egui::{ScrollArea, Ui};

use super::Now;

const RULES: [(Assignment, &str); 5] = [
    (Assignment::Off, "assignment-off"),
    (Assignment::Default, "assignment-default"),
    (Assignment::RoundRobin, "assignment-round-robin"),
    (Assignment::LeastBusy, "assignment-least-busy"),
    (Assignment::Skill, "assignment-skill"),
];

/// What is being set up.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(super) id: Option<ChannelId>,
    setup: ChannelSetup,
    hours: String,
    seconds: String,
}

impl Form {
    pub(super) fn of(channel: Option<Channel>) -> Self {
        let (id, setup) = match channel {
            Some(channel) => (Some(channel.id), channel.setup),
            None => (None, empty()),
        };
        Self {
            id,
            hours: (setup.expiry as f64 / 3_600_000.0).to_string(),
            seconds: (setup.offer_time / 1000).to_string(),
            setup,
        }
    }

    /// The set-up; what is no number is refused by the server as a time out of its bounds.
    pub(super) fn setup(&self) -> ChannelSetup {
        let hours: f64 = self.hours.trim().replace(',', ".").parse().unwrap_or(0.0);
        let seconds: u64 = self.seconds.trim().parse().unwrap_or(0);
        ChannelSetup {
            expiry: (hours * 3_600_000.0) as u64,
            offer_time: seconds.saturating_mul(1000),
            ..self.setup.clone()
        }
    }
}

fn empty() -> ChannelSetup {
    ChannelSetup {
        name: String::new(),
        description: String::new(),
        expiry: DEFAULT_EXPIRY,
        default_assignee: None,
        assignment: Assignment::Off,
        offer_time: 120_000,
        members: Vec::new(),
    }
}

/// The form.
pub(super) fn form(ui: &mut Ui, now: Now<'_>, form: &mut Form) {
    let texts = now.texts;
    let most = ui.ctx().content_rect().height() - 320.0;
    ScrollArea::vertical()
        .max_height(most.max(160.0))
        .show(ui, |ui| {
            let field = widgets::field(ui, &texts.get("name"), &mut form.setup.name, "", false);
            if !ui.memory(|memory| memory.focused().is_some()) {
                field.request_focus();
            }
            let description = texts.get("description");
            widgets::field(ui, &description, &mut form.setup.description, "", false);
            widgets::field(ui, &texts.get("expiry-hours"), &mut form.hours, "24", false);
            rule(ui, now, form);
            if form.setup.assignment != Assignment::Off {
                widgets::field(
                    ui,
                    &texts.get("offer-seconds"),
                    &mut form.seconds,
                    "120",
                    false,
                );
            }
            widgets::quiet(ui, texts.get("members"));
            for colleague in &now.service().desk.colleagues {
                member(ui, now, &mut form.setup.members, &colleague.name);
            }
        });
}

fn rule(ui: &mut Ui, now: Now<'_>, form: &mut Form) {
    let texts = now.texts;
    let setup = &mut form.setup;
    let known = RULES.iter().find(|(rule, _)| *rule == setup.assignment);
    ui.horizontal(|ui| {
        let width = ui.available_width();
        let chosen = texts.get(known.map_or("assignment-off", |(_, id)| id));
        widgets::choice(ui, &texts.get("assignment"), &chosen, width, |ui| {
            for (rule, id) in RULES {
                ui.selectable_value(&mut setup.assignment, rule, texts.get(id));
            }
        });
    });
    if setup.assignment == Assignment::Default {
        let nobody = texts.get("nobody");
        let chosen = setup.default_assignee.clone();
        ui.horizontal(|ui| {
            let width = ui.available_width();
            let chosen = chosen.unwrap_or_else(|| nobody.clone().into_owned());
            widgets::choice(ui, &texts.get("default-assignee"), &chosen, width, |ui| {
                ui.selectable_value(&mut setup.default_assignee, None, nobody);
                for one in &now.service().desk.colleagues {
                    let name = Some(one.name.clone());
                    ui.selectable_value(&mut setup.default_assignee, name, &one.name);
                }
            });
        });
    }
}

/// Whether somebody works in the channel, and may set it up.
fn member(ui: &mut Ui, now: Now<'_>, members: &mut Vec<Member>, name: &str) {
    let place = members.iter().position(|member| member.name == name);
    let (mut inside, mut manager) = match place.and_then(|place| members.get(place)) {
        Some(member) => (true, member.manager),
        None => (false, false),
    };
    let before = (inside, manager);
    ui.horizontal(|ui| {
        ui.checkbox(&mut inside, name);
        let word = format!("{}: {name}", now.texts.get("manager"));
        ui.add_enabled_ui(inside, |ui| ui.checkbox(&mut manager, word));
    });
    if before == (inside, manager) {
        return;
    }
    members.retain(|member| member.name != name);
    if inside {
        members.push(Member {
            name: name.to_owned(),
            manager,
        });
    }
}
