//! What a viewer wants to see, and what it may cost.

/// How the picture is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What matters when not everything can be had at once.
    pub detail: Detail,
    /// Without colours.
    pub grey: bool,
}

/// What matters when not everything can be had at once.
///
/// Text is exact at once in every case, and everything is exact once it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Photographs look good at once.
    #[default]
    Automatic,
    /// Nothing ever looks other than it is.
    Sharp,
    /// Photographs and films come soon.
    Fast,
    /// Photographs and films take few bytes.
    LowData,
}

impl Detail {
    /// The width of the finest step for photographs and for films; `None` for exact at once.
    pub(crate) fn steps(self) -> Option<(u8, u8)> {
        match self {
            Self::Automatic => Some((12, 12)),
            Self::Sharp => None,
            Self::Fast => Some((32, 40)),
            Self::LowData => Some((56, 64)),
        }
    }
}
