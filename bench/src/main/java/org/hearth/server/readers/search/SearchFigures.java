package org.hearth.server.readers.search;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Erasure;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.search.SearchHits.Found;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.BenchedRooms;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// What the search index costs: messages a second that are indexed, bytes on the disk, and the time
/// of a search with the judging and the reading of what it found.
///
/// ```
/// SearchFigures FOLDER [OUT [MESSAGES]]
/// ```
///
/// FOLDER gets the database, two gigabytes for a million messages, or has that of a run before; the
/// index is made anew. OUT gets the figures as JSON.
public final class SearchFigures {
  private static final int USUAL_MESSAGES = 1_000_000;
  private static final int ROOMS = 50;
  private static final int MEMBERS = 20;
  private static final int VOCABULARY = 50_000;
  private static final int LEAST_WORDS = 4;
  private static final int MOST_WORDS = 24;
  private static final int WARM_UP = 500;
  private static final int SEARCHES = 2_000;
  private static final int RESULTS = 10;
  private static final int SAMPLE = 500;
  private static final Duration PATIENCE = Duration.ofHours(1);

  /// Words by their rank, as common as in a language: the second half as often as the first.
  private static final double[] CHANCES = chances();

  private SearchFigures() {}

  /// Measures.
  ///
  /// @param arguments as above
  /// @throws Exception if a server does not do what it should
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    int messages = arguments.length > 2 ? Integer.parseInt(arguments[2]) : USUAL_MESSAGES;
    fill(folder, messages);
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    figures.put(
        "machine",
        "%d processors, Java %s, -Xmx%d MiB"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                Runtime.version(),
                Runtime.getRuntime().maxMemory() >> 20));
    measure(folder, figures);
    String text = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures);
    System.out.println(text);
    if (arguments.length > 1) {
      Files.writeString(Path.of(arguments[1]), text + "\n");
    }
  }

  private static double[] chances() {
    double[] sums = new double[VOCABULARY];
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) {
      sum += 1.0 / (i + 1);
      sums[i] = sum;
    }
    double all = sum;
    return Arrays.stream(sums).map(each -> each / all).toArray();
  }

  private static void fill(Path folder, int messages) throws InterruptedException {
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      if (!server.rooms().isEmpty()) {
        return;
      }
      for (int i = 0; i < ROOMS; i++) {
        server.room(MEMBERS);
      }
      var rooms = server.rooms();
      RandomGenerator random = new SplittableRandom(1);
      for (int i = 0; i < messages; i++) {
        server.say(rooms.get(i % ROOMS), random.nextInt(MEMBERS), text(random));
      }
      server.finish();
    }
  }

  private static String text(RandomGenerator random) {
    int words = random.nextInt(LEAST_WORDS, MOST_WORDS);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < words; i++) {
      text.append(i == 0 ? "" : " ").append(word(rank(random)));
    }
    return text.toString();
  }

  private static int rank(RandomGenerator random) {
    int found = Arrays.binarySearch(CHANCES, random.nextDouble());
    return Math.min(VOCABULARY - 1, found < 0 ? -found - 1 : found);
  }

  /// Made of syllables; the more common, the shorter.
  private static String word(int rank) {
    StringBuilder word = new StringBuilder();
    for (int rest = rank + 1; rest > 0; rest /= 100) {
      int syllable = rest % 100;
      word.append("bdfghjklmnprstvwzcqx".charAt(syllable / 5)).append("aeiou".charAt(syllable % 5));
    }
    return word.toString();
  }

  private static void measure(Path folder, ObjectNode figures)
      throws IOException, InterruptedException {
    Path search = folder.resolve("search");
    removeFiles(search);
    Files.createDirectories(search);
    try (Store store = Store.open(StoreOptions.of(folder));
        RoomServer server =
            new RoomServer(
                store,
                BenchedRooms.SERVER,
                BenchedRooms.KEY,
                InstantSource.system(),
                new SplittableRandom(1),
                RoomServerOptions.standard())) {
      OutputLog<RoomOutput> output = server.output();
      SearchAnalyzer analyzer = new SearchAnalyzer();
      try (SearchIndex index = new SearchIndex(search, store.identity(), store.head(), analyzer)) {
        RoomOutputIndexing indexing =
            new RoomOutputIndexing(
                index, server.queries(), BenchedRooms.SERVER, InstantSource.system());
        output.register(indexing);
        LogSet logs = new LogSet(server.logs());
        long began = System.nanoTime();
        logs.start(store.head());
        try {
          if (!output.awaitReader(RoomOutputIndexing.NAME, store.head(), PATIENCE)) {
            throw new IllegalStateException("the index is not made in an hour");
          }
        } finally {
          server.stop();
          logs.drainAndStop(Duration.ofSeconds(10));
        }
        indexing.commit();
        index.refresh();
        double seconds = (System.nanoTime() - began) / 1e9;
        int documents = index.search(searcher -> searcher.getIndexReader().numDocs());
        long json = documents * meanBytes(server.queries(), store.head());
        figures.put("messages", documents);
        figures.put("indexed_per_second_from_the_database", Math.round(documents / seconds));
        figures.put("json_bytes", json);
        figures.put("index_bytes", bytes(search));
        figures.put("index_to_json", Math.round(1000.0 * bytes(search) / json) / 1000.0);
        for (boolean recent : List.of(false, true)) {
          searches(
              store, server.queries(), index, analyzer, recent, figures.withObject("/searches"));
        }
      }
    }
  }

  private static void searches(
      Store store,
      RoomQueries rooms,
      SearchIndex index,
      SearchAnalyzer analyzer,
      boolean recent,
      ObjectNode figures)
      throws IOException {
    ClientEvents events =
        new ClientEvents(
            rooms,
            new Erasure(rooms, new Accounts(store.reads(), BenchedRooms.SERVER)),
            InstantSource.system());
    RandomGenerator random = new SplittableRandom(2);
    for (int words = 1; words <= 3; words++) {
      long[] nanos = new long[SEARCHES];
      long found = 0;
      for (int i = -WARM_UP; i < SEARCHES; i++) {
        String term = term(random, words);
        long began = System.nanoTime();
        found += search(rooms, events, index, analyzer, term, recent);
        if (i >= 0) {
          nanos[i] = System.nanoTime() - began;
        }
      }
      Arrays.sort(nanos);
      figures
          .putObject("%d words by %s".formatted(words, recent ? "time" : "rank"))
          .put("results_each", Math.round(10.0 * found / (SEARCHES + WARM_UP)) / 10.0)
          .put("median_ms", millis(nanos[SEARCHES / 2]))
          .put("p95_ms", millis(nanos[SEARCHES * 95 / 100]))
          .put("p99_ms", millis(nanos[SEARCHES * 99 / 100]))
          .put("max_ms", millis(nanos[SEARCHES - 1]));
    }
  }

  private static String term(RandomGenerator random, int words) {
    StringBuilder term = new StringBuilder();
    for (int i = 0; i < words; i++) {
      term.append(word(rank(random))).append(' ');
    }
    return term.toString();
  }

  private static double millis(long nanos) {
    return Math.round(nanos / 1e4) / 100.0;
  }

  /// As a request does: which rooms, what is found there, what of it is visible, and its JSON.
  private static int search(
      RoomQueries rooms,
      ClientEvents events,
      SearchIndex index,
      SearchAnalyzer analyzer,
      String term,
      boolean recent)
      throws IOException {
    SearchRequest request =
        new SearchRequest(
            SearchTerm.parse(term, analyzer),
            EnumSet.allOf(SearchKey.class),
            EventFilter.ALL,
            RESULTS,
            recent,
            Optional.empty(),
            false,
            Set.of(),
            Optional.empty());
    Viewer viewer = new Viewer(BenchedRooms.user(0), null, IgnoredUsers.NONE);
    SearchScope scope = new SearchScope(rooms, viewer.user(), EventFilter.ALL);
    List<Found> found = new SearchHits(rooms, events, request, scope, viewer).page(index).found();
    JsonWriter json = new JsonWriter((_, _) -> {});
    events.writeTimeline(
        json,
        found.stream().map(Found::event).toList(),
        viewer,
        scope.own(
            found.isEmpty() ? rooms.roomIds(null, 1).getFirst() : found.getFirst().event().room()),
        EventStyle.SINGLE);
    return found.size();
  }

  private static long meanBytes(RoomQueries rooms, LogPosition head) {
    RandomGenerator random = new SplittableRandom(3);
    return Math.round(
        Stream.generate(() -> rooms.eventAt(new LogPosition(random.nextLong(1, head.value()))))
            .flatMap(Optional::stream)
            .map(RoomEvent::pdu)
            .filter(each -> !each.isState())
            .limit(SAMPLE)
            .mapToInt(each -> each.canonicalBytes().length)
            .average()
            .orElseThrow());
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.mapToLong(each -> each.toFile().length()).sum();
    }
  }

  private static void removeFiles(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path each : files.toList()) {
          Files.delete(each);
        }
      }
    }
  }
}
