/// The kinds of news that an answer to a syncing client is made of.
@NullMarked
package org.hearth.server.readers.sync.sections;

import org.jspecify.annotations.NullMarked;
