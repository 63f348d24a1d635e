package org.hearth.server.services.notices;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.DistinctMillis;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.NoticesUser;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.profile.Profile;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.store.Table;

/// Brings what the owner of the server has to say to its users, each in a room of one's own, in
/// which only the server speaks.
///
/// **thread**: any; a call waits for its commits. One user's notices take turns.
///
/// **source**: [server notices](https://spec.matrix.org/v1.19/client-server-api/#server-notices)
public final class NoticeService implements Box {
  /// The name in the wiring.
  public static final String BOX = "Notices";

  /// "Servers must identify this room to clients with the `m.server_notice` tag."
  private static final String TAG = "m.server_notice";

  private static final String NAME = "Server notices";

  private final NoticeRooms table;
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final AccountQueries accounts;
  private final ProfileQueries profiles;
  private final AccountDataService accountData;
  private final UserId sender;
  private final RoomVersion version;
  private final InstantSource creations;
  private final TurnPerKey turns = new TurnPerKey();

  /// Whom the service asks and commands.
  public record Needs(
      RoomQueries rooms,
      RoomClient commands,
      AccountQueries accounts,
      ProfileQueries profiles,
      AccountDataService accountData) {}

  /// @param version of new rooms
  public NoticeService(
      NoticeRooms rooms, Needs needs, ServerName server, RoomVersion version, InstantSource clock) {
    this.table = rooms;
    this.rooms = needs.rooms();
    this.commands = needs.commands();
    this.accounts = needs.accounts();
    this.profiles = needs.profiles();
    this.accountData = needs.accountData();
    this.sender = NoticesUser.of(server);
    this.version = version;
    this.creations = new DistinctMillis(clock);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Word of the owner";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX, ProfileService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(AccountDataService.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(table);
  }

  @Override
  public List<Table> tables() {
    return List.of(NoticeRooms.TABLE);
  }

  /// Sends a text to a user of this server, who is invited if not in the room.
  ///
  /// It is a message like any other: `m.server_notice` is for what the specification names, of
  /// which this server has nothing, and clients show a message type only if they know it.
  ///
  /// @throws MatrixException if there is no open account, the text is too long, or the room cannot
  ///   be used
  public void send(UserId user, String text) throws InterruptedException {
    if (!accounts.isActive(user)) {
      throw MatrixException.notFound("There is no open account " + user.value());
    }
    if (accounts.isActive(sender)) {
      throw new MatrixException(
          Errcode.USER_IN_USE,
          "The server speaks as %s, and there is an account of that name: close it first"
              .formatted(sender.value()));
    }
    ObjectNode content =
        JsonNodeFactory.instance.objectNode().put("msgtype", "m.text").put("body", text);
    var _ =
        turns.take(
            user,
            () -> {
              RoomId room = room(user);
              return commands.perform(
                  new RoomInput.SendEvent(
                      room, EventDraft.message(room, sender, EventTypes.MESSAGE, content), null));
            });
  }

  /// The room in which the user is, or is invited to. Only while it is the user's turn.
  private RoomId room(UserId user) throws InterruptedException {
    Optional<RoomMembership> membership =
        table.of(user).flatMap(known -> rooms.membership(known, user));
    if (membership.isEmpty()) {
      return create(user);
    }
    RoomId room = membership.get().room();
    accountData.setTag(user, room, TAG);
    switch (membership.get().membership()) {
      case JOIN, INVITE -> {}
      case LEAVE, KNOCK, BAN -> {
        // "Servers should not prevent the user leaving the room after joining the server notices
        // room": who has left is asked in again.
        var _ =
            commands.perform(
                new RoomInput.ChangeMembership(
                    room,
                    sender,
                    user,
                    Membership.INVITE,
                    invited(user),
                    EnumSet.of(Membership.LEAVE, Membership.KNOCK),
                    null));
      }
    }
    return room;
  }

  /// Which room it is is noted before it is made: so a user never has two. "Servers should invite
  /// the target user rather than automatically join them to the server notice room."
  private RoomId create(UserId user) throws InterruptedException {
    ObjectNode content = object("room_version", version.id());
    // What the server says to its own users is for no other server.
    content.put("m.federate", false);
    if (!version.has(RoomRule.CREATOR_IS_SENDER)) {
      content.put("creator", sender.value());
    }
    long now = creations.millis();
    EventDraft unplaced = EventDraft.create(null, sender, content);
    RoomId room = rooms.newRoomId(version, unplaced, now);
    table.set(user, room);
    accountData.setTag(user, room, TAG);
    EventDraft create =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
            ? unplaced
            : EventDraft.create(room, sender, content);
    commands.create(
        new RoomInput.CreateRoom(room, version.id(), now, create, firstEvents(room, user)));
    return room;
  }

  private List<EventDraft> firstEvents(RoomId room, UserId user) {
    ObjectNode join = object("membership", Membership.JOIN.value()).put("displayname", NAME);
    ObjectNode invite = invited(user).put("membership", Membership.INVITE.value());
    return List.of(
        EventDraft.state(room, sender, new StateKey(EventTypes.MEMBER, sender.value()), join),
        state(room, EventTypes.POWER_LEVELS, levels()),
        state(room, EventTypes.JOIN_RULES, object("join_rule", "invite")),
        state(room, EventTypes.HISTORY_VISIBILITY, object("history_visibility", "shared")),
        state(room, EventTypes.GUEST_ACCESS, object("guest_access", "forbidden")),
        state(room, EventTypes.NAME, object("name", NAME)),
        state(
            room,
            EventTypes.TOPIC,
            object("topic", "What the owner of %s has to say".formatted(sender.server().value()))),
        EventDraft.state(room, sender, new StateKey(EventTypes.MEMBER, user.value()), invite));
  }

  /// Only the server speaks and invites.
  private ObjectNode levels() {
    ObjectNode levels = JsonNodeFactory.instance.objectNode();
    ObjectNode users = levels.putObject("users");
    // "Creators have infinite power, may not be listed in users" since version 12.
    if (!version.has(RoomRule.PRIVILEGED_CREATORS)) {
      users.put(sender.value(), 100);
    }
    return levels
        .put("users_default", 0)
        .put("events_default", 100)
        .put("state_default", 100)
        .put("invite", 100)
        .put("kick", 100)
        .put("ban", 100)
        .put("redact", 100);
  }

  /// The content of an invitation, but for the membership.
  private ObjectNode invited(UserId user) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    Profile profile = profiles.profile(user);
    profile.displayName().ifPresent(each -> content.put("displayname", each));
    profile.avatarUrl().ifPresent(each -> content.put("avatar_url", each));
    return content;
  }

  private EventDraft state(RoomId room, String type, ObjectNode content) {
    return EventDraft.state(room, sender, new StateKey(type, ""), content);
  }

  private static ObjectNode object(String key, String value) {
    return JsonNodeFactory.instance.objectNode().put(key, value);
  }
}
