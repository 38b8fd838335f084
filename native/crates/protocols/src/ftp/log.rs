//! EVE: the `ftp` event, which `ftp.eve.json` describes.

use sidewire_app_layer::TxLogger;
use sidewire_eve::Object;

use super::stage;
use super::transaction::{DataMode, FtpTransaction};

pub(super) const LOGGERS: &[TxLogger<FtpTransaction>] = &[TxLogger::new(
    "ftp",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= stage::COMPLETE),
    |tx: &FtpTransaction, _, (), out| write(tx, out),
)
.without_tx()];

fn write(tx: &FtpTransaction, out: &mut Object<'_>) {
    if let Some(command) = &tx.command {
        out.bytes("command", command);
        if !tx.argument.is_empty() {
            out.bytes("command_data", &tx.argument).bool("command_truncated", tx.command_cut);
        }
    }
    if tx.replies.iter().any(|line| line.code.is_some()) {
        out.array("completion_code", |list| {
            for code in tx.replies.iter().filter_map(|line| line.code) {
                list.bytes(&code);
            }
        });
    }
    if !tx.replies.is_empty() {
        out.array("reply", |list| {
            for line in &tx.replies {
                list.bytes(&line.text);
            }
        });
    }
    if let Some(data) = tx.data {
        out.u64("dynamic_port", data.address.port);
        out.str("mode", if data.mode == DataMode::Active { "active" } else { "passive" });
    }
    out.str("reply_received", if tx.answered { "yes" } else { "no" });
    out.bool("reply_truncated", tx.reply_cut);
}
