package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.KeptAnswers;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;

/// Aliases of other servers: asked of the server in the alias, and kept for a while, since "servers
/// may wish to cache the response to this query to avoid requesting the information too often".
///
/// **bound**: [#BOUNDS].
///
/// **thread**: any that may wait.
///
/// **source**: [query/directory][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory
public final class RemoteAliases {
  private static final KeptAnswers.Bounds BOUNDS = new KeptAnswers.Bounds(2L << 20, 16);
  private static final int SERVER_BYTES = 80;
  private static final int ANSWER_BYTES = 128 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LIFE = Duration.ofMinutes(5);
  private static final Duration LIFE_OF_NOTHING = Duration.ofMinutes(1);
  private static final Duration LIFE_OF_FAILURE = Duration.ofSeconds(20);

  private static final int NOT_FOUND = 404;

  /// What the other server says.
  private sealed interface Answer {
    /// The alias leads there.
    record Leads(AliasTarget target) implements Answer {}

    /// There is no such alias.
    record NotThere() implements Answer {}

    /// It is not known, since there is no answer, or none that can be believed.
    record Unknown() implements Answer {}
  }

  private final PeerRequests peers;
  private final KeptAnswers<RoomAlias, Answer> answers =
      new KeptAnswers<>("remote-alias", BOUNDS, RemoteAliases::size, RemoteAliases::life);

  public RemoteAliases(PeerRequests peers) {
    this.peers = peers;
  }

  private static int size(Answer answer) {
    return answer instanceof Answer.Leads(AliasTarget target)
        ? SERVER_BYTES * target.servers().size()
        : 0;
  }

  private static Duration life(Answer answer) {
    return switch (answer) {
      case Answer.Leads _ -> LIFE;
      case Answer.NotThere _ -> LIFE_OF_NOTHING;
      case Answer.Unknown _ -> LIFE_OF_FAILURE;
    };
  }

  /// Whether the answer is known, so that nobody is asked.
  boolean isKnown(RoomAlias alias) {
    return answers.known(alias).isPresent();
  }

  /// Where an alias of another server leads; empty for none.
  ///
  /// @param asker on whose behalf
  /// @throws MatrixException 502 if its server does not say
  Optional<AliasTarget> find(RoomAlias alias, String asker) throws InterruptedException {
    return switch (answers
        .get(alias, asker, () -> ask(alias), PATIENCE)
        .orElseGet(Answer.Unknown::new)) {
      case Answer.Leads(AliasTarget target) -> Optional.of(target);
      case Answer.NotThere _ -> Optional.empty();
      case Answer.Unknown _ ->
          throw new MatrixException(
              502, Errcode.UNKNOWN, "The server of " + alias + " does not say where it leads");
    };
  }

  /// Where an alias of another server leads now. A server that did not say a moment ago is not
  /// asked again yet.
  ///
  /// @param asker on whose behalf
  /// @throws MatrixException 502 if its server does not say
  Optional<AliasTarget> findNow(RoomAlias alias, String asker) throws InterruptedException {
    answers.forget(alias, each -> !(each instanceof Answer.Unknown));
    return find(alias, asker);
  }

  /// "Homeservers should only query room aliases that belong to the target server (identified by
  /// the server name in the alias)."
  private Answer ask(RoomAlias alias) throws InterruptedException {
    FederationReply reply =
        peers.send(
            FederationRequest.get(
                    alias.server(),
                    "/_matrix/federation/v1/query/directory?room_alias="
                        + PeerRequests.encoded(alias.value()))
                .withAnswer(ANSWER_BYTES, PATIENCE));
    return switch (reply) {
      case FederationReply.Answer(_, ObjectNode body) -> read(alias, body);
      case FederationReply.Refused(int status, _, _, _, _) when status == NOT_FOUND ->
          new Answer.NotThere();
      // This server's owner does not let it talk to that one: for its users nobody is there.
      case FederationReply.NotAllowed _ -> new Answer.NotThere();
      case FederationReply _ -> new Answer.Unknown();
    };
  }

  private static Answer read(RoomAlias alias, ObjectNode body) {
    Optional<RoomId> room =
        Optional.ofNullable(body.get("room_id"))
            .filter(JsonNode::isTextual)
            .flatMap(text -> Identifiers.read(RoomId::parse, text.textValue()));
    if (room.isEmpty()) {
      return new Answer.Unknown();
    }
    Set<ServerName> servers = new LinkedHashSet<>();
    JsonNode named = body.path("servers");
    for (int i = 0; i < named.size() && servers.size() < DirectoryService.MOST_SERVERS; i++) {
      Optional.of(named.path(i))
          .filter(JsonNode::isTextual)
          .flatMap(text -> Identifiers.read(ServerName::parse, text.textValue()))
          .ifPresent(servers::add);
    }
    List<ServerName> all = new ArrayList<>(servers);
    // "This list may or may not include the server answering the query."
    if (servers.add(alias.server())) {
      all.add(alias.server());
    }
    return new Answer.Leads(new AliasTarget(room.get(), all));
  }
}
