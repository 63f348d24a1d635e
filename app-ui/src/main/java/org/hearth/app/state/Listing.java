package org.hearth.app.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

  /// How long after an answer it is asked again, so that the list stays true while it is looked at.
  private static final Duration AGAIN = Duration.seconds(5);

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
  private final PauseTransition pause = new PauseTransition(AGAIN);
  private Optional<FxState.Job> asking = Optional.empty();
  private List<T> renewed = new ArrayList<>();
  private Supplier<Runnable> selection = () -> () -> {};
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
    pause.setOnFinished(_ -> renew());
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

  /// What keeps a row selected over a change: asked before it, run after it.
  public void keep(Supplier<Runnable> keeper) {
    selection = keeper;
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
    pause.stop();
    asking.ifPresent(FxState.Job::cancel);
  }

  /// Asks again; a question that is still being answered is forgotten.
  public void refresh() {
    typing.stop();
    ask(search.get(), Optional.empty(), this::show);
  }

  /// Asks again without a sign of it: rows come, go and change where they are.
  private void renew() {
    renewed = new ArrayList<>();
    ask(search.get(), Optional.empty(), this::collect);
  }

  /// What becomes of a page.
  @FunctionalInterface
  private interface Arrival<T> {
    void of(String wanted, Optional<String> after, Page<T> page);
  }

  private void ask(String wanted, Optional<String> after, Arrival<T> arrival) {
    pause.stop();
    asking.ifPresent(FxState.Job::cancel);
    asking =
        Optional.of(
            FxState.ask(
                name,
                () -> session.admin().map(admin -> pages.next(admin, wanted, after, PAGE)),
                page ->
                    page.ifPresentOrElse(
                        each -> arrival.of(wanted, after, each),
                        () -> showNothing(session.absence())),
                this::showNothing));
  }

  private void show(String wanted, Optional<String> after, Page<T> page) {
    if (after.isEmpty()) {
      rows.setAll(page.items());
    } else {
      rows.addAll(page.items());
    }
    goOn(wanted, page, rows.size(), this::show);
    tell(wanted, page.more());
  }

  private void collect(String wanted, Optional<String> after, Page<T> page) {
    renewed.addAll(page.items());
    if (!goOn(wanted, page, renewed.size(), this::collect)) {
      merge(renewed);
      tell(wanted, page.more());
    }
  }

  /// Asks for the next page, or after a pause for the first again.
  private boolean goOn(String wanted, Page<T> page, int sofar, Arrival<T> arrival) {
    if (page.more() && sofar < MOST) {
      ask(wanted, Optional.of(id.apply(page.items().getLast())), arrival);
      return true;
    }
    if (looked) {
      pause.playFromStart();
    }
    return false;
  }

  /// Makes the rows those, both in the server's order; a row that stays, stays selected.
  private void merge(List<T> now) {
    Runnable select = selection.get();
    Set<String> ids = now.stream().map(id).collect(Collectors.toSet());
    rows.removeIf(row -> !ids.contains(id.apply(row)));
    for (int i = 0; i < now.size(); i++) {
      T row = now.get(i);
      if (i == rows.size() || !id.apply(rows.get(i)).equals(id.apply(row))) {
        rows.add(i, row);
      } else if (!rows.get(i).equals(row)) {
        rows.set(i, row);
      }
    }
    select.run();
  }

  private void tell(String wanted, boolean more) {
    message.set(wanted.isBlank() ? words.none() : words.noMatch().formatted(wanted.strip()));
    boolean full = rows.size() >= MOST;
    count.set(
        more
            ? (full ? "The first %,d %s; search to see others" : "%,d %s so far…")
                .formatted(rows.size(), words.many())
            : rows.size() == 1
                ? "1 " + words.one()
                : "%,d %s".formatted(rows.size(), words.many()));
  }

  private void showNothing(String sentence) {
    rows.setAll(List.of());
    count.set("");
    message.set(sentence);
  }
}
