//! Who calls: what security providers say, what a session is opened as, and what clients say of themselves.

use core::net::SocketAddr;
use std::sync::Arc;

use super::{Connection, MAX_SECURITY_CONTEXTS, RpcContext};
use crate::object_table::Association;
use crate::security::{Principal, Protected, SecurityContext};
use crate::{AuthLevel, Client, Exchange, Pdu, PduBody, SecTrailer};

impl Connection {
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
                let protected = Protected {
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
    pub(super) fn association(&self, around: &RpcContext<'_>) -> Option<Association> {
        let server = SocketAddr::new(around.server.address, around.server.port);
        let group = Some(self.association_group).filter(|group| *group != 0)?;
        Some(Association { client: around.client.address, server, group })
    }

    /// Who calls, in its own words: told by this call, earlier on its object, or earlier in its association.
    pub(super) fn identify(&mut self, exchange: &mut Exchange, around: &mut RpcContext<'_>) {
        let association = self.association(around);
        let told = Client::of(exchange).map(Arc::new);
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
