//! Sigma rules as the engine evaluates them. The control plane has resolved modifiers, wildcards, placeholders and log sources;
//! what is left are tests of fields, joined by and, or and not.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Rules that cross at once. Sources are shared by the rules of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct SigmaBatch {
    /// [`crate::SIGMA_VERSION`].
    pub version: u32,
    /// What rules of the batch look at.
    pub sources: Vec<EventSource>,
    /// The rules.
    pub rules: Vec<SigmaRule>,
    /// Rules about matches of other rules.
    pub correlations: Vec<SigmaCorrelation>,
}

/// Events that a rule looks at. Everything that is given must hold; an empty list holds always.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct EventSource {
    /// `Channel` is one of these; without regard to case.
    pub channels: Vec<String>,
    /// The provider is one of these.
    pub providers: Vec<String>,
    /// `EventID` is one of these.
    pub event_ids: Vec<u32>,
    /// Fields that hold a value.
    pub only: Vec<FieldValue>,
    /// What these events call a field of the rules.
    pub aliases: Vec<FieldAlias>,
    /// Fields that the log of the rules has and these events do not, because they hold the same value always.
    pub given: Vec<FieldValue>,
}

/// A field with a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct FieldValue {
    /// The field.
    pub field: String,
    /// Its value, without regard to case.
    pub value: String,
}

/// Another name of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct FieldAlias {
    /// What rules call it.
    pub rule: String,
    /// What the event calls it.
    pub event: String,
}

/// A rule about single events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct SigmaRule {
    /// What its alerts say.
    pub head: SigmaHead,
    /// Its name, by which correlations may refer to it as well as by its id.
    pub name: Option<String>,
    /// Places in [`SigmaBatch::sources`]: events of any of them.
    pub sources: Vec<u32>,
    /// Its matches are alerts: it is not only there for correlations.
    pub alerts: bool,
    /// When it matches.
    pub condition: SigmaCondition,
}

/// What an alert says of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct SigmaHead {
    /// `id`, or one made of its text.
    pub id: String,
    /// 31 bits of it: `signature_id` of alerts.
    pub sid: u32,
    /// `title`.
    pub title: String,
    /// 1 for critical and high, 2 for medium, 3 for low, 4 for informational.
    pub severity: u8,
    /// `level`.
    pub level: String,
    /// `status`.
    pub status: Option<String>,
    /// `author`.
    pub author: Option<String>,
    /// ATT&CK techniques of its tags, as `T1021.003`.
    pub techniques: Vec<String>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum SigmaCondition {
    /// All of these; none: it holds.
    All {
        /// The conditions.
        of: Vec<SigmaCondition>,
    },
    /// Any of these; none: it does not hold.
    Any {
        /// The conditions.
        of: Vec<SigmaCondition>,
    },
    /// Not this.
    Not {
        /// The condition.
        of: Box<SigmaCondition>,
    },
    /// A search identifier: what matched is told by its name.
    Search {
        /// Name of the identifier.
        name: String,
        /// What it stands for.
        of: Box<SigmaCondition>,
    },
    /// A test of a field.
    Field {
        /// The field.
        field: String,
        /// The test.
        test: ValueTest,
    },
    /// A test of all values of the event: keywords.
    Keywords {
        /// The test.
        test: ValueTest,
    },
}

/// A test of a field. A field with several values passes when one of them does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum ValueTest {
    /// Patterns of text.
    Text {
        /// The patterns.
        patterns: Vec<TextPattern>,
        /// All of them, not any.
        all: bool,
        /// Case matters.
        cased: bool,
    },
    /// Regular expressions (PCRE2).
    Regex {
        /// The expressions.
        patterns: Vec<String>,
        /// Out of `i m s`.
        flags: String,
        /// All of them, not any.
        all: bool,
    },
    /// Networks that hold the address.
    Cidr {
        /// `10.0.0.0/8`, `fe80::/10`.
        networks: Vec<String>,
    },
    /// A comparison of numbers.
    Compare {
        /// The operator.
        operator: CompareOperator,
        /// With what.
        number: f64,
    },
    /// A part of a time.
    TimePart {
        /// The part.
        part: TimePart,
        /// Any of these values.
        values: Vec<i32>,
    },
    /// The field is there, or is not.
    Exists {
        /// It is there.
        present: bool,
    },
    /// The field is absent, or there without a value.
    Null,
    /// Another field has the same value, or is a part of it.
    Field {
        /// The other field.
        other: String,
        /// What part of the value it is.
        part: ValuePart,
        /// Case matters.
        cased: bool,
    },
}

