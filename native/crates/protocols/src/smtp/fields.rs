//! Headers that EVE's `email` may tell.

/// How a header is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldForm {
    /// The first of its name.
    Text,
    /// All of its name.
    List,
    /// The addresses of the first.
    Addresses,
}

/// A header that EVE's `email` may tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct EmailField {
    /// Its key.
    pub(super) key: &'static str,
    /// Its name, in lower case.
    pub(super) name: &'static str,
    pub(super) form: FieldForm,
    /// It is told by an `extended` output.
    extended: bool,
}

/// In the order in which they are told.
pub(super) const FIELDS: [EmailField; 16] = [
    text("reply_to", "reply-to"),
    EmailField { key: "bcc", name: "bcc", form: FieldForm::Addresses, extended: true },
    extended("message_id", "message-id"),
    extended("subject", "subject"),
    extended("x_mailer", "x-mailer"),
    extended("user_agent", "user-agent"),
    EmailField { key: "received", name: "received", form: FieldForm::List, extended: false },
    text("x_originating_ip", "x-originating-ip"),
    text("in_reply_to", "in-reply-to"),
    text("references", "references"),
    text("importance", "importance"),
    text("priority", "priority"),
    text("sensitivity", "sensitivity"),
    text("organization", "organization"),
    text("content_md5", "content-md5"),
    text("date", "date"),
];

const fn text(key: &'static str, name: &'static str) -> EmailField {
    EmailField { key, name, form: FieldForm::Text, extended: false }
}

const fn extended(key: &'static str, name: &'static str) -> EmailField {
    EmailField { extended: true, ..text(key, name) }
}

/// A set of [`FIELDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EmailFields(u16);

impl EmailFields {
    /// What `extended` asks for.
    pub(super) const EXTENDED: Self = {
        let (mut set, mut at) = (0, 0);
        while at < FIELDS.len() {
            #[allow(clippy::indexing_slicing, reason = "a constant: the compiler refuses what is out of range")]
            if FIELDS[at].extended {
                set |= 1 << at;
            }
            at += 1;
        }
        Self(set)
    };

    /// Those of the names of headers.
    pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let positions = names.filter_map(|name| FIELDS.iter().position(|field| field.name.eq_ignore_ascii_case(name)));
        Self(positions.fold(0, |set, at| set | 1 << at))
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'static EmailField> {
        FIELDS.iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, field)| field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_by_the_names_of_headers() {
        let keys = |set: EmailFields| set.iter().map(|field| field.key).collect::<Vec<_>>();
        assert_eq!(keys(EmailFields::named(["Date", "x-mailer", "nonsense"].into_iter())), ["x_mailer", "date"]);
        assert_eq!(keys(EmailFields::EXTENDED), ["bcc", "message_id", "subject", "x_mailer", "user_agent"]);
    }
}
