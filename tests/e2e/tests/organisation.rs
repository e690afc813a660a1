//! From a new server to a session that is believed, through the windows alone; and what becomes of
//! a supporter who is revoked.

use aldis_e2e::keys::TAB;
use aldis_e2e::{
    Binaries, Customer, Desk, DeskOptions, Server, Supporter, Wanted, containing, named, starting,
};
use anyhow::{Context as _, Result, ensure};

const TEST: &str = "organisation";
const PASSWORD: &str = "seven tall ships";
const PASSPHRASE: &str = "an old oak on a hill";

/// Looks at what is shown, for people.
fn picture(desk: &Desk, name: &str) -> Result<()> {
    let picture = desk.display().picture()?;
    picture.save(&desk.logs().join(format!("{name}.png")))
}

fn button(name: &str) -> Wanted {
    named(name).role("button")
}

fn field(name: &str) -> Wanted {
    named(name).role("field")
}

/// The first admin signs in with what the server has printed, and makes the organisation.
fn become_admin(server: &mut Server, binaries: &Binaries) -> Result<Supporter> {
    let invitation = server.first_invitation()?;
    let mut ana = Supporter::start_at(TEST, "admin", binaries, DeskOptions::default())?;
    ana.open(&[])?;
    let desk = ana.desk();
    desk.fill(&field("Server"), invitation.trim())?;
    desk.find(&containing("This is an invitation"))?;
    desk.fill(&field("Name"), "Ana")?;
    desk.fill(&field("Password"), PASSWORD)?;
    picture(desk, "1-invitation")?;
    desk.press(&button("Sign in"))?;
    // The page comes by itself, and can be found again.
    desk.find(&starting("Name of the organisation").role("field"))?;
    desk.press(&button("Close"))?;
    desk.find(&button("New case"))?;
    desk.find(&containing("no organisation on this server yet"))?;
    picture(desk, "2-no-organisation")?;
    desk.press(&button("Create organisation"))?;
    desk.fill(
        &starting("Name of the organisation").role("field"),
        "Acme Help",
    )?;
    desk.fill(&starting("Passphrase").role("field"), PASSPHRASE)?;
    let again = || starting("The same passphrase").role("field");
    desk.fill(&again(), "an old oak on a hil")?;
    desk.display().chord(&[TAB])?;
    desk.find(&containing("two passphrases differ"))?;
    desk.fill(&again(), PASSPHRASE)?;
    picture(desk, "2-new-organisation")?;
    desk.press(&button("Create organisation"))?;
    desk.find(&containing("You are Ana of Acme Help to customers"))?;
    desk.find(&containing("Keep a copy of this file"))?;
    picture(desk, "3-copy")?;
    desk.press(&button("I have a copy"))?;
    // Until it is gone, what is below it moves.
    desk.gone(&containing("Keep a copy of this file"))?;
    Ok(ana)
}

/// The admin invites a colleague, who signs in; the admin approves his app.
fn invite(ana: &Supporter, binaries: &Binaries) -> Result<Supporter> {
    let desk = ana.desk();
    desk.fill(&starting("Name, as customers").role("field"), "Bea")?;
    desk.press(&button("Invite"))?;
    let shown = desk.find(&starting("aldis-supporter://"))?;
    picture(desk, "4-invitation")?;
    let mut bea = Supporter::start_at(TEST, "invited", binaries, DeskOptions::default())?;
    bea.open(&[])?;
    let theirs = bea.desk();
    theirs.fill(&field("Server"), shown.name.trim())?;
    theirs.gone(&field("Name"))?;
    theirs.fill(&field("Password"), PASSWORD)?;
    theirs.press(&button("Sign in"))?;
    theirs.find(&containing("waits for an admin’s approval"))?;
    desk.find(&containing("from whom you have invited"))?;
    picture(desk, "5-waiting")?;
    desk.press(&button("Approve Bea"))?;
    theirs.find(&button("Bea, Acme Help"))?;
    theirs.gone(&containing("waits for an admin’s approval"))?;
    Ok(bea)
}

