package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;

/// What a resident server says a member event of ours should look like. It is never signed as it
/// comes: only the place in the room's graph is taken from it, and who authorises a restricted
/// join. All else is this server's own, so a template cannot have us sign anything but the
/// membership that our user asked for.
///
/// **source**: [Joining rooms](https://spec.matrix.org/v1.19/server-server-api/#joining-rooms),
/// `make_join`, `make_knock`, `make_leave`
sealed interface MembershipTemplate {
  /// The versions of a room whose server names none.
  String UNNAMED_VERSION = "1";

  /// A SHA-256 in unpadded base64.
  int HASH_LENGTH = 43;

  /// It can be filled in.
  ///
  /// @param authorising who authorises a restricted join, a user of the resident server
  record Sound(
      RoomVersion version, EventDraft draft, EventLinks links, Optional<UserId> authorising)
      implements MembershipTemplate {}

  /// "In case any of the above checks fail, the response MUST be treated as malformed and
  /// discarded."
  record Malformed(String why) implements MembershipTemplate {}

  /// Reads what a resident answers.
  ///
  /// @param originServerTs the time of the event to be made
  static MembershipTemplate read(
      ObjectNode answer, ServerName resident, Wish wish, long originServerTs) {
    try {
      return new Reader(answer, resident, wish).read(originServerTs);
    } catch (Unsound e) {
      return new Malformed(e.why);
    }
  }

  /// A check has failed.
  final class Unsound extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String why;

    Unsound(String why) {
      super(why, null, false, false);
      this.why = why;
    }
  }

  /// Reads one template.
  final class Reader {
    private final ObjectNode answer;
    private final ServerName resident;
    private final Wish wish;

    Reader(ObjectNode answer, ServerName resident, Wish wish) {
      this.answer = answer;
      this.resident = resident;
      this.wish = wish;
    }

    Sound read(long originServerTs) {
      // "If not provided, the room version is assumed to be either "1" or "2"." They do not differ
      // in the format of events.
      JsonNode named = answer.path("room_version");
      RoomVersion version =
          RoomVersions.of(named.isMissingNode() ? UNNAMED_VERSION : named.asText(""))
              .orElseThrow(() -> new Unsound("its room version is none that this server knows"));
      if (wish.room().isHash() != version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
        throw new Unsound("rooms of version %s have other ids".formatted(version));
      }
      if (!(answer.get("event") instanceof ObjectNode event)) {
        throw new Unsound("it has no event");
      }
      // "the sending server MUST verify that: the `room_id` is equal to the `roomId` path
      // parameter; both the `sender` and `state_key` are equal to the `userId` path parameter; the
      // `type` of the event is `m.room.member`; the `membership` field inside `content`" is that
      // which was asked for.
      require(event, "room_id", wish.room().value());
      require(event, "sender", wish.user().value());
      require(event, "state_key", wish.user().value());
      require(event, "type", EventTypes.MEMBER);
      require(event.path("content"), "membership", wish.handshake().membership().value());

      Optional<UserId> authorising = authorising(event.path("content"), version);
      ObjectNode content = wish.content().deepCopy();
      content.put("membership", wish.handshake().membership().value());
      content.remove("join_authorised_via_users_server");
      authorising.ifPresent(each -> content.put("join_authorised_via_users_server", each.value()));
      Map<EventId, String> hashes = new HashMap<>();
      List<EventId> previous =
          references(event, "prev_events", PduFormat.MAX_PREV_EVENTS, version, hashes);
      if (previous.isEmpty()) {
        throw new Unsound("its event follows none");
      }
      EventLinks links =
          new EventLinks(
              previous,
              references(event, "auth_events", PduFormat.MAX_AUTH_EVENTS, version, hashes),
              depth(event, version),
              originServerTs,
              hashes);
      return new Sound(
          version,
          EventDraft.state(wish.room(), wish.user(), StateKey.member(wish.user().value()), content),
          links,
          authorising);
    }

    private static void require(JsonNode object, String name, String expected) {
      if (!expected.equals(object.path(name).textValue())) {
        throw new Unsound("its " + name + " is not that which was asked for");
      }
    }

    /// "An arbitrary user ID belonging to the resident server in the room being joined that is able
    /// to issue invites to other users." No other server is asked to sign, so no other may be
    /// named.
    private Optional<UserId> authorising(JsonNode content, RoomVersion version) {
      JsonNode named = content.path("join_authorised_via_users_server");
      if (wish.handshake().membership() != Membership.JOIN
          || !version.has(RoomRule.RESTRICTED_JOINS)
          || named.isMissingNode()) {
        return Optional.empty();
      }
      Optional<UserId> user = Identifiers.read(UserId::parse, named.asText(""));
      if (user.isEmpty() || !user.get().server().equals(resident)) {
        throw new Unsound("who authorises the join is no user of the server that was asked");
      }
      return user;
    }

    private static long depth(ObjectNode event, RoomVersion version) {
      JsonNode depth = event.path("depth");
      if (!depth.isIntegralNumber()
          || !depth.canConvertToLong()
          || depth.longValue() < 0
          || depth.longValue() > PduFormat.maxDepth(version)) {
        throw new Unsound("its depth is no number that a depth can be");
      }
      return depth.longValue();
    }

    private static List<EventId> references(
        ObjectNode event, String name, int most, RoomVersion version, Map<EventId, String> hashes) {
      JsonNode list = event.path(name);
      if (!list.isArray() || list.size() > most) {
        throw new Unsound("its %s are no list of at most %d events".formatted(name, most));
      }
      List<EventId> ids = new ArrayList<>(list.size());
      Set<EventId> once = new HashSet<>();
      for (JsonNode each : list) {
        JsonNode id = version.eventIds().isHash() ? each : each.path(0);
        EventId read =
            Identifiers.read(EventId::parse, id.asText(""))
                .filter(known -> isOf(known, version))
                .orElseThrow(() -> new Unsound("its " + name + " have what is no event id"));
        if (!once.add(read)) {
          throw new Unsound("its " + name + " have an event twice");
        }
        if (!version.eventIds().isHash()) {
          hashes.put(read, hash(each.path(1).path("sha256").textValue()));
        }
        ids.add(read);
      }
      return ids;
    }

    private static boolean isOf(EventId id, RoomVersion version) {
      return switch (version.eventIds()) {
        case SERVER_ASSIGNED -> id.hasServer();
        case HASH_BASE64 -> id.isBase64Hash();
        case HASH_URL_SAFE -> id.isUrlSafeHash();
      };
    }

    private static String hash(@Nullable String hash) {
      if (hash == null || hash.length() != HASH_LENGTH) {
        throw new Unsound("an event that it cites has no hash");
      }
      return hash;
    }
  }
}
