/// ClientPresenceSetter: what clients say and ask of presence.
///
/// ```
///  PUT /presence/{userId}/status ──► ClientPresenceSetter ──► [presence-input] ──► PresenceServer
///  GET /presence/{userId}/status ──►     │          │
///                                        │          └── asks ──► PresenceQueries
///                                        └── asks ──► RoomQueries
/// ```
///
/// Logs read: none. Logs written: presence-input. Queries used: PresenceQueries, and RoomQueries
/// for who shares a room with whom. Tables owned: none. Threads: the requests' own.
@NullMarked
package org.hearth.server.writers.presencesetter;

import org.jspecify.annotations.NullMarked;
