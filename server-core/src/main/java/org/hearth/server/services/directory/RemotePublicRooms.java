package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.SharedPlaces;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;

/// The published directories of other servers.
///
/// **bound**: a page as long as one of this server, of [#ANSWER_BYTES] at most; [#MOST_AT_ONCE] at a
/// time, of which one who asks has a share ([SharedPlaces]).
///
/// **thread**: any that may wait.
///
/// **source**: [Published room directory][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#published-room-directory
final class RemotePublicRooms {
  private static final String PATH = "/_matrix/federation/v1/publicRooms";
  private static final int ANSWER_BYTES = 1 << 20;
  private static final int MOST_AT_ONCE = 6;
  private static final int MOST_OF_ONE = 1;
  private static final int MOST_WAITING = 256;
  private static final int LONGEST_TOKEN = 1_000;
  private static final int FORBIDDEN = 403;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  private final PeerRequests peers;
  private final SharedPlaces places = new SharedPlaces(MOST_AT_ONCE, MOST_WAITING);

  RemotePublicRooms(PeerRequests peers) {
    this.peers = peers;
  }

  /// What is asked of another server.
  ///
  /// @param limit how many rooms, at most
  /// @param since a token of that server
  /// @param filter what the rooms must be, and of which networks; the body of a POST without the
  ///   two above. Empty for all
  record Wish(int limit, Optional<String> since, Optional<ObjectNode> filter) {}

  /// A page of a server's list.
  ///
  /// @param asker on whose behalf
  /// @throws MatrixException 403 if it does not show it, 502 if there is no answer
  ObjectNode page(ServerName server, Wish wish, String asker) throws InterruptedException {
    try (SharedPlaces.Place _ =
        places
            .take(List.of(new SharedPlaces.Share(asker, MOST_OF_ONE)), PATIENCE_FOR_PLACE)
            .orElseThrow(() -> MatrixException.limitExceeded(PATIENCE_FOR_PLACE))) {
      return read(
          peers.send(request(server, wish).withAnswer(ANSWER_BYTES, PATIENCE)), wish.limit());
    }
  }

  private static ObjectNode read(FederationReply reply, int limit) {
    return switch (reply) {
      case FederationReply.Answer(_, ObjectNode body) -> checked(body, limit);
      case FederationReply.Refused(int status, _, _, _, _) when status == FORBIDDEN ->
          throw MatrixException.forbidden("That server does not show its directory");
      case FederationReply.NotAllowed _ ->
          throw MatrixException.notFound("The directory of that server cannot be read from here");
      case FederationReply _ ->
          throw new MatrixException(
              502, Errcode.UNKNOWN, "That server does not tell which rooms it publishes");
    };
  }

  private static FederationRequest request(ServerName server, Wish wish) {
    if (wish.filter().isEmpty()) {
      return FederationRequest.get(
          server,
          PATH
              + "?limit="
              + wish.limit()
              + wish.since().map(each -> "&since=" + PeerRequests.encoded(each)).orElse(""));
    }
    ObjectNode body = wish.filter().get().deepCopy();
    body.put("limit", wish.limit());
    wish.since().ifPresent(each -> body.put("since", each));
    return FederationRequest.post(server, PATH, body);
  }

  private static ObjectNode checked(ObjectNode said, int limit) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode chunk = body.putArray("chunk");
    JsonNode rooms = said.path("chunk");
    for (int i = 0; i < rooms.size() && i < limit; i++) {
      SaidRoom.checked(rooms.path(i)).ifPresent(chunk::add);
    }
    for (String token : new String[] {"next_batch", "prev_batch"}) {
      Optional.of(said.path(token))
          .filter(each -> each.isTextual() && each.textValue().length() <= LONGEST_TOKEN)
          .ifPresent(each -> body.set(token, each));
    }
    JsonNode count = said.path("total_room_count_estimate");
    if (count.isIntegralNumber() && count.canConvertToInt() && count.intValue() >= 0) {
      body.set("total_room_count_estimate", count);
    }
    return body;
  }
}
