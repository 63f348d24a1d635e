package org.hearth.server.outbound.events;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.checks.DropRule;
import org.hearth.server.matrix.id.EventId;

/// Something that a peer has given as an event, and that is none for us.
///
/// @param event its id, if it has one
/// @param rule that it breaks: the name of a [DropRule], or one of those below; may be stored
/// @param detail what was expected and what was found, cut; contains what the peer wrote
/// @param prevEvents those before the event of that id, whoever has given it; empty where the id
///   does not say so
public record DroppedEvent(
    Optional<EventId> event, String rule, String detail, List<EventId> prevEvents) {
  /// It is an event of another room than that asked about.
  public static final String OTHER_ROOM = "OTHER_ROOM";

  /// It is not the event that was asked for.
  public static final String NOT_ASKED = "NOT_ASKED";

  private static final int LONGEST_DETAIL = 300;

  public DroppedEvent {
    if (detail.length() > LONGEST_DETAIL) {
      detail = detail.substring(0, LONGEST_DETAIL) + "…";
    }
    prevEvents = List.copyOf(prevEvents);
  }

  DroppedEvent(Optional<EventId> event, String rule, String detail) {
    this(event, rule, detail, List.of());
  }

  /// Whether it may pass at another time, when the keys of its servers can be had.
  public boolean lacksKeys() {
    return rule.equals(DropRule.KEYS_UNKNOWN.name());
  }
}
