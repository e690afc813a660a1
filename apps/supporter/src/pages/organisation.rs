//! The organisation: who this supporter is to customers, and what an admin signs.

use aldis_trust::Fingerprint;
use aldis_trust::SignerKey;
use aldis_trust::organisation::read_certificate;
use aldis_ui::theme::{self, space};
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, time};
use aldis_viewer::{Command, Deed, Problem, Standing, Waiting};
use aldis_wire::signal::{Distrust, Issued, Role};
use egui::{RichText, ScrollArea, Ui};

use super::Act;

/// What is typed on the page.
#[derive(Default)]
pub(crate) struct Organisation {
    name: String,
    passphrase: String,
    /// The passphrase again, when it is chosen.
    repeated: String,
    invited: String,
    role: Role,
    avatars: std::collections::BTreeMap<[u8; 32], aldis_ui::avatar::Avatar>,
}

/// What the page is painted with.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) texts: Texts,
    pub(crate) standing: &'a Standing,
    pub(crate) key: [u8; 32],
    /// The server's clock.
    pub(crate) now: u64,
}

/// The page.
pub(crate) fn organisation(ui: &mut Ui, about: About<'_>, state: &mut Organisation) -> Option<Act> {
    let texts = about.texts;
    let mut act = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        widgets::column(ui, 640.0, |ui| {
            ui.horizontal(|ui| {
                widgets::heading(ui, texts.get("organisation"));
                if ui.button(texts.get("close")).clicked() {
                    act = Some(Act::ShowOrganisation(false));
                }
            });
            widgets::quiet(ui, texts.get("organisation-lead"));
            widgets::gap(ui);
            if let Some(problem) = &about.standing.problem {
                widgets::notice(ui, Tone::Bad, &problem_text(texts, problem));
                widgets::gap(ui);
            }
            let pressed = stands(ui, about);
            act = act.take().or(pressed);
            widgets::gap(ui);
            let pressed = office(ui, about, state);
            act = act.take().or(pressed);
        });
    });
    act
}

/// Why nothing was done.
fn problem_text(texts: Texts, problem: &Problem) -> String {
    let words = match problem {
        Problem::Refused(refusal) => return texts.refusal(refusal),
        Problem::Distrusted(why) => return texts.distrust(*why),
        Problem::System(words) => return words.clone(),
        Problem::Passphrase => "organisation-wrong-passphrase",
        Problem::ShortPassphrase => "organisation-short-passphrase",
        Problem::Name => "error-bad-text",
        Problem::NoKeys => "organisation-elsewhere",
    };
    texts.get(words).into_owned()
}

/// How this app stands, in one sentence; `None` where all is well.
pub(crate) fn warning(texts: Texts, standing: &Standing, now: u64) -> Option<(Tone, String)> {
    let told = standing.told.as_ref()?;
    if standing.swapped {
        return Some((Tone::Bad, texts.get("organisation-swapped").into_owned()));
    }
    if told.root.is_none() {
        return Some((Tone::Warn, texts.get("organisation-none").into_owned()));
    }
    match &standing.proven {
        Some(Ok(_)) => {}
        Some(Err(Distrust::NoCertificate)) if told.waits => {
            return Some((Tone::Warn, texts.get("organisation-waits").into_owned()));
        }
        Some(Err(why)) => {
            let reason = texts.distrust(*why);
            let words = texts.with("organisation-not-believed", [("reason", reason.into())]);
            return Some((Tone::Bad, words));
        }
        None => return None,
    }
    if let Some(days) = standing.runs_out(now) {
        let words = texts.with("organisation-runs-out", [("days", days.into())]);
        return Some((Tone::Warn, words));
    }
    let days = standing.list_stale()?;
    let words = texts.with("organisation-list-stale", [("days", days.into())]);
    Some((Tone::Warn, words))
}

