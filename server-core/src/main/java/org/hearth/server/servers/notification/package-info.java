/// The box NotificationServer: evaluates the push rules, once for each event and user, and keeps
/// what of it is unread.
@NullMarked
package org.hearth.server.servers.notification;

import org.jspecify.annotations.NullMarked;
