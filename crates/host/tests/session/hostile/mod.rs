//! A server that was taken over, with the real customer's and the real supporter's engine, and all
//! that it can say: no session comes of it, and both sides are told why.

mod asked;
mod between;
mod liar;
mod live;
mod mallory;
mod noise;
mod office;
mod papers;
mod scene;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stage::on_stage;

/// How many scripts are played at once.
const AT_ONCE: usize = 12;

type Play = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a server does between two who are willing.
fn between_two() -> Vec<(&'static str, Play)> {
    vec![
        (
            "the customer's place at the relay is taken",
            Box::pin(between::the_customers_place_at_the_relay_is_taken()),
        ),
        (
            "somebody comes in the supporter's place",
            Box::pin(between::somebody_comes_in_the_supporters_place()),
        ),
        (
            "an old question is asked again",
            Box::pin(between::an_old_question_is_asked_again()),
        ),
        (
            "a no becomes a yes",
            Box::pin(between::a_no_becomes_a_yes()),
        ),
        (
            "a yes that nobody has said",
            Box::pin(between::a_yes_that_nobody_has_said()),
        ),
        (
            "a yes to another session",
            Box::pin(between::a_yes_to_another_session()),
        ),
        (
            "another case's customer",
            Box::pin(between::another_cases_customer()),
        ),
        (
            "a consent is carried into another case",
            Box::pin(between::a_consent_is_carried_into_another_case()),
        ),
        ("a forged ticket", Box::pin(between::a_forged_ticket())),
        (
            "an older version of the customer's app",
            Box::pin(between::an_older_version_of_the_customers_app()),
        ),
        (
            "a server of another version",
            Box::pin(between::a_server_of_another_version()),
        ),
        ("another server", Box::pin(between::another_server())),
        (
            "a list is rolled back after it was seen",
            Box::pin(between::a_list_is_rolled_back_after_it_was_seen()),
        ),
        (
            "the root is swapped and the digits are passed on",
            Box::pin(between::the_root_is_swapped_and_the_digits_are_passed_on()),
        ),
        (
            "the root is swapped for both",
            Box::pin(between::the_root_is_swapped_for_both()),
        ),
        (
            "a second machine claims the code",
            Box::pin(between::a_second_machine_claims_the_code()),
        ),
        (
            "eva is shown broken papers",
            Box::pin(between::eva_is_shown_broken_papers()),
        ),
        (
            "a warning is to be forgotten",
            Box::pin(between::a_warning_is_to_be_forgotten()),
        ),
        (
            "a session is swapped while it runs",
            Box::pin(between::a_session_is_swapped_while_it_runs()),
        ),
    ]
}

/// What it shows an admin, and anything at all.
fn others() -> Vec<(&'static str, Play)> {
    vec![
        (
            "the server says anything",
            Box::pin(noise::the_server_says_anything()),
        ),
        (
            "an invited supporter's key is swapped",
            Box::pin(office::an_invited_supporters_key_is_swapped()),
        ),
        (
            "the admin is given another name",
            Box::pin(office::the_admin_is_given_another_name()),
        ),
        (
            "the admin is shown an older list",
            Box::pin(office::the_admin_is_shown_an_older_list()),
        ),
        (
            "the admin is shown another organisation",
            Box::pin(office::the_admin_is_shown_another_organisation()),
        ),
    ]
}

#[test]
fn no_lie_of_the_server_brings_a_session_about_and_both_sides_are_told() {
    let name = "hostile::no_lie_of_the_server_brings_a_session_about_and_both_sides_are_told";
    on_stage(name, async || {
        let mut plays = between_two();
        plays.extend(others());
        for script in asked::SCRIPTS {
            plays.push((script.0, Box::pin(asked::play(*script))));
        }
        assert!(plays.len() >= 50, "{}", plays.len());
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let (mut playing, mut names) = (JoinSet::new(), BTreeMap::new());
        let mut failed: Vec<&str> = Vec::new();
        for (name, play) in plays {
            let room = Arc::clone(&room);
            let script = playing.spawn(async move {
                let _room = room.acquire().await;
                play.await;
            });
            names.insert(script.id().to_string(), name);
        }
        while let Some(played) = playing.join_next_with_id().await {
            if let Err(error) = played {
                failed.extend(names.get(&error.id().to_string()));
            }
        }
        assert!(
            failed.is_empty(),
            "these did not end as they must: {failed:#?}"
        );
    });
}
