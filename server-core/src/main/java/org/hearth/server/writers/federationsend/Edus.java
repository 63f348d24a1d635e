package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogException;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.http.Fields;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// Hands what is said in EDUs to the boxes that keep it: typing, receipts, presence, messages to
/// devices, and changes of devices and keys.
///
/// A server speaks for its own users only, and of a room in which both are and whose ACL lets it
/// take part. What is wrong, unknown or too large is dropped, and costs nothing else of the
/// transaction.
///
/// **bound**: [#MOST_BYTES] of one about devices; receipts, their rooms, and presences of a
/// transaction. **thread**: requests' own.
///
/// **source**: [EDUs](https://spec.matrix.org/v1.19/server-server-api/#edus), [Typing
/// Notifications](https://spec.matrix.org/v1.19/server-server-api/#typing-notifications),
/// [Presence](https://spec.matrix.org/v1.19/server-server-api/#presence),
/// [Receipts](https://spec.matrix.org/v1.19/server-server-api/#receipts)
final class Edus {
  /// Of one EDU: twice what servers keep to.
  static final int MOST_BYTES = 128 << 10;

  /// Receipts of one transaction.
  static final int MOST_RECEIPTS = 500;

  /// Rooms of the receipts of one transaction: each has to be looked for, also if there is none.
  static final int MOST_ROOMS = 500;

  /// Presences of one transaction.
  static final int MOST_PRESENCES = 500;

  /// How long somebody types whose server says nothing more.
  static final Duration TYPING_FOR = Duration.ofSeconds(60);

  private static final System.Logger LOG = System.getLogger(Edus.class.getName());
  private static final int LONGEST_STATUS = 1_024;
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final FederationSend.Inputs inputs;
  private final InstantSource clock;

  Edus(FederationSend.Needs needs, FederationSend.Inputs inputs) {
    this.here = needs.here();
    this.rooms = needs.rooms();
    this.peers = needs.peers();
    this.inputs = inputs;
    this.clock = needs.clock();
  }

  /// Takes in the EDUs of one transaction, and returns when what has to be kept of them is durable.
  ///
  /// @throws LogException if something that has to be kept cannot be kept now
  void take(ServerName origin, List<JsonNode> edus) throws InterruptedException {
    Taking taking = new Taking(origin);
    for (JsonNode each : edus) {
      if (each instanceof ObjectNode edu
          && edu.path("edu_type").isTextual()
          && edu.get("content") instanceof ObjectNode content) {
        taking.take(edu.path("edu_type").textValue(), content);
      }
    }
    taking.await();
  }

  /// One transaction.
  private final class Taking {
    private final ServerName origin;
    private final List<Reply<LogPosition>> replies = new ArrayList<>();
    private int receiptsLeft = MOST_RECEIPTS;
    private int roomsLeft = MOST_ROOMS;
    private int presencesLeft = MOST_PRESENCES;

    Taking(ServerName origin) {
      this.origin = origin;
    }

    void take(String type, ObjectNode content) throws InterruptedException {
      try {
        switch (type) {
          case "m.typing" -> typing(Fields.of(content));
          case "m.receipt" -> receipts(content);
          case "m.presence" -> presence(Fields.of(content));
          case "m.direct_to_device", "m.device_list_update", "m.signing_key_update" ->
              device(type, content);
          default -> LOG.log(Level.DEBUG, "{0} has sent an unknown EDU: {1}", origin, type);
        }
      } catch (MatrixException | InvalidIdentifierException e) {
        LOG.log(Level.DEBUG, "{0} has sent a wrong {1}: {2}", origin, type, e.getMessage());
      }
    }

    /// What a server says of users who are not its own is not heard.
    private Optional<UserId> own(String id) {
      return Identifiers.read(UserId::parse, id).filter(user -> user.isOn(origin));
    }

    /// "For typing notifications (`m.typing`), if the sending server is denied access to the room
    /// identified by `room_id`, the EDU MUST be ignored." "All receipts for a particular room ID
    /// MUST be ignored if the sending server is denied access to the room identified by that ID."
    private boolean isOpen(RoomId room) {
      return peers.servers(room).contains(here) && peers.isAllowed(room, origin);
    }

    private void typing(Fields content) throws InterruptedException {
      RoomId room = RoomId.parse(content.string("room_id"));
      boolean typing = content.bool("typing");
      Optional<UserId> user = own(content.string("user_id"));
      if (user.isPresent() && isOpen(room) && rooms.isJoined(room, user.get())) {
        try {
          inputs
              .typing()
              .tell(
                  typing
                      ? new TypingInput.StartTyping(room, user.get(), TYPING_FOR.toMillis())
                      : new TypingInput.StopTyping(room, user.get()),
                  Duration.ZERO);
        } catch (LogFullException e) {
          LOG.log(Level.DEBUG, "that {0} types is not taken in: {1}", user.get(), e.getMessage());
        }
      }
    }

