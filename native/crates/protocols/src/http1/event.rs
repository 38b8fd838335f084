//! What can be odd about HTTP/1.

sidewire_app_layer::events! {
    /// What can be odd about HTTP/1.
    pub(super) enum HttpEvent {
        /// A compressed body could not be decompressed.
        GzipDecompressionFailed = "gzip_decompression_failed",
        /// A request header has no colon.
        RequestFieldMissingColon = "request_field_missing_colon",
        /// A response header has no colon.
        ResponseFieldMissingColon = "response_field_missing_colon",
        /// The length of a request chunk is no number.
        InvalidRequestChunkLen = "invalid_request_chunk_len",
        /// The length of a response chunk is no number.
        InvalidResponseChunkLen = "invalid_response_chunk_len",
        /// Transfer-Encoding of a request is unknown or not allowed in its version.
        InvalidTransferEncodingInRequest = "invalid_transfer_encoding_value_in_request",
        /// Transfer-Encoding of a response is unknown.
        InvalidTransferEncodingInResponse = "invalid_transfer_encoding_value_in_response",
        /// Content-Length of a request is no number.
        InvalidContentLengthInRequest = "invalid_content_length_field_in_request",
        /// Content-Length of a response is no number.
        InvalidContentLengthInResponse = "invalid_content_length_field_in_response",
        /// A request has two different Content-Lengths.
        DuplicateContentLengthInRequest = "duplicate_content_length_field_in_request",
        /// A response has two different Content-Lengths.
        DuplicateContentLengthInResponse = "duplicate_content_length_field_in_response",
        /// A second 100 Continue answers one request.
        ContinueAlreadySeen = "100_continue_already_seen",
        /// A response without a request.
        UnableToMatchResponse = "unable_to_match_response_to_request",
        /// The port of the request's host is no port.
        InvalidServerPort = "invalid_server_port_in_request",
        /// The port of a CONNECT request is no port.
        InvalidAuthorityPort = "invalid_authority_port",
        /// The name of a request header is no token.
        RequestHeaderInvalid = "request_header_invalid",
        /// The name of a response header is no token.
        ResponseHeaderInvalid = "response_header_invalid",
        /// An HTTP/1.1 request has no Host header.
        MissingHostHeader = "missing_host_header",
        /// The Host header contradicts the request target.
        HostHeaderAmbiguous = "host_header_ambiguous",
        /// A request header begins with white space.
        InvalidRequestFieldFolding = "invalid_request_field_folding",
        /// A response header begins with white space.
        InvalidResponseFieldFolding = "invalid_response_field_folding",
        /// A line or header of a request is longer than the limit.
        RequestFieldTooLong = "request_field_too_long",
        /// A line or header of a response is longer than the limit.
        ResponseFieldTooLong = "response_field_too_long",
        /// The request line holds neither a known method nor a version.
        RequestLineInvalid = "request_line_invalid",
        /// Octets follow a request that are no request.
        RequestBodyUnexpected = "request_body_unexpected",
        /// Octets follow a response that are no response.
        ResponseBodyUnexpected = "response_body_unexpected",
        /// The port of the request's host is not the port it was sent to.
        RequestServerPortMismatch = "request_server_port_tcp_port_mismatch",
        /// The host in the request target is no host name.
        RequestUriHostInvalid = "request_uri_host_invalid",
        /// The Host header is no host name.
        RequestHeaderHostInvalid = "request_header_host_invalid",
        /// The scheme of the Authorization header is unknown.
        RequestAuthUnrecognized = "request_auth_unrecognized",
        /// A request header is repeated.
        RequestHeaderRepetition = "request_header_repetition",
        /// A response header is repeated.
        ResponseHeaderRepetition = "response_header_repetition",
        /// A response body in byte ranges, which delimits itself.
        ResponseMultipartByteranges = "response_multipart_byteranges",
        /// Transfer-Encoding names more than chunked.
        ResponseAbnormalTransferEncoding = "response_abnormal_transfer_encoding",
        /// A chunked response before HTTP/1.1.
        ResponseChunkedOldProto = "response_chunked_old_proto",
        /// The status line's version is none.
        ResponseInvalidProtocol = "response_invalid_protocol",
        /// The status code is none.
        ResponseInvalidStatus = "response_invalid_status",
        /// A response came before the request line was complete.
        RequestLineIncomplete = "request_line_incomplete",
        /// The URI is percent-encoded twice.
        DoubleEncodedUri = "double_encoded_uri",
        /// The URI ends with something other than a space.
        UriDelimNonCompliant = "uri_delim_non_compliant",
        /// The method ends with something other than a space.
        MethodDelimNonCompliant = "method_delim_non_compliant",
        /// White space stands before the method.
        RequestLineLeadingWhitespace = "request_line_leading_whitespace",
        /// The body is encoded more often than is undone.
        TooManyEncodingLayers = "too_many_encoding_layers",
        /// Content-Encoding holds an unusual value.
        AbnormalCeHeader = "abnormal_ce_header",
        /// The request line has no version, yet headers follow.
        RequestLineMissingProtocol = "request_line_missing_protocol",
        /// The request line is one unknown word.
        RequestLineUnknownMethod = "request_line_unknown_method",
        /// A request chunk has an extension.
        RequestChunkExtension = "request_chunk_extension",
        /// A response chunk has an extension.
        ResponseChunkExtension = "response_chunk_extension",
        /// 101 Switching Protocols announces a body.
        SwitchingProtoWithContentLength = "switching_proto_with_content_length",
        /// A small body decompresses to a huge one.
        CompressionBomb = "compression_bomb",
        /// So many compression bombs that the flow is not decompressed any more.
        CompressionBombLimitReached = "compression_bomb_limit_reached",
        /// LZMA needs more memory than it may have.
        LzmaMemlimitReached = "lzma_memlimit_reached",
        /// A request has more headers than the limit.
        RequestTooManyHeaders = "request_too_many_headers",
        /// A response has more headers than the limit.
        ResponseTooManyHeaders = "response_too_many_headers",
        /// A multipart body cannot be read.
        MultipartGenericError = "multipart_generic_error",
        /// A file part of a multipart body holds nothing.
        MultipartNoFiledata = "multipart_no_filedata",
        /// A part of a multipart body has a header that is none.
        MultipartInvalidHeader = "multipart_invalid_header",
        /// More oddities than are told.
        TooManyWarnings = "too_many_warnings",
        /// Content-Range is none.
        RangeInvalid = "range_invalid",
        /// A file's name is longer than the limit.
        FileNameTooLong = "file_name_too_long",
        /// The flow cannot change to the protocol that was agreed on.
        FailedProtocolChange = "failed_protocol_change",
        /// An oddity without a name of its own.
        UnknownError = "unknown_error",
    }
}
