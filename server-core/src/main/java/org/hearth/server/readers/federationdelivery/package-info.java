/// FederationDelivery: tells other servers what happens here, in transactions.
///
/// ```
///  [room-output] ────► RoomReader ──┐ who is to have it: JoinedServers
///  [receipt-output] ─► ReceiptReader│
///  [typing-output] ──► TypingReader ├──► Queues, a Queue each server ──► delivery_debt,
///  [presence-output]─► PresenceReader│      │      ▲                     delivery_progress
///  [device-output] ──► DeviceReader ┴─► delivery_edu                     (Checkpoints)
///                                           │      └─ wake ── alarms, signs of life
///                                         Turns ──► Sender ──► FederationClient ──► other servers
///                                                     │
///  RoomQueries, PeerQueries, ReceiptQueries, ◄─ ask ─ Composer: what is owed, looked up
///  KeyQueries
/// ```
///
/// Logs read: room-output, receipt-output, typing-output, device-output, and presence-output if
/// presence is told to other servers. Logs written: none. Queries used: RoomQueries, PeerQueries,
/// ReceiptQueries, TypingQueries, KeyQueries. Tables owned: delivery_progress, delivery_debt,
/// delivery_edu, delivery_change. Threads: the logs' for the readers, which wait for no server;
/// `delivery NAME` (virtual, one a server that has its turn, `Turns` bounds them);
/// `delivery-alarms` (later attempts, checkpoints); `delivery-checkpoint` (virtual, one at a time).
///
/// **Order.** Of a room a server is sent the events in their order. Whoever cannot be reached for
/// long, or misses much, is sent the forward extremities of each room instead of all events: from
/// these the server finds what it has missed, and asks for it.
///
/// **At least once.** What is sent is deleted, or passed by the progress, when the server has
/// acknowledged it. After a crash it may be sent again, in a transaction of the same id if the same
/// is in it: the id is made of what is sent. Events are known by their ids, messages for devices by
/// theirs.
///
/// **Changes of devices** are one row each. Who has to be told of them is found out when a server
/// has its turn (`DeviceChanges`): then they become rows of `delivery_edu`.
///
/// **What is not kept.** Who types and who is there is told within half a minute or never. Receipts
/// are looked up when they are sent: of a user the latest.
///
/// **source**: [server-server API](https://spec.matrix.org/v1.19/server-server-api/)
@NullMarked
package org.hearth.server.readers.federationdelivery;

import org.jspecify.annotations.NullMarked;
