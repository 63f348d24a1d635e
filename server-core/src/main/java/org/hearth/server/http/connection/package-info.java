/// Listeners and connections: who may connect, how many, and how long they may take to say what
/// they want.
///
/// ```
///  client ──TCP──► OpenListener ──► Connections ──► Connection ──► Helidon's HTTP/1.1 ──► http
///                   accepts          admits or        │  TLS, deadlines,
///                                    closes           │  whether the client is still there
///                                                     └──► ConnectionInput, CrlfReader
/// ```
///
/// Helidon parses and writes HTTP; its own listener is not used: it ends for good when one `accept`
/// fails, and knows no limit per address and none for the time of a TLS handshake or a request
/// line.
///
/// **logs** none. **tables** none. **queries** none.
///
/// **threads** `http-accept-…`, one a listener, and `http-deadlines`; each connection runs on a
/// virtual thread of its own, and has a second one while somebody waits on its behalf.
@NullMarked
package org.hearth.server.http.connection;

import org.jspecify.annotations.NullMarked;
