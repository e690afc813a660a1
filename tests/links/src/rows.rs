//! All that is measured.

use aldis_links::Painter;
use aldis_netlab::Lab;
use anyhow::Result;

use crate::figure::Figure;
use crate::{bulk, lossy, reach};

/// Something that is measured in a lab of its own.
#[derive(Debug)]
pub(crate) struct Row {
    /// By which it is chosen.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) about: &'static str,
    pub(crate) measure: fn(&Lab, &Painter) -> Result<Vec<Figure>>,
}

/// In the order of the table.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "routers",
        about: "pairs of routers, 5 ms to each",
        measure: reach::routers,
    },
    Row {
        name: "no-udp",
        about: "firewalls without UDP",
        measure: reach::no_udp,
    },
    Row {
        name: "hand-over",
        about: "from the relay to the straight way",
        measure: reach::hand_over,
    },
    Row {
        name: "cut",
        about: "a cut of 30 s",
        measure: reach::cut,
    },
    Row {
        name: "address",
        about: "another address",
        measure: reach::address,
    },
    Row {
        name: "restart",
        about: "a relay that is restarted",
        measure: reach::restart,
    },
    Row {
        name: "restart-direct",
        about: "the same under a direct session",
        measure: reach::restart_direct,
    },
    Row {
        name: "loss-typing",
        about: "typing at 5 % loss and 100 ms",
        measure: lossy::typing_at_loss,
    },
    Row {
        name: "loss-bulk",
        about: "a transfer at 5 % loss and 100 ms",
        measure: bulk::at_loss,
    },
    Row {
        name: "near",
        about: "a transfer within a house",
        measure: bulk::near,
    },
    Row {
        name: "queue",
        about: "a transfer over 20 Mbit/s with a queue of 100 ms",
        measure: bulk::over_a_queue,
    },
    Row {
        name: "queue-loss",
        about: "the same with 5 % loss",
        measure: bulk::over_a_lossy_queue,
    },
    Row {
        name: "rival-late",
        about: "the same, and TCP comes later",
        measure: bulk::beside_late_cubic,
    },
    Row {
        name: "rival-first",
        about: "the same, and TCP was there before",
        measure: bulk::beside_first_cubic,
    },
    Row {
        name: "rival-bbr-late",
        about: "the same, and BBR comes later",
        measure: bulk::beside_late_bbr,
    },
    Row {
        name: "rival-bbr-first",
        about: "the same, and BBR was there before",
        measure: bulk::beside_first_bbr,
    },
    Row {
        name: "harsh",
        about: "12 % loss in bursts, 450 ms, 500 kbit/s",
        measure: lossy::harsh,
    },
    Row {
        name: "disorder",
        about: "25 % of packets overtaken, 5 % doubled",
        measure: lossy::disorder,
    },
    Row {
        name: "film",
        about: "typing beside a film over 1 Mbit/s",
        measure: lossy::film,
    },
];

/// What may be chosen.
pub(crate) fn names() -> String {
    let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    names.join(", ")
}
