//! What can be odd about TLS.

use sidewire_app_layer::EventInfo;

macro_rules! events {
    ($($variant:ident $name:literal $doc:literal)*) => {
        /// The events, numbered by their place in [`EVENTS`]. Rules may name some that nothing raises here.
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(super) enum TlsEvent { $($variant),* }

        pub(super) const EVENTS: &[EventInfo] = &[$(EventInfo { name: $name, doc: $doc }),*];
    };
}

events! {
    InvalidSslv2Header "invalid_sslv2_header" "An SSL 2.0 record has no length, or less than its message needs."
    InvalidTlsHeader "invalid_tls_header" "The header of a record could not be read; never raised here."
    InvalidRecordVersion "invalid_record_version" "A record has a version that never was."
    InvalidRecordType "invalid_record_type" "A record has a content type that does not exist."
    InvalidRecordLength "invalid_record_length" "A record is empty, or longer than records may be."
    InvalidHandshakeMessage "invalid_handshake_message" "A handshake message has a type that does not exist."
    HeartbeatMessage "heartbeat_message" "A heartbeat message; never raised here."
    InvalidHeartbeatMessage "invalid_heartbeat_message" "A heartbeat has an unknown type, too little padding, or comes before the last one was answered."
    OverflowHeartbeatMessage "overflow_heartbeat_message" "A heartbeat says that it has more payload than its record (CVE-2014-0160)."
    DataleakHeartbeatMismatch "dataleak_heartbeat_mismatch" "An encrypted heartbeat is answered by a longer one (CVE-2014-0160)."
    HandshakeInvalidLength "handshake_invalid_length" "A field of a hello reaches past its end, or a handshake message is longer than is followed."
    MultipleSniExtensions "multiple_sni_extensions" "More than one server name."
    InvalidSniType "invalid_sni_type" "A server name of a type that does not exist."
    InvalidSniLength "invalid_sni_length" "A server name that is empty, or longer than names may be."
    TooManyRecordsInPacket "too_many_records_in_packet" "More records than fit the octets they came with."
    InvalidCertificate "invalid_certificate" "A certificate could not be read, or its chain contradicts itself."
    CertificateInvalidLength "certificate_invalid_length" "A length in a certificate reaches past its end, or the chain is longer than is followed."
    CertificateInvalidVersion "certificate_invalid_version" "A certificate has a version that does not exist."
    CertificateInvalidSerial "certificate_invalid_serial" "A certificate has no proper serial number."
    CertificateInvalidAlgorithmIdentifier "certificate_invalid_algorithmidentifier" "An algorithm of a certificate has no proper identifier."
    CertificateInvalidX509Name "certificate_invalid_x509name" "A name in a certificate could not be read."
    CertificateInvalidDate "certificate_invalid_date" "A date of a certificate could not be read."
    CertificateInvalidExtensions "certificate_invalid_extensions" "The extensions of a certificate could not be read."
    CertificateInvalidDer "certificate_invalid_der" "A certificate is no proper DER."
    CertificateInvalidSubject "certificate_invalid_subject" "The subject of a certificate could not be read."
    CertificateInvalidIssuer "certificate_invalid_issuer" "The issuer of a certificate could not be read."
    CertificateInvalidValidity "certificate_invalid_validity" "The validity of a certificate could not be read."
    TooManySubjectAlternativeNames "too_many_subject_alternative_names" "A certificate has more alternative names than are kept."
    ErrorMessageEncountered "error_message_encountered" "An SSL 2.0 error message."
    InvalidSslRecord "invalid_ssl_record" "An SSL 2.0 record, or the header of a handshake message, could not be read."
}
