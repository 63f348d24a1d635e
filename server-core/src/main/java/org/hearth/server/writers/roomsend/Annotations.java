package org.hearth.server.writers.roomsend;

import java.util.Optional;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.Annotation;
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
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final TurnPerKey turns = new TurnPerKey();

  Annotations(RoomQueries rooms, RoomClient commands) {
    this.rooms = rooms;
    this.commands = commands;
  }

  /// What takes turns.
  private record Turn(RoomId room, Annotation annotation) {}

  /// Sends the message; returns when it is durable.
  ///
  /// @throws MatrixException if the Room Server refused; `M_DUPLICATE_ANNOTATION` if the sender has
  ///   annotated the event alike
  RoomReply.Done send(RoomInput.SendEvent message) throws InterruptedException {
    EventDraft draft = message.draft();
    Optional<Annotation> annotation = Annotation.in(draft.sender(), draft.type(), draft.content());
    if (annotation.isEmpty()) {
      return commands.perform(message);
    }
    return turns.take(
        new Turn(message.room(), annotation.get()),
        () -> {
          checkFirst(annotation.get(), message);
          return commands.perform(message);
        });
  }

  private void checkFirst(Annotation annotation, RoomInput.SendEvent message) {
    boolean sentBefore =
        rooms
            .annotation(message.room(), annotation)
            .filter(each -> !isTheSameRequest(each, message))
            .isPresent();
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
