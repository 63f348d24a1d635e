/// Profiles: what users say about themselves.
///
/// ```
///  client ──► ProfileService ──► Journal ────► Derby, [account-output]
///                  │  └── spreading ──► [room-input] (member events of the user's rooms)
///                  └── RemoteProfiles ──► FederationClient (users of other servers)
///  others ──► ProfileQueries
/// ```
///
/// Logs read: none. Logs written: account-output, room-input. Queries used: RoomQueries. Tables
/// owned: `profile`. Threads: the requests' own; one, `profile-spreading`, that carries changes
/// into rooms and takes up after a restart what was not finished; `remote-profile` (virtual), one a
/// question to another server.
@NullMarked
package org.hearth.server.services.profile;

import org.jspecify.annotations.NullMarked;
