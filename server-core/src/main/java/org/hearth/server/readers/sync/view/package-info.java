/// What the readers of the logs keep in memory for those who sync.
@NullMarked
package org.hearth.server.readers.sync.view;

import org.jspecify.annotations.NullMarked;
