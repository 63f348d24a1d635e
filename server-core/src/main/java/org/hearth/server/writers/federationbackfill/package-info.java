/// FederationBackfill: history that is not here, asked of the servers that were there.
///
/// ```
///  ClientSync's readers ──(composition)──► FederationBackfill ──► HistoryServers: whom to ask
///                                              │                   ──► RoomQueries, PeerQueries
///                                              ├──► PeerEvents ──► other servers
///                                              │       (events, and the state before the first)
///                                              └──► HistoryIntake ──► [room-input], as history
/// ```
///
/// - **Logs read:** none. **Logs written:** room-input. **Queries used:** `RoomQueries`,
///   `PeerQueries`. **Tables owned:** none.
/// - **Threads:** `backfill ROOM` (virtual), one a room that is asked about; who asks waits for it,
///   but not long.
/// - **Bounds:** rooms that are asked about, servers, requests and time for each
///   (`FederationBackfill`), events whose state is asked for (`HistoryIntake`), what is remembered
///   of questions in vain (`FederationBackfill`).
///
/// Of what a server gives only that is taken which is before what is here: else whoever gives a new
/// event first could make it history, and nobody would be told of it.
///
/// **source**: [Backfilling and retrieving missing events][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
@NullMarked
package org.hearth.server.writers.federationbackfill;

import org.jspecify.annotations.NullMarked;
