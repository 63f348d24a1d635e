/// Decides about the events of other servers, which may be anywhere in the room's graph.
///
/// ```
///  ReceiveEvents ─► Receiving ─► Incoming, sorted: after what they refer to
///                      │
///                      ▼ each
///                  Reception ──► missing something? say what ──► EventVerdict.Incomplete
///                      │ judge: auth events, state before, current state
///                      │     Resolving: states → state, over AuthEdges (positions only)
///                      ▼
///                  Decision: rows and entries; Tips: forward extremities; Wants: what is missing
///                      ▼ at the end
///                  heal (dummy events), move: current state, memberships, StateChanged
/// ```
///
/// RoomHistory finds what one decision needs, whether it is being decided, under way, or committed.
@NullMarked
package org.hearth.server.servers.room.receive;

import org.jspecify.annotations.NullMarked;
