package org.hearth.server.servers.room.decide;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.OutsideRooms;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.RoomView;
import org.jspecify.annotations.Nullable;

/// Decides about what users of this server are to rooms in which this server is not.
///
/// The room's state is not known here, so the authorisation rules say nothing: what an invitation
/// has to be was checked by who brought it.
///
/// **bound**: of a user [#MOST_OF_USER] invitations and knocks and [#MOST_BYTES_OF_USER] bytes, of
/// which [#MOST_OF_SITE] have come through servers of one site, so that nobody keeps others from
/// inviting the user; of all users [#MOST] and [#MOST_BYTES]; and what is over, as [OutsideRows]
/// bounds it.
///
/// **thread**: the shard's.
public final class OutsideCommands {
  static final int MOST_OF_USER = 1_000;
  static final int MOST_OF_SITE = 250;
  static final long MOST_BYTES_OF_USER = 16L << 20;
  static final int MOST = 100_000;
  static final long MOST_BYTES = 512L << 20;

  /// All are counted again after so many have come by this shard, or, when there are too many,
  /// after so long: counting reads all rows.
  private static final int MOST_NOT_COUNTED = 1_000;

  private static final long BETWEEN_COUNTS_MILLIS = 60_000;

  private final ShardContext context;
  private final OutsideRooms outside;

  /// How much there is of all, as this shard knows it.
  private OutsideRows.@Nullable Size all;

  private int added;
  private long countedMillis;

  public OutsideCommands(ShardContext context, OutsideRooms outside) {
    this.context = context;
    this.outside = outside;
  }

  /// An invitation, a knock, or the end of one.
  public CommandOutcome take(RoomInput.OutsideMembership command, Optional<RoomView> room) {
    Pdu event = command.event();
    Optional<UserId> user =
        event
            .stateKey()
            .filter(_ -> event.isMember())
            .flatMap(key -> Identifiers.read(UserId::parse, key))
            .filter(each -> each.isOn(context.server()));
    Optional<Membership> membership = Membership.of(event);
    if (user.isEmpty()
        || membership.isEmpty()
        || membership.get() == Membership.JOIN
        || !event.roomId().equals(command.room())
        || !event.version().id().equals(command.version())) {
      return new CommandOutcome.Refused(
          Refusal.BAD_CONTENT, event + " is no such membership of a user of this server");
    }
    Optional<CommandOutcome> refused = here(command.room(), room, command.version());
    if (refused.isPresent()) {
      return refused.get();
    }
    Optional<OutsideRooms.Held> held = outside.find(command.room(), user.get());
    if (held.isPresent() && held.get().event().eventId().equals(event.eventId())) {
      return new CommandOutcome.NothingToDo();
    }
    if (isInvitedByAnother(held, membership.get(), command.via())) {
      // Whether that server is in the room at all is not known. It does not take the place of the
      // one that was first, else it could then take the invitation back.
      return new CommandOutcome.NothingToDo();
    }
    boolean waits = held.filter(each -> !OutsideRows.isOver(each.membership())).isPresent();
    boolean over = OutsideRows.isOver(membership.get());
    if (over && !waits) {
      // There is nothing to end. What a peer says of others' users is kept by nobody.
      return new CommandOutcome.NothingToDo();
    }
    if (over && !mayEnd(event, user.get(), held.orElseThrow())) {
      return new CommandOutcome.Refused(
          Refusal.FORBIDDEN, event + " is of a server that has not invited the user");
    }
    OutsideRows.Row row =
        new OutsideRows.Row(
            user.get(),
            membership.get(),
            event,
            over ? List.of() : OutsideRows.fitting(command.strippedState()),
            command.via());
    return !over && !waits && isFull(row)
        ? new CommandOutcome.Refused(
            Refusal.TOO_MANY, "%s is invited to too many rooms".formatted(user.get()))
        : announced(row);
  }

