//! EVE: `smb` in the shape of Suricata 8, and `msrpc` for calls on pipes.

use core::fmt;

use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_eve::{Array, Object};
use sidewire_msrpc::{ExchangeHalf, PduType, ProtocolSequence, RpcExchange, write_msrpc};
use sidewire_tables::{FSCTL, NTSTATUS};

use super::file::FileId;
use super::kinds::EveSmbOptions;
use super::names::{dos_error, server_error, smb1_command, smb2_command, smb2_dialect};
use super::stage::BOTH_COMPLETE;
use super::transaction::{
    CreateDetail, DeleteDetail, NativeSystem, NegotiateDetail, SessionSetup, SmbCommand, SmbDialect, SmbStatus,
    SmbTransaction, TreeConnect, TxDetail,
};
use sidewire_msrpc::security::SessionCredentials;

pub(super) const LOGGERS: &[TxLogger<SmbTransaction, EveSmbOptions>] = &[
    TxLogger::new("smb", |head, tx, last| is_ready(head, last) && !matches!(tx.detail, TxDetail::Encrypted), write)
        .wanted_if(|tx, options| options.want(tx.kind)),
    TxLogger::new(
        "msrpc",
        |head, tx, last| is_ready(head, last) && tx.call().is_some_and(|call| call.exchange.is_told()),
        |tx, head, _, out| {
            if let Some(call) = tx.call().filter(|call| call.exchange.is_call() || call.exchange.is_told()) {
                let pipe = call.pipe.as_deref().map(String::from_utf8_lossy);
                write_msrpc(&call.exchange, ProtocolSequence::Smb, pipe.as_deref(), head.started, out);
            }
        },
    ),
];

fn is_ready(head: &TxHead, last: bool) -> bool {
    last || head.progress == BOTH_COMPLETE
}

/// An empty name in a create stands for the share itself; Zeek's word for it, which Suricata took.
const SHARE_ROOT: &[u8] = b"<share_root>";

fn write(tx: &SmbTransaction, head: &TxHead, _: &EveSmbOptions, out: &mut Object<'_>) {
    if matches!(tx.detail, TxDetail::Encrypted) {
        return;
    }
    out.u64("id", head.id.0 + 1);
    match &tx.dialect {
        SmbDialect::Unknown => out.str("dialect", "unknown"),
        SmbDialect::Smb1(name) => out.bytes("dialect", name),
        SmbDialect::Smb2(number) => named(out, "dialect", smb2_dialect(*number), *number),
    };
    match tx.command {
        SmbCommand::Smb1(command) => named(out, "command", smb1_command(command), command),
        SmbCommand::Smb2(command) => named(out, "command", smb2_command(command), command),
    };
    if let Some(status) = tx.status {
        write_status(status, out);
    }
    out.u64("session_id", tx.session_id).u64("tree_id", tx.tree_id);
    let is_smb1 = matches!(tx.command, SmbCommand::Smb1(_));
    match &tx.detail {
        TxDetail::None | TxDetail::Encrypted => {}
        TxDetail::Negotiate(negotiate) => write_negotiate(negotiate, out),
        TxDetail::SessionSetup(setup) => write_session_setup(setup, out),
        TxDetail::TreeConnect(tree) => write_tree_connect(tree, is_smb1, out),
        TxDetail::Create(create) => write_create(create, out),
        TxDetail::File(file) => {
            out.bytes("filename", &file.name).bytes("share", &file.share);
            out.fmt("fuid", format_args!("{}", Fuid(Some(file.file))));
        }
        TxDetail::Rename(rename) => {
            if !is_smb1 {
                out.object("set_info", |o| {
                    o.str("class", "FILE_INFO").str("info_level", "SMB2_FILE_RENAME_INFO");
                });
            }
            out.object("rename", |o| {
                o.bytes("from", &rename.from).bytes("to", &rename.to);
            });
            out.fmt("fuid", format_args!("{}", Fuid(rename.file)));
        }
        TxDetail::Delete(delete) => write_delete(delete, out),
        TxDetail::Ioctl(function) => {
            named(out, "function", FSCTL.name(*function), *function);
        }
        TxDetail::Call(call) => {
            out.object("dcerpc", |o| write_dcerpc(&call.exchange, o));
        }
    }
}

