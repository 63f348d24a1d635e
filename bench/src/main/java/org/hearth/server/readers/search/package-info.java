/// What the search index costs. Of the reader's package, whose parts it measures.
@NullMarked
package org.hearth.server.readers.search;

import org.jspecify.annotations.NullMarked;
