//! Who may be open on a real X server.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod xvfb;

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use aldis_platform::only::{Only, OnlyError};

use xvfb::Xvfb;

const LIMIT: Duration = Duration::from_secs(20);

/// How many come at the same moment.
const CROWD: usize = 8;

impl Xvfb {
    fn claim(&self, program: &str) -> Result<(Only, Receiver<()>), OnlyError> {
        let (show, shown) = sync_channel(CROWD);
        let only = Only::claim_display(&self.name, program, move || show.try_send(()).unwrap())?;
        Ok((only, shown))
    }
}

#[test]
fn a_display_has_one_and_is_free_again_when_it_ends() {
    let server = Xvfb::start();
    let (first, shown) = server.claim("lamp").unwrap();
    assert!(matches!(server.claim("lamp"), Err(OnlyError::Taken)));
    shown.recv_timeout(LIMIT).unwrap();
    // Another program, and another display, are nobody's business.
    server.claim("other").unwrap();
    Xvfb::start().claim("lamp").unwrap();
    drop(first);
    server.claim("lamp").unwrap();
}

#[test]
fn of_many_who_come_at_once_one_stays() {
    let server = Xvfb::start();
    let claims: Vec<_> = std::thread::scope(|scope| {
        let coming: Vec<_> = (0..CROWD)
            .map(|_| scope.spawn(|| server.claim("lamp")))
            .collect();
        coming.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let stays = claims.iter().filter(|claim| claim.is_ok()).count();
    assert_eq!(stays, 1);
}
