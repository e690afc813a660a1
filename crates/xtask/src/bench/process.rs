//! What a process costs, by the kernel's own books.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

/// The processor time that a process has used, in seconds.
pub(super) fn cpu_seconds(id: u32) -> Result<f64> {
    let text =
        fs::read_to_string(format!("/proc/{id}/stat")).context("reading a process's times")?;
    let ticks = ticks_in(&text).context("a process's times")?;
    Ok(ticks as f64 / ticks_per_second()?)
}

/// The processor time of a process group so far, in seconds: of all that are in it, and of those that ended.
pub(super) fn group_cpu_seconds(group: u32) -> Result<f64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").context("listing processes")? {
        // Processes end while they are listed.
        let Ok(text) = fs::read_to_string(entry?.path().join("stat")) else {
            continue;
        };
        ticks += ticks_of_group(&text, group).unwrap_or_default();
    }
    Ok(ticks as f64 / ticks_per_second()?)
}

/// The memory that belongs to a process, its fair part of shared memory included, in MiB.
pub(super) fn memory_mib(id: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))
        .context("reading a process's memory")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .context("its Pss")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}

/// User and system time in a line of `/proc/ID/stat`; the name in it may contain anything.
fn ticks_in(text: &str) -> Option<u64> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// User and system time of a process and of its children that ended, if it is in this group.
fn ticks_of_group(text: &str, group: u32) -> Option<u64> {
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let its: u32 = fields.get(2)?.parse().ok()?;
    let times = fields.get(11..15)?.iter();
    let sum = times.map(|it| it.parse::<u64>().unwrap_or_default()).sum();
    (its == group).then_some(sum)
}

fn ticks_per_second() -> Result<f64> {
    let output = Command::new("getconf")
        .arg("CLK_TCK")
        .output()
        .context("asking for the clock's ticks")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let text = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 0 0 20 0 1 0 100 0 0";
        assert_eq!(ticks_in(text), Some(12));
        assert_eq!(ticks_in("nonsense"), None);
        assert_eq!(ticks_of_group(text, 42), Some(12));
        assert_eq!(ticks_of_group(text, 1), None);
    }
}
