package org.hearth.app.state;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javafx.animation.PauseTransition;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.util.Duration;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Page;

/// A list of the server that can be searched. It comes in pages, one after another, so that a long
/// one is there to read while the rest of it arrives.
///
/// **thread**: the JavaFX thread. **bound**: 20,000 rows.
///
/// @param <T> the rows
public final class Listing<T> {
  private static final int PAGE = 500;
  private static final int MOST = 20_000;
  private static final Duration TYPING = Duration.millis(150);

  private final ServerSession session;
  private final String name;
  private final Pages<T> pages;
  private final Function<T, String> id;
  private final Words words;
  private final ObservableList<T> rows = FXCollections.observableArrayList();
  private final ObservableList<T> shown = FXCollections.unmodifiableObservableList(rows);
  private final StringProperty search = new SimpleStringProperty("");
  private final ReadOnlyStringWrapper message = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper count = new ReadOnlyStringWrapper("");
  private final PauseTransition typing = new PauseTransition(TYPING);
  private Optional<FxState.Job> asking = Optional.empty();
  private boolean looked;

  /// Where the rows come from.
  ///
  /// @param <T> the rows
  @FunctionalInterface
  public interface Pages<T> {
    /// The next page, in the server's order.
    ///
    /// @param admin who is asked; may block
    /// @param search what they must have; empty for all
    /// @param after the id of the last one of the page before; empty to begin
    /// @param limit how many at most
    Page<T> next(Admin admin, String search, Optional<String> after, int limit);
  }

  /// What the list calls things.
  ///
  /// @param none the sentence where there is nothing to list
  /// @param noMatch the sentence where nothing is found, with `%s` for what was searched
  /// @param one the word for one row
  /// @param many the word for several
  public record Words(String none, String noMatch, String one, String many) {}

  /// @param session the server looked after
  /// @param name the name of the asking threads
  /// @param pages where the rows come from
  /// @param id what the next page begins after
  /// @param words what the list calls things
  public Listing(
      ServerSession session, String name, Pages<T> pages, Function<T, String> id, Words words) {
    this.session = session;
    this.name = name;
    this.pages = pages;
    this.id = id;
    this.words = words;
    typing.setOnFinished(_ -> refresh());
    search.addListener((_, _, _) -> typing.playFromStart());
    session
        .state()
        .addListener((_, _, _) -> {
          if (looked) {
            refresh();
          }
        });
  }

  /// The rows so far, in the server's order.
  public ObservableList<T> rows() {
    return shown;
  }

  /// What rows must have, as the user types it.
  public StringProperty search() {
    return search;
  }

  /// Why the list is empty, in a sentence.
  public ReadOnlyStringProperty message() {
    return message.getReadOnlyProperty();
  }

  /// How many rows there are; empty while the server does not run.
  public ReadOnlyStringProperty count() {
    return count.getReadOnlyProperty();
  }

  /// Somebody looks at the list from now on.
  public void start() {
    looked = true;
    refresh();
  }

  /// Nobody looks any more: no page is asked for after the one that is on its way.
  public void stop() {
    looked = false;
    typing.stop();
    asking.ifPresent(FxState.Job::cancel);
  }

  /// Asks again; a question that is still being answered is forgotten.
  public void refresh() {
    typing.stop();
    ask(search.get(), Optional.empty());
  }

  private void ask(String wanted, Optional<String> after) {
    asking.ifPresent(FxState.Job::cancel);
    asking =
        Optional.of(
            FxState.ask(
                name,
                () -> session.admin().map(admin -> pages.next(admin, wanted, after, PAGE)),
                page ->
                    page.ifPresentOrElse(
                        each -> show(wanted, after, each), () -> showNothing(session.absence())),
                this::showNothing));
  }

  private void show(String wanted, Optional<String> after, Page<T> page) {
    if (after.isEmpty()) {
      rows.setAll(page.items());
    } else {
      rows.addAll(page.items());
    }
    message.set(wanted.isBlank() ? words.none() : words.noMatch().formatted(wanted.strip()));
    boolean full = rows.size() >= MOST;
    count.set(
        page.more()
            ? (full ? "The first %,d %s; search to see others" : "%,d %s so far…")
                .formatted(rows.size(), words.many())
            : rows.size() == 1
                ? "1 " + words.one()
                : "%,d %s".formatted(rows.size(), words.many()));
    if (page.more() && !full) {
      ask(wanted, Optional.of(id.apply(page.items().getLast())));
    }
  }

  private void showNothing(String sentence) {
    rows.setAll(List.of());
    count.set("");
    message.set(sentence);
  }
}
