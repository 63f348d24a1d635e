package org.hearth.server.readers.search;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.store.AlreadyClosedException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/* Edits and redactions

A message that is edited is found by the words of its newest edit. An edit that comes replaces the message's
document; one that is redacted is found in the index by its number, and the message is read with what edits are
left. That needs an index that has seen what came before, so it is done once, at the end of a batch: what was
redacted was removed at once, and what is left to do is to bring earlier words back.

An event that is read from the store is read as it is now: without its content where it was redacted since. A
message of another server, or of the history, may come after its edits. */

/// Follows room-output and keeps the index.
///
/// What was handled is written at intervals, together with the position. Until then it is found
/// again after a crash: the index begins where it was committed, and is told the rest once more.
///
/// **Thread:** the log's for it.
final class RoomOutputIndexing implements LogReader<RoomOutput> {
  static final String NAME = "client-search";

  /// After so many entries, and at the first one after so long, the index is committed.
  private static final int MOST_UNCOMMITTED = 20_000;

  private static final Duration LONGEST_UNCOMMITTED = Duration.ofSeconds(30);

  /// As many as a batch can have.
  private static final int MOST_REDACTED = 4_096;

  private final SearchIndex index;
  private final RoomQueries rooms;
  private final ServerName server;
  private final InstantSource clock;
  private final RoomFacts facts;
  private final Edits edits;
  private LogPosition position;
  private int uncommitted;
  private Instant lastCommit;

  /// Data was lost while parked entries were given, of which the log does not know.
  private boolean behind;

  /// @param server this one: an event of its own is never older than what relates to it
  RoomOutputIndexing(SearchIndex index, RoomQueries rooms, ServerName server, InstantSource clock) {
    this.index = index;
    this.rooms = rooms;
    this.server = server;
    this.clock = clock;
    this.facts = new RoomFacts(rooms);
    this.edits = new Edits(rooms);
    this.position = index.committed();
    this.lastCommit = clock.instant();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<RoomOutput>> batch) throws Exception {
    try {
      if (!index.isOpen() || behind) {
        behind = false;
        throw new AlreadyClosedException("the index has ended");
      }
      List<Long> redacted = new ArrayList<>();
      for (Positioned<RoomOutput> each : batch) {
        take(each.position(), each.entry(), redacted);
      }
      bringBack(redacted);
      LogPosition last = batch.getLast().position();
      position = last.isAfter(position) ? last : position;
      uncommitted += batch.size();
      commitIfDue();
    } catch (IOException | AlreadyClosedException e) {
      throw index.isOpen() && !(e instanceof AlreadyClosedException) ? e : lost(e);
    }
  }

