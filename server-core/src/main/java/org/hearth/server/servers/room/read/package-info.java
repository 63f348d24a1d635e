/// Answers about rooms from what is committed: from memory where it can, from the tables where it
/// must.
///
/// ```
///  RoomQueries ─► RoomReads ─► Timeline, Relations, Aggregates, Threads, GraphReads, HistoryVisibility ─► OneUser
///  PeerQueries ─► PeerReads ─► RoomAcls, GraphReads, HistoryVisibility ─► OtherServer ─► Departures
///  [room-output] ─► RoomOutputStore: entries that are no longer in the ring, made of the tables
/// ```
///
/// It writes nothing. Queries run on the caller's thread.
@NullMarked
package org.hearth.server.servers.room.read;

import org.jspecify.annotations.NullMarked;
