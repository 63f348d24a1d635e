/// Decides about the commands of this server's users: rooms are made, events sent, memberships
/// changed.
///
/// ```
///  CreateRoom, SendEvent, ChangeMembership, … ─► UserCommands ─► EventMaker ─► TimelineAppend ─► Decision
/// ```
///
/// Events of this server take the short way: they follow the forward extremities, and the state
/// before them is the current one.
@NullMarked
package org.hearth.server.servers.room.decide;

import org.jspecify.annotations.NullMarked;
