package org.hearth.server.servers.room;

import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// Which threads of a room are wanted.
///
/// @param participant who began them or replied in them; empty for all threads
/// @param before the place of the latest reply before which to look
/// @param limit so many at most
/// @param mostLookedAt so many are looked at, be they wanted or not; at least one
public record ThreadQuery(Optional<UserId> participant, long before, int limit, int mostLookedAt) {}
