//! Which cases are listed, and in what order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use aldis_wire::Code;
use aldis_wire::signal::{Case, Place, Status};

use super::{Now, Scope};

/// A view of the support requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Which {
    #[default]
    All,
    New,
    Active,
    Completed,
}

impl Which {
    pub(super) const ALL: [Self; 4] = [Self::All, Self::New, Self::Active, Self::Completed];

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::All => "view-all",
            Self::New => "view-new",
            Self::Active => "view-active",
            Self::Completed => "view-completed",
        }
    }

    fn holds(self, case: &Case) -> bool {
        let open = case.status.is_open();
        match self {
            Self::All => true,
            Self::New => open && case.assignee.is_none(),
            Self::Active => open && case.assignee.is_some(),
            Self::Completed => !open,
        }
    }
}

/// A column that sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Code,
    Customer,
    Company,
    Status,
    Channel,
    Assignee,
    Waiting,
    Created,
    Expires,
}

impl Column {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Customer => "customer",
            Self::Company => "company",
            Self::Status => "status",
            Self::Channel => "channel",
            Self::Assignee => "assignee",
            Self::Waiting => "waiting-time",
            Self::Created => "created",
            Self::Expires => "expires",
        }
    }
}

/// The list, and how it is chosen and sorted.
#[derive(Debug)]
pub(super) struct List {
    pub(super) which: Which,
    pub(super) search: String,
    pub(super) company: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) sort: (Column, bool),
    /// The search field wants the keyboard.
    pub(super) wants_focus: bool,
    /// What the rows were made from.
    made: Option<Made>,
    pub(super) rows: Vec<Arc<Case>>,
    /// Somebody waits in one of them.
    pub(super) waits: bool,
    /// How many cases each view has in this scope.
    pub(super) counts: [usize; 4],
    /// The companies that there are.
    pub(super) companies: Vec<String>,
}

/// What the rows were made from.
#[derive(Debug)]
struct Made {
    /// Held, so that no later map can have the same address.
    cases: Arc<BTreeMap<Code, Arc<Case>>>,
    found: Option<Arc<(String, Vec<Case>)>>,
    chosen: Chosen,
}

#[derive(Debug, PartialEq)]
struct Chosen {
    scope: Scope,
    which: Which,
    search: String,
    company: Option<String>,
    status: Option<Status>,
    sort: (Column, bool),
}

impl Default for List {
    fn default() -> Self {
        Self {
            which: Which::All,
            search: String::new(),
            company: None,
            status: None,
            sort: (Column::Created, true),
            wants_focus: false,
            made: None,
            rows: Vec::new(),
            waits: false,
            counts: [0; 4],
            companies: Vec::new(),
        }
    }
}

impl List {
    /// Whether anything was chosen that leaves cases out.
    pub(super) fn is_narrowed(&self) -> bool {
        self.which != Which::All
            || self.company.is_some()
            || self.status.is_some()
            || !self.search.trim().is_empty()
    }

