//! The words, in English, Spanish and German.
//!
//! They live in `assets/texts` as Fluent files (<https://projectfluent.org>), one a window.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::LazyLock;

use aldis_link::{DialError, SignalError};
use aldis_wire::peer::NoHands;
use aldis_wire::signal::{Distrust, Refusal};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

/// A language that the windows speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    #[value(name = "en")]
    English,
    /// Spanish.
    #[value(name = "es")]
    Spanish,
    /// German.
    #[value(name = "de")]
    German,
}

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    language: Language,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| {
    bundle(
        "en",
        [
            include_str!("../../../assets/texts/en/common.ftl"),
            include_str!("../../../assets/texts/en/customer.ftl"),
            include_str!("../../../assets/texts/en/supporter.ftl"),
        ],
    )
});

static SPANISH: LazyLock<Bundle> = LazyLock::new(|| {
    bundle(
        "es",
        [
            include_str!("../../../assets/texts/es/common.ftl"),
            include_str!("../../../assets/texts/es/customer.ftl"),
            include_str!("../../../assets/texts/es/supporter.ftl"),
        ],
    )
});

static GERMAN: LazyLock<Bundle> = LazyLock::new(|| {
    bundle(
        "de",
        [
            include_str!("../../../assets/texts/de/common.ftl"),
            include_str!("../../../assets/texts/de/customer.ftl"),
            include_str!("../../../assets/texts/de/supporter.ftl"),
        ],
    )
});

fn bundle(language: &str, sources: [&str; 3]) -> Bundle {
    let language: LanguageIdentifier = language.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // The marks around inserted names would show as boxes; our languages run one way.
    bundle.set_use_isolating(false);
    for source in sources {
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(part, errors)| {
                tracing::error!(?errors, "a text file is malformed");
                part
            });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "a text is defined twice");
        }
    }
    bundle
}

impl Language {
    /// Every language, with its own name for itself.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::English, "English"),
        (Self::Spanish, "Español"),
        (Self::German, "Deutsch"),
    ];

    /// The system's language, or English.
    pub fn of_system() -> Self {
        let locale = sys_locale::get_locale().unwrap_or_default();
        match locale.get(..2) {
            Some("es") => Self::Spanish,
            Some("de") => Self::German,
            _ => Self::English,
        }
    }
}

