//! EVE: the `template` event, which `template.eve.json` describes.

use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_eve::Object;

use super::stage;
use super::transaction::TemplateTransaction;

pub(super) const LOGGERS: &[TxLogger<TemplateTransaction>] = &[TxLogger::new(
    "template",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= stage::COMPLETE),
    write,
)];

fn write(tx: &TemplateTransaction, _: &TxHead, (): &(), out: &mut Object<'_>) {
    out.bytes("request", tx.question());
    if let Some(response) = &tx.response {
        out.bytes("response", response);
    }
}
