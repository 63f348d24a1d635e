/// Wiring: the running server's picture of itself, with its numbers.
@NullMarked
package org.hearth.app.wiring;

import org.jspecify.annotations.NullMarked;
