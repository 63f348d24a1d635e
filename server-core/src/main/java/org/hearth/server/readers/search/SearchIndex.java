package org.hearth.server.readers.search;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.IOUtils;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.StoreIdentity;

/* The fields

An event that can be found is one document. It keeps no text and no identifier to be read again: an answer reads
the events from the database, by their numbers.

| field | what |
|---|---|
| `content.body`, `content.name`, `content.topic` | the words, with frequencies and positions; of an edited message those of its newest edit |
| `at` | the event's number, by which it is replaced and removed |
| `edit` | of an edited message the number of the edit whose words are here |
| `room`, `sender` | identifiers |
| `flag` | [SearchFlag]s |
| `number`, `editNumber` | the numbers again, as values of the document |
| `place` | where it is in its room's timeline, by which results are in order |
| `newest` | the place of the newest event that the words are of: the message, or its edit |

With each commit Lucene keeps what the index stands for: the format, the database and its epoch, and the position
up to which its events are here. An index that stands for something else is emptied; it is never repaired. */

/// The Lucene index in the data folder's `search/`.
///
/// **Bound:** the events of the rooms that are not encrypted; under half of their JSON's bytes. In
/// memory [#BUFFER_MEBIBYTES] of what is not written yet.
///
/// **Thread:** [#refresh], [#search] and [#isOpen] any; the rest the reader's, before it runs and
/// after it has ended the composition's.
final class SearchIndex implements AutoCloseable {
  static final String AT = "at";
  static final String EDIT = "edit";
  static final String ROOM = "room";
  static final String SENDER = "sender";
  static final String FLAG = "flag";
  static final String NUMBER = "number";
  static final String EDIT_NUMBER = "editNumber";
  static final String PLACE = "place";
  static final String NEWEST = "newest";

  /// Raised whenever what is in the fields, or how words are cut, changes.
  private static final String FORMAT = "1";

  private static final double BUFFER_MEBIBYTES = 8;
  private static final int MOST_MERGES = 4;
  private static final System.Logger LOG = System.getLogger(SearchIndex.class.getName());
  private static final FieldType TEXT = textType();

  /// The names of Lucene's files.
  private static final Pattern LUCENES =
      Pattern.compile("(pending_)?segments(_.*)?|_.*|write\\.lock");

  /// An event to be found.
  ///
  /// @param number of the event
  /// @param place of the event in its room's timeline
  /// @param flags what is asked of it beside its words
  /// @param edit the edit whose words these are; [Edit#NONE] for the event's own
  record Entry(
      long number,
      long place,
      RoomId room,
      String sender,
      SearchText text,
      Collection<SearchFlag> flags,
      Edit edit) {}

  /// An edit.
  record Edit(long number, long place) {
    static final Edit NONE = new Edit(0, Long.MIN_VALUE);
  }

  /// What is open.
  private record Opened(Directory directory, IndexWriter writer, SearcherManager searchers) {}

  /// What looks into the index at one moment.
  @FunctionalInterface
  interface Search<T> {
    T in(IndexSearcher searcher) throws IOException;
  }

  private final Path folder;
  private final Map<String, String> standsFor;
  private final LogPosition head;
  private final SearchAnalyzer analyzer;
  private volatile Opened opened;
  private LogPosition committed = LogPosition.ORIGIN;

  /// Opens the index, or an empty one in the place of what cannot be used.
  ///
  /// @param folder that is there, and this process's own
  /// @param store the database whose events it is of
  /// @param head the last position that was committed there
  /// @throws IOException if the folder cannot be written
  SearchIndex(Path folder, StoreIdentity store, LogPosition head, SearchAnalyzer analyzer)
      throws IOException {
    this.folder = folder;
    this.head = head;
    this.analyzer = analyzer;
    this.standsFor =
        Map.of(
            "format",
            FORMAT,
            "store",
            store.id().toString(),
            "epoch",
            Long.toString(store.epoch()));
    this.opened = openOrBegin();
  }

  private static FieldType textType() {
    FieldType type = new FieldType();
    type.setTokenized(true);
    type.setIndexOptions(IndexOptions.DOCS_AND_FREQS_AND_POSITIONS);
    type.freeze();
    return type;
  }

  // --- open

  private Opened openOrBegin() throws IOException {
    Opened index;
    try {
      index = open();
    } catch (IOException | IllegalArgumentException e) {
      // Lucene names an unknown codec by the latter.
      LOG.log(Level.WARNING, "The search index cannot be read and is made anew", e);
      removeFiles();
      index = open();
    }
    boolean usable = false;
    try {
      committed = standsAt(index.writer());
      usable = true;
    } finally {
      if (!usable) {
        close(index);
      }
    }
    return index;
  }

  private Opened open() throws IOException {
    IndexWriterConfig config = new IndexWriterConfig(analyzer);
    config.setRAMBufferSizeMB(BUFFER_MEBIBYTES);
    config.setCommitOnClose(false);
    ConcurrentMergeScheduler merges = new ConcurrentMergeScheduler();
    merges.setMaxMergesAndThreads(MOST_MERGES, 1);
    config.setMergeScheduler(merges);
    Directory directory = FSDirectory.open(folder);
    boolean open = false;
    try {
      IndexWriter writer = new IndexWriter(directory, config);
      try {
        Opened index = new Opened(directory, writer, new SearcherManager(writer, null));
        open = true;
        return index;
      } finally {
        if (!open) {
          writer.rollback();
        }
      }
    } finally {
      if (!open) {
        directory.close();
      }
    }
  }