impl Texts {
    /// The words of this language.
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    fn bundle(self) -> &'static Bundle {
        match self.language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
            Language::German => &GERMAN,
        }
    }

    /// The text with this name; a missing one shows its name.
    pub fn get(self, id: &str) -> Cow<'static, str> {
        self.format(id, None)
    }

    /// The text with this name and these values in it.
    pub fn with<const N: usize>(self, id: &str, values: [(&str, FluentValue<'_>); N]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(name.to_owned(), value.into_owned());
        }
        self.format(id, Some(&args)).into_owned()
    }

    fn format(self, id: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            tracing::error!(id, "a text is missing");
            return Cow::Owned(id.to_owned());
        };
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, args, &mut errors)
            .into_owned();
        if !errors.is_empty() {
            tracing::error!(id, ?errors, "a text lacks a value");
        }
        Cow::Owned(text)
    }

    /// The language.
    pub fn language(self) -> Language {
        self.language
    }

    /// Why the server could not be asked, or what it answered.
    pub fn signal_error(self, error: &SignalError) -> String {
        match error {
            SignalError::Dial(error) => self.dial_error(error),
            SignalError::Refused(refusal) => self.refusal(refusal),
            _ => self.get("error-lost").into_owned(),
        }
    }

    /// Why no connection came about.
    pub fn dial_error(self, error: &DialError) -> String {
        let (id, who) = match error {
            DialError::UnknownHost(who) => ("error-unknown-host", who),
            DialError::NoAnswer(who) => ("error-no-answer", who),
            DialError::NoRelay(who) => ("error-no-relay", who),
            DialError::WrongKey(who) => ("error-wrong-key", who),
            DialError::Refused(who) => ("error-refused-link", who),
            _ => return self.get("error-lost").into_owned(),
        };
        self.with(id, [("who", who.as_str().into())])
    }

    /// A number as it is written here: with the language's decimal sign.
    ///
    /// It comes as Rust writes it, so that the caller says how many decimals it has.
    pub fn number(self, written: impl Display) -> String {
        let sign = match self.language {
            Language::English => ".",
            Language::Spanish | Language::German => ",",
        };
        written.to_string().replace('.', sign)
    }

    /// A size in bytes as people say it.
    pub fn size(self, bytes: u64) -> String {
        match bytes {
            ..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
            1_000_000..1_000_000_000 => self.tenths(bytes as f64 / 1e6) + " MB",
            1_000_000_000.. => self.tenths(bytes as f64 / 1e9) + " GB",
        }
    }

    /// A number with one decimal.
    pub fn tenths(self, number: f64) -> String {
        self.number(format_args!("{number:.1}"))
    }

    /// A duration as people say it.
    pub fn duration(self, milliseconds: u64) -> String {
        let seconds = milliseconds / 1000;
        self.with(
            "duration",
            [
                ("minutes", (seconds / 60).into()),
                ("seconds", (seconds % 60).into()),
            ],
        )
    }

    /// Why a supporter is not believed.
    pub fn distrust(self, why: Distrust) -> String {
        self.get(distrusted(why)).into_owned()
    }

    /// Why mouse and keyboard cannot be moved.
    pub fn no_hands(self, why: &NoHands) -> String {
        let reason = match why {
            NoHands::Wayland => self.get("no-hands-wayland"),
            NoHands::NoDisplay => self.get("no-hands-display"),
            NoHands::Permission => self.get("no-hands-permission"),
            NoHands::Failed(why) => why.as_str().into(),
        };
        self.with("no-hands", [("reason", reason.as_ref().into())])
    }

    /// Why the server did not do it.
    pub fn refusal(self, refusal: &Refusal) -> String {
        let with = |id: &str, name: &str, value: &str| self.with(id, [(name, value.into())]);
        match refusal {
            Refusal::Taken { by } => with("error-taken", "by", by),
            Refusal::NotYours { who } => with("error-only", "who", who),
            Refusal::NotManager { channel } => with("error-not-manager", "channel", channel),
            Refusal::NoAccess { who } => with("error-no-access", "who", who),
            Refusal::NotAvailable { who, .. } => with("error-not-available", "who", who),
            Refusal::TicketBusy { code } => with("error-ticket-busy", "code", &code.to_string()),
            Refusal::ChannelInUse { cases } => {
                self.with("error-channel-in-use", [("cases", (*cases).into())])
            }
            Refusal::TooLong { most, .. } => {
                self.with("error-too-long", [("most", (*most).into())])
            }
            simple => self.get(plain(simple)).into_owned(),
        }
    }
}

/// The text of why a supporter is not believed.
fn distrusted(why: Distrust) -> &'static str {
    match why {
        Distrust::NoCertificate => "distrust-none",
        Distrust::OtherOrganisation => "distrust-other",
        Distrust::OtherKey | Distrust::OtherName | Distrust::OtherPicture => "distrust-person",
        Distrust::NotYet => "distrust-not-yet",
        Distrust::Expired => "distrust-expired",
        Distrust::Revoked => "distrust-revoked",
        Distrust::OldList | Distrust::RolledBack => "distrust-list",
        Distrust::Digits => "distrust-digits",
        Distrust::OtherCase => "distrust-case",
        _ => "distrust-forged",
    }
}

