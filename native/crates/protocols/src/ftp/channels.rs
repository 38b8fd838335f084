//! What control connections say of the data connections of a worker: the command that each of them is for.

use core::net::IpAddr;
use std::collections::{HashMap, VecDeque};

use sidewire_app_layer::{ExtensionDef, ProtocolExtension, RunResources};
use sidewire_base::{Direction, Endpoint};

use super::command::TransferCommand;

/// Transfers that are remembered, oldest forgotten first.
const MAX_TRANSFERS: usize = 16_384;

/// Who opens a data connection, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DataChannel {
    pub(super) client: IpAddr,
    pub(super) server: Endpoint,
}

/// What a data connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FtpTransfer {
    pub(super) command: TransferCommand,
    pub(super) name: Box<[u8]>,
    /// Which way the octets of the data connection will travel.
    pub(super) direction: Direction,
}

/// The transfers that were asked for.
pub(super) struct FtpTransfers {
    wanted: HashMap<DataChannel, (FtpTransfer, u64)>,
    /// As they came; one that was begun and is wanted again has another number.
    order: VecDeque<(DataChannel, u64)>,
    asked: u64,
    evicted: u64,
}

/// The extension, for the declarations of those who use it.
pub(super) const EXTENSION: ExtensionDef = ExtensionDef::of::<FtpTransfers>();

impl ProtocolExtension for FtpTransfers {
    fn new(_: &RunResources) -> Self {
        Self { wanted: HashMap::new(), order: VecDeque::new(), asked: 0, evicted: 0 }
    }

    fn counters(&self, tell: &mut dyn FnMut(&'static str, u64)) {
        tell("ftp.transfers_evicted", self.evicted);
    }
}

impl FtpTransfers {
    /// A transfer was asked for. One that was asked for before it, and did not begin, gives way.
    pub(super) fn ask(&mut self, channel: DataChannel, transfer: FtpTransfer) {
        if let Some((known, _)) = self.wanted.get_mut(&channel) {
            *known = transfer;
            return;
        }
        self.asked += 1;
        self.wanted.insert(channel, (transfer, self.asked));
        self.order.push_back((channel, self.asked));
        if self.order.len() > MAX_TRANSFERS
            && let Some((oldest, number)) = self.order.pop_front()
            && self.wanted.get(&oldest).is_some_and(|(_, known)| *known == number)
        {
            self.wanted.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// A data connection begins: what it is for, if that is known.
    pub(super) fn begin(&mut self, client: Endpoint, server: Endpoint) -> Option<FtpTransfer> {
        if let Some((transfer, _)) = self.wanted.remove(&DataChannel { client: client.address, server }) {
            return Some(transfer);
        }
        // One whose first packet was the server's has its ends the wrong way round.
        let (transfer, _) = self.wanted.remove(&DataChannel { client: server.address, server: client })?;
        Some(FtpTransfer { direction: transfer.direction.flip(), ..transfer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_belongs_to_one_connection_and_the_oldest_gives_way() {
        let mut transfers = FtpTransfers::new(&RunResources::default());
        let transfer =
            FtpTransfer { command: TransferCommand::Store, name: (*b"x").into(), direction: Direction::ToServer };
        let client = Endpoint { address: IpAddr::from([192, 0, 2, 1]), port: 5000 };
        let at = |number: u32| Endpoint { address: IpAddr::from(number.to_be_bytes()), port: 6000 };
        let ask = |transfers: &mut FtpTransfers, number| {
            transfers.ask(DataChannel { client: client.address, server: at(number) }, transfer.clone());
        };
        ask(&mut transfers, 1);
        assert_eq!(transfers.begin(client, at(2)), None);
        assert_eq!(transfers.begin(client, at(1)), Some(transfer.clone()));
        assert_eq!(transfers.begin(client, at(1)), None);
        ask(&mut transfers, 1);
        assert_eq!(transfers.begin(at(1), client).unwrap().direction, Direction::ToClient);
        let most = u32::try_from(MAX_TRANSFERS).unwrap();
        (10..10 + most + 1).for_each(|number| ask(&mut transfers, number));
        assert!(transfers.begin(client, at(10)).is_none() && transfers.begin(client, at(10 + most)).is_some());
    }
}
