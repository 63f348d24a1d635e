package org.hearth.server.servers.room.decide;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.SentEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;
import org.jspecify.annotations.Nullable;

/// Decides about the commands of this server's users, each on the room as the command before left
/// it.
///
/// **thread**: the shard's.
public final class UserCommands {
  private final ShardContext context;
  private final ShardRooms rooms;

  public UserCommands(ShardContext context, ShardRooms rooms) {
    this.context = context;
    this.rooms = rooms;
  }

  public CommandOutcome create(RoomInput.CreateRoom command) {
    Optional<RoomVersion> version = RoomVersions.of(command.version());
    if (version.isEmpty()) {
      return new CommandOutcome.Refused(
          Refusal.BAD_CONTENT, "room version %s is not known".formatted(command.version()));
    }
    if (rooms.find(command.room()).isPresent()) {
      return new CommandOutcome.Refused(Refusal.ROOM_EXISTS, command.room() + " exists");
    }
    Decision decision =
        new Decision(context, command.room(), version.get(), command.create().sender());
    Optional<CommandOutcome.Refused> refused =
        append(decision, command.create(), null, command.originServerTs());
    for (EventDraft draft : command.events()) {
      if (refused.isEmpty()) {
        refused = append(decision, draft, null, context.clock().millis());
      }
    }
    return refused
        .<CommandOutcome>map(each -> each)
        .orElseGet(() -> new CommandOutcome.Events(decision));
  }

  public CommandOutcome send(RoomInput.SendEvent command, RoomView room) {
    EventDraft draft = command.draft();
    ClientTransaction transaction = command.transaction();
    if (transaction != null) {
      Optional<SentEvent> before = rooms.sent(room, draft, transaction);
      if (before.isPresent()) {
        return new CommandOutcome.Already(before.get().ref(), before.get().id());
      }
    }
    if (draft.key() != null) {
      EventRef current = room.current(new StateKey(draft.type(), draft.key()));
      if (current != null && saysTheSame(current, draft)) {
        return new CommandOutcome.Already(current, context.maker().event(current).eventId());
      }
    }
    return append(room, draft, transaction);
  }

  private boolean saysTheSame(EventRef current, EventDraft draft) {
    Pdu event = context.maker().event(current);
    return event.sender().equals(draft.sender()) && event.content().equals(draft.content());
  }

  public CommandOutcome changeMembership(RoomInput.ChangeMembership command, RoomView room) {
    Membership known = room.membership(command.target());
    Membership current = known == null ? Membership.LEAVE : known;
    boolean own = command.sender().equals(command.target());
    if (own && known == command.membership()) {
      EventRef event = room.current(StateKey.member(command.target().value()));
      if (event != null && isSettled(event, command)) {
        return new CommandOutcome.Already(event, context.maker().event(event).eventId());
      }
    }
    if (!command.from().isEmpty() && !command.from().contains(current)) {
      return new CommandOutcome.Refused(
          Refusal.WRONG_MEMBERSHIP,
          "the membership of %s is %s".formatted(command.target(), current.value()));
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.setAll(command.content());
    content.put("membership", command.membership().value());
    RoomId allowedBy = command.allowedBy();
    if (own && command.membership() == Membership.JOIN && allowedBy != null) {
      AuthState state = context.maker().stateOf(room);
      if (RestrictedJoins.isNeeded(state, known) && RestrictedJoins.allows(state, allowedBy)) {
        var authoriser = RestrictedJoins.authoriser(room, state, context.server());
        if (authoriser.isEmpty()) {
          return new CommandOutcome.Refused(
              Refusal.UNABLE_TO_AUTHORISE_JOIN,
              "no member of this server may let others into " + command.room());
        }
        content.put("join_authorised_via_users_server", authoriser.get().value());
      }
    }
    return append(
        room,
        EventDraft.state(
            command.room(), command.sender(), StateKey.member(command.target().value()), content),
        null);
  }

  /// Whether the user's present membership already is what the command asks for. A second join that
  /// brings another name or picture is not settled: it is written.
  private boolean isSettled(EventRef member, RoomInput.ChangeMembership command) {
    return switch (command.membership()) {
      case LEAVE, KNOCK -> true;
      case JOIN -> withoutMembership(context.maker().event(member)).equals(command.content());
      case INVITE, BAN -> false;
    };
  }

  /// What a member event says of its user, in the form of a command.
  private static ObjectNode withoutMembership(Pdu member) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.setAll(member.content());
    content.remove("membership");
    // It names the user who authorised the join, which a later event of the member does not need.
    content.remove("join_authorised_via_users_server");
    return content;
  }

