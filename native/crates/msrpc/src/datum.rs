//! Decoded values, and arguments by name.

use core::cell::OnceCell;
use std::borrow::Cow;

use sidewire_eve::{Array, JsonName, Object};

use crate::Uuid;

/// A decoded value.
#[derive(Clone, Debug, PartialEq)]
pub enum StubValue {
    /// Nothing: NULL, EMPTY.
    Null,
    /// Text.
    Text(String),
    /// An unsigned number.
    Uint(u64),
    /// A signed number.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// A truth value.
    Bool(bool),
    /// A UUID.
    Uuid(Uuid),
    /// Several values.
    List(Vec<StubValue>),
    /// Values with names.
    Record(CallArguments),
}

impl StubValue {
    /// The text, when it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True when a text in it is longer than what is told of one.
    fn is_told_shorter(&self) -> bool {
        match self {
            Self::Text(text) => text.len() > MAX_TOLD,
            Self::List(items) => items.iter().any(Self::is_told_shorter),
            Self::Record(fields) => fields.values.iter().any(|(_, value)| value.is_told_shorter()),
            _ => false,
        }
    }
}

/// What is told of a text. Octets. No name, path or command line of Windows is longer (32,767 characters).
const MAX_TOLD: usize = 64 << 10;

/// The beginning of a text that is told.
fn told(text: &str) -> &str {
    let mut end = text.len().min(MAX_TOLD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

impl From<String> for StubValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for StubValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for StubValue {
    fn from(number: u32) -> Self {
        Self::Uint(number.into())
    }
}

impl From<Uuid> for StubValue {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

/// Values of one call that rules can ask for, as texts.
const MAX_TEXTS: usize = 1024;

/// The decoded arguments and results of a call, by name, in the order of the procedure's definition.
#[derive(Clone, Debug, Default)]
pub struct CallArguments {
    values: Vec<(Cow<'static, str>, StubValue)>,
    /// A value, or one in it, is not there to its end.
    cut: bool,
    /// The values as texts by path, made when a rule first asks.
    texts: OnceCell<Vec<(String, String)>>,
}

impl PartialEq for CallArguments {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl CallArguments {
    /// True when there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds one.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<StubValue>) {
        self.texts.take();
        let value = value.into();
        self.cut |= matches!(&value, StubValue::Record(inner) if inner.cut);
        self.values.push((name.into(), value));
    }

    /// A value is not there to its end.
    pub(crate) const fn mark_cut(&mut self) {
        self.cut = true;
    }

    /// True when a value is not there to its end, or is told shorter than it is.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut || self.values.iter().any(|(_, value)| value.is_told_shorter())
    }

    /// Adds one unless it is NULL.
    pub fn put_some(&mut self, name: &'static str, value: Option<impl Into<StubValue>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Self) {
        self.texts.take();
        self.cut |= other.cut;
        self.values.extend(other.values);
    }

    /// Takes the first out.
    pub(crate) fn take_first(&mut self) -> Option<StubValue> {
        self.texts.take();
        (!self.values.is_empty()).then(|| self.values.remove(0).1)
    }

    /// By name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&StubValue> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StubValue)> + Clone {
        self.values.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The text of the `nth` value of a path: the names of records with dots between them (`in.CommandLine`), the
    /// items of a list one after the other under the list's name. Numbers are decimal; NULL has no text.
    #[must_use]
    pub fn text_at(&self, path: &str, nth: usize) -> Option<&str> {
        let texts = self.texts.get_or_init(|| {
            let mut texts = Vec::new();
            self.iter().for_each(|(name, value)| flatten(name.to_owned(), value, &mut texts));
            texts
        });
        texts.iter().filter(|(known, _)| known == path).nth(nth).map(|(_, text)| text.as_str())
    }

    /// Writes them as members of an object.
    pub fn write(&self, out: &mut Object<'_>) {
        for (name, value) in self.iter() {
            let name = JsonName(name);
            match value {
                StubValue::Null => out.raw(name, b"null"),
                StubValue::Text(text) => out.str(name, told(text)),
                StubValue::Uint(number) => out.u64(name, *number),
                StubValue::Int(number) => out.i64(name, *number),
                StubValue::Real(number) => out.f64(name, *number),
                StubValue::Bool(truth) => out.bool(name, *truth),
                StubValue::Uuid(uuid) => out.uuid(name, uuid.0),
                StubValue::List(items) => out.array(name, |a| items.iter().for_each(|item| write_item(item, a))),
                StubValue::Record(fields) => out.object(name, |o| fields.write(o)),
            };
        }
    }
}

/// A value and what is inside of it, as texts.
fn flatten(path: String, value: &StubValue, texts: &mut Vec<(String, String)>) {
    if texts.len() >= MAX_TEXTS {
        return;
    }
    let text = match value {
        StubValue::Null => return,
        StubValue::Text(text) => text.clone(),
        StubValue::Uint(number) => number.to_string(),
        StubValue::Int(number) => number.to_string(),
        StubValue::Real(number) => number.to_string(),
        StubValue::Bool(truth) => truth.to_string(),
        StubValue::Uuid(uuid) => uuid.to_string(),
        StubValue::List(items) => return items.iter().for_each(|item| flatten(path.clone(), item, texts)),
        StubValue::Record(fields) => {
            return fields.iter().for_each(|(name, value)| flatten(format!("{path}.{name}"), value, texts));
        }
    };
    texts.push((path, text));
}

fn write_item(item: &StubValue, out: &mut Array<'_>) {
    match item {
        StubValue::Null => out.raw(b"null"),
        StubValue::Text(text) => out.str(told(text)),
        StubValue::Uint(number) => out.u64(*number),
        StubValue::Int(number) => out.i64(*number),
        StubValue::Real(number) if !number.is_finite() => out.raw(b"null"),
        StubValue::Real(number) => out.raw(number.to_string().as_bytes()),
        StubValue::Bool(truth) => out.bool(*truth),
        StubValue::Uuid(uuid) => out.fmt(format_args!("{uuid}")),
        StubValue::List(items) => out.array(|a| items.iter().for_each(|item| write_item(item, a))),
        StubValue::Record(fields) => out.object(|o| fields.write(o)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_as_texts_by_path() {
        let mut inner = CallArguments::default();
        inner.put("CommandLine", "cmd.exe");
        inner.put("Flags", StubValue::Int(-1));
        let mut arguments = CallArguments::default();
        arguments.put("names", StubValue::List(vec!["a".into(), StubValue::Null, "b".into()]));
        assert_eq!(arguments.text_at("in.CommandLine", 0), None);
        arguments.put("in", StubValue::Record(inner));
        assert_eq!(arguments.text_at("in.CommandLine", 0), Some("cmd.exe"));
        assert_eq!(arguments.text_at("in.Flags", 0), Some("-1"));
        assert_eq!((arguments.text_at("names", 1), arguments.text_at("names", 2)), (Some("b"), None));
    }
}
