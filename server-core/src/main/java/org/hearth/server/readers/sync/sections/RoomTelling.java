package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.hearth.server.servers.notification.UnreadCounts;

/// What one answer tells of a room. What happened there is found when it is written, and let go
/// then: a user may have thousands of rooms.
///
/// **Thread:** one request's.
public final class RoomTelling {
  private final Supplier<Optional<? extends RoomNews>> happened;
  private final List<ObjectNode> accountData = new ArrayList<>();
  private final List<Supplier<Optional<ObjectNode>>> ephemeral = new ArrayList<>();
  private Supplier<UnreadCounts> unread = () -> UnreadCounts.NONE;
  private BooleanSupplier changedCounts = () -> false;
  private boolean worthTelling;

  RoomTelling(Supplier<Optional<? extends RoomNews>> happened) {
    this.happened = happened;
  }

  /// Adds data that the user keeps of the room.
  void accountData(ObjectNode event) {
    accountData.add(event);
    worthTelling = true;
  }

  /// Adds an event that is no part of the history: typing.
  void ephemeral(ObjectNode event) {
    ephemeral.add(() -> Optional.of(event));
  }

  /// Adds an event that is no part of the history and may be large: receipts. It is read when it is
  /// written.
  void ephemeral(Supplier<Optional<ObjectNode>> event) {
    ephemeral.add(event);
  }

  /// Says how many notifications of the room the user has not seen; asked when it is written.
  void unread(Supplier<UnreadCounts> counts) {
    unread = counts;
  }

  /// The counts are to be told although nothing else is.
  void countsChanged() {
    worthTelling = true;
  }

  /// The counts are to be told if that is so; asked only when there is nothing else to tell.
  void countsChangedIf(BooleanSupplier changed) {
    changedCounts = changed;
  }

  /// Reads what happened; empty when nothing did.
  public Optional<? extends RoomNews> happened() {
    return happened.get();
  }

  /// Whether there is something to tell although nothing happened, beside what [#ephemeral()]
  /// gives.
  public boolean isWorthTelling() {
    return worthTelling || changedCounts.getAsBoolean();
  }

  public List<ObjectNode> accountData() {
    return Collections.unmodifiableList(accountData);
  }

  /// Reads the events that are no part of the history.
  public List<ObjectNode> ephemeral() {
    return ephemeral.stream().flatMap(each -> each.get().stream()).toList();
  }

  /// Reads how many notifications of the room the user has not seen.
  public UnreadCounts unread() {
    return unread.get();
  }
}
