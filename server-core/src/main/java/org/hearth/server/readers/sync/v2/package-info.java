/// `GET /sync`, and the filters that it takes.
@NullMarked
package org.hearth.server.readers.sync.v2;

import org.jspecify.annotations.NullMarked;
