/// The first run: a name, a folder, an owner.
@NullMarked
package org.hearth.app.setup;

import org.jspecify.annotations.NullMarked;
