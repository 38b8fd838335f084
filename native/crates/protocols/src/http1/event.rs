//! What can be odd about HTTP/1.

use sidewire_app_layer::EventInfo;

macro_rules! events {
    ($($variant:ident $name:literal $doc:literal)*) => {
        /// The events, numbered by their place in [`EVENTS`]. Rules may name some that nothing raises here.
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(super) enum Event { $($variant),* }

        pub(super) const EVENTS: &[EventInfo] = &[$(EventInfo { name: $name, doc: $doc }),*];
    };
}

events! {
    GzipDecompressionFailed "gzip_decompression_failed" "A compressed body could not be decompressed."
    RequestFieldMissingColon "request_field_missing_colon" "A request header has no colon."
    ResponseFieldMissingColon "response_field_missing_colon" "A response header has no colon."
    InvalidRequestChunkLen "invalid_request_chunk_len" "The length of a request chunk is no number."
    InvalidResponseChunkLen "invalid_response_chunk_len" "The length of a response chunk is no number."
    InvalidTransferEncodingInRequest "invalid_transfer_encoding_value_in_request" "Transfer-Encoding of a request is unknown or not allowed in its version."
    InvalidTransferEncodingInResponse "invalid_transfer_encoding_value_in_response" "Transfer-Encoding of a response is unknown."
    InvalidContentLengthInRequest "invalid_content_length_field_in_request" "Content-Length of a request is no number."
    InvalidContentLengthInResponse "invalid_content_length_field_in_response" "Content-Length of a response is no number."
    DuplicateContentLengthInRequest "duplicate_content_length_field_in_request" "A request has two different Content-Lengths."
    DuplicateContentLengthInResponse "duplicate_content_length_field_in_response" "A response has two different Content-Lengths."
    ContinueAlreadySeen "100_continue_already_seen" "A second 100 Continue answers one request."
    UnableToMatchResponse "unable_to_match_response_to_request" "A response without a request."
    InvalidServerPort "invalid_server_port_in_request" "The port of the request's host is no port."
    InvalidAuthorityPort "invalid_authority_port" "The port of a CONNECT request is no port."
    RequestHeaderInvalid "request_header_invalid" "The name of a request header is no token."
    ResponseHeaderInvalid "response_header_invalid" "The name of a response header is no token."
    MissingHostHeader "missing_host_header" "An HTTP/1.1 request has no Host header."
    HostHeaderAmbiguous "host_header_ambiguous" "The Host header contradicts the request target."
    InvalidRequestFieldFolding "invalid_request_field_folding" "A request header begins with white space."
    InvalidResponseFieldFolding "invalid_response_field_folding" "A response header begins with white space."
    RequestFieldTooLong "request_field_too_long" "A line or header of a request is longer than the limit."
    ResponseFieldTooLong "response_field_too_long" "A line or header of a response is longer than the limit."
    RequestLineInvalid "request_line_invalid" "The request line holds neither a known method nor a version."
    RequestBodyUnexpected "request_body_unexpected" "Octets follow a request that are no request."
    ResponseBodyUnexpected "response_body_unexpected" "Octets follow a response that are no response."
    RequestServerPortMismatch "request_server_port_tcp_port_mismatch" "The port of the request's host is not the port it was sent to."
    RequestUriHostInvalid "request_uri_host_invalid" "The host in the request target is no host name."
    RequestHeaderHostInvalid "request_header_host_invalid" "The Host header is no host name."
    RequestAuthUnrecognized "request_auth_unrecognized" "The scheme of the Authorization header is unknown."
    RequestHeaderRepetition "request_header_repetition" "A request header is repeated."
    ResponseHeaderRepetition "response_header_repetition" "A response header is repeated."
    ResponseMultipartByteranges "response_multipart_byteranges" "A response body in byte ranges, which delimits itself."
    ResponseAbnormalTransferEncoding "response_abnormal_transfer_encoding" "Transfer-Encoding names more than chunked."
    ResponseChunkedOldProto "response_chunked_old_proto" "A chunked response before HTTP/1.1."
    ResponseInvalidProtocol "response_invalid_protocol" "The status line's version is none."
    ResponseInvalidStatus "response_invalid_status" "The status code is none."
    RequestLineIncomplete "request_line_incomplete" "A response came before the request line was complete."
    DoubleEncodedUri "double_encoded_uri" "The URI is percent-encoded twice."
    UriDelimNonCompliant "uri_delim_non_compliant" "The URI ends with something other than a space."
    MethodDelimNonCompliant "method_delim_non_compliant" "The method ends with something other than a space."
    RequestLineLeadingWhitespace "request_line_leading_whitespace" "White space stands before the method."
    TooManyEncodingLayers "too_many_encoding_layers" "The body is encoded more often than is undone."
    AbnormalCeHeader "abnormal_ce_header" "Content-Encoding holds an unusual value."
    RequestLineMissingProtocol "request_line_missing_protocol" "The request line has no version, yet headers follow."
    RequestLineUnknownMethod "request_line_unknown_method" "The request line is one unknown word."
    RequestChunkExtension "request_chunk_extension" "A request chunk has an extension."
    ResponseChunkExtension "response_chunk_extension" "A response chunk has an extension."
    SwitchingProtoWithContentLength "switching_proto_with_content_length" "101 Switching Protocols announces a body."
    CompressionBomb "compression_bomb" "A small body decompresses to a huge one."
    CompressionBombLimitReached "compression_bomb_limit_reached" "So many compression bombs that the flow is not decompressed any more."
    LzmaMemlimitReached "lzma_memlimit_reached" "LZMA needs more memory than it may have."
    RequestTooManyHeaders "request_too_many_headers" "A request has more headers than the limit."
    ResponseTooManyHeaders "response_too_many_headers" "A response has more headers than the limit."
    MultipartGenericError "multipart_generic_error" "A multipart body cannot be read."
    MultipartNoFiledata "multipart_no_filedata" "A file part of a multipart body holds nothing."
    MultipartInvalidHeader "multipart_invalid_header" "A part of a multipart body has a header that is none."
    TooManyWarnings "too_many_warnings" "More oddities than are told."
    RangeInvalid "range_invalid" "Content-Range is none."
    FileNameTooLong "file_name_too_long" "A file's name is longer than the limit."
    FailedProtocolChange "failed_protocol_change" "The flow cannot change to the protocol that was agreed on."
    UnknownError "unknown_error" "An oddity without a name of its own."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places() {
        assert_eq!(EVENTS[Event::GzipDecompressionFailed as usize].name, "gzip_decompression_failed");
        assert_eq!(EVENTS[Event::UnknownError as usize].name, "unknown_error");
        let mut names: Vec<_> = EVENTS.iter().map(|event| event.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EVENTS.len());
    }
}
