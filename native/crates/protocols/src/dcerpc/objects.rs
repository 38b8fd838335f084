//! What one connection says that is needed to read another: DCOM objects, RPC associations, connections over HTTP, ports
//! that were announced. TCP, UDP, SMB and HTTP share it.

use sidewire_app_layer::{
    ExtensionDef, FlowExpectation, ParseContext, ProtocolExtension, ProtocolExtensions, RunResources, Transport,
};
use sidewire_base::Endpoint;
use sidewire_msrpc::ObjectTable;
use sidewire_msrpc::security::DecryptionSecrets;
use sidewire_msrpc::virtual_connection::VirtualConnections;

/// The worker's table of objects. Of the run's resources it takes the [`DecryptionSecrets`] that open sealed calls.
struct RpcObjects(ObjectTable);

impl ProtocolExtension for RpcObjects {
    fn new(resources: &RunResources) -> Self {
        Self(ObjectTable::with_secrets(resources.get::<DecryptionSecrets>()))
    }

    fn counters(&self, tell: &mut dyn FnMut(&'static str, u64)) {
        tell("app_layer.msrpc.memuse", self.0.octets_unfinished() as u64);
        tell("app_layer.msrpc.objects_evicted", self.0.evicted());
    }
}

/// The worker's connections of RPC over HTTP.
struct RpcChannels(VirtualConnections);

impl ProtocolExtension for RpcChannels {
    fn new(_: &RunResources) -> Self {
        Self(VirtualConnections::default())
    }
}

/// The extensions, for the declarations of those who use them.
pub(crate) const EXTENSION: ExtensionDef = ExtensionDef::of::<RpcObjects>();
pub(crate) const CHANNELS: ExtensionDef = ExtensionDef::of::<RpcChannels>();

/// The table of this worker.
#[inline]
pub(crate) fn objects(extensions: &mut ProtocolExtensions) -> &mut ObjectTable {
    &mut extensions.get::<RpcObjects>().0
}

/// The connections of RPC over HTTP of this worker.
pub(crate) fn channels(extensions: &mut ProtocolExtensions) -> &mut VirtualConnections {
    &mut extensions.get::<RpcChannels>().0
}

/// Hands on the dynamic ports that answers named: what connects to them will speak DCERPC.
pub(crate) fn announce(context: &mut ParseContext<'_>) {
    for socket in objects(context.extensions).take_announced() {
        context.expectations.push(FlowExpectation {
            client: None, // another host may have the reference by now
            server: Endpoint { address: socket.ip(), port: socket.port() },
            transport: Transport::Tcp,
            protocol: "dcerpc",
            expires: None,
        });
    }
}