/// Who this supporter is to customers.
fn stands(ui: &mut Ui, about: About<'_>) -> Option<Act> {
    let (texts, standing) = (about.texts, about.standing);
    widgets::card(ui, |ui| {
        if let Some((tone, words)) = warning(texts, standing, about.now) {
            widgets::notice(ui, tone, &words);
        }
        if let Some(Ok(proven)) = &standing.proven {
            let words = texts.with(
                "organisation-proven",
                [
                    ("name", proven.name.as_str().into()),
                    ("organisation", proven.organisation.as_str().into()),
                ],
            );
            ui.label(RichText::new(words).strong());
            widgets::quiet(ui, until(texts, proven.until));
        }
        let print = Fingerprint(about.key).to_string();
        let words = texts.with(
            "organisation-own-fingerprint",
            [("fingerprint", grouped(&print).into())],
        );
        widgets::quiet(ui, words);
    });
    let founded = standing.founded.as_ref()?;
    widgets::gap(ui);
    let mut act = None;
    widgets::card(ui, |ui| {
        widgets::notice(ui, Tone::Warn, &texts.get("organisation-backup"));
        ui.add_space(space::SMALL);
        let path = founded.display().to_string();
        ui.label(RichText::new(&path).monospace());
        ui.horizontal(|ui| {
            if ui.button(texts.get("copy-path")).clicked() {
                act = Some(Act::Copy(path));
            }
            if widgets::primary_small(ui, &texts.get("organisation-understood"), true).clicked() {
                act = Some(deed(Deed::Read));
            }
        });
    });
    act
}

/// What an admin does.
fn office(ui: &mut Ui, about: About<'_>, state: &mut Organisation) -> Option<Act> {
    let (texts, standing) = (about.texts, about.standing);
    let told = standing.told.as_ref()?;
    if told.office.is_none() {
        if told.root.is_none() {
            widgets::quiet(ui, texts.get("organisation-ask-admin"));
        }
        return None;
    }
    if told.root.is_none() {
        return found(ui, texts, state);
    }
    if !standing.has_keys {
        widgets::quiet(ui, texts.get("organisation-elsewhere"));
        return None;
    }
    if !standing.is_open {
        return unlock(ui, texts, state);
    }
    let mut act = waiting(ui, texts, standing, state);
    widgets::gap(ui);
    let pressed = invite(ui, texts, standing, state);
    act = act.or(pressed);
    widgets::gap(ui);
    let pressed = members(ui, about, state);
    act.or(pressed)
}

/// No organisation yet: an admin makes one.
fn found(ui: &mut Ui, texts: Texts, state: &mut Organisation) -> Option<Act> {
    let mut act = None;
    widgets::card(ui, |ui| {
        let name = texts.get("organisation-name");
        widgets::field(ui, &name, &mut state.name, "", false);
        let label = texts.get("organisation-passphrase");
        widgets::field(ui, &label, &mut state.passphrase, "", true);
        let label = texts.get("organisation-passphrase-again");
        let again = widgets::field(ui, &label, &mut state.repeated, "", true);
        let entered = widgets::entered(&again);
        let same = state.passphrase == state.repeated;
        if !same && !state.repeated.is_empty() && !again.has_focus() {
            widgets::notice(
                ui,
                Tone::Warn,
                &texts.get("organisation-passphrase-differs"),
            );
            ui.add_space(space::SMALL);
        }
        let whole = !state.name.trim().is_empty() && !state.passphrase.is_empty() && same;
        let pressed = widgets::primary(ui, &texts.get("organisation-create"), whole).clicked();
        if whole && (pressed || entered) {
            state.repeated.clear();
            act = Some(deed(Deed::Found {
                organisation: state.name.clone(),
                passphrase: std::mem::take(&mut state.passphrase),
            }));
        }
    });
    act
}

/// The keys are here, and locked.
fn unlock(ui: &mut Ui, texts: Texts, state: &mut Organisation) -> Option<Act> {
    let mut act = None;
    widgets::card(ui, |ui| {
        widgets::quiet(ui, texts.get("organisation-locked"));
        let label = texts.get("organisation-passphrase");
        let field = widgets::field(ui, &label, &mut state.passphrase, "", true);
        let entered = widgets::entered(&field);
        let pressed = widgets::primary(ui, &texts.get("organisation-unlock"), true).clicked();
        if pressed || entered {
            act = Some(deed(Deed::Unlock(std::mem::take(&mut state.passphrase))));
        }
    });
    act
}

