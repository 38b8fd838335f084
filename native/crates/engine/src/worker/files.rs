//! Files of transactions: what is wanted of them, their events, and what of them goes to the file store.

use sidewire_app_layer::{LogForm, ProtocolDef, TxConsumer};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use sidewire_decode::Packet;
use sidewire_detect::RuleSet;
use sidewire_files::{FileHash, FilePolicy, StoreDecision, StoreState, write_fileinfo};
use sidewire_magic::Magic;

use crate::config::setup::RunSetup;
use crate::output::format::eve::{AlertTransaction, EveOutput, EventKind, address_member};
use crate::output::writer::record::{FileRecord, FileStep};
use crate::worker::conversation::{AppLayerState, ConversationFlow, FlowStorage};
use crate::worker::envelope::envelope;
use crate::worker::log::LogStage;

/// What rules and outputs want of files, by protocol and direction.
pub(crate) struct FilePolicies {
    by_protocol: Vec<PerDirection<FilePolicy>>,
}

impl FilePolicies {
    pub(crate) fn new(rules: &RuleSet, setup: &RunSetup) -> Self {
        let forced = setup.files.policy;
        let of_rules = |number| {
            let mut policy: PerDirection<FilePolicy> = rules.file_policy(number);
            if setup.files.store.is_none() {
                policy.iter_mut().for_each(|policy| policy.store = StoreDecision::Never);
            }
            policy.map(|policy| policy.and(forced))
        };
        Self { by_protocol: (0..setup.protocols.len()).map(ProtocolId::at).map(of_rules).collect() }
    }

    /// What is wanted of the files of a flow.
    #[inline]
    pub(crate) fn of(&self, app: &AppLayerState) -> PerDirection<FilePolicy> {
        let policy = app.protocol.and_then(|number| self.by_protocol.get(number.index()));
        let mut policy = policy.copied().unwrap_or_default();
        for direction in Direction::BOTH {
            if app.store_files[direction] && policy[direction].store == StoreDecision::Maybe {
                policy[direction].store = StoreDecision::Always;
            }
        }
        policy
    }

    /// libmagic, if somebody wants names of it and it is there.
    pub(crate) fn open_magic(&self, setup: &RunSetup) -> Option<Magic> {
        self.want_magic().then(|| Magic::open(setup.files.magic_database.as_deref()).ok()).flatten()
    }

    /// Does anybody want names of libmagic?
    pub(crate) fn want_magic(&self) -> bool {
        let wants = |policy: &FilePolicy| policy.magic != sidewire_files::MagicUse::Never;
        self.by_protocol.iter().flat_map(PerDirection::iter).any(wants)
    }
}

/// Does with a flow what rules want of its files: it is followed as far as the file store does.
pub(crate) fn follow_files(flow: &mut FlowStorage, depth: u64) {
    let wishes = flow.rules.file_wishes();
    if wishes.follow {
        flow.app.store_files = wishes.store;
        if let Some(tcp) = &mut flow.tcp {
            Direction::BOTH.into_iter().for_each(|direction| tcp.stream_mut(direction).raise_depth(depth));
        }
    }
}

