/// The arrows of the wiring: one sealed interface per log, its codec, and the wiring as data.
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
