//! The service desk with several supporters and customers, through the real windows.

mod office;

use aldis_e2e::paint::Easel;
use aldis_e2e::{Customer, Rect, SUPPORTER, Supporter, containing, named, starting, wait};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use office::{Office, choose, say};

/// Where the customer's screen has one colour, beside the banner.
const MARK: Rect = Rect {
    x: 100,
    y: 300,
    width: 200,
    height: 200,
};

/// That colour.
const COLOUR: u32 = 0x00D8_1B60;

/// Those who want help.
const CUSTOMERS: [&str; 5] = ["Emma", "Tom", "Mia", "Noah", "Lea"];

#[test]
fn line_70_three_supporters_and_five_customers_see_one_truth_in_the_app() -> Result<()> {
    let mut office = Office::start("desk-three", &["Bo", "Cy"], &CUSTOMERS)?;
    for index in 0..CUSTOMERS.len() {
        office.get_help(index)?;
    }
    for name in CUSTOMERS {
        let code = office.code(name)?;
        let waits = json!({ "assignee": null, "customer_online": true, "origin": "CustomerApp" });
        office.agree(&code, "Pending", &waits)?;
    }
    one_wins_the_race(&mut office, "Emma")?;
    a_case_is_handed_on_and_given_back(&office, "Mia")
}

/// Both ask before either has heard the server's answer to anybody.
fn one_wins_the_race(office: &mut Office, customer: &str) -> Result<()> {
    let code = office.code(customer)?;
    let take = named("Assign to me").role("button");
    for who in office.supporters().take(2) {
        who.select(&code)?;
        who.desk().find(&named(&code).role("label"))?;
        who.desk().find(&take)?;
    }
    office.freeze_server()?;
    for who in office.supporters().take(2) {
        who.desk().press(&take)?;
    }
    office.thaw_server()?;
    let case = wait::until("somebody to have it", wait::STEP, || {
        let case = office.supporter(2).case(&code)?;
        let taken = case.get("assignee").is_some_and(Value::is_string);
        Ok(taken.then_some(case))
    })?;
    let winner = case.get("assignee").and_then(Value::as_str);
    let winner = winner.context("the winner")?;
    let loser = usize::from(winner == SUPPORTER);
    ensure!(
        [SUPPORTER, "Bo"].contains(&winner),
        "one of the two has it, not {winner}"
    );
    let desk = office.supporter(loser).desk();
    desk.find(&containing(&format!("{winner} has this case.")))?;
    desk.press(&named("Close").role("button"))?;
    desk.gone(&containing("has this case."))?;
    office.agree(&code, "Pending", &json!({ "assignee": winner }))
}

fn a_case_is_handed_on_and_given_back(office: &Office, customer: &str) -> Result<()> {
    let code = office.code(customer)?;
    let (ana, bo) = (office.supporter(0), office.supporter(1));
    choose(ana, &code, "Assign to me")?;
    office.agree(&code, "Pending", &json!({ "assignee": SUPPORTER }))?;
    choose(ana, &code, "Transfer to…")?;
    ana.desk().press(&starting("Bo · ").role("button"))?;
    let handed = json!({ "assignee": "Bo", "queued": false });
    office.agree(&code, "Pending", &handed)?;
    choose(bo, &code, "Release")?;
    let queued = json!({ "assignee": null, "queued": true });
    office.agree(&code, "Queued", &queued)
}

#[test]
fn line_66_a_chat_becomes_screen_sharing_and_then_three_share_one_screen() -> Result<()> {
    let mut office = Office::start("desk-chat", &["Bo", "Cy"], &CUSTOMERS)?;
    for index in 0..CUSTOMERS.len() {
        office.get_help(index)?;
    }
    let code = office.code("Tom")?;
    let customer = office.customer("Tom")?;
    let ana = office.supporter(0);
    choose(ana, &code, "Join chat")?;
    ana.desk().press(&starting("Chat").role("button"))?;
    say(ana.desk(), "What does the screen show?")?;
    customer.desk().find(&containing("Chat with your"))?;
    customer
        .desk()
        .find(&named("What does the screen show?").role("label"))?;
    say(customer.desk(), "A blue window.")?;
    ana.desk().find(&named("A blue window.").role("label"))?;
    let chat = json!({ "assignee": SUPPORTER, "messages": 3, "supporters": [] });
    office.agree(&code, "Pending", &chat)?;

    choose(ana, &code, "Request screen sharing")?;
    customer.wait_question(SUPPORTER)?;
    customer.answer("Share my screen with control")?;
    customer.wait_banner(SUPPORTER, "Full control")?;
    let easel = Easel::new(customer.desk().display(), MARK)?;
    easel.fill(COLOUR)?;
    sees_the_mark(ana, customer)?;
    for index in [1, 2] {
        let (guest, account) = (office.supporter(index), office.name(index));
        invite(ana, account)?;
        choose(guest, &code, "Connect")?;
        let joins = format!("{account} would like to join");
        customer.desk().find(&containing(&joins))?;
        customer.answer("Allow to join")?;
        sees_the_mark(guest, customer)?;
    }
    for who in office.supporters() {
        sees_the_mark(who, customer)?;
        who.desk().press(&named("Queue").role("button"))?;
    }
    let names = json!([SUPPORTER, "Bo", "Cy"]);
    let together = json!({ "assignee": SUPPORTER, "supporters": names });
    office.agree(&code, "In progress", &together)?;

    choose(ana, &code, "Close case")?;
    ana.desk().press(&named("Resolved").role("button"))?;
    ana.desk().press(&named("Yes, close it").role("button"))?;
    let over = json!({ "outcome": "Resolved", "supporters": [], "queued": false });
    office.agree(&code, "Closed", &over)?;
    customer.wait_ended()
}

