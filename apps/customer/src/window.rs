//! The window's forms: the calm one in the middle, and the banner on top of everything.

use aldis_present::Options;
use aldis_ui::Texts;
use egui::{Context, Pos2, Vec2, ViewportBuilder, ViewportCommand, ViewportId, WindowLevel};

/// The calm window's size in points.
const CALM: Vec2 = Vec2::new(460.0, 600.0);

/// The banner's size in points.
const BANNER: Vec2 = Vec2::new(780.0, 92.0);

/// The same with the chat below.
const BANNER_WITH_CHAT: Vec2 = Vec2::new(780.0, 420.0);

/// The window's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An ordinary window.
    Calm,
    /// An ordinary window that must be seen: a question.
    Urgent,
    /// One that must be seen once: the end of a session.
    Ended,
    /// A bar at the top of the screen, above all windows.
    Banner,
    /// The bar with the chat below it.
    BannerWithChat,
}

/// How the window opens.
pub(crate) fn options() -> Options<'static> {
    Options {
        viewport: ViewportBuilder::default()
            .with_app_id("aldis-sos")
            .with_icon(aldis_ui::icon::icon(0))
            .with_inner_size(CALM)
            .with_min_inner_size(Vec2::new(320.0, 60.0)),
        centered: true,
        clipboard_shortcuts: true,
        on_frame: None,
    }
}

/// A sentence instead of a crash where there is no display.
pub(crate) fn check_display() -> anyhow::Result<()> {
    #[cfg(all(unix, not(target_os = "macos")))]
    if ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
    {
        anyhow::bail!("there is no display; start it in a desktop session");
    }
    Ok(())
}

/// Gives the window its form.
pub(crate) fn apply(ctx: &Context, form: Form, texts: Texts) {
    let send = |command| ctx.send_viewport_cmd(command);
    send(ViewportCommand::Title(
        texts.get("customer-title").into_owned(),
    ));
    match form {
        Form::Calm | Form::Urgent | Form::Ended => {
            send(ViewportCommand::Decorations(true));
            send(ViewportCommand::InnerSize(CALM));
            let level = if form == Form::Calm {
                WindowLevel::Normal
            } else {
                WindowLevel::AlwaysOnTop
            };
            send(ViewportCommand::WindowLevel(level));
            if let Some(monitor) = monitor(ctx) {
                let corner = ((monitor - CALM) / 2.0).max(Vec2::ZERO);
                send(ViewportCommand::OuterPosition(corner.to_pos2()));
            }
            if form != Form::Calm {
                send(ViewportCommand::Minimized(false));
                send(ViewportCommand::Focus);
                let attention = egui::UserAttentionType::Critical;
                send(ViewportCommand::RequestUserAttention(attention));
            }
        }
        Form::Banner | Form::BannerWithChat => {
            send(ViewportCommand::Decorations(false));
            let size = if form == Form::Banner {
                BANNER
            } else {
                BANNER_WITH_CHAT
            };
            send(ViewportCommand::InnerSize(size));
            send(ViewportCommand::WindowLevel(WindowLevel::AlwaysOnTop));
            if let Some(monitor) = monitor(ctx) {
                let left = ((monitor.x - BANNER.x) / 2.0).max(0.0);
                send(ViewportCommand::OuterPosition(Pos2::new(left, 0.0)));
            }
        }
    }
}

/// Brings the window to the front, as far as the desktop lets it.
///
/// May be called by any thread.
pub(crate) fn show(ctx: &Context) {
    let attention = egui::UserAttentionType::Informational;
    for command in [
        ViewportCommand::Minimized(false),
        ViewportCommand::Focus,
        ViewportCommand::RequestUserAttention(attention),
    ] {
        ctx.send_viewport_cmd_to(ViewportId::ROOT, command);
    }
    ctx.request_repaint_of(ViewportId::ROOT);
}

/// Lets other windows cover this one again.
pub(crate) fn step_back(ctx: &Context) {
    ctx.send_viewport_cmd(ViewportCommand::WindowLevel(WindowLevel::Normal));
}

fn monitor(ctx: &Context) -> Option<Vec2> {
    ctx.input(|input| input.viewport().monitor_size)
        .filter(|size| size.x > 1.0 && size.y > 1.0)
}