/// The text of a refusal that names nobody.
fn plain(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Version => "error-version",
        Refusal::Credentials => "error-credentials",
        Refusal::SignedOut => "error-signed-out",
        Refusal::UnknownCode => "error-unknown-code",
        Refusal::Closed => "error-closed",
        Refusal::Expired => "error-expired",
        Refusal::Claimed => "error-claimed",
        Refusal::CustomerAbsent => "error-customer-absent",
        Refusal::Busy => "error-busy",
        Refusal::UnknownSupporter => "error-unknown-supporter",
        Refusal::Role => "error-role",
        Refusal::NoReleaseRight => "error-no-release",
        Refusal::Private => "error-private",
        Refusal::Unassigned => "error-unassigned",
        Refusal::Full => "error-full",
        Refusal::StillOpen => "error-still-open",
        Refusal::UnknownChannel => "error-unknown-channel",
        Refusal::ChannelTaken => "error-channel-taken",
        Refusal::DefaultChannel => "error-default-channel",
        Refusal::TooMany => "error-too-many",
        Refusal::BadTime => "error-bad-time",
        Refusal::BadText => "error-bad-text",
        Refusal::Empty => "error-empty",
        Refusal::Storage => "error-storage",
        Refusal::DiskFull => "error-disk-full",
        Refusal::Invitation => "error-invitation",
        Refusal::Founded => "error-founded",
        Refusal::NoOrganisation => "error-no-organisation",
        Refusal::NameTaken => "error-name-taken",
        Refusal::Password => "error-password-length",
        Refusal::Signature(why) => distrusted(*why),
        _ => "error-not-allowed",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names of the texts, and the values in each, as a file defines them.
    fn names(source: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut current = String::new();
        for line in source.lines() {
            if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                current = id.to_owned();
                names.insert(current.clone());
            }
            for value in line.split('$').skip(1) {
                let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                names.insert(format!(
                    "{current} ${}",
                    &value[..end.unwrap_or(value.len())]
                ));
            }
        }
        names
    }

    #[test]
    fn every_language_says_everything() {
        let files = [
            (
                include_str!("../../../assets/texts/en/common.ftl"),
                include_str!("../../../assets/texts/es/common.ftl"),
                include_str!("../../../assets/texts/de/common.ftl"),
            ),
            (
                include_str!("../../../assets/texts/en/customer.ftl"),
                include_str!("../../../assets/texts/es/customer.ftl"),
                include_str!("../../../assets/texts/de/customer.ftl"),
            ),
            (
                include_str!("../../../assets/texts/en/supporter.ftl"),
                include_str!("../../../assets/texts/es/supporter.ftl"),
                include_str!("../../../assets/texts/de/supporter.ftl"),
            ),
        ];
        for (english, spanish, german) in files {
            assert!(!names(english).is_empty());
            assert_eq!(names(english), names(spanish));
            assert_eq!(names(english), names(german));
        }
    }

    #[test]
    fn values_and_plurals_are_put_in() {
        let texts = Texts::new(Language::German);
        assert_eq!(
            texts.with("connected", [("name", "Eva".into())]),
            "Verbunden: Eva"
        );
        assert_eq!(texts.duration(65_000), "1 min 5 s");
        assert_eq!(texts.duration(5_999), "5 s");
        assert_eq!(texts.get("no-such-text"), "no-such-text");
    }

    #[test]
    fn numbers_have_the_languages_decimal_sign() {
        let written = |language| {
            let texts = Texts::new(language);
            (texts.tenths(2.46), texts.number(16))
        };
        let pair = |one: &str| (one.to_owned(), "16".to_owned());
        assert_eq!(written(Language::English), pair("2.5"));
        assert_eq!(written(Language::Spanish), pair("2,5"));
        assert_eq!(written(Language::German), pair("2,5"));
    }

    #[test]
    fn sizes_are_told_in_words() {
        let texts = Texts::new(Language::German);
        assert_eq!(texts.size(0), "0 kB");
        assert_eq!(texts.size(1), "1 kB");
        assert_eq!(texts.size(1_550_000), "1,6 MB");
        assert_eq!(texts.size(10_000_000_000), "10,0 GB");
    }

    #[test]
    fn every_refusal_has_words() {
        use aldis_wire::signal::Refusal;
        for refusal in [
            Refusal::Credentials,
            Refusal::Claimed,
            Refusal::Storage,
            Refusal::NotAllowed,
        ] {
            for (language, _) in Language::ALL {
                assert!(!Texts::new(language).refusal(&refusal).starts_with("error-"));
            }
        }
    }
}
