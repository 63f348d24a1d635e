/// Activity: what the server says it does.
@NullMarked
package org.hearth.app.logs;

import org.jspecify.annotations.NullMarked;
