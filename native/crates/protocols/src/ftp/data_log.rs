//! EVE: the `ftp_data` event, which `ftp_data.eve.json` describes.

use sidewire_app_layer::{Logger, TxHead};
use sidewire_eve::Object;

use super::data::FtpDataTransaction;
use super::stage;

pub(super) const LOGGERS: &[Logger<FtpDataTransaction>] = &[Logger::new(
    "ftp_data",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= stage::COMPLETE),
    |tx: &FtpDataTransaction, _: &TxHead, (), out| write(tx, out),
)
.switched_by("ftp")
.without_tx()];

fn write(tx: &FtpDataTransaction, out: &mut Object<'_>) {
    let Some(transfer) = &tx.transfer else { return };
    if !transfer.name.is_empty() {
        out.bytes("filename", &transfer.name);
    }
    out.str("command", transfer.command.word());
}
