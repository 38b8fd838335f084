//! What rules can look into.

use sidewire_app_layer::{Buffer, Value, buffers, file_data};

use super::stage::{DATA, STARTED};
use super::transaction::SmtpTransaction;

pub(super) const BUFFERS: &[Buffer<SmtpTransaction>] = buffers! {
    /// What the client calls itself (`HELO`, `EHLO`).
    "smtp.helo": Bytes, to_server(STARTED) => |tx, _, _| Value::bytes(tx.helo.as_deref());
    /// Sender of the envelope (`MAIL FROM`), with its angle brackets.
    "smtp.mail_from": Bytes, to_server(STARTED) => |tx, _, _| Value::bytes(tx.mail_from.as_deref());
    /// Each recipient of the envelope (`RCPT TO`), with its angle brackets.
    "smtp.rcpt_to": Multi, to_server(STARTED) => |tx, _, nth| Value::nth(&tx.rcpt_to, nth);
    /// Header `From` of a mail.
    "email.from": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("from", 0));
    /// Header `Subject` of a mail, as it was sent.
    "email.subject": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("subject", 0));
    /// Header `To` of a mail.
    "email.to": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("to", 0));
    /// Header `Cc` of a mail.
    "email.cc": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("cc", 0));
    /// Header `Date` of a mail.
    "email.date": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("date", 0));
    /// Header `Message-ID` of a mail.
    "email.message_id": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("message-id", 0));
    /// Header `X-Mailer` of a mail.
    "email.x_mailer": Bytes, to_server(DATA) => |tx, _, _| Value::bytes(tx.header("x-mailer", 0));
    /// Each link in the text of a mail (`mime.extract-urls`), without its scheme unless `mime.log-url-scheme` is on.
    "email.url": Multi, to_server(DATA) => |tx, _, nth| Value::nth(tx.mail.as_ref().map_or(&[], |mail| mail.links()), nth);
    /// Each header `Received` of a mail.
    "email.received": Multi, to_server(DATA) => |tx, _, nth| Value::bytes(tx.header("received", nth));
    /// Content of each file, decoded.
    "file.data" [alias "file_data"]: Bodies, to_server(DATA) => |tx, direction, nth| {
        let file = tx.files.of(direction).get(nth as usize);
        file.map_or(Value::Absent, |file| file_data(file, tx.inspect_from))
    };
};
