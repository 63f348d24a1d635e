package org.hearth.server.services.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.KeptAnswers;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;

/// Profiles of users of other servers: asked of their servers and kept for a little while, since
/// servers "MAY wish to cache the response to this query to avoid requesting the information too
/// often". What is not as a field of a profile has to be is left out.
///
/// **bound**: [#BOUNDS]; a profile is smaller than 64 KiB, here as there.
///
/// **thread**: any that may wait.
///
/// **source**: [query/profile][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryprofile
final class RemoteProfiles {
  private static final KeptAnswers.Bounds BOUNDS = new KeptAnswers.Bounds(4L << 20, 32);
  private static final int ANSWER_BYTES = 128 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LIFE = Duration.ofMinutes(1);
  private static final Duration LIFE_OF_FAILURE = Duration.ofSeconds(20);
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  /// What is asked.
  ///
  /// @param field the only one that is wanted; empty for all
  private record Question(UserId user, Optional<String> field) {}

  /// What the other server says.
  private sealed interface Answer {
    /// Those are the fields.
    record Says(ObjectNode fields, int lengthBytes) implements Answer {}

    /// There is no such user, or no such field.
    record NotThere() implements Answer {}

    /// It does not tell this server.
    record Kept() implements Answer {}

    /// There is no answer, or none that can be believed.
    record Unknown() implements Answer {}
  }

  private final PeerRequests peers;
  private final KeptAnswers<Question, Answer> answers =
      new KeptAnswers<>("remote-profile", BOUNDS, RemoteProfiles::size, RemoteProfiles::life);

  RemoteProfiles(PeerRequests peers) {
    this.peers = peers;
  }

  private static int size(Answer answer) {
    return answer instanceof Answer.Says says ? 3 * says.lengthBytes() : 0;
  }

  private static Duration life(Answer answer) {
    return answer instanceof Answer.Unknown ? LIFE_OF_FAILURE : LIFE;
  }

  /// Whether the answer is known, so that nobody is asked.
  boolean isKnown(UserId user, Optional<String> field) {
    return known(user, field).isPresent();
  }

  private Optional<Answer> known(UserId user, Optional<String> field) {
    return answers
        .known(new Question(user, field))
        // Who has told all has told each.
        .or(() -> answers.known(new Question(user, Optional.empty())));
  }

  /// The fields of a profile of another server's user, or the one that is wanted, which may be
  /// missing. Not to be changed.
  ///
  /// @param asker on whose behalf
  /// @throws MatrixException `M_NOT_FOUND` if there is no such user, `M_FORBIDDEN` if the server
  ///   does not tell, 502 if there is no answer
  ObjectNode fields(UserId user, Optional<String> field, String asker) throws InterruptedException {
    Question question = new Question(user, field);
    Optional<Answer> known = known(user, field);
    Answer answer =
        known.isPresent()
            ? known.get()
            : answers
                .get(question, asker, () -> ask(question), PATIENCE)
                .orElseGet(Answer.Unknown::new);
    return switch (answer) {
      case Answer.Says says -> says.fields();
      case Answer.NotThere _ -> throw MatrixException.notFound("Profile not found");
      case Answer.Kept _ ->
          throw MatrixException.forbidden("The user's server does not show the profile");
      case Answer.Unknown _ ->
          throw new MatrixException(
              502, Errcode.UNKNOWN, "The user's server does not tell the profile");
    };
  }

  private Answer ask(Question question) throws InterruptedException {
    FederationReply reply =
        peers.send(
            FederationRequest.get(
                    question.user().server(),
                    "/_matrix/federation/v1/query/profile?user_id="
                        + PeerRequests.encoded(question.user().value())
                        + question
                            .field()
                            .map(each -> "&field=" + PeerRequests.encoded(each))
                            .orElse(""))
                .withAnswer(ANSWER_BYTES, PATIENCE));
    return switch (reply) {
      case FederationReply.Answer(_, ObjectNode body) -> read(question, body);
      case FederationReply.Refused(int status, _, _, _, _) when status == NOT_FOUND ->
          new Answer.NotThere();
      // "The server is unwilling to disclose whether the user exists and/or has profile
      // information."
      case FederationReply.Refused(int status, _, _, _, _) when status == FORBIDDEN ->
          new Answer.Kept();
      // This server's owner does not let it talk to that one: for its users nobody is there.
      case FederationReply.NotAllowed _ -> new Answer.NotThere();
      case FederationReply _ -> new Answer.Unknown();
    };
  }

  private static Answer read(Question question, ObjectNode body) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> each : body.properties()) {
      // "If a `field` is specified in the request, the response MUST only include the specified
      // `field`."
      boolean wanted = question.field().map(each.getKey()::equals).orElse(true);
      if (wanted && ProfileFields.isSound(each.getKey(), each.getValue())) {
        fields.set(each.getKey(), each.getValue());
      }
    }
    int length = MatrixJson.write(fields).length;
    return length > ProfileFields.MOST_BYTES
        ? new Answer.Unknown()
        : new Answer.Says(fields, length);
  }
}
