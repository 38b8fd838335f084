//! Names of files with times in them: `eve-%Y-%m-%d.json`. Times are UTC.

use sidewire_base::Time;

/// The codes there are, each with its digits.
const CODES: &[(char, usize)] = &[('Y', 4), ('m', 2), ('d', 2), ('H', 2), ('M', 2), ('S', 2), ('y', 2), ('s', 10)];

/// A name with times in it.
#[derive(Clone, Debug)]
pub(super) struct FileName(Vec<NamePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum NamePart {
    Text(String),
    /// A code, and how many digits it has.
    Time(char, usize),
}

impl FileName {
    /// Reads a name; `Err` has a code that does not exist.
    pub(super) fn read(name: &str) -> Result<Self, String> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        let mut rest = name.chars();
        while let Some(next) = rest.next() {
            if next != '%' {
                text.push(next);
                continue;
            }
            match rest.next() {
                Some('%') => text.push('%'),
                Some(code) => {
                    let known = CODES.iter().find(|(name, _)| *name == code);
                    let (_, digits) = known.ok_or_else(|| format!("%{code}"))?;
                    parts.push(NamePart::Text(core::mem::take(&mut text)));
                    parts.push(NamePart::Time(code, *digits));
                }
                None => return Err("%".to_owned()),
            }
        }
        parts.push(NamePart::Text(text));
        Ok(Self(parts))
    }

    /// The name at a time.
    pub(super) fn at(&self, time: Time) -> String {
        // `2026-11-29T14:05:06.123456+0000`
        let stamp = sidewire_eve::timestamp(time);
        let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default().to_owned();
        self.0
            .iter()
            .map(|piece| match piece {
                NamePart::Text(text) => text.clone(),
                NamePart::Time('Y', _) => part(0, 4),
                NamePart::Time('y', _) => part(2, 4),
                NamePart::Time('m', _) => part(5, 7),
                NamePart::Time('d', _) => part(8, 10),
                NamePart::Time('H', _) => part(11, 13),
                NamePart::Time('M', _) => part(14, 16),
                NamePart::Time('S', _) => part(17, 19),
                NamePart::Time(_, _) => time.seconds().to_string(),
            })
            .collect()
    }

    /// True of names that this one has had, and of those that such a file got when it was put aside: a dot and digits more.
    pub(super) fn has_had(&self, name: &str) -> bool {
        let mut rest = name;
        for part in &self.0 {
            let length = match part {
                NamePart::Text(text) => rest.starts_with(text.as_str()).then_some(text.len()),
                NamePart::Time(_, digits) => {
                    let found = rest.bytes().take(*digits).filter(u8::is_ascii_digit).count();
                    (found == *digits).then_some(*digits)
                }
            };
            let Some(length) = length else { return false };
            rest = rest.get(length..).unwrap_or_default();
        }
        rest.is_empty()
            || rest.split('.').enumerate().all(|(at, part)| {
                if at == 0 {
                    part.is_empty()
                } else {
                    !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit())
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_its_time() {
        let name = FileName::read("eve-%Y-%m-%dT%H%M%S-%s%%.json").unwrap();
        assert_eq!(name.at(Time::new(1_700_000_000, 0)), "eve-2023-11-14T221320-1700000000%.json");
        assert_eq!(FileName::read("eve-%Q").unwrap_err(), "%Q");
        assert_eq!(FileName::read("100%").unwrap_err(), "%");
    }

    #[test]
    fn names_that_it_has_had_are_known_again() {
        let name = FileName::read("eve-%Y.json").unwrap();
        assert!(name.has_had("eve-2023.json") && name.has_had("eve-2023.json.20231114221320.1"));
        let others = ["eve-23.json", "eve-2023.json.gz", "eve-2023.json.", "eve-2023.json.1x", "my-eve-2023.json"];
        assert!(others.iter().all(|other| !name.has_had(other)));
    }
}