/// A pattern of text: its pieces follow each other, from the begin of the value to its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct TextPattern(pub Vec<PatternPiece>);

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum PatternPiece {
    /// This text.
    Text(String),
    /// Any number of characters.
    Any,
    /// One character.
    One,
}

/// Operators of comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum CompareOperator {
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Equal; of correlations.
    Eq,
    /// Not equal; of correlations.
    Neq,
}

/// Parts of a time, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum TimePart {
    /// Of the hour.
    Minute,
    /// Of the day.
    Hour,
    /// Of the month.
    Day,
    /// ISO 8601 week of the year.
    Week,
    /// Of the year.
    Month,
    /// The year.
    Year,
}

/// What part of a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum ValuePart {
    /// All of it.
    Whole,
    /// Its begin.
    Start,
    /// Its end.
    End,
    /// Any part.
    Inside,
}

/// A rule about matches of rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct SigmaCorrelation {
    /// What its alerts say.
    pub head: SigmaHead,
    /// Its name.
    pub name: Option<String>,
    /// Ids or names of the rules and correlations it is about.
    pub rules: Vec<String>,
    /// Fields whose values must be the same.
    pub group_by: Vec<String>,
    /// Seconds between the first and the last match.
    pub timespan: u32,
    /// What fields of the groups are called in the events of a rule.
    pub aliases: Vec<GroupAlias>,
    /// When it matches.
    pub test: CorrelationTest,
    /// Its matches are alerts: it is not only there for another correlation.
    pub alerts: bool,
}

/// What a field of the groups is called in the events of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct GroupAlias {
    /// In `group_by`.
    pub alias: String,
    /// Id or name of the rule.
    pub rule: String,
    /// The field of its events.
    pub field: String,
}

/// When a correlation matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum CorrelationTest {
    /// So many events.
    EventCount {
        /// Bounds that all hold.
        bounds: Vec<CountBound>,
    },
    /// So many different values of a field.
    ValueCount {
        /// The fields, whose values are taken together.
        fields: Vec<String>,
        /// Bounds that all hold.
        bounds: Vec<CountBound>,
    },
    /// The sum, mean or percentile of the values of a field.
    ValueStatistic {
        /// Which.
        statistic: ValueStatistic,
        /// The field.
        field: String,
        /// Bounds that all hold.
        bounds: Vec<CountBound>,
    },
    /// A match of rules by a condition over their names: without one, of each rule.
    Temporal {
        /// In the order of the rules.
        ordered: bool,
        /// Over names and ids of rules.
        condition: Option<RuleCondition>,
    },
}

/// What is made of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum ValueStatistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The value below which so many hundredths of them are.
    Percentile(f64),
}

/// A bound of a count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "sigma.ts")]
pub struct CountBound {
    /// The operator.
    pub operator: CompareOperator,
    /// With what.
    pub number: f64,
}

/// Which rules of a temporal correlation must have matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "sigma.ts")]
pub enum RuleCondition {
    /// All of these.
    All {
        /// The conditions.
        of: Vec<RuleCondition>,
    },
    /// Any of these.
    Any {
        /// The conditions.
        of: Vec<RuleCondition>,
    },
    /// Not this.
    Not {
        /// The condition.
        of: Box<RuleCondition>,
    },
    /// A rule, by its place in the list.
    Rule {
        /// Place.
        rule: u32,
    },
}
