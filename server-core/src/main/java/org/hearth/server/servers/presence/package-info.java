/// PresenceServer: who is there.
///
/// ```
///  ClientPresenceSetter (says) ──┐
///  ClientRoomSend (is active) ───┼──► [presence-input] ──► PresenceServer ──► [presence-output] ──► ClientSync
///  ClientSync (syncs until) ─────┤      ▲                    │  │ alarms        PresenceQueries ◄── asks │
///  FederationSend (reports) ─────┘      └─── time passed ────┼──┘
///                                                            └──► table presence_status
/// ```
///
/// Logs read: presence-input. Logs written: presence-output, presence-input. Queries used: none.
/// Tables owned: `presence_status`; its row of a closed account goes in the account's own commit.
/// Threads: the shard of presence-input is the only one that changes who is there; the thread
/// `presence-alarms` hands it commands.
///
/// It costs nothing for users who are not there. An alarm is set for the next moment at which
/// somebody's presence will be another, one a user who is there. A client that syncs one request
/// after the other is told of about twice a minute ([UserState#SAID_AGAIN_AFTER]); that it has
/// stopped follows from its not being told of any more.
///
/// Who may be told of whom is not decided here. Presence of other servers' users comes by
/// presence-input too, from FederationSend; it holds as long as their servers repeat it.
@NullMarked
package org.hearth.server.servers.presence;

import org.jspecify.annotations.NullMarked;
