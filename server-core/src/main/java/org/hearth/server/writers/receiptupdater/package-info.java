/// ClientReceiptUpdater: what clients say of how far their users have read.
///
/// ```
///  POST /rooms/{roomId}/receipt/{receiptType}/{eventId} ─┬─► ClientReceiptUpdater ──► [receipt-input]
///  POST /rooms/{roomId}/read_markers ────────────────────┘        │    │
///                                         m.fully_read ───────────┘    └── asks ──► RoomQueries
///                                              ▼
///                                         AccountData
/// ```
///
/// Logs read: none. Logs written: receipt-input. Queries used: RoomQueries. Tables owned: none; the
/// service of account data keeps `m.fully_read`. Threads: the requests' own.
@NullMarked
package org.hearth.server.writers.receiptupdater;

import org.jspecify.annotations.NullMarked;