    private void receipts(ObjectNode content) throws InterruptedException {
      for (Map.Entry<String, JsonNode> ofRoom : content.properties()) {
        if (roomsLeft-- <= 0) {
          return;
        }
        Optional<RoomId> room = Identifiers.read(RoomId::parse, ofRoom.getKey());
        if (room.isPresent()
            && ofRoom.getValue().get(ReceiptType.READ.id()) instanceof ObjectNode users
            && isOpen(room.get())) {
          for (Map.Entry<String, JsonNode> each : users.properties()) {
            Optional<UserId> user = own(each.getKey());
            if (receiptsLeft-- > 0 && user.isPresent()) {
              receipt(room.get(), user.get(), each.getValue());
            }
          }
        }
      }
    }

    /// Of an event that is shown here, by a user who is in the room.
    private void receipt(RoomId room, UserId user, JsonNode receipt) throws InterruptedException {
      JsonNode data = receipt.path("data");
      JsonNode ids = receipt.path("event_ids");
      Optional<RoomEvent> event =
          Identifiers.read(EventId::parse, ids.path(0).asText(""))
              .filter(_ -> ids.isArray() && rooms.isJoined(room, user))
              .flatMap(rooms::event)
              .filter(each -> each.room().equals(room) && each.place() != 0);
      @Nullable String thread = data.has("thread_id") ? data.path("thread_id").asText("") : null;
      if (event.isEmpty() || !isThread(thread)) {
        return;
      }
      long now = clock.millis();
      long ts = data.path("ts").canConvertToLong() ? data.path("ts").longValue() : now;
      submit(() ->
          inputs
              .receipts()
              .submit(
                  new ReceiptInput.MoveMarker(
                      new ReceiptOutput(
                          room,
                          user,
                          ReceiptType.READ,
                          thread,
                          event.get().id(),
                          event.get().place(),
                          Math.clamp(ts, 0, now))),
                  PATIENCE_FOR_PLACE));
    }

    private boolean isThread(@Nullable String thread) {
      return thread == null
          || thread.equals(ReceiptOutput.MAIN)
          || Identifiers.read(EventId::parse, thread).isPresent();
    }

    private void presence(Fields content) throws InterruptedException {
      if (inputs.presence().isEmpty() || !inputs.presenceOfOthers()) {
        return;
      }
      Map<UserId, JsonNode> told = new LinkedHashMap<>();
      for (JsonNode each : content.array("push")) {
        Optional<UserId> user = own(each.path("user_id").asText(""));
        if (presencesLeft-- > 0 && user.isPresent()) {
          told.put(user.get(), each);
        }
      }
      List<UserId> users = List.copyOf(told.keySet());
      for (int i = 0; i < users.size(); i += RoomQueries.MOST_USERS) {
        List<UserId> some = users.subList(i, Math.min(i + RoomQueries.MOST_USERS, users.size()));
        Set<UserId> known = new HashSet<>();
        rooms.joinedRooms(some).values().forEach(known::addAll);
        for (UserId user : known) {
          presence(inputs.presence().get(), user, told.get(user));
        }
      }
    }

    private void presence(PresenceClient client, UserId user, @Nullable JsonNode told)
        throws InterruptedException {
      if (told == null) {
        return;
      }
      Optional<Presence> presence = Presence.of(told.path("presence").asText(""));
      if (presence.isPresent()) {
        String status = told.path("status_msg").asText("");
        long now = clock.millis();
        JsonNode ago = told.path("last_active_ago");
        client.reported(
            user,
            presence.get(),
            ago.canConvertToLong() ? now - Math.clamp(ago.longValue(), 0, now) : null,
            told.path("currently_active").asBoolean(false),
            status.isEmpty() || Utf8.length(status) > LONGEST_STATUS ? null : status);
      }
    }

    private void device(String type, ObjectNode content) throws InterruptedException {
      if (MatrixJson.write(content).length > MOST_BYTES) {
        throw MatrixException.tooLarge("An EDU has at most %d bytes".formatted(MOST_BYTES));
      }
      Optional<DeviceInput> command = inputs.deviceEdus().read(origin, type, content);
      if (command.isPresent() && command.get().user().isOn(origin)) {
        submit(() -> inputs.devices().submit(command.get(), PATIENCE_FOR_PLACE));
      }
    }

    private interface Submission {
      Reply<LogPosition> submit() throws InterruptedException;
    }

    private void submit(Submission submission) throws InterruptedException {
      try {
        replies.add(submission.submit());
      } catch (LogException e) {
        passOn(e);
      }
    }

    void await() throws InterruptedException {
      for (Reply<LogPosition> each : replies) {
        try {
          var _ = each.await(PATIENCE_FOR_REPLY);
        } catch (RuntimeException e) {
          passOn(e);
        }
      }
    }

    /// What cannot be kept now, the server says again with its transaction. What cannot be kept at
    /// all, because somebody is parked, say, must not hold up everything else of that server.
    private void passOn(RuntimeException failure) {
      if (Unavailable.is(failure)) {
        throw failure;
      }
      LOG.log(Level.WARNING, "something that {0} said is dropped: {1}", origin, failure);
    }
  }
}