  /// Somebody may have put other files there: only Lucene's go.
  private void removeFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path each : files.toList()) {
        if (LUCENES.matcher(String.valueOf(each.getFileName())).matches()) {
          Files.delete(each);
        }
      }
    }
  }

  /// Up to where the events are in the index. One of another database, or of a history that this
  /// database has left, is emptied.
  private LogPosition standsAt(IndexWriter writer) throws IOException {
    Map<String, String> data = new HashMap<>();
    Iterable<Map.Entry<String, String>> kept = writer.getLiveCommitData();
    if (kept != null) {
      kept.forEach(each -> data.put(each.getKey(), each.getValue()));
    }
    String position = data.remove("position");
    if (position != null && data.equals(standsFor)) {
      LogPosition at = new LogPosition(Long.parseLong(position));
      if (!at.isAfter(head)) {
        return at;
      }
    }
    if (position != null) {
      LOG.log(
          Level.WARNING,
          "The search index stands for {0} at {1} and not for {2}: it is made anew",
          data,
          position,
          standsFor);
    }
    writer.deleteAll();
    return LogPosition.ORIGIN;
  }

  /// The position up to which the index was when it was opened, or committed since.
  LogPosition committed() {
    return committed;
  }

  /// Whether it can be written. It ends by itself when the disk fails or a file is damaged.
  boolean isOpen() {
    return opened.writer().isOpen();
  }

  /// Opens it again as it was committed.
  ///
  /// @throws IOException if that cannot be done now
  void reopen() throws IOException {
    close(opened);
    opened = openOrBegin();
  }

  private static void close(Opened index) throws IOException {
    // Each is closed, also when another cannot be.
    IOUtils.close(index.writer()::rollback, index.searchers(), index.directory());
  }

  // --- write

  /// Puts an event there, in the place of what was there of it.
  void put(Entry entry) throws IOException {
    opened.writer().updateDocument(term(AT, entry.number()), document(entry));
  }

  private static Document document(Entry entry) {
    Document document = new Document();
    Edit edit = entry.edit();
    document.add(new StringField(AT, bytes(entry.number()), Field.Store.NO));
    document.add(new StringField(ROOM, entry.room().value(), Field.Store.NO));
    document.add(new StringField(SENDER, entry.sender(), Field.Store.NO));
    entry.flags().forEach(each -> document.add(new StringField(FLAG, each.term(), Field.Store.NO)));
    document.add(new NumericDocValuesField(NUMBER, entry.number()));
    document.add(new NumericDocValuesField(PLACE, entry.place()));
    document.add(new NumericDocValuesField(NEWEST, Math.max(entry.place(), edit.place())));
    if (edit.number() != 0) {
      document.add(new StringField(EDIT, bytes(edit.number()), Field.Store.NO));
      document.add(new NumericDocValuesField(EDIT_NUMBER, edit.number()));
    }
    entry
        .text()
        .texts()
        .forEach(each -> document.add(new Field(entry.text().key().key(), each, TEXT)));
    return document;
  }

  void remove(long number) throws IOException {
    opened.writer().deleteDocuments(term(AT, number));
  }

  void removeRoom(RoomId room) throws IOException {
    opened.writer().deleteDocuments(new Term(ROOM, room.value()));
  }

  /// Empties the index, on the disk too.
  void clear() throws IOException {
    opened.writer().deleteAll();
    commit(LogPosition.ORIGIN);
    refresh();
  }

  /// Makes durable what was put and removed, together with the position that it is the index of.
  void commit(LogPosition position) throws IOException {
    Map<String, String> data = new HashMap<>(standsFor);
    data.put("position", Long.toString(position.value()));
    IndexWriter writer = opened.writer();
    writer.setLiveCommitData(data.entrySet());
    writer.commit();
    committed = position;
  }

  // --- read

  /// From now on everything that was put and removed is seen.
  void refresh() throws IOException {
    opened.searchers().maybeRefreshBlocking();
  }

  /// Looks into the index as of the last [#refresh].
  ///
  /// @throws AlreadyClosedException if it is being opened again
  <T> T search(Search<T> search) throws IOException {
    SearcherManager searchers = opened.searchers();
    IndexSearcher searcher = searchers.acquire();
    try {
      return search.in(searcher);
    } finally {
      searchers.release(searcher);
    }
  }

  static Term term(String field, long number) {
    return new Term(field, bytes(number));
  }

  static BytesRef bytes(long number) {
    return new BytesRef(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
  }

  static List<BytesRef> texts(Collection<String> texts) {
    return texts.stream().map(BytesRef::new).toList();
  }

  /// Ends it. What was not committed is found in the log again.
  @Override
  public void close() throws IOException {
    close(opened);
  }
}
