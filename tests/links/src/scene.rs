//! A server, a customer and a supporter in a session, in a lab of its own.

use std::time::{Duration, Instant};

use aldis_netlab::{Lab, Site};
use aldis_screen::{Frame, Rect};
use aldis_trust::ServerName;
use anyhow::Result;

use crate::customer::Customer;
use crate::office::Office;
use crate::screen::{Painter, Xvfb};
use crate::supporter::Supporter;

/// What the customer's screen shows at first.
pub const RED: u32 = 0x00c0_1020;

/// Something else.
pub const BLUE: u32 = 0x0010_20c0;

/// Something else again.
pub const GREEN: u32 = 0x0010_c020;

/// Runs the test with this name on a screen of its own and in an internet of its own.
pub fn play(test: &str, act: impl FnOnce(&Lab, &Painter) -> Result<()>) -> Result<()> {
    play_with(test, &[], act)
}

/// [`play`] where these variables of the environment are set.
pub fn play_with(
    test: &str,
    environment: &[(&str, &str)],
    act: impl FnOnce(&Lab, &Painter) -> Result<()>,
) -> Result<()> {
    Xvfb::on_stage(&[test, "--exact", "--nocapture"], environment, || {
        let Some(lab) = Lab::or_skip()? else {
            return Ok(());
        };
        act(&lab, &Painter::open()?)
    })
}

/// Whether the middle of the screen has this colour.
pub fn shows(colour: u32) -> impl Fn(&Frame) -> bool {
    move |frame| shows_at(frame, (320, 240)) == Some(colour)
}

/// The colour of a pixel of the picture.
pub fn shows_at(frame: &Frame, (x, y): (u32, u32)) -> Option<u32> {
    let pixel = Rect::new(x, y, 1, 1);
    if !frame.bounds().contains(pixel) {
        return None;
    }
    let row = frame.row(pixel, y);
    let part = |place: usize| row.get(place).copied().map(u32::from);
    Some(part(0)? | part(1)? << 8 | part(2)? << 16)
}

/// A server, a customer and a supporter, in a session whose picture has come.
#[derive(Debug)]
pub struct Scene {
    /// The server.
    pub office: Office,
    /// He whose screen it is.
    pub customer: Customer,
    /// He who sees it.
    pub supporter: Supporter,
}

impl Scene {
    /// Begins a session between these two, and waits for its picture.
    pub fn begin(lab: &Lab, painter: &Painter, customer: &Site, supporter: &Site) -> Result<Self> {
        let office = Office::open(lab.public("server")?)?;
        Self::begin_at(office, painter, customer, supporter)
    }

    /// The same at a server that is open already.
    pub fn begin_at(
        office: Office,
        painter: &Painter,
        customer: &Site,
        supporter: &Site,
    ) -> Result<Self> {
        let name = office.name.clone();
        Self::begin_by(office, painter, (customer, &name), supporter)
    }

    /// The same with a customer who knows the server by this name.
    pub fn begin_by(
        office: Office,
        painter: &Painter,
        (customer, name): (&Site, &ServerName),
        supporter: &Site,
    ) -> Result<Self> {
        let supporter = Supporter::sign_in(supporter, &office.name)?;
        let code = supporter.new_case()?;
        let customer = Customer::join(customer, name, code)?;
        painter.fill_all(RED)?;
        supporter.connect(code);
        customer.allow()?;
        supporter.until_seen("the first picture", shows(RED))?;
        Ok(Self {
            office,
            customer,
            supporter,
        })
    }

    /// The customer's screen changes; gives how long until it is seen.
    pub fn sees(&self, painter: &Painter, colour: u32) -> Result<Duration> {
        let start = Instant::now();
        painter.fill_all(colour)?;
        let seen = self.supporter.until_seen("the change", shows(colour))?;
        Ok(seen - start)
    }
}