/// Invites a colleague from the session's toolbar.
fn invite(by: &Supporter, name: &str) -> Result<()> {
    by.desk().press(&named("Invite…").role("button"))?;
    let field = named("Colleague’s account").role("field");
    by.desk().fill(&field, name)?;
    by.desk().press(&named("Invite").role("button"))?;
    by.desk().gone(&field)
}

/// Waits until the customer's mark is where it must be on the supporter's canvas.
fn sees_the_mark(who: &Supporter, customer: &Customer) -> Result<()> {
    let theirs = customer.desk().display();
    let size = (f64::from(theirs.width()), f64::from(theirs.height()));
    let (x, y) = MARK.middle();
    wait::until("the customer's screen", wait::STEP, || {
        let canvas = who.desk().find(&named("Remote screen"))?.area;
        let room = (f64::from(canvas.width), f64::from(canvas.height));
        let factor = (room.0 / size.0).min(room.1 / size.1);
        let at = |start: i32, room: f64, size: f64, place: i32| {
            let inside = (room - size * factor) / 2.0 + f64::from(place) * factor;
            start + inside as i32
        };
        let (x, y) = (
            at(canvas.x, room.0, size.0, x),
            at(canvas.y, room.1, size.1, y),
        );
        Ok((who.desk().display().pixel(x, y)? == COLOUR).then_some(()))
    })
}

#[test]
fn away_hides_who_waits_and_a_customer_knows_his_place() -> Result<()> {
    let mut office = Office::start("desk-away", &["Bo"], &["Emma", "Tom"])?;
    let mut at_ana = office.supporter(0).desk().notices()?;
    let mut at_bo = office.supporter(1).desk().notices()?;
    let waits = |who: &str| format!(r#"{{"app": "Aldis", "title": "{who} is waiting""#);
    let icon = |office: &Office| office.supporter(0).desk().display().window_icon("Aldis");
    let plain = icon(&office)?;
    office.get_help(0)?;
    let code = office.code("Emma")?;
    let ana = office.supporter(0);
    for desktop in [&mut at_ana, &mut at_bo] {
        let notice = desktop.wait_line(&waits("Emma"), wait::STEP)?;
        anyhow::ensure!(notice.contains(&code) && notice.contains("message-new-instant"));
    }
    ana.desk().find(&named(&format!("{code}, Emma, Pending")))?;

    let badge = wait::until("a number on the icon", wait::STEP, || {
        Ok(Some(icon(&office)?).filter(|icon| *icon != plain))
    })?;
    let dock = |count: u32| {
        let visible = count > 0;
        format!(
            r#"{{"dock": "application://aldis.desktop", "count": {count}, "count-visible": {visible}}}"#
        )
    };
    at_ana.wait_line(&dock(1), wait::STEP)?;
    badge.save(&ana.desk().logs().join("badge.png"))?;

    let state = |word: &str| named(&format!("Your availability: {word}")).role("button");
    ana.desk().press(&state("Available"))?;
    ana.desk().press(&named("Away").role("button"))?;
    ana.desk().find(&state("Away"))?;
    ana.desk().gone(&starting(&code).role("button"))?;
    ana.desk().find(&containing("One customer waits."))?;
    wait::until("the plain icon", wait::STEP, || {
        Ok((icon(&office)? == plain).then_some(()))
    })?;
    at_ana.wait_line(&dock(0), wait::STEP)?;

    let emma = office.customer("Emma")?.desk();
    emma.find(&containing("You are next."))?;
    let problem = "What is the problem?";
    emma.press(&named(problem).role("button"))?;
    emma.fill(&named(problem).role("field"), "The printer is grey.")?;
    emma.press(&named("Send description").role("button"))?;

    office.get_help(1)?;
    let tom = office.customer("Tom")?.desk();
    tom.find(&containing("One person is before you."))?;
    let ana = office.supporter(0);
    ana.desk().find(&containing("2 customers wait."))?;
    // His colleague, who is there, is called and sees both.
    at_bo.wait_line(&waits("Tom"), wait::STEP)?;
    anyhow::ensure!(
        !at_ana.output().contains("Tom"),
        "who is away is not called"
    );
    let bo = office.supporter(1);
    bo.desk().find(&named(&format!("{code}, Emma, Pending")))?;

    ana.desk().press(&state("Away"))?;
    ana.desk().press(&named("Available").role("button"))?;
    ana.desk()
        .gone(&containing("incoming requests are hidden"))?;
    let described = json!({ "description": "The printer is grey.", "assignee": null });
    office.agree(&code, "Pending", &described)?;
    ana.select(&code)?;
    ana.desk()
        .find(&named("The printer is grey.").role("label"))?;
    // Who is helped is before nobody any more.
    choose(ana, &code, "Assign to me")?;
    office
        .customer("Tom")?
        .desk()
        .find(&containing("You are next."))
        .map(drop)
}
