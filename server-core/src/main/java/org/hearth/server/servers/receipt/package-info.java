/// ReceiptServer: who has read up to where, in each room.
///
/// ```
///  ClientReceiptUpdater ──► [receipt-input] ──► ReceiptServer ──► [receipt-output] ──► ClientSync
///                             ▲                     │              ReceiptQueries ◄── asks │
///                     left ───┘                     └──► table receipt
///  [room-output] ──► ReceiptServer ── asks ──► RoomQueries
/// ```
///
/// Logs read: receipt-input, room-output. Logs written: receipt-output, which the journal keeps,
/// and receipt-input. Queries used: RoomQueries. Tables owned: `receipt`; its rows of a closed
/// account go in the account's own commit. Threads: the shard of receipt-input is the only one that
/// moves markers; the reader of room-output and the thread `receipt-sweep` hand it commands.
///
/// Receipts of other servers' users come by receipt-input too, from FederationSend, and
/// FederationDelivery follows receipt-output and sends on those of type `m.read`.
@NullMarked
package org.hearth.server.servers.receipt;

import org.jspecify.annotations.NullMarked;
