package org.hearth.app.rooms;

import java.util.List;
import java.util.Optional;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Page;
import org.hearth.server.admin.RoomSummary;

/// The list of rooms, and a search in it.
///
/// **thread**: the JavaFX thread.
public final class RoomsViewModel {
  private static final int MOST = 20_000;

  private final ServerSession session;
  private final ObservableList<RoomSummary> rooms = FXCollections.observableArrayList();
  private final StringProperty search = new SimpleStringProperty("");
  private final ReadOnlyStringWrapper message = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper count = new ReadOnlyStringWrapper("");
  private Optional<FxState.Job> asking = Optional.empty();

  RoomsViewModel(ServerSession session) {
    this.session = session;
    search.addListener((_, _, _) -> refresh());
    session.state().addListener((_, _, _) -> refresh());
  }

  ObservableList<RoomSummary> rooms() {
    return FXCollections.unmodifiableObservableList(rooms);
  }

  StringProperty search() {
    return search;
  }

  /// Why the list is empty, in a sentence.
  ReadOnlyStringProperty message() {
    return message.getReadOnlyProperty();
  }

  ReadOnlyStringProperty count() {
    return count.getReadOnlyProperty();
  }

  /// Asks again; a question that is still being answered is forgotten.
  void refresh() {
    asking.ifPresent(FxState.Job::cancel);
    String wanted = search.get();
    asking =
        Optional.of(
            FxState.ask(
                "list-rooms",
                () -> session.admin().map(admin -> admin.rooms(wanted, MOST)),
                page -> page.ifPresentOrElse(this::show, this::showStopped),
                this::showFailure));
  }

  private void show(Page<RoomSummary> page) {
    rooms.setAll(page.items());
    message.set(
        search.get().isBlank()
            ? "No rooms yet. Rooms are made in a Matrix app; they appear here."
            : "No room matches.");
    count.set(
        page.more()
            ? "The first %,d; search to see others".formatted(page.items().size())
            : page.items().size() == 1 ? "1 room" : "%,d rooms".formatted(page.items().size()));
  }

  private void showStopped() {
    rooms.setAll(List.of());
    count.set("");
    message.set("The server is not running.");
  }

  private void showFailure(String sentence) {
    rooms.setAll(List.of());
    count.set("");
    message.set(sentence);
  }

  /// What a room is called where its name is not known.
  static String title(RoomSummary room) {
    return room.name().or(room::canonicalAlias).orElse(room.roomId());
  }
}
