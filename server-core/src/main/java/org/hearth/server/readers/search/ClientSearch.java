package org.hearth.server.readers.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.apache.lucene.store.AlreadyClosedException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Erasure;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.store.Store;

/// The reader that finds what was said: it keeps a full-text index of the rooms that are not
/// encrypted, and answers `/search`.
///
/// **Thread:** constructed and closed by the composition's; [#rebuild] and [#progress] any.
public final class ClientSearch implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientSearch";

  private static final System.Logger LOG = System.getLogger(ClientSearch.class.getName());

  /// An index that is so far behind is being built, and no search waits for it.
  private static final long FAR_BEHIND = 5_000;

  private final Store store;
  private final OutputLog<RoomOutput> roomOutput;
  private final Snapshots snapshots;
  private final SearchIndex index;
  private final RoomOutputIndexing indexing;
  private final SearchRoute route;

  /// What this component uses of others.
  ///
  /// @param store open
  /// @param roomOutput not yet started
  public record Needs(
      Store store,
      OutputLog<RoomOutput> roomOutput,
      RoomQueries rooms,
      AccountQueries accounts,
      AccountDataQueries accountData,
      ServerName server,
      InstantSource clock) {}

  /// How far the index is.
  ///
  /// @param indexed the position up to which events are in it
  /// @param newest the position up to which there are events
  public record Progress(LogPosition indexed, LogPosition newest) {}

  /// Opens the index.
  ///
  /// @param folder the data folder's `search/`, which is there
  /// @throws UncheckedIOException if it cannot be written
  public ClientSearch(Needs needs, Path folder) {
    store = needs.store();
    roomOutput = needs.roomOutput();
    snapshots =
        new Snapshots(
            store, RoomOutputIndexing.NAME, List.of(new Followed.Durable(needs.roomOutput())));
    RoomQueries rooms = needs.rooms();
    SearchAnalyzer analyzer = new SearchAnalyzer();
    try {
      index = new SearchIndex(folder, store.identity(), store.head(), analyzer);
    } catch (IOException e) {
      throw new UncheckedIOException("The search index in " + folder + " cannot be opened", e);
    }
    indexing = new RoomOutputIndexing(index, rooms, needs.server(), needs.clock());
    route =
        new SearchRoute(
            index,
            analyzer,
            new SearchRoute.Needs(
                rooms,
                Timelines.ofDatabase(rooms),
                new ClientEvents(rooms, new Erasure(rooms, needs.accounts()), needs.clock()),
                new Tokens(store.identity().epoch()),
                needs.accountData(),
                this::awaitNewest,
                this::mend));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Finds messages";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return List.of(Reading.of(roomOutput, indexing));
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX, AccountDataService.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(route);
  }

  /// Has the index made anew from all that there is. Until it has come to the end, searches find
  /// what is in it so far.
  ///
  /// @return whether the index is empty now; it fails with what kept it from that
  /// @throws IllegalStateException if that was asked for a moment ago
  public Reply<Boolean> rebuild() {
    return roomOutput.rebuild(RoomOutputIndexing.NAME);
  }

  /// How far the index is.
  public Progress progress() {
    return new Progress(roomOutput.position(RoomOutputIndexing.NAME), roomOutput.head());
  }

  /// "Who reads right after being told sees what it was told": waits for what is committed to be
  /// indexed, unless the index is being built.
  ///
  /// @return what is committed
  private LogPosition awaitNewest() throws IOException {
    Progress progress = progress();
    boolean near = progress.newest().value() - progress.indexed().value() < FAR_BEHIND;
    LogPosition now = near ? snapshots.current() : store.head();
    try {
      index.refresh();
    } catch (AlreadyClosedException e) {
      // The disk has failed, and the reader will open it again: what was seen last is still there.
      LOG.log(Level.DEBUG, "the search index is being opened again", e);
    }
    return now;
  }

  /// A file of the index is damaged, as a search has found.
  private void mend(IOException failure) {
    LOG.log(Level.ERROR, "The search index is damaged and is made anew", failure);
    try {
      var _ = rebuild();
    } catch (IllegalStateException e) {
      LOG.log(Level.DEBUG, "that is under way", e);
    }
  }

  /// Writes what was indexed.
  @Override
  public void close() {
    try (index) {
      indexing.commit();
    } catch (IOException | AlreadyClosedException e) {
      LOG.log(
          Level.WARNING,
          "The search index could not be written; the next start indexes the newest again",
          e);
    }
  }
}
