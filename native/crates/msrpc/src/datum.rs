use std::borrow::Cow;

use sidewire_eve::{Array, Object};

use crate::Uuid;

/// A decoded value.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
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
    List(Vec<Datum>),
    /// Values with names.
    Record(Arguments),
}

impl Datum {
    /// The text, when it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Datum {
    fn from(number: u32) -> Self {
        Self::Uint(number.into())
    }
}

impl From<Uuid> for Datum {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

/// The decoded arguments and results of a call, by name, in the order of the procedure's definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(Vec<(Cow<'static, str>, Datum)>);

impl Arguments {
    /// True when there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Datum>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds one unless it is NULL.
    pub fn put_some(&mut self, name: &'static str, value: Option<impl Into<Datum>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// By name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Datum> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Writes them as members of an object.
    pub fn write(&self, out: &mut Object<'_>) {
        for (name, value) in self.iter() {
            match value {
                Datum::Null => out.raw(name, b"null"),
                Datum::Text(text) => out.str(name, text),
                Datum::Uint(number) => out.u64(name, *number),
                Datum::Int(number) => out.i64(name, *number),
                Datum::Real(number) => out.f64(name, *number),
                Datum::Bool(truth) => out.bool(name, *truth),
                Datum::Uuid(uuid) => out.fmt(name, format_args!("{uuid}")),
                Datum::List(items) => out.array(name, |a| items.iter().for_each(|item| write_item(item, a))),
                Datum::Record(fields) => out.object(name, |o| fields.write(o)),
            };
        }
    }
}

fn write_item(item: &Datum, out: &mut Array<'_>) {
    match item {
        Datum::Null => out.raw(b"null"),
        Datum::Text(text) => out.str(text),
        Datum::Uint(number) => out.u64(*number),
        Datum::Int(number) => out.i64(*number),
        Datum::Real(number) if !number.is_finite() => out.raw(b"null"),
        Datum::Real(number) => out.raw(number.to_string().as_bytes()),
        Datum::Bool(truth) => out.bool(*truth),
        Datum::Uuid(uuid) => out.fmt(format_args!("{uuid}")),
        Datum::List(items) => out.array(|a| items.iter().for_each(|item| write_item(item, a))),
        Datum::Record(fields) => out.object(|o| fields.write(o)),
    };
}