  /// The disk has failed, or a file of the index is damaged. What was not committed is gone.
  private LostDataException lost(Exception failure) {
    try {
      index.reopen();
      if (isDamage(failure)) {
        index.clear();
      }
      position = index.committed();
      facts.clear();
      uncommitted = 0;
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return new LostDataException("the search index has lost what was not committed", failure);
  }

  /// Whether a file is damaged, which it would be after an opening, too.
  private static boolean isDamage(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof CorruptIndexException) {
        return true;
      }
    }
    return false;
  }

  /// The position of an entry that was parked says nothing of the newest.
  @Override
  public void onRelease(List<Positioned<RoomOutput>> entries) throws Exception {
    facts.clear();
    try {
      onBatch(entries);
    } catch (LostDataException e) {
      behind = true;
      throw e;
    } finally {
      facts.clear();
    }
  }

  @Override
  public void forget() throws IOException {
    facts.clear();
    index.clear();
    position = LogPosition.ORIGIN;
    uncommitted = 0;
  }

  private void commitIfDue() throws IOException {
    Instant now = clock.instant();
    if (uncommitted >= MOST_UNCOMMITTED || !now.isBefore(lastCommit.plus(LONGEST_UNCOMMITTED))) {
      commit();
      lastCommit = now;
    }
  }

  /// Writes what was handled. After the log's end the composition's thread does, too.
  void commit() throws IOException {
    if (index.isOpen() && position.isAfter(index.committed())) {
      index.commit(position);
      uncommitted = 0;
    }
  }

  // --- one entry

  private void take(LogPosition at, RoomOutput entry, List<Long> redacted) throws IOException {
    switch (entry) {
      case RoomOutput.EventAdded added -> {
        if (added.redacts() != null) {
          redact(added.redacts(), redacted);
        }
        if (added.event().isState(EventTypes.ENCRYPTION, "")) {
          encrypt(added.room());
        }
        add(at, added.event());
        if (added.event().isState(EventTypes.HISTORY_VISIBILITY, "")) {
          facts.visibility(added.room(), added.event());
        }
      }
      case RoomOutput.EventStored stored -> {
        // All others are not shown.
        if (stored.standing() == RoomOutput.Standing.HISTORY) {
          addRead(at, stored.event());
        }
      }
      case RoomOutput.StateChanged changed -> {
        for (RoomOutput.StateChange each : changed.changes()) {
          change(changed.room(), each);
        }
      }
      case RoomOutput.OutsideMember _ -> {} // in no timeline
    }
  }

  private void change(RoomId room, RoomOutput.StateChange change) throws IOException {
    StateKey key = change.key();
    if (!key.stateKey().isEmpty()) {
      return;
    }
    if (key.type().equals(EventTypes.ENCRYPTION) && change.now() != null) {
      encrypt(room);
    } else if (key.type().equals(EventTypes.HISTORY_VISIBILITY)) {
      facts.visibility(room, change.now());
    }
  }

  /// "The search will not include rooms that are end to end encrypted", nor what was said there
  /// before.
  private void encrypt(RoomId room) throws IOException {
    facts.encrypted(room);
    index.removeRoom(room);
  }

  private void redact(EventId event, List<Long> redacted) throws IOException {
    Optional<RoomEvent> gone = rooms.event(event);
    if (gone.isEmpty()) {
      return;
    }
    long number = gone.get().position().value();
    index.remove(number);
    if (gone.get().type().equals(EventTypes.MESSAGE)) {
      redacted.add(number);
      if (redacted.size() == MOST_REDACTED) {
        bringBack(redacted);
        redacted.clear();
      }
    }
  }

  /// A live event as it comes.
  private void add(LogPosition at, Pdu event) throws IOException {
    Optional<SearchText> text = SearchText.of(event);
    if (text.isEmpty() || facts.isEncrypted(event.roomId(), at)) {
      return;
    }
    if (Edits.target(event).isPresent() || !event.sender().isOn(server)) {
      addRead(at, event);
      return;
    }
    long number = at.value();
    index.put(
        entry(
            event,
            number,
            number,
            text.get(),
            facts.isOpen(event.roomId(), at),
            SearchIndex.Edit.NONE));
  }

  /// An event, or the one that it edits, with what edits there are.
  private void addRead(LogPosition at, Pdu event) throws IOException {
    if (facts.isEncrypted(event.roomId(), at)) {
      return;
    }
    Optional<EventId> edited = Edits.target(event);
    Optional<RoomEvent> message =
        (edited.isPresent() ? rooms.event(edited.get()) : read(at, event.eventId()))
            .filter(each -> each.room().equals(event.roomId()));
    if (message.isPresent()) {
      put(message.get());
    }
  }

  /// An event whose entry is there. Nearly all have the number of that place, and are in memory by
  /// it; by their ids they have to be looked for in the database.
  private Optional<RoomEvent> read(LogPosition at, EventId event) {
    return rooms.eventAt(at).filter(each -> each.id().equals(event)).or(() -> rooms.event(event));
  }

  /// Puts an event there as it is now.
  private void put(RoomEvent event) throws IOException {
    Optional<SearchText> own = SearchText.of(event.pdu());
    long number = event.position().value();
    if (event.redactedBecause() != null
        || event.place() == 0
        || own.isEmpty()
        || Edits.target(event.pdu()).isPresent()) {
      index.remove(number);
      return;
    }
    boolean open = facts.wasOpen(event);
    Optional<RoomEvent> edit =
        own.get().key() == SearchKey.BODY ? edits.newest(event) : Optional.empty();
    if (edit.isEmpty()) {
      index.put(entry(event.pdu(), number, event.place(), own.get(), open, SearchIndex.Edit.NONE));
      return;
    }
    index.put(
        entry(
            event.pdu(),
            number,
            event.place(),
            Edits.text(edit.get().pdu()).orElseThrow(),
            open && facts.wasOpen(edit.get()),
            new SearchIndex.Edit(edit.get().position().value(), edit.get().place())));
  }

  private static SearchIndex.Entry entry(
      Pdu event, long number, long place, SearchText text, boolean open, SearchIndex.Edit edit) {
    Set<SearchFlag> flags = EnumSet.noneOf(SearchFlag.class);
    if (open) {
      flags.add(SearchFlag.OPEN);
    }
    if (event.content().path("url").isTextual()) {
      flags.add(SearchFlag.URL);
    }
    return new SearchIndex.Entry(
        number, place, event.roomId(), event.sender().value(), text, flags, edit);
  }

  // --- redacted edits

  /// Has the messages whose edits were redacted found by the words that they have now.
  private void bringBack(List<Long> redacted) throws IOException {
    if (redacted.isEmpty()) {
      return;
    }
    index.refresh();
    List<Long> messages = index.search(searcher -> edited(searcher, redacted));
    for (long number : messages) {
      Optional<RoomEvent> message = rooms.eventAt(new LogPosition(number));
      if (message.isPresent()) {
        put(message.get());
      }
    }
  }

  private static List<Long> edited(IndexSearcher searcher, List<Long> edits) throws IOException {
    TermInSetQuery query =
        new TermInSetQuery(SearchIndex.EDIT, edits.stream().map(SearchIndex::bytes).toList());
    List<Long> messages = new ArrayList<>();
    for (ScoreDoc each : searcher.search(query, edits.size()).scoreDocs) {
      messages.add(value(searcher, each.doc, SearchIndex.NUMBER).orElseThrow());
    }
    return messages;
  }

  /// A value of a document.
  static Optional<Long> value(IndexSearcher searcher, int document, String field)
      throws IOException {
    List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
    LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
    NumericDocValues values = leaf.reader().getNumericDocValues(field);
    return values != null && values.advanceExact(document - leaf.docBase)
        ? Optional.of(values.longValue())
        : Optional.empty();
  }
}