/// Who waits, just as it will be signed.
fn waiting(
    ui: &mut Ui,
    texts: Texts,
    standing: &Standing,
    state: &mut Organisation,
) -> Option<Act> {
    let mut act = None;
    ui.label(RichText::new(texts.get("organisation-waiting")).strong());
    if standing.waiting.is_empty() {
        widgets::quiet(ui, texts.get("organisation-nobody-waits"));
    }
    for Waiting { enrolment, invited } in standing.waiting.iter() {
        ui.add_space(space::SMALL);
        widgets::card(ui, |ui| {
            ui.horizontal(|ui| {
                let avatar = state.avatars.entry(enrolment.key).or_default();
                avatar.show(ui, &enrolment.name, &enrolment.picture, 48.0);
                ui.vertical(|ui| {
                    ui.label(RichText::new(&enrolment.name).strong());
                    let (tone, words) = if *invited {
                        (Tone::Good, "organisation-invited")
                    } else {
                        (Tone::Warn, "organisation-uninvited")
                    };
                    widgets::notice(ui, tone, &texts.get(words));
                    let print = Fingerprint(enrolment.key).to_string();
                    let print = [("fingerprint", grouped(&print).into())];
                    widgets::quiet(ui, texts.with("organisation-fingerprint", print));
                });
            });
            ui.horizontal(|ui| {
                let name = || [("name", enrolment.name.as_str().into())];
                let approve = texts.with("organisation-approve", name());
                if widgets::primary_small(ui, &approve, true).clicked() {
                    act = Some(deed(Deed::Approve(Box::new(enrolment.clone()))));
                }
                if ui
                    .button(texts.with("organisation-refuse", name()))
                    .clicked()
                {
                    act = Some(deed(Deed::Refuse(enrolment.key)));
                }
            });
        });
    }
    act
}

/// A new supporter is invited.
fn invite(ui: &mut Ui, texts: Texts, standing: &Standing, state: &mut Organisation) -> Option<Act> {
    let mut act = None;
    widgets::card(ui, |ui| {
        let label = texts.get("organisation-invite-name");
        let field = widgets::field(ui, &label, &mut state.invited, "", false);
        let entered = widgets::entered(&field);
        let chosen = texts.get(role(state.role));
        widgets::choice(ui, &texts.get("organisation-role"), &chosen, 280.0, |ui| {
            for one in [Role::Technician, Role::Manager, Role::Admin] {
                ui.selectable_value(&mut state.role, one, texts.get(role(one)));
            }
        });
        ui.add_space(space::SMALL);
        let whole = !state.invited.trim().is_empty();
        let pressed = widgets::primary(ui, &texts.get("organisation-invite"), whole).clicked();
        if whole && (pressed || entered) {
            act = Some(deed(Deed::Invite {
                name: std::mem::take(&mut state.invited),
                // Nobody is made an admin because the last one was.
                role: std::mem::take(&mut state.role),
            }));
        }
        if let Some((name, invitation)) = &standing.invitation {
            widgets::gap(ui);
            let name = [("name", name.as_str().into())];
            widgets::notice(ui, Tone::Good, &texts.with("organisation-invitation", name));
            ui.label(RichText::new(invitation).monospace().small());
            if ui.button(texts.get("copied-invitation")).clicked() {
                act = Some(Act::Copy(invitation.clone()));
            }
        }
    });
    act
}

/// Whose certificates count.
fn members(ui: &mut Ui, about: About<'_>, state: &mut Organisation) -> Option<Act> {
    let (texts, standing) = (about.texts, about.standing);
    let root = SignerKey(standing.told.as_ref()?.root?);
    let mut act = None;
    ui.label(RichText::new(texts.get("organisation-members")).strong());
    for issued in standing.issued.iter() {
        let Issued {
            signer,
            certificate,
            picture,
            ..
        } = issued;
        let Ok((_, said)) = read_certificate(root, signer, certificate, about.now) else {
            continue;
        };
        ui.horizontal(|ui| {
            let avatar = state.avatars.entry(said.key).or_default();
            avatar.show(ui, &said.name, picture, 28.0);
            ui.label(&said.name);
            widgets::quiet(ui, until(texts, said.until));
            if standing.revoked.contains(&said.key) {
                let tokens = theme::tokens(ui);
                let words = texts.get("organisation-revoked");
                widgets::badge(ui, &words, tokens.bad, tokens.bad_soft);
            } else {
                let name = [("name", said.name.as_str().into())];
                if widgets::danger_small(ui, &texts.with("organisation-revoke", name)).clicked() {
                    act = Some(deed(Deed::Revoke(said.key)));
                }
            }
        });
    }
    act
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Technician => "role-technician",
        Role::Manager => "role-manager",
        Role::Admin => "role-admin",
    }
}

fn deed(deed: Deed) -> Act {
    Act::Engine(Command::Organisation(deed))
}

fn until(texts: Texts, moment: u64) -> String {
    let day = time::moment(moment, 0, texts.language());
    texts.with("organisation-until", [("day", day.into())])
}

/// A fingerprint in groups of four, as people compare it.
fn grouped(print: &str) -> String {
    let letters: Vec<char> = print.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join(" ")
}
