//! Monitors that are plugged in, pulled out and set to another size, as `RandR` tells of them.

use anyhow::{Context as _, Result, ensure};
use x11rb::protocol::randr::{
    ConnectionExt as _, GetScreenResourcesReply, ModeInfo, MonitorInfo, Rotation, SetConfig,
};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::display::Display;
use crate::picture::Rect;

impl Display {
    /// Adds a monitor; with `instead` it takes the place of the one that the X server started with.
    pub fn add_monitor(&self, name: &str, at: Rect, instead: bool) -> Result<()> {
        let outputs = self.resources()?.outputs;
        let info = MonitorInfo {
            name: self.monitor_name(name)?,
            x: at.x.try_into()?,
            y: at.y.try_into()?,
            width: at.width.try_into()?,
            height: at.height.try_into()?,
            outputs: if instead { outputs } else { Vec::new() },
            ..MonitorInfo::default()
        };
        let asked = self.connection().randr_set_monitor(self.root(), info)?;
        asked
            .check()
            .with_context(|| format!("adding the monitor {name}"))
    }

    /// Removes a monitor that was added.
    pub fn remove_monitor(&self, name: &str) -> Result<()> {
        let atom = self.monitor_name(name)?;
        let asked = self.connection().randr_delete_monitor(self.root(), atom)?;
        asked
            .check()
            .with_context(|| format!("removing the monitor {name}"))
    }

    /// Gives the screen and the monitor that the X server started with another size, no larger than that was.
    pub fn resize(&self, width: u16, height: u16) -> Result<()> {
        let (connection, root) = (self.connection(), self.root());
        let name = format!("{width}x{height}");
        let info = ModeInfo {
            width,
            height,
            name_len: name.len().try_into()?,
            ..ModeInfo::default()
        };
        let mode = connection.randr_create_mode(root, info, name.as_bytes())?;
        let mode = mode.reply()?.mode;
        let known = self.resources()?;
        let (Some(crtc), Some(output)) = (known.crtcs.first(), known.outputs.first()) else {
            anyhow::bail!("the X server has no output");
        };
        connection.randr_add_output_mode(*output, mode)?;
        let show = |mode: u32, outputs: &[u32]| {
            let (time, straight) = (known.config_timestamp, Rotation::ROTATE0);
            let asked =
                connection.randr_set_crtc_config(*crtc, 0, time, 0, 0, mode, straight, outputs)?;
            let status = asked.reply()?.status;
            ensure!(status == SetConfig::SUCCESS, "{name}: {status:?}");
            Ok(())
        };
        show(x11rb::NONE, &[])?;
        connection
            .randr_set_screen_size(root, width, height, 100, 100)?
            .check()?;
        show(mode, &[*output])
    }

    fn resources(&self) -> Result<GetScreenResourcesReply> {
        let asked = self.connection().randr_get_screen_resources(self.root())?;
        Ok(asked.reply()?)
    }

    fn monitor_name(&self, name: &str) -> Result<u32> {
        let asked = self.connection().intern_atom(false, name.as_bytes())?;
        Ok(asked.reply()?.atom)
    }
}
