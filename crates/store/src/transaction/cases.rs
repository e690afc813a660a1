//! Cases and their remote sessions.

use aldis_desk::{Case, Session};
use aldis_wire::signal::Place;
use aldis_wire::{Code, Millis};
use rusqlite::{OptionalExtension as _, Row, ToSql, params};

use super::{Transaction, from_json, json};

const CASE: &str = "SELECT code, customer, created_at, created_by, assignee, expires_at, closed_at,
    customer_joined_at, supporter_joined_at, claim, channel, private_of, origin, released,
    offered_until, passed, invited, outcome, waiting_since, chatting, messages, facts, source
    FROM cases";

impl Transaction<'_> {
    /// The case with this code.
    pub fn case(&self, code: Code) -> rusqlite::Result<Option<Case>> {
        let case = self
            .connection
            .prepare_cached(&format!("{CASE} WHERE code = ?1"))?
            .query_row([code.number()], read_case)
            .optional()?;
        case.map(|case| self.with_sessions(case)).transpose()
    }

    /// The cases that have not ended, and those whose session has not.
    pub fn open_cases(&self, now: Millis) -> rusqlite::Result<Vec<Case>> {
        let query = format!(
            "{CASE} WHERE closed_at IS NULL AND (expires_at > ?1
             OR code IN (SELECT code FROM sessions WHERE ended_at IS NULL))"
        );
        self.cases(&query, params![now])
    }

    /// The cases that ended last, newest first.
    pub fn ended_cases(&self, now: Millis, most: usize) -> rusqlite::Result<Vec<Case>> {
        self.cases(&ended(), params![now, most])
    }

    /// The cases that hold all of these words, newest first, from behind the case that was made
    /// then and has this code.
    pub fn find_cases(
        &self,
        words: &str,
        (made, code): (Millis, Code),
        most: usize,
    ) -> rusqlite::Result<Vec<Case>> {
        let words: Vec<String> = words
            .to_lowercase()
            .split_whitespace()
            .take(8)
            .map(like)
            .collect();
        let holds = |index: usize| format!(" AND words LIKE ?{} ESCAPE '\\'", index + 4);
        let all: String = (0..words.len()).map(holds).collect();
        let query = format!(
            "{CASE} WHERE (created_at < ?1 OR (created_at = ?1 AND code > ?2)){all}
             ORDER BY created_at DESC, code LIMIT ?3"
        );
        let code = code.number();
        let mut params: Vec<&dyn ToSql> = vec![&made, &code, &most];
        params.extend(words.iter().map(|word| word as &dyn ToSql));
        self.cases(&query, &params)
    }

    /// The open case that bears this ticket.
    pub fn open_case_of(&self, ticket: &str, now: Millis) -> rusqlite::Result<Option<Code>> {
        let query = "SELECT code FROM cases
            WHERE ticket = ?1 AND ticket <> '' AND closed_at IS NULL AND (expires_at > ?2
                OR code IN (SELECT code FROM sessions WHERE ended_at IS NULL)) LIMIT 1";
        let number = self
            .connection
            .prepare_cached(query)?
            .query_row(params![ticket, now], |row| row.get(0))
            .optional()?;
        Ok(number.and_then(Code::from_number))
    }

    fn cases(&self, query: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<Case>> {
        let mut statement = self.connection.prepare_cached(query)?;
        let cases = statement
            .query_map(params, read_case)?
            .collect::<Result<Vec<_>, _>>()?;
        cases
            .into_iter()
            .map(|case| self.with_sessions(case))
            .collect()
    }

    fn with_sessions(&self, mut case: Case) -> rusqlite::Result<Case> {
        case.sessions = self
            .connection
            .prepare_cached(
                "SELECT id, supporter, started_at, ended_at FROM sessions
                 WHERE code = ?1 ORDER BY started_at, rowid",
            )?
            .query_map([case.code.number()], |row| {
                Ok(Session {
                    id: row.get(0)?,
                    supporter: row.get(1)?,
                    started_at: row.get(2)?,
                    ended_at: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(case)
    }

    /// Keeps a case as it is now.
    pub fn keep_case(&self, case: &Case) -> rusqlite::Result<()> {
        let (channel, owner) = match &case.place {
            Place::Channel(id) => (Some(*id), None),
            Place::Private(owner) => (None, Some(owner)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO cases (code, customer, created_at, created_by, assignee, expires_at,
                    closed_at, customer_joined_at, supporter_joined_at, claim, channel, private_of,
                    origin, released, offered_until, passed, invited, outcome, waiting_since,
                    chatting, messages, facts, source, ticket, words)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                    ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)
                 ON CONFLICT (code) DO UPDATE SET customer = ?2, created_by = ?4, assignee = ?5,
                    expires_at = ?6, closed_at = ?7, customer_joined_at = ?8,
                    supporter_joined_at = ?9, claim = ?10, channel = ?11, private_of = ?12,
                    released = ?14, offered_until = ?15, passed = ?16, invited = ?17, outcome = ?18,
                    waiting_since = ?19, chatting = ?20, messages = ?21, facts = ?22, source = ?23,
                    ticket = ?24, words = ?25",
            )?
            .execute(params![
                case.code.number(),
                case.customer,
                case.created_at,
                case.creator,
                case.assignee,
                case.expires_at,
                case.closed_at,
                case.customer_joined_at,
                case.supporter_joined_at,
                case.claim,
                channel,
                owner,
                json(&case.origin)?,
                case.released,
                case.offered_until,
                json(&case.passed)?,
                json(&case.invited)?,
                json(&case.outcome)?,
                case.waiting_since,
                json(&case.chatting)?,
                case.messages,
                json(&case.facts)?,
                json(&case.source)?,
                case.facts.ticket,
                words(case),
            ])?;
        for session in &case.sessions {
            self.connection
                .prepare_cached(
                    "INSERT INTO sessions (id, code, supporter, started_at, ended_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO UPDATE SET ended_at = ?5 WHERE ended_at IS NOT ?5",
                )?
                .execute(params![
                    session.id,
                    case.code.number(),
                    session.supporter,
                    session.started_at,
                    session.ended_at
                ])?;
        }
        Ok(())
    }

    /// Forgets a case, its sessions and its chat.
    pub fn forget_case(&self, code: Code) -> rusqlite::Result<()> {
        self.connection
            .execute("DELETE FROM cases WHERE code = ?1", [code.number()])
            .map(drop)
    }
}

/// Asks for the last closed ones and the last expired ones, and then for the last of both: so each
/// comes from an index, where one question for all would read every case there ever was.
fn ended() -> String {
    format!(
        "{CASE} WHERE code IN (
            SELECT * FROM (SELECT code FROM cases WHERE closed_at IS NOT NULL
                ORDER BY closed_at DESC, code LIMIT ?2)
            UNION ALL
            SELECT * FROM (SELECT code FROM cases WHERE closed_at IS NULL AND expires_at <= ?1
                ORDER BY expires_at DESC, code LIMIT ?2))
         ORDER BY coalesce(closed_at, expires_at) DESC, code LIMIT ?2"
    )
}

/// A pattern that finds the word anywhere, each of its characters as itself.
fn like(word: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in word.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Everything that a case is looked for by.
fn words(case: &Case) -> String {
    let facts = &case.facts;
    let mut words = vec![
        case.code.to_string(),
        format!("{:08}", case.code.number()),
        case.customer.clone(),
        facts.email.clone(),
        facts.company.clone(),
        facts.description.clone(),
        facts.category.clone(),
        facts.kind.clone(),
        facts.ticket.clone(),
        facts.notes.clone(),
    ];
    words.extend(case.assignee.clone());
    words.extend(facts.tags.iter().cloned());
    words.join("\n").to_lowercase()
}

fn read_case(row: &Row<'_>) -> rusqlite::Result<Case> {
    let number: u32 = row.get(0)?;
    let code = Code::from_number(number)
        .ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(0, i64::from(number)))?;
    let owner: Option<String> = row.get(11)?;
    let place = match owner {
        Some(owner) => Place::Private(owner),
        None => Place::Channel(row.get(10)?),
    };
    let text = |index: usize| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
    Ok(Case {
        code,
        customer: row.get(1)?,
        created_at: row.get(2)?,
        creator: row.get(3)?,
        assignee: row.get(4)?,
        expires_at: row.get(5)?,
        closed_at: row.get(6)?,
        customer_joined_at: row.get(7)?,
        supporter_joined_at: row.get(8)?,
        claim: row.get(9)?,
        place,
        origin: from_json(text(12)?)?,
        released: row.get(13)?,
        offered_until: row.get(14)?,
        passed: from_json(text(15)?)?,
        invited: from_json(text(16)?)?,
        outcome: from_json(text(17)?)?,
        waiting_since: row.get(18)?,
        chatting: from_json(text(19)?)?,
        messages: row.get(20)?,
        facts: from_json(text(21)?)?,
        source: from_json(text(22)?)?,
        sessions: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_question_about_cases_reads_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let connection = crate::schema::open(folder.path()).unwrap();
        let plan = |query: &str, count: usize| -> Vec<String> {
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            let mut statement = connection.prepare(&explain).unwrap();
            let params = rusqlite::params_from_iter(std::iter::repeat_n(7, count));
            let steps = statement.query_map(params, |row| row.get(3)).unwrap();
            steps.map(|step| step.unwrap()).collect()
        };
        let steps = plan(&ended(), 2);
        for index in ["cases_by_end", "cases_by_expiry"] {
            assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
        }
        assert!(
            steps.iter().all(|step| !step.starts_with("SCAN cases")),
            "{steps:#?}"
        );
    }
}
