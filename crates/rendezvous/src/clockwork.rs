//! What the server does by itself: places, expiry, offers.

use std::sync::Arc;
use std::time::Duration;

use aldis_desk::{Command, assign};
use aldis_wire::Code;
use aldis_wire::signal::{Doer, Place};

use crate::clock;
use crate::server::Shared;

/// How often the server looks at the clock.
const TICK: Duration = Duration::from_secs(1);

/// How often customers are told of their places.
const PLACES: Duration = Duration::from_millis(100);

/// How often it looks whether the command line beside it has changed an account, in ticks.
const ACCOUNTS: u32 = 5;

/// Shows what time alone changes: places in the queue, expired cases, offers that lapse.
pub(crate) async fn tick(shared: Arc<Shared>) {
    let mut looked = clock::now();
    let mut ticks = tokio::time::interval(TICK);
    let mut version = None;
    for tick in (0..ACCOUNTS).cycle() {
        ticks.tick().await;
        let now = clock::now();
        for code in shared.hub.expired_between(looked, now) {
            shared.hub.touch(code, now);
        }
        looked = now;
        for code in shared.hub.lapsed(now) {
            if let Err(error) = shared.change(code, Command::Lapse, Doer::Server).await {
                tracing::warn!(%error, "an offer did not lapse");
            }
        }
        shared.settle().await;
        shared.hub.tell_counts();
        if tick == 0 {
            let found = shared
                .keep(|transaction| transaction.others_version())
                .await
                .ok();
            if found != version && version.is_some() {
                shared.people_changed().await;
            }
            version = found;
        }
    }
}

/// Tells customers of their places, a few at a time.
#[expect(clippy::infinite_loop, reason = "the task is aborted with its owner")]
pub(crate) async fn tell_places(shared: Arc<Shared>) {
    let mut rounds = tokio::time::interval(PLACES);
    loop {
        rounds.tick().await;
        shared.hub.tell_places(clock::now());
    }
}

/// Offers the cases that wait in channels which assign by themselves, whenever there are some.
#[expect(clippy::infinite_loop, reason = "the task is aborted with its owner")]
pub(crate) async fn assign(shared: Arc<Shared>) {
    loop {
        shared.hub.assign.notified().await;
        for code in shared.hub.to_assign() {
            if let Err(error) = offer(&shared, code).await {
                tracing::warn!(%error, "a case was not offered");
            }
        }
    }
}

async fn offer(shared: &Arc<Shared>, code: Code) -> Result<(), aldis_wire::signal::Refusal> {
    let people = shared.hub.people();
    let chosen = shared
        .keep(move |transaction| {
            let Some(case) = transaction.case(code)?.filter(aldis_desk::Case::waits) else {
                return Ok(None);
            };
            let Place::Channel(id) = case.place else {
                return Ok(None);
            };
            let Some(channel) = transaction.channel(id)? else {
                return Ok(None);
            };
            let turn = transaction.offers(id)?;
            let Some(to) = assign::choose(&channel, &case, &people, turn) else {
                return Ok(None);
            };
            transaction.count_offer(id)?;
            Ok(Some((to.name.clone(), channel.setup.offer_time)))
        })
        .await?;
    if let Some((to, time)) = chosen {
        let until = clock::now() + time;
        shared
            .change(code, Command::Offer { to, until }, Doer::Server)
            .await?;
    }
    Ok(())
}
