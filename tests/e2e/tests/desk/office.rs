//! Several supporters with a window each, and several customers.

use aldis_e2e::{Binaries, Customer, Desk, DeskOptions, SUPPORTER, Scene, Supporter, named, wait};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// A customer's screen: just enough for the window and the banner.
const SCREEN: DeskOptions = DeskOptions {
    width: 800,
    height: 660,
    window_manager: true,
    without: None,
    painter: "processor",
    visible: false,
    network: None,
};

/// Everybody.
#[derive(Debug)]
pub(crate) struct Office {
    customers: Vec<(String, Customer)>,
    colleagues: Vec<(String, Supporter)>,
    scene: Scene,
}

impl Office {
    /// Opens the window of [`SUPPORTER`] and of these colleagues, and seats these customers.
    pub(crate) fn start(test: &str, colleagues: &[&str], customers: &[&str]) -> Result<Self> {
        let mut scene = Scene::start(test)?;
        scene.login()?;
        scene.supporter.open(&["--language", "en"])?;
        let mut seated = Vec::new();
        for name in colleagues {
            let mut colleague = scene.colleague(test, name)?;
            colleague.open(&["--language", "en"])?;
            seated.push(((*name).to_owned(), colleague));
        }
        let binaries = Binaries::beside_me()?;
        let customers = customers.iter().map(|name| {
            let customer = Customer::start_at(test, name, &binaries, SCREEN)?;
            Ok(((*name).to_owned(), customer))
        });
        Ok(Self {
            customers: customers.collect::<Result<_>>()?,
            colleagues: seated,
            scene,
        })
    }

    /// All supporters.
    pub(crate) fn supporters(&self) -> impl Iterator<Item = &Supporter> {
        let colleagues = self.colleagues.iter().map(|(_, colleague)| colleague);
        std::iter::once(&self.scene.supporter).chain(colleagues)
    }

    /// One of them; the first where there are not so many.
    pub(crate) fn supporter(&self, index: usize) -> &Supporter {
        self.supporters()
            .nth(index)
            .unwrap_or(&self.scene.supporter)
    }

    /// His account.
    pub(crate) fn name(&self, index: usize) -> &str {
        let colleague = index.checked_sub(1).and_then(|it| self.colleagues.get(it));
        colleague.map_or(SUPPORTER, |(name, _)| name)
    }

    /// The customer of this name.
    pub(crate) fn customer(&self, name: &str) -> Result<&Customer> {
        let found = self.customers.iter().find(|(known, _)| known == name);
        found
            .map(|(_, customer)| customer)
            .with_context(|| format!("no customer {name}"))
    }

    /// This customer opens the app and presses the button.
    pub(crate) fn get_help(&mut self, index: usize) -> Result<()> {
        let server = self.scene.server.name().to_owned();
        let (name, customer) = self.customers.get_mut(index).context("a customer")?;
        customer.press_get_help(name, &server)
    }

    /// The code of a customer's case.
    pub(crate) fn code(&self, customer: &str) -> Result<String> {
        let cases = self.scene.supporter.json(&["cases", "list", "--json"])?;
        let of = |case: &&Value| case.get("customer").and_then(Value::as_str) == Some(customer);
        let case = cases
            .as_array()
            .and_then(|cases| cases.iter().find(of))
            .with_context(|| format!("{customer}'s case in {cases}"))?;
        let code = case.get("code").and_then(Value::as_str).context("a code")?;
        Ok(code.to_owned())
    }

    /// From here on nothing is answered.
    pub(crate) fn freeze_server(&mut self) -> Result<()> {
        self.scene.server.program().freeze()
    }

    /// Everything that was asked meanwhile is answered.
    pub(crate) fn thaw_server(&mut self) -> Result<()> {
        self.scene.server.program().thaw()
    }

    /// Waits until every supporter's window shows the case with this status, and every supporter's command line tells
    /// the same of it, with these facts.
    pub(crate) fn agree(&self, code: &str, shown: &str, facts: &Value) -> Result<()> {
        let mut told = Vec::new();
        let same = wait::until("everybody to be told the same", wait::STEP, || {
            told = self
                .supporters()
                .map(|who| who.case(code))
                .collect::<Result<Vec<_>>>()?;
            let first = told.first();
            let known = |case: &Value| {
                let mut facts = facts.as_object().into_iter().flatten();
                facts.all(|(name, value)| case.get(name) == Some(value))
            };
            let agreed = told.iter().all(|case| Some(case) == first && known(case));
            Ok(agreed.then_some(()))
        });
        same.with_context(|| format!("of {code} {facts} is expected, and told is {told:#?}"))?;
        let customer = told.first().and_then(|case| case.get("customer"));
        let customer = customer.and_then(Value::as_str).unwrap_or_default();
        let row = named(&format!("{code}, {customer}, {shown}")).role("button");
        for who in self.supporters() {
            who.desk().find(&row)?;
        }
        Ok(())
    }
}

/// Selects a case and presses one of its buttons, once the details are this case's.
pub(crate) fn choose(who: &Supporter, code: &str, button: &str) -> Result<()> {
    who.select(code)?;
    who.desk().find(&named(code).role("label"))?;
    who.desk().press(&named(button).role("button"))
}

/// Writes something into the chat.
pub(crate) fn say(desk: &Desk, words: &str) -> Result<()> {
    desk.fill(&named("Message").role("field"), words)?;
    desk.display().key("Return")
}
