/// Rooms: what rooms there are.
@NullMarked
package org.hearth.app.rooms;

import org.jspecify.annotations.NullMarked;
