//! Puts expired cases into a server's database, one for each customer named: nobody waits a day
//! for a picture of the desk. The server sees them when it starts the next time.
//!
//! `cargo run -p aldis-store --example old_cases -- FOLDER CUSTOMER...`

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use aldis_desk::{Command, carry_out};
use aldis_store::Store;
use aldis_wire::signal::{Availability, Doer, Draft, Facts, Origin};
use aldis_wire::{Code, Millis};

/// A day, in milliseconds.
const DAY: Millis = 24 * 60 * 60 * 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let store = Store::open(folder.as_ref())?;
    for (number, customer) in (1..).zip(arguments) {
        let code = Code::from_number(90_000_000 + number * 7919).ok_or("a code")?;
        let made = now()? - DAY * (1 + Millis::from(number)) + Millis::from(number) * 47 * 60_000;
        let command = Command::Create {
            draft: Box::new(Draft {
                place: None,
                customer,
                facts: Facts::default(),
                to_queue: true,
                by_script: false,
            }),
            origin: Origin::CustomerApp,
        };
        let offline = |_: &str| Availability::Offline;
        store.run_blocking(move |records| {
            carry_out(records, &offline, code, &command, &Doer::Customer, made)
        })??;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock")]
fn now() -> Result<Millis, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(since.as_millis().try_into()?)
}
