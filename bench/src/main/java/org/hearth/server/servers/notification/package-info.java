/// What the evaluation of push rules costs. Of the server's package, whose parts it measures.
@NullMarked
package org.hearth.server.servers.notification;

import org.jspecify.annotations.NullMarked;
