//! Scratch.
use aldis_e2e::*;
#[test]
fn probe() -> anyhow::Result<()> {
    let mut c = Customer::start("probe", &Binaries::beside_me()?, DeskOptions::default())?;
    c.open(&["--language", "en"])?;
    let r = c.desk().find(&named("Get help now"));
    println!("{}", c.desk().access().dump()?);
    println!("{:?}", r.map(|w| w.area).map_err(|e| format!("{e:#}")));
    for f in ["Your name", "Session code or link", "Server"] {
        println!(
            "{f}: {:?}",
            c.desk()
                .find(
                    &named(f)
                        .role("field")
                        .within(std::time::Duration::from_secs(2))
                )
                .map(|w| (w.area, w.text))
                .map_err(|e| format!("{e:#}"))
        );
    }
    c.desk()
        .display()
        .picture()?
        .save(&c.desk().logs().join("probe.png"))?;
    println!("{}", c.window()?.errors());
    Ok(())
}
