/// This server as the one that comes: joins, knocks and leaves of rooms that are elsewhere.
///
/// ```
///  ClientRoomSend ──(composition)──► RemoteRooms ──► UnderWay: one thing of a room at a time
///                                        │
///                    Candidates ◄────────┤  which servers, in which order
///                                        ▼ each
///                    Resident ──► make_join, make_knock, make_leave ──► MembershipTemplate
///                       │                          rebuilt, never signed as it comes ──► LocalEvents
///                       └───────► send_join ──► JoinAnswer, read while it comes (LargeAnswers);
///                                     │             meanwhile ArrivingRooms has the room
///                                     │             └──► JoinCheck: keys, signatures, rules, our join
///                                     │                       └──► [room-input]: ReceiveEvents
///                                     ├─► send_knock, send_leave ──► [room-input]: OutsideMembership
///                                     └─► Refusals: what the client is told at last
/// ```
///
/// Threads: callers wait; `membership ROOM` (virtual, one for each that is under way), `membership
/// SERVER` (virtual, one a request).
@NullMarked
package org.hearth.server.writers.federationmembership.joining;

import org.jspecify.annotations.NullMarked;
