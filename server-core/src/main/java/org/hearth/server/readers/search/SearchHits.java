package org.hearth.server.readers.search;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.lucene.index.QueryTimeout;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopFieldCollector;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Finds the results of one request: what the index has, as far as the user may see it. Every hit
/// is read from the database, and is judged there.
///
/// **Bound:** [#MOST_LOOKED_AT] hits for a page, [#MOST_BYTES] of memory for what it has found,
/// [#LONGEST] from the first look into the index to the last.
///
/// **Thread:** one request's.
final class SearchHits {
  static final int MOST_LOOKED_AT = 1_000;

  /// A page that takes so much ends there. It is kept until it has been told, beside those of other
  /// users.
  static final long MOST_BYTES = 4 << 20;

  private static final Duration LONGEST = Duration.ofSeconds(3);

  /// Events that are read together: few, until it is known that they are small.
  private static final int LEAST_AT_ONCE = 16;

  private static final int MOST_AT_ONCE = 64;
  private static final long SMALL_BYTES = 64 << 10;
  private static final OwnWordsOnly RANK = new OwnWordsOnly();
  private static final Sort BY_RANK =
      new Sort(SortField.FIELD_SCORE, new SortField(SearchIndex.PLACE, SortField.Type.LONG, true));
  private static final Sort BY_TIME =
      new Sort(new SortField(SearchIndex.PLACE, SortField.Type.LONG, true));

  /// A result.
  ///
  /// @param edit whose text was found in the place of the event's own; null for none
  record Found(RoomEvent event, @Nullable RoomEvent edit, float rank) {
    SearchText text() {
      RoomEvent edited = edit;
      return (edited == null ? SearchText.of(event.pdu()) : Edits.text(edited.pdu())).orElseThrow();
    }

    SearchCursor cursor() {
      return new SearchCursor(rank, event.place(), null, "");
    }
  }

  /// A page of results.
  ///
  /// @param end of it; null if there is nothing more
  /// @param count about how many there are in all
  record Page(List<Found> found, @Nullable SearchCursor end, int count) {}

  private final RoomQueries rooms;
  private final ClientEvents events;
  private final SearchRequest request;
  private final SearchScope scope;
  private final Viewer viewer;
  private final long begin = System.nanoTime();
  private final QueryTimeout timeout = () -> System.nanoTime() - begin > LONGEST.toNanos();

  SearchHits(
      RoomQueries rooms,
      ClientEvents events,
      SearchRequest request,
      SearchScope scope,
      Viewer viewer) {
    this.rooms = rooms;
    this.events = events;
    this.request = request;
    this.scope = scope;
    this.viewer = viewer;
  }

  /// The next page.
  Page page(SearchIndex index) throws IOException {
    Set<SearchKey> keys = request.admittedKeys();
    if (request.term().isEmpty() || keys.isEmpty() || scope.isEmpty()) {
      return new Page(List.of(), null, 0);
    }
    return index.search(shared -> {
      // Of its own: the time that it may take is this request's.
      IndexSearcher searcher = new IndexSearcher(shared.getIndexReader());
      searcher.setQueryCache(null);
      searcher.setSimilarity(RANK);
      return page(searcher, query(keys));
    });
  }

  private Query query(Set<SearchKey> keys) {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    all.add(request.term().in(keys), Occur.MUST);
    all.add(scope.query(), Occur.FILTER);
    if (request.term().hasPhrase()) {
      all.add(new LimitedTime(timeout), Occur.FILTER);
    }
    request
        .filter()
        .senders()
        .ifPresent(each -> all.add(in(SearchIndex.SENDER, each), Occur.FILTER));
    Set<String> notSenders = request.filter().notSenders();
    if (!notSenders.isEmpty()) {
      all.add(in(SearchIndex.SENDER, notSenders), Occur.MUST_NOT);
    }
    request
        .filter()
        .containsUrl()
        .ifPresent(wanted -> all.add(is(SearchFlag.URL), wanted ? Occur.FILTER : Occur.MUST_NOT));
    request
        .from()
        .ifPresent(each -> {
          SearchGroup group = each.group();
          if (group != null) {
            all.add(new TermQuery(new Term(group.field(), each.value())), Occur.FILTER);
          }
        });
    return all.build();
  }

  private static Query in(String field, Collection<String> values) {
    return new TermInSetQuery(field, SearchIndex.texts(values));
  }

  private static Query is(SearchFlag flag) {
    return new TermQuery(new Term(SearchIndex.FLAG, flag.term()));
  }

  private Page page(IndexSearcher searcher, Query query) throws IOException {
    List<Found> found = new ArrayList<>();
    @Nullable FieldDoc after =
        request.from().map(each -> each.document(request.recent())).orElse(null);
    @Nullable SearchCursor end = request.from().orElse(null);
    int looked = 0;
    long bytes = 0;
    long largest = 0;
    while (found.size() < request.limit() && looked < MOST_LOOKED_AT && bytes < MOST_BYTES) {
      boolean small = looked > 0 && largest <= SMALL_BYTES;
      int most =
          Math.clamp(
              request.limit() - found.size() + 1L,
              LEAST_AT_ONCE,
              small ? MOST_AT_ONCE : LEAST_AT_ONCE);
      ScoreDoc[] hits = next(searcher, query, after, most);
      List<Hit> read = read(searcher, hits);
      Set<LogPosition> visible = visible(read);
      for (Hit each : read) {
        looked++;
        long size = each.bytes();
        largest = Math.max(largest, size);
        end = each.cursor();
        if (each.isShown(visible)) {
          found.add(each.found());
          bytes += size;
          if (found.size() == request.limit() || bytes >= MOST_BYTES) {
            break;
          }
        }
      }
      boolean exhausted = hits.length < most;
      if (exhausted && (read.isEmpty() || read.getLast().cursor().equals(end))) {
        boolean whole = request.from().isEmpty();
        return new Page(found, null, whole ? found.size() : count(searcher, query, found));
      }
      after = (FieldDoc) hits[hits.length - 1];
    }
    return new Page(found, end, count(searcher, query, found));
  }

