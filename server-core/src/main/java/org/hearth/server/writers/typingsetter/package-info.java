/// ClientTypingSetter: what clients say of typing.
///
/// ```
///  PUT /rooms/{roomId}/typing/{userId} ──► ClientTypingSetter ──► [typing-input] ──► TypingServer
///                                                │
///                                                └── asks ──► RoomQueries
/// ```
///
/// Logs read: none. Logs written: typing-input. Queries used: RoomQueries. Tables owned: none.
/// Threads: the requests' own.
@NullMarked
package org.hearth.server.writers.typingsetter;

import org.jspecify.annotations.NullMarked;