impl LogStage {
    /// Hands what is new of a transaction's files to the file store, and writes the events of those that are over. Those that
    /// travel against the packet wait for one of their own direction, with which rules look at them first.
    pub(super) fn log_files(
        &mut self,
        flow: &mut ConversationFlow,
        at: Option<(&Packet<'_>, Direction)>,
        (protocol, number, position): (&ProtocolDef, usize, usize),
    ) {
        let mut waiting = false;
        for direction in Direction::BOTH {
            let session = flow.data.app.session.as_deref();
            let files =
                session.and_then(|session| session.files(position)).map_or(&[][..], |files| files.of(direction));
            if at.is_some_and(|(_, of)| of != direction) {
                waiting |= files.iter().any(|file| file.is_over() && !file.is_logged());
                continue;
            }
            for nth in 0..files.len() {
                let place = FilePlace { protocol, number, position, direction, nth };
                let packet = at.map(|(packet, _)| packet);
                if self.setup.files.store.is_some() {
                    self.store_file(flow, packet, place);
                }
                self.log_file(flow, packet, place);
            }
        }
        let Some(session) = flow.data.app.session.as_deref_mut() else { return };
        if let Some(head) = session.transactions_mut().head_mut(position) {
            head.files_waiting = waiting;
        }
        if waiting {
            session.transactions_mut().look_again(position, TxConsumer::Log);
            flow.data.app.files_waiting = true;
        }
    }

    fn log_file(&mut self, flow: &mut ConversationFlow, packet: Option<&Packet<'_>>, place: FilePlace<'_>) {
        let due = place.of(flow).is_some_and(|file| file.is_over() && !file.is_logged());
        if !due {
            return;
        }
        if self.writer.wants(EventKind::FILEINFO) {
            self.write_file(flow, packet, place, None);
        }
        if let Some(file) = place.of_mut(flow) {
            file.set_logged();
        }
    }

    /// Writes a file's event for every output that has it on; with `store`, for the file store.
    fn write_file(
        &mut self,
        flow: &ConversationFlow,
        packet: Option<&Packet<'_>>,
        place: FilePlace<'_>,
        store: Option<FileRecord>,
    ) {
        let Some(session) = flow.data.app.session.as_deref() else { return };
        let (Some(head), Some(info)) = (session.transactions().head(place.position), place.of(flow)) else { return };
        let FilePlace { protocol, number, position, direction, .. } = place;
        let (source, destination) = flow.endpoints(direction);
        let tx = AlertTransaction { session, protocol, number, position };
        let client = |output: &EveOutput| tx.forwarded_for(output, EventKind::FILEINFO, true);
        let community = |seed| sidewire_flow::community_id(flow, seed);
        let origin = self.origin(packet, Some(flow));
        // A file names its transaction itself.
        let mut envelope = envelope(packet, Some(flow), self.now, (Some(source), Some(destination)), &origin);
        envelope.community = Some(&community);
        envelope.forwarded = Some((direction, &client));
        let names = flow.data.app.names(self.setup.protocols);
        let fill = |output: &EveOutput, out: &mut sidewire_eve::Object<'_>| {
            // A file is told together with the transaction that carried it.
            tx.log_in_others(output, 0, LogForm::InOthers, out);
            names.write(out);
            out.object("fileinfo", |o| write_fileinfo(info, head.id, o));
            if let Some(address) = tx.forwarded_for(output, EventKind::FILEINFO, false) {
                address_member(out, "xff", address, output);
            }
        };
        match store {
            None => self.writer.event(EventKind::FILEINFO, &envelope, fill),
            Some(record) => self.writer.file_event(record, &envelope, fill),
        }
    }

    /// Hands what is new of a file to the store, if it is to go there.
    fn store_file(&mut self, flow: &mut ConversationFlow, packet: Option<&Packet<'_>>, place: FilePlace<'_>) {
        let Some(file) = place.of_mut(flow) else { return };
        let (key, written) = match file.store() {
            StoreState::Wanted => {
                let key = self.writer.next_file();
                self.writer.file_octets(FileRecord { key, step: FileStep::Begin }, &[]);
                (key, 0)
            }
            StoreState::Writing { key, written } => (key, written),
            StoreState::No | StoreState::Maybe | StoreState::Stored { .. } => return,
        };
        let new = file.content().from(written);
        if !new.is_empty() {
            self.writer.file_octets(FileRecord { key, step: FileStep::Octets }, new);
        }
        let written = written + new.len() as u64;
        if !file.is_over() {
            file.set_store(StoreState::Writing { key, written });
            return;
        }
        let mut sha256 = [0; 32];
        if let Some(digest) = file.digest(FileHash::Sha256) {
            sha256.copy_from_slice(digest);
        }
        file.set_store(StoreState::Stored { key });
        self.write_file(flow, packet, place, Some(FileRecord { key, step: FileStep::End { sha256, time: self.now } }));
    }
}

/// Where a file is.
#[derive(Clone, Copy)]
struct FilePlace<'p> {
    protocol: &'p ProtocolDef,
    /// Of the protocol in the list.
    number: usize,
    /// Of the transaction among the open ones.
    position: usize,
    direction: Direction,
    /// Among the files of the direction.
    nth: usize,
}

impl FilePlace<'_> {
    fn of(self, flow: &ConversationFlow) -> Option<&sidewire_files::File> {
        flow.data.app.session.as_deref()?.files(self.position)?.of(self.direction).get(self.nth)
    }

    fn of_mut(self, flow: &mut ConversationFlow) -> Option<&mut sidewire_files::File> {
        flow.data.app.session.as_deref_mut()?.files_mut(self.position)?.of_mut(self.direction).get_mut(self.nth)
    }
}
