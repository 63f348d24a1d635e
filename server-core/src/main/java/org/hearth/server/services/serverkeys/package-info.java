/// ServerKeys: the signing keys of servers. Which this server signs with, how it changes them, and
/// what others have said of theirs.
///
/// ```
///  GET /_matrix/key/v2/server ───────► OwnAnswer ◄── KeyRotation ◄── Admin (hearth federation rotate-key)
///                                                      │   └──► keys/signing.key, signing_key
///  who checks signatures ──(ServerKeyQueries)──► RemoteKeys ──► memory, Derby (server_key)
///                                                   ▲  │
///  GET, POST /_matrix/key/v2/query ► NotaryRoutes ──┘  └► Asking ─► KeySource ─► other servers
///                                                            └────► Notaries ─► KeySource
/// ```
///
/// Whoever needs keys waits on a future, never on a thread of a log, and gets what is there within
/// [org.hearth.server.services.serverkeys.RemoteKeys#PATIENCE]. A server is asked itself first; who
/// does not answer is asked for at the notaries that the owner has named. There are none unless he
/// names some: a notary learns with which servers this one talks, and could make up keys.
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: `server_key`. Threads:
/// the requests' own; `server-keys` (virtual, one a call that waits), `server-keys NAME` (virtual,
/// one a server that is asked), `server-keys-notaries` (virtual, one while notaries are asked).
///
/// Bounds: servers asked at once and waiting, those asked for strangers, pauses (`Asking`); bytes
/// of answers (`KeySource`, `KnownKeys`), keys in one (`KeyAnswer`); rows and bytes
/// (`StoredServerKeys`); memory (`RemoteKeys`); what a stranger's request may cost
/// (`NotaryRoutes`).
@NullMarked
package org.hearth.server.services.serverkeys;

import org.jspecify.annotations.NullMarked;
