package org.hearth.server.readers.sync.sections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Which member events lazily loading clients have: so that a sender's is sent once and not with every
/// message.
///
/// A member event counts as known only when the client has come back with the token of the response that
/// carried it, or a later one: a response that was lost on its way is no answer. What falls out of the
/// budget is sent again, which the specification allows.
///
/// **Thread:** any. **Source:** [lazy-loading room members][lazy].
///
/// [lazy]: https://spec.matrix.org/v1.19/client-server-api/#lazy-loading-room-members
public final class SentMembers {
  private static final int ENTRY_BYTES = 300;

  /// Who was told: a client uses one token per filter, so each filter is told on its own.
  public record Client(UserId user, @Nullable DeviceId device, String filter) {}

  private record Member(Client client, RoomId room, String member) {}

  /// @param event the position of the member event
  /// @param response the position that the response's token has
  private record Sent(LogPosition event, LogPosition response) {}

  private final Cache<Member, Sent> sent;

  public SentMembers(long budgetBytes) {
    sent = Caffeine.newBuilder().maximumSize(Math.max(1, budgetBytes / ENTRY_BYTES)).build();
  }

  /// Whether the client, which comes with that token, has the member event.
  ///
  /// @param event the position of the member event
  public boolean has(
      Client client, RoomId room, String member, LogPosition event, LogPosition since) {
    @Nullable Sent known = sent.getIfPresent(new Member(client, room, member));
    return known != null && known.event().equals(event) && !known.response().isAfter(since);
  }

  /// Notes that the response with that token carries the member event.
  ///
  /// @param event the position of the member event
  public void add(
      Client client, RoomId room, String member, LogPosition event, LogPosition response) {
    sent.put(new Member(client, room, member), new Sent(event, response));
  }
}
