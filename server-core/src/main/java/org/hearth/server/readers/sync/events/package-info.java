/// Stretches of a room's history as one user may see and wants them, and events as a client's JSON.
@NullMarked
package org.hearth.server.readers.sync.events;

import org.jspecify.annotations.NullMarked;
