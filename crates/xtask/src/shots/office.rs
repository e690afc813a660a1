//! A service desk on a busy day: four supporters, five channels, two hundred cases.

use aldis_e2e::{
    Binaries, Customer, Desk, DeskOptions, PASSWORD, Scene, SceneOptions, Server, Supporter,
    Viewer, named, starting,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run::{cargo, step};

/// The folder of its logs.
const TEST: &str = "shots-desk";

/// How many cases there are of today.
const CASES: usize = 190;

/// How many have expired.
const OLD: usize = 10;

/// Whose window is in the pictures.
const LEAD: &str = "Eva Lindner";
const COLLEAGUES: [&str; 3] = ["Bo Hansen", "Carmen Ruiz", "Deniz Kaya"];

const CHANNELS: [&str; 4] = ["Field service", "Hotline", "Installation", "Training"];

const CUSTOMERS: [&str; 20] = [
    "Emma Fischer",
    "Liam O’Connor",
    "Olivia Marchetti",
    "Noah Brandt",
    "Sofía García Hernández",
    "Lukas Weber",
    "Mia Johansson",
    "Daniel Okafor",
    "Anna Kowalska",
    "Mateo Álvarez",
    "Hannah Schneider",
    "Jonas Lindqvist",
    "Chloé Dubois",
    "Pedro Santos",
    "Laura Becker",
    "Yusuf Demir",
    "Ingrid Nygård",
    "Tom Whitaker",
    "Alessandra Ferri",
    "Maximilian von Hohenfeld",
];

const COMPANIES: [&str; 9] = [
    "Nordlicht Logistik",
    "Bäckerei Sommer",
    "Praxis Dr. Adler",
    "Hotel Miramar",
    "Talleres Ibáñez",
    "Green Valley Farms",
    "Stadtwerke Ahrensburg",
    "Atelier Lumen",
    "",
];

const PROBLEMS: [&str; 8] = [
    "The label printer prints empty labels since the update on Monday.",
    "Cannot sign in to the time sheet: the password is refused, also after a reset.",
    "The second monitor stays black when the notebook is docked.",
    "Outlook asks for the password every few minutes.",
    "Needs the new scanner driver on the reception computer.",
    "The VPN drops after ten minutes, only from home.",
    "Questions about the monthly report: totals differ from the invoice list.",
    "Moves to a new computer and needs files and bookmarks.",
];

const TAGS: [&str; 6] = [
    "printer",
    "login,urgent-caller",
    "hardware",
    "mail",
    "vpn,home-office",
    "training",
];

const PRIORITIES: [&str; 6] = ["normal", "normal", "high", "normal", "low", "urgent"];

/// Who waits, with what was said before.
const WAITING: [(&str, &[&str]); 3] = [
    ("Hannah Schneider", &["Hello? The till does not start."]),
    ("Mateo Alonso", &[]),
    (
        "Olivia Marchetti",
        &["Good morning!", "My screen is upside down."],
    ),
];

/// The desk, filled.
#[derive(Debug)]
pub(super) struct Office {
    /// The lead at a small and at a large screen.
    pub(super) windows: [Supporter; 2],
    /// The case whose details are shown, with a chat.
    pub(super) code: String,
    _customers: Vec<Customer>,
    _viewer: Viewer,
    _colleague: Supporter,
    _scene: Scene,
}

impl Office {
    /// Fills a server through the command line, and seats everybody.
    pub(super) fn start() -> Result<Self> {
        let options = SceneOptions {
            supporter: screen(1024, 768),
            ..SceneOptions::usual()?
        };
        let mut scene = Scene::start_with(TEST, &options)?;
        add_accounts(&scene)?;
        let mut lead = seat(&scene, "small", screen(1280, 720), LEAD)?;
        let large = seat(&scene, "large", screen(2560, 1440), LEAD)?;
        let bo = seat(&scene, "colleague", screen(1024, 768), COLLEAGUES[0])?;
        add_channels(&lead)?;
        println!("── filling the desk with {} cases", CASES + OLD);
        let open = add_cases(&lead)?;
        add_old_cases(&mut scene.server)?;
        let server = scene.server.name().to_owned();
        // Some were there and have left again.
        for code in open.iter().rev().step_by(7).take(5) {
            scene.customer.join(code, &server)?;
            scene.customer.close();
        }
        let mut customers = Vec::new();
        for (index, (name, said)) in WAITING.into_iter().enumerate() {
            let mut customer = seat_customer(index)?;
            customer.press_get_help(name, &server)?;
            say_all(customer.desk(), said)?;
            customers.push(customer);
        }
        let mut guest = seat_customer(customers.len())?;
        let code = talk(&mut lead, &mut guest, &server)?;
        customers.push(guest);

        let mut helped = seat_customer(customers.len())?;
        let case = new_case(&lead, CASES + 2, &["--to-queue"])?;
        helped.join(&case, &server)?;
        let viewer = bo.connect(&case, &[])?;
        helped.wait_question(COLLEAGUES[0])?;
        helped.answer("Allow")?;
        helped.wait_banner(COLLEAGUES[0], "Full control")?;
        customers.push(helped);
        Ok(Self {
            windows: [lead, large],
            code,
            _customers: customers,
            _viewer: viewer,
            _colleague: bo,
            _scene: scene,
        })
    }
}

fn screen(width: u16, height: u16) -> DeskOptions {
    DeskOptions {
        width,
        height,
        ..DeskOptions::default()
    }
}

fn add_accounts(scene: &Scene) -> Result<()> {
    let colleagues = COLLEAGUES.map(|name| (name, "technician"));
    for (name, role) in [(LEAD, "admin")].into_iter().chain(colleagues) {
        let add = ["user", "add", name, "--role", role, "--password-stdin"];
        let input = format!("{PASSWORD}\n");
        let done = scene.server.administer(&add, Some(&input))?;
        ensure!(done.status.success(), "adding {name}: {}", done.stderr);
    }
    Ok(())
}

fn seat(scene: &Scene, desk: &str, options: DeskOptions, account: &str) -> Result<Supporter> {
    let supporter = Supporter::start_at(TEST, desk, &Binaries::beside_me()?, options)?;
    supporter.login(scene.server.name(), account, PASSWORD)?;
    Ok(supporter)
}

fn seat_customer(index: usize) -> Result<Customer> {
    let name = format!("customer-{index}");
    Customer::start_at(TEST, &name, &Binaries::beside_me()?, screen(800, 660))
}

fn add_channels(lead: &Supporter) -> Result<()> {
    let members = COLLEAGUES.join(",");
    for (index, name) in CHANNELS.into_iter().enumerate() {
        let rule = if index == 1 { "least-busy" } else { "off" };
        let make = ["channels", "new", name, "--json", "--members", &members];
        lead.json(&[&make[..], &["--assignment", rule]].concat())?;
    }
    Ok(())
}

/// Makes the cases, and gives the codes of those that are open and nobody's.
fn add_cases(lead: &Supporter) -> Result<Vec<String>> {
    let mut free = Vec::new();
    for index in 0..CASES {
        match index % 10 {
            0 | 3 | 7 => {
                let code = new_case(lead, index, &[])?;
                let outcome = if index % 20 == 0 {
                    "unresolved"
                } else {
                    "resolved"
                };
                lead.json(&["cases", "close", &code, "--outcome", outcome, "--json"])?;
            }
            1 | 5 | 8 => {
                let code = new_case(lead, index, &[])?;
                let to = pick(&COLLEAGUES, index / 3);
                lead.json(&["cases", "assign", &code, "--to", to, "--json"])?;
            }
            4 if index % 40 == 4 => {
                new_case(lead, index, &[])?;
            }
            _ => free.push(new_case(lead, index, &["--to-queue"])?),
        }
    }
    Ok(free)
}

/// Nobody waits a day for cases to expire: they are made as of days ago.
fn add_old_cases(server: &mut Server) -> Result<()> {
    let mut make = cargo();
    make.args([
        "run",
        "--quiet",
        "--package",
        "aldis-store",
        "--example",
        "old_cases",
    ]);
    make.arg("--").arg(server.data());
    make.args(CUSTOMERS.iter().cycle().skip(3).step_by(3).take(OLD));
    server.kill()?;
    step("cases of other days", &mut make)?;
    server.restart()
}

fn new_case(lead: &Supporter, index: usize, more: &[&str]) -> Result<String> {
    let channel = if index % 6 == 5 {
        "default"
    } else {
        pick(&CHANNELS, index / 2)
    };
    let ticket = format!("INC-{}", 40_100 + index * 7);
    let facts = [
        "cases",
        "new",
        "--json",
        "--customer",
        pick(&CUSTOMERS, index * 7 + index / 40),
        "--company",
        pick(&COMPANIES, index * 5),
        "--description",
        pick(&PROBLEMS, index),
        "--priority",
        pick(&PRIORITIES, index * 5),
        "--tags",
        pick(&TAGS, index),
        "--channel",
        channel,
        "--ticket",
        &ticket,
        "--source",
        "Phone",
    ];
    let case = lead.json(&[&facts[..], more].concat())?;
    code_of(&case)
}

fn code_of(case: &Value) -> Result<String> {
    let code = case.get("code").and_then(Value::as_str);
    code.map(str::to_owned).context("a code")
}

/// The lead talks with a customer, who then writes on.
fn talk(lead: &mut Supporter, customer: &mut Customer, server: &str) -> Result<String> {
    let made = lead.json(&[
        "cases",
        "new",
        "--json",
        "--customer",
        "Sofía García Hernández",
        "--company",
        "Stadtwerke Ahrensburg",
        "--email",
        "sofia.garcia@stadtwerke-ahrensburg.example",
        "--description",
        pick(&PROBLEMS, 0),
        "--category",
        "Printing",
        "--type",
        "Incident",
        "--source",
        "Phone",
        "--priority",
        "high",
        "--ticket",
        "INC-40817",
        "--tags",
        "printer,update,warehouse",
        "--notes",
        "Calls back after 14:00. The printer is at the loading ramp.",
        "--channel",
        CHANNELS[1],
    ])?;
    let code = code_of(&made)?;
    customer.join(&code, server)?;
    lead.open(&["--language", "en"])?;
    lead.select(&code)?;
    lead.desk().find(&named(&code).role("label"))?;
    lead.desk().press(&named("Join chat").role("button"))?;
    lead.desk().press(&starting("Chat").role("button"))?;
    say_all(
        customer.desk(),
        &["Hello! The label printer prints empty labels."],
    )?;
    say_all(
        lead.desk(),
        &["Good morning, this is Eva. Since when does it do that?"],
    )?;
    say_all(
        customer.desk(),
        &["Since the update on Monday. The test page from the printer itself is fine."],
    )?;
    say_all(
        lead.desk(),
        &[
            "Then it is the driver. I would like to look at its settings with you, is that all right?",
        ],
    )?;
    lead.desk().press(&named("Details").role("button"))?;
    say_all(
        customer.desk(),
        &["Yes, please.", "I am at the computer now."],
    )?;
    lead.close();
    Ok(code)
}

fn say_all(desk: &Desk, words: &[&str]) -> Result<()> {
    for said in words {
        desk.fill(&named("Message").role("field"), said)?;
        desk.display().key("Return")?;
        desk.find(&named(said).role("label"))?;
    }
    Ok(())
}

/// One of these, going round.
fn pick<'a>(all: &[&'a str], index: usize) -> &'a str {
    all.get(index % all.len().max(1))
        .copied()
        .unwrap_or_default()
}
