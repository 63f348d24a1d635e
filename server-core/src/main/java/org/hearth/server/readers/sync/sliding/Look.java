package org.hearth.server.readers.sync.sliding;

import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.SyncPoint;

/// One look at what there is to tell: who looks, from where, and up to which point.
///
/// @param viewer with whom the user ignores
/// @param base what the client had when the look began
/// @param now the end of what is told
record Look(
    Parts parts, Viewer viewer, UserFeed feed, Connection connection, Step base, SyncPoint now) {}
