/// ClientPush: tells the push gateways of users' devices what notifies the users, and how much of
/// it is unread.
///
/// ```
///  NotificationServer ──► [notification-output] ──► Intake ──► pusher_notification
///                                                     │               │
///  GET /pushers ──────► ClientPush ────► pusher       └─ wakes ─► Workers ──► Lanes
///  POST /pushers/set ─►      │                                                  │
///                            └───────────── wakes ─►                            ▼
///  RoomQueries, NotificationQueries ◄── ask ── NotificationContent ◄── Deliveries ──► PushGateways
///                                                                                        │
///                                                          outbound ──► push gateways ◄──┘
/// ```
///
/// Logs read: notification-output. Logs written: none. Queries used: RoomQueries,
/// NotificationQueries. Tables owned: pusher, pusher_notification, push_intake. Threads: the log's
/// for its reader, which commits what is to be told and waits for no gateway; `push HOST` (virtual,
/// one a pusher that has its turn, `Lanes` bounds them); `push-alarms` (later attempts, badges).
///
/// What is to be told is in the database before the log's reader goes on, and is removed there when
/// the gateway has it: after a crash it is told again at worst, never forgotten.
@NullMarked
package org.hearth.server.readers.push;

import org.jspecify.annotations.NullMarked;
