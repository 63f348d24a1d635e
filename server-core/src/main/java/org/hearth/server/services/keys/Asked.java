package org.hearth.server.services.keys;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// The users of one call, of this server and of others.
///
/// @param here the users of this server
/// @param elsewhere the others
record Asked(List<UserId> here, List<UserId> elsewhere) {
  /// "10 seconds is the recommended default."
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LONGEST = Duration.ofSeconds(30);

  Asked {
    here = List.copyOf(here);
    elsewhere = List.copyOf(elsewhere);
  }

  /// Tells the users of this server from the others.
  static Asked of(Collection<UserId> users, ServerName own) {
    List<UserId> here = new ArrayList<>();
    List<UserId> elsewhere = new ArrayList<>();
    users.forEach(each -> (each.isOn(own) ? here : elsewhere).add(each));
    return new Asked(here, elsewhere);
  }

  /// "The time (in milliseconds) to wait when downloading keys from remote servers."
  static Duration patience(Fields body) {
    long millis = body.optionalInteger("timeout").orElse(PATIENCE.toMillis());
    return Duration.ofMillis(Math.clamp(millis, 0, LONGEST.toMillis()));
  }
}
