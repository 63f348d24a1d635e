/// The window around the pages: navigation, the status line, start and stop.
@NullMarked
package org.hearth.app.shell;

import org.jspecify.annotations.NullMarked;