/// The name of a number, or the number itself where it has none.
fn named<'o, 'b>(
    out: &'o mut Object<'b>,
    key: &'static str,
    name: Option<&str>,
    number: impl fmt::Display,
) -> &'o mut Object<'b> {
    match name {
        Some(name) => out.str(key, name),
        None => out.fmt(key, format_args!("{number}")),
    }
}

fn write_status(status: SmbStatus, out: &mut Object<'_>) {
    match status {
        SmbStatus::Nt(status) => {
            named(out, "status", NTSTATUS.name(status), status);
            out.hex("status_code", status, 1);
        }
        SmbStatus::Dos { class, code } => {
            match class {
                1 => named(out, "status", dos_error(code), code),
                2 => named(out, "status", server_error(code), code),
                _ => out.fmt("status", format_args!("UNKNOWN_{class:02x}_{code:04x}")),
            };
            out.hex("status_code", code, 4);
        }
    }
}

fn write_negotiate(negotiate: &NegotiateDetail, out: &mut Object<'_>) {
    if !negotiate.dialects.is_empty() || !negotiate.dialects2.is_empty() {
        out.array("client_dialects", |a| {
            for dialect in &negotiate.dialects {
                a.bytes(dialect);
            }
            for dialect in &negotiate.dialects2 {
                match smb2_dialect(*dialect) {
                    Some(name) => a.str(name),
                    None => a.fmt(format_args!("{dialect}")),
                };
            }
        });
    }
    if let Some(guid) = negotiate.client_guid {
        out.fmt("client_guid", format_args!("{}", Fuid(Some(FileId::Smb2(guid)))));
    }
    out.fmt("server_guid", format_args!("{}", Fuid(negotiate.server_guid.map(FileId::Smb2))));
    if negotiate.max_read > 0 {
        out.u64("max_read_size", negotiate.max_read);
    }
    if negotiate.max_write > 0 {
        out.u64("max_write_size", negotiate.max_write);
    }
}

fn write_session_setup(setup: &SessionSetup, out: &mut Object<'_>) {
    let SessionCredentials { ntlm, kerberos, .. } = &setup.credentials;
    if let Some(user) = ntlm {
        out.object("ntlmssp", |o| {
            o.bytes("domain", &user.domain).bytes("user", &user.user).bytes("host", &user.host);
            if let Some(version) = user.version {
                o.fmt("version", format_args!("{version}"));
            }
            if user.unusual_order {
                o.bool("warning", true);
            }
        });
    }
    if let Some(ticket) = kerberos {
        out.object("kerberos", |o| {
            o.bytes("realm", &ticket.realm);
            if !ticket.service.is_empty() {
                o.array("snames", |a: &mut Array<'_>| {
                    for part in &ticket.service {
                        a.bytes(part);
                    }
                });
            }
        });
    }
    let native = |side: &NativeSystem, o: &mut Object<'_>| {
        o.bytes("native_os", &side.os).bytes("native_lm", &side.lan_manager);
    };
    if let Some(side) = &setup.request {
        out.object("request", |o| native(side, o));
    }
    if let Some(side) = &setup.response {
        out.object("response", |o| native(side, o));
    }
}

fn write_tree_connect(tree: &TreeConnect, is_smb1: bool, out: &mut Object<'_>) {
    out.bytes(if tree.is_pipe { "named_pipe" } else { "share" }, &tree.path);
    if is_smb1 {
        out.object("service", |o| {
            for (key, service) in ["request", "response"].into_iter().zip(&tree.services) {
                if let Some(service) = service {
                    o.bytes(key, service);
                }
            }
        });
    } else {
        let name = match tree.share_type {
            1 => "FILE",
            2 => "PIPE",
            3 => "PRINT",
            _ => "UNKNOWN",
        };
        out.str("share_type", name);
    }
}

