//! EVE: the `ssh` event, which `ssh.eve.json` describes.

use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_eve::Object;

use super::stage::{BANNER_DONE, FINISHED};
use super::transaction::{SshSide, SshTransaction};

pub(super) const LOGGERS: &[TxLogger<SshTransaction>] =
    &[TxLogger::new("ssh", is_due, |tx: &SshTransaction, _, (), out| write(tx, out)).without_tx()];

/// A session is told once both sides said what is told of them.
fn is_due(head: &TxHead, tx: &SshTransaction, last: bool) -> bool {
    let known = if tx.hassh_wanted { FINISHED } else { BANNER_DONE };
    let anything = tx.sides.iter().any(|side| side.banner.is_some());
    anything && (last || head.progress.iter().all(|progress| *progress >= known))
}

fn write(tx: &SshTransaction, out: &mut Object<'_>) {
    for (key, side) in [("client", &tx.sides.to_server), ("server", &tx.sides.to_client)] {
        if side.banner.is_some() {
            out.object(key, |o| write_side(side, o));
        }
    }
}

fn write_side(side: &SshSide, out: &mut Object<'_>) {
    if let Some(banner) = &side.banner {
        out.bytes("proto_version", &banner.protocol);
        if !banner.software.is_empty() {
            out.bytes("software_version", &banner.software);
        }
    }
    if let Some(hassh) = &side.hassh {
        out.object("hassh", |o| {
            o.str("hash", &hassh.hash).bytes("string", &hassh.string);
        });
    }
}
