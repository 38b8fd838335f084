//! The golden IR of `test/ir` is what the rule compiler wrote; it must be these types to the letter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use sidewire_detect::ir::{IR_VERSION, RuleBatch};

#[test]
fn compiled_rules_are_these_types() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../test/ir");
    let mut seen = 0;
    for entry in fs::read_dir(cases).expect("test/ir") {
        let file = entry.unwrap().path().join("ir.json");
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let batch: RuleBatch =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(batch.version, IR_VERSION);
        // Nothing is lost or made up on the way: written again it is the same document.
        let again = serde_json::to_value(&batch).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(same(&again, &document), "{}:\n{again:#}", file.display());
        seen += 1;
    }
    assert!(seen >= 30, "{seen} cases");
}

/// JSON has one kind of number: `7` and `7.0` are the same.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Object(a), Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        _ => a == b,
    }
}
