/// The arrows of the wiring: what is written to each log, and the codec of all of them. A new log
/// costs its records and its line in [Logs]; [JsonCodec] writes them.
///
/// ```
///  writers ── RoomInput ──► [room-input] ──► RoomServer ── RoomOutput ──► [room-output] ──► readers
///                 ▲                                                                           │
///                 └── RoomReply, after the commit                                             ▼
///  services ── AccountOutput ──► [account-output] ──► readers
///
///  writers ── TypingInput ──► [typing-input] ──► TypingServer ── TypingOutput ──► [typing-output] ──► readers
///  writers ── ReceiptInput ──► [receipt-input] ──► ReceiptServer ── ReceiptOutput ──► [receipt-output] ──► readers
///  writers ── DeviceInput ──► [device-input] ──► DeviceServer ── DeviceOutput ──► [device-output] ──► readers
///  writers ── PresenceInput ──► [presence-input] ──► PresenceServer ── PresenceOutput ──► [presence-output] ──► readers
///  room-output, receipt-output ──► NotificationServer ── NotificationOutput ──► [notification-output] ──► ClientPush
/// ```
///
/// Logs read: none. Logs written: none. Tables owned: none. Threads: none; everything here is an
/// immutable value.
@NullMarked
package org.hearth.server.logs;

import org.jspecify.annotations.NullMarked;
