package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// A public room of a [Peer], in which each event follows the one before.
///
/// **thread**: any; guarded by this.
final class PeerRoom {
  private static final RoomVersion VERSION = RoomVersions.V11;

  private final Peer resident;
  private final RoomId id;
  private final UserId founder;
  private final Pdu create;
  private final Pdu founded;
  private final Pdu levels;
  private final Pdu rules;
  private final List<byte[]> members = new ArrayList<>();
  private Pdu last;

  /// Makes a room of that server.
  ///
  /// @param name of the room; unique on the server
  PeerRoom(Peer resident, String name) {
    this.resident = resident;
    id = RoomId.parse("!" + name + ":" + resident.name());
    founder = UserId.parse("@founder:" + resident.name());
    Maker maker = new Maker(resident, founder);
    create =
        maker.make(
            Optional.empty(),
            EventTypes.CREATE,
            Optional.of(""),
            object().put("room_version", VERSION.id()),
            List.of());
    founded =
        maker.make(
            Optional.of(create),
            EventTypes.MEMBER,
            Optional.of(founder.value()),
            object().put("membership", "join"),
            List.of(create));
    ObjectNode power = object();
    power.putObject("users").put(founder.value(), 100);
    levels =
        maker.make(
            Optional.of(founded),
            EventTypes.POWER_LEVELS,
            Optional.of(""),
            power,
            List.of(create, founded));
    rules =
        maker.make(
            Optional.of(levels),
            EventTypes.JOIN_RULES,
            Optional.of(""),
            object().put("join_rule", "public"),
            List.of(create, founded, levels));
    last = rules;
    resident.opens(this);
  }

  /// Makes events of one user.
  private final class Maker {
    private final Peer server;
    private final UserId sender;

    Maker(Peer server, UserId sender) {
      this.server = server;
      this.sender = sender;
    }

    Pdu make(
        Optional<Pdu> previous,
        String type,
        Optional<String> stateKey,
        ObjectNode content,
        List<Pdu> auth) {
      ObjectNode json = object();
      json.put("type", type);
      json.put("room_id", id.value());
      json.put("sender", sender.value());
      stateKey.ifPresent(key -> json.put("state_key", key));
      json.set("content", content);
      json.put("origin_server_ts", System.currentTimeMillis());
      place(json, previous, auth);
      return Pdu.parse(
          EventSignatures.hashAndSign(json, VERSION, server.name(), server.key()), VERSION);
    }
  }

  private static void place(ObjectNode json, Optional<Pdu> previous, List<Pdu> auth) {
    json.put("depth", 1 + previous.map(Pdu::depth).orElse(0L));
    ArrayNode before = json.putArray("prev_events");
    previous.ifPresent(each -> before.add(each.eventId().value()));
    ArrayNode cited = json.putArray("auth_events");
    auth.forEach(each -> cited.add(each.eventId().value()));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  RoomId id() {
    return id;
  }

  Peer resident() {
    return resident;
  }

  /// Lets a number of users in, of these servers in turn.
  synchronized void join(List<Peer> servers, int users) {
    for (int i = 0; i < users; i++) {
      Peer server = servers.get(i % servers.size());
      UserId user = UserId.parse("@user" + i + ":" + server.name());
      last =
          new Maker(server, user)
              .make(
                  Optional.of(last),
                  EventTypes.MEMBER,
                  Optional.of(user.value()),
                  object().put("membership", "join").put("displayname", "User " + i),
                  List.of(create, levels, rules));
      members.add(last.canonicalBytes());
    }
  }

  /// A message of who founded the room.
  ///
  /// @param number that its content has as `n`
  synchronized Pdu say(int number) {
    last =
        new Maker(resident, founder)
            .make(
                Optional.of(last),
                EventTypes.MESSAGE,
                Optional.empty(),
                object()
                    .put("msgtype", "m.text")
                    .put("body", "Message " + number + " of a conversation that goes on and on")
                    .put("n", number),
                List.of(create, levels, founded));
    return last;
  }

  /// The newest event.
  synchronized EventId latest() {
    return last.eventId();
  }

  /// An event of this room.
  Pdu read(ObjectNode event) {
    return Pdu.parse(event, VERSION);
  }

  /// What is answered to `make_join`.
  synchronized ObjectNode template(String user) {
    ObjectNode said = object().put("room_version", VERSION.id());
    ObjectNode event = said.putObject("event");
    event.put("type", EventTypes.MEMBER);
    event.put("room_id", id.value());
    event.put("sender", user);
    event.put("state_key", user);
    event.putObject("content").put("membership", "join");
    place(event, Optional.of(last), List.of(create, levels, rules));
    return said;
  }

  /// Lets somebody in.
  ///
  /// @param event as it is handed in by `send_join`
  /// @return the parts of the answer
  synchronized List<byte[]> join(ObjectNode event) {
    List<byte[]> answer = new ArrayList<>();
    answer.add(bytes("{\"members_omitted\":false,\"state\":["));
    for (Pdu each : List.of(create, founded, levels)) {
      answer.add(each.canonicalBytes());
      answer.add(bytes(","));
    }
    answer.add(rules.canonicalBytes());
    for (byte[] each : members) {
      answer.add(bytes(","));
      answer.add(each);
    }
    answer.add(bytes("],\"auth_chain\":["));
    for (Pdu each : List.of(create, founded, levels)) {
      answer.add(each.canonicalBytes());
      answer.add(bytes(","));
    }
    answer.add(rules.canonicalBytes());
    answer.add(bytes("]}"));
    last = read(event);
    return answer;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
