/// Measures the Room Server from within its package: what an event, a join and an idle room cost, a
/// shard alone and the whole of it.
@NullMarked
package org.hearth.server.servers.room.server;

import org.jspecify.annotations.NullMarked;
