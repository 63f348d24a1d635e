package org.hearth.server.http;

import java.net.InetAddress;
import java.util.Optional;
import java.util.function.Function;

/// What is known of a request before its body is read.
///
/// @param rawTarget path and query as they were sent
/// @param query the query, decoded
/// @param headers the first value of a header, by its name in any case
/// @param remoteAddress of the client, behind a trusted proxy or not
record RequestHead(
    String rawTarget,
    Query query,
    Function<String, Optional<String>> headers,
    InetAddress remoteAddress) {}
