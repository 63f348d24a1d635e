package org.hearth.server.writers.roomsend;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.error.MatrixException;

/// Invites several users of other servers beside each other: those who are invited to a new room.
///
/// Who made the room waits for a while and no longer: "it is possible for one of the invited users
/// to be rejected whilst the room creation as a whole succeeds". Servers that take longer are
/// waited for without that.
///
/// **bound**: [#MOST] at the same time, of all rooms; the others wait for their turn.
///
/// **thread**: any that may wait; each invitation has a virtual thread.
final class InvitesBeside {
  static final int MOST = 64;
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final System.Logger LOG = System.getLogger(InvitesBeside.class.getName());

  private final RemoteInvites invites;
  private final Duration patience;
  private final Semaphore turns = new Semaphore(MOST);

  /// @param patience how long is waited for all of them
  InvitesBeside(RemoteInvites invites, Duration patience) {
    this.invites = invites;
    this.patience = patience;
  }

  /// Returns when all have been answered, or after a while.
  void invite(List<RoomInput.PrepareEvent> all) throws InterruptedException {
    CountDownLatch open = new CountDownLatch(all.size());
    for (RoomInput.PrepareEvent each : all) {
      var _ =
          Thread.ofVirtual()
              .name("invite")
              .start(() -> {
                try {
                  inviteInTurn(each);
                } finally {
                  open.countDown();
                }
              });
    }
    var _ = open.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void inviteInTurn(RoomInput.PrepareEvent invite) {
    try {
      turns.acquire();
      try {
        var _ = invites.invite(invite);
      } finally {
        turns.release();
      }
    } catch (MatrixException e) {
      LOG.log(Level.DEBUG, "{0} is not invited: {1}", invite.draft().key(), e.getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "%s is not invited".formatted(invite.draft().key()), e);
    }
  }
}
