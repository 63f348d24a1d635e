/// Backups: what there are, and how the data go back to one.
@NullMarked
package org.hearth.app.backups;

import org.jspecify.annotations.NullMarked;
