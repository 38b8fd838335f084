//! What correlations group by.

use sidewire_ir::{CorrelationTest, SigmaCorrelation};

/// Fields of events that a correlation looks at.
pub(crate) fn fields_of(correlation: &SigmaCorrelation) -> impl Iterator<Item = &str> {
    let values: &[String] = match &correlation.test {
        CorrelationTest::ValueCount { fields, .. } => fields,
        CorrelationTest::ValueStatistic { field, .. } => core::slice::from_ref(field),
        _ => &[],
    };
    let aliases = correlation.aliases.iter().map(|alias| &alias.field);
    correlation.group_by.iter().chain(values).chain(aliases).map(String::as_str)
}
