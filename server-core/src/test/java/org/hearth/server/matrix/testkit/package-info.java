/// Rooms for tests: built event by event, with forks and with whatever is wrong with an event.
@NullMarked
package org.hearth.server.matrix.testkit;

import org.jspecify.annotations.NullMarked;
