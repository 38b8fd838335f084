//! Who calls: what security providers say, what a session is opened as, and what clients say of themselves.

use core::net::SocketAddr;
use std::sync::Arc;

use sidewire_base::Time;

use super::{MAX_SECURITY_CONTEXTS, RpcConnection, RpcContext};
use crate::datum::StubValue;
use crate::interfaces::known;
use crate::object_table::AssociationGroup;
use crate::security::{Principal, ProtectedPdu, SecurityContext};
use crate::{AuthLevel, Pdu, PduBody, RpcExchange, SecTrailer, WmiClient};

impl RpcConnection {
    /// Takes what a PDU's security provider sent: the legs of authentication, and the octets of a sealed stub with its
    /// padding where a secret opens it.
    pub(super) fn protected(&mut self, pdu: &Pdu<'_>, data: &[u8], around: &RpcContext<'_>) -> Option<Vec<u8>> {
        let trailer = pdu.trailer.filter(|_| pdu.missing == 0)?;
        let known = self.security.iter().position(|context| context.id == trailer.context_id);
        match pdu.body {
            PduBody::Bind { .. } | PduBody::Auth3 => {
                let position = known.unwrap_or_else(|| {
                    if self.security.len() >= MAX_SECURITY_CONTEXTS {
                        self.security.remove(0);
                    }
                    self.security.push(SecurityContext::new(trailer.context_id));
                    self.security.len() - 1
                });
                self.security.get_mut(position)?.client_token(pdu.token, around.objects.secrets());
                None
            }
            PduBody::BindAck { .. } => {
                self.security.get_mut(known?)?.server_token(pdu.token);
                None
            }
            PduBody::Request { stub, .. } | PduBody::Response { stub, .. } | PduBody::Fault { stub, .. } => {
                if trailer.auth_level <= AuthLevel::CONNECT || around.objects.secrets().is_none() {
                    return None;
                }
                let context = self.security.get_mut(known?)?;
                let at = data.len().checked_sub(pdu.token.len() + SecTrailer::LENGTH)?;
                let start = at.checked_sub(usize::from(trailer.pad_length))?.checked_sub(stub.len())?;
                let protected = ProtectedPdu {
                    before: data.get(..start)?,
                    octets: data.get(start..at)?,
                    after: data.get(at..at + SecTrailer::LENGTH)?,
                    token: pdu.token,
                    sealed: !trailer.auth_level.visibility().is_readable(),
                };
                context.open(pdu.header.pdu_type.direction()?, &protected)
            }
            _ => None,
        }
    }

    /// Who a call is made as: by its own security context, by the connection's only one where the level needs no trailer,
    /// else by the session that carries it.
    pub(super) fn principal(&self, pdu: &Pdu<'_>, around: &RpcContext<'_>) -> Option<Arc<Principal>> {
        let context = match (pdu.trailer, self.bind_auth) {
            (Some(trailer), _) => self.security.iter().find(|context| context.id == trailer.context_id),
            (None, Some(auth)) if auth.level <= AuthLevel::CONNECT => self.security.last(),
            _ => None,
        };
        context.and_then(|context| context.principal.as_ref()).or(around.session).cloned()
    }

    /// The association group, once it is known.
    pub(super) fn association(&self, around: &RpcContext<'_>) -> Option<AssociationGroup> {
        let server = SocketAddr::new(around.server.address, around.server.port);
        let group = Some(self.association_group).filter(|group| *group != 0)?;
        Some(AssociationGroup { client: around.client.address, server, group })
    }

    /// Who calls, in its own words: told by this call, earlier on its object, or earlier in its association.
    pub(super) fn identify(&mut self, exchange: &mut RpcExchange, around: &mut RpcContext<'_>) {
        let association = self.association(around);
        let told = told_client(exchange).map(Arc::new);
        let Some(dcom) = &mut exchange.dcom else { return };
        if let Some(told) = told {
            self.client = Some(Arc::clone(&told));
            if let Some(association) = association {
                around.objects.identify(association, Arc::clone(&told));
            }
            let of = exchange.object.and_then(|ipid| around.objects.pointer(around.server.address, ipid));
            if let Some(object) = of.and_then(|of| around.objects.object_mut(of.key())) {
                object.client = Some(Arc::clone(&told));
            }
            dcom.client = Some(told);
        }
        if dcom.client.is_none() {
            let of_association = association.and_then(|association| around.objects.client_of(&association));
            dcom.client = self.client.as_ref().or(of_association).cloned();
        }
    }
}

/// What a call says of who makes it.
fn told_client(exchange: &RpcExchange) -> Option<WmiClient> {
    let (known::IWBEM_LOGIN_CLIENT_ID | known::IWBEM_LOGIN_CLIENT_IDEX, Some(3)) =
        (exchange.interface?.id.uuid, exchange.opnum)
    else {
        return None;
    };
    let arguments = &exchange.arguments;
    let number = |name: &str| match arguments.get(name) {
        Some(StubValue::Uint(number)) => Some(*number),
        _ => None,
    };
    let found = WmiClient {
        host: arguments.text("client_host").map(str::to_owned),
        fqdn: arguments.text("client_fqdn").map(str::to_owned),
        pid: number("client_pid").and_then(|pid| pid.try_into().ok()),
        start_time: number("process_created").and_then(file_time),
    };
    (found.host.is_some() || found.pid.is_some()).then_some(found)
}

/// FILETIME: units of 100 ns since 1601. [MS-DTYP] 2.3.3. `None` before 1970, which no process of these protocols is.
fn file_time(units: u64) -> Option<Time> {
    const UNITS_TO_1970: u64 = 116_444_736_000_000_000;
    let nanos = units.checked_sub(UNITS_TO_1970)?.checked_mul(100)?;
    Some(Time(i64::try_from(nanos).ok()?))
}
