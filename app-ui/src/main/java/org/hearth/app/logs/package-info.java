/// Activity: what happened on the server, and the log of what it says it does.
@NullMarked
package org.hearth.app.logs;

import org.jspecify.annotations.NullMarked;