  private static boolean isInvitedByAnother(
      Optional<OutsideRooms.Held> held, Membership membership, ServerName via) {
    return membership == Membership.INVITE
        && held.filter(each -> each.membership() == Membership.INVITE && !each.via().equals(via))
            .isPresent();
  }

  /// Who may take an invitation back or refuse a knock depends on the state of the room, which is
  /// not here. So it is believed of the user, and of the server that the user has to do with there.
  private static boolean mayEnd(Pdu end, UserId user, OutsideRooms.Held held) {
    ServerName server = end.sender().server();
    return end.sender().equals(user)
        || server.equals(held.via())
        || server.equals(held.event().sender().server());
  }

  /// Of a room in which users of this server are, its own tables say who is invited; and a room has
  /// one version for ever.
  private Optional<CommandOutcome> here(RoomId id, Optional<RoomView> room, String version) {
    if (room.isEmpty()) {
      return Optional.empty();
    }
    if (room.get().members().servers().contains(context.server())) {
      return Optional.of(
          new CommandOutcome.Refused(Refusal.ROOM_EXISTS, id + " is a room of this server"));
    }
    return room.get().info().version().id().equals(version)
        ? Optional.empty()
        : Optional.of(
            new CommandOutcome.Refused(
                Refusal.BAD_CONTENT,
                "%s has the room version %s".formatted(id, room.get().info().version().id())));
  }

  private boolean isFull(OutsideRows.Row row) {
    OutsideRows.Size own = OutsideRows.sizeOf(context.reads(), row.user());
    if (own.rows() >= MOST_OF_USER || own.bytes() + row.bytes() > MOST_BYTES_OF_USER) {
      return true;
    }
    if (own.rows() >= MOST_OF_SITE
        && OutsideRows.ofSite(context.reads(), row.user(), row.via().site()) >= MOST_OF_SITE) {
      return true;
    }
    OutsideRows.Size known = all;
    long now = context.clock().millis();
    boolean due = added >= MOST_NOT_COUNTED || now - countedMillis > BETWEEN_COUNTS_MILLIS;
    if (known == null || (due && (added >= MOST_NOT_COUNTED || exceeds(known, row)))) {
      known = OutsideRows.sizeOfAll(context.reads());
      added = 0;
      countedMillis = now;
    }
    if (exceeds(known, row)) {
      all = known;
      return true;
    }
    all = new OutsideRows.Size(known.rows() + 1, known.bytes() + row.bytes());
    added++;
    return false;
  }

  private static boolean exceeds(OutsideRows.Size all, OutsideRows.Row row) {
    return all.rows() >= MOST || all.bytes() + row.bytes() > MOST_BYTES;
  }

  /// The user no longer wants what nobody elsewhere could be told of: the event is shown to the
  /// user, and is not in the room's graph.
  public CommandOutcome leave(RoomInput.LeaveOutside command) {
    Optional<OutsideRooms.Held> held = outside.find(command.room(), command.user());
    if (held.isEmpty() || OutsideRows.isOver(held.get().membership())) {
      return new CommandOutcome.Refused(
          Refusal.WRONG_MEMBERSHIP,
          "%s is neither invited to %s nor knocking".formatted(command.user(), command.room()));
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.setAll(command.content());
    content.put("membership", Membership.LEAVE.value());
    EventDraft draft =
        EventDraft.state(
            command.room(), command.user(), StateKey.member(command.user().value()), content);
    return context
        .maker()
        .after(held.get().event(), draft, context.clock().millis())
        .<CommandOutcome>map(event ->
            announced(
                new OutsideRows.Row(
                    command.user(), Membership.LEAVE, event, List.of(), held.get().via())))
        .orElseGet(() ->
            new CommandOutcome.Refused(Refusal.BAD_CONTENT, "the reason cannot be in an event"));
  }

  private CommandOutcome announced(OutsideRows.Row row) {
    return new CommandOutcome.Announced(
        OutsideRows.put(row),
        new RoomOutput.OutsideMember(row.event()),
        row.event().eventId(),
        outside.begin(row));
  }
}
