//! The thread that moves mouse and keyboard.

use std::sync::{Arc, Mutex, PoisonError};

use aldis_inject::{InjectError, MonitorPlace};
use aldis_session::ControlToken;
use aldis_wire::input::Input;
use tokio::sync::mpsc;

/// The most inputs that wait; more make the supporter's stream wait.
const WAITING: usize = 256;

/// Where the monitor is that a supporter sees; his screen's thread writes it, the hands read it.
pub(crate) type Place = Arc<Mutex<MonitorPlace>>;

/// What the hands are to do.
pub(crate) enum Act {
    /// This input, with the right to it, on the monitor that its supporter sees.
    Do(ControlToken, Input, Place),
    /// Let go of whatever is held down.
    LetGo,
}

/// Where everything goes that the hands do, one thing after the other.
pub(crate) type Hands = mpsc::Sender<Act>;

/// Starts the thread; it ends, and lets go of everything, when the last sender is dropped.
pub(crate) fn start() -> Result<Hands, InjectError> {
    let mut injector = aldis_inject::open()?;
    let (hands, mut waiting) = mpsc::channel(WAITING);
    let work = move || {
        while let Some(act) = waiting.blocking_recv() {
            let Act::Do(token, input, place) = act else {
                release(&mut *injector);
                continue;
            };
            let place = *place.lock().unwrap_or_else(PoisonError::into_inner);
            // Who sees nothing yet can mean nothing.
            if place == MonitorPlace::default() {
                continue;
            }
            match injector.apply(&token, &input, place) {
                Ok(()) | Err(InjectError::Revoked) => {}
                // One input that cannot be done must not stop the next.
                Err(error) => tracing::debug!(%error, "an input was not done"),
            }
            // Between two bursts nobody holds a key that he may no longer hold.
            if !token.is_live() {
                release(&mut *injector);
            }
        }
        release(&mut *injector);
    };
    std::thread::Builder::new()
        .name("hands".to_owned())
        .spawn(work)
        .map_err(|error| InjectError::System(error.to_string()))?;
    Ok(hands)
}

fn release(injector: &mut dyn aldis_inject::Injector) {
    if let Err(error) = injector.release_all() {
        tracing::debug!(%error, "keys could not be let go");
    }
}
