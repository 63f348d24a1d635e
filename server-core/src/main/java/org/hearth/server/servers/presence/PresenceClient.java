package org.hearth.server.servers.presence;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import org.hearth.ringlogs.LogException;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// One box's way to tell the Presence Server of users: commands on presence-input, but for those
/// that would change nothing.
///
/// **thread**: any that may wait: of requests, or a box's own. Never a consumer of a log.
/// **bound**: nobody waits for a place in the log or longer than [#PATIENCE] where presence is
/// beside the point.
public final class PresenceClient {
  private static final System.Logger LOG = System.getLogger(PresenceClient.class.getName());

  /// How long a client that syncs or does something waits until it is seen to.
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /// How long a client waits that says something about presence.
  private static final Duration PATIENCE_TO_SAY = Duration.ofSeconds(5);

  private final LogWriter<PresenceInput, VolatilePosition> input;
  private final PresenceServer.Users users;

  PresenceClient(LogWriter<PresenceInput, VolatilePosition> input, PresenceServer.Users users) {
    this.input = input;
    this.users = users;
  }

  /// What a client that syncs wants to be marked as: "If this parameter is omitted then the client
  /// is automatically marked as online".
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is no presence
  public static Presence asked(Optional<String> setPresence) {
    return setPresence
        .map(asked ->
            Presence.of(asked)
                .orElseThrow(() ->
                    MatrixException.invalidParam(
                        "set_presence must be offline, online or unavailable")))
        .orElse(Presence.ONLINE);
  }

  /// Tells that a client begins to sync, and returns when others can see that.
  ///
  /// @param device null for a client without one
  /// @param as what it wants to be marked as; offline for not at all
  /// @param atMost when it ends
  public void syncing(UserId user, @Nullable DeviceId device, Presence as, Duration atMost)
      throws InterruptedException {
    tell(new PresenceInput.Syncing(user, device, as, atMost.toMillis()));
  }

  /// Tells that a user does something, and returns when others can see that.
  public void active(UserId user) throws InterruptedException {
    tell(new PresenceInput.Active(user));
  }

  /// Tells it if that changes anything. That there is no place, or the user is parked, or it takes
  /// too long, is no reason to fail what the user does.
  private void tell(PresenceInput command) throws InterruptedException {
    if (users.knows(command)) {
      return;
    }
    try {
      var _ = input.submit(command, Duration.ZERO).await(PATIENCE);
    } catch (LogException e) {
      LOG.log(Level.DEBUG, "seen later or not at all: {0}: {1}", command, e.getMessage());
    }
  }

  /// Has kept and shown what a user says, and returns when others can see it.
  ///
  /// @param device null for a client without one
  /// @param message to go with the presence, empty for none; without it the message stays
  /// @throws LogException if it is not taken in
  public void say(
      UserId user, @Nullable DeviceId device, Presence presence, Optional<String> message)
      throws InterruptedException {
    String shown = Optional.ofNullable(users.of(user).status()).orElse("");
    boolean another = message.filter(each -> !each.equals(shown)).isPresent();
    if (another) {
      perform(new PresenceInput.SetStatus(user, message.get()));
    }
    perform(new PresenceInput.SetPresence(user, device, presence, another));
  }

  /// Tells what another server says of its user. Nobody waits for it.
  ///
  /// @param lastActive when the user last did something, in milliseconds since 1970; null if that
  ///   is not said
  /// @param status the user's message; null for none
  public void reported(
      UserId user,
      Presence presence,
      @Nullable Long lastActive,
      boolean currentlyActive,
      @Nullable String status)
      throws InterruptedException {
    try {
      input.tell(
          new PresenceInput.Reported(user, presence, lastActive, currentlyActive, status),
          Duration.ZERO);
    } catch (LogFullException e) {
      LOG.log(Level.DEBUG, "the presence of {0} is not taken in: {1}", user, e.getMessage());
    }
  }

  private void perform(PresenceInput command) throws InterruptedException {
    var _ = input.submit(command, PATIENCE_TO_SAY).await(PATIENCE_TO_SAY);
  }
}