fn write_create(create: &CreateDetail, out: &mut Object<'_>) {
    if create.name.is_empty() {
        out.bytes("filename", SHARE_ROOT);
    } else {
        out.bytes(if create.directory { "directory" } else { "filename" }, &create.name);
    }
    let disposition = match create.disposition {
        0 => "FILE_SUPERSEDE",
        1 => "FILE_OPEN",
        2 => "FILE_CREATE",
        3 => "FILE_OPEN_IF",
        4 => "FILE_OVERWRITE",
        5 => "FILE_OVERWRITE_IF",
        _ => "UNKNOWN",
    };
    out.str("disposition", disposition).str("access", access(create.delete_on_close));
    let keys = ["created", "accessed", "modified", "changed"];
    for (key, time) in keys.into_iter().zip(create.times) {
        out.u64(key, time);
    }
    out.u64("size", create.size).fmt("fuid", format_args!("{}", Fuid(create.file)));
}

const fn access(delete: bool) -> &'static str {
    if delete { "delete on close" } else { "normal" }
}

fn write_delete(delete: &DeleteDetail, out: &mut Object<'_>) {
    if delete.by_name {
        return;
    }
    let name: &[u8] = if delete.name.is_empty() { SHARE_ROOT } else { &delete.name };
    out.bytes("filename", name).str("access", access(delete.delete));
    if let Some((subcommand, level)) = delete.trans2 {
        match subcommand {
            8 => {
                out.str("subcmd", "SET_FILE_INFO");
            }
            6 => {
                out.str("subcmd", "SET_PATH_INFO");
            }
            _ => {}
        }
        if level == 1013 {
            out.str("level_of_interest", "Set Disposition Information");
        }
    }
    out.fmt("fuid", format_args!("{}", Fuid(delete.file)));
}

/// `smb.dcerpc` has another shape than `dcerpc`.
fn write_dcerpc(exchange: &RpcExchange, out: &mut Object<'_>) {
    let request = exchange.request_type;
    match request {
        Some(request) => out.str("request", request.name()),
        None => out.str("request", "REQUEST_LOST"),
    };
    match exchange.response_type {
        Some(response) => out.str("response", response.name()),
        None => out.str("response", "UNREPLIED"),
    };
    if request == Some(PduType::REQUEST) {
        out.u64("opnum", exchange.opnum.unwrap_or_default());
        out.object("req", |o| {
            o.u64("frag_cnt", exchange.request.fragments);
            o.u64("stub_data_size", exchange.request.size_with_trailers);
        });
        if let Some(interface) = exchange.interface {
            out.array("interfaces", |a| {
                a.object(|o| {
                    o.uuid("uuid", interface.id.uuid.0);
                    o.fmt("version", format_args!("{}.{}", interface.id.version, interface.id.minor));
                });
            });
        }
    } else if request == Some(PduType::BIND) && !exchange.offers.is_empty() {
        out.array("interfaces", |a| {
            for offer in &exchange.offers {
                a.object(|o| {
                    o.uuid("uuid", offer.interface.uuid.0);
                    o.fmt("version", format_args!("{}.{}", offer.interface.version, offer.interface.minor));
                    if let Some(answer) = offer.result {
                        // Suricata never sets the reason over SMB, and what reads EVE knows it as 0.
                        o.u64("ack_result", answer.result).u64("ack_reason", 0_u8);
                    }
                });
            }
        });
    }
    if exchange.response_type == Some(PduType::RESPONSE) {
        out.object("res", |o| {
            let ExchangeHalf { fragments, size_with_trailers, .. } = exchange.response;
            o.u64("frag_cnt", fragments);
            // Over TCP Suricata counts the eight octets behind the common header of each fragment, too; over SMB it does not.
            o.u64("stub_data_size", size_with_trailers.saturating_sub(8 * u64::from(fragments)));
        });
    }
    out.u64("call_id", exchange.call_id);
}

/// A file id or GUID as EVE writes it: the last eight octets swapped in groups, which is Suricata's own order.
struct Fuid(Option<FileId>);

impl fmt::Display for Fuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(FileId::Smb1(file)) => write!(f, "{file:04x}"),
            Some(FileId::Smb2([a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q])) => {
                let text = sidewire_eve::uuid_text([d, c, b, a, g, e, i, h, k, j, m, l, q, p, o, n]);
                f.write_str(str::from_utf8(&text).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_ids_look_as_in_suricata() {
        let id = [0x4d, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Fuid(Some(FileId::Smb2(id))).to_string(), "0000004d-0000-0000-0005-0000ffffffff");
        assert_eq!(Fuid(Some(FileId::Smb1(10))).to_string(), "000a");
        assert_eq!(Fuid(None).to_string(), "");
    }
}
