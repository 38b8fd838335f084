//! EVE: the `smtp` event, which `smtp.eve.json` describes, and the `email` beside it.

use md5::{Digest as _, Md5};
use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_eve::{Object, hex};

use super::fields::FieldForm;
use super::settings::EveSmtpOptions;
use super::stage;
use super::transaction::SmtpTransaction;
use crate::mime::{MailMessage, addresses};

pub(super) const LOGGERS: &[TxLogger<SmtpTransaction, EveSmtpOptions>] = &[TxLogger::new(
    "smtp",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= stage::COMPLETE),
    |tx, _, _, out| write_envelope(tx, out),
)
.beside("email", write_email)];

fn write_envelope(tx: &SmtpTransaction, out: &mut Object<'_>) {
    if let Some(helo) = &tx.helo {
        out.bytes("helo", helo);
    }
    if let Some(sender) = &tx.mail_from {
        out.bytes("mail_from", sender);
    }
    if !tx.rcpt_to.is_empty() {
        out.array("rcpt_to", |list| {
            for recipient in &tx.rcpt_to {
                list.bytes(recipient);
            }
        });
    }
}

/// What the mail says; an event of its own also tells the headers and digests that its output names.
fn write_email(tx: &SmtpTransaction, _: &TxHead, options: Option<&EveSmtpOptions>, out: &mut Object<'_>) {
    let Some(mail) = &tx.mail else { return };
    if let Some(from) = mail.values("from").next() {
        out.bytes("from", from);
    }
    write_addresses(mail, "to", "to", out);
    write_addresses(mail, "cc", "cc", out);
    out.str("status", if mail.is_given_up() { "PARSE_ERROR" } else { "PARSE_DONE" });
    write_list("attachment", mail.attachments().iter(), out);
    // The last first, as in Suricata.
    write_list("url", mail.links().iter().rev(), out);
    let Some(options) = options else { return };
    for field in options.fields.iter() {
        match field.form {
            FieldForm::Addresses => write_addresses(mail, field.key, field.name, out),
            FieldForm::List if mail.values(field.name).next().is_some() => {
                out.array(field.key, |list| {
                    for value in mail.values(field.name) {
                        list.bytes(value);
                    }
                });
            }
            FieldForm::Text | FieldForm::List => {
                if let Some(value) = mail.values(field.name).next() {
                    out.bytes(field.key, value);
                }
            }
        }
    }
    if let Some(subject) = mail.values("subject").next().filter(|_| options.subject_md5) {
        out.str("subject_md5", &hex(&Md5::digest(subject)));
    }
    if let Some(digest) = mail.body_md5().filter(|_| options.body_md5) {
        out.str("body_md5", &hex(digest));
    }
}

fn write_list<'m>(key: &'static str, items: impl ExactSizeIterator<Item = &'m Box<[u8]>>, out: &mut Object<'_>) {
    if items.len() > 0 {
        out.array(key, |list| {
            for item in items {
                list.bytes(item);
            }
        });
    }
}

fn write_addresses(mail: &MailMessage, key: &'static str, name: &str, out: &mut Object<'_>) {
    if let Some(value) = mail.values(name).next() {
        out.array(key, |list| {
            for address in addresses(value) {
                list.bytes(address);
            }
        });
    }
}
