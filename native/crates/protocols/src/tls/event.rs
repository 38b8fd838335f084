//! What can be odd about TLS.

use smallvec::SmallVec;

sidewire_app_layer::events! {
    /// What can be odd about TLS.
    pub(super) enum TlsEvent {
        /// An SSL 2.0 record has no length, or less than its message needs.
        InvalidSslv2Header = "invalid_sslv2_header",
        /// The header of a record could not be read; never raised here.
        InvalidTlsHeader = "invalid_tls_header",
        /// A record has a version that never was.
        InvalidRecordVersion = "invalid_record_version",
        /// A record has a content type that does not exist.
        InvalidRecordType = "invalid_record_type",
        /// A record is empty, or longer than records may be.
        InvalidRecordLength = "invalid_record_length",
        /// A handshake message has a type that does not exist.
        InvalidHandshakeMessage = "invalid_handshake_message",
        /// A heartbeat message; never raised here.
        HeartbeatMessage = "heartbeat_message",
        /// A heartbeat has an unknown type, too little padding, or comes before the last one was answered.
        InvalidHeartbeatMessage = "invalid_heartbeat_message",
        /// A heartbeat says that it has more payload than its record (CVE-2014-0160).
        OverflowHeartbeatMessage = "overflow_heartbeat_message",
        /// An encrypted heartbeat is answered by a longer one (CVE-2014-0160).
        DataleakHeartbeatMismatch = "dataleak_heartbeat_mismatch",
        /// A field of a hello reaches past its end, or a handshake message is longer than is followed.
        HandshakeInvalidLength = "handshake_invalid_length",
        /// More than one server name.
        MultipleSniExtensions = "multiple_sni_extensions",
        /// A server name of a type that does not exist.
        InvalidSniType = "invalid_sni_type",
        /// A server name that is empty, or longer than names may be.
        InvalidSniLength = "invalid_sni_length",
        /// More records than fit the octets they came with.
        TooManyRecordsInPacket = "too_many_records_in_packet",
        /// A certificate could not be read, or its chain contradicts itself.
        InvalidCertificate = "invalid_certificate",
        /// A length in a certificate reaches past its end, or the chain is longer than is followed.
        CertificateInvalidLength = "certificate_invalid_length",
        /// A certificate has a version that does not exist.
        CertificateInvalidVersion = "certificate_invalid_version",
        /// A certificate has no proper serial number.
        CertificateInvalidSerial = "certificate_invalid_serial",
        /// An algorithm of a certificate has no proper identifier.
        CertificateInvalidAlgorithmIdentifier = "certificate_invalid_algorithmidentifier",
        /// A name in a certificate could not be read.
        CertificateInvalidX509Name = "certificate_invalid_x509name",
        /// A date of a certificate could not be read.
        CertificateInvalidDate = "certificate_invalid_date",
        /// The extensions of a certificate could not be read.
        CertificateInvalidExtensions = "certificate_invalid_extensions",
        /// A certificate is no proper DER.
        CertificateInvalidDer = "certificate_invalid_der",
        /// The subject of a certificate could not be read.
        CertificateInvalidSubject = "certificate_invalid_subject",
        /// The issuer of a certificate could not be read.
        CertificateInvalidIssuer = "certificate_invalid_issuer",
        /// The validity of a certificate could not be read.
        CertificateInvalidValidity = "certificate_invalid_validity",
        /// A certificate has more alternative names than are kept.
        TooManySubjectAlternativeNames = "too_many_subject_alternative_names",
        /// An SSL 2.0 error message.
        ErrorMessageEncountered = "error_message_encountered",
        /// An SSL 2.0 record, or the header of a handshake message, could not be read.
        InvalidSslRecord = "invalid_ssl_record",
    }
}

/// Events of a step, raised on the transaction after it.
#[derive(Debug, Default)]
pub(super) struct PendingEvents(SmallVec<[TlsEvent; 4]>);

impl PendingEvents {
    /// Notes an event; twice is once.
    pub(super) fn raise(&mut self, event: TlsEvent) {
        if !self.0.contains(&event) {
            self.0.push(event);
        }
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = TlsEvent> + use<> {
        core::mem::take(&mut self.0).into_iter()
    }
}
