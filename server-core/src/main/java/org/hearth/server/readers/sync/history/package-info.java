/// What clients read of rooms without syncing: messages, events and their context, state, members.
@NullMarked
package org.hearth.server.readers.sync.history;

import org.jspecify.annotations.NullMarked;
