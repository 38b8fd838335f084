use std::collections::BTreeMap;

use sidewire_eve::{Name, Object};

/// Writes dotted counters as nested objects: `flow.end.state.new` becomes `{"flow":{"end":{"state":{"new":..}}}}`.
/// `null_values` keeps those that are 0.
pub(crate) fn nest(counters: &BTreeMap<String, u64>, null_values: bool, out: &mut Object<'_>) {
    let rows: Vec<(&str, u64)> = counters
        .iter()
        .filter(|(_, value)| null_values || **value != 0)
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    level(&rows, 0, out);
}

/// Rows share the first `skip` octets of their names; sorted, so that equal heads stand together.
fn level(rows: &[(&str, u64)], skip: usize, out: &mut Object<'_>) {
    let mut rest = rows;
    while let Some(&(name, value)) = rest.first() {
        let tail = name.get(skip..).unwrap_or_default();
        match tail.split_once('.') {
            None => {
                out.u64(Name(tail), value);
                rest = rest.get(1..).unwrap_or_default();
            }
            Some((head, _)) => {
                let same = |row: &&(&str, u64)| {
                    row.0.get(skip..).and_then(|t| t.strip_prefix(head)).is_some_and(|t| t.starts_with('.'))
                };
                let count = rest.iter().take_while(same).count();
                let (group, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                out.object(Name(head), |o| level(group, skip + head.len() + 1, o));
                rest = others;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_dotted_names() {
        let counters = [("a.b", 1), ("a.c.d", 2), ("a.c.e", 3), ("b", 4)].map(|(k, v)| (k.to_owned(), v)).into();
        let mut text = Vec::new();
        nest(&counters, true, &mut Object::new(&mut text));
        assert_eq!(String::from_utf8_lossy(&text), r#"{"a":{"b":1,"c":{"d":2,"e":3}},"b":4}"#);
    }

    #[test]
    fn leaves_zeros_out_when_asked() {
        let counters = [("a.b", 0), ("a.c", 2), ("d.e", 0)].map(|(k, v)| (k.to_owned(), v)).into();
        let mut text = Vec::new();
        nest(&counters, false, &mut Object::new(&mut text));
        assert_eq!(String::from_utf8_lossy(&text), r#"{"a":{"c":2}}"#);
    }
}