  /// About how many there are: what everybody in the rooms may see in which the user is. That
  /// others are there, which are hidden from this user, is not told; nor is what is in a room from
  /// which the user is gone, or to which the user was invited only.
  private int count(IndexSearcher searcher, Query query, List<Found> found) throws IOException {
    Query open =
        new BooleanQuery.Builder()
            .add(query, Occur.FILTER)
            .add(is(SearchFlag.OPEN), Occur.FILTER)
            .add(scope.joined(), Occur.FILTER)
            .build();
    return Math.max(found.size(), timely(searcher, () -> searcher.count(open)));
  }

  private ScoreDoc[] next(IndexSearcher searcher, Query query, @Nullable FieldDoc after, int size)
      throws IOException {
    Sort order = request.recent() ? BY_TIME : BY_RANK;
    ScoreDoc[] hits =
        timely(
            searcher,
            () ->
                searcher.search(query, new TopFieldCollectorManager(order, size, after, 1))
                    .scoreDocs);
    if (request.recent()) {
      timely(
          searcher,
          () -> {
            TopFieldCollector.populateScores(hits, searcher, query);
            return hits;
          });
    }
    return hits;
  }

  /// A look into the index.
  @FunctionalInterface
  private interface Look<T> {
    T take() throws IOException;
  }

  private <T> T timely(IndexSearcher searcher, Look<T> look) throws IOException {
    searcher.setTimeout(timeout);
    T seen;
    try {
      seen = look.take();
    } catch (LimitedTime.OverException _) {
      throw tookTooLong();
    }
    if (searcher.timedOut()) {
      throw tookTooLong();
    }
    return seen;
  }

  private static MatrixException tookTooLong() {
    return new MatrixException(
        503, Errcode.UNKNOWN, "The search took too long; look for words that are less common");
  }

  // --- the hits' events

  /// A hit with what the database says of it.
  ///
  /// @param event null if it cannot be read
  /// @param edit null if it has none that counts, or it cannot be read
  private record Hit(
      long number,
      long place,
      Optional<Long> editNumber,
      float rank,
      @Nullable RoomEvent event,
      @Nullable RoomEvent edit) {
    SearchCursor cursor() {
      return new SearchCursor(rank, place, null, "");
    }

    boolean isShown(Set<LogPosition> visible) {
      RoomEvent read = event;
      RoomEvent edited = edit;
      return read != null
          && visible.contains(read.position())
          && (editNumber.isEmpty() || (edited != null && visible.contains(edited.position())));
    }

    /// About what it takes in memory.
    long bytes() {
      return Stream.of(event, edit)
          .filter(Objects::nonNull)
          .mapToLong(each -> each.pdu().memoryBytes())
          .sum();
    }

    Found found() {
      return new Found(Objects.requireNonNull(event), edit, rank);
    }
  }

  private List<Hit> read(IndexSearcher searcher, ScoreDoc[] hits) throws IOException {
    List<Hit> all = new ArrayList<>();
    for (ScoreDoc each : hits) {
      long number = RoomOutputIndexing.value(searcher, each.doc, SearchIndex.NUMBER).orElseThrow();
      long place = RoomOutputIndexing.value(searcher, each.doc, SearchIndex.PLACE).orElseThrow();
      Optional<Long> edit = RoomOutputIndexing.value(searcher, each.doc, SearchIndex.EDIT_NUMBER);
      float rank = request.recent() ? each.score : (Float) ((FieldDoc) each).fields[0];
      all.add(new Hit(number, place, edit, rank, null, null));
    }
    Map<Long, RoomEvent> read = new HashMap<>();
    Set<Long> numbers = new HashSet<>();
    all.forEach(each -> numbers.add(each.number()));
    all.forEach(each -> each.editNumber().ifPresent(numbers::add));
    // One that is damaged is no result; the others are.
    events
        .allReadable(numbers.stream().sorted().map(LogPosition::new).toList())
        .forEach(each -> read.put(each.position().value(), each));
    return all.stream()
        .map(each ->
            new Hit(
                each.number(),
                each.place(),
                each.editNumber(),
                each.rank(),
                read.get(each.number()),
                each.editNumber().map(read::get).orElse(null)))
        .toList();
  }

  /// Which of the events that were read the user may see, and did not ask to be spared.
  private Set<LogPosition> visible(List<Hit> hits) {
    List<RoomEvent> wanted = new ArrayList<>();
    for (Hit each : hits) {
      RoomEvent event = each.event();
      if (event != null
          && isWanted(event)
          && Timelines.admits(request.filter(), event)
          && !viewer.ignored().hides(event)) {
        wanted.add(event);
        wanted.addAll(Optional.ofNullable(each.edit()).filter(this::isWanted).stream().toList());
      }
    }
    Set<LogPosition> visible = new HashSet<>();
    rooms.visible(viewer.user(), wanted).forEach(each -> visible.add(each.position()));
    return visible;
  }

  /// What was redacted, or was erased by its sender for who was not there, is not found, whatever
  /// the index has of it.
  private boolean isWanted(RoomEvent event) {
    return event.redactedBecause() == null
        && scope.reaches(event)
        && events.showsContent(event, scope.own(event.room()));
  }
}
