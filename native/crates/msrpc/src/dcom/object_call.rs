//! What a call is told about the object it is made on.

use std::sync::Arc;

use crate::automation::{ComClass, find_class};
use crate::{Uuid, WmiClient};

/// What a call says about the object it is made on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectCall {
    /// The class activated: by this call, or by the one that led to the object it is made on.
    pub clsid: Option<Uuid>,
    /// IIDs an activation or a query asks for.
    pub iids: Vec<Uuid>,
    /// The apartment the object lives in.
    pub oxid: Option<u64>,
    /// Name of the automation member invoked, with its type where that is known: `View.ExecuteShellCommand`.
    pub method: Option<String>,
    /// Its number.
    pub dispid: Option<i32>,
    /// The WMI namespace of the login that gave the object, or that this login asks for.
    pub namespace: Option<Arc<str>>,
    /// What the calls of one chain share, whatever object and connection they are made on: the causality id.
    /// [MS-DCOM] 2.2.13.3.
    pub causality: Option<Uuid>,
    /// The server's process id: 16 bits of the IPID, as Windows makes them.
    pub server_pid: Option<u16>,
    /// The process that calls, where it said so earlier on the object or in the association.
    pub client: Option<Arc<WmiClient>>,
}

impl ObjectCall {
    /// The class, out of the table.
    #[must_use]
    pub fn class(&self) -> Option<&'static ComClass> {
        find_class(self.clsid.as_ref()?)
    }
}
