/// What the panel knows of the server, as observable properties, and the one hop to the JavaFX
/// thread.
@NullMarked
package org.hearth.app.state;

import org.jspecify.annotations.NullMarked;
