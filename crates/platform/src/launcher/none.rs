//! Systems whose docks take no number, or not in this way.

#[derive(Debug)]
pub(super) struct Speaker;

impl Speaker {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the signature is the same on every system"
    )]
    pub(super) fn start(_desktop_file: &'static str) -> std::io::Result<Self> {
        Ok(Self)
    }

    #[expect(
        clippy::unused_self,
        reason = "the signature is the same on every system"
    )]
    pub(super) fn show(&self, _count: u32) {}
}
