/// TypingServer: who types in which room.
///
/// ```
///  ClientTypingSetter ──► [typing-input] ──► TypingServer ──► [typing-output] ──► ClientSync
///                            ▲    ▲              │ alarms         TypingQueries ◄── asks │
///                            │    └── expired ───┘
///                  left ─────┘
///  [room-output] ──► TypingServer ── asks ──► RoomQueries
/// ```
///
/// Logs read: typing-input, room-output. Logs written: typing-output, typing-input. Queries used:
/// RoomQueries. Tables owned: none; nothing outlives the program. Threads: the shard of
/// typing-input is the only one that changes who types; the reader of room-output and the thread
/// `typing-alarms` hand it commands.
///
/// It costs nothing while nobody types. An alarm is set for the next moment at which somebody's
/// time runs out, one a room.
@NullMarked
package org.hearth.server.servers.typing;

import org.jspecify.annotations.NullMarked;