/// The digits that the supporter's window shows.
fn digits(desk: &Desk) -> Result<String> {
    desk.find(&containing("Read these digits out"))?;
    let dump = desk.access().dump()?;
    let shown = dump.lines().find_map(|line| {
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        let spaced: Vec<String> = digits.chars().map(String::from).collect();
        (digits.len() == 5 && line.contains(&spaced.join(" "))).then_some(digits)
    });
    shown.with_context(|| format!("no digits in {dump}"))
}

/// Wrong digits of the same number.
fn other(digits: &str) -> String {
    let turned = |digit: char| if digit == '9' { '0' } else { '9' };
    digits.chars().map(turned).collect()
}

#[test]
fn a_new_server_comes_to_a_session_that_is_believed_and_a_revoked_one_is_not() -> Result<()> {
    let binaries = Binaries::beside_me()?;
    let mut server = Server::start_empty(TEST, &binaries, None, "127.0.0.1:0")?;
    let mut ana = become_admin(&mut server, &binaries)?;
    let bea = invite(&ana, &binaries)?;

    // A customer whose app knows nothing but the server.
    let code = bea.new_case("Emma")?;
    let options = DeskOptions {
        width: 1024,
        height: 700,
        ..DeskOptions::default()
    };
    let mut emma = Customer::start(TEST, &binaries, options)?;
    let bare = server.bare_name().to_owned();
    emma.open(&["--server", &bare, "--code", &code])?;
    emma.wait_waiting()?;
    bea.press_in_case(&code, "Connect")?;
    emma.wait_question("Bea")?;
    emma.desk()
        .find(&containing("claims to be from Acme Help"))?;
    picture(emma.desk(), "6-question")?;
    emma.answer("Allow")?;
    emma.desk().find(&containing("Ask Bea for five digits"))?;
    let read = digits(bea.desk())?;
    picture(bea.desk(), "7-digits")?;
    emma.desk().fill(&field("Five digits"), &other(&read))?;
    emma.answer("Continue")?;
    emma.desk().find(&containing("These were not the digits"))?;
    picture(emma.desk(), "8-wrong-digits")?;
    emma.desk().fill(&field("Five digits"), &read)?;
    emma.answer("Continue")?;
    emma.wait_banner("Bea", "Full control")?;
    bea.desk().find(&named("Remote screen"))?;
    picture(bea.desk(), "9-session")?;
    emma.answer("End")?;
    emma.wait_ended()?;
    bea.desk().press(&button("Close"))?;

    // The organisation is known from now on, also to the app that is opened anew.
    emma.open(&["--server", &bare, "--code", &code])?;
    emma.wait_waiting()?;
    bea.press_in_case(&code, "Connect")?;
    emma.wait_question("Bea")?;
    emma.desk().find(&containing("Acme Help vouches"))?;
    emma.answer("Allow")?;
    emma.wait_banner("Bea", "Full control")?;
    emma.answer("End")?;
    emma.wait_ended()?;
    bea.desk().press(&button("Close"))?;

    // The keys are locked whenever the app is opened anew.
    ana.close();
    ana.open(&["--language", "de", "--theme", "dark"])?;
    ana.desk().press(&button("Ana, Acme Help"))?;
    let passphrase = || starting("Passwort").role("field");
    for (typed, outcome) in [
        ("wrong", "Das Passwort ist falsch"),
        (PASSPHRASE, "Niemand wartet"),
    ] {
        ana.desk().fill(&passphrase(), typed)?;
        ana.desk().press(&button("Entsperren"))?;
        ana.desk().find(&containing(outcome))?;
    }
    picture(ana.desk(), "10-unlocked")?;

    // Who is revoked is not even asked about, and both sides are told.
    ana.desk().press(&button("Bea sperren"))?;
    ana.desk().find(&named("gesperrt"))?;
    picture(ana.desk(), "11-revoked")?;
    emma.open(&["--server", &bare, "--code", &code])?;
    emma.wait_waiting()?;
    bea.press_in_case(&code, "Connect")?;
    bea.desk().find(&containing("did not let you in"))?;
    emma.desk().find(&containing("certificate was revoked"))?;
    ensure!(!emma.desk().shows(&containing("vouches")), "it asks");
    picture(bea.desk(), "12-not-let-in")?;
    picture(emma.desk(), "13-told")
}
