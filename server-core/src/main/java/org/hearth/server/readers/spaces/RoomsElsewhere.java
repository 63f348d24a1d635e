package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.KeptAnswers;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;

/// Rooms that are not here, as other servers tell of them. "The response to this endpoint should be
/// cached for a period of time."
///
/// **bound**: [#BOUNDS] for all answers; of one answer [#ANSWER_BYTES] as it comes, and what
/// [SpaceRoom] takes of it.
///
/// **thread**: any that may wait.
///
/// **source**: [`GET /hierarchy`][s] of servers.
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid
final class RoomsElsewhere {
  private static final KeptAnswers.Bounds BOUNDS = new KeptAnswers.Bounds(8L << 20, 6);
  private static final int ANSWER_BYTES = 1 << 20;
  private static final Duration TIME = Duration.ofSeconds(10);
  private static final Duration LIFE = Duration.ofMinutes(5);
  private static final Duration LIFE_OF_FAILURE = Duration.ofMinutes(1);

  /// How much larger than its JSON an answer is in memory.
  private static final int SPREAD = 4;

  /// Who was asked for what. What one server says is never given for what another would.
  ///
  /// @param suggestedOnly whether it was asked for suggested children alone
  record Question(ServerName server, RoomId room, boolean suggestedOnly) {}

  /// What a server says of a room.
  ///
  /// @param room empty if it says nothing, or nothing that can be believed
  /// @param children of those in the room's list what it says of them, most often without their own
  ///   children
  /// @param inaccessible those in the room's list which "the requesting server doesn't have a
  ///   viable way to peek/join"
  record Answer(
      Optional<SpaceRoom> room, Map<RoomId, SpaceRoom> children, Set<RoomId> inaccessible) {
    static final Answer NOTHING = new Answer(Optional.empty(), Map.of(), Set.of());

    Answer {
      children = Map.copyOf(children);
      inaccessible = Set.copyOf(inaccessible);
    }

    private int bytes() {
      return SPREAD
          * (room.map(SpaceRoom::bytes).orElse(0)
              + children.values().stream().mapToInt(SpaceRoom::bytes).sum()
              + 100 * inaccessible.size());
    }

    private Duration life() {
      return room.isPresent() ? LIFE : LIFE_OF_FAILURE;
    }
  }

  private final PeerRequests peers;
  private final KeptAnswers<Question, Answer> answers =
      new KeptAnswers<>("hierarchy", BOUNDS, Answer::bytes, Answer::life);

  RoomsElsewhere(PeerRequests peers) {
    this.peers = peers;
  }

  /// What is known without asking.
  Optional<Answer> known(Question question) {
    return answers.known(question);
  }

  /// What the server says.
  ///
  /// @param asker on whose behalf
  /// @param patience how long to wait for it
  Answer ask(Question question, String asker, Duration patience) throws InterruptedException {
    return answers.get(question, asker, () -> fetch(question), patience).orElse(Answer.NOTHING);
  }

  private Answer fetch(Question question) throws InterruptedException {
    FederationReply reply =
        peers.send(
            FederationRequest.get(
                    question.server(),
                    "/_matrix/federation/v1/hierarchy/"
                        + PeerRequests.encoded(question.room().value())
                        + "?suggested_only="
                        + question.suggestedOnly())
                .withAnswer(ANSWER_BYTES, TIME));
    return reply instanceof FederationReply.Answer(_, ObjectNode body)
        ? read(question.room(), body)
        : Answer.NOTHING;
  }

  private static Answer read(RoomId asked, ObjectNode body) {
    Optional<SpaceRoom> room =
        SpaceRoom.said(body.path("room")).filter(each -> each.room().equals(asked));
    if (room.isEmpty()) {
      return Answer.NOTHING;
    }
    // A server speaks of what is in that space, and of nothing else.
    Set<RoomId> listed =
        room.get().children().stream().map(SpaceChild::room).collect(Collectors.toSet());
    Map<RoomId, SpaceRoom> children = new HashMap<>();
    // It looks at as many as a space may have, whatever stands before those that are in it.
    JsonNode told = body.path("children");
    for (int i = 0; told.isArray() && i < Math.min(told.size(), SpaceRoom.MOST_CHILDREN); i++) {
      SpaceRoom.said(told.path(i))
          .filter(each -> listed.contains(each.room()))
          .ifPresent(each -> children.putIfAbsent(each.room(), each));
    }
    Set<RoomId> inaccessible = new HashSet<>();
    JsonNode closed = body.path("inaccessible_children");
    for (int i = 0; closed.isArray() && i < closed.size() && i < SpaceRoom.MOST_CHILDREN; i++) {
      Identifiers.read(RoomId::parse, closed.path(i).asText())
          .filter(listed::contains)
          .ifPresent(inaccessible::add);
    }
    return new Answer(room, children, inaccessible);
  }
}
