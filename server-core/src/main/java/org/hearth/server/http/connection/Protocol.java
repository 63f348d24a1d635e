package org.hearth.server.http.connection;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.spi.ServerConnectionSelector;

/// What connections speak, by parts of Helidon.
///
/// @param context the settings of requests and answers
/// @param router where requests go
/// @param http makes the parser of a connection; has to be told of [Connection#HEADS]
/// @param requests how many may be under way at the same time
public record Protocol(
    ListenerContext context, Router router, ServerConnectionSelector http, Limit requests) {}
