/// How other servers show who they are: the `X-Matrix` header, its signature, and how much of one
/// server is answered at the same time.
///
/// ```
///  Authorization: X-Matrix … ──► XMatrix ──► Peers.claim ──► the body is read ──► Peers.verify ──► the handler
///                                              │ FederationPolicy                   │ PeerKeys        in a turn (Turns)
/// ```
///
/// **logs** none. **tables** none. **queries** the `PeerKeys`, which who keeps other servers' keys
/// implements. **threads** the requests' own.
@NullMarked
package org.hearth.server.http.peers;

import org.jspecify.annotations.NullMarked;
