//! What `app-layer.protocols.smtp` of suricata.yaml says, and the options of EVE's `smtp`.

use sidewire_app_layer::{FromEveOptions, FromSettings, ProtocolSettings};

use super::fields::EmailFields;
use crate::mime::{LinkSettings, MimeSettings};

/// What is made of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MailUse {
    /// Its headers, files and links (`mime.decode-mime`).
    Decode(MimeSettings),
    /// All of it is one file (`raw-extraction`).
    Store,
    /// Nothing.
    Pass,
}

/// The settings of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpSettings {
    pub(super) mail: MailUse,
    /// Open transactions a flow may have.
    pub(super) max_transactions: usize,
    /// Octets from which rules look into a file that is not over (`inspected-tracker.content-inspect-min-size`).
    pub(super) inspect_from: u64,
}

const MAX_TRANSACTIONS: usize = 256;
const INSPECT_FROM: u64 = 32 * 1024;
const VALUE_DEPTH: usize = 2000;

impl FromSettings<EveSmtpOptions> for SmtpSettings {
    fn from_settings(settings: &ProtocolSettings, _: &[&EveSmtpOptions]) -> Self {
        let truth = |key: &str| settings.truth(key);
        let small = |key: &str, absent: usize| {
            settings.number(key).and_then(|number| usize::try_from(number).ok()).unwrap_or(absent)
        };
        let schemes: Vec<String> = settings.list("mime.extract-urls-schemes").map(str::to_owned).collect();
        let schemes = match truth("mime.extract-urls") {
            Some(false) => Vec::new(),
            _ if schemes.is_empty() => vec!["http".to_owned()],
            _ => schemes,
        };
        let decode = truth("mime.decode-mime").unwrap_or(true);
        let mail = if decode {
            MailUse::Decode(MimeSettings {
                decode_base64: truth("mime.decode-base64").unwrap_or(true),
                decode_quoted_printable: truth("mime.decode-quoted-printable").unwrap_or(true),
                value_depth: small("mime.header-value-depth", VALUE_DEPTH),
                links: LinkSettings { schemes, with_scheme: truth("mime.log-url-scheme").unwrap_or(false) },
                body_md5: truth("mime.body-md5").unwrap_or(false),
            })
        } else if truth("raw-extraction") == Some(true) {
            MailUse::Store
        } else {
            MailUse::Pass
        };
        Self {
            mail,
            max_transactions: small("max-tx", MAX_TRANSACTIONS).max(1),
            inspect_from: settings.size("inspected-tracker.content-inspect-min-size").unwrap_or(INSPECT_FROM),
        }
    }
}

/// What an EVE output asks of `smtp` events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EveSmtpOptions {
    /// Headers that are told beside those that always are.
    pub(super) fields: EmailFields,
    /// Digests (`md5`).
    pub(super) body_md5: bool,
    pub(super) subject_md5: bool,
}

impl FromEveOptions for EveSmtpOptions {
    fn from_options(own: &ProtocolSettings, _: &ProtocolSettings) -> Self {
        let extended = own.truth("extended") == Some(true);
        let named = EmailFields::named(own.list("custom"));
        Self {
            fields: if extended { named.with(EmailFields::EXTENDED) } else { named },
            body_md5: own.list("md5").any(|what| what == "body"),
            subject_md5: own.list("md5").any(|what| what == "subject"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(pairs: &[(&'static str, &'static str)]) -> MailUse {
        SmtpSettings::from_settings(&ProtocolSettings::new(pairs.iter().copied()), &[]).mail
    }

    #[test]
    fn mails_are_decoded_unless_that_is_switched_off() {
        let MailUse::Decode(usual) = mail(&[]) else { panic!() };
        assert_eq!((usual.links.schemes.as_slice(), usual.value_depth), (&["http".to_owned()][..], 2000));
        let MailUse::Decode(others) = mail(&[("mime.extract-urls-schemes", "ftp, http")]) else { panic!() };
        assert_eq!(others.links.schemes, ["ftp", "http"]);
        let MailUse::Decode(without) = mail(&[("mime.extract-urls", "no")]) else { panic!() };
        assert!(without.links.schemes.is_empty());
        assert_eq!(mail(&[("mime.decode-mime", "no"), ("raw-extraction", "yes")]), MailUse::Store);
        assert_eq!(mail(&[("mime.decode-mime", "no")]), MailUse::Pass);
        assert!(matches!(mail(&[("raw-extraction", "yes")]), MailUse::Decode(_)), "decoding goes before it");
    }

    #[test]
    fn an_output_names_its_headers() {
        let own = ProtocolSettings::new([("custom", "received, x-mailer"), ("md5", "subject")]);
        let options = EveSmtpOptions::from_options(&own, &ProtocolSettings::default());
        assert!(options.subject_md5 && !options.body_md5);
        assert_eq!(options.fields, EmailFields::named(["received", "x-mailer"].into_iter()));
        let extended =
            EveSmtpOptions::from_options(&ProtocolSettings::new([("extended", "yes")]), &ProtocolSettings::default());
        assert_eq!(extended.fields, EmailFields::EXTENDED);
    }
}
