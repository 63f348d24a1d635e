/// The arrows of the wiring: one sealed interface per log, the codec of all of them, and the wiring
/// as data. A new log costs its sealed interface and its line in [Logs]; [JsonCodec] writes its
/// records.
///
/// ```
///  writers ── RoomInput ──► [room-input] ──► RoomServer ── RoomOutput ──► [room-output] ──► readers
///                 ▲                                                                           │
///                 └── RoomReply, after the commit                                             ▼
///  services (accounts, profiles, account data, directory) ── AccountOutput ──► [account-output]
/// ```
///
/// Logs read: none. Logs written: none. Tables owned: none. Threads: none; everything here is an
/// immutable value.
@NullMarked
package org.hearth.server.logs;

import org.jspecify.annotations.NullMarked;
