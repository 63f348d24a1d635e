package org.hearth.server.servers.room.decide;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.OutsideRooms;
import org.hearth.server.servers.room.shard.SentEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// Decides about the commands of this server's users, each on the room as the command before left
/// it.
///
/// **thread**: the shard's.
public final class UserCommands {
  private final ShardContext context;
  private final ShardRooms rooms;
  private final OutsideRooms outside;

  public UserCommands(ShardContext context, ShardRooms rooms, OutsideRooms outside) {
    this.context = context;
    this.rooms = rooms;
    this.outside = outside;
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
    Optional<CommandOutcome> refused =
        append(decision, command.create(), null, command.originServerTs());
    for (EventDraft draft : command.events()) {
      if (refused.isEmpty()) {
        refused = append(decision, draft, null, context.clock().millis());
      }
    }
    return refused.orElseGet(() -> new CommandOutcome.Events(decision));
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
      Optional<CommandOutcome> refused = authorise(content, room, command.target(), allowedBy);
      if (refused.isPresent()) {
        return refused.get();
      }
    }
    CommandOutcome outcome =
        append(
            room,
            EventDraft.state(
                command.room(),
                command.sender(),
                StateKey.member(command.target().value()),
                content),
            null);
    if (outcome instanceof CommandOutcome.Events(Decision decision)
        && command.membership() == Membership.JOIN
        && !room.members().servers().contains(context.server())) {
      outside.arrive(decision);
    }
    return outcome;
  }

  /// Names who authorises a join in the content of its event, where that is needed and the join
  /// rules let in the members of that other room.
  private Optional<CommandOutcome> authorise(
      ObjectNode content, RoomView room, UserId joining, RoomId allowedBy) {
    AuthState state = context.maker().stateOf(room);
    if (!RestrictedJoins.isNeeded(state, room.membership(joining))
        || !RestrictedJoins.allows(state, allowedBy)) {
      return Optional.empty();
    }
    Optional<UserId> authoriser = RestrictedJoins.authoriser(room, state, context.server());
    authoriser.ifPresent(user -> content.put("join_authorised_via_users_server", user.value()));
    return authoriser.isPresent()
        ? Optional.empty()
        : Optional.of(
            new CommandOutcome.Refused(
                Refusal.UNABLE_TO_AUTHORISE_JOIN,
                "no member of this server may let others into " + room.info().id()));
  }

  /// Makes an event and leaves the room as it is.
  public CommandOutcome prepare(RoomInput.PrepareEvent command, RoomView room) {
    EventDraft draft = command.draft();
    RoomId allowedBy = command.allowedBy();
    if (allowedBy != null) {
      ObjectNode content = draft.content().deepCopy();
      Optional<CommandOutcome> refused = authorise(content, room, draft.sender(), allowedBy);
      if (refused.isPresent()) {
        return refused.get();
      }
      draft =
          new EventDraft(
              draft.roomId(), draft.sender(), draft.type(), draft.key(), content, draft.redacted());
    }
    return switch (context.maker().make(draft, room, context.clock().millis())) {
      case EventMaker.Made.Refused(Refusal refusal, String detail) ->
          new CommandOutcome.Refused(refusal, detail);
      case EventMaker.Made.Event(Pdu event, _) when !event.roomId().equals(room.info().id()) ->
          new CommandOutcome.Refused(
              Refusal.BAD_CONTENT, "it would be an event of " + event.roomId());
      case EventMaker.Made.Event(Pdu event, _) ->
          toBeSigned(event, room).orElseGet(() -> new CommandOutcome.Prepared(event));
    };
  }

  /// Of a new room there is nothing yet that its policy server could have joined.
  private Optional<CommandOutcome> toBeSigned(Pdu event, Decision decision) {
    return decision.isOfNewRoom() ? Optional.empty() : toBeSigned(event, decision.view());
  }

  /// "If a room has enabled a Policy Server, *all* servers in that room MUST ask that Policy Server
  /// for a signature before sending an event." An event of another server is for that one to send.
  private Optional<CommandOutcome> toBeSigned(Pdu event, RoomView room) {
    return Optional.of(event)
        .filter(each -> each.sender().isOn(context.server()) && PolicyServer.isAskedAbout(each))
        .flatMap(_ -> room.policyServer(context.maker()::event))
        .map(policy -> new CommandOutcome.ToBeSigned(event, policy));
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

  public CommandOutcome forget(RoomInput.ForgetRoom command, Optional<RoomView> room) {
    Optional<Membership> outsideRoom =
        outside.find(command.room(), command.user()).map(OutsideRooms.Held::membership);
    if (room.isEmpty() && outsideRoom.isEmpty()) {
      return new CommandOutcome.Refused(
          Refusal.UNKNOWN_ROOM, command.room() + " is not a room of this server");
    }
    Optional<Membership> membership = room.map(view -> view.membership(command.user()));
    if (membership.isEmpty() && outsideRoom.isEmpty()) {
      return new CommandOutcome.NothingToDo();
    }
    if (membership.filter(each -> !OutsideRows.isOver(each)).isPresent()
        || outsideRoom.filter(each -> !OutsideRows.isOver(each)).isPresent()) {
      return new CommandOutcome.Refused(
          Refusal.WRONG_MEMBERSHIP, "%s has not left %s".formatted(command.user(), command.room()));
    }
    List<RowChange> changes = new ArrayList<>();
    changes.add(OutsideRows.forgotten(command.room(), command.user()));
    room.ifPresent(view -> changes.add(RoomRows.forgotten(view.info().number(), command.user())));
    return new CommandOutcome.Rows(
        changes, () -> context.memory().userRooms().changed(command.user()));
  }

  private CommandOutcome append(
      RoomView room, EventDraft draft, @Nullable ClientTransaction transaction) {
    Decision decision = new Decision(context, room);
    return append(decision, draft, transaction, context.clock().millis())
        .orElseGet(() -> new CommandOutcome.Events(decision));
  }

  /// Adds an event to a decision, or says what became of it otherwise.
  private Optional<CommandOutcome> append(
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
        Optional<CommandOutcome> unsigned = toBeSigned(event, decision);
        if (unsigned.isPresent()) {
          yield unsigned;
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
  private Optional<CommandOutcome> redact(
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
    Optional<CommandOutcome> unsigned = toBeSigned(event, decision);
    if (unsigned.isPresent()) {
      return unsigned;
    }
    Decision.Target effect =
        shown.redactedBecause() == null
            ? new Decision.Target(EventRef.at(target.get().number(), shown.pdu()), shown.pdu())
            : null;
    new TimelineAppend(decision, context.numbers()).append(event, transaction, effect, replaced);
    return Optional.empty();
  }
}