  public CommandOutcome updateProfile(RoomInput.UpdateProfile command, RoomView room) {
    EventRef member = room.current(StateKey.member(command.user().value()));
    if (member == null || member.membership() != Membership.JOIN) {
      return new CommandOutcome.NothingToDo();
    }
    Pdu event = context.maker().event(member);
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.setAll(event.content());
    // It names the user who authorised the join, which a later event of the member does not need.
    content.remove("join_authorised_via_users_server");
    put(content, "displayname", command.displayName());
    put(content, "avatar_url", command.avatarUrl());
    if (content.equals(event.content())) {
      return new CommandOutcome.Already(member, event.eventId());
    }
    return append(
        room,
        EventDraft.state(
            command.room(), command.user(), StateKey.member(command.user().value()), content),
        null);
  }

  private static void put(ObjectNode content, String name, @Nullable String value) {
    if (value == null) {
      content.remove(name);
    } else {
      content.put(name, value);
    }
  }

  public CommandOutcome forget(RoomInput.ForgetRoom command, RoomView room) {
    Membership membership = room.membership(command.user());
    if (membership == null) {
      return new CommandOutcome.NothingToDo();
    }
    if (membership != Membership.LEAVE && membership != Membership.BAN) {
      return new CommandOutcome.Refused(
          Refusal.WRONG_MEMBERSHIP, "%s has not left %s".formatted(command.user(), command.room()));
    }
    return new CommandOutcome.Rows(
        List.of(RoomRows.forgotten(room.info().number(), command.user())),
        () -> context.memory().userRooms().changed(command.user()));
  }

  private CommandOutcome append(
      RoomView room, EventDraft draft, @Nullable ClientTransaction transaction) {
    Decision decision = new Decision(context, room);
    return append(decision, draft, transaction, context.clock().millis())
        .<CommandOutcome>map(refused -> refused)
        .orElseGet(() -> new CommandOutcome.Events(decision));
  }

  /// Adds an event to a decision, or says why not.
  private Optional<CommandOutcome.Refused> append(
      Decision decision,
      EventDraft draft,
      @Nullable ClientTransaction transaction,
      long originServerTs) {
    return switch (context.maker().make(draft, decision.view(), originServerTs)) {
      case EventMaker.Made.Refused(Refusal refusal, String detail) ->
          Optional.of(new CommandOutcome.Refused(refusal, detail));
      case EventMaker.Made.Event(Pdu event, Optional<Pdu> replaced) when event.isRedaction() ->
          redact(decision, event, transaction, replaced.orElse(null));
      case EventMaker.Made.Event(Pdu event, Optional<Pdu> replaced) -> {
        if (!event.roomId().equals(decision.view().info().id())) {
          yield Optional.of(
              new CommandOutcome.Refused(
                  Refusal.BAD_CONTENT, "the create event makes the room " + event.roomId()));
        }
        new TimelineAppend(decision, context.numbers())
            .append(event, transaction, null, replaced.orElse(null));
        yield Optional.empty();
      }
    };
  }

  /// "Any user with a power level greater than or equal to the `m.room.redaction` event power level
  /// may send redactions for their own events in the room. If the user's power level is also
  /// greater than or equal to the `redact` power level of the room, the user may redact events sent
  /// by other users."
  private Optional<CommandOutcome.Refused> redact(
      Decision decision,
      Pdu event,
      @Nullable ClientTransaction transaction,
      @Nullable Pdu replaced) {
    RoomView room = decision.view();
    Optional<EventId> redacts = event.redacts();
    if (redacts.isEmpty()) {
      return Optional.of(
          new CommandOutcome.Refused(
              Refusal.BAD_CONTENT, "a redaction names the event it redacts"));
    }
    Optional<StoredEvents.Stored> target =
        context
            .memory()
            .events()
            .position(redacts.get())
            .map(context.memory().events()::get)
            .filter(each -> each.room() == room.info().number());
    if (target.isEmpty()) {
      return Optional.of(
          new CommandOutcome.Refused(
              Refusal.UNKNOWN_EVENT, "%s is not in the room".formatted(redacts.get())));
    }
    RoomEvent shown = target.get().shown();
    if (!shown.sender().equals(event.sender())) {
      PowerLevels levels = PowerLevels.in(context.maker().stateOf(room), room.info().version());
      if (levels.userLevel(event.sender()) < levels.redact()) {
        return Optional.of(
            new CommandOutcome.Refused(
                Refusal.FORBIDDEN,
                "redacting events of others needs power level " + levels.redact()));
      }
    }
    Decision.Target effect =
        shown.redactedBecause() == null
            ? new Decision.Target(EventRef.at(target.get().number(), shown.pdu()), shown.id())
            : null;
    new TimelineAppend(decision, context.numbers()).append(event, transaction, effect, replaced);
    return Optional.empty();
  }
}
