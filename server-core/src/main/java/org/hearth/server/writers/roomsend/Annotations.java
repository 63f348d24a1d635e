package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Sends messages, and of annotations only the first of its kind.
///
/// "Homeservers should prevent users from sending a second annotation for a given event with
/// identical event `type` and annotation `key` (unless the first event has been redacted)."
///
/// **thread**: any. Annotations that are alike take turns, each as long as its commit, so that of
/// two sent at once the second finds the first.
///
/// **source**: [Avoiding duplicate
/// annotations](https://spec.matrix.org/v1.19/client-server-api/#avoiding-duplicate-annotations)
final class Annotations {
  private static final String ANNOTATION = "m.annotation";

  private final RoomQueries rooms;
  private final RoomClient commands;
  private final TurnPerKey turns = new TurnPerKey();

  Annotations(RoomQueries rooms, RoomClient commands) {
    this.rooms = rooms;
    this.commands = commands;
  }

  private record Annotation(RoomId room, UserId sender, EventId target, String type, String key) {
    /// What the event annotates, and how; empty when it does not.
    static Optional<Annotation> in(EventDraft draft, RoomId room) {
      JsonNode relation = draft.content().path("m.relates_to");
      JsonNode target = relation.path("event_id");
      JsonNode key = relation.path("key");
      if (!ANNOTATION.equals(relation.path("rel_type").textValue())
          || !target.isTextual()
          || !key.isTextual()) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new Annotation(
                room,
                draft.sender(),
                EventId.parse(target.textValue()),
                draft.type(),
                key.textValue()));
      } catch (InvalidIdentifierException _) {
        // It relates to no event that could be here.
        return Optional.empty();
      }
    }

    boolean isIn(RoomEvent event) {
      return key.equals(event.pdu().content().path("m.relates_to").path("key").textValue());
    }
  }

  /// Sends the message; returns when it is durable.
  ///
  /// @throws MatrixException if the Room Server refused; `M_DUPLICATE_ANNOTATION` if the sender has
  ///   annotated the event alike
  RoomReply.Done send(RoomInput.SendEvent message) throws InterruptedException {
    Optional<Annotation> annotation = Annotation.in(message.draft(), message.room());
    if (annotation.isEmpty()) {
      return commands.perform(message);
    }
    return turns.take(
        annotation.get(),
        () -> {
          checkFirst(annotation.get(), message);
          return commands.perform(message);
        });
  }

  private void checkFirst(Annotation annotation, RoomInput.SendEvent message) {
    RelationQuery alike =
        RelationQuery.latest(annotation.target, Integer.MAX_VALUE)
            .withRelation(ANNOTATION)
            .withType(annotation.type)
            .withSender(annotation.sender);
    boolean sentBefore =
        rooms.relations(annotation.room, alike).stream()
            .filter(annotation::isIn)
            .anyMatch(each -> !isTheSameRequest(each, message));
    if (sentBefore) {
      throw new MatrixException(
          Errcode.DUPLICATE_ANNOTATION, "You have annotated that event in the same way already");
    }
  }

  /// A request that is sent again is answered as it was, by the Room Server.
  private static boolean isTheSameRequest(RoomEvent event, RoomInput.SendEvent message) {
    return message.transaction() != null && message.transaction().equals(event.transaction());
  }
}