    /// Makes the rows anew if anything has changed.
    pub(super) fn refresh(&mut self, now: Now<'_>, scope: Scope) {
        let service = now.service();
        let found = service
            .found
            .as_ref()
            .filter(|found| found.0 == self.search);
        let chosen = Chosen {
            scope,
            which: self.which,
            search: self.search.clone(),
            company: self.company.clone(),
            status: self.status,
            sort: self.sort,
        };
        let same_found = |made: &Made| match (&made.found, found) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let same = |made: &Made| {
            Arc::ptr_eq(&made.cases, &service.cases) && same_found(made) && made.chosen == chosen
        };
        if self.made.as_ref().is_some_and(same) {
            return;
        }
        let made = Made {
            cases: Arc::clone(&service.cases),
            found: found.map(Arc::clone),
            chosen,
        };
        let mut cases: BTreeMap<Code, Arc<Case>> = BTreeMap::new();
        if let Some(found) = found {
            // What is on the desk is newer than what was found.
            let older = found
                .1
                .iter()
                .map(|case| (case.code, Arc::new(case.clone())));
            cases.extend(older);
        }
        cases.extend(
            service
                .cases
                .iter()
                .map(|(code, case)| (*code, Arc::clone(case))),
        );
        cases.retain(|_, case| in_scope(scope, case, now.me()));
        self.companies = cases
            .values()
            .map(|case| case.facts.company.clone())
            .collect();
        self.companies.retain(|company| !company.is_empty());
        self.companies.sort();
        self.companies.dedup();
        for (count, which) in self.counts.iter_mut().zip(Which::ALL) {
            *count = cases.values().filter(|case| which.holds(case)).count();
        }
        let words: Vec<String> = self
            .search
            .to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let wanted = |case: &Arc<Case>| {
            self.which.holds(case)
                && self
                    .company
                    .as_ref()
                    .is_none_or(|company| *company == case.facts.company)
                && self.status.is_none_or(|status| status == case.status)
                && (words.is_empty() || holds_all(case, &words))
        };
        self.rows = cases.into_values().filter(wanted).collect();
        let (column, down) = self.sort;
        // Names are made comparable once, not at every comparison.
        match column {
            Column::Customer => sort_by_text(&mut self.rows, |case| case.customer.clone()),
            Column::Company => sort_by_text(&mut self.rows, |case| case.facts.company.clone()),
            Column::Channel => sort_by_text(&mut self.rows, |case| now.place(&case.place)),
            Column::Assignee => {
                sort_by_text(&mut self.rows, |case| {
                    case.assignee.clone().unwrap_or_default()
                });
            }
            Column::Code | Column::Status | Column::Waiting | Column::Created | Column::Expires => {
                self.rows.sort_by(|one, other| compare(column, one, other));
            }
        }
        if down {
            self.rows.reverse();
        }
        let waits = |case: &Arc<Case>| case.customer_online && case.waiting_since.is_some();
        self.waits = self.rows.iter().any(waits);
        self.made = Some(made);
    }
}

fn sort_by_text(rows: &mut [Arc<Case>], text: impl Fn(&Case) -> String) {
    rows.sort_by_cached_key(|case| (text(case).to_lowercase(), case.code));
}

fn compare(column: Column, one: &Case, other: &Case) -> Ordering {
    let order = match column {
        Column::Status => one.status.cmp(&other.status),
        // Who waits longest comes last, and first when it is turned around.
        Column::Waiting => {
            let since = |case: &Case| case.waiting_since.map_or(0, |since| u64::MAX - since);
            since(one).cmp(&since(other))
        }
        Column::Created => one.created_at.cmp(&other.created_at),
        Column::Expires => one.expires_at.cmp(&other.expires_at),
        Column::Code | Column::Customer | Column::Company | Column::Channel | Column::Assignee => {
            Ordering::Equal
        }
    };
    order.then(one.code.cmp(&other.code))
}

/// Whether the first panel lists the case: what I have open is in the second.
fn in_scope(scope: Scope, case: &Case, me: &str) -> bool {
    let mine = case.assignee.as_deref() == Some(me);
    match scope {
        Scope::Home => mine,
        Scope::Private => matches!(case.place, Place::Private(_)),
        Scope::Channel(id) => case.place == Place::Channel(id) && !(mine && case.status.is_open()),
        Scope::All => !(mine && case.status.is_open()),
    }
}

fn holds_all(case: &Case, words: &[String]) -> bool {
    let facts = &case.facts;
    let assignee = case.assignee.as_deref().unwrap_or_default();
    let fields = [
        case.customer.as_str(),
        &facts.company,
        &facts.ticket,
        &facts.email,
        &facts.description,
        assignee,
    ];
    let code = case.code.to_string();
    let digits = format!("{:08}", case.code.number());
    words.iter().all(|word| {
        code.contains(word.as_str())
            || digits.contains(word.as_str())
            || fields
                .iter()
                .any(|field| field.to_lowercase().contains(word.as_str()))
            || facts.tags.iter().any(|tag| tag.contains(word.as_str()))
    })
}
