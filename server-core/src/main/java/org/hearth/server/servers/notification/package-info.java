/// The box NotificationServer: asks the push rules of a room's members about each event, once, and
/// keeps what of it is unread, for each room and thread.
///
/// ```
///  room-output ────► NotificationServer ── NotificationOutput ──► [notification-output] ──► ClientPush
///  receipt-output ──►        │
///                            └── NotificationQueries: counts, what has notified ◄── asks ── ClientSync, ClientPush
/// ```
///
/// Its readers come before those of ClientSync on both logs: what a client is told of is counted by
/// then. Nothing is written for an event. What has changed is stored every 20 seconds and at the
/// end, a row a room, with the position up to which all is stored; from there room-output is read
/// again after a crash. Receipts are read from their owner when a room comes into memory.
///
/// ```
///  NotificationServer ─► Evaluation ─► UserRules         whom an event notifies, and how: members
///         │                                              who have set the same are asked once
///         ├────────────► servers.room.ThreadPath         in which thread it is
///         ├────────────► CountsMemory ─► RoomCounts      what is unread
///         └────────────► CountsWriter ─► CountsPacking, StoredCounts
/// ```
///
/// Logs read: room-output, receipt-output. Logs written: notification-output. Queries used: the
/// Room Server's, the Receipt Server's, account data. Tables owned: `notification_counts`,
/// `notification_progress`. Threads: its readers', and `notification-writer`, which stores.
@NullMarked
package org.hearth.server.servers.notification;

import org.jspecify.annotations.NullMarked;
