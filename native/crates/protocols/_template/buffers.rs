//! What rules can look into.

use sidewire_app_layer::{Buffer, Value, buffers};

use super::stage::COMPLETE;
use super::transaction::TemplateTransaction;

pub(super) const BUFFERS: &[Buffer<TemplateTransaction>] = buffers! {
    /// What the client asks, without the first word.
    "template.request": Bytes, to_server(COMPLETE) => |tx, _, _| Value::Bytes(tx.question());
};
